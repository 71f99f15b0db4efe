"""A small report with a piece of everything, over a tree of small texts of its own: what the tests of the pages read.

Three hazards, three invariants, evidence of every kind. `tree` writes the texts; `sample` is the report of them, in
which everything holds. Tests change it with `dataclasses.replace`.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from iontocore.verification.evidence import (
    FORMAT,
    AssumptionRow,
    Characteristic,
    Characteristics,
    Checklist,
    ChecklistRow,
    ControlRow,
    Coverage,
    Evidence,
    Examined,
    FaultRow,
    Figure,
    FileCoverage,
    Group,
    HazardRow,
    InvariantRow,
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
    Standing,
    Status,
    Survivor,
    Uncovered,
    Verdict,
)

TEXTS: Final[Mapping[str, str]] = {
    "ccore/include/ionto.h": """/* The header. */
/*@ ensures si01_limit: \\result <= limit; */
int32_t permit(int32_t);
""",
    "ccore/src/guard.c": """/*@ ensures si03_rise: \\true; */
int32_t permit(int32_t x)
{
    return x < 9 ? x : 9;
}
""",
    "ccore/src/regulator.c": "int32_t move(int32_t x)\n{\n    return x;\n}\n",
    "ccore/src/ionto.c": "int32_t ionto_step(int32_t x)\n{\n    return permit(move(x));\n}\n",
    "safety/invariants.py": """def _si01(x):
    return x <= 9


INVARIANTS = (
    dict(
        id="SI-01",
    ),
)
""",
    "safety/hazards.py": 'HAZARDS = (\n    dict(\n        id="H-01",\n    ),\n)\n',
    "safety/faults.py": 'FAULTS = (\n    dict(\n        id="SF-01",\n    ),\n)\n',
    "tests/test_guard.py": """import pytest


@pytest.mark.invariant("SI-01")
def test_a_limit_is_kept():
    assert True
""",
    "ccore/proofs/seeded_edits.toml": '[[edit]]\nid = "PM-001"\n\n[[edit]]\nid = "PM-002"\n',
}
"""The texts that the sample speaks of."""

CORE: Final = "ab" * 32
"""The fingerprint of the group `core` in the sample."""


PICTURE: Final = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 9L9 0"/></svg>'
STEP: Final = Place("ccore/src/ionto.c", 1)


WATCHDOG: Final = ControlRow(
    "C-01", "a watchdog", "It opens the switch.", ("H-01",), "by design", "the maker", "safety/hazards.py", STEP
)


def tree(folder: Path) -> Path:
    """Write the texts below a folder; returns it."""
    for path, text in TEXTS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def piece(
    name: str,
    kind: Kind,
    source: Place,
    *invariants: str,
    subject: str = "",
    figures: Mapping[str, Figure] | None = None,
    command: str = "",
) -> Evidence:
    """A piece of evidence that holds."""
    return Evidence(
        f"{kind.value}:{name}",
        kind,
        subject or name,
        f"what {name} shows",
        invariants,
        (),
        Status.HOLDS,
        Made.NOW,
        "core",
        CORE,
        figures or {},
        command or f"make {kind.value}",
        source,
    )


EVIDENCE: Final = (
    piece("si01_limit", Kind.PROOF, Place("ccore/include/ionto.h", 2), "SI-01", figures={"goals": 3}),
    piece(
        "si03_rise", Kind.PROOF, Place("ccore/src/guard.c", 1), "SI-03",
        command="make prove ARGS='--function permit'",
    ),
    piece(
        "limit", Kind.TEST, Place("tests/test_guard.py", 5), "SI-01", "SI-03", "SI-24",
        subject="tests/test_guard.py::test_a_limit_is_kept",
    ),
    piece("SF-01", Kind.FAULT, Place("safety/faults.py", 2), "SI-01", "SI-03", figures={"trials": 42}),
    piece("stop_ends", Kind.MODEL, Place("safety/invariants.py", 1), "SI-03"),
    piece("PM-001", Kind.MUTANT, Place("ccore/proofs/seeded_edits.toml", 2), "SI-01"),
    piece("guard.c", Kind.LINES, Place("ccore/src/guard.c", 4)),
    piece("guard.c", Kind.OPERATOR_MUTANT, Place("ccore/src/guard.c", 1)),
    piece("limits.py", Kind.PYTHON_MUTANT, Place("safety/invariants.py", 1)),
    piece("guard.c", Kind.COVERAGE, Place("ccore/src/guard.c", 2)),
    piece("misra", Kind.RULES, Place("ccore/src/regulator.c", 1)),
    piece("core", Kind.FUZZ, Place("ccore/src/ionto.c", 1)),
    piece("suite", Kind.SANITIZE, Place("ccore/src/ionto.c", 1)),
    piece("voltage", Kind.CHARACTERISTIC, Place("ccore/src/ionto.c", 3), figures={"voltage_mv": 30020}),
    piece("cortex-m3", Kind.SIZES, Place("ccore/src/ionto.c", 1), figures={"flash_bytes": 9120}),
)  # fmt: skip


def invariant(name: str, sentence: str, *hazards: str) -> InvariantRow:
    """A row that holds, with the evidence of `EVIDENCE` that names it."""
    evidence = tuple(one.id for one in EVIDENCE if name in one.invariants)
    not_shown = ("N-01",) if name == "SI-03" else ()
    row, predicate = Place("safety/invariants.py", 7), Place("safety/invariants.py", 1)
    return InvariantRow(
        name, sentence, hazards, "IEC 60601-1, 12.4", "tick", Standing.HOLDS, evidence, not_shown, row, predicate
    )


def hazard(name: str, what: str, harm: str, severity: int, *invariants: str) -> HazardRow:
    """A row that holds."""
    return HazardRow(
        name, what, f"the source of {what}", "first this, then that", "someone is there", harm, severity, "serious",
        "a leaflet", "read", "a note", "what is left", ("C-01",), invariants, Standing.HOLDS, {"proof": 2}, (),
        Place("safety/hazards.py", 2),
    )  # fmt: skip


FAULT: Final = FaultRow(
    "SF-01", "The sensor reads zero.", "sensor", "software", "", "", "held", ("H-01",), ("SI-01", "SI-03"),
    42, 40, 38, {"mismatch": 38}, 2_922_000, 2_930_000, 261_855_084_613, 5_000, 1_000, 40_000, 30_999_999,
    15_015_500, 0, 15_015_500, 0, {}, {}, "in treat, at 15 mA",
)  # fmt: skip


def sample(root: Path) -> Report:
    """The report of the texts below `root`, which `tree` has written."""
    texts = {path: sha256((root / path).read_bytes()).hexdigest() for path in TEXTS}
    return Report(
        schema=FORMAT,
        project=Project("iontocore", "0.1.0"),
        examined=Examined("c0ffee" * 6 + "beef", True, texts, (Group("core", tuple(TEXTS), CORE),), {"z3": "4.8.12"}),
        mode=Mode.FULL,
        verdict=Verdict(True, (), (NotShown("N-01", "The body.", "It may hurt.", "the maker", ("SI-03",), ("H-01",)),)),
        assumptions=(
            AssumptionRow("A-01", "Pointers are `valid`.", (Kind.PROOF,), "No.", "-", "a reader", STEP),
            AssumptionRow("A-16", "The body is like one.", (Kind.FAULT,), "No.", "-", "a maker", STEP),
        ),
        hazards=(
            hazard("H-01", "too much current", "Burn of the skin.", 3, "SI-01"),
            hazard("H-03", "step of current", "Electric shock.", 2, "SI-03"),
            hazard("H-16", "contraindicated person", "Failure of the implant.", 5, "SI-24"),
        ),
        controls=(
            WATCHDOG,
        ),
        invariants=(
            invariant("SI-01", "The current never exceeds the limit.", "H-01"),
            invariant("SI-03", "The current rises by the ramp.", "H-03"),
            invariant("SI-24", "Nothing is energised for someone who must not have it.", "H-16"),
        ),
        evidence=tuple(sorted(EVIDENCE, key=lambda one: one.id)),
        faults=(FAULT,),
        model=Model(
            51, 50,
            (ModelProperty("stop_ends", "A stop ends.", "[] (a -> <> b)", ("SI-03",), True, Status.HOLDS, 14_000, 9),),
            (SeededError("a stop is refused", "row stop", "stop_ends", True),),
        ),
        coverage=Coverage(
            (FileCoverage("ccore/src/guard.c", 1, 1, 5, 5, 2, 2, 1, 1),),
            (Uncovered("CX-01", Place("ccore/src/guard.c", 4), "permit", "x < 9", "", ("true",), "It cannot be."),),
        ),
        mutants=Mutants(
            (MutantCount(Kind.MUTANT, "ccore/src/guard.c", 206, 205, 1),),
            (Survivor(Kind.MUTANT, "ccore/src/guard.c", "x < 9 -> x <= 9", "The same value."),),
        ),
        characteristics=Characteristics(
            (
                Characteristic(
                    "OC-01", "maximum voltage", "2 kohm", "30.02", "V", "at most 60 V", "the profile", ("SI-01",),
                    Status.HOLDS,
                ),
            ),
            (LoadPoint(2_000, 15_000, 14_990, 15_000, 29_980, 12, False),),
            (Picture("start", "Start at 2 kohm", "The current rises by the ramp.", PICTURE),),
        ),
        soup=(
            SoupRow(
                "cffi", "2.1.1", "MIT", "its makers", "at run time", "calls C", "libffi", "A wrong request.",
                "The core bounds it.",
            ),
        ),
        checklists=(
            Checklist(
                "IEC 62304", "Software life cycles.",
                (
                    ChecklistRow(
                        "5.5.4 a)", "Event sequence.", "answered in part", "The table.", "The device.",
                        ("SI-03", "safety/hazards.py", "make model", "docs/gone.md"), "read",
                    ),
                    ChecklistRow("8.7", "Leakage.", "the manufacturer's to show", "Nothing.", "All.", (), "assumption"),
                ),
            ),
        ),
        run=Run("2026-11-21T11:02:33Z", "x86_64", 4, {"all": 1240}),
    )  # fmt: skip
