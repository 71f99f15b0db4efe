"""The monitor: good traces keep every invariant, each invariant finds what breaks it, and both forms of the monitor
say the same however a trace is cut."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

import numpy as np
import pytest
from hostile import Stretch, columns_of, played, stretches
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference_core import CONFIG, OHM, SOUND, STOP, Ask, Look, ReferenceCore

from iontocore.ccore import Command, Config, Core, Event, Fault, Phase, Request, Sense, Simulation, Trace, Trip
from iontocore.safety.invariants import INVARIANT_BY_ID, INVARIANTS
from iontocore.safety.monitor import (
    BLOCK_TICKS,
    Breach,
    Monitor,
    Tally,
    TraceMonitor,
    breach_of,
    judge_trace,
    report_rows,
)
from iontocore.safety.samples import Settings, TraceRow, Witness, power_on, sample_of_report, settings_of

SETTINGS = settings_of(CONFIG)
TICK_US = CONFIG.tick_us
RUN, STOPPED = int(Command.RUN), int(Command.STOP)
ALL_IDS = [row.id for row in INVARIANTS]

Columns = Mapping[str, NDArray[np.integer]]


def _one_by_one(
    rows: Sequence[TraceRow],
    settings: Settings = SETTINGS,
    more: Mapping[str, Sequence[int]] | None = None,
    carried_trips: int = 0,
) -> tuple[Tally, ...]:
    """What the monitor finds that judges tick by tick; ``more`` are the columns that a trace may leave out."""
    witness = Witness(settings, carried_trips)
    monitor = Monitor(settings, carried_trips=carried_trips, rows=INVARIANTS)
    for place, row in enumerate(rows):
        monitor.judge(witness.look(row, **{name: column[place] for name, column in (more or {}).items()}))
    return monitor.tallies()


def _broken(tallies: Sequence[Tally]) -> dict[str, int]:
    return {tally.id: tally.breaches for tally in tallies if tally.breaches}


# ---- good traces -----------------------------------------------------------------------------------------------------


def _session(core: ReferenceCore | None = None) -> list[TraceRow]:
    """Both ways and to rest: up by 200, across zero by 330, down by 450."""
    script = [(150, STOP), (180, Ask(target_na=700_000)), (220, Ask(target_na=-700_000)), (50, STOP)]
    core = ReferenceCore() if core is None else core
    return [core.step(ask) for ticks, ask in script for _ in range(ticks)]


def test_the_session_that_is_broken_below_is_a_whole_treatment() -> None:
    rows = _session()
    assert (max(row.drive_na for row in rows), min(row.drive_na for row in rows)) == (700_000, -700_000)
    assert {row.phase for row in rows} >= {Phase.IDLE, Phase.RAMP, Phase.TREAT, Phase.REVERSE, Phase.FALL}
    assert (rows[-1].drive_na, rows[-1].switch_closed, rows[-1].trips) == (0, 0, 0)


@pytest.mark.invariant(*ALL_IDS)
def test_a_good_session_breaks_nothing() -> None:
    rows = _session()
    tallies = judge_trace(columns_of(rows), SETTINGS)
    assert tallies == tuple(Tally(id, len(rows), 0, None) for id in ALL_IDS)
    assert tallies == _one_by_one(rows)


@pytest.mark.invariant(*ALL_IDS)
@given(script=stretches)
def test_whoever_keeps_the_promises_is_not_accused_whatever_is_sensed_and_asked(script: list[Stretch]) -> None:
    rows = played(ReferenceCore(), script)
    assert _broken(judge_trace(columns_of(rows), SETTINGS)) == {}


@dataclass(slots=True)
class CompiledCore:
    """The C core in the place of the reference."""

    config: Config = CONFIG
    carried_trips: int = 0
    core: Core = field(init=False)
    drive_na: int = 0
    closed: bool = False
    ticks: int = 0
    now_us: int = 4_294_950_000
    number: int = 0
    heartbeat: int = 0

    def __post_init__(self) -> None:
        self.core = Core(self.config, self.carried_trips)

    def step(self, ask: Ask, look: Look = SOUND) -> TraceRow:
        measured = look.measured_na if look.measured_na is not None else self.drive_na
        check = look.check_na if look.check_na is not None else measured
        voltage = look.voltage_mv if look.voltage_mv is not None else measured * OHM // 1_000_000
        readback = look.switch_readback if look.switch_readback is not None else int(self.closed)
        self.now_us = (self.now_us + self.config.tick_us + look.late_us) % 2**32
        self.number += not look.same_sample
        self.heartbeat += not ask.silent
        sense = Sense(self.now_us, self.number, measured, check, voltage, look.contact, readback, look.emergency_stop)
        drive = self.core.step(sense, Request(ask.target_na, ask.command, ask.acknowledge, self.heartbeat))
        told = self.core.report()
        self.drive_na, self.closed = drive.current_na, drive.switch_closed == 1
        self.ticks += 1
        return TraceRow(
            time_us=told.time_us,
            energised_us=told.energised_us,
            driven_positive_fc=told.driven_positive_fc,
            driven_negative_fc=told.driven_negative_fc,
            measured_positive_fc=told.measured_positive_fc,
            measured_negative_fc=told.measured_negative_fc,
            command=ask.command,
            acknowledge=ask.acknowledge,
            heartbeat=self.heartbeat,
            requested_na=ask.target_na,
            target_na=told.target_na,
            proposal_na=self.core.memory.read("regulator.state.level_na"),
            drive_na=drive.current_na,
            switch_closed=drive.switch_closed,
            phase=told.phase,
            limited_by=told.limited_by,
            refused=told.refused,
            first_trip=told.first_trip,
            trips=told.trips,
            measured_na=measured,
            check_na=check,
            voltage_mv=voltage,
            contact=look.contact,
            switch_readback=readback,
            emergency_stop=look.emergency_stop,
            sample=self.number,
            now_us=self.now_us,
            true_na=measured,
            true_voltage_mv=voltage,
            true_contact=look.contact,
            true_switch=readback,
        )


_CAPPED = CONFIG._replace(
    time_cap_us=1_205_000,
    time_reserve_us=250_000,
    charge_cap_each_fc=400_000_000_000,
    charge_cap_total_fc=600_000_000_007,
    charge_reserve_fc=120_000_000_000,
)
_BARELY_RESERVED = _CAPPED._replace(time_reserve_us=TICK_US, charge_reserve_fc=CONFIG.limit_na * TICK_US)


@pytest.mark.invariant(*ALL_IDS)
@pytest.mark.parametrize("config", [CONFIG, _CAPPED, _BARELY_RESERVED], ids=["plain", "capped", "barely reserved"])
@given(script=stretches, carried_trips=st.just(0) | st.integers(0, 0xFFFF))
def test_the_c_core_breaks_nothing_whatever_is_sensed_and_asked(
    config: Config, script: list[Stretch], carried_trips: int
) -> None:
    rows = played(CompiledCore(config, carried_trips), script)
    assert _broken(judge_trace(columns_of(rows), settings_of(config), carried_trips=carried_trips)) == {}


_CRITICAL = [
    name for name in Core(CONFIG).memory.fields if name.startswith(("guard.", "regulator.limits", "regulator.state"))
]


@pytest.mark.invariant("SI-20")
@given(
    script=stretches,
    flips=st.dictionaries(st.integers(0, 150), st.tuples(st.sampled_from(_CRITICAL), st.integers(0, 31))),
)
def test_the_c_core_finds_every_flipped_bit_of_its_state_at_the_next_tick_and_breaks_nothing(
    script: list[Stretch], flips: dict[int, tuple[str, int]]
) -> None:
    core, rows, corrupted = CompiledCore(), list[TraceRow](), list[int]()
    for stretch in chain.from_iterable([stretch] * stretch.ticks for stretch in script):
        flip = flips.get(len(rows))
        if flip is not None:
            memory, (name, bit) = core.core.memory, flip
            memory.bytes[memory.fields[name].start + bit // 8] ^= 1 << bit % 8
        corrupted.append(int(flip is not None))
        rows += played(core, [Stretch(1, stretch.ask, stretch.look, stretch.past, stretch.sign)])
    columns = columns_of(rows) | {"corrupted": np.array(corrupted)}
    assert _broken(judge_trace(columns, SETTINGS)) == {}


_PALMS = CONFIG._replace(
    tick_us=1_000,
    tick_tolerance_us=200,
    limit_na=15_000_000,
    trip_na=18_000_000,
    rise_na_per_tick=2_000,
    fall_na_per_tick=10_000,
    over_voltage_mv=66_000,
    short_above_na=1_000_000,
    short_ohm=100,
    mismatch_na=500_000,
    disagree_na=500_000,
    sensor_max_na=49_000_000,
    sensor_max_mv=99_000,
    dwell_us=100_000,
    contact_us=100_000,
    heartbeat_us=200_000,
    charge_cap_each_fc=10**15,
    charge_cap_total_fc=2 * 10**15,
    charge_reserve_fc=10**13 * 3,
)
"""Hands in trays on the simulated device, with ramps as steep as they may be."""

_PARAMETERS = {
    Fault.A_FULL: 1,
    Fault.A_OFFSET: 600_000,
    Fault.A_GAIN: 3_000,
    Fault.A_NOISE: 800_000,
    Fault.A_SLOW: 900_000,
    Fault.B_FULL: -1,
    Fault.B_OFFSET: -600_000,
    Fault.B_GAIN: 0,
    Fault.B_NOISE: 800_000,
    Fault.B_SLOW: 900_000,
    Fault.V_FULL: 1,
    Fault.V_OFFSET: 90_000,
    Fault.V_GAIN: 9_000,
    Fault.V_NOISE: 30_000,
    Fault.V_SLOW: 900_000,
    Fault.DAC_RUNAWAY: -30_000_000,
    Fault.DAC_GAIN: 3_000,
    Fault.DAC_OFFSET: 900_000,
    Fault.SWITCH_READBACK: 1,
    Fault.SWITCH_LEAK: 400_000,
    Fault.TICK_MISSED: 1,
    Fault.TICK_DOUBLED: 1,
    Fault.TIMER_SLOW: 300,
    Fault.TIMER_FAST: 300,
    Fault.CLOCK_SLOW: 300,
    Fault.CLOCK_FAST: 300,
    Fault.SUPPLY_DIP: 5_000,
    Fault.BODY_FLICKER: 7_000,
    Fault.BODY_SHORT: 1,
    Fault.SUPPLY_LOST: 20_000,
}
"""What a fault is injected with where it takes more than 0."""

_IN_PLACE_OF_THE_REQUEST = {Fault.SUPERVISOR_STUCK, Fault.SUPERVISOR_GARBAGE}
"""With these the core is asked for something else than what is requested, by which a report is judged."""


def _treated(sim: Simulation, fault: Fault, during: str) -> tuple[TraceMonitor, Monitor]:
    """Four seconds of a treatment both ways, by a supervisor that stops at a trip, acknowledges it and goes on, with
    the fault from its begin, while current flows or at rest, for a second each; judged tick by tick and by
    reports."""
    settings = settings_of(_PALMS)
    ticks, reports, trace = TraceMonitor(settings), Monitor(settings), Trace(200)
    sim.start(_PALMS)
    sim.record(trace)
    sample, trips, acknowledge = power_on(), 0, 0
    begins = {"start": 0, "treating": 60, "stopping": 140}[during]
    for exchange in range(160):
        if exchange == begins:
            sim.inject(fault, _PARAMETERS.get(fault, 0))
        if exchange == begins + 40:
            sim.clear(fault)
        run = exchange % 70 >= 10 and trips == 0 and exchange < 145
        acknowledge = int(trips != 0 and acknowledge == 0)
        target_na = 5_000_000 if exchange < 80 else -5_000_000
        request = Request(target_na, RUN if run else STOPPED, acknowledge, heartbeat=exchange + 1)
        left = 25
        while left > 0:
            was_powered = sim.powered
            telemetry = sim.run(request, left, stop_on=int(Event.POWER))
            left -= sim.advanced
            if not was_powered:  # the first step, if the power is back, is in this run already
                ticks.power_on(trips)
                reports.power_on(trips)
                sample = power_on(trips)
            if trace.count > 0:
                ticks.feed(trace.rows())
                trace.clear()
            if sim.powered and fault not in _IN_PLACE_OF_THE_REQUEST:
                sample = sample_of_report(sample, request, telemetry, settings)
                assert reports.judge(sample) == ()
            trips = telemetry.trips
    return ticks, reports


@pytest.mark.invariant(*ALL_IDS)
@pytest.mark.parametrize("during", ["start", "treating", "stopping"])
@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name)
def test_the_simulated_device_breaks_nothing_with_any_single_fault(fault: Fault, during: str) -> None:
    ticks, reports = _treated(Simulation(seed=5), fault, during)
    assert _broken(ticks.tallies()) == {}
    assert _broken(reports.tallies()) == {}
    assert ticks.tallies()[0].ticks_checked > 100


# ---- broken ones -----------------------------------------------------------------------------------------------------

Rows = list[TraceRow]


@dataclass(frozen=True, slots=True)
class Seed:
    """A trace in which an invariant is broken, the tick at which it is first, and what it is judged by."""

    id: str
    what: str
    rows: Callable[[], Rows]
    tick: int
    settings: Settings = SETTINGS
    more: Mapping[str, Callable[[Rows], list[int]]] = field(default_factory=dict)
    carried_trips: int = 0


def _first(rows: Rows, holds: Callable[[TraceRow], bool]) -> int:
    return next(place for place, row in enumerate(rows) if holds(row))


_GOOD = _session()
_CLOSED = _first(_GOOD, lambda row: row.switch_closed == 1)
_RAMPING = _first(_GOOD, lambda row: row.drive_na == 300_000)
_TREATING = _first(_GOOD, lambda row: row.phase == Phase.TREAT and row.drive_na == 700_000) + 50
_TURNED = _first(_GOOD, lambda row: row.drive_na < 0)
_BACK_AT_ZERO = _first(_GOOD[_TREATING:], lambda row: row.drive_na == 0) + _TREATING
_STOPPING = _first(_GOOD, lambda row: row.phase == Phase.FALL)


def _altered(place: int, **changes: int) -> Callable[[], Rows]:
    """The good session with one tick altered."""
    return lambda: [row._replace(**changes) if at == place else row for at, row in enumerate(_GOOD)]


def _by_a_core_that_has(script: Sequence[tuple[int, Ask, Look]] = (), **wrong: int) -> Callable[[], Rows]:
    """A session, or a script, by a core that works by a number that is not the one in force."""

    def rows() -> Rows:
        core = ReferenceCore(CONFIG._replace(**wrong))
        if not script:
            return _session(core)
        return [core.step(ask, look) for ticks, ask, look in script for _ in range(ticks)]

    return rows


_UP = [(12, STOP, SOUND), (38, Ask(target_na=700_000), SOUND)]
"""Fifty ticks; at their end 700 000 nA flow."""
_ON = Ask(target_na=700_000)
_LEFT_STANDING = Ask(target_na=700_000, silent=True)


def _faulty(look: Look) -> list[tuple[int, Ask, Look]]:
    """The look comes at tick 50 and stays."""
    return [*_UP, (40, _ON, look)]


def _due(time_us: int) -> int:
    """The tick by which what began at tick 50 has been there for its time."""
    return 50 + -(-time_us // TICK_US) - 1


def _loose(**numbers: int) -> dict[str, int]:
    """The numbers as a core has them that is a tick late."""
    return {name: value + TICK_US for name, value in numbers.items()}


_LATE = [
    ("SI-08", "over_current_us", Look(measured_na=1_500_001, check_na=1_500_001)),
    ("SI-09", "over_voltage_us", Look(voltage_mv=-62_001)),
    ("SI-10", "open_us", Look(contact=0)),
    ("SI-11", "short_us", Look(voltage_mv=349)),
    ("SI-12", "mismatch_us", Look(measured_na=800_001, check_na=800_001)),
    ("SI-13", "sensor_us", Look(check_na=780_001)),
    ("SI-13", "stale_us", Look(same_sample=True)),
    ("SI-14", "switch_us", Look(switch_readback=0)),
]
_LENIENT = {"mismatch_us": CONFIG.mismatch_us * 4, "sensor_us": CONFIG.sensor_us * 4}
"""The seeds of other conditions are mismatches as well, or disagree: a core that is late with those, too."""

_SATURATED = {"voltage_mv": CONFIG.saturation_mv, "measured_na": 400_000}
"""Less flows than the 0.7 mA that are driven, by more than the headroom of 0.2 mA."""

SEEDS = [
    Seed("SI-01", "a core with a higher limit", _altered(_TREATING, drive_na=1_000_001), _TREATING),
    Seed("SI-02", "a limit above the ceiling", _session, 0, settings_of(CONFIG._replace(limit_na=30_000_001))),
    Seed("SI-02", "a drive above the ceiling", _altered(_TREATING, drive_na=-30_000_001), _TREATING),
    Seed("SI-03", "a step up", _altered(_RAMPING, drive_na=300_001), _RAMPING),
    Seed("SI-03", "a step down", _altered(_TREATING, drive_na=649_999), _TREATING),
    Seed("SI-03", "a faster core", _by_a_core_that_has(rise_na_per_tick=20_001), _CLOSED + 1),
    Seed("SI-03", "off without a trip", _altered(_TREATING, drive_na=0, switch_closed=0), _TREATING),
    Seed("SI-04", "a shorter dwell", _by_a_core_that_has(dwell_us=95_000), _TURNED - 1),
    Seed("SI-04", "turned at full current", _altered(_TREATING, drive_na=-700_000), _TREATING),
    Seed(
        "SI-04",
        "the first direction too early",
        lambda: _GOOD[_CLOSED - 9 :],
        10,
    ),
    Seed(
        "SI-05",
        "contact for too short",
        _by_a_core_that_has([(20, STOP, Look(contact=0)), (40, _ON, SOUND)], contact_us=35_000),
        23,
    ),
    Seed(
        "SI-05",
        "by a supervisor that is silent",
        _by_a_core_that_has(
            [(20, STOP, Look(contact=0)), (10, _LEFT_STANDING, Look(contact=0)), (40, _LEFT_STANDING, SOUND)],
            heartbeat_us=300_000,
        ),
        34,
    ),
    Seed("SI-05", "not from zero", lambda: _GOOD[: _CLOSED - 1] + _GOOD[_RAMPING:], _CLOSED - 1),
    Seed("SI-05", "at power-on", lambda: _GOOD[_RAMPING:], 0),
    Seed("SI-05", "without a stop", lambda: [row._replace(command=RUN) for row in _GOOD], _CLOSED),
    Seed("SI-06", "closed while idle", _altered(_TREATING, phase=int(Phase.IDLE)), _TREATING),
    Seed("SI-06", "a trip and no fault", _altered(5, trips=1, first_trip=1), 5),
    Seed("SI-07", "a drive in spite of a trip", _altered(_TREATING, trips=4, first_trip=3), _TREATING),
    Seed(
        "SI-07",
        "gone by itself",
        lambda: [*_tripped_rows(), *(row._replace(trips=0, first_trip=0) for row in _tripped_rows()[-3:])],
        90,
    ),
    Seed("SI-07", "lost with the power", _session, 0, carried_trips=4),
    Seed(
        "SI-07",
        "cleared while current is measured",
        lambda: [
            row._replace(measured_na=60_000, check_na=60_000) if row.acknowledge == 1 else row
            for row in _acknowledged_rows()
        ],
        90,
    ),
    *(
        Seed(
            id,
            f"{timer} a tick late",
            _by_a_core_that_has(_faulty(look), **(_LENIENT | _loose(**{timer: getattr(CONFIG, timer)}))),
            _due(getattr(CONFIG, timer)),
        )
        for id, timer, look in _LATE
    ),
    Seed(
        "SI-10",
        "back at full current",
        lambda: [row._replace(drive_na=0) if at == _TREATING else row for at, row in enumerate(_GOOD)],
        _TREATING + 1,
    ),
    Seed(
        "SI-14",
        "leakage a tick late",
        _by_a_core_that_has(
            [(50, STOP, SOUND), (40, STOP, Look(measured_na=-50_001, check_na=0))],
            **(_LENIENT | _loose(leakage_us=CONFIG.leakage_us)),
        ),
        _due(CONFIG.leakage_us),
    ),
    Seed(
        "SI-15",
        "a longer patience",
        _by_a_core_that_has(
            [*_UP, (60, Ask(target_na=700_000, silent=True), SOUND)], **_loose(heartbeat_us=CONFIG.heartbeat_us)
        ),
        _due(CONFIG.heartbeat_us),
    ),
    Seed(
        "SI-16",
        "a stop that nobody hears",
        lambda: [row._replace(command=STOPPED) if at == _TREATING else row for at, row in enumerate(_GOOD)],
        _TREATING,
    ),
    Seed("SI-16", "the switch stays closed", _altered(len(_GOOD) - 1, switch_closed=1), len(_GOOD) - 1),
    Seed("SI-16", "too slow a fall", _by_a_core_that_has(fall_na_per_tick=49_999), _STOPPING),
    Seed("SI-16", "an emergency stop that nobody hears", _altered(_TREATING, emergency_stop=1), _TREATING),
    Seed(
        "SI-17",
        "a longer cap",
        _by_a_core_that_has(time_cap_us=100_000_000),
        _CLOSED + 150,
        settings_of(CONFIG._replace(time_cap_us=1_505_000)),
    ),
    Seed("SI-17", "time that runs backwards", _altered(_TREATING, energised_us=0), _TREATING),
    Seed(
        "SI-18",
        "a larger cap",
        _session,
        _first(_GOOD, lambda row: row.driven_positive_fc > 400_000_000_000),
        settings_of(CONFIG._replace(charge_cap_each_fc=400_000_000_000)),
    ),
    Seed("SI-18", "charge that is forgotten", _altered(_TREATING, driven_positive_fc=0), _TREATING),
    Seed("SI-18", "a dose that is forgotten", _altered(_TREATING, measured_positive_fc=0), _TREATING),
    Seed(
        "SI-19",
        "one way more than the other",
        _session,
        len(_GOOD) - 1,
        settings_of(CONFIG, reversing=True, balance_tolerance_percent=2),
        {"completed": lambda rows: [0] * (len(rows) - 1) + [1]},
    ),
    Seed(
        "SI-20",
        "a flipped bit that nobody finds",
        _session,
        _TREATING,
        more={"corrupted": lambda rows: [int(place == _TREATING) for place in range(len(rows))]},
    ),
    Seed(
        "SI-20",
        "a corrupt core that drives",
        _altered(_TREATING, trips=1 << 10, first_trip=int(Trip.CORRUPT)),
        _TREATING,
    ),
    Seed(
        "SI-21",
        "a wider tolerance",
        _by_a_core_that_has([*_UP, (1, _ON, Look(late_us=2_001)), (9, _ON, SOUND)], tick_tolerance_us=3_000),
        50,
    ),
    Seed(
        "SI-21",
        "a doubled tick",
        _by_a_core_that_has([*_UP, (1, _ON, Look(late_us=-10_000)), (9, _ON, SOUND)], tick_tolerance_us=10_000),
        50,
    ),
    Seed(
        "SI-22",
        "a silent clamp",
        lambda: [
            row._replace(requested_na=1_000_001, target_na=1_000_000) if row.requested_na == 700_000 else row
            for row in _GOOD
        ],
        _first(_GOOD, lambda row: row.requested_na == 700_000),
    ),
    Seed("SI-22", "a target that was never asked for", _altered(_TREATING, target_na=5), _TREATING),
    Seed("SI-23", "the other electrode", _session, _TURNED, settings_of(CONFIG, ion_sign=1)),
    Seed("SI-23", "the other drug", _session, _CLOSED + 1, settings_of(CONFIG, ion_sign=-1)),
    Seed("SI-24", "someone who was not admitted", _session, _CLOSED, settings_of(CONFIG, admitted=False)),
    Seed(
        "SI-25",
        "a target that the journal gets later",
        _session,
        _first(_GOOD, lambda row: row.requested_na == 700_000),
        more={"journaled_target_na": lambda rows: [0] + [row.requested_na for row in rows[:-1]]},
    ),
    Seed(
        "SI-25",
        "a stop that the journal gets later",
        _session,
        _first(_GOOD, lambda row: row.command == RUN),
        more={"journaled_command": lambda rows: [STOPPED] + [row.command for row in rows[:-1]]},
    ),
    Seed("SI-26", "a wild proposal that the guard cut", _altered(_TREATING, proposal_na=2_000_000), _TREATING),
    Seed("SI-26", "a proposal that steps", _altered(_RAMPING, proposal_na=300_001), _RAMPING),
    Seed("SI-26", "a proposal above what a saturated voltage allows", _altered(_TREATING, **_SATURATED), _TREATING),
    Seed("SI-27", "driven on at a saturated voltage", _altered(_TREATING, **_SATURATED), _TREATING),
    Seed("SI-26", "a proposal that turns", _altered(_BACK_AT_ZERO, proposal_na=-1), _BACK_AT_ZERO),
    Seed(
        "SI-26",
        "a regulator that does not hear of the cut",
        lambda: [
            row._replace(proposal_na=700_000) if place >= 50 else row for place, row in enumerate(_tripped_rows())
        ],
        _due(CONFIG.open_us) + 1,
    ),
]


def _tripped_rows() -> Rows:
    """Contact is lost at tick 50 for good; ninety ticks."""
    return _by_a_core_that_has(_faulty(Look(contact=0)))()


def _acknowledged_rows() -> Rows:
    """The same, acknowledged at tick 90."""
    script = [*_faulty(Look(contact=0)), (1, Ask(command=STOPPED, acknowledge=1), SOUND)]
    return _by_a_core_that_has(script)()


@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, id=f"{seed.id} {seed.what}", marks=pytest.mark.invariant(seed.id)) for seed in SEEDS],
)
def test_a_seeded_breach_is_found_at_its_tick_by_both_monitors(seed: Seed) -> None:
    rows = seed.rows()
    more = {name: column(rows) for name, column in seed.more.items()}
    columns: Columns = columns_of(rows) | {name: np.array(column) for name, column in more.items()}
    tallies = judge_trace(columns, seed.settings, carried_trips=seed.carried_trips)
    assert tallies == _one_by_one(rows, seed.settings, more, seed.carried_trips)
    (tally,) = (tally for tally in tallies if tally.id == seed.id)
    assert tally.ticks_checked == len(rows)
    assert tally.breaches >= 1
    assert tally.first is not None
    assert tally.first.time_us == rows[seed.tick].time_us


def test_every_invariant_has_a_seeded_breach() -> None:
    assert {seed.id for seed in SEEDS} == set(ALL_IDS)


def test_what_is_acknowledged_in_time_is_no_breach() -> None:
    assert _broken(_one_by_one(_tripped_rows())) == {}
    assert _acknowledged_rows()[-1].trips == 0
    assert _broken(_one_by_one(_acknowledged_rows())) == {}


# ---- counting --------------------------------------------------------------------------------------------------------


@given(
    seed=st.sampled_from(SEEDS),
    block_ticks=st.integers(1, 700),
    pieces=st.lists(st.integers(1, 600), max_size=3),
)
def test_how_a_trace_is_cut_makes_no_difference(seed: Seed, block_ticks: int, pieces: list[int]) -> None:
    rows = seed.rows()
    columns: Columns = columns_of(rows) | {name: np.array(column(rows)) for name, column in seed.more.items()}
    whole = judge_trace(columns, seed.settings, carried_trips=seed.carried_trips, block_ticks=len(rows))
    monitor = TraceMonitor(seed.settings, carried_trips=seed.carried_trips)
    ends = sorted({min(piece, len(rows)) for piece in pieces} | {len(rows)})
    for start, end in pairwise([0, *ends]):
        monitor.feed({name: column[start:end] for name, column in columns.items()}, block_ticks=block_ticks)
    assert monitor.tallies() == whole


@given(script=stretches, block_ticks=st.integers(1, 50))
def test_hostile_traces_are_judged_alike_in_blocks_and_tick_by_tick(script: list[Stretch], block_ticks: int) -> None:
    rows = played(ReferenceCore(CONFIG._replace(limit_na=900_000, open_us=50_000, dwell_us=120_000)), script)
    strict = settings_of(CONFIG._replace(limit_na=500_000), ion_sign=1)
    assert judge_trace(columns_of(rows), strict, block_ticks=block_ticks) == _one_by_one(rows, strict)


def test_an_empty_trace_is_judged_on_no_tick() -> None:
    columns = {name: column[:0] for name, column in columns_of(_GOOD[:1]).items()}
    assert judge_trace(columns, SETTINGS) == tuple(Tally(id, 0, 0, None) for id in ALL_IDS)


def test_a_trace_longer_than_a_block_is_judged_to_its_end() -> None:
    rows = [row for _ in range(BLOCK_TICKS // 50 + 1) for row in _GOOD[:100]]
    beyond = [*rows, _GOOD[0]._replace(drive_na=1_000_001)]
    tally = judge_trace(columns_of(beyond), SETTINGS)[0]
    assert (tally.ticks_checked, tally.breaches) == (len(rows) + 1, 1)


def test_a_core_that_is_started_again_begins_at_a_first_tick_and_the_counts_go_on() -> None:
    tripped = _tripped_rows()
    restarted = ReferenceCore(trips=4, first_trip=3)
    again = [restarted.step(STOP) for _ in range(20)]
    columns_monitor, monitor, witness = TraceMonitor(SETTINGS), Monitor(SETTINGS, rows=INVARIANTS), Witness(SETTINGS)
    for rows in (tripped, again):
        columns_monitor.feed(columns_of(rows))
        for row in rows:
            assert monitor.judge(witness.look(row)) == ()
        for judge in (columns_monitor, monitor, witness):
            judge.power_on(4)
    assert columns_monitor.tallies() == monitor.tallies()
    assert monitor.tallies()[0].ticks_checked == len(tripped) + len(again)
    assert monitor.previous == power_on(4)


def test_without_being_told_of_a_start_the_monitor_takes_it_for_what_it_looks_like() -> None:
    restarted = ReferenceCore(now_us=77)
    rows = [*_GOOD[: _TREATING + 1], *(restarted.step(STOP) for _ in range(20))]
    assert {"SI-03", "SI-17", "SI-18", "SI-21"} <= set(_broken(_one_by_one(rows)))


# ---- reports and breaches --------------------------------------------------------------------------------------------


def test_a_monitor_of_reports_judges_the_rows_that_say_so() -> None:
    reports = report_rows()
    assert {row.scope for row in reports} == {"report"}
    assert {row.id for row in INVARIANTS if row not in reports} == {
        *("SI-08", "SI-09", "SI-10", "SI-11", "SI-12", "SI-13", "SI-14", "SI-21", "SI-26")
    }
    assert [tally.id for tally in Monitor(SETTINGS).tallies()] == [row.id for row in reports]


def test_a_monitor_tells_each_breach_and_keeps_the_first() -> None:
    monitor = Monitor(SETTINGS)
    sound = power_on()._replace(ticks=1, tick_count=1, acknowledge=0, time_us=1_500_000)
    beyond = sound._replace(drive_max_na=1_000_001, zero_us=TICK_US, time_us=2_000_000)
    assert monitor.judge(sound) == ()
    first = monitor.judge(beyond)
    second = monitor.judge(beyond._replace(time_us=2_500_000))
    assert [breach.id for breach in first] == ["SI-01", "SI-03", "SI-04"]
    tally = monitor.tallies()[0]
    assert tally == Tally("SI-01", 3, 2, first[0])
    assert second[0] == Breach("SI-01", 2_500_000, second[0].sentence)
    assert monitor.previous.time_us == 2_500_000


def test_a_breach_is_a_sentence_with_the_numbers() -> None:
    previous = power_on()._replace(drive_na=999_000, time_us=3_000_000)
    current = previous._replace(drive_na=1_000_001, drive_max_na=1_000_001, time_us=3_010_000)
    assert breach_of(INVARIANT_BY_ID["SI-01"], previous, current, SETTINGS) == Breach(
        "SI-01",
        3_010_000,
        "SI-01 broken at 3.010000 s: drive_na 1000001 after 999000, drive_min_na 0, drive_max_na 1000001 after 0, "
        "limit_na 1000000. The magnitude of the driven current never exceeds the limit in force: the smallest of "
        "device, site, age, plan, and density over the area that the plan states.",
    )
