"""What a session needs of a core, wherever it runs: in this process or at the other end of a line.

Only two records cross: a request goes down, telemetry comes up (``iontocore.ccore``). A session cannot tell which kind
of port it has. A port keeps no state of the treatment and decides nothing.
"""

from typing import Protocol

from iontocore.ccore import Config, Request, Telemetry


class LinkLost(Exception):
    """The core cannot be reached, or no longer answers. It is alone now, and brings the current down by itself.

    The text is one sentence: what was expected, and what came instead.
    """


class Port(Protocol):
    """A core that can be reached."""

    def configure(self, config: Config, carried_trips: int) -> None:
        """Start the core with a configuration, the output off, and latch again the trips in ``carried_trips``.

        carried_trips: sum of bits as in ``Telemetry.trips``: what was latched when the power went, 0 for none.
        Raises Refusal when the core refuses a field, LinkLost when it cannot be reached.
        """

    def exchange(self, request: Request, duration_us: int) -> Telemetry:
        """Put a request in force, let ``duration_us`` of the core's time pass, and return what the core tells then.

        It may return earlier, when something happened that the supervisor should see. Raises LinkLost.
        """

    def close(self) -> None:
        """Leave the core; without a supervisor it brings the current down."""
