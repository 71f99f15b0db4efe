"""What an invariant looks at: one tick of the core, or one report of it, beside what an independent witness counted.

Nothing here is taken from the core's own timers. The witness counts from what was sensed, requested and driven alone:
how long the drive has been zero, how long a fault has been there to be seen, how much charge went out. So a core
whose timer stands still is found out by an invariant, and not believed.

    Settings          the limits in force: the core's configuration, and what is known of the session
    TraceRow          one tick as it is traced
    Sample            that, and what the witness counted; the predicates of ``safety.invariants`` judge two in a row
    Witness           makes samples of ticks; ``safety.samples_array`` does the same with columns, many ticks at once
    sample_of_report  makes a sample of a telemetry report, for the invariants that can be judged every 20 to 50 ms

A timer counts one tick for ``tick_us``: a condition that is seen at one tick alone has been held for ``tick_us``. So
a debounce of ``t`` is over at the first tick whose timer is at ``t`` or above, which is when the core has to cut
(``ccore/include/ionto.h``).

On a report the timers are what the reports allow, chosen so that a report never accuses wrongly: where an invariant
asks for enough time (at zero, in contact) the longest, where it forbids too much (silence, a stop not obeyed) the
shortest.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from iontocore.ccore import Command, Trip

if TYPE_CHECKING:
    from iontocore.ccore import Config, Request, Telemetry

_RUN: Final = int(Command.RUN)
_EMERGENCY: Final = 1 << (Trip.EMERGENCY - 1)
_HEARTBEAT: Final = 1 << (Trip.HEARTBEAT - 1)
_WRAP: Final = 0xFFFFFFFF
"""Clocks and counters of the core are 32 bits wide and wrap; ``& _WRAP`` gives the difference of two readings."""


NOT_SATURATED_NA: Final = 2**31
"""``Sample.allowed_na`` where the voltage is not saturated: more than any drive."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The limits in force. First the core's configuration, field by field as in ``struct ionto_config``, where each is
    described with unit and range; then what the core does not know and the session does."""

    time_cap_us: int
    time_reserve_us: int
    charge_cap_each_fc: int
    charge_cap_total_fc: int
    charge_reserve_fc: int
    tick_us: int
    tick_tolerance_us: int
    limit_na: int
    trip_na: int
    rise_na_per_tick: int
    fall_na_per_tick: int
    dwell_us: int
    compliance_mv: int
    over_voltage_mv: int
    saturation_mv: int
    headroom_na: int
    open_na: int
    short_ohm: int
    short_above_na: int
    mismatch_na: int
    disagree_na: int
    sensor_max_na: int
    sensor_max_mv: int
    leakage_na: int
    over_current_us: int
    over_voltage_us: int
    open_us: int
    short_us: int
    mismatch_us: int
    sensor_us: int
    stale_us: int
    leakage_us: int
    switch_us: int
    contact_us: int
    heartbeat_us: int

    ion_sign: int
    """Sign of the drug's ion, +1 or -1, which is the only direction allowed; 0 without a drug."""
    reversing: bool
    """The session goes both ways and is to be balanced."""
    balance_tolerance_percent: int
    """Largest net charge of a completed reversing session, in percent of the charge of both directions together."""
    admitted: bool
    """Every contraindication was answered and none stands, and the shortest interval since the last session has
    passed."""


def settings_of(
    config: "Config",
    *,
    ion_sign: int = 0,
    reversing: bool = False,
    balance_tolerance_percent: int = 0,
    admitted: bool = True,
) -> Settings:
    """The settings of a session under ``config``. The defaults are those of a core on a bench: no drug, nothing to
    balance, nobody to protect."""
    return Settings(
        *config,
        ion_sign=ion_sign,
        reversing=reversing,
        balance_tolerance_percent=balance_tolerance_percent,
        admitted=admitted,
    )


class TraceRow(NamedTuple):
    """One tick: the sense and the request given to it, what it answered, and what was really there when it was sensed.

    ``sample`` and ``heartbeat`` are numbers that only have to differ; ``now_us`` is the free-running clock, which
    wraps.
    """

    time_us: int
    energised_us: int
    driven_positive_fc: int
    driven_negative_fc: int
    measured_positive_fc: int
    measured_negative_fc: int
    command: int
    acknowledge: int
    heartbeat: int
    requested_na: int
    target_na: int
    proposal_na: int
    drive_na: int
    switch_closed: int
    phase: int
    limited_by: int
    refused: int
    first_trip: int
    trips: int
    measured_na: int
    check_na: int
    voltage_mv: int
    contact: int
    switch_readback: int
    emergency_stop: int
    sample: int
    now_us: int
    true_na: int
    true_voltage_mv: int
    true_contact: int
    true_switch: int


class Sample(NamedTuple):
    """One tick, or one report, as the invariants see it. A named tuple so that a block of columns has the very same
    shape.

    The fields of ``TraceRow`` come first, in the same order. On a report they are the telemetry's and those of the
    request that is in force; what a report does not have stands at the value that fits the rest: ``proposal_na`` at
    the drive, ``check_na`` at ``measured_na``, ``switch_readback`` at ``switch_closed``, ``sample``, ``now_us`` and
    ``true_*`` at 0.
    """

    time_us: int
    energised_us: int
    driven_positive_fc: int
    driven_negative_fc: int
    measured_positive_fc: int
    measured_negative_fc: int
    command: int
    acknowledge: int
    heartbeat: int
    requested_na: int
    target_na: int
    proposal_na: int
    drive_na: int
    switch_closed: int
    phase: int
    limited_by: int
    refused: int
    first_trip: int
    trips: int
    measured_na: int
    check_na: int
    voltage_mv: int
    contact: int
    switch_readback: int
    emergency_stop: int
    sample: int
    now_us: int
    true_na: int
    true_voltage_mv: int
    true_contact: int
    true_switch: int

    ticks: int
    """Ticks since the previous sample: 1 in a trace."""
    tick_count: int
    """Ticks since power-on; on a report as the core counts them, wrapping. 0 before the first."""
    drive_min_na: int
    """Extremes of the drive since the previous sample, this one included; in a trace both are the drive."""
    drive_max_na: int
    allowed_na: int
    """What a saturated voltage lets the drive fall to at once (``allowed_na``); on a report the least that its extremes
    allow, and without saturation ``NOT_SATURATED_NA``."""
    residual_na: int
    """What was still flowing: the larger magnitude of the two sensors; on a report the least that its extremes
    allow."""
    zero_us: int
    """How long the drive has been zero, this tick included."""
    last_sign: int
    """Sign of the last drive that was not zero, this one included; 0 when there was none since power-on."""
    proposal_zero_us: int
    """The same of the regulator's proposal."""
    proposal_last_sign: int
    causes: int
    """Trips whose cause is there to be seen at this tick, whether it has been for long or not, as bits like
    ``trips``; on a report those that can be told."""
    carried_trips: int
    """Trips that were latched at power-on already and have been ever since."""
    armed: int
    """1: a STOP was seen with the output off and no trip latched, and the output has been off without a trip ever
    since."""
    live_us: int
    """Energised time (switch told to close, or drive not zero), the tick to come included; on a report the core's
    count."""
    charge_positive_fc: int
    """Charge driven, the tick to come included; on a report the core's count."""
    charge_negative_fc: int
    over_current_us: int
    """How long each condition has held, this tick's sense included: ``conditions`` says which they are. 0 on a
    report."""
    over_voltage_us: int
    open_us: int
    short_us: int
    mismatch_us: int
    sensor_us: int
    stale_us: int
    leakage_us: int
    switch_us: int
    contact_us: int
    unheard_us: int
    """How long the heartbeat has not changed."""
    stopping_us: int
    """How long something else than RUN has been requested with the drive not zero all the same."""
    tick_off: int
    """1: the clock says that this tick came too early or too late."""
    corrupted: int
    """1: state of the core was altered from outside before this tick, says who did it; 0 when nobody did."""
    completed: int
    """1: the session has run to its end, says the session; 0 until then."""
    journaled_target_na: int
    """The request that the journal held when this one was sent; without a journal the request itself."""
    journaled_command: int


class Conditions(NamedTuple):
    """What is seen at one tick, each true or false; the witness times them."""

    over_current: bool
    over_voltage: bool
    open: bool
    short: bool
    mismatch: bool
    sensor: bool
    stale: bool
    leakage: bool
    switch: bool
    contact: bool
    unheard: bool
    stopping: bool
    tick_off: bool


def power_on(carried_trips: int = 0) -> Sample:
    """The sample before the first tick: off, nothing counted, and the trips that a loss of power did not erase.

    ``sample``, ``heartbeat`` and ``now_us`` are -1, which no tick has: nothing is stale, unheard or off before it was
    heard. ``acknowledge`` is 1 and ``command`` RUN: an acknowledge that is there from the start on is no answer to
    anything, and a start takes a STOP that was seen since.
    """
    return _POWER_ON._replace(trips=carried_trips, carried_trips=carried_trips)


_POWER_ON: Final = Sample(*(0,) * len(Sample._fields))._replace(
    sample=-1,
    heartbeat=-1,
    now_us=-1,
    acknowledge=1,
    command=_RUN,
    allowed_na=NOT_SATURATED_NA,
    journaled_command=_RUN,
)


def conditions(before: TraceRow | Sample, row: TraceRow, settings: Settings) -> Conditions:
    """What is to be seen at ``row``, ``before`` being the tick before it, or ``power_on()``.

    Sense describes the period before the tick, so it is compared with what ``before`` drove. Works on ints and on
    arrays of 64-bit ints alike; currents and voltages may have any value that 32 bits hold.
    """
    measured, checked, drive = abs(row.measured_na), abs(row.check_na), abs(before.drive_na)
    saturated = abs(row.voltage_mv) >= settings.saturation_mv
    energised = (before.switch_closed != 0) | (before.drive_na != 0)
    behind = (row.measured_na * before.drive_na >= 0) & (measured <= drive)
    clock_us = (row.now_us - before.now_us) & _WRAP
    return Conditions(
        over_current=(measured > settings.trip_na) | (checked > settings.trip_na),
        over_voltage=abs(row.voltage_mv) > settings.over_voltage_mv,
        open=energised
        & ((row.contact != 1) | (saturated & (measured < settings.open_na) & (drive > settings.open_na))),
        # mV * 1 000 000 and ohm * nA are both nV. A reading out of range says nothing of the resistance: ``sensor``
        # answers it.
        short=(measured > settings.short_above_na)
        & (abs(row.voltage_mv) * 1_000_000 < measured * settings.short_ohm)
        & (measured <= settings.sensor_max_na)
        & (abs(row.voltage_mv) <= settings.sensor_max_mv),
        mismatch=(abs(row.measured_na - before.drive_na) > settings.mismatch_na) & ((saturated & behind) == 0),
        sensor=(measured > settings.sensor_max_na)
        | (checked > settings.sensor_max_na)
        | (abs(row.voltage_mv) > settings.sensor_max_mv)
        | (abs(row.measured_na - row.check_na) > settings.disagree_na),
        stale=row.sample == before.sample,
        leakage=(energised == 0) & ((measured > settings.leakage_na) | (checked > settings.leakage_na)),
        switch=row.switch_readback != before.switch_closed,
        contact=row.contact == 1,
        unheard=row.heartbeat == before.heartbeat,
        stopping=(row.command != _RUN) & (row.drive_na != 0),
        tick_off=(before.now_us >= 0) & (abs(clock_us - settings.tick_us) > settings.tick_tolerance_us),
    )


def allowed_na(before: TraceRow | Sample, row: TraceRow, settings: Settings) -> int:
    """What a saturated voltage lets the drive be in nA, ``before`` being the tick before ``row``: what flows in the
    direction of the drive, and the headroom. ``NOT_SATURATED_NA`` where it is not. Of ints and of arrays of 64-bit
    ints alike."""
    saturated = abs(row.voltage_mv) >= settings.saturation_mv
    along = row.measured_na * before.drive_na > 0
    flows_na = along * abs(row.measured_na) + settings.headroom_na
    return saturated * flows_na + (saturated == 0) * NOT_SATURATED_NA


CAUSES: Final = {
    "over_current": 1 << (Trip.OVER_CURRENT - 1),
    "over_voltage": 1 << (Trip.OVER_VOLTAGE - 1),
    "open": 1 << (Trip.OPEN - 1),
    "short": 1 << (Trip.SHORT - 1),
    "mismatch": 1 << (Trip.MISMATCH - 1),
    "sensor": 1 << (Trip.SENSOR - 1),
    "stale": 1 << (Trip.STALE - 1),
    "leakage": 1 << (Trip.LEAKAGE - 1),
    "switch": 1 << (Trip.SWITCH - 1),
    "tick_off": 1 << (Trip.TICK - 1),
}
"""The conditions that are the cause of a trip, with its bit in ``Sample.causes``."""


def slow_causes(pressed: bool, silent: bool) -> int:
    """The causes that reports show too: an emergency stop that is pressed, a supervisor that is silent for too long."""
    return pressed * _EMERGENCY + silent * _HEARTBEAT


class Witness:
    """Makes a sample of every tick of a trace, one after the other. ``last`` is the last one made.

    The array form of the same is ``samples_array.witness_columns``; a test holds the two equal.
    """

    def __init__(self, settings: Settings, carried_trips: int = 0) -> None:
        self._settings = settings
        self.last = power_on(carried_trips)

    def power_on(self, carried_trips: int) -> None:
        """The core was started again, or configured anew: the next tick is a first one."""
        self.last = power_on(carried_trips)

    def look(
        self,
        row: TraceRow,
        *,
        corrupted: int = 0,
        completed: int = 0,
        journaled_target_na: int | None = None,
        journaled_command: int | None = None,
    ) -> Sample:
        """The sample of the tick after the last one. What is not given has its neutral value (see ``Sample``)."""
        before, tick_us = self.last, self._settings.tick_us
        seen = conditions(before, row, self._settings)
        unheard_us = before.unheard_us + tick_us if seen.unheard else 0
        off = row.drive_na == 0 and row.switch_closed == 0
        self.last = Sample(
            *row,
            ticks=1,
            tick_count=before.tick_count + 1,
            drive_min_na=row.drive_na,
            drive_max_na=row.drive_na,
            allowed_na=allowed_na(before, row, self._settings),
            residual_na=max(abs(row.measured_na), abs(row.check_na)),
            zero_us=before.zero_us + tick_us if row.drive_na == 0 else 0,
            last_sign=_sign(row.drive_na) or before.last_sign,
            proposal_zero_us=before.proposal_zero_us + tick_us if row.proposal_na == 0 else 0,
            proposal_last_sign=_sign(row.proposal_na) or before.proposal_last_sign,
            causes=sum(bit for name, bit in CAUSES.items() if getattr(seen, name))
            + slow_causes(row.emergency_stop != 0, unheard_us >= self._settings.heartbeat_us),
            carried_trips=before.carried_trips & row.trips,
            armed=_armed(before, off=off, trips=row.trips, stop=row.command != _RUN),
            live_us=before.live_us + (0 if off else tick_us),
            charge_positive_fc=before.charge_positive_fc + max(row.drive_na, 0) * tick_us,
            charge_negative_fc=before.charge_negative_fc + max(-row.drive_na, 0) * tick_us,
            over_current_us=before.over_current_us + tick_us if seen.over_current else 0,
            over_voltage_us=before.over_voltage_us + tick_us if seen.over_voltage else 0,
            open_us=before.open_us + tick_us if seen.open else 0,
            short_us=before.short_us + tick_us if seen.short else 0,
            mismatch_us=before.mismatch_us + tick_us if seen.mismatch else 0,
            sensor_us=before.sensor_us + tick_us if seen.sensor else 0,
            stale_us=before.stale_us + tick_us if seen.stale else 0,
            leakage_us=before.leakage_us + tick_us if seen.leakage else 0,
            switch_us=before.switch_us + tick_us if seen.switch else 0,
            contact_us=before.contact_us + tick_us if seen.contact else 0,
            unheard_us=unheard_us,
            stopping_us=before.stopping_us + tick_us if seen.stopping else 0,
            tick_off=int(seen.tick_off),
            corrupted=corrupted,
            completed=completed,
            journaled_target_na=row.requested_na if journaled_target_na is None else journaled_target_na,
            journaled_command=row.command if journaled_command is None else journaled_command,
        )
        return self.last


def sample_of_report(
    previous: Sample,
    request: "Request",
    telemetry: "Telemetry",
    settings: Settings,
    *,
    completed: int = 0,
    journaled_target_na: int | None = None,
    journaled_command: int | None = None,
) -> Sample:
    """The sample of one exchange: ``telemetry`` came, after ``request`` had gone; ``previous`` is that of the
    exchange before, or ``power_on()``.

    A request has been seen by the core for certain when the telemetry has its heartbeat (not 0 at the first one,
    which is what a core says that has seen none). Until then the one before it may be in force as well, and the
    sample has of both what speaks for the core: RUN, the target that the core answers, the acknowledge that explains
    a trip that is gone. What the journal held is given for ``request``. What is not given has its neutral value (see
    ``Sample``).
    """
    drive = telemetry.drive_na
    ticks = (telemetry.ticks - previous.tick_count) & _WRAP
    elapsed_us = ticks * settings.tick_us
    low = high = drive
    if ticks:  # else the extremes are still those of the last report
        low, high = min(drive, telemetry.drive_min_na), max(drive, telemetry.drive_max_na)
    off = drive == 0 and telemetry.switch_closed == 0
    command, acknowledge, requested_na = request.command, request.acknowledge, request.target_na
    if telemetry.heartbeat != request.heartbeat:
        cleared = (previous.trips & telemetry.trips) != previous.trips
        taken = telemetry.target_na == requested_na or (telemetry.refused and abs(requested_na) > settings.limit_na)
        command = _RUN if previous.command == _RUN else command
        acknowledge = acknowledge if acknowledge != 1 or cleared else previous.acknowledge
        requested_na = requested_na if taken else previous.requested_na
    held_target_na, held_command = previous.journaled_target_na, previous.journaled_command
    if requested_na == request.target_na:
        held_target_na = requested_na if journaled_target_na is None else journaled_target_na
    if command == request.command:
        held_command = command if journaled_command is None else journaled_command
    if drive != 0:
        zero_us = 0
    elif low == 0 == high and previous.drive_na == 0:
        zero_us = previous.zero_us + elapsed_us
    else:
        zero_us = elapsed_us
    if drive != 0:
        last_sign = _sign(drive)
    elif low < 0 < high:
        last_sign, zero_us = 0, max(zero_us, settings.dwell_us)  # which came last is not known: either may follow
    else:
        last_sign = _sign(low) or _sign(high) or previous.last_sign
    unheard_us = previous.unheard_us + elapsed_us if telemetry.heartbeat == previous.heartbeat else 0
    least_na = max(telemetry.measured_min_na, -telemetry.measured_max_na, 0)
    least_allowed_na = NOT_SATURATED_NA
    if ticks and max(telemetry.voltage_max_mv, -telemetry.voltage_min_mv) >= settings.saturation_mv:
        # at which tick, and in which direction, is not known: at the worst what flowed was against the drive
        against = (high > 0 > telemetry.measured_max_na) or (low < 0 < telemetry.measured_min_na)
        least_allowed_na = (0 if against else least_na) + settings.headroom_na
    # The request before may have been in force for most of the time, and this one for the end of it though unanswered.
    stop_seen = request.command != _RUN or previous.command != _RUN
    stopping = command != _RUN and previous.command != _RUN and drive != 0
    # By position and with slices: a session makes one of these at every exchange, and names cost three times as much.
    return Sample(
        *telemetry[:6],  # time_us, energised_us, driven_positive_fc to measured_negative_fc
        command,
        acknowledge,
        telemetry.heartbeat,
        requested_na,
        telemetry.target_na,
        drive,  # proposal_na
        drive,
        telemetry.switch_closed,
        *telemetry[7:12],  # phase, limited_by, refused, first_trip, trips
        telemetry.measured_na,
        telemetry.measured_na,  # check_na
        telemetry.voltage_mv,
        telemetry.contact,
        telemetry.switch_closed,  # switch_readback
        telemetry.emergency_stop,
        *_NO_SENSE,
        ticks,
        telemetry.ticks,
        low,
        high,
        least_allowed_na,
        least_na,  # residual_na
        zero_us,
        last_sign,
        zero_us,  # of the proposal
        last_sign,
        slow_causes(telemetry.emergency_stop != 0, unheard_us >= settings.heartbeat_us),
        previous.carried_trips & telemetry.trips,
        _armed(previous, off=off, trips=telemetry.trips, stop=stop_seen),
        telemetry.energised_us,  # live_us
        telemetry.driven_positive_fc,
        telemetry.driven_negative_fc,
        *_NOTHING_HELD,
        (previous.contact_us if previous.contact == 1 else 0) + elapsed_us,
        unheard_us,
        previous.stopping_us + elapsed_us if stopping else 0,
        0,  # tick_off
        0,  # corrupted
        completed,
        held_target_na,
        held_command,
    )


_NO_SENSE: Final = (0,) * 6
"""``sample`` to ``true_switch`` on a report."""
_NOTHING_HELD: Final = (0,) * 9
"""``over_current_us`` to ``switch_us`` on a report."""


def at_completion(sample: Sample) -> Sample:
    """The sample of the same moment once the session calls itself completed: nothing has passed since ``sample``."""
    return sample._replace(ticks=0, drive_min_na=sample.drive_na, drive_max_na=sample.drive_na, completed=1)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _armed(before: Sample, *, off: bool, trips: int, stop: bool) -> int:
    """``Sample.armed``. A STOP with the output off arms; current or a trip uses it up."""
    if not off or trips != 0:
        return 0
    return 1 if stop else before.armed
