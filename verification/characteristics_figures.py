"""What a figure of the output is: a value, its unit, its limit and who says so; and what the load makes of the output.

A limit is a number of ``safety.limits`` or of the device's profile, or a figure of a standard or a guidance, which are
benchmarks here: their wording is ours, and nobody claims conformity. A row without a limit is told all the same.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from iontocore.device import DeviceProfile
from iontocore.safety.limits import Figure
from iontocore.verification.characteristics_bench import LOADS_OHM, SETTINGS_UA, Played, Sessions, settled

NA_PER_MA: Final = 1e6
_DIGITS: Final = 9
"""Decimals that a value keeps: beyond all that was measured, short of what a sum leaves behind."""


class Verdict(StrEnum):
    """What becomes of a row."""

    HOLDS = "holds"
    FAILS = "fails"
    NO_LIMIT = "no limit"


@dataclass(frozen=True, slots=True)
class Range:
    """Where a value has to lie, in its own unit; None where it has no end. source: who says so, and how sure it is."""

    low: float | None
    high: float | None
    source: str

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("a range without an end is no limit")
        if not self.source.strip():
            raise ValueError("a limit names its source")

    def holds(self, value: float) -> bool:
        """Whether the value lies within; the ends belong to it, and what is no number does not."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high) and value == value

    @property
    def shown(self) -> str:
        """``at most 65``, ``at least 2``, ``-20 to 20``."""
        if self.low is None:
            return f"at most {self.high:.4g}"
        return f"at least {self.low:.4g}" if self.high is None else f"{self.low:.4g} to {self.high:.4g}"


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One row. id: ``OC-01`` and so on, never renumbered. name: what it is. condition: load, plan and device.

    value, unit: what was measured. limit: None where there is none. invariants: the ids that it speaks of.
    """

    id: str
    name: str
    condition: str
    value: float
    unit: str
    limit: Range | None
    invariants: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether the value is within its limit."""
        if self.limit is None:
            return Verdict.NO_LIMIT
        return Verdict.HOLDS if self.limit.holds(self.value) else Verdict.FAILS

    @property
    def shown(self) -> str:
        """The value in four digits, with its unit."""
        return f"{self.value:.4g} {self.unit}".rstrip()


class Point(NamedTuple):
    """One load at one setting, at rest.

    load_ohm: the resistor. set_ua: what was asked. delivered_ua: what flowed, in the mean. shown_ua: what the core
    reported, in the mean. voltage_mv: across the load, in the mean. ripple_ua: of what flowed, from peak to peak.
    saturated: whether the voltage limits it.
    """

    load_ohm: int
    set_ua: int
    delivered_ua: float
    shown_ua: float
    voltage_mv: float
    ripple_ua: float
    saturated: bool

    @property
    def error_percent(self) -> float:
        """What flowed against what was asked."""
        return 100 * (self.delivered_ua - self.set_ua) / self.set_ua

    @property
    def shown_error_percent(self) -> float:
        """What was reported against what flowed."""
        return 100 * (self.shown_ua - self.delivered_ua) / self.delivered_ua


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
    voltage_mv = float(columns["true_voltage_mv"][rows].mean())
    return Point(
        load_ohm=ohm,
        set_ua=SETTINGS_UA[index],
        delivered_ua=round(float(true_na.mean()) / 1e3, _DIGITS),
        shown_ua=round(float(columns["measured_na"][rows].mean()) / 1e3, _DIGITS),
        voltage_mv=round(voltage_mv, _DIGITS),
        ripple_ua=round(float(np.ptp(true_na)) / 1e3, _DIGITS),
        saturated=voltage_mv >= played.trial.plan.device.saturation_mv,
    )


# ---- the making of a row ---------------------------------------------------------------------------------------------


def row(
    id: str,
    name: str,
    condition: str,
    value: float,
    unit: str,
    limit: Range | None = None,
    invariants: tuple[str, ...] = (),
) -> Characteristic:
    """A row; its value is rounded to what can be meant."""
    return Characteristic(id, name, condition, round(float(value), _DIGITS), unit, limit, invariants)


def at_most(high: float, source: str) -> Range:
    """A limit from above."""
    return Range(None, high, source)


def of_table(figure: Figure, per: float) -> tuple[float, str]:
    """A figure of the table of limits in another unit, ``per`` of its own to one, and its source."""
    return figure.value / per, f"{figure.source} ({figure.mark})"


def of_device(device: DeviceProfile, field: str) -> str:
    """The device's profile as the source of a limit."""
    return f"the profile of device {device.name}, {field}"
