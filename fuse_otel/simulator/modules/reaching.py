"""Modules that reach out of the platform (REST, e-mail, SMS, DynamoDB) and what feeds them."""

from __future__ import annotations

from fuse_otel.simulator.call import Script

_SLOW = 10.0


def traceparent(call: Script) -> str:
    """A W3C trace context as an author's JavaScript would make one."""
    trace_id = call.dice.getrandbits(128) | 1
    span_id = call.dice.getrandbits(64) | 1
    return f"00-{trace_id:032x}-{span_id:016x}-01"


def rest(
    call: Script,
    name: str,
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    body: str = "",
    failing: float = 0.08,
) -> int | None:
    """Call a web service; returns its HTTP status, ``None`` if it timed out."""
    request = {"url": url, "method": method, "headers": headers or {}, "body": body}
    call.write("info", f"Sending {method} request", "rest", name)
    call.write("debug", f"Request: {method} {url}", "rest", name, **request)
    drawn = call.dice.random()
    if drawn < failing / 3:
        call.wait(_SLOW, _SLOW)
        call.write("error", "Request timed out after 10 seconds", "rest", name, url=url)
        return None
    call.wait(0.1, 2)
    if drawn >= failing:
        call.write("debug", "Response: HTTP 200", "rest", name, status_code=200)
        return 200
    status = call.dice.choice((500, 502, 503, 504, 429, 404))
    call.write("error", f"Request failed: HTTP {status}", "rest", name, status_code=status)
    return status


def email(call: Script, name: str, to: str, subject: str, body: str) -> None:
    call.write("info", "Sending", "email", name)
    call.wait(0.2, 1.5)
    call.write("debug", "Sent", "email", name, to=to, subject=subject, body=body)


def sms(call: Script, name: str, to: str, text: str) -> bool:
    call.write("info", "Sending", "sms", name)
    call.wait(0.2, 2)
    if call.chance(0.04):
        call.write("error", f"Message to {to} was not accepted", "sms", name, to=to)
        return False
    call.write("debug", "Sent", "sms", name, to=to, message=text)
    return True


def dynamodb(call: Script, name: str, operation: str, table: str, key: str) -> bool:
    call.write("info", f"{operation} {table}", "dynamodb", name, table=table, operation=operation)
    call.wait(0.05, 0.6)
    if call.chance(0.03):
        call.write(
            "error",
            "ProvisionedThroughputExceededException",
            "dynamodb",
            name,
            table=table,
            error="ProvisionedThroughputExceededException",
        )
        return False
    call.write("debug", "Item found", "dynamodb", name, key=key)
    return True


def set_variable(call: Script, name: str, value: str) -> None:
    call.write("debug", f"{name} = {value}", "set variable", name, value=value)


def evaluate_js(call: Script, name: str, result: str) -> None:
    if call.chance(0.02):
        call.write("error", "ReferenceError: response is not defined", "evaluate js", name)
        return
    call.write("debug", f"Result: {result}", "evaluate js", name)
