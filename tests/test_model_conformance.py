"""The model against the real thing: every transition of the table is walked on the real machine, by a session with the
real core on the simulated body, and whatever the session sees of the core on the way is what the model has seen too.

A walk that fails says which transition failed, and where the treatment was.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sessions import BRISK, Bench, is_in

from iontocore import Session
from iontocore.ccore import Fault, Phase, Telemetry, Trip
from iontocore.journal import Journal
from iontocore.ports import LinkLost
from iontocore.progress import Progress
from iontocore.safety.refusal import Refusal
from iontocore.table import TABLE, Event, Row, State, rows
from iontocore.verification.model import FORMULAS
from iontocore.verification.model_properties import SAFETY
from iontocore.verification.model_run import Search, Sight, build, search
from iontocore.verification.promela import model_text

_OPEN = 1 << (Trip.OPEN - 1)
_LOST = LinkLost("no telemetry came, where one every 50 ms was expected")
_LONGEST = 4000


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Bench]:
    """A session on a plan that is never done by itself, so that what ends it is what the walk says."""
    bench = Bench(tmp_path, replace(BRISK, session_ms=102_000, time_cap_ms=306_000))
    yield bench
    bench.close()


# ---- the ways to each state -----------------------------------------------------------------------------------------


def _ramp(one: Bench) -> None:
    one.session.start()
    one.run(lambda report: abs(report.telemetry.drive_na) > 3_000_000)


def _treat(one: Bench) -> None:
    one.session.start()
    one.run(is_in(State.TREAT), _LONGEST)


def _reverse(one: Bench) -> None:
    _treat(one)
    one.run(is_in(State.REVERSE), _LONGEST)


def _ramp_down(one: Bench) -> None:
    _treat(one)
    one.session.stop()
    one.idle(3)


def _fault(one: Bench) -> None:
    _treat(one)
    _inject(one, Fault.EMERGENCY_STOP)
    one.run(is_in(State.FAULT), 20)


WAYS: dict[State, Callable[[Bench], None]] = {
    State.IDLE: lambda one: None,
    State.RAMP: _ramp,
    State.TREAT: _treat,
    State.REVERSE: _reverse,
    State.RAMP_DOWN: _ramp_down,
    State.FAULT: _fault,
}


# ---- what makes each event come about -------------------------------------------------------------------------------


def _inject(one: Bench, fault: Fault, parameter: int = 0) -> None:
    one.simulated.simulation.inject(fault, parameter)


def _comes(one: Bench, event: Event, before: State, exchanges: int = _LONGEST) -> None:
    """Exchange until the session takes the event; the test fails when it does not."""
    seen = len(one.session.transitions)
    for _ in range(exchanges):
        one.idle(1)
        if any((row.event, row.before) == (event, before) for row in one.session.transitions[seen:]):
            return
    pytest.fail(f"{event.value} never came in {before.value}; the session is in {one.session.state.value}")


def _resumed(one: Bench) -> None:
    _treat(one)
    one.session.pause()
    one.run(is_in(State.IDLE), _LONGEST)
    one.session.resume()


def _acknowledged(one: Bench) -> None:
    one.simulated.simulation.clear(Fault.EMERGENCY_STOP)
    one.session.acknowledge()


def _interrupted(one: Bench, monkeypatch: pytest.MonkeyPatch, before: State) -> None:
    if before is State.FAULT:  # a session that has ended is only looked at: there it is the journal that is lost
        one.simulated.simulation.clear(Fault.EMERGENCY_STOP)

        def full(*_: object) -> None:
            raise Refusal("the journal", "out of reach", "a disk with room", "the system")

        monkeypatch.setattr(Journal, "append", full)
        with pytest.raises(Refusal, match="out of reach"):
            one.session.acknowledge()
        monkeypatch.undo()
        return
    one.port.fail = _LOST
    one.idle(1)
    one.port.fail = None


def _cause(one: Bench, event: Event, before: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the event come about in this state."""
    session = one.session
    acts: dict[Event, Callable[[], None]] = {
        Event.START: session.start,
        Event.ADJUSTED: lambda: session.adjust(12_000),
        Event.PAUSE: session.pause,
        Event.STOP: session.stop,
        Event.ACKNOWLEDGED: lambda: _acknowledged(one),
        Event.RESUME: lambda: _resumed(one),
        Event.INTERRUPTED: lambda: _interrupted(one, monkeypatch, before),
    }
    if event in acts:
        acts[event]()
        return
    # The plan is hostile in the model: here its arithmetic says that something is due, and all else is real.
    if event is Event.REVERSAL_DUE and before is State.RAMP:
        monkeypatch.setattr(Progress, "way_is_done", lambda *_: True)
    elif event is Event.FINISHED or event is Event.CAP_REACHED:
        monkeypatch.setattr(Session, "_cap_is_near", lambda *_: True)
        monkeypatch.setattr(Progress, "dose_is_within_tolerance", event is Event.FINISHED)
    elif event is Event.CORE_ENDING:
        _inject(one, Fault.HEARTBEAT_LOST)
    elif event is Event.CONTACT_LOST:
        _inject(one, Fault.BODY_LIFT)
    elif event is Event.CONTACT_BACK:
        _inject(one, Fault.BODY_LIFT)
        _comes(one, Event.CONTACT_LOST, before)
        _inject(one, Fault.BODY_RETURN)
    elif event is Event.CONTACT_LOST_TOO_OFTEN:
        monkeypatch.setattr("iontocore.session.LOST_CONTACT_COUNT", type("Once", (), {"value": 1}))
        _inject(one, Fault.BODY_LIFT)
    elif event is Event.TRIPPED:
        if before is State.FAULT:
            _inject(one, Fault.SWITCH_WELDED)
        else:
            _inject(one, Fault.EMERGENCY_STOP)
    _comes(one, event, before)


# ---- every transition -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walked:
    """A transition that was taken on an exchange, and what was seen of the core then."""

    state: State
    event: Event | None
    telemetry: Telemetry


def _watched(one: Bench, monkeypatch: pytest.MonkeyPatch) -> list[Walked]:
    """Every exchange from now on, with what it came to, as it is made."""
    walked: list[Walked] = []
    advance = one.session.advance

    def watched() -> object:
        before, taken = one.session.state, len(one.session.transitions)
        report = advance()
        events = [each.event for each in one.session.transitions[taken:]]
        assert len(events) <= 1, f"more than one transition in an exchange: {events}"
        if one.port.fail is None:
            walked.append(Walked(before, events[0] if events else None, report.telemetry))
        return report

    monkeypatch.setattr(Session, "advance", lambda _: watched())
    return walked


def _walk(one: Bench, row: Row, monkeypatch: pytest.MonkeyPatch) -> list[Walked]:
    """Walk to the row's state and through the row; every exchange on the way and for a while after it."""
    walked = _watched(one, monkeypatch)
    WAYS[row.before](one)
    assert one.session.state is row.before, f"no way to {row.before.value}: {one.session.state.value}"
    _cause(one, row.event, row.before, monkeypatch)
    one.idle(40)
    return walked


@pytest.mark.invariant("SI-05", "SI-07", "SI-10", "SI-16")
@pytest.mark.parametrize("row", rows(TABLE), ids=lambda row: f"{row.event.value}-in-{row.before.value}")
def test_the_real_session_takes_the_transition(one: Bench, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    _walk(one, row, monkeypatch)
    taken = [(each.event, each.before, each.after) for each in one.session.transitions]
    assert (row.event, row.before, row.after) in taken, f"{row.event.value} in {row.before.value} failed: {one.told}"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """All that the model comes by."""
    return search(build(model_text(TABLE, FORMULAS), tmp_path_factory.mktemp("model")), SAFETY)


def _sight(walked: Walked) -> Sight:
    told = walked.telemetry
    return Sight(
        state=walked.state,
        event=walked.event,
        phase=Phase(told.phase),
        flows=told.drive_na != 0,
        closed=told.switch_closed == 1,
        trip_open=told.trips & _OPEN != 0,
        trip_other=told.trips & ~_OPEN != 0,
    )


@pytest.mark.needs("spin", "gcc")
@pytest.mark.parametrize("row", rows(TABLE), ids=lambda row: f"{row.event.value}-in-{row.before.value}")
def test_what_the_session_sees_on_the_walk_is_what_the_model_has_seen(
    one: Bench, row: Row, monkeypatch: pytest.MonkeyPatch, searched: Search
) -> None:
    sights = {_sight(walked) for walked in _walk(one, row, monkeypatch)}
    assert sights or row.before is State.IDLE
    assert sights <= searched.seen, f"unknown to the model: {sights - searched.seen}"
    told = {(each.before, each.event, each.after) for each in one.session.transitions}
    assert told <= searched.taken


def test_a_walk_that_does_not_come_about_says_which_transition_failed(one: Bench) -> None:
    _ramp(one)
    with pytest.raises(pytest.fail.Exception, match="sign-changed never came in ramp; the session is in ramp"):
        _comes(one, Event.SIGN_CHANGED, State.RAMP, exchanges=5)


@pytest.mark.needs("spin", "gcc")
def test_the_model_does_not_come_by_everything(searched: Search) -> None:
    for state in (State.IDLE, State.FAULT, State.TREAT):
        flowing_at_rest = Sight(state, None, Phase.WAIT, flows=True, closed=True, trip_open=False, trip_other=False)
        assert flowing_at_rest not in searched.seen
    assert len(searched.seen) < len(State) * (len(Event) + 1) * len(Phase) * 16 / 4


# ---- hostile walks --------------------------------------------------------------------------------------------------

_ACTS = ("start", "resume", "pause", "stop", "acknowledge", "adjust")
_FAULTS = (Fault.EMERGENCY_STOP, Fault.BODY_LIFT, Fault.SUPERVISOR_FROZEN, Fault.HEARTBEAT_LOST, Fault.SWITCH_WELDED)


def _act(one: Bench, what: str, chance: random.Random) -> None:
    with suppress(Refusal):
        if what == "adjust":
            one.session.adjust(chance.choice((5_000, 12_000, 15_000)))
        else:
            getattr(one.session, what)()


@pytest.mark.needs("spin", "gcc")
@pytest.mark.parametrize("seed", range(12))
def test_what_a_session_sees_under_hostile_acts_and_faults_is_what_the_model_has_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, searched: Search, seed: int
) -> None:
    chance = random.Random(seed)
    bench = Bench(tmp_path, replace(BRISK, session_ms=chance.choice((60_000, 102_000)), time_cap_ms=306_000))
    walked = _watched(bench, monkeypatch)
    simulation = bench.simulated.simulation
    try:
        bench.session.start()
        for _ in range(150):
            bench.idle(chance.choice((1, 2, 5, 20)))
            kind = chance.random()
            if kind < 0.4:
                _act(bench, chance.choice(_ACTS), chance)
            elif kind < 0.5:
                simulation.inject(chance.choice(_FAULTS), 0)
            elif kind < 0.53:
                bench.port.fail = _LOST
                bench.idle(1)
                bench.port.fail = None
            elif kind < 0.8:
                for fault in _FAULTS:
                    simulation.clear(fault)
                simulation.inject(Fault.BODY_RETURN, 0)
    finally:
        bench.close()
    sights = {_sight(each) for each in walked}
    assert sights <= searched.seen, f"unknown to the model: {sights - searched.seen}"
    told = {(each.before, each.event, each.after) for each in bench.session.transitions}
    assert told <= searched.taken
