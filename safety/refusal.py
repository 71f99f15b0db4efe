"""The one way in which a user's mistake is answered: a value that says what was refused, and a sentence for people.

A refusal is no programmer's error and no patient's trip: nothing was energised and nothing was written.
Programs read the fields, people read ``str(refusal)``, the command line prints it and exits with status 2.
"""

from typing import Final, final

from iontocore.safety.words import printable

_LONGEST: Final = 200
"""A part longer than this many characters is shortened in the sentence; the field of the refusal keeps all of it."""


@final
class Refusal(Exception):
    """What was given is not allowed. Frozen; it can be pickled, so it crosses processes and event loops.

    field: what was refused, as its author would find it: ``plan.current_ma``, ``journal /var/lib/sessions.journal``.
    given: what was given, as a person would say it after "is": ``25 mA``, ``missing``, ``altered at entry 12``.
    allowed: what is allowed, with its unit: ``at most 20 mA``, ``one of palms, soles``.
    says_who: the source of the rule: a document, the device profile, the plan format.
    do: what to do about it, as an imperative without a full stop; empty when there is nothing to add.

    >>> str(Refusal("current_ma", "25 mA", "at most 20 mA", "NHS leaflet WPR26540", "lower the current"))
    'current_ma is 25 mA; allowed is at most 20 mA, says NHS leaflet WPR26540: lower the current.'
    """

    # Read-only properties over private slots, not a frozen dataclass: contextlib assigns __traceback__ to an
    # exception that passes through it, which a frozen dataclass answers with an error of its own.
    __slots__ = ("_allowed", "_do", "_field", "_given", "_says_who")

    def __init__(self, field: str, given: object, allowed: str, says_who: str, do: str = "") -> None:
        self._field, self._given, self._allowed = field, str(given), allowed
        self._says_who, self._do = says_who, do
        super().__init__(field, self._given, allowed, says_who, do)

    @property
    def field(self) -> str:
        """What was refused."""
        return self._field

    @property
    def given(self) -> str:
        """What was given, as text."""
        return self._given

    @property
    def allowed(self) -> str:
        """What is allowed, with its unit."""
        return self._allowed

    @property
    def says_who(self) -> str:
        """The source of the rule."""
        return self._says_who

    @property
    def do(self) -> str:
        """What to do about it; may be empty."""
        return self._do

    def __str__(self) -> str:
        field, given, allowed, who, do = map(
            _one_line, (self._field, self._given, self._allowed, self._says_who, self._do)
        )
        sentence = f"{field} is {given or 'empty'}; allowed is {allowed}, says {who}"
        return f"{sentence}: {do}." if do else f"{sentence}."


def _one_line(text: str) -> str:
    """The text on one line and of bounded length: what a user gave may hold line breaks, escapes, or a whole file."""
    return printable(text) if len(text) <= _LONGEST else f"{printable(text[: _LONGEST - 3])}..."
