"""What the picture of a session says beside the trace: the plan, the limits, the goal, the history, the verdict."""

from dataclasses import dataclass
from typing import Protocol

from iontocore.table import Event, State


class StateChange(Protocol):
    """A row of the state table that was taken at ``t_ms``, counted from the same instant as the trace's ``time_us``.

    A session's transitions are of this shape.
    """

    @property
    def t_ms(self) -> int: ...

    @property
    def event(self) -> Event: ...

    @property
    def before(self) -> State: ...

    @property
    def after(self) -> State: ...

    @property
    def why(self) -> str: ...


@dataclass(frozen=True, slots=True)
class InvariantCheck:
    """How one invariant fared: ticks at which it was checked, and those that broke it."""

    id: str
    ticks_checked: int
    breaches: int


@dataclass(frozen=True, slots=True)
class ChartSummary:
    """A session in a few facts. Current in microampere, voltage in millivolt, charge in nanocoulomb, all magnitudes.

    ``limit_binding`` names the limit in force, the smallest of all, and ``limit_source`` who says so. A goal of 0 means
    that the plan asks for nothing in that direction. ``seed`` is None where nothing was simulated, ``trip`` where none
    is to be named.
    """

    plan: str
    outcome: str
    trip: str | None
    seed: int | None
    treated_ms: int
    limit_ua: int
    limit_binding: str
    limit_source: str
    trip_ua: int
    compliance_mv: int
    saturation_mv: int
    goal_positive_nc: int
    goal_negative_nc: int
    transitions: tuple[StateChange, ...]
    invariants: tuple[InvariantCheck, ...]
