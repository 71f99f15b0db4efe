"""A session under way from the command line: paced, shown, steered by keys, and ended in order whatever happens.

A signal is a stop like the operator's: the current comes down by its ramp. Without an operator at a keyboard nobody can
end a wait for contact, so it ends by itself after a while. Needs the extra ``cli`` (rich).
"""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import FrameType, TracebackType
from typing import Final, Self, TypeAlias, final

from rich.console import Console

from iontocore.ccore import LimitedBy, trip_names
from iontocore.entries import Kind, Outcome
from iontocore.journal import Journal
from iontocore.keys import Key, KeyReader
from iontocore.live import LiveEvent, LiveState, LiveView
from iontocore.plans import Plan
from iontocore.safety.limits import Bound
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import Unit, in_words
from iontocore.session import Report, Session
from iontocore.table import State

LONGEST_WAIT_MS: Final = 300_000
"""How long a session without an operator waits for contact before it is stopped: assumption."""

_SLEEP_S: Final = 0.1
"""The longest sleep at once; a signal that comes in it is heeded when the exchange is due."""
_STEPS: Final = 20
_LEAST_STEP_UA: Final = 100
"""A press of + or - changes the intensity by a twentieth of the limit in force, and at least by this."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


@final
class Signals:
    """Signals that ask for a stop, as a context manager. What is ignored already stays so (``nohup``)."""

    def __init__(self) -> None:
        self._asked = ""
        self._before: list[tuple[signal.Signals, _Handler]] = []

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if before not in (signal.SIG_IGN, None):
                signal.signal(number, self._note)
                self._before.append((number, before))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._asked = signal.Signals(number).name

    def take(self) -> str:
        """The name of a signal that came since this was asked last; empty when none did."""
        asked, self._asked = self._asked, ""
        return asked


@final
class Treatment:
    """A session under way, with who watches and who steers it.

    stopped_because: why it was stopped, when no key was pressed for it. broken: the refusal that ended it, None in
    ordinary life: a journal that takes no more entries.
    """

    def __init__(
        self, session: Session, journal: Journal, signals: Signals, *, speed: float | None, console: Console | None
    ) -> None:
        """speed: session time over real time, None: as fast as it goes. console: where to show it, None: nowhere."""
        self._session, self._journal, self._signals = session, journal, signals
        self._speed, self._console = speed, console
        self._plan: Plan = session.plan
        self._bound: Bound = session.plan.bound
        self._events: tuple[LiveEvent, ...] = ()
        self._view: LiveView | None = None
        self._keys: KeyReader | None = None
        self._began_s = 0.0
        self._waiting_since_ms: int | None = None
        self.stopped_because = ""
        self.broken: Refusal | None = None

    def run(self) -> None:
        """From the start to the end; with a keyboard until a fault is acknowledged or left."""
        with ExitStack() as open_things:
            if self._console is not None and self._speed is not None:
                keys = open_things.enter_context(KeyReader())
                self._keys = keys if keys.active else None
            if self._console is not None:
                view = LiveView(self._plan.name, keys=self._keys is not None, console=self._console)
                self._view = open_things.enter_context(view)
            try:
                self._began_s = time.monotonic()
                self._session.start()
                for report in self._session:
                    self._step(report)
                if self._session.outcome is Outcome.FAULT and self._keys is not None:
                    self._after_a_fault(self._keys)
            except Refusal as refusal:
                self.broken = refusal

    def _step(self, report: Report) -> None:
        self._show(report)
        self._wait(report.session_ms)
        if self._session.outcome is None:  # what comes after the end is for those who wait there
            self._heed(report)

    # ---- who steers it -------------------------------------------------------------------------------------

    def _heed(self, report: Report) -> None:
        """What came in since the last exchange: a signal, too long a wait, keys."""
        name = self._signals.take()
        if name:
            self._stop(report, f"The program was told to end ({name}).")
        elif self._keys is None and self._waited_ms(report) > LONGEST_WAIT_MS:
            self._stop(report, f"Contact did not come for {in_words(LONGEST_WAIT_MS, Unit.MS)}.")
        elif self._keys is not None:
            for key in self._keys.poll():
                self._press(key, report)

    def _waited_ms(self, report: Report) -> int:
        """For how long the session has been waiting for contact without a break."""
        if report.state is not State.RAMP or not report.waiting:
            self._waiting_since_ms = None
            return 0
        if self._waiting_since_ms is None:
            self._waiting_since_ms = report.session_ms
        return report.session_ms - self._waiting_since_ms

    def _stop(self, report: Report, why: str) -> None:
        if self._session.outcome is not None:
            return
        self.stopped_because = why
        self._tell(report.session_ms, why)
        self._session.stop()
        self._journal.append(Kind.NOTE, report.session_ms, {"text": why})

    def _press(self, key: Key, report: Report) -> None:
        session, step_ua = self._session, max(self._bound.value // _STEPS, _LEAST_STEP_UA)
        match key:
            case Key.STOP:
                self._ask(session.stop, report)
            case Key.PAUSE_RESUME:
                self._ask(session.resume if session.state is State.IDLE else session.pause, report)
            case Key.MORE:
                self._ask(partial(session.adjust, report.current_ua + step_ua), report)
            case Key.LESS:
                self._ask(partial(session.adjust, report.current_ua - step_ua), report)
            case Key.ACKNOWLEDGE:
                self._ask(session.acknowledge, report)

    def _ask(self, act: Callable[[], None], report: Report) -> None:
        """Do what a key asks for; when that is refused, say so and go on."""
        outcome = self._session.outcome
        try:
            act()
        except Refusal as refusal:
            if self._session.outcome is not outcome:
                raise  # the journal could not take it, and that has ended the session
            self._tell(report.session_ms, str(refusal))

    def _after_a_fault(self, keys: KeyReader) -> None:
        """Nothing flows any more; go on showing it until the fault is acknowledged, or the operator leaves."""
        while self._session.state is State.FAULT:
            report = self._session.advance()
            self._show(report)
            self._wait(report.session_ms)
            pressed = keys.poll()
            if Key.STOP in pressed or self._signals.take():
                return
            if Key.ACKNOWLEDGE in pressed:
                self._ask(self._session.acknowledge, report)
        self._show(self._session.advance())

    def _wait(self, session_ms: int) -> None:
        """Let real time come up to the session's."""
        if self._speed is None:
            return
        due_s = self._began_s + session_ms / 1000 / self._speed
        while (left_s := due_s - time.monotonic()) > 0:
            time.sleep(min(left_s, _SLEEP_S))

    # ---- who watches it ------------------------------------------------------------------------------------

    def _tell(self, t_ms: int, sentence: str) -> None:
        self._events += (LiveEvent(t_ms, sentence),)

    def _show(self, report: Report) -> None:
        for row in report.transitions:
            self._tell(row.t_ms, row.why)
        if self._view is None or not (self._view.due() or self._session.outcome is not None):
            return
        telemetry = report.telemetry
        self._view.update(
            LiveState(
                state=report.state,
                current_ua=round(telemetry.measured_na / 1000),
                target_ua=round(telemetry.target_na / 1000),
                limit_ua=self._bound.value,
                limit_binding=self._bound.binding,
                voltage_mv=telemetry.voltage_mv,
                charge_positive_nc=report.charge_positive_nc,
                charge_negative_nc=report.charge_negative_nc,
                goal_nc=self._plan.dose_nc or 0,
                share=self._session.share,
                elapsed_ms=report.session_ms,
                remaining_ms=self._session.remaining_ms,
                limited_by=LimitedBy(telemetry.limited_by).name.lower(),
                contact=telemetry.contact == 1,
                trips=trip_names(telemetry.trips),
                events=self._events,
            )
        )
