"""A small report as `iontocore verify` makes one: the real tables, a few pieces of evidence, and the real join.

Nothing in it was measured: the figures are made up, in sizes that occur.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from iontocore.safety.invariants import INVARIANTS
from iontocore.verification import places
from iontocore.verification.assumptions import ASSUMPTIONS
from iontocore.verification.evidence import (
    FORMAT,
    AssumptionRow,
    Characteristic,
    Characteristics,
    Checklist,
    ChecklistRow,
    Coverage,
    Evidence,
    Examined,
    FaultRow,
    FileCoverage,
    Group,
    Kind,
    LoadPoint,
    Made,
    Mode,
    Model,
    ModelProperty,
    MutantCount,
    Mutants,
    NotShown,
    Picture,
    Place,
    Project,
    Report,
    Run,
    SeededError,
    SoupRow,
    Status,
    Survivor,
    Uncovered,
)
from iontocore.verification.join import join

CORE = Group("the C core", ("ccore/include/ionto.h", "ccore/src/guard.c"), "c0" * 32)
ALL = Group("everything", ("ccore/include/ionto.h", "ccore/src/guard.c", "tests/test_guard.py"), "a1" * 32)
GROUPS = (CORE, ALL)
PROVE = "make prove"


def proof(invariant: str, **changes: object) -> Evidence:
    """A clause of the guard that was proved."""
    label = f"si{invariant.removeprefix('SI-')}_holds"
    made = Evidence(
        id=f"proof:guard.c:ionto_guard_permit:{label}",
        kind=Kind.PROOF,
        subject=f"guard.c: ionto_guard_permit, clause {label}",
        says="Proved for every state, proposal and measurement.",
        invariants=(invariant,),
        hazards=(),
        status=Status.HOLDS,
        made=Made.NOW,
        group=CORE.name,
        speaks_of=CORE.fingerprint,
        figures={"goals": 3, "by_qed": 1, "by_solver": 2},
        command=PROVE,
        source=Place("ccore/include/ionto.h", 913),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the caller names fields of it


def shown_by_test(invariant: str, **changes: object) -> Evidence:
    """A test that shows an invariant."""
    name = f"test_{invariant.lower().replace('-', '')}_holds_under_hostile_input"
    made = Evidence(
        id=f"test:tests/test_guard.py::{name}",
        kind=Kind.TEST,
        subject=f"tests/test_guard.py::{name}",
        says=name.removeprefix("test_").replace("_", " "),
        invariants=(invariant,),
        hazards=(),
        status=Status.HOLDS,
        made=Made.NOW,
        group=ALL.name,
        speaks_of=ALL.fingerprint,
        figures={"cases": 4},
        command=f"make pytest ARGS=tests/test_guard.py::{name}",
        source=Place("tests/test_guard.py", 100),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the caller names fields of it


def mutant(invariant: str, number: int, **changes: object) -> Evidence:
    """A seeded edit that its clause noticed."""
    made = Evidence(
        id=f"mutant:PM-{number:03}",
        kind=Kind.MUTANT,
        subject=f"PM-{number:03} in guard.c: permit",
        says="A check is left out: the proof notices it.",
        invariants=(invariant,),
        hazards=(),
        status=Status.HOLDS,
        made=Made.RECORDED,
        group=CORE.name,
        speaks_of=CORE.fingerprint,
        figures={"clauses_that_died": 1},
        command="make mutants",
        source=Place("ccore/src/guard.c", 1421),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the caller names fields of it


def evidence() -> tuple[Evidence, ...]:
    """Evidence for every invariant: a test for each, a proof for most, and a mutant."""
    rows = [shown_by_test(row.id) for row in INVARIANTS]
    rows += [proof(row.id) for row in INVARIANTS[:18]]
    rows += [mutant(row.id, number) for number, row in enumerate(INVARIANTS[:12], 1)]
    return (*rows, *_others())


def _others() -> Iterable[Evidence]:
    yield proof(
        "SI-01", id="fault:SF-01", kind=Kind.FAULT, subject="SF-01", invariants=("SI-12", "SI-13"), hazards=("H-11",),
        says="The first current sensor reads zero.", figures={"trials": 940, "found": 940, "zero_us": 25_000},
        command="make campaign", source=Place("safety/faults.py", 120),
    )  # fmt: skip
    yield proof(
        "SI-16", id="model:stop_ends", kind=Kind.MODEL, subject="stop_ends", says="A stop always ends at zero.",
        figures={"states": 1_204_112}, command="make model", source=Place("verification/model_properties.py", 60),
    )  # fmt: skip
    yield proof(
        "SI-01", id="coverage:guard.c", kind=Kind.COVERAGE, subject="guard.c", invariants=(),
        says="Every condition is true and false, and decides.", figures={"branches": 412, "branches_covered": 412},
        command="make cover", source=Place("ccore/src/guard.c", 1),
    )  # fmt: skip


NOT_SHOWN = (
    NotShown(
        "NS-01",
        "That the watchdog opens the switch when steps stop.",
        "A core that is never called leaves the last current on.",
        "the manufacturer, of the device",
        invariants=("SI-21",),
        hazards=("H-06",),
    ),
    NotShown(
        "NS-02",
        "That a step ends within its tick.",
        "Ticks are missed, and the output is cut (SI-21).",
        "the manufacturer, of the device",
        invariants=("SI-21",),
    ),
)


def sample(
    rows: Sequence[Evidence] | None = None,
    *,
    mode: Mode = Mode.FULL,
    not_shown: Sequence[NotShown] = NOT_SHOWN,
) -> Report:
    """A report on this evidence; on `evidence` without any."""
    joined = join(evidence() if rows is None else rows, GROUPS, not_shown)
    return Report(
        schema=FORMAT,
        project=Project("iontocore", "0.1.0"),
        examined=Examined(
            commit="75d6a46c0ffee0000000000000000000000000ab",
            clean=True,
            texts={path: sha256(path.encode()).hexdigest() for path in ALL.paths},
            groups=GROUPS,
            tools={"frama-c": "25.0-beta (Manganese)", "cvc4": "This is CVC4 version 1.8", "python": "3.11.2"},
        ),
        mode=mode,
        verdict=joined.verdict,
        assumptions=tuple(_assumptions()),
        hazards=joined.hazards,
        controls=joined.controls,
        invariants=joined.invariants,
        evidence=joined.evidence,
        faults=FAULTS,
        model=MODEL,
        coverage=COVERAGE,
        mutants=MUTANTS,
        characteristics=CHARACTERISTICS,
        soup=SOUP,
        checklists=CHECKLISTS,
        run=Run("2026-01-02T03:04:05Z", "Linux 6.1 x86_64", 2, {"proof": 840, "tests": 200, "all": 1500}),
    )


def _assumptions() -> Iterable[AssumptionRow]:
    for row in ASSUMPTIONS:
        place = places.of_row("verification/assumptions.py", row.id)
        yield AssumptionRow(
            row.id, row.assumes, (Kind.PROOF, Kind.TEST), row.otherwise, row.bounded_by, row.shows, place
        )


FAULTS = (
    FaultRow(
        id="SF-01",
        sentence="The first current sensor reads zero.",
        subject="first current sensor",
        answered_by="software",
        why="",
        to_show="",
        verdict="held",
        hazards=("H-11",),
        endangers=("SI-12", "SI-13"),
        trials=940,
        changed=940,
        found=940,
        tripped={"mismatch": 300, "sensor": 640},
        found_us=25_000,
        zero_us=25_000,
        until_cut_fc=375_000_000,
        after_stop_us=None,
        after_press_us=None,
        wrong_us=0,
        astray_fc=0,
        peak_na=15_000_000,
        step_na=500,
        drop_na=15_000_000,
        hazardous=0,
        outcomes={},
        broken={},
        worst="",
    ),
    FaultRow(
        id="SF-30",
        sentence="The timer stops: no step happens any more.",
        subject="timer",
        answered_by="hardware",
        why="No step runs that could answer.",
        to_show="A watchdog of its own opens the switch.",
        verdict="hardware",
        hazards=("H-06",),
        endangers=("SI-21",),
        trials=120,
        changed=120,
        found=0,
        tripped={},
        found_us=None,
        zero_us=None,
        until_cut_fc=0,
        after_stop_us=None,
        after_press_us=None,
        wrong_us=9_000_000,
        astray_fc=0,
        peak_na=15_000_000,
        step_na=500,
        drop_na=0,
        hazardous=120,
        outcomes={"current after stop": 120},
        broken={"SI-16": 120},
        worst="stopped in treat, at 15 mA",
    ),
)

MODEL = Model(
    rows=41,
    rows_taken=41,
    properties=(
        ModelProperty(
            "stop_ends", "A stop always ends at zero.", "[] (stop -> <> zero)", ("SI-16",), True, Status.HOLDS,
            1_204_112, 8_211,
        ),
    ),
    seeds=(SeededError("A stop in reverse leads to treat.", "table", "stop_ends", True),),
)  # fmt: skip

COVERAGE = Coverage(
    files=(FileCoverage("ccore/src/guard.c", 96, 96, 800, 800, 412, 411, 88, 87),),
    uncovered=(
        Uncovered(
            "CV-01", Place("ccore/src/guard.c", 1100), "may_clear", "a && b", "b", ("false", "decides"),
            "It has decided already.",
        ),
    ),
)  # fmt: skip

MUTANTS = Mutants(
    counts=(
        MutantCount(Kind.MUTANT, "ccore/src/guard.c", 140, 140, 0),
        MutantCount(Kind.OPERATOR_MUTANT, "ccore/src/guard.c", 2900, 2800, 100),
    ),
    survivors=(
        Survivor(
            Kind.OPERATOR_MUTANT, "ccore/src/guard.c", "size_of: return (wide [>= -> >] 0) ? (wide) : (-wide);",
            "At zero both branches give the same number.",
        ),
    ),
)  # fmt: skip

CHARACTERISTICS = Characteristics(
    figures=(
        Characteristic(
            "OC-01", "largest voltage at 500 ohm", "palms", "7.5", "V", "at most 60", "the device", ("SI-09",),
            Status.HOLDS,
        ),
        Characteristic("OC-13", "charge before the cut", "overload", "0.075", "mC", "", "", ("SI-08",), Status.HOLDS),
    ),
    points=(
        LoadPoint(500, 15_000, 15_011, 15_003, 7_505, 2, False),
        LoadPoint(10_000, 15_000, 5_999, 6_001, 60_000, 2, True),
    ),
    pictures=(
        Picture(
            "ramp", "The ramp", "From zero to the target.",
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M0 10L10 0"/></svg>',
        ),
    ),
)  # fmt: skip

SOUP = (
    SoupRow(
        name="cffi",
        version="2.0.0",
        license="MIT",
        maker="the cffi developers",
        used="at run time",
        purpose="Calls the C core.",
        needs="a C library",
        fails="A wrong value reaches the core.",
        answer="The core bounds the current whatever it is asked.",
    ),
)

CHECKLISTS = (
    Checklist(
        "IEC 62304:2006+A1:2015",
        "Software life cycle processes, class C.",
        (
            ChecklistRow(
                "5.5.4 a)", "The sequence of events.", "answered here", "One table.", "", ("core/table.py",), "read"
            ),
        ),
    ),
    Checklist(
        "IEC 60601-1",
        "Medical electrical equipment.",
        (
            ChecklistRow(
                "8.7", "Leakage current.", "the manufacturer's to show", "Nothing.", "All of it.", (), "assumption"
            ),
        ),
    ),
)
