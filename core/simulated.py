"""The port to a core in this process, in a simulated device on a simulated body. It runs as fast as the machine can."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from iontocore.body import Body
from iontocore.ccore import Config, ConfigurationError, Request, Simulation, Telemetry, Trace
from iontocore.ports import LinkLost
from iontocore.safety.refusal import Refusal

if TYPE_CHECKING:
    from iontocore.ports import Port


class SimulatedPort:
    """A core on ``body``, with the events of the body file. The same seed and the same calls give the same bits.

    seed: 0 to 2**64 - 1, of the noise of the sensors and the jitter of the timer.
    """

    def __init__(self, body: Body | None = None, *, seed: int = 0) -> None:
        given = Body() if body is None else body
        if type(seed) is not int or not 0 <= seed < 2**64:
            raise Refusal("seed", repr(seed), "a whole number from 0 to 18446744073709551615", "the simulation")
        self._simulation = Simulation(given.skin, given.electronics, seed=seed)
        self._schedule = given.schedule()
        self._next = 0
        self._tick_us = 1000

    @property
    def simulation(self) -> Simulation:
        """What runs inside, for looking at what really is."""
        return self._simulation

    def record(self, trace: Trace | None, when_full: Callable[[Trace], None] | None = None) -> None:
        """Write every tick from now on into a trace; a full one is handed to ``when_full`` and written anew."""
        self._simulation.record(trace, when_full)

    def configure(self, config: Config, carried_trips: int) -> None:
        """See ``Port``."""
        try:
            self._simulation.start(config, carried_trips)
        except ConfigurationError as error:
            raise Refusal(
                "the core's configuration", str(error), "what ionto.h states for the field", "the core"
            ) from error
        self._tick_us = config.tick_us

    def exchange(self, request: Request, duration_us: int) -> Telemetry:
        """See ``Port``. Events of the body happen at their time, to the tick."""
        simulation = self._simulation
        end_us = simulation.time_us + duration_us
        before: Telemetry | None = None
        while self._next < len(self._schedule) and self._schedule[self._next].at_ms * 1000 < end_us:
            switching = self._schedule[self._next]
            ticks = -(-(switching.at_ms * 1000 - simulation.time_us) // self._tick_us)
            if ticks > 0:
                before = _joined(before, self._run(request, ticks))
            if switching.begins:
                simulation.inject(switching.fault, switching.parameter)
            else:
                simulation.clear(switching.fault)
            self._next += 1
        ticks = max(-(-(end_us - simulation.time_us) // self._tick_us), 1)
        return _joined(before, self._run(request, ticks))

    def _run(self, request: Request, ticks: int) -> Telemetry:
        telemetry = self._simulation.run(request, ticks)
        if not self._simulation.powered:
            raise LinkLost("the core no longer answers, since its supply is lost, where telemetry was expected")
        return telemetry

    def close(self) -> None:
        """See ``Port``. Nothing is left behind in this process."""


def _joined(before: Telemetry | None, after: Telemetry) -> Telemetry:
    """One report of an exchange that was made in pieces: the last, with the extremes of all of them."""
    if before is None:
        return after
    return after._replace(
        drive_min_na=min(before.drive_min_na, after.drive_min_na),
        drive_max_na=max(before.drive_max_na, after.drive_max_na),
        measured_min_na=min(before.measured_min_na, after.measured_min_na),
        measured_max_na=max(before.measured_max_na, after.measured_max_na),
        voltage_min_mv=min(before.voltage_min_mv, after.voltage_min_mv),
        voltage_max_mv=max(before.voltage_max_mv, after.voltage_max_mv),
    )


if TYPE_CHECKING:
    _fits: type[Port] = SimulatedPort
