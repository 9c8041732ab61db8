"""HTML that is always escaped: every value that is not of the type ``Html`` is text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

_VOID = frozenset({"input", "link", "meta"})
# What HTML forbids: control characters (tab and line feed apart) and lone surrogates.
_FORBIDDEN = dict.fromkeys(
    {*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)} - {ord("\t"), ord("\n")},
    "\N{REPLACEMENT CHARACTER}",
)


class Html(str):
    """Finished HTML. Whoever makes one from a string vouches for that string."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"
Attribute: TypeAlias = str | int | float | bool | None


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element. ``None`` is no child and no attribute.

    A trailing ``_`` of an attribute's name is dropped (``class_``), inner ones become hyphens;
    ``False`` leaves it out, ``True`` writes the name without a value.
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{head}>")
    return Html(f"<{name}{head}>{join(*children)}</{name}>")


def join(*children: Child) -> Html:
    return Html("".join(_child(child) for child in children))


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return escape(child.translate(_FORBIDDEN))
    return join(*child)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return (
        f" {shown}" if value is True else f' {shown}="{escape(str(value).translate(_FORBIDDEN))}"'
    )
