"""What the commands of this package have in common: their arguments, and how a mistake is answered.

A mistake of the user is answered as everywhere here: in one sentence on the error stream that says what was given, what
is allowed, who says so and what to do, and with status 2. So is a file or a folder that cannot be read or written.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from iontocore.safety.refusal import Refusal

MISTAKE: Final = 2
"""The status of a command that was refused; 1 is for a check that failed."""

GREATEST: Final = 2**31 - 1
"""The greatest whole number that tools of C take without cutting it short."""

_WHO: Final = "this command"


class Parser(argparse.ArgumentParser):
    """The arguments of one command, ``python -m iontocore.verification.NAME``, or what `prog` says it is called."""

    def __init__(self, name: str, description: str, prog: str = "") -> None:
        prog = prog or f"python -m iontocore.verification.{name}"
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raises Refusal, in place of ending the process."""
        usage = " ".join(self.format_usage().split()).removeprefix(f"usage: {self.prog} ")
        raise Refusal("the command line", f"wrong ({message})", usage, _WHO, f"see {self.prog} --help")


def whole_number(flag: str, greatest: int = GREATEST) -> Callable[[str], int]:
    """What reads the value of a flag that takes a whole number from 1 to `greatest`; it raises Refusal."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > len(str(greatest)) or not 1 <= int(text) <= greatest:
            raise Refusal(flag, text, f"a whole number from 1 to {greatest}", _WHO)
        return int(text)

    return read


def answered(work: Callable[[], int]) -> int:
    """The status of a command that does this. A Refusal is told, and so is what the system refuses of a file."""
    try:
        return work()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
    except OSError as error:
        if error.filename is None:
            raise
        why = (error.strerror or "no reason given").lower()
        print(
            Refusal(str(error.filename), f"out of reach ({why})", "what this user may read and write", "the system"),
            file=sys.stderr,
        )
    return MISTAKE
