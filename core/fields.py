"""Typed reading of TOML: every value is what its format says, or is refused in one sentence that names file and field.

Files are written for people (``current_ma = 15.0``), the inside is whole numbers (``current_ua == 15000``). The two
meet here and nowhere else, and exactly: numbers are read as decimals, never through binary floating point, and one that
is no whole number inside is refused with the resolution that there is. Nothing is rounded, clamped or filled in.

What a number may be stands in a :class:`Quantity`, whose two names carry the two units; reading, checking and printing
all use that one row. Formats (plans, device profiles, bodies) are tables of such rows.
"""

import json
import stat
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Final, NoReturn

from iontocore.safety.refusal import Refusal
from iontocore.safety.words import NC_PER_MA_MIN, nearest, plain, shown

LARGEST_FILE_BYTES: Final = 65536
"""A larger file is refused unread: no plan, profile or body comes near it."""

LONGEST_TEXT: Final = 400
"""The longest free text, in characters: it is shown on one screen."""

_UNITS: Final[Mapping[str, tuple[str, int, str]]] = {
    # the end of a name -> what it measures, how many of the smallest unit of that, how people write it; longest first
    "_kohm_cm2": ("resistance times area", 1000, "kohm cm2"),
    "_ohm_cm2": ("resistance times area", 1, "ohm cm2"),
    "_nf_cm2": ("capacitance per area", 1000, "nF/cm2"),
    "_pf_cm2": ("capacitance per area", 1, "pF/cm2"),
    "_ma_per_s": ("slope", 1000, "mA/s"),
    "_ua_per_s": ("slope", 1, "uA/s"),
    "_ma_min": ("charge", NC_PER_MA_MIN, "mA min"),
    "_nc": ("charge", 1, "nC"),
    "_ma": ("current", 1_000_000, "mA"),
    "_ua": ("current", 1000, "uA"),
    "_na": ("current", 1, "nA"),
    "_h": ("time", 3_600_000_000, "h"),
    "_min": ("time", 60_000_000, "min"),
    "_s": ("time", 1_000_000, "s"),
    "_ms": ("time", 1000, "ms"),
    "_us": ("time", 1, "us"),
    "_v": ("voltage", 1000, "V"),
    "_mv": ("voltage", 1, "mV"),
    "_cm2": ("area", 100, "cm2"),
    "_mm2": ("area", 1, "mm2"),
    "_mohm": ("resistance", 1_000_000, "Mohm"),
    "_kohm": ("resistance", 1000, "kohm"),
    "_ohm": ("resistance", 1, "ohm"),
    "_percent": ("ratio", 10_000, "%"),
    "_permille": ("ratio", 1000, "permille"),
    "_ppm": ("ratio", 1, "ppm"),
    "_ticks": ("ticks", 1, "ticks"),
    "_bit": ("bits", 1, ""),
}


def _unit(name: str) -> tuple[str, int, str]:
    """The unit that a name ends in; ValueError when it ends in none."""
    for suffix, unit in _UNITS.items():
        if name.endswith(suffix):
            return unit
    raise ValueError(f"{name} has no unit in its name")


@dataclass(frozen=True, slots=True)
class Quantity:
    """What one number may be.

    key: the name in TOML, its unit for people: ``current_ma``.
    attribute: the name inside, its unit a whole one: ``current_ua``. Both measure the same, or ValueError.
    low, high: the range, both ends allowed, in the unit of ``attribute``; high is None where a rule that knows more
    than this number (who, where, on which device) says what is too much.
    says_who: whose rule the range is.
    means: one line for the reader of the file.
    step: values are whole multiples of this, in the unit of ``attribute``.
    """

    key: str
    attribute: str
    low: int
    high: int | None
    says_who: str
    means: str
    step: int = 1

    def __post_init__(self) -> None:
        if _unit(self.key)[0] != _unit(self.attribute)[0]:
            raise ValueError(f"{self.key} and {self.attribute} do not measure the same thing")
        empty = self.high is not None and self.high < self.low
        if empty or self.step < 1 or self.per.denominator != 1:
            raise ValueError(f"{self.key} has an empty range, a step below 1 or a unit finer than {self.attribute}")

    @property
    def per(self) -> Fraction:
        """How many of the unit inside make one of the unit for people: 1000 for current_ma and current_ua."""
        return Fraction(_unit(self.key)[1], _unit(self.attribute)[1])

    @property
    def unit(self) -> str:
        """The unit for people, as it is written: ``mA``."""
        return _unit(self.key)[2]

    @property
    def allowed(self) -> str:
        """The range, as a person says it: ``0.001 to 30 mA``."""
        if self.high is None:
            return f"at least {self.shown(self.low)}"
        return f"{plain(self.low / self.per)} to {self.shown(self.high)}"

    def shown(self, value: int) -> str:
        """A value inside, as a person says it: 15000 is ``15 mA``. At most six digits after the point."""
        return f"{plain(value / self.per)} {self.unit}".rstrip()

    def toml(self, value: int) -> str:
        """A value inside as a TOML number that reads back exactly. ValueError off the step (it may have no end)."""
        if value % self.step:
            raise ValueError(f"{self.attribute} = {value} is no multiple of {self.step}")
        amount = value / self.per
        if self.per == 1:
            return str(int(amount))
        places = 0
        while (amount * 10**places).denominator != 1:
            places += 1
        whole, part = divmod(abs(int(amount * 10**places)), 10**places)
        return f"{'-' if value < 0 else ''}{whole}.{str(part).zfill(places) if places else '0'}"

    def check(self, value: object, name: str = "") -> int:
        """The value, when it is a whole number (of the unit inside) that is allowed; else a Refusal.

        name: what to call it in the refusal; the TOML key when not given."""
        name = name or self.key
        number = check_whole(value, name, _unit(self.attribute)[2], self.says_who)
        if not self._holds(number):
            raise Refusal(name, self.shown(number), self.allowed, self.says_who, f"give {self.key} within that range")
        if number % self.step:
            raise self._too_fine(name, f"{number} {_unit(self.attribute)[2]}")
        return number

    def read(self, value: object, name: str = "") -> int:
        """A value as TOML gave it (int or Decimal, in the unit for people), in the unit inside; else a Refusal."""
        name = name or self.key
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise Refusal(
                name, shown(value), f"a number, {self.allowed}", self.says_who, f"write {self.key} as a number"
            )
        if isinstance(value, Decimal) and not value.is_finite():
            raise Refusal(name, shown(value), f"a finite number, {self.allowed}", self.says_who)
        given = f"{shown(value)} {self.unit}".rstrip()
        # Sizes first: a Decimal may be 1e999999999, whose digits nobody wants to compute.
        size = value.bit_length() * 0.30103 if isinstance(value, int) else value.adjusted() if value else 0
        if size > 30:
            allowed = self.allowed if self.high is not None else f"{self.allowed} and no more than a person would write"
            raise Refusal(name, given, allowed, self.says_who, f"give {self.key} within that range")
        if size < -30:
            raise self._too_fine(name, given)
        inside = Fraction(value) * self.per
        if inside.denominator != 1 or inside.numerator % self.step:
            raise self._too_fine(name, given)
        if not self._holds(inside.numerator):
            raise Refusal(name, given, self.allowed, self.says_who, f"give {self.key} within that range")
        return inside.numerator

    def _holds(self, inside: int) -> bool:
        return self.low <= inside and (self.high is None or inside <= self.high)

    def _too_fine(self, name: str, given: str) -> Refusal:
        if self.step == self.per:
            allowed, do = _whole(self.unit), "round it yourself"
        else:
            allowed, do = f"a multiple of {self.shown(self.step)}", f"round it to {self.shown(self.step)} yourself"
        return Refusal(name, given, allowed, f"the resolution of {self.key}", do)


def _whole(unit: str) -> str:
    return f"a whole number of {unit}" if unit else "a whole number"


def check_whole(value: object, name: str, unit: str, says_who: str) -> int:
    """A whole number, of any size; else a Refusal. unit: what it counts, as people write it; may be empty."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(name, shown(value), _whole(unit), says_who)
    return value


def check_text(value: object, name: str, says_who: str) -> str:
    """A text of 1 to LONGEST_TEXT printable characters that does not begin or end with a space; else a Refusal."""
    allowed = f"a text of 1 to {LONGEST_TEXT} printable characters, no space at either end"
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= LONGEST_TEXT
        or not value.isprintable()
        or value != value.strip()
    ):
        raise Refusal(name, shown(value), allowed, says_who)
    return value


def check_choice(value: object, name: str, choices: Collection[str], says_who: str) -> str:
    """One of the choices; else a Refusal that lists them and names the nearest."""
    if not isinstance(value, str) or value not in choices:
        if isinstance(value, str):
            do = nearest(value, choices) or "choose one of these"
        else:
            do = f"write it in quotes, like {quoted(min(choices))}"
        raise Refusal(name, shown(value), f"one of {', '.join(choices)}", says_who, do)
    return value


def check_flag(value: object, name: str, says_who: str) -> bool:
    """true or false; else a Refusal."""
    if not isinstance(value, bool):
        raise Refusal(name, shown(value), "true or false", says_who, "write true or false, without quotes")
    return value


def quoted(text: str) -> str:
    """A printable text as a TOML string."""
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Table:
    """One TOML table, with what a refusal has to name.

    file: the file, as the user named it.
    path: the dotted path of this table in the file; empty for the file itself.
    says_who: whose format it is: ``the plan format``.
    values: what TOML gave; floats are Decimals.
    """

    file: str
    path: str
    says_who: str
    values: Mapping[str, object]

    def name(self, key: str) -> str:
        """What a key of this table is called in a refusal: ``my.toml: patient.age_years``."""
        return f"{self.file}: {self.path}{'.' if self.path else ''}{key}"

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Names this file in a refusal that knows the field only: what a checked record raises when it is built."""
        try:
            yield
        except Refusal as refusal:
            raise Refusal(
                self.name(refusal.field), refusal.given, refusal.allowed, refusal.says_who, refusal.do
            ) from None

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self.values

    def only(self, known: Collection[str]) -> None:
        """Refuses the first key that is not known, and names the nearest that is."""
        for key in self.values:
            if key not in known:
                do = nearest(key, known) or "remove it"
                raise Refusal(self.name(_bare(key)), "an unknown key", f"only {', '.join(known)}", self.says_who, do)

    def get(self, key: str, allowed: str) -> object:
        """The value of a key that has to be there; allowed: what it may be, for the refusal."""
        if key not in self.values:
            raise Refusal(self.name(key), "missing", allowed, self.says_who, f"add {key}")
        return self.values[key]

    def text(self, key: str) -> str:
        """A free text, 1 to LONGEST_TEXT printable characters."""
        return check_text(self.get(key, "a text"), self.name(key), self.says_who)

    def choice(self, key: str, choices: Collection[str], says_who: str = "") -> str:
        """One of several words; says_who: whose list it is, when it is not the format's."""
        allowed = f"one of {', '.join(choices)}"
        return check_choice(self.get(key, allowed), self.name(key), choices, says_who or self.says_who)

    def flag(self, key: str) -> bool:
        """true or false."""
        return check_flag(self.get(key, "true or false"), self.name(key), self.says_who)

    def whole(self, key: str, unit: str) -> int:
        """A whole number whose range is another's business."""
        return check_whole(self.get(key, _whole(unit)), self.name(key), unit, self.says_who)

    def amount(self, quantity: Quantity) -> int:
        """A number, in the unit inside."""
        return quantity.read(self.get(quantity.key, f"a number, {quantity.allowed}"), self.name(quantity.key))

    def amounts(self, quantities: Iterable[Quantity]) -> dict[str, int]:
        """Numbers by the names that they have inside."""
        return {quantity.attribute: self.amount(quantity) for quantity in quantities}

    def table(self, key: str) -> "Table":
        """A table within this one."""
        value = self.get(key, f"a table [{self.path}{'.' if self.path else ''}{key}]")
        if not isinstance(value, dict):
            raise Refusal(self.name(key), shown(value), f"a table [{key}]", self.says_who)
        return Table(self.file, f"{self.path}{'.' if self.path else ''}{key}", self.says_who, value)

    def tables(self, key: str) -> tuple["Table", ...]:
        """An array of tables within this one; none when the key is not given."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Refusal(self.name(key), shown(value), f"tables headed [[{key}]]", self.says_who)
        path = f"{self.path}{'.' if self.path else ''}{key}"
        return tuple(Table(self.file, f"{path}[{n}]", self.says_who, item) for n, item in enumerate(value, start=1))


def _bare(key: str) -> str:
    """A key as it has to be written in TOML."""
    return key if key and all(c.isascii() and (c.isalnum() or c in "_-") for c in key) else quoted(key)


def _decimal(text: str) -> Decimal:
    """A TOML float as it stands. Beyond Decimal's own range it is an infinity, which every quantity refuses."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("-inf" if text.startswith("-") else "inf")


def parse_table(text: str, file: str, says_who: str, start_again: str) -> Table:
    """The TOML of a text. Refusal when it is no TOML, or holds nothing.

    file: what to call it. says_who: whose format it is. start_again: where to get a good one, as an imperative."""
    repair = f"repair it there, or {start_again}"
    try:
        values = tomllib.loads(text, parse_float=_decimal)
    except tomllib.TOMLDecodeError as error:
        what = str(error).rstrip(".")
        raise Refusal(file, f"no TOML, or cut off ({what})", "a whole TOML document", "TOML 1.0", repair) from None
    except ValueError:
        # int() gives up on thousands of digits; the only other error that tomllib lets through.
        raise Refusal(file, "TOML with a number of thousands of digits", "numbers in range", says_who, repair) from None
    except RecursionError:
        raise Refusal(file, "TOML nested hundreds deep", "a few tables", says_who, start_again) from None
    if not values:
        raise Refusal(file, "empty", "a whole TOML document", says_who, start_again)
    return Table(file, "", says_who, values)


def read_table(path: str | Path, says_who: str, start_again: str) -> Table:
    """The TOML of a file. Refusal when it cannot be read, is no UTF-8, is no TOML, or holds nothing.

    says_who: whose format it is. start_again: where to get a good one, as an imperative without a full stop."""
    file = str(path)
    if not file:
        raise Refusal("the name of the file", "empty", "the name of a TOML file", says_who, start_again)

    def refuse(given: str) -> NoReturn:
        allowed = f"a readable file of UTF-8 text, at most {LARGEST_FILE_BYTES} bytes"
        raise Refusal(file, given, allowed, says_who, start_again)

    try:
        # Asked before it is opened: opening a pipe would wait for its writer.
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            refuse("a directory")
        if not stat.S_ISREG(mode):
            refuse("no regular file")
        with Path(path).open("rb") as stream:
            data = stream.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        refuse("missing")
    except OSError as error:
        refuse(f"unreadable ({(error.strerror or 'no reason given').lower()})")
    except ValueError:
        refuse("no possible name of a file")
    if len(data) > LARGEST_FILE_BYTES:
        refuse("too large")
    try:
        # A byte order mark, which some editors put first, says nothing and is passed over.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(f"not UTF-8 (byte {error.start + 1})")
    return parse_table(text, file, says_who, start_again)
