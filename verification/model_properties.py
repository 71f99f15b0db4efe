"""What the model must keep: each property in one sentence, as a formula over the model, with the invariants that it
shows on the level of states.

A property of safety holds in every state that can be reached. A property of liveness says that something comes about
in the end, when no process that could always go on is kept from it for ever (weak fairness): the core goes on ticking,
and a supervisor that is alive goes on exchanging.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Property:
    """One property. label: its name, also in the model. formula: LTL over the model's variables."""

    label: str
    says: str
    formula: str
    invariants: tuple[str, ...] = ()
    liveness: bool = False


PROPERTIES: Final = (
    Property("fact", "A fact that the session derives is never refused by the table.", "[] ok_fact"),
    Property("stop_taken", "A stop is refused in no state.", "[] ok_stop", ("SI-16",)),
    Property(
        "no_turn",
        "After a stop, a pause or an end no current is asked for before the output is off.",
        "[] ok_end",
        ("SI-16",),
    ),
    Property(
        "fault_holds",
        "From a trip or an interruption until it is acknowledged the state is fault, while the supervisor lives.",
        "[] (faulted -> state == S_FAULT)",
        ("SI-07",),
    ),
    Property(
        "licence",
        "Current is asked for only between an operator's start or resume and what ends it.",
        "[] ok_licence",
        ("SI-05",),
    ),
    Property(
        "power_on",
        "A core that was powered on starts nothing before it has seen a stop.",
        "[] ok_power_on",
        ("SI-05",),
    ),
    Property(
        "idle_is_off",
        "In idle the current is zero and the switch is open.",
        "[] ((alive && state == S_IDLE) -> (level == 0 && !energised))",
        ("SI-06",),
    ),
    Property(
        "rest_is_off",
        "A core that is idle, waits or is in fault drives nothing, and its switch is open.",
        "[] ((phase == P_IDLE || phase == P_WAIT || phase == P_FAULT) -> (level == 0 && !energised))",
        ("SI-06",),
    ),
    Property(
        "lost_contact",
        "While contact is lost no current is asked for, and the state is neither treat nor reverse.",
        "[] ok_lost",
        ("SI-10",),
    ),
    Property(
        "arrival",
        "Treat is entered when the core tells that the current has arrived, and never else.",
        "[] ok_arrival",
        ("SI-03",),
    ),
    Property(
        "reversal",
        "Reverse begins when it is due alone, and ends in a treatment after the sign changed or by a cut.",
        "[] ok_reversal",
        ("SI-04",),
    ),
    Property(
        "by_hand",
        "A trip that was told, and is no mere loss of contact, is cleared by an operator's acknowledge alone.",
        "[] ok_clear",
        ("SI-07",),
    ),
    Property(
        "over",
        "A session that has ended is in idle or in fault, and asks for no current.",
        "[] (ok_closed && (!closed || state == S_IDLE || state == S_FAULT))",
        ("SI-05", "SI-06"),
    ),
    Property("not_over", "A session that was neither started nor stopped is not over.", "[] ok_over"),
    Property(
        "stop_ends",
        "A stop, a pause or an end always ends at zero, with nothing in force that would start a current again.",
        "[] (to_zero -> <> !to_zero)",
        ("SI-16",),
        liveness=True,
    ),
    Property(
        "down_ends",
        "No ramp-down lasts for ever.",
        "[] (state == S_RAMP_DOWN -> <> (state != S_RAMP_DOWN))",
        ("SI-16",),
        liveness=True,
    ),
    Property(
        "trip_ends",
        "A trip that is no mere loss of contact always ends in fault, if the supervisor lives and can be told.",
        "[] ((trip_other && !unseen && alive && line != DOWN) -> <> (state == S_FAULT || !alive || line == DOWN))",
        ("SI-07",),
        liveness=True,
    ),
    Property(
        "silence_ends",
        "Without a supervisor the current always ends at zero.",
        "[] (!alive -> <> (alive || (level == 0 && !energised)))",
        ("SI-15",),
        liveness=True,
    ),
    Property(
        "goes_on",
        "With contact, nothing against it and no trip gone unseen, no ramp, reversal or ramp-down lasts for ever.",
        "[] (calm == HELPED -> <> (slipped || (state != S_RAMP && state != S_REVERSE && state != S_RAMP_DOWN)))",
        liveness=True,
    ),
    Property(
        "none_is_dead",
        "No state is dead: with the link back and no cause left, a stop and an acknowledge always lead to idle.",
        "[] (calm == ENDED -> <> (state == S_IDLE && AT_REST))",
        liveness=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Coarse:
    """What the model does not show, and what follows where the device is otherwise."""

    label: str
    says: str
    otherwise: str
    invariants: tuple[str, ...] = ()


COARSE: Final = (
    Coarse(
        "by-hand",
        "Of the model the state table alone is the text that runs: core and session are written down in it a second "
        "time, and that they allow all that the real ones do is tested on walks, not proved.",
        "A property holds of the model, and not of the device where it does what no walk came by.",
        tuple(sorted({invariant for each in PROPERTIES for invariant in each.invariants})),
    ),
    Coarse(
        "order",
        "Time in the model is the order of steps, and a current is a number of ticks from zero.",
        "That something comes about in the end is shown, and not when.",
        ("SI-15", "SI-16"),
    ),
    Coarse(
        "unseen",
        "A trip that comes between a report and the next request, and whose cause goes in that time, is cleared unseen "
        "when that request carries the session's own acknowledge of lost contact.",
        "Nothing flows then; nobody is told of the trip, and a session that was about to start may wait until it is "
        "stopped. In one process no tick lies between the two.",
        ("SI-07",),
    ),
)
"""What the model leaves open; what it leaves out is in ``iontocore.verification.model_parts``."""

SAFETY: Final = Property(
    "safety",
    "Every property of safety at once: they are searched for in one pass over all states.",
    f"[] ({' && '.join('(' + each.formula.removeprefix('[] ') + ')' for each in PROPERTIES if not each.liveness)})",
)


def named(label: str) -> Property:
    """The property of this name; KeyError when there is none."""
    return {each.label: each for each in PROPERTIES}[label]
