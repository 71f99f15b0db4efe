"""The files of the report: both are written by one function, and the PDF has the pages that are expected."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sample_report import sample, tree

from iontocore.safety.refusal import Refusal
from iontocore.verification import report as reports
from iontocore.verification.evidence import Finding, Report, Verdict
from iontocore.verification.evidence_form import canonical
from iontocore.verification.report import main, write
from iontocore.verification.report_page import PARTS, page

A4_PT = (595.3, 841.9)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def report(root: Path) -> Report:
    return sample(root)


@pytest.fixture(scope="module")
def folder(report: Report, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample's report was written."""
    made = tmp_path_factory.mktemp("out") / "report"
    assert write(report, made, root) == (made / "report.html", made / "report.pdf")
    return made


def told(path: Path) -> list[str]:
    """The text of each page of a PDF."""
    answer = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True)
    return answer.stdout.split("\f")[:-1]


@pytest.mark.needs("pango-view")
def test_one_call_writes_the_page_and_the_pdf(folder: Path, report: Report, root: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.pdf"}
    assert (folder / "report.html").read_bytes() == page(report, root).encode()
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.needs("pango-view")
def test_the_same_records_give_the_same_bytes(folder: Path, report: Report, root: Path, tmp_path: Path) -> None:
    again = write(report, tmp_path, root)
    assert again.pdf.read_bytes() == (folder / "report.pdf").read_bytes()
    assert again.html.read_bytes() == (folder / "report.html").read_bytes()


@pytest.mark.needs("pango-view", "pdftotext")
def test_the_pdf_has_every_part_in_its_order_on_pages_that_are_numbered(folder: Path) -> None:
    pages = told(folder / "report.pdf")
    assert all(re.search(rf"\b{number} / {len(pages)}\b", text) for number, text in enumerate(pages, 1))
    headings = [f"{which} +{re.escape(part.heading)}" for which, part in enumerate(PARTS, 1) if not part.on_screen]
    bodies = pages[1:]  # the first page has no heading of a part, and the list of contents has all of them
    at = [
        [number for number, text in enumerate(bodies) if re.search(rf"^ *{heading} *$", text, re.MULTILINE)]
        for heading in headings[1:]
    ]
    assert all(at)
    last = [each[-1] for each in at]
    assert last == sorted(last)


@pytest.mark.needs("pango-view", "pdftotext")
def test_the_first_page_of_the_pdf_has_the_verdict_and_what_was_examined(folder: Path, report: Report) -> None:
    first, *others = told(folder / "report.pdf")
    assert "HOLDS" in first
    assert "What was examined" in first
    assert report.examined.commit in first
    for number, text in enumerate(others, 2):
        assert f"{report.project.name} {report.project.version}: safety evidence" in text, number
        assert report.examined.commit in text, number


@pytest.mark.needs("pango-view", "pdftotext")
def test_what_does_not_hold_is_on_the_first_page_of_the_pdf(report: Report, root: Path, tmp_path: Path) -> None:
    gap = replace(report, verdict=Verdict(False, (Finding("SI-24", "neither a proof nor a test shows it"),), ()))
    first = told(write(gap, tmp_path, root).pdf)[0]
    assert "FAILS" in first
    assert "neither a proof nor a test shows it" in first


@pytest.mark.needs("pango-view", "pdftotext")
def test_the_pages_of_the_pdf_are_a4(folder: Path) -> None:
    answer = subprocess.run(["pdfinfo", folder / "report.pdf"], capture_output=True, text=True, check=True)
    (size,) = re.findall(r"Page size: +([\d.]+) x ([\d.]+) pts", answer.stdout)
    assert tuple(map(float, size)) == pytest.approx(A4_PT, abs=0.5)


@pytest.mark.needs("pango-view")
def test_the_command_writes_the_report_of_an_evidence_json(
    report: Report, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence, out = tmp_path / "evidence.json", tmp_path / "out"
    evidence.write_text(canonical(report), "utf-8")
    monkeypatch.setattr(reports, "page", lambda given, texts, printed=False: page(given, root, printed=printed))
    assert main([str(evidence), "--out", str(out)]) == 0
    assert capsys.readouterr().out.split() == [str(out / "report.html"), str(out / "report.pdf")]
    assert (out / "report.html").read_bytes() == page(report, root).encode()


def test_a_file_that_is_no_evidence_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evidence.json").write_text("{}")
    assert main([str(tmp_path / "evidence.json"), "--out", str(tmp_path / "out")]) == 2
    assert "allowed is an evidence.json" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_pango_the_report_is_refused_and_nothing_is_written(
    report: Report, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    for name in [name for name in sys.modules if name.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(Refusal, match="a machine with pango"):
        write(report, tmp_path / "out", root)
    assert not (tmp_path / "out").exists()
