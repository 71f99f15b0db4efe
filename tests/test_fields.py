"""Reading TOML: exact numbers, and one clear sentence for everything that is not as it has to be."""

import os
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iontocore import body, device, plans
from iontocore.fields import LARGEST_FILE_BYTES, LONGEST_TEXT, Quantity, Table, parse_table, quoted, read_table
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import shown

CURRENT = Quantity("current_ma", "current_ua", 1, 20_000, "the leaflet", "the current")
DURATION = Quantity("duration_min", "duration_ms", 600, 1_800_000, "the leaflet", "the time", 600)
OHM = Quantity("short_ohm", "short_ohm", 1, 1000, "the format", "the resistance")
OPEN_ENDED = Quantity("limit_ma", "limit_ua", 1, None, "the format", "the limit")
OFFSET = Quantity("offset_ua", "offset_na", -1_000_000, 1_000_000, "the format", "the offset")

ALL_QUANTITIES = [
    *(quantity for section in device.SECTIONS.values() for quantity in section),
    *body.BODY_QUANTITIES,
    *body.ELECTRONICS_QUANTITIES,
    *(kind.parameter for kind in body.KINDS if isinstance(kind.parameter, Quantity)),
    *(value for value in vars(plans).values() if isinstance(value, Quantity)),
    OFFSET,
]


def table(text: str) -> Table:
    return parse_table(text, "my.toml", "the format", "start again")


def refused(act: Callable[[], object]) -> Refusal:
    """The refusal of an act, which is a single line that ends like a sentence."""
    with pytest.raises(Refusal) as caught:
        act()
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert caught.value.given
    assert caught.value.allowed
    assert caught.value.says_who
    return caught.value


@given(st.data())
def test_every_number_that_is_printed_reads_back_exactly(data: st.DataObject) -> None:
    quantity = data.draw(st.sampled_from(ALL_QUANTITIES))
    top = quantity.low + 10**12 if quantity.high is None else quantity.high
    value = data.draw(st.integers(-(-quantity.low // quantity.step), top // quantity.step)) * quantity.step
    read = table(f"{quantity.key} = {quantity.toml(value)}").amount(quantity)
    assert read == value


@given(st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from(ALL_QUANTITIES))
@example(Decimal("0.0001234"), CURRENT)
@example(Decimal("1e-999999"), CURRENT)
@example(Decimal("1e999999"), OPEN_ENDED)
@example(Decimal("-0"), OFFSET)
def test_a_number_is_read_exactly_or_refused(amount: Decimal, quantity: Quantity) -> None:
    with suppress(Refusal):
        value = quantity.read(amount)
        assert Fraction(value) == Fraction(amount) * quantity.per
        assert quantity.low <= value
        assert quantity.high is None or value <= quantity.high
        assert value % quantity.step == 0


@pytest.mark.parametrize(
    "key, attribute, per",
    [
        ("x_ma_per_s", "x_ua_per_s", 1000),
        ("x_ma_min", "x_nc", 60_000_000),
        ("x_ma", "x_ua", 1000),
        ("x_ma", "x_na", 1_000_000),
        ("x_ua", "x_na", 1000),
        ("x_h", "x_s", 3600),
        ("x_min", "x_ms", 60_000),
        ("x_s", "x_ms", 1000),
        ("x_ms", "x_us", 1000),
        ("x_v", "x_mv", 1000),
        ("x_cm2", "x_mm2", 100),
        ("x_mohm", "x_ohm", 1_000_000),
        ("x_kohm", "x_ohm", 1000),
        ("x_kohm_cm2", "x_ohm_cm2", 1000),
        ("x_nf_cm2", "x_pf_cm2", 1000),
        ("x_percent", "x_permille", 10),
        ("x_percent", "x_ppm", 10_000),
        ("x_permille", "x_ppm", 1000),
    ],
)
def test_the_two_names_of_a_number_say_how_it_is_converted(key: str, attribute: str, per: int) -> None:
    quantity = Quantity(key, attribute, 0, 10**12, "the format", "x")
    assert quantity.per == per
    assert table(f"{key} = 3").amount(quantity) == 3 * per


@pytest.mark.parametrize(
    "quantity, value, printed",
    [
        (CURRENT, 15_000, "15.0"),
        (CURRENT, 100, "0.1"),
        (CURRENT, 1, "0.001"),
        (OFFSET, -300, "-0.3"),
        (DURATION, 1_200_600, "20.01"),
        (Quantity("short_ohm", "short_ohm", 1, 1000, "the format", "x"), 200, "200"),
    ],
)
def test_a_number_is_printed_as_a_person_would_write_it(quantity: Quantity, value: int, printed: str) -> None:
    assert quantity.toml(value) == printed


def test_a_tenth_is_a_tenth_and_not_its_binary_neighbour() -> None:
    assert table("current_ma = 0.1").amount(CURRENT) == 100
    assert table("offset_ua = -0.3").amount(OFFSET) == -300
    assert table("current_ma = 15").amount(CURRENT) == 15_000


@pytest.mark.parametrize(
    "value, given",
    [
        ("true", "true"),
        ('"15"', 'the text "15"'),
        ("[15.0]", "an array of 1"),
        ("{ ma = 15.0 }", "a table"),
        ("2026-01-01", "date 2026-01-01"),
        ("07:32:00", "time 07:32:00"),
        ("nan", "nan"),
        ("-nan", "-nan"),
        ("inf", "infinity"),
        ("-inf", "-infinity"),
        ("1e99999999999999999999", "infinity"),
        ("-1e99999999999999999999", "-infinity"),
        ("-1.0", "-1.0 mA"),
        ("0", "0 mA"),
        ("20.001", "20.001 mA"),
        ("1e999999999", "1e+999999999 mA"),
        ("0x" + "f" * 5000, "a whole number of 20000 bits mA"),
        ("0.0001234", "0.0001234 mA"),
        ("1e-999999999", "1e-999999999 mA"),
    ],
)
def test_what_is_no_number_in_range_is_refused_as_it_was_given(value: str, given: str) -> None:
    refusal = refused(lambda: table(f"current_ma = {value}").amount(CURRENT))
    assert refusal.field == "my.toml: current_ma"
    assert refusal.given == given


def test_a_number_that_is_too_fine_is_answered_with_the_resolution() -> None:
    refusal = refused(lambda: table("current_ma = 0.0001234").amount(CURRENT))
    assert refusal.allowed == "a multiple of 0.001 mA"
    assert "resolution" in refusal.says_who
    assert refused(lambda: table("duration_min = 20.005").amount(DURATION)).allowed == "a multiple of 0.01 min"
    assert refused(lambda: table("short_ohm = 1.5").amount(OHM)).allowed == "a whole number of ohm"
    with pytest.raises(ValueError, match="no multiple of 600"):
        DURATION.toml(601)


def test_a_number_out_of_range_is_answered_with_the_range_and_its_source() -> None:
    assert str(refused(lambda: table("current_ma = 25.5").amount(CURRENT))) == (
        "my.toml: current_ma is 25.5 mA; allowed is 0.001 to 20 mA, says the leaflet: "
        "give current_ma within that range."
    )
    assert refused(lambda: table("limit_ma = -2").amount(OPEN_ENDED)).allowed == "at least 0.001 mA"


@pytest.mark.parametrize("value", ["35.5", "35.0", "true", '"35"', "nan"])
def test_what_is_counted_is_a_whole_number_or_refused(value: str) -> None:
    assert table("age_years = 35").whole("age_years", "years") == 35
    refusal = refused(lambda: table(f"age_years = {value}").whole("age_years", "years"))
    assert (refusal.field, refusal.allowed) == ("my.toml: age_years", "a whole number of years")


@pytest.mark.parametrize("value", [15.0, "15", True, None, Decimal(15)])
def test_inside_a_number_is_whole_or_refused(value: object) -> None:
    assert refused(lambda: CURRENT.check(value)).allowed == "a whole number of uA"


@pytest.mark.parametrize("value", [600, 1_200, 1_800_000])
def test_inside_a_number_on_its_step_is_taken(value: int) -> None:
    assert DURATION.check(value) == value


@pytest.mark.parametrize("value, quantity", [(0, CURRENT), (20_001, CURRENT), (-600, DURATION), (601, DURATION)])
def test_inside_a_number_is_in_range_and_on_its_step_or_refused(value: int, quantity: Quantity) -> None:
    assert refused(lambda: quantity.check(value, "the.place")).field == "the.place"


def test_a_range_may_be_a_single_value() -> None:
    only = Quantity("dwell_s", "dwell_ms", 2_000, 2_000, "the format", "the dwell")
    assert table("dwell_s = 2").amount(only) == 2_000
    assert refused(lambda: table("dwell_s = 2.001").amount(only)).allowed == "2 to 2 s"


@pytest.mark.parametrize(
    "build",
    [
        lambda: Quantity("current_ma", "time_ms", 1, 2, "x", "x"),
        lambda: Quantity("current", "current_ua", 1, 2, "x", "x"),
        lambda: Quantity("current_na", "current_ua", 1, 2, "x", "x"),
        lambda: Quantity("current_ma", "current_ua", 2, 1, "x", "x"),
        lambda: Quantity("current_ma", "current_ua", 1, 2, "x", "x", 0),
    ],
)
def test_a_quantity_whose_two_names_do_not_fit_cannot_be_written(build: Callable[[], Quantity]) -> None:
    with pytest.raises(ValueError, match="current"):
        build()


def test_an_unknown_key_is_refused_with_the_nearest_that_is_known() -> None:
    refusal = refused(lambda: table("curent_ma = 1").only(["name", "current_ma"]))
    assert refusal.field == "my.toml: curent_ma"
    assert refusal.allowed == "only name, current_ma"
    assert refusal.do == "write current_ma, if that is what you mean"
    assert refused(lambda: table("zzz = 1").only(["name"])).do == "remove it"
    assert refused(lambda: table('"a\\nb" = 1').only(["name"])).field == 'my.toml: "a\\nb"'


def test_a_missing_key_is_named_with_what_it_would_be() -> None:
    refusal = refused(lambda: table("[patient]\n").table("patient").amount(CURRENT))
    assert (refusal.field, refusal.given) == ("my.toml: patient.current_ma", "missing")
    assert refusal.allowed == "a number, 0.001 to 20 mA"


@pytest.mark.parametrize(
    "value", ["1", "true", '""', '" palms"', '"palms "', '"a\\nb"', '"a\\u0000b"', f'"{"x" * (LONGEST_TEXT + 1)}"']
)
def test_a_text_is_one_printable_line_or_refused(value: str) -> None:
    assert refused(lambda: table(f"name = {value}").text("name")).field == "my.toml: name"


def test_the_shortest_and_the_longest_text_are_taken() -> None:
    for text in ("x", "x" * LONGEST_TEXT):
        assert table(f"name = {quoted(text)}").text("name") == text


@given(st.text(max_size=LONGEST_TEXT))
@example('quotes " and \\ backslashes')
def test_every_text_that_is_taken_prints_as_toml_that_reads_back(text: str) -> None:
    whole = f"-{text}-"
    if whole.isprintable() and len(whole) <= LONGEST_TEXT:
        assert table(f"name = {quoted(whole)}").text("name") == whole


def test_a_choice_is_one_of_the_list_or_answered_with_it() -> None:
    words = ("palms", "soles")
    assert table('site = "palms"').choice("site", words) == "palms"
    assert refused(lambda: table('site = "palm"').choice("site", words)).do == "write palms, if that is what you mean"
    assert refused(lambda: table('site = "knee"').choice("site", words)).do == "choose one of these"
    assert refused(lambda: table("site = 3").choice("site", words, "the tables")).says_who == "the tables"
    assert refused(lambda: table("site = 3").choice("site", words)).allowed == "one of palms, soles"


@pytest.mark.parametrize("value", ["1", "0", '"true"', "[]"])
def test_a_flag_is_true_or_false_and_nothing_like_it(value: str) -> None:
    assert refused(lambda: table(f"contact = {value}").flag("contact")).allowed == "true or false"


def test_tables_are_named_by_their_dotted_path_and_counted_from_one() -> None:
    whole = table("[a.b]\nx = 1\n[[events]]\n[[events]]\ny = 2")
    assert whole.table("a").table("b").name("x") == "my.toml: a.b.x"
    assert [event.path for event in whole.tables("events")] == ["events[1]", "events[2]"]
    assert whole.tables("nothing") == ()
    assert refused(lambda: table("a = 1").table("a")).given == "1"
    assert refused(lambda: table("a = [1]").tables("a")).given == "an array of 1"
    assert refused(lambda: table("a = {}").tables("a")).given == "a table"


@pytest.mark.parametrize(
    "text, given",
    [
        ("", "empty"),
        ("\n# nothing but a comment\n", "empty"),
        ("current_ma =", "no TOML, or cut off ("),
        ("[patient", "no TOML, or cut off ("),
        ("a = 1\na = 2", "no TOML, or cut off ("),
        ("a = " + "9" * 5000, "TOML with a number of thousands of digits"),
        ("a = " + "[" * 30_000, "TOML nested hundreds deep"),
    ],
)
def test_what_is_no_whole_toml_is_refused_with_the_place(text: str, given: str) -> None:
    refusal = refused(lambda: table(text))
    assert refusal.field == "my.toml"
    assert refusal.given.startswith(given)
    assert "start again" in refusal.do


def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    for number, prefix in enumerate([b"", b"\xef\xbb\xbf"]):
        path = tmp_path / f"{number}.toml"
        path.write_bytes(prefix + "name = 'Händler'\r\n".encode())
        assert read_table(path, "the format", "start again").text("name") == "Händler"


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_bytes(b"name = 'x'\n".ljust(LARGEST_FILE_BYTES, b"#"))
    assert read_table(path, "the format", "start again").text("name") == "x"


def test_a_file_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path) -> None:
    def given(path: str | Path) -> str:
        refusal = refused(lambda: read_table(path, "the format", "start again"))
        assert refusal.field == (str(path) or "the name of the file")
        return refusal.given

    latin, large, pipe, dangling = (tmp_path / name for name in ("latin", "large", "pipe", "dangling"))
    latin.write_bytes("name = 'Händler'".encode("latin-1"))
    large.write_bytes(b"#" * (LARGEST_FILE_BYTES + 1))
    os.mkfifo(pipe)
    dangling.symlink_to(dangling)
    assert given(tmp_path / "nothing.toml") == "missing"
    assert given(tmp_path) == "a directory"
    assert given("") == "empty"
    assert given(latin) == "not UTF-8 (byte 10)"
    assert given(large) == "too large"
    assert given(pipe) == "no regular file"
    assert given("/dev/zero") == "no regular file"
    assert given(dangling).startswith("unreadable (")
    assert given("a\0b") == "no possible name of a file"
    assert given(tmp_path / ("x" * 300)).startswith("unreadable (")


def test_a_checked_record_is_refused_in_the_name_of_its_file() -> None:
    def build() -> None:
        with table("a = 1").naming():
            raise Refusal("patient.age_years", "3 years", "from 5 years", "BAD leaflet", "wait")

    assert str(refused(build)) == (
        "my.toml: patient.age_years is 3 years; allowed is from 5 years, says BAD leaflet: wait."
    )


@pytest.mark.parametrize(
    "value, text", [(None, "NoneType None"), (1.5, "1.5"), ("", "the empty text"), ((1,), "an array of 1")]
)
def test_what_python_gives_is_shown_too(value: object, text: str) -> None:
    assert shown(value) == text
