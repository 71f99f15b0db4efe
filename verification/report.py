"""The report for an auditor: ``report.html`` and ``report.pdf``, from the records of one ``evidence.json``.

    python -m iontocore.verification.report build/report/evidence.json --out build/report

The HTML is one self-contained file. The PDF is the same pages laid out for A4, without the listings of the texts and
the register, which `evidence.json` and the HTML have. Nothing is examined here: a report says what the records say, of
the texts that they speak of, and a text that is another one by now is refused.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from iontocore.safety.refusal import Refusal
from iontocore.verification.command import Parser, answered
from iontocore.verification.evidence import Report
from iontocore.verification.evidence_form import read
from iontocore.verification.report_page import page
from iontocore.verification.tools import ROOT

HTML: Final = "report.html"
PDF: Final = "report.pdf"


class Written(NamedTuple):
    """The files of a report."""

    html: Path
    pdf: Path


def write(report: Report, folder: Path, root: Path = ROOT) -> Written:
    """Write both files into a folder, which is made where it is missing; `root` holds the texts that were examined.
    The same records and texts give the same bytes. Refusal when a text is not the one that was examined, or when the
    libraries that lay out the PDF are not installed; OSError when a file cannot be written."""
    on_screen = page(report, root)
    on_paper = as_pdf(page(report, root, printed=True))
    folder.mkdir(parents=True, exist_ok=True)
    written = Written(folder / HTML, folder / PDF)
    written.html.write_text(on_screen, encoding="utf-8", newline="\n")
    written.pdf.write_bytes(on_paper)
    return written


def as_pdf(html: str) -> bytes:
    """A page that loads nothing, laid out on A4. Refusal when pango is not installed."""
    try:
        # here, since the import asks for libraries that only a PDF needs
        from weasyprint import HTML as Layout  # type: ignore[import-untyped]  # it has no annotations
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # it has no annotations
    except OSError as missing:
        raise Refusal(
            "report.pdf", f"not to be laid out ({missing})", "a machine with pango", "tests/provision.py",
            "run `make tools` as root, or `apt-get install pango1.0-tools libharfbuzz-subset0 fonts-inter`",
        ) from missing  # fmt: skip
    nothing = URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    pdf = Layout(string=html, url_fetcher=nothing).write_pdf(pdf_tags=True)
    if not isinstance(pdf, bytes):
        raise TypeError("the layout gave no PDF")
    return pdf


def main(argv: Sequence[str] | None = None) -> int:
    """The command: writes both files. Returns its exit status: 0 whatever the verdict, which the report tells."""
    return answered(lambda: _write(argv))


def _write(argv: Sequence[str] | None) -> int:
    parser = Parser("report", "The report for an auditor, from the records of an evidence.json.")
    parser.add_argument("evidence", type=Path, help="the evidence.json that `iontocore verify` wrote")
    parser.add_argument("--out", type=Path, required=True, help="the folder for report.html and report.pdf")
    given = parser.parse_args(argv)
    try:
        report = read(given.evidence.read_text("utf-8"))
    except ValueError as error:
        raise Refusal(
            str(given.evidence), f"no evidence ({error})", "an evidence.json", "this command", "run `make verify`"
        ) from None
    written = write(report, given.out)
    print(f"{written.html}\n{written.pdf}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
