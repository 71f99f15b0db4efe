"""The table of single faults: complete, well-formed, and joined to hazards and invariants."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from iontocore.ccore import Fault
from iontocore.safety import faults
from iontocore.safety.faults import FAULT_BY_ID, FAULTS, AnsweredBy, Injection, SingleFault, Subject
from iontocore.safety.faults_page import as_page
from iontocore.safety.invariants import INVARIANT_BY_ID

ROW: Final = FAULT_BY_ID["SF-22"]
HARDWARE: Final = FAULT_BY_ID["SF-39"]


def test_there_are_more_than_forty_faults_numbered_without_a_gap() -> None:
    assert len(FAULTS) > 40
    assert [row.id for row in FAULTS] == [f"SF-{number:02d}" for number in range(1, len(FAULTS) + 1)]


def test_the_page_is_the_table() -> None:
    page = Path(__file__).parent.parent / "docs" / "single-faults.md"
    assert page.read_text("utf-8") == as_page(), "python -m iontocore.safety.faults_page > docs/single-faults.md"


def test_no_two_faults_have_the_same_sentence_and_none_injects_the_same_thing_twice() -> None:
    assert len({row.sentence for row in FAULTS}) == len(FAULTS)
    for row in FAULTS:
        assert len(set(row.injections)) == len(row.injections), row.id


def test_every_part_of_the_device_fails_in_some_row() -> None:
    assert {row.subject for row in FAULTS} == set(Subject)


@pytest.mark.parametrize("subject", [Subject.FIRST_SENSOR, Subject.SECOND_SENSOR, Subject.VOLTAGE_SENSOR])
def test_each_sensor_is_stuck_at_zero_at_full_scale_and_at_its_last_value_off_wrong_noisy_slow_and_dead(
    subject: Subject,
) -> None:
    ways = {way.fault.name.partition("_")[2] for row in FAULTS if row.subject is subject for way in row.injections}
    assert ways == {"ZERO", "FULL", "LAST", "OFFSET", "GAIN", "NOISE", "SLOW"}
    assert [row.sentence for row in FAULTS if row.subject is subject and "is dead" in row.sentence]


def test_every_fault_that_the_simulation_knows_is_injected_but_for_the_emergency_stop() -> None:
    injected = {way.fault for row in FAULTS for way in row.injections}
    injected |= {way.second[0] for row in FAULTS for way in row.injections if way.second}
    # It is no fault: it ends every trial.
    assert set(Fault) - injected == {Fault.EMERGENCY_STOP, Fault.MEMORY_FLIP}


def test_what_has_a_direction_is_injected_in_both() -> None:
    signed = (Fault.DAC_RUNAWAY, Fault.DAC_OFFSET, Fault.SWITCH_LEAK, Fault.A_FULL, Fault.B_FULL, Fault.V_FULL)
    for fault in (*signed, Fault.A_OFFSET, Fault.B_OFFSET, Fault.V_OFFSET):
        given = [way.parameter for row in FAULTS for way in row.injections if way.fault is fault]
        assert min(given) < 0 < max(given), fault


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row.id)
def test_an_invariant_that_a_fault_endangers_guards_a_hazard_that_it_can_lead_to(row: SingleFault) -> None:
    guarded = {hazard for invariant in row.endangers for hazard in INVARIANT_BY_ID[invariant].hazards}
    assert set(row.hazards) & guarded


def test_what_the_core_does_not_answer_says_why_and_what_is_to_be_shown() -> None:
    others = [row for row in FAULTS if row.answered_by is not AnsweredBy.CORE]
    assert {row.id for row in others} >= {"SF-34", "SF-39", "SF-72"}
    assert all(row.why and row.to_show for row in others)
    assert {row.answered_by for row in FAULTS if row.subject is Subject.TWO} == {AnsweredBy.HARDWARE}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "SF-1"}, "not of the form"),
        ({"sentence": " "}, "sentence"),
        ({"injections": ()}, "either injections or"),
        ({"memory": ("guard.",)}, "either injections or"),
        ({"hazards": ()}, "no hazard, or no invariant"),
        ({"endangers": ()}, "no hazard, or no invariant"),
        ({"hazards": ("H-99",)}, "H-99 is no hazard"),
        ({"endangers": ("SI-99",)}, "SI-99 is no invariant"),
        ({"why": "because"}, "says why"),
        ({"answered_by": AnsweredBy.HARDWARE}, "says why"),
        ({"answered_by": AnsweredBy.HARDWARE, "why": "because"}, "one of why and to_show"),
    ],
)
def test_a_malformed_row_is_not_built(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(ROW, **change)


def test_a_row_of_the_hardware_without_a_reason_is_not_built() -> None:
    with pytest.raises(ValueError, match="says why"):
        replace(HARDWARE, why="", to_show="")
    assert replace(HARDWARE, injections=(Injection(Fault.TIMER_SLOW, 1),)).why


def test_an_id_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a fault's id is given twice$"):
        faults._by_id((ROW, ROW))
