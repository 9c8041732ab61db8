{{- define "fuse-otel.env" -}}
{{- if include "fuse-otel.oneAccount" . }}
- name: FUSE_OTEL_EMAIL
  {{- if .Values.account.email }}
  value: {{ .Values.account.email | quote }}
  {{- else }}
  valueFrom:
    secretKeyRef:
      name: {{ .Values.account.existingSecret | quote }}
      key: {{ .Values.account.emailKey | quote }}
  {{- end }}
- name: FUSE_OTEL_DEVELOPER_KEY_FILE
  value: /run/secrets/fuse-otel/developer-key
{{- end }}
{{- if .Values.store.postgresql.existingSecret }}
# Not that of the image.
- name: FUSE_OTEL_STATE_URL
  value: ""
- name: FUSE_OTEL_STATE_URL_FILE
  value: /run/secrets/fuse-otel/state-url
{{- else }}
- name: FUSE_OTEL_MAX_DISK
  value: {{ .Values.store.sqlite.maxDisk | quote }}
{{- end }}
{{- if .Values.web.existingSecret }}
- name: FUSE_OTEL_WEB_CONFIG
  value: /run/secrets/fuse-otel-web/web.yaml
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- if not (kindIs "invalid" $value) }}
- name: {{ $name }}
  value: {{ include "fuse-otel.text" $value | quote }}
{{- end }}
{{- end }}
{{- range .Values.secretFiles }}
{{- if .setting }}
- name: {{ .setting }}_FILE
  value: /run/secrets/fuse-otel/files/{{ .name }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "fuse-otel.secret" -}}
- secret:
    name: {{ .secret | quote }}
    items:
      - key: {{ .key | quote }}
        path: {{ .path | quote }}
{{- end -}}

{{- /* The Secrets whose keys are files. */ -}}
{{- define "fuse-otel.secrets" -}}
{{- if include "fuse-otel.oneAccount" . }}
{{ include "fuse-otel.secret" (dict "secret" .Values.account.existingSecret "key" .Values.account.developerKeyKey "path" "developer-key") }}
{{- end }}
{{- with .Values.store.postgresql }}
{{- if .existingSecret }}
{{ include "fuse-otel.secret" (dict "secret" .existingSecret "key" .urlKey "path" "state-url") }}
{{- end }}
{{- end }}
{{- range .Values.accounts }}
{{ include "fuse-otel.secret" (dict "secret" .existingSecret "key" (default "developer-key" .developerKeyKey) "path" (printf "accounts/%s" .name)) }}
{{- end }}
{{- range .Values.secretFiles }}
{{ include "fuse-otel.secret" (dict "secret" .existingSecret "key" .key "path" (printf "files/%s" .name)) }}
{{- end }}
{{- end -}}

{{- define "fuse-otel.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: {{ .root.Values.web.scheme }}
{{- end -}}

{{- define "fuse-otel.container" -}}
name: fuse-otel
image: {{ include "fuse-otel.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env: {{- include "fuse-otel.env" . | trim | nindent 2 }}
ports:
  - name: http
    containerPort: 9464
startupProbe:
  {{- include "fuse-otel.probe" (dict "root" . "path" "/-/healthy") | nindent 2 }}
  failureThreshold: 30
  periodSeconds: 2
livenessProbe:
  {{- include "fuse-otel.probe" (dict "root" . "path" "/-/healthy") | nindent 2 }}
  periodSeconds: 15
  timeoutSeconds: 5
readinessProbe:
  {{- include "fuse-otel.probe" (dict "root" . "path" "/-/ready") | nindent 2 }}
  periodSeconds: 15
  timeoutSeconds: 5
resources: {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  {{- if not .Values.store.postgresql.existingSecret }}
  - name: state
    mountPath: /var/lib/fuse-otel
  {{- end }}
  - name: tmp
    mountPath: /tmp
  {{- if include "fuse-otel.secrets" . }}
  - name: secrets
    mountPath: /run/secrets/fuse-otel
    readOnly: true
  {{- end }}
  {{- if include "fuse-otel.config" . }}
  - name: config
    mountPath: /etc/fuse-otel
    readOnly: true
  {{- end }}
  {{- if .Values.web.existingSecret }}
  - name: web
    mountPath: /run/secrets/fuse-otel-web
    readOnly: true
  {{- end }}
{{- end -}}

{{- define "fuse-otel.volumes" -}}
- name: tmp
  emptyDir: {}
{{- with include "fuse-otel.secrets" . }}
- name: secrets
  projected:
    defaultMode: 0440
    sources: {{- trim . | nindent 6 }}
{{- end }}
{{- if include "fuse-otel.config" . }}
- name: config
  configMap:
    name: {{ include "fuse-otel.fullname" . | quote }}
{{- end }}
{{- with .Values.web.existingSecret }}
- name: web
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{- define "fuse-otel.podMetadata" -}}
labels:
  {{- include "fuse-otel.selectorLabels" . | nindent 2 }}
  {{- with merge dict .Values.podLabels .Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := dict }}
{{- with include "fuse-otel.config" . }}
{{- $_ := set $annotations "checksum/config" (sha256sum .) }}
{{- end }}
{{- if not .Values.serviceMonitor.enabled }}
{{- $_ := set $annotations "prometheus.io/scrape" "true" }}
{{- $_ := set $annotations "prometheus.io/port" "9464" }}
{{- $_ := set $annotations "prometheus.io/scheme" (lower .Values.web.scheme) }}
{{- end }}
{{- with merge dict .Values.podAnnotations $annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "fuse-otel.podSpec" -}}
serviceAccountName: {{ include "fuse-otel.serviceAccountName" . | quote }}
automountServiceAccountToken: false
# Without the variables of Services, FUSE_OTEL_PORT and others.
enableServiceLinks: false
# More than FUSE_OTEL_SHUTDOWN_GRACE.
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 9464
  runAsGroup: 9464
  fsGroup: 9464
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
containers:
  - {{ include "fuse-otel.container" . | indent 4 | trim }}
volumes: {{- include "fuse-otel.volumes" . | nindent 2 }}
{{- if .Values.topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml .Values.topologySpreadConstraints | nindent 2 }}
{{- else if gt (int .Values.replicas) 1 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "fuse-otel.selectorLabels" . | nindent 8 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
