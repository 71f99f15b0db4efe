"""The goals that no prover has shown yet: holes in the proof, listed with the reason, so that none is overlooked.

A goal of the list that is shown after all is an error, too: the list would say less than is so.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.verification.acsl import Finding
from iontocore.verification.tools import RECORDS
from iontocore.verification.wp import Goal

TABLE: Final = RECORDS / "open.toml"

Place = tuple[str, str, str]


def place(goal: Goal) -> Place:
    """File, function and clause: by these a goal is listed."""
    return goal.file.as_posix(), goal.function, goal.clause


def load(path: Path = TABLE) -> Mapping[Place, str]:
    """The reasons, by file, function and clause; none when there is no list. Refusal when a row is not whole."""
    if not path.exists():
        return {}
    rows = tomllib.loads(path.read_text("utf-8")).get("open", [])
    for row in rows:
        if set(row) != {"file", "function", "clause", "why"} or not all(row.values()):
            raise Refusal(path.name, str(row), "rows of file, function, clause and why", "the list of open goals")
    return {(row["file"], row["function"], row["clause"]): row["why"] for row in rows}


def stale(listed: Mapping[Place, str], goals: Sequence[Goal]) -> Iterator[Finding]:
    """The rows of functions that were proved now, and of which every goal was shown."""
    tried = {(goal.file.as_posix(), goal.function) for goal in goals}
    failed = {place(goal) for goal in goals if not goal.well}
    for row in listed:
        if row[:2] in tried and row not in failed:
            yield Finding(": ".join(row), f"{TABLE.name} calls it open, and it is shown")
