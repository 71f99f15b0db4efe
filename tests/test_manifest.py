"""The folder of a report: whole or not there, and every change to it is seen."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import manifest


def fill(folder: Path) -> None:
    (folder / "evidence.json").write_text("{}\n")
    (folder / "browser").mkdir()
    (folder / "browser" / "index.html").write_text("<p>")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    manifest.write(tmp_path / "report", fill)
    return tmp_path / "report"


def test_every_file_is_in_the_manifest_with_its_hash(folder: Path) -> None:
    assert manifest.listed(folder) == {
        "evidence.json": hashlib.sha256(b"{}\n").hexdigest(),
        "browser/index.html": hashlib.sha256(b"<p>").hexdigest(),
    }
    assert list(manifest.changes(folder)) == []


def test_the_manifest_is_one_that_sha256sum_reads(folder: Path) -> None:
    sha256sum = shutil.which("sha256sum")
    assert sha256sum is not None
    subprocess.run([sha256sum, "--check", "--strict", manifest.NAME], cwd=folder, check=True, capture_output=True)


def test_what_was_altered_removed_or_added_is_said(folder: Path) -> None:
    (folder / "evidence.json").write_text("{ }\n")
    (folder / "browser" / "index.html").unlink()
    (folder / "browser" / "more.html").write_text("")
    (folder / "link").symlink_to(folder / "browser", target_is_directory=True)
    assert list(manifest.changes(folder)) == [
        "browser/index.html is gone",
        "browser/more.html is new",
        "evidence.json has changed",
        "link is new",
    ]


def test_a_report_takes_the_place_of_an_earlier_one(folder: Path) -> None:
    def fill_less(made: Path) -> None:
        (made / "evidence.json").write_text("[]\n")

    manifest.write(folder, fill_less)
    assert {path.name for path in folder.iterdir()} == {"evidence.json", manifest.NAME}
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_a_report_that_cannot_be_made_leaves_the_earlier_one_and_nothing_else(folder: Path) -> None:
    def fails(made: Path) -> None:
        (made / "half").write_text("")
        raise RuntimeError("no more paper")

    with pytest.raises(RuntimeError, match="paper"):
        manifest.write(folder, fails)
    assert list(manifest.changes(folder)) == []
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    manifest.write(tmp_path / "report", fill)
    assert list(manifest.changes(tmp_path / "report")) == []


def test_a_folder_that_holds_something_else_is_refused_and_not_touched(tmp_path: Path, folder: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("three years")
    with pytest.raises(Refusal, match=r"thesis\.txt"):
        manifest.write(other, fill)
    assert (other / "thesis.txt").read_text() == "three years"
    (folder / "notes.txt").write_text("of an auditor")
    with pytest.raises(Refusal, match=r"notes\.txt"):
        manifest.write(folder, fill)
    assert (folder / "notes.txt").read_text() == "of an auditor"
    with pytest.raises(Refusal, match="no folder"):
        manifest.write(other / "thesis.txt", fill)


def test_a_folder_without_a_manifest_or_with_a_damaged_one_cannot_be_checked(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(Refusal, match=manifest.NAME):
        list(manifest.changes(tmp_path))
    (folder / manifest.NAME).write_text("abc\n")
    with pytest.raises(Refusal, match="damaged"):
        list(manifest.changes(folder))
