"""The live view of a session on a terminal: state, current, voltage, charge, time left, and what happened last.

It is told the state of affairs as often as the session likes and draws at most ten times a second of the clock that it
is given, so a session at full speed loses nothing to it. Where the output is no terminal it prints plain lines instead:
one for every tenth of the session, and one for every event. Colour never carries a meaning alone, and NO_COLOR is
honoured; a terminal that knows no Unicode gets ASCII.

Needs the extra ``cli`` (rich).
"""

import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, final

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from iontocore.safety.words import NC_PER_MA_MIN, printable
from iontocore.table import State
from iontocore.wording import minutes

_PERIOD_S: Final = 0.1
_EVENTS_MOST: Final = 12
_ROWS_BESIDE_EVENTS: Final = 16
_WIDTH_MOST: Final = 120
_LABEL, _VALUE = 12, 12  # columns of a label, and of a value that a bar follows
_FLOWING_UA: Final = 50  # below this the view does not speak of a direction: noise of the sensor at zero
_TELLING_UA: Final = 500  # below this voltage and current tell nothing about the resistance


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something that happened: milliseconds since the session was opened, and one sentence."""

    t_ms: int
    sentence: str


@dataclass(frozen=True, slots=True)
class LiveState:
    """What the view shows. Current in microampere and voltage in millivolt, signed; charge in nanocoulomb, magnitudes.

    limit_ua, limit_binding: the limit in force, above 0, and which it is. share: what is done of the session, 0 to 1.
    goal_nc: charge that the plan asks for in both directions together; 0 when it asks for a time and not for a charge.
    elapsed_ms: since the session was opened. remaining_ms: energised time that is left. limited_by: what keeps the
    current from its target, "nothing" when it is there. trips: names of those latched. events: newest last.
    """

    state: State
    current_ua: int
    target_ua: int
    limit_ua: int
    limit_binding: str
    voltage_mv: int
    charge_positive_nc: int
    charge_negative_nc: int
    goal_nc: int
    share: float
    elapsed_ms: int
    remaining_ms: int
    limited_by: str
    contact: bool
    trips: tuple[str, ...]
    events: tuple[LiveEvent, ...]


@dataclass(frozen=True, slots=True)
class _Signs:
    """The characters that the view is drawn with."""

    states: dict[State, str]
    full: str
    left_half: str
    right_half: str
    empty: str
    zero: str
    unit: str
    dot: str
    minus: str
    more: str
    alarm: str


_UNICODE: Final = _Signs(
    states={
        State.IDLE: "○",
        State.RAMP: "↗",
        State.TREAT: "●",
        State.REVERSE: "⇄",
        State.RAMP_DOWN: "↘",
        State.FAULT: "✖",
    },
    full="█",
    left_half="▌",
    right_half="▐",
    empty="░",
    zero="│",
    unit="mA·min",
    dot="·",
    minus="\N{MINUS SIGN}",
    more="…",
    alarm="▲",
)
_ASCII: Final = _Signs(
    states={
        State.IDLE: "o",
        State.RAMP: "/",
        State.TREAT: "*",
        State.REVERSE: "~",
        State.RAMP_DOWN: "\\",
        State.FAULT: "X",
    },
    full="#",
    left_half="#",
    right_half="#",
    empty="-",
    zero="|",
    unit="mA min",
    dot=",",
    minus="-",
    more="...",
    alarm="!",
)
_STYLES: Final = {
    State.IDLE: "dim",
    State.RAMP: "cyan",
    State.TREAT: "green",
    State.REVERSE: "magenta",
    State.RAMP_DOWN: "blue",
    State.FAULT: "bold white on red",
}


@final
class LiveView:
    """The view as a context manager: it draws between entering and leaving, and leaves its last frame on the screen."""

    def __init__(
        self,
        title: str,
        *,
        keys: bool = False,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``title`` names the session; ``keys`` tells whether the keyboard is listened to, and so is to be explained.

        ``console`` is where to draw, by default standard output. ``clock`` is wall time in seconds, whatever the pace
        of the session.
        """
        self._console = console or Console()
        self._clock = clock
        self._keys = keys
        self._unicode = self._console.encoding.lower().startswith("utf")
        self._signs = _UNICODE if self._unicode else _ASCII
        self._title = self._legible(title)
        self._draws = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")
        self._state: LiveState | None = None
        self._drawn_at_s = float("-inf")
        self._said = ""
        self._tenth = -1
        self._events: tuple[LiveEvent, ...] = ()

    def __enter__(self) -> Self:
        if self._draws:
            self._live.start()
        else:
            self._print(self._title)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._state is not None and self._draws:
                self._live.update(self._frame(self._state))
            elif self._state is not None:
                self._say(self._state)
        finally:
            self._live.stop()  # draws once more

    def due(self) -> bool:
        """Whether ``update`` would do something now; saves who asks the making of a state that would not be looked at.

        Without a terminal it always would, for then no event and no tenth of the session may be missed.
        """
        return not self._draws or self._clock() - self._drawn_at_s >= _PERIOD_S

    def update(self, state: LiveState) -> None:
        """Show this state, now or, when that was less than 0.1 s ago, not before the next one or the end."""
        self._state = state
        if not self._draws:
            self._tell(state)
        elif self.due():
            self._drawn_at_s = self._clock()
            self._live.update(self._frame(state), refresh=True)

    # ---- on a terminal -------------------------------------------------------------------------------------

    def _frame(self, state: LiveState) -> Panel:
        width, height = min(self._console.width, _WIDTH_MOST), self._console.height
        inside = width - 4
        signs = self._signs
        room = max(1, min(_EVENTS_MOST, height - _ROWS_BESIDE_EVENTS))
        events = [line for event in state.events[-room:] for line in self._event(event, inside)][-room:]
        positive, negative, goal = self._charge(state)
        limit = f"limit {state.limit_ua / 1e3:.2f} mA from {state.limit_binding}"
        rows = [
            self._heading(state, inside),
            self._notice(state),
            self._current(state, inside),
            self._row("", f"target {self._ma(state.target_ua)} {signs.dot} {limit}"),
            self._row("limited by", state.limited_by),
            self._row("voltage", f"{self._signed(state.voltage_mv / 1e3, 1)} V{self._resistance(state)}"),
            self._row("charge", f"positive {positive} {signs.dot} negative {negative} {goal}{signs.unit}"),
            Text(),
            self._progress(state, inside),
            self._row(
                "time", f"{minutes(state.elapsed_ms)} gone {signs.dot} {minutes(state.remaining_ms)} left to treat"
            ),
            Text(),
            *events,
            *(Text() for _ in range(room - len(events))),
        ]
        for row in rows:
            row.no_wrap, row.overflow = True, "ellipsis" if self._unicode else "crop"
        faulty = state.state is State.FAULT
        return Panel(
            Group(*rows),
            title=Text(self._title, style="bold", overflow="ellipsis"),
            title_align="left",
            subtitle=self._help(state) if self._keys else None,
            subtitle_align="left",
            border_style="red" if faulty else "dim",
            width=width,
        )

    def _heading(self, state: LiveState, inside: int) -> Text:
        left = Text.assemble(
            (f" {self._signs.states[state.state]} {state.state.value.upper()} ", f"bold {_STYLES[state.state]}")
        )
        if abs(state.current_ua) >= _FLOWING_UA:
            left.append(f"  {'positive' if state.current_ua > 0 else 'negative'} direction")
        right = Text("contact", style="green") if state.contact else Text("NO CONTACT", style="bold yellow")
        left.pad_right(max(1, inside - left.cell_len - right.cell_len))
        return left.append_text(right)

    def _notice(self, state: LiveState) -> Text:
        if state.trips:
            return Text(f" {self._signs.alarm} TRIP {', '.join(state.trips)} ", style="bold white on red")
        if state.state is State.RAMP and not state.contact:
            return Text(f" {self._signs.alarm} waiting for contact", style="bold yellow")
        return Text()

    def _row(self, label: str, text: str) -> Text:
        return Text.assemble((f" {label:<{_LABEL}}", "dim"), self._legible(text))

    def _figure(self, label: str, value: str) -> Text:
        """A label and a value that a bar follows."""
        return Text.assemble((f" {label:<{_LABEL}}", "dim"), (f"{value:<{_VALUE}}", "bold"))

    def _current(self, state: LiveState, inside: int) -> Text:
        """The current as a bar from zero in the middle, towards the limit on the side of its direction."""
        row, half = self._figure("current", self._ma(state.current_ua)), _half(inside)
        halves = min(2 * half, round(2 * half * abs(state.current_ua) / state.limit_ua))
        signs, bar = self._signs, halves // 2
        if state.current_ua < 0:
            filled = signs.right_half * (halves % 2) + signs.full * bar
            return (
                row.append(signs.empty * (half - len(filled)), "dim")
                .append(filled, "dark_orange")
                .append(signs.zero + signs.empty * half, "dim")
            )
        filled = signs.full * bar + signs.left_half * (halves % 2)
        return (
            row.append(signs.empty * half + signs.zero, "dim")
            .append(filled, "dodger_blue1")
            .append(signs.empty * (half - len(filled)), "dim")
        )

    def _progress(self, state: LiveState, inside: int) -> Text:
        cells = 2 * _half(inside) + 1
        done = min(cells, int(cells * state.share))
        row = self._figure("session", f"{_percent(state):>3} %")
        return row.append(self._signs.full * done, "green").append(self._signs.empty * (cells - done), "dim")

    def _event(self, event: LiveEvent, inside: int) -> list[Text]:
        """An event on as many lines as it needs: what is allowed stands at the end of a refusal."""
        time = f" {minutes(event.t_ms):>6}  "
        first, *more = textwrap.wrap(self._legible(event.sentence), max(inside - len(time), 20)) or [""]
        return [Text.assemble((time, "dim"), first), *(Text(" " * len(time) + line) for line in more)]

    def _help(self, state: LiveState) -> Text:
        dot = f" {self._signs.dot} "
        if state.state is State.FAULT:
            return Text(dot.join(("a acknowledge", "s stop")))
        space = "space resume" if state.state is State.IDLE else "space pause"
        return Text(dot.join((space, f"+ {self._signs.minus} intensity", "s stop")))

    # ---- in plain lines ------------------------------------------------------------------------------------

    def _tell(self, state: LiveState) -> None:
        if state.events != self._events:
            for event in state.events:
                if event not in self._events:
                    self._print(f"{minutes(event.t_ms):>13}  {event.sentence}")
            self._events = state.events
        if _percent(state) // 10 > self._tenth:
            self._tenth = _percent(state) // 10
            self._say(state)

    def _say(self, state: LiveState) -> None:
        """A line about the state, once."""
        positive, negative, goal = self._charge(state)
        line = (
            f"{_percent(state):>3} %  {minutes(state.elapsed_ms):>6}  {state.state.value:<9}  "
            f"{self._ma(state.current_ua):>9}  {self._signed(state.voltage_mv / 1e3, 1):>5} V  "
            f"+{positive} {self._signs.minus}{negative} {goal}{self._signs.unit}  {minutes(state.remaining_ms)} left"
        )
        if state.trips:
            line += f"  TRIP {', '.join(state.trips)}"
        if line != self._said:
            self._said = line
            self._print(line)

    def _print(self, line: str) -> None:
        self._console.print(Text(self._legible(line)), soft_wrap=True, highlight=False)

    # ---- words ---------------------------------------------------------------------------------------------

    def _legible(self, text: str) -> str:
        """The text as this terminal can show it."""
        clean = printable(text)
        return (
            clean if self._unicode else clean.encode(self._console.encoding, "replace").decode(self._console.encoding)
        )

    def _signed(self, value: float, places: int) -> str:
        shown = f"{value:+.{places}f}"
        if float(shown) == 0:
            return shown[1:]
        return shown.replace("-", self._signs.minus)

    def _ma(self, current_ua: int) -> str:
        return f"{self._signed(current_ua / 1e3, 2)} mA"

    def _resistance(self, state: LiveState) -> str:
        if abs(state.current_ua) < _TELLING_UA:
            return ""
        return f" {self._signs.dot} {state.voltage_mv / state.current_ua:.1f} kohm"

    def _charge(self, state: LiveState) -> tuple[str, str, str]:
        """Charge in either direction and, where there is a goal, "of" the goal, in mA min without the unit."""
        goal = f"of {state.goal_nc / NC_PER_MA_MIN:.1f} " if state.goal_nc > 0 else ""
        given = (state.charge_positive_nc, state.charge_negative_nc)
        positive, negative = (f"{charge_nc / NC_PER_MA_MIN:.1f}" for charge_nc in given)
        return positive, negative, goal


def _half(inside: int) -> int:
    """Columns of a bar to either side of its middle."""
    return max(1, (inside - _LABEL - _VALUE - 3) // 2)


def _percent(state: LiveState) -> int:
    """What is done of the session, rounded down: 100 is all of it."""
    return int(100 * state.share + 1e-6)
