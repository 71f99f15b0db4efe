"""What the evidence takes for granted: one list, with ids. Nothing is assumed in silence.

A row says what is assumed, what rests on it, what would follow if it were wrong, and who can show it. Evidence names
the rows that it rests on by id; a row names no evidence but the kinds of it. Ids are never renumbered and never used
again. ``docs/assumptions.md`` is this list as a page; a test holds the two together.

    python -m iontocore.verification.assumptions    prints the page
"""

import sys
from collections.abc import Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from iontocore.verification.command import Parser, answered


class Kind(StrEnum):
    """The kinds of evidence that an assumption can bear."""

    PROOF = "proof"
    TESTS = "tests"
    SIMULATION = "simulation"
    SUPERVISOR = "supervisor"


class Shows(StrEnum):
    """Who can show that an assumption holds."""

    MANUFACTURER = "the manufacturer, of the device"
    TOOLS = "the makers of the tools; here only made less likely"
    READER = "a reader, by reading"


class Assumption(NamedTuple):
    """A thing taken for granted. `otherwise` is what would follow if it were not so; `bounded_by` is what stands
    against that here, or "nothing here"."""

    id: str
    assumes: str
    bears: tuple[Kind, ...]
    otherwise: str
    bounded_by: str
    shows: Shows


ASSUMPTIONS: Final = (
    Assumption(
        "A-01",
        "The caller passes pointers that are valid, and records that do not overlap the core: the clauses `requires "
        "valid` and `requires separated` of the header.",
        (Kind.PROOF, Kind.TESTS),
        "A contract whose `requires` is not met promises nothing.",
        "The port in `ccore/ports` passes its own records, which do not overlap.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-02",
        "Memory behaves as WP's model Typed says: a word is read with the type that it was written with, and nothing "
        "but the core writes the core.",
        (Kind.PROOF,),
        "A proof over a model of memory that is not the machine's says nothing of the machine.",
        "`ccore/src` has no cast of a pointer, no union and no volatile object; a word that something else has "
        "changed is found at the next step, by its complement.",
        Shows.READER,
    ),
    Assumption(
        "A-03",
        "Frama-C, WP and its simplifier Qed, Why3, cvc4 and z3 call no false goal valid.",
        (Kind.PROOF,),
        "A clause could be called proved that is false.",
        "Edits of the text that must not be provable are proved again and are found; tests, sanitizers and the fuzzer "
        "look for the same errors by other means. A goal is discharged by one tool, not by both.",
        Shows.TOOLS,
    ),
    Assumption(
        "A-04",
        "The compiler makes of C99 what C99 says, with integers of 32 and 64 bits in two's complement.",
        (Kind.PROOF, Kind.TESTS),
        "The machine would run another program than the one that was proved.",
        "Two compilers here, a third for the Cortex-M; the emulated Cortex-M3 gives the same bits as the host.",
        Shows.TOOLS,
    ),
    Assumption(
        "A-05",
        "The clauses say what the invariants mean.",
        (Kind.PROOF,),
        "A true clause that says too little proves too little.",
        "Every invariant has an executable predicate as well, written apart from the clauses, which judges every tick "
        "of the tests; each seeded edit has to kill the clause that it is named for.",
        Shows.READER,
    ),
    Assumption(
        "A-06",
        "A step is not interrupted by another call for the same core, and no record changes while it is read.",
        (Kind.PROOF, Kind.TESTS),
        "Half a request, or a state half written: found as corrupt at the next step at best.",
        "The port hands requests over at one place, and `docs/embedding.md` says who may interrupt whom.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-07",
        "Steps come once every `tick_us`, off by no more than `tick_tolerance_us`, as the free-running clock `now_us` "
        "tells. A drive flows from its step to the next one.",
        (Kind.PROOF, Kind.TESTS, Kind.SIMULATION),
        "Rates, debounce times, charge and energised time are counted in ticks: each is off by as much as they are.",
        "A tick that is further off trips TICK (SI-21). Steps that stop altogether are the hardware watchdog's to "
        "find: the core cannot see them.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-08",
        "The clock behind `now_us` runs right, and does not hang on the timer that calls the step.",
        (Kind.PROOF, Kind.TESTS),
        "A tick that is too slow, with a clock that is slow with it, is no tick missed: all times are longer.",
        "nothing here",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-09",
        "Each current sensor is right within `mismatch_na`, the voltage sensor within the gap of compliance and "
        "over-voltage level; the two current sensors do not fail in the same way at once.",
        (Kind.PROOF, Kind.TESTS, Kind.SIMULATION),
        "What is driven is bounded whatever the sensors say. What is measured is found wrong only so far as it is "
        "measured.",
        "Range, staleness and disagreement of the two trip (SI-13); measured against driven trips (SI-12).",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-10",
        "The converter and the switch follow a drive before the next step, as accurately as the device claims.",
        (Kind.PROOF, Kind.TESTS, Kind.SIMULATION),
        "The clauses are about the drive. A converter that runs away is another current.",
        "Over-current, mismatch, leakage and the switch's read-back trip within their debounce times (SI-08, SI-12, "
        "SI-14), and the switch is opened, which is a second means to stop.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-11",
        "The contact sense and the emergency stop tell what is so.",
        (Kind.PROOF, Kind.TESTS),
        "Contact that is claimed and not there lets a start wait at zero; a stop that is cut off stops nothing.",
        "A saturated voltage that drives nothing counts as no contact; STOP and the switch are other ways to zero.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-12",
        "Memory is disturbed between steps, and no disturbance turns a word and its complement into another such pair.",
        (Kind.PROOF, Kind.TESTS),
        "A word disturbed while a step runs, or a register, or the program itself, is not found by complements.",
        "Every word of configuration, limits and state is stored twice and compared at each step (SI-20). Telemetry is "
        "stored once: no decision is made by it in the core.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-13",
        "The port keeps `telemetry.trips` over a loss of power and hands it to `ionto_init()`.",
        (Kind.PROOF, Kind.TESTS),
        "A trip would be forgotten with the power (SI-07).",
        "The port's functions for it are among the four that must be filled in; the journal keeps the fault as well.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-14",
        "A supervisor whose heartbeat changes is one that works.",
        (Kind.PROOF, Kind.SUPERVISOR),
        "A supervisor that does nothing but count is taken for one that lives (SI-15).",
        "Every limit of current, time and charge holds whatever it requests.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-15",
        "The configuration is the right one for the patient, below the ceilings that are compiled in.",
        (Kind.PROOF,),
        "The core keeps the limits that it is given: a limit that is too high for a site is kept as well.",
        "The supervisor derives it from tables with sources and refuses what lies above; the ceilings bound the rest "
        "(SI-02).",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-16",
        "The simulated body and electronics are like real ones in what the tests rest on.",
        (Kind.SIMULATION,),
        "A fault that the simulation cannot have is not shown to be found.",
        "Figures carry sources or the word assumption. The proofs rest on no body at all.",
        Shows.MANUFACTURER,
    ),
    Assumption(
        "A-17",
        "Python, cffi, transitions and the operating system work as documented (SOUP).",
        (Kind.SUPERVISOR,),
        "The supervisor is shown by tests, not by proof: SI-19, SI-23, SI-24 and SI-25 are as good as they are.",
        "No current rests on it: a supervisor that dies, hangs or asks for anything is bounded by the core.",
        Shows.MANUFACTURER,
    ),
)

_HEAD: Final = """# Assumptions

What the evidence takes for granted, and what would follow if it were wrong. Nothing is assumed in silence: what is
not in this list is shown. Written by `python -m iontocore.verification.assumptions > docs/assumptions.md`.
"""

BY_ID: Final = MappingProxyType({row.id: row for row in ASSUMPTIONS})


def as_page() -> str:
    """The list as a page in Markdown, a section for each assumption, in order."""
    sections = (
        f"## {a.id}\n\n{a.assumes}\n\n"
        f"* rests on it: {', '.join(a.bears)}\n"
        f"* if it were not so: {a.otherwise}\n"
        f"* against that: {a.bounded_by}\n"
        f"* who can show it: {a.shows}\n"
        for a in ASSUMPTIONS
    )
    return "\n".join((_HEAD, *sections))


def main(argv: Sequence[str] | None = None) -> int:
    """The command: prints the page. Returns its exit status."""
    return answered(lambda: _print(argv))


def _print(argv: Sequence[str] | None) -> int:
    Parser("assumptions", "What the evidence takes for granted.").parse_args(argv)
    print(as_page(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
