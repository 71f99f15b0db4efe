"""Commands that a package on top of this one adds to the command line, such as ``iontocore verify``.

Nothing here imports such a package: it is found by an entry point of the group ``iontocore.commands``, which names a
function that takes the arguments after the command's name and returns the exit status.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from iontocore.safety.refusal import Refusal

GROUP: Final = "iontocore.commands"


def found(own: Sequence[str]) -> Mapping[str, EntryPoint]:
    """The commands that are installed, by name. Refusal when one has a name that is taken: that of a command of its
    `own`, or of another that is added. What energises an output is not to be exchanged by what happens to be there."""
    added: dict[str, EntryPoint] = {}
    for one in sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value)):
        if one.name in own or one.name in added:
            raise Refusal(
                f"the command {one.name}", f"added by {one.value}", "a name that is not taken", "the command line",
                "remove the package that adds it",
            )  # fmt: skip
        added[one.name] = one
    return added


def run(command: EntryPoint, arguments: Sequence[str]) -> int:
    """Load a command and do what its arguments say. The exit status."""
    try:
        return int(command.load()(arguments))
    except SystemExit as ended:  # of argparse, after --help
        return int(ended.code or 0)
