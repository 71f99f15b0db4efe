"""Memory that changes by itself: a bit that flips in what the core works by is found before it drives anything."""

from collections.abc import Iterator
from typing import Final

import pytest
from configurations import BASE
from judged import RUN, STOP, JudgedCore, Odd, bit

from iontocore.ccore import Core, Drive, Error, Phase, Request, Sense, Telemetry, Trip

ONCE: Final = frozenset(
    {"regulator.phase", "regulator.limited_by", "regulator.refused", "reported"}
    | {f"telemetry.{name}" for name in Telemetry._fields[1:]}
)
"""The words of the core that are stored once: the report being gathered, and what is said anew at every tick."""

TARGET_NA: Final = 20_000


def at_rest() -> JudgedCore:
    judged = JudgedCore(BASE)
    judged.run(150, TARGET_NA, STOP)
    return judged


def in_ramp() -> JudgedCore:
    judged = at_rest()
    judged.run(9, TARGET_NA)
    return judged


def in_treat() -> JudgedCore:
    judged = at_rest()
    judged.run(60, TARGET_NA)
    return judged


def in_reverse() -> JudgedCore:
    judged = in_treat()
    judged.run(40, -TARGET_NA)
    return judged


def in_fall() -> JudgedCore:
    judged = in_treat()
    judged.run(5, TARGET_NA, STOP)
    return judged


def in_fault() -> JudgedCore:
    judged = in_treat()
    judged.run(1, TARGET_NA, odd=Odd(emergency_stop=1))
    judged.run(5, TARGET_NA, STOP)
    return judged


MOMENTS: Final = {
    Phase.IDLE: at_rest,
    Phase.RAMP: in_ramp,
    Phase.TREAT: in_treat,
    Phase.REVERSE: in_reverse,
    Phase.FALL: in_fall,
    Phase.FAULT: in_fault,
}
AT_EACH_MOMENT: Final = pytest.mark.parametrize("phase", MOMENTS, ids=lambda phase: phase.name.lower())


class Frozen:
    """A core at one moment, to which it is put back as often as is wanted; and the tick that comes next."""

    def __init__(self, phase: Phase) -> None:
        judged = MOMENTS[phase]()
        assert judged.core.phase is phase
        self.core: Final = judged.core
        self.command: Final = STOP if phase in (Phase.IDLE, Phase.FALL, Phase.FAULT) else RUN
        self.target_na: Final = -TARGET_NA if phase is Phase.REVERSE else TARGET_NA
        self._bytes: Final = bytes(judged.core.memory.bytes)
        self._judged: Final = judged
        self._now_us: Final = judged.hardware.now_us
        self._drive: Final = judged.hardware.drive
        self.back()

    def back(self) -> None:
        """To the moment."""
        self.core.memory.bytes[:] = self._bytes
        self._drives = [self._drive]

    def step(self, acknowledge: int = 0) -> Drive:
        """The next tick of sound hardware."""
        number, last = len(self._drives), self._drives[-1]
        na = last.current_na
        sense = Sense(
            (self._now_us + 1000 * number) % 2**32, number, na, na, na * 2000 // 1_000_000, 1, last.switch_closed, 0
        )
        self._drives.append(self.core.step(sense, Request(self.target_na, self.command, acknowledge, number)))
        return self._drives[-1]

    def steps(self, ticks: int) -> list[Drive]:
        """So many ticks."""
        return [self.step() for _ in range(ticks)]

    def bits(self, *, twice: bool) -> Iterator[str]:
        """Flips each bit of the words that are stored twice, or once: one bit at a time, each time from the moment."""
        for name, place in self.core.memory.fields.items():
            if (name in ONCE) == twice:
                continue
            for at in range(place.start, place.stop):
                for weight in range(8):
                    self.back()
                    self.core.memory.bytes[at] ^= 1 << weight
                    yield f"{name}, bit {8 * (at - place.start) + weight}"


def test_every_word_is_stored_twice_but_those_that_nothing_is_decided_by() -> None:
    fields = set(Core(BASE).memory.fields)
    assert fields >= ONCE
    for name in fields - ONCE:
        channel, part, word = name.split(".")
        twin = part.removesuffix("_inv") if part.endswith("_inv") else f"{part}_inv"
        assert f"{channel}.{twin}.{word}" in fields


def test_the_second_copy_is_the_complement_of_the_first_at_every_moment() -> None:
    for make in MOMENTS.values():
        memory = make().core.memory
        for name in set(memory.fields) - ONCE:
            channel, part, word = name.split(".")
            if not part.endswith("_inv"):
                place, twin = memory.fields[name], memory.fields[f"{channel}.{part}_inv.{word}"]
                assert all(a ^ b == 255 for a, b in zip(memory.bytes[place], memory.bytes[twin], strict=True)), name


@pytest.mark.invariant("SI-20")
@AT_EACH_MOMENT
def test_every_bit_that_flips_in_what_the_core_works_by_is_found_at_the_next_step_which_drives_nothing(
    phase: Phase,
) -> None:
    frozen = Frozen(phase)
    flips = 0
    for flip in frozen.bits(twice=True):
        assert frozen.step() == (0, 0), flip
        report = frozen.core.report()
        assert report.trips & bit(Trip.CORRUPT), flip
        assert report.phase == Phase.FAULT, flip
        assert frozen.core.configure(BASE) in (Error.TRIPPED, Error.CORRUPT), flip
        flips += 1
    places = [place for name, place in frozen.core.memory.fields.items() if name not in ONCE]
    assert flips == 8 * sum(place.stop - place.start for place in places) > 7000


@pytest.mark.invariant("SI-07", "SI-20")
@AT_EACH_MOMENT
def test_a_core_that_was_found_corrupt_stays_off_whatever_is_acknowledged_until_it_is_started_again(
    phase: Phase,
) -> None:
    frozen = Frozen(phase)
    for number, flip in enumerate(frozen.bits(twice=True)):
        if number % 61 == 0:
            for acknowledge in (0, 1, 0, 1, 0):
                assert frozen.step(acknowledge) == (0, 0), flip
            assert frozen.core.report().trips & bit(Trip.CORRUPT), flip
    assert frozen.core.init(BASE) is Error.OK
    assert frozen.core.report().trips == 0


@pytest.mark.invariant("SI-20")
@AT_EACH_MOMENT
def test_a_bit_that_flips_in_what_is_stored_once_changes_no_drive_and_no_trip(phase: Phase) -> None:
    frozen = Frozen(phase)
    expected = frozen.steps(25)
    trips = frozen.core.report().trips
    for flip in frozen.bits(twice=False):
        assert frozen.steps(25) == expected, flip
        assert frozen.core.report().trips == trips, flip


@pytest.mark.invariant("SI-20")
@AT_EACH_MOMENT
def test_whole_words_that_are_overwritten_are_found_too(phase: Phase) -> None:
    frozen = Frozen(phase)
    memory = frozen.core.memory
    for name in sorted(set(memory.fields) - ONCE):
        place = memory.fields[name]
        for pattern in (b"\x00", b"\xff", b"\x55", b"\xaa"):
            frozen.back()
            before = bytes(memory.bytes[place])
            memory.bytes[place] = pattern * len(before)
            if bytes(memory.bytes[place]) != before:
                assert frozen.step() == (0, 0), name
                assert frozen.core.report().trips & bit(Trip.CORRUPT), name


@pytest.mark.invariant("SI-20")
@pytest.mark.parametrize("fill", [0x00, 0xFF, 0x55, 0xAA, 0x01, 0x80])
def test_memory_that_was_never_started_drives_nothing_and_is_started_from_any_bytes(fill: int) -> None:
    core = Core(BASE)
    core.memory.bytes[:] = bytes([fill]) * len(core.memory.bytes)
    for now in range(5):
        assert core.step(Sense(now * 1000, now, 0, 0, 0, 1, 0, 0), Request(0, RUN, now % 2, now)) == (0, 0)
        assert core.report().trips & bit(Trip.CORRUPT)
    assert core.configure(BASE) in (Error.CORRUPT, Error.TRIPPED)
    core.memory.bytes[:] = bytes([fill]) * len(core.memory.bytes)
    assert core.init(BASE) is Error.OK
    fresh = Core(BASE)
    for name, place in fresh.memory.fields.items():
        assert bytes(core.memory.bytes[place]) == bytes(fresh.memory.bytes[place]), name


@pytest.mark.invariant("SI-20")
@pytest.mark.parametrize("one", ["guard", "regulator"])
def test_what_one_channel_finds_the_other_does_not_outvote(one: str) -> None:
    frozen = Frozen(Phase.TREAT)
    state = "last_na" if one == "guard" else "level_na"
    frozen.core.memory.write(f"{one}.state.{state}", TARGET_NA + 1)
    assert frozen.step() == (0, 0)
    assert frozen.core.report().first_trip == Trip.CORRUPT
    assert frozen.steps(5) == [(0, 0)] * 5
