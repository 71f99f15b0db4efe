"""The whole core, judged at every tick by every invariant: under a hostile world, and in treatments that go well."""

from itertools import pairwise
from typing import Any, ClassVar, Final

import pytest
from configurations import BASE, RANGES, Range, any_configs, small_configs
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from judged import RUN, STOP, JudgedCore, Odd, bit, ticks_of

from iontocore.ccore import Config, Core, Error, Guard, LimitedBy, Phase, Regulator, Request, Sense, Trip
from iontocore.safety.invariants import INVARIANTS

INT32: Final = st.integers(-(2**31), 2**31 - 1)
UINT32: Final = st.integers(0, 2**32 - 1)
ALL: Final = tuple(row.id for row in INVARIANTS if row.id not in ("SI-19", "SI-23", "SI-24", "SI-25"))
"""Those four are about the session; here they hold for want of a drug, a patient and a journal."""

SIGNS: Final = st.sampled_from([-1, 1])
REQUESTS: Final = st.builds(
    Request,
    target_na=INT32,
    command=st.sampled_from([STOP, RUN, RUN, 2, 2**32 - 1]),
    acknowledge=st.sampled_from([0, 1, 2, 2**32 - 1]),
    heartbeat=st.integers(0, 2) | UINT32,
)
SENSES: Final = st.builds(
    Sense,
    now_us=UINT32,
    sample=UINT32,
    measured_na=INT32,
    check_na=INT32,
    voltage_mv=INT32,
    contact=st.sampled_from([0, 1, 1, 2]) | UINT32,
    switch_closed=st.sampled_from([0, 1, 2]) | UINT32,
    emergency_stop=st.sampled_from([0, 0, 0, 1]) | UINT32,
)


@st.composite
def odd_senses(draw: st.DrawFn, c: Config, drive_na: int) -> Odd:
    """One thing at a time that is not as it should be, mostly at a border or one beyond it."""
    sign, past = draw(SIGNS), draw(st.integers(-1, 1))
    short_na = draw(st.integers(10_000, 60_000))
    return draw(
        st.sampled_from(
            [
                Odd(contact=0),
                Odd(contact=2),
                Odd(same_sample=True),
                Odd(emergency_stop=1),
                Odd(emergency_stop=2**32 - 1),
                Odd(switch_closed=draw(st.sampled_from([0, 1, 2**31]))),
                Odd(late_us=sign * (c.tick_tolerance_us + past)),
                Odd(late_us=sign * c.tick_us),
                Odd(late_us=draw(st.integers(0, 2**32 - 1))),
                Odd(measured_na=sign * (c.trip_na + past), check_na=drive_na),
                Odd(check_na=sign * (c.trip_na + past)),
                Odd(measured_na=sign * (c.sensor_max_na + past)),
                Odd(measured_na=sign * (c.leakage_na + past)),
                Odd(measured_na=drive_na + sign * (c.mismatch_na + past)),
                Odd(check_na=drive_na + sign * (c.disagree_na + past)),
                Odd(measured_na=short_na, voltage_mv=sign * (short_na * c.short_ohm // 1_000_000 + past)),
                Odd(voltage_mv=sign * (c.over_voltage_mv + past)),
                Odd(voltage_mv=sign * (c.sensor_max_mv + past)),
                Odd(voltage_mv=sign * (c.saturation_mv + past), measured_na=drive_na // 2),
                Odd(voltage_mv=sign * (c.saturation_mv + past), measured_na=sign * (c.open_na + past)),
                Odd(measured_na=draw(INT32), check_na=draw(INT32), voltage_mv=draw(INT32)),
                Odd(measured_na=-(2**31), check_na=2**31 - 1, voltage_mv=-(2**31)),
            ]
        )
    )


class CoreUnderSiege(RuleBasedStateMachine):
    """Whatever is sensed and requested, whenever: the judge in `JudgedCore.step` raises on a breach."""

    phases: ClassVar[set[Phase]] = set()
    trips: ClassVar[set[Trip]] = set()
    ends: ClassVar[set[Trip]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.target_na = 0

    @initialize(
        config=small_configs(), carried=st.just(0) | st.integers(0, 65535), ohm=st.sampled_from([1500, 2000, 20_000])
    )
    def start(self, config: Config, carried: int, ohm: int) -> None:
        self.judged = JudgedCore(config, carried, ohm=ohm)

    @invariant()
    def note(self) -> None:
        """What the machine got to see, for the test below."""
        if not hasattr(self, "judged"):
            return
        CoreUnderSiege.phases |= self.judged.phases
        CoreUnderSiege.trips |= {trip for trip in Trip if trip and self.judged.trips & bit(trip)}

    def ticks(self, time_us: int) -> int:
        return ticks_of(time_us, self.judged.config)

    # ---- a friendly world -----------------------------------------------------------------------

    @rule(share=st.integers(1, 20), sign=SIGNS, ticks=st.integers(1, 30))
    def treat(self, share: int, sign: int, ticks: int) -> None:
        self.target_na = sign * max(self.judged.config.limit_na * share // 20, 1)
        self.judged.treat(self.target_na)
        self.judged.run(ticks, self.target_na)

    @rule(share=st.integers(-20, 20), ticks=st.integers(1, 40))
    def turn_the_intensity(self, share: int, ticks: int) -> None:
        self.target_na = self.judged.config.limit_na * share // 20
        self.judged.run(ticks, self.target_na)

    @rule(share=st.integers(1, 20), sign=SIGNS, ticks=st.integers(0, 20))
    def treat_and_reverse(self, share: int, sign: int, ticks: int) -> None:
        self.treat(share, sign, 1)
        self.target_na = -self.target_na
        c = self.judged.config
        self.judged.run(self.ticks(c.dwell_us) + c.limit_na // c.fall_na_per_tick + ticks + 1, self.target_na)

    @rule(ticks=st.integers(1, 20))
    def turn_round(self, ticks: int) -> None:
        self.target_na = -self.target_na
        self.judged.run(ticks, self.target_na)

    @rule(share=st.integers(10, 20), sign=SIGNS)
    def treat_up_to_a_cap(self, share: int, sign: int) -> None:
        self.treat(share, sign, 1)
        for _ in range(self.ticks(self.judged.config.time_cap_us)):
            trips = self.judged.run(1, self.target_na).trips
            if trips:
                CoreUnderSiege.ends |= {trip for trip in Trip if trip and trips == bit(trip)}
                break

    @rule(command=st.sampled_from([STOP, STOP, 2, 2**32 - 1]), ticks=st.integers(1, 30))
    def stop(self, command: int, ticks: int) -> None:
        self.judged.run(ticks, self.target_na, command)

    @rule(ohm=st.sampled_from([1, 1500, 20_000, 10_000_000]), ticks=st.integers(1, 20))
    def another_body(self, ohm: int, ticks: int) -> None:
        before, self.judged.hardware.ohm = self.judged.hardware.ohm, ohm
        self.judged.run(ticks, self.target_na)
        self.judged.hardware.ohm = before

    @rule(command=st.sampled_from([STOP, RUN]), acknowledge=st.sampled_from([0, 1, 1, 1, 2]), ticks=st.integers(1, 3))
    def acknowledge(self, command: int, acknowledge: int, ticks: int) -> None:
        self.judged.run(ticks, self.target_na, command, acknowledge)

    # ---- a hostile one --------------------------------------------------------------------------

    @rule(requests=st.lists(REQUESTS, min_size=1, max_size=10))
    def hostile_requests(self, requests: list[Request]) -> None:
        for request in requests:
            self.judged.step(self.judged.hardware.sense(), request)

    @rule(senses=st.lists(SENSES, min_size=1, max_size=5))
    def hostile_senses(self, senses: list[Sense]) -> None:
        for sense in senses:
            self.judged.step(sense, self.judged.supervisor.request(self.target_na))

    @rule(data=st.data(), ticks=st.integers(1, 8))
    def one_thing_is_odd(self, data: st.DataObject, ticks: int) -> None:
        for _ in range(ticks):
            odd = data.draw(odd_senses(self.judged.config, self.judged.hardware.drive.current_na))
            self.judged.run(1, self.target_na, odd=odd)

    @rule(data=st.data(), ticks=st.integers(1, 8))
    def one_thing_stays_odd(self, data: st.DataObject, ticks: int) -> None:
        odd = data.draw(odd_senses(self.judged.config, self.judged.hardware.drive.current_na))
        self.judged.run(ticks, self.target_na, odd=odd)

    @rule(late=st.lists(st.integers(-1, 1), min_size=1, max_size=20))
    def jitter_within_the_tolerance(self, late: list[int]) -> None:
        for share in late:
            odd = Odd(late_us=share * self.judged.config.tick_tolerance_us)
            assert self.judged.run(1, self.target_na, odd=odd).trips & bit(Trip.TICK) == self.trip_before(Trip.TICK)

    def trip_before(self, trip: Trip) -> int:
        return self.judged.witness.last.trips & bit(trip)

    @rule(beyond=st.sampled_from([-1, 1]))
    def a_tick_just_out_of_tolerance(self, beyond: int) -> None:
        first = self.judged.witness.last.now_us < 0
        odd = Odd(late_us=beyond * (self.judged.config.tick_tolerance_us + 1))
        row = self.judged.run(1, self.target_na, odd=odd)
        assert first or row.trips & (bit(Trip.TICK) | bit(Trip.CORRUPT))

    @rule(flicker=st.lists(st.sampled_from([0, 1, 1]), min_size=2, max_size=12))
    def contact_flickers(self, flicker: list[int]) -> None:
        for contact in flicker:
            self.judged.run(1, self.target_na, odd=Odd(contact=contact))

    @rule(ticks=st.integers(1, 6))
    def the_supervisor_is_lost(self, ticks: int) -> None:
        c = self.judged.config
        fall = c.limit_na // c.fall_na_per_tick + 1
        self.judged.run(self.ticks(c.heartbeat_us) + fall + ticks, self.target_na, silent=True)

    @rule(ticks=st.integers(1, 3))
    def the_supervisor_stutters(self, ticks: int) -> None:
        self.judged.run(ticks, self.target_na, silent=True)

    @rule(ticks=st.integers(1, 3), command=st.sampled_from([STOP, RUN]))
    def the_emergency_stop_is_pressed(self, ticks: int, command: int) -> None:
        row = self.judged.run(ticks, self.target_na, command, odd=Odd(emergency_stop=1))
        assert (row.drive_na, row.switch_closed) == (0, 0)

    # ---- around the ticks -----------------------------------------------------------------------

    @rule(config=small_configs())
    def another_configuration(self, config: Config) -> None:
        last = self.judged.witness.last
        error = self.judged.configure(config)
        if last.trips & bit(Trip.CORRUPT) and not last.carried_trips & bit(Trip.CORRUPT):
            assert error in (Error.CORRUPT, Error.TRIPPED)
        elif last.trips:
            assert error is Error.TRIPPED
        else:
            assert error is (Error.ENERGISED if last.switch_closed else Error.OK)

    @rule()
    def the_power_is_lost_and_comes_back(self) -> None:
        trips = self.judged.witness.last.trips
        self.judged.power_on(self.judged.config, trips)

    @rule(data=st.data())
    def a_bit_of_the_state_flips(self, data: st.DataObject) -> None:
        memory = self.judged.core.memory
        kept = [name for name in memory.fields if "limits" in name or "state" in name or "config" in name]
        place = memory.fields[data.draw(st.sampled_from(kept))]
        at = data.draw(st.integers(place.start, place.stop - 1))
        memory.bytes[at] ^= 1 << data.draw(st.integers(0, 7))
        sense = self.judged.hardware.sense()
        row = self.judged.step(sense, self.judged.supervisor.request(self.target_na), corrupted=1)
        assert row.trips & bit(Trip.CORRUPT)
        self.judged.run(3, self.target_na, STOP, acknowledge=1)
        assert self.judged.configure(self.judged.config) in (Error.TRIPPED, Error.CORRUPT)
        self.judged.power_on(self.judged.config, 0)


@pytest.mark.invariant(*ALL)
def test_no_invariant_is_broken_under_siege_and_everything_was_seen_there() -> None:
    run_state_machine_as_test(CoreUnderSiege, settings=settings(max_examples=200, stateful_step_count=50))
    assert set(Phase) == CoreUnderSiege.phases
    assert CoreUnderSiege.trips >= set(Trip) - {Trip.NONE, Trip.PROPOSAL}
    assert CoreUnderSiege.ends >= {Trip.TIME, Trip.CHARGE}


# ---- treatments that go well -----------------------------------------------------------------------------------------


def roomy(config: Config) -> Config:
    """The same, with caps that no treatment below comes near and a body that does not saturate."""
    return config._replace(
        time_cap_us=3_600_000_000,
        charge_cap_each_fc=10**16,
        charge_cap_total_fc=10**16,
        compliance_mv=60_000,
        over_voltage_mv=61_000,
        saturation_mv=59_000,
        sensor_max_mv=80_000,
    )


@pytest.mark.invariant(*ALL)
@given(small_configs().map(roomy), SIGNS, st.integers(1, 40))
def test_a_treatment_ramps_up_treats_reverses_treats_and_falls_to_idle(config: Config, sign: int, ticks: int) -> None:
    judged = JudgedCore(config)
    target_na = sign * config.limit_na
    assert judged.treat(target_na).phase == Phase.TREAT
    assert judged.run(ticks, target_na).drive_na == target_na
    rows = [judged.run(1, -target_na)]
    while rows[-1].phase != Phase.TREAT and len(rows) < 500:
        rows.append(judged.run(1, -target_na))
    assert rows[-1].drive_na == -target_na
    at_zero = [row.drive_na for row in rows].count(0)
    assert at_zero == ticks_of(config.dwell_us, config)
    falls = -(-config.limit_na // config.fall_na_per_tick) - 1
    assert [row.phase for row in rows].count(Phase.REVERSE) == falls + at_zero
    judged.run(ticks, -target_na)
    assert judged.run(-(-config.limit_na // config.fall_na_per_tick), -target_na, STOP)[12:14] == (0, 0)
    assert judged.run(1, -target_na, STOP).phase == Phase.IDLE
    assert judged.phases == {Phase.IDLE, Phase.RAMP, Phase.TREAT, Phase.REVERSE, Phase.FALL} | (
        judged.phases & {Phase.WAIT}
    )
    assert judged.trips == 0


ENDS: Final = {Trip.HEARTBEAT: LimitedBy.HEARTBEAT, Trip.TIME: LimitedBy.TIME, Trip.CHARGE: LimitedBy.CHARGE}


@pytest.mark.invariant("SI-15", "SI-17", "SI-18")
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.label)
@given(config=small_configs(), sign=SIGNS)
def test_a_cap_and_a_silent_supervisor_end_a_treatment_by_the_ramp_and_trip_at_zero(
    end: Trip, config: Config, sign: int
) -> None:
    fall_ticks = config.limit_na // config.fall_na_per_tick + 2
    caps = roomy(config)
    if end is Trip.TIME:
        caps = caps._replace(time_cap_us=config.time_cap_us)
    if end is Trip.CHARGE:
        caps = caps._replace(
            charge_cap_each_fc=config.charge_cap_each_fc, charge_cap_total_fc=config.charge_cap_total_fc
        )
    reserve_fc = min(config.limit_na * config.tick_us * fall_ticks, config.charge_cap_each_fc)
    config = caps._replace(time_reserve_us=fall_ticks * config.tick_us, charge_reserve_fc=reserve_fc)
    judged = JudgedCore(config)
    judged.treat(sign * config.limit_na)
    rows = [judged.run(1, sign * config.limit_na, silent=end is Trip.HEARTBEAT)]
    while not rows[-1].trips and len(rows) < 2000:
        rows.append(judged.run(1, sign * config.limit_na, silent=end is Trip.HEARTBEAT))
    assert (rows[-1].first_trip, rows[-1].trips) == (end, bit(end))
    fall = [abs(row.drive_na) for row in rows if row.phase == Phase.FALL]
    assert {row.limited_by for row in rows if row.phase == Phase.FALL} <= {ENDS[end]}
    assert all(before - after == config.fall_na_per_tick for before, after in pairwise(fall))
    assert not fall or fall[-1] <= config.fall_na_per_tick
    event(f"fell for {min(len(fall), 3)} ticks or more")


@pytest.mark.invariant("SI-05")
@given(small_configs(), st.integers(0, 60), st.booleans())
def test_run_from_power_on_energises_nothing_until_stop_was_seen(config: Config, ticks: int, contact: bool) -> None:
    judged = JudgedCore(config)
    wait = ticks_of(config.dwell_us, config) + ticks + 6
    assert judged.run(wait, config.limit_na, odd=Odd(contact=int(contact))).phase == Phase.IDLE
    judged.run(1, config.limit_na, STOP, odd=Odd(contact=0))
    assert judged.run(ticks + 1, config.limit_na, odd=Odd(contact=0)).phase == Phase.WAIT
    contact_ticks = ticks_of(config.contact_us, config)
    for left in range(contact_ticks, 0, -1):
        row = judged.run(1, config.limit_na)
        assert row.switch_closed == (left == 1)


@pytest.mark.invariant("SI-05", "SI-15")
@given(small_configs(), st.integers(0, 60))
def test_contact_that_comes_after_the_supervisor_has_died_energises_nothing_until_it_is_heard_again(
    config: Config, ticks: int
) -> None:
    judged = JudgedCore(config)
    judged.clear()
    waiting = judged.run(1, config.limit_na, odd=Odd(contact=0))
    assert waiting.phase == Phase.WAIT
    judged.run(ticks_of(config.heartbeat_us, config), config.limit_na, odd=Odd(contact=0), silent=True)
    for _ in range(ticks_of(config.contact_us, config) + ticks):
        row = judged.run(1, config.limit_na, silent=True)
        assert (row.switch_closed, row.trips) == (0, 0)
        assert (row.phase, row.limited_by) == (Phase.WAIT, LimitedBy.HEARTBEAT)
    assert judged.run(1, config.limit_na).switch_closed == 1


@pytest.mark.invariant("SI-10")
@given(small_configs().map(roomy), st.integers(1, 10))
def test_after_lost_contact_and_an_acknowledge_the_current_ramps_again_from_zero(config: Config, ticks: int) -> None:
    judged = JudgedCore(config)
    judged.treat(config.limit_na)
    cut = judged.run(ticks_of(config.open_us, config), config.limit_na, odd=Odd(contact=0))
    assert (cut.first_trip, cut.drive_na) == (Trip.OPEN, 0)
    judged.run(ticks, config.limit_na, odd=Odd(contact=0))
    assert judged.treat(config.limit_na).phase == Phase.TREAT


@pytest.mark.invariant("SI-22")
@given(small_configs().map(roomy), INT32, st.integers(1, 5))
def test_a_target_beyond_the_limit_changes_nothing_in_a_treatment(config: Config, target_na: int, ticks: int) -> None:
    judged = JudgedCore(config)
    judged.treat(config.limit_na // 2)
    row = judged.run(ticks, target_na)
    if abs(target_na) > config.limit_na:
        assert (row.drive_na, row.target_na, row.refused) == (config.limit_na // 2, config.limit_na // 2, 1)
    else:
        assert (row.target_na, row.refused) == (target_na, 0)


# ---- configurations --------------------------------------------------------------------------------------------------


@pytest.mark.invariant(*ALL)
@given(any_configs(), st.lists(st.tuples(SENSES, REQUESTS), max_size=5), st.integers(1, 20))
def test_every_configuration_in_range_is_accepted_by_both_channels_and_keeps_the_invariants(
    config: Config, ticks: list[tuple[Sense, Request]], friendly: int
) -> None:
    assert Guard(BASE).init(config) is Error.OK
    assert Regulator(BASE).init(config) is Error.OK
    judged = JudgedCore(config)
    judged.run(friendly, config.limit_na, STOP)
    judged.run(friendly, config.limit_na)
    for sense, request in ticks:
        judged.step(sense, request)
    judged.run(friendly, -config.limit_na)


def at_the_ends(row: Range) -> list[Any]:
    """Configurations with this field just inside and just outside each end, in two cores with odd numbers in them."""
    odd = {"tick_us": 333, "tick_tolerance_us": 100, "rise_na_per_tick": 300, "fall_na_per_tick": 300}
    odd |= {"compliance_mv": 10_001, "charge_reserve_fc": 10**12 + 1}
    cases = []
    for name, base in (("even", BASE), ("odd", BASE._replace(**{k: v for k, v in odd.items() if k != row.field}))):
        low, high = base._replace(**row.at_low), base._replace(**row.at_high)
        cases += [
            pytest.param(low._replace(**{row.field: row.low(low)}), Error.OK, id=f"{row.field}-{name}-lowest"),
            pytest.param(low._replace(**{row.field: row.low(low) - 1}), row.error, id=f"{row.field}-{name}-below"),
            pytest.param(high._replace(**{row.field: row.high(high)}), Error.OK, id=f"{row.field}-{name}-highest"),
            pytest.param(high._replace(**{row.field: row.high(high) + 1}), row.error, id=f"{row.field}-{name}-above"),
        ]
    return cases


def test_the_ranges_are_of_every_field_and_of_every_error_of_a_field() -> None:
    assert {row.field for row in RANGES} == set(Config._fields)
    assert [row.error for row in RANGES] == [Error(code) for code in range(1, 36)]


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize(("config", "error"), [case for row in RANGES for case in at_the_ends(row)])
def test_each_field_is_accepted_up_to_its_ends_and_just_beyond_gives_its_own_error(
    config: Config, error: Error
) -> None:
    core = Core(BASE)
    if error is Error.OK and config.charge_cap_each_fc == 1:
        error = Error.CHARGE_RESERVE  # the smallest cap is in its range, and too small for any reserve
    assert core.init(config) is error
    assert Guard(BASE).init(config) is error
    assert Guard(BASE).ready(config) is error


_OF_THE_REGULATOR: Final = {
    "tick_us",
    "limit_na",
    "rise_na_per_tick",
    "fall_na_per_tick",
    "dwell_us",
    "headroom_na",
    "contact_us",
    "heartbeat_us",
    "time_cap_us",
    "charge_cap_each_fc",
    "charge_cap_total_fc",
}


@pytest.mark.invariant("SI-02", "SI-26")
@pytest.mark.parametrize(
    ("config", "error"), [case for row in RANGES if row.field in _OF_THE_REGULATOR for case in at_the_ends(row)]
)
def test_the_regulator_alone_refuses_what_is_beyond_its_limits(config: Config, error: Error) -> None:
    if config.charge_cap_each_fc == 1:
        error = Error.CHARGE_RESERVE
    assert Regulator(BASE).init(config) is error


@pytest.mark.parametrize(
    ("field", "low", "high", "error"),
    [
        ("saturation_mv", 500, 100_000, Error.SATURATION),
        ("time_reserve_us", 0, BASE.time_cap_us, Error.TIME_RESERVE),
        ("charge_reserve_fc", 0, BASE.charge_cap_each_fc, Error.CHARGE_RESERVE),
    ],
)
def test_the_regulator_alone_has_wider_ranges_where_it_does_not_know_the_rest(
    field: str, low: int, high: int, error: Error
) -> None:
    regulator = Regulator(BASE)
    assert regulator.init(BASE._replace(**{field: low})) is Error.OK
    assert regulator.init(BASE._replace(**{field: high})) is Error.OK
    assert regulator.init(BASE._replace(**{field: low - 1})) is error
    assert regulator.init(BASE._replace(**{field: high + 1})) is error


@pytest.mark.invariant("SI-02")
@given(st.lists(st.sampled_from(RANGES), min_size=1, unique_by=lambda row: row.field), st.data())
def test_of_several_fields_out_of_range_the_first_is_named_however_far_they_are_off(
    rows: list[Range], data: st.DataObject
) -> None:
    wrong = {}
    for row in rows:
        wide = 2**63 if row.field in Config._fields[:5] else 2**31
        far = st.just(-wide) | st.integers(-wide, row.low(BASE) - 1)
        if row.field not in ("tick_us", "limit_na"):  # what is below is below whatever the others are
            far |= st.just(wide - 1) if row.high(BASE) < wide - 1 else st.nothing()
        wrong[row.field] = data.draw(far)
    config = BASE._replace(**wrong)
    core = Core(BASE)
    first = min(row.error for row in rows)
    assert core.init(config) is first
    assert core.phase is Phase.FAULT
    judge_refused(core)


def judge_refused(core: Core) -> None:
    """What was refused drives nothing, and no acknowledge and no configuration brings it back."""
    for now, acknowledge in enumerate([0, 1, 0, 1, 0]):
        sense = Sense(now * 1000, now, 0, 0, 0, 1, 0, 0)
        assert core.step(sense, Request(0, STOP, acknowledge, now)) == (0, 0)
        assert core.configure(BASE) is Error.CORRUPT or core.configure(BASE) is Error.TRIPPED
    assert core.report().trips & bit(Trip.CORRUPT)


@pytest.mark.invariant("SI-02", "SI-07")
def test_trips_that_no_core_has_reported_are_refused_after_the_fields() -> None:
    core = Core(BASE)
    assert core.init(BASE, 65535) is Error.OK
    assert core.init(BASE, 65536) is Error.CARRIED
    assert core.init(BASE._replace(charge_reserve_fc=0), 65536) is Error.CHARGE_RESERVE
    assert core.init(BASE, 2**32 - 1) is Error.CARRIED
    judge_refused(core)


def treating() -> JudgedCore:
    judged = JudgedCore(BASE)
    judged.treat(500_000)
    return judged


def tripped() -> JudgedCore:
    judged = treating()
    judged.run(1, 500_000, odd=Odd(emergency_stop=1))
    return judged


def corrupted() -> JudgedCore:
    judged = JudgedCore(BASE)
    judged.run(2, 0, STOP)
    judged.core.memory.write("guard.state.last_na", 1)
    return judged


def falling() -> JudgedCore:
    judged = treating()
    judged.run(1, 500_000, STOP)
    return judged


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize(
    ("make", "error"),
    [
        (treating, Error.ENERGISED),
        (falling, Error.ENERGISED),
        (tripped, Error.TRIPPED),
        (lambda: JudgedCore(BASE, 1), Error.TRIPPED),
        (corrupted, Error.CORRUPT),
    ],
    ids=["treating", "falling", "tripped", "carried", "corrupted"],
)
def test_configure_is_refused_unless_the_core_is_at_rest_and_then_nothing_changes(make: Any, error: Error) -> None:
    judged: JudgedCore = make()
    assert judged.configure(BASE) is error
    assert judged.configure(BASE._replace(limit_na=0)) is error


@pytest.mark.invariant("SI-02")
@pytest.mark.parametrize("row", RANGES, ids=lambda row: row.field)
def test_configure_at_rest_refuses_each_field_with_its_own_error_and_changes_nothing(row: Range) -> None:
    judged = JudgedCore(BASE)
    judged.run(5, 0, STOP)
    low = BASE._replace(**row.at_low)
    assert judged.configure(low._replace(**{row.field: row.low(low) - 1})) is row.error
    judged.run(5, 0, STOP)


@pytest.mark.invariant("SI-01", "SI-04", "SI-17", "SI-18")
def test_configure_at_rest_begins_time_and_charge_and_dwell_anew_under_the_new_limits() -> None:
    judged = treating()
    judged.run(500, 0, STOP)
    half = BASE._replace(limit_na=250_000)
    assert judged.configure(half) is Error.OK
    assert judged.core.report()[1:6] == (0, 0, 0, 0, 0)
    judged.run(1, 0, STOP)
    assert judged.run(98, 500_000).refused == 1
    rows = [judged.run(1, 250_000) for _ in range(3)]
    assert [row.switch_closed for row in rows] == [0, 1, 1]
    assert judged.treat(250_000).drive_na == 250_000
