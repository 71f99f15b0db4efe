"""All checklists, and the command that prints them.

python -m iontocore.verification.checklists    ends with 1 when a row names what is not there
"""

import sys
from collections.abc import Sequence
from typing import Final

from iontocore.verification.checklist import Checklist, lines, unfounded
from iontocore.verification.command import Parser, answered
from iontocore.verification.iec_60601_1 import IEC_60601_1
from iontocore.verification.iec_60601_2_10 import IEC_60601_2_10
from iontocore.verification.iec_62304_design import DESIGN
from iontocore.verification.iec_62304_upkeep import UPKEEP
from iontocore.verification.iec_62304_verification import VERIFICATION

IEC_62304: Final = Checklist(
    "IEC 62304:2006+A1:2015",
    "Software life cycle processes, class C (a failure can lead to serious injury or death): every clause of 4 to 9 "
    "that applies to that class. It is asked of a manufacturer and of a medical device's software as a whole; what is "
    "answered here is answered for this project alone.",
    (*DESIGN, *VERIFICATION, *UPKEEP),
)

CHECKLISTS: Final = (IEC_62304, IEC_60601_1, IEC_60601_2_10)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the checklists. 0 when all that they name is there, else 1."""
    return answered(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    Parser("checklists", "Prints the checklists of standards.").parse_args(arguments)
    for checklist in CHECKLISTS:
        print("\n".join(lines(checklist)), end="\n\n")
    missing = tuple(unfounded(CHECKLISTS))
    for one in missing:
        print(f"{one.standard}, {one.clause}: {one.what} is not there", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
