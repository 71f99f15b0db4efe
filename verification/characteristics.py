"""The output's characteristics, as regulators ask for them, measured on the simulated electronics: ``make
characteristics``.

Voltage and current at 500 ohm, 2 kohm, 10 kohm and open, trips and override, accuracy over the load, ripple, ramp,
reversal, stop, contact lost and back, charge, density and power density; with pictures of the waveforms. Bench, rows
and pictures stand in modules of their own; :func:`characterise` gives all of it.

The status is 0 when every row that has a limit is within it, 1 when one is not.
"""

import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iontocore.body import load_body
from iontocore.ccore import SimulatedElectronics, default_electronics
from iontocore.verification.characteristics_bench import TRIALS, play_all
from iontocore.verification.characteristics_figures import Characteristic, Point, Verdict, points
from iontocore.verification.characteristics_plots import Picture, pictures
from iontocore.verification.characteristics_rows import rows
from iontocore.verification.command import Parser, answered
from iontocore.verification.progress import progress
from iontocore.verification.tools import ROOT

OUT: Final = ROOT / "build" / "characteristics"
STEPS: Final = TRIALS + 1
"""How often :func:`characterise` tells that a piece of work is done."""

_WIDTH: Final = 120


@dataclass(frozen=True, slots=True)
class Characteristics:
    """All that was measured. rows: every figure. points: every load at every setting. pictures: the waveforms, and
    current and accuracy over the load."""

    rows: tuple[Characteristic, ...]
    points: tuple[Point, ...]
    pictures: tuple[Picture, ...]

    @property
    def holds(self) -> bool:
        """Whether no row fails."""
        return all(row.verdict is not Verdict.FAILS for row in self.rows)


def characterise(
    advance: Callable[[str], None] = lambda _: None, electronics: SimulatedElectronics | None = None
) -> Characteristics:
    """Play every session, take every figure, draw every picture. The same electronics give the same result.

    advance: told the name of each piece of work that is done, STEPS of them. electronics: the simulated ones around the
    core; left out, those with the errors of ordinary parts (``ionto_sim.h``). Refusal for electronics with which a
    session is refused; ValueError or RuntimeError when a session does not go as it is meant to.
    """
    sessions = play_all(default_electronics() if electronics is None else electronics, advance)
    result = Characteristics(rows(sessions), points(sessions), pictures(sessions))
    advance("pictures")
    return result


# ---- the report ------------------------------------------------------------------------------------------------------


def report(result: Characteristics) -> str:
    """The rows and the verdict, for people."""
    lines = []
    for row in result.rows:
        verdict = "FAILS" if row.verdict is Verdict.FAILS else str(row.verdict)
        lines.append(f"{row.id}  {row.name:<62} {row.shown:>15}  {row.allowed:<20} {verdict}")
        lines.append(_wrapped(row.condition))
        if row.says_who:
            lines.append(_wrapped(f"set by: {row.says_who}"))
    return "\n".join([*lines, "", verdict_of(result)])


def verdict_of(result: Characteristics) -> str:
    """One line: how many rows, and which fail."""
    count = Counter(row.verdict for row in result.rows)
    failing = [row.id for row in result.rows if row.verdict is Verdict.FAILS]
    what = (
        f"{len(result.rows)} figures: {count[Verdict.HOLDS]} within their limits, {count[Verdict.NO_LIMIT]} without one"
    )
    return f"FAILS: {', '.join(failing)}; {what}" if failing else f"HOLDS: {what}"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=" " * 7, subsequent_indent=" " * 9, break_on_hyphens=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the rows, write the pictures."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("characteristics", "the output's characteristics, and pictures of its waveforms")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="the folder for the pictures")
    parser.add_argument(
        "--electronics",
        metavar="FILE",
        help="a body file with other electronics (TOML, docs/tutorial.md); its rest is left",
    )
    arguments = parser.parse_args(argv)
    out: Path = arguments.out
    electronics = None if arguments.electronics is None else load_body(arguments.electronics).electronics
    with progress("characteristics", STEPS) as advance:
        result = characterise(advance, electronics)
    out.mkdir(parents=True, exist_ok=True)
    for picture in result.pictures:
        (out / f"{picture.name}.svg").write_text(picture.svg, encoding="utf-8")
    print(report(result))
    print(f"{len(result.pictures)} pictures are in {out}", file=sys.stderr)
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
