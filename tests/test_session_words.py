"""What a session says and writes, to the letter: refusals, reasons of transitions, entries, reports."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from sessions import BEGAN, BRISK, BRISK_DRUG, Bench, Clock, Seen, is_in

from iontocore import Body, Journal, LinkLost, Outcome, Plan, Refusal, Session, SimulatedPort, State, Trip
from iontocore.body import BodyEvent
from iontocore.ccore import Command, LimitedBy, Phase
from iontocore.config import RESERVE_MARGIN_MS
from iontocore.entries import Kind
from iontocore.plans import Polarity, to_toml
from iontocore.progress import Progress
from iontocore.session import Transition, _check_nothing_waits, _is_at_rest

Make = Callable[..., Bench]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Make]:
    made: list[Bench] = []

    def make(plan: Plan = BRISK, *events: BodyEvent, **more: Any) -> Bench:
        made.append(Bench(tmp_path, plan, *events, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        act()
    return str(caught.value)


def treating(bench: Make, *events: BodyEvent, plan: Plan = BRISK) -> Bench:
    one = bench(plan, *events)
    one.session.start()
    one.run(is_in(State.TREAT))
    return one


def written(one: Bench, kind: Kind) -> list[Any]:
    return [entry.data for entry in one.journal.entries() if entry.kind is kind]


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_a_second_start_is_refused_in_one_sentence(bench: Make) -> None:
    one = treating(bench)
    sentence = "start is a session that was started before; allowed is one start a session, says the session: "
    assert refused(one.session.start) == f"{sentence}open another session."
    one.session.pause()
    assert refused(one.session.start) == f"{sentence}resume it."
    one.run(is_in(State.IDLE))
    one.session.resume()
    assert refused(one.session.start) == f"{sentence}open another session."
    one.session.pause()
    one.session.stop()
    assert refused(one.session.start) == f"{sentence}open another session."


def test_a_session_that_was_stopped_before_its_start_cannot_be_started(bench: Make) -> None:
    one = bench()
    one.session.stop()
    assert refused(one.session.start) == (
        "start is a session that was started before; allowed is one start a session, says the session: "
        "open another session."
    )


def test_a_resume_of_what_is_not_paused_is_refused_in_one_sentence(bench: Make) -> None:
    one = bench()
    sentence = "resume is a session that is not paused; allowed is a paused session, says the session: "
    assert refused(one.session.resume) == f"{sentence}start it."
    one.session.start()
    one.run(is_in(State.TREAT))
    one.session.stop()
    one.run()
    assert refused(one.session.resume) == f"{sentence}open another session."


@pytest.mark.invariant("SI-22")
@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (1.5, "current_ua is 1.5; allowed is a whole number of µA, says the session."),
        ("12", "current_ua is '12'; allowed is a whole number of µA, says the session."),
        (
            20_001,
            "current_ua is 20.001 mA; allowed is at most 20 mA, says limit site-palms (NHS leaflet WPR26540, excerpt): "
            "ask for less.",
        ),
        (
            100,
            "current_ua is 0.1 mA; allowed is more than 0.1 mA, says the profile of device simulated, which takes "
            "less for zero: stop or pause to have no current.",
        ),
    ],
)
def test_a_current_that_cannot_be_treated_with_is_refused_in_one_sentence(
    bench: Make, asked: Any, sentence: str
) -> None:
    one = treating(bench)
    assert refused(lambda: one.session.adjust(asked)) == sentence
    assert one.session.transitions[-1].event.value == "target-reached"


def test_the_least_current_above_zero_is_taken(bench: Make) -> None:
    one = treating(bench)
    one.session.adjust(101)
    assert one.session.transitions[-1].why == "The operator adjusted the current from 15 mA to 0.101 mA."
    assert one.idle(1).current_ua == 101


def test_an_acknowledge_is_refused_in_one_sentence(bench: Make) -> None:
    one = treating(bench, BodyEvent(15_000, "emergency-stop"))
    assert refused(one.session.acknowledge).startswith("acknowledged is refused in treat, because there is no fault")
    one.run()
    exchanged = len(one.port.requests)
    assert refused(one.session.acknowledge) == (
        "acknowledge is asked for emergency, whose cause is still there; allowed is an acknowledge of causes that have "
        "gone, says the core: remove its cause, and acknowledge again."
    )
    asked = [request.acknowledge for request, _ in one.port.requests[exchanged:]]
    assert asked == [1, 0] * 20, "for two seconds, each time anew"
    assert written(one, Kind.ACKNOWLEDGED) == []
    one.idle(2)
    assert [request.acknowledge for request, _ in one.port.requests[-2:]] == [0, 0]


def test_an_acknowledge_that_is_refused_names_every_trip_that_is_left(bench: Make) -> None:
    one = treating(bench, BodyEvent(15_000, "emergency-stop"))
    one.run()
    one.port.alter = lambda telemetry: telemetry._replace(trips=telemetry.trips | 1 << (Trip.LEAKAGE - 1))
    assert "is asked for leakage, emergency, whose cause is still there;" in refused(one.session.acknowledge)


def test_an_acknowledge_without_a_core_is_refused_in_one_sentence(bench: Make) -> None:
    one = treating(bench)
    one.port.fail = LinkLost("the line is cut")
    one.run()
    assert refused(one.session.acknowledge) == (
        "acknowledge is the line is cut; allowed is a core that answers, says the session: restore the link."
    )
    one.port.fail = None
    one.idle(2)
    assert [request.acknowledge for request, _ in one.port.requests[-2:]] == [0, 0]


def test_an_acknowledge_takes_no_more_exchanges_than_it_needs_and_is_written(bench: Make) -> None:
    one = treating(bench, BodyEvent(15_000, "emergency-stop", for_ms=1_000))
    one.run()
    one.idle(40)
    exchanged = len(one.port.requests)
    one.session.acknowledge()
    assert len(one.port.requests) - exchanged == 1
    assert written(one, Kind.ACKNOWLEDGED) == [{"trips": ["emergency"]}]
    assert one.session.transitions[-1].event.value == "acknowledged"
    assert one.session.trip is Trip.EMERGENCY, "the session keeps what ended it"


@pytest.mark.invariant("SI-07")
def test_what_nobody_acknowledged_is_named_with_its_time_and_the_command_that_helps(bench: Make) -> None:
    one = treating(bench, BodyEvent(15_000, "emergency-stop"))
    one.run()
    one.close()
    rest = "allowed is one without an open fault, says the trip's latch, which outlives a loss of power: find its cause"
    then = "then: iontocore journal acknowledge FILE --by NAME."
    assert refused(lambda: bench(clock=Clock(BEGAN + timedelta(days=3)))) == (
        f"the journal is with trip emergency that nobody has acknowledged; {rest}, {then}"
    )


@pytest.mark.invariant("SI-07")
def test_trips_that_nobody_acknowledged_are_all_named() -> None:
    assert "with trip open, sensor that nobody" in refused(lambda: _check_nothing_waits((), ("open", "sensor")))


@pytest.mark.invariant("SI-07")
@pytest.mark.parametrize("how", ["was never closed", "ended in fault"])
def test_a_session_that_nobody_acknowledged_is_named_with_its_time(bench: Make, how: str) -> None:
    one = treating(bench)
    if how == "ended in fault":
        one.port.fail = LinkLost("the line is cut")
        one.run()
    one.close()
    assert refused(lambda: bench(clock=Clock(BEGAN + timedelta(days=3)))) == (
        f"the journal is with a session of 2026-03-01 09:00 UTC that {how}, which nobody has acknowledged; allowed is "
        "one without an open fault, says the trip's latch, which outlives a loss of power: find its cause, then: "
        "iontocore journal acknowledge FILE --by NAME."
    )


# ---- what ends a session in fault ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"energised_us": 0}, "the core has been started anew, where it was expected to go on"),
        ({"time_us": 0}, "the core has been started anew, where it was expected to go on"),
        ({"measured_positive_fc": 10**18}, "the core reports a charge that cannot have flowed since its last report"),
        ({"measured_positive_fc": 0}, "the core reports a charge that cannot have flowed since its last report"),
        ({"measured_negative_fc": 10**18}, "the core reports a charge that cannot have flowed since its last report"),
        ({"measured_negative_fc": -1}, "the core reports a charge that cannot have flowed since its last report"),
    ],
)
def test_a_report_that_cannot_follow_the_one_before_is_a_lost_link(
    bench: Make, wrong: dict[str, int], why: str
) -> None:
    one = treating(bench)
    one.port.alter = lambda telemetry: telemetry._replace(**wrong)
    one.run(exchanges=1)
    last = one.session.transitions[-1]
    assert (last.event.value, last.before, last.after, last.why) == ("interrupted", State.TREAT, State.FAULT, why)
    assert (one.session.outcome, one.session.trip) == (Outcome.FAULT, Trip.NONE)


def test_ticks_that_stand_still_are_a_lost_link(bench: Make) -> None:
    one = treating(bench)
    ticks = one.port.telemetry[-1].ticks
    one.port.alter = lambda telemetry: telemetry._replace(ticks=ticks)
    one.run(exchanges=1)
    why = "the core's ticks stand still, where one was expected to follow the other"
    assert one.session.transitions[-1].why == why


@pytest.mark.parametrize("side", ["positive", "negative"])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_most_charge_that_can_have_flowed_is_believed_and_not_a_fc_more(
    bench: Make, side: str, sign: Literal[-1, 1]
) -> None:
    one = treating(bench, plan=replace(BRISK, first_sign=sign))
    name = f"measured_{side}_fc"
    before = one.port.telemetry[-1]
    # 50 ticks of 1000 us at twice 50 mA, the full scale of the sensor
    most_fc = 2 * 50_000_000 * 1_000 * 50
    for more_fc, believed in ((most_fc, True), (most_fc + 1, False)):
        value = getattr(before, name) + more_fc
        session = one.session
        after = before._replace(ticks=before.ticks + 50, **{name: value})
        assert session._can_have_flowed(before, after) is believed
    assert one.session._can_have_flowed(before, before._replace(ticks=before.ticks + 50))


def test_a_count_of_ticks_that_wraps_is_no_lost_link(bench: Make) -> None:
    one = treating(bench)
    before = one.port.telemetry[-1]._replace(ticks=0xFFFFFFFF - 9)
    after = before._replace(ticks=40, measured_positive_fc=before.measured_positive_fc + 15_000_000 * 1_000 * 50)
    assert one.session._can_have_flowed(before, after)


def test_an_invariant_that_is_broken_is_told_with_its_numbers(bench: Make) -> None:
    one = treating(bench)
    one.port.alter = lambda telemetry: telemetry._replace(drive_na=21_000_000, drive_max_na=21_000_000)
    one.run()
    why = one.session.transitions[-1].why
    assert why.startswith("What the core reports breaks an invariant: SI-01 broken at ")
    assert " SI-03 broken at " in why


def test_a_core_that_does_not_hear_is_told_so(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(50, "supervisor-frozen"))
    one.session.start()
    one.run(exchanges=40)
    assert one.session.transitions[-1].why == ("The core tells, but has not heard what is asked of it for too long.")


@pytest.mark.parametrize("heard", [0, 3])
def test_a_core_at_rest_is_given_up_once_it_has_not_heard_for_longer_than_the_heartbeat_time(
    bench: Make, heard: int
) -> None:
    one = bench()
    for _ in range(heard):
        one.session.advance()
    one.port.alter = lambda telemetry: telemetry._replace(heartbeat=heard)
    assert one.idle(10).state is State.IDLE, "500 ms are not longer than 500 ms"
    assert one.idle(1).state is State.FAULT


def test_a_trip_is_told_with_the_tables_sentence_and_its_name(bench: Make) -> None:
    one = treating(bench, BodyEvent(15_000, "emergency-stop"))
    one.run()
    assert one.session.transitions[-1].why == "The core found a fault and cut. Trip: emergency."
    assert written(one, Kind.TRIP) == [{"trips": ["emergency"]}]


def test_trips_that_come_together_are_all_told(bench: Make) -> None:
    one = treating(bench)
    one.port.alter = lambda telemetry: telemetry._replace(
        trips=1 << (Trip.LEAKAGE - 1) | 1 << (Trip.SENSOR - 1), first_trip=int(Trip.SENSOR)
    )
    one.idle(1)
    assert one.session.transitions[-1].why == "The core found a fault and cut. Trip: sensor, leakage."
    assert one.session.trip is Trip.SENSOR
    assert written(one, Kind.TRIP) == [{"trips": ["sensor", "leakage"]}]
    one.port.alter = lambda telemetry: telemetry._replace(trips=1 << (Trip.OPEN - 1), first_trip=int(Trip.OPEN))
    one.idle(1)
    assert one.session.trip is Trip.SENSOR, "the first is kept"


def test_a_trip_after_the_end_is_told_as_such_and_changes_no_outcome(bench: Make) -> None:
    one = treating(bench)
    one.session.stop()
    one.run()
    one.port.alter = lambda telemetry: telemetry._replace(
        trips=1 << (Trip.LEAKAGE - 1) | 1 << (Trip.SWITCH - 1), first_trip=int(Trip.LEAKAGE)
    )
    one.idle(2)
    last = one.session.transitions[-1]
    assert last.why == "After the end the core found a fault. Trip: leakage, switch."
    assert (one.session.outcome, one.session.state, one.session.trip) == (Outcome.STOPPED, State.FAULT, Trip.LEAKAGE)
    assert written(one, Kind.TRIP) == [{"trips": ["leakage", "switch"]}]
    one.port.alter = lambda telemetry: telemetry._replace(trips=1 << (Trip.SENSOR - 1), first_trip=int(Trip.SENSOR))
    one.idle(1)
    assert one.session.trip is Trip.LEAKAGE, "the first is kept"
    assert written(one, Kind.TRIP)[1:] == [{"trips": ["sensor"]}]


# ---- what is written ------------------------------------------------------------------------------------------------


def test_the_opening_tells_who_is_treated_with_what_within_which_limit_and_who_answered(bench: Make) -> None:
    one = bench()
    assert written(one, Kind.SESSION_OPENED) == [
        {
            "patient": "simulated-adult",
            "polarity": 1,
            "plan": {"name": "palms", "toml": to_toml(BRISK)},
            "device": asdict(BRISK.device),
            "limit": {"value_ua": 20_000, "binding": "site-palms", "source": "NHS leaflet WPR26540"},
            "screening": {
                "answered_by": "simulated-adult",
                "answers": dict.fromkeys(BRISK.patient.contraindications, False),
            },
        }
    ]
    one.idle(5)
    assert [entry.session_ms for entry in one.journal.entries()] == [0], "nothing else is written before the start"


def test_requests_transitions_and_the_close_are_written_as_they_are_done(bench: Make) -> None:
    one = bench(BRISK_DRUG)
    one.session.start()
    one.run()
    assert written(one, Kind.REQUEST) == [
        {"target_na": -4_000_000, "command": "run", "acknowledge": False},
        {"target_na": 0, "command": "stop", "acknowledge": False},
    ]
    rows = [(row.event.value, row.before.value, row.after.value, row.why) for row in one.session.transitions]
    assert rows[0] == ("start", "idle", "ramp", "The session starts: from zero, and with contact.")
    assert [
        tuple(data[key] for key in ("event", "from", "to", "why")) for data in written(one, Kind.TRANSITION)
    ] == rows
    times = [entry.session_ms for entry in one.journal.entries() if entry.kind is Kind.TRANSITION]
    assert times == [row.t_ms for row in one.session.transitions]
    assert written(one, Kind.ACKNOWLEDGED) == [], "there was nothing to acknowledge"
    positive_nc, negative_nc = one.session.charge_nc
    assert negative_nc > 100_000_000
    assert written(one, Kind.SESSION_CLOSED) == [
        {
            "outcome": "completed",
            "treated_ms": one.session.treated_ms,
            "charge_positive_nc": positive_nc,
            "charge_negative_nc": negative_nc,
        }
    ]


def test_contact_that_comes_back_is_written_with_the_trip_that_goes(bench: Make) -> None:
    one = treating(bench, BodyEvent(12_000, "lift", for_ms=2_000))
    one.run(lambda report: report.waiting)
    waited = one.run(lambda report: not report.waiting)
    assert written(one, Kind.TRIP) == [{"trips": ["open"]}]
    assert written(one, Kind.ACKNOWLEDGED) == [{"trips": ["open"]}]
    lost = next(row for row in one.session.transitions if row.event.value == "contact-lost")
    back = next(row for row in one.session.transitions if row.event.value == "contact-back")
    assert (lost.t_ms, back.t_ms) == (12_000, 16_950), "contact is back from 13 950 ms on, and holds for 3 s"
    assert waited.session_ms >= back.t_ms
    assert one.session.trip is Trip.NONE


# ---- what is told ---------------------------------------------------------------------------------------------------


def test_a_report_tells_state_times_charge_and_what_was_taken_since_the_last(bench: Make) -> None:
    one = bench()
    first = one.session.advance()
    assert (first.state, first.session_ms, first.treated_ms, first.current_ua) == (State.IDLE, 50, 0, 15_000)
    assert (first.waiting, first.transitions) == (False, ())
    one.session.start()
    second = one.session.advance()
    assert [row.event.value for row in second.transitions] == ["start"]
    assert (second.state, second.session_ms) == (State.RAMP, 100)
    one.run(is_in(State.TREAT))
    report = one.idle(1)
    assert report.transitions == ()
    assert report.treated_ms == report.telemetry.energised_us // 1000 == one.session.treated_ms
    assert report.charge_positive_nc == report.telemetry.measured_positive_fc // 10**6 > 0
    assert report.charge_negative_nc == report.telemetry.measured_negative_fc // 10**6
    assert one.session.charge_nc == (report.charge_positive_nc, report.charge_negative_nc)
    assert report.telemetry == one.port.telemetry[-1]
    assert report.state is one.session.state


def test_a_lost_link_is_reported_with_what_was_told_last(bench: Make) -> None:
    one = treating(bench)
    last = one.port.telemetry[-1]
    one.port.fail = LinkLost("the line is cut")
    report = one.session.advance()
    assert (report.state, report.telemetry) == (State.FAULT, last)
    assert report.transitions == (
        Transition(report.session_ms, one.session.transitions[-1].event, State.TREAT, State.FAULT, "the line is cut"),
    )
    again = one.session.advance()
    assert (again.state, again.transitions) == (State.FAULT, ()), "once is enough"


def test_waiting_is_said_without_contact_whether_it_was_lost_or_never_there(bench: Make) -> None:
    one = bench(BRISK, BodyEvent(0, "lift"))
    one.session.start()
    report = one.idle(20)
    assert (report.waiting, report.telemetry.phase) == (True, Phase.WAIT)


def test_the_peak_is_the_largest_magnitude_of_either_direction_rounded_up(bench: Make) -> None:
    one = treating(bench)
    assert one.session.peak_ua == -(-max(t.measured_max_na for t in one.port.telemetry) // 1000)
    before = one.session.peak_ua
    one.port.alter = lambda telemetry: telemetry._replace(measured_min_na=-18_000_001)
    one.idle(1)
    assert one.session.peak_ua == 18_001 > before
    one.port.alter = lambda telemetry: telemetry._replace(measured_max_na=19_000_000)
    one.idle(1)
    assert one.session.peak_ua == 19_000
    one.port.alter = lambda telemetry: telemetry
    one.idle(1)
    assert one.session.peak_ua == 19_000, "so far"


def test_time_that_something_limits_is_counted_by_what_limits_and_while_energised_alone(bench: Make) -> None:
    one = bench()
    one.idle(20)
    assert one.session.limited_ms == {}
    one.session.start()
    one.run(is_in(State.TREAT))
    began_ms = one.session.transitions[0].t_ms
    limited = one.session.limited_ms
    assert [*limited] == sorted(limited)
    assert all(type(time_ms) is int for time_ms in limited.values())
    assert all(type(cause) is LimitedBy for cause in limited)
    assert sum(limited.values()) == one.reports[-1].session_ms - began_ms


def test_what_is_left_falls_from_the_whole_session_to_nothing(bench: Make) -> None:
    one = bench()
    assert one.session.remaining_ms == 60_000
    one.session.start()
    one.run(is_in(State.TREAT))
    at_target = one.session.remaining_ms
    assert at_target == one.session._progress.remaining_ms(abs(one.port.telemetry[-1].drive_na))
    assert type(at_target) is int
    told = one.session._telemetry
    one.session._telemetry = told._replace(drive_na=7_000_000)
    assert one.session.remaining_ms == one.session._progress.remaining_ms(7_000_000)
    one.session._telemetry = told
    assert abs(at_target + one.session.treated_ms - 60_000) <= 150
    one.run(is_in(State.REVERSE))
    drive_ua = abs(one.port.telemetry[-1].drive_na) // 1000
    fall_ms = -(-drive_ua * 1000 // 5_000)
    assert one.session.remaining_ms == fall_ms + one.session._progress.remaining_ms(0)
    # What the fall still delivers is not measured yet, so it is not yet counted for the other direction.
    assert abs(one.session.remaining_ms + one.session.treated_ms - 60_000) <= 2_000
    one.run(is_in(State.RAMP_DOWN))
    drive_ua = abs(one.port.telemetry[-1].drive_na) // 1000
    assert one.session.remaining_ms == -(-drive_ua * 1000 // 5_000) > 0
    told = one.session._telemetry
    one.session._telemetry = told._replace(drive_na=-7_000_999)
    assert one.session.remaining_ms == 1_400, "in whole uA, whichever way they flow"
    one.session._telemetry = told
    one.run()
    assert one.session.remaining_ms == 0
    assert one.session.share == pytest.approx(1, abs=0.01)


def test_an_iteration_ends_with_the_report_of_the_end(bench: Make) -> None:
    one = bench(BRISK_DRUG)
    one.session.start()
    reports = list(one.session)
    assert reports[-1].state is State.IDLE
    assert [row.event.value for row in reports[-1].transitions] == ["at-zero"]
    assert one.session.outcome is Outcome.COMPLETED
    assert list(one.session) == []


def test_heartbeats_go_on_by_one_at_every_exchange(bench: Make) -> None:
    one = bench()
    one.idle(3)
    assert [request.heartbeat for request, _ in one.port.requests] == [0, 1, 2, 3]
    one.session._heartbeat = 0xFFFFFFFF
    one.idle(1)
    assert one.port.requests[-1][0].heartbeat == 0


def test_a_start_asks_for_current_at_the_next_exchange_and_is_in_its_report(bench: Make) -> None:
    one = bench()
    one.session.start()
    report = one.session.advance()
    assert [row.event.value for row in report.transitions] == ["start"]
    request, _ = one.port.requests[-1]
    assert (request.target_na, request.command) == (15_000_000, Command.RUN)


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize("plan", [BRISK, BRISK_DRUG], ids=["tap water", "drug"])
def test_the_gate_is_asked_with_what_the_plan_says(bench: Make, plan: Plan) -> None:
    child = replace(plan, patient=replace(plan.patient, age_years=8, doctor_agrees=True), current_ua=3_000)
    admission = bench(child).session._admission
    assert (admission.mode, admission.age_years, admission.doctor_agrees) == (plan.mode, 8, True)


@pytest.mark.invariant("SI-24")
def test_an_answer_that_stands_against_it_is_named_by_where_it_stands(bench: Make) -> None:
    patient = replace(BRISK.patient, contraindications={**BRISK.patient.contraindications, "epilepsy": True})
    assert refused(lambda: bench(replace(BRISK, patient=patient))).startswith(
        "preset palms: patient.contraindications.epilepsy is yes to"
    )


@pytest.mark.invariant("SI-07")
def test_a_core_that_is_found_tripped_is_told_at_the_opening(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = Seen.exchange
    tripped = {"trips": 1 << (Trip.OVER_CURRENT - 1), "first_trip": int(Trip.OVER_CURRENT)}
    monkeypatch.setattr(Seen, "exchange", lambda *asked: exchange(*asked)._replace(**tripped))
    one = bench()
    assert written(one, Kind.TRIP) == [{"trips": ["over-current"]}]
    assert (one.session.state, one.session.trip) == (State.FAULT, Trip.OVER_CURRENT)


def test_a_session_that_alternates_begins_where_the_last_did_not(bench: Make) -> None:
    plan = replace(BRISK, polarity=Polarity.ALTERNATE, balance_tolerance_percent=None, first_sign=-1)
    signs = []
    for days in (0, 3, 6):
        one = bench(plan, clock=Clock(BEGAN + timedelta(days=days)))
        signs.append(one.session.first_sign)
        assert written(one, Kind.SESSION_OPENED)[-1]["polarity"] == signs[-1]
        one.session.stop()
        one.close()
    assert signs == [-1, 1, -1]
    one = bench(replace(BRISK, first_sign=-1), clock=Clock(BEGAN + timedelta(days=9)))
    assert one.session.first_sign == -1, "a plan that does not alternate begins as it says"


def test_who_answered_is_the_patient_or_whoever_is_named(bench: Make, tmp_path: Path) -> None:
    one = bench()
    assert written(one, Kind.SESSION_OPENED)[0]["screening"]["answered_by"] == "simulated-adult"
    journal = Journal.create_or_open(tmp_path / "other.journal", Clock())
    port = SimulatedPort(Body(), seed=1)
    Session(BRISK, port, journal, Clock(), answered_by="the mother")
    screening = journal.entries()[0].data["screening"]
    assert isinstance(screening, dict)
    assert screening["answered_by"] == "the mother"
    port.close()
    journal.close()


@pytest.mark.invariant("SI-25")
@pytest.mark.parametrize("link", ["there", "lost as well"])
def test_a_journal_that_is_lost_takes_a_last_stop_to_the_core(bench: Make, link: str) -> None:
    one = treating(bench)

    def full(*_: object) -> None:
        raise Refusal("the journal", "a full disk", "room for an entry", "the journal", "make room")

    one.journal.append = full  # type: ignore[method-assign, assignment]  # stands in for a full disk
    heartbeat = one.port.requests[-1][0].heartbeat
    if link == "lost as well":
        one.port.fail = LinkLost("the line is cut")
    sentence = "the journal is a full disk; allowed is room for an entry, says the journal: make room."
    assert refused(one.session.stop) == sentence
    request, _ = one.port.requests[-1]
    assert request == (0, Command.STOP, 0, heartbeat + 1)
    last = one.session.transitions[-1]
    assert (last.event.value, last.before, last.after, last.why) == ("interrupted", State.TREAT, State.FAULT, sentence)
    assert last.t_ms == one.reports[-1].session_ms
    assert one.session.outcome is Outcome.FAULT
    one.idle(100)
    assert one.flowing_na < 100_000 or one.port.fail is not None


# ---- the last moment to ramp down -----------------------------------------------------------------------------------

FALL_US, FALL_FC, FLOWING_NA = 3_000_000, 22_500_000 * 10**6, 15_000_999
"""From 15 mA, in whole uA, at 5 mA/s."""


def test_a_direction_is_asked_whether_it_is_done_with_what_its_fall_still_delivers(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = treating(bench)
    asked: list[int] = []
    monkeypatch.setattr(Progress, "way_is_done", lambda _, fall_fc: asked.append(fall_fc))
    one.session._go_on(one.port.telemetry[-1]._replace(drive_na=-FLOWING_NA), State.TREAT)
    assert asked == [FALL_FC]
    assert type(asked[0]) is int


@pytest.mark.parametrize(("first_ms_ago", "event"), [(600_000, "contact-lost-too-often"), (600_001, "contact-lost")])
def test_a_loss_counts_for_ten_minutes(bench: Make, first_ms_ago: int, event: str) -> None:
    one = treating(bench)
    now_ms = one.reports[-1].session_ms
    one.session._losses_ms.extend([now_ms - first_ms_ago, now_ms - 1])
    one.session._lose_contact()
    assert one.session.transitions[-1].event.value == event
    assert one.session.trip is (Trip.OPEN if event == "contact-lost-too-often" else Trip.NONE)


@pytest.mark.invariant("SI-17")
def test_the_cap_on_time_is_near_when_fall_reserve_and_margin_just_fit_before_it(bench: Make) -> None:
    one = bench()
    settings, told = one.session._settings, one.port.telemetry[-1]
    last_us = settings.time_cap_us - settings.time_reserve_us - RESERVE_MARGIN_MS * 1000 - FALL_US
    assert last_us > 0
    for energised_us, near in ((last_us - 1, False), (last_us, True), (last_us + 1, True)):
        assert one.session._cap_is_near(told._replace(energised_us=energised_us), FLOWING_NA, FALL_FC) is near


@pytest.mark.invariant("SI-18")
@pytest.mark.parametrize("cap", ["each, positive", "each, negative", "total"])
def test_a_cap_on_charge_is_near_when_fall_reserve_and_margin_just_fit_below_it(bench: Make, cap: str) -> None:
    one = bench()
    each_fc, total_fc = (400, 10_000) if cap != "total" else (10_000, 400)
    one.session._settings = settings = replace(
        one.session._settings, charge_cap_each_fc=each_fc * 10**12, charge_cap_total_fc=total_fc * 10**12
    )
    most_fc = 400 * 10**12 - FALL_FC - settings.charge_reserve_fc - FLOWING_NA * RESERVE_MARGIN_MS * 1000
    told = one.port.telemetry[-1]
    for driven_fc, near in ((most_fc - 1, False), (most_fc, True), (most_fc + 1, True)):
        positive_fc = {"each, positive": driven_fc, "each, negative": 7, "total": 100 * 10**12}[cap]
        negative_fc = {"each, positive": 7, "each, negative": driven_fc, "total": driven_fc - 100 * 10**12}[cap]
        report = told._replace(driven_positive_fc=positive_fc, driven_negative_fc=negative_fc)
        assert one.session._cap_is_near(report, FLOWING_NA, FALL_FC) is near


# ---- what a report of a treatment means -----------------------------------------------------------------------------


def fires(one: Bench, state: State, **told: int) -> list[str]:
    """The events of a report that is as the last one, but for what is told."""
    before = len(one.session.transitions)
    one.session._go_on(one.port.telemetry[-1]._replace(**told), state)
    return [row.event.value for row in one.session.transitions[before:]]


@pytest.mark.parametrize(
    ("phase", "limited_by", "events"),
    [
        (Phase.FALL, LimitedBy.NOTHING, []),
        (Phase.TREAT, LimitedBy.TIME, []),
        (Phase.FALL, LimitedBy.HEARTBEAT, ["core-ending"]),
        (Phase.FALL, LimitedBy.TIME, ["core-ending"]),
        (Phase.FALL, LimitedBy.CHARGE, ["core-ending"]),
        (Phase.FALL, LimitedBy.VOLTAGE, []),
    ],
)
def test_a_core_ends_a_treatment_when_it_falls_for_a_reason_of_its_own(
    bench: Make, phase: Phase, limited_by: LimitedBy, events: list[str]
) -> None:
    assert fires(treating(bench), State.TREAT, phase=int(phase), limited_by=int(limited_by)) == events


@pytest.mark.parametrize("within", [True, False])
def test_at_a_cap_a_session_is_finished_when_its_dose_is_there_and_stopped_when_not(
    bench: Make, monkeypatch: pytest.MonkeyPatch, within: bool
) -> None:
    one = treating(bench, plan=BRISK_DRUG)
    monkeypatch.setattr(Session, "_cap_is_near", lambda *_: True)
    monkeypatch.setattr(Progress, "dose_is_within_tolerance", within)
    assert fires(one, State.TREAT) == (["finished"] if within else ["cap-reached"])
    one.run()
    assert one.session.outcome is (Outcome.COMPLETED if within else Outcome.STOPPED)


@pytest.mark.invariant("SI-04")
def test_the_sign_has_changed_with_the_first_current_in_the_other_direction(bench: Make) -> None:
    one = treating(bench)
    one.run(is_in(State.REVERSE))
    assert fires(one, State.REVERSE, drive_na=0) == []
    assert fires(one, State.REVERSE, drive_na=1) == []
    assert fires(one, State.REVERSE, drive_na=-1) == ["sign-changed"]


def test_ticks_without_time_are_no_lost_link(bench: Make) -> None:
    one = treating(bench)
    time_us = one.port.telemetry[-1].time_us
    one.port.alter = lambda telemetry: telemetry._replace(time_us=time_us)
    assert one.idle(1).state is State.TREAT


def test_contact_that_is_lost_has_held_for_no_time(bench: Make) -> None:
    one = treating(bench, BodyEvent(12_000, "lift", for_ms=2_000))
    assert one.session._in_contact_us == one.reports[-1].session_ms * 1000
    one.run(lambda report: report.waiting)
    assert one.session._in_contact_us == 0


@pytest.mark.invariant("SI-25")
def test_what_is_judged_is_what_the_journal_held_and_not_what_was_asked(bench: Make) -> None:
    one = treating(bench)
    one.session._journaled = (7, int(Command.STOP), 0)
    one.session._look(one.session._request, one.port.telemetry[-1])
    sample = one.session._sample
    assert (sample.requested_na, sample.journaled_target_na) == (15_000_000, 7)
    assert (sample.command, sample.journaled_command) == (Command.RUN, Command.STOP)
    assert [breach.id for breach in one.session.monitor.judge(sample)] == ["SI-25"]


@pytest.mark.parametrize(
    ("told", "at_rest"),
    [
        ({}, True),
        ({"drive_na": 1}, False),
        ({"drive_na": -1}, False),
        ({"switch_closed": 1}, False),
        ({"trips": 4}, False),
    ],
    ids=lambda told: "-".join(told) if isinstance(told, dict) else "",
)
def test_a_core_is_at_rest_without_current_with_an_open_switch_and_without_a_trip(
    bench: Make, told: dict[str, int], at_rest: bool
) -> None:
    assert _is_at_rest(bench().port.telemetry[-1]._replace(**told)) is at_rest
