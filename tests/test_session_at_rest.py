"""What is at rest: nothing is over, and nothing acknowledged, while current flows or may still begin to flow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sessions import BRISK, Bench, is_in

from iontocore import LinkLost, Refusal, State
from iontocore.ccore import Fault, Phase

LOST = LinkLost("no telemetry came, where one every 50 ms was expected")
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
    with pytest.raises(Refusal, match=r"asked for while the output is on \(\d"):
        one.session.acknowledge()
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
