"""How each channel starts at the edges: soon after a treatment in either direction, and by words that are not RUN."""

import pytest
from configurations import BASE
from judged import RUN, STOP, Hardware, ticks_of

from iontocore.ccore import Core, Drive, Request

CHANNELS = ("guard", "regulator")


class Patient:
    """A core, with sound hardware and a supervisor that is heard."""

    def __init__(self) -> None:
        self.core = Core(BASE)
        self._hardware = Hardware(BASE)
        self._heartbeat = 0

    def tick(self, target_na: int, command: int) -> Drive:
        """One tick; what it drives."""
        self._heartbeat += 1
        drive = self.core.step(self._hardware.sense(), Request(target_na, command, 0, self._heartbeat))
        self._hardware.drive = drive
        return drive

    def of_both(self, word: str) -> list[int]:
        """A word of the state of the guard, and of the regulator."""
        return [self.core.memory.read(f"{channel}.state.{word}") for channel in CHANNELS]


@pytest.mark.invariant("SI-05")
@pytest.mark.parametrize("sign", [-1, 1])
def test_both_channels_start_again_without_a_dwell_once_a_current_has_flowed(sign: int) -> None:
    patient = Patient()
    for _ in range(ticks_of(BASE.dwell_us, BASE)):
        patient.tick(sign * 1000, STOP)
    patient.tick(sign * 1000, RUN)
    assert patient.tick(sign * 1000, RUN) == Drive(sign * 1000, 1)
    while patient.of_both("energised") != [0, 0]:
        patient.tick(sign * 1000, STOP)
    patient.tick(sign * 1000, STOP)
    assert max(patient.of_both("zero_us")) < BASE.dwell_us
    assert patient.tick(sign * 1000, RUN) == Drive(0, 1)
    assert patient.of_both("energised") == [1, 1]
    assert patient.tick(sign * 1000, RUN) == Drive(sign * 1000, 1)


@pytest.mark.invariant("SI-05", "SI-16")
@pytest.mark.parametrize("command", [0, 1, 2, 3, 2**31, 2**32 - 1])
def test_a_word_that_is_not_run_is_a_stop_and_arms_both_channels(command: int) -> None:
    patient = Patient()
    patient.tick(0, command)
    assert patient.of_both("armed") == [int(command != RUN)] * 2
