"""The tutorial: its code runs as it stands there, and does what the text says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from iontocore import Body, load_body
from iontocore.entries import Kind
from iontocore.journal import read

TUTORIAL = (Path(__file__).resolve().parent.parent / "docs" / "tutorial.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TUTORIAL, flags=re.DOTALL)


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_ten_lines_adjust_and_stop_a_treatment_and_leave_a_whole_journal(tmp_path: Path) -> None:
    outcome, treated_ms, positive_nc, negative_nc, peak_ua = re.findall(r"\w+", run(blocks("python")[0], tmp_path))
    assert outcome == "stopped"
    assert 290_000 < int(treated_ms) < 340_000
    assert int(positive_nc) > 2_000_000_000
    assert int(negative_nc) < 10_000_000
    assert 15_000 <= int(peak_ua) < 15_500
    told = [entry.data.get("why") for entry in read(tmp_path / "treatment.journal") if entry.kind is Kind.TRANSITION]
    assert "The operator adjusted the current from 15 mA to 12 mA." in told


def test_the_asyncio_form_stops_a_treatment(tmp_path: Path) -> None:
    assert run(blocks("python")[1], tmp_path).strip() == "stopped"


def test_the_body_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "lifted.toml").write_text(blocks("toml")[0])
    body: Body = load_body(tmp_path / "lifted.toml")
    assert [(event.at_ms, event.kind) for event in body.events] == [(300_000, "lift"), (320_000, "return")]


@pytest.mark.parametrize("name", ["adjust", "pause", "resume", "stop", "acknowledge"])
def test_every_act_that_the_text_names_is_there(name: str) -> None:
    from iontocore import Session

    assert f"`{name}`" in TUTORIAL
    assert callable(getattr(Session, name))
