"""The figures of the output: a row for each, with the condition it was measured under, its limit, and who says so.

What flows and what stands across the load are the truth of the simulation. A row speaks of the simulated electronics
with their stated errors: it shows what the core makes of them, and what a maker measures again on a board.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from iontocore.ccore import Phase
from iontocore.progress import DOSE_TOLERANCE_PERCENT
from iontocore.safety import limits
from iontocore.safety.invariants import INVARIANTS
from iontocore.verification.characteristics_bench import (
    LOADS_OHM,
    SETTINGS_UA,
    Played,
    Reals,
    Sessions,
)
from iontocore.verification.characteristics_figures import (
    COUNT,
    MA,
    MA_MIN,
    MA_PER_CM2,
    MC,
    MIN,
    MS,
    PERCENT,
    W_PER_CM2,
    Characteristic,
    Range,
    V,
    W,
    at_most,
    in_ppm,
    of_device,
    of_table,
    points,
)
from iontocore.verification.characteristics_waves import contact, waveform

ACCURACY_PERCENT: Final = 20
ACCURACY: Final = "IEC 60601-2-10, 201.12.1.102: within 20 % over the range of loads (benchmark, assumption)"
ATTENTION: Final = "IEC 60601-2-10, 201.7.9.2: above 2 mA/cm2 r.m.s. asks for attention (benchmark, excerpt)"
INDICATOR: Final = "IEC 60601-2-10, 201.12.4.103: an output above 10 mA or 10 V is indicated (benchmark, excerpt)"
DIRECT: Final = "IEC 60601-2-10, 201.12.4.104: direct current of at most 80 mA into 500 ohm (benchmark, assumption)"
POWER: Final = "FDA's guidance on powered muscle stimulators, a neighbour: below 0.25 W/cm2 (benchmark, excerpt)"
_WITHIN: Final = Range(-ACCURACY_PERCENT * 10_000, ACCURACY_PERCENT * 10_000, ACCURACY)
_DIRECT_NA: Final = 80_000_000
_POWER_UW_PER_CM2: Final = 250_000
_ATTENTION_NA_PER_CM2: Final = 2_000_000
_INDICATED_NA: Final = 10_000_000
_INDICATED_MV: Final = 10_000

_FC_PER_NC: Final = 1e6


def rows(sessions: Sessions) -> tuple[Characteristic, ...]:
    """Every row, in the order of their ids. ValueError when an id is given twice."""
    table = (
        *_maximum(sessions),
        *_trips(sessions),
        *_accuracy(sessions),
        *waveform(sessions),
        *contact(sessions),
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
        highest = at_most(device.compliance_mv, of_device(device, "output.compliance_v"))
        yield Characteristic(volts, f"largest voltage {where}", condition, _peak_mv(played), V, highest, ("SI-09",))
        if played is sessions.open_circuit:
            most = at_most(device.leakage_na, of_device(device, "thresholds.leakage_ua: counts as zero"))
        else:
            with_error_na = bound.value * 10 * (100 + ACCURACY_PERCENT)
            most = at_most(with_error_na, f"{bound.says_who}, and {ACCURACY}")
        yield Characteristic(
            amperes, f"largest current {where}", condition, _peak_na(played), MA, most, ("SI-01", "SI-08")
        )
    played = sessions.never_there
    nothing = at_most(*of_table(limits.PROBE_CURRENT))
    name = "largest current before there is contact"
    yield Characteristic("OC-09", name, played.trial.says, _peak_na(played), MA, nothing, ("SI-05",))


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
        begun = played.row_at(played.trial.body.events[-1].at_ms)
        limit = at_most(getattr(device, allowed_us) + device.tick_us, f"{of_device(device, source)}, and a tick")
        value = played.off_after_us(begun)
        yield Characteristic(off_id, f"{cause}: until the output is off", played.trial.says, value, MS, limit, ids)
    played = sessions.overload
    begun = played.row_at(played.trial.body.events[-1].at_ms)
    charge = played.charge_nc(begun)
    yield Characteristic(
        "OC-13", "overload: charge that passes before the cut", played.trial.says, charge, MC, None, ("SI-08",)
    )
    played = sessions.emergency
    device = played.trial.plan.device
    begun = played.row_at(played.trial.body.events[-1].at_ms)
    limit = at_most(2 * device.tick_us, f"{of_device(device, 'timer.tick_ms')}: the tick that sees it, and one")
    name = "patient's override, the emergency stop: until the output is off"
    yield Characteristic("OC-14", name, played.trial.says, played.off_after_us(begun), MS, limit, ("SI-16",))


# ---- accuracy --------------------------------------------------------------------------------------------------------


def _accuracy(sessions: Sessions) -> Iterator[Characteristic]:
    every = points(sessions)
    regulated = [point for point in every if not point.saturated]
    plan = sessions.sweep[0].trial.plan
    bench = (
        f"resistors of {LOADS_OHM[0]} ohm to {LOADS_OHM[-1] / 1e3:g} kohm; plan {plan.name}, set to "
        f"{', '.join(f'{ua / 1e3:g}' for ua in SETTINGS_UA)} mA; device {plan.device.name}"
    )
    worst = max(regulated, key=lambda point: abs(point.error_ppm))
    where = f"{bench}; where the voltage does not saturate; worst at {worst.load_ohm:g} ohm, {worst.set_ua / 1e3:g} mA"
    yield Characteristic(
        "OC-15", "error of the current against its setting", where, worst.error_ppm, PERCENT, _WITHIN, ("SI-12",)
    )
    worst = max(every, key=lambda point: abs(point.shown_error_ppm))
    where = f"{bench}; saturated or not; worst at {worst.load_ohm:g} ohm, {worst.set_ua / 1e3:g} mA"
    name = "error of the current that is reported"
    yield Characteristic("OC-16", name, where, worst.shown_error_ppm, PERCENT, _WITHIN, ("SI-12",))
    played = sessions.palms
    counted = sum(int(played.columns[name][-1]) for name in ("measured_positive_fc", "measured_negative_fc"))
    flowed = played.positive_fc + played.negative_fc
    name = "error of the charge that is counted"
    yield Characteristic(
        "OC-17", name, played.trial.says, in_ppm(counted - flowed, flowed), PERCENT, _WITHIN, ("SI-18",)
    )


# ---- charge, density, power ------------------------------------------------------------------------------------------


def _charge(sessions: Sessions) -> Iterator[Characteristic]:
    played = sessions.palms
    plan, says = played.trial.plan, f"{played.trial.says}; a whole session"
    positive_nc, negative_nc = played.positive_fc / _FC_PER_NC, played.negative_fc / _FC_PER_NC
    total_nc = positive_nc + negative_nc
    limit = at_most(plan.charge_bound.value, plan.charge_bound.says_who)
    yield Characteristic(
        "OC-34", "tap water, charge of both directions", says, round(total_nc), MA_MIN, limit, ("SI-18",)
    )
    net = in_ppm(abs(positive_nc - negative_nc), total_nc)
    percent = plan.balance_tolerance_percent or 0
    limit = at_most(percent * PERCENT.per, "the plan's balance_tolerance_percent (assumption)")
    yield Characteristic("OC-35", "tap water, net charge of all charge", says, net, PERCENT, limit, ("SI-19",))
    energised_us = int(played.columns["energised_us"][-1])
    limit = at_most(plan.time_bound.value * 1000, plan.time_bound.says_who)
    yield Characteristic("OC-36", "tap water, energised time", says, energised_us, MIN, limit, ("SI-17",))
    played = sessions.drug
    plan, says = played.trial.plan, f"{played.trial.says}; a whole session"
    flowed_nc = (played.positive_fc + played.negative_fc) / _FC_PER_NC
    most = DOSE_TOLERANCE_PERCENT * PERCENT.per
    limit = Range(-most, most, "the dose that counts as given (a choice of this project)")
    error = in_ppm(flowed_nc - plan.charge_nc, plan.charge_nc)
    yield Characteristic("OC-37", "drug, error of the dose", says, error, PERCENT, limit, ("SI-18",))
    limit = at_most(plan.charge_bound.value, plan.charge_bound.says_who)
    yield Characteristic("OC-38", "drug, charge", says, round(flowed_nc), MA_MIN, limit, ("SI-18",))


def _density(sessions: Sessions) -> Iterator[Characteristic]:
    for what, played, density, power, figure in (
        ("tap water", sessions.stop, "OC-39", "OC-40", limits.DENSITY_TAP_WATER),
        ("drug", sessions.drug, "OC-41", "OC-42", limits.DENSITY_CATHODE),
    ):
        area_mm2 = played.trial.plan.electrode_area_mm2
        says = f"{played.trial.says}; on the plan's {area_mm2 / 100:g} cm2"
        limit, value = at_most(*of_table(figure)), _density_na_per_cm2(played)
        yield Characteristic(density, f"{what}, largest current density", says, value, MA_PER_CM2, limit, ("SI-01",))
        says = f"{says}, all of it at one pole"
        limit, value = at_most(_POWER_UW_PER_CM2, POWER), round(_peak_uw(played) * 100 / area_mm2)
        yield Characteristic(power, f"{what}, largest power density", says, value, W_PER_CM2, limit, ("SI-01",))
    densest = max(sessions.all, key=_density_na_per_cm2)
    says = f"{densest.trial.says}; the largest of all sessions here; direct current: peak and r.m.s. are the same"
    limit, value = at_most(_ATTENTION_NA_PER_CM2, ATTENTION), _density_na_per_cm2(densest)
    yield Characteristic("OC-43", "largest current density of all", says, value, MA_PER_CM2, limit, ("SI-01",))
    strongest = max(sessions.all, key=_peak_uw)
    says = f"{strongest.trial.says}; the largest of all sessions here"
    yield Characteristic("OC-44", "largest power of all", says, round(_peak_uw(strongest)), W, None, ("SI-01", "SI-09"))


def _density_na_per_cm2(played: Played) -> int:
    return round(_peak_na(played) * 100 / played.trial.plan.electrode_area_mm2)


def _peak_uw(played: Played) -> float:
    volts: Reals = played.columns["true_voltage_mv"] / 1e3
    return float(np.abs(volts * played.columns["true_na"]).max()) / 1e3


# ---- everything ------------------------------------------------------------------------------------------------------


def _all(sessions: Sessions) -> Iterator[Characteristic]:
    every = sessions.all
    says = f"all {len(every)} sessions"
    unreported = sum(_unreported(played) for played in every)
    none = at_most(0, INDICATOR)
    yield Characteristic(
        "OC-45", "ticks above 10 mA or 10 V that telemetry calls off", says, unreported, COUNT, none, ("SI-06",)
    )
    ticks = sum(len(played.columns["time_us"]) for played in every)
    broken = sum(tally.breaches for played in every for tally in played.tallies)
    none = at_most(0, "the table of invariants, at every tick")
    ids = tuple(one.id for one in INVARIANTS)
    yield Characteristic("OC-46", "breaches of an invariant", f"{says}, {ticks} ticks", broken, COUNT, none, ids)
    played = sessions.overload
    limit = at_most(_DIRECT_NA, DIRECT)
    yield Characteristic(
        "OC-47", "overload, largest current", played.trial.says, _peak_na(played), MA, limit, ("SI-08",)
    )


def _unreported(played: Played) -> int:
    """A row describes the period before its step, so it is the step before that has told of the output meanwhile."""
    columns = played.columns
    above = (np.abs(columns["true_na"]) > _INDICATED_NA) | (np.abs(columns["true_voltage_mv"]) > _INDICATED_MV)
    told = (columns["switch_closed"] != 0) & (columns["phase"] != Phase.FAULT)
    return int((above[1:] & ~told[:-1]).sum())
