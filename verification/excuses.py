"""The register of what tests cannot be asked to cover, and why; and what gaps and excuses are to each other.

The register is written by hand (``ccore/proofs/coverage.toml``). An excuse is for one place and says exactly what is
missing there: what is not excused is a problem, and so is an excuse for nothing.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from iontocore.safety.refusal import Refusal
from iontocore.verification.gaps import NEVER, Gap, Place, normalised
from iontocore.verification.tools import RECORDS

REGISTER: Final = RECORDS / "coverage.toml"
_NEEDED: Final = {"id", "file", "function", "never", "reason"}
_ALLOWED: Final = {*_NEEDED, "condition", "decision"}


@dataclass(frozen=True, slots=True)
class Excuse:
    """A place, what is missing there, and why no test can be asked for."""

    id: str
    place: Place
    never: tuple[str, ...]
    reason: str


class Judgement(NamedTuple):
    """excused: gaps, each with the excuse for it. unexcused: gaps without. stale: excuses, each with what nothing is
    missing of."""

    excused: Sequence[tuple[Gap, Excuse]]
    unexcused: Sequence[Gap]
    stale: Sequence[tuple[Excuse, Sequence[str]]]


def judge(gaps: Sequence[Gap], excuses: Sequence[Excuse]) -> Judgement:
    """Give each excuse to one gap. The same text twice in a function is two gaps, and needs two excuses."""
    open_gaps = list(gaps)
    excused: list[tuple[Gap, Excuse]] = []
    stale: list[tuple[Excuse, Sequence[str]]] = []
    for excuse in excuses:
        in_vain = []
        for never in excuse.never:
            gap = next((gap for gap in open_gaps if (gap.place, gap.never) == (excuse.place, never)), None)
            if gap is None:
                in_vain.append(never)
            else:
                open_gaps.remove(gap)
                excused.append((gap, excuse))
        if in_vain:
            stale.append((excuse, in_vain))
    return Judgement(excused, open_gaps, stale)


def load(path: Path = REGISTER) -> Sequence[Excuse]:
    """The register as it is written; it may be empty. Refusal when it is not there or an entry is not complete."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a ValueError: no UTF-8, or no TOML
        raise Refusal(path.name, f"unreadable ({error})", "a register in TOML", __name__) from None
    rows = written.get("excuse", [])
    if not set(written) <= {"excuse"} or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refusal(path.name, f"made of {', '.join(written)}", "a list of entries [[excuse]]", __name__)
    excuses = [_excuse(path, row) for row in rows]
    ids = [excuse.id for excuse in excuses]
    if ids != sorted(set(ids)):
        raise Refusal(path.name, f"numbered {', '.join(ids)}", "ids that rise, each once", __name__)
    return excuses


def _excuse(path: Path, row: Mapping[str, Any]) -> Excuse:
    entry = f"{path.name}, {row.get('id', 'an entry without an id')}"
    if not _NEEDED <= set(row) <= _ALLOWED:
        raise Refusal(
            entry, f"made of {', '.join(row)}", f"{', '.join(sorted(_NEEDED))}, condition, decision", __name__
        )
    texts = {name: value for name, value in row.items() if name != "never"}
    empty = [name for name, value in texts.items() if not isinstance(value, str) or not value.strip()]
    if empty:
        raise Refusal(f"{entry}, {empty[0]}", "no text", "a text that is not empty", __name__)
    if re.fullmatch(r"CV-\d\d", row["id"]) is None:
        raise Refusal(entry, "numbered otherwise", "CV- and two digits", __name__)
    never = row["never"]
    wanted = NEVER[1:] if "condition" in row else NEVER[:1]
    if not isinstance(never, list) or not never or len(set(never)) != len(never) or not set(never) <= set(wanted):
        raise Refusal(f"{entry}, never", never, f"a list of {', '.join(wanted)}, each once", __name__)
    condition = normalised(row.get("condition", ""))
    place = Place(row["file"], row["function"], normalised(row.get("decision", condition)), condition)
    return Excuse(row["id"], place, tuple(never), " ".join(row["reason"].split()))
