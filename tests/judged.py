"""A core, and each of its channels alone, judged at every tick by the invariants; and sound hardware around it.

    Hardware         senses what a sound device senses of the last drive, but for what a test changes
    Supervisor       makes requests with a heartbeat that lives, but for what a test changes
    JudgedCore       both channels, by every invariant
    JudgedGuard      the guard alone under any proposal, by those that a drive alone can be judged by
    JudgedRegulator  the regulator alone under any guard, by those that a proposal can be judged by

A breach is an AssertionError with the sentence of the invariant and the numbers. The judges take time, charge and
debounces from an independent witness (`safety.samples`), never from the core's own counters.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from iontocore.ccore import (
    Command,
    Config,
    Core,
    Drive,
    Error,
    Guard,
    Phase,
    Proposal,
    Regulator,
    Request,
    Sense,
    Telemetry,
    Trip,
)
from iontocore.safety.invariants import INVARIANT_BY_ID, INVARIANTS
from iontocore.safety.monitor import Monitor
from iontocore.safety.samples import Sample, TraceRow, Witness, settings_of

RUN: Final = int(Command.RUN)
STOP: Final = int(Command.STOP)
SENSE_MAX_NA: Final = 200_000_000
"""IONTO_SENSE_MAX_NA: beyond it no measurement counts."""


def bit(trip: Trip) -> int:
    """A trip as it stands in a word of trips."""
    return 1 << (trip - 1)


def ticks_of(time_us: int, config: Config) -> int:
    """The number of ticks by which a time has passed, one tick counting for `tick_us`."""
    return -(-time_us // config.tick_us)


class Odd(NamedTuple):
    """What is not as in a sound device at one tick. None: as in a sound one."""

    late_us: int = 0
    same_sample: bool = False
    measured_na: int | None = None
    check_na: int | None = None
    voltage_mv: int | None = None
    contact: int = 1
    switch_closed: int | None = None
    emergency_stop: int = 0


SOUND: Final = Odd()
OFF: Final = Drive(0, 0)


@dataclass(slots=True)
class Hardware:
    """A sound device on a resistance: a current source up to the compliance voltage. The clock is about to wrap."""

    config: Config
    ohm: int = 2000
    now_us: int = 2**32 - 100_000
    sample: int = 2**32 - 3
    drive: Drive = OFF

    def sense(self, odd: Odd = SOUND) -> Sense:
        """The sense of the next tick."""
        self.now_us = (self.now_us + self.config.tick_us + odd.late_us) % 2**32
        self.sample = (self.sample + (not odd.same_sample)) % 2**32
        measured_na, voltage_mv = self.flows()
        measured_na = measured_na if odd.measured_na is None else odd.measured_na
        return Sense(
            now_us=self.now_us,
            sample=self.sample,
            measured_na=measured_na,
            check_na=measured_na if odd.check_na is None else odd.check_na,
            voltage_mv=voltage_mv if odd.voltage_mv is None else odd.voltage_mv,
            contact=odd.contact,
            switch_closed=self.drive.switch_closed if odd.switch_closed is None else odd.switch_closed,
            emergency_stop=odd.emergency_stop,
        )

    def flows(self) -> tuple[int, int]:
        """Current and voltage under the last drive, in nA and mV."""
        sign = -1 if self.drive.current_na < 0 else 1
        size_na = abs(self.drive.current_na)
        most_na = self.config.compliance_mv * 1_000_000 // self.ohm
        if size_na > most_na:
            return sign * most_na, sign * self.config.compliance_mv
        return sign * size_na, sign * (size_na * self.ohm // 1_000_000)


@dataclass(slots=True)
class Supervisor:
    """Requests with a heartbeat that changes at every tick, unless it is silent."""

    heartbeat: int = 2**32 - 2

    def request(self, target_na: int, command: int = RUN, acknowledge: int = 0, *, silent: bool = False) -> Request:
        self.heartbeat = (self.heartbeat + (not silent)) % 2**32
        return Request(target_na, command, acknowledge, self.heartbeat)


def _row(sense: Sense, request: Request, drive: Drive, proposal_na: int, report: Telemetry) -> TraceRow:
    return TraceRow(
        time_us=report.time_us,
        energised_us=report.energised_us,
        driven_positive_fc=report.driven_positive_fc,
        driven_negative_fc=report.driven_negative_fc,
        measured_positive_fc=report.measured_positive_fc,
        measured_negative_fc=report.measured_negative_fc,
        command=request.command,
        acknowledge=request.acknowledge,
        heartbeat=request.heartbeat,
        requested_na=request.target_na,
        target_na=report.target_na,
        proposal_na=proposal_na,
        drive_na=drive.current_na,
        switch_closed=drive.switch_closed,
        phase=report.phase,
        limited_by=report.limited_by,
        refused=report.refused,
        first_trip=report.first_trip,
        trips=report.trips,
        measured_na=sense.measured_na,
        check_na=sense.check_na,
        voltage_mv=sense.voltage_mv,
        contact=sense.contact,
        switch_readback=sense.switch_closed,
        emergency_stop=sense.emergency_stop,
        sample=sense.sample,
        now_us=sense.now_us,
        true_na=0,
        true_voltage_mv=0,
        true_contact=0,
        true_switch=0,
    )


class JudgedCore:
    """Both channels. `row` is the last tick's, `seen` every phase and trip so far."""

    def __init__(self, config: Config, carried_trips: int = 0, *, ohm: int = 2000) -> None:
        self.core: Final = Core(config, carried_trips)
        self.supervisor: Final = Supervisor()
        self.phases: Final[set[Phase]] = set()
        self.trips: int = 0
        self.hardware = Hardware(config, ohm)
        self.row: TraceRow | None = None
        self._begin(config, carried_trips)

    def _begin(self, config: Config, carried_trips: int) -> None:
        self.config = config
        settings = settings_of(config)
        self.witness = Witness(settings, carried_trips)
        self._monitor = Monitor(settings, carried_trips=carried_trips, rows=INVARIANTS)

    def power_on(self, config: Config, carried_trips: int) -> None:
        """`ionto_init()` again: the output stage is off with the power."""
        error = self.core.init(config, carried_trips)
        assert error is Error.OK, error
        self.hardware.config = config
        self.hardware.drive = OFF
        self._begin(config, carried_trips)

    def configure(self, config: Config) -> Error:
        """`ionto_configure()`: what is refused changes not one byte."""
        before = bytes(self.core.memory.bytes)
        error = self.core.configure(config)
        if error is Error.OK:
            self.hardware.config = config
            self._begin(config, 0)
        else:
            assert bytes(self.core.memory.bytes) == before
        return error

    def step(self, sense: Sense, request: Request, *, corrupted: int = 0) -> TraceRow:
        """One tick under any sense and any request."""
        before = self.witness.last
        drive = self.core.step(sense, request)
        proposal_na = self.core.memory.read("regulator.state.level_na")
        row = _row(sense, request, drive, proposal_na, self.core.report())
        for breach in self._monitor.judge(self.witness.look(row, corrupted=corrupted)):
            raise AssertionError(breach.sentence)
        self._judge_dose(before, row)
        self.hardware.drive = drive
        self.phases.add(Phase(row.phase))
        self.trips |= row.trips
        self.row = row
        return row

    def _judge_dose(self, before: Sample, row: TraceRow) -> None:
        """The dose is what was measured while the switch was told to be closed, full scale at most, and nothing else.

        A regulator that found itself corrupt counts nothing."""
        measured_na = max(-SENSE_MAX_NA, min(row.measured_na, SENSE_MAX_NA)) * before.switch_closed
        counted_fc = (
            row.measured_positive_fc - before.measured_positive_fc,
            row.measured_negative_fc - before.measured_negative_fc,
        )
        expected_fc = (max(measured_na, 0) * self.config.tick_us, max(-measured_na, 0) * self.config.tick_us)
        corrupt = row.trips & bit(Trip.CORRUPT) and counted_fc == (0, 0)
        assert counted_fc == expected_fc or corrupt, f"the dose grew by {counted_fc} fC and not by {expected_fc} fC"

    def run(
        self,
        ticks: int,
        target_na: int,
        command: int = RUN,
        acknowledge: int = 0,
        *,
        odd: Odd = SOUND,
        silent: bool = False,
    ) -> TraceRow:
        """So many ticks, at least one, of sound hardware but for what is odd; the last row."""
        for _ in range(ticks):
            request = self.supervisor.request(target_na, command, acknowledge, silent=silent)
            row = self.step(self.hardware.sense(odd), request)
        return row

    def clear(self) -> None:
        """STOP, and acknowledge what is latched, until the output may be energised; sound hardware."""
        falling = ticks_of(self.config.limit_na // self.config.fall_na_per_tick * self.config.tick_us, self.config)
        self.run(falling + 3, 0, STOP)
        self.run(1, 0, STOP, acknowledge=1)
        self.run(ticks_of(self.config.dwell_us, self.config) + 1, 0, STOP)

    def treat(self, target_na: int) -> TraceRow:
        """From rest to the phase TREAT; sound hardware."""
        self.clear()
        rising = self.config.limit_na // self.config.rise_na_per_tick
        for _ in range(ticks_of(self.config.contact_us, self.config) + rising + 5):
            row = self.run(1, target_na)
            if row.phase == Phase.TREAT:
                break
        return row


_OF_A_DRIVE: Final = tuple(INVARIANT_BY_ID[f"SI-{number:02d}"] for number in (*range(1, 15), 17, 18, 20, 21))
"""What the guard keeps alone. SI-15 and SI-16 as they stand need a regulator that falls at the very tick: the guard
alone bounds a fall by an envelope that begins a tick later, and `JudgedGuard` judges that."""


class JudgedGuard:
    """The guard alone. `row` is the last tick's."""

    def __init__(self, config: Config, carried_trips: int = 0, *, ohm: int = 2000) -> None:
        self.config: Final = config
        self.guard: Final = Guard(config, carried_trips)
        self.hardware: Final = Hardware(config, ohm)
        self.supervisor: Final = Supervisor()
        settings = settings_of(config)
        self.witness: Final = Witness(settings, carried_trips)
        self._monitor: Final = Monitor(settings, carried_trips=carried_trips, rows=_OF_A_DRIVE)
        self._read: Final = self.guard.memory.read
        self._steps = 0
        self._falling = -1
        self._from_na = 0
        self.row: TraceRow | None = None

    @property
    def last(self) -> Sample:
        """What the witness said at the last tick."""
        return self.witness.last

    def step(self, sense: Sense, request: Request, proposal: Proposal) -> TraceRow:
        """One tick under any sense, request and proposal."""
        before = self.witness.last
        drive = self.guard.step(sense, request, proposal)
        trips = self.guard.trips
        self._steps += 1
        row = TraceRow(
            time_us=self._steps * self.config.tick_us,
            energised_us=self._read("state.energised_us"),
            driven_positive_fc=self._read("state.positive_fc"),
            driven_negative_fc=self._read("state.negative_fc"),
            measured_positive_fc=0,
            measured_negative_fc=0,
            command=request.command,
            acknowledge=request.acknowledge,
            heartbeat=request.heartbeat,
            requested_na=request.target_na,
            target_na=request.target_na,
            proposal_na=proposal.current_na,
            drive_na=drive.current_na,
            switch_closed=drive.switch_closed,
            phase=_phase_of_guard(self._read("state.first_trip"), drive),
            limited_by=0,
            refused=0,
            first_trip=self._read("state.first_trip"),
            trips=trips,
            measured_na=sense.measured_na,
            check_na=sense.check_na,
            voltage_mv=sense.voltage_mv,
            contact=sense.contact,
            switch_readback=sense.switch_closed,
            emergency_stop=sense.emergency_stop,
            sample=sense.sample,
            now_us=sense.now_us,
            true_na=0,
            true_voltage_mv=0,
            true_contact=0,
            true_switch=0,
        )
        sample = self.witness.look(row, corrupted=int(proposal.sound != 1))
        for breach in self._monitor.judge(sample):
            raise AssertionError(breach.sentence)
        self._judge_fall(before, sample)
        assert drive.current_na in (0, proposal.current_na), "the guard makes no current of its own"
        assert row.energised_us == sample.live_us or trips & bit(Trip.CORRUPT)
        assert (row.driven_positive_fc, row.driven_negative_fc) == (
            sample.charge_positive_fc,
            sample.charge_negative_fc,
        ) or trips & bit(Trip.CORRUPT)
        self.hardware.drive = drive
        self.row = row
        return row

    def _judge_fall(self, before: Sample, now: Sample) -> None:
        """Once the fall has begun, nothing turns it back and the current is below an envelope that falls by the fall
        rate from the next tick on; at zero the switch opens. It begins at a stop, at silence, and short of a cap."""
        c = self.config
        due = is_due(before, now.command, now.unheard_us, c)
        if before.switch_closed == 0:
            self._falling = -1
            return
        if self._falling < 0 and due:
            self._falling, self._from_na = 0, abs(before.drive_na)
        elif self._falling >= 0:
            self._falling += 1
        if self._falling >= 0:
            envelope_na = max(self._from_na - self._falling * c.fall_na_per_tick, 0)
            assert abs(now.drive_na) <= envelope_na, f"{now.drive_na} nA, and the fall is at {envelope_na} nA"
            assert now.drive_na != 0 or now.switch_closed == 0, "the fall is over and the switch is closed"
        if now.emergency_stop != 0:
            assert now.switch_closed == 0, "closed under an emergency stop"

    def tick(
        self,
        proposal_na: int,
        command: int = RUN,
        acknowledge: int = 0,
        *,
        odd: Odd = SOUND,
        silent: bool = False,
        sound: int = 1,
    ) -> TraceRow:
        """One tick of sound hardware but for what is odd."""
        request = self.supervisor.request(0, command, acknowledge, silent=silent)
        return self.step(self.hardware.sense(odd), request, Proposal(proposal_na, sound))

    def close(self) -> None:
        """From power-on to the switch closed, at zero."""
        rest = max(ticks_of(self.config.dwell_us, self.config), ticks_of(self.config.contact_us, self.config))
        for _ in range(rest):
            self.tick(0, STOP)
        assert self.tick(0).switch_closed == 1

    def raise_to(self, current_na: int) -> None:
        """By the largest steps that are allowed, from zero."""
        sign = -1 if current_na < 0 else 1
        while self.hardware.drive.current_na != current_na:
            size_na = min(abs(self.hardware.drive.current_na) + self.config.rise_na_per_tick, abs(current_na))
            assert self.tick(sign * size_na).drive_na == sign * size_na

    def lower_to_zero(self) -> None:
        """By the largest steps that are allowed; the switch stays closed."""
        while self.hardware.drive.current_na != 0:
            sign = -1 if self.hardware.drive.current_na < 0 else 1
            self.tick(sign * max(abs(self.hardware.drive.current_na) - self.config.fall_na_per_tick, 0))


def is_due(last: Sample, command: int, unheard_us: int, config: Config) -> bool:
    """Whether the current has to fall from the next tick on, with that command and that silence at it."""
    charges_fc = (last.charge_positive_fc, last.charge_negative_fc)
    return (
        command != RUN
        or unheard_us >= config.heartbeat_us
        or last.live_us + config.time_reserve_us >= config.time_cap_us
        or max(charges_fc) + config.charge_reserve_fc >= config.charge_cap_each_fc
        or sum(charges_fc) + config.charge_reserve_fc >= config.charge_cap_total_fc
    )


def _phase_of_guard(first_trip: int, drive: Drive) -> int:
    if first_trip:
        return int(Phase.FAULT)
    return int(Phase.RAMP if drive.switch_closed else Phase.IDLE)


_OF_A_PROPOSAL: Final = tuple(
    INVARIANT_BY_ID[f"SI-{number:02d}"] for number in (1, 2, 3, 4, 5, 6, 15, 16, 17, 18, 22, 26)
)
"""What the regulator keeps alone: nothing that is measured cuts, since that is the guard's."""


class JudgedRegulator:
    """The regulator alone, under a guard that cuts whenever the test says so. `proposal_na` is its last.

    What would flow is the proposal, or zero where it is cut; a cut reaches the regulator at the next tick, as in the
    core. SI-26 judges the proposal; the others judge what would flow.
    """

    def __init__(self, config: Config, *, ohm: int = 2000) -> None:
        self.config: Final = config
        self.regulator: Final = Regulator(config)
        self.hardware: Final = Hardware(config, ohm)
        self.supervisor: Final = Supervisor()
        settings = settings_of(config)
        self.witness: Final = Witness(settings)
        self._monitor: Final = Monitor(settings, rows=_OF_A_PROPOSAL)
        self._read: Final = self.regulator.memory.read
        self._cut = 0
        self._steps = 0
        self.proposal_na = 0
        self.row: TraceRow | None = None

    def step(self, sense: Sense, request: Request, cut: int = 0) -> TraceRow:
        """One tick under any sense and request; cut: not 0 when the guard cuts this proposal."""
        c, before = self.config, self.witness.last
        proposal = self.regulator.step(sense, request, self._cut)
        assert proposal.sound == 1
        energised = self._read("state.energised")
        trips = bit(Trip.PROPOSAL) if cut else 0
        trips |= bit(Trip.EMERGENCY) if sense.emergency_stop else 0
        if energised == 0 and before.switch_closed == 1 and abs(self.proposal_na) > c.fall_na_per_tick:
            # A cap a tick away is the one reason to give up faster than by the ramp; the guard latches it.
            most_fc = c.limit_na * c.tick_us
            if before.live_us + c.tick_us > c.time_cap_us:
                trips |= bit(Trip.TIME)
            if (
                max(before.charge_positive_fc, before.charge_negative_fc) + most_fc > c.charge_cap_each_fc
                or before.charge_positive_fc + before.charge_negative_fc + most_fc > c.charge_cap_total_fc
            ):
                trips |= bit(Trip.CHARGE)
        drive = OFF if trips else Drive(proposal.current_na, energised)
        self._steps += 1
        row = TraceRow(
            time_us=self._steps * c.tick_us,
            energised_us=0,
            driven_positive_fc=0,
            driven_negative_fc=0,
            measured_positive_fc=0,
            measured_negative_fc=0,
            command=request.command,
            acknowledge=request.acknowledge,
            heartbeat=request.heartbeat,
            requested_na=request.target_na,
            target_na=self._read("state.target_na"),
            proposal_na=proposal.current_na,
            drive_na=drive.current_na,
            switch_closed=drive.switch_closed,
            phase=int(Phase.FAULT) if trips else self._read("phase"),
            limited_by=self._read("limited_by"),
            refused=self._read("refused"),
            first_trip=0,
            trips=trips,
            measured_na=sense.measured_na,
            check_na=sense.check_na,
            voltage_mv=sense.voltage_mv,
            contact=sense.contact,
            switch_readback=sense.switch_closed,
            emergency_stop=sense.emergency_stop,
            sample=sense.sample,
            now_us=sense.now_us,
            true_na=0,
            true_voltage_mv=0,
            true_contact=0,
            true_switch=0,
        )
        for breach in self._monitor.judge(self.witness.look(row)):
            raise AssertionError(breach.sentence)
        self._cut = cut or int(trips != 0)
        self.proposal_na = proposal.current_na
        self.hardware.drive = drive
        self.row = row
        return row

    def run(
        self,
        ticks: int,
        target_na: int,
        command: int = RUN,
        *,
        cut: int = 0,
        odd: Odd = SOUND,
        silent: bool = False,
    ) -> TraceRow:
        """So many ticks, at least one, of sound hardware but for what is odd; the last row."""
        for _ in range(ticks):
            request = self.supervisor.request(target_na, command, silent=silent)
            row = self.step(self.hardware.sense(odd), request, cut)
        return row

    def start(self, target_na: int) -> TraceRow:
        """From power-on to energised, at zero."""
        rest = max(ticks_of(self.config.dwell_us, self.config), ticks_of(self.config.contact_us, self.config))
        self.run(rest, 0, STOP)
        return self.run(1, target_na)
