"""The bench on which the output is measured: resistors of a known value, plans, and sessions that are really played.

Every session goes the way of a treatment: gate, plan, session, journal and C core, a tick at a time, on the simulated
electronics, with every invariant judging every tick. What flows is taken from the simulation, and not from what the
core believes.

The load is a resistor: the simulated body with next to no skin, see :func:`resistor`. The one trial that needs hands in
trays says so.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iontocore.body import Body, BodyEvent
from iontocore.ccore import SimulatedBody, SimulatedElectronics, default_body
from iontocore.entries import Outcome
from iontocore.journal import Journal
from iontocore.plans import Plan, preset
from iontocore.recording import Column, Recording
from iontocore.safety.monitor import Tally
from iontocore.safety.words import Unit, in_words
from iontocore.session import Session
from iontocore.simulated import SimulatedPort
from iontocore.table import Event

SEED: Final = 1
"""Of the noise of the sensors and the jitter of the timer."""

SETTINGS_UA: Final = (1_000, 4_000, 20_000)
"""What the current is set to, one after the other, on every load; the last is the most that any plan may ask for."""

LOADS_OHM: Final = (500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000)
"""500 ohm, 2 kohm and 10 kohm are those of the table that submissions for stimulators show."""

_SETTLED_MS: Final = 1_500
"""How long before the next setting the output is looked at: it has long arrived by then."""
_SWEEP_MS: Final = (5_000, 10_000, 20_500)
"""When the next setting comes, and the stop: 2 s at rest come first, and the largest step takes 8 s at 2 mA/s."""

_KEPT: Final = (
    "time_us",
    "energised_us",
    "measured_positive_fc",
    "measured_negative_fc",
    "target_na",
    "drive_na",
    "measured_na",
    "voltage_mv",
    "true_na",
    "true_voltage_mv",
    "trips",
    "command",
    "switch_closed",
    "phase",
    "limited_by",
    "emergency_stop",
    "true_contact",
)
_AFTER: Final = 20  # exchanges after the end, 1 s, so that it is seen that all stays at zero
_LONGEST_EXCHANGES: Final = 60_000
_MEMORY: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where the journals lie meanwhile: nobody keeps them, and a disk that confirms each entry takes most of the time."""
_NOON: Final = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

_LEAST_OHM: Final = 11
_SKIN_OHM: Final = 1
"""Of both sides together: 1000 ohm cm2 on 2000 cm2 each."""

Act = Callable[[Session], None]
Reals = NDArray[np.float64]


def resistor(ohm: int) -> SimulatedBody:
    """A body that is a resistor of so many ohm, to the ohm: ValueError below 11.

    The skin is 0.5 ohm on each side, whatever the voltage, the soaking and the time, with 20 nF in parallel, which is a
    time constant of 10 ns; there is no water; the rest is the inner body's resistance.
    """
    if ohm < _LEAST_OHM:
        raise ValueError(f"the smallest resistor is one of {_LEAST_OHM} ohm, not of {ohm}")
    return default_body()._replace(
        area_a_mm2=200_000,
        area_b_mm2=200_000,
        dry_ohm_cm2=1_000,
        wet_ohm_cm2=1_000,
        capacitance_pf_cm2=10,
        voltage_gain_permille=0,
        water_ohm=0,
        internal_ohm=ohm - _SKIN_OHM,
    )


class Cue(NamedTuple):
    """What the operator does, and when: ms of the session."""

    at_ms: int
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A session to be played. name: in kebab-case. load: what is connected, in words. cues: in order of time."""

    name: str
    load: str
    plan: Plan
    body: Body
    cues: tuple[Cue, ...] = ()

    @property
    def says(self) -> str:
        """Load, plan and device, as the condition of a figure."""
        plan = self.plan
        current = in_words(plan.current_ua, Unit.UA)
        up, down = in_words(plan.rise_ua_per_s, Unit.UA_PER_S), in_words(plan.fall_ua_per_s, Unit.UA_PER_S)
        return f"{self.load}; plan {plan.name}, {current}, up by {up}, down by {down}; device {plan.device.name}"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a trial. columns: every tick of it. transitions: what the state table did, as (ms, event).

    positive_fc, negative_fc: the charge that really flowed, as the simulation integrated it. tallies: what the
    invariants said of every tick. opened_us: when the session was opened, in the time of the simulation.
    """

    trial: Trial
    opened_us: int
    columns: Mapping[str, Column]
    transitions: tuple[tuple[int, Event], ...]
    outcome: Outcome
    positive_fc: float
    negative_fc: float
    tallies: tuple[Tally, ...]

    @property
    def seconds(self) -> Reals:
        """Time of each tick in the session, in s; the first exchange, which opens it, is before its zero."""
        return np.asarray(self.columns["time_us"] - self.opened_us, dtype=np.float64) / 1e6

    def when(self, event: Event) -> float:
        """When the state table took an event first, in s. ValueError when it never did."""
        for at_ms, taken in self.transitions:
            if taken is event:
                return at_ms / 1000
        raise ValueError(f"{self.trial.name}: there was no {event.value}")

    def of_body(self, at_ms: int) -> float:
        """When something happened to the body at this time of the simulation, in s of the session."""
        return (at_ms * 1000 - self.opened_us) / 1e6

    def between(self, begin_s: float, end_s: float) -> slice:
        """The rows from ``begin_s`` to before ``end_s``."""
        first, last = np.searchsorted(self.seconds, (begin_s, end_s))
        return slice(int(first), int(last))

    def row_at(self, at_ms: int) -> int:
        """The first row of which an event of the body at this time of the simulation can be seen: that of the period
        which begins with it."""
        return int(np.searchsorted(self.columns["time_us"], at_ms * 1000, side="right"))

    def off_after_us(self, begun: int) -> int:
        """From the beginning of the period of the row ``begun`` to the step that opens the switch. ValueError when none
        does."""
        time_us, closed = self.columns["time_us"], self.columns["switch_closed"]
        off = begun + int(np.argmin(closed[begun:] != 0))
        if closed[off]:
            raise ValueError(f"{self.trial.name}: the output was never off again")
        return int(time_us[off] - time_us[begun]) + self.trial.plan.device.tick_us

    def charge_nc(self, begun: int) -> int:
        """Charge of both directions that flowed from the period of the row ``begun`` on."""
        sum_na = int(np.abs(self.columns["true_na"][begun:].astype(np.int64)).sum())
        return sum_na * self.trial.plan.device.tick_us // 1_000_000


class Sessions(NamedTuple):
    """Every session that figures and pictures are taken from."""

    sweep: tuple[Played, ...]
    """One for each of LOADS_OHM, with the settings of SETTINGS_UA one after the other."""
    palms: Played
    drug: Played
    stop: Played
    emergency: Played
    lost: Played
    nearly_lost: Played
    never_there: Played
    open_circuit: Played
    opened: Played
    overload: Played
    short: Played

    @property
    def all(self) -> tuple[Played, ...]:
        """One after the other."""
        return (*self.sweep, *self[1:])


TRIALS: Final = len(LOADS_OHM) + len(Sessions._fields) - 1
"""How many sessions are played."""


def settled(index: int) -> tuple[float, float]:
    """From when to when, in s, the output of a sweep is looked at for the setting with this index."""
    end_ms = _SWEEP_MS[index]
    return (end_ms - _SETTLED_MS) / 1000, end_ms / 1000


def trials(electronics: SimulatedElectronics) -> tuple[tuple[Trial, ...], tuple[Trial, ...]]:
    """The sweep, and the others in the order of :class:`Sessions`."""
    palms = preset("palms")
    most = replace(palms, current_ua=SETTINGS_UA[-1], rise_ua_per_s=2_000)
    quick = replace(palms, current_ua=SETTINGS_UA[0], rise_ua_per_s=2_000, fall_ua_per_s=5_000, session_ms=60_000)

    def on(ohm: int, *events: BodyEvent) -> Body:
        return Body(skin=resistor(ohm), electronics=electronics, events=events)

    def trial(name: str, load: str, plan: Plan, body: Body, *cues: Cue) -> Trial:
        return Trial(name=name, load=load, plan=plan, body=body, cues=cues)

    sweep = tuple(
        trial(
            f"load-{ohm}",
            in_ohm(ohm),
            quick,
            on(ohm),
            Cue(_SWEEP_MS[0], lambda session: session.adjust(SETTINGS_UA[1])),
            Cue(_SWEEP_MS[1], lambda session: session.adjust(SETTINGS_UA[2])),
            Cue(_SWEEP_MS[2], Session.stop),
        )
        for ohm in LOADS_OHM
    )
    away = BodyEvent(40_000, "lift", for_ms=5_000)
    no_hands = replace(on(2_000), skin=resistor(2_000)._replace(contact=0))
    stuck = ("contact-stuck", 1)
    others = (
        trial("palms", in_ohm(2_000), palms, on(2_000)),
        trial("drug", in_ohm(10_000), preset("dexamethasone"), on(10_000)),
        trial("stop", in_ohm(2_000), most, on(2_000), Cue(15_000, Session.stop)),
        trial("emergency", f"{in_ohm(2_000)}, the emergency stop is pressed", most,
              on(2_000, BodyEvent(15_000, "emergency-stop"))),
        trial("lost", f"{in_ohm(2_000)}, disconnected for 5 s", palms, on(2_000, away), Cue(90_000, Session.stop)),
        trial("nearly-lost", "hands in trays, 95 % of one hand lifted for 6 s", replace(palms, rise_ua_per_s=2_000),
              Body(electronics=electronics, events=(BodyEvent(20_000, "lift", 50, 6_000),)),
              Cue(32_000, Session.stop)),
        trial("never-there", "open from the start", most, no_hands, Cue(10_000, Session.stop)),
        trial("open-circuit", "open from the start, and the contact input reads contact all the time", most,
              replace(no_hands, events=(BodyEvent(0, *stuck),))),
        trial("opened", f"{in_ohm(2_000)}, then open, and the contact input reads contact all the time", most,
              on(2_000, BodyEvent(15_000, *stuck), BodyEvent(15_000, "lift"))),
        trial("overload", f"{in_ohm(500)}, the output stage runs away to 40 mA, all that its converter can give", most,
              on(500, BodyEvent(15_000, "dac-runaway", 40_000_000))),
        trial("short", f"{in_ohm(2_000)}, then the electrodes touch (50 ohm)", most,
              on(2_000, BodyEvent(15_000, "short", 50))),
    )  # fmt: skip
    return sweep, others


def in_ohm(ohm: int) -> str:
    """A resistor by its value."""
    return f"a resistor of {ohm / 1000:g} kohm" if ohm >= 1_000 else f"a resistor of {ohm} ohm"


def play_all(electronics: SimulatedElectronics, advance: Callable[[str], None] = lambda _: None) -> Sessions:
    """Play every session. advance: told the name of each that is done, TRIALS of them."""

    def done(trial: Trial) -> Played:
        played = play(trial)
        advance(trial.name)
        return played

    sweep, others = trials(electronics)
    return Sessions(tuple(done(trial) for trial in sweep), *(done(trial) for trial in others))


def play(trial: Trial) -> Played:
    """Play a session from its start to 1 s after its end. Refusal when the session, or what a cue does, is refused."""
    with (
        tempfile.TemporaryDirectory(prefix="iontocore-", dir=_MEMORY) as folder,
        Journal.create_or_open(Path(folder, "session.journal"), _wall_time) as journal,
    ):
        port = SimulatedPort(trial.body, seed=SEED)
        recording = Recording(port, journal, trial.plan, keep=True)
        session = Session(trial.plan, recording, journal, _wall_time)
        session.start()
        cues = list(trial.cues)
        for report, _ in zip(session, range(_LONGEST_EXCHANGES), strict=False):
            if cues and report.session_ms >= cues[0].at_ms and session.outcome is None:
                cues.pop(0).act(session)
        if session.outcome is None or cues:
            raise RuntimeError(f"the session {trial.name} did not come to its end as it was meant to")
        recording.completed = session.outcome is Outcome.COMPLETED
        for _ in range(_AFTER):
            session.advance()
        tallies, columns = recording.tallies(), recording.columns()
    truth = port.simulation.truth()
    return Played(
        trial,
        recording.first_us,
        {name: columns[name] for name in _KEPT},
        tuple((row.t_ms, row.event) for row in session.transitions),
        session.outcome,
        truth.positive_fc,
        truth.negative_fc,
        tallies,
    )


def _wall_time() -> datetime:
    return _NOON
