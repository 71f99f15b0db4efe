"""Software of unknown provenance: what runs beside this project's own text, what builds it, what makes its evidence.

A row says what the item is for, what it needs, what follows when it fails, and what stands against that here (IEC
62304, 5.3.3, 5.3.4, 7.1.2 and 8.1.2, benchmark). Versions are not written down but looked up on the machine that is
examined. The C core has no row: it calls nothing that is not its own, no library of C, no heap, no operating system.

Lists of known anomalies (IEC 62304, 7.1.3) are not evaluated here: they change by the day, and the versions that ship
are the manufacturer's.
"""

import platform
import re
import shutil
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from iontocore.verification.tools import version

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)+[^\s,;)]*")
_LONGEST_LICENSE: Final = 60
"""Characters; what is longer is a licence's text and not its name."""


class Used(StrEnum):
    """When an item is used. What is used at run time is what a treatment rests on."""

    RUN_TIME = "at run time"
    BUILD = "to build what runs"
    COMMAND_LINE = "by the command line's view and pictures alone"
    EVIDENCE = "to make evidence"


class Form(StrEnum):
    """What it is: a distribution of Python, a command of the machine, or a part of the platform."""

    DISTRIBUTION = "distribution"
    COMMAND = "command"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Item:
    """One row. ValueError for an empty text.

    name: as the registry of Python, the shell or the platform has it. maker: who makes it. license: an SPDX expression.
    purpose: what it has to do. needs: what it needs itself. fails: what follows when it does not do what it has to.
    answer: what stands against that here. asks: what makes a command tell its version.
    """

    name: str
    form: Form
    used: Used
    maker: str
    license: str
    purpose: str
    needs: str
    fails: str
    answer: str
    asks: str = "--version"

    def __post_init__(self) -> None:
        for name in ("name", "maker", "license", "purpose", "needs", "fails", "answer"):
            if not getattr(self, name).strip():
                raise ValueError(f"{self.name}: {name} is empty")


@dataclass(frozen=True, slots=True)
class Found:
    """An item as it is on this machine. version: "" when it is not there."""

    item: Item
    version: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """A distribution of Python that is there because others need it. license: as it tells itself, "" when it does not.
    needs: the names of those that it needs itself, in order."""

    name: str
    version: str
    license: str
    needs: tuple[str, ...]


def found(items: Iterable[Item]) -> tuple[Found, ...]:
    """The items with their versions on this machine."""
    return tuple(Found(item, version_of(item)) for item in items)


def version_of(item: Item) -> str:
    """The version of an item on this machine; "" when it is not there, or does not tell."""
    if item.form is Form.DISTRIBUTION:
        try:
            return metadata.version(item.name)
        except metadata.PackageNotFoundError:
            return ""
    if item.form is Form.COMMAND:
        if shutil.which(item.name) is None:
            return ""
        number = _NUMBER.search(version(item.name, item.asks))
        return number[0] if number else ""
    return _PLATFORM[item.name]


_PLATFORM: Final = {
    "CPython": platform.python_version(),
    "SQLite": sqlite3.sqlite_version,
    "C library": " ".join(platform.libc_ver()).strip(),
}


def closure(names: Iterable[str]) -> tuple[Dependency, ...]:
    """Distributions of Python and all that they need here, in the order of their names. What is not installed is left
    out: a requirement may be for another platform."""
    todo, seen = [canonicalize_name(name) for name in names], dict[str, Dependency]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        try:
            told = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        wanted = [Requirement(text) for text in told.requires or ()]
        needs = {
            canonicalize_name(one.name) for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})
        }
        seen[name] = Dependency(name, told.version, _license(told.metadata), tuple(sorted(needs)))
        todo += needs
    return tuple(seen[name] for name in sorted(seen))


def _license(told: metadata.PackageMetadata) -> str:
    """The licence by its expression, by its name, or by its classifiers, whichever is told first."""
    classifiers = [
        text.rpartition(" :: ")[2] for text in told.get_all("Classifier") or () if text.startswith("License ::")
    ]
    for text in (*_all(told, "License-Expression"), *_all(told, "License"), " OR ".join(classifiers)):
        if text and "\n" not in text and len(text) <= _LONGEST_LICENSE:
            return text
    return ""


def _all(told: metadata.PackageMetadata, field: str) -> list[str]:
    return [str(text) for text in told.get_all(field) or ()]
