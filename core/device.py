"""The device profile: what the hardware can do, and when its core takes a measurement for a fault.

The maker of a device writes the profile once, as TOML. It says all that the core has to be told and that does not
change from plan to plan: ceiling, compliance voltage, sensors, thresholds, debounce times. It can lower what is
compiled into the core and never raise it. Every range here is the core's own (``ccore/include/ionto.h``), and so are
the rules between fields, so that ``ionto_init()`` accepts what loads here.

The simulated device is the default, ``devices/simulated.toml``, and the pattern for others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from iontocore.fields import Quantity, Table, check_text, parse_table, read_table
from iontocore.safety.limits import COMPILED_CURRENT, PROBE_CURRENT, TRIP_CURRENT
from iontocore.safety.refusal import Refusal

FORMAT: Final = "the device profile's format"
CEILING: Final = "the ceiling compiled into the core"
CORE: Final = "the range compiled into the core"
_NA_PER_UA: Final = 1_000
_START_AGAIN: Final = "start again from devices/simulated.toml"


def _debounce(trip: str, means: str) -> Quantity:
    return Quantity(f"{trip}_ms", f"{trip}_us", 1, 200_000, CORE, means)


SECTIONS: Final[Mapping[str, tuple[Quantity, ...]]] = {
    "timer": (
        Quantity("tick_ms", "tick_us", 100, 10_000, CORE, "period of the core's tick"),
        Quantity("tick_tolerance_ms", "tick_tolerance_us", 1, 5_000, CORE, "how far a period may be off"),
    ),
    "output": (
        Quantity(
            "ceiling_ma",
            "ceiling_ua",
            1,
            COMPILED_CURRENT.value,
            CEILING,
            "the largest current of any plan on this device",
        ),
        Quantity(
            "trip_ma",
            "trip_na",
            100_001,
            TRIP_CURRENT.value * _NA_PER_UA,
            CEILING,
            "over-current trip level, measured",
        ),
        Quantity("compliance_v", "compliance_mv", 1_000, 100_000, CEILING, "the most that the output stage can give"),
        Quantity("over_voltage_v", "over_voltage_mv", 1_001, 120_000, CORE, "over-voltage trip level, measured"),
        Quantity("saturation_v", "saturation_mv", 500, 100_000, CORE, "at or above this the voltage is saturated"),
        Quantity("headroom_ua", "headroom_na", 1_001, 1_000_000, CORE, "drive above what is measured, when saturated"),
    ),
    "sensors": (
        Quantity("current_max_ma", "sensor_max_na", 100_002, 200_000_000, CORE, "full scale of both current sensors"),
        Quantity("voltage_max_v", "sensor_max_mv", 1_002, 200_000, CORE, "full scale of the voltage sensor"),
        Quantity(
            "gain_error_percent",
            "gain_error_percent",
            0,
            20,
            "IEC 60601-2-10 (benchmark), output accuracy",
            "largest error of a current sensor in proportion to the current",
        ),
        Quantity("offset_error_ua", "offset_error_na", 0, 99_999, CORE, "largest error of a current sensor at zero"),
    ),
    "thresholds": (
        Quantity("open_ua", "open_na", 1_000, 1_000_000, CORE, "saturated, with less measured: an open circuit"),
        Quantity("short_ohm", "short_ohm", 1, 1_000, CORE, "less resistance is a short circuit"),
        Quantity("short_above_ua", "short_above_na", 10_000, 5_000_000, CORE, "... looked for above this current"),
        Quantity("mismatch_ua", "mismatch_na", 1_000, 1_000_000, CORE, "largest difference of measured and drive"),
        Quantity("disagree_ua", "disagree_na", 1_000, 2_000_000, CORE, "largest difference of the two current sensors"),
        Quantity(
            "leakage_ua",
            "leakage_na",
            1_000,
            PROBE_CURRENT.value * _NA_PER_UA,
            CORE,
            "more than this, measured, is not zero",
        ),
    ),
    "debounce": (
        _debounce("over_current", "how long the measured current may be above trip_ma"),
        _debounce("over_voltage", "how long the voltage may be above over_voltage_v"),
        _debounce("open", "how long contact may be lost while energised"),
        _debounce("short", "how long the resistance may be below short_ohm"),
        _debounce("mismatch", "how long measured and drive may differ"),
        _debounce("sensor", "how long a sensor may be out of range or contradicted"),
        _debounce("stale", "how long the converter may give no new sample"),
        _debounce("leakage", "how long current may flow while the output is off"),
        _debounce("switch", "how long the switch's read-back may disagree"),
    ),
    "supervision": (
        Quantity(
            "contact_ms", "contact_us", 1, 60_000_000, CORE, "contact holds this long before the output is energised"
        ),
        Quantity("heartbeat_ms", "heartbeat_us", 20_000, 10_000_000, CORE, "the longest silence of the supervisor"),
    ),
}
"""The tables of a profile and their numbers. All are required: a forgotten threshold is a hazard."""

_NAMES: Final = {q.attribute: (f"{section}.{q.key}", q) for section, rows in SECTIONS.items() for q in rows}


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """One device. Checked when it is built: Refusal names the field as it stands in the profile, and the rule.

    name: the device, as it is shown and recorded. source: where its figures come from, in one line.
    ceiling_ua: the largest current of any plan on this device; ``limits`` combines it with the others by minimum.
    gain_error_percent (of the current), offset_error_na: the largest errors of either current sensor; the thresholds
    are checked against them.
    The rest goes to the core under the same names (``struct ionto_config``).
    """

    name: str
    source: str
    tick_us: int
    tick_tolerance_us: int
    ceiling_ua: int
    trip_na: int
    compliance_mv: int
    over_voltage_mv: int
    saturation_mv: int
    headroom_na: int
    sensor_max_na: int
    sensor_max_mv: int
    gain_error_percent: int
    offset_error_na: int
    open_na: int
    short_ohm: int
    short_above_na: int
    mismatch_na: int
    disagree_na: int
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

    def __post_init__(self) -> None:
        check_text(self.name, "name", FORMAT)
        check_text(self.source, "source", FORMAT)
        for attribute, (name, quantity) in _NAMES.items():
            quantity.check(getattr(self, attribute), name)
        for attribute, holds, allowed, says_who in self._rules():
            if not holds:
                name, quantity = _NAMES[attribute]
                raise Refusal(name, quantity.shown(getattr(self, attribute)), allowed, says_who)

    @property
    def sensor_error_na(self) -> int:
        """The largest error of a current sensor at any current up to the ceiling."""
        return self.offset_error_na + self.ceiling_ua * 10 * self.gain_error_percent

    def _rules(self) -> Iterator[tuple[str, bool, str, str]]:
        """The rules between fields: the attribute to blame, whether its rule holds, what is allowed, who says so."""
        own_error = "the sensors' errors in this profile, or the core would trip on a sound sensor"
        yield ("tick_tolerance_us", self.tick_tolerance_us <= self.tick_us // 2, "at most half of timer.tick_ms", CORE)
        yield (
            "trip_na",
            self.trip_na >= self.ceiling_ua * 1000 + 100_000,
            f"at least 0.1 mA above output.ceiling_ma, so {(self.ceiling_ua + 100) / 1000:g} mA or more",
            CORE,
        )
        yield (
            "over_voltage_mv",
            self.compliance_mv < self.over_voltage_mv <= self.compliance_mv + 20_000,
            "above output.compliance_v, by at most 20 V",
            CORE,
        )
        yield (
            "saturation_mv",
            self.compliance_mv <= 2 * self.saturation_mv and self.saturation_mv <= self.compliance_mv,
            "half of output.compliance_v to output.compliance_v",
            CORE,
        )
        # at a saturated voltage that drives nothing the drive falls to the headroom, and has to stay above this
        yield ("open_na", self.open_na < self.headroom_na, "below output.headroom_ua", CORE)
        yield ("sensor_max_na", self.sensor_max_na > self.trip_na, "above output.trip_ma", CORE)
        yield ("sensor_max_mv", self.sensor_max_mv > self.over_voltage_mv, "above output.over_voltage_v", CORE)
        error_ua = f"{self.sensor_error_na / 1000:g} uA"
        yield (
            "mismatch_na",
            self.mismatch_na > self.sensor_error_na,
            f"more than {error_ua}, a current sensor's error at the ceiling",
            own_error,
        )
        yield (
            "disagree_na",
            self.disagree_na > 2 * self.sensor_error_na,
            f"more than twice {error_ua}, a current sensor's error at the ceiling",
            own_error,
        )
        yield ("leakage_na", self.leakage_na > self.offset_error_na, "more than sensors.offset_error_ua", own_error)


def load_device(path: str | Path) -> DeviceProfile:
    """The profile of a TOML file. Refusal when the file or anything in it is not as it has to be."""
    return _device(read_table(path, FORMAT, _START_AGAIN))


def read_device(text: str, file: str) -> DeviceProfile:
    """The profile of a TOML text, as :func:`load_device`; file: what refusals call it."""
    return _device(parse_table(text, file, FORMAT, _START_AGAIN))


@cache
def simulated_device() -> DeviceProfile:
    """The simulated device: the default of every function that takes a device."""
    text = resources.files("iontocore").joinpath("devices/simulated.toml").read_text(encoding="utf-8")
    return read_device(text, "devices/simulated.toml")


def _device(top: Table) -> DeviceProfile:
    top.only(("name", "source", *SECTIONS))
    numbers: dict[str, int] = {}
    for section, quantities in SECTIONS.items():
        table = top.table(section)
        table.only([quantity.key for quantity in quantities])
        numbers |= table.amounts(quantities)
    name, source = top.text("name"), top.text("source")
    with top.naming():
        return DeviceProfile(name=name, source=source, **numbers)
