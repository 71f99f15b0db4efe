"""The manual for embedders: no field, error or trip of the header is left out, and its numbers are the code's."""

import re
from pathlib import Path

import pytest
from test_ports import CCORE, make

from iontocore.ccore import Config, Error, Trip

ROOT = CCORE.parent
MANUAL = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")


def table(text: str) -> dict[str, list[int]]:
    rows = (line.split() for line in text.splitlines() if re.match(r"cortex-\S+-O[s2] ", line))
    return {name: [int(value) for value in values] for name, *values in rows}


@pytest.mark.parametrize("field", Config._fields)
def test_every_field_of_the_configuration_is_explained(field: str) -> None:
    assert f"`{field}`" in MANUAL.partition("## 5.")[2].partition("## 6.")[0]


@pytest.mark.parametrize("error", [error for error in Error if error is not Error.OK])
def test_every_error_stands_in_the_table_with_its_code(error: Error) -> None:
    assert f"\n| {error.value} `IONTO_ERROR_{error.name}` |" in MANUAL


@pytest.mark.parametrize("trip", [trip for trip in Trip if trip is not Trip.NONE])
def test_every_trip_stands_in_the_table_with_its_code(trip: Trip) -> None:
    assert f"\n| {trip.value} `IONTO_TRIP_{trip.name}` |" in MANUAL


@pytest.mark.needs("make")
def test_every_make_target_that_is_named_exists() -> None:
    named = set(re.findall(r"make -C ccore ([a-z0-9-]+)", MANUAL))
    assert named >= {"demo-m3", "demo-host", "cortex", "sizes"}
    listed = set(re.findall(r"make -C ccore ([a-z0-9-]+)", make("help").stdout))
    assert named <= listed


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:ccore|core|tests|docs)/[\w./]+)`", MANUAL))
    assert len(named) > 5
    assert all((ROOT / name).exists() for name in named)


@pytest.mark.needs("make", "gcc")
def test_the_trace_that_is_shown_is_what_the_demonstration_prints(tmp_path: Path) -> None:
    shown = re.findall(r"```text\n(.*?)```", MANUAL, flags=re.DOTALL)[0]
    printed = make(f"BUILD={tmp_path}", "CC=gcc", "demo-host").stdout
    assert shown.strip() in printed


@pytest.mark.xdist_group("sizes")
@pytest.mark.needs("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")
def test_the_sizes_that_are_stated_are_within_a_fifth_of_what_is_measured(tmp_path: Path) -> None:
    stated, measured = table(MANUAL), table(make(f"BUILD={tmp_path}", "sizes").stdout)
    assert len(stated) == 6
    assert set(stated) == set(measured)
    for name, numbers in stated.items():
        assert numbers == pytest.approx(measured[name], rel=0.2), name


def test_the_bound_that_is_reckoned_with_is_the_largest_of_the_table() -> None:
    largest = max(numbers[8] for name, numbers in table(MANUAL).items() if "m0plus" in name)
    assert f"the bound of {largest} instructions" in " ".join(MANUAL.split())
