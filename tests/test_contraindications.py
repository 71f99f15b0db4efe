"""The gate before every session: who is let through, who is not, and what is kept of it."""

import dataclasses
import re
import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iontocore.safety import contraindications, limits
from iontocore.safety.contraindications import (
    CONTRAINDICATION_BY_ID,
    CONTRAINDICATIONS,
    NOT_CONTRAINDICATIONS,
    Admission,
    Answer,
    Contraindication,
    admit,
    check_answers,
)
from iontocore.safety.limits import Mark, Mode
from iontocore.safety.refusal import Refusal

IDS = [row.id for row in CONTRAINDICATIONS]
ALL_NO = dict.fromkeys(IDS, False)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(hours=20)


def through_the_gate(**other: Any) -> Admission:
    """An adult without contraindications and without an earlier session, but for what the test says."""
    usual: dict[str, Any] = {
        "patient": "P-17",
        "age_years": 30,
        "doctor_agrees": False,
        "answers": ALL_NO,
        "answered_by": "the patient",
        "asked_at": NOON,
        "previous_start": None,
        "mode": Mode.TAP_WATER,
    }
    return admit(**(usual | other))


# ---- the table --------------------------------------------------------------------------------------------------


def test_the_table_asks_for_every_contraindication_of_the_sources() -> None:
    assert IDS == [
        "cardiac-implant",
        "electronic-implant",
        "heart-condition",
        "epilepsy",
        "pregnancy",
        "metal-in-path",
        "metal-iud",
        "open-wound",
        "impaired-sensation",
        "malignancy",
        "skin-condition",
        "thrombosis",
        "chest-or-head",
        "carotid-sinus",
        "drug-allergy",
        "jewellery",
        "second-device",
    ]


@pytest.mark.parametrize("row", CONTRAINDICATIONS, ids=IDS)
def test_a_question_is_one_plain_sentence_with_its_source(row: Contraindication) -> None:
    assert re.fullmatch(r"(Is|Does) [^?.]+\?", row.question)
    assert len(row.question) <= 130
    assert row.mark is Mark.READ
    assert row.source


def test_breastfeeding_and_metal_outside_the_path_are_no_contraindications() -> None:
    assert dict(NOT_CONTRAINDICATIONS) == {"breastfeeding": "BAD leaflet", "metal-outside-path": "BAD leaflet"}
    assert not NOT_CONTRAINDICATIONS.keys() & CONTRAINDICATION_BY_ID.keys()


def test_with_an_implant_pregnancy_epilepsy_or_thrombosis_nobody_is_sent_to_a_doctor_for_leave() -> None:
    final = {"cardiac-implant", "electronic-implant", "pregnancy", "epilepsy", "thrombosis", "malignancy"}
    leave = {row.id for row in CONTRAINDICATIONS if re.search("ask a doctor|before a doctor", row.do)}
    assert leave == {"heart-condition", "metal-in-path", "metal-iud", "impaired-sensation", "skin-condition"}
    assert not leave & final


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"id": "Heart"}, "kebab-case"),
        ({"id": ""}, "kebab-case"),
        ({"question": "A heart condition."}, "not one question"),
        ({"question": "Is it? Is it not?"}, "not one question"),
        ({"source": " "}, "lacks"),
        ({"do": ""}, "lacks"),
        ({"mark": "read"}, "lacks"),
    ],
)
def test_a_row_that_does_not_ask_or_has_no_source_is_not_built(wrong: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        dataclasses.replace(CONTRAINDICATIONS[0], **wrong)


# ---- the answers ------------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-24")
def test_the_gate_lets_through_who_answers_no_to_everything() -> None:
    through_the_gate()


answer_sheets = st.builds(
    lambda kept, others: {key: value for key, value in kept.items() if value != "left out"} | others,
    st.fixed_dictionaries({key: st.sampled_from([False] * 30 + [True, None, 0, "no", "", "left out"]) for key in IDS}),
    st.just({})
    | st.dictionaries(st.text(max_size=12) | st.sampled_from(sorted(NOT_CONTRAINDICATIONS)), st.just(False)),
)


@pytest.mark.invariant("SI-24")
@given(answer_sheets)
def test_the_gate_lets_through_exactly_when_every_question_is_answered_with_no(answers: dict[str, object]) -> None:
    all_no = answers.keys() == set(IDS) and all(answer is False for answer in answers.values())
    if all_no:
        through_the_gate(answers=answers)
        return
    with pytest.raises(Refusal) as caught:
        through_the_gate(answers=answers)
    prefix, _, named = caught.value.field.partition("patient.contraindications.")
    assert prefix == ""
    assert named not in answers or named not in IDS or answers[named] is not False


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize("row", CONTRAINDICATIONS, ids=IDS)
def test_a_yes_is_refused_with_its_question_its_source_and_what_to_do(row: Contraindication) -> None:
    with pytest.raises(Refusal) as caught:
        through_the_gate(answers=ALL_NO | {row.id: True})
    assert caught.value.field == f"patient.contraindications.{row.id}"
    assert row.question in caught.value.given
    assert row.source in caught.value.says_who
    assert caught.value.do == row.do


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize(
    "answers", [ALL_NO | {"pregnancy": True}, ALL_NO | {"pregnancy": 0}, {}, ALL_NO | {"x": False}]
)
def test_an_answer_is_refused_by_the_place_where_it_stands(answers: dict[str, object]) -> None:
    with pytest.raises(Refusal) as caught:
        through_the_gate(answers=answers, answers_from="my.toml: patient.contraindications")
    assert re.fullmatch(r"my\.toml: patient\.contraindications\.[a-z-]+", caught.value.field)


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize("row", CONTRAINDICATIONS, ids=IDS)
def test_a_question_that_nobody_asked_is_refused_by_name(row: Contraindication) -> None:
    with pytest.raises(Refusal) as caught:
        through_the_gate(answers={key: answer for key, answer in ALL_NO.items() if key != row.id})
    assert (caught.value.field, caught.value.given) == (f"patient.contraindications.{row.id}", "missing")
    assert row.question in caught.value.do


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize("answer", [None, 0, 1, "", "no", "false", 0.0, []])
def test_what_is_like_no_is_not_no(answer: object) -> None:
    with pytest.raises(Refusal, match="allowed is true or false"):
        check_answers(ALL_NO | {"pregnancy": answer})


@pytest.mark.invariant("SI-24")
def test_an_answer_to_another_question_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        through_the_gate(answers=ALL_NO | {"pacemaker": False})
    assert (caught.value.field, caught.value.given) == ("patient.contraindications.pacemaker", "an unknown question")
    assert "cardiac-implant" in caught.value.allowed


@pytest.mark.parametrize("key", sorted(NOT_CONTRAINDICATIONS))
@pytest.mark.parametrize("answer", [False, True])
def test_what_is_no_contraindication_is_sent_away_with_the_source_that_says_so(key: str, answer: bool) -> None:
    with pytest.raises(Refusal, match=f"{key} is no contraindication; .* says BAD leaflet: leave it out"):
        through_the_gate(answers=ALL_NO | {key: answer})


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize("row", CONTRAINDICATIONS, ids=IDS)
def test_a_doctor_who_agrees_lifts_the_age_and_no_contraindication(row: Contraindication) -> None:
    through_the_gate(age_years=7, doctor_agrees=True)
    with pytest.raises(Refusal, match=row.id):
        through_the_gate(age_years=7, doctor_agrees=True, answers=ALL_NO | {row.id: True})


@pytest.mark.invariant("SI-24")
@given(st.integers(-5, 2_100) | st.sampled_from([4, 5, 11, 12, 120, 121]), st.booleans())
def test_the_gate_keeps_the_rule_of_ages(age: int, doctor: bool) -> None:
    if 12 <= age <= 120 or (5 <= age < 12 and doctor):
        assert through_the_gate(age_years=age, doctor_agrees=doctor).age_years == age
        return
    with pytest.raises(Refusal, match=r"patient\.age_years"):
        through_the_gate(age_years=age, doctor_agrees=doctor)


# ---- the interval -----------------------------------------------------------------------------------------------


@pytest.mark.invariant("SI-24")
@given(st.timedeltas(-timedelta(days=3), timedelta(days=3)), st.sampled_from(Mode))
def test_a_session_starts_when_the_shortest_interval_has_passed_and_not_before(since: timedelta, mode: Mode) -> None:
    previous = NOON - since
    if since >= DAY:
        assert through_the_gate(previous_start=previous, mode=mode).previous_start == previous
        return
    with pytest.raises(Refusal) as caught:
        through_the_gate(previous_start=previous, mode=mode)
    assert caught.value.field == ("the start of the session" if since >= timedelta(0) else "the clock")


@pytest.mark.invariant("SI-24")
def test_the_last_moment_of_the_interval_is_too_soon_and_its_end_is_not() -> None:
    through_the_gate(previous_start=NOON - DAY)
    with pytest.raises(Refusal) as caught:
        through_the_gate(previous_start=NOON - DAY + timedelta(microseconds=1))
    assert caught.value.allowed == "20 h after the start of the last one"
    assert caught.value.do == "wait until 2026-03-02 12:00:00+00:00"


@pytest.mark.invariant("SI-24")
def test_a_plan_can_ask_for_more_than_the_interval_and_never_for_less() -> None:
    two_days_ms = 48 * 3_600_000
    with pytest.raises(Refusal, match="48 h after the start of the last one"):
        through_the_gate(previous_start=NOON - timedelta(hours=47), plan_interval_ms=two_days_ms)
    admission = through_the_gate(previous_start=NOON - timedelta(hours=48), plan_interval_ms=two_days_ms)
    assert admission.interval_ms == two_days_ms
    with pytest.raises(Refusal, match="at least 20 h"):
        through_the_gate(plan_interval_ms=1)


@pytest.mark.invariant("SI-24")
def test_a_clock_that_was_set_back_is_refused() -> None:
    with pytest.raises(Refusal, match=r"the clock is at .*, before the last session of .*: set the clock\."):
        through_the_gate(previous_start=NOON + timedelta(seconds=1))


class EndOfSummerTime(tzinfo):
    """A zone whose clocks were set back by an hour in the night before NOON."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        summer = moment is not None and moment.replace(tzinfo=None) < datetime(2026, 3, 2, 3)
        return timedelta(hours=2 if summer else 1)

    def dst(self, moment: datetime | None) -> timedelta:
        return self.utcoffset(moment) - timedelta(hours=1)

    def tzname(self, moment: datetime | None) -> str:
        return "summer" if self.dst(moment) else "winter"


@pytest.mark.invariant("SI-24")
def test_the_interval_is_real_time_across_the_end_of_summer_time() -> None:
    zone = EndOfSummerTime()
    previous, now = datetime(2026, 3, 1, 17, 30, tzinfo=zone), datetime(2026, 3, 2, 13, tzinfo=zone)
    assert now - previous == timedelta(hours=19, minutes=30), "what the clocks show"
    through_the_gate(previous_start=previous, asked_at=now)  # 20 h 30 min


@pytest.mark.invariant("SI-24")
def test_the_interval_is_the_same_wherever_the_clocks_are() -> None:
    tokyo = timezone(timedelta(hours=9))
    through_the_gate(previous_start=(NOON - DAY).astimezone(tokyo))
    with pytest.raises(Refusal, match="after the last one"):
        through_the_gate(previous_start=(NOON - DAY + timedelta(hours=1)).astimezone(tokyo))


@pytest.mark.parametrize("field", ["asked_at", "previous_start"])
def test_a_time_without_a_zone_is_a_programmers_error(field: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        through_the_gate(**{field: datetime(2026, 3, 1, 12)})


# ---- the admission ----------------------------------------------------------------------------------------------


def test_an_admission_keeps_what_was_asked_the_answers_who_was_asked_and_when() -> None:
    tokyo = timezone(timedelta(hours=9))
    admission = through_the_gate(
        answered_by="the mother", asked_at=NOON.astimezone(tokyo), previous_start=NOON - 2 * DAY
    )
    assert [answer.question for answer in admission.answers] == [row.question for row in CONTRAINDICATIONS]
    assert [answer.id for answer in admission.answers] == IDS
    assert not any(answer.yes for answer in admission.answers)
    assert (admission.patient, admission.answered_by) == ("P-17", "the mother")
    assert (admission.asked_at, admission.asked_at.tzinfo) == (NOON, UTC)
    assert (admission.previous_start, admission.interval_ms) == (NOON - 2 * DAY, 72_000_000)


def test_an_admission_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        through_the_gate().age_years = 4  # type: ignore[misc]  # that it is frozen is what is tested


@pytest.mark.parametrize("name", ["", "  "])
@pytest.mark.parametrize(("argument", "field"), [("patient", "patient.id"), ("answered_by", "answered_by")])
def test_nobody_is_admitted_without_a_name(argument: str, field: str, name: str) -> None:
    with pytest.raises(Refusal) as caught:
        through_the_gate(**{argument: name})
    assert caught.value.field == field


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize(
    "forged",
    [
        {"answers": tuple(Answer(row.id, row.question, row.id == "pregnancy") for row in CONTRAINDICATIONS)},
        {"age_years": 4},
        {"age_years": 11},
        {"previous_start": NOON - timedelta(hours=1)},
        {"previous_start": NOON + timedelta(hours=1)},
        {"previous_start": NOON - timedelta(hours=1), "interval_ms": 3_600_000},
        {"patient": ""},
    ],
    ids=["a yes", "age 4", "age 11", "too soon", "clock set back", "own interval", "nobody"],
)
def test_no_admission_is_built_past_the_gate(forged: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        dataclasses.replace(through_the_gate(), **forged)


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize(
    "answers",
    [
        (),
        tuple(Answer(row.id, row.question, False) for row in CONTRAINDICATIONS[1:]),
        tuple(Answer(row.id, row.question, False) for row in reversed(CONTRAINDICATIONS)),
        tuple(Answer(row.id, "Is all well?", False) for row in CONTRAINDICATIONS),
        tuple(Answer(row.id, row.question, False) for row in (*CONTRAINDICATIONS, CONTRAINDICATIONS[0])),
    ],
    ids=["none", "one left out", "another order", "another question", "one twice"],
)
def test_no_admission_is_built_on_questions_that_are_not_the_tables(answers: tuple[Answer, ...]) -> None:
    with pytest.raises(ValueError, match="not those of the table"):
        dataclasses.replace(through_the_gate(), answers=answers)


@pytest.mark.invariant("SI-24")
@given(st.timedeltas(-timedelta(hours=3), timedelta(hours=3)))
@example(timedelta(0))
@example(timedelta(microseconds=-1))
@example(timedelta(hours=1))
@example(timedelta(hours=1, microseconds=1))
def test_answers_are_good_for_an_hour_and_not_for_a_time_before_them(later: timedelta) -> None:
    admission = through_the_gate()
    if timedelta(0) <= later <= timedelta(hours=1):
        admission.check_in_time(NOON + later)
        return
    with pytest.raises(Refusal) as caught:
        admission.check_in_time(NOON + later)
    assert caught.value.do == ("ask again" if later > timedelta(0) else "set the clock")


def test_the_time_of_a_start_without_a_zone_is_a_programmers_error() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        through_the_gate().check_in_time(datetime(2026, 3, 2, 12))


# ---- what the gate says, to the letter ----------------------------------------------------------------------------

GATE = "the gate before every session"
HIDREX = "Hidrex DP450 manual"


@pytest.mark.invariant("SI-24")
@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (
            "no to all",
            f'patient.contraindications is the text "no to all"; allowed is a table of answers, says {GATE}.',
        ),
        (None, f"patient.contraindications is NoneType None; allowed is a table of answers, says {GATE}."),
        (
            ALL_NO | {"breastfeeding": False},
            "patient.contraindications.breastfeeding is no contraindication; allowed is only what is one, says BAD "
            "leaflet: leave it out.",
        ),
        (
            {key: no for key, no in ALL_NO.items() if key != "epilepsy"},
            "patient.contraindications.epilepsy is missing; allowed is an answer to every question, says "
            f'{GATE}: ask "Is there epilepsy, known or suspected?" and answer with true (yes) or false (no).',
        ),
        (
            ALL_NO | {"epilepsy": 0},
            f"patient.contraindications.epilepsy is 0; allowed is true or false, says {GATE}: ask "
            '"Is there epilepsy, known or suspected?" and answer with true (yes) or false (no).',
        ),
        (
            ALL_NO | {"epilepsy": True},
            'patient.contraindications.epilepsy is yes to "Is there epilepsy, known or suspected?"; allowed is no, '
            f"says {HIDREX} (read): do not treat.",
        ),
    ],
    ids=["no table", "nothing", "no contraindication", "missing", "like no", "yes"],
)
def test_an_answer_that_does_not_pass_is_answered_in_one_sentence(answers: object, sentence: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_answers(answers)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("key", "do"),
    [
        ("pregnant", "write pregnancy, if that is what you mean"),
        ("open", "write open-wound, if that is what you mean"),
        ("x", "leave it out"),
        (7, "leave it out"),
    ],
)
def test_an_unknown_question_is_answered_with_those_that_there_are_and_the_one_that_is_near(key: Any, do: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_answers({key: False} | ALL_NO)
    assert (caught.value.field, caught.value.given) == (f"patient.contraindications.{key}", "an unknown question")
    assert caught.value.allowed == f"one of {', '.join(IDS)}"
    assert (caught.value.says_who, caught.value.do) == (GATE, do)


@pytest.mark.parametrize(("argument", "field"), [("patient", "patient.id"), ("answered_by", "answered_by")])
def test_a_missing_name_is_asked_for_in_one_sentence(argument: str, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        through_the_gate(**{argument: " "})
    assert str(caught.value) == f"{field} is empty; allowed is a name, says {GATE}: say who it is."


@pytest.mark.invariant("SI-24")
def test_a_start_at_the_wrong_time_is_refused_in_one_sentence() -> None:
    admission = through_the_gate()
    with pytest.raises(Refusal) as early:
        admission.check_in_time(NOON - timedelta(seconds=1))
    assert str(early.value) == (
        "the clock is at 2026-03-02 11:59:59+00:00, before the answers of 2026-03-02 12:00:00+00:00; allowed is later "
        f"than the answers, says {GATE}: set the clock."
    )
    with pytest.raises(Refusal) as late:
        admission.check_in_time(NOON + timedelta(hours=1, seconds=1))
    assert str(late.value) == (
        "the start of the session is at 2026-03-02 13:00:01+00:00, with answers of 2026-03-02 12:00:00+00:00; allowed "
        f"is within 1 h of the answers, says {GATE} (assumption): ask again."
    )


@pytest.mark.invariant("SI-24")
def test_a_session_at_the_wrong_time_is_refused_in_one_sentence() -> None:
    with pytest.raises(Refusal) as back:
        through_the_gate(previous_start=NOON + timedelta(seconds=1))
    assert str(back.value) == (
        "the clock is at 2026-03-02 12:00:00+00:00, before the last session of 2026-03-02 12:00:01+00:00; allowed is "
        f"later than the last session, says {GATE}: set the clock."
    )
    with pytest.raises(Refusal) as soon:
        through_the_gate(previous_start=NOON - timedelta(hours=1))
    assert str(soon.value) == (
        "the start of the session is at 2026-03-02 12:00:00+00:00, after the last one of 2026-03-02 11:00:00+00:00; "
        "allowed is 20 h after the start of the last one, says the shortest interval between sessions: "
        "wait until 2026-03-03 07:00:00+00:00."
    )


def test_the_gate_gives_the_time_in_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    try:
        admission = through_the_gate(previous_start=NOON - 2 * DAY)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert admission.previous_start is not None
    assert (admission.asked_at.tzinfo, admission.previous_start.tzinfo) == (UTC, UTC)


def test_an_admission_keeps_what_the_session_is_for() -> None:
    assert [through_the_gate(mode=mode).mode for mode in Mode] == list(Mode)


@pytest.mark.parametrize("mode", Mode)
def test_the_interval_of_an_admission_is_that_of_its_mode(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    longer = dataclasses.replace(limits.INTERVAL_DRUG, value=90_000_000)
    monkeypatch.setattr(limits, "INTERVAL_DRUG", longer)
    expected_ms = 90_000_000 if mode is Mode.DRUG else 72_000_000
    assert through_the_gate(mode=mode).interval_ms == expected_ms
    with pytest.raises(Refusal, match="shortest_interval"):
        dataclasses.replace(through_the_gate(mode=mode), interval_ms=expected_ms - 1)


def test_a_table_that_asks_twice_or_asks_what_is_no_contraindication_is_not_built() -> None:
    row = CONTRAINDICATIONS[0]
    for rows in ((row, row), (row, dataclasses.replace(row, id="breastfeeding"))):
        with pytest.raises(ValueError, match=r"^a contraindication is given twice, or is none$"):
            contraindications._by_id(rows)


def test_questions_that_are_not_the_tables_are_named_so() -> None:
    with pytest.raises(ValueError, match=r"^the questions of this admission are not those of the table$"):
        dataclasses.replace(through_the_gate(), answers=())
