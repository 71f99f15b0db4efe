"""The words of the report: numbers with units that a reader expects, and a word for every verdict."""

import pytest

from iontocore.verification.evidence import Figure, Kind, Made, Mode, Standing, Status
from iontocore.verification.report_words import (
    KINDS,
    MADE,
    MODES,
    WORDS,
    count,
    figure,
    figures,
    many,
    number_of,
    prose,
    quantity,
    sentence,
)


def spaced(text: str) -> str:
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    ("value", "unit", "says"),
    [
        (0, "us", "0"),
        (999, "us", "999 µs"),
        (1_000, "us", "1 ms"),
        (2_922_000, "us", "2.922 s"),
        (2_000_400, "us", "2 s"),
        (1_999_600, "us", "2 s"),
        (15_015_500, "na", "15.016 mA"),
        (-15_015_400, "na", "-15.015 mA"),
        (-12, "na", "-12 nA"),
        (261_855_084_613, "fc", "261.855 µC"),
        (60_000, "mv", "60 V"),
        (30_020, "mV", "30.02 V"),
        (10_000, "ohm", "10 kΩ"),
        (12_345, "furlong", "12 345 furlong"),
        (9_120, "bytes", "9 120 bytes"),
    ],
)
def test_a_quantity_is_in_the_unit_that_a_reader_expects(value: int, unit: str, says: str) -> None:
    assert spaced(quantity(value, unit)) == says


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("goals", 1_204, "1 204 goals"),
        ("voltage_mv", 30_020, "voltage 30.02 V"),
        ("clauses_that_died", 1, "1 clause that died"),
        ("goals", 1, "1 goal"),
        ("conditions_covered", 3, "3 conditions covered"),
        ("provers", "z3, cvc4", "provers: z3, cvc4"),
        ("clean", True, "clean: yes"),
        ("clean", False, "clean: no"),
    ],
)
def test_a_figure_says_what_it_counts_or_measures(name: str, value: Figure, says: str) -> None:
    assert spaced(figure(name, value)) == says


def test_figures_stand_in_the_order_of_their_names() -> None:
    assert spaced(figures({"lines": 3, "goals": 2})) == "2 goals, 3 lines"
    assert figures({}) == ""


def test_code_in_prose_is_marked_and_all_of_it_is_escaped() -> None:
    assert prose("a `b < c` & d") == "a <code>b &lt; c</code> &amp; d"
    assert prose("a ` b") == "a ` b"


def test_the_name_of_a_test_is_read_as_a_sentence() -> None:
    assert sentence("tests/test_guard.py::test_a_limit_is_kept") == "a limit is kept"


def test_one_is_not_many() -> None:
    assert [many(1, "test"), many(2, "test"), many(0, "piece")] == ["1 test", "2 tests", "0 pieces"]
    assert many(3, "finding stands", "findings stand") == "3 findings stand"


def test_thousands_and_signs() -> None:
    assert spaced(count(-1_234_567)) == "-1 234 567"


def test_every_verdict_and_every_kind_has_its_word() -> None:
    assert set(WORDS) == {*Status, *Standing}
    assert set(KINDS) == set(Kind)
    assert set(MADE) == set(Made)
    assert set(MODES) == set(Mode)


def test_verdicts_that_differ_have_other_signs_and_other_styles() -> None:
    for of in (Status, Standing):
        words = [WORDS[each] for each in of]
        assert len({word.sign for word in words}) == len({word.style for word in words}) == len(words)


def test_the_number_of_a_version_is_found_in_what_a_tool_says() -> None:
    assert number_of("Debian clang version 19.1.7 (3~deb12u1)") == "19.1.7"
    assert number_of("-wp-timeout 10") == ""
