"""Values of the core's state that the header promises, and that show in its answers only much later."""

from typing import Final

import pytest
from configurations import BASE
from judged import SOUND, STOP, Hardware, JudgedGuard, Odd, bit, ticks_of

from iontocore.ccore import Config, Core, Guard, Proposal, Request, Trip

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
