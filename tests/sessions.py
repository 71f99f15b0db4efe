"""Short sessions on the simulated body, for the tests of what sequences them."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from iontocore import Body, Journal, Plan, Port, Report, Session, SimulatedPort, State, preset
from iontocore.body import BodyEvent
from iontocore.ccore import Config, Request, Telemetry
from iontocore.safety.monitor import Monitor

BEGAN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LONGEST_EXCHANGES = 40_000

BRISK = replace(
    preset("palms"),
    session_ms=60_000,
    time_cap_ms=180_000,
    rise_ua_per_s=2_000,
    fall_ua_per_s=5_000,
    dwell_ms=500,
)
"""A minute, half of it each way; 7.5 s up to 15 mA, 3 s down."""

BRISK_DRUG = replace(preset("dexamethasone"), dose_nc=120_000_000, rise_ua_per_s=2_000, fall_ua_per_s=4_000)
"""2 mA min at 4 mA: half a minute."""


class Clock:
    """Wall time that goes on by a second a look."""

    def __init__(self, now: datetime = BEGAN) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Seen:
    """A port that remembers what passes, with what was on disk when each request came, and can fail when told to."""

    def __init__(self, port: Port, journal: Journal) -> None:
        self.port = port
        self.journal = journal
        self.requests: list[tuple[Request, int]] = []
        self.telemetry: list[Telemetry] = []
        self.alter: Callable[[Telemetry], Telemetry] = lambda telemetry: telemetry
        self.fail: Exception | None = None

    def configure(self, config: Config, carried_trips: int) -> None:
        self.port.configure(config, carried_trips)

    def exchange(self, request: Request, duration_us: int) -> Telemetry:
        self.requests.append((request, self.journal.count))
        if self.fail is not None:
            raise self.fail
        self.telemetry.append(self.alter(self.port.exchange(request, duration_us)))
        return self.telemetry[-1]

    def close(self) -> None:
        self.port.close()


class Bench:
    """A session with everything around it. ``events``: what happens to the body, as (s, kind, what else)."""

    def __init__(
        self,
        folder: Path,
        plan: Plan = BRISK,
        *events: BodyEvent,
        body: Body | None = None,
        clock: Clock | None = None,
        seed: int = 1,
    ) -> None:
        self.clock = clock or Clock()
        self.path = folder / "treatment.journal"
        self.journal = Journal.create_or_open(self.path, self.clock)
        try:
            self.simulated = SimulatedPort(replace(body or Body(), events=events), seed=seed)
            self.port = Seen(self.simulated, self.journal)
            self.session = Session(plan, self.port, self.journal, self.clock)
        except BaseException:
            self.journal.close()
            raise
        self.reports: list[Report] = []

    def run(self, until: Callable[[Report], bool] = lambda _: False, exchanges: int = LONGEST_EXCHANGES) -> Report:
        """Exchange until something holds of a report or the session has ended; AssertionError when it never does."""
        for report in itertools.islice(self._advances(), exchanges):
            self.reports.append(report)
            if until(report) or self.session.outcome is not None:
                return report
        raise AssertionError(f"neither held within {exchanges} exchanges, in {self.session.state}")

    def _advances(self) -> Iterator[Report]:
        while True:
            yield self.session.advance()

    def idle(self, exchanges: int) -> Report:
        """Exchange so many times, whatever happens."""
        for _ in range(exchanges):
            self.reports.append(self.session.advance())
        return self.reports[-1]

    @property
    def flowing_na(self) -> float:
        """What really flows now, whatever is reported."""
        return abs(self.simulated.simulation.truth().current_na)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """The rows that were taken, as (event, before, after)."""
        return [(row.event.value, row.before.value, row.after.value) for row in self.session.transitions]

    def close(self) -> None:
        self.journal.close()


def is_in(state: State) -> Callable[[Report], bool]:
    """Whether a report is of a state."""
    return lambda report: report.state is state


def broken(monitor: Monitor) -> list[str]:
    """The invariants that a monitor found broken, with their first sentence."""
    return [tally.first.sentence for tally in monitor.tallies() if tally.first is not None]
