"""Device profiles: they lower what is compiled into the core, never raise it, and the core takes all that they say."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, fields
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iontocore.ccore import Config, ConfigurationError, Core
from iontocore.device import SECTIONS, DeviceProfile, load_device, read_device, simulated_device
from iontocore.fields import Quantity
from iontocore.safety import limits
from iontocore.safety.refusal import Refusal

SIMULATED = resources.files("iontocore").joinpath("devices/simulated.toml").read_text(encoding="utf-8")
QUANTITIES = {quantity.attribute: quantity for rows in SECTIONS.values() for quantity in rows}
ABOUT_SENSORS = {"gain_error_percent", "offset_error_na"}
"""What the core is not told."""


def refused(act: Callable[[], object]) -> Refusal:
    """The refusal of an act, which is a single line that ends like a sentence."""
    with pytest.raises(Refusal) as caught:
        act()
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    return caught.value


def changed(**values: str | None) -> Callable[[], DeviceProfile]:
    """Reads the simulated device with the values of some keys exchanged; None takes the line out."""
    text = SIMULATED
    for key, value in values.items():
        line = re.compile(rf"^{key} = [^#\n]*", re.MULTILINE)
        assert line.search(text), key
        text = line.sub("" if value is None else f"{key} = {value} ", text)
    return lambda: read_device(text, "my.toml")


def config(numbers: dict[str, int]) -> Config:
    """What the core is told of a device with these numbers, in a session at its ceiling with the gentlest ramps."""
    told = {name: value for name, value in numbers.items() if name in Config._fields}
    tick_us = numbers["tick_us"]
    return Config(
        time_cap_us=3_600_000_000,
        time_reserve_us=120_000_000,
        charge_cap_each_fc=10**17,
        charge_cap_total_fc=10**17,
        charge_reserve_fc=10**15,
        limit_na=numbers["ceiling_ua"] * 1000,
        rise_na_per_tick=tick_us,
        fall_na_per_tick=tick_us,
        dwell_us=2_000_000,
        **told,
    )


def numbers_of(profile: DeviceProfile) -> dict[str, int]:
    return {name: getattr(profile, name) for name in QUANTITIES}


def built(numbers: dict[str, int]) -> DeviceProfile:
    """The simulated device with some numbers exchanged, past the reading of TOML."""
    return DeviceProfile(name="built", source="a test", **numbers_of(simulated_device()) | numbers)


def core_accepts(numbers: dict[str, int]) -> bool:
    try:
        Core(config(numbers))
    except ConfigurationError:
        return False
    return True


def test_the_simulated_device_is_the_profile_that_is_shipped() -> None:
    device = simulated_device()
    assert device is simulated_device()
    assert device == read_device(SIMULATED, "simulated.toml")
    assert (device.name, device.ceiling_ua, device.compliance_mv, device.tick_us) == ("simulated", 30_000, 60_000, 1000)
    assert device.trip_na == limits.TRIP_CURRENT.value * 1000
    assert device.leakage_na == limits.PROBE_CURRENT.value * 1000
    assert core_accepts(numbers_of(device))


def test_every_number_of_a_device_has_its_quantity_and_the_core_is_told_all_that_it_asks() -> None:
    assert [field.name for field in fields(DeviceProfile)] == ["name", "source", *QUANTITIES]
    session = {"time_cap_us", "time_reserve_us", "charge_cap_each_fc", "charge_cap_total_fc", "charge_reserve_fc"}
    session |= {"limit_na", "rise_na_per_tick", "fall_na_per_tick", "dwell_us"}
    assert {*QUANTITIES} - {*Config._fields} == {"ceiling_ua", *ABOUT_SENSORS}
    assert {*Config._fields} - {*QUANTITIES} == session


@pytest.mark.parametrize("key", [quantity.key for quantity in QUANTITIES.values()] + ["name", "source"])
def test_every_key_of_a_profile_is_required(key: str) -> None:
    refusal = refused(changed(**{key: None}))
    assert refusal.field.endswith(key)
    assert refusal.given == "missing"


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize(
    "key, value, allowed",
    [
        ("ceiling_ma", "30.001", "0.001 to 30 mA"),
        ("trip_ma", "35.001", "0.100001 to 35 mA"),
        ("compliance_v", "100.001", "1 to 100 V"),
    ],
)
def test_a_profile_that_would_raise_a_compiled_ceiling_is_refused(key: str, value: str, allowed: str) -> None:
    refusal = refused(changed(**{key: value}))
    assert refusal.field == f"my.toml: output.{key}"
    assert refusal.allowed == allowed
    assert refusal.says_who == "the ceiling compiled into the core"


@pytest.mark.invariant("SI-02", "SI-07", "SI-14")
def test_no_more_than_the_probe_current_can_be_made_to_count_as_zero() -> None:
    assert QUANTITIES["leakage_na"].high == limits.PROBE_CURRENT.value * 1000
    for leakage_na, taken in ((100_000, True), (100_001, False), (500_000, False)):
        assert profile_accepts({"leakage_na": leakage_na}) is taken
        assert core_accepts(numbers_of(simulated_device()) | {"leakage_na": leakage_na}) is taken


@pytest.mark.invariant("SI-02", "SI-12")
def test_a_mismatch_of_a_quarter_of_a_drugs_current_is_the_most_that_can_be_tolerated() -> None:
    most_na = limits.DRUG_CURRENT.value * 1000 // 4
    assert QUANTITIES["mismatch_na"].high == most_na
    assert QUANTITIES["disagree_na"].high == 2 * most_na
    wide = {"mismatch_na": most_na, "disagree_na": 2 * most_na}
    assert profile_accepts(wide)
    assert core_accepts(numbers_of(simulated_device()) | wide)
    for name, value in wide.items():
        assert not core_accepts(numbers_of(simulated_device()) | wide | {name: value + 1})


def test_a_profile_lowers_the_ceiling() -> None:
    assert changed(ceiling_ma="10.0")().ceiling_ua == 10_000


@pytest.mark.invariant("SI-02")
@given(st.data())
def test_every_profile_that_is_accepted_is_one_that_the_core_accepts(data: st.DataObject) -> None:
    numbers = numbers_of(simulated_device())
    for name in data.draw(st.lists(st.sampled_from([*QUANTITIES]), unique=True, max_size=4)):
        quantity = QUANTITIES[name]
        assert quantity.high is not None
        edges = st.sampled_from([quantity.low, quantity.high])
        numbers[name] = data.draw(edges | st.integers(quantity.low - 1, quantity.high + 1))
    with suppress(Refusal):
        profile = DeviceProfile(name="drawn", source="a test", **numbers)
        assert core_accepts(numbers_of(profile))


def profile_accepts(numbers: dict[str, int]) -> bool:
    try:
        built(numbers)
    except Refusal:
        return False
    return True


PERFECT_SENSORS = {"gain_error_percent": 0, "offset_error_na": 0}
"""Without sensors' errors, which the core is not told, profile and core judge by the same rules."""


@pytest.mark.parametrize("name", [name for name in QUANTITIES if name not in ABOUT_SENSORS])
def test_at_both_ends_of_every_range_profile_and_core_agree(name: str) -> None:
    low, high = QUANTITIES[name].low, QUANTITIES[name].high
    assert high is not None
    for value in (low - 1, low, high, high + 1):
        numbers = PERFECT_SENSORS | {name: value}
        assert profile_accepts(numbers) is core_accepts(numbers_of(simulated_device()) | numbers)


@pytest.mark.parametrize(
    "numbers",
    [
        {"tick_tolerance_us": 500},
        {"tick_us": 100, "tick_tolerance_us": 50},
        {"tick_us": 10_000, "tick_tolerance_us": 5_000},
        {"ceiling_ua": 20_000, "trip_na": 20_100_000},
        {"over_voltage_mv": 60_001},
        {"over_voltage_mv": 79_999},
        {"compliance_mv": 59_000, "over_voltage_mv": 79_000},
        {"saturation_mv": 60_000},
        {"saturation_mv": 30_000},
        {"compliance_mv": 59_999, "saturation_mv": 30_000},
        {"sensor_max_na": 35_000_001},
        {"sensor_max_mv": 65_001},
    ],
    ids=str,
)
def test_what_just_keeps_a_rule_between_two_fields_is_taken_by_both(numbers: dict[str, int]) -> None:
    assert profile_accepts(numbers)
    assert core_accepts(numbers_of(simulated_device()) | numbers)


def test_thresholds_just_beyond_the_sensors_errors_are_taken() -> None:
    assert profile_accepts({"mismatch_na": 320_001, "disagree_na": 640_001, "leakage_na": 20_001})


@given(st.data())
def test_with_perfect_sensors_profile_and_core_agree_on_whatever_is_given(data: st.DataObject) -> None:
    numbers = dict(PERFECT_SENSORS)
    for name in data.draw(st.lists(st.sampled_from(sorted({*QUANTITIES} - ABOUT_SENSORS)), unique=True, max_size=3)):
        low, high = QUANTITIES[name].low, QUANTITIES[name].high
        assert high is not None
        numbers[name] = data.draw(st.integers(low - 1, high + 1) | st.integers(low - 1, min(high, 20 * low)))
    assert profile_accepts(numbers) is core_accepts(numbers_of(simulated_device()) | numbers)


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=QUANTITIES)
@pytest.mark.parametrize("beyond", [-1, 1])
def test_a_number_out_of_its_range_is_refused_by_the_profile_and_by_the_core(quantity: Quantity, beyond: int) -> None:
    assert quantity.high is not None
    value = quantity.low - 1 if beyond < 0 else quantity.high + 1
    assert refused(lambda: built({quantity.attribute: value})).allowed == quantity.allowed
    if quantity.attribute not in ABOUT_SENSORS:
        assert not core_accepts(numbers_of(simulated_device()) | {quantity.attribute: value})


RULES = [
    ({"tick_tolerance_us": 501}, "timer.tick_tolerance_ms", "at most half of timer.tick_ms"),
    (
        {"ceiling_ua": 20_000, "trip_na": 20_099_999},
        "output.trip_ma",
        "at least 0.1 mA above output.ceiling_ma, so 20.1 mA or more",
    ),
    ({"over_voltage_mv": 60_000}, "output.over_voltage_v", "above output.compliance_v, by at most 20 V"),
    ({"over_voltage_mv": 80_001}, "output.over_voltage_v", "above output.compliance_v, by at most 20 V"),
    ({"saturation_mv": 60_001}, "output.saturation_v", "half of output.compliance_v to output.compliance_v"),
    ({"saturation_mv": 29_999}, "output.saturation_v", "half of output.compliance_v to output.compliance_v"),
    ({"sensor_max_na": 35_000_000}, "sensors.current_max_ma", "above output.trip_ma"),
    ({"sensor_max_mv": 65_000}, "sensors.voltage_max_v", "above output.over_voltage_v"),
]


@pytest.mark.parametrize("numbers, field, allowed", RULES, ids=[field for _, field, _ in RULES])
def test_a_rule_between_two_fields_is_the_profiles_and_the_cores(
    numbers: dict[str, int], field: str, allowed: str
) -> None:
    refusal = refused(lambda: built(numbers))
    assert refusal.field == field
    assert refusal.allowed.startswith(allowed)
    assert not core_accepts(numbers_of(simulated_device()) | numbers)


@pytest.mark.parametrize(
    "numbers, field",
    [
        ({"mismatch_na": 320_000}, "thresholds.mismatch_ua"),
        ({"disagree_na": 640_000}, "thresholds.disagree_ua"),
        ({"leakage_na": 20_000}, "thresholds.leakage_ua"),
        ({"gain_error_percent": 2}, "thresholds.mismatch_ua"),
    ],
)
def test_a_threshold_within_the_sensors_own_error_is_refused(numbers: dict[str, int], field: str) -> None:
    # 1 % of 30 mA and 20 uA are 320 uA of error at the ceiling.
    assert simulated_device().sensor_error_na == 320_000
    refusal = refused(lambda: built(numbers))
    assert refusal.field == field
    assert refusal.says_who.startswith("the sensors' errors in this profile")


@pytest.mark.parametrize(
    "values, field",
    [
        ({"tick_ms": "0.0001"}, "timer.tick_ms"),
        ({"tick_ms": "-1.0"}, "timer.tick_ms"),
        ({"tick_ms": "nan"}, "timer.tick_ms"),
        ({"tick_ms": '"1 ms"'}, "timer.tick_ms"),
        ({"tick_ms": "true"}, "timer.tick_ms"),
        ({"short_ohm": "200.5"}, "thresholds.short_ohm"),
        ({"heartbeat_ms": "inf"}, "supervision.heartbeat_ms"),
        ({"name": "3"}, "name"),
        ({"source": '""'}, "source"),
    ],
)
def test_a_value_that_is_not_as_it_has_to_be_is_refused_by_its_dotted_name(
    values: dict[str, str | None], field: str
) -> None:
    assert refused(changed(**values)).field == f"my.toml: {field}"


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    refusal = refused(lambda: read_device(SIMULATED.replace("heartbeat_ms", "hartbeat_ms"), "my.toml"))
    assert refusal.field == "my.toml: supervision.hartbeat_ms"
    assert refusal.do == "write heartbeat_ms, if that is what you mean"
    assert refused(lambda: read_device(SIMULATED.replace("[timer]", "[timers]"), "my.toml")).field == "my.toml: timers"
    assert refused(lambda: read_device(f"timer = 3\n{SIMULATED}", "my.toml")).field == "my.toml"


def test_a_profile_is_loaded_from_a_file_that_refusals_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SIMULATED, encoding="utf-8")
    assert load_device(path) == simulated_device()
    path.write_text(SIMULATED[:600], encoding="utf-8")
    assert refused(lambda: load_device(path)).field.startswith(str(path))


@given(share=st.floats(0, 1), noise=st.text(max_size=4), gone=st.integers(0, 4))
def test_a_profile_with_letters_exchanged_is_refused_or_accepted_by_the_core(
    share: float, noise: str, gone: int
) -> None:
    at = int(len(SIMULATED) * share)
    with suppress(Refusal):
        profile = read_device(SIMULATED[:at] + noise + SIMULATED[at + gone :], "my.toml")
        assert profile.ceiling_ua <= limits.COMPILED_CURRENT.value
        assert core_accepts(numbers_of(profile))


@given(st.floats(0, 0.999))
def test_a_profile_cut_off_anywhere_is_refused(share: float) -> None:
    cut = SIMULATED.rstrip()[: int(len(SIMULATED.rsplit("heartbeat_ms", 1)[0]) * share)]
    with pytest.raises(Refusal):
        read_device(cut, "my.toml")


def test_a_profile_can_be_recorded_field_by_field() -> None:
    assert DeviceProfile(**asdict(simulated_device())) == simulated_device()
