"""The model: the state table, an abstraction of the core and a hostile world, searched by Spin for any breach.

The text is generated from the table (``iontocore.verification.promela``) and stands in ``build/model/model.pml``. The
search comes by every state that can be reached. A row of the table that it never comes by is a failure too: nothing
would be shown of it.

    python -m iontocore.verification.model          search for a breach of every property
    python -m iontocore.verification.model --seeds  and show that the seeded errors are found
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from iontocore.table import TABLE, Row, Table, rows
from iontocore.verification.command import Parser, answered
from iontocore.verification.model_properties import PROPERTIES, SAFETY, Property, named
from iontocore.verification.model_run import Search, build, search, story
from iontocore.verification.model_seeds import SEEDS, Seed, seeded_table, seeded_text
from iontocore.verification.progress import Advance, progress
from iontocore.verification.promela import model_text
from iontocore.verification.tools import ROOT

FOLDER: Final = ROOT / "build" / "model"
FORMULAS: Final = tuple((each.label, each.formula) for each in (SAFETY, *PROPERTIES))


class Verdict(Enum):
    """What a search says of a property."""

    HOLDS = "HOLDS"
    BROKEN = "BROKEN"
    NOT_SHOWN = "NOT SHOWN"


@dataclass(frozen=True, slots=True)
class Judged:
    """A property and what its search came to. states, depth: of the search; safety is searched for in one pass. how:
    the last steps of the breach, where there is one."""

    property: Property
    verdict: Verdict
    states: int
    depth: int
    how: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sown:
    """A seeded error. found: whether its property was found broken."""

    seed: Seed
    found: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """All that the model shows. rows: of the table. never_taken: those that the search did not come by. sown: empty
    where no errors were sown."""

    properties: tuple[Judged, ...]
    rows: int
    never_taken: tuple[Row, ...]
    sown: tuple[Sown, ...]

    @property
    def holds(self) -> bool:
        """Every property holds, every row was taken, and every seeded error was found."""
        return (
            all(each.verdict is Verdict.HOLDS for each in self.properties)
            and not self.never_taken
            and all(each.found for each in self.sown)
        )


def examine(advance: Advance, *, seeds: bool, liveness: bool = True, out: Path = FOLDER) -> Examination:
    """Search the model of the table in force for a breach of every property, or without `liveness` of those of safety;
    with `seeds`, also each model with a seeded error. advance: is called for each of `steps` pieces of work. out: where
    models are built.
    Refusal when spin or gcc is not there or does not take a model."""
    program = build(model_text(TABLE, FORMULAS), out)
    together = search(program, SAFETY)
    advance(SAFETY.label)
    judged = [
        _judged(program, each, together if together.holds and not each.liveness else search(program, each), advance)
        for each in PROPERTIES
        if liveness or not each.liveness
    ]
    sown = []
    for seed in SEEDS if seeds else ():
        sown.append(Sown(seed, find(seed, out / "seed").holds is False))
        advance(seed.says)
    return Examination(tuple(judged), len(rows(TABLE)), never_taken(TABLE, together), tuple(sown))


def steps(*, seeds: bool, liveness: bool = True) -> int:
    """How many pieces of work `examine` reports."""
    properties = sum(liveness or not each.liveness for each in PROPERTIES)
    return 1 + properties + (len(SEEDS) if seeds else 0)


def _judged(program: Path, each: Property, found: Search, advance: Advance) -> Judged:
    advance(each.label)
    how = tuple(story(program)) if found.holds is False else ()
    return Judged(each, verdict(found), found.states, found.depth, how)


def verdict(found: Search) -> Verdict:
    """What a search says."""
    if found.holds is None:
        return Verdict.NOT_SHOWN
    return Verdict.HOLDS if found.holds else Verdict.BROKEN


def never_taken(table: Table, found: Search) -> tuple[Row, ...]:
    """The rows of the table that a search did not come by."""
    return tuple(row for row in rows(table) if (row.before, row.event, row.after) not in found.taken)


def find(seed: Seed, out: Path) -> Search:
    """Search the model with a seeded error, in ``out``, for a breach of the property that must find it."""
    text = seeded_text(seed, model_text(seeded_table(seed, TABLE), FORMULAS))
    return search(build(text, out), named(seed.found_by))


# ---- the table that is printed --------------------------------------------------------------------------------------


def told(result: Examination) -> str:
    """What was searched for, what came of it, and how what is broken is broken, as aligned lines."""
    lines = [f"{'property':15}{'shows':12}{'states':>10}{'depth':>9}  {'verdict':11}what it says"]
    for kind, liveness in (("safety", False), ("liveness, under weak fairness", True)):
        lines.append(f"{kind}:")
        lines += [_line(each) for each in result.properties if each.property.liveness is liveness]
    for each in result.properties:
        if each.how:
            lines += ["", f"How {each.property.label} is broken:", *(f"  {step}" for step in each.how)]
    for row in result.never_taken:
        lines.append(f"NOT SHOWN: the search never comes by {row.event.value} in {row.before.value}")
    taken = result.rows - len(result.never_taken)
    lines.append(f"rows of the table that the search comes by: {taken} of {result.rows}")
    if result.sown:
        lines += ["", "seeded errors, each with the property that must find it:"]
        lines += [
            f"  {'FOUND' if each.found else 'MISSED':8}{'table' if each.seed.cell else 'model':8}"
            f"{each.seed.found_by:14}{each.seed.says}"
            for each in result.sown
        ]
        found = sum(each.found for each in result.sown)
        lines.append(f"seeded errors that are found: {found} of {len(result.sown)}")
    return "\n".join(lines)


def _line(each: Judged) -> str:
    shows = " ".join(each.property.invariants) or "-"
    return (
        f"  {each.property.label:13}{shows:12}{each.states:>10}{each.depth:>9}  "
        f"{each.verdict.value:11}{each.property.says}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Search. Status 0 when every property holds, and every seeded error is found, 1 when not, 2 when it cannot be
    run."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("model", __doc__.splitlines()[0])
    parser.add_argument("--seeds", action="store_true", help="show that the seeded errors are found as well")
    given = parser.parse_args(argv)
    with progress("searching the model", steps(seeds=given.seeds)) as advance:
        result = examine(advance, seeds=given.seeds)
    print(told(result))
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
