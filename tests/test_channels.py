"""The two channels together: they agree by themselves, and share nothing that could fail in both."""

import subprocess
from pathlib import Path
from typing import Final

import pytest
from configurations import small_configs
from hypothesis import event, given
from hypothesis import strategies as st
from judged import RUN, SOUND, STOP, JudgedCore, Odd, bit, ticks_of

from iontocore.ccore import Config, Phase, Request, Trip, get_include

INT32: Final = st.integers(-(2**31), 2**31 - 1)
UINT32: Final = st.integers(0, 2**32 - 1)
SIGNS: Final = st.sampled_from([-1, 1])

# ---- they agree ------------------------------------------------------------------------------------------------------

SAME: Final = ("energised", "ending", "energised_us", "positive_fc", "negative_fc", "contact_us", "heartbeat_us")
"""What both keep for themselves, each in its own words, and what has to be the same at every tick without a trip."""


class Both:
    """A core whose channels are compared after every tick."""

    def __init__(self, config: Config, ohm: int) -> None:
        self.judged: Final = JudgedCore(config, ohm=ohm)
        self._tripped = False

    def step(self, request: Request, odd: Odd = SOUND) -> None:
        row = self.judged.step(self.judged.hardware.sense(odd), request)
        read = self.judged.core.memory.read
        assert row.trips & bit(Trip.PROPOSAL) == 0, "the regulator proposed what the guard does not permit"
        regulator = {name: read(f"regulator.state.{name}") for name in SAME}
        guard = {name: read(f"guard.state.{name}") for name in SAME}
        tripped = row.trips != 0
        if not tripped or self._tripped:
            # The tick of a trip is the one at which the regulator does not know yet.
            assert regulator == guard
            assert read("regulator.state.armed") == read("guard.state.armed")
            assert read("regulator.state.level_na") == row.drive_na
        if tripped and self._tripped:
            assert (row.proposal_na, row.switch_closed, regulator["energised"]) == (0, 0, 0)
        self._tripped = tripped

    def run(
        self,
        ticks: int,
        target_na: int,
        command: int = RUN,
        acknowledge: int = 0,
        odd: Odd = SOUND,
        *,
        silent: bool = False,
    ) -> None:
        for _ in range(ticks):
            self.step(self.judged.supervisor.request(target_na, command, acknowledge, silent=silent), odd)

    def restart(self, target_na: int) -> None:
        """As a supervisor would, whatever is latched."""
        config = self.judged.config
        self.run(ticks_of(config.limit_na // config.fall_na_per_tick * config.tick_us, config) + 2, target_na, STOP)
        self.run(1, target_na, STOP, acknowledge=1)
        self.run(ticks_of(config.dwell_us, config) + ticks_of(config.contact_us, config), target_na, STOP)


SHARES: Final = st.integers(-21, 21)
REQUESTS: Final = st.lists(
    st.one_of(
        st.builds(Request, INT32, st.sampled_from([STOP, RUN, RUN, 2]), st.integers(0, 2), st.integers(0, 3)),
        st.builds(Request, INT32, UINT32, UINT32, UINT32),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.invariant("SI-26")
@given(small_configs(), st.lists(st.tuples(SHARES, st.integers(1, 30), REQUESTS), min_size=1, max_size=6))
def test_whatever_a_supervisor_requests_of_sound_hardware_the_channels_agree_at_every_tick(
    config: Config, script: list[tuple[int, int, list[Request]]]
) -> None:
    both = Both(config, ohm=2000)
    for share, ticks, requests in script:
        both.restart(config.limit_na * share // 20)
        both.run(ticks, config.limit_na * share // 20)
        for request in requests:
            # in force for a while, as requests are
            for _ in range(1 + ticks % 4):
                both.step(request)
    event(f"seen: {sorted(phase.name for phase in both.judged.phases)}")


def without_caps(config: Config) -> Config:
    """The same, with caps that no test comes near."""
    return config._replace(time_cap_us=3_600_000_000, charge_cap_each_fc=10**16, charge_cap_total_fc=10**16)


ODD: Final = st.sampled_from(
    [
        Odd(contact=0),
        Odd(emergency_stop=1),
        Odd(late_us=9_000_000),
        Odd(same_sample=True),
        Odd(switch_closed=2),
        Odd(voltage_mv=2**31 - 1),
        Odd(voltage_mv=-(2**31)),
        Odd(measured_na=0, voltage_mv=59_500),
        Odd(measured_na=2**31 - 1, check_na=-(2**31)),
        Odd(measured_na=-(2**31)),
        Odd(check_na=2**31 - 1, voltage_mv=60_000),
    ]
) | st.builds(
    Odd,
    late_us=st.just(0),
    same_sample=st.booleans(),
    measured_na=st.none() | INT32,
    check_na=st.none() | INT32,
    voltage_mv=st.none() | INT32,
    contact=st.integers(0, 1),
    switch_closed=st.none(),
    emergency_stop=st.just(0),
)


@pytest.mark.invariant("SI-26")
@given(
    small_configs().map(without_caps),
    st.sampled_from([2000, 20_000, 1_000_000]),
    st.lists(
        st.tuples(
            SHARES,
            st.integers(1, 40),
            ODD,
            st.integers(1, 6),
            st.sampled_from([0, 1, 2]),
            st.sampled_from([RUN, STOP]),
            st.booleans(),
        ),
        min_size=1,
        max_size=10,
    ),
)
def test_trips_acknowledges_flicker_and_emergency_stops_leave_the_channels_agreeing_and_none_stuck(
    config: Config, ohm: int, script: list[tuple[int, int, Odd, int, int, int, bool]]
) -> None:
    both = Both(config, ohm)
    for share, ticks, odd, odd_ticks, acknowledge, command, restarts in script:
        target_na = config.limit_na * share // 20
        if restarts:
            both.restart(target_na)
        both.run(ticks, target_na)
        both.run(odd_ticks, target_na, command, acknowledge, odd)
        both.run(2, -target_na, command, acknowledge)
    event(f"tripped: {both.judged.trips != 0}")
    # nothing that came leaves it stuck: on a sound body it treats again
    both.judged.hardware.ohm = 2000
    both.run(2, 0, STOP)
    both.restart(0)
    both.run(ticks_of(config.contact_us, config) + 2, config.limit_na // 20)
    row = both.judged.row
    assert row is not None
    assert (row.trips, row.switch_closed) == (0, 1)


@pytest.mark.invariant("SI-17", "SI-18", "SI-26")
@given(small_configs(), SIGNS, st.lists(st.integers(-20, 20), min_size=1, max_size=5), st.integers(1, 30))
def test_both_channels_reach_a_cap_at_the_same_tick_though_cuts_came_before(
    config: Config, sign: int, shares: list[int], ticks: int
) -> None:
    both = Both(config, ohm=2000)
    for share in shares:
        both.restart(config.limit_na * share // 20)
        both.run(ticks, config.limit_na * share // 20)
        both.run(ticks_of(config.open_us, config) + 1, config.limit_na * share // 20, odd=Odd(contact=0))
    both.restart(sign * config.limit_na)
    for _ in range(ticks_of(config.time_cap_us + config.dwell_us + config.contact_us, config) + 2):
        both.run(1, sign * config.limit_na)
        if both.judged.witness.last.trips:
            break
    assert both.judged.witness.last.trips & (bit(Trip.TIME) | bit(Trip.CHARGE))
    both.run(3, sign * config.limit_na)
    event(f"ends by {Trip(both.judged.witness.last.first_trip).label}")


@pytest.mark.invariant("SI-05", "SI-26")
@given(
    small_configs(),
    st.lists(
        st.tuples(st.sampled_from([STOP, RUN]), st.sampled_from([0, 1, 1]), st.sampled_from([False, True, True])),
        max_size=60,
    ),
)
def test_both_channels_close_at_the_same_tick_whatever_contact_command_and_heartbeat_do(
    config: Config, ticks: list[tuple[int, int, bool]]
) -> None:
    both = Both(config, ohm=2000)
    for command, contact, silent in ticks:
        both.run(1, config.limit_na, command, odd=Odd(contact=contact), silent=silent)
    both.restart(config.limit_na)
    both.run(3, config.limit_na)
    assert both.judged.core.phase in (Phase.RAMP, Phase.TREAT, Phase.FALL, Phase.FAULT)


# ---- they share nothing ----------------------------------------------------------------------------------------------

SOURCES: Final = Path(get_include()).parent / "src"


def symbols(source: str, folder: Path) -> dict[str, str]:
    """The symbols of one source compiled alone: the name, and the letter that `nm` has for it."""
    made = folder / f"{source}.o"
    compile_ = ["gcc", "-std=c99", "-O2", "-ffreestanding", "-I", get_include(), "-c", str(SOURCES / source), "-o"]
    subprocess.run([*compile_, str(made)], check=True)
    listing = subprocess.run(["nm", "-P", str(made)], check=True, capture_output=True, text=True).stdout
    return {line.split()[0]: line.split()[1] for line in listing.splitlines()}


def visible(table: dict[str, str]) -> set[str]:
    return {name for name, letter in table.items() if letter.isupper() and letter != "U"}


@pytest.mark.invariant("SI-26")
@pytest.mark.needs("gcc")
def test_the_channels_share_no_function_and_no_variable(tmp_path: Path) -> None:
    guard, regulator = symbols("guard.c", tmp_path), symbols("regulator.c", tmp_path)
    assert visible(guard) == {
        "ionto_guard_init",
        "ionto_guard_step",
        "ionto_guard_trips",
        "ionto_guard_ready",
    }
    assert visible(regulator) == {"ionto_regulator_init", "ionto_regulator_step"}
    for table in (guard, regulator):
        assert [name for name, letter in table.items() if letter in "Uw"] == []
        assert [name for name, letter in table.items() if letter in "dDbBcC"] == [], "no state but the caller's"


@pytest.mark.invariant("SI-26")
@pytest.mark.needs("gcc")
def test_what_joins_the_channels_calls_each_of_them_and_nothing_else(tmp_path: Path) -> None:
    table = symbols("ionto.c", tmp_path)
    assert {name for name, letter in table.items() if letter == "U"} == {
        "ionto_guard_init",
        "ionto_guard_ready",
        "ionto_guard_step",
        "ionto_guard_trips",
        "ionto_regulator_init",
        "ionto_regulator_step",
    }


@pytest.mark.invariant("SI-26")
def test_neither_source_names_the_other_channel_and_both_include_the_header_alone() -> None:
    for mine, other in (("guard.c", "ionto_regulator"), ("regulator.c", "ionto_guard")):
        text = (SOURCES / mine).read_text("utf-8")
        assert other not in text
        included = {line for line in text.splitlines() if line.startswith("#include")}
        assert included - {"#include <stdbool.h>"} == {'#include "ionto.h"'}
