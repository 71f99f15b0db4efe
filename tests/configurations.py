"""Configurations of the core: the range of every field, and configurations drawn by hypothesis.

`RANGES` states each range once more, by hand, from the comments of `ionto.h`, so that a check that is lost or moved in
the C code is found. `small_configs()` draws cores in which everything happens within some hundred ticks: ramps of a few
ticks, the shortest dwell, caps that are reached within one treatment. `any_configs()` draws from the whole of every
range, its ends first of all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Final

from hypothesis import strategies as st

from iontocore.ccore import Config, Error

BASE: Final = Config(
    time_cap_us=10_000_000,
    time_reserve_us=1_000_000,
    charge_cap_each_fc=10**15,
    charge_cap_total_fc=2 * 10**15,
    charge_reserve_fc=10**12,
    tick_us=1000,
    tick_tolerance_us=200,
    limit_na=1_000_000,
    trip_na=2_000_000,
    rise_na_per_tick=1000,
    fall_na_per_tick=1000,
    dwell_us=100_000,
    compliance_mv=10_000,
    over_voltage_mv=12_000,
    saturation_mv=9_000,
    headroom_na=50_000,
    open_na=20_000,
    short_ohm=200,
    short_above_na=100_000,
    mismatch_na=100_000,
    disagree_na=100_000,
    sensor_max_na=3_000_000,
    sensor_max_mv=20_000,
    leakage_na=50_000,
    over_current_us=2000,
    over_voltage_us=5000,
    open_us=5000,
    short_us=10_000,
    mismatch_us=20_000,
    sensor_us=5000,
    stale_us=3000,
    leakage_us=20_000,
    switch_us=20_000,
    contact_us=10_000,
    heartbeat_us=200_000,
)
"""Every field away from both ends of its range."""


@dataclass(frozen=True, slots=True)
class Range:
    """A field of the configuration, the error that is its own, and the ends of its range in a given configuration.

    at_low, at_high: what else changes so that this end can be reached with every other field in range."""

    field: str
    error: Error
    low: Callable[[Config], int]
    high: Callable[[Config], int]
    at_low: Mapping[str, int] = made(default_factory=dict)
    at_high: Mapping[str, int] = made(default_factory=dict)


def _fixed(name: str, error: Error, low: int, high: int, **at: Mapping[str, int]) -> Range:
    return Range(name, error, lambda c: low, lambda c: high, **at)


_DEBOUNCES: Final = {
    "over_current_us": Error.OVER_CURRENT_TIME,
    "over_voltage_us": Error.OVER_VOLTAGE_TIME,
    "open_us": Error.OPEN_TIME,
    "short_us": Error.SHORT_TIME,
    "mismatch_us": Error.MISMATCH_TIME,
    "sensor_us": Error.SENSOR_TIME,
    "stale_us": Error.STALE_TIME,
    "leakage_us": Error.LEAKAGE_TIME,
    "switch_us": Error.SWITCH_TIME,
}
_WIDE: Final = {"trip_na": 35_000_000, "sensor_max_na": 200_000_000}

RANGES: Final[tuple[Range, ...]] = (
    _fixed(
        "tick_us",
        Error.TICK,
        100,
        10_000,
        at_low={"tick_tolerance_us": 20, "rise_na_per_tick": 100, "fall_na_per_tick": 100},
        at_high={"fall_na_per_tick": 10_000},
    ),
    Range("tick_tolerance_us", Error.TICK_TOLERANCE, lambda c: 1, lambda c: c.tick_us // 2),
    _fixed("limit_na", Error.LIMIT, 1, 30_000_000, at_high=_WIDE),
    Range("trip_na", Error.TRIP, lambda c: c.limit_na + 100_000, lambda c: 35_000_000, at_high=_WIDE),
    # 2 mA/s is 2 nA/us; 0.5 and 20 mA/s likewise
    Range("rise_na_per_tick", Error.RISE, lambda c: 1, lambda c: 2 * c.tick_us),
    Range("fall_na_per_tick", Error.FALL, lambda c: -(-c.tick_us // 2), lambda c: 20 * c.tick_us),
    _fixed("dwell_us", Error.DWELL, 100_000, 60_000_000),
    _fixed(
        "compliance_mv",
        Error.COMPLIANCE,
        1000,
        100_000,
        at_low={"over_voltage_mv": 1500, "saturation_mv": 999},
        at_high={"over_voltage_mv": 110_000, "saturation_mv": 90_000, "sensor_max_mv": 200_000},
    ),
    Range(
        "over_voltage_mv",
        Error.OVER_VOLTAGE,
        lambda c: c.compliance_mv + 1,
        lambda c: c.compliance_mv + 20_000,
        at_high={"sensor_max_mv": 200_000},
    ),
    Range("saturation_mv", Error.SATURATION, lambda c: -(-c.compliance_mv // 2), lambda c: c.compliance_mv),
    _fixed("headroom_na", Error.HEADROOM, 1001, 1_000_000, at_low={"open_na": 1000}),
    Range("open_na", Error.OPEN, lambda c: 1000, lambda c: c.headroom_na - 1),
    _fixed("short_ohm", Error.SHORT, 1, 1000),
    _fixed("short_above_na", Error.SHORT_ABOVE, 10_000, 5_000_000),
    _fixed("mismatch_na", Error.MISMATCH, 1000, 1_000_000),
    _fixed("disagree_na", Error.DISAGREE, 1000, 2_000_000),
    Range("sensor_max_na", Error.SENSOR_MAX_NA, lambda c: c.trip_na + 1, lambda c: 200_000_000),
    Range("sensor_max_mv", Error.SENSOR_MAX_MV, lambda c: c.over_voltage_mv + 1, lambda c: 200_000),
    _fixed("leakage_na", Error.LEAKAGE, 1000, 100_000),
    *(_fixed(name, error, 1, 200_000) for name, error in _DEBOUNCES.items()),
    _fixed("contact_us", Error.CONTACT_TIME, 1, 60_000_000),
    _fixed("heartbeat_us", Error.HEARTBEAT_TIME, 20_000, 10_000_000),
    _fixed("time_cap_us", Error.TIME_CAP, 1_000_000, 7_200_000_000),
    Range("time_reserve_us", Error.TIME_RESERVE, lambda c: c.tick_us, lambda c: c.time_cap_us),
    # A cap below the reserve is the reserve's error, and the reserve holds a tick at the limit at least.
    Range(
        "charge_cap_each_fc",
        Error.CHARGE_CAP_EACH,
        lambda c: 1,
        lambda c: 10**17,
        at_high={"charge_cap_total_fc": 10**17},
    ),
    Range("charge_cap_total_fc", Error.CHARGE_CAP_TOTAL, lambda c: c.charge_cap_each_fc, lambda c: 10**17),
    Range(
        "charge_reserve_fc",
        Error.CHARGE_RESERVE,
        lambda c: c.limit_na * c.tick_us,
        lambda c: c.charge_cap_each_fc,
    ),
)
"""In the order in which the core looks at them: the first that is out of range is the one that it names."""


def _ends(low: int, high: int) -> st.SearchStrategy[int]:
    """Any number of a range, its ends more often than others."""
    return st.just(low) | st.integers(low, high) | st.just(high)


@st.composite
def any_configs(draw: st.DrawFn) -> Config:
    """Every field from the whole of its range, so far as the fields before it leave it."""
    config = BASE
    for row in RANGES:
        low, high = row.low(config), row.high(config)
        if row.field == "charge_cap_each_fc":
            low = config.limit_na * config.tick_us
        config = config._replace(**{row.field: draw(_ends(low, high))})
    return config


@st.composite
def small_configs(draw: st.DrawFn) -> Config:
    """A core in which ramps, dwell, debounces, contact, heartbeat and the caps take a few ticks to a few hundred."""
    tick_us = draw(st.sampled_from([10_000, 10_000, 10_000, 9_999, 5_000]))
    limit_na = draw(st.integers(6, 25)) * tick_us
    fall_na = draw(st.integers(-(-tick_us // 2), 4 * tick_us))
    trip_na = limit_na + 100_000 + draw(st.integers(0, 50_000))
    compliance_mv = draw(st.sampled_from([1000, 1001, 5000, 60_000]))
    over_voltage_mv = compliance_mv + draw(st.sampled_from([1, 500, 20_000]))
    debounce = st.integers(1, 6 * tick_us)
    time_cap_us = draw(st.integers(1_000_000, 3_000_000))
    fall_time_us = -(-limit_na // fall_na) * tick_us
    tick_fc = limit_na * tick_us
    headroom_na = draw(st.integers(1001, 30_000))
    charge_each_fc = tick_fc * draw(st.integers(20, 150)) + draw(st.integers(0, tick_fc))
    charge_total_fc = charge_each_fc + draw(st.integers(0, charge_each_fc))
    least_charge_reserve_fc = tick_fc + limit_na * limit_na * tick_us // (2 * fall_na)
    return Config(
        time_cap_us=time_cap_us,
        time_reserve_us=draw(st.sampled_from([fall_time_us + tick_us, tick_us, time_cap_us // 3])),
        charge_cap_each_fc=charge_each_fc,
        charge_cap_total_fc=charge_total_fc,
        charge_reserve_fc=draw(st.sampled_from([min(least_charge_reserve_fc, charge_each_fc), tick_fc])),
        tick_us=tick_us,
        tick_tolerance_us=draw(_ends(1, tick_us // 2)),
        limit_na=limit_na,
        trip_na=trip_na,
        rise_na_per_tick=draw(st.integers(tick_us // 2, 2 * tick_us)),
        fall_na_per_tick=fall_na,
        dwell_us=100_000 + draw(st.sampled_from([0, 1, tick_us])),
        compliance_mv=compliance_mv,
        over_voltage_mv=over_voltage_mv,
        saturation_mv=draw(_ends(-(-compliance_mv // 2), compliance_mv)),
        headroom_na=headroom_na,
        open_na=draw(st.integers(1000, min(20_000, headroom_na - 1))),
        short_ohm=draw(st.integers(1, 1000)),
        short_above_na=draw(st.integers(10_000, 50_000)),
        mismatch_na=draw(st.integers(1000, 60_000)),
        disagree_na=draw(st.integers(1000, 60_000)),
        sensor_max_na=trip_na + draw(st.integers(1, 50_000)),
        sensor_max_mv=over_voltage_mv + draw(st.integers(1, 5000)),
        leakage_na=draw(st.integers(1000, 20_000)),
        over_current_us=draw(debounce),
        over_voltage_us=draw(debounce),
        open_us=draw(debounce),
        short_us=draw(debounce),
        mismatch_us=draw(debounce),
        sensor_us=draw(debounce),
        stale_us=draw(debounce),
        leakage_us=draw(debounce),
        switch_us=draw(debounce),
        contact_us=draw(st.integers(1, 5 * tick_us)),
        heartbeat_us=draw(st.integers(20_000, 12 * tick_us)),
    )
