"""The trials of the table of faults: every fault, every bit of every word of the core, every state, every use."""

import pytest

from iontocore.ccore import Fault, Phase, Simulation
from iontocore.safety.faults import FAULT_BY_ID, FAULTS, Subject
from iontocore.safety.invariants import INVARIANT_BY_ID
from iontocore.verification import places
from iontocore.verification.campaign_cases import Use, cases, row_of_word, words
from iontocore.verification.campaign_scenes import JUDGED, NOT_OF_A_CORE, SCENES, quick_scenes


def test_every_id_stands_in_the_text_of_the_table() -> None:
    for row in FAULTS:
        assert places.of_id(row.id, "safety/faults.py").line > 0


def test_every_fault_that_the_simulation_knows_is_tried_but_for_the_emergency_stop() -> None:
    assert {case.code for case in cases(SCENES[0], False)} - {0} == set(Fault) - {Fault.EMERGENCY_STOP}


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


def test_what_a_fault_endangers_is_judged_by_the_campaign() -> None:
    judged = {row.id for row in JUDGED}
    assert judged | set(NOT_OF_A_CORE) == set(INVARIANT_BY_ID)
    assert {invariant for row in FAULTS for invariant in row.endangers} <= judged
