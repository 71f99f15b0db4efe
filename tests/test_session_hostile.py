"""The session under anything that operators, bodies and hardware do, in any order: it agrees with the core and ends."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sessions import BRISK, BRISK_DRUG, Bench, broken

from iontocore import Outcome, Plan, Refusal, State
from iontocore.body import KIND_BY_NAME
from iontocore.ccore import Fault, Phase

PLANS = (BRISK, BRISK_DRUG, replace(BRISK, session_ms=42_000, time_cap_ms=60_000))
LIGHT = (Fault.BODY_LIFT, Fault.BODY_RETURN, Fault.BODY_DRY, Fault.BODY_WET, Fault.EMERGENCY_STOP)
HEAVY = (
    Fault.A_ZERO,
    Fault.B_LAST,
    Fault.V_ZERO,
    Fault.CONVERTER_DEAD,
    Fault.DAC_STUCK,
    Fault.DAC_SIGN,
    Fault.SWITCH_OPEN,
    Fault.SWITCH_WELDED,
    Fault.HEARTBEAT_LOST,
    Fault.SUPERVISOR_FROZEN,
    Fault.CLOCK_STOPPED,
)


class HostileSession(RuleBasedStateMachine):
    """Acts and events in any order, a few exchanges between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()

    @initialize(
        plan=st.sampled_from(PLANS),
        seed=st.integers(0, 1000),
        starts=st.sampled_from((True, True, True, False)),
        waits=st.integers(1, 700),
    )
    def open(self, plan: Plan, seed: int, starts: bool, waits: int) -> None:
        self.bench = Bench(Path(self.folder.name), plan, seed=seed)
        self.simulation = self.bench.simulated.simulation
        if starts:
            self.act("start")
            self.bench.idle(waits)

    def act(self, name: str, *arguments: int) -> None:
        """An act is done, or refused and changes nothing."""
        before, count = self.bench.session.state, self.bench.journal.count
        try:
            getattr(self.bench.session, name)(*arguments)
        except Refusal:
            assert self.bench.session.state is before or name == "acknowledge"
            assert self.bench.journal.count == count or name == "acknowledge"

    @rule()
    def start(self) -> None:
        self.act("start")

    @rule(likely=st.integers(0, 9))
    def stop(self, likely: int) -> None:
        if likely == 9:  # a session that is stopped has little left to get wrong
            self.act("stop")

    @rule()
    def pause(self) -> None:
        self.act("pause")

    @rule()
    def resume(self) -> None:
        self.act("resume")

    @rule(current_ua=st.integers(-100, 25_000))
    def adjust(self, current_ua: int) -> None:
        self.act("adjust", current_ua)

    @rule(likely=st.integers(0, 3))
    def acknowledge(self, likely: int) -> None:
        if likely == 3 or self.bench.session.state is State.FAULT:
            self.act("acknowledge")

    @rule(fault=st.sampled_from(LIGHT), clears=st.booleans())
    def body(self, fault: Fault, clears: bool) -> None:
        self.switch(fault, clears)

    @rule(fault=st.sampled_from(HEAVY), clears=st.booleans(), likely=st.integers(0, 4))
    def hardware(self, fault: Fault, clears: bool, likely: int) -> None:
        if clears or likely == 4:
            self.switch(fault, clears)

    def switch(self, fault: Fault, clears: bool) -> None:
        if clears:
            self.simulation.clear(fault)
        else:
            kind = next(kind for kind in KIND_BY_NAME.values() if kind.fault == fault)
            self.simulation.inject(fault, kind.default or 0)

    @rule(exchanges=st.sampled_from((1, 3, 20, 100, 300)))
    def exchange(self, exchanges: int) -> None:
        self.bench.idle(exchanges)

    @invariant()
    def state_and_core_agree(self) -> None:
        reports = getattr(self, "bench", None) and self.bench.reports[-1:]
        if not reports:
            return
        (report,) = reports
        if report.state in (State.IDLE, State.FAULT) and report.state is self.bench.session.state:
            told = report.telemetry
            assert told.phase in (Phase.IDLE, Phase.FAULT, Phase.FALL) or report.state is State.FAULT
            assert report.state is State.FAULT or (told.drive_na == 0 and told.switch_closed == 0)
        assert report.state is not State.FAULT or self.bench.session.outcome is not None, "a fault is the end"
        assert broken(self.bench.session.monitor) == []

    def teardown(self) -> None:
        if hasattr(self, "bench"):
            self.act("stop")
            for _ in range(40):
                self.bench.idle(20)
                if self.bench.session.outcome is not None:
                    break
            assert self.bench.session.outcome in tuple(Outcome), f"it did not end, in {self.bench.session.state}"
            event(f"ended {self.bench.session.outcome}, trip {self.bench.session.trip.label}")
            event(f"went through {len({row.after for row in self.bench.session.transitions})} states")
            self.bench.idle(40)
            welded = self.simulation.truth().switch_closed
            assert self.bench.flowing_na < 100_000 or welded, "nothing but a welded switch lets anything through"
            self.bench.close()
        self.folder.cleanup()


TestHostileSession = pytest.mark.invariant("SI-05", "SI-06", "SI-07", "SI-16", "SI-22")(HostileSession.TestCase)
TestHostileSession.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
