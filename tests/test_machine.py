"""The machine moves by the state table alone, and the dangerous defaults of its library are off."""

import itertools
import pickle
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from iontocore import machine as module
from iontocore.machine import Machine, refusal
from iontocore.safety.refusal import Refusal
from iontocore.table import ENERGISED, FACTS, OPERATOR_EVENTS, TABLE, Event, Reason, Refused, Row, State, refusals, rows

# The states that follow, written down a second time on purpose: "." is a refusal.
MANUAL = """
                         idle    ramp       treat      reverse    ramp-down  fault
start                    ramp    .          .          .          .          .
resume                   ramp    .          .          .          .          .
adjusted                 idle    ramp       ramp       reverse    .          .
pause                    .       ramp-down  ramp-down  ramp-down  .          .
stop                     idle    ramp-down  ramp-down  ramp-down  ramp-down  fault
acknowledged             .       .          .          .          .          idle
target-reached           .       treat      .          .          .          .
reversal-due             .       reverse    reverse    .          .          .
sign-changed             .       .          .          ramp       .          .
finished                 .       ramp-down  ramp-down  ramp-down  .          .
cap-reached              .       ramp-down  ramp-down  ramp-down  .          .
core-ending              .       ramp-down  ramp-down  ramp-down  .          .
at-zero                  .       .          .          .          idle       .
contact-lost             .       ramp       ramp       ramp       idle       .
contact-back             .       ramp       .          .          .          .
contact-lost-too-often   .       fault      fault      fault      fault      .
tripped                  fault   fault      fault      fault      fault      fault
interrupted              fault   fault      fault      fault      fault      fault
"""


def read(manual: str) -> dict[tuple[str, str], str | None]:
    """The manual's grid by (state, event): the state that follows, or None where the event is refused."""
    head, *lines = manual.strip().splitlines()
    grid: dict[tuple[str, str], str | None] = {}
    for line in lines:
        event, *following = line.split()
        grid |= {(state, event): None if to == "." else to for state, to in zip(head.split(), following, strict=True)}
    return grid


GRID = read(MANUAL)

WAYS: dict[State, tuple[Event, ...]] = {
    State.IDLE: (),
    State.RAMP: (Event.START,),
    State.TREAT: (Event.START, Event.TARGET_REACHED),
    State.REVERSE: (Event.START, Event.TARGET_REACHED, Event.REVERSAL_DUE),
    State.RAMP_DOWN: (Event.START, Event.STOP),
    State.FAULT: (Event.TRIPPED,),
}


def machine_in(state: State) -> Machine:
    machine = Machine()
    for event in WAYS[state]:
        machine.fire(event)
    assert machine.state is state
    return machine


def sentence(cell: tuple[State, Event]) -> str:
    state, event = cell
    following = GRID[state.value, event.value]
    return f"{event.value} in {state.value} " + (f"leads to {following}" if following else "is refused")


# ---- every cell -----------------------------------------------------------------------------------------------------


def test_the_manual_has_a_word_for_every_event_in_every_state() -> None:
    assert set(GRID) == {(state.value, event.value) for state in State for event in Event}


@pytest.mark.parametrize("cell", list(itertools.product(State, Event)), ids=sentence)
def test_every_event_in_every_state_does_what_the_manual_says(cell: tuple[State, Event]) -> None:
    state, event = cell
    following = GRID[state.value, event.value]
    machine = machine_in(state)
    would = machine.would(event)
    assert machine.state is state, "asking changes nothing"
    assert (event in machine.allowed()) is (following is not None)
    if following is None:
        assert isinstance(would, Refused)
        with pytest.raises(Refusal) as caught:
            machine.fire(event)
        assert machine.state is state, "a refused event changes nothing"
        assert would.reason.value in caught.value.given
        assert would.reason.label in caught.value.says_who
    else:
        row = machine.fire(event)
        assert row == would == TABLE[state, event]
        assert (row.event, row.before, row.after) == (event, state, State(following))
        assert machine.state is State(following)


class AgainstThePlainDict(RuleBasedStateMachine):
    """Any events in any order: the machine is never anywhere but where a dict of strings says."""

    @initialize()
    def power_on(self) -> None:
        self.machine = Machine()
        self.state = "idle"

    @rule(event=st.sampled_from(Event))
    def an_event_happens(self, event: Event) -> None:
        self.comes(event)

    @rule(data=st.data())
    def an_event_that_is_honoured_happens(self, data: st.DataObject) -> None:
        self.comes(data.draw(st.sampled_from(self.machine.allowed())))

    def comes(self, event: Event) -> None:
        following = GRID[self.state, event.value]
        written_ahead = self.machine.would(event)
        if following is None:
            with pytest.raises(Refusal):
                self.machine.fire(event)
            assert isinstance(written_ahead, Refused)
        else:
            assert self.machine.fire(event) == written_ahead
            self.state = following

    @invariant()
    def both_agree(self) -> None:
        assert self.machine.state.value == self.state
        assert {event.value for event in self.machine.allowed()} == {
            event for (state, event), following in GRID.items() if state == self.state and following is not None
        }


test_any_events_in_any_order_lead_where_a_plain_dict_leads = AgainstThePlainDict.TestCase


@pytest.mark.invariant("SI-25")
@given(st.lists(st.sampled_from(Event), max_size=60))
def test_what_is_written_before_an_event_is_what_the_event_then_does(events: list[Event]) -> None:
    machine, journal, done = Machine(), [], []
    for event in events:
        row = machine.would(event)
        if isinstance(row, Row):
            journal.append(row)
            done.append(machine.fire(event))
    assert journal == done
    assert [row.before for row in done] == [State.IDLE, *(row.after for row in done)][: len(done)]


# ---- what must always hold ------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-05")
def test_a_new_machine_is_idle() -> None:
    assert Machine().state is State.IDLE


@pytest.mark.invariant("SI-05")
@given(st.lists(st.sampled_from([event for event in Event if event not in {Event.START, Event.RESUME}]), max_size=60))
def test_without_a_start_or_a_resume_the_machine_never_comes_where_current_may_flow(events: list[Event]) -> None:
    machine = Machine()
    for event in events:
        if isinstance(machine.would(event), Row):
            machine.fire(event)
        assert machine.state not in ENERGISED


@pytest.mark.invariant("SI-16")
@given(st.lists(st.sampled_from(Event), max_size=60))
def test_a_stop_is_honoured_at_any_time_and_then_the_way_is_down(events: list[Event]) -> None:
    machine = Machine()
    for event in events:
        if isinstance(machine.would(event), Row):
            machine.fire(event)
    flowing = machine.state in ENERGISED
    machine.fire(Event.STOP)
    assert machine.state is State.RAMP_DOWN or not flowing
    assert machine.state in {State.RAMP_DOWN, State.IDLE, State.FAULT}


@pytest.mark.invariant("SI-07")
@given(st.lists(st.sampled_from([event for event in Event if event is not Event.ACKNOWLEDGED]), max_size=60))
def test_a_fault_outlasts_everything_but_an_acknowledge(events: list[Event]) -> None:
    machine = machine_in(State.FAULT)
    for event in events:
        if isinstance(machine.would(event), Row):
            machine.fire(event)
        assert machine.state is State.FAULT
    assert machine.fire(Event.ACKNOWLEDGED).after is machine.state is State.IDLE


def test_a_whole_treatment_goes_through_the_states_as_the_manual_tells_it() -> None:
    machine = Machine()
    told = [
        (Event.START, State.RAMP),
        (Event.TARGET_REACHED, State.TREAT),
        (Event.CONTACT_LOST, State.RAMP),
        (Event.CONTACT_BACK, State.RAMP),
        (Event.TARGET_REACHED, State.TREAT),
        (Event.PAUSE, State.RAMP_DOWN),
        (Event.AT_ZERO, State.IDLE),
        (Event.RESUME, State.RAMP),
        (Event.TARGET_REACHED, State.TREAT),
        (Event.REVERSAL_DUE, State.REVERSE),
        (Event.SIGN_CHANGED, State.RAMP),
        (Event.TARGET_REACHED, State.TREAT),
        (Event.FINISHED, State.RAMP_DOWN),
        (Event.AT_ZERO, State.IDLE),
    ]
    assert [(event, machine.fire(event).after) for event, _ in told] == told


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_a_refused_act_says_in_one_sentence_why_and_which_acts_are_allowed() -> None:
    with pytest.raises(Refusal) as caught:
        machine_in(State.TREAT).fire(Event.RESUME)
    assert str(caught.value) == (
        "resume is refused in treat, because a treatment is running already; "
        "allowed is adjusted, pause or stop, says the state table (already-running)."
    )


def test_a_refused_fact_says_which_facts_are_allowed() -> None:
    with pytest.raises(Refusal) as caught:
        machine_in(State.IDLE).fire(Event.CONTACT_BACK)
    assert caught.value.allowed == "tripped or interrupted"
    assert caught.value.says_who == "the state table (nothing-starts-by-itself)"


@pytest.mark.parametrize("refused", refusals(TABLE), ids=lambda cell: f"{cell.event.value} in {cell.state.value}")
def test_every_refusal_allows_something_of_its_kind_and_nothing_that_would_be_refused(refused: Refused) -> None:
    kind = OPERATOR_EVENTS if refused.event in OPERATOR_EVENTS else FACTS
    named = refusal(refused).allowed.replace(" or ", ", ").split(", ")
    assert {Event(name) for name in named} == {event for event in kind if isinstance(TABLE[refused.state, event], Row)}


# ---- the dangerous defaults are off ---------------------------------------------------------------------------------


def test_the_state_cannot_be_assigned_and_nothing_can_be_added() -> None:
    machine = machine_in(State.FAULT)
    with pytest.raises(AttributeError):
        machine.state = State.IDLE  # type: ignore[misc]  # that it cannot be assigned is what is tested
    with pytest.raises(AttributeError):
        machine.to_treat = lambda: True  # type: ignore[attr-defined]  # that it has no such slot is what is tested
    assert machine.state is State.FAULT


def test_there_is_no_way_to_a_state_but_to_fire_an_event() -> None:
    machine = machine_in(State.FAULT)
    machine.fire(Event.STOP)
    offered = {name for name in dir(machine) if not name.startswith("_")}
    assert offered == {"allowed", "fire", "state", "would"}
    assert not any(hasattr(machine, f"to_{state}") for name in State for state in (name.name, name.value))
    assert not any(hasattr(machine, event) for name in Event for event in (name.name.lower(), name.value))


def library() -> Any:
    return module._LIBRARY


def test_the_library_knows_the_rows_of_the_table_and_no_other_transition() -> None:
    known = [
        (trigger, transition.source, transition.dest)
        for trigger in library().events
        for transition in library().get_transitions(trigger)
    ]
    assert sorted(known) == sorted((row.event.value, row.before.name, row.after.name) for row in rows(TABLE))
    assert not any(trigger.startswith("to_") for trigger in library().events)


def test_the_library_has_no_callback_no_condition_no_queue_and_no_model() -> None:
    places = (
        "prepare_event",
        "before_state_change",
        "after_state_change",
        "finalize_event",
        "on_exception",
        "on_final",
    )
    assert all(getattr(library(), place) == [] for place in places)
    assert all(state.on_enter == state.on_exit == [] for state in library().states.values())
    for transition in library().get_transitions():
        assert transition.prepare == transition.before == transition.after == transition.conditions == []
    assert library().models == []
    assert not library().has_queue
    assert not library().send_event
    assert not library().ignore_invalid_triggers


def test_what_is_no_event_of_the_table_changes_nothing() -> None:
    machine = machine_in(State.FAULT)
    for unknown in ("to_treat", "to_IDLE", "start", "", None):
        with pytest.raises(KeyError):
            machine.fire(cast(Event, unknown))
        assert machine.state is State.FAULT


def test_two_machines_share_no_state() -> None:
    one, other = Machine(), Machine()
    one.fire(Event.START)
    assert (one.state, other.state) == (State.RAMP, State.IDLE)


def test_a_refusal_crosses_a_process_and_keeps_its_reason() -> None:
    said = refusal(Refused(Event.START, State.FAULT, Reason.IN_FAULT))
    assert str(pickle.loads(pickle.dumps(said))) == str(said)
