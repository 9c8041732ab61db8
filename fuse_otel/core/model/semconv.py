"""Every name of the data model. OpenTelemetry's by its own constants, all others under ``fuse.``.

The schema is pinned by hand: what we send is written for this version of the conventions, and a
newer library must not change it.
"""

from __future__ import annotations

from typing import Final

from opentelemetry.semconv._incubating.attributes import (
    db_attributes,
    deployment_attributes,
    log_attributes,
    peer_attributes,
    session_attributes,
    user_attributes,
)
from opentelemetry.semconv._incubating.attributes import (
    service_attributes as incubating_service,
)
from opentelemetry.semconv._incubating.attributes import (
    url_attributes as incubating_url,
)
from opentelemetry.semconv.attributes import (
    error_attributes,
    http_attributes,
    server_attributes,
    service_attributes,
    url_attributes,
)

SCOPE_NAME: Final = "fuse_otel"
SCOPE_VERSION: Final = "1"  # of the data model
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.40.0"

SERVICE_NAME: Final = service_attributes.SERVICE_NAME
SERVICE_VERSION: Final = service_attributes.SERVICE_VERSION
SERVICE_NAMESPACE: Final = incubating_service.SERVICE_NAMESPACE
SERVICE_INSTANCE_ID: Final = incubating_service.SERVICE_INSTANCE_ID
SERVICE_PEER_NAME: Final = incubating_service.SERVICE_PEER_NAME
PEER_SERVICE: Final = peer_attributes.PEER_SERVICE
DEPLOYMENT_ENVIRONMENT_NAME: Final = deployment_attributes.DEPLOYMENT_ENVIRONMENT_NAME
SESSION_ID: Final = session_attributes.SESSION_ID
USER_HASH: Final = user_attributes.USER_HASH
LOG_RECORD_UID: Final = log_attributes.LOG_RECORD_UID
ERROR_TYPE: Final = error_attributes.ERROR_TYPE
ERROR_TYPE_OTHER: Final = error_attributes.ErrorTypeValues.OTHER.value
HTTP_METHOD: Final = http_attributes.HTTP_REQUEST_METHOD
HTTP_STATUS: Final = http_attributes.HTTP_RESPONSE_STATUS_CODE
SERVER_ADDRESS: Final = server_attributes.SERVER_ADDRESS
URL_FULL: Final = url_attributes.URL_FULL
URL_TEMPLATE: Final = incubating_url.URL_TEMPLATE
DB_COLLECTION: Final = db_attributes.DB_COLLECTION_NAME
DB_OPERATION: Final = db_attributes.DB_OPERATION_NAME

ACCOUNT: Final = "fuse.account"
CALL_DIRECTION: Final = "fuse.call.direction"
CALL_TYPE: Final = "fuse.call.type"
CALL_OUTCOME: Final = "fuse.call.outcome"
CALL_DESTINATION: Final = "fuse.call.destination"
CALL_EXECUTIONS: Final = "fuse.call.executions"
CALL_PROMPTS: Final = "fuse.call.prompts"
CALL_INPUTS: Final = "fuse.call.inputs"
CALL_ERRORS: Final = "fuse.call.errors"
DETAILS: Final = "fuse.details"
TRUNCATED: Final = "fuse.truncated"
DROPPED_ENTRIES: Final = "fuse.dropped_entries"
TIME_INFERRED: Final = "fuse.timestamp.inferred"
LATE: Final = "fuse.late"
MODULE_TYPE: Final = "fuse.module.type"
MODULE_NAME: Final = "fuse.module.result_variable"
MODULE_ORDINAL: Final = "fuse.module.ordinal"
MODULE_VISIT: Final = "fuse.module.visit"
APPLICATION_NAME: Final = "fuse.application.name"
APPLICATION_VERSION: Final = "fuse.application.version"
APPLICATION_TARGET: Final = "fuse.application.target"
LOG_CLASS: Final = "fuse.log.class"
LINE_FINGERPRINT: Final = "fuse.line.fingerprint"
INPUT_MODE: Final = "fuse.input.mode"
INPUT_LENGTH: Final = "fuse.input.length"
INPUT_VALUE: Final = "fuse.input.value"
INPUT_RESULT: Final = "fuse.input.result"
INPUT_ATTEMPTS: Final = "fuse.input.attempts"
INPUT_WAIT: Final = "fuse.input.wait"
PROMPT_TYPE: Final = "fuse.prompt.type"
PROMPT_ID: Final = "fuse.prompt.id"
PROMPT_ID_TYPE: Final = "fuse.prompt.id_type"
PROMPT_REVISION: Final = "fuse.prompt.revision_id"
PROMPT_LANGUAGE: Final = "fuse.prompt.language"
PROMPT_HAS_AUDIO: Final = "fuse.prompt.has_audio"
TRANSFER_RESULT: Final = "fuse.transfer.result"
TRANSFER_QUEUE: Final = "fuse.transfer.queue"
COMPARE_OPERATOR: Final = "fuse.compare.operator"
COMPARE_RESULT: Final = "fuse.compare.result"
DURATION: Final = "fuse.duration"

EVENT_PROMPT: Final = "fuse.prompt"
EVENT_EVENT: Final = "fuse.event"
