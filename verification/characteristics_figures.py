"""What a figure of the output is: a value, its unit, its limit and who says so; and what the load makes of the output.

A limit is a number of ``safety.limits`` or of the device's profile, or a figure of a standard or a guidance, which are
benchmarks here: their wording is ours, and nobody claims conformity. A row without a limit is told all the same.
Values are whole numbers of small units, so that two runs give the same ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from iontocore.device import DeviceProfile
from iontocore.safety.limits import Figure
from iontocore.safety.words import Unit, plain
from iontocore.verification.characteristics_bench import LOADS_OHM, SETTINGS_UA, Played, Sessions, settled


class Measure(NamedTuple):
    """The small unit in which whole numbers are kept, and the one in which people read them: ``per`` of the first."""

    small: str
    per: int
    unit: str

    def decimal(self, number: int) -> str:
        """The number to six digits after the point, without its unit."""
        return plain(Fraction(number, self.per))

    def shown(self, number: int) -> str:
        """The number in four digits, with its unit."""
        return f"{number / self.per:.4g} {self.unit}".rstrip()


MA: Final = Measure("nA", 1_000_000, "mA")
V: Final = Measure("mV", 1_000, "V")
MS: Final = Measure("us", 1_000, "ms")
S: Final = Measure("us", 1_000_000, "s")
MIN: Final = Measure("us", 60_000_000, "min")
MC: Final = Measure("nC", 1_000_000, "mC")
MA_MIN: Final = Measure("nC", 60_000_000, "mA min")
PERCENT: Final = Measure("ppm", 10_000, "%")
MA_PER_S: Final = Measure("nA/s", 1_000_000, "mA/s")
MA_PER_CM2: Final = Measure("nA/cm2", 1_000_000, "mA/cm2")
W: Final = Measure("uW", 1_000_000, "W")
W_PER_CM2: Final = Measure("uW/cm2", 1_000_000, "W/cm2")
COUNT: Final = Measure("", 1, "")

_PER_UNIT: Final[Mapping[Unit, int]] = MappingProxyType(
    {Unit.UA: 1_000, Unit.MS: 1_000, Unit.UA_PER_S: 1_000, Unit.UA_PER_CM2: 1_000, Unit.NC: 1}
)
"""How many of a figure's unit here are one of the table of limits."""


class Verdict(StrEnum):
    """What becomes of a row."""

    HOLDS = "holds"
    FAILS = "fails"
    NO_LIMIT = "no limit"


@dataclass(frozen=True, slots=True)
class Range:
    """Where a value has to lie, in its own unit; None where it has no end. source: who says so, and how sure it is.

    ValueError for a range without an end, or without a source."""

    low: int | None
    high: int | None
    source: str

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("a range without an end is no limit")
        if not self.source.strip():
            raise ValueError("a limit names its source")

    def holds(self, value: int) -> bool:
        """Whether the value lies within; the ends belong to it."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def shown(self, measure: Measure) -> str:
        """``at most 65 V``, ``at least 2 s``, ``-20 % to 20 %``."""
        ends = [measure.shown(end) for end in (self.low, self.high) if end is not None]
        return " to ".join(ends) if len(ends) == 2 else f"at {'most' if self.low is None else 'least'} {ends[0]}"


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One row. id: ``OC-01`` and so on, never renumbered. name: what it is. condition: load, plan and device.

    number: what was measured, a whole number of ``measure.small``, and so are the ends of the limit. limit: None where
    there is none. invariants: the ids that it speaks of. hazards: ids of those that it speaks of although no invariant
    that it speaks of guards them.
    """

    id: str
    name: str
    condition: str
    number: int
    measure: Measure
    limit: Range | None
    invariants: tuple[str, ...]
    hazards: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """What was measured, a decimal number in ``unit``, to six digits after the point."""
        return self.measure.decimal(self.number)

    @property
    def unit(self) -> str:
        """The unit of the value, as people read it."""
        return self.measure.unit

    @property
    def allowed(self) -> str:
        """The limit in words; empty where there is none."""
        return "" if self.limit is None else self.limit.shown(self.measure)

    @property
    def says_who(self) -> str:
        """Who sets the limit; empty where there is none."""
        return "" if self.limit is None else self.limit.source

    @property
    def verdict(self) -> Verdict:
        """Whether the value is within its limit."""
        if self.limit is None:
            return Verdict.NO_LIMIT
        return Verdict.HOLDS if self.limit.holds(self.number) else Verdict.FAILS

    @property
    def shown(self) -> str:
        """The value in four digits, with its unit."""
        return self.measure.shown(self.number)


class Point(NamedTuple):
    """One load at one setting, at rest.

    load_ohm: the resistor. set_ua: what was asked. delivered_na: what flowed, in the mean. shown_na: what the core
    reported, in the mean. voltage_mv: across the load, in the mean. ripple_na: of what flowed, from peak to peak.
    saturated: whether the voltage limits it.
    """

    load_ohm: int
    set_ua: int
    delivered_na: int
    shown_na: int
    voltage_mv: int
    ripple_na: int
    saturated: bool

    @property
    def error_ppm(self) -> int:
        """What flowed against what was asked."""
        return in_ppm(self.delivered_na - self.set_ua * 1000, self.set_ua * 1000)

    @property
    def shown_error_ppm(self) -> int:
        """What was reported against what flowed."""
        return in_ppm(self.shown_na - self.delivered_na, self.delivered_na)


def in_ppm(part: float, whole: float) -> int:
    """The share in millionths."""
    return round(1e6 * part / whole)


def points(sessions: Sessions) -> tuple[Point, ...]:
    """Every load at every setting, load by load."""
    return tuple(
        _point(played, ohm, index)
        for played, ohm in zip(sessions.sweep, LOADS_OHM, strict=True)
        for index in range(len(SETTINGS_UA))
    )


def _point(played: Played, ohm: int, index: int) -> Point:
    rows, columns = played.between(*settled(index)), played.columns
    true_na = columns["true_na"][rows]
    voltage_mv = round(float(columns["true_voltage_mv"][rows].mean()))
    return Point(
        load_ohm=ohm,
        set_ua=SETTINGS_UA[index],
        delivered_na=round(float(true_na.mean())),
        shown_na=round(float(columns["measured_na"][rows].mean())),
        voltage_mv=voltage_mv,
        ripple_na=int(np.ptp(true_na)),
        saturated=voltage_mv >= played.trial.plan.device.saturation_mv,
    )


# ---- limits ----------------------------------------------------------------------------------------------------------


def at_most(high: int, source: str) -> Range:
    """A limit from above."""
    return Range(None, high, source)


def of_table(figure: Figure) -> tuple[int, str]:
    """A figure of the table of limits in the unit that is used here, and its source."""
    return figure.value * _PER_UNIT[figure.unit], f"{figure.source} ({figure.mark})"


def of_device(device: DeviceProfile, field: str) -> str:
    """The device's profile as the source of a limit."""
    return f"the profile of device {device.name}, {field}"
