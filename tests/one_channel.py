"""A simulated device of which one channel alone is sound, judged at every tick: prints what was seen, as JSON.

    python one_channel.py guard --runs 40 --seed 1        the other channel is tests/adversary_regulator.c
    python one_channel.py regulator --runs 40 --seed 1    the other channel is tests/permissive_guard.c

The first run with a breach is the last.

It is run with an extension in which that exchange was made (`iontocore.verification.instrumented`), by
`test_either_channel.py`. Random bodies and electronics are not the point here: random conduct of the other channel,
of the supervisor and of what goes wrong at the body and in the device is. A bit that flips in memory is left out: a
memory test is not about one channel.
"""

import argparse
import json
import random
import sys
from collections import Counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from simulated_core import CONFIG, RUN, STOP

from iontocore.ccore import Config, Fault, Phase, Request, Simulation, Trace, Trip
from iontocore.safety.monitor import TraceMonitor
from iontocore.safety.samples import settings_of

OF_THE_GUARD: Final = tuple(f"SI-{number:02d}" for number in (*range(1, 15), 17, 18, 20, 21, 27))
"""What the guard keeps alone, as in `judged.py`: SI-15 and SI-16 as they stand need a regulator that falls at the very
tick, SI-22 is what a regulator answers, and SI-26 speaks of a sound one."""
OF_THE_REGULATOR: Final = tuple(f"SI-{number:02d}" for number in (1, 2, 3, 4, 5, 6, 15, 16, 22, 26, 27))
"""What the regulator keeps alone: nothing that is measured cuts, since that is the guard's."""

FAST: Final = CONFIG._replace(limit_na=5_000_000, trip_na=6_000_000, rise_na_per_tick=2000, fall_na_per_tick=10_000)
LOW: Final = FAST._replace(limit_na=300_000, trip_na=1_000_000)
"""The limit is reached within 150 ticks. With 4 V the voltage is saturated before the limit."""
CONFIGS: Final = (
    FAST,
    LOW,
    LOW,
    FAST._replace(compliance_mv=4000, over_voltage_mv=6000, saturation_mv=3900),
    FAST._replace(dwell_us=350_000, contact_us=1, fall_na_per_tick=500, heartbeat_us=70_000),
    CONFIG._replace(
        tick_us=10_000,
        tick_tolerance_us=5000,
        limit_na=30_000_000,
        trip_na=35_000_000,
        rise_na_per_tick=20_000,
        fall_na_per_tick=200_000,
        charge_reserve_fc=400_000_000_000_000,
    ),
)
SMALL_CAPS: Final = {
    "time_cap_us": 3_000_000,
    "time_reserve_us": 600_000,
    "charge_cap_each_fc": 3_000_000_000_000,
    "charge_cap_total_fc": 4_000_000_000_000,
    "charge_reserve_fc": 1_500_000_000_000,
}
"""Reached within a few seconds at some milliamperes, by FAST."""
WILD_IN_100000: Final = (0, 5, 30, 200, 3000, 100_000)
CUTS_IN_100000: Final = (0, 20, 200, 10_000)
ACTS: Final = 10
EXCHANGE_TICKS: Final = 50

FAULTS: Final = (
    (Fault.BODY_LIFT, (0, 500)),
    (Fault.BODY_SHORT, (0, 150)),
    (Fault.BODY_FLICKER, (1, 5000, 100_000)),
    (Fault.DAC_GAIN, (0, 500, 2000)),
    (Fault.EMERGENCY_STOP, (0,)),
    (Fault.TICK_MISSED, (1, 100)),
    (Fault.TICK_DOUBLED, (1, 100)),
    (Fault.HEARTBEAT_LOST, (0,)),
    (Fault.SUPERVISOR_FROZEN, (0,)),
    (Fault.SUPPLY_DIP, (0, 5000)),
    (Fault.SUPPLY_LOST, (0,)),
)

Columns = dict[str, NDArray[Any]]


class Device:
    """One simulated device with one sound channel, and its judge."""

    def __init__(self, sound: str, seed: int) -> None:
        self.chance: Final = random.Random(seed)
        self.sound: Final = sound
        self.config: Final = self._config()
        self.simulation: Final = Simulation(seed=seed)
        self.simulation.start(self.config)
        self._order(seed)
        self._trace: Final = Trace(4 * EXCHANGE_TICKS)
        self.simulation.record(self._trace, self._judge)
        self.monitor: Final = TraceMonitor(settings_of(self.config))
        self._heartbeat = 0
        self._told_trips = 0
        self.ticks = 0
        self.energised_ticks = 0
        self.reversals = 0
        self.trips = 0
        self._sign = 0

    def _config(self) -> Config:
        config = self.chance.choice(CONFIGS)
        if self.sound == "guard" and config is FAST and self.chance.random() < 0.5:
            return config._replace(**SMALL_CAPS)
        return config

    def _order(self, seed: int) -> None:
        """How the exchanged channel is to behave."""
        write = self.simulation.memory.write
        if self.sound == "guard":
            write("regulator.state.heartbeat_seen", seed & 0xFFFFFFFF)
            write("regulator.state.armed", self.chance.choice(WILD_IN_100000))
        else:
            write("guard.state.heartbeat_seen", seed & 0xFFFFFFFF)
            write("guard.state.contact_us", self.chance.choice(CUTS_IN_100000))

    def run(self, ticks: int, target_na: int, command: int, acknowledge: int = 0, *, silent: bool = False) -> None:
        """So many periods with a heartbeat at every exchange, unless the supervisor is silent."""
        for begun in range(0, ticks, EXCHANGE_TICKS):
            self._heartbeat += not silent
            request = Request(target_na, command, acknowledge, self._heartbeat)
            self.simulation.run(request, min(EXCHANGE_TICKS, ticks - begun))
        self._judge(self._trace)
        self._trace.clear()

    def _judge(self, trace: Trace) -> None:
        if trace.count == 0:
            return
        rows = {name: np.array(column, dtype=np.int64) for name, column in trace.rows().items()}
        columns = self._seen_by_the_guard(rows) if self.sound == "guard" else self._seen_by_the_regulator(rows)
        self.monitor.feed(columns)
        self.ticks += trace.count
        driven = columns["drive_na"]
        self.energised_ticks += int(np.count_nonzero(driven))
        signs = np.sign(driven[driven != 0])
        for sign in signs[np.flatnonzero(np.diff(signs, prepend=self._sign))].tolist():
            self.reversals += self._sign == -sign
            self._sign = sign
        self.trips |= int(np.bitwise_or.reduce(columns["trips"]))

    @staticmethod
    def _seen_by_the_guard(rows: Columns) -> Columns:
        """The phase is the regulator's word, and this one lies: what stands in its place is what the guard knows."""
        resting = np.where(rows["switch_closed"] == 0, int(Phase.IDLE), int(Phase.RAMP))
        return {**rows, "phase": np.where(rows["first_trip"] != 0, int(Phase.FAULT), resting)}

    def _seen_by_the_regulator(self, rows: Columns) -> Columns:
        """A cut is what the regulator was told: at the tick after the guard said so. An emergency stop it sees itself.

        Where the guard said so at this tick, the core calls the phase FAULT and the regulator's own word is lost."""
        told = np.concatenate(([self._told_trips], rows["trips"][:-1]))
        self._told_trips = int(rows["trips"][-1])
        trips = told | np.where(rows["emergency_stop"] != 0, 1 << (Trip.EMERGENCY - 1), 0)
        unknown = np.where(rows["switch_closed"] == 0, int(Phase.IDLE), int(Phase.RAMP))
        own = np.where(rows["trips"] != 0, unknown, rows["phase"])
        return {**rows, "trips": trips, "phase": np.where(trips != 0, int(Phase.FAULT), own)}

    def power_fails(self) -> None:
        """The supply is lost and comes back; what was latched is carried."""
        carried = self._told_trips if self.sound == "regulator" else self._last_trips()
        self.simulation.inject(Fault.SUPPLY_LOST, 0)
        self.run(20, 0, STOP)
        self.simulation.clear(Fault.SUPPLY_LOST)
        self.monitor.power_on(carried)

    def _last_trips(self) -> int:
        return self.simulation.run(Request(0, STOP, 0, self._heartbeat), 0).trips


def live(sound: str, seed: int) -> Device:
    """One device through some acts of its supervisor and of what happens to it."""
    device = Device(sound, seed)
    chance, config = device.chance, device.config
    for _ in range(ACTS):
        fault, parameters = chance.choice(FAULTS)
        if chance.random() < 0.8:
            fall_ticks = config.limit_na // config.fall_na_per_tick
            device.run(min(fall_ticks, 600) + 2, 0, STOP)
            device.run(1, 0, STOP, acknowledge=1)
            device.run(config.dwell_us // config.tick_us + 10, 0, STOP)
        lifted = chance.random() < 0.3
        if lifted:
            device.simulation.inject(Fault.BODY_LIFT, 0)
            device.run(chance.randint(1, 50), 0, STOP)
            device.run(chance.randint(1, 50), config.limit_na, RUN)
            device.simulation.clear(Fault.BODY_LIFT)
        target_na = chance.choice((chance.randint(-config.limit_na, config.limit_na), config.limit_na))
        device.run(chance.randint(1, 3000), target_na, RUN)
        if chance.random() < 0.5:
            beyond_na = chance.choice((0, 0, config.rise_na_per_tick))
            device.run(chance.randint(1, 1500), -target_na - beyond_na, RUN, silent=chance.random() < 0.2)
        if chance.random() < 0.5:
            if fault is Fault.SUPPLY_LOST:
                device.power_fails()
            else:
                device.simulation.inject(fault, chance.choice(parameters))
                device.run(chance.randint(1, 400), target_na, chance.choice((RUN, RUN, STOP)), chance.choice((0, 1)))
                device.simulation.clear(fault)
    return device


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="run a simulated device with one sound channel, and judge every tick")
    parser.add_argument("sound", choices=("guard", "regulator"))
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args(arguments)
    judged = OF_THE_GUARD if given.sound == "guard" else OF_THE_REGULATOR
    breaches: dict[str, str] = {}
    trips: Counter[str] = Counter()
    runs = ticks = energised = with_current = reversals = 0
    for seed in range(given.seed, given.seed + given.runs):
        device = live(given.sound, seed)
        runs += 1
        ticks += device.ticks
        energised += device.energised_ticks
        with_current += device.energised_ticks > 0
        reversals += device.reversals
        trips.update(trip.name for trip in Trip if trip and device.trips >> (trip - 1) & 1)
        for tally in device.monitor.tallies():
            if tally.first is not None and tally.id in judged:
                breaches[tally.id] = f"seed {seed}: {tally.first.sentence}"
        if breaches:
            break
    answer = {
        "runs": runs,
        "ticks": ticks,
        "energised_ticks": energised,
        "runs_with_current": with_current,
        "reversals": reversals,
        "judged": judged,
        "breaches": breaches,
        "trips": trips,
    }
    print(json.dumps(answer, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
