"""Standard output as a thing that may go away: a pipe whose reader left, a full disk, none at all.

What cannot be written is remembered and nothing breaks on it: a treatment does not end because nobody reads along.
Signs that the output's encoding does not know are replaced, by their nearest in ASCII where there is one.
"""

import io
import os
import sys
from contextlib import suppress
from typing import Final, TextIO

_NEAREST: Final = str.maketrans({"\N{MIDDLE DOT}": " ", "\N{MINUS SIGN}": "-", "\N{MICRO SIGN}": "u", "…": "..."})


class Outlet(io.TextIOBase):
    """A text stream that never raises. lost: the first error, or None; what is written after it goes nowhere."""

    def __init__(self, stream: TextIO | None) -> None:
        """stream: standard output, None where there is none."""
        self._stream = stream
        self._encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
        self.lost: OSError | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a property here, a plain attribute in the stubs
        """What the characters become."""
        return self._encoding

    def isatty(self) -> bool:
        """Whether someone looks at it on a terminal."""
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        """Raises OSError where there is no file."""
        if self._stream is None:
            raise OSError("there is no standard output")
        return self._stream.fileno()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str, /) -> int:
        """Write, or remember why not."""
        if self._stream is not None and self.lost is None:
            try:
                self._stream.write(self._known(text))
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Bring what was written on its way, or remember why not."""
        if self._stream is not None and self.lost is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def _known(self, text: str) -> str:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            plain = text if self._encoding.startswith("utf") else text.translate(_NEAREST)
            return plain.encode(self._encoding, "replace").decode(self._encoding)
        return text

    def _lose(self, error: OSError) -> None:
        self.lost = error
        # What the stream still holds would fail again when the interpreter ends, as an error that nobody asked for.
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, self.fileno())
            finally:
                os.close(nowhere)


def complain(sentence: str) -> None:
    """One line on standard error, where there is one."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"iontocore: {sentence}", file=sys.stderr, flush=True)
