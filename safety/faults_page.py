"""The table of single faults as a page for people: ``python -m iontocore.safety.faults_page > docs/single-faults.md``.

A figure that is changed in the table is seen in the page, and a test holds the two together: nothing that the campaign
injects changes in silence.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from iontocore.safety.faults import FAULTS, Injection, SingleFault

_HEAD: Final = """# Single faults

What can go wrong in a device, one thing at a time, and how each is injected into the simulated one; `make campaign`
tries every row in every state, both ways. What a parameter means says `ccore/sim/ionto_sim.h`; whether a row held is
said by the report and never here. Figures are assumptions, chosen to lie to either side of the thresholds of the
simulated device. Written by `python -m iontocore.safety.faults_page > docs/single-faults.md`.
"""


def as_page(faults: Iterable[SingleFault] = FAULTS) -> str:
    """The rows as a page in Markdown, a section for each, in their order."""
    return "\n".join(
        [_HEAD, *(f"## {row.id}\n\n{row.sentence}\n\n" + "\n".join(_points(row)) + "\n" for row in faults)]
    )


def _points(row: SingleFault) -> Iterator[str]:
    yield f"* what fails: {row.subject}"
    if row.injections:
        yield f"* injected: {'; '.join(map(_injection, row.injections))}"
    else:
        yield f"* injected: each bit of each word of {', '.join(f'`{name}`' for name in row.memory)}"
    yield f"* can lead to: {', '.join(row.hazards)}"
    yield f"* puts to the test: {', '.join(row.endangers)}"
    if row.silent:
        yield "* the supervisor is not heard any more"
    if not row.watchdog:
        yield "* without a watchdog"
    yield f"* kept from hurting by: {row.answered_by}"
    if row.why:
        yield f"* why the core does not answer it: {row.why}"
        yield f"* to be shown by the integrator: {row.to_show}"


def _injection(way: Injection) -> str:
    lasts = f" for {way.lasts_us} us" if way.lasts_us else ""
    second = f", with `{way.second[0].name}` {way.second[1]}" if way.second else ""
    return f"`{way.fault.name}` {way.parameter}{lasts}{second}"


if __name__ == "__main__":
    sys.stdout.write(as_page())
