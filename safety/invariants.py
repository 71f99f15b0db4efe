"""The safety invariants: what always holds, each with a predicate that can be executed.

One row is one promise. The same predicate serves the monitor of a running session, the tests of properties, and the
campaign of injected faults; the contracts in ``ccore/include/ionto.h`` state the same ids for the prover. A row names
the hazards that it guards and the clause that it answers; it never lists its evidence, which points up at the row by
id.

A predicate is asked about two successive samples and the settings in force: ``holds(previous, current, settings)``.
It uses operators, ``abs`` and comparisons alone, so that it works on the ints of one sample and on columns of many,
with the same result. It judges the drive by what was sensed and requested, and by what an independent witness counted
(``safety.samples``); it takes the core's word only where that word is what is judged (a trip is said to be latched, a
target to be in force).

The current of SI-01, SI-03 and SI-04, and of every sentence that names no other, is the driven one: what the core
tells the converter. What truly flows is bounded by others: SI-12 cuts when the measured current differs from the driven
one by more than ``mismatch_na``, and SI-08 when it is above the trip level, each after its debounce time and as far as
the sensors tell.

Nothing measures density. H-02 is guarded through the area that the plan states, from which SI-01 has one of its limits,
and through nothing else: an electrode that is smaller, dry in part or crooked breaks no invariant.

Clauses are a benchmark and no claim of conformity: their numbers come from secondary sources. To add an invariant,
append a row with the next id; ids are never renumbered and never used again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from iontocore.ccore import Command, Phase, Refused, Trip
from iontocore.safety.samples import Sample, Settings

CEILING_NA: Final = 30_000_000
"""Ceilings of the core, stated once more: a header that is altered is then found out, and not followed. As in
``ionto.h``."""
TRIP_CEILING_NA: Final = 35_000_000
RISE_MAX_UA_PER_S: Final = 2_000
FALL_MAX_UA_PER_S: Final = 20_000
DWELL_MIN_US: Final = 100_000
VOLTAGE_CEILING_MV: Final = 100_000
LEAKAGE_MAX_NA: Final = 100_000
MISMATCH_MAX_NA: Final = 1_000_000
DISAGREE_MAX_NA: Final = 2_000_000
DEBOUNCE_MAX_US: Final = 200_000
HEARTBEAT_MAX_US: Final = 10_000_000
TIME_CEILING_US: Final = 7_200_000_000
CHARGE_CEILING_FC: Final = 100_000_000_000_000_000

_RUN: Final = int(Command.RUN)
_IDLE: Final = int(Phase.IDLE)
_WAIT: Final = int(Phase.WAIT)
_FAULT: Final = int(Phase.FAULT)
_REFUSED_NOTHING: Final = int(Refused.NOTHING)
_REFUSED_LIMIT: Final = int(Refused.LIMIT)


def _bit(trip: Trip) -> int:
    """A trip as it stands in ``trips``."""
    return 1 << (trip - 1)


_OVER_CURRENT: Final = _bit(Trip.OVER_CURRENT)
_OVER_VOLTAGE: Final = _bit(Trip.OVER_VOLTAGE)
_OPEN: Final = _bit(Trip.OPEN)
_SHORT: Final = _bit(Trip.SHORT)
_MISMATCH: Final = _bit(Trip.MISMATCH)
_SENSOR: Final = _bit(Trip.SENSOR)
_STALE: Final = _bit(Trip.STALE)
_LEAKAGE: Final = _bit(Trip.LEAKAGE)
_SWITCH: Final = _bit(Trip.SWITCH)
_TICK: Final = _bit(Trip.TICK)
_CORRUPT: Final = _bit(Trip.CORRUPT)
_EMERGENCY: Final = _bit(Trip.EMERGENCY)


# ---- what several of them say ------------------------------------------------------------------------------


def _implies(premise: bool, conclusion: bool) -> bool:
    """Where the premise holds, so does the conclusion. ``<=`` of truths, since ``or`` and ``not`` do not take
    arrays."""
    return premise <= conclusion


def _off(sample: Sample) -> bool:
    """No current is driven and the switch is told to be open."""
    return (sample.drive_na == 0) & (sample.switch_closed == 0)


def _latched(sample: Sample, trip: int) -> bool:
    """The output is off, and the trip is latched; or CORRUPT is, since a core that cannot trust its memory starts every
    count anew and stays off for good (SI-20)."""
    return _off(sample) & ((sample.trips & (trip | _CORRUPT)) != 0)


def _cut(sample: Sample) -> bool:
    """The output is off by a trip: the one way in which the current may fall faster than by the ramp."""
    return _off(sample) & (sample.trips != 0)


def _fall_us(settings: Settings) -> int:
    """The fall time: from the limit to zero at the fall rate, in whole ticks."""
    return -(-settings.limit_na // settings.fall_na_per_tick) * settings.tick_us


def _since_previous_us(current: Sample, settings: Settings) -> int:
    """Time between the previous sample's tick and the tick before this sample's: 0 in a trace, and 0 without a tick."""
    return (current.ticks - (current.ticks > 0)) * settings.tick_us


def _goes_on(na: int, last_sign: int) -> bool:
    """Zero, or in the direction of the last current. After power-on there is no such direction."""
    return (na == 0) | (na * last_sign > 0)


def _rises_by_the_ramp(before_na: int, now_na: int, na: int) -> bool:
    """The magnitude rose by at most ``na``; on the other side of zero it rose from zero."""
    return (abs(now_na) <= na) | ((abs(now_na) <= abs(before_na) + na) & (before_na * now_na >= 0))


def _falls_by_the_ramp(before_na: int, now_na: int, na: int, allowed_na: int) -> bool:
    """The magnitude fell by at most ``na`` from where it was, or from ``allowed_na`` where that is less; on the other
    side of zero it fell to zero."""
    to_na = abs(now_na) + na
    same_way = before_na * now_na >= 0
    return (abs(before_na) <= na) | (((abs(before_na) <= to_na) | (allowed_na <= to_na)) & same_way)


# ---- the current -------------------------------------------------------------------------------------------


def _si01_limit(previous: Sample, current: Sample, settings: Settings) -> bool:
    return (abs(current.drive_min_na) <= settings.limit_na) & (abs(current.drive_max_na) <= settings.limit_na)


def _si02_ceiling(previous: Sample, current: Sample, settings: Settings) -> bool:
    configured = (
        (0 < settings.limit_na <= CEILING_NA)
        and settings.limit_na < settings.trip_na <= TRIP_CEILING_NA
        # uA/s * us / 1000 is nA a tick
        and 0 < settings.rise_na_per_tick * 1000 <= RISE_MAX_UA_PER_S * settings.tick_us
        and 0 < settings.fall_na_per_tick * 1000 <= FALL_MAX_UA_PER_S * settings.tick_us
        and settings.dwell_us >= DWELL_MIN_US
        and settings.compliance_mv <= VOLTAGE_CEILING_MV
        and settings.leakage_na <= LEAKAGE_MAX_NA
        and settings.mismatch_na <= MISMATCH_MAX_NA
        and settings.disagree_na <= DISAGREE_MAX_NA
        and max(
            settings.over_current_us,
            settings.over_voltage_us,
            settings.open_us,
            settings.short_us,
            settings.mismatch_us,
            settings.sensor_us,
            settings.stale_us,
            settings.leakage_us,
            settings.switch_us,
        )
        <= DEBOUNCE_MAX_US
        and settings.heartbeat_us <= HEARTBEAT_MAX_US
        and settings.time_cap_us <= TIME_CEILING_US
        and settings.charge_cap_each_fc <= settings.charge_cap_total_fc <= CHARGE_CEILING_FC
    )
    return (abs(current.drive_min_na) <= CEILING_NA) & (abs(current.drive_max_na) <= CEILING_NA) & configured


def _si03_slew(previous: Sample, current: Sample, settings: Settings) -> bool:
    rise_na = settings.rise_na_per_tick * current.ticks
    fall_na = settings.fall_na_per_tick * current.ticks
    return (
        _rises_by_the_ramp(previous.drive_na, current.drive_min_na, rise_na)
        & _rises_by_the_ramp(previous.drive_na, current.drive_max_na, rise_na)
        & (_falls_by_the_ramp(previous.drive_na, current.drive_na, fall_na, current.allowed_na) | _cut(current))
    )


def _si04_reversal(previous: Sample, current: Sample, settings: Settings) -> bool:
    within_us = _since_previous_us(current, settings)
    same_way = _goes_on(current.drive_min_na, previous.last_sign) & _goes_on(current.drive_max_na, previous.last_sign)
    one_way = current.drive_min_na * current.drive_max_na >= 0
    return (same_way | (previous.zero_us + within_us >= settings.dwell_us)) & (
        one_way | (within_us >= settings.dwell_us)
    )


def _si05_start(previous: Sample, current: Sample, settings: Settings) -> bool:
    # One step for every tick since the previous sample: in a trace, a single one.
    step_na = settings.rise_na_per_tick * current.ticks
    started = (
        (abs(current.drive_min_na) <= step_na)
        & (abs(current.drive_max_na) <= step_na)
        & (abs(current.drive_na) <= step_na)
        & (current.command == _RUN)
        & (previous.armed == 1)
        & (current.contact_us >= settings.contact_us)
        # the silence at the first tick since the previous sample: no start is earlier
        & (current.unheard_us - _since_previous_us(current, settings) < settings.heartbeat_us)
    )
    return _implies(_off(previous), _off(current) | started)


def _si06_off(previous: Sample, current: Sample, settings: Settings) -> bool:
    resting = (current.phase == _IDLE) | (current.phase == _WAIT) | (current.phase == _FAULT)
    return (
        (current.phase <= _FAULT)
        & _implies(resting, _off(current))
        & ((current.phase == _FAULT) == (current.trips != 0))
    )


# ---- trips -------------------------------------------------------------------------------------------------


def _si07_latch(previous: Sample, current: Sample, settings: Settings) -> bool:
    gone = previous.trips - (previous.trips & current.trips)
    corrupt = (current.trips & _CORRUPT) != 0
    cleared_by_acknowledge = (
        (previous.acknowledge == 0)
        & (current.acknowledge == 1)
        & (current.residual_na <= settings.leakage_na)
        & _off(current)
        & ((gone & _CORRUPT & (previous.carried_trips ^ _CORRUPT)) == 0)
        & ((gone & current.causes) == 0)
    )
    first_is_latched = ((current.trips << 1 >> current.first_trip) & 1) == 1
    no_trip_no_first = (current.trips == 0) & (current.first_trip == 0)
    first_is_kept = (previous.first_trip == 0) | (current.first_trip == previous.first_trip)
    # What a core that found itself corrupt remembers of trips is not to be believed: CORRUPT stands for all of it.
    return (
        _implies(current.trips != 0, _off(current))
        & ((gone == 0) | cleared_by_acknowledge | corrupt)
        & (first_is_latched | no_trip_no_first)
        & _implies((previous.trips != 0) & (gone == 0), first_is_kept)
    )


def _si08_over_current(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _implies(current.over_current_us >= settings.over_current_us, _latched(current, _OVER_CURRENT))


def _si09_over_voltage(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _implies(current.over_voltage_us >= settings.over_voltage_us, _latched(current, _OVER_VOLTAGE))


def _si10_open(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _implies(current.open_us >= settings.open_us, _latched(current, _OPEN)) & _implies(
        previous.drive_na == 0, abs(current.drive_na) <= settings.rise_na_per_tick
    )


def _si11_short(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _implies(current.short_us >= settings.short_us, _latched(current, _SHORT))


def _si12_mismatch(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _implies(current.mismatch_us >= settings.mismatch_us, _latched(current, _MISMATCH))


def _si13_sensor(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _implies(current.sensor_us >= settings.sensor_us, _latched(current, _SENSOR)) & _implies(
        current.stale_us >= settings.stale_us, _latched(current, _STALE)
    )


def _si14_off_is_off(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _implies(current.leakage_us >= settings.leakage_us, _latched(current, _LEAKAGE)) & _implies(
        current.switch_us >= settings.switch_us, _latched(current, _SWITCH)
    )


# ---- the end of the current --------------------------------------------------------------------------------


def _falls_at_every_tick(previous: Sample, current: Sample, settings: Settings) -> bool:
    """The drive is zero, or lower by the fall rate, and on the same side."""
    return (current.drive_na == 0) | (
        (abs(current.drive_na) <= abs(previous.drive_na) - settings.fall_na_per_tick * current.ticks)
        & (current.drive_na * previous.drive_na > 0)
    )


def _si15_heartbeat(previous: Sample, current: Sample, settings: Settings) -> bool:
    # The shortest silence at the first tick since the previous sample: from there on the whole time was a fall.
    silent = current.unheard_us - _since_previous_us(current, settings) >= settings.heartbeat_us
    over = current.unheard_us >= settings.heartbeat_us + _fall_us(settings)
    return _implies(silent, _falls_at_every_tick(previous, current, settings)) & _implies(over, current.drive_na == 0)


def _si16_stop(previous: Sample, current: Sample, settings: Settings) -> bool:
    stopping = current.stopping_us > 0
    return (
        _implies(stopping, _falls_at_every_tick(previous, current, settings))
        & (current.stopping_us < _fall_us(settings))
        & _implies((current.command != _RUN) & (current.drive_na == 0), current.switch_closed == 0)
        & _implies(current.emergency_stop != 0, _latched(current, _EMERGENCY))
    )


def _si17_time(previous: Sample, current: Sample, settings: Settings) -> bool:
    return (
        (current.live_us <= settings.time_cap_us)
        & (current.energised_us <= settings.time_cap_us)
        & ((current.energised_us >= previous.energised_us) | _latched(current, _CORRUPT))
    )


def _si18_charge(previous: Sample, current: Sample, settings: Settings) -> bool:
    return (
        (current.charge_positive_fc <= settings.charge_cap_each_fc)
        & (current.charge_negative_fc <= settings.charge_cap_each_fc)
        & (current.charge_positive_fc + current.charge_negative_fc <= settings.charge_cap_total_fc)
        & (current.driven_positive_fc <= settings.charge_cap_each_fc)
        & (current.driven_negative_fc <= settings.charge_cap_each_fc)
        & (current.driven_positive_fc + current.driven_negative_fc <= settings.charge_cap_total_fc)
        & ((current.driven_positive_fc >= previous.driven_positive_fc) | _latched(current, _CORRUPT))
        & ((current.driven_negative_fc >= previous.driven_negative_fc) | _latched(current, _CORRUPT))
        & (current.measured_positive_fc >= previous.measured_positive_fc)
        & (current.measured_negative_fc >= previous.measured_negative_fc)
    )


def _si19_balance(previous: Sample, current: Sample, settings: Settings) -> bool:
    net_fc = abs(current.measured_positive_fc - current.measured_negative_fc)
    all_fc = current.measured_positive_fc + current.measured_negative_fc
    # divided first: a hundred times the largest charge does not fit 64 bits
    balanced = net_fc <= all_fc // 100 * settings.balance_tolerance_percent
    return _implies((current.completed != 0) & settings.reversing, balanced)


# ---- the core itself ---------------------------------------------------------------------------------------


def _si20_corrupt(previous: Sample, current: Sample, settings: Settings) -> bool:
    said = (current.trips & _CORRUPT) != 0
    said_before = (previous.trips & _CORRUPT & (previous.carried_trips ^ _CORRUPT)) != 0
    return _implies((current.corrupted != 0) | said | said_before, _latched(current, _CORRUPT))


def _si21_tick(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _implies(current.tick_off != 0, _latched(current, _TICK))


def _si22_refusal(previous: Sample, current: Sample, settings: Settings) -> bool:
    beyond = abs(current.requested_na) > settings.limit_na
    refused = beyond & (current.refused == _REFUSED_LIMIT) & (current.target_na == previous.target_na)
    taken = (beyond == 0) & (current.refused == _REFUSED_NOTHING) & (current.target_na == current.requested_na)
    # A core that has found itself corrupt takes no target at all.
    return refused | taken | _latched(current, _CORRUPT)


def _si23_ion(previous: Sample, current: Sample, settings: Settings) -> bool:
    return (current.drive_min_na * settings.ion_sign >= 0) & (current.drive_max_na * settings.ion_sign >= 0)


def _si24_admitted(previous: Sample, current: Sample, settings: Settings) -> bool:
    return _off(current) | settings.admitted


# Acknowledges and the transitions of the state table are in the journal before the act as well. No sample tells of
# them: tests show it.
def _si25_journal(previous: Sample, current: Sample, settings: Settings) -> bool:
    return (current.requested_na == current.journaled_target_na) & (current.command == current.journaled_command)


# One channel of the two. That the guard keeps SI-01 to SI-06 under any regulator is shown by tests of the guard alone
# and by its contracts; a trace has only the regulator that there is.
def _si26_regulator_alone(previous: Sample, current: Sample, settings: Settings) -> bool:
    was, proposed = previous.proposal_na, current.proposal_na
    given_up = (proposed == 0) & (_cut(previous) | _cut(current))
    return (
        (abs(proposed) <= settings.limit_na)
        & _rises_by_the_ramp(was, proposed, settings.rise_na_per_tick)
        & (_falls_by_the_ramp(was, proposed, settings.fall_na_per_tick, current.allowed_na) | given_up)
        & (abs(proposed) <= current.allowed_na)
        & (_goes_on(proposed, previous.proposal_last_sign) | (previous.proposal_zero_us >= settings.dwell_us))
        & _implies(previous.trips != 0, proposed == 0)
        & _implies(_off(previous) & (proposed != 0), (current.command == _RUN) & (previous.armed == 1))
    )


def _si27_headroom(previous: Sample, current: Sample, settings: Settings) -> bool:
    saturated = abs(current.voltage_mv) >= settings.saturation_mv
    flows_na = (current.measured_na * current.drive_na > 0) * abs(current.measured_na)
    return _implies(saturated, abs(current.drive_na) <= flows_na + settings.headroom_na)


# ---- the table ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invariant:
    """One row.

    id: ``SI-01`` and so on; never renumbered.
    sentence: the promise, for people.
    hazards: ids of ``safety.hazards`` that it guards.
    clause: what it answers, as a benchmark.
    scope: ``tick`` when it needs every tick; ``report`` when it is judged on telemetry reports as well.
    shows: the fields of the sample and of the settings that a reader of a breach wants to see.
    holds: whether the promise is kept from the previous sample to the current one.
    """

    id: str
    sentence: str
    hazards: tuple[str, ...]
    clause: str
    scope: Literal["tick", "report"]
    shows: tuple[str, ...]
    holds: Callable[[Sample, Sample, Settings], bool]


INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant(
        "SI-01",
        "The magnitude of the driven current never exceeds the limit in force: the smallest of device, site, age, "
        "plan, and density over the area that the plan states.",
        ("H-01", "H-02"),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("drive_na", "drive_min_na", "drive_max_na", "limit_na"),
        _si01_limit,
    ),
    Invariant(
        "SI-02",
        "No configuration reaches beyond the ceilings compiled into the core, and no current beyond the ceiling of "
        "current.",
        ("H-01", "H-03", "H-09", "H-12", "H-13"),
        "IEC 60601-1, 4.7 (single fault condition)",
        "report",
        ("drive_min_na", "drive_max_na", "limit_na", "trip_na", "rise_na_per_tick", "fall_na_per_tick", "tick_us"),
        _si02_ceiling,
    ),
    Invariant(
        "SI-03",
        "From tick to tick the magnitude of the driven current rises by at most the rise rate and falls by at most the "
        "fall rate, save when it is cut to zero by a trip or when a saturated voltage takes it to what it allows "
        "(SI-27).",
        ("H-03",),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("drive_na", "drive_min_na", "drive_max_na", "allowed_na", "ticks", "rise_na_per_tick", "fall_na_per_tick"),
        _si03_slew,
    ),
    Invariant(
        "SI-04",
        "The driven current takes another direction than its last, or its first after power-on, only after it has been "
        "zero for the dwell.",
        ("H-03",),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("drive_na", "last_sign", "zero_us", "dwell_us"),
        _si04_reversal,
    ),
    Invariant(
        "SI-05",
        "The output is energised from zero, and begins with at most one step of the ramp, by RUN of a supervisor that "
        "is heard, after a STOP that was seen without a trip, once contact has held for its time; never at power-on.",
        ("H-03", "H-04", "H-05"),
        "IEC 60601-2-10, 201.12.4.102 (energised only from the minimum)",
        "report",
        (
            "drive_na",
            "switch_closed",
            "command",
            "armed",
            "contact_us",
            "unheard_us",
            "heartbeat_us",
            "rise_na_per_tick",
        ),
        _si05_start,
    ),
    Invariant(
        "SI-06",
        "While the core is idle, waits for contact or is in fault the current is zero and the switch is open, and it "
        "is in fault exactly while a trip is latched.",
        ("H-05", "H-06", "H-08"),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("phase", "drive_na", "switch_closed", "trips"),
        _si06_off,
    ),
    Invariant(
        "SI-07",
        "A trip keeps the output off and stays latched, the first cause with it, until it is acknowledged anew with "
        "no current measured and its cause gone; power-on clears nothing, and a core that found itself corrupt stays "
        "so until power-on.",
        ("H-01", "H-05", "H-06"),
        "IEC 60601-1, 4.7 (single fault condition)",
        "report",
        ("trips", "first_trip", "acknowledge", "residual_na", "leakage_na", "drive_na", "switch_closed"),
        _si07_latch,
    ),
    Invariant(
        "SI-08",
        "A measured current above the trip level is cut by the tick at which it has held for its debounce time.",
        ("H-01", "H-11"),
        "IEC 60601-1, 4.7 (single fault condition)",
        "tick",
        ("measured_na", "trip_na", "over_current_us", "drive_na", "trips"),
        _si08_over_current,
    ),
    Invariant(
        "SI-09",
        "A voltage above the over-voltage level is cut by the tick at which it has held for its debounce time.",
        ("H-09",),
        "IEC 60601-1, 4.7 (single fault condition)",
        "tick",
        ("voltage_mv", "over_voltage_mv", "over_voltage_us", "drive_na", "trips"),
        _si09_over_voltage,
    ),
    Invariant(
        "SI-10",
        "Contact that is lost while the output is energised cuts by the tick at which it has been lost for its "
        "debounce time, and current comes back only from zero by the ramp.",
        ("H-03", "H-04"),
        "IEC 60601-1, 4.7 (single fault condition)",
        "tick",
        ("contact", "voltage_mv", "measured_na", "open_us", "drive_na", "trips"),
        _si10_open,
    ),
    Invariant(
        "SI-11",
        "Current through less than the smallest resistance is cut by the tick at which it has flowed for its debounce "
        "time.",
        ("H-10",),
        "IEC 60601-1, 4.7 (single fault condition)",
        "tick",
        ("voltage_mv", "measured_na", "short_ohm", "short_us", "drive_na", "trips"),
        _si11_short,
    ),
    Invariant(
        "SI-12",
        "Measured current that differs from the driven one, other than by falling short of it at a saturated voltage, "
        "is cut by the tick at which it has differed for its debounce time.",
        ("H-01", "H-11"),
        "IEC 60601-1, 12.1 (accuracy of controls)",
        "tick",
        ("measured_na", "voltage_mv", "mismatch_na", "mismatch_us", "drive_na", "trips"),
        _si12_mismatch,
    ),
    Invariant(
        "SI-13",
        "A sensor that is out of range or contradicted by the other, or that gives no new sample, cuts by the tick at "
        "which it has done so for its debounce time.",
        ("H-01", "H-11", "H-13"),
        "IEC 62304, 5.5.4 (self-diagnosis)",
        "tick",
        ("measured_na", "check_na", "voltage_mv", "sample", "sensor_us", "stale_us", "drive_na", "trips"),
        _si13_sensor,
    ),
    Invariant(
        "SI-14",
        "Current that flows while the output is off, and a switch that does not obey, are found and latched by the "
        "tick at which they have been there for their debounce time.",
        ("H-06", "H-08"),
        "IEC 60601-1, 4.7 (single fault condition)",
        "tick",
        ("measured_na", "check_na", "switch_readback", "leakage_us", "switch_us", "drive_na", "trips"),
        _si14_off_is_off,
    ),
    Invariant(
        "SI-15",
        "From the tick at which the supervisor has been silent for the heartbeat time the current falls by the fall "
        "rate at every tick, so that it is zero within the fall time.",
        ("H-06", "H-07"),
        "IEC 62304, 5.5.4 (fault handling)",
        "report",
        ("unheard_us", "heartbeat_us", "drive_na", "limit_na", "fall_na_per_tick"),
        _si15_heartbeat,
    ),
    Invariant(
        "SI-16",
        "From the tick that sees a stop the current falls by the fall rate at every tick, so that it is zero within "
        "the fall time, and the switch opens with it; an emergency stop cuts at the tick that sees it.",
        ("H-06",),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("command", "emergency_stop", "stopping_us", "drive_na", "switch_closed", "limit_na", "fall_na_per_tick"),
        _si16_stop,
    ),
    Invariant(
        "SI-17",
        "Energised time never exceeds its cap and never runs backwards, save that a core that found itself corrupt "
        "counts anew, and stays off.",
        ("H-06", "H-12"),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("live_us", "energised_us", "time_cap_us"),
        _si17_time,
    ),
    Invariant(
        "SI-18",
        "Charge never decreases and never exceeds its cap, in each direction and in all, save that a core that found "
        "itself corrupt counts anew, and stays off.",
        ("H-12", "H-13"),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("charge_positive_fc", "charge_negative_fc", "charge_cap_each_fc", "charge_cap_total_fc"),
        _si18_charge,
    ),
    Invariant(
        "SI-19",
        "When a session that reverses is completed, its measured net charge is within the stated share of all its "
        "charge.",
        ("H-15",),
        "IEC 60601-1, 12.1 (accuracy of controls)",
        "report",
        ("measured_positive_fc", "measured_negative_fc", "balance_tolerance_percent"),
        _si19_balance,
    ),
    Invariant(
        "SI-20",
        "Corrupted state is found at the next step, which drives nothing, and the core stays off until it is powered "
        "on anew.",
        ("H-01", "H-06", "H-11"),
        "IEC 62304, 5.5.4 (memory)",
        "report",
        ("corrupted", "drive_na", "switch_closed", "trips"),
        _si20_corrupt,
    ),
    Invariant(
        "SI-21",
        "A tick that comes earlier or later than its tolerance, missed and doubled ones among them, cuts.",
        ("H-03", "H-12"),
        "IEC 62304, 5.5.4 (event sequence)",
        "tick",
        ("now_us", "tick_us", "tick_tolerance_us", "drive_na", "trips"),
        _si21_tick,
    ),
    Invariant(
        "SI-22",
        "A request beyond the limit leaves the target in force as it was and is answered as refused; every other one "
        "is in force as it was asked, and is answered so.",
        ("H-01", "H-11"),
        "IEC 62304, 5.5.4 (boundaries)",
        "report",
        ("requested_na", "target_na", "refused", "limit_na"),
        _si22_refusal,
    ),
    Invariant(
        "SI-23",
        "With a drug the current flows only in the direction of the sign of its ion.",
        ("H-14",),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("drive_min_na", "drive_max_na", "ion_sign"),
        _si23_ion,
    ),
    Invariant(
        "SI-24",
        "Nothing is energised for someone with a contraindication, or before the shortest interval since the last "
        "session.",
        ("H-16", "H-17"),
        "21 CFR 890.5525(b) (special controls)",
        "report",
        ("drive_na", "switch_closed", "admitted"),
        _si24_admitted,
    ),
    Invariant(
        "SI-25",
        "Every start, every stop and every target is in the journal before it is asked of the core.",
        ("H-18",),
        "IEC 60601-1, 14 (programmable systems)",
        "report",
        ("requested_na", "journaled_target_na", "command", "journaled_command"),
        _si25_journal,
    ),
    Invariant(
        "SI-26",
        "Before the guard has seen them, the regulator's proposals keep the limit, the ramp, the dwell and what a "
        "saturated voltage allows, leave zero with the output off only by RUN after a STOP that was seen, and are zero "
        "once the guard has cut.",
        ("H-01", "H-03", "H-05", "H-06"),
        "IEC 60601-1, 4.7 (single fault condition)",
        "tick",
        ("proposal_na", "drive_na", "trips", "limit_na", "rise_na_per_tick", "fall_na_per_tick"),
        _si26_regulator_alone,
    ),
    Invariant(
        "SI-27",
        "At a saturated voltage the driven current is never above what flows in its direction by more than the "
        "headroom: what is driven beyond it would come back in one step when the contact does.",
        ("H-03", "H-04"),
        "IEC 60601-1, 12.4 (hazardous output)",
        "report",
        ("drive_na", "measured_na", "voltage_mv", "saturation_mv", "headroom_na"),
        _si27_headroom,
    ),
)


def _by_id(rows: tuple[Invariant, ...]) -> Mapping[str, Invariant]:
    """The rows by id, in their order. ValueError when an id is given twice."""
    table = {row.id: row for row in rows}
    if len(table) != len(rows):
        raise ValueError("an invariant's id is given twice")
    return MappingProxyType(table)


INVARIANT_BY_ID: Final[Mapping[str, Invariant]] = _by_id(INVARIANTS)
"""The same rows by id; read-only."""
