"""Seeded errors: what the properties of the model must find. Most are in the table; the others are in what the model
says of the core and of the session, and show that the properties that no table can break are able to fail.
"""

from dataclasses import dataclass
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.table import Cell, Event, Reason, Refused, Row, State, Table, tabulate

_WHY: Final = "A seeded error."


@dataclass(frozen=True, slots=True)
class Seed:
    """One error. says: what is wrong, in plain English. found_by: the property that must find it. cell: what stands in
    the table instead. old, new: or what stands in the model instead, where ``old`` occurs once."""

    says: str
    found_by: str
    cell: Cell | None = None
    old: str = ""
    new: str = ""


def _leads(event: Event, before: State, after: State, says: str, found_by: str) -> Seed:
    return Seed(says, found_by, cell=Row(event, before, after, _WHY))


def _refuses(event: Event, state: State, reason: Reason, says: str, found_by: str) -> Seed:
    return Seed(says, found_by, cell=Refused(event, state, reason))


SEEDS: Final = (
    # ---- a transition is gone ---------------------------------------------------------------------------------------
    _refuses(Event.STOP, State.TREAT, Reason.ALREADY_AT_TARGET, "a stop is refused in treat", "stop_taken"),
    _refuses(Event.STOP, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN, "a stop is refused on the way down", "stop_taken"),
    _refuses(Event.TRIPPED, State.IDLE, Reason.OUTPUT_IS_OFF, "a trip is refused in idle", "trip_ends"),
    _refuses(Event.TRIPPED, State.FAULT, Reason.IN_FAULT, "a further trip is refused in fault", "fact"),
    _refuses(Event.CONTACT_BACK, State.RAMP, Reason.CONTACT_IS_THERE, "contact never comes back in ramp", "fact"),
    _refuses(Event.SIGN_CHANGED, State.REVERSE, Reason.NOT_REVERSING, "a reversal never ends", "goes_on"),
    _refuses(Event.AT_ZERO, State.RAMP_DOWN, Reason.ON_THE_WAY_DOWN, "zero does not end a ramp-down", "down_ends"),
    _refuses(Event.ACKNOWLEDGED, State.FAULT, Reason.IN_FAULT, "no acknowledge is taken in fault", "none_is_dead"),
    # ---- it leads elsewhere -----------------------------------------------------------------------------------------
    _leads(Event.STOP, State.TREAT, State.TREAT, "a stop leaves treat as it is", "stop_ends"),
    _leads(Event.PAUSE, State.RAMP, State.RAMP, "a pause leaves ramp as it is", "no_turn"),
    _leads(Event.PAUSE, State.TREAT, State.IDLE, "a pause goes to idle at full current", "idle_is_off"),
    _leads(Event.FINISHED, State.TREAT, State.IDLE, "the end of the plan goes to idle at full current", "idle_is_off"),
    _leads(Event.CAP_REACHED, State.REVERSE, State.RAMP, "a session goes on past its cap", "licence"),
    _leads(Event.CORE_ENDING, State.RAMP, State.RAMP, "a session goes on while the core ends it", "licence"),
    _leads(Event.AT_ZERO, State.RAMP_DOWN, State.RAMP, "a ramp-down begins anew at zero", "licence"),
    _leads(Event.RESUME, State.RAMP_DOWN, State.RAMP, "a ramp-down turns back by a resume", "no_turn"),
    _leads(Event.TRIPPED, State.TREAT, State.RAMP_DOWN, "a trip in treat is a mere ramp-down", "fault_holds"),
    _leads(Event.TRIPPED, State.RAMP_DOWN, State.IDLE, "a trip on the way down is the end of it", "by_hand"),
    _leads(Event.INTERRUPTED, State.TREAT, State.RAMP_DOWN, "a lost link is a mere ramp-down", "fault_holds"),
    _leads(Event.CONTACT_LOST_TOO_OFTEN, State.TREAT, State.RAMP, "contact may break for ever", "fault_holds"),
    _leads(Event.RESUME, State.FAULT, State.RAMP, "a resume leads out of fault", "fault_holds"),
    _leads(Event.STOP, State.FAULT, State.IDLE, "a stop leads out of fault", "fault_holds"),
    _leads(Event.ACKNOWLEDGED, State.FAULT, State.RAMP, "an acknowledge starts the current", "licence"),
    _leads(Event.CONTACT_LOST, State.TREAT, State.TREAT, "treat goes on without contact", "lost_contact"),
    _leads(Event.CONTACT_LOST, State.REVERSE, State.REVERSE, "a reversal goes on without contact", "lost_contact"),
    _leads(Event.SIGN_CHANGED, State.REVERSE, State.TREAT, "a reversal ends at the target at once", "arrival"),
    _leads(Event.REVERSAL_DUE, State.RAMP, State.TREAT, "a reversal from ramp is taken for the target", "arrival"),
    _leads(Event.ADJUSTED, State.TREAT, State.REVERSE, "adjusting reverses", "reversal"),
    _leads(Event.ADJUSTED, State.REVERSE, State.RAMP, "adjusting breaks off a reversal", "reversal"),
    _leads(Event.TARGET_REACHED, State.RAMP, State.RAMP, "a ramp never arrives", "goes_on"),
    # ---- in the core and in the session, as the model has them ------------------------------------------------------
    Seed(
        "the core does not notice silence",
        "silence_ends",
        old="silent < SILENT -> silent++",
        new="silent < SILENT -> skip",
    ),
    Seed(
        "the core does not ramp down on a stop",
        "stop_ends",
        old=":: command != RUN -> ending = true",
        new=":: command != RUN -> skip",
    ),
    Seed(
        "the core starts without a stop before",
        "power_on",
        old="command == RUN && armed && contact",
        new="command == RUN && contact",
    ),
    Seed(
        "a trip leaves the current as it is",
        "rest_is_off",
        old="  level = 0; energised = false; armed = false; ending = false;\n  trip_other",
        new="  armed = false;\n  trip_other",
    ),
    Seed(
        "the session acknowledges every trip by itself",
        "by_hand",
        old="ack = (acknowledging || by_hand) && !ack; ack_by_hand",
        new="ack = !ack; ack_by_hand",
    ),
    Seed(
        "the session asks before the core has seen a stop",
        "goes_on",
        old="(armed_known || told_on)",
        new="true",
    ),
    Seed(
        "a fault is acknowledged while current flows",
        "idle_is_off",
        old=":: AT_REST && phase != P_WAIT -> event = E_ACKNOWLEDGED",
        new=":: !trip_open && !trip_other && phase != P_WAIT -> event = E_ACKNOWLEDGED",
    ),
    Seed(
        "a trip that comes back right after its acknowledge is taken for known",
        "trip_ends",
        old="by_hand = false; known_open = false; known_other = false",
        new="by_hand = false",
    ),
    Seed(
        "a fault is acknowledged while the core waits to start and has not heard of the stop",
        "idle_is_off",
        old=":: AT_REST && phase != P_WAIT -> event = E_ACKNOWLEDGED",
        new=":: AT_REST -> event = E_ACKNOWLEDGED",
    ),
    Seed(
        "a ramp-down is over while the core waits to start and has not heard of the stop",
        "idle_is_off",
        old="level == 0 && !energised && phase != P_WAIT -> event = E_AT_ZERO",
        new="level == 0 && !energised -> event = E_AT_ZERO",
    ),
    Seed(
        "a session that ended while it was paused is resumed",
        "over",
        old="acknowledging = false; paused = false;\n  /*",
        new="acknowledging = false;\n  /*",
    ),
    Seed(
        "a session that has ended goes on acknowledging",
        "by_hand",
        old="acknowledging = false; paused = false;\n  /*",
        new="paused = false;\n  /*",
    ),
    Seed(
        "a core that started and stopped between two reports is taken to be ready",
        "goes_on",
        old="AT_REST && !ran && (armed_known",
        new="AT_REST && (armed_known",
    ),
    Seed(
        "adjusting before the start ends the session",
        "not_over",
        old="moved = moved || event != E_ADJUSTED;",
        new="moved = true;",
    ),
)


def seeded_table(seed: Seed, table: Table) -> Table:
    """The table with the error, if it is one of the table; the rules of the table are not asked."""
    if seed.cell is None:
        return table
    key = (seed.cell.before if isinstance(seed.cell, Row) else seed.cell.state, seed.cell.event)
    return tabulate({**table, key: seed.cell}.values())


def seeded_text(seed: Seed, text: str) -> str:
    """The model with the error, if it is one of the model. Refusal when the text does not have the place once."""
    if not seed.old:
        return text
    if text.count(seed.old) != 1:
        raise Refusal(
            "the seeded error", f"{seed.says!r} ({text.count(seed.old)} places)", "one place of the model", __name__
        )
    return text.replace(seed.old, seed.new)
