"""Commands that a package on top of this one adds to the command line, such as ``iontocore verify``.

Nothing here imports such a package: it is found by an entry point of the group ``iontocore.commands``, which names a
function that takes the arguments after the command's name and returns the exit status.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Final

GROUP: Final = "iontocore.commands"


def found() -> Mapping[str, EntryPoint]:
    """The commands that are installed, by name."""
    return {one.name: one for one in sorted(entry_points(group=GROUP), key=lambda one: one.name)}


def run(command: EntryPoint, arguments: Sequence[str]) -> int:
    """Load a command and do what its arguments say. The exit status."""
    try:
        return int(command.load()(arguments))
    except SystemExit as ended:  # of argparse, after --help
        return int(ended.code or 0)
