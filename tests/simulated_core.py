"""A simulated device for the tests of ccore: a configuration like that of a real one, and the way to a current."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iontocore.ccore import (
    Command,
    Config,
    Event,
    Phase,
    Request,
    SimulatedBody,
    SimulatedElectronics,
    Simulation,
    Telemetry,
    Trace,
)

CONFIG: Final = Config(
    time_cap_us=3_600_000_000,
    time_reserve_us=20_100_000,
    charge_cap_each_fc=48_000_000_000_000_000,
    charge_cap_total_fc=96_000_000_000_000_000,
    charge_reserve_fc=210_000_000_000_000,
    tick_us=1000,
    tick_tolerance_us=200,
    limit_na=20_000_000,
    trip_na=25_000_000,
    rise_na_per_tick=1000,
    fall_na_per_tick=1000,
    dwell_us=100_000,
    compliance_mv=60_000,
    over_voltage_mv=65_000,
    saturation_mv=59_000,
    headroom_na=100_000,
    open_na=50_000,
    short_ohm=200,
    short_above_na=1_000_000,
    mismatch_na=500_000,
    disagree_na=800_000,
    sensor_max_na=50_000_000,
    sensor_max_mv=80_000,
    leakage_na=100_000,
    over_current_us=2000,
    over_voltage_us=5000,
    open_us=5000,
    short_us=10_000,
    mismatch_us=20_000,
    sensor_us=5000,
    stale_us=3000,
    leakage_us=20_000,
    switch_us=20_000,
    contact_us=100_000,
    heartbeat_us=500_000,
)
"""1 mA/s up and down, so that 15 mA are reached 15 s after contact."""

STOP: Final = Command.STOP
RUN: Final = Command.RUN

Rows = dict[str, NDArray[Any]]


class Device:
    """A simulation and the supervisor that keeps it alive: a heartbeat at every exchange of 50 ms."""

    def __init__(
        self,
        body: SimulatedBody | None = None,
        electronics: SimulatedElectronics | None = None,
        *,
        seed: int = 1,
        config: Config = CONFIG,
    ) -> None:
        self.simulation: Final = Simulation(body, electronics, seed=seed)
        self.simulation.start(config)
        self.heartbeat = 0
        self.exchange_ticks: Final = 50_000 // config.tick_us

    def exchange(self, target_na: int, command: int = RUN, acknowledge: int = 0) -> Telemetry:
        """50 ms."""
        self.heartbeat += 1
        request = Request(target_na, command, acknowledge, self.heartbeat)
        return self.simulation.run(request, self.exchange_ticks)

    def run(self, seconds: float, target_na: int, command: int = RUN) -> Telemetry:
        """Exchanges for so long; the last answer."""
        telemetry = self.exchange(target_na, command)
        for _ in range(round(seconds * 20) - 1):
            telemetry = self.exchange(target_na, command)
        return telemetry

    def treat(self, target_na: int) -> Telemetry:
        """From power-on to the target."""
        self.run(0.2, target_na, STOP)
        for _ in range(1200):
            telemetry = self.exchange(target_na)
            if telemetry.phase == Phase.TREAT:
                return telemetry
        raise AssertionError(f"the target was not reached: {telemetry}")

    def rows(self, ticks: int, target_na: int, command: int = RUN, acknowledge: int = 0) -> Rows:
        """The trace of so many periods, with one request in force; not more than 500, for the heartbeat's sake."""
        self.heartbeat += 1
        trace = Trace(2 * ticks + 2)
        self.simulation.record(trace)
        self.simulation.run(Request(target_na, command, acknowledge, self.heartbeat), ticks, Event.NONE)
        self.simulation.record(None)
        return {name: np.array(column) for name, column in trace.rows().items()}
