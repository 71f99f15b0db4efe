"""One trial of the fault campaign: what is done in it, what is hazardous, and the judgement of every tick.

What is hazardous is measured on the current that really flows, by C code (``ccore/sim/ionto_trial.h``), and is no
finding of the core: so a core that is blind does not look safe. The bounds come from what is asked for, from the core's
configuration and from the profile of the device; a step that is felt is the one figure of its own.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from iontocore.ccore import Fault, Phase, Trace, Trial, TrialHazard, TrialOutcome, Trip
from iontocore.safety.samples import power_on
from iontocore.safety.samples_array import witness_columns
from iontocore.verification.campaign_cases import Case, Use
from iontocore.verification.campaign_scenes import (
    EXCHANGE_US,
    Played,
    Scene,
    broken_in,
    configuration,
    plan,
    played,
)

STEP_NA: Final = 1_000_000
"""A step that is felt: 1 mA (``ionto.h``, struct ionto_config; assumption)."""
LATENCY_US: Final = 10_000
"""What a reaction takes beyond the debounce: 5 ms of the contact sense, a few ticks of converter and output stage."""
VOLTAGE_ERROR_PERCENT: Final = 1
"""Of the voltage sensor: assumption, as large as the profile says of the current sensors."""
REST_US: Final = 500_000
"""In scenes at rest or in fault, before the operator starts (again)."""
RUN_US: Final = 3_000_000
"""Current is asked for so long; on the ramp that is 1.5 mA, more than a mismatch may be."""
PAST_THE_CAP_US: Final = 60_000_000
"""... and where a cap is due, so long that a cap that is not kept is passed."""
LIFT_US: Final = 100_000
"""When a hand is lifted, in trials in which one is: when most of what is found has been found."""
AWAY_US: Final = 1_000_000
SLIP_PERMILLE: Final = 50
"""So much of a hand that is lifted for the most part stays in the water."""
SETTLE_US: Final = 200_000
PRESS_US: Final = 100_000
PRESS_AFTER_US: Final = 500_000
"""When the emergency stop is pressed in a fall."""
_CAPS: Final = 1 << (Trip.CHARGE - 1) | 1 << (Trip.TIME - 1)
"""What ends every treatment at last finds no fault."""

SOUND_ID: Final = "sound"


class Run(NamedTuple):
    """One trial.

    fault: its id, or "sound". injection, use, scene: in words. changed: whether it went otherwise than without the
    fault. found: whether the core latched a trip because of it: another one than the sound device, or earlier.
    ended_us: from the fault to zero, where the current ended because of the fault and before anybody stopped it; -1
    otherwise. broken: ids of invariants.
    """

    fault: str
    injection: str
    use: str
    scene: str
    outcome: TrialOutcome
    changed: bool
    found: bool
    ended_us: int
    broken: tuple[str, ...]

    @property
    def hazardous(self) -> bool:
        """Whether too much flowed, or for too long, or too suddenly, or unasked."""
        return self.outcome.hazards != TrialHazard.SAFE

    @property
    def held(self) -> bool:
        """Whether nothing was hazardous and no invariant was broken."""
        return not self.hazardous and not self.broken

    @property
    def never_ended(self) -> bool:
        """Whether the core found it, and current flowed on all the same."""
        return self.found and self.ended_us < 0


@lru_cache(maxsize=1)
def _slowest() -> float:
    """By how much a timer may be slow and is not found."""
    c = configuration()
    return (c.tick_us + c.tick_tolerance_us) / c.tick_us


@lru_cache(maxsize=1)
def react_us() -> int:
    """How long anything that is hazardous may last until it is cut: the slowest debounce, and the latency."""
    c = configuration()
    debounce_us = max(
        *(c.over_current_us, c.over_voltage_us, c.open_us, c.short_us, c.mismatch_us),
        *(c.sensor_us, c.stale_us, c.leakage_us, c.switch_us),
    )
    return int(debounce_us * _slowest()) + LATENCY_US


@lru_cache(maxsize=1)
def fall_us() -> int:
    """From a stop to zero, from the limit in force."""
    c = configuration()
    return int(-(-c.limit_na // c.fall_na_per_tick) * c.tick_us * _slowest()) + react_us()


@lru_cache(maxsize=1)
def alone_us() -> int:
    """From the supervisor's last word to zero."""
    return int(configuration().heartbeat_us * _slowest()) + fall_us()


@lru_cache(maxsize=1)
def astray_na() -> int:
    """By how much what flows may differ from what is driven, and is not found: a mismatch, and the sensors' errors."""
    c, device = configuration(), plan().device
    return c.mismatch_na + c.limit_na * device.gain_error_percent // 100 + device.offset_error_na


@lru_cache(maxsize=1)
def high_mv() -> int:
    """What the voltage may be and is not found: the level of over-voltage, and the sensor's error."""
    return configuration().over_voltage_mv * (100 + VOLTAGE_ERROR_PERCENT) // 100


def _run_us(scene: Scene, case: Case) -> int:
    """How long current is asked for."""
    if scene.phase is Phase.FALL:
        return 0
    if case.use is Use.PRESSED:
        return RUN_US
    if scene.at_cap:
        return max(PAST_THE_CAP_US, alone_us() + EXCHANGE_US)
    return alone_us() + EXCHANGE_US if case.fault is not None and case.fault.silent else RUN_US


def _stop_us(scene: Scene, case: Case) -> int:
    """How long STOP is asked for at most. The emergency stop takes its place, but where the current falls already."""
    if case.use is Use.PRESSED:
        return PRESS_AFTER_US if scene.phase is Phase.FALL else 0
    return fall_us() + EXCHANGE_US


def _allowed_fc(cap_fc: int) -> int:
    """A cap of charge, with what a sound device errs by and what goes astray in a trial and is not found."""
    return cap_fc * (100 + plan().device.gain_error_percent) // 100 + astray_na() * 2 * PAST_THE_CAP_US


def trial_of(scene: Scene, case: Case) -> Trial:
    """What is done in a trial of the case."""
    c, row = configuration(), case.fault
    silent = row is not None and row.silent
    garbage = case.code == Fault.SUPERVISOR_GARBAGE
    asked_na = c.limit_na if garbage else abs(scene.target_na)
    against_us = fall_us() if scene.phase is Phase.REVERSE else react_us()
    pressed = case.use is Use.PRESSED
    return Trial(
        lasts_us=case.lasts_us,
        rest_us=REST_US if scene.phase in (Phase.IDLE, Phase.FAULT) else 0,
        run_us=_run_us(scene, case),
        stop_us=_stop_us(scene, case),
        press_us=PRESS_US,
        settle_us=SETTLE_US,
        exchange_us=EXCHANGE_US,
        react_us=react_us(),
        fall_us=fall_us(),
        alone_us=alone_us() if silent and not pressed else 0,
        lift_us=LIFT_US if case.use in (Use.LIFTED, Use.SLIPPED) else 0,
        away_us=AWAY_US,
        against_us=0 if garbage else against_us,
        flow_us=int((c.time_cap_us - played(scene).flowed_us) * _slowest()) + react_us(),
        each_fc=_allowed_fc(c.charge_cap_each_fc),
        total_fc=_allowed_fc(c.charge_cap_total_fc),
        fault=case.code,
        parameter=case.parameter,
        second_fault=case.second_code,
        second_parameter=case.second_parameter,
        watchdog=int(row is None or row.watchdog),
        target_na=scene.target_na,
        lift_permille=SLIP_PERMILLE if case.use is Use.SLIPPED else 0,
        over_na=asked_na + astray_na(),
        astray_na=astray_na(),
        zero_na=c.leakage_na,
        step_na=STEP_NA,
        high_mv=high_mv(),
    )


@lru_cache(maxsize=1)
def _trace() -> Trace:
    """Room for the longest trial with the fastest timer that is not found, and for ticks that are doubled."""
    c = configuration()
    us = REST_US + max(PAST_THE_CAP_US, alone_us()) + fall_us() + 2 * EXCHANGE_US + PRESS_US + 4 * SETTLE_US
    return Trace(us // (c.tick_us - c.tick_tolerance_us) + 1000)


@lru_cache(maxsize=32)
def _sound_outcome(scene: Scene, trial: Trial) -> TrialOutcome:
    """What comes of the trial without its fault."""
    return played(scene).simulation.trial(trial, _trace())


def _broken(stage: Played, case: Case, outcome: TrialOutcome, trace: Trace) -> tuple[str, ...]:
    """The ids of the invariants that were broken at some tick. A loss of power begins the trace anew, with the trips
    that were carried over it."""
    count = trace.count
    corrupted = np.zeros(count, dtype=np.int64)
    corrupted[:1] = case.stored_twice
    columns = {**trace.rows(), "corrupted": corrupted}
    lost = outcome.power_rows if outcome.power_periods else count
    broken: set[str] = set()
    for start, stop, before in ((0, lost, stage.before), (lost, count, power_on(outcome.power_trips))):
        if start < stop:
            broken |= broken_in(witness_columns(columns, stage.settings, before, start, stop), stage.settings)
    return tuple(sorted(broken))


def _is_found(outcome: TrialOutcome, sound: TrialOutcome, trial: Trial) -> bool:
    """Another trip than the sound device has, or the same one before the hand is lifted that gives it to the sound
    device."""
    first = 1 << (outcome.first_trip - 1) if outcome.first_trip else 0
    return bool(first & ~_CAPS) and (not first & sound.trips or outcome.trip_us < trial.lift_us)


def _ended_us(outcome: TrialOutcome, sound: TrialOutcome, found: bool) -> int:
    """Where the fault was found: when nothing flowed for the first time from the trip on; else when the current ended,
    where that was clearly earlier than without the fault, and before anybody stopped it."""
    stopped = outcome.after_stop_us > 0 or outcome.after_press_us > 0
    if found:
        return -1 if outcome.cut_us < 0 or outcome.flows else outcome.trip_us + outcome.cut_us
    return outcome.zero_us if not stopped and outcome.zero_us + SETTLE_US < sound.zero_us else -1


def run_trial(scene: Scene, case: Case) -> Run:
    """One trial, judged at every tick."""
    stage, trial, trace = played(scene), trial_of(scene, case), _trace()
    without = trial._replace(
        fault=0, parameter=0, second_fault=0, second_parameter=0, lasts_us=0, alone_us=0, watchdog=1
    )
    sound = _sound_outcome(scene, without)
    outcome = stage.simulation.trial(trial, trace)
    found = _is_found(outcome, sound, trial)
    return Run(
        fault=SOUND_ID if case.fault is None else case.fault.id,
        injection=case.words,
        use=case.use.value,
        scene=scene.title,
        outcome=outcome,
        changed=outcome.digest != sound.digest,
        found=found,
        ended_us=_ended_us(outcome, sound, found),
        broken=_broken(stage, case, outcome, trace),
    )
