"""What this evidence does not show, whatever it finds: a row for each thing, with what follows and who can show it.

These are the limits of the methods. What a run leaves out, or finds that others have to answer, it says itself, in rows
of the same kind. The safety case lists the same rows in the same words (a test holds it to them). Ids are never
renumbered and never used again.
"""

from typing import Final, NamedTuple

from iontocore.verification.evidence import NotShown


class Limit(NamedTuple):
    """A row. title: a word or a few. what: the rest of the sentence, or what is to be known of it. otherwise: what
    follows if it is not so. whose: who can show it. invariants, hazards: the ids that it leaves open."""

    id: str
    title: str
    what: str
    otherwise: str
    whose: str
    invariants: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()


_MANUFACTURER: Final = "the manufacturer, of the device"
_EVERY_COUNT: Final = (
    "SI-08", "SI-09", "SI-10", "SI-11", "SI-12", "SI-13", "SI-14", "SI-15", "SI-16", "SI-17", "SI-21",
)  # fmt: skip
"""The invariants that speak of a time, which the core counts in ticks."""

LIMITS: Final = (
    Limit(
        "NS-01",
        "Time.",
        "The proof counts ticks. That a step ends within its tick is measured (instructions, `make -C ccore sizes`), "
        "not proved. Steps that stop coming are invisible to the core: a hardware watchdog has to open the switch.",
        "All times are longer than they are said to be; with no step at all, the last current stays on.",
        _MANUFACTURER,
        _EVERY_COUNT,
        ("H-06",),
    ),
    Limit(
        "NS-02",
        "The object code.",
        "The proof is of C. Compilers are assumed (A-04); the traces that were compared are samples.",
        "The machine runs another program than the one that was proved.",
        "the manufacturer, with the compiler of the device",
    ),
    Limit(
        "NS-03",
        "Disturbance while a step runs",
        "of registers, or of the program (A-12).",
        "A wrong value is driven for a tick, or for as long as the program is wrong.",
        "the manufacturer, by tests of memory and processor at start and in service",
        ("SI-20",),
    ),
    Limit(
        "NS-04",
        "The mean of the sensors.",
        "Two sensors that are wrong in the same way, within range and beside the drive, are believed (A-09).",
        "What flows is not what is shown, by as much as both are wrong.",
        _MANUFACTURER,
        ("SI-12", "SI-13"),
        ("H-11",),
    ),
    Limit(
        "NS-05",
        "The output of a board.",
        "`make characteristics` measures voltage, current, accuracy and waveforms at resistors on the simulated "
        "electronics, with their stated errors; a maker measures the same table on the board.",
        "The output of the device is another than that of the simulation.",
        "the manufacturer, on the board",
    ),
    Limit(
        "NS-06",
        "Between two ticks.",
        "Rise and fall of the output stage, and what the converter does while it is set, are the hardware's (A-10).",
        "A glitch is felt that no sample has.",
        "the manufacturer, on the board",
        ("SI-03",),
        ("H-03",),
    ),
    Limit(
        "NS-07",
        "Common causes.",
        "One processor, one supply and one clock tree carry both channels. The watchdog, the clamp and the switch "
        "guard them from outside.",
        "What stops or disturbs one channel stops or disturbs the other.",
        _MANUFACTURER,
        ("SI-26",),
    ),
    Limit(
        "NS-08",
        "The body.",
        "No clause speaks of skin. That the ceilings and rates are safe for a patient is the literature's claim, with "
        "its sources in `safety/limits.py`, and the manufacturer's to confirm.",
        "A current that keeps every limit hurts.",
        "the manufacturer, with clinicians",
        (),
        ("H-01", "H-02"),
    ),
    Limit(
        "NS-09",
        "Insulation, electrodes, labelling, users",
        "the integrator's; `docs/embedding.md` lists them.",
        "The device hurts in a way in which the output has no part.",
        _MANUFACTURER,
    ),
)


def rows() -> tuple[NotShown, ...]:
    """The rows as a report has them."""
    return tuple(
        NotShown(
            row.id,
            f"{row.title} {row.what}" if row.title.endswith(".") else f"{row.title}: {row.what}",
            row.otherwise,
            row.whose,
            row.invariants,
            row.hazards,
        )
        for row in LIMITS
    )
