"""The operator's keys: what each means, that none is waited for, and that the terminal is given back."""

import io
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TextIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iontocore.keys import Key, KeyReader


class Terminal(NamedTuple):
    """A terminal: ``hand`` is the operator's end of it, ``stdin`` the program's."""

    hand: int
    stdin: TextIO

    def press(self, keys: bytes) -> None:
        """Press keys, and wait until they have arrived: the system carries them over when it finds the time."""
        os.write(self.hand, keys)
        assert select.select([self.stdin], [], [], 60)[0]

    def mode(self) -> list[Any]:
        return termios.tcgetattr(self.stdin.fileno())


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    hand, end = pty.openpty()
    with open(end) as stdin:
        yield Terminal(hand, stdin)
    with suppress(OSError):  # a test may have closed it: the operator's end has gone away
        os.close(hand)


def pressed_until(keys: KeyReader, last: Key) -> list[Key]:
    """Every key up to this one, however many calls it takes."""
    pressed: list[Key] = []
    deadline_s = time.monotonic() + 60
    while not pressed or pressed[-1] is not last:
        assert time.monotonic() < deadline_s, f"{last} never came, only {pressed}"
        pressed += keys.poll()
    return pressed


@pytest.mark.parametrize(
    ("pressed", "key"),
    [
        (b" ", Key.PAUSE_RESUME),
        (b"+", Key.MORE),
        (b"=", Key.MORE),
        (b"-", Key.LESS),
        (b"_", Key.LESS),
        (b"a", Key.ACKNOWLEDGE),
        (b"A", Key.ACKNOWLEDGE),
        (b"s", Key.STOP),
        (b"S", Key.STOP),
        (b"\x03", Key.STOP),
    ],
)
def test_a_key_means_what_it_says(terminal: Terminal, pressed: bytes, key: Key) -> None:
    with KeyReader(terminal.stdin) as keys:
        terminal.press(pressed)
        assert keys.poll() == (key,)


def test_keys_come_in_the_order_in_which_they_were_pressed_and_once(terminal: Terminal) -> None:
    with KeyReader(terminal.stdin) as keys:
        terminal.press(b"++- s")
        assert pressed_until(keys, Key.STOP) == [Key.MORE, Key.MORE, Key.LESS, Key.PAUSE_RESUME, Key.STOP]
        assert keys.poll() == ()


def test_a_key_needs_no_return_and_is_not_shown(terminal: Terminal) -> None:
    with KeyReader(terminal.stdin) as keys:
        terminal.press(b"+")
        assert keys.poll() == (Key.MORE,)
        os.set_blocking(terminal.hand, False)
        with pytest.raises(BlockingIOError):
            os.read(terminal.hand, 1)


def test_no_key_is_waited_for(terminal: Terminal) -> None:
    with KeyReader(terminal.stdin) as keys:
        began_s = time.monotonic()
        assert [keys.poll() for _ in range(100)] == [()] * 100
        assert time.monotonic() - began_s < 1


@pytest.mark.parametrize("sequence", [b"\x1b[A", b"\x1bOS", b"\x1b[1;5A", b"\x1b[15~", b"xyz\r\t", "é".encode()])
def test_arrows_function_keys_and_other_letters_are_no_commands(terminal: Terminal, sequence: bytes) -> None:
    with KeyReader(terminal.stdin) as keys:
        terminal.press(sequence + b"+")
        assert pressed_until(keys, Key.MORE) == [Key.MORE]


def test_a_stop_after_a_lone_escape_is_a_stop(terminal: Terminal) -> None:
    with KeyReader(terminal.stdin) as keys:
        terminal.press(b"\x1bs")
        assert pressed_until(keys, Key.STOP) == [Key.STOP]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200).map(lambda keys: keys.translate(None, b"-_")))
def test_whatever_was_pressed_before_ctrl_c_is_a_stop(terminal: Terminal, before: bytes) -> None:
    with KeyReader(terminal.stdin) as keys:
        terminal.press(before + b"\x03")
        terminal.press(b"-")
        assert Key.STOP in pressed_until(keys, Key.LESS)


def test_what_was_typed_ahead_is_no_command(terminal: Terminal) -> None:
    terminal.press(b"++++\n")
    with KeyReader(terminal.stdin) as keys:
        terminal.press(b"-")
        assert pressed_until(keys, Key.LESS) == [Key.LESS]


def test_the_terminal_is_given_back_as_it_was(terminal: Terminal) -> None:
    before = terminal.mode()
    with KeyReader(terminal.stdin) as keys:
        assert keys.active
        assert terminal.mode() != before
    assert not keys.active
    assert terminal.mode() == before


def test_what_is_left_over_does_not_go_to_the_shell(terminal: Terminal) -> None:
    with KeyReader(terminal.stdin):
        terminal.press(b"sss\n")
    terminal.press(b"ls\n")
    assert terminal.stdin.readline() == "ls\n"


def test_the_terminal_is_given_back_when_a_session_breaks_off(terminal: Terminal) -> None:
    before = terminal.mode()

    def broken_off() -> None:
        with KeyReader(terminal.stdin):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    assert terminal.mode() == before


def test_ctrl_s_does_not_freeze_the_output(terminal: Terminal) -> None:
    with KeyReader(terminal.stdin) as keys:
        terminal.press(b"\x13+")
        assert pressed_until(keys, Key.MORE) == [Key.MORE]
        os.set_blocking(terminal.stdin.fileno(), False)
        assert os.write(terminal.stdin.fileno(), b"still here") == len("still here")


def test_a_terminal_that_has_gone_away_is_a_stop_every_time(terminal: Terminal) -> None:
    with KeyReader(terminal.stdin) as keys:
        os.close(terminal.hand)
        assert keys.poll() == (Key.STOP,)
        assert keys.poll() == (Key.STOP,)


def test_without_a_terminal_there_is_never_a_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("keys") / "input"
    path.write_text("sss")
    with path.open() as file, KeyReader(file) as keys:
        assert not keys.active
        assert keys.poll() == ()
    with KeyReader(io.StringIO("sss")) as keys:
        assert keys.poll() == ()


def test_a_closed_standard_input_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with KeyReader() as keys:
        assert not keys.active
        assert keys.poll() == ()


FOREGROUND = """
import os, sys, termios
os.setsid()
fd = os.open(sys.argv[1], os.O_RDWR)
sys.stdin = os.fdopen(fd)
from iontocore.keys import KeyReader
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    with KeyReader() as keys:
        os._exit(10 + keys.active)
_, status = os.waitpid(child, os.WUNTRACED)
with KeyReader() as keys:
    print("stopped" if os.WIFSTOPPED(status) else os.WEXITSTATUS(status) - 10, int(keys.active))
"""


def test_a_job_in_the_background_leaves_the_terminal_alone(terminal: Terminal) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FOREGROUND, os.ttyname(terminal.stdin.fileno())],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.split() == ["0", "1"]


CTRL_C = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
os.setsid()
sys.stdin = os.fdopen(os.open(sys.argv[1], os.O_RDWR))
from iontocore.keys import KeyReader
with KeyReader() as keys:
    print("ready", flush=True)
    deadline_s = time.monotonic() + 60
    while not (pressed := keys.poll()) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    print(*(key.name for key in pressed))
"""


def test_ctrl_c_is_a_key_and_no_signal_to_the_program(terminal: Terminal) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CTRL_C, os.ttyname(terminal.stdin.fileno())],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        os.write(terminal.hand, b"\x03")  # and not `press`, which waits for a key that the program may have taken
        assert program.stdout.read() == "STOP\n"
    assert program.returncode == 0
