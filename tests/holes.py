"""Channels with a hole: the text of `guard.c` or `regulator.c` with one check taken out, to see that a test finds it.

A hole is found by the words of the check and not by its place. `opened` fails when the words are not there any more:
then the hole has to be told of the new text, and no test passes because nothing was taken out.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iontocore.ccore import get_include

SOURCES: Final = Path(get_include()).parent / "src"


@dataclass(frozen=True, slots=True)
class Hole:
    """A check that is taken out: of which source, what stands there (a regular expression), what stands there instead,
    and which of SI-01 to SI-06 have to be found broken then, one of them at least.

    What stands there instead is always so, or never, and leaves no parameter unused: it compiles with -Werror."""

    source: str
    name: str
    there: str
    instead: str
    breaks: tuple[str, ...]


IN_THE_GUARD: Final = (
    Hole("guard.c", "limit", r"p_na > c->limit_na", "0", ("SI-01",)),
    Hole("guard.c", "rise", r"\(p_na - last_na\) > c->rise_na_per_tick", "0", ("SI-03",)),
    Hole("guard.c", "fall", r"\(last_na - p_na\) > c->fall_na_per_tick", "0", ("SI-03",)),
    Hole("guard.c", "headroom", r"p_na > allowed_na", "0", ("SI-27",)),
    Hole("guard.c", "dwell", r"s->zero_us < c->dwell_us", "0", ("SI-04",)),
    Hole("guard.c", "switch", r"drive\.switch_closed = [^;]+;", "drive.switch_closed = 1u;", ("SI-05", "SI-06")),
    Hole("guard.c", "contact", r"s->contact_us >= c->contact_us", "1", ("SI-05",)),
    Hole("guard.c", "stop", r"\(s->armed == 1u\)", "(1)", ("SI-05",)),
)
"""Of each of SI-01, SI-03 to SI-06 and SI-27 one at least; the ceiling of SI-02 is a check of the configuration."""

IN_THE_REGULATOR: Final = (
    Hole("regulator.c", "limit", r"magnitude\(wanted_na\) <= l->limit_na", "l->limit_na > 0", ("SI-01",)),
    Hole("regulator.c", "rise", r"\(goal_na - from_na\) > rise_na", "0", ("SI-03",)),
    Hole("regulator.c", "fall", r"\(from_na - goal_na\) > fall_na", "0", ("SI-03",)),
    Hole("regulator.c", "headroom", r"magnitude\(s->level_na\) > allowed_na", "0", ("SI-27",)),
    Hole("regulator.c", "dwell", r"s->zero_us < l->dwell_us", "l->dwell_us == 0u", ("SI-04",)),
    Hole("regulator.c", "contact", r"s->contact_us >= l->contact_us", "1", ("SI-05",)),
    Hole("regulator.c", "cut", r"\(cut != 0u\) \|\| \(sense->emergency_stop != 0u\)", "0", ("SI-06",)),
)


def opened(hole: Hole, folder: Path) -> Path:
    """The source with that hole, as a file in the folder. AssertionError when there is nothing to take out."""
    text, count = re.subn(hole.there, hole.instead, (SOURCES / hole.source).read_text("utf-8"))
    assert count > 0, f"{hole.source} has no {hole.there!r} any more: give the hole {hole.name!r} its new words"
    made = folder / f"without_{hole.name}_{hole.source}"
    made.write_text(text, "utf-8")
    return made
