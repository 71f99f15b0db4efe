"""The session: sequences a plan by the table, keeps the dose, writes before it acts, and ends at zero in any case."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from sessions import BEGAN, BRISK, BRISK_DRUG, Bench, Clock, broken, is_in

from iontocore import Body, LinkLost, Outcome, Plan, Refusal, Report, State, Trip, preset
from iontocore.body import KINDS, BodyEvent
from iontocore.ccore import Command, Fault, LimitedBy, Phase, Request
from iontocore.config import core_config
from iontocore.entries import Data, Kind
from iontocore.history import carried
from iontocore.journal import Journal, read
from iontocore.plans import Polarity
from iontocore.safety.limits import FIGURES

Make = Callable[..., Bench]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Make]:
    made: list[Bench] = []

    def make(plan: Plan = BRISK, *events: BodyEvent, **more: object) -> Bench:
        made.append(Bench(tmp_path, plan, *events, **more))  # type: ignore[arg-type]  # as the maker takes them
        return made[-1]

    yield make
    for one in made:
        one.close()


def flows(report: Report) -> bool:
    return report.telemetry.drive_na != 0


# ---- a treatment ----------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-19", "SI-04")
def test_a_palmar_session_completes_reverses_at_half_time_and_is_balanced(bench: Make) -> None:
    one = bench()
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    assert one.told == [
        ("start", "idle", "ramp"),
        ("target-reached", "ramp", "treat"),
        ("reversal-due", "treat", "reverse"),
        ("sign-changed", "reverse", "ramp"),
        ("target-reached", "ramp", "treat"),
        ("finished", "treat", "ramp-down"),
        ("at-zero", "ramp-down", "idle"),
    ]
    assert abs(one.session.treated_ms - BRISK.duration_ms) <= 300
    positive_nc, negative_nc = one.session.charge_nc
    assert abs(positive_nc - negative_nc) < (positive_nc + negative_nc) * 0.005
    assert positive_nc + negative_nc == pytest.approx(BRISK.charge_nc, rel=0.01)
    changed_ms = next(row.t_ms for row in one.session.transitions if row.event.value == "reversal-due")
    assert changed_ms == pytest.approx(BRISK.duration_ms / 2 - 3_000, abs=1_500)
    assert broken(one.session.monitor) == []


@pytest.mark.invariant("SI-23")
@pytest.mark.parametrize("name, sign", [("dexamethasone", -1), ("lidocaine", 1)])
def test_a_drug_goes_in_by_the_sign_of_its_ion_and_to_its_dose(bench: Make, name: str, sign: int) -> None:
    plan = replace(preset(name), dose_nc=60_000_000, rise_ua_per_s=2_000, fall_ua_per_s=4_000)
    one = bench(plan)
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    positive_nc, negative_nc = one.session.charge_nc
    mine, other = (positive_nc, negative_nc) if sign > 0 else (negative_nc, positive_nc)
    assert mine == pytest.approx(60_000_000, rel=0.01)
    assert other < 300_000
    assert all(telemetry.drive_na * sign >= 0 for telemetry in one.port.telemetry)


def test_alternating_sessions_of_a_patient_go_one_way_and_then_the_other(bench: Make) -> None:
    plan = replace(BRISK, polarity=Polarity.ALTERNATE, balance_tolerance_percent=None, session_ms=30_000)
    signs = []
    for day in range(3):
        one = bench(plan, clock=Clock(BEGAN + timedelta(days=3 * day)))
        one.session.start()
        one.run()
        assert one.session.outcome is Outcome.COMPLETED
        signs.append(one.session.first_sign)
        positive_nc, negative_nc = one.session.charge_nc
        assert (positive_nc > negative_nc) is (signs[-1] > 0)
        one.close()
    assert signs == [1, -1, 1]


def test_a_fixed_session_goes_one_way(bench: Make) -> None:
    plan = replace(BRISK, polarity=Polarity.FIXED, balance_tolerance_percent=None, first_sign=-1)
    one = bench(plan)
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    assert all(telemetry.drive_na <= 0 for telemetry in one.port.telemetry)
    assert abs(one.session.treated_ms - plan.duration_ms) <= 200


# ---- the operator's acts --------------------------------------------------------------------------------------------


def test_nothing_flows_before_the_start_and_a_second_start_is_refused(bench: Make) -> None:
    one = bench()
    one.idle(40)
    assert not any(map(flows, one.reports))
    one.session.start()
    with pytest.raises(Refusal, match="started before"):
        one.session.start()
    one.run()
    with pytest.raises(Refusal, match="open another session"):
        one.session.start()


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("state", [State.RAMP, State.TREAT, State.REVERSE, State.RAMP_DOWN])
def test_a_stop_is_honoured_at_once_from_every_energised_state(bench: Make, state: State) -> None:
    one = bench()
    one.session.start()
    one.run(lambda report: report.state is state and flows(report))
    size_na = abs(one.reports[-1].telemetry.drive_na)
    stopped_ms = one.reports[-1].session_ms
    one.session.stop()
    falls = one.idle(1).telemetry
    assert abs(falls.drive_na) == max(size_na - 50 * 5_000, 0)
    one.run()
    assert one.session.outcome is (Outcome.COMPLETED if state is State.RAMP_DOWN else Outcome.STOPPED)
    assert one.reports[-1].session_ms - stopped_ms <= size_na / 5_000 + 150
    assert one.reports[-1].telemetry.switch_closed == 0


@pytest.mark.invariant("SI-22", "SI-01")
def test_a_current_over_the_limit_is_refused_by_name_and_changes_nothing(bench: Make) -> None:
    one = bench()
    one.session.start()
    one.run(is_in(State.TREAT))
    before = one.journal.count
    with pytest.raises(Refusal, match=r"20\.001 mA.*at most 20 mA.*site-palms \(NHS leaflet WPR26540, excerpt\)"):
        one.session.adjust(20_001)
    for wrong in (0, 100, -5_000):
        with pytest.raises(Refusal, match=r"more than 0\.1 mA"):
            one.session.adjust(wrong)
    for wrong_type in (12_000.0, True, "12"):
        with pytest.raises(Refusal, match="whole number"):
            one.session.adjust(wrong_type)  # type: ignore[arg-type]  # that is the test
    assert one.journal.count == before
    one.idle(40)
    assert one.reports[-1].telemetry.drive_na == 15_000_000
    one.session.adjust(20_000)
    one.run(is_in(State.TREAT))
    assert one.reports[-1].telemetry.drive_na == 20_000_000


@pytest.mark.parametrize("state", [State.IDLE, State.RAMP, State.TREAT, State.REVERSE])
def test_the_intensity_is_adjusted_in_every_state_that_has_one_and_the_balance_is_kept(
    bench: Make, state: State
) -> None:
    one = bench()
    if state is not State.IDLE:
        one.session.start()
        one.run(lambda report: report.state is state and (state is not State.RAMP or flows(report)))
    one.session.adjust(8_000)
    if state is State.IDLE:
        one.session.start()
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    positive_nc, negative_nc = one.session.charge_nc
    assert abs(positive_nc - negative_nc) < (positive_nc + negative_nc) * 0.01
    assert abs(one.port.telemetry[-100].drive_na) <= 8_000_000
    assert broken(one.session.monitor) == []


def test_adjusting_on_the_way_down_is_refused(bench: Make) -> None:
    one = bench()
    one.session.start()
    one.run(is_in(State.TREAT))
    one.session.stop()
    with pytest.raises(Refusal, match="on its way to zero"):
        one.session.adjust(5_000)


@pytest.mark.parametrize("state", [State.RAMP, State.TREAT, State.REVERSE])
def test_a_pause_keeps_the_rest_and_the_balance(bench: Make, state: State) -> None:
    one = bench()
    one.session.start()
    one.run(lambda report: report.state is state and flows(report))
    one.session.pause()
    one.run(is_in(State.IDLE))
    paused_ms = one.session.treated_ms
    one.idle(200)
    assert one.session.outcome is None
    assert one.session.treated_ms == paused_ms
    assert not any(map(flows, one.reports[-199:]))
    one.session.resume()
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    positive_nc, negative_nc = one.session.charge_nc
    assert abs(positive_nc - negative_nc) < (positive_nc + negative_nc) * 0.01
    assert broken(one.session.monitor) == []


@pytest.mark.parametrize("late_ms", range(0, 60, 10))
def test_a_session_goes_on_however_soon_after_the_pause_it_is_resumed(bench: Make, late_ms: int) -> None:
    one = bench()
    one.session.start()
    one.run(lambda report: report.session_ms >= 10_000)
    one.session.adjust(10_000 + 5 * late_ms)  # so that zero is reached at another tick of the exchange
    one.run(is_in(State.TREAT))
    one.session.pause()
    one.run(is_in(State.IDLE))
    one.session.resume()
    one.run(flows, exchanges=40)


def test_a_paused_session_can_be_stopped_and_one_that_is_not_paused_cannot_be_resumed(bench: Make) -> None:
    one = bench()
    with pytest.raises(Refusal, match="not paused"):
        one.session.resume()
    one.session.start()
    with pytest.raises(Refusal, match="running already"):
        one.session.resume()
    one.run(is_in(State.TREAT))
    one.session.pause()
    with pytest.raises(Refusal, match="on its way to zero"):
        one.session.resume()
    one.run(is_in(State.IDLE))
    one.session.stop()
    assert one.session.outcome is Outcome.STOPPED
    assert one.journal.entries()[-1].kind is Kind.SESSION_CLOSED


def test_a_session_that_is_stopped_before_its_start_is_over(bench: Make) -> None:
    one = bench()
    one.session.stop()
    assert one.session.outcome is Outcome.STOPPED
    assert one.session.treated_ms == 0
    with pytest.raises(Refusal):
        one.session.start()


# ---- contact --------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-10", "SI-05")
@pytest.mark.parametrize("at_ms", [4_000, 12_000, 29_200, 45_000])
def test_a_lifted_hand_cuts_freezes_the_clock_and_the_current_rises_again_from_zero(bench: Make, at_ms: int) -> None:
    one = bench(BRISK, BodyEvent(at_ms, "lift"), BodyEvent(at_ms + 9_000, "return"))
    one.session.start()
    lost = one.run(lambda report: any(row.event.value == "contact-lost" for row in report.transitions))
    assert lost.telemetry.drive_na == 0
    assert lost.telemetry.switch_closed == 0
    assert lost.waiting
    one.idle(100)
    assert one.session.treated_ms == lost.treated_ms
    back = one.run(lambda report: any(row.event.value == "contact-back" for row in report.transitions))
    wait_ms = FIGURES["RECONNECT_WAIT"].value
    assert back.session_ms - lost.session_ms == pytest.approx(9_000 + wait_ms, abs=200)
    rises = one.run(flows)
    assert abs(rises.telemetry.drive_na) <= 50 * 2_000
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    assert one.session.trip is Trip.NONE
    positive_nc, negative_nc = one.session.charge_nc
    assert abs(positive_nc - negative_nc) < (positive_nc + negative_nc) * 0.02
    assert carried(one.journal.entries()).trips == ()
    assert broken(one.session.monitor) == []


def lifts(*at_s: int) -> tuple[BodyEvent, ...]:
    return tuple(
        event
        for moment in at_s
        for event in (BodyEvent(moment * 1000, "lift", for_ms=1_000), BodyEvent(moment * 1000 + 1_000, "return"))
    )


def test_the_third_loss_within_ten_minutes_is_a_fault(bench: Make) -> None:
    one = bench(BRISK, *lifts(10, 25, 40))
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.FAULT
    assert one.session.trip is Trip.OPEN
    assert one.told[-1] == ("contact-lost-too-often", one.told[-1][1], "fault")
    assert [event for event, _, _ in one.told].count("contact-lost") == 2


def test_losses_further_apart_than_ten_minutes_are_no_fault(bench: Make) -> None:
    plan = replace(preset("palms"), rise_ua_per_s=2_000, fall_ua_per_s=5_000)
    one = bench(plan, *lifts(100, 400, 800))
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    assert [event for event, _, _ in one.told].count("contact-lost") == 3


def test_without_contact_nothing_flows_and_a_stop_ends_the_wait(bench: Make) -> None:
    one = bench(body=replace(Body(), skin=Body().skin._replace(contact=0)))
    one.session.start()
    one.idle(400)
    assert all(report.waiting and not flows(report) for report in one.reports[2:])
    one.session.stop()
    one.run()
    assert one.session.outcome is Outcome.STOPPED
    assert one.session.treated_ms == 0


@pytest.mark.parametrize("act", ["stop", "pause"])
def test_a_wait_for_lost_contact_can_be_ended(bench: Make, act: str) -> None:
    one = bench(BRISK, BodyEvent(12_000, "lift"), BodyEvent(40_000, "return"))
    one.session.start()
    one.run(lambda report: report.waiting and report.session_ms > 11_000)
    getattr(one.session, act)()
    one.run(is_in(State.IDLE))
    if act == "pause":
        one.idle(800)
        one.session.resume()
        one.run(is_in(State.TREAT))
        one.session.stop()
    one.run()
    assert one.session.outcome is Outcome.STOPPED
    assert carried(one.journal.entries()).trips == ()
    assert broken(one.session.monitor) == []


# ---- faults ---------------------------------------------------------------------------------------------------------


@functools.cache
def parameter_of(kind: str) -> int | None:
    return {
        "a-offset": 5_000_000, "b-offset": 5_000_000, "v-offset": 30_000, "a-gain": 700, "b-gain": 700, "v-gain": 100,
        "a-noise": 2_000_000, "b-noise": 2_000_000, "v-noise": 9_000, "a-slow": 30_000_000, "b-slow": 30_000_000,
        "v-slow": 30_000_000, "a-full": 1, "b-full": 1, "v-full": 1, "contact-stuck": 0, "dac-runaway": 32_000_000,
        "dac-gain": 2_000, "dac-offset": 3_000_000, "switch-leak": 2_000_000, "timer-slow": 500, "timer-fast": 500,
        "clock-slow": 500, "clock-fast": 500, "supply-dip": 5_000, "switch-readback": 0, "flicker": 20_000,
        "supply-high": 120_000,
        "memory-flip": 100, "short": 20, "tick-missed": 3, "tick-doubled": 1,
    }.get(kind)  # fmt: skip


OTHER_WORDS: Final = ("supervisor-stuck", "supervisor-garbage")
"""Other requests reach the core than the session makes."""


@pytest.mark.invariant("SI-22")
@pytest.mark.parametrize("at_ms", [5_000, 15_000, 28_500, 57_500], ids=["ramp", "treat", "reverse", "ramp-down"])
@pytest.mark.parametrize("kind", OTHER_WORDS)
def test_a_session_whose_requests_do_not_reach_the_core_sees_it_and_ends_in_fault(
    bench: Make, kind: str, at_ms: int
) -> None:
    """It cannot stop the current by itself then: the emergency stop does, which has a line of its own."""
    one = bench(BRISK, BodyEvent(at_ms, kind))
    one.session.start()
    one.run(exchanges=4_000)
    assert one.session.outcome is Outcome.FAULT
    assert [breach.partition(" ")[0] for breach in broken(one.session.monitor)] == ["SI-22"]
    one.simulated.simulation.inject(Fault.EMERGENCY_STOP)
    one.idle(1)
    assert one.flowing_na < 100_000


@pytest.mark.invariant("SI-06", "SI-07")
@pytest.mark.parametrize("at_ms", [5_000, 15_000, 28_500, 57_500], ids=["ramp", "treat", "reverse", "ramp-down"])
@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.name not in OTHER_WORDS])
def test_every_fault_ends_at_zero_and_no_report_breaks_an_invariant(bench: Make, kind: str, at_ms: int) -> None:
    parameter = parameter_of(kind)
    event = BodyEvent(at_ms, kind) if parameter is None else BodyEvent(at_ms, kind, parameter)
    one = bench(BRISK, event)
    one.session.start()
    try:
        one.run(exchanges=4_000)
    except AssertionError:
        assert kind in {"lift", "contact-stuck", "flicker"}, "only for contact does a session wait"
        one.session.stop()
        one.run()
    one.idle(100)
    assert one.flowing_na < 100_000 or kind in {"switch-welded", "switch-leak"}, "a switch that leaks needs a hand"
    assert one.session.outcome in (Outcome.COMPLETED, Outcome.STOPPED, Outcome.FAULT)
    assert broken(one.session.monitor) == []
    if one.session.outcome is Outcome.FAULT:
        assert one.session.state is State.FAULT


def test_a_trip_is_named_and_outlives_the_session_until_it_is_acknowledged(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(15_000, "emergency-stop", for_ms=10_000))
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.FAULT
    assert one.session.trip is Trip.EMERGENCY
    assert carried(one.journal.entries()).trips == ("emergency",)
    with pytest.raises(Refusal, match="emergency, whose cause is still there"):
        one.session.acknowledge()
    one.idle(300)
    one.session.acknowledge()
    assert one.session.state is State.IDLE
    assert one.session.outcome is Outcome.FAULT
    assert carried(one.journal.entries()).trips == ()
    with pytest.raises(Refusal):
        one.session.acknowledge()


@pytest.mark.invariant("SI-07")
def test_a_fault_that_nobody_acknowledged_stops_the_next_session(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(15_000, "emergency-stop"))
    one.session.start()
    one.run()
    one.close()
    with pytest.raises(Refusal, match="trip emergency that nobody has acknowledged"):
        bench(clock=Clock(BEGAN + timedelta(days=3)))


@pytest.mark.invariant("SI-07", "SI-05")
def test_after_a_loss_of_power_nothing_starts_by_itself(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(15_000, "supply-lost", for_ms=2_000))
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.FAULT
    one.idle(200)
    assert one.flowing_na < 100_000
    assert one.reports[-1].telemetry.phase in (Phase.IDLE, Phase.FAULT)
    one.close()
    with pytest.raises(Refusal, match="ended in fault"):
        bench(clock=Clock(BEGAN + timedelta(days=3)))


@pytest.mark.invariant("SI-15")
def test_a_silent_supervisor_is_ramped_down_by_the_core(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(15_000, "heartbeat-lost"))
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.FAULT
    assert one.session.trip is Trip.HEARTBEAT
    assert ("core-ending", "treat", "ramp-down") in one.told
    ended = next(row.t_ms for row in one.session.transitions if row.after is State.FAULT)
    assert ended <= 15_000 + 500 + 3_000 + 200


def test_a_core_at_rest_that_hears_nothing_ends_the_session_in_fault(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(50, "supervisor-frozen"))
    one.session.start()
    one.run(exchanges=40)
    assert one.session.outcome is Outcome.FAULT
    assert "has not heard" in one.session.transitions[-1].why
    assert not any(map(flows, one.reports))


def test_a_lost_contact_that_cannot_be_acknowledged_ends_in_fault(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(12_000, "supervisor-frozen"), BodyEvent(12_100, "lift"))
    one.session.start()
    one.run(lambda report: report.waiting and report.session_ms > 11_000)
    one.session.stop()
    one.run(exchanges=200)
    assert one.session.outcome is Outcome.FAULT
    assert one.flowing_na < 100_000


def test_a_link_that_is_lost_ends_in_fault(bench: Make) -> None:
    one = bench()
    one.session.start()
    one.run(is_in(State.TREAT))
    one.port.fail = LinkLost("no telemetry came within 200 ms, where one every 50 ms was expected")
    one.run()
    assert one.session.outcome is Outcome.FAULT
    assert one.session.transitions[-1].why.startswith("no telemetry came")
    with pytest.raises(Refusal, match="a core that answers"):
        one.session.acknowledge()


def test_telemetry_that_breaks_an_invariant_ends_in_fault_and_says_which(bench: Make) -> None:
    one = bench()
    one.session.start()
    one.run(is_in(State.TREAT))
    one.port.alter = lambda telemetry: telemetry._replace(drive_na=21_000_000, drive_max_na=21_000_000)
    one.run()
    assert one.session.outcome is Outcome.FAULT
    assert "SI-01" in one.session.transitions[-1].why
    assert one.port.requests[-1][0].command == Command.RUN
    one.port.alter = lambda telemetry: telemetry
    one.idle(100)
    assert one.port.requests[-1][0].command == Command.STOP
    assert one.reports[-1].telemetry.drive_na == 0


@pytest.mark.invariant("SI-18", "SI-20")
@pytest.mark.parametrize("bit", [43, 45, 50, 63])
@pytest.mark.parametrize("side", ["positive", "negative"])
def test_a_bit_that_flips_in_the_measured_charge_ends_in_fault_and_is_no_dose(bench: Make, side: str, bit: int) -> None:
    one = bench(BRISK_DRUG)
    one.session.start()
    one.run(is_in(State.TREAT))
    name = f"telemetry.measured_{side}_fc"
    memory, before = one.simulated.simulation.memory, one.session.charge_nc
    flipped = memory.read(name) ^ (1 << bit)
    memory.write(name, flipped - (1 << 64) if flipped >= 1 << 63 else flipped)
    one.run(exchanges=2)
    assert one.session.outcome is Outcome.FAULT
    assert "cannot have flowed" in one.session.transitions[-1].why
    assert one.session.charge_nc == before
    one.idle(100)
    assert one.flowing_na < 100_000


def test_a_core_that_starts_anew_in_a_session_ends_in_fault(bench: Make) -> None:
    one = bench()
    one.session.start()
    one.run(is_in(State.TREAT))
    one.port.alter = lambda telemetry: telemetry._replace(energised_us=0)
    one.run()
    assert one.session.outcome is Outcome.FAULT
    assert "started anew" in one.session.transitions[-1].why


@pytest.mark.parametrize("kind", ["emergency-stop", "supply-lost"])
@pytest.mark.parametrize("when", ["on the way down", "at rest"])
def test_a_fault_in_a_pause_ends_the_session_once_and_for_all(bench: Make, kind: str, when: str) -> None:
    one = bench(BRISK, BodyEvent(17_000, kind, for_ms=3_000))
    one.session.start()
    one.run(lambda report: report.session_ms >= (16_000 if when == "on the way down" else 12_000))
    one.session.pause()
    one.run(is_in(State.FAULT), exchanges=400)
    assert one.session.outcome is Outcome.FAULT
    written = one.journal.count
    one.idle(200)
    assert one.journal.count <= written + 1
    with pytest.raises(Refusal):
        one.session.resume()
    one.session.acknowledge()
    one.idle(20)
    assert one.session.state is State.IDLE
    assert one.session.outcome is Outcome.FAULT
    assert broken(one.session.monitor) == []


def test_extremes_within_an_exchange_are_told_whatever_happens_in_its_middle(bench: Make) -> None:
    peaks = []
    for folder, events in enumerate([(), (BodyEvent(3_020, "return"), BodyEvent(3_040, "return"))]):
        one = bench(BRISK, *events, clock=Clock(BEGAN + timedelta(days=3 * folder)))
        one.session.start()
        one.run(lambda report: report.session_ms >= 4_000)
        peaks.append([telemetry.drive_min_na for telemetry in one.port.telemetry])
        one.session.stop()
        one.run()
        one.close()
    assert peaks[0] == peaks[1]


# ---- dose, time and charge ------------------------------------------------------------------------------------------

DRY = replace(Body(), electronics=Body().electronics, skin=Body().skin._replace(water_ohm=3_000))


@pytest.mark.invariant("SI-17")
def test_a_saturated_voltage_lengthens_the_session_and_keeps_the_dose(bench: Make) -> None:
    one = bench(BRISK, body=DRY)
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    assert one.session.limited_ms[LimitedBy.VOLTAGE] > 10_000
    assert one.session.treated_ms > BRISK.duration_ms + 5_000
    assert sum(one.session.charge_nc) == pytest.approx(BRISK.charge_nc, rel=0.06)
    assert broken(one.session.monitor) == []


def test_a_session_that_may_not_lengthen_enough_is_stopped_and_not_completed(bench: Make) -> None:
    one = bench(replace(BRISK, time_cap_ms=66_000), body=DRY)
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.STOPPED
    assert "cap-reached" in [event for event, _, _ in one.told]
    assert one.session.treated_ms <= 66_000
    assert one.session.trip is Trip.NONE


def test_a_second_direction_at_a_tenth_of_the_current_is_stopped_by_the_time_cap_when_it_cannot_balance(
    bench: Make,
) -> None:
    one = bench()
    one.session.start()
    one.run(is_in(State.REVERSE))
    one.session.adjust(1_000)
    one.run()
    assert one.session.outcome is Outcome.STOPPED
    assert one.session.treated_ms <= BRISK.time_cap_ms


def test_the_largest_dose_there_is_can_be_given(bench: Make) -> None:
    one = bench(replace(BRISK_DRUG, dose_nc=4_800_000_000, time_cap_ms=80 * 60_000 // 2))
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.COMPLETED
    assert one.session.charge_nc[1] == pytest.approx(4_800_000_000, rel=0.01)
    driven_fc = one.port.telemetry[-1].driven_negative_fc
    assert driven_fc <= 4_800_000_000 * 1_000_000


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize("plan", [BRISK, BRISK_DRUG], ids=["tap water", "drug"])
def test_the_core_lets_no_more_charge_through_than_the_plan_can_need(plan: Plan) -> None:
    config = core_config(plan)
    most_nc = plan.dose_nc or plan.bound.value * plan.duration_ms
    assert most_nc * 1_000_000 <= config.charge_cap_total_fc <= most_nc * 1_100_000
    assert config.charge_cap_each_fc <= config.charge_cap_total_fc


@pytest.mark.invariant("SI-18")
def test_a_dose_that_nobody_stops_is_stopped_by_the_core(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iontocore.progress.Progress.way_is_done", lambda *_: False)
    monkeypatch.setattr("iontocore.session.Session._cap_is_near", lambda *_: False)
    one = bench(BRISK_DRUG)
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.FAULT
    assert one.session.trip is Trip.CHARGE
    assert one.session.charge_nc[1] <= 120_000_000 * 1.1


# ---- the gate and the journal ---------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-24")
def test_nobody_with_a_contraindication_is_treated_and_nothing_is_written(bench: Make, tmp_path: Path) -> None:
    patient = replace(BRISK.patient, contraindications={**BRISK.patient.contraindications, "cardiac-implant": True})
    with pytest.raises(Refusal, match="cardiac-implant"):
        bench(replace(BRISK, patient=patient))
    assert read(tmp_path / "treatment.journal") == ()


@pytest.mark.invariant("SI-24")
def test_a_gate_that_lets_everybody_in_is_found_out_by_what_was_answered(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = replace(BRISK.patient, contraindications={**BRISK.patient.contraindications, "cardiac-implant": True})
    monkeypatch.setattr("iontocore.safety.contraindications.check_answers", lambda *_, **__: None)
    one = bench(replace(BRISK, patient=patient))
    one.session.start()
    one.run()
    assert one.session.outcome is Outcome.FAULT
    assert "SI-24" in one.session.transitions[-1].why


@pytest.mark.invariant("SI-24")
def test_a_session_too_soon_or_by_a_clock_that_was_set_back_is_refused(bench: Make) -> None:
    one = bench()
    one.session.start()
    one.run(is_in(State.TREAT))
    one.session.stop()
    one.run()
    one.close()
    with pytest.raises(Refusal, match="48 h after the start of the last one"):
        bench(clock=Clock(BEGAN + timedelta(hours=47)))
    with pytest.raises(Refusal, match="set the clock"):
        bench(clock=Clock(BEGAN - timedelta(hours=1)))
    bench(clock=Clock(BEGAN + timedelta(hours=49)))


def test_a_session_in_which_nothing_flowed_does_not_count_for_the_interval(bench: Make) -> None:
    one = bench()
    one.session.stop()
    one.close()
    bench(clock=Clock(BEGAN + timedelta(hours=1)))


@pytest.mark.invariant("SI-25")
def test_every_change_of_what_is_asked_is_on_disk_before_the_core_is_asked(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(12_000, "lift"), BodyEvent(15_000, "return"))
    one.session.start()
    one.run(is_in(State.REVERSE))
    one.session.adjust(10_000)
    one.run()
    entries = one.journal.entries()
    asked = Request(0, Command.STOP, 0, 0)
    changes = 0
    for request, on_disk in one.port.requests:
        if request[:3] != asked[:3]:
            last = [entry.data for entry in entries[:on_disk] if entry.kind is Kind.REQUEST][-1]
            assert last["target_na"] == request.target_na
            assert last["command"] == ("run" if request.command == Command.RUN else "stop")
            assert last["acknowledge"] is bool(request.acknowledge)
            changes += 1
            asked = request
    assert changes >= 5
    for row in one.session.transitions:
        assert any(entry.kind is Kind.TRANSITION and entry.data["why"] == row.why for entry in entries)


class FullDisk:
    """A journal whose storage is full from an entry on."""

    def __init__(self, journal: Journal, room: int) -> None:
        self.journal, self.room = journal, room

    def append(self, kind: Kind, session_ms: int, data: Data) -> object:
        if self.room <= 0:
            raise Refusal("the journal", "a full disk", "room for an entry", "the journal", "make room")
        self.room -= 1
        return self.journal.append(kind, session_ms, data)

    def __getattr__(self, name: str) -> object:
        return getattr(self.journal, name)


@pytest.mark.invariant("SI-25")
@pytest.mark.parametrize("room", [3, 4, 5, 6, 7, 8, 9])
def test_a_journal_that_cannot_be_written_takes_the_current_to_zero(bench: Make, room: int) -> None:
    one = bench()
    one.session._journal = FullDisk(one.journal, room - 1)  # type: ignore[assignment]  # stands in for a full disk
    with pytest.raises(Refusal, match="full disk"):
        start_and_run(one)
    assert one.session.outcome is Outcome.FAULT
    one.idle(100)
    assert one.reports[-1].telemetry.drive_na == 0
    assert one.reports[-1].telemetry.phase == Phase.IDLE


def start_and_run(one: Bench) -> None:
    one.session.start()
    one.run()


def test_what_limits_the_current_is_timed(bench: Make) -> None:
    one = bench()
    one.session.start()
    one.run()
    limited = one.session.limited_ms
    whole_ms = one.reports[-1].session_ms - one.session.transitions[0].t_ms
    assert abs(sum(limited.values()) - whole_ms) <= 200
    assert limited[LimitedBy.NOTHING] == pytest.approx(60_000 - 2 * (7_500 + 3_000) - 500, abs=1_500)
