"""The scenes of the fault campaign: the simulated device in every state, at several depths of a session, both ways.

A scene is a treatment of the palms, with the plan and the device that are shipped, up to the moment at which the fault
comes. It is played once and copied for every trial. Every tick of it is judged by every invariant as well, so that a
trial goes on from what the witness had counted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, cast

import numpy as np

from iontocore.ccore import (
    Command,
    Config,
    Fault,
    LimitedBy,
    Phase,
    Request,
    SimulatedBody,
    Simulation,
    Trace,
    default_body,
)
from iontocore.config import core_config
from iontocore.plans import Plan, preset
from iontocore.safety.invariants import INVARIANTS, Invariant
from iontocore.safety.monitor import BLOCK_TICKS
from iontocore.safety.samples import Sample, Settings, power_on, settings_of
from iontocore.safety.samples_array import Block, witness_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAN: Final = "palms"
SEED: Final = 71
EXCHANGE_US: Final = 50_000
"""How often the supervisor of a session speaks."""
_SECOND: Final = 1_000_000
_REST_US: Final = 3 * _SECOND
"""At rest before a start: longer than contact and the dwell ask for."""
_MOST_US: Final = 3_600_000_000
"""No scene is further than this from the one before it."""
NOT_OF_A_CORE: Final = ("SI-19", "SI-23", "SI-24", "SI-25")
"""Promises of a session: balance, ion, admission and journal. A core on a bench does not know of them."""
JUDGED: Final[tuple[Invariant, ...]] = tuple(row for row in INVARIANTS if row.id not in NOT_OF_A_CORE)

_SIGNS: Final[tuple[Literal[1], Literal[-1]]] = (1, -1)
_RUN: Final = int(Command.RUN)
_STOP: Final = int(Command.STOP)


def broken_in(block: Block, settings: Settings) -> set[str]:
    """The ids of the promises that were broken in a run of ticks."""
    broken = set()
    for row in JUDGED:
        # Arrays in, arrays out: the predicates' types speak of the ints of one sample.
        held = cast("NDArray[np.bool_]", row.holds(block.previous, block.current, settings))
        if not held.all():
            broken.add(row.id)
    return broken


@lru_cache(maxsize=1)
def plan() -> Plan:
    """The plan of every scene."""
    return preset(PLAN)


@lru_cache(maxsize=1)
def configuration() -> Config:
    """What the core of every scene is told."""
    return core_config(plan())


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment of a session.

    name: the state and the depth, in words. phase: of the core then. sign: of the direction that is asked for, before
    a reversal. reversed: the other direction is asked for by now. play: how it is reached. permille: how much of the
    plan's current is asked for. at_cap: a cap of the core is about to end the treatment. body: of which body.
    """

    name: str
    phase: Phase
    sign: Literal[-1, 1]
    reversed: bool
    play: Callable[["Played"], None]
    permille: int = 1000
    at_cap: bool = False
    body: SimulatedBody = field(default_factory=default_body)

    @property
    def title(self) -> str:
        """The scene and its direction."""
        return f"{self.name}, {'positive' if self.sign > 0 else 'negative'}"

    @property
    def target_na(self) -> int:
        """What is asked for when the fault comes, and after it."""
        return (-self.sign if self.reversed else self.sign) * plan().current_ua * self.permille


class Played:
    """A scene while it is played: the device, what the witness counted to the last tick (``before``), and for how long
    current has truly flowed."""

    def __init__(self, scene: Scene) -> None:
        self.settings: Final[Settings] = settings_of(configuration())
        contact = int(scene.phase is not Phase.WAIT)
        self.simulation: Final = Simulation(scene.body._replace(contact=contact), seed=SEED)
        self.simulation.start(configuration())
        self.before: Sample = power_on(0)
        self.broken: set[str] = set()
        self.flowed_us: int = 0
        self._target_na = scene.sign * plan().current_ua * scene.permille
        self._trace: Final = Trace(BLOCK_TICKS)
        self._heartbeat = 0
        self.simulation.record(self._trace, self._judge)

    def _judge(self, trace: Trace) -> None:
        if trace.count:
            rows = trace.rows()
            flowing = np.abs(rows["true_na"]) > configuration().leakage_na
            self.flowed_us += int(np.count_nonzero(flowing)) * configuration().tick_us
            block = witness_columns(rows, self.settings, self.before)
            self.broken |= broken_in(block, self.settings)
            self.before = block.last

    def exchange(self, command: int, ticks: int, sign: int = 1) -> None:
        """One request, for so many ticks."""
        self._heartbeat += 1
        self.simulation.run(Request(sign * self._target_na, command, 0, self._heartbeat), ticks)

    def go(self, command: int, us: int, sign: int = 1) -> None:
        """So long, with a heartbeat at every exchange."""
        tick_us = configuration().tick_us
        for start_us in range(0, us, EXCHANGE_US):
            self.exchange(command, min(EXCHANGE_US, us - start_us) // tick_us, sign)

    def until(self, reached: Callable[[Callable[[str], int]], bool], command: int = _RUN, sign: int = 1) -> None:
        """Until the core's state, read by name, is as it should be; looked at after every exchange. RuntimeError when
        it never is."""
        for _ in range(_MOST_US // EXCHANGE_US):
            if reached(self.simulation.memory.read):
                return
            self.go(command, EXCHANGE_US, sign)
        raise RuntimeError("the scene was not reached")

    def start(self) -> None:
        """From power-on to the first tick of RUN."""
        self.go(_STOP, _REST_US)
        self.exchange(_RUN, 1)

    def level(self, permille: int, command: int = _RUN, sign: int = 1, *, falling: bool = False) -> None:
        """Until this much of the target is driven, in the direction that is asked for; falling: until no more is."""
        goal_na = abs(self._target_na) * permille // 1000

        def reached(read: Callable[[str], int]) -> bool:
            driven_na = read("guard.state.last_na")
            towards_na = driven_na if sign * self._target_na > 0 else -driven_na
            return abs(driven_na) <= goal_na if falling else towards_na >= goal_na

        self.until(reached, command, sign)

    def finish(self) -> None:
        """No more is recorded; what is left of the trace is judged."""
        self._judge(self._trace)
        self._trace.clear()
        self.simulation.record(None)


def _treat(us: int) -> Callable[[Played], None]:
    def play(played: Played) -> None:
        played.start()
        played.level(1000)
        played.go(_RUN, us)

    return play


def _ramp(permille: int) -> Callable[[Played], None]:
    def play(played: Played) -> None:
        played.start()
        played.level(permille)

    return play


def _idle(us: int) -> Callable[[Played], None]:
    return lambda played: played.go(_STOP, us)


def _waiting(us: int) -> Callable[[Played], None]:
    def play(played: Played) -> None:
        played.start()
        played.go(_RUN, us)

    return play


def _near_the_cap_of_charge(played: Played) -> None:
    """A second before the core ends the treatment: charge each way is the first cap that one direction meets."""
    config = configuration()
    due_fc = config.charge_cap_each_fc - config.charge_reserve_fc - _SECOND * plan().current_ua * 1000
    played.start()
    played.until(lambda read: max(read("guard.state.positive_fc"), read("guard.state.negative_fc")) >= due_fc)


def _near_the_cap_of_time(played: Played) -> None:
    """A second before the core ends a treatment whose current is so small that time is the first cap."""
    config = configuration()
    played.start()
    played.until(lambda read: read("guard.state.energised_us") >= config.time_cap_us - config.time_reserve_us - _SECOND)


def _saturated(us: int) -> Callable[[Played], None]:
    """The current is held back by the voltage that the output stage has, which is no fault."""

    def play(played: Played) -> None:
        played.start()
        played.until(lambda read: read("regulator.limited_by") == LimitedBy.VOLTAGE)
        played.go(_RUN, us)

    return play


def _reversing(permille: int) -> Callable[[Played], None]:
    def play(played: Played) -> None:
        _treat(30_000_000)(played)
        played.level(permille, sign=-1, falling=True)

    return play


def _dwelling(played: Played) -> None:
    _reversing(0)(played)
    played.go(_RUN, configuration().dwell_us // 2, -1)


def _reversed(permille: int) -> Callable[[Played], None]:
    def play(played: Played) -> None:
        _treat(30_000_000)(played)
        played.level(permille, sign=-1)

    return play


def _falling(permille: int) -> Callable[[Played], None]:
    def play(played: Played) -> None:
        _treat(30_000_000)(played)
        played.level(permille, _STOP, falling=True)

    return play


def _paused(played: Played) -> None:
    _falling(0)(played)
    played.go(_STOP, _REST_US)


def _tripped(us: int) -> Callable[[Played], None]:
    def play(played: Played) -> None:
        _treat(30_000_000)(played)
        played.simulation.inject(Fault.EMERGENCY_STOP)
        played.exchange(_RUN, 1)
        played.simulation.clear(Fault.EMERGENCY_STOP)
        played.go(_STOP, us)

    return play


_SHARE_AT_TIME_CAP: Final = 200
_RESISTIVE_BODY: Final = default_body()._replace(water_ohm=1500)
"""The voltage saturates before the target is reached, at 5 to 6 kohm in all, which is normal (``ionto_sim.h``)."""
_DEPTHS: Final[tuple[tuple[str, Phase, bool, Callable[[Played], None]], ...]] = (
    ("idle, just powered on", Phase.IDLE, False, _idle(100_000)),
    ("idle, ready to start", Phase.IDLE, False, _idle(_REST_US)),
    ("idle, paused in the midst of a session", Phase.IDLE, False, _paused),
    ("waiting for contact for 0.2 s", Phase.WAIT, False, _waiting(200_000)),
    ("waiting for contact for 10 s", Phase.WAIT, False, _waiting(10 * _SECOND)),
    ("ramp, at 5 % of the target", Phase.RAMP, False, _ramp(50)),
    ("ramp, half way", Phase.RAMP, False, _ramp(500)),
    ("ramp, at 95 % of the target", Phase.RAMP, False, _ramp(950)),
    ("ramp, half way after the reversal", Phase.RAMP, True, _reversed(500)),
    ("treat, just reached", Phase.TREAT, False, _treat(100_000)),
    ("treat, after 1 min", Phase.TREAT, False, _treat(60 * _SECOND)),
    ("treat, after 8 min", Phase.TREAT, False, _treat(480 * _SECOND)),
    ("treat, after the reversal", Phase.TREAT, True, _reversed(1000)),
    ("reverse, falling at 90 %", Phase.REVERSE, True, _reversing(900)),
    ("reverse, falling at 10 %", Phase.REVERSE, True, _reversing(100)),
    ("reverse, in the midst of the dwell", Phase.REVERSE, True, _dwelling),
    ("fall after a stop, at 90 %", Phase.FALL, False, _falling(900)),
    ("fall after a stop, at 10 %", Phase.FALL, False, _falling(100)),
    ("fault, just latched", Phase.FAULT, False, _tripped(50_000)),
    ("fault, for 5 s", Phase.FAULT, False, _tripped(5 * _SECOND)),
)


def _scenes() -> Iterator[Scene]:
    for sign in _SIGNS:
        for name, phase, is_reversed, play in _DEPTHS:
            yield Scene(name, phase, sign, is_reversed, play)
        near = ("treat, 1 s before the cap of charge is due", Phase.TREAT, sign, False, _near_the_cap_of_charge)
        yield Scene(*near, at_cap=True)
        small = ("treat at a fifth, 1 s before the cap of time is due", Phase.TREAT, sign, False, _near_the_cap_of_time)
        yield Scene(*small, permille=_SHARE_AT_TIME_CAP, at_cap=True)
        for seconds in (1, 30):
            name = f"treat, held back by a saturated voltage for {seconds} s"
            yield Scene(name, Phase.TREAT, sign, False, _saturated(seconds * _SECOND), body=_RESISTIVE_BODY)


SCENES: Final[tuple[Scene, ...]] = tuple(_scenes())


def quick_scenes() -> tuple[Scene, ...]:
    """One depth of every state, both ways."""
    first = {(scene.phase, scene.sign): scene for scene in reversed(SCENES)}
    return tuple(scene for scene in SCENES if first[scene.phase, scene.sign] is scene)


@lru_cache(maxsize=4)
def played(scene: Scene) -> Played:
    """The scene, ready for trials. RuntimeError when it is not what it says, or broke an invariant on the way."""
    stage = Played(scene)
    scene.play(stage)
    stage.finish()
    phase = Phase(stage.before.phase)
    if phase is not scene.phase or stage.broken:
        raise RuntimeError(f"{scene.title}: the core is in {phase.name}, broken are {sorted(stage.broken)}")
    return stage
