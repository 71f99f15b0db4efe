"""The figures of the output: a row for each, with the condition it was measured under, its limit, and who says so.

What flows and what stands across the load are the truth of the simulation. A row speaks of the simulated electronics
with their stated errors: it shows what the core makes of them, and what a maker measures again on a board.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from iontocore.ccore import Command, Phase
from iontocore.progress import DOSE_TOLERANCE_PERCENT
from iontocore.recording import Column
from iontocore.safety import limits
from iontocore.safety.invariants import INVARIANTS
from iontocore.table import Event
from iontocore.verification.characteristics_bench import (
    LOADS_OHM,
    SETTINGS_UA,
    Played,
    Reals,
    Sessions,
)
from iontocore.verification.characteristics_figures import (
    NA_PER_MA,
    Characteristic,
    Range,
    at_most,
    of_device,
    of_table,
    points,
    row,
)

ACCURACY_PERCENT: Final = 20
ACCURACY: Final = "IEC 60601-2-10, accuracy of the output: within 20 % (benchmark, second-hand)"
ATTENTION: Final = "IEC 60601-2-10: above 2 mA/cm2 r.m.s. asks for attention (benchmark, excerpt)"
MINIMUM: Final = "IEC 60601-2-10, 201.12.4.102: energised only from the minimum (benchmark, second-hand)"
INDICATOR: Final = "IEC 60601-2-10: an output above 10 mA or 10 V is indicated (benchmark, second-hand)"
POWER: Final = "FDA's guidance on powered muscle stimulators, a neighbour: below 0.25 W/cm2 (benchmark, excerpt)"
_POWER_W_PER_CM2: Final = 0.25
_ATTENTION_MA_PER_CM2: Final = 2.0
_INDICATED_NA: Final = 10_000_000
_INDICATED_MV: Final = 10_000

_FC_PER_MA_MIN: Final = 60e12
_FC_PER_MC: Final = 1e12


def rows(sessions: Sessions) -> tuple[Characteristic, ...]:
    """Every row, in the order of their ids. ValueError when an id is given twice."""
    table = (
        *_maximum(sessions),
        *_trips(sessions),
        *_accuracy(sessions),
        *_waveform(sessions),
        *_contact(sessions),
        *_charge(sessions),
        *_density(sessions),
        *_all(sessions),
    )
    if len({one.id for one in table}) != len(table):
        raise ValueError("an id is given twice")
    return table


# ---- how much, at which load -----------------------------------------------------------------------------------------


def _maximum(sessions: Sessions) -> Iterator[Characteristic]:
    """The largest voltage and current of 500 ohm, 2 kohm, 10 kohm and an open circuit."""
    by_load = dict(zip(LOADS_OHM, sessions.sweep, strict=True))
    for where, played, volts, amperes in (
        ("at 500 ohm", by_load[500], "OC-01", "OC-02"),
        ("at 2 kohm", by_load[2_000], "OC-03", "OC-04"),
        ("at 10 kohm", by_load[10_000], "OC-05", "OC-06"),
        ("into an open circuit", sessions.open_circuit, "OC-07", "OC-08"),
    ):
        plan = played.trial.plan
        device, bound = plan.device, plan.bound
        condition = f"{played.trial.says}; the operator asks for {SETTINGS_UA[-1] / 1e3:g} mA, the most of any plan"
        highest = at_most(device.compliance_mv / 1e3, of_device(device, "output.compliance_v"))
        yield row(volts, f"largest voltage {where}", condition, _peak_mv(played) / 1e3, "V", highest, ("SI-09",))
        if played is sessions.open_circuit:
            most = at_most(device.leakage_na / NA_PER_MA, of_device(device, "thresholds.leakage_ua: counts as zero"))
        else:
            with_error = bound.value / 1e3 * (100 + ACCURACY_PERCENT) / 100
            most = at_most(with_error, f"{bound.says_who}, and {ACCURACY}")
        value = _peak_na(played) / NA_PER_MA
        yield row(amperes, f"largest current {where}", condition, value, "mA", most, ("SI-01", "SI-08"))
    played = sessions.never_there
    nothing = at_most(*of_table(limits.PROBE_CURRENT, 1e3))
    value = _peak_na(played) / NA_PER_MA
    name = "largest current before there is contact"
    yield row("OC-09", name, played.trial.says, value, "mA", nothing, ("SI-05",))


def _peak_na(played: Played) -> int:
    return int(np.abs(played.columns["true_na"]).max())


def _peak_mv(played: Played) -> int:
    return int(np.abs(played.columns["true_voltage_mv"]).max())


# ---- trips and override ----------------------------------------------------------------------------------------------


def _trips(sessions: Sessions) -> Iterator[Characteristic]:
    """No load, overload, short circuit, and the patient's own stop."""
    for played, off_id, cause, ids, allowed_us, source in (
        (sessions.opened, "OC-10", "no load", ("SI-10",), "open_us", "debounce.open_ms"),
        (sessions.overload, "OC-11", "overload", ("SI-08",), "over_current_us", "debounce.over_current_ms"),
        (sessions.short, "OC-12", "short circuit", ("SI-11",), "short_us", "debounce.short_ms"),
    ):
        device = played.trial.plan.device
        begun = _row_at(played, played.trial.body.events[-1].at_ms)
        longest_ms = (getattr(device, allowed_us) + device.tick_us) / 1e3
        limit = at_most(longest_ms, f"{of_device(device, source)}, and a tick")
        value = _off_after_ms(played, begun)
        yield row(off_id, f"{cause}: until the output is off", played.trial.says, value, "ms", limit, ids)
    played = sessions.overload
    begun = _row_at(played, played.trial.body.events[-1].at_ms)
    charge = _charge_mc(played.columns["true_na"][begun:], played.trial.plan.device.tick_us)
    yield row("OC-13", "overload: charge that passes before the cut", played.trial.says, charge, "mC", None, ("SI-08",))
    played = sessions.emergency
    device = played.trial.plan.device
    begun = _row_at(played, played.trial.body.events[-1].at_ms)
    limit = at_most(2 * device.tick_us / 1e3, f"{of_device(device, 'timer.tick_ms')}: the tick that sees it, and one")
    name = "patient's override, the emergency stop: until the output is off"
    yield row("OC-14", name, played.trial.says, _off_after_ms(played, begun), "ms", limit, ("SI-16",))


def _row_at(played: Played, at_ms: int) -> int:
    """The first row of which an event of the body at this time of the simulation can be seen."""
    return int(np.searchsorted(played.columns["time_us"], at_ms * 1000, side="right"))


def _off_after_ms(played: Played, begun: int) -> float:
    """From the beginning of the period that the row ``begun`` describes to the step that opens the switch."""
    time_us, closed = played.columns["time_us"], played.columns["switch_closed"]
    off = begun + int(np.argmin(closed[begun:] != 0))
    if closed[off]:
        raise ValueError(f"{played.trial.name}: the output was never off again")
    return float(time_us[off] - time_us[begun] + played.trial.plan.device.tick_us) / 1e3


# ---- accuracy --------------------------------------------------------------------------------------------------------


def _accuracy(sessions: Sessions) -> Iterator[Characteristic]:
    every = points(sessions)
    regulated = [point for point in every if not point.saturated]
    plan = sessions.sweep[0].trial.plan
    bench = (
        f"resistors of {LOADS_OHM[0]} ohm to {LOADS_OHM[-1] / 1e3:g} kohm; plan {plan.name}, set to "
        f"{', '.join(f'{ua / 1e3:g}' for ua in SETTINGS_UA)} mA; device {plan.device.name}"
    )
    within = Range(-ACCURACY_PERCENT, ACCURACY_PERCENT, ACCURACY)
    worst = max(regulated, key=lambda point: abs(point.error_percent))
    where = f"{bench}; where the voltage does not saturate; worst at {worst.load_ohm:g} ohm, {worst.set_ua / 1e3:g} mA"
    yield row("OC-15", "error of the current against its setting", where, worst.error_percent, "%", within, ("SI-12",))
    worst = max(every, key=lambda point: abs(point.shown_error_percent))
    where = f"{bench}; saturated or not; worst at {worst.load_ohm:g} ohm, {worst.set_ua / 1e3:g} mA"
    name = "error of the current that is reported"
    yield row("OC-16", name, where, worst.shown_error_percent, "%", within, ("SI-12",))
    played = sessions.palms
    counted = sum(int(played.columns[name][-1]) for name in ("measured_positive_fc", "measured_negative_fc"))
    flowed = played.positive_fc + played.negative_fc
    name = "error of the charge that is counted"
    yield row("OC-17", name, played.trial.says, 100 * (counted - flowed) / flowed, "%", within, ("SI-18",))


# ---- the waveform ----------------------------------------------------------------------------------------------------


def _waveform(sessions: Sessions) -> Iterator[Characteristic]:
    played = sessions.palms
    plan, columns, seconds = played.trial.plan, played.columns, played.seconds
    device, says = plan.device, played.trial.says
    felt = at_most(*of_table(limits.PROBE_CURRENT, 1e3))
    reached, reversal = played.when(Event.TARGET_REACHED), played.when(Event.REVERSAL_DUE)

    steady = columns["true_na"][played.between(reached + 1, reversal - 1)]
    none = "the simulated output stage has no ripple of its own: what is shown is the core's"
    yield row("OC-18", "ripple, peak to peak", f"{says}; {none}", 100 * np.ptp(steady) / abs(steady.mean()), "%")
    saturated = next(one for one in points(sessions) if (one.load_ohm, one.set_ua) == (10_000, SETTINGS_UA[-1]))
    wanted = f"the operator asks for {saturated.set_ua / 1e3:g} mA"
    condition = f"{sessions.sweep[LOADS_OHM.index(10_000)].trial.says}; {wanted}; {none}"
    ripple = 100 * saturated.ripple_ua / saturated.delivered_ua
    yield row("OC-19", "ripple at a saturated voltage, peak to peak", condition, ripple, "%")

    flowing = np.flatnonzero(columns["true_na"])
    first = abs(int(columns["true_na"][flowing[0]])) / NA_PER_MA
    least, source = of_table(limits.PROBE_CURRENT, 1e3)
    limit = at_most(least, f"{MINIMUM}; what counts as zero: {source}")
    yield row("OC-20", "current of the first energised tick", says, first, "mA", limit, ("SI-05",))
    until = played.between(0, reached)
    rise = _steepest_ma_per_s(columns["true_na"][until], device.tick_us)
    fastest = at_most(*of_table(limits.RISE_MAX, 1e3))
    yield row("OC-21", "ramp up, steepest within 100 ms", says, rise, "mA/s", fastest, ("SI-03",))
    step = float(np.abs(np.diff(columns["true_na"][until])).max()) / NA_PER_MA
    yield row("OC-22", "ramp up, largest change in a tick", says, step, "mA", felt, ("SI-03",))
    drive = np.abs(columns["drive_na"])
    at_target = int(np.argmax(drive == plan.current_ua * 1000))
    rising_s = float(seconds[at_target] - seconds[int(np.argmax(drive > 0))])
    yield row("OC-23", "ramp up, from the first tick to the target", says, rising_s, "s", None, ("SI-03",))

    turning = played.between(reversal, played.when(Event.SIGN_CHANGED) + 1)
    turned = np.flatnonzero(columns["drive_na"][turning] == 0)
    at_zero_s = len(turned) * device.tick_us / 1e6
    dwell = Range(plan.dwell_ms / 1e3, None, f"the plan's dwell_s ({limits.DWELL_TIME.source})")
    yield row("OC-24", "reversal, time for which nothing is driven", says, at_zero_s, "s", dwell, ("SI-04",))
    step = float(np.abs(np.diff(columns["true_na"][turning])).max()) / NA_PER_MA
    yield row("OC-25", "reversal, largest change in a tick", says, step, "mA", felt, ("SI-03", "SI-04"))

    played = sessions.stop
    plan, columns = played.trial.plan, played.columns
    says = f"{played.trial.says}; at {plan.current_ua / 1e3:g} mA"
    running = np.flatnonzero(columns["command"] == Command.RUN)
    asked = int(running[-1]) + 1
    off = asked + int(np.argmax(columns["switch_closed"][asked:] == 0))
    falling_s = float(played.seconds[off] - played.seconds[asked] + plan.device.tick_us / 1e6)
    most_s = limits.fall_time_ms(plan.bound.value, plan.fall_ua_per_s) / 1e3
    limit = at_most(most_s, f"the fall time: {plan.bound.value / 1e3:g} mA at the plan's fall_ma_per_s")
    yield row("OC-26", "stop, from the tick that sees it to zero", says, falling_s, "s", limit, ("SI-16",))
    passed = _charge_mc(columns["true_na"][asked:], plan.device.tick_us)
    yield row("OC-27", "stop, charge that passes on the way down", says, passed, "mC", None, ("SI-16", "SI-18"))


def _steepest_ma_per_s(true_na: Column, tick_us: int) -> float:
    ticks = 100_000 // tick_us
    return float(np.abs(true_na[ticks:] - true_na[:-ticks]).max()) / NA_PER_MA / 0.1


def _charge_mc(true_na: Column, tick_us: int) -> float:
    return float(np.abs(true_na).astype(np.int64).sum()) * tick_us / _FC_PER_MC


# ---- contact ---------------------------------------------------------------------------------------------------------


def _contact(sessions: Sessions) -> Iterator[Characteristic]:
    played = sessions.lost
    columns, device, says = played.columns, played.trial.plan.device, played.trial.says
    event, electronics = played.trial.body.events[0], played.trial.body.electronics
    true_na = columns["true_na"].astype(np.int64)
    gone, back = _row_at(played, event.at_ms), _row_at(played, event.end_ms or 0)
    step = abs(int(true_na[gone] - true_na[gone - 1])) / NA_PER_MA
    yield row("OC-28", "contact lost, step of the current: the load is gone", says, step, "mA", None, ("SI-10",))
    most_ms = (electronics.contact_us + device.open_us + 2 * device.tick_us) / 1e3
    source = (
        f"{of_device(device, 'debounce.open_ms')}, the contact input's {electronics.contact_us / 1e3:g} ms, two ticks"
    )
    limit, ids = at_most(most_ms, source), ("SI-10",)
    yield row("OC-29", "contact lost, until the output is off", says, _off_after_ms(played, gone), "ms", limit, ids)
    away = slice(gone, back)
    volts = float(np.abs(columns["true_voltage_mv"][away]).max()) / 1e3
    limit = at_most(device.compliance_mv / 1e3, of_device(device, "output.compliance_v"))
    yield row("OC-30", "contact lost, largest voltage meanwhile", says, volts, "V", limit, ("SI-09",))
    again = back + int(np.argmax(columns["drive_na"][back:] != 0))
    waited_s = float(columns["time_us"][again] - columns["time_us"][back]) / 1e6
    wait, source = of_table(limits.RECONNECT_WAIT, 1e3)
    limit = Range(wait, None, source)
    yield row("OC-31", "contact back, time until current flows again", says, waited_s, "s", limit, ("SI-05", "SI-10"))
    step = float(np.abs(np.diff(true_na[back:])).max()) / NA_PER_MA
    felt = at_most(*of_table(limits.PROBE_CURRENT, 1e3))
    yield row("OC-32", "contact back, largest change in a tick", says, step, "mA", felt, ("SI-03", "SI-10"))

    played = sessions.nearly_lost
    device, says = played.trial.plan.device, played.trial.says
    event = played.trial.body.events[0]
    back = _row_at(played, event.end_ms or 0)
    true_na = played.columns["true_na"].astype(np.int64)
    step = int(np.diff(np.abs(true_na[back - 1 :])).max()) / NA_PER_MA
    ceiling = (device.headroom_na + device.sensor_error_na) / NA_PER_MA
    source = f"{of_device(device, 'output.headroom_ua')}, and a current sensor's largest error"
    limit, name = at_most(ceiling, source), "contact nearly lost and back, largest rise in a tick"
    yield row("OC-33", name, says, step, "mA", limit, ("SI-03", "SI-10"))


# ---- charge, density, power ------------------------------------------------------------------------------------------


def _charge(sessions: Sessions) -> Iterator[Characteristic]:
    played = sessions.palms
    plan, says = played.trial.plan, f"{played.trial.says}; a whole session"
    most, source = plan.charge_bound.value * 1e6 / _FC_PER_MA_MIN, plan.charge_bound.says_who
    total = (played.positive_fc + played.negative_fc) / _FC_PER_MA_MIN
    yield row("OC-34", "tap water, charge of both directions", says, total, "mA min", at_most(most, source), ("SI-18",))
    net = 100 * abs(played.positive_fc - played.negative_fc) / (played.positive_fc + played.negative_fc)
    tolerance = at_most(plan.balance_tolerance_percent or 0, "the plan's balance_tolerance_percent (assumption)")
    yield row("OC-35", "tap water, net charge of all charge", says, net, "%", tolerance, ("SI-19",))
    minutes = float(played.columns["energised_us"][-1]) / 60e6
    cap = at_most(plan.time_bound.value / 60e3, plan.time_bound.says_who)
    yield row("OC-36", "tap water, energised time", says, minutes, "min", cap, ("SI-17",))
    played = sessions.drug
    plan, says = played.trial.plan, f"{played.trial.says}; a whole session"
    dose, flowed = plan.charge_nc * 1e6, played.positive_fc + played.negative_fc
    within = Range(
        -DOSE_TOLERANCE_PERCENT, DOSE_TOLERANCE_PERCENT, "the dose that counts as given (a choice of this project)"
    )
    yield row("OC-37", "drug, error of the dose", says, 100 * (flowed - dose) / dose, "%", within, ("SI-18",))
    most, source = plan.charge_bound.value * 1e6 / _FC_PER_MA_MIN, plan.charge_bound.says_who
    limit = at_most(most, source)
    yield row("OC-38", "drug, charge", says, flowed / _FC_PER_MA_MIN, "mA min", limit, ("SI-18",))


def _density(sessions: Sessions) -> Iterator[Characteristic]:
    for what, played, density, power, figure in (
        ("tap water", sessions.stop, "OC-39", "OC-40", limits.DENSITY_TAP_WATER),
        ("drug", sessions.drug, "OC-41", "OC-42", limits.DENSITY_CATHODE),
    ):
        plan = played.trial.plan
        cm2 = plan.electrode_area_mm2 / 100
        says = f"{played.trial.says}; on the plan's {cm2:g} cm2"
        peak = _peak_na(played) / NA_PER_MA / cm2
        limit, ids = at_most(*of_table(figure, 1e3)), ("SI-01",)
        yield row(density, f"{what}, largest current density", says, peak, "mA/cm2", limit, ids)
        says = f"{says}, all of it at one pole"
        limit, value = at_most(_POWER_W_PER_CM2, POWER), _peak_w(played) / cm2
        yield row(power, f"{what}, largest power density", says, value, "W/cm2", limit, ids)
    every = sessions.all
    densest = max(every, key=_density_of)
    says = f"{densest.trial.says}; the largest of all sessions here; direct current: peak and r.m.s. are the same"
    limit = at_most(_ATTENTION_MA_PER_CM2, ATTENTION)
    yield row("OC-43", "largest current density of all", says, _density_of(densest), "mA/cm2", limit, ("SI-01",))
    strongest = max(every, key=_peak_w)
    says = f"{strongest.trial.says}; the largest of all sessions here"
    yield row("OC-44", "largest power", says, _peak_w(strongest), "W", None, ("SI-01", "SI-09"))


def _density_of(played: Played) -> float:
    return _peak_na(played) / NA_PER_MA / (played.trial.plan.electrode_area_mm2 / 100)


def _peak_w(played: Played) -> float:
    volts: Reals = played.columns["true_voltage_mv"] / 1e3
    amperes: Reals = played.columns["true_na"] / 1e9
    return float((volts * amperes).max())


# ---- everything ------------------------------------------------------------------------------------------------------


def _all(sessions: Sessions) -> Iterator[Characteristic]:
    every = sessions.all
    says = f"all {len(every)} sessions"
    unreported = sum(_unreported(played) for played in every)
    none = at_most(0, INDICATOR)
    yield row("OC-45", "ticks above 10 mA or 10 V that telemetry calls off", says, unreported, "", none, ("SI-06",))
    ticks = sum(len(played.columns["time_us"]) for played in every)
    broken = sum(tally.breaches for played in every for tally in played.tallies)
    none = at_most(0, "the table of invariants, at every tick")
    ids = tuple(one.id for one in INVARIANTS)
    yield row("OC-46", "breaches of an invariant", f"{says}, {ticks} ticks", broken, "", none, ids)


def _unreported(played: Played) -> int:
    """A row describes the period before its step, so it is the step before that has told of the output meanwhile."""
    columns = played.columns
    above = (np.abs(columns["true_na"]) > _INDICATED_NA) | (np.abs(columns["true_voltage_mv"]) > _INDICATED_MV)
    told = (columns["switch_closed"] != 0) & (columns["phase"] != Phase.FAULT)
    return int((above[1:] & ~told[:-1]).sum())
