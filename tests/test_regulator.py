"""The regulator alone: its proposals are safe under any guard, and do what was asked for, exactly."""

from itertools import pairwise
from typing import Final

import pytest
from configurations import BASE, small_configs
from hypothesis import event, given
from hypothesis import strategies as st
from judged import RUN, STOP, JudgedRegulator, Odd, ticks_of

from iontocore.ccore import Config, Error, Guard, LimitedBy, Phase, Refused, Regulator, Request, Sense
from iontocore.safety.samples import TraceRow

INT32: Final = st.integers(-(2**31), 2**31 - 1)
UINT32: Final = st.integers(0, 2**32 - 1)
SIGNS: Final = st.sampled_from([-1, 1])
ALONE: Final = (
    "SI-01",
    "SI-02",
    "SI-03",
    "SI-04",
    "SI-05",
    "SI-06",
    "SI-15",
    "SI-16",
    "SI-17",
    "SI-18",
    "SI-22",
    "SI-26",
)

SLOW: Final = BASE._replace(rise_na_per_tick=100, fall_na_per_tick=500)
"""0.1 mA/s up and 0.5 mA/s down, at a tick of 1 ms."""


def roomy(config: Config) -> Config:
    """The same, with caps and a compliance that no test comes near."""
    return config._replace(
        time_cap_us=3_600_000_000,
        charge_cap_each_fc=10**16,
        charge_cap_total_fc=10**16,
        saturation_mv=59_000,
        compliance_mv=60_000,
        over_voltage_mv=61_000,
        sensor_max_mv=80_000,
    )


def at(target_na: int, config: Config = BASE) -> JudgedRegulator:
    regulator = JudgedRegulator(config)
    regulator.start(target_na)
    while regulator.proposal_na != target_na:
        regulator.run(1, target_na)
    return regulator


# ---- any guard -------------------------------------------------------------------------------------------------------

LEVELS: Final = st.sampled_from([-20, -19, -7, -1, 0, 1, 5, 12, 20, 21, -21])
STRETCHES: Final = st.lists(
    st.tuples(
        st.integers(1, 25),
        LEVELS,
        st.sampled_from([RUN, RUN, RUN, STOP, 2]),
        st.sampled_from([0, 0, 0, 0, 1, 2**32 - 1]),
        st.builds(
            Odd,
            late_us=st.just(0),
            same_sample=st.booleans(),
            measured_na=st.none() | INT32,
            check_na=st.none() | INT32,
            voltage_mv=st.none() | st.integers(-70_000, 70_000) | INT32,
            contact=st.sampled_from([1, 1, 1, 0, 2]),
            switch_closed=st.none() | UINT32,
            emergency_stop=st.sampled_from([0, 0, 0, 0, 1]) | UINT32,
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=15,
)


@pytest.mark.invariant(*ALONE)
@given(small_configs(), STRETCHES)
def test_proposals_are_safe_under_any_guard_and_whatever_is_sensed_and_requested(
    config: Config, script: list[tuple[int, int, int, int, Odd, bool]]
) -> None:
    regulator = JudgedRegulator(config)
    regulator.start(config.limit_na)
    regulator.run(20, config.limit_na)
    for ticks, share, command, cut, odd, silent in script:
        row = regulator.run(ticks, config.limit_na * share // 20, command, odd=odd, silent=silent)
        event(f"in {Phase(row.phase).name}")
        if cut:
            regulator.run(1, config.limit_na * share // 20, command, cut=cut)


@pytest.mark.invariant(*ALONE)
@given(
    small_configs(),
    st.lists(
        st.tuples(
            st.builds(
                Sense, UINT32, UINT32, INT32, INT32, INT32, st.sampled_from([0, 1, 1]), UINT32, st.just(0) | UINT32
            ),
            st.builds(Request, INT32, st.sampled_from([STOP, RUN, RUN, 9]), UINT32, st.integers(0, 1)),
            st.just(0) | UINT32,
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_proposals_are_safe_whatever_is_given(
    config: Config, ticks: list[tuple[Sense, Request, int]], started: bool
) -> None:
    regulator = JudgedRegulator(config)
    if started:
        regulator.start(config.limit_na)
        regulator.run(3, config.limit_na)
    for sense, request, cut in ticks:
        regulator.step(sense, request, cut)


@pytest.mark.invariant("SI-06", "SI-10")
@given(UINT32.filter(bool), st.integers(0, 40))
def test_any_cut_is_zero_at_once_and_run_alone_does_not_bring_it_back(cut: int, ticks: int) -> None:
    regulator = at(20_000)
    regulator.step(regulator.hardware.sense(), regulator.supervisor.request(20_000), cut)
    assert regulator.run(ticks + 1, 20_000).proposal_na == 0
    regulator.run(1, 20_000, STOP)
    assert regulator.run(1, 20_000).switch_closed == 1
    assert regulator.run(1, 20_000).proposal_na == BASE.rise_na_per_tick


# ---- ramps -----------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-03")
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_ramp_of_a_tenth_of_a_milliampere_a_second_is_exact_at_a_tick_of_a_millisecond(sign: int) -> None:
    regulator = JudgedRegulator(SLOW)
    target_na = sign * 250_050
    regulator.start(target_na)
    rows = [regulator.run(1, target_na) for _ in range(2600)]
    assert [row.proposal_na for row in rows] == [sign * min(100 * (k + 1), 250_050) for k in range(2600)]
    assert {row.phase for row in rows[:2500]} == {Phase.RAMP}
    assert {row.limited_by for row in rows[:2500]} == {LimitedBy.RAMP}
    assert {row.phase for row in rows[2500:]} == {Phase.TREAT}
    assert {row.limited_by for row in rows[2500:]} == {LimitedBy.NOTHING}
    rows = [regulator.run(1, sign * 1000) for _ in range(600)]
    assert [row.proposal_na for row in rows] == [sign * max(250_050 - 500 * (k + 1), 1000) for k in range(600)]


@pytest.mark.invariant("SI-03")
@given(small_configs().map(roomy), st.lists(st.tuples(LEVELS, st.integers(1, 40)), min_size=1, max_size=10))
def test_the_current_goes_to_each_target_of_its_direction_by_the_shortest_way(
    config: Config, way: list[tuple[int, int]]
) -> None:
    regulator = JudgedRegulator(config)
    regulator.start(0)
    for share, ticks in way:
        target_na = config.limit_na * min(abs(share), 20) // 20
        for _ in range(ticks):
            was = regulator.proposal_na
            row = regulator.run(1, target_na)
            if target_na >= was:
                expected = min(target_na, was + config.rise_na_per_tick)
            else:
                expected = max(target_na, was - config.fall_na_per_tick)
            assert row.proposal_na == expected
            assert row.phase == (Phase.TREAT if expected == target_na else Phase.RAMP)
            assert row.limited_by == (LimitedBy.NOTHING if expected == target_na else LimitedBy.RAMP)


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("command", [STOP, 2, 2**31, 2**32 - 1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_stop_falls_by_the_fall_rate_to_idle_and_run_does_not_turn_it_back(sign: int, command: int) -> None:
    regulator = at(sign * 200_500)
    rows = [regulator.run(1, sign * 200_500, command if tick == 0 else RUN) for tick in range(201)]
    assert [row.proposal_na for row in rows] == [sign * max(200_500 - 1000 * (k + 1), 0) for k in range(201)]
    assert {(row.phase, row.limited_by) for row in rows} == {(Phase.FALL, LimitedBy.STOP)}
    assert [row.switch_closed for row in rows] == [1] * 200 + [0]
    assert regulator.run(50, sign * 200_500).phase == Phase.IDLE


@pytest.mark.invariant("SI-15")
@pytest.mark.parametrize("heartbeat_us", [200_000, 199_001])
def test_silence_begins_the_fall_exactly_when_it_has_lasted_and_a_late_heartbeat_does_not_turn_it_back(
    heartbeat_us: int,
) -> None:
    regulator = at(100_000, BASE._replace(heartbeat_us=heartbeat_us))
    rows = [regulator.run(1, 100_000, silent=True) for _ in range(199)]
    assert {row.proposal_na for row in rows} == {100_000}
    row = regulator.run(1, 100_000, silent=True)
    assert (row.proposal_na, row.phase, row.limited_by) == (99_000, Phase.FALL, LimitedBy.HEARTBEAT)
    row = regulator.run(1, 100_000)
    assert (row.proposal_na, row.phase, row.limited_by) == (98_000, Phase.FALL, LimitedBy.STOP)
    assert regulator.run(98, 100_000).switch_closed == 0


# ---- reversal --------------------------------------------------------------------------------------------------------


def reversal(regulator: JudgedRegulator, target_na: int) -> list[TraceRow]:
    """From one direction to the first current of the other."""
    rows = [regulator.run(1, target_na)]
    while rows[-1].proposal_na * target_na <= 0 and len(rows) < 10_000:
        rows.append(regulator.run(1, target_na))
    return rows


@pytest.mark.invariant("SI-04")
@pytest.mark.parametrize("dwell_us", [100_000, 100_001, 150_999, 151_000])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_reversal_falls_to_zero_dwells_to_the_tick_and_rises_the_other_way(sign: int, dwell_us: int) -> None:
    regulator = at(sign * 20_500, BASE._replace(dwell_us=dwell_us))
    rows = reversal(regulator, -sign * 20_000)
    dwell = -(-dwell_us // 1000)
    falls = [sign * (20_500 - 1000 * (k + 1)) for k in range(20)]
    assert [row.proposal_na for row in rows] == [*falls, *[0] * dwell, -sign * 1000]
    assert {(row.phase, row.limited_by) for row in rows[:-1]} == {(Phase.REVERSE, LimitedBy.REVERSAL)}
    assert (rows[-1].phase, rows[-1].limited_by) == (Phase.RAMP, LimitedBy.RAMP)
    assert {row.switch_closed for row in rows} == {1}


@pytest.mark.invariant("SI-04")
@given(small_configs().map(roomy), SIGNS, st.integers(1, 20))
def test_a_reversal_holds_zero_for_the_dwell_whatever_the_tick(config: Config, sign: int, share: int) -> None:
    regulator = at(sign * config.limit_na * share // 20, config)
    rows = reversal(regulator, -sign * config.limit_na)
    assert [row.proposal_na for row in rows].count(0) == ticks_of(config.dwell_us, config)


@pytest.mark.invariant("SI-04")
def test_a_change_of_mind_within_the_dwell_needs_none() -> None:
    regulator = at(5000)
    regulator.run(30, -5000)
    assert regulator.proposal_na == 0
    assert regulator.run(1, 5000).proposal_na == 1000


@pytest.mark.invariant("SI-04")
def test_a_pause_counts_for_the_dwell_of_the_other_direction() -> None:
    regulator = at(5000)
    regulator.run(5 + 60, 5000, STOP)
    rows = [regulator.run(1, -5000) for _ in range(41)]
    # 61 ticks at zero before, the last of the fall among them, so that 39 are left: the first of those closes
    assert [row.proposal_na for row in rows] == [0] * 39 + [-1000, -2000]


@pytest.mark.invariant("SI-04")
def test_after_power_on_the_first_direction_needs_the_dwell_too() -> None:
    regulator = JudgedRegulator(BASE)
    regulator.run(1, 0, STOP)
    rows = [regulator.run(1, 5000) for _ in range(101)]
    assert [row.switch_closed for row in rows] == [0] * 99 + [1, 1]
    assert rows[-1].proposal_na == 1000
    # contact has held after ten ticks, the STOP among them; what is left is the dwell
    assert [row.limited_by for row in rows[:99]] == [LimitedBy.CONTACT] * 8 + [LimitedBy.REVERSAL] * 91
    assert {row.phase for row in rows[:99]} == {Phase.WAIT}


@pytest.mark.invariant("SI-04")
def test_the_target_zero_falls_to_zero_and_stays_energised_with_no_direction() -> None:
    regulator = at(5000)
    rows = [regulator.run(1, 0) for _ in range(10)]
    assert [row.proposal_na for row in rows] == [4000, 3000, 2000, 1000, *[0] * 6]
    assert (rows[-1].phase, rows[-1].limited_by, rows[-1].switch_closed) == (Phase.TREAT, LimitedBy.NOTHING, 1)
    assert regulator.run(1, 5000).proposal_na == 1000


# ---- saturation ------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-03", "SI-27")
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_saturated_voltage_backs_off_to_what_flows_and_the_headroom_and_rises_again_when_it_is_over(
    sign: int,
) -> None:
    regulator = at(sign * 500_000)
    saturated = Odd(measured_na=sign * 400_500, voltage_mv=sign * BASE.saturation_mv)
    rows = [regulator.run(1, sign * 500_000, odd=saturated) for _ in range(60)]
    allowed_na = 400_500 + BASE.headroom_na
    assert {row.proposal_na for row in rows} == {sign * allowed_na}
    assert {(row.phase, row.limited_by) for row in rows} == {(Phase.TREAT, LimitedBy.VOLTAGE)}
    below = Odd(measured_na=sign * 400_500, voltage_mv=sign * (BASE.saturation_mv - 1))
    rows = [regulator.run(1, sign * 500_000, odd=below) for _ in range(60)]
    assert [row.proposal_na for row in rows] == [sign * min(allowed_na + 1000 * (k + 1), 500_000) for k in range(60)]
    assert rows[0].limited_by == LimitedBy.RAMP
    assert rows[-1].limited_by == LimitedBy.NOTHING


@pytest.mark.invariant("SI-03")
@pytest.mark.parametrize("voltage_mv", [9000, -9000, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("measured_na", [0, -1, -(2**31)])
def test_saturated_with_nothing_or_the_other_direction_measured_leaves_the_headroom_alone(
    measured_na: int, voltage_mv: int
) -> None:
    regulator = at(100_000)
    assert regulator.run(60, 100_000, odd=Odd(measured_na=measured_na, voltage_mv=voltage_mv)).proposal_na == 50_000


@pytest.mark.invariant("SI-01")
@pytest.mark.parametrize("measured_na", [450_000, 500_000, 29_950_000, 30_000_000, 2**31 - 1])
def test_saturated_with_enough_flowing_the_target_stands(measured_na: int) -> None:
    regulator = at(500_000)
    odd = Odd(measured_na=measured_na, voltage_mv=BASE.saturation_mv)
    row = regulator.run(20, 500_000, odd=odd)
    assert (row.proposal_na, row.phase, row.limited_by) == (500_000, Phase.TREAT, LimitedBy.NOTHING)


@pytest.mark.invariant("SI-03")
@given(small_configs(), SIGNS, st.sampled_from([20_000, 50_000, 100_000]))
def test_on_a_body_that_saturates_the_drive_settles_above_what_flows_by_no_more_than_the_headroom(
    config: Config, sign: int, ohm: int
) -> None:
    config = roomy(config)._replace(compliance_mv=1000, over_voltage_mv=1500, saturation_mv=990)
    regulator = JudgedRegulator(config, ohm=ohm)
    regulator.start(sign * config.limit_na)
    for _ in range(200):
        regulator.run(1, sign * config.limit_na)
    flows_na, _ = regulator.hardware.flows()
    if abs(regulator.proposal_na) < config.limit_na:
        assert abs(regulator.proposal_na) - abs(flows_na) <= config.headroom_na
        assert abs(flows_na) == 1000 * 1_000_000 // ohm or config.rise_na_per_tick > config.headroom_na
        event("settled below the target")


# ---- targets ---------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-22")
@pytest.mark.parametrize("beyond_na", [1_000_001, -1_000_001, 2**31 - 1, -(2**31)])
def test_a_refused_target_leaves_the_old_one_in_force_and_says_so_as_long_as_it_is_asked_for(beyond_na: int) -> None:
    regulator = at(100_000)
    for _ in range(3):
        row = regulator.run(1, beyond_na)
        assert (row.target_na, row.refused, row.proposal_na) == (100_000, 1, 100_000)
    row = regulator.run(1, -1_000_000)
    assert (row.target_na, row.refused, row.phase) == (-1_000_000, 0, Phase.REVERSE)


@pytest.mark.invariant("SI-05", "SI-22")
@pytest.mark.parametrize("beyond_na", [1_000_001, -1_000_001, -(2**31)])
def test_a_start_with_a_refused_target_waits_for_another(beyond_na: int) -> None:
    regulator = JudgedRegulator(BASE)
    regulator.run(150, 70_000, STOP)
    assert regulator.run(20, beyond_na).switch_closed == 0
    assert regulator.row is not None
    assert regulator.row.target_na == 70_000
    assert regulator.run(1, 1_000_000).switch_closed == 1


@pytest.mark.invariant("SI-05", "SI-22")
@pytest.mark.parametrize("beyond_na", [1_000_001, -(2**31)])
def test_a_refused_target_after_a_treatment_waits_for_another_and_for_no_dwell(beyond_na: int) -> None:
    regulator = at(20_000)
    regulator.run(25, 20_000, STOP)
    rows = [regulator.run(1, beyond_na) for _ in range(10)]
    # fifteen of the hundred ticks of a dwell have passed: it is the target that keeps the start back
    assert {(row.switch_closed, row.phase, row.refused) for row in rows} == {(0, Phase.WAIT, Refused.LIMIT)}
    assert LimitedBy.REVERSAL not in {row.limited_by for row in rows}
    assert regulator.run(1, 20_000).switch_closed == 1


@pytest.mark.invariant("SI-22")
def test_targets_are_taken_and_refused_while_stopped_and_while_cut() -> None:
    regulator = JudgedRegulator(BASE)
    assert regulator.run(1, 60_000, STOP).target_na == 60_000
    assert regulator.run(2, 70_000, cut=1).target_na == 70_000
    assert regulator.run(1, 1_000_001, cut=1).refused == 1


# ---- starts ----------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-05")
@given(st.integers(0, 400), st.booleans())
def test_nothing_starts_at_power_on_though_run_is_held(ticks: int, silent: bool) -> None:
    regulator = JudgedRegulator(BASE)
    row = regulator.run(ticks + 1, 500_000, silent=silent)
    assert (row.proposal_na, row.switch_closed, row.phase) == (0, 0, Phase.IDLE)


@pytest.mark.invariant("SI-05", "SI-10")
@pytest.mark.parametrize("contact", [0, 2, 2**32 - 1])
@pytest.mark.parametrize("contact_us", [10_000, 9001, 1, 500_000])
def test_a_start_waits_until_contact_has_held_to_the_tick(contact_us: int, contact: int) -> None:
    regulator = JudgedRegulator(BASE._replace(contact_us=contact_us))
    needed = -(-contact_us // 1000)
    regulator.run(200 + needed, 500_000, STOP)
    row = regulator.run(1, 500_000, odd=Odd(contact=contact))
    assert (row.phase, row.limited_by, row.switch_closed) == (Phase.WAIT, LimitedBy.CONTACT, 0)
    assert [regulator.run(1, 500_000).switch_closed for _ in range(needed)] == [0] * (needed - 1) + [1]


@pytest.mark.invariant("SI-05", "SI-15")
def test_a_run_that_a_dead_supervisor_has_left_standing_starts_nothing_when_contact_comes() -> None:
    for silent, closed in ((199, 1), (200, 0), (400, 0)):
        regulator = JudgedRegulator(BASE)
        regulator.run(150, 500_000, STOP)
        rows = [
            regulator.run(1, 500_000, odd=Odd(contact=int(tick >= silent - 10)), silent=True) for tick in range(silent)
        ]
        assert {row.limited_by for row in rows[1 : silent - 1]} <= {LimitedBy.CONTACT, LimitedBy.HEARTBEAT}
        assert rows[-1].switch_closed == closed
        if not closed:
            row = regulator.run(50, 500_000, silent=True)
            assert (row.phase, row.limited_by, row.switch_closed) == (Phase.WAIT, LimitedBy.HEARTBEAT, 0)
            assert regulator.run(1, 500_000).switch_closed == 1


@pytest.mark.invariant("SI-10")
def test_lost_contact_alone_leaves_an_energised_regulator_to_the_guard() -> None:
    regulator = at(100_000)
    assert regulator.run(50, 100_000, odd=Odd(contact=0)).proposal_na == 100_000


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("active", [1, 2, 2**32 - 1])
def test_the_emergency_stop_is_zero_at_once_without_the_guard(active: int) -> None:
    regulator = at(100_000)
    assert regulator.run(1, 100_000, odd=Odd(emergency_stop=active)).proposal_na == 0
    assert regulator.run(100, 100_000).proposal_na == 0


# ---- time and charge -------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-17", "SI-18")
@given(small_configs(), SIGNS)
def test_a_cap_is_not_exceeded_though_the_reserve_is_too_small_for_the_ramp(config: Config, sign: int) -> None:
    config = config._replace(time_reserve_us=config.tick_us, charge_reserve_fc=config.limit_na * config.tick_us)
    regulator = JudgedRegulator(config)
    regulator.start(sign * config.limit_na)
    for _ in range(ticks_of(config.time_cap_us, config) + 2):
        row = regulator.run(1, sign * config.limit_na)
    assert (row.switch_closed, row.proposal_na) == (0, 0)
    spent = regulator.witness.last.live_us >= config.time_cap_us - 3 * config.tick_us
    assert spent or regulator.witness.last.charge_positive_fc + regulator.witness.last.charge_negative_fc > 0


@pytest.mark.invariant("SI-17", "SI-18")
@pytest.mark.parametrize("sign", [-1, 1])
def test_time_and_charge_are_exact_and_a_tick_that_was_cut_is_taken_back(sign: int) -> None:
    read_of = at(sign * 10_000)
    read = read_of.regulator.memory.read
    charge = "positive_fc" if sign > 0 else "negative_fc"
    # the closing tick, nine of the ramp and the first at the target
    assert read("state.energised_us") == 11_000
    assert read(f"state.{charge}") == 1000 * sum(range(1000, 10_001, 1000))
    read_of.run(5, sign * 10_000)
    assert read("state.energised_us") == 16_000
    assert read(f"state.{charge}") == 1000 * (sum(range(1000, 10_001, 1000)) + 50_000)
    read_of.run(1, sign * 10_000, cut=1)
    assert read("state.energised_us") == 17_000
    read_of.run(1, sign * 10_000)
    assert read("state.energised_us") == 16_000
    assert read(f"state.{charge}") == 1000 * (sum(range(1000, 10_001, 1000)) + 50_000)
    assert read("state.negative_fc" if sign > 0 else "state.positive_fc") == 0


@pytest.mark.invariant("SI-17", "SI-18")
def test_each_direction_and_both_together_and_time_end_the_treatment_at_their_reserve() -> None:
    fc = 1000 * 1000
    cases = [
        (BASE._replace(time_cap_us=1_000_000, time_reserve_us=990_000), 1, LimitedBy.TIME),
        (BASE._replace(charge_cap_each_fc=10**9 + 45 * fc, charge_reserve_fc=10**9), 1, LimitedBy.CHARGE),
        (BASE._replace(charge_cap_each_fc=10**9 + 45 * fc, charge_reserve_fc=10**9), -1, LimitedBy.CHARGE),
        (
            BASE._replace(
                charge_cap_each_fc=10**9 + 45 * fc, charge_cap_total_fc=10**9 + 45 * fc, charge_reserve_fc=10**9
            ),
            -1,
            LimitedBy.CHARGE,
        ),
    ]
    for config, sign, cause in cases:
        regulator = JudgedRegulator(config)
        regulator.start(sign * 1_000_000)
        rows = [regulator.run(1, sign * 1_000_000) for _ in range(10)]
        assert [abs(row.proposal_na) for row in rows] == [*range(1000, 10_000, 1000), 8000], cause
        assert (rows[-1].phase, rows[-1].limited_by) == (Phase.FALL, cause)


@pytest.mark.invariant("SI-18")
def test_both_directions_together_have_a_cap_of_their_own() -> None:
    config = BASE._replace(
        charge_cap_each_fc=10**9 + 10**8, charge_cap_total_fc=10**9 + 10**8 + 10**7, charge_reserve_fc=10**9
    )
    regulator = JudgedRegulator(config)
    regulator.start(5000)
    regulator.run(15, 5000)
    rows = [regulator.run(1, -5000) for _ in range(200)]
    last = regulator.witness.last
    assert (rows[-1].switch_closed, LimitedBy.CHARGE in {row.limited_by for row in rows}) == (0, True)
    assert last.charge_positive_fc + last.charge_negative_fc >= 10**8 + 10**7
    assert max(last.charge_positive_fc, last.charge_negative_fc) < 10**8


@pytest.mark.invariant("SI-02", "SI-03")
@pytest.mark.parametrize("rate_na", [200_001, 2_147_484, 4_294_968, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize(("field", "error"), [("rise_na_per_tick", Error.RISE), ("fall_na_per_tick", Error.FALL)])
def test_a_rate_beyond_every_range_is_refused_whatever_its_product_would_wrap_to(
    field: str, error: Error, rate_na: int
) -> None:
    config = BASE._replace(tick_us=10_000, fall_na_per_tick=200_000, charge_reserve_fc=10**13)
    assert Regulator(BASE).init(config) is Error.OK
    assert Regulator(BASE).init(config._replace(**{field: rate_na})) is error
    assert Guard(BASE).init(config) is Error.OK
    assert Guard(BASE).init(config._replace(**{field: rate_na})) is error


@pytest.mark.invariant("SI-20")
def test_a_regulator_that_found_itself_unsound_proposes_zero_and_says_so_until_it_is_started_again() -> None:
    regulator = Regulator(BASE)
    sense, request = Sense(0, 0, 0, 0, 0, 1, 0, 0), Request(0, STOP, 0, 0)
    assert regulator.step(sense, request) == (0, 1)
    regulator.memory.write("state.target_na", 5)
    for _ in range(3):
        assert regulator.step(sense, request) == (0, 0)
    regulator.init(BASE)
    assert regulator.step(sense, request) == (0, 1)


def test_a_ramp_in_the_phase_of_treat_never_steps_by_more_than_the_larger_rate() -> None:
    regulator = at(100_000)
    ways = (100_000, 1_000_000, 50_000, 0, 700_000, -700_000)
    levels = [regulator.run(1, target_na).proposal_na for target_na in ways for _ in range(300)]
    assert max(abs(b - a) for a, b in pairwise(levels)) == BASE.rise_na_per_tick
