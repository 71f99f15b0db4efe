"""Numbers and foreign texts as they are written for people: the same words in every refusal, list and picture.

Numbers inside are integers in the units of :class:`Unit`; people read mA, min and mA min. What comes from outside (a
value in a file, the name of a file) is shown as it was given, without what could steer a terminal.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

NC_PER_MA_MIN: Final = 60_000_000
"""1 mA for 1 min, in nC."""

KEBAB: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""How names are written that people read and programs compare: ``child-palms``."""

_PLACES: Final = 6


class Unit(StrEnum):
    """The unit of an integer inside."""

    UA = "ua"
    MS = "ms"
    NC = "nc"
    MM2 = "mm2"
    UA_PER_S = "ua_per_s"
    UA_PER_CM2 = "ua_per_cm2"
    YEARS = "years"
    PERCENT = "percent"
    COUNT = "count"


def in_words(value: int, unit: Unit) -> str:
    """The value, exactly, as people write it: 20000 µA is ``20 mA``, 1200000 ms ``20 min``, 2.4e9 nC ``40 mA min``."""
    match unit:
        case Unit.UA:
            return f"{plain(Fraction(value, 1_000))} mA"
        case Unit.UA_PER_S:
            return f"{plain(Fraction(value, 1_000))} mA/s"
        case Unit.UA_PER_CM2:
            return f"{plain(Fraction(value, 1_000))} mA/cm2"
        case Unit.MM2:
            return f"{plain(Fraction(value, 100))} cm2"
        case Unit.MS if value and value % 3_600_000 == 0:
            return f"{value // 3_600_000} h"
        case Unit.MS if value and value % 60_000 == 0:
            return f"{value // 60_000} min"
        case Unit.MS:
            return f"{plain(Fraction(value, 1_000))} s"
        case Unit.NC if value % 60_000 == 0:
            return f"{plain(Fraction(value, NC_PER_MA_MIN))} mA min"
        case Unit.NC:
            return f"{plain(Fraction(value, 1_000_000))} mC"
        case Unit.PERCENT:
            return f"{value} %"
        case Unit.YEARS:
            return f"{value} years"
        case Unit.COUNT:
            return str(value)


def plain(amount: Fraction) -> str:
    """A number without an exponent or trailing zeros, to six digits after the point: exact where it has no more."""
    rounded = round(amount * 10**_PLACES)
    whole, part = divmod(abs(rounded), 10**_PLACES)
    return f"{'-' if rounded < 0 else ''}{whole}.{part:0{_PLACES}}".rstrip("0").rstrip(".")


def shown(value: object) -> str:
    """What was given, as a person would find it in the file, with its kind where that is the mistake."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 20 else str(value).lower()
    if isinstance(value, str):
        return f'the text "{value}"' if value else "the empty text"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return f"an array of {len(value)}"
    return f"{type(value).__name__} {value}"


def nearest(given: str, known: Collection[str]) -> str:
    """Advice that names the word that was meant: the only one that begins so, or a near one; empty when none is."""
    begun = [word for word in known if given and word.startswith(given)]
    near = begun if len(begun) == 1 else difflib.get_close_matches(given, known, n=1)
    return f"write {near[0]}, if that is what you mean" if near else ""


def printable(text: str) -> str:
    """The text on one line and without anything that a terminal obeys, a character for each of its own."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)
