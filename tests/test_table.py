"""The state table as data: complete, without contradiction, and within the rules that every change of it must keep."""

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iontocore import table as module
from iontocore.table import (
    CELLS,
    ENERGISED,
    EVENT_MEANINGS,
    FACTS,
    INITIAL,
    OPERATOR_EVENTS,
    RULES,
    RUNNING,
    STATE_MEANINGS,
    TABLE,
    Cell,
    Event,
    Reason,
    Refused,
    Row,
    State,
    Table,
    TableError,
    after,
    allowed,
    breaches,
    checked,
    reachable,
    refusals,
    rows,
    tabulate,
)

GRID = list(itertools.product(State, Event))


def key(cell: Cell) -> tuple[State, Event]:
    return (cell.before if isinstance(cell, Row) else cell.state, cell.event)


def changed(*cells: Cell) -> Table:
    """The table in force, but for these cells."""
    return tabulate({**TABLE, **{key(cell): cell for cell in cells}}.values())


def led(event: Event, before: State, to: State) -> Table:
    """The table in force, but that this event leads from one state to another."""
    return changed(Row(event, before, to, "A mistake of the test."))


# ---- complete and without contradiction -----------------------------------------------------------------------------


def test_every_event_in_every_state_is_a_row_or_a_refusal_with_its_reason() -> None:
    assert list(TABLE) == GRID
    assert all(key(cell) == at for at, cell in TABLE.items())
    assert len(rows(TABLE)) + len(refusals(TABLE)) == len(State) * len(Event) == len(CELLS)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-in-".join(name.value for name in reversed(key(cell))))
def test_a_table_that_lacks_a_cell_is_rejected_by_its_name(cell: Cell) -> None:
    state, event = key(cell)
    with pytest.raises(TableError, match=f"{event.value} in {state.value} is missing"):
        tabulate(other for other in CELLS if other is not cell)


@given(st.sampled_from(CELLS), st.integers(0, len(CELLS)))
def test_a_cell_that_is_given_twice_is_rejected_wherever_it_stands(cell: Cell, place: int) -> None:
    state, event = key(cell)
    with pytest.raises(TableError, match=f"{event.value} in {state.value} is given twice"):
        tabulate([*CELLS[:place], cell, *CELLS[place:]])


def test_an_event_that_is_both_honoured_and_refused_is_rejected_with_both_cells() -> None:
    with pytest.raises(TableError, match=r"stop in treat is given twice: Row\(.*and Refused\("):
        tabulate([*CELLS, Refused(Event.STOP, State.TREAT, Reason.IN_FAULT)])


@pytest.mark.parametrize(
    "cell, unknown",
    [
        (Row(cast(Event, "strat"), State.IDLE, State.RAMP, "Misspelt."), "'strat'"),
        (Row(Event.START, cast(State, "idel"), State.RAMP, "Misspelt."), "'idel'"),
        (Row(Event.START, State.IDLE, cast(State, "rampe"), "Misspelt."), "'rampe'"),
        (Row(Event.START, State.IDLE, cast(State, Event.START), "A state is no event."), "Event.START"),
        (Refused(cast(Event, "strat"), State.IDLE, Reason.IN_FAULT), "'strat'"),
        (Refused(Event.START, cast(State, "idel"), Reason.IN_FAULT), "'idel'"),
        (Refused(Event.START, State.IDLE, cast(Reason, "because")), "'because'"),
    ],
)
def test_a_name_that_is_unknown_is_rejected_and_said(cell: Cell, unknown: str) -> None:
    with pytest.raises(TableError, match=f"names .*{unknown}.*unknown"):
        tabulate([*CELLS, cell])


def test_a_row_that_does_not_say_why_is_rejected() -> None:
    with pytest.raises(TableError, match="start in idle does not say why"):
        changed(Row(Event.START, State.IDLE, State.RAMP, " "))


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(TableError) as caught:
        tabulate([*CELLS[1:-1], CELLS[5]])
    assert all(part in str(caught.value) for part in ("start in idle", "contact-lost-too-often in fault", "twice"))


def imported(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The source, imported as a module of its own."""
    file = folder / "altered_table.py"
    file.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("altered_table", file)
    assert spec is not None
    assert spec.loader is not None
    altered = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "altered_table", altered)
    spec.loader.exec_module(altered)
    return altered


PAUSE_IN_TREAT = (
    '    Row(Event.PAUSE, State.TREAT, State.RAMP_DOWN, "The operator paused the session; the rest of it is kept."),\n'
)
STOP_IN_TREAT = '    Row(Event.STOP, State.TREAT, State.RAMP_DOWN, "The operator ended the session."),\n'


@pytest.mark.parametrize(
    "line, instead, said",
    [
        (PAUSE_IN_TREAT, "", "pause in treat is missing"),
        (PAUSE_IN_TREAT, PAUSE_IN_TREAT * 2, "pause in treat is given twice"),
        (
            STOP_IN_TREAT,
            STOP_IN_TREAT.replace("RAMP_DOWN", "IDLE"),
            "stop leads from treat to idle, and not to ramp-down",
        ),
    ],
)
def test_a_wrong_table_cannot_be_imported(
    line: str, instead: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(module.__file__).read_text(encoding="utf-8")
    assert source.count(line) == 1
    assert len(imported(source, tmp_path, monkeypatch).TABLE) == len(TABLE)
    with pytest.raises(Exception, match=said) as caught:
        imported(source.replace(line, instead), tmp_path, monkeypatch)
    assert type(caught.value).__name__ == "TableError"


def test_every_mistake_in_a_table_is_named_in_one_message() -> None:
    unknown = Row("start", "idle", State.RAMP, "Why not.")  # type: ignore[arg-type]  # misspelt: that is the mistake
    mute = Row(Event.STOP, State.IDLE, State.IDLE, " ")
    cells = [unknown, *(cell for cell in CELLS if key(cell) != (State.IDLE, Event.STOP)), mute]
    cells.remove(TABLE[State.IDLE, Event.START])
    with pytest.raises(TableError) as caught:
        tabulate(cells)
    assert str(caught.value) == (
        f"the state table is wrong: {unknown} names 'start' and 'idle', unknown here; stop in idle does not say why; "
        "start in idle is missing"
    )


def test_every_breach_of_a_rule_is_named_in_one_message() -> None:
    down = changed(
        Row(Event.STOP, State.RAMP_DOWN, State.TREAT, "A mistake of the test."),
        Row(Event.AT_ZERO, State.RAMP_DOWN, State.RAMP, "A mistake of the test."),
    )
    with pytest.raises(TableError) as caught:
        checked(down)
    rule = "A ramp-down ends in idle or in fault and never turns back. But"
    assert str(caught.value) == (
        "the state table breaks its rules: A stop is never refused: where current may flow it leads to ramp-down, "
        "elsewhere it changes no state. But stop leads from ramp-down to treat, and not to ramp-down. "
        f"{rule} stop leads from ramp-down to treat. {rule} at-zero leads from ramp-down to ramp. "
        f"{rule} at-zero does not lead from ramp-down to idle. "
        "The target is arrived at by a ramp alone. But stop leads from ramp-down to treat."
    )


def test_the_table_in_force_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TABLE[State.FAULT, Event.START] = Row(Event.START, State.FAULT, State.RAMP, "No.")  # type: ignore[index]  # that is the test
    with pytest.raises(AttributeError):
        TABLE[State.IDLE, Event.START].after = State.TREAT  # type: ignore[union-attr, misc]  # that it is frozen is the test


# ---- what people read -----------------------------------------------------------------------------------------------


def test_every_state_and_every_event_has_a_meaning_and_every_row_a_why_in_one_sentence() -> None:
    assert list(STATE_MEANINGS) == list(State)
    assert list(EVENT_MEANINGS) == list(Event)
    for sentence in [*STATE_MEANINGS.values(), *EVENT_MEANINGS.values(), *(row.why for row in rows(TABLE))]:
        assert sentence[0].isupper(), sentence
        assert sentence.find(".") == len(sentence) - 1, sentence


def test_every_event_is_either_an_operators_act_or_a_fact() -> None:
    assert set(Event) == OPERATOR_EVENTS | FACTS
    assert not OPERATOR_EVENTS & FACTS


def test_every_reason_has_a_name_of_its_own_and_ends_the_sentence_refused_because() -> None:
    assert len({reason.label for reason in Reason}) == len({reason.value for reason in Reason}) == len(Reason)
    assert all(reason.value[0].islower() and not reason.value.endswith(".") for reason in Reason)
    assert Reason.NO_FAULT.label == "no-fault"


# ---- reachability ---------------------------------------------------------------------------------------------------


def test_every_state_is_reached_from_idle_and_leads_back_to_it() -> None:
    assert INITIAL is State.IDLE
    assert all(reachable(TABLE, state) == set(State) for state in State)


@pytest.mark.invariant("SI-05")
def test_no_fact_leads_from_idle_or_fault_to_a_state_with_current() -> None:
    assert reachable(TABLE, State.IDLE, FACTS) == reachable(TABLE, State.FAULT, FACTS) | {State.IDLE}
    assert not reachable(TABLE, State.IDLE, FACTS) & ENERGISED


@pytest.mark.invariant("SI-05")
def test_without_a_start_and_a_resume_nothing_leads_to_a_state_with_current() -> None:
    others = set(Event) - {Event.START, Event.RESUME}
    assert reachable(TABLE, State.IDLE, others) == {State.IDLE, State.FAULT}


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("state", [state for state in State if state in ENERGISED])
def test_after_a_stop_the_facts_alone_lead_to_zero_and_never_back_to_a_running_treatment(state: State) -> None:
    stopped = after(TABLE, state, Event.STOP)
    assert stopped is State.RAMP_DOWN
    assert reachable(TABLE, stopped, FACTS) == {State.RAMP_DOWN, State.IDLE, State.FAULT}
    assert after(TABLE, stopped, Event.AT_ZERO) is State.IDLE


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize("state", State)
def test_a_trip_leads_to_fault_from_every_state_and_only_an_acknowledge_leads_out(state: State) -> None:
    assert after(TABLE, state, Event.TRIPPED) is after(TABLE, state, Event.INTERRUPTED) is State.FAULT
    assert reachable(TABLE, State.FAULT, set(Event) - {Event.ACKNOWLEDGED}) == {State.FAULT}


# ---- the rules ------------------------------------------------------------------------------------------------------

RESUME_TO_FAULT_TOO = [Row(event, State.IDLE, State.IDLE, "A mistake.") for event in (Event.START, Event.RESUME)]
FAULT_FOR_GOOD = Refused(Event.ACKNOWLEDGED, State.FAULT, Reason.IN_FAULT)
NO_CONTACT_BACK = Refused(Event.CONTACT_BACK, State.RAMP, Reason.CONTACT_IS_THERE)
NO_SIGN_FIRST = Refused(Event.TARGET_REACHED, State.REVERSE, Reason.NOT_REVERSING)

BROKEN = [
    ("Every state can be reached", changed(*RESUME_TO_FAULT_TOO), "nothing leads from idle to treat"),
    ("From every state there is a way back", changed(FAULT_FOR_GOOD), "nothing leads from fault to idle"),
    ("Every event is honoured", changed(NO_CONTACT_BACK), "contact-back is refused everywhere"),
    ("Every reason refuses", changed(NO_SIGN_FIRST), "sign-first refuses nothing"),
    (
        "A stop is never refused",
        changed(Refused(Event.STOP, State.REVERSE, Reason.ALREADY_REVERSING)),
        "stop is refused in reverse",
    ),
    ("A stop is never refused", led(Event.STOP, State.FAULT, State.IDLE), "stop leads from fault to idle"),
    ("A ramp-down ends", led(Event.ADJUSTED, State.RAMP_DOWN, State.RAMP), "adjusted leads from ramp-down to ramp"),
    (
        "A ramp-down ends",
        led(Event.AT_ZERO, State.RAMP_DOWN, State.RAMP_DOWN),
        "at-zero does not lead from ramp-down to idle",
    ),
    (
        "A trip and an interruption",
        led(Event.TRIPPED, State.TREAT, State.RAMP_DOWN),
        "tripped in treat does not lead to fault",
    ),
    (
        "A trip and an interruption",
        led(Event.CONTACT_LOST_TOO_OFTEN, State.RAMP_DOWN, State.IDLE),
        "contact-lost-too-often in ramp-down does not lead to fault",
    ),
    ("Fault is left", led(Event.RESUME, State.FAULT, State.IDLE), "resume leads from fault to idle"),
    ("Current begins", led(Event.CONTACT_BACK, State.IDLE, State.RAMP), "contact-back leads from idle to ramp"),
    (
        "The target is arrived at",
        led(Event.SIGN_CHANGED, State.REVERSE, State.TREAT),
        "sign-changed leads from reverse",
    ),
    ("A reversal begins", led(Event.ADJUSTED, State.TREAT, State.REVERSE), "adjusted leads from treat to reverse"),
    ("A reversal begins", led(Event.AT_ZERO, State.REVERSE, State.RAMP), "at-zero leads from reverse to ramp"),
    (
        "Lost contact goes on",
        led(Event.CONTACT_LOST, State.TREAT, State.TREAT),
        "contact-lost in treat does not lead to ramp",
    ),
]


@pytest.mark.parametrize("rule, table, said", BROKEN, ids=[said for _, _, said in BROKEN])
def test_a_table_that_breaks_a_rule_is_rejected_with_the_rule_and_the_breach(
    rule: str, table: Table, said: str
) -> None:
    with pytest.raises(TableError, match="breaks its rules") as caught:
        checked(table)
    assert any(text.startswith(rule) and said in text for text in breaches(table))
    assert rule in str(caught.value)
    assert said in str(caught.value)


def test_every_rule_is_broken_by_one_of_these_tables_and_kept_by_the_one_in_force() -> None:
    assert all(any(rule.sentence.startswith(sentence) for sentence, _, _ in BROKEN) for rule in RULES)
    assert breaches(TABLE) == ()
    assert checked(TABLE) is TABLE


@pytest.mark.invariant("SI-05", "SI-07", "SI-16")
@pytest.mark.parametrize("state", [State.IDLE, State.FAULT, State.RAMP_DOWN], ids=lambda state: state.value)
def test_no_refusal_where_nothing_may_rise_can_become_a_row_to_a_running_treatment(state: State) -> None:
    turned = [(refused.event, to) for refused in refusals(TABLE) if refused.state is state for to in RUNNING]
    assert turned
    assert all(breaches(led(event, state, to)) for event, to in turned)


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("event", [Event.STOP, Event.TRIPPED, Event.INTERRUPTED], ids=lambda event: event.value)
def test_no_row_of_a_stop_a_trip_or_an_interruption_can_lead_elsewhere_or_be_refused(event: Event) -> None:
    for state in State:
        right = after(TABLE, state, event)
        assert event in allowed(TABLE, state)
        assert all(breaches(led(event, state, to)) for to in State if to is not right)
        assert all(breaches(changed(Refused(event, state, reason))) for reason in Reason)


# ---- what the diagram does not show ---------------------------------------------------------------------------------

REFUSALS = {
    "idle": {
        "nothing-to-pause": "pause",
        "no-fault": "acknowledged",
        "output-is-off": "target-reached reversal-due sign-changed finished cap-reached core-ending at-zero",
        "contact-is-free": "contact-lost contact-lost-too-often",
        "nothing-starts-by-itself": "contact-back",
    },
    "ramp": {
        "already-running": "start resume",
        "no-fault": "acknowledged",
        "not-reversing": "sign-changed",
        "not-on-the-way-down": "at-zero",
    },
    "treat": {
        "already-running": "start resume",
        "no-fault": "acknowledged",
        "already-at-target": "target-reached",
        "not-reversing": "sign-changed",
        "not-on-the-way-down": "at-zero",
        "contact-is-there": "contact-back",
    },
    "reverse": {
        "already-running": "start resume",
        "no-fault": "acknowledged",
        "sign-first": "target-reached",
        "already-reversing": "reversal-due",
        "not-on-the-way-down": "at-zero",
        "contact-is-there": "contact-back",
    },
    "ramp-down": {
        "on-the-way-down": (
            "start resume adjusted pause target-reached reversal-due sign-changed finished cap-reached "
            "core-ending contact-back"
        ),
        "no-fault": "acknowledged",
    },
    "fault": {
        "in-fault": (
            "start resume adjusted pause target-reached reversal-due sign-changed finished cap-reached "
            "core-ending at-zero contact-lost contact-back contact-lost-too-often"
        ),
    },
}
"""By state and reason: the events that are refused."""


@pytest.mark.parametrize("state", State)
def test_what_is_refused_is_refused_for_the_reason_that_was_agreed(state: State) -> None:
    found: dict[str, list[str]] = {}
    for cell in refusals(TABLE):
        if cell.state is state:
            found.setdefault(cell.reason.label, []).append(cell.event.value)
    assert {label: " ".join(events) for label, events in found.items()} == REFUSALS[state.value]


def test_the_operators_acts_are_these_and_all_else_are_facts() -> None:
    assert [event.value for event in Event if event in OPERATOR_EVENTS] == [
        "start", "resume", "adjusted", "pause", "stop", "acknowledged"
    ]  # fmt: skip


def test_a_rule_names_the_invariants_that_would_fall_with_it() -> None:
    assert [(rule.breaches.__name__, " ".join(rule.invariants)) for rule in RULES] == [
        (name, " ".join(f"SI-{number}" for number in numbers.split())) for name, numbers in FALLING
    ]


FALLING = [
    ("_unreachable", ""),
    ("_no_way_back", ""),
    ("_dead_events", ""),
    ("_dead_reasons", ""),
    ("_stops_that_do_not_stop", "16"),
    ("_turns_on_the_way_down", "16"),
    ("_faults_that_are_missed", "07 10 15"),
    ("_other_ways_out_of_fault", "07"),
    ("_other_ways_to_start", "05"),
    ("_jumps_to_the_target", "03"),
    ("_other_reversals", "04"),
    ("_contact_lost_and_not_at_zero", "10"),
]
"""Of each rule: the function that finds its breaches, and the numbers of its invariants."""
