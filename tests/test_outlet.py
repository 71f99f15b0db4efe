"""Standard output that may go away: nothing breaks on it, and what is lost is known."""

import io
import os
from pathlib import Path
from typing import TextIO

import pytest

from iontocore.outlet import Outlet


def narrow(encoding: str) -> tuple[Outlet, io.BytesIO]:
    written = io.BytesIO()
    return Outlet(io.TextIOWrapper(written, encoding=encoding)), written


def a_pipe_that_nobody_reads() -> TextIO:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w", encoding="utf-8")


def test_what_is_written_comes_out() -> None:
    outlet, written = narrow("utf-8")
    outlet.write("142.7 mA·min")
    outlet.flush()
    assert written.getvalue().decode() == "142.7 mA·min"
    assert outlet.lost is None


@pytest.mark.parametrize(
    "text, shown",
    [
        ("142.7 mA·min", "142.7 mA min"),
        ("\N{MINUS SIGN}3 µA …", "-3 uA ..."),
        ("naïve ✖", "na?ve ?"),
        ("plain", "plain"),
    ],
)
def test_signs_that_the_output_does_not_know_are_replaced(text: str, shown: str) -> None:
    outlet, written = narrow("ascii")
    outlet.write(text)
    outlet.flush()
    assert written.getvalue().decode() == shown


def test_half_a_character_of_a_files_name_is_replaced() -> None:
    outlet, written = narrow("utf-8")
    outlet.write("caf\udce9·")
    outlet.flush()
    assert written.getvalue().decode() == "caf?·"


def test_a_reader_that_leaves_is_remembered_and_the_rest_goes_nowhere() -> None:
    with a_pipe_that_nobody_reads() as stream:
        outlet = Outlet(stream)
        outlet.write("anyone?")
        outlet.flush()
        assert isinstance(outlet.lost, BrokenPipeError)
        assert outlet.write("no one") == 6
        outlet.flush()
    # What the stream still held was not complained about when it was closed: its file leads nowhere by now.


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_remembered() -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream:
        outlet = Outlet(stream)
        outlet.write("x" * 100_000)
        outlet.flush()
        assert outlet.lost is not None
        assert outlet.lost.strerror == "No space left on device"


def test_without_a_standard_output_everything_goes_nowhere() -> None:
    outlet = Outlet(None)
    assert outlet.write("hello") == 5
    outlet.flush()
    assert outlet.lost is None
    assert not outlet.isatty()
    with pytest.raises(OSError, match="no standard output"):
        outlet.fileno()
