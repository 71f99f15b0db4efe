"""The operator's keys during a session in real time: space, + and -, a, s and Ctrl-C, read without waiting.

The terminal is switched to give single keys, and given back as it was. While the keys are read Ctrl-C is a key like the
others, so that it ends a session by the ramp and not in the middle of something, and Ctrl-S does not freeze the output:
a session that cannot write stands still, and the core takes that for a dead supervisor.
"""

import os
import re
import select
import sys
import termios
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Any, Final, Self, TextIO, final


class Key(Enum):
    """What the operator wants."""

    PAUSE_RESUME = "pause or resume"
    MORE = "more current"
    LESS = "less current"
    ACKNOWLEDGE = "acknowledge"
    STOP = "stop"


_KEYS: Final = {
    " ": Key.PAUSE_RESUME,
    "+": Key.MORE,
    "=": Key.MORE,  # the key of + without shift
    "-": Key.LESS,
    "_": Key.LESS,  # the key of - with shift
    "a": Key.ACKNOWLEDGE,
    "A": Key.ACKNOWLEDGE,
    "s": Key.STOP,
    "S": Key.STOP,
    "\x03": Key.STOP,  # Ctrl-C
}
# What arrow and function keys send. Only whole sequences are passed over: a stop after a lone escape is still a stop.
_SEQUENCE: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[A-Z]")
_AT_ONCE: Final = 4096
_IFLAG, _LFLAG, _CC = 0, 3, 6  # where termios keeps the flags of input, the local flags and the special characters


@final
class KeyReader:
    """The keyboard as a context manager. Where the input is no terminal of its own it never has a key."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """``stream`` is what to read, by default standard input."""
        self._stream = sys.stdin if stream is None else stream
        self._fd = -1
        self._before: list[Any] = []

    @property
    def active(self) -> bool:
        """Whether keys are read."""
        return self._fd >= 0

    def __enter__(self) -> Self:
        # Where standard input is closed there is none, whatever its type says.
        if self._stream is not None and self._stream.isatty() and _in_foreground(self._stream.fileno()):
            self._fd = self._stream.fileno()
            self._before = termios.tcgetattr(self._fd)
            # What was typed ahead was not meant for this session, and what is left over is not meant for the shell.
            termios.tcsetattr(self._fd, termios.TCSAFLUSH, _single_keys(self._fd))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.active:
            with suppress(termios.error):  # the terminal has gone away, and there is nothing to give back
                termios.tcsetattr(self._fd, termios.TCSAFLUSH, self._before)
            self._fd = -1

    def poll(self) -> tuple[Key, ...]:
        """The keys that were pressed since the last call, in order; never waits.

        A terminal that has gone away counts as one more stop: nobody is there any more who could press it.
        """
        pressed = b""
        while self.active and select.select([self._fd], [], [], 0)[0]:
            try:
                more = os.read(self._fd, _AT_ONCE)
            except OSError:
                more = b""
            if not more:
                return (*_keys(pressed), Key.STOP)
            pressed += more
        return _keys(pressed)


def _keys(pressed: bytes) -> tuple[Key, ...]:
    return tuple(_KEYS[chr(byte)] for byte in _SEQUENCE.sub(b"", pressed) if chr(byte) in _KEYS)


def _in_foreground(fd: int) -> bool:
    """Whether a change of the terminal's mode is ours to make: a background job that tries is stopped by the system."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return True  # not the terminal that controls this process, so no job control either


def _single_keys(fd: int) -> list[Any]:
    """The terminal's mode, changed: a key comes at once and unseen, and Ctrl-C and Ctrl-S do nothing by themselves."""
    mode = termios.tcgetattr(fd)
    mode[_IFLAG] &= ~termios.IXON
    mode[_LFLAG] &= ~(termios.ICANON | termios.ECHO)
    mode[_CC][termios.VINTR] = bytes([os.fpathconf(fd, "PC_VDISABLE")])
    mode[_CC][termios.VMIN], mode[_CC][termios.VTIME] = 1, 0
    return mode
