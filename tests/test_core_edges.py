"""Values of the core's state that the header promises, and that show in its answers only much later."""

from typing import Final

import pytest
from configurations import BASE
from judged import RUN, SOUND, STOP, Hardware, JudgedGuard, Odd, bit, ticks_of

from iontocore.ccore import Config, Core, Error, Guard, LimitedBy, Phase, Proposal, Refused, Regulator, Request, Trip
from iontocore.ccore.binding import Memory

UNEVEN: Final = BASE._replace(dwell_us=100_300, contact_us=10_700, heartbeat_us=200_900)
"""Times that are no multiples of a tick: a timer that does not stop at its time passes it by a part of a tick."""


@pytest.mark.invariant("SI-04", "SI-05", "SI-15")
@pytest.mark.parametrize("channel", ["guard", "regulator"])
@pytest.mark.parametrize("config", [BASE, UNEVEN], ids=["of whole ticks", "of parts of ticks"])
def test_the_times_at_zero_of_contact_and_of_silence_count_each_tick_and_stay_at_their_ends(
    config: Config, channel: str
) -> None:
    core, hardware = Core(config), Hardware(config)
    read = core.memory.read
    request = Request(0, STOP, 0, 7)
    for tick in range(1, ticks_of(config.heartbeat_us, config) + 60):
        core.step(hardware.sense(), request)
        passed_us = tick * config.tick_us
        assert read(f"{channel}.state.zero_us") == min(passed_us, config.dwell_us)
        assert read(f"{channel}.state.contact_us") == min(passed_us, config.contact_us)
        # the first heartbeat of all is a new one
        assert read(f"{channel}.state.heartbeat_us") == min(passed_us - config.tick_us, config.heartbeat_us)
    core.step(hardware.sense(Odd(contact=0)), request._replace(heartbeat=8))
    assert read(f"{channel}.state.contact_us") == read(f"{channel}.state.heartbeat_us") == 0


DEBOUNCED: Final = {
    "over_current_us": Odd(measured_na=BASE.trip_na + 1, check_na=BASE.trip_na + 1, switch_closed=0),
    "over_voltage_us": Odd(voltage_mv=BASE.over_voltage_mv + 1),
    "sensor_us": Odd(check_na=BASE.disagree_na + 1),
    "stale_us": Odd(same_sample=True),
    "mismatch_us": Odd(measured_na=BASE.mismatch_na + 1, check_na=BASE.mismatch_na + 1),
    "leakage_us": Odd(measured_na=BASE.leakage_na + 1),
    "switch_us": Odd(switch_closed=1),
}


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize("field", DEBOUNCED)
def test_a_debounce_counts_each_tick_from_the_first_and_stays_at_its_time_for_good(field: str) -> None:
    config = BASE._replace(**{field: 5 * BASE.tick_us + 300})
    judged = JudgedGuard(config)
    judged.tick(0, STOP)
    for tick in range(1, 12):
        judged.tick(0, STOP, odd=DEBOUNCED[field])
        assert judged.guard.memory.read(f"state.{field}") == min(tick * config.tick_us, 5 * config.tick_us + 300)
    judged.tick(0, STOP)
    assert judged.guard.memory.read(f"state.{field}") == 5 * config.tick_us + 300


AT_ONCE: Final = {Trip.TICK: Odd(late_us=BASE.tick_us), Trip.EMERGENCY: Odd(emergency_stop=1), Trip.CORRUPT: SOUND}
ALONE: Final = {
    Trip.OVER_CURRENT: ("over_current_us", Odd(check_na=BASE.trip_na + 1)),
    Trip.OVER_VOLTAGE: ("over_voltage_us", Odd(voltage_mv=BASE.over_voltage_mv + 1)),
    Trip.SHORT: ("short_us", Odd(measured_na=BASE.short_above_na + 1, voltage_mv=0)),
    Trip.MISMATCH: ("mismatch_us", Odd(measured_na=-BASE.mismatch_na - 1)),
    Trip.SENSOR: ("sensor_us", Odd(check_na=-BASE.disagree_na - 1)),
    Trip.STALE: ("stale_us", Odd(same_sample=True)),
    Trip.SWITCH: ("switch_us", Odd(switch_closed=2)),
    **{trip: ("", odd) for trip, odd in AT_ONCE.items()},
}
"""What trips at its first tick, and nothing else with it, when every other debounce is long."""
AT_REST: Final = {**ALONE, Trip.LEAKAGE: ("leakage_us", Odd(measured_na=BASE.leakage_na + 1))}
FLOWING: Final = {**ALONE, Trip.OPEN: ("open_us", Odd(contact=0))}


def tripping_alone(field: str) -> Config:
    """A configuration in which one debounce is over at once and all others take 0.2 s."""
    longest = {name: 200_000 for name, _ in (*AT_REST.values(), *FLOWING.values()) if name}
    return BASE._replace(**{**longest, **({field: 1} if field else {})})


@pytest.mark.invariant("SI-06", "SI-07")
@pytest.mark.parametrize("trip", FLOWING, ids=lambda trip: trip.name.lower())
def test_each_cause_cuts_what_flows_at_its_own_tick_whatever_the_others_say(trip: Trip) -> None:
    field, odd = FLOWING[trip]
    judged = JudgedGuard(tripping_alone(field))
    judged.close()
    for na in range(1000, 6000, 1000):
        assert judged.tick(na).drive_na == na
    row = judged.tick(6000, odd=odd, sound=0 if trip is Trip.CORRUPT else 1)
    assert (row.drive_na, row.switch_closed, row.first_trip, row.trips) == (0, 0, trip, bit(trip))


@pytest.mark.invariant("SI-05", "SI-06")
@pytest.mark.parametrize("trip", AT_REST, ids=lambda trip: trip.name.lower())
def test_a_cause_at_the_very_tick_of_a_start_leaves_the_switch_open(trip: Trip) -> None:
    field, odd = AT_REST[trip]
    for seen in (False, True):
        judged = JudgedGuard(tripping_alone(field))
        for _ in range(ticks_of(BASE.dwell_us, BASE)):
            judged.tick(0, STOP)
        row = judged.tick(0, odd=odd if seen else SOUND, sound=0 if seen and trip is Trip.CORRUPT else 1)
        expected = (0, trip, bit(trip)) if seen else (1, Trip.NONE, 0)
        assert (row.switch_closed, row.first_trip, row.trips) == expected


@pytest.mark.invariant("SI-07", "SI-20")
@pytest.mark.parametrize("word", [1, 2, 3, 2**31])
def test_a_latch_of_corruption_that_appears_by_itself_is_corruption_and_no_acknowledge_clears_it(word: int) -> None:
    guard, hardware = Guard(BASE), Hardware(BASE)
    guard.memory.write("state.corrupt", word)
    for heartbeat in range(20):
        guard.step(hardware.sense(), Request(0, STOP, heartbeat % 2, heartbeat), Proposal(0, 1))
        assert guard.trips == bit(Trip.CORRUPT)


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize(
    "odd",
    [
        Odd(voltage_mv=BASE.over_voltage_mv + 1),
        Odd(measured_na=20_000, check_na=20_000, voltage_mv=0),
        Odd(measured_na=1001, check_na=1001, voltage_mv=10),
        Odd(check_na=1001),
        Odd(same_sample=True),
        Odd(measured_na=60_000, check_na=60_000, voltage_mv=600),
        Odd(switch_closed=1),
        Odd(late_us=500),
        Odd(emergency_stop=1),
        None,
    ],
    ids=["voltage", "short", "mismatch", "sensor", "stale", "leakage", "switch", "tick", "emergency", "regulator"],
)
def test_one_cause_in_sight_is_enough_for_an_acknowledge_to_clear_nothing(odd: Odd | None) -> None:
    # each alone: a short is looked for below what is leakage, and what is compared with the drive is not always less
    mismatch_na = 1000 if odd is not None and odd.measured_na == 1001 else BASE.mismatch_na
    config = tripping_alone("")._replace(short_above_na=10_000, mismatch_na=mismatch_na, disagree_na=1000)
    for seen in (False, True):
        judged = JudgedGuard(config, carried_trips=bit(Trip.HEARTBEAT))
        judged.tick(0, STOP)
        shown = odd if seen and odd is not None else SOUND
        judged.tick(0, STOP, acknowledge=1, odd=shown, sound=0 if seen and odd is None else 1)
        assert (judged.guard.trips == 0) is not seen


@pytest.mark.invariant("SI-13")
@pytest.mark.parametrize("sign", [-1, 1])
def test_either_current_sensor_trips_by_itself_beyond_its_range(sign: int) -> None:
    inside, outside = sign * BASE.sensor_max_na, sign * (BASE.sensor_max_na + 1)
    for measured_na, check_na, seen in [(inside, inside, 0), (outside, inside, 1), (inside, outside, 1)]:
        judged = JudgedGuard(tripping_alone("sensor_us"))
        judged.tick(0, STOP)
        row = judged.tick(0, STOP, odd=Odd(measured_na=measured_na, check_na=check_na))
        assert row.trips == seen * bit(Trip.SENSOR)


@pytest.mark.invariant("SI-11")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("ohm", [1, 999, 1000])
def test_a_current_beyond_full_scale_is_a_short_as_full_scale_is_and_a_voltage_beyond_it_is_none(
    ohm: int, sign: int
) -> None:
    border_mv = 200 * ohm
    for measured_na in (199_999_999, 200_000_000, 200_000_001, 2**31 - 1):
        for voltage_mv in (0, border_mv - 1, border_mv, border_mv + 1, 200_000, 200_001):
            judged = JudgedGuard(tripping_alone("short_us")._replace(short_ohm=ohm))
            judged.tick(0, STOP)
            row = judged.tick(0, STOP, odd=Odd(measured_na=sign * measured_na, voltage_mv=sign * voltage_mv))
            shorted = voltage_mv * 1_000_000 < min(measured_na, 200_000_000) * ohm and voltage_mv <= 200_000
            assert row.trips == shorted * bit(Trip.SHORT)


@pytest.mark.invariant("SI-10")
@pytest.mark.parametrize("sign", [-1, 1])
def test_no_contact_is_seen_by_the_voltage_when_more_than_the_threshold_is_driven_and_less_is_measured(
    sign: int,
) -> None:
    config = tripping_alone("open_us")._replace(rise_na_per_tick=1000, open_na=2000)
    for drive_na, measured_na, voltage_mv, seen in [
        (3000, 1999, config.saturation_mv, True),
        (3000, -1999, config.saturation_mv + 1, True),
        (3000, 2000, config.saturation_mv, False),
        (3000, 2001, config.saturation_mv, False),
        (3000, -2001, config.saturation_mv, False),
        (3000, 1999, config.saturation_mv - 1, False),
        (2001, 1999, config.over_voltage_mv, True),
        (2000, 1999, config.saturation_mv, False),
        (1000, 500, config.saturation_mv, False),
    ]:
        judged = JudgedGuard(config)
        judged.close()
        judged.raise_to(sign * drive_na)
        odd = Odd(measured_na=sign * measured_na, voltage_mv=sign * voltage_mv)
        assert judged.tick(sign * drive_na, odd=odd).trips == seen * bit(Trip.OPEN)


@pytest.mark.invariant("SI-12")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("over_mv", [0, 1, 1000])
def test_saturation_and_more_explains_what_lies_between_zero_and_the_drive(sign: int, over_mv: int) -> None:
    config = tripping_alone("mismatch_us")._replace(mismatch_na=1000)
    for measured_na, explained in [(0, True), (1, True), (5999, True), (-1, False), (9001, False)]:
        for voltage_mv in (config.saturation_mv + over_mv, config.saturation_mv - 1 - over_mv):
            judged = JudgedGuard(config)
            judged.close()
            judged.raise_to(sign * 8000)
            odd = Odd(measured_na=sign * measured_na, voltage_mv=-sign * voltage_mv)
            tripped = not (explained and voltage_mv >= config.saturation_mv)
            assert judged.tick(sign * 8000, odd=odd).trips == tripped * bit(Trip.MISMATCH)


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("cut", [False, True])
def test_the_envelope_is_zero_until_a_fall_begins_sinks_with_it_and_is_zero_when_the_switch_opens(
    sign: int, cut: bool
) -> None:
    judged = JudgedGuard(BASE)
    judged.close()
    wanted = [(1000, RUN, 0), (2000, RUN, 0), (3000, RUN, 0), (3000, STOP, 3000), (2000, STOP, 2000)]
    for na, command, envelope_na in wanted:
        assert judged.tick(sign * na, command).drive_na == sign * na
        assert judged.guard.memory.read("state.envelope_na") == envelope_na
    row = judged.tick(sign * 1000, STOP, odd=Odd(emergency_stop=int(cut)))
    assert row.switch_closed == (not cut)
    assert judged.guard.memory.read("state.envelope_na") == (0 if cut else 1000)


# ---- at the caps -----------------------------------------------------------------------------------------------------

TICK_FC: Final = 1000 * 1000
SMALL: Final = BASE._replace(
    limit_na=1000,
    charge_reserve_fc=TICK_FC,
    charge_cap_each_fc=15 * TICK_FC,
    charge_cap_total_fc=20 * TICK_FC,
)
"""Whole ticks at the limit fill the caps exactly."""


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_fall_begins_exactly_at_the_reserve_and_a_cap_is_filled_to_the_last_fc(sign: int) -> None:
    judged = JudgedGuard(SMALL)
    judged.close()
    for tick in range(1, 16):
        assert judged.tick(sign * 1000).drive_na == sign * 1000
        assert judged.guard.memory.read("state.ending") == (tick == 15)
    row = judged.tick(0)
    assert (row.drive_na, row.switch_closed, row.trips) == (0, 0, bit(Trip.CHARGE))
    assert [judged.tick(0, STOP, acknowledge).trips for acknowledge in (0, 1, 0)] == [bit(Trip.CHARGE), 0, 0]
    assert [judged.guard.memory.read(f"state.{name}") for name in ("charge", "ending")] == [0, 0]


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_cap_of_both_directions_together_is_filled_to_the_last_fc(sign: int) -> None:
    judged = JudgedGuard(SMALL)
    judged.close()
    for _ in range(13):
        judged.tick(sign * 1000)
    for _ in range(ticks_of(SMALL.dwell_us, SMALL)):
        judged.tick(0)
    for tick in range(1, 8):
        assert judged.tick(-sign * 1000).drive_na == -sign * 1000
        assert judged.guard.memory.read("state.ending") == (tick == 7)
    assert judged.tick(0).trips == bit(Trip.CHARGE)


@pytest.mark.invariant("SI-18", "SI-26")
@pytest.mark.parametrize("wild_na", [-1000, 1001, 2**31 - 1])
def test_a_proposal_that_is_not_permitted_is_named_although_a_cap_is_due(wild_na: int) -> None:
    judged = JudgedGuard(SMALL)
    judged.close()
    for _ in range(15):
        judged.tick(1000)
    assert judged.tick(wild_na).trips == bit(Trip.PROPOSAL) | bit(Trip.CHARGE)


@pytest.mark.invariant("SI-17")
def test_a_cut_at_the_tick_at_which_the_fall_would_begin_has_its_own_cause_alone() -> None:
    judged = JudgedGuard(BASE._replace(time_cap_us=1_000_000, time_reserve_us=999_000))
    judged.close()
    assert judged.tick(0, odd=Odd(emergency_stop=1)).trips == bit(Trip.EMERGENCY)


@pytest.mark.invariant("SI-16")
def test_a_fall_from_less_than_one_step_ends_without_a_trip() -> None:
    judged = JudgedGuard(BASE)
    judged.close()
    judged.tick(BASE.fall_na_per_tick // 2)
    assert judged.tick(BASE.fall_na_per_tick // 2, STOP).switch_closed == 1
    row = judged.tick(0, STOP)
    assert (row.switch_closed, row.trips) == (0, 0)


# ---- what is written when nothing is said of it ----------------------------------------------------------------------


def not_mirrored(memory: Memory, part: str) -> list[str]:
    """The words of a part whose double is not their complement."""
    names = [name for name in memory.fields if name.startswith(f"{part}.")]
    return [
        name
        for name in names
        if any(
            byte != 255 - twin
            for byte, twin in zip(
                memory.bytes[memory.fields[name]],
                memory.bytes[memory.fields[name.replace(part, f"{part}_inv")]],
                strict=True,
            )
        )
    ]


@pytest.mark.invariant("SI-05", "SI-20")
def test_a_guard_begins_with_everything_at_zero_and_an_acknowledge_that_was_seen() -> None:
    guard = Guard(BASE)
    state = {name: guard.memory.read(name) for name in guard.memory.fields if name.startswith("state.")}
    assert {name for name, value in state.items() if value != 0} == {"state.acknowledge_seen"}
    assert state["state.acknowledge_seen"] == 1


@pytest.mark.invariant("SI-05", "SI-20")
def test_a_regulator_begins_with_everything_at_zero() -> None:
    memory = Regulator(BASE).memory
    assert {name for name in memory.fields if name.startswith("state.") and memory.read(name) != 0} == set()
    said = (memory.read("phase"), memory.read("limited_by"), memory.read("refused"))
    assert said == (Phase.IDLE, LimitedBy.STOP, Refused.NOTHING)


@pytest.mark.invariant("SI-20")
def test_a_channel_that_is_not_intact_begins_anew_at_zero_and_keeps_that_it_was_corrupt() -> None:
    core, hardware = Core(BASE), Hardware(BASE)
    for name in ("guard.state.sign", "regulator.state.sign"):
        core.memory.write(name, 1)
    core.step(hardware.sense(), Request(0, STOP, 0, 1))
    read = core.memory.read
    states = [name for name in core.memory.fields if ".state." in name]
    left = {name: read(name) for name in states if read(name) != 0}
    assert left == {
        "guard.state.corrupt": 2,
        "guard.state.first_trip": Trip.CORRUPT,
        "guard.state.acknowledge_seen": 1,
        "regulator.state.corrupt": 1,
    }
    assert [not_mirrored(core.memory, f"{channel}.state") for channel in ("guard", "regulator")] == [[], []]
    said = (read("regulator.phase"), read("regulator.limited_by"), read("regulator.refused"))
    assert said == (Phase.IDLE, LimitedBy.STOP, Refused.NOTHING)


@pytest.mark.invariant("SI-06", "SI-07")
@pytest.mark.parametrize("trip", [Trip.TICK, Trip.EMERGENCY, Trip.PROPOSAL], ids=lambda trip: trip.name.lower())
@pytest.mark.parametrize("flows", [False, True])
def test_a_latch_without_debounce_is_one_and_leaves_nothing_armed_or_on_its_way(trip: Trip, flows: bool) -> None:
    judged = JudgedGuard(BASE)
    judged.close() if flows else judged.tick(0, STOP)
    judged.tick(2_000_000 if trip is Trip.PROPOSAL else 0, STOP, odd=AT_ONCE.get(trip, SOUND))
    read = judged.guard.memory.read
    assert read(f"state.{trip.name.lower()}") == 1
    assert {read(f"state.{name}") for name in ("armed", "energised", "ending")} == {0}


@pytest.mark.invariant("SI-20")
def test_a_core_that_is_refused_is_never_intact_says_corrupt_and_keeps_nothing_of_what_was_in_memory() -> None:
    core = Core(BASE)
    core.memory.bytes[:] = b"\xa5" * len(core.memory.bytes)
    assert core.init(BASE._replace(dwell_us=1), 0) is Error.DWELL
    read = core.memory.read
    for channel, part in (("guard", "config"), ("regulator", "limits")):
        assert not_mirrored(core.memory, f"{channel}.{part}") == [f"{channel}.{part}.tick_us"]
        assert not_mirrored(core.memory, f"{channel}.state") == []
    left = {name: read(name) for name in core.memory.fields if ".state." in name and read(name) != 0}
    assert left == {
        "guard.state.corrupt": 2,
        "guard.state.first_trip": Trip.CORRUPT,
        "guard.state.acknowledge_seen": 1,
        "regulator.state.corrupt": 1,
    }


@pytest.mark.invariant("SI-07")
def test_trips_that_were_carried_are_latches_as_they_were() -> None:
    memory = Guard(BASE, 65535).memory
    for name in ("tick", "corrupt", "emergency", "proposal"):
        assert memory.read(f"state.{name}") == 1
    for name in ("heartbeat", "charge", "time"):
        assert memory.read(f"state.{name}") == 2
    for field in DEBOUNCED:
        assert memory.read(f"state.{field}") == getattr(BASE, field)


@pytest.mark.invariant("SI-07")
def test_an_acknowledge_that_was_seen_is_one_whatever_it_was() -> None:
    judged = JudgedGuard(BASE)
    for acknowledge in (0, 1, 2, 2**32 - 1):
        judged.tick(0, STOP, acknowledge=acknowledge)
        assert judged.guard.memory.read("state.acknowledge_seen") == (acknowledge != 0)


@pytest.mark.invariant("SI-05")
@pytest.mark.parametrize("channel", ["guard", "regulator"])
def test_a_contact_that_is_neither_yes_nor_no_is_none(channel: str) -> None:
    core, hardware = Core(BASE), Hardware(BASE)
    for heartbeat, contact in enumerate((1, 2, 2**32 - 1)):
        core.step(hardware.sense(Odd(contact=contact)), Request(0, STOP, 0, heartbeat))
        assert core.memory.read(f"{channel}.state.contact_us") == BASE.tick_us * (contact == 1)
