"""What the fault campaign tries: every fault with everything that it is injected with, and what people do then.

A sound device is used as well as a faulty one: a treatment is stopped, a hand is lifted, wholly or for the most part,
and comes back, the emergency stop is pressed. None of that is a fault, and all of it has to be safe with a fault: a
sensor that is stuck hurts nobody until somebody lifts a hand.

Of memory every bit of every word is inverted in every state of the core and in both directions, at one depth; at the
other depths one bit of every word, another one in every scene.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from iontocore.ccore import Fault, Simulation
from iontocore.safety.faults import FAULTS, SingleFault, Subject
from iontocore.verification.campaign_scenes import SCENES, Scene, quick_scenes

_WORD_BYTES: Final = 4
_WORD_BITS: Final = 32
_QUICK_WORDS: Final = 8
"""Of memory a quick campaign takes one word in so many, and the first of every row."""


class Use(StrEnum):
    """What people do with a device that has the fault."""

    STOPPED = "stopped"
    LIFTED = "a hand lifted for 1 s, then stopped"
    SLIPPED = "a hand lifted for the most part for 1 s, then stopped"
    PRESSED = "emergency stop"


class Case(NamedTuple):
    """A fault, one way of injecting it, and what people do then. Codes and parameters are those of ``ionto_sim.h``.

    words: what is injected, for people. stored_twice: of memory: whether the word has a complement.
    """

    fault: SingleFault | None
    words: str
    use: Use
    code: int = 0
    parameter: int = 0
    lasts_us: int = 0
    second_code: int = 0
    second_parameter: int = 0
    stored_twice: bool = False


class Word(NamedTuple):
    """A word of 32 bits of the core's state: its name, the row of the table that it belongs to, its first bit, and
    whether it has a complement."""

    name: str
    fault: SingleFault
    bit: int
    stored_twice: bool


SOUND: Final[tuple[Case, ...]] = tuple(Case(None, "nothing", use) for use in Use)
"""The device without a fault, in every use."""


def row_of_word(name: str, faults: Sequence[SingleFault] = FAULTS) -> SingleFault:
    """The fault of memory that a word of the core belongs to: the row that names most of it. KeyError without one."""
    rows = ((len(part), row) for row in faults for part in row.memory if name.startswith(part))
    best = max(rows, key=lambda found: found[0], default=None)
    if best is None:
        raise KeyError(f"no fault of memory has the word {name}")
    return best[1]


@lru_cache(maxsize=1)
def words() -> tuple[Word, ...]:
    """Every word of the core's state, of both channels and of the report."""
    fields = Simulation().memory.fields
    found = []
    for name, place in fields.items():
        part, _, rest = name.rpartition(".")
        other = f"{part.removesuffix('_inv')}.{rest}" if part.endswith("_inv") else f"{part}_inv.{rest}"
        for offset in range(place.start, place.stop, _WORD_BYTES):
            half = f" +{offset - place.start}" if place.stop - place.start > _WORD_BYTES else ""
            found.append(Word(f"{name}{half}", row_of_word(name), 8 * offset, other in fields))
    return tuple(found)


def _flip(word: Word, bit: int) -> Case:
    return Case(
        word.fault,
        f"{word.name} bit {bit}",
        Use.STOPPED,
        int(Fault.MEMORY_FLIP),
        word.bit + bit,
        stored_twice=word.stored_twice,
    )


def _flips(scene: Scene, quick: bool) -> Iterator[Case]:
    every_bit = not quick and scene in quick_scenes()
    number = SCENES.index(scene)
    seen: set[str] = set()
    for place, word in enumerate(words()):
        if quick and place % _QUICK_WORDS and word.fault.id in seen:
            continue
        seen.add(word.fault.id)
        # One bit is another one in every scene, and in neighbouring words.
        bits = range(_WORD_BITS) if every_bit else [(place * 7 + number * 5) % _WORD_BITS]
        for bit in bits:
            yield _flip(word, bit)


def _uses(row: SingleFault) -> tuple[Use, ...]:
    """The body's own faults have hands of their own, and two faults are enough."""
    if row.subject in (Subject.BODY, Subject.TWO):
        return Use.STOPPED, Use.PRESSED
    return tuple(Use)


@lru_cache(maxsize=6)
def _injections(quick: bool, turn: int) -> tuple[Case, ...]:
    found = []
    for row in FAULTS:
        for way in row.injections[-1:] if quick else row.injections:
            text = way.fault.name.lower().replace("_", " ")
            text += f" {way.parameter}" if way.parameter else ""
            text += f" for {way.lasts_us / 1000:g} ms" if way.lasts_us else ""
            second, parameter = way.second or (0, 0)
            text += f" and {Fault(second).name.lower().replace('_', ' ')}" if second else ""
            text += f" {parameter}" if parameter else ""
            uses = _uses(row)
            for use in uses[turn % len(uses) :][:1] if quick else uses:
                found.append(Case(row, text, use, way.fault, way.parameter, way.lasts_us, second, parameter))
    return tuple(found)


@lru_cache(maxsize=4)
def cases(scene: Scene, quick: bool) -> tuple[Case, ...]:
    """What is tried in a scene: the sound device, then every fault in the order of the table, then memory. quick: the
    gravest injection of each fault, another use in every scene, and a share of the words."""
    turn = SCENES.index(scene) % len(Use) if quick else 0
    return (*SOUND, *_injections(quick, turn), *_flips(scene, quick))
