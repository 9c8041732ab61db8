"""Reads YAML of which every scalar is text: ``yes`` and ``1e3`` stay what the operator wrote."""

from __future__ import annotations

from collections.abc import Mapping

_DEEPEST = 8


def read_yaml(content: bytes) -> Mapping[str, object]:
    """A mapping, without its empty values. Raises ``ValueError`` with a sentence, which repeats
    nothing of the content: it may hold secrets.
    """
    import yaml  # noqa: PLC0415 - 20 ms, and only this file needs it

    try:
        loader = yaml.BaseLoader(content.decode("utf-8-sig"))
        found = _plain(loader.get_single_node())
    except UnicodeDecodeError:
        raise ValueError("Not UTF-8 text.") from None
    except RecursionError:
        raise ValueError("Not valid YAML: It is nested too deeply.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"Not valid YAML in line {line}.") from None
    except yaml.YAMLError:
        raise ValueError("Not valid YAML: A character is not allowed.") from None
    if found is None or found == "":
        return {}
    if not isinstance(found, Mapping):
        raise ValueError("Must be a table of keys.")  # noqa: TRY004 - a problem of the file
    return found


def _plain(node: object, depth: int = 0) -> object:
    """``node`` of PyYAML as dictionaries, lists and texts; an empty scalar as ``None``.

    Not PyYAML's constructor: it takes the last one of two equal keys without a word.
    """
    import yaml  # noqa: PLC0415 - as above

    if depth > _DEEPEST:  # also an alias that contains itself
        raise RecursionError
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.value or node.style else None
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, depth + 1) for each in node.value]
    if not isinstance(node, yaml.MappingNode):
        return None
    made: dict[str, object] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ValueError(f"Not valid YAML in line {line}: A key must be text.")  # noqa: TRY004
        if key.value in made:
            raise ValueError(f"Not valid YAML in line {line}: The key is there twice.")
        made[key.value] = _plain(value, depth + 1)
    return {name: value for name, value in made.items() if value is not None}
