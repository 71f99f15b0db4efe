"""The files of a report: what is gathered, ``evidence.json``, and all that is made of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from iontocore.verification import browser, sbom
from iontocore.verification import report as pages
from iontocore.verification.evidence import Kind, Report
from iontocore.verification.evidence_form import canonical
from iontocore.verification.suite import Checked
from iontocore.verification.tools import ROOT

EVIDENCE: Final = "evidence.json"
BROWSER: Final = "browser"
"""The folder of hazards, invariants, controls, clauses and tests as linked pages, and as ReqIF."""


def fill(folder: Path, report: Report, root: Path = ROOT) -> None:
    """Write every file into a folder that is there and empty. Refusal when one of them cannot be made."""
    (folder / EVIDENCE).write_text(canonical(report), encoding="utf-8", newline="\n")
    pages.write(report, folder, root)
    sbom.write(folder)
    browser.export(folder / BROWSER, tuple(tests_of(report)), root)


def tests_of(report: Report) -> Iterator[Checked]:
    """The tests that show an invariant, as the browser takes them."""
    for one in report.evidence:
        if one.kind is Kind.TEST and one.invariants:
            file, _, name = one.subject.partition("::")
            cases = one.figures["cases"]
            yield Checked(file, name, one.source.line, one.invariants, int(cases), one.detail, ())


def require_layout() -> None:
    """Refusal when this machine cannot lay out a PDF; asked for before anything is run."""
    pages.as_pdf("<p>A page.</p>")
