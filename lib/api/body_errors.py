"""What is wrong with the body of a request, in plain words: the field, what it holds, and what would be right."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from lib.api.errors import ApiError, invalid

_RIGHT = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
}
"""What a field should hold, by the kind of the library's error."""

_UNHELD = {
    "hex escape": "a character that no text can hold",
    "number out of range": "a number with more digits than can be read",
    "recursion limit": "values that are nested too deep",
}
"""What JSON may hold that can't be read, by the beginning of the library's error."""

_PLACE = re.compile(r"at line (\d+) column (\d+)")
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:]', re.DOTALL)

_MOST_SHOWN = 40  # characters of a wrong value that an error repeats


def wrong_field(detail: Mapping[str, Any], model: type[BaseModel]) -> ApiError:
    """Return the error of a field that a model refuses; `detail` is the first of its errors."""
    name, *inner = (str(part)[:100] for part in detail["loc"])
    field = model.model_fields.get(name)
    example = next(iter(field.examples or ()), None) if field is not None else None
    such_as = "" if example is None or inner else f" such as {json.dumps(example, ensure_ascii=False)}"
    kind, where = detail["type"], f"An entry of {name}" if inner else name
    if kind == "missing":
        return invalid(name, f"{name} is missing; right would be one{such_as}.")
    if kind == "literal_error":
        return invalid(name, f"{where} is {_value(detail['input'])}; right would be {detail['ctx']['expected']}.")
    right = _RIGHT.get(kind)
    if right is None:
        return invalid(name, f"{where}: {detail['msg']}.")
    return invalid(name, f"{where} is {_value(detail['input'])}; right would be {right}{such_as}.")


def unreadable(body: bytes, error: ValueError) -> ApiError:
    """Return the error of a body that is no JSON, or holds what can't be read, which names the field that holds it."""
    place = _PLACE.search(str(error))
    what = next((words for beginning, words in _UNHELD.items() if beginning in str(error)), None)
    if place is None or what is None:
        where = f" It can't be read from line {place[1]}, column {place[2]} on." if place and body.strip() else ""
        return invalid(None, f"The body is not a JSON object.{where}")
    lines = body.split(b"\n")
    offset = sum(len(line) + 1 for line in lines[: int(place[1]) - 1]) + int(place[2])
    name = _field_at(body, offset)
    return invalid(name, f"{name or 'The body'} holds {what}; right would be a value without it.")


def _field_at(body: bytes, offset: int) -> str | None:
    """Return the name of the object's field that a place in JSON lies in; None where it lies in none."""
    depth, text, name = 0, b"", None
    for token in _TOKENS.finditer(body, 0, offset):
        sign = token[0]
        if sign in (b"{", b"["):
            depth += 1
        elif sign in (b"}", b"]"):
            depth -= 1
        elif sign != b":":
            text = sign
        elif depth == 1:
            name = text
    return None if name is None else name[1:-1].decode(errors="replace")[:100]


def _value(value: Any) -> str:
    """Return what a field holds, in words: short values as JSON writes them."""
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    json_text = json.dumps(value, ensure_ascii=False)
    return json_text if len(json_text) <= _MOST_SHOWN else f"{json_text[:_MOST_SHOWN]} …"
