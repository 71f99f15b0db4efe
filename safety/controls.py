"""What stands against the hazards besides the invariants: rules of the supervisor, hardware, and what people are told.

The table has the shape of ISO 14971 (benchmark; clause 7.1 in our own words: risk is reduced by design first, by
protective measures second, by information for safety last). The invariants of ``safety.invariants`` are controls as
well, the first ones, and are not repeated here: what stands against a hazard is the invariants and the controls that
name it.

A row says who has to provide it. What the manufacturer has to provide, in hardware or in what comes with the device,
cannot be shown by software: the row says what is asked for, and nothing here shows that it was done.

Ids are never renumbered and never used again.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from iontocore.safety.hazards import HAZARD_BY_ID


class Means(StrEnum):
    """How a control reduces the risk, the strongest first."""

    DESIGN = "by design"
    PROTECTION = "a protective measure"
    INFORMATION = "information for safety"


class Owner(StrEnum):
    """Who has to provide it."""

    SUPERVISOR = "the supervisor, in Python"
    HARDWARE = "the manufacturer, in hardware"
    LABELLING = "the manufacturer, in what comes with the device"


_ID: Final = re.compile(r"C-\d\d")


@dataclass(frozen=True, slots=True)
class Control:
    """One row. ValueError for a malformed id, an empty text, or hazards that are none, unknown or out of order.

    id: ``C-01`` and so on. name: a few words. what: what it does, as a sentence. hazards: what it stands against.
    means, owner: how it reduces the risk, and who has to provide it. where: the file that does it, or that asks for
    it, from the top of the project.
    """

    id: str
    name: str
    what: str
    hazards: tuple[str, ...]
    means: Means
    owner: Owner
    where: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"control id {self.id!r} is not of the form C-01")
        if not self.name.strip() or not self.what.strip() or not self.where.strip():
            raise ValueError(f"{self.id} lacks its name, what it does or where")
        if not self.hazards or list(self.hazards) != sorted(set(self.hazards)):
            raise ValueError(f"{self.id}: {self.hazards!r} is not a list of hazards in order, each once")
        if not set(self.hazards) <= set(HAZARD_BY_ID):
            raise ValueError(f"{self.id} names a hazard that is not in the table")
        if not isinstance(self.means, Means) or not isinstance(self.owner, Owner):
            raise ValueError(f"{self.id}: {self.means!r} is no means or {self.owner!r} is no owner")


_EMBEDDING: Final = "docs/embedding.md"
_HERE: Final = "safety/controls.py"

CONTROLS: Final[tuple[Control, ...]] = (
    Control(
        "C-01",
        "plans that are refused",
        "A plan that asks for more than device, site, age, density or drug allow is refused as a whole, with the limit "
        "that binds and its source; nothing is lowered in silence.",
        ("H-01", "H-02", "H-11", "H-12", "H-13"),
        Means.DESIGN,
        Owner.SUPERVISOR,
        "core/plans.py",
    ),
    Control(
        "C-02",
        "density by the stated area",
        "The limit of the session falls with the wet area that the plan states, so that the mean density stays below a "
        "limit of its own.",
        ("H-02",),
        Means.DESIGN,
        Owner.SUPERVISOR,
        "safety/limits.py",
    ),
    Control(
        "C-03",
        "units in names",
        "Every field of a plan and of a configuration carries its unit in its name, and a value out of range is "
        "refused.",
        ("H-01", "H-13"),
        Means.DESIGN,
        Owner.SUPERVISOR,
        "core/fields.py",
    ),
    Control(
        "C-04",
        "lost contact too often",
        "Contact that is lost for the third time within ten minutes is a fault: the treatment does not go on by "
        "itself.",
        ("H-04",),
        Means.PROTECTION,
        Owner.SUPERVISOR,
        "core/session.py",
    ),
    Control(
        "C-05",
        "a fault waits for a name",
        "A fault, and a session that was never closed, stand in the journal until somebody acknowledges them by name; "
        "no session opens before.",
        ("H-05", "H-17", "H-18"),
        Means.PROTECTION,
        Owner.SUPERVISOR,
        "core/session.py",
    ),
    Control(
        "C-06",
        "a chain of entries",
        "Entries of the journal are chained, so that one that was altered, taken out, put in or cut off is found and "
        "named.",
        ("H-18",),
        Means.PROTECTION,
        Owner.SUPERVISOR,
        "core/journal.py",
    ),
    Control(
        "C-07",
        "questions before every session",
        "Every contraindication is a question that has to be answered, expressly and with no; answers belong to one "
        "person and grow old.",
        ("H-16",),
        Means.PROTECTION,
        Owner.SUPERVISOR,
        "safety/contraindications.py",
    ),
    Control(
        "C-08",
        "one table of drugs",
        "A plan names a drug of the table, and its first direction has to be the sign of that drug's ion; it cannot "
        "reverse.",
        ("H-14",),
        Means.DESIGN,
        Owner.SUPERVISOR,
        "core/plans.py",
    ),
    Control(
        "C-09",
        "the monitor of a running session",
        "While a session runs, each report of the core is judged by the invariants that a report can tell; a breach "
        "ends the session in fault.",
        ("H-01", "H-03", "H-06", "H-11"),
        Means.PROTECTION,
        Owner.SUPERVISOR,
        "safety/monitor.py",
    ),
    Control(
        "C-10",
        "two current sensors",
        "Each has its own shunt, amplifier and converter input, and they are compared at every tick.",
        ("H-01", "H-11", "H-13"),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-11",
        "a voltage sensor behind the switch",
        "The voltage is measured where the patient is, not where the supply is.",
        ("H-09", "H-10"),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-12",
        "a contact sense",
        "Contact is known before the output is energised, at zero current.",
        ("H-04", "H-05"),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-13",
        "a switch with a read-back",
        "A switch in series with the output is the second way to zero, is open without power and in reset, and can be "
        "read back.",
        ("H-01", "H-05", "H-06", "H-08"),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-14",
        "a clock of its own",
        "The clock that times the ticks does not hang on the timer that makes them.",
        ("H-03", "H-12"),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-15",
        "a watchdog that opens the switch",
        "When the ticks stop, it opens the switch, and does not only reset the processor.",
        ("H-06", "H-07"),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-16",
        "an emergency stop",
        "It opens the switch without software, is read as well, and reads as pressed when its wire breaks.",
        ("H-06",),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-17",
        "a clamp of the current",
        "Above the trip level the hardware limits the current by itself, between two ticks too.",
        ("H-01", "H-09"),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-18",
        "memory for trips",
        "Latched trips are kept without power and given back at the next start.",
        ("H-05",),
        Means.PROTECTION,
        Owner.HARDWARE,
        _EMBEDDING,
    ),
    Control(
        "C-19",
        "setting up the skin",
        "Who sets up is told which electrode has which area, to wet it whole, to cover breaks in the skin, to take "
        "jewellery off, and to start low.",
        ("H-02", "H-10"),
        Means.INFORMATION,
        Owner.LABELLING,
        _HERE,
    ),
    Control(
        "C-20",
        "staying in the bath",
        "The patient is told to stay in contact until the device says that the current is off, and what a lifted hand "
        "feels like.",
        ("H-03", "H-04"),
        Means.INFORMATION,
        Owner.LABELLING,
        _HERE,
    ),
    Control(
        "C-21",
        "leads that cannot be exchanged",
        "Leads and electrodes are keyed, or marked by colour and sign, and the drug's electrode is named on the panel.",
        ("H-14",),
        Means.INFORMATION,
        Owner.LABELLING,
        _HERE,
    ),
    Control(
        "C-22",
        "who asks, and who watches",
        "The questions are asked by somebody who was taught to ask them; a child is never left alone; sessions given "
        "elsewhere are asked for.",
        ("H-06", "H-16", "H-17"),
        Means.INFORMATION,
        Owner.LABELLING,
        _HERE,
    ),
    Control(
        "C-23",
        "both sides treated",
        "Who stops a reversing session early is told that one side has had more than the other.",
        ("H-15",),
        Means.INFORMATION,
        Owner.LABELLING,
        _HERE,
    ),
    Control(
        "C-24",
        "a copy of the journal",
        "The journal is copied away, and its head is noted elsewhere, so that a lost or replaced file is found.",
        ("H-18",),
        Means.INFORMATION,
        Owner.LABELLING,
        _HERE,
    ),
)


def controls_of(hazard: str, rows: tuple[Control, ...] = CONTROLS) -> tuple[Control, ...]:
    """The rows that stand against one hazard, in their order."""
    return tuple(row for row in rows if hazard in row.hazards)
