"""What the report calls things: the words of verdicts, numbers with their units, and prose with its code marked.

Numbers are whole in the records; here they become what a reader expects: 2922000 us is "2.922 s". Every function
returns plain text that is still to be escaped, save `prose`, which escapes what it is given.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from iontocore.verification.checklist import Answer
from iontocore.verification.evidence import Figure, Kind, Made, Mode, Standing, Status

THIN: Final = "\N{NARROW NO-BREAK SPACE}"
"""Between thousands, and between a number and its unit."""

_MINUS: Final = "\N{MINUS SIGN}"


class Word(NamedTuple):
    """How a verdict is written: the word, a sign that is told apart without its colour, and the class of its style."""

    word: str
    sign: str
    style: str


_HOLDS: Final = Word("HOLDS", "✓", "holds")
_SUSPECT: Final = Word("SUSPECT", "▲", "suspect")

WORDS: Final[Mapping[Status | Standing, Word]] = {
    Status.HOLDS: _HOLDS,
    Status.FAILS: Word("FAILS", "✕", "fails"),
    Status.SUSPECT: _SUSPECT,
    Status.NOT_RUN: Word("NOT RUN", "○", "unshown"),
    Standing.HOLDS: _HOLDS,
    Standing.BROKEN: Word("BROKEN", "✕", "fails"),
    Standing.SUSPECT: _SUSPECT,
    Standing.NOT_SHOWN: Word("NOT SHOWN", "○", "unshown"),
}

FAULT_WORDS: Final[Mapping[str, Word]] = {
    "held": Word("HELD", "✓", "holds"),
    "broken": Word("BROKEN", "✕", "fails"),
    "not shown": Word("NOT SHOWN", "○", "unshown"),
    "supervisor": Word("SUPERVISOR", "◇", "integrator"),
    "hardware": Word("HARDWARE", "◇", "integrator"),
    "profile": Word("PROFILE", "◇", "integrator"),
}
"""The verdicts of a fault. What the hardware or the profile of a device has to answer is not the software's merit."""

ANSWER_WORDS: Final[Mapping[str, Word]] = {
    Answer.HERE: Word("ANSWERED", "✓", "holds"),
    Answer.PARTLY: Word("IN PART", "◐", "partly"),
    Answer.MANUFACTURER: Word("INTEGRATOR", "◇", "integrator"),
    Answer.DOES_NOT_APPLY: Word("N.A.", "\N{EN DASH}", "unshown"),
}
"""Whether a clause of a standard is answered here, or is the integrator's to show."""

FOUND_WORDS: Final[Mapping[bool, Word]] = {
    True: Word("FOUND", "✓", "holds"),
    False: Word("MISSED", "✕", "fails"),
}
"""Whether a seeded error was found."""

KINDS: Final[Mapping[Kind, str]] = {
    Kind.PROOF: "Proof",
    Kind.TEST: "Tests",
    Kind.FAULT: "Faults",
    Kind.MODEL: "Model",
    Kind.MUTANT: "Seeded edits",
    Kind.LINES: "Lines removed",
    Kind.OPERATOR_MUTANT: "Operator mutants",
    Kind.PYTHON_MUTANT: "Python mutants",
    Kind.COVERAGE: "Coverage",
    Kind.CHARACTERISTIC: "Output",
    Kind.RULES: "Rules",
    Kind.FUZZ: "Fuzzing",
    Kind.SANITIZE: "Sanitizers",
    Kind.SIZES: "Sizes",
}
"""What a kind of evidence is called, in the order in which a reader is shown it."""

MADE: Final[Mapping[Made, str]] = {Made.NOW: "made for this report", Made.RECORDED: "read from the record"}

MODES: Final[Mapping[Mode, str]] = {
    Mode.FULL: "full: results are made anew, but those that take too long for a report, which are read from the record",
    Mode.QUICK: "quick: what takes longer than seconds is read from the record beside the text, or was not run",
}


class _Unit(NamedTuple):
    """A unit that names end in, and the greater ones that a large number is given in, each so many of it."""

    symbol: str
    greater: tuple[tuple[int, str], ...] = ()


_UNITS: Final[Mapping[str, _Unit]] = {
    "ns": _Unit("ns", ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))),
    "us": _Unit("µs", ((1_000_000, "s"), (1_000, "ms"))),
    "ms": _Unit("ms", ((1_000, "s"),)),
    "s": _Unit("s"),
    "na": _Unit("nA", ((1_000_000, "mA"), (1_000, "µA"))),
    "ua": _Unit("µA", ((1_000, "mA"),)),
    "mv": _Unit("mV", ((1_000, "V"),)),
    "fc": _Unit("fC", ((10**15, "C"), (10**12, "mC"), (10**9, "µC"), (10**6, "nC"), (10**3, "pC"))),
    "nc": _Unit("nC", ((10**9, "C"), (10**6, "mC"), (10**3, "µC"))),
    "ohm": _Unit("Ω", ((1_000, "kΩ"),)),
    "uw": _Unit("µW", ((10**6, "W"), (1_000, "mW"))),
    "bytes": _Unit("bytes"),
    "percent": _Unit("%"),
    "permille": _Unit("‰"),
}


def count(number: int) -> str:
    """A whole number, its thousands apart."""
    return f"{number:,}".replace(",", THIN).replace("-", _MINUS)


def quantity(value: int, unit: str) -> str:
    """A value with its unit, which is the ending of a name (``us``, ``na``), in the greatest unit that it is at least
    one of, with at most three places behind the point."""
    known = _UNITS.get(unit.lower())
    if value == 0:
        return "0"
    if known is None:
        return f"{count(value)}{THIN}{unit}"
    for size, symbol in known.greater:
        if abs(value) >= size:
            whole, rest = divmod(abs(value) * 1000 + size // 2, 1000 * size)
            places = f"{rest // size:03}".rstrip("0")
            return f"{_MINUS if value < 0 else ''}{count(whole)}{'.' if places else ''}{places}{THIN}{symbol}"
    return f"{count(value)}{THIN}{known.symbol}"


def figure(name: str, value: Figure) -> str:
    """A figure of a piece of evidence: its name in words, then its value with its unit."""
    if isinstance(value, bool):
        return f"{_spaced(name)}: {'yes' if value else 'no'}"
    if isinstance(value, str):
        return f"{_spaced(name)}: {value}"
    words, _, unit = name.rpartition("_")
    if words and unit in _UNITS:
        return f"{_spaced(words)} {quantity(value, unit)}"
    first, _, rest = name.partition("_")
    first = first.removesuffix("s") if value == 1 else first
    return f"{count(value)} {_spaced(first + '_' + rest if rest else first)}"


def figures(given: Mapping[str, Figure]) -> str:
    """All figures of a piece of evidence, in the order of their names."""
    return ", ".join(figure(name, given[name]) for name in sorted(given))


def number_of(version: str) -> str:
    """The number in what a tool says of its version; "" when there is none."""
    found = re.search(r"\d+(?:\.\d+)+", version)
    return found[0] if found else ""


def prose(text: str) -> Markup:
    """A text with what stands between backquotes marked as code; all of it escaped."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def sentence(text: str) -> str:
    """The name of a test as the sentence that it is: ``tests/test_guard.py::test_it_holds`` is "it holds"."""
    return _spaced(text.rpartition("::")[2].removeprefix("test_"))


def many(number: int, one: str, more: str = "") -> str:
    """A count with its noun: "1 test", "2 tests"."""
    return f"{count(number)} {one if number == 1 else more or one + 's'}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
