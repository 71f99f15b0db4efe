"""The one state table of a treatment: every event in every state, as data, and the rules that the data must keep.

A treatment is in one of six states. An event is a fact that was derived from the core's telemetry, or an operator's
act; what had to be looked at was looked at when the event was named, so a row carries no guard. Every event in every
state is written out below, either as a ``Row`` (event, before, after, why) or as a ``Refused`` with its reason: there
is no default. A cell that is missing, given twice or misspelt is found at import, and so is a table that breaks one
of ``RULES``.

The machine (``iontocore.machine``), the diagram and its page (``iontocore.diagram``) and every later model are made
from ``TABLE``; nothing about the states is written down a second time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias


class State(Enum):
    """What the treatment is doing."""

    IDLE = "idle"
    RAMP = "ramp"
    TREAT = "treat"
    REVERSE = "reverse"
    RAMP_DOWN = "ramp-down"
    FAULT = "fault"


class Event(Enum):
    """What can happen: first the operator's acts, then the facts."""

    START = "start"
    RESUME = "resume"
    ADJUSTED = "adjusted"
    PAUSE = "pause"
    STOP = "stop"
    ACKNOWLEDGED = "acknowledged"

    TARGET_REACHED = "target-reached"
    REVERSAL_DUE = "reversal-due"
    SIGN_CHANGED = "sign-changed"
    FINISHED = "finished"
    CAP_REACHED = "cap-reached"
    CORE_ENDING = "core-ending"
    AT_ZERO = "at-zero"
    CONTACT_LOST = "contact-lost"
    CONTACT_BACK = "contact-back"
    CONTACT_LOST_TOO_OFTEN = "contact-lost-too-often"
    TRIPPED = "tripped"
    INTERRUPTED = "interrupted"


class Reason(Enum):
    """Why an event is refused. The name is the refusal's name (``Reason.NO_FAULT`` is "no-fault"), the value ends the
    sentence "refused, because ..."."""

    OUTPUT_IS_OFF = "the output is off and no current is under way"
    NOTHING_TO_PAUSE = "nothing is running that could be paused"
    CONTACT_IS_FREE = "nothing flows that could be cut, and contact may come and go"
    NOTHING_STARTS_BY_ITSELF = "contact alone never starts a current, only an operator does"
    ALREADY_RUNNING = "a treatment is running already"
    NO_FAULT = "there is no fault to acknowledge"
    NOT_REVERSING = "no reversal is under way"
    NOT_ON_THE_WAY_DOWN = "only a ramp-down ends at zero; a ramp begins there and a reversal passes through it"
    ALREADY_AT_TARGET = "the current is at its target already"
    SIGN_FIRST = "the current passes through zero and changes its sign before it reaches a target"
    ALREADY_REVERSING = "a reversal is under way already"
    CONTACT_IS_THERE = "contact was not lost"
    ON_THE_WAY_DOWN = "the current is on its way to zero and never turns back"
    IN_FAULT = "a fault holds the output off until it is acknowledged"

    @property
    def label(self) -> str:
        """The refusal's name in kebab-case."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Row:
    """An event that is honoured. ``before`` and ``after`` are equal where the event changes what is asked of the core,
    or adds a cause, and not the state. ``why`` is one sentence for the record and the page."""

    event: Event
    before: State
    after: State
    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that changes nothing in this state, and why."""

    event: Event
    state: State
    reason: Reason


Cell: TypeAlias = Row | Refused
Table: TypeAlias = Mapping[tuple[State, Event], Cell]


class TableError(Exception):
    """The table contradicts itself, has a hole, or breaks a rule: a mistake of its author, found at import."""


STATE_MEANINGS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.IDLE: "Output zero, switch open; before the start, after the end, or paused.",
        State.RAMP: "Current on its way to the target, or waiting at zero for contact.",
        State.TREAT: "Current at the target, or as near to it as the voltage allows.",
        State.REVERSE: "Current falling to zero, and held there, before the other direction.",
        State.RAMP_DOWN: "Current on its way to zero after a stop, a pause or the end.",
        State.FAULT: "Output zero, switch open, until someone acknowledges.",
    }
)

EVENT_MEANINGS: Final[Mapping[Event, str]] = MappingProxyType(
    {
        Event.START: "The operator starts the session.",
        Event.RESUME: "The operator goes on with a session that was paused.",
        Event.ADJUSTED: "The operator sets another intensity, within the limit in force.",
        Event.PAUSE: "The operator interrupts the session and keeps the rest of it.",
        Event.STOP: "The operator ends the session.",
        Event.ACKNOWLEDGED: "The operator acknowledged the fault, and the core reports that no trip is left.",
        Event.TARGET_REACHED: "The core reports that the current is at the target, or limited by the voltage alone.",
        Event.REVERSAL_DUE: "The plan's share for this direction is complete, and the other one is next.",
        Event.SIGN_CHANGED: "The dwell at zero is over, and the core has begun the other direction.",
        Event.FINISHED: "The plan's dose or time is complete.",
        Event.CAP_REACHED: "The session's longest time or largest charge is near, and its dose is not complete.",
        Event.CORE_ENDING: "The core ramps down by itself: a silent supervisor, or a cap on time or charge.",
        Event.AT_ZERO: "The core reports zero current and an open switch.",
        Event.CONTACT_LOST: "Contact was lost while energised; the core has cut.",
        Event.CONTACT_BACK: "After a loss, contact has been back without a break for the time that the session waits.",
        Event.CONTACT_LOST_TOO_OFTEN: "Contact was lost once more than the session allows; the core has cut.",
        Event.TRIPPED: "The core reports a trip, or a further one, that is no mere loss of contact.",
        Event.INTERRUPTED: "The link to the core is lost, or the core restarted or reports the impossible.",
    }
)

OPERATOR_EVENTS: Final = frozenset(
    {Event.START, Event.RESUME, Event.ADJUSTED, Event.PAUSE, Event.STOP, Event.ACKNOWLEDGED}
)
FACTS: Final = frozenset(Event) - OPERATOR_EVENTS

RUNNING: Final = frozenset({State.RAMP, State.TREAT, State.REVERSE})
"""The states of a treatment that goes on."""
ENERGISED: Final = RUNNING | {State.RAMP_DOWN}
"""The states in which current may flow."""

INITIAL: Final = State.IDLE
"""The state at power-on, whatever was going on before."""

CELLS: Final[tuple[Cell, ...]] = (
    # ---- idle: output zero, switch open; before the start, after the end, or paused ---------------------------------
    Row(Event.START, State.IDLE, State.RAMP, "The session starts: from zero, and with contact."),
    Row(Event.RESUME, State.IDLE, State.RAMP, "The paused session goes on: again from zero, and with contact."),
    Row(Event.ADJUSTED, State.IDLE, State.IDLE, "The new intensity is the target of the next rise."),
    Row(Event.STOP, State.IDLE, State.IDLE, "Nothing flows; what is left of a paused session is given up."),
    Row(Event.TRIPPED, State.IDLE, State.FAULT, "The core found a fault with the output off."),
    Row(Event.INTERRUPTED, State.IDLE, State.FAULT, "The core is out of sight, and the output may not be off."),
    Refused(Event.PAUSE, State.IDLE, Reason.NOTHING_TO_PAUSE),
    Refused(Event.ACKNOWLEDGED, State.IDLE, Reason.NO_FAULT),
    Refused(Event.TARGET_REACHED, State.IDLE, Reason.OUTPUT_IS_OFF),
    Refused(Event.REVERSAL_DUE, State.IDLE, Reason.OUTPUT_IS_OFF),
    Refused(Event.SIGN_CHANGED, State.IDLE, Reason.OUTPUT_IS_OFF),
    Refused(Event.FINISHED, State.IDLE, Reason.OUTPUT_IS_OFF),
    Refused(Event.CAP_REACHED, State.IDLE, Reason.OUTPUT_IS_OFF),
    Refused(Event.CORE_ENDING, State.IDLE, Reason.OUTPUT_IS_OFF),
    Refused(Event.AT_ZERO, State.IDLE, Reason.OUTPUT_IS_OFF),
    Refused(Event.CONTACT_LOST, State.IDLE, Reason.CONTACT_IS_FREE),
    Refused(Event.CONTACT_BACK, State.IDLE, Reason.NOTHING_STARTS_BY_ITSELF),
    Refused(Event.CONTACT_LOST_TOO_OFTEN, State.IDLE, Reason.CONTACT_IS_FREE),
    # ---- ramp: towards the target, or waiting at zero for contact ---------------------------------------------------
    Row(Event.TARGET_REACHED, State.RAMP, State.TREAT, "The current has arrived at its target."),
    Row(Event.ADJUSTED, State.RAMP, State.RAMP, "The current makes for the new intensity."),
    Row(Event.CONTACT_LOST, State.RAMP, State.RAMP, "Cut; the clock stands still, and the ramp waits at zero."),
    Row(Event.CONTACT_BACK, State.RAMP, State.RAMP, "The cut is acknowledged, and the current rises again from zero."),
    Row(Event.REVERSAL_DUE, State.RAMP, State.REVERSE, "This direction is complete before the target was reached."),
    Row(Event.STOP, State.RAMP, State.RAMP_DOWN, "The operator ended the session."),
    Row(Event.PAUSE, State.RAMP, State.RAMP_DOWN, "The operator paused the session; the rest of it is kept."),
    Row(Event.FINISHED, State.RAMP, State.RAMP_DOWN, "The dose or the time is complete."),
    Row(
        Event.CAP_REACHED,
        State.RAMP,
        State.RAMP_DOWN,
        "Complete or not: the time or the charge of the session is used up.",
    ),
    Row(Event.CORE_ENDING, State.RAMP, State.RAMP_DOWN, "The core ends the treatment; its trip follows at zero."),
    Row(
        Event.CONTACT_LOST_TOO_OFTEN, State.RAMP, State.FAULT, "Cut; contact keeps breaking, and every break may shock."
    ),
    Row(Event.TRIPPED, State.RAMP, State.FAULT, "The core found a fault and cut."),
    Row(Event.INTERRUPTED, State.RAMP, State.FAULT, "The core is out of sight; left alone, it goes to zero."),
    Refused(Event.START, State.RAMP, Reason.ALREADY_RUNNING),
    Refused(Event.RESUME, State.RAMP, Reason.ALREADY_RUNNING),
    Refused(Event.ACKNOWLEDGED, State.RAMP, Reason.NO_FAULT),
    Refused(Event.SIGN_CHANGED, State.RAMP, Reason.NOT_REVERSING),
    Refused(Event.AT_ZERO, State.RAMP, Reason.NOT_ON_THE_WAY_DOWN),
    # ---- treat: at the target ---------------------------------------------------------------------------------------
    Row(Event.ADJUSTED, State.TREAT, State.RAMP, "The current makes for the new intensity."),
    Row(Event.CONTACT_LOST, State.TREAT, State.RAMP, "Cut; the clock stands still, and the ramp waits at zero."),
    Row(Event.REVERSAL_DUE, State.TREAT, State.REVERSE, "This direction is complete; the other one is next."),
    Row(Event.STOP, State.TREAT, State.RAMP_DOWN, "The operator ended the session."),
    Row(Event.PAUSE, State.TREAT, State.RAMP_DOWN, "The operator paused the session; the rest of it is kept."),
    Row(Event.FINISHED, State.TREAT, State.RAMP_DOWN, "The dose or the time is complete."),
    Row(
        Event.CAP_REACHED,
        State.TREAT,
        State.RAMP_DOWN,
        "Complete or not: the time or the charge of the session is used up.",
    ),
    Row(Event.CORE_ENDING, State.TREAT, State.RAMP_DOWN, "The core ends the treatment; its trip follows at zero."),
    Row(
        Event.CONTACT_LOST_TOO_OFTEN,
        State.TREAT,
        State.FAULT,
        "Cut; contact keeps breaking, and every break may shock.",
    ),
    Row(Event.TRIPPED, State.TREAT, State.FAULT, "The core found a fault and cut."),
    Row(Event.INTERRUPTED, State.TREAT, State.FAULT, "The core is out of sight; left alone, it goes to zero."),
    Refused(Event.START, State.TREAT, Reason.ALREADY_RUNNING),
    Refused(Event.RESUME, State.TREAT, Reason.ALREADY_RUNNING),
    Refused(Event.ACKNOWLEDGED, State.TREAT, Reason.NO_FAULT),
    Refused(Event.TARGET_REACHED, State.TREAT, Reason.ALREADY_AT_TARGET),
    Refused(Event.SIGN_CHANGED, State.TREAT, Reason.NOT_REVERSING),
    Refused(Event.AT_ZERO, State.TREAT, Reason.NOT_ON_THE_WAY_DOWN),
    Refused(Event.CONTACT_BACK, State.TREAT, Reason.CONTACT_IS_THERE),
    # ---- reverse: through zero to the other sign --------------------------------------------------------------------
    Row(Event.SIGN_CHANGED, State.REVERSE, State.RAMP, "The current rises in the other direction."),
    Row(Event.ADJUSTED, State.REVERSE, State.REVERSE, "The new intensity is the target of the other direction."),
    Row(Event.CONTACT_LOST, State.REVERSE, State.RAMP, "Cut; the clock stands still, and the ramp waits at zero."),
    Row(Event.STOP, State.REVERSE, State.RAMP_DOWN, "The operator ended the session."),
    Row(Event.PAUSE, State.REVERSE, State.RAMP_DOWN, "The operator paused the session; the rest of it is kept."),
    Row(Event.FINISHED, State.REVERSE, State.RAMP_DOWN, "The dose or the time is complete."),
    Row(
        Event.CAP_REACHED,
        State.REVERSE,
        State.RAMP_DOWN,
        "Complete or not: the time or the charge of the session is used up.",
    ),
    Row(Event.CORE_ENDING, State.REVERSE, State.RAMP_DOWN, "The core ends the treatment; its trip follows at zero."),
    Row(
        Event.CONTACT_LOST_TOO_OFTEN,
        State.REVERSE,
        State.FAULT,
        "Cut; contact keeps breaking, and every break may shock.",
    ),
    Row(Event.TRIPPED, State.REVERSE, State.FAULT, "The core found a fault and cut."),
    Row(Event.INTERRUPTED, State.REVERSE, State.FAULT, "The core is out of sight; left alone, it goes to zero."),
    Refused(Event.START, State.REVERSE, Reason.ALREADY_RUNNING),
    Refused(Event.RESUME, State.REVERSE, Reason.ALREADY_RUNNING),
    Refused(Event.ACKNOWLEDGED, State.REVERSE, Reason.NO_FAULT),
    Refused(Event.TARGET_REACHED, State.REVERSE, Reason.SIGN_FIRST),
    Refused(Event.REVERSAL_DUE, State.REVERSE, Reason.ALREADY_REVERSING),
    Refused(Event.AT_ZERO, State.REVERSE, Reason.NOT_ON_THE_WAY_DOWN),
    Refused(Event.CONTACT_BACK, State.REVERSE, Reason.CONTACT_IS_THERE),
    # ---- ramp-down: towards zero after a stop, a pause or the end ---------------------------------------------------
    Row(Event.AT_ZERO, State.RAMP_DOWN, State.IDLE, "The current is zero and the switch is open."),
    Row(Event.CONTACT_LOST, State.RAMP_DOWN, State.IDLE, "Cut: the current is at zero sooner than by the ramp."),
    Row(Event.STOP, State.RAMP_DOWN, State.RAMP_DOWN, "On the way already; what a pause had kept is given up."),
    Row(
        Event.CONTACT_LOST_TOO_OFTEN,
        State.RAMP_DOWN,
        State.FAULT,
        "Cut; contact keeps breaking, and every break may shock.",
    ),
    Row(Event.TRIPPED, State.RAMP_DOWN, State.FAULT, "The core found a fault and cut, or ended what it had to end."),
    Row(Event.INTERRUPTED, State.RAMP_DOWN, State.FAULT, "The core is out of sight; left alone, it goes to zero."),
    Refused(Event.START, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.RESUME, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.ADJUSTED, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.PAUSE, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.ACKNOWLEDGED, State.RAMP_DOWN, Reason.NO_FAULT),
    Refused(Event.TARGET_REACHED, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.REVERSAL_DUE, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.SIGN_CHANGED, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.FINISHED, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.CAP_REACHED, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.CORE_ENDING, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    Refused(Event.CONTACT_BACK, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN),
    # ---- fault: zero, switch open, until someone acknowledges -------------------------------------------------------
    Row(Event.ACKNOWLEDGED, State.FAULT, State.IDLE, "The trips are cleared; nothing starts by itself."),
    Row(Event.TRIPPED, State.FAULT, State.FAULT, "A further cause is added; the first one is kept."),
    Row(Event.INTERRUPTED, State.FAULT, State.FAULT, "The link or the core is gone as well; the first cause is kept."),
    Row(Event.STOP, State.FAULT, State.FAULT, "Nothing flows; the fault stays until it is acknowledged."),
    Refused(Event.START, State.FAULT, Reason.IN_FAULT),
    Refused(Event.RESUME, State.FAULT, Reason.IN_FAULT),
    Refused(Event.ADJUSTED, State.FAULT, Reason.IN_FAULT),
    Refused(Event.PAUSE, State.FAULT, Reason.IN_FAULT),
    Refused(Event.TARGET_REACHED, State.FAULT, Reason.IN_FAULT),
    Refused(Event.REVERSAL_DUE, State.FAULT, Reason.IN_FAULT),
    Refused(Event.SIGN_CHANGED, State.FAULT, Reason.IN_FAULT),
    Refused(Event.FINISHED, State.FAULT, Reason.IN_FAULT),
    Refused(Event.CAP_REACHED, State.FAULT, Reason.IN_FAULT),
    Refused(Event.CORE_ENDING, State.FAULT, Reason.IN_FAULT),
    Refused(Event.AT_ZERO, State.FAULT, Reason.IN_FAULT),
    Refused(Event.CONTACT_LOST, State.FAULT, Reason.IN_FAULT),
    Refused(Event.CONTACT_BACK, State.FAULT, Reason.IN_FAULT),
    Refused(Event.CONTACT_LOST_TOO_OFTEN, State.FAULT, Reason.IN_FAULT),
)


# ---- from cells to a table ------------------------------------------------------------------------------------------


def tabulate(cells: Iterable[Cell]) -> Table:
    """The cells as a read-only mapping from (state, event), in the order of the enums.

    Raises TableError, naming every cell at fault, when one is missing, given twice, or made of unknown names, or when a
    row does not say why.
    """
    found: dict[tuple[State, Event], Cell] = {}
    mistakes: list[str] = []
    for cell in cells:
        unknown = _unknown_names(cell)
        if unknown:
            mistakes.append(f"{cell} names {' and '.join(unknown)}, unknown here")
            continue
        key = (cell.before if isinstance(cell, Row) else cell.state, cell.event)
        if key in found:
            mistakes.append(f"{key[1].value} in {key[0].value} is given twice: {found[key]} and {cell}")
        if isinstance(cell, Row) and not cell.why.strip():
            mistakes.append(f"{key[1].value} in {key[0].value} does not say why")
        found[key] = cell
    keys = [(state, event) for state in State for event in Event]
    mistakes += [f"{event.value} in {state.value} is missing" for state, event in keys if (state, event) not in found]
    if mistakes:
        raise TableError("the state table is wrong: " + "; ".join(mistakes))
    return MappingProxyType({key: found[key] for key in keys})


def _unknown_names(cell: Cell) -> list[str]:
    """What in the cell is no member of the enum that belongs there; the type checker sees most of it, but not all."""
    named: tuple[tuple[object, type[Enum]], ...]
    if isinstance(cell, Row):
        named = ((cell.event, Event), (cell.before, State), (cell.after, State))
    else:
        named = ((cell.event, Event), (cell.state, State), (cell.reason, Reason))
    return [repr(name) for name, kind in named if not isinstance(name, kind)]


def rows(table: Table) -> tuple[Row, ...]:
    """Every event that is honoured, in the order of the enums."""
    return tuple(cell for cell in table.values() if isinstance(cell, Row))


def refusals(table: Table) -> tuple[Refused, ...]:
    """Every event that is refused, in the order of the enums."""
    return tuple(cell for cell in table.values() if isinstance(cell, Refused))


def allowed(table: Table, state: State) -> tuple[Event, ...]:
    """The events that are honoured in a state, in the order of ``Event``."""
    return tuple(event for event in Event if isinstance(table[state, event], Row))


def after(table: Table, state: State, event: Event) -> State:
    """The state in which the event leaves the treatment; a refused event leaves it where it is."""
    cell = table[state, event]
    return cell.after if isinstance(cell, Row) else state


def reachable(table: Table, start: State, events: Iterable[Event] = Event) -> frozenset[State]:
    """The states, ``start`` among them, that these events can lead to."""
    by = tuple(events)
    seen, ahead = {start}, [start]
    while ahead:
        state = ahead.pop()
        new = {after(table, state, event) for event in by} - seen
        seen |= new
        ahead += new
    return frozenset(seen)


# ---- the rules on top of the table ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """What every table must keep: one sentence, the invariants that would fall with it, and a function that returns a
    sentence for every breach."""

    sentence: str
    invariants: tuple[str, ...]
    breaches: Callable[[Table], tuple[str, ...]]


def _said(wrong: Iterable[Row]) -> tuple[str, ...]:
    return tuple(f"{row.event.value} leads from {row.before.value} to {row.after.value}" for row in wrong)


def _unreachable(table: Table) -> tuple[str, ...]:
    return tuple(
        f"nothing leads from {INITIAL.value} to {state.value}"
        for state in State
        if state not in reachable(table, INITIAL)
    )


def _no_way_back(table: Table) -> tuple[str, ...]:
    return tuple(
        f"nothing leads from {state.value} to {INITIAL.value}"
        for state in State
        if INITIAL not in reachable(table, state)
    )


def _dead_events(table: Table) -> tuple[str, ...]:
    alive = {row.event for row in rows(table)}
    return tuple(f"{event.value} is refused everywhere" for event in Event if event not in alive)


def _dead_reasons(table: Table) -> tuple[str, ...]:
    alive = {refused.reason for refused in refusals(table)}
    return tuple(f"{reason.label} refuses nothing" for reason in Reason if reason not in alive)


def _stops_that_do_not_stop(table: Table) -> tuple[str, ...]:
    wrong = []
    for state in State:
        cell = table[state, Event.STOP]
        goal = State.RAMP_DOWN if state in ENERGISED else state
        if not isinstance(cell, Row):
            wrong.append(f"stop is refused in {state.value}")
        elif cell.after is not goal:
            wrong.append(f"stop leads from {state.value} to {cell.after.value}, and not to {goal.value}")
    return tuple(wrong)


def _turns_on_the_way_down(table: Table) -> tuple[str, ...]:
    ways = {State.RAMP_DOWN, State.IDLE, State.FAULT}
    wrong = _said(row for row in rows(table) if row.before is State.RAMP_DOWN and row.after not in ways)
    if after(table, State.RAMP_DOWN, Event.AT_ZERO) is not State.IDLE:
        wrong += ("at-zero does not lead from ramp-down to idle",)
    return wrong


def _faults_that_are_missed(table: Table) -> tuple[str, ...]:
    always = {(state, event) for state in State for event in (Event.TRIPPED, Event.INTERRUPTED)}
    always |= {(state, Event.CONTACT_LOST_TOO_OFTEN) for state in ENERGISED}
    return tuple(
        f"{event.value} in {state.value} does not lead to fault"
        for state in State
        for event in Event
        if (state, event) in always and not _honoured_into(table, state, event, State.FAULT)
    )


def _honoured_into(table: Table, state: State, event: Event, goal: State) -> bool:
    cell = table[state, event]
    return isinstance(cell, Row) and cell.after is goal


def _other_ways_out_of_fault(table: Table) -> tuple[str, ...]:
    return _said(
        row
        for row in rows(table)
        if row.before is State.FAULT
        and row.after is not State.FAULT
        and (row.event, row.after) != (Event.ACKNOWLEDGED, State.IDLE)
    )


def _other_ways_to_start(table: Table) -> tuple[str, ...]:
    return _said(
        row
        for row in rows(table)
        if row.before not in ENERGISED
        and row.after in ENERGISED
        and ((row.before, row.after) != (State.IDLE, State.RAMP) or row.event not in {Event.START, Event.RESUME})
    )


def _jumps_to_the_target(table: Table) -> tuple[str, ...]:
    return _said(
        row
        for row in rows(table)
        if row.after is State.TREAT and (row.before, row.event) != (State.RAMP, Event.TARGET_REACHED)
    )


def _other_reversals(table: Table) -> tuple[str, ...]:
    ways_out = {(Event.SIGN_CHANGED, State.RAMP), (Event.CONTACT_LOST, State.RAMP)}
    return _said(
        row
        for row in rows(table)
        if row.before is not row.after
        and (
            (row.after is State.REVERSE and row.event is not Event.REVERSAL_DUE)
            or (row.before is State.REVERSE and row.after in RUNNING and (row.event, row.after) not in ways_out)
        )
    )


def _contact_lost_and_not_at_zero(table: Table) -> tuple[str, ...]:
    goals = dict.fromkeys(RUNNING, State.RAMP) | {State.RAMP_DOWN: State.IDLE}
    return tuple(
        f"contact-lost in {state.value} does not lead to {goals[state].value}"
        for state in State
        if state in goals and not _honoured_into(table, state, Event.CONTACT_LOST, goals[state])
    )


RULES: Final[tuple[Rule, ...]] = (
    Rule("Every state can be reached from idle.", (), _unreachable),
    Rule("From every state there is a way back to idle.", (), _no_way_back),
    Rule("Every event is honoured somewhere.", (), _dead_events),
    Rule("Every reason refuses something.", (), _dead_reasons),
    Rule(
        "A stop is never refused: where current may flow it leads to ramp-down, elsewhere it changes no state.",
        ("SI-16",),
        _stops_that_do_not_stop,
    ),
    Rule("A ramp-down ends in idle or in fault and never turns back.", ("SI-16",), _turns_on_the_way_down),
    Rule(
        "A trip and an interruption lead to fault from every state, contact lost too often from every energised one.",
        ("SI-07", "SI-10", "SI-15"),
        _faults_that_are_missed,
    ),
    Rule("Fault is left by an acknowledge alone, and to idle.", ("SI-07",), _other_ways_out_of_fault),
    Rule("Current begins by a start or a resume alone, out of idle and into ramp.", ("SI-05",), _other_ways_to_start),
    Rule("The target is arrived at by a ramp alone.", ("SI-03",), _jumps_to_the_target),
    Rule(
        "A reversal begins when it is due alone, and goes on by a ramp: after the sign changed, or from a cut.",
        ("SI-04",),
        _other_reversals,
    ),
    Rule(
        "Lost contact goes on from zero: a treatment waits in ramp, a ramp-down is over.",
        ("SI-10",),
        _contact_lost_and_not_at_zero,
    ),
)


def breaches(table: Table) -> tuple[str, ...]:
    """Every breach of every rule, each with the rule's sentence in front; empty for a table that keeps them all."""
    return tuple(f"{rule.sentence} But {breach}." for rule in RULES for breach in rule.breaches(table))


def checked(table: Table) -> Table:
    """The same table. Raises TableError, with every breach, when it breaks a rule."""
    broken = breaches(table)
    if broken:
        raise TableError("the state table breaks its rules: " + " ".join(broken))
    return table


TABLE: Final[Table] = checked(tabulate(CELLS))
"""The table in force."""
