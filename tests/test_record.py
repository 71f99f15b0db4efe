"""session.json: what a session came to, for machines."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from records import CIRCUMSTANCES, SOUND, played
from sessions import BRISK, BRISK_DRUG, Bench, Clock

from iontocore import Trip
from iontocore.body import Body, BodyEvent
from iontocore.device import DeviceProfile
from iontocore.entries import Outcome
from iontocore.plans import Polarity
from iontocore.record import Record
from iontocore.safety.monitor import Breach, Tally


def test_a_completed_session_is_told_whole(tmp_path: Path) -> None:
    record = played(tmp_path)
    told = json.loads(record.text())
    assert told["format"] == 1
    assert told["outcome"] == "completed"
    assert told["trip"] is None
    assert told["stopped_because"] is None
    assert 59_700 <= told["treated_ms"] <= 60_300
    assert told["session_ms"] == 65_000
    assert told["charge_positive_nc"] == record.charge_positive_nc > 300_000_000
    assert told["balance"] == {
        "net_nc": told["charge_positive_nc"] - told["charge_negative_nc"],
        "percent": record.net_percent,
        "tolerance_percent": 2,
    }
    assert 15_000 <= told["peak_ua"] <= 15_100
    assert told["limit"] == {
        "value_ua": 20_000,
        "binding": "site-palms",
        "source": "NHS leaflet WPR26540",
        "mark": "excerpt",
    }
    assert sum(told["limited_by"].values()) == told["transitions"][-1]["t_ms"]
    assert {"nothing", "ramp", "reversal", "stop", "contact"} <= told["limited_by"].keys()
    assert told["invariants"][0] == {"id": "SI-01", "ticks_checked": 61_000, "breaches": 0, "first": None}
    assert [row["id"] for row in told["invariants"]] == [f"SI-{number:02}" for number in range(1, 28)]
    assert told["transitions"][0] == {
        "t_ms": 0,
        "event": "start",
        "from": "idle",
        "to": "ramp",
        "why": "The session starts: from zero, and with contact.",
    }
    assert told["ticks"] == 61_000
    assert told["opened_us"] == 50_000
    assert told["seed"] == 3
    assert told["versions"] == {"iontocore": "0"}
    assert told["started"] == "2026-03-01T09:00:00.000+00:00"
    assert told["ended"] == "2026-03-01T09:01:05.000+00:00"
    assert told["journal"] == {"file": "a.journal", "entries": 12, "head": "0" * 64}


def test_plan_device_and_body_are_told_in_the_units_inside(tmp_path: Path) -> None:
    events = (BodyEvent(at_ms=1_000_000, kind="dry"),)
    record = replace(played(tmp_path), circumstances=replace(CIRCUMSTANCES, body=Body(events=events)))
    told = json.loads(record.text())
    plan = told["plan"]
    assert (plan["name"], plan["mode"], plan["site"], plan["drug"]) == ("palms", "tap-water", "palms", None)
    assert (plan["polarity"], plan["first_direction"]) == ("reverse-mid-session", "positive")
    assert (plan["current_ua"], plan["session_ms"], plan["dose_nc"]) == (15_000, 60_000, None)
    assert plan["patient"]["age_years"] == 35
    assert plan["patient"]["contraindications"]["pregnancy"] is False
    assert "device" not in plan
    assert told["device"].keys() == set(DeviceProfile.__slots__)
    assert told["body"]["skin"]["area_a_mm2"] == Body().skin.area_a_mm2
    assert told["body"]["electronics"]["compliance_mv"] == 60_000
    assert told["body"]["events"] == [{"at_ms": 1_000_000, "kind": "dry", "parameter": 0, "for_ms": None}]


def test_a_drug_is_told_by_its_name(tmp_path: Path) -> None:
    told = json.loads(played(tmp_path, BRISK_DRUG).text())
    assert told["plan"]["drug"] == "dexamethasone-phosphate"
    assert told["plan"]["first_direction"] == "negative"
    assert told["balance"]["tolerance_percent"] is None


def test_a_fault_is_told_by_its_trip(tmp_path: Path) -> None:
    told = json.loads(played(tmp_path, BRISK, BodyEvent(at_ms=20_000, kind="emergency-stop")).text())
    assert (told["outcome"], told["trip"]) == ("fault", "emergency")
    assert told["transitions"][-1]["to"] == "fault"


def test_a_breach_is_told_with_its_sentence(tmp_path: Path) -> None:
    breach = Breach("SI-01", 5, "It was too much.")
    record = replace(played(tmp_path), invariants=(Tally("SI-01", 9, 2, breach), *SOUND[1:]))
    assert record.breached == (record.invariants[0],)
    assert json.loads(record.text())["invariants"][0] == {
        "id": "SI-01",
        "ticks_checked": 9,
        "breaches": 2,
        "first": "It was too much.",
    }


def test_what_was_not_kept_or_not_said_is_null(tmp_path: Path) -> None:
    at = replace(CIRCUMSTANCES, journal=None, stopped_because="Contact did not come for 5 min.")
    told = json.loads(replace(played(tmp_path), circumstances=at, trip=Trip.NONE).text())
    assert told["journal"] is None
    assert told["trip"] is None
    assert told["stopped_because"] == "Contact did not come for 5 min."


def test_the_direction_is_that_of_the_session_where_a_plan_alternates(tmp_path: Path) -> None:
    plan = replace(BRISK, polarity=Polarity.ALTERNATE, balance_tolerance_percent=None)
    directions = []
    clock = Clock()
    for _ in range(2):
        bench = Bench(tmp_path, plan, clock=clock)
        bench.session.start()
        bench.run()
        bench.close()
        recorded = Record.of(bench.session, SOUND, CIRCUMSTANCES).as_json()["plan"]
        assert isinstance(recorded, dict)
        directions.append(recorded["first_direction"])
        clock.now = clock.now.replace(day=clock.now.day + 7)
    assert directions == ["positive", "negative"]


@pytest.mark.parametrize(
    "positive, negative, percent", [(0, 0, 0.0), (1, 0, 100.0), (100, 100, 0.0), (1_000_000, 998_000, 0.1)]
)
def test_the_balance_is_the_share_of_all_charge(tmp_path: Path, positive: int, negative: int, percent: float) -> None:
    record = replace(played(tmp_path), charge_positive_nc=positive, charge_negative_nc=negative)
    assert record.net_percent == percent
    assert record.net_nc == positive - negative


def test_a_session_that_goes_on_has_no_record(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        with pytest.raises(ValueError, match="not ended"):
            Record.of(bench.session, SOUND, CIRCUMSTANCES)
        bench.session.start()
        bench.idle(5)
        with pytest.raises(ValueError, match="not ended"):
            Record.of(bench.session, SOUND, CIRCUMSTANCES)
        bench.session.stop()
        bench.run()
        assert Record.of(bench.session, SOUND, CIRCUMSTANCES).outcome is Outcome.STOPPED
    finally:
        bench.close()


def test_the_same_record_is_the_same_text_in_ascii_on_lines_of_its_own(tmp_path: Path) -> None:
    record = replace(played(tmp_path), plan=replace(BRISK, name="Händchen"))
    assert record.text() == record.text()
    assert record.text().isascii()
    assert record.text().endswith("}\n")
    assert json.loads(record.text())["plan"]["name"] == "Händchen"
