"""The figures of the waveform: ripple, ramp, reversal and stop, and contact that is lost and comes back."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from iontocore.ccore import Command
from iontocore.recording import Column
from iontocore.safety import limits
from iontocore.table import Event
from iontocore.verification.characteristics_bench import LOADS_OHM, SETTINGS_UA, Sessions
from iontocore.verification.characteristics_figures import (
    MA,
    MA_PER_S,
    MC,
    MS,
    PERCENT,
    Characteristic,
    Range,
    S,
    V,
    at_most,
    in_ppm,
    of_device,
    of_table,
    points,
)

MINIMUM: Final = "IEC 60601-2-10, 201.12.4.102: energised only from its minimum (benchmark, excerpt)"


# ---- the waveform ----------------------------------------------------------------------------------------------------


def waveform(sessions: Sessions) -> Iterator[Characteristic]:
    """Ripple, ramp, reversal and stop."""
    played = sessions.palms
    plan, columns = played.trial.plan, played.columns
    device, says = plan.device, played.trial.says
    felt = at_most(*of_table(limits.PROBE_CURRENT))
    reached, reversal = played.when(Event.TARGET_REACHED), played.when(Event.REVERSAL_DUE)

    steady = columns["true_na"][played.between(reached + 1, reversal - 1)]
    none = "the simulated output stage has no ripple of its own: what is shown is the core's"
    ripple = in_ppm(float(np.ptp(steady)), abs(float(steady.mean())))
    yield Characteristic("OC-18", "ripple, peak to peak", f"{says}; {none}", ripple, PERCENT, None, ())
    saturated = next(one for one in points(sessions) if (one.load_ohm, one.set_ua) == (10_000, SETTINGS_UA[-1]))
    wanted = f"the operator asks for {saturated.set_ua / 1e3:g} mA"
    condition = f"{sessions.sweep[LOADS_OHM.index(10_000)].trial.says}; {wanted}; {none}"
    ripple = in_ppm(saturated.ripple_na, saturated.delivered_na)
    yield Characteristic("OC-19", "ripple at a saturated voltage, peak to peak", condition, ripple, PERCENT, None, ())

    flowing = np.flatnonzero(columns["true_na"])
    first = abs(int(columns["true_na"][flowing[0]]))
    least, source = of_table(limits.PROBE_CURRENT)
    limit = at_most(least, f"{MINIMUM}; what counts as zero: {source}")
    yield Characteristic("OC-20", "current of the first energised tick", says, first, MA, limit, ("SI-05",))
    until = played.between(0, reached)
    rise = _steepest_na_per_s(columns["true_na"][until], device.tick_us)
    fastest = at_most(*of_table(limits.RISE_MAX))
    yield Characteristic("OC-21", "ramp up, steepest within 100 ms", says, rise, MA_PER_S, fastest, ("SI-03",))
    step = _largest_step_na(columns["true_na"][until])
    yield Characteristic("OC-22", "ramp up, largest change in a tick", says, step, MA, felt, ("SI-03",))
    drive = np.abs(columns["drive_na"])
    at_target = int(np.argmax(drive == plan.current_ua * 1000))
    rising_us = int(columns["time_us"][at_target] - columns["time_us"][int(np.argmax(drive > 0))])
    yield Characteristic("OC-23", "ramp up, from the first tick to the target", says, rising_us, S, None, ("SI-03",))

    turning = played.between(reversal, played.when(Event.SIGN_CHANGED) + 1)
    at_zero_us = int((columns["drive_na"][turning] == 0).sum()) * device.tick_us
    dwell = Range(plan.dwell_ms * 1000, None, f"the plan's dwell_s ({limits.DWELL_TIME.source})")
    yield Characteristic("OC-24", "reversal, time for which nothing is driven", says, at_zero_us, S, dwell, ("SI-04",))
    step = _largest_step_na(columns["true_na"][turning])
    yield Characteristic("OC-25", "reversal, largest change in a tick", says, step, MA, felt, ("SI-03", "SI-04"))

    played = sessions.stop
    plan, columns = played.trial.plan, played.columns
    says = played.trial.says
    running = np.flatnonzero(columns["command"] == Command.RUN)
    asked = int(running[-1]) + 1
    off = asked + int(np.argmax(columns["switch_closed"][asked:] == 0))
    falling_us = int(columns["time_us"][off] - columns["time_us"][asked]) + plan.device.tick_us
    most_us = limits.fall_time_ms(plan.bound.value, plan.fall_ua_per_s) * 1000
    limit = at_most(most_us, f"the fall time: {plan.bound.value / 1e3:g} mA at the plan's fall_ma_per_s")
    yield Characteristic("OC-26", "stop, from the tick that sees it to zero", says, falling_us, S, limit, ("SI-16",))
    passed = played.charge_nc(asked)
    yield Characteristic(
        "OC-27", "stop, charge that passes on the way down", says, passed, MC, None, ("SI-16", "SI-18")
    )


def _largest_step_na(true_na: Column) -> int:
    return int(np.abs(np.diff(true_na.astype(np.int64))).max())


def _steepest_na_per_s(true_na: Column, tick_us: int) -> int:
    ticks = 100_000 // tick_us
    return int(np.abs(true_na[ticks:] - true_na[:-ticks]).max()) * 10


# ---- contact ---------------------------------------------------------------------------------------------------------


def contact(sessions: Sessions) -> Iterator[Characteristic]:
    """Contact that is lost and comes back, and contact that is nearly lost."""
    played = sessions.lost
    columns, device, says = played.columns, played.trial.plan.device, played.trial.says
    event, electronics = played.trial.body.events[0], played.trial.body.electronics
    true_na = columns["true_na"].astype(np.int64)
    gone, back = played.row_at(event.at_ms), played.row_at(event.end_ms or 0)
    step = abs(int(true_na[gone] - true_na[gone - 1]))
    yield Characteristic(
        "OC-28", "contact lost, step of the current: the load is gone", says, step, MA, None, ("SI-10",)
    )
    most_us = electronics.contact_us + device.open_us + 2 * device.tick_us
    source = (
        f"{of_device(device, 'debounce.open_ms')}, the contact input's {electronics.contact_us / 1e3:g} ms, two ticks"
    )
    limit, ids = at_most(most_us, source), ("SI-10",)
    yield Characteristic(
        "OC-29", "contact lost, until the output is off", says, played.off_after_us(gone), MS, limit, ids
    )
    away = slice(gone, back)
    highest = int(np.abs(columns["true_voltage_mv"][away]).max())
    limit = at_most(device.compliance_mv, of_device(device, "output.compliance_v"))
    yield Characteristic("OC-30", "contact lost, largest voltage meanwhile", says, highest, V, limit, ("SI-09",))
    again = back + int(np.argmax(columns["drive_na"][back:] != 0))
    waited_us = int(columns["time_us"][again] - columns["time_us"][back])
    wait, source = of_table(limits.RECONNECT_WAIT)
    limit = Range(wait, None, source)
    yield Characteristic(
        "OC-31", "contact back, time until current flows again", says, waited_us, S, limit, ("SI-05", "SI-10")
    )
    step = _largest_step_na(true_na[back:])
    felt = at_most(*of_table(limits.PROBE_CURRENT))
    yield Characteristic("OC-32", "contact back, largest change in a tick", says, step, MA, felt, ("SI-03", "SI-10"))

    played = sessions.nearly_lost
    device, says = played.trial.plan.device, played.trial.says
    event = played.trial.body.events[0]
    back = played.row_at(event.end_ms or 0)
    true_na = played.columns["true_na"].astype(np.int64)
    step = int(np.diff(np.abs(true_na[back - 1 :])).max())
    ceiling = device.headroom_na + device.sensor_error_na
    source = f"{of_device(device, 'output.headroom_ua')}, and a current sensor's largest error"
    limit, name = at_most(ceiling, source), "contact nearly lost and back, largest rise in a tick"
    # Invariants speak of what is driven, and this of what flows: the hazard is named in their place.
    yield Characteristic("OC-33", name, says, step, MA, limit, (), ("H-03",))
