"""The boxes of the call-flow editor, as far as the applications use them.

``start``, ``prompt``, ``number``, ``email`` and ``exit`` write what the documentation's examples
show. What the others write is undocumented: their entries are invented in the same manner.
"""

from fuse_otel.simulator.modules.asking import (
    ask_choice,
    ask_digits,
    ask_number,
    ask_yes_no,
    record,
)
from fuse_otel.simulator.modules.flow import (
    call_log,
    compare,
    exit_call,
    fail,
    go_to_app,
    prompt,
    read_back,
    start,
    transfer,
)
from fuse_otel.simulator.modules.reaching import (
    dynamodb,
    email,
    evaluate_js,
    rest,
    set_variable,
    sms,
    traceparent,
)

__all__ = [
    "ask_choice",
    "ask_digits",
    "ask_number",
    "ask_yes_no",
    "call_log",
    "compare",
    "dynamodb",
    "email",
    "evaluate_js",
    "exit_call",
    "fail",
    "go_to_app",
    "prompt",
    "read_back",
    "record",
    "rest",
    "set_variable",
    "sms",
    "start",
    "traceparent",
    "transfer",
]
