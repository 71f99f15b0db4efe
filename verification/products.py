"""The files of a report: what is gathered, ``evidence.json``, and all that is made of it."""

from pathlib import Path
from typing import Final

from iontocore.verification import report as pages
from iontocore.verification import sbom
from iontocore.verification.evidence import Report
from iontocore.verification.evidence_form import canonical
from iontocore.verification.tools import ROOT

EVIDENCE: Final = "evidence.json"


def fill(folder: Path, report: Report, root: Path = ROOT) -> None:
    """Write every file into a folder that is there and empty. Refusal when one of them cannot be made."""
    (folder / EVIDENCE).write_text(canonical(report), encoding="utf-8", newline="\n")
    pages.write(report, folder, root)
    sbom.write(folder)


def require_layout() -> None:
    """Refusal when this machine cannot lay out a PDF; asked for before anything is run."""
    pages.as_pdf("<p>A page.</p>")
