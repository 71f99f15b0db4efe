"""A refusal: a user's mistake answered in one sentence."""

import contextlib
import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iontocore.safety.refusal import Refusal


def test_it_says_what_was_given_what_is_allowed_who_says_so_and_what_to_do() -> None:
    refusal = Refusal("current_ma", "25 mA", "at most 20 mA", "NHS leaflet WPR26540", "lower the current")
    assert str(refusal) == (
        "current_ma is 25 mA; allowed is at most 20 mA, says NHS leaflet WPR26540: lower the current."
    )


def test_it_may_leave_open_what_to_do() -> None:
    refusal = Refusal("time_min", float("nan"), "5 to 60 min", "the plan's format")
    assert str(refusal) == "time_min is nan; allowed is 5 to 60 min, says the plan's format."


@given(st.text(), st.text(), st.text(min_size=1), st.text(min_size=1), st.text())
def test_whatever_was_given_it_is_one_printable_line_of_bounded_length(
    field: str, given_text: str, allowed: str, says_who: str, do: str
) -> None:
    refusal = Refusal(field, given_text, allowed, says_who, do)
    assert str(refusal).isprintable()
    assert (refusal.field, refusal.given, refusal.allowed) == (field, given_text, allowed)
    assert (refusal.says_who, refusal.do) == (says_who, do)


def test_a_whole_file_given_for_a_word_is_shortened_in_the_sentence_alone() -> None:
    refusal = Refusal("site", "palms " * 10_000, "a site", "the plan's format")
    assert len(str(refusal)) < 300
    assert "palms..." in str(refusal)
    assert len(refusal.given) == 60_000


def test_a_text_of_200_characters_is_shown_whole_and_a_longer_one_to_its_197th() -> None:
    def sentence(given_text: str) -> str:
        return str(Refusal("a", given_text, "b", "c"))

    assert sentence("x" * 200) == f"a is {'x' * 200}; allowed is b, says c."
    assert sentence("x" * 201) == f"a is {'x' * 197}...; allowed is b, says c."


def test_nothing_that_was_given_is_said_to_be_empty() -> None:
    assert str(Refusal("a", "", "b", "c")) == "a is empty; allowed is b, says c."


@pytest.mark.parametrize("name", ["field", "given", "allowed", "says_who", "do"])
def test_it_cannot_be_changed(name: str) -> None:
    refusal = Refusal("a", "b", "c", "d", "e")
    with pytest.raises(AttributeError):
        setattr(refusal, name, "other")


def test_it_crosses_processes() -> None:
    refusal = Refusal("a", "b", "c", "d", "e")
    copy = pickle.loads(pickle.dumps(refusal))
    assert isinstance(copy, Refusal)
    assert (str(copy), copy.args) == (str(refusal), refusal.args)


def test_it_passes_through_a_context_manager() -> None:
    @contextlib.contextmanager
    def around() -> Iterator[None]:
        yield

    with pytest.raises(Refusal) as caught, around():
        raise Refusal("a", "b", "c", "d")
    assert caught.value.given == "b"
