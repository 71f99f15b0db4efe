"""Goals that are still open: listed with a reason, said aloud, and never more nor fewer than there are."""

from pathlib import Path

import pytest

from iontocore.safety.refusal import Refusal
from iontocore.verification import open_goals, prove
from iontocore.verification.wp import Goal

FILE = Path("ccore/src/ionto.c")
SHOWN = Goal("small_ensures_a", FILE, "small", "a", "", "ensures", "cvc4", "valid", "", 0.1)
OPEN = Goal("small_ensures_b", FILE, "small", "b", "", "ensures", "", "failed", "CVC4 1.8: Timeout", 0.0)
LIST = """
[[open]]
file = "ccore/src/ionto.c"
function = "small"
clause = "b"
why = "for the sake of the test"
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "open.toml"
    monkeypatch.setattr(open_goals, "TABLE", path)
    monkeypatch.setattr(open_goals.load, "__defaults__", (path,))
    monkeypatch.setattr(prove, "ROOT", tmp_path)
    return path


def test_a_goal_that_is_open_and_not_listed_is_a_failure(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.verdict(prove.Proof([SHOWN, OPEN], [], {}), []) == 1
    assert "FAILED: 1 of 2 goals" in capsys.readouterr().out
    assert not table.exists()


def test_a_listed_one_is_said_to_be_open(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table.write_text(LIST)
    assert prove.verdict(prove.Proof([SHOWN, OPEN], [], {}), []) == 0
    said = capsys.readouterr().out
    assert "NOT ALL PROVED: 1 of 2 goals, 1 open" in said
    assert "small" in said


def test_a_listed_one_that_is_shown_is_a_failure(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table.write_text(LIST.replace('"b"', '"a"'))
    assert prove.verdict(prove.Proof([SHOWN], [], {}), []) == 1
    assert "it is shown" in capsys.readouterr().out


def test_a_row_without_a_reason_is_refused(table: Path) -> None:
    table.write_text(LIST.replace("for the sake of the test", ""))
    with pytest.raises(Refusal, match="file, function, clause and why"):
        open_goals.load(table)
