"""The JSON schema of ``evidence.json``, made from the records of ``iontocore.verification.evidence``.

    python -m iontocore.verification.evidence_schema > verification/evidence.schema.json

The file is published beside the records, so that anybody can check a report without this package; a test holds the two
together. What an object may hold is all that it must hold, and nothing else.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import StrEnum
from importlib.resources import files
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from iontocore.verification.command import Parser, answered
from iontocore.verification.evidence import FORMAT, Report

FILE: Final = "evidence.schema.json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SIMPLE: Final[Mapping[type, str]] = {bool: "boolean", int: "integer", str: "string", NoneType: "null"}


def schema() -> dict[str, Any]:
    """The schema, each record and each enumeration a definition of its own."""
    definitions: dict[str, Any] = {}
    _definition(Report, definitions)
    top = definitions.pop(Report.__name__)
    top["properties"]["schema"] = {"const": FORMAT}
    return {"$schema": _DIALECT, "$id": f"urn:{FORMAT}", **top, "$defs": definitions}


def published() -> dict[str, Any]:
    """The schema as it is published."""
    told = json.loads((files("iontocore.verification") / FILE).read_text("utf-8"))
    assert isinstance(told, dict)
    return told


def _definition(kind: type, definitions: dict[str, Any]) -> None:
    definitions[kind.__name__] = {}  # stands for it meanwhile, should a record hold its own kind
    about = {"description": " ".join((kind.__doc__ or "").split())}
    if issubclass(kind, StrEnum):
        definitions[kind.__name__] = {**about, "enum": [each.value for each in kind]}
        return
    hints = get_type_hints(kind)
    definitions[kind.__name__] = {
        **about,
        "type": "object",
        "properties": {name: _of(hint, definitions) for name, hint in hints.items()},
        "required": list(hints),
        "additionalProperties": False,
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        if all(each in _SIMPLE for each in inner):
            return {"type": [_SIMPLE[each] for each in inner]}
        return {"anyOf": [_of(each, definitions) for each in inner]}
    if origin is tuple:
        return {"type": "array", "items": _of(inner[0], definitions)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(inner[1], definitions)}
    if kind in _SIMPLE:
        return {"type": _SIMPLE[kind]}
    if not is_dataclass(kind) and not issubclass(kind, StrEnum):
        raise TypeError(f"{kind} is of no kind that a report holds")
    if kind.__name__ not in definitions:
        _definition(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def as_text() -> str:
    """The text of the file that is published."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """The command: prints the schema. Returns its exit status."""
    return answered(lambda: _print(argv))


def _print(argv: Sequence[str] | None) -> int:
    Parser("evidence_schema", __doc__.splitlines()[0]).parse_args(argv)
    print(as_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
