"""The table of single faults: complete, well-formed, and joined to hazards, invariants and the simulation."""

from dataclasses import replace
from typing import Any, Final

import pytest

from iontocore.ccore import Fault, Phase, Simulation
from iontocore.safety.faults import FAULT_BY_ID, FAULTS, AnsweredBy, Injection, SingleFault, Subject
from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.verification import places
from iontocore.verification.campaign_cases import Use, cases, row_of_word, words
from iontocore.verification.campaign_scenes import JUDGED, NOT_OF_A_CORE, SCENES, quick_scenes

ROW: Final = FAULT_BY_ID["SF-22"]
HARDWARE: Final = FAULT_BY_ID["SF-39"]


def test_there_are_more_than_forty_faults_numbered_without_a_gap() -> None:
    assert len(FAULTS) > 40
    assert [row.id for row in FAULTS] == [f"SF-{number:02d}" for number in range(1, len(FAULTS) + 1)]


def test_every_id_stands_in_the_text_of_the_table() -> None:
    for row in FAULTS:
        assert places.of_id(row.id, "safety/faults.py").line > 0


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
    assert {case.code for case in cases(SCENES[0], False)} - {0} == set(Fault) - {Fault.EMERGENCY_STOP}


def test_what_has_a_direction_is_injected_in_both() -> None:
    signed = (Fault.DAC_RUNAWAY, Fault.DAC_OFFSET, Fault.SWITCH_LEAK, Fault.A_FULL, Fault.B_FULL, Fault.V_FULL)
    for fault in (*signed, Fault.A_OFFSET, Fault.B_OFFSET, Fault.V_OFFSET):
        given = [way.parameter for row in FAULTS for way in row.injections if way.fault is fault]
        assert min(given) < 0 < max(given), fault


def test_every_word_of_the_core_belongs_to_one_row_and_every_row_has_one() -> None:
    fields = Simulation().memory.fields
    places = [word.bit // 8 for word in words()]
    assert sorted(places) == sorted(at for place in fields.values() for at in range(place.start, place.stop, 4))
    assert {word.fault.id for word in words()} == {row.id for row in FAULTS if row.memory}
    assert {word.name.partition(" ")[0] for word in words()} == set(fields)


def test_the_words_of_the_core_are_all_of_it_but_for_what_aligns_them() -> None:
    memory = Simulation().memory
    named = {at for place in memory.fields.values() for at in range(place.start, place.stop)}
    left = sorted(set(range(len(memory.bytes))) - named)
    # Four bytes in front of a field of 64 bits, and at the end: nothing is stored there.
    starts = {place.start for place in memory.fields.values()} | {len(memory.bytes)}
    assert left == sorted(at for start in range(4, len(memory.bytes) + 1, 4) for at in _gap(start, starts, named))


def _gap(start: int, starts: set[int], named: set[int]) -> list[int]:
    """The four bytes before a place that is divisible by eight, where a field begins there and none ends."""
    before = list(range(start - 4, start))
    return before if start % 8 == 0 and start in starts and not named & set(before) else []


def test_what_both_channels_remember_is_stored_twice_and_the_report_is_not() -> None:
    twice = {word.name for word in words() if word.stored_twice}
    assert all(name.startswith(("regulator.", "guard.")) for name in twice)
    once = {word.name for word in words()} - twice
    assert {name.partition(".")[0] for name in once} == {"regulator", "telemetry", "reported"}
    assert {name for name in once if name.startswith("regulator")} == {
        "regulator.phase", "regulator.limited_by", "regulator.refused",
    }  # fmt: skip


def test_every_bit_of_every_word_is_inverted_in_every_state_and_one_of_each_in_every_scene() -> None:
    bits = [bit for word in words() for bit in range(word.bit, word.bit + 32)]
    for scene in SCENES:
        flipped = [case.parameter for case in cases(scene, False) if case.code == Fault.MEMORY_FLIP]
        if scene in quick_scenes():
            assert flipped == bits
        else:
            assert [bit // 32 for bit in flipped] == [word.bit // 32 for word in words()]
    assert {(scene.phase, scene.sign) for scene in quick_scenes()} == {(p, sign) for p in Phase for sign in (1, -1)}


def test_every_fault_is_met_by_whoever_stops_lifts_a_hand_or_presses_the_emergency_stop() -> None:
    met: dict[str, set[Use]] = {}
    for case in cases(SCENES[0], False):
        if case.fault is not None:
            met.setdefault(case.fault.id, set()).add(case.use)
    for row in FAULTS:
        if row.memory:
            assert met[row.id] == {Use.STOPPED}
        elif row.subject in (Subject.BODY, Subject.TWO):
            assert met[row.id] == {Use.STOPPED, Use.PRESSED}
        else:
            assert met[row.id] == set(Use)


def test_the_measured_charge_is_a_row_of_its_own_within_the_report() -> None:
    assert row_of_word("telemetry.measured_positive_fc").id == "SF-70"
    assert row_of_word("telemetry.measured_na").id == "SF-69"


def test_a_word_that_no_row_names_is_refused() -> None:
    with pytest.raises(KeyError, match="reported"):
        row_of_word("reported", [FAULT_BY_ID["SF-60"]])


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row.id)
def test_an_invariant_that_a_fault_endangers_guards_a_hazard_that_it_can_lead_to(row: SingleFault) -> None:
    guarded = {hazard for invariant in row.endangers for hazard in INVARIANT_BY_ID[invariant].hazards}
    assert set(row.hazards) & guarded


def test_what_a_fault_endangers_is_judged_by_the_campaign() -> None:
    judged = {row.id for row in JUDGED}
    assert judged | set(NOT_OF_A_CORE) == set(INVARIANT_BY_ID)
    assert {invariant for row in FAULTS for invariant in row.endangers} <= judged


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
