"""Words for people: numbers exactly, foreign texts harmless, and the word that was meant."""

import unicodedata
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iontocore.safety.words import Unit, in_words, nearest, plain, printable, shown
from iontocore.wording import to_the_ms


@given(st.integers(0, 10**12), st.sampled_from(Unit))
def test_a_value_in_words_is_the_value_exactly(value: int, unit: Unit) -> None:
    number, _, name = in_words(value, unit).partition(" ")
    per = {
        "mA": 1_000,
        "mA/s": 1_000,
        "mA/cm2": 1_000,
        "cm2": 100,
        "h": 3_600_000,
        "min": 60_000,
        "s": 1_000,
        "mA min": 60_000_000,
        "mC": 1_000_000,
        "%": 1,
        "years": 1,
    }
    scale = per[name] if name else 1
    assert Fraction(number) * scale == value
    assert "e" not in number.lower()


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (20_000, Unit.UA, "20 mA"),
        (13_500, Unit.UA, "13.5 mA"),
        (1, Unit.UA, "0.001 mA"),
        (1_200_000, Unit.MS, "20 min"),
        (30_000, Unit.MS, "30 s"),
        (72_000_000, Unit.MS, "20 h"),
        (0, Unit.MS, "0 s"),
        (2_400_000_000, Unit.NC, "40 mA min"),
        (1, Unit.NC, "0.000001 mC"),
        (9_900, Unit.MM2, "99 cm2"),
        (500, Unit.UA_PER_S, "0.5 mA/s"),
        (200, Unit.UA_PER_CM2, "0.2 mA/cm2"),
        (-5_000, Unit.UA, "-5 mA"),
    ],
)
def test_a_value_is_written_as_people_write_it(value: int, unit: Unit, words: str) -> None:
    assert in_words(value, unit) == words


@given(st.fractions(), st.integers(-(10**45), 10**45))
def test_a_number_is_plain_and_off_by_half_of_the_sixth_digit_at_most(fraction: Fraction, whole: int) -> None:
    for amount in (fraction, Fraction(whole), fraction + whole):
        text = plain(amount)
        assert "e" not in text
        assert abs(Fraction(text) - amount) * 10**6 <= Fraction(1, 2)
        assert not text.endswith(".")
        assert "." not in text or not text.endswith("0")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Fraction(100), "100"),
        (Fraction(1, 8), "0.125"),
        (Fraction(-3, 2), "-1.5"),
        (Fraction(1, 10**6), "0.000001"),
        (Fraction(2, 3), "0.666667"),
        (Fraction(0), "0"),
    ],
)
def test_a_number_has_no_zeros_at_its_end_and_those_before_the_point(amount: Fraction, text: str) -> None:
    assert plain(amount) == text


def test_what_rounds_to_nothing_is_nothing_without_a_sign() -> None:
    assert plain(Fraction(-1, 10**9)) == "0"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (2.5, "2.5"),
        (2**200 - 1, str(2**200 - 1)),
        (2**200, "a whole number of 201 bits"),
        (-(2**300), "a whole number of 301 bits"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1e19"), "1" + "0" * 19),
        (Decimal("1e20"), "1e+20"),
        (Decimal("-1e-20"), "-1e-20"),
        (Decimal("1e-19"), "0." + "0" * 18 + "1"),
        (Decimal("Infinity"), "infinity"),
        (Decimal("NaN"), "nan"),
        ("palms", 'the text "palms"'),
        ("", "the empty text"),
        ({"a": 1}, "a table"),
        ([1, 2], "an array of 2"),
        ((), "an array of 0"),
        (date(2026, 5, 1), "date 2026-05-01"),
    ],
)
def test_what_was_given_is_shown_as_it_stands_in_the_file_and_with_its_kind(value: object, words: str) -> None:
    assert shown(value) == words


def test_the_nearest_word_is_the_best_of_several_that_are_near() -> None:
    assert nearest("palm-left", ("palms-left", "palm-lefts", "balm-left")) == (
        "write palm-lefts, if that is what you mean"
    )


def test_units_are_spelt_as_the_fields_that_are_named_after_them() -> None:
    assert [unit.value for unit in Unit] == [
        "ua", "ms", "nc", "mm2", "ua_per_s", "ua_per_cm2", "years", "percent", "count"
    ]  # fmt: skip


@given(st.text())
def test_a_foreign_text_becomes_one_line_that_no_terminal_obeys_and_keeps_its_length(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert all(a == b or not a.isprintable() for a, b in zip(text, shown, strict=True))


def test_what_a_terminal_would_obey_is_marked_and_a_line_break_is_a_space() -> None:
    escape, reverse = "\x1b", unicodedata.lookup("RIGHT-TO-LEFT OVERRIDE")
    assert printable(f"a{escape}[2J\nb{reverse}c") == "a\N{REPLACEMENT CHARACTER}[2J b\N{REPLACEMENT CHARACTER}c"


@pytest.mark.parametrize(
    ("given_word", "meant"),
    [
        ("reverse", "reverse-mid-session"),
        ("altrenate", "alternate"),
        ("f", "fixed"),
        ("knee", ""),
        ("", ""),
    ],
)
def test_the_word_that_was_meant_is_the_only_one_that_begins_so_or_the_nearest(given_word: str, meant: str) -> None:
    advice = nearest(given_word, ("reverse-mid-session", "fixed", "alternate"))
    assert advice == (f"write {meant}, if that is what you mean" if meant else "")


def test_of_several_words_that_begin_so_none_is_picked_for_it() -> None:
    assert nearest("pa", ("palms", "patch")) == ""


@pytest.mark.parametrize(("t_ms", "clock"), [(0, "0:00.000"), (59_999, "0:59.999"), (725_050, "12:05.050")])
def test_a_time_to_the_millisecond_is_that_of_the_clock(t_ms: int, clock: str) -> None:
    assert to_the_ms(t_ms) == clock
