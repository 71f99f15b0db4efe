"""What is at rest: nothing is over, and nothing acknowledged, while current flows or may still begin to flow."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sessions import BRISK, Bench, is_in

from iontocore import Journal, LinkLost, Outcome, Refusal, State
from iontocore.ccore import Command, Fault, Phase, Trip

LOST = LinkLost("no telemetry came, where one every 50 ms was expected")
STILL_ON = (
    "acknowledge is asked for while {}; allowed is zero current and an open switch, says the core: wait until it is "
    "off, and acknowledge again."
)
LONGEST = 4000
"""Exchanges of 50 ms: longer than any ramp."""


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, BRISK)
    yield bench
    bench.close()


def treated(one: Bench) -> None:
    one.session.start()
    one.run(is_in(State.TREAT), LONGEST)


@pytest.mark.invariant("SI-06")
def test_a_fault_is_not_acknowledged_while_current_still_flows(one: Bench) -> None:
    treated(one)
    one.port.fail = LOST
    one.idle(1)
    one.port.fail = None
    one.port.alter = lambda told: told._replace(drive_na=-2_002_900, switch_closed=1)
    with pytest.raises(Refusal) as refused:
        one.session.acknowledge()
    assert str(refused.value) == STILL_ON.format("the output is on (2.002 mA)")
    one.port.alter = lambda told: told
    assert one.told[-1] == ("interrupted", "treat", "fault")
    one.idle(100)
    one.session.acknowledge()
    assert one.told[-1] == ("acknowledged", "fault", "idle")
    assert one.flowing_na < 100_000


@pytest.mark.invariant("SI-07")
def test_a_trip_that_comes_back_right_after_its_acknowledge_is_a_fault_again(one: Bench) -> None:
    treated(one)
    one.simulated.simulation.inject(Fault.EMERGENCY_STOP, 0)
    one.run(is_in(State.FAULT), 20)
    one.simulated.simulation.clear(Fault.EMERGENCY_STOP)
    one.session.acknowledge()
    one.simulated.simulation.inject(Fault.EMERGENCY_STOP, 0)
    one.idle(3)
    assert one.session.state is State.FAULT
    assert one.told[-1] == ("tripped", "idle", "fault")


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize("trip", [trip for trip in Trip if trip is not Trip.NONE])
def test_whatever_trips_after_an_acknowledge_is_a_fault_again(one: Bench, trip: Trip) -> None:
    treated(one)
    one.port.fail = LOST
    one.idle(1)
    one.port.fail = None
    one.idle(100)
    one.session.acknowledge()
    one.port.alter = lambda told: told._replace(trips=1 << (trip - 1), first_trip=trip)
    one.idle(1)
    assert one.told[-1] == ("tripped", "idle", "fault")


def test_adjusting_before_the_start_ends_nothing(one: Bench) -> None:
    one.idle(2)
    one.session.adjust(12_000)
    one.idle(2)
    assert one.session.outcome is None
    one.session.start()
    one.run(is_in(State.TREAT), LONGEST)


@pytest.mark.invariant("SI-06", "SI-16")
def test_a_core_that_has_not_heard_of_a_stop_is_not_taken_to_be_at_zero(one: Bench) -> None:
    one.simulated.simulation.inject(Fault.BODY_LIFT, 0)
    one.session.start()
    one.run(lambda report: report.telemetry.phase == Phase.WAIT, 20)
    one.simulated.simulation.inject(Fault.SUPERVISOR_FROZEN, 0)
    one.session.stop()
    one.idle(1)
    assert one.reports[-1].telemetry.phase == Phase.WAIT, "the stop did not arrive"
    assert one.session.state is State.RAMP_DOWN
    one.run(is_in(State.FAULT), 40)


def paused(one: Bench) -> None:
    treated(one)
    one.session.pause()
    one.run(is_in(State.IDLE), LONGEST)
    one.idle(3)


def lost_link(one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    one.port.fail = LOST
    one.idle(1)
    one.port.fail = None


def full_disk(one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", no_room)
        with pytest.raises(Refusal, match="no room"):
            one.session.resume()


def no_room(*_: object) -> None:
    raise Refusal("the journal", "no room left", "a disk with room", "the system")


@pytest.mark.invariant("SI-05", "SI-06")
@pytest.mark.parametrize("ended_by", [lost_link, full_disk])
def test_a_pause_that_ended_in_fault_is_not_resumed(
    one: Bench, monkeypatch: pytest.MonkeyPatch, ended_by: Callable[[Bench, pytest.MonkeyPatch], None]
) -> None:
    paused(one)
    ended_by(one, monkeypatch)
    assert (one.session.state, one.session.outcome) == (State.FAULT, Outcome.FAULT)
    one.session.acknowledge()
    with pytest.raises(Refusal, match=r"resume is a session that is not paused.*open another session"):
        one.session.resume()
    one.idle(200)
    assert one.session.state is State.IDLE
    assert one.port.requests[-1][0].command == Command.STOP
    assert one.flowing_na < 100_000


@pytest.mark.invariant("SI-07")
def test_a_session_that_has_lost_its_journal_acknowledges_nothing_by_itself(
    one: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    treated(one)
    one.simulated.simulation.inject(Fault.BODY_LIFT, 0)
    one.run(lambda report: report.waiting, 20)
    one.simulated.simulation.inject(Fault.BODY_RETURN, 0)
    one.run(lambda _: one.told[-1][0] == "contact-back", LONGEST)
    monkeypatch.setattr(Journal, "append", no_room)
    with pytest.raises(Refusal, match="no room"):
        one.idle(1)
    asked = len(one.port.requests)
    one.simulated.simulation.inject(Fault.EMERGENCY_STOP, 0)
    one.idle(10)
    one.simulated.simulation.clear(Fault.EMERGENCY_STOP)
    one.idle(200)
    assert not any(request.acknowledge for request, _ in one.port.requests[asked:])
    assert one.reports[-1].telemetry.trips != 0
    assert one.session.state is State.FAULT


@pytest.mark.invariant("SI-06")
def test_a_fault_is_not_acknowledged_while_the_core_waits_to_start_and_has_not_heard_of_the_stop(one: Bench) -> None:
    one.simulated.simulation.inject(Fault.BODY_LIFT, 0)
    one.session.start()
    one.run(lambda report: report.telemetry.phase == Phase.WAIT, 20)
    one.port.fail = LOST
    one.idle(1)
    one.port.fail = None
    assert one.session.state is State.FAULT
    one.port.alter = lambda told: told._replace(phase=Phase.WAIT)
    with pytest.raises(Refusal) as refused:
        one.session.acknowledge()
    assert str(refused.value) == STILL_ON.format("the core waits to start and has not heard of the stop")
    one.port.alter = lambda told: told
    one.session.acknowledge()
    assert [state for _, _, state in one.told] == ["ramp", "fault", "idle"]


@pytest.mark.invariant("SI-05")
def test_a_core_that_has_run_between_two_reports_is_asked_to_stop_before_it_is_asked_to_start(one: Bench) -> None:
    one.idle(3)
    one.port.alter = lambda told: told._replace(energised_us=told.energised_us + 1000)
    one.idle(1)
    one.session.start()
    asked = len(one.port.requests)
    one.idle(3)
    commands = [request.command for request, _ in one.port.requests[asked:]]
    assert commands == [Command.STOP, Command.RUN, Command.RUN]


@pytest.mark.invariant("SI-05")
def test_a_pause_that_is_resumed_at_the_very_moment_of_rest_stops_for_a_whole_exchange_first(one: Bench) -> None:
    treated(one)
    one.session.pause()
    one.run(is_in(State.IDLE), LONGEST)
    one.session.resume()
    asked = len(one.port.requests)
    one.idle(3)
    commands = [request.command for request, _ in one.port.requests[asked:]]
    assert commands == [Command.STOP, Command.RUN, Command.RUN]
