"""JSON schemas of the Prometheus Operator's custom resources (monitoring.coreos.com/v1), with the
fields of its API that the chart writes or a user may add. Unknown fields are errors.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_DURATION: Schema = {
    "type": "string",
    "pattern": r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?"
    r"(([0-9]+)ms)?)$",
}
_WORDS: Schema = {"type": "object", "additionalProperties": _TEXT}
_NAMES: Schema = {"type": "array", "items": _TEXT}


def _object(required: tuple[str, ...] = (), **fields: Schema) -> Schema:
    return {
        "type": "object",
        "properties": fields,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": items, **limits}


def _resource(kind: str, spec: Schema) -> Schema:
    metadata = _object(
        ("name",),
        name={"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"},
        namespace=_TEXT, labels=_WORDS, annotations=_WORDS,
    )  # fmt: skip
    return _object(
        ("apiVersion", "kind", "metadata", "spec"),
        apiVersion={"const": "monitoring.coreos.com/v1"}, kind={"const": kind},
        metadata=metadata, spec=spec,
    )  # fmt: skip


_KEY = _object(("key",), name=_TEXT, key=_TEXT, optional=_FLAG)
_KEY_OF_EITHER = _object(secret=_KEY, configMap=_KEY)
_BASIC_AUTH = _object(username=_KEY, password=_KEY)
_AUTHORIZATION = _object(type=_TEXT, credentials=_KEY)
_TLS = _object(
    ca=_KEY_OF_EITHER, cert=_KEY_OF_EITHER, keySecret=_KEY, serverName=_TEXT, caFile=_TEXT,
    certFile=_TEXT, keyFile=_TEXT, insecureSkipVerify=_FLAG,
    minVersion={"enum": ["TLS10", "TLS11", "TLS12", "TLS13"]},
    maxVersion={"enum": ["TLS10", "TLS11", "TLS12", "TLS13"]},
)  # fmt: skip
_RELABELLING = _object(
    sourceLabels=_NAMES, separator=_TEXT, targetLabel=_TEXT, regex=_TEXT, replacement=_TEXT,
    modulus={"type": "integer"}, action=_TEXT,
)  # fmt: skip
_PORT: Schema = {"type": ["string", "integer"]}
_PARAMETERS: Schema = {"type": "object", "additionalProperties": _NAMES}
_ENDPOINT = _object(
    port=_TEXT, targetPort=_PORT, path=_TEXT, scheme={"enum": ["http", "https"]},
    params=_PARAMETERS, interval=_DURATION, scrapeTimeout=_DURATION, honorLabels=_FLAG,
    honorTimestamps=_FLAG, basicAuth=_BASIC_AUTH, authorization=_AUTHORIZATION, tlsConfig=_TLS,
    bearerTokenSecret=_KEY, metricRelabelings=_list(_RELABELLING),
    relabelings=_list(_RELABELLING), followRedirects=_FLAG, enableHttp2=_FLAG, proxyUrl=_TEXT,
)  # fmt: skip
_OPERATOR: Schema = {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]}
_REQUIREMENT = _object(("key", "operator"), key=_TEXT, operator=_OPERATOR, values=_NAMES)
_SELECTOR = _object(matchLabels=_WORDS, matchExpressions=_list(_REQUIREMENT))
SERVICE_MONITOR = _resource(
    "ServiceMonitor",
    _object(
        ("endpoints", "selector"),
        jobLabel=_TEXT, targetLabels=_NAMES, podTargetLabels=_NAMES,
        endpoints=_list(_ENDPOINT, minItems=1), selector=_SELECTOR,
        namespaceSelector=_object(any=_FLAG, matchNames=_NAMES),
        sampleLimit={"type": "integer"},
    ),
)  # fmt: skip

_NAME: Schema = {"type": "string", "minLength": 1}
_RULE = _object(
    ("expr",),
    alert=_NAME, record=_NAME, expr=_PORT, labels=_WORDS, annotations=_WORDS,
    keep_firing_for=_DURATION, **{"for": _DURATION},
) | {"oneOf": [{"required": ["alert"]}, {"required": ["record"]}]}  # fmt: skip
_GROUP = _object(
    ("name",),
    name=_NAME, interval=_DURATION, labels=_WORDS, limit={"type": "integer"},
    query_offset=_DURATION, partial_response_strategy={"enum": ["", "abort", "warn"]},
    rules=_list(_RULE),
)  # fmt: skip
PROMETHEUS_RULE = _resource("PrometheusRule", _object(groups=_list(_GROUP)))

SCHEMAS = {"ServiceMonitor": SERVICE_MONITOR, "PrometheusRule": PROMETHEUS_RULE}
