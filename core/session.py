"""A session: one plan, treated once. It sequences; the core regulates and guards.

A session is driven by its own exchanges with a port: ``advance`` puts the request of the moment in force, takes in what
the core tells, derives the facts from it and moves the state table by them. It has no thread, no timer and no clock:
time is the core's. Whatever is done is in the journal before it is done (SI-25): every transition, every trip and every
change of what is asked of the core.

    session = Session(plan, port, journal, clock)
    session.start()
    for report in session:
        print(report.state.value, report.telemetry.measured_na)
    print(session.outcome)

A session that breaks off in whatever way leaves the core without a heartbeat, and the core brings the current down
alone."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, NamedTuple, final

from iontocore.ccore import Command, LimitedBy, Phase, Request, Telemetry, Trip, trip_names
from iontocore.config import RESERVE_MARGIN_MS, core_config, session_settings
from iontocore.entries import Data, Kind, Outcome
from iontocore.history import PastSession, carried, last_session, was_admitted
from iontocore.journal import Journal
from iontocore.machine import Machine, refusal
from iontocore.plans import Plan, Polarity, to_toml
from iontocore.ports import LinkLost, Port
from iontocore.progress import Progress
from iontocore.safety.contraindications import admit
from iontocore.safety.limits import (
    LOST_CONTACT_COUNT,
    LOST_CONTACT_WINDOW,
    RECONNECT_WAIT,
    fall_charge_nc,
    fall_time_ms,
)
from iontocore.safety.monitor import Breach, Monitor
from iontocore.safety.refusal import Refusal
from iontocore.safety.samples import at_completion, power_on, sample_of_report
from iontocore.safety.words import Unit, in_words
from iontocore.table import ENERGISED, RUNNING, Event, Refused, State

EXCHANGE_US: Final = 50_000
"""Time between two exchanges with the core: 20 Hz."""

_OPEN: Final = 1 << (Trip.OPEN - 1)
_ACKNOWLEDGE_EXCHANGES: Final = 40
"""How many exchanges an operator's acknowledge is tried for before it is refused: 2 s."""
_BY_THE_CORE: Final = frozenset({LimitedBy.HEARTBEAT, LimitedBy.TIME, LimitedBy.CHARGE})
_WRAP: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table that was taken. t_ms: time of the session; why: the row's reason, or the particular one."""

    t_ms: int
    event: Event
    before: State
    after: State
    why: str


class Report(NamedTuple):
    """What one exchange came to.

    state: after it. telemetry: as the core told it. session_ms: time since the session was opened. treated_ms:
    energised time. current_ua: magnitude that is treated with. waiting: no current flows, because contact is not there
    (yet). charge_positive_nc, charge_negative_nc: measured so far. transitions: taken since the last report.
    """

    state: State
    telemetry: Telemetry
    session_ms: int
    treated_ms: int
    current_ua: int
    waiting: bool
    charge_positive_nc: int
    charge_negative_nc: int
    transitions: tuple[Transition, ...]


@final
class Session:
    """One session. Opening it asks the gate, configures the core with the output off, and opens the journal's account
    of it."""

    def __init__(
        self, plan: Plan, port: Port, journal: Journal, clock: Callable[[], datetime], *, answered_by: str = ""
    ) -> None:
        """Open a session; no current flows before ``start``.

        clock: wall time, aware; for the gate. answered_by: who answered the plan's questions; empty: the patient.
        Raises Refusal when the gate does not admit the patient, when something older waits to be acknowledged, and when
        the core refuses the configuration, LinkLost when the core does not answer; then nothing was written.
        """
        self._plan, self._port, self._journal = plan, port, journal
        entries = journal.entries()
        _check_nothing_waits(carried(entries).sessions, carried(entries).trips)
        past = last_session(entries, plan.patient.id)
        self._admission = admit(
            patient=plan.patient.id,
            age_years=plan.patient.age_years,
            doctor_agrees=plan.patient.doctor_agrees,
            answers=plan.patient.contraindications,
            answers_from=plan.patient.answers_from,
            answered_by=answered_by or plan.patient.id,
            asked_at=clock(),
            previous_start=None if past is None or past.treated_ms == 0 else past.opened,
            mode=plan.mode,
            plan_interval_ms=plan.shortest_interval_ms,
        )
        self._clock = clock
        alternates = plan.polarity is Polarity.ALTERNATE and past is not None
        self._first_sign = -past.polarity if past is not None and alternates else plan.first_sign
        self._bound = plan.bound

        self._machine = Machine()
        self._progress = Progress(plan, self._first_sign)
        self._sample = power_on()
        self._heartbeat = 0
        self._request = Request(target_na=0, command=Command.STOP, acknowledge=0, heartbeat=0)
        self._journaled = (0, int(Command.STOP), 0)
        self._trips = self._known = 0
        self._losses_ms: deque[int] = deque()
        self._in_contact_us = self._unheard_us = 0
        self._started = self._paused = self._finished = False
        self._contact_lost = self._acknowledging = False
        self._outcome: Outcome | None = None
        self._first_trip = Trip.NONE
        self._peak_na = self._treated_us = 0
        self._abandoned = False
        self._limited_us: Counter[int] = Counter()
        self._transitions: list[Transition] = []
        self._told = 0

        port.configure(core_config(plan), carried_trips=0)
        # A first look, at rest: the core starts on nothing but a RUN that follows a STOP.
        self._telemetry = port.exchange(self._request, EXCHANGE_US)
        self._began_us = self._telemetry.time_us
        self._armed = _is_at_rest(self._telemetry)
        self._write(
            Kind.SESSION_OPENED,
            {
                "patient": plan.patient.id,
                "polarity": self._first_sign,
                "plan": {"name": plan.name, "toml": to_toml(plan)},
                "device": asdict(plan.device),
                "limit": {
                    "value_ua": self._bound.value,
                    "binding": self._bound.binding,
                    "source": self._bound.source,
                },
                "screening": {
                    "answered_by": self._admission.answered_by,
                    "answers": {answer.id: answer.yes for answer in self._admission.answers},
                },
            },
        )
        # Whether the gate let the patient in is judged by what it wrote, and not by its word (SI-24).
        self._settings = session_settings(plan, admitted=was_admitted(journal.entries()))
        self._monitor = Monitor(self._settings)
        self._look(self._request, self._telemetry)
        self._derive(self._telemetry)
        self._settle()

    # ---- what is known -------------------------------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """What is treated by."""
        return self._plan

    @property
    def state(self) -> State:
        """The state now."""
        return self._machine.state

    @property
    def outcome(self) -> Outcome | None:
        """How the session has ended; None while it has not."""
        return self._outcome

    @property
    def trip(self) -> Trip:
        """The first trip of the session, or the first that was found after its end; NONE when there was none. Lost
        contact that came back is none."""
        return self._first_trip

    @property
    def first_sign(self) -> int:
        """The direction that the session begins with, +1 or -1."""
        return self._first_sign

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """Every row of the table that was taken, in order."""
        return tuple(self._transitions)

    @property
    def peak_ua(self) -> int:
        """The largest magnitude measured so far, in µA, rounded up."""
        return -(-self._peak_na // 1000)

    @property
    def limited_ms(self) -> dict[LimitedBy, int]:
        """How long each cause has kept the current from its target while the session ran, in ms."""
        return {LimitedBy(cause): time_us // 1000 for cause, time_us in sorted(self._limited_us.items())}

    @property
    def treated_ms(self) -> int:
        """Energised time so far, in ms."""
        return self._treated_us // 1000

    @property
    def charge_nc(self) -> tuple[int, int]:
        """Charge measured so far in the positive and in the negative direction, in nC."""
        return self._progress.charge_nc

    @property
    def remaining_ms(self) -> int:
        """What is left of the session in ms of energised time, ramps included; an estimate, as if nothing happened."""
        current_ua = abs(self._telemetry.drive_na) // 1000
        if self._outcome is not None:
            return 0
        if self.state is State.RAMP_DOWN:
            return fall_time_ms(current_ua, self._plan.fall_ua_per_s)
        if self.state is State.REVERSE:
            return fall_time_ms(current_ua, self._plan.fall_ua_per_s) + self._progress.remaining_ms(0)
        return self._progress.remaining_ms(current_ua * 1000)

    @property
    def share(self) -> float:
        """How much of the session is done, from 0 to 1; an estimate, for a progress bar."""
        return self._progress.share

    @property
    def monitor(self) -> Monitor:
        """What the invariants said to every report so far."""
        return self._monitor

    # ---- the operator's acts -------------------------------------------------------------------------------

    def start(self) -> None:
        """Start: the current rises once contact is there. Refusal when the session has been started before."""
        if self._started or self._outcome is not None:
            do = "resume it" if self._paused else "open another session"
            raise Refusal("start", "a session that was started before", "one start a session", "the session", do)
        self._admission.check_in_time(self._clock())
        self._fire(Event.START)
        self._started = True

    def pause(self) -> None:
        """Ramp down, and keep the rest of the session for ``resume``. Refusal when nothing runs."""
        self._fire(Event.PAUSE)
        self._paused = True

    def resume(self) -> None:
        """Go on with a paused session, from zero. Refusal when it is not paused, or not yet at zero."""
        if self.state is State.IDLE and not self._paused:
            do = "start it" if not self._started else "open another session"
            raise Refusal("resume", "a session that is not paused", "a paused session", "the session", do)
        self._fire(Event.RESUME)
        self._paused = False

    def stop(self) -> None:
        """End the session: ramp down from wherever it is. Never refused."""
        self._fire(Event.STOP)
        self._paused = False
        self._settle()

    def adjust(self, current_ua: int) -> None:
        """Treat with another current from now on; the dose of a drug is kept, tap water keeps its time.

        current_ua: magnitude. Refusal, naming the limit that binds, when it is above the limit in force, when it is too
        small to be told from zero, and when nothing runs that could be adjusted.
        """
        if type(current_ua) is not int:
            raise Refusal("current_ua", repr(current_ua), "a whole number of µA", "the session")
        self._bound.check("current_ua", current_ua)
        zero_na = self._plan.device.leakage_na
        if current_ua * 1000 <= zero_na:
            least = in_words(zero_na // 1000, Unit.UA)
            says_who = f"the profile of device {self._plan.device.name}, which takes less for zero"
            do = "stop or pause to have no current"
            raise Refusal("current_ua", in_words(current_ua, Unit.UA), f"more than {least}", says_who, do)
        was = in_words(self._progress.current_ua, Unit.UA)
        self._fire(Event.ADJUSTED, f"The operator adjusted the current from {was} to {in_words(current_ua, Unit.UA)}.")
        self._progress.adjust(current_ua, abs(self._telemetry.drive_na))

    def acknowledge(self) -> None:
        """Acknowledge a fault: every trip whose cause has gone, once nothing flows. The session stays ended.

        Exchanges with the core for up to 2 s. Refusal when there is no fault, when a trip's cause is still there,
        while the output is on, and when the core cannot be reached."""
        cell = self._machine.would(Event.ACKNOWLEDGED)
        if isinstance(cell, Refused):
            raise refusal(cell)
        names = trip_names(self._trips)
        self._acknowledging = True
        try:
            for _ in range(_ACKNOWLEDGE_EXCHANGES):
                self._exchange()
                if _is_at_rest(self._telemetry) and _stays_off(self._telemetry):
                    break
        except LinkLost as lost:
            raise Refusal("acknowledge", str(lost), "a core that answers", "the session", "restore the link") from lost
        finally:
            self._acknowledging = False
        if self._trips != 0:
            still = ", ".join(trip_names(self._trips))
            do = "remove its cause, and acknowledge again"
            raise Refusal(
                "acknowledge",
                f"asked for {still}, whose cause is still there",
                "an acknowledge of causes that have gone",
                "the core",
                do,
            )
        if not _stays_off(self._telemetry):  # a lost link is no trip: the core may be on its way down, or yet start
            drive = in_words(abs(self._telemetry.drive_na) // 1000, Unit.UA)
            waits = self._telemetry.phase == Phase.WAIT
            while_ = "the core waits to start and has not heard of the stop" if waits else f"the output is on ({drive})"
            raise Refusal(
                "acknowledge", f"asked for while {while_}", "zero current and an open switch",
                "the core", "wait until it is off, and acknowledge again",
            )  # fmt: skip
        self._known = 0  # whatever trips from now on is new
        self._write(Kind.ACKNOWLEDGED, {"trips": list(names)})
        self._fire(Event.ACKNOWLEDGED)

    # ---- the exchange --------------------------------------------------------------------------------------

    def advance(self) -> Report:
        """One exchange with the core, and what follows from it. It may be called after the end: then all stays at
        zero."""
        try:
            telemetry = self._exchange()
        except LinkLost as lost:
            if self._outcome is None:
                self._fire(Event.INTERRUPTED, str(lost))
                self._settle()
            return self._report(self._telemetry)
        if self._outcome is None:
            self._derive(telemetry)
            self._settle()
        else:
            self._watch(telemetry)
        return self._report(telemetry)

    def __iter__(self) -> Iterator[Report]:
        """Exchange until the session has ended; a paused session goes on exchanging. The last report is of the end."""
        while self._outcome is None:
            yield self.advance()

    def _exchange(self) -> Telemetry:
        wanted = self._machine.state in RUNNING and not self._contact_lost
        runs = wanted and (self._armed or self._telemetry.switch_closed == 1)
        target_na = self._progress.sign * self._progress.current_ua * 1000 if runs else 0
        command = Command.RUN if runs else Command.STOP
        # An acknowledge is a change from 0 to 1: while one is tried it alternates.
        acknowledge = 1 if self._acknowledging and self._request.acknowledge == 0 else 0
        self._heartbeat = (self._heartbeat + 1) & _WRAP
        request = Request(target_na, command, acknowledge, self._heartbeat)
        asked = (target_na, int(command), acknowledge)
        if asked != self._journaled:
            self._write(
                Kind.REQUEST,
                {"target_na": target_na, "command": command.name.lower(), "acknowledge": acknowledge == 1},
            )
            self._journaled = asked
        self._request = request
        telemetry = self._port.exchange(request, EXCHANGE_US)
        self._take_in(request, telemetry)
        return telemetry

    def _take_in(self, request: Request, telemetry: Telemetry) -> None:
        if self._outcome is not None:  # it is only looked at now, and a core that was started anew is as good as any
            self._telemetry, self._trips = telemetry, telemetry.trips
            return
        before = self._telemetry
        elapsed_us = telemetry.time_us - before.time_us
        if elapsed_us < 0 or telemetry.energised_us < before.energised_us:
            raise LinkLost("the core has been started anew, where it was expected to go on")
        if telemetry.ticks == before.ticks:
            raise LinkLost("the core's ticks stand still, where one was expected to follow the other")
        if not self._can_have_flowed(before, telemetry):
            raise LinkLost("the core reports a charge that cannot have flowed since its last report")
        # The core starts on a RUN that follows a STOP which it has seen at rest: for a whole exchange, to be sure.
        stopped = request.command == Command.STOP and _is_at_rest(before)
        ran = telemetry.energised_us != before.energised_us  # between two reports, and has lost its readiness by it
        self._armed = _is_at_rest(telemetry) and not ran and (self._armed or stopped)
        self._telemetry = telemetry
        self._treated_us = telemetry.energised_us
        self._in_contact_us = self._in_contact_us + elapsed_us if telemetry.contact else 0
        self._unheard_us = 0 if telemetry.heartbeat == request.heartbeat else self._unheard_us + elapsed_us
        self._peak_na = max(self._peak_na, telemetry.measured_max_na, -telemetry.measured_min_na)
        if self._machine.state in ENERGISED:
            self._limited_us[telemetry.limited_by] += elapsed_us
        self._progress.count(telemetry)
        self._look(request, telemetry)

    def _can_have_flowed(self, before: Telemetry, telemetry: Telemetry) -> bool:
        """Whether the measured charge, which the core keeps but once, grew no faster than by twice its sensor's full
        scale: a bit that flips in it is a dose that never was."""
        ticks = (telemetry.ticks - before.ticks) & _WRAP
        most_fc = 2 * self._settings.sensor_max_na * self._settings.tick_us * ticks
        positive_fc = telemetry.measured_positive_fc - before.measured_positive_fc
        negative_fc = telemetry.measured_negative_fc - before.measured_negative_fc
        return 0 <= positive_fc <= most_fc and 0 <= negative_fc <= most_fc

    def _look(self, request: Request, telemetry: Telemetry) -> None:
        self._trips = telemetry.trips
        self._sample = sample_of_report(
            self._sample,
            request,
            telemetry,
            self._settings,
            journaled_target_na=self._journaled[0],
            journaled_command=self._journaled[1],
        )

    def _derive(self, telemetry: Telemetry) -> None:
        """The facts that this telemetry shows, in the order of their weight, and what the table makes of them."""
        breaches = self._monitor.judge(self._sample)
        new = telemetry.trips & ~self._known
        self._known = telemetry.trips
        if new:
            self._write(Kind.TRIP, {"trips": list(trip_names(new))})
        state = self._machine.state
        if new and not (new == _OPEN and state in ENERGISED):
            self._trip(new)
        elif new:
            self._lose_contact()
        elif breaches:
            self._fire(Event.INTERRUPTED, _sentence_of(breaches))
        elif (
            self._unheard_us > self._settings.heartbeat_us and telemetry.switch_closed == 0 and state is not State.FAULT
        ):
            self._fire(Event.INTERRUPTED, "The core tells, but has not heard what is asked of it for too long.")
        elif state is State.RAMP and self._contact_lost:
            self._wait_for_contact(telemetry)
        elif state in RUNNING:
            self._go_on(telemetry, state)
        elif state is State.RAMP_DOWN and _stays_off(telemetry):
            self._fire(Event.AT_ZERO)

    def _trip(self, new: int) -> None:
        names = ", ".join(trip_names(new))
        if self._first_trip is Trip.NONE:
            self._first_trip = Trip(self._telemetry.first_trip)
        cell = self._machine.would(Event.TRIPPED)
        assert not isinstance(cell, Refused), "the table has a row for a trip in every state"
        self._fire(Event.TRIPPED, f"{cell.why} Trip: {names}.")

    def _watch(self, telemetry: Telemetry) -> None:
        """After the end a trip, like that of a switch that has not opened, no longer changes how the session ended. It
        is put on record, and stands against the next start until it is acknowledged."""
        new = telemetry.trips & ~self._known
        self._known = telemetry.trips
        if new:
            self._write(Kind.TRIP, {"trips": list(trip_names(new))})
            if self._first_trip is Trip.NONE:
                self._first_trip = Trip(telemetry.first_trip)
            self._fire(Event.TRIPPED, f"After the end the core found a fault. Trip: {', '.join(trip_names(new))}.")

    def _lose_contact(self) -> None:
        now_ms = self._session_ms
        while self._losses_ms and now_ms - self._losses_ms[0] > LOST_CONTACT_WINDOW.value:
            self._losses_ms.popleft()
        self._losses_ms.append(now_ms)
        if len(self._losses_ms) >= LOST_CONTACT_COUNT.value:
            self._first_trip = Trip.OPEN
            self._fire(Event.CONTACT_LOST_TOO_OFTEN)
            return
        self._contact_lost = True
        self._fire(Event.CONTACT_LOST)

    def _wait_for_contact(self, telemetry: Telemetry) -> None:
        """After a loss: contact has to stay for a while, then the trip is acknowledged, then the core may run again."""
        if telemetry.trips == 0:
            self._acknowledged_contact()
        elif not self._acknowledging and self._in_contact_us >= RECONNECT_WAIT.value * 1000:
            self._fire(Event.CONTACT_BACK)
            self._acknowledging = True

    def _acknowledged_contact(self) -> None:
        self._write(Kind.ACKNOWLEDGED, {"trips": list(trip_names(_OPEN))})
        self._contact_lost = self._acknowledging = False

    def _go_on(self, telemetry: Telemetry, state: State) -> None:
        """The facts of a treatment that goes on: what ends it first, then what moves it."""
        progress, current_na = self._progress, abs(telemetry.drive_na)
        fall_fc = fall_charge_nc(current_na // 1000, self._plan.fall_ua_per_s) * 1_000_000
        if telemetry.phase == Phase.FALL and telemetry.limited_by in _BY_THE_CORE:
            self._fire(Event.CORE_ENDING)
        elif state is not State.REVERSE and telemetry.energised_us and progress.way_is_done(fall_fc):
            if progress.last_way:
                self._finished = True
                self._fire(Event.FINISHED)
            else:
                self._fire(Event.REVERSAL_DUE)
                progress.turn()
        elif self._cap_is_near(telemetry, current_na, fall_fc):
            if progress.dose_is_within_tolerance:
                self._finished = True
                self._fire(Event.FINISHED)
            else:
                self._fire(Event.CAP_REACHED)
        elif state is State.REVERSE:
            if telemetry.drive_na * progress.sign > 0:
                self._fire(Event.SIGN_CHANGED)
        elif state is State.RAMP and telemetry.phase == Phase.TREAT:
            self._fire(Event.TARGET_REACHED)

    def _cap_is_near(self, telemetry: Telemetry, current_na: int, fall_fc: int) -> bool:
        """Whether the ramp down has to begin now, to be at zero before the core ends the session itself and trips."""
        settings = self._settings
        end_us = telemetry.energised_us + fall_time_ms(current_na // 1000, self._plan.fall_ua_per_s) * 1000
        positive_fc, negative_fc = telemetry.driven_positive_fc, telemetry.driven_negative_fc
        left_fc = min(
            settings.charge_cap_each_fc - max(positive_fc, negative_fc),
            settings.charge_cap_total_fc - positive_fc - negative_fc,
        )
        return (
            end_us + settings.time_reserve_us + RESERVE_MARGIN_MS * 1000 >= settings.time_cap_us
            or left_fc <= fall_fc + settings.charge_reserve_fc + current_na * RESERVE_MARGIN_MS * 1000
        )

    # ---- the end -------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Close the session when it is over: in fault, or at rest with nothing kept for later and no trip latched."""
        state = self._machine.state
        if self._outcome is not None or state not in (State.IDLE, State.FAULT):
            return
        if state is State.IDLE and (self._paused or all(row.event is Event.ADJUSTED for row in self._transitions)):
            return  # the rest of it is kept, or it has not been started yet
        if state is State.IDLE and self._trips != 0:
            self._acknowledging = True  # lost contact, cut on the way down: the trip goes as it does in a ramp
            return
        if self._contact_lost and state is State.IDLE:
            self._acknowledged_contact()
        self._acknowledging = self._paused = False  # what has ended acknowledges nothing by itself, and is not resumed
        outcome = Outcome.COMPLETED if self._finished else Outcome.STOPPED
        if state is State.FAULT:
            outcome = Outcome.FAULT
        if outcome is Outcome.COMPLETED:
            self._monitor.judge(at_completion(self._sample))
        positive_nc, negative_nc = self._progress.charge_nc
        self._write(
            Kind.SESSION_CLOSED,
            {
                "outcome": str(outcome),
                "treated_ms": self.treated_ms,
                "charge_positive_nc": positive_nc,
                "charge_negative_nc": negative_nc,
            },
        )
        self._outcome = outcome

    # ---- the journal, the table, the report ----------------------------------------------------------------

    @property
    def _session_ms(self) -> int:
        return (self._telemetry.time_us - self._began_us) // 1000

    def _fire(self, event: Event, why: str = "") -> None:
        """Take the table's row of an event: on disk first, then in the machine. Refusal when the table has none."""
        cell = self._machine.would(event)
        if isinstance(cell, Refused):
            raise refusal(cell)
        transition = Transition(self._session_ms, event, cell.before, cell.after, why or cell.why)
        self._write(
            Kind.TRANSITION,
            {"event": event.value, "from": cell.before.value, "to": cell.after.value, "why": transition.why},
        )
        self._machine.fire(event)
        self._transitions.append(transition)

    def _write(self, kind: Kind, data: Data) -> None:
        """Put an entry on disk. When that cannot be done, what it says is not done either: the core is told to stop,
        the session ends in fault, and the refusal goes to the caller. What follows then is zero, and is not written."""
        if self._abandoned:
            return
        try:
            self._journal.append(kind, self._session_ms, data)
        except Refusal as lost:
            self._abandon(lost)
            raise

    def _abandon(self, lost: Refusal) -> None:
        self._abandoned = True
        cell = self._machine.would(Event.INTERRUPTED)
        assert not isinstance(cell, Refused), "the table has a row for a lost core in every state"
        self._machine.fire(Event.INTERRUPTED)
        self._transitions.append(Transition(self._session_ms, Event.INTERRUPTED, cell.before, cell.after, str(lost)))
        self._outcome = Outcome.FAULT
        self._acknowledging = self._paused = False
        self._heartbeat = (self._heartbeat + 1) & _WRAP
        with suppress(LinkLost):  # a core that is alone brings the current down by itself, for want of a heartbeat
            self._port.exchange(Request(0, Command.STOP, 0, self._heartbeat), EXCHANGE_US)

    def _report(self, telemetry: Telemetry) -> Report:
        told, self._told = self._told, len(self._transitions)
        positive_nc, negative_nc = self._progress.charge_nc
        return Report(
            state=self._machine.state,
            telemetry=telemetry,
            session_ms=self._session_ms,
            treated_ms=self.treated_ms,
            current_ua=self._progress.current_ua,
            waiting=self._contact_lost or telemetry.phase == Phase.WAIT,
            charge_positive_nc=positive_nc,
            charge_negative_nc=negative_nc,
            transitions=tuple(self._transitions[told:]),
        )


def _is_at_rest(telemetry: Telemetry) -> bool:
    return telemetry.drive_na == 0 and telemetry.switch_closed == 0 and telemetry.trips == 0


def _stays_off(telemetry: Telemetry) -> bool:
    """Whether the output is off, and not because a start waits for contact: then the core has not heard of the stop."""
    return telemetry.drive_na == 0 and telemetry.switch_closed == 0 and telemetry.phase != Phase.WAIT


def _check_nothing_waits(sessions: tuple[PastSession, ...], trips: tuple[str, ...]) -> None:
    """Refuse to open a session while an older one, or a trip, has not been acknowledged: power-on clears nothing
    (SI-07)."""
    if trips:
        what = f"with trip {', '.join(trips)} that nobody has acknowledged"
    elif sessions:
        last = sessions[-1]
        how = "ended in fault" if last.outcome is not None else "was never closed"
        what = f"with a session of {last.opened:%Y-%m-%d %H:%M} UTC that {how}, which nobody has acknowledged"
    else:
        return
    do = "find its cause, then: iontocore journal acknowledge FILE --by NAME"
    raise Refusal(
        "the journal", what, "one without an open fault", "the trip's latch, which outlives a loss of power", do
    )


def _sentence_of(breaches: tuple[Breach, ...]) -> str:
    return "What the core reports breaks an invariant: " + " ".join(breach.sentence for breach in breaches)
