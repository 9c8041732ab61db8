"""The resource of a call: few attributes, the same for all calls of an application."""

from __future__ import annotations

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import ListedCall
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Value

NAMELESS = "plum-fuse"


def service_name(call: ListedCall, application: str | None, options: ModelOptions) -> str:
    """The application's name, unless the configuration maps our number or the name itself."""
    if semconv.SERVICE_NAME in options.resource_attributes:
        return options.resource_attributes[semconv.SERVICE_NAME]
    names = options.service_names
    for key in (call.destination, application):
        if key and key in names:
            return names[key]
    return application or NAMELESS


def resource(name: str, version: str | None, options: ModelOptions) -> dict[str, Value]:
    attributes: dict[str, Value] = {
        semconv.SERVICE_NAME: name,
        semconv.SERVICE_NAMESPACE: NAMELESS,
    }
    if version:
        attributes[semconv.SERVICE_VERSION] = version
    if options.environment:
        attributes[semconv.DEPLOYMENT_ENVIRONMENT_NAME] = options.environment
    return {**attributes, **options.resource_attributes}
