"""Every tick of the simulated device on random bodies under random faults, judged by every invariant: no breach.

No tick is left out of the judgement. What a fault changes is said to the judge, never excused: a loss of power begins
the trace anew with the trips that were carried, and a bit that flips in a word that is stored twice is an altered state
at the next step, which SI-20 then asks about. One thing alone is not injected: flips in the two words of the measured
dose. They are stored once, in the report; SI-18 says of them that they never decrease, which memory that changes by
itself breaks. `test_memory.py` shows that such a flip changes no drive.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from simulated_core import CONFIG, RUN, STOP

from iontocore.ccore import (
    Config,
    Event,
    Fault,
    Phase,
    Request,
    SimulatedBody,
    SimulatedElectronics,
    Simulation,
    Telemetry,
    Trace,
    Trip,
    default_body,
    default_electronics,
)
from iontocore.safety.invariants import INVARIANTS
from iontocore.safety.monitor import TraceMonitor, judge_trace
from iontocore.safety.samples import settings_of

ALL: Final = tuple(row.id for row in INVARIANTS if row.id not in ("SI-19", "SI-23", "SI-24", "SI-25"))
FAST: Final = CONFIG._replace(limit_na=5_000_000, trip_na=6_000_000, rise_na_per_tick=2000, fall_na_per_tick=10_000)
"""2 mA/s up and 10 mA/s down: a milliampere within half a second."""
MA: Final = 1_000_000
ROWS: Final = 20_000
"""More than any single run below has."""
DOSE: Final = ("telemetry.measured_positive_fc", "telemetry.measured_negative_fc")


class Judged:
    """A simulated device whose every tick is judged."""

    def __init__(
        self,
        config: Config = FAST,
        body: SimulatedBody | None = None,
        electronics: SimulatedElectronics | None = None,
        seed: int = 0,
    ) -> None:
        self.simulation: Final = Simulation(body, electronics, seed=seed)
        self.simulation.start(config)
        self.phases: Final[set[Phase]] = set()
        self.trips = 0
        self.ticks = 0
        self._trace: Final = Trace(ROWS)
        self.simulation.record(self._trace)
        self._monitor: Final = TraceMonitor(settings_of(config))
        self._heartbeat = 0
        self._flipped: set[int] = set()
        self._lost = False
        self._last_trips = 0

    def run(self, ticks: int, target_na: int, command: int = RUN, acknowledge: int = 0, stop_on: int = 0) -> Telemetry:
        """So many periods, with a heartbeat every 50 ms; judged."""
        left = ticks
        while True:
            self._heartbeat += 1
            request = Request(target_na, command, acknowledge, self._heartbeat)
            telemetry = self.simulation.run(request, min(left, 50), stop_on)
            left -= self.simulation.advanced
            assert not self.simulation.events & Event.TRACE, "the trace is full"
            if left <= 0 or self.simulation.events & stop_on:
                break
        self._judge()
        return telemetry

    def _judge(self) -> None:
        rows = self._trace.rows()
        count = self._trace.count
        if count:
            corrupted = np.zeros(count, dtype=np.int64)
            corrupted[0] = bool(self._flipped)
            self._monitor.feed({**rows, "corrupted": corrupted})
            self._flipped.clear()
            self._last_trips = int(rows["trips"][-1])
            self.phases.update(Phase(int(phase)) for phase in np.unique(rows["phase"]))
            self.trips |= int(np.bitwise_or.reduce(rows["trips"]))
            self.ticks += count
            self._trace.clear()
            for tally in self._monitor.tallies():
                assert tally.first is None, tally.first.sentence

    def start(self, target_na: int) -> None:
        """As a supervisor would, whatever is latched: stop, acknowledge, run."""
        self.run(600, target_na, STOP)
        self.run(1, target_na, STOP, acknowledge=1)
        self.run(150, target_na, STOP)
        self.run(1, target_na)

    def inject(self, fault: Fault, parameter: int) -> None:
        """Begin a fault; the judge is told of what no trace shows.

        A bit that flips without power, or twice before a step, has not changed what the next step works by."""
        if fault is Fault.MEMORY_FLIP:
            name = self.word_at(parameter // 8)
            if name in DOSE:
                return
            if self.simulation.powered and any(part in name for part in ("limits", "state", "config")):
                self._flipped ^= {parameter}
        self._lost = self._lost or fault is Fault.SUPPLY_LOST
        self.simulation.inject(fault, 0 if fault is Fault.SUPPLY_LOST else parameter)

    def clear(self, fault: Fault) -> None:
        """End a fault; the supply comes back at the next period."""
        self.simulation.clear(fault)
        if fault is Fault.SUPPLY_LOST and self._lost:
            self._monitor.power_on(self._last_trips)
            self._lost = False
            self._flipped.clear()

    def word_at(self, offset: int) -> str:
        fields = self.simulation.memory.fields.items()
        return next((name for name, place in fields if place.start <= offset < place.stop), "padding")


# ---- what is drawn ---------------------------------------------------------------------------------------------------

BITS: Final = 8 * len(Simulation().memory.bytes)

PARAMETERS: Final[dict[Fault, st.SearchStrategy[int]]] = (
    {fault: st.just(0) for fault in Fault}
    | {
        Fault.CONTACT_STUCK: st.integers(0, 1),
        Fault.DAC_RUNAWAY: st.integers(-40 * MA, 40 * MA),
        Fault.DAC_GAIN: st.integers(0, 10_000),
        Fault.DAC_OFFSET: st.integers(-5 * MA, 5 * MA),
        Fault.SWITCH_READBACK: st.integers(0, 1),
        Fault.SWITCH_LEAK: st.integers(-5 * MA, 5 * MA),
        Fault.TICK_MISSED: st.integers(1, 60),
        Fault.TICK_DOUBLED: st.integers(1, 5),
        Fault.TIMER_SLOW: st.integers(1, 9000),
        Fault.TIMER_FAST: st.integers(1, 900),
        Fault.CLOCK_SLOW: st.integers(1, 1000),
        Fault.CLOCK_FAST: st.integers(1, 9000),
        Fault.SUPPLY_DIP: st.integers(0, 60_000),
        Fault.BODY_LIFT: st.integers(0, 999),
        Fault.BODY_FLICKER: st.integers(1, 200_000),
        Fault.BODY_SHORT: st.integers(0, 5000),
        Fault.MEMORY_FLIP: st.integers(0, BITS - 1),
    }
    | {
        Fault[f"{sensor}_{kind}"]: strategy
        for sensor, full in (("A", 8 * MA), ("B", 8 * MA), ("V", 80_000))
        for kind, strategy in (
            ("FULL", st.sampled_from([-1, 1])),
            ("OFFSET", st.integers(-full, full)),
            ("GAIN", st.integers(-2000, 10_000)),
            ("NOISE", st.integers(0, full)),
            ("SLOW", st.integers(1, 1_000_000)),
        )
    }
)

FAULTS: Final = st.sampled_from(list(Fault)).flatmap(lambda fault: st.tuples(st.just(fault), PARAMETERS[fault]))

BODIES: Final = st.builds(
    lambda area, wet, more, water, start, contact: default_body()._replace(
        area_a_mm2=area,
        wet_ohm_cm2=wet,
        dry_ohm_cm2=wet * more,
        water_ohm=water,
        soak_start_permille=start,
        contact=contact,
    ),
    st.integers(500, 30_000),
    st.integers(20_000, 2_000_000),
    st.integers(1, 10),
    st.integers(0, 5000),
    st.integers(0, 1000),
    st.sampled_from([1, 1, 1, 0]),
)
ELECTRONICS: Final = st.builds(
    lambda dac, a, b, noise, stage, switch, clock, jitter, start: default_electronics()._replace(
        dac_gain_ppm=dac,
        a_gain_ppm=a,
        b_gain_ppm=b,
        a_noise_na=noise,
        stage_us=stage,
        switch_us=switch,
        clock_ppm=clock,
        jitter_us=jitter,
        clock_start_us=start,
    ),
    st.integers(-20_000, 20_000),
    st.integers(-20_000, 20_000),
    st.integers(-20_000, 20_000),
    st.integers(0, 20_000),
    st.integers(1, 2000),
    st.integers(0, 3000),
    st.integers(-5000, 5000),
    st.integers(0, 90),
    st.integers(0, 2**32 - 1),
)


class Act(NamedTuple):
    """A fault, what the supervisor does for a while, and whether the fault ends then."""

    fault: tuple[Fault, int]
    ticks: int
    target_na: int
    command: int
    acknowledge: int
    ends: bool
    starts_again: bool


ACTS: Final = st.lists(
    st.builds(
        Act,
        fault=FAULTS,
        ticks=st.integers(1, 60) | st.integers(1, 700),
        target_na=st.sampled_from([-2 * MA, -MA, -MA // 10, 0, MA, 2 * MA, 5 * MA, 5 * MA + 1]),
        command=st.sampled_from([RUN, RUN, RUN, STOP]),
        acknowledge=st.sampled_from([0, 0, 1]),
        ends=st.booleans(),
        starts_again=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.invariant(*ALL)
@given(st.integers(0, 2**64 - 1), BODIES, ELECTRONICS, st.integers(1, 900), ACTS)
@settings(max_examples=250)
def test_random_faults_at_random_moments_on_random_bodies_break_no_invariant_at_any_tick(
    seed: int, body: SimulatedBody, electronics: SimulatedElectronics, ticks: int, acts: list[Act]
) -> None:
    judged = Judged(FAST, body, electronics, seed)
    judged.start(MA)
    judged.run(ticks, MA)
    for act in acts:
        fault, parameter = act.fault
        judged.inject(fault, parameter)
        judged.run(act.ticks, act.target_na, act.command, act.acknowledge)
        if act.ends:
            judged.clear(fault)
        if act.starts_again:
            judged.start(act.target_na)
            judged.run(act.ticks, act.target_na)
    for trip in Trip:
        if trip and judged.trips >> (trip - 1) & 1:
            event(f"tripped {trip.label}")


# ---- every fault in every phase --------------------------------------------------------------------------------------


def reach(judged: Judged, phase: Phase) -> None:
    """From power-on into a phase."""
    if phase is Phase.IDLE:
        judged.run(300, MA // 2, STOP)
        return
    if phase is Phase.WAIT:
        judged.inject(Fault.BODY_LIFT, 0)
        judged.start(MA // 2)
        return
    judged.start(MA // 2)
    if phase is Phase.RAMP:
        judged.run(100, MA // 2)
        return
    judged.run(600, MA // 2)
    if phase is Phase.REVERSE:
        judged.run(20, -MA // 2)
    elif phase is Phase.FALL:
        judged.run(20, MA // 2, STOP)
    elif phase is Phase.FAULT:
        judged.inject(Fault.EMERGENCY_STOP, 0)
        judged.run(1, MA // 2)
        judged.clear(Fault.EMERGENCY_STOP)


def parameters(fault: Fault) -> Iterator[int]:
    """A few of each fault's range: mild and gross, and both signs."""
    if fault is Fault.MEMORY_FLIP:
        yield from range(5, BITS, 601)
    elif fault.name.endswith(("_OFFSET", "_LEAK", "_RUNAWAY")):
        yield from (-4_000_000, -60_000, 60_000, 4_000_000) if not fault.name.startswith("V_") else (-70_000, 70_000)
    elif fault.name.endswith("_GAIN"):
        yield from (0, 500, 2000) if fault is Fault.DAC_GAIN else (-1000, 0, 500, 2000)
    elif fault.name.endswith("_NOISE"):
        yield from (100_000, 5_000_000) if not fault.name.startswith("V_") else (100, 50_000)
    elif fault.name.endswith("_FULL"):
        yield from (-1, 1)
    elif fault in (Fault.CONTACT_STUCK, Fault.SWITCH_READBACK):
        yield from (0, 1)
    elif fault.name.startswith(("TIMER_", "CLOCK_", "TICK_")) and fault not in (
        Fault.TIMER_FROZEN,
        Fault.CLOCK_STOPPED,
    ):
        yield from (1, 100, 900)
    elif fault.name.endswith("_SLOW") or fault is Fault.BODY_FLICKER:
        yield from (1, 5000, 100_000)
    elif fault is Fault.SUPPLY_DIP:
        yield from (0, 5000)
    elif fault is Fault.BODY_SHORT:
        yield from (0, 150, 1500)
    elif fault is Fault.BODY_LIFT:
        yield from (0, 500)
    else:
        yield 0


@pytest.mark.invariant(*ALL)
@pytest.mark.parametrize("phase", list(Phase), ids=lambda phase: phase.name.lower())
@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
def test_every_fault_in_every_phase_breaks_no_invariant_and_a_restart_after_it_does_neither(
    fault: Fault, phase: Phase
) -> None:
    for parameter in parameters(fault):
        judged = Judged(seed=parameter % 1000)
        reach(judged, phase)
        assert phase in judged.phases
        judged.inject(fault, parameter)
        judged.run(150, MA // 2, STOP if phase in (Phase.IDLE, Phase.FALL) else RUN)
        judged.clear(fault)
        judged.start(-MA // 2)
        judged.run(100, -MA // 2)


@pytest.mark.invariant(*ALL)
def test_a_sound_treatment_with_a_reversal_and_a_pause_is_judged_at_every_tick_and_never_trips() -> None:
    judged = Judged(CONFIG._replace(rise_na_per_tick=2000), seed=3)
    judged.start(2 * MA)
    assert judged.run(5000, 2 * MA, stop_on=Event.SWITCH).phase == Phase.TREAT
    assert judged.run(6000, -2 * MA).phase == Phase.TREAT
    assert judged.run(4000, -2 * MA, STOP).phase == Phase.IDLE
    assert judged.run(6000, -2 * MA).phase == Phase.TREAT
    assert judged.trips == 0
    assert judged.phases == set(Phase) - {Phase.FAULT} - ({Phase.WAIT} - judged.phases)
    assert judged.ticks > 20_000


@pytest.mark.invariant(*ALL)
@given(st.integers(0, 2**32), st.integers(100, 5000))
@settings(max_examples=15)
def test_a_whole_trace_and_the_same_in_blocks_are_judged_alike(seed: int, block_ticks: int) -> None:
    simulation = Simulation(seed=seed)
    simulation.start(FAST)
    trace = Trace(20_000)
    simulation.record(trace)
    for exchange in range(80):
        command = STOP if exchange < 4 or exchange > 60 else RUN
        simulation.run(Request(MA if exchange < 40 else -MA, command, 0, exchange), 50)
    whole = judge_trace(trace.rows(), settings_of(FAST))
    assert judge_trace(trace.rows(), settings_of(FAST), block_ticks=block_ticks) == whole
    assert {tally.breaches for tally in whole} == {0}
    assert {tally.ticks_checked for tally in whole} == {4000}
