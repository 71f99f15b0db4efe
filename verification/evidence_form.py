"""The one form in which a report is written, ``evidence.json``: sorted keys, UTF-8, LF, whole numbers.

Two reports of the same text are the same bytes, but for when and where they were made.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from iontocore.verification.evidence import FORMAT, Report

_T = TypeVar("_T")


def canonical(report: Report) -> str:
    """The text of ``evidence.json``. TypeError for a value that has no canonical form, such as a broken number."""
    return json.dumps(plain(report), sort_keys=True, ensure_ascii=False, indent=1, separators=(",", ": ")) + "\n"


def plain(value: object) -> Any:
    """A record as JSON has it. TypeError for what has no canonical form."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | str):
        return str(value) if isinstance(value, StrEnum) else value
    raise TypeError(f"{value!r} has no canonical form")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{key!r} is no key")
    return str(key)


def without_run(text: str) -> str:
    """The text of an ``evidence.json`` but for when and where it was made: what two reports of one text share."""
    told = json.loads(text)
    del told["run"]
    return json.dumps(told, sort_keys=True, ensure_ascii=False)


def read(text: str) -> Report:
    """The report that a text of `canonical` holds. ValueError when it is none."""
    try:
        told = json.loads(text)
        if not isinstance(told, dict) or told.get("schema") != FORMAT:
            raise ValueError(f"it is not of the form {FORMAT}")
        return _record(Report, told)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no report: {error!r}") from error


def _record(kind: type[_T], told: object) -> _T:
    hints = get_type_hints(kind)
    if not isinstance(told, dict) or told.keys() != hints.keys():
        raise ValueError(f"{kind.__name__} has {', '.join(hints)}, and nothing else")
    return kind(**{name: _value(hints[name], told[name]) for name in hints})


def _value(kind: Any, told: Any) -> Any:
    """What a plain value is as this type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(told, list):
        return tuple(_value(inner[0], each) for each in told)
    if origin in (UnionType, Union):
        if type(told) in inner:
            return told
        (record,) = (each for each in inner if is_dataclass(each))
        return _record(cast(type[Any], record), told)
    if origin is Mapping and isinstance(told, dict):
        return {name: _value(inner[1], each) for name, each in told.items()}
    if is_dataclass(kind):
        return _record(cast(type[Any], kind), told)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(told)
    if type(told) is not kind:  # a truth is no number
        raise ValueError(f"{told!r} is no {kind}")
    return told
