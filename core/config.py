"""The one place where a plan and a device become the core's configuration: every number the core is told, from its
owner."""

from typing import Final

from iontocore.ccore import Config
from iontocore.plans import Plan
from iontocore.progress import DOSE_TOLERANCE_PERCENT
from iontocore.safety.limits import charge_bound, fall_charge_nc, fall_time_ms
from iontocore.safety.samples import Settings, settings_of

_FC_PER_NC: Final = 1_000_000

RESERVE_MARGIN_MS: Final = 1_000
"""What the session stays clear of the core's own end of the treatment, which would be a trip: assumption, twenty
exchanges."""


def core_config(plan: Plan) -> Config:
    """The configuration of the core for one session of the plan on its device.

    The plan has been checked whole; what the core refuses all the same is refused by the port, field by field. The
    core's caps are the session's: time as the plan may lengthen to, charge as the plan can need and the tables allow.
    The reserves are what a ramp down from the limit in force takes, with a tick for the ramp's steps.
    """
    device = plan.device
    tick_us = device.tick_us
    limit_ua = plan.bound.value
    fall_nc = fall_charge_nc(limit_ua, plan.fall_ua_per_s)
    total_fc = _charge_cap_nc(plan, fall_nc) * _FC_PER_NC
    # Half of the charge each way, and what the balance may be off: of the total, so each way may have half of that
    # more.
    each_fc = total_fc * (100 + (plan.balance_tolerance_percent or 0)) // 200 if plan.reverses else total_fc
    return Config(
        time_cap_us=plan.time_bound.value * 1000,
        time_reserve_us=fall_time_ms(limit_ua, plan.fall_ua_per_s) * 1000 + tick_us,
        charge_cap_each_fc=each_fc,
        charge_cap_total_fc=total_fc,
        charge_reserve_fc=fall_nc * _FC_PER_NC + limit_ua * 1000 * tick_us,
        tick_us=tick_us,
        tick_tolerance_us=device.tick_tolerance_us,
        limit_na=limit_ua * 1000,
        trip_na=device.trip_na,
        rise_na_per_tick=plan.rise_ua_per_s * tick_us // 1000,  # a whole number: the plan is refused otherwise
        fall_na_per_tick=plan.fall_ua_per_s * tick_us // 1000,
        dwell_us=plan.dwell_ms * 1000,
        compliance_mv=device.compliance_mv,
        over_voltage_mv=device.over_voltage_mv,
        saturation_mv=device.saturation_mv,
        headroom_na=device.headroom_na,
        open_na=device.open_na,
        short_ohm=device.short_ohm,
        short_above_na=device.short_above_na,
        mismatch_na=device.mismatch_na,
        disagree_na=device.disagree_na,
        sensor_max_na=device.sensor_max_na,
        sensor_max_mv=device.sensor_max_mv,
        leakage_na=device.leakage_na,
        over_current_us=device.over_current_us,
        over_voltage_us=device.over_voltage_us,
        open_us=device.open_us,
        short_us=device.short_us,
        mismatch_us=device.mismatch_us,
        sensor_us=device.sensor_us,
        stale_us=device.stale_us,
        leakage_us=device.leakage_us,
        switch_us=device.switch_us,
        contact_us=device.contact_us,
        heartbeat_us=device.heartbeat_us,
    )


def _charge_cap_nc(plan: Plan, fall_nc: int) -> int:
    """The most charge that the core lets through in the session, whatever the session asks for: a drug's dose with its
    tolerance, or in tap water the limit in force for the whole time; and the room in which the session ends by itself
    before the core would (``Session`` keeps clear of it by a ramp down and ``RESERVE_MARGIN_MS``)."""
    limit_ua = plan.bound.value
    room_nc = 2 * fall_nc + limit_ua * RESERVE_MARGIN_MS
    if plan.dose_nc is not None:
        most_nc = plan.dose_nc * (100 + DOSE_TOLERANCE_PERCENT) // 100
    else:
        most_nc = limit_ua * plan.duration_ms
    bound = charge_bound(
        mode=plan.mode, site=plan.site, age_years=plan.patient.age_years, plan_cap_nc=most_nc + room_nc
    )
    return bound.value


def session_settings(plan: Plan, *, admitted: bool) -> Settings:
    """What the invariants of a session of the plan are judged by. admitted: see ``history.was_admitted``."""
    return settings_of(
        core_config(plan),
        ion_sign=0 if plan.drug is None else plan.drug.ion_sign,
        reversing=plan.reverses,
        balance_tolerance_percent=plan.balance_tolerance_percent or 0,
        admitted=admitted,
    )
