{{- define "fuse-otel.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "fuse-otel.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- /* 63 less the number and the hash that Kubernetes appends. */ -}}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "fuse-otel.selectorLabels" -}}
app.kubernetes.io/name: {{ include "fuse-otel.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "fuse-otel.labels" -}}
{{ include "fuse-otel.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "fuse-otel.serviceAccountName" -}}
{{- default (ternary (include "fuse-otel.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "fuse-otel.image" -}}
{{- with .Values.image.digest -}}
{{ printf "%s@%s" $.Values.image.repository . }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end -}}
{{- end -}}

{{- /* The configuration file: `config`, then one table for each of `accounts`. */ -}}
{{- define "fuse-otel.config" -}}
{{- with .Values.config }}{{ trim . }}
{{ end }}
{{- range .Values.accounts }}
[[accounts]]
name = {{ .name | toJson }}
email = {{ .email | toJson }}
developer_key_file = "/run/secrets/fuse-otel/accounts/{{ .name }}"
{{- with .numbers }}
numbers = {{ toJson . }}
{{- end }}
{{ end }}
{{- end -}}

{{- /* A value of `settings` as text: Helm reads a million as 1e+06. */ -}}
{{- define "fuse-otel.text" -}}
{{- if and (kindIs "float64" .) (eq . (float64 (int64 .))) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end -}}

{{- define "fuse-otel.workload" -}}
{{ ternary "Deployment" "StatefulSet" (ne .Values.store.postgresql.existingSecret "") }}
{{- end -}}

{{- define "fuse-otel.oneAccount" -}}
{{- if and .Values.account.existingSecret (not .Values.accounts) }}yes{{ end -}}
{{- end -}}

{{- /* What would not work, as a sentence. */ -}}
{{- define "fuse-otel.check" -}}
{{- if not (or .Values.account.existingSecret .Values.accounts .Values.config) -}}
{{- fail "No Fuse account: set account.existingSecret, accounts, or [[accounts]] in config." -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.store.postgresql.existingSecret) -}}
{{- fail (printf "replicas: %d daemons cannot use one SQLite store. Set it to 1, or set store.postgresql.existingSecret." (int .Values.replicas)) -}}
{{- end -}}
{{- $names := list -}}
{{- range .Values.accounts }}{{ $names = append $names .name }}{{ end -}}
{{- if ne (len $names) (len (uniq $names)) -}}
{{- fail "Two of `accounts` have the same name." -}}
{{- end -}}
{{- $variables := keys .Values.settings -}}
{{- range .Values.secretFiles }}{{ with .setting }}{{ $variables = append $variables (printf "%s_FILE" .) }}{{ end }}{{ end -}}
{{- if ne (len $variables) (len (uniq $variables)) -}}
{{- fail "secretFiles: two of the variables have the same name. Each `setting` goes with one file, and SETTING_FILE is not in `settings`." -}}
{{- end -}}
{{- $own := list "FUSE_OTEL_EMAIL" "FUSE_OTEL_DEVELOPER_KEY" "FUSE_OTEL_DEVELOPER_KEY_FILE" "FUSE_OTEL_STATE_URL" "FUSE_OTEL_STATE_URL_FILE" "FUSE_OTEL_LISTEN" "FUSE_OTEL_CONFIG" "FUSE_OTEL_WEB_CONFIG" -}}
{{- if not .Values.store.postgresql.existingSecret }}{{ $own = append $own "FUSE_OTEL_MAX_DISK" }}{{ end -}}
{{- range $own -}}
{{- if has . $variables -}}
{{- fail (printf "%s%s: the chart sets this variable from its other values." (ternary "settings." "secretFiles: " (hasKey $.Values.settings .)) .) -}}
{{- end -}}
{{- end -}}
{{- range list "FUSE_OTEL_PSEUDONYM_KEY" "FUSE_OTEL_HOOK_TOKEN" -}}
{{- if hasKey $.Values.settings . -}}
{{- fail (printf "settings.%s: the manifests would show this secret. Put it into a Secret and name that in secretFiles." .) -}}
{{- end -}}
{{- end -}}
{{- /* A text that begins with a dollar refers to a variable. */ -}}
{{- if regexMatch "(?m)^\\s*(developer_key|pseudonym_key|hook_token)\\s*=\\s*[\"']+[^$\"']" .Values.config -}}
{{- fail "config: the ConfigMap would show a secret. Put it into a Secret, name that in secretFiles, and write the path of the file into config: NAME_file instead of NAME." -}}
{{- end -}}
{{- end -}}
