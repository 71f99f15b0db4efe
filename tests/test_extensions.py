"""Commands that another package adds: found by name, and never in the place of one that is there already."""

from importlib.metadata import EntryPoint

import pytest

from iontocore import cli, extensions


def adding(monkeypatch: pytest.MonkeyPatch, *commands: tuple[str, str]) -> None:
    points = [EntryPoint(name, value, extensions.GROUP) for name, value in commands]
    monkeypatch.setattr(extensions, "entry_points", lambda *, group: points if group == extensions.GROUP else [])


def test_the_command_of_the_evidence_is_found() -> None:
    assert extensions.found(("run",))["verify"].value == "iontocore.verification.verify:main"


@pytest.mark.parametrize(
    "commands",
    [
        [("run", "other:main")],
        [("plans", "other:main")],
        [("journal", "other:main")],
        [("more", "one:main"), ("more", "other:main")],
    ],
    ids=["run", "plans", "journal", "twice"],
)
def test_a_name_that_is_taken_is_refused_and_nothing_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], commands: list[tuple[str, str]]
) -> None:
    adding(monkeypatch, *commands)
    assert cli.main([commands[0][0]]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"the command {commands[0][0]} is added by" in said.err
    assert "other:main" in said.err
