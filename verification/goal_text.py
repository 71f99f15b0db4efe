"""What a goal asks for, in WP's own words: the clause with its line, and the formula. For the goals that failed.

WP names a goal that has no label of its own by a number (``permit_assert_rte_mem_access_7``), which tells nobody where
to look. Asked to print and to prove nothing, it says the place and the formula of each goal, in the order in which it
proves them.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from iontocore.verification import wp
from iontocore.verification.acsl import Function
from iontocore.verification.tools import ROOT

_BLOCK: Final = re.compile(r"^-{20,}$", re.MULTILINE)
_HEADING: Final = re.compile(r"^Goal (?P<heading>.*?)\s*:\n", re.DOTALL | re.MULTILINE)
_PROVE: Final = re.compile(r"^Prove: (?P<formula>.*)\.$", re.DOTALL | re.MULTILINE)
_LONGEST: Final = 400


def of_failed(function: Function, goals: Sequence[wp.Goal], *, config: Path, root: Path = ROOT) -> Mapping[str, str]:
    """What each goal of `goals` that is not valid asks for, by its name. `goals` are all that one run gave, in its
    order. Nothing, when what WP prints cannot be told to belong to them."""
    printed = parse(wp.printed(function, config=config, root=root))
    asked = [goal for goal in goals if goal.kind != "smoke" and not goal.trivial]
    if len(printed) != len(asked):
        return {}
    if any(goal.kind == "ensures" and f"'{goal.clause}'" not in said and goal.clause != wp.UNLABELLED
           for goal, (said, _) in zip(asked, printed, strict=True)):  # fmt: skip
        return {}
    return {
        goal.goal: f"{said}; to prove: {textwrap.shorten(formula, _LONGEST, placeholder=' ...')}"
        for goal, (said, formula) in zip(asked, printed, strict=True)
        if not goal.well
    }


def parse(text: str) -> Sequence[tuple[str, str]]:
    """The clause and the formula of every goal that WP printed, each on one line."""
    found = []
    for block in _BLOCK.split(text):
        heading = _HEADING.search(block)
        if heading:
            formula = _PROVE.search(block, heading.end())
            found.append(
                (" ".join(heading["heading"].split()), " ".join(formula["formula"].split()) if formula else "")
            )
    return found
