"""Gathers all evidence and writes one report: ``iontocore verify --out DIR``, or ``make verify``.

    iontocore verify --out DIR            all of it, within half an hour on two processors
    iontocore verify --out DIR --quick    within minutes: what takes long is read from its committed record, and said so
    iontocore verify --check DIR          nothing is run: is a report, and the text, still what it was?

DIR gets ``evidence.json`` (``evidence.schema.json`` is its shape), the pages that are made of it (``report.html``,
``report.pdf``), the bill of materials (``sbom.cdx.json``), the tables and the text as linked pages and as ReqIF
(``browser``), and ``SHA256SUMS`` with the hash of every file.

The status is 0 when the claim holds, 1 when something stands against it (or, with --check, has changed), and 2 when
there is no report: a tool is missing, the text changed meanwhile, or DIR holds something else.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iontocore.safety.refusal import Refusal
from iontocore.verification import manifest
from iontocore.verification.command import Parser, answered
from iontocore.verification.tools import ROOT, require

if TYPE_CHECKING:
    from iontocore.verification.evidence import Report

_EXTRA: Final = ("hypothesis", "jsonschema", "libcst", "mutmut", "numpy", "pycparser", "pytest", "rich", "xdist")
_SCRATCH: Final = ROOT / "build" / "verify"
_WHO: Final = "iontocore verify"


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return answered(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = Parser("verify", __doc__, prog=_WHO)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--out", type=Path, metavar="DIR", help="the folder of the report, in the place of an earlier one"
    )
    what.add_argument("--check", type=Path, metavar="DIR", help="say what has changed since a report was written")
    parser.add_argument("--quick", action="store_true", help="take from records what takes long to make")
    given = parser.parse_args(argv)
    if given.check is not None:
        if given.quick:
            raise Refusal("--quick", "given with --check", "--out", _WHO)
        return _check(given.check)
    return _write(given.out, quick=given.quick)


def _write(folder: Path, *, quick: bool) -> int:
    _require_checkout()
    _require_outside(folder)
    manifest.require_free(folder)

    from iontocore.verification import assemble  # the extra "verification"
    from iontocore.verification.evidence import Mode
    from iontocore.verification.products import fill, require_layout

    for command, package in assemble.NEEDS:
        require(command, package)
    require_layout()
    mode = Mode.QUICK if quick else Mode.FULL
    report = assemble.assemble(mode, _SCRATCH, assemble.STEPS, say=assemble.to_stderr)
    manifest.write(folder, lambda made: fill(made, report))
    print("\n".join(summary(report)))
    print(f"the report is in {folder}")
    return 0 if report.verdict.holds else 1


def _require_checkout() -> None:
    if not (ROOT / "ccore" / "src").is_dir():
        raise Refusal(
            "the project", "installed without its sources", "a checkout: evidence speaks of a text", _WHO,
            "run it there: make verify",
        )  # fmt: skip
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        do = "install it: pip install 'iontocore[verification]'"
        raise Refusal("the extra verification", f"without {', '.join(missing)}", "verify with all of it", _WHO, do)


def _require_outside(folder: Path) -> None:
    """A report within the text that it speaks of, or around it, would change that text."""
    place = folder.resolve()
    within = place.is_relative_to(ROOT) and not place.is_relative_to(ROOT / "build")
    if within or ROOT.is_relative_to(place):
        raise Refusal("--out", str(folder), f"a folder below {ROOT / 'build'}, or outside of {ROOT}", _WHO)


def summary(report: "Report") -> Sequence[str]:
    """The verdict for people, and what stands against it."""
    verdict = report.verdict
    counted = (
        (len(report.evidence), "pieces of evidence"),
        (len(report.invariants), "invariants"),
        (len(report.hazards), "hazards"),
        (len(verdict.findings), "findings"),
        (len(verdict.not_shown), "things not shown"),
    )
    findings = [f"{finding.where}: {finding.what}" for finding in verdict.findings]
    word = "HOLDS" if verdict.holds else "DOES NOT HOLD"
    return [*findings, f"{word}: {', '.join(f'{number} {what}' for number, what in counted)}"]


# ---- checking --------------------------------------------------------------------------------------------------------


def _check(folder: Path) -> int:
    _require_checkout()
    in_folder = list(manifest.changes(folder))

    from iontocore.verification import examined  # the extra "verification"
    from iontocore.verification.evidence_form import read
    from iontocore.verification.products import EVIDENCE

    try:
        report = read((folder / EVIDENCE).read_text("utf-8"))
    except (OSError, ValueError) as error:
        in_folder.append(f"{EVIDENCE} is no report ({error})")
        report = None
    in_text = [] if report is None else list(manifest.differences(report.examined.texts, examined.hashes()))
    for line in in_folder:
        print(f"in the report: {line}")
    for line in in_text:
        print(f"in the text: {line}")
    if in_folder or in_text:
        print(f"CHANGED: {len(in_folder)} in the report, {len(in_text)} in the text that it speaks of")
        return 1
    print("UNCHANGED: every file of the report, and every text that it speaks of")
    return 0


if __name__ == "__main__":
    sys.exit(main())
