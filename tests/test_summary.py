"""The summary of a session: what it came to, in lines that say all that matters and nothing that does not."""

from dataclasses import replace
from pathlib import Path

from records import CIRCUMSTANCES, SOUND, played
from sessions import BRISK, BRISK_DRUG

from iontocore import Event, Outcome, State, Trip
from iontocore.body import BodyEvent
from iontocore.record import Record
from iontocore.safety.monitor import Breach, Tally
from iontocore.summary import Line, headline, summary


def said(record: Record) -> dict[str, str]:
    return {line.label: line.text for line in summary(record)}


def test_a_completed_session_says_its_charge_its_balance_its_limit_and_its_verdict(tmp_path: Path) -> None:
    record = played(tmp_path)
    assert headline(record) == Line("", "palms: completed")
    lines = said(record)
    assert lines["treated"] == "1:00 of 1:00 planned"
    assert lines["charge"].startswith("positive 6.")
    assert lines["charge"].endswith(" %, at most 2 %)")
    assert lines["limit"] == "20 mA: limit site-palms (NHS leaflet WPR26540, excerpt)"
    assert "ramp 0:1" in lines["limited by"]
    assert lines["invariants"] == "all 27 held at each of 61 000 ticks"
    assert not any(line.bad for line in summary(record))


def test_a_drug_says_its_dose_in_its_direction(tmp_path: Path) -> None:
    assert said(played(tmp_path, BRISK_DRUG))["charge"] == "negative 2.0 of 2.0 mA·min"


def test_a_session_that_was_stopped_says_that_it_is_not_balanced(tmp_path: Path) -> None:
    record = played(tmp_path, stop_after=400)
    record = replace(record, circumstances=replace(CIRCUMSTANCES, stopped_because="Contact did not come for 5 min."))
    assert headline(record).text == "palms: stopped"
    assert said(record)["charge"].endswith("(100.00 %; not completed)")
    assert said(record)["stopped"] == "Contact did not come for 5 min."


def test_a_session_in_which_nothing_flowed_has_no_charge(tmp_path: Path) -> None:
    record = replace(played(tmp_path), charge_positive_nc=0, charge_negative_nc=0, outcome=Outcome.STOPPED)
    assert said(record)["charge"] == "positive 0.0, negative 0.0 mA·min, net +0.00 (0.00 %; not completed)"
    assert said(replace(record, plan=BRISK_DRUG))["charge"] == "none of 2.0 mA·min"


def test_a_fault_says_its_trip_and_why_and_is_marked_as_bad(tmp_path: Path) -> None:
    record = played(tmp_path, BRISK, BodyEvent(at_ms=20_000, kind="emergency-stop"))
    assert headline(record) == Line("", "palms: FAULT, emergency", True)
    why = next(line for line in summary(record) if line.label == "why")
    assert why == Line("why", "The core found a fault and cut. Trip: emergency.", True)
    assert headline(replace(record, trip=Trip.NONE)).text == "palms: FAULT"


def test_a_fault_says_why_also_when_it_was_acknowledged(tmp_path: Path) -> None:
    record = played(tmp_path, BRISK, BodyEvent(at_ms=20_000, kind="emergency-stop"))
    row = replace(record.transitions[-1], event=Event.ACKNOWLEDGED, before=State.FAULT, after=State.IDLE, why="Seen.")
    assert said(replace(record, transitions=(*record.transitions, row)))["why"].endswith("Trip: emergency.")


def test_a_fault_after_the_end_is_not_passed_over(tmp_path: Path) -> None:
    record = played(tmp_path)
    late = replace(
        record.transitions[-1], event=Event.TRIPPED, before=State.IDLE, after=State.FAULT, why="It is welded."
    )
    record = replace(record, trip=Trip.SWITCH, transitions=(*record.transitions, late))
    assert headline(record) == Line("", "palms: completed, then FAULT, switch", True)
    assert said(record)["why"] == "It is welded."


def test_a_broken_invariant_is_loud_and_says_what_where_and_how_often(tmp_path: Path) -> None:
    first = Breach("SI-01", 17_000_000, "SI-01 broken at 17.000000 s: drive_na 20000001, limit_na 20000000. It never.")
    tallies = (Tally("SI-01", 61_000, 2, first), Tally("SI-02", 61_000, 1, None), *SOUND[2:])
    lines = [line for line in summary(replace(played(tmp_path), invariants=tallies)) if line.bad]
    assert [line.label for line in lines] == ["INVARIANTS", "", ""]
    assert lines[0].text == "2 of 27 BROKEN within 61 000 ticks"
    assert lines[1].text == f"SI-01 at 2 ticks. {first.sentence}"
    assert lines[2].text.startswith("SI-02 at 1 tick.")
