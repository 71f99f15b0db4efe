"""Which guidelines MISRA C:2012 has, by number, and which of them cppcheck's addon looks at.

The texts of the guidelines belong to MISRA and are not here.
"""

import re
from pathlib import Path
from typing import Final

from iontocore.safety.refusal import Refusal
from iontocore.verification.tools import require

_LAST_RULES: Final = (4, 7, 2, 2, 9, 2, 4, 14, 5, 8, 9, 5, 6, 4, 7, 7, 8, 8, 2, 14, 21, 10)
"""The last rule of each section, 1 to 22, with Amendments 1 (2016) and 2 (2020). Later ones are not looked at."""

_LAST_DIRECTIVES: Final = (1, 1, 1, 14)


def _numbered(prefix: str, lasts: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"{prefix}{section}.{one}" for section, last in enumerate(lasts, 1) for one in range(1, last + 1))


RULES: Final = _numbered("", _LAST_RULES)
DIRECTIVES: Final = _numbered("Dir ", _LAST_DIRECTIVES)


def addon() -> Path:
    """The source of the addon that belongs to the cppcheck of this machine. Refusal when it has none."""
    command = Path(require("cppcheck", "cppcheck")).resolve()
    prefix = command.parent.parent
    places = [
        command.parent / "addons",
        prefix / "share" / "cppcheck" / "addons",
        prefix / "lib" / "cppcheck" / "addons",
        *sorted(prefix.glob("lib/*/cppcheck/addons")),
    ]
    found = next((place / "misra.py" for place in places if (place / "misra.py").is_file()), None)
    if found is None:
        raise Refusal(
            "cppcheck's addon misra.py", "not found", "a file in the folder `addons` of cppcheck", str(command),
            "install the Debian package cppcheck",
        )  # fmt: skip
    return found


def looked_at(source: str) -> tuple[str, ...]:
    """The rules that the addon looks at, in order: those that its own text, given as `source`, calls a check for."""
    numbers = {divmod(int(number), 100) for number in re.findall(r"self\.executeCheck\((\d+),", source)}
    return tuple(rule for rule in RULES if tuple(map(int, rule.split("."))) in numbers)
