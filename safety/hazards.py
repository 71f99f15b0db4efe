"""The hazards: what can hurt a patient, by what sequence of events, and how badly.

The table has the shape of ISO 14971 (benchmark; clause 5.4 in our own words: for each hazard the foreseeable sequence
of events, the hazardous situation that it leads to, and the harm that can follow). A row says neither what prevents it
nor what proves that: invariants and controls (``safety.controls``) point up at hazards by id, and evidence points up at
invariants; a reader who wants to know how a hazard is answered follows those links from below. What no link answers
stands in the row: what remains.

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

from iontocore.safety.limits import Mark


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
    basis: where it is known from that such harm comes about, as a source or as general knowledge.
    mark: how far that can be trusted, as of the figures in ``safety.limits``. The rating itself is in every row a
        judgement of this project, and a clinician's to confirm.
    note: what makes it worse, and what is known of it in the field.
    remains: what is left when all that this project has against it holds; the manufacturer's to control, to tell the
        user or to accept.
    """

    id: str
    name: str
    hazard: str
    sequence: str
    situation: str
    harm: str
    severity: Severity
    basis: str
    mark: Mark
    note: str
    remains: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"hazard id {self.id!r} is not of the form H-01")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str) and not value.strip():
                raise ValueError(f"{self.id}: {field.name} is empty")
        if not isinstance(self.severity, Severity) or not isinstance(self.mark, Mark):
            raise ValueError(f"{self.id}: {self.severity!r} is no severity or {self.mark!r} is no mark")


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
        basis="Side effects of iontophoresis as leaflets list them, burns among them; that such burns go deep is "
        "general knowledge.",
        mark=Mark.ASSUMPTION,
        note="Full-thickness burns by direct current are small, deep and slow to heal. A burn can come about with "
        "little pain, so the patient's protest is no safeguard. A maximum that no code reads was found in open "
        "firmware.",
        remains="Between two ticks, and for the debounce time of an excess that the converter makes by itself, only a "
        "clamp in hardware limits the current. Two sensors that err alike, within range, are believed. That the "
        "limits are right for this patient is the literature's claim, or an assumption where no source was found.",
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
        basis="Warned of in the KaWe SwiSto3 manual (fingertips first).",
        mark=Mark.READ,
        note="The total current does not show it, and nothing measures density: it is guarded through the area that "
        "the plan states, and only so. Whether that area carries the current, the setting up and the patient alone "
        "can tell. Fingertips reach the water first, with little area and high density (KaWe SwiSto3 manual).",
        remains="Nothing measures density. An electrode that is smaller than stated, dry in part or crooked, "
        "fingertips alone in the water and a break in the skin that nobody covered are left to the setting up, the "
        "instructions for use and the patient's word.",
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
        basis="General knowledge of electrical stimulation: no source that rates it was at hand.",
        mark=Mark.ASSUMPTION,
        note="A reversal at full current was found in open firmware. A cut for a worse cause is a step as well, "
        "downwards, and is accepted as the lesser harm.",
        remains="A cut at full current is felt. When contact that was nearly lost comes back at a saturated voltage, "
        "the current steps by the headroom and the first sensor's error. Glitches of the converter between two ticks "
        "are the hardware's.",
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
        basis="NHS leaflet WPR26540: hands are to stay in the bath, because of the shock.",
        mark=Mark.EXCERPT,
        note="Leaflets tell patients to keep their hands in the bath, because of the shock (NHS leaflet WPR26540). It "
        "is to be expected in any course of treatment.",
        remains="The shock of leaving: current flows until the contact is gone, and for the debounce time after. A "
        "hand that leaves for the most part, while the sense still reports contact, can come back to a step: known, "
        "open, and described in docs/safety-case.md.",
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
        basis="General knowledge of electrical stimulation: no source that rates it was at hand.",
        mark=Mark.ASSUMPTION,
        note="IEC 60601-2-10, 201.12.4.102 (benchmark): energised only from the minimum, after a loss of supply too.",
        remains="At power-on, in reset and in a processor that has stopped, only hardware keeps the switch open. A "
        "supervisor that itself asks for a start that nobody wanted is obeyed, by the ramp and with contact.",
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
        basis="Found in open firmware; what follows for the patient is general knowledge.",
        mark=Mark.ASSUMPTION,
        note="The worst of all for a patient, who may be alone and, with both hands in trays, has no hand free. An "
        "output that stayed on after its session had ended was found in open firmware.",
        remains="A processor that has stopped, or a timer that calls no more, sees nothing: a watchdog has to open "
        "the switch. A converter that runs away while the switch is welded has no second way to zero in software.",
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
        basis="Found in open firmware; what follows for the patient is general knowledge.",
        mark=Mark.ASSUMPTION,
        note="A session that goes on when the radio link is gone was found in open firmware.",
        remains="Current goes on for the heartbeat time, and falls for the fall time after. A supervisor that hangs "
        "while something else counts its heartbeat is taken for one that lives; the caps on time and charge hold all "
        "the same.",
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
        basis="Computed from charge: 0.5 mA for eight hours is three times a drug's session.",
        mark=Mark.ASSUMPTION,
        note="Charge does the damage: 0.5 mA for eight hours is 240 mA min, three times the most that a drug's "
        "session may give. Nothing on the panel shows it.",
        remains="A current below the leakage threshold (at most 0.1 mA) is not found. A welded switch is found and "
        "told, and cannot be opened by software. Leakage that bypasses both sensors is the hardware's to measure.",
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
        basis="Chizmadzhev 1998 for the collapse of resistance; the rating is general knowledge.",
        mark=Mark.READ,
        note="The horny layer's resistance falls by up to three decades between 0.2 and 60 V (Chizmadzhev 1998): "
        "what follows a rise of voltage is a much larger rise of current.",
        remains="For the debounce time the excess is there. The energy that the output stage stores, and a clamp "
        "against it, are the hardware's.",
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
        basis="Burns where the electrode was touched, among the side effects that leaflets list.",
        mark=Mark.ASSUMPTION,
        note="A burn where the electrode was touched is among the side effects that leaflets list.",
        remains="A bypass whose resistance is as that of a patient, and skin on bare metal with a pad elsewhere, look "
        "like treatment. Insulating the plates, and jewellery that was left on, are left to the construction and to "
        "the setting up.",
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
        basis="General knowledge: it is rated as what it can lead to, a burn.",
        mark=Mark.ASSUMPTION,
        note="A single sensor cannot contradict itself. A silent clamp (38 asked, 30 driven, 38 shown) was found in "
        "open firmware.",
        remains="Two current sensors that err alike, within range and beside the drive, are believed. Between two "
        "sensors that agree the tolerances that are configured are the accuracy that is shown. What a panel displays "
        "is the integrator's.",
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
        basis="Side effects as leaflets list them: dryness, irritation, blisters.",
        mark=Mark.ASSUMPTION,
        note="Damage follows the charge at first; beyond that, drying pads and patients who fall asleep add to it.",
        remains="All times hang on one clock: one that runs slow together with the timer lengthens each by as much.",
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
        basis="General knowledge of the drugs; the amount is computed by Faraday's law.",
        mark=Mark.ASSUMPTION,
        note="The amount is bounded by the transport number: 40 mA min carry 24.9 µmol of unit charge at the very "
        "most.",
        remains="The core counts what it drives, exactly; how much drug that carries depends on the drug, the "
        "electrode and the skin. A dose that is wrong and within the tables is given.",
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
        basis="General knowledge of electrochemistry and of skin under the cathode.",
        mark=Mark.ASSUMPTION,
        note="Nothing is felt and nothing measured differs. Worse when the missing drug was to numb the skin before "
        "a procedure.",
        remains="Cables that are exchanged, and a drug that is put under the other electrode, are seen by nothing. "
        "The sign of most drugs is general knowledge of their ions.",
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
        basis="Side effects as leaflets list them: redness, blisters; the chemistry is general knowledge.",
        mark=Mark.ASSUMPTION,
        note="Fixed polarity is legitimate for drugs and in some schemes for water (Hidrex); it is a hazard where "
        "the plan promises a reversal. Water dilutes, a small pad does not.",
        remains="A session that is stopped in its second half is not balanced. A fixed direction is not balanced by "
        "intention, and its skin is protected by the limits of current, density and charge alone.",
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
        basis="Contraindications as the BAD leaflet and the makers of devices list them.",
        mark=Mark.READ,
        note="Current from hand to hand passes the chest. The screening rests on what the person says; nothing is "
        "measured.",
        remains="The answers are the person's, and nothing measures whether they are true. A question that no source "
        "asks is not asked.",
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
        basis="Curdy 2000 for the recovery of skin; the rating is general knowledge.",
        mark=Mark.READ,
        note="Thirty minutes after the current the skin's impedance is about three times that at its end (Curdy "
        "2000): it recovers, and it takes its time.",
        remains="The interval is known as far as the journal at hand goes: a session on another device, or on a "
        "journal that was put away, is known only if the person tells. The interval itself is after one maker's "
        "schedule.",
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
        basis="General knowledge: harm is indirect and needs a further decision.",
        mark=Mark.ASSUMPTION,
        note="Harm is indirect: it needs a further decision. A log that can be trusted is what devices have least.",
        remains="Who may write the journal's file can make a new one, whole and consistent, unless its head was noted "
        "elsewhere. A journal that is lost whole is lost: keeping a copy is the integrator's.",
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
