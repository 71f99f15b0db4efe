"""Who must not be treated, and the gate that asks before every session (SI-24).

The table has one plain question for each contraindication, which a person can answer with yes or no; yes means that
there is no treatment. :func:`admit` is the gate. It lets a person through when every question was answered, expressly
and with no, the age is treated, and the shortest interval since the person's last session has passed; anything else is
a refusal that names the question. What it gives out, the :class:`Admission`, is the ticket of one session: who was
asked what, what the answers were, and when. An admission checks itself, so that none can be built past the gate.

A doctor's agreement lifts the age between 5 and 12 and nothing else. Some rows say to ask a doctor, who may find,
having examined the person, that the answer to the question is no for this treatment. That finding is the doctor's, and
goes in as the answer; the gate never turns a yes into a no.

What is *not* asked, because the sources say that it is no contraindication: :data:`NOT_CONTRAINDICATIONS`.

The clock is passed in, as aware datetimes. Nothing here reads one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from iontocore.safety.limits import ADMISSION_TIME, Mark, Mode, check_age, shortest_interval_ms
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import KEBAB, Unit, in_words, nearest, shown


@dataclass(frozen=True, slots=True)
class Contraindication:
    """One row. ValueError for an id that is not in kebab-case, an empty text, or a question that does not ask.

    id: its key in plans. question: yes means no treatment. source, mark: where it is from, and how far to trust that.
    do: what to do after a yes, as an imperative; whether a doctor may find otherwise, too.
    """

    id: str
    question: str
    source: str
    mark: Mark
    do: str

    def __post_init__(self) -> None:
        if not KEBAB.fullmatch(self.id):
            raise ValueError(f"contraindication {self.id!r} is not in kebab-case")
        if not self.source.strip() or not self.do.strip() or not isinstance(self.mark, Mark):
            raise ValueError(f"{self.id} lacks its source, its mark or what to do")
        if not self.question.endswith("?") or self.question.count("?") != 1:
            raise ValueError(f"{self.id}: {self.question!r} is not one question")


_NO_TREATMENT: Final = "do not treat"
_ASK_DOCTOR: Final = "do not treat before a doctor has examined it"
_HIDREX: Final = "Hidrex DP450 manual"
_NEWCASTLE: Final = "Newcastle Hospitals leaflet"
_ACTIVADOSE: Final = "ActivaDose II manual"
_DYNATRON: Final = "Dynatron ibox manual"

CONTRAINDICATIONS: Final[tuple[Contraindication, ...]] = (
    Contraindication(
        "cardiac-implant",
        "Is a pacemaker or a defibrillator (ICD) implanted?",
        f"{_HIDREX}; {_NEWCASTLE}",
        Mark.READ,
        _NO_TREATMENT,
    ),
    Contraindication(
        "electronic-implant",
        "Is any other electronic device implanted, for instance a pump or a nerve stimulator?",
        f"{_ACTIVADOSE}: electrically sensitive support systems",
        Mark.READ,
        _NO_TREATMENT,
    ),
    Contraindication(
        "heart-condition",
        "Is there a heart condition, known or suspected?",
        _HIDREX,
        Mark.READ,
        _ASK_DOCTOR,
    ),
    Contraindication(
        "epilepsy",
        "Is there epilepsy, known or suspected?",
        _HIDREX,
        Mark.READ,
        _NO_TREATMENT,
    ),
    Contraindication(
        "pregnancy",
        "Is the person pregnant, or might she be?",
        f"{_HIDREX}; {_NEWCASTLE}",
        Mark.READ,
        "do not treat during the pregnancy",
    ),
    Contraindication(
        "metal-in-path",
        "Is there metal in the body between the electrodes, for instance a plate, a screw or a joint?",
        _HIDREX,
        Mark.READ,
        "treat another site, or ask a doctor whether the metal is in the path",
    ),
    Contraindication(
        "metal-iud",
        "Is a coil (IUD) with metal worn in the path of the current, as it is when the feet are treated?",
        f"{_HIDREX}; {_NEWCASTLE}",
        Mark.READ,
        "treat another site, or ask a doctor whether the coil is in the path",
    ),
    Contraindication(
        "open-wound",
        "Is there an open wound or damaged skin at the site that petroleum jelly cannot cover?",
        f"{_HIDREX}; {_ACTIVADOSE}",
        Mark.READ,
        "let it heal first",
    ),
    Contraindication(
        "impaired-sensation",
        "Is sensation at the site missing or impaired, for instance by a polyneuropathy?",
        f"{_HIDREX}; {_NEWCASTLE}",
        Mark.READ,
        _ASK_DOCTOR,
    ),
    Contraindication(
        "malignancy",
        "Is there a tumour, or a lesion at the site that might be malignant?",
        f"{_HIDREX}; {_NEWCASTLE}",
        Mark.READ,
        "do not treat, and show it to a doctor",
    ),
    Contraindication(
        "skin-condition",
        "Is the skin at the site infected, inflamed, swollen or breaking out?",
        _HIDREX,
        Mark.READ,
        "let it heal first, or ask a doctor",
    ),
    Contraindication(
        "thrombosis",
        "Is there a thrombosis, or an inflammation of a vein?",
        f"{_NEWCASTLE}; {_DYNATRON}",
        Mark.READ,
        _NO_TREATMENT,
    ),
    Contraindication(
        "chest-or-head",
        "Does an electrode lie on the chest, on a temple or at an eye, or so that the current crosses the brain or "
        "the sinuses?",
        f"{_HIDREX}; {_ACTIVADOSE}",
        Mark.READ,
        "place the electrodes elsewhere",
    ),
    Contraindication(
        "carotid-sinus",
        "Does an electrode lie on the side of the neck, over a carotid sinus?",
        _DYNATRON,
        Mark.READ,
        "place the electrode elsewhere",
    ),
    Contraindication(
        "drug-allergy",
        "Is there an allergy to the drug that is used, or to what is added to the water?",
        _ACTIVADOSE,
        Mark.READ,
        "do not treat with this drug",
    ),
    Contraindication(
        "jewellery",
        "Is jewellery, a watch or a piercing still on at the site or between the electrodes?",
        "South Tees Hospitals leaflet; NHS leaflet WPR26540",
        Mark.READ,
        "take it off, and ask again",
    ),
    Contraindication(
        "second-device",
        "Is another electrical device connected to the person?",
        f"{_DYNATRON}: remove electrodes before other equipment is used",
        Mark.READ,
        "disconnect it, and ask again",
    ),
)
"""The questions, in the order in which they are asked. A current from hand to hand passes the chest, too: that is the
usual treatment of palms, and what ``chest-or-head`` asks for is where the electrodes lie."""

NOT_CONTRAINDICATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "breastfeeding": "BAD leaflet",
        "metal-outside-path": "BAD leaflet",
    }
)
"""What is often taken for a contraindication and is none, with the source that says so. (NHS leaflet WPR26540 and the
Newcastle Hospitals leaflet are stricter, and exclude every orthopaedic implant of metal.)"""


def _by_id(rows: tuple[Contraindication, ...]) -> Mapping[str, Contraindication]:
    """The rows by id, in their order. ValueError when an id is given twice, or is said to be none."""
    table = {row.id: row for row in rows}
    if len(table) != len(rows) or table.keys() & NOT_CONTRAINDICATIONS.keys():
        raise ValueError("a contraindication is given twice, or is none")
    return MappingProxyType(table)


CONTRAINDICATION_BY_ID: Final[Mapping[str, Contraindication]] = _by_id(CONTRAINDICATIONS)
"""The same rows by id; read-only."""

_GATE: Final = "the gate before every session"

ANSWERS: Final = "patient.contraindications"
"""What the answers are called in a refusal, when it is not known where they stand."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One question as it was put, and the answer: True is yes, and means that there is no treatment."""

    id: str
    question: str
    yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The ticket of one session of one person. It is built by :func:`admit`, and checks itself however it is built.

    patient: the person's id. age_years, doctor_agrees: as given. answered_by: the person, or who speaks for it.
    answers: every question and its answer, in the table's order. asked_at: when, in UTC. mode: of the session to come.
    previous_start: start of the person's last session in UTC, None when there was none.
    interval_ms: what had to pass since then.

    Refusal for an empty name, an answer that is not no, an age that is not treated, a clock that was set back, or a
    session too soon. ValueError (a programmer's error) for questions that are not the table's, or a naive datetime.
    """

    patient: str
    age_years: int
    doctor_agrees: bool
    answered_by: str
    answers: tuple[Answer, ...]
    asked_at: datetime
    mode: Mode
    previous_start: datetime | None
    interval_ms: int

    def __post_init__(self) -> None:
        if [(a.id, a.question) for a in self.answers] != [(row.id, row.question) for row in CONTRAINDICATIONS]:
            raise ValueError("the questions of this admission are not those of the table")
        for field, name in (("patient.id", self.patient), ("answered_by", self.answered_by)):
            if not name.strip():
                raise Refusal(field, "empty", "a name", _GATE, "say who it is")
        check_answers({answer.id: answer.yes for answer in self.answers})
        check_age(self.age_years, doctor_agrees=self.doctor_agrees)
        shortest_interval_ms(self.mode, self.interval_ms)
        _check_interval(self.asked_at, self.previous_start, self.interval_ms)

    def check_in_time(self, now: datetime) -> None:
        """Refuse to start a session on answers from another hour: the ticket is good for one hour, and not before it.

        now: aware. Raises Refusal; ValueError for a naive datetime.
        """
        age = _utc(now) - _utc(self.asked_at)
        if age < timedelta(0):
            raise Refusal(
                "the clock",
                f"at {_shown(now)}, before the answers of {_shown(self.asked_at)}",
                "later than the answers",
                _GATE,
                "set the clock",
            )
        if age > timedelta(milliseconds=ADMISSION_TIME.value):
            raise Refusal(
                "the start of the session",
                f"at {_shown(now)}, with answers of {_shown(self.asked_at)}",
                f"within {in_words(ADMISSION_TIME.value, Unit.MS)} of the answers",
                f"{_GATE} ({ADMISSION_TIME.mark})",
                "ask again",
            )


def checked_answers(answers: object, where: str = ANSWERS) -> dict[str, bool]:
    """The answers in the order of the table, when every question of it is answered with yes or no, and no other is.

    answers: contraindication id -> yes (True) or no (False), and nothing like it. where: their name in a refusal. An
    unknown key, a missing answer and one that is no bool are each a Refusal that names the question.
    """
    if not isinstance(answers, Mapping):
        raise Refusal(where, shown(answers), "a table of answers", _GATE)
    for key in answers:
        if key in NOT_CONTRAINDICATIONS:
            source = NOT_CONTRAINDICATIONS[key]
            raise Refusal(f"{where}.{key}", "no contraindication", "only what is one", source, "leave it out")
        if key not in CONTRAINDICATION_BY_ID:
            known = ", ".join(CONTRAINDICATION_BY_ID)
            do = nearest(str(key), CONTRAINDICATION_BY_ID) or "leave it out"
            raise Refusal(f"{where}.{key}", "an unknown question", f"one of {known}", _GATE, do)
    for row in CONTRAINDICATIONS:
        do = f'ask "{row.question}" and answer with true (yes) or false (no)'
        if row.id not in answers:
            raise Refusal(f"{where}.{row.id}", "missing", "an answer to every question", _GATE, do)
        if not isinstance(answers[row.id], bool):
            raise Refusal(f"{where}.{row.id}", shown(answers[row.id]), "true or false", _GATE, do)
    return {row.id: answers[row.id] for row in CONTRAINDICATIONS}


def check_answers(answers: object, where: str = ANSWERS) -> None:
    """Refuse answers unless every question of the table is answered with no, expressly: with False and nothing like it.

    As :func:`checked_answers`; a yes is a Refusal, too, that names the question, the first in the order of the table.
    """
    for key, yes in checked_answers(answers, where).items():
        if yes:
            row = CONTRAINDICATION_BY_ID[key]
            raise Refusal(f"{where}.{key}", f'yes to "{row.question}"', "no", f"{row.source} ({row.mark})", row.do)


def admit(
    *,
    patient: str,
    age_years: int,
    doctor_agrees: bool,
    answers: Mapping[str, object],
    answered_by: str,
    asked_at: datetime,
    previous_start: datetime | None,
    mode: Mode,
    plan_interval_ms: int | None = None,
    answers_from: str = ANSWERS,
) -> Admission:
    """The gate: the admission to one session, or a Refusal that says what stands against it.

    patient: the person's id. answers: contraindication id -> True for yes. answered_by: the person, or who speaks for
    it. asked_at: now, aware. previous_start: the start of the same person's last session in which current flowed,
    aware; None when there was none. mode: of the session to come. plan_interval_ms: the plan's own shortest interval,
    which can be longer than the table's and never shorter; None when it has none. answers_from: where they stand, as
    a refusal is to name it: ``my.toml: patient.contraindications``.
    """
    check_answers(answers, answers_from)
    return Admission(
        patient=patient,
        age_years=age_years,
        doctor_agrees=doctor_agrees,
        answered_by=answered_by,
        answers=tuple(Answer(row.id, row.question, answers[row.id] is not False) for row in CONTRAINDICATIONS),
        asked_at=_utc(asked_at),
        mode=mode,
        previous_start=None if previous_start is None else _utc(previous_start),
        interval_ms=shortest_interval_ms(mode, plan_interval_ms),
    )


def _check_interval(asked_at: datetime, previous_start: datetime | None, interval_ms: int) -> None:
    now = _utc(asked_at)
    if previous_start is None:
        return
    earliest = _utc(previous_start) + timedelta(milliseconds=interval_ms)
    if now < _utc(previous_start):
        raise Refusal(
            "the clock",
            f"at {_shown(now)}, before the last session of {_shown(previous_start)}",
            "later than the last session",
            _GATE,
            "set the clock",
        )
    if now < earliest:
        raise Refusal(
            "the start of the session",
            f"at {_shown(now)}, after the last one of {_shown(previous_start)}",
            f"{in_words(interval_ms, Unit.MS)} after the start of the last one",
            "the shortest interval between sessions",
            f"wait until {_shown(earliest)}",
        )


def _utc(moment: datetime) -> datetime:
    """The moment in UTC. Within one zone Python subtracts what the clocks show, and misses the end of summer time."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def _shown(moment: datetime) -> str:
    return _utc(moment).isoformat(" ", "seconds")
