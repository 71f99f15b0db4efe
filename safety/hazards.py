"""The hazards: what can hurt a patient, by what sequence of events, and how badly.

The table has the shape of ISO 14971 (benchmark; clause 5.4 in our own words: for each hazard the foreseeable sequence
of events, the hazardous situation that it leads to, and the harm that can follow). It is the list before any control:
a row says neither what prevents it nor what proves that. Invariants point up at hazards by id, and evidence points up
at invariants; a reader who wants to know how a hazard is answered follows those links from below.

Severity alone is rated. How likely a fault of software is cannot be estimated, so the table takes it to happen, as IEC
62304 does for its safety classes (clause 4.3, benchmark). The risk that remains is the manufacturer's to evaluate,
with the hardware, the labelling and the users at hand. Hazards of the hardware alone (mains isolation, leakage of the
applied part, materials of the electrodes, cleaning) are the integrator's and are not listed.

A note that names no source is general knowledge, to be confirmed by the manufacturer (assumption). Clauses of standards
are quoted second-hand and in our own words.

Ids are never renumbered and never used again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Severity(IntEnum):
    """How bad the harm is at its foreseeable worst. Five steps after the example in ISO/TR 24971 (assumption: the text
    was not at hand, the steps are in our own words)."""

    NEGLIGIBLE = 1
    """Discomfort that ends with the session."""
    MINOR = 2
    """An injury that heals without treatment."""
    SERIOUS = 3
    """An injury that a professional has to treat."""
    CRITICAL = 4
    """Permanent damage, or danger to life."""
    CATASTROPHIC = 5
    """Death."""


_ID: Final = re.compile(r"H-\d\d")


@dataclass(frozen=True, slots=True)
class Hazard:
    """One row. A row with an empty text or a malformed id is not built (ValueError).

    id: ``H-01`` and so on.
    name: a few words, for headings and matrices.
    hazard: the source of harm.
    sequence: the foreseeable sequence of events that leads to the situation.
    situation: the circumstance in which a person is exposed.
    harm: the injury, and who suffers it.
    severity: the foreseeable worst, before any control.
    note: the grounds of the rating, what makes it worse, and what is known of it in the field.
    """

    id: str
    name: str
    hazard: str
    sequence: str
    situation: str
    harm: str
    severity: Severity
    note: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"hazard id {self.id!r} is not of the form H-01")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str) and not value.strip():
                raise ValueError(f"{self.id}: {field.name} is empty")


HAZARDS: Final[tuple[Hazard, ...]] = (
    Hazard(
        id="H-01",
        name="too much current",
        hazard="Direct current through skin, above what the site and the person tolerate.",
        sequence="The plan asks for too much, or a limit is raised, defined and never read, or overwritten; or the "
        "regulation fails, a converter sticks at full scale, or state is corrupted; the current rises "
        "beyond the limit.",
        situation="More current than the limit in force flows through the skin under the electrodes.",
        harm="Pain, electrolytic and thermal burn of the patient's skin under the electrode.",
        severity=Severity.SERIOUS,
        note="Full-thickness burns by direct current are small, deep and slow to heal. A burn can come about with "
        "little pain, so the patient's protest is no safeguard. A maximum that no code reads was found in open "
        "firmware.",
    ),
    Hazard(
        id="H-02",
        name="too high a current density",
        hazard="A permitted current concentrated on a small area of skin.",
        sequence="The electrode is smaller than the plan says or only partly wet, a pad lies crooked, fingertips "
        "alone touch the water, or a break in the skin carries most of the current; the total stays within "
        "its limit.",
        situation="A small area of skin carries a current that is permitted for a large one.",
        harm="Electrolytic burn of that area; blisters at fingertips or at the edge of the pad.",
        severity=Severity.SERIOUS,
        note="The total current does not show it, and nothing measures density: it is guarded through the area that "
        "the plan states, and only so. Whether that area carries the current, the setting up and the patient alone "
        "can tell. Fingertips reach the water first, with little area and high density (KaWe SwiSto3 manual).",
    ),
    Hazard(
        id="H-03",
        name="step of current",
        hazard="A fast change of current through sensory nerves and muscle.",
        sequence="The current is switched on, raised or lowered faster than the ramp; or the direction is changed at "
        "full current, which is a step of twice its size; or a tick is missed or doubled and the ramp with "
        "it.",
        situation="The current through the patient changes faster than nerves accommodate.",
        harm="Electric shock: pain, fright, involuntary movement, a secondary injury by the movement; lasting "
        "refusal of the treatment, most of all in a child.",
        severity=Severity.MINOR,
        note="A reversal at full current was found in open firmware. A cut for a worse cause is a step as well, "
        "downwards, and is accepted as the lesser harm.",
    ),
    Hazard(
        id="H-04",
        name="contact lost or regained under current",
        hazard="A current source whose circuit is broken or closed by the patient.",
        sequence="The patient lifts a hand out of the tray, a pad slips or a cable breaks while current flows; the "
        "source raises its voltage to the maximum; the hand comes back and the current returns in one step.",
        situation="The circuit through the patient opens under current, or closes on a source at its full voltage.",
        harm="Electric shock on leaving and on coming back; a small burn where the last area of skin touched.",
        severity=Severity.MINOR,
        note="Leaflets tell patients to keep their hands in the bath, because of the shock (NHS leaflet WPR26540). It "
        "is to be expected in any course of treatment.",
    ),
    Hazard(
        id="H-05",
        name="output without a start",
        hazard="Output energised when nobody asked for it.",
        sequence="The device is switched on, or power comes back after an interruption, or the core restarts, or a "
        "stale or repeated request is obeyed; the output is energised at once, from somewhere else than "
        "zero, or with a person half set up.",
        situation="Current starts while the patient or the operator handles electrodes, or has left off.",
        harm="Electric shock, secondary injury by the movement; treatment of someone who was not to be treated.",
        severity=Severity.SERIOUS,
        note="IEC 60601-2-10, 201.12.4.102 (benchmark): energised only from the minimum, after a loss of supply too.",
    ),
    Hazard(
        id="H-06",
        name="current that does not stop",
        hazard="Current that goes on after a stop or after the end.",
        sequence="Stop, pause, emergency stop or the end of the session is not obeyed: the ramp down never runs, its "
        "condition is never met, a request is lost or overtaken, the state does not allow a stop; current "
        "flows on.",
        situation="Current flows through a patient whose session is over for everybody else.",
        harm="Burn; shock when the patient takes the hands away in good faith; loss of control in an emergency.",
        severity=Severity.CRITICAL,
        note="The worst of all for a patient, who may be alone and, with both hands in trays, has no hand free. An "
        "output that stayed on after its session had ended was found in open firmware.",
    ),
    Hazard(
        id="H-07",
        name="lost supervisor",
        hazard="Current that nobody supervises.",
        sequence="The supervising program crashes, hangs or is starved, or the link to it is cut, delayed or "
        "garbled; the core goes on driving the last target.",
        situation="Current flows with nobody to end the session, to answer a stop or to record the dose.",
        harm="Burn and overdose as from a session without an end; shock when the patient leaves by himself.",
        severity=Severity.SERIOUS,
        note="A session that goes on when the radio link is gone was found in open firmware.",
    ),
    Hazard(
        id="H-08",
        name="current while off",
        hazard="Leakage through an output that is off.",
        sequence="The output switch welds, its driver fails, or the converter has an offset at zero; the device "
        "shows idle or fault while some current flows.",
        situation="A person who believes the output is off touches the electrodes, or stays in contact for long.",
        harm="Shock on touching; an electrolytic burn by a small current over a long time.",
        severity=Severity.SERIOUS,
        note="Charge does the damage: 0.5 mA for eight hours is 240 mA min, three times the most that a drug's "
        "session may give. Nothing on the panel shows it.",
    ),
    Hazard(
        id="H-09",
        name="excessive voltage",
        hazard="A voltage above what the output stage is meant to give.",
        sequence="The supply or the output stage fails, or regulation drives against a high resistance; the voltage "
        "across the patient rises beyond the compliance limit.",
        situation="Dry or broken skin is exposed to a voltage at which its resistance collapses.",
        harm="Electric shock; breakdown of the horny layer with a local burn.",
        severity=Severity.SERIOUS,
        note="The horny layer's resistance falls by up to three decades between 0.2 and 60 V (Chizmadzhev 1998): "
        "what follows a rise of voltage is a much larger rise of current.",
    ),
    Hazard(
        id="H-10",
        name="short circuit between electrodes or skin on bare metal",
        hazard="A path of low resistance beside the tissue that is to be treated.",
        sequence="Electrodes or plates touch each other, water joins the trays, a pad dries or tears, jewellery is "
        "left on; skin lies on bare metal, or the current bypasses the patient and comes back when the "
        "short opens.",
        situation="Current is concentrated where skin touches metal; or the whole of it steps into the patient when "
        "a short circuit opens.",
        harm="Burn where the electrode was touched; electric shock.",
        severity=Severity.SERIOUS,
        note="A burn where the electrode was touched is among the side effects that leaflets list.",
    ),
    Hazard(
        id="H-11",
        name="shown is not what flows",
        hazard="Wrong information on current, dose or settings.",
        sequence="A sensor sticks, drifts, goes stale or contradicts another; or a request outside the limits is "
        "lowered in silence; the panel and the record show one value and the patient gets another.",
        situation="The operator decides, and the device regulates, on a current that is not the one that flows.",
        harm="Burn, when more flows than is shown; a treatment without effect and a wrong course of treatment, when "
        "less.",
        severity=Severity.SERIOUS,
        note="A single sensor cannot contradict itself. A silent clamp (38 asked, 30 driven, 38 shown) was found in "
        "open firmware.",
    ),
    Hazard(
        id="H-12",
        name="treatment too long",
        hazard="Permitted current for more time than is permitted.",
        sequence="The clock is wrong, counts pauses twice or not at all, starts again at a resumption, or a session "
        "lengthened to keep its dose has no end; ticks are counted that did not happen.",
        situation="Skin is under current for longer than its session allows.",
        harm="Irritation, dryness, blisters; electrolytic burn.",
        severity=Severity.MINOR,
        note="Damage follows the charge at first; beyond that, drying pads and patients who fall asleep add to it.",
    ),
    Hazard(
        id="H-13",
        name="too much charge",
        hazard="More charge, and with it more drug, than the dose.",
        sequence="The count of charge overflows, loses its remainders, starts again at a resumption or is fed by a "
        "wrong sensor; or a dose is entered in the wrong unit; the dose is passed and the current goes on.",
        situation="More charge passes one direction than the drug or the skin tolerates.",
        harm="Systemic effect of the drug (lidocaine: nerves and heart; glycopyrrolate: dry mouth, urinary "
        "retention); burn.",
        severity=Severity.SERIOUS,
        note="The amount is bounded by the transport number: 40 mA min carry 24.9 µmol of unit charge at the very "
        "most.",
    ),
    Hazard(
        id="H-14",
        name="drug at the wrong electrode",
        hazard="Polarity opposite to the sign of the drug's ion.",
        sequence="Plan, cable or software gives the active electrode the sign opposite to the drug's ion, or "
        "reverses the direction in the course of a drug's session.",
        situation="The drug is held back, and other ions go in where the drug should.",
        harm="A treatment without effect that is taken for one; burn by the higher sensitivity of skin under the "
        "cathode.",
        severity=Severity.MINOR,
        note="Nothing is felt and nothing measured differs. Worse when the missing drug was to numb the skin before "
        "a procedure.",
    ),
    Hazard(
        id="H-15",
        name="unbalanced charge",
        hazard="Acid under the anode and lye under the cathode, which direct current makes by electrolysis.",
        sequence="A session that should reverse does not, stops early in its second half, or runs its halves at "
        "unlike currents for unlike times; one side of the body gets all of one product.",
        situation="One area of skin is under one polarity for long, its pH far from its own.",
        harm="Electrolytic injury of the skin: redness, blisters, ulcer under the cathode; an effect on one side "
        "alone.",
        severity=Severity.MINOR,
        note="Fixed polarity is legitimate for drugs and in some schemes for water (Hidrex); it is a hazard where "
        "the plan promises a reversal. Water dilutes, a small pad does not.",
    ),
    Hazard(
        id="H-16",
        name="contraindicated person",
        hazard="Current through a person, a device or a tissue that must not have it.",
        sequence="Nobody asks, a question is skipped or its answer lost, an answer is taken from another person or "
        "an earlier day, or a child is treated as an adult; the session starts.",
        situation="Current flows through someone with an electronic implant, a heart condition, epilepsy, a "
        "pregnancy, metal in the path, numb or broken skin, an allergy to the drug, or below the age.",
        harm="Failure of the implant, arrhythmia, seizure, harm to the unborn, burn at metal or numb skin, allergic "
        "reaction.",
        severity=Severity.CATASTROPHIC,
        note="Current from hand to hand passes the chest. The screening rests on what the person says; nothing is "
        "measured.",
    ),
    Hazard(
        id="H-17",
        name="sessions too close together",
        hazard="A dose on skin, or of a drug, that has not recovered from the last one.",
        sequence="A session is repeated the same day, by another operator, after a restart or with a clock set back; "
        "or a stopped session is begun again from its full length.",
        situation="Skin that is still irritated, or a person who still has the drug, is given a full session.",
        harm="Blisters, burn, thickened skin; adding up of the drug.",
        severity=Severity.SERIOUS,
        note="Thirty minutes after the current the skin's impedance is about three times that at its end (Curdy "
        "2000): it recovers, and it takes its time.",
    ),
    Hazard(
        id="H-18",
        name="lost or altered record",
        hazard="A record that does not say what was done.",
        sequence="Power fails, the process is killed, the disk is full, or somebody alters an entry, after something "
        "was done and before or after it was recorded.",
        situation="Operator and physician decide on the next session without knowing the last one.",
        harm="A repeated or omitted dose; a course of treatment that is changed on wrong grounds; an injury that "
        "cannot be explained.",
        severity=Severity.MINOR,
        note="Harm is indirect: it needs a further decision. A log that can be trusted is what devices have least.",
    ),
)


def _by_id(rows: tuple[Hazard, ...]) -> Mapping[str, Hazard]:
    """The rows by id, in their order. ValueError when an id is given twice."""
    table = {row.id: row for row in rows}
    if len(table) != len(rows):
        raise ValueError("a hazard id is given twice")
    return MappingProxyType(table)


HAZARD_BY_ID: Final[Mapping[str, Hazard]] = _by_id(HAZARDS)
"""The same rows by id; read-only."""
