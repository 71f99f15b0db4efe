"""The register of deviations: which findings of the rule checkers are accepted, where, how many, and for which reason.

The register is written by hand (``ccore/proofs/deviations.toml``). A finding that no row accepts, a row that accepts
nothing any more, and a number that is not the one found are problems, in words.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from iontocore.safety.refusal import Refusal
from iontocore.verification.tools import RECORDS

REGISTER: Final = RECORDS / "deviations.toml"
KINDS: Final = ("deviation", "false alarm")
READING: Final = "reading"
"""The tool of a row that a person found: what it is about are the passages that its `text` matches."""
_LONGEST: Final = 100
"""Characters of a finding's text in a sentence."""


class Finding(NamedTuple):
    """What a tool objects to: its rule and the place."""

    tool: str
    rule: str
    file: str
    line: int
    function: str
    """Empty outside of functions."""
    text: str
    """What the tool says (cppcheck's addon: nothing, as the texts of MISRA are not to be had) and the statement there,
    on one line and without comments."""

    def __str__(self) -> str:
        text = self.text if len(self.text) <= _LONGEST else f"{self.text[: _LONGEST - 3]}..."
        function = f" in {self.function}()" if self.function else ""
        return f"{self.tool} {self.rule}, {self.file}:{self.line}{function}: {text}"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A row: findings of one rule that are accepted for one reason."""

    id: str
    kind: str
    """"deviation": the rule is broken; "false alarm": it is kept, and the tool does not see that."""
    tool: str
    rule: str
    asks: str
    """What the rule asks for, in words of our own."""
    where: Mapping[str, int]
    """How many findings in which file ("ccore/src/guard.c") or function ("ccore/src/guard.c:watch")."""
    reason: str
    objection: str
    """Who could object, and what is to be said to that."""
    text: str = ""
    """A regular expression that is found in the text of every finding of this row; empty for any text."""

    def place(self, finding: Finding) -> str | None:
        """The key of `where` that a finding falls under; None when this row does not accept it."""
        if (self.tool, self.rule) != (finding.tool, finding.rule) or not re.search(self.text, finding.text):
            return None
        places = (f"{finding.file}:{finding.function}", finding.file)
        return next((place for place in places if place in self.where), None)


class LeftOut(NamedTuple):
    """A check of clang-tidy that belongs to a family in use and is switched off."""

    id: str
    check: str
    reason: str


class Unchecked(NamedTuple):
    """A guideline of MISRA C:2012 that cppcheck's addon does not look at, and what stands in for it."""

    guideline: str
    instead: str


@dataclass(frozen=True, slots=True)
class Register:
    """All that is accepted, and all that is not looked at."""

    written_for: Mapping[str, str]
    """The version of each tool whose findings these are."""
    checks: int
    """How many checks of clang-tidy are in use: fewer would find less."""
    deviations: Sequence[Deviation]
    left_out: Sequence[LeftOut]
    unchecked: Sequence[Unchecked]


class Judgement(NamedTuple):
    """What findings and rows are to each other."""

    accepted: Sequence[tuple[Finding, tuple[str, ...]]]
    """Every finding with the ids of the rows that accept it."""
    counted: Mapping[tuple[str, str], int]
    """How many findings each row accepts in each place, by id and place."""
    problems: Sequence[str]
    """What is wrong, in words: nothing if all is well."""


def load(path: Path = REGISTER) -> Register:
    """The register as it is written. Refusal when it is not there, or a row is not complete."""
    try:
        written = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:  # a ValueError: no UTF-8, or no TOML
        raise Refusal(str(path), f"unreadable ({error})", "a register of deviations in TOML", __name__) from None
    parts = ("checks", "written_for", "deviation", "left_out", "unchecked")
    if set(written) != set(parts) or type(written["checks"]) is not int:
        raise Refusal(str(path), f"made of {', '.join(written)}", f"{', '.join(parts)}", __name__)
    if not isinstance(written["written_for"], dict):
        raise Refusal(f"{path.name}: written_for", written["written_for"], "a table of tools", __name__)
    for part in ("deviation", "left_out", "unchecked"):
        if not isinstance(written[part], list) or not all(isinstance(row, dict) for row in written[part]):
            raise Refusal(f"{path.name}: {part}", written[part], f"a list of entries [[{part}]]", __name__)
    deviations = [_deviation(path, row) for row in written["deviation"]]
    left_out = [LeftOut(**_texts(path, row, LeftOut._fields)) for row in written["left_out"]]
    unchecked = [Unchecked(**_texts(path, row, Unchecked._fields)) for row in written["unchecked"]]
    _numbered(path, "DV", [row.id for row in deviations])
    _numbered(path, "LO", [row.id for row in left_out])
    return Register(written["written_for"], written["checks"], deviations, left_out, unchecked)


def judge(rows: Iterable[Deviation], findings: Iterable[Finding]) -> Judgement:
    """Hold findings and rows against each other."""
    rows = tuple(rows)
    accepted: list[tuple[Finding, tuple[str, ...]]] = []
    problems: list[str] = []
    counted: Counter[tuple[str, str]] = Counter()
    for finding in sorted(findings):
        places = [(row.id, place) for row in rows if (place := row.place(finding)) is not None]
        ids = tuple(row_id for row_id, _ in places)
        accepted.append((finding, ids))
        counted.update(places)
        if not ids:
            problems.append(f"no row accepts {finding}")
        elif len(ids) > 1:
            problems.append(f"{' and '.join(ids)} both accept {finding}")
    for row in rows:
        for place, expected in row.where.items():
            found = counted[row.id, place]
            if not found:
                problems.append(
                    f"{row.id} is stale: {place} has no such finding of {row.rule} (the row says {expected})"
                )
            elif found != expected:
                problems.append(f"{row.id} says {expected} of {row.rule} in {place}, found: {found}")
    return Judgement(accepted, counted, problems)


def recounted(written: str, judgement: Judgement) -> str:
    """The text of a register with the numbers that were found, in the rows and places that it has. No row and no place
    comes or goes by it: those are reasoned by hand."""
    for (row, place), found in judgement.counted.items():
        number = re.compile(rf'(^id = "{row}"$.*?"{re.escape(place)}" = )\d+', re.DOTALL | re.MULTILINE)
        written = number.sub(rf"\g<1>{found}", written, count=1)
    return written


def _deviation(path: Path, row: Mapping[str, Any]) -> Deviation:
    where = row.get("where")
    if not isinstance(where, dict) or not where or not all(type(n) is int and n > 0 for n in where.values()):
        raise _incomplete(path, row, "a table `where` of files, or file:function, and how many findings each has")
    names = ("id", "kind", "tool", "rule", "asks", "reason", "objection")
    texts = _texts(path, {key: value for key, value in row.items() if key not in ("where", "text")}, names)
    if texts["kind"] not in KINDS:
        raise _incomplete(path, row, f"a kind that is one of: {', '.join(KINDS)}")
    text = row.get("text", "")
    try:
        re.compile(text)
    except (re.error, TypeError) as error:
        raise _incomplete(path, row, f"a regular expression as `text` ({error})") from None
    return Deviation(where=where, text=text, **texts)


def _texts(path: Path, row: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The fields of a row that are words: these, every one of them, and none empty."""
    if set(row) != set(names) or not all(isinstance(text, str) and text.strip() for text in row.values()):
        raise _incomplete(path, row, f"words for each of: {', '.join(names)}")
    return {name: " ".join(text.split()) for name, text in row.items()}


def _numbered(path: Path, prefix: str, ids: Sequence[str]) -> None:
    """Ids ascend and are never used again: the number of a row that is withdrawn stays free."""
    if not all(re.fullmatch(rf"{prefix}-\d\d", each) for each in ids) or list(ids) != sorted(set(ids)):
        raise Refusal(f"{path.name}: ids", ", ".join(ids), f"{prefix}-01 and so on, ascending, each once", __name__)


def _incomplete(path: Path, row: Mapping[str, Any], allowed: str) -> Refusal:
    name = row.get("id") or row.get("guideline") or "a row"
    return Refusal(f"{path.name}: {name}", "not complete", allowed, __name__)
