"""A small core in plain Python, made for reading: what the invariants promise, done the obvious way, tick by tick.

It makes traces that keep every invariant, whatever is sensed and requested, so that a test can say that a predicate
accuses nobody wrongly, and can break one thing in a trace to see it found. It counts ticks where the witness counts
microseconds, and shares no code with it nor with the C core.
"""

from dataclasses import dataclass, field

from iontocore.ccore import Command, Config, Phase, Trip
from iontocore.safety.samples import TraceRow

CONFIG = Config(
    time_cap_us=100_000_000,
    time_reserve_us=1_000_000,
    charge_cap_each_fc=50_000_000_000_000,
    charge_cap_total_fc=90_000_000_000_000,
    charge_reserve_fc=200_000_000_000,
    tick_us=10_000,
    tick_tolerance_us=2_000,
    limit_na=1_000_000,
    trip_na=1_500_000,
    rise_na_per_tick=20_000,
    fall_na_per_tick=50_000,
    dwell_us=105_000,
    compliance_mv=60_000,
    over_voltage_mv=62_000,
    saturation_mv=55_000,
    headroom_na=200_000,
    open_na=100_000,
    short_ohm=500,
    short_above_na=150_000,
    mismatch_na=100_000,
    disagree_na=80_000,
    sensor_max_na=3_000_000,
    sensor_max_mv=90_000,
    leakage_na=50_000,
    over_current_us=10_000,
    over_voltage_us=15_000,
    open_us=30_000,
    short_us=25_000,
    mismatch_us=40_000,
    sensor_us=20_000,
    stale_us=30_000,
    leakage_us=45_000,
    switch_us=30_000,
    contact_us=45_000,
    heartbeat_us=95_000,
)
"""Ticks of 10 ms, so that every debounce is a handful of ticks; some are whole ticks and some are not."""

OHM = 5_000
"""The body that answers by default."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is sensed at one tick, as far as it is not what a sound device senses. None: as sound."""

    measured_na: int | None = None
    check_na: int | None = None
    voltage_mv: int | None = None
    contact: int = 1
    switch_readback: int | None = None
    emergency_stop: int = 0
    same_sample: bool = False
    late_us: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """What is requested at one tick."""

    command: int = int(Command.RUN)
    target_na: int = 0
    acknowledge: int = 0
    silent: bool = False


STOP = Ask(command=int(Command.STOP))
SOUND = Look()


def _ticks(time_us: int, tick_us: int) -> int:
    """The number of ticks by which a time has passed."""
    return -(-time_us // tick_us)


@dataclass(slots=True)
class ReferenceCore:
    """``step`` is one tick; it answers with the row that a trace would have."""

    config: Config = CONFIG
    trips: int = 0
    first_trip: int = 0
    ticks: int = 0
    now_us: int = 4_294_950_000  # wraps within the first ticks
    number: int = 0
    heartbeat: int = 0
    unheard: int = 0
    contact: int = 0
    drive_na: int = 0
    closed: bool = False
    armed: bool = False
    ending: bool = False
    due: int = 0
    target_na: int = 0
    sign: int = 0
    at_zero: int = 0
    acknowledge: int = 1
    energised_us: int = 0
    driven_fc: list[int] = field(default_factory=lambda: [0, 0])
    measured_fc: list[int] = field(default_factory=lambda: [0, 0])
    held: dict[Trip, int] = field(default_factory=dict)

    def step(self, ask: Ask, look: Look = SOUND) -> TraceRow:
        c = self.config
        measured = look.measured_na if look.measured_na is not None else self.drive_na
        check = look.check_na if look.check_na is not None else measured
        voltage = look.voltage_mv if look.voltage_mv is not None else measured * OHM // 1_000_000
        readback = look.switch_readback if look.switch_readback is not None else int(self.closed)
        self.now_us = (self.now_us + c.tick_us + look.late_us) % 2**32
        self.number += 0 if look.same_sample and self.ticks > 0 else 1
        self.heartbeat += 0 if ask.silent and self.ticks > 0 else 1
        self.unheard = self.unheard + 1 if ask.silent and self.ticks > 0 else 0
        self.contact = self.contact + 1 if look.contact == 1 else 0
        if self.closed:
            self.measured_fc[measured < 0] += abs(measured) * c.tick_us

        was_tripped = self.trips != 0
        in_sight = self._watch(measured, check, voltage, readback, look)
        refused = abs(ask.target_na) > c.limit_na
        if not refused:
            self.target_na = ask.target_na
        quiet = max(abs(measured), abs(check)) <= c.leakage_na and self.unheard < _ticks(c.heartbeat_us, c.tick_us)
        if (
            ask.acknowledge == 1
            and self.acknowledge == 0
            and was_tripped
            and not self.closed
            and not in_sight
            and quiet
        ):
            self.trips = self.first_trip = 0
            self.held.clear()
        self.acknowledge = ask.acknowledge

        phase, unheeded_na = Phase.IDLE, 0
        if self.trips:
            # proposed once more, as far as it may be: the regulator hears of a cut at the next tick
            unheeded_na = self._at_most(self._allowed(measured, voltage), self.drive_na)
            self._cut()
        elif was_tripped:
            pass  # just acknowledged: off for this tick
        elif not self.closed:
            phase = self._start(ask, refused)
        else:
            phase = self._drive(ask, look, measured, voltage)
        if self.trips:
            phase = Phase.FAULT
        proposal_na = unheeded_na or self.drive_na
        self.at_zero = self.at_zero + 1 if proposal_na == 0 else 0
        self.sign = (proposal_na > 0) - (proposal_na < 0) or self.sign
        if self.drive_na:
            self.driven_fc[self.drive_na < 0] += abs(self.drive_na) * c.tick_us
        self.energised_us += c.tick_us if self.closed else 0
        self.ticks += 1
        return TraceRow(
            time_us=self.ticks * c.tick_us,
            energised_us=self.energised_us,
            driven_positive_fc=self.driven_fc[0],
            driven_negative_fc=self.driven_fc[1],
            measured_positive_fc=self.measured_fc[0],
            measured_negative_fc=self.measured_fc[1],
            command=ask.command,
            acknowledge=ask.acknowledge,
            heartbeat=self.heartbeat,
            requested_na=ask.target_na,
            target_na=self.target_na,
            proposal_na=proposal_na,
            drive_na=self.drive_na,
            switch_closed=int(self.closed),
            phase=int(phase),
            limited_by=0,
            refused=int(refused),
            first_trip=self.first_trip,
            trips=self.trips,
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

    def _watch(self, measured: int, check: int, voltage: int, readback: int, look: Look) -> bool:
        """Latches what has been there for its time; says whether anything is there now."""
        c, drive = self.config, self.drive_na
        saturated = abs(voltage) >= c.saturation_mv
        in_range = abs(measured) <= c.sensor_max_na and abs(voltage) <= c.sensor_max_mv
        falls_short = saturated and min(0, drive) <= measured <= max(0, drive)
        drives_nothing = saturated and abs(measured) < c.open_na < abs(drive)
        ohm = abs(voltage) * 1_000_000 / abs(measured) if measured else float("inf")
        there = {
            Trip.OVER_CURRENT: (max(abs(measured), abs(check)) > c.trip_na, c.over_current_us),
            Trip.OVER_VOLTAGE: (abs(voltage) > c.over_voltage_mv, c.over_voltage_us),
            Trip.OPEN: (self.closed and (look.contact != 1 or drives_nothing), c.open_us),
            Trip.SHORT: (in_range and abs(measured) > c.short_above_na and ohm < c.short_ohm, c.short_us),
            Trip.MISMATCH: (abs(measured - drive) > c.mismatch_na and not falls_short, c.mismatch_us),
            Trip.SENSOR: (
                not in_range or abs(check) > c.sensor_max_na or abs(measured - check) > c.disagree_na,
                c.sensor_us,
            ),
            Trip.STALE: (look.same_sample and self.ticks > 0, c.stale_us),
            Trip.LEAKAGE: (not self.closed and max(abs(measured), abs(check)) > c.leakage_na, c.leakage_us),
            Trip.SWITCH: (readback != self.closed, c.switch_us),
            Trip.TICK: (self.ticks > 0 and abs(look.late_us) > c.tick_tolerance_us, c.tick_us),
            Trip.EMERGENCY: (look.emergency_stop != 0, c.tick_us),
        }
        for trip, (now, time_us) in there.items():
            self.held[trip] = self.held.get(trip, 0) + 1 if now else 0
            if self.held[trip] >= _ticks(time_us, c.tick_us):
                self._trip(trip)
        return any(now for now, _ in there.values())

    def _trip(self, trip: Trip) -> None:
        self.trips |= 1 << (trip - 1)
        self.first_trip = self.first_trip or int(trip)

    def _cut(self) -> None:
        self.drive_na, self.closed, self.armed, self.ending, self.due = 0, False, False, False, 0

    def _start(self, ask: Ask, refused: bool) -> Phase:
        if ask.command != Command.RUN:
            self.armed = True
        elif self.armed and not refused and self._may_close():
            self.closed, self.armed = True, False
            return Phase.RAMP
        return Phase.WAIT if self.armed and ask.command == Command.RUN else Phase.IDLE

    def _may_close(self) -> bool:
        """Contact has held, somebody is heard; and without a direction to go on in, the dwell is over."""
        c = self.config
        dwelt = self.at_zero >= _ticks(c.dwell_us, c.tick_us)
        heard = self.unheard < _ticks(c.heartbeat_us, c.tick_us)
        return self.contact >= _ticks(c.contact_us, c.tick_us) and heard and (self.sign != 0 or dwelt)

    def _allowed(self, measured: int, voltage: int) -> int:
        """With the voltage saturated, what flows the way it is driven, and the headroom; else anything."""
        if abs(voltage) < self.config.saturation_mv:
            return 2**31
        return (abs(measured) if measured * self.drive_na > 0 else 0) + self.config.headroom_na

    @staticmethod
    def _at_most(most: int, na: int) -> int:
        return max(-most, min(most, na))

    def _drive(self, ask: Ask, look: Look, measured: int, voltage: int) -> Phase:
        c = self.config
        caps = {
            Trip.HEARTBEAT: self.unheard >= _ticks(c.heartbeat_us, c.tick_us),
            Trip.TIME: self.energised_us + c.time_reserve_us >= c.time_cap_us,
            Trip.CHARGE: max(self.driven_fc) + c.charge_reserve_fc >= c.charge_cap_each_fc
            or sum(self.driven_fc) + c.charge_reserve_fc >= c.charge_cap_total_fc,
        }
        for trip, reached in caps.items():
            self.due |= reached << (trip - 1)
        self.ending = self.ending or self.due != 0 or ask.command != Command.RUN
        goal, phase = self.target_na, Phase.TREAT
        against = goal * self.sign < 0
        if self.ending:
            goal, phase = 0, Phase.FALL
        elif against and (self.drive_na != 0 or self.at_zero < _ticks(c.dwell_us, c.tick_us)):
            goal, phase = 0, Phase.REVERSE
        allowed = self._allowed(measured, voltage)
        goal, self.drive_na = self._at_most(allowed, goal), self._at_most(allowed, self.drive_na)
        step = goal - self.drive_na
        if abs(goal) >= abs(self.drive_na):
            step = max(-c.rise_na_per_tick, min(c.rise_na_per_tick, step))
        else:
            step = max(-c.fall_na_per_tick, min(c.fall_na_per_tick, step))
        self.drive_na += step
        if self.ending and self.drive_na == 0:
            for trip in caps:
                if self.due >> (trip - 1) & 1:
                    self._trip(trip)
            self._cut()
        return phase
