"""The fuzzer: it breaks nothing in the core, reaches every phase and every trip, and finds what is taken out of it."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
from holes import IN_THE_GUARD, IN_THE_REGULATOR, SOURCES, Hole, opened

from iontocore.ccore import Phase, Trip
from iontocore.safety.refusal import Refusal
from iontocore.verification import fuzz
from iontocore.verification.fuzz import Finding, Outcome, table, verdict

CURRENT: Final = ("SI-01", "SI-02", "SI-03", "SI-04", "SI-05", "SI-06")
REACHED: Final = {f"phase {phase.value}": 1 for phase in Phase} | {f"trip {trip.value}": 1 for trip in Trip if trip}

UNDEFINED: Final = Hole("guard.c", "width", r"int64_t wide = x;", "int32_t wide = x;", ())
"""Then the magnitude of the least 32-bit number overflows."""
OF_A_CAP: Final = Hole("guard.c", "cap", r"energised_us > c->time_cap_us", "0", ("SI-17",))
OF_MEMORY: Final = Hole("guard.c", "memory", r"a->limit_na == \(-1 - b->limit_na\)", "1", ("SI-20",))
OF_A_LATCH: Final = Hole("guard.c", "latch", r"\(acknowledge == 1u\) && \(s->acknowledge_seen == 0u\)", "1", ("SI-07",))


def named(holes: tuple[Hole, ...], *names: str) -> list[Hole]:
    return [hole for hole in holes if hole.name in names]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core as it is, with the harness."""
    return fuzz.build(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.invariant(*CURRENT, "SI-07", "SI-16", "SI-17", "SI-18", "SI-20", "SI-21", "SI-22", "SI-26")
@pytest.mark.needs("clang-19")
def test_many_inputs_break_no_promise_and_reach_every_phase_and_every_trip(program: Path, tmp_path: Path) -> None:
    outcome = fuzz.fuzz(program, tmp_path, runs=60_000)
    assert outcome.finding is None, outcome.finding
    assert outcome.unreached == ()
    assert outcome.counts["inputs"] == 60_000
    assert outcome.counts["ticks"] > 2_000_000
    assert min(outcome.counts[f"sound {place}"] for place in range(3)) > 5_000, "each channel alone, and both"
    assert min(outcome.counts[f"phase {phase.value}"] for phase in Phase) > 500, "no phase is a rare one"
    assert outcome.covered > outcome.edges * 3 // 4, "the others are mostly the sanitizers' own alarms"
    assert verdict(outcome, program, 60_000) == "HOLDS: no promise of the header was broken, by 60 000 inputs"


@pytest.mark.needs("clang-19")
def test_every_phase_is_reached_within_a_thousand_inputs_from_nothing(program: Path, tmp_path: Path) -> None:
    outcome = fuzz.fuzz(program, tmp_path, runs=1000)
    assert [name for name in outcome.unreached if name.startswith("phase")] == []


@pytest.mark.needs("clang-19")
def test_the_same_seed_gives_the_same_inputs_and_another_one_others(program: Path, tmp_path: Path) -> None:
    first, again, other = (
        fuzz.fuzz(program, tmp_path / name, runs=2000, seed=seed).counts
        for name, seed in (("first", 7), ("again", 7), ("other", 8))
    )
    assert first == again
    assert first != other


@pytest.mark.needs("clang-19")
@pytest.mark.parametrize(
    "hole",
    [
        *named(IN_THE_GUARD, "limit", "dwell"),
        *named(IN_THE_REGULATOR, "dwell", "cut"),
        OF_A_CAP,
        OF_MEMORY,
        OF_A_LATCH,
        UNDEFINED,
    ],
    ids=lambda hole: f"{hole.source.removesuffix('.c')}-{hole.name}",
)
def test_a_check_that_is_taken_out_is_found_in_seconds_and_can_be_seen_again(hole: Hole, tmp_path: Path) -> None:
    broken = fuzz.build(tmp_path, {hole.source: opened(hole, tmp_path)})
    outcome = fuzz.fuzz(broken, tmp_path, runs=300_000, seconds=120)
    assert outcome.finding is not None
    sentence = outcome.finding.sentence
    if hole is UNDEFINED:
        assert "runtime error: negation of -2147483648 cannot be represented" in sentence
    else:
        assert re.match(r"SI-\d\d |[A-Z]+ has its cause", sentence), sentence
    again = subprocess.run(
        [str(broken), str(outcome.finding.reproducer)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"LD_PRELOAD": ""},
    )
    assert again.returncode != 0
    assert sentence in again.stderr


@pytest.mark.needs("clang-19")
def test_what_was_found_is_told_with_the_command_that_shows_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (hole,) = named(IN_THE_GUARD, "limit")
    build = fuzz.build
    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    monkeypatch.setattr(fuzz, "build", lambda out: build(out, {hole.source: opened(hole, out)}))
    assert fuzz.main(["--runs", "100000", "--workers", "2"]) == 1
    said = capsys.readouterr().out.strip().splitlines()[-1]
    assert said.startswith("BROKEN: SI-01 the current is within the limit. To see it again: ")
    program, reproducer = said.split()[-2:]
    assert Path(program) == tmp_path / "fuzz_core"
    assert Path(f"{reproducer}.txt").read_text("utf-8").strip() == said


# ---- what is told ----------------------------------------------------------------------------------------------------


def test_a_phase_or_a_trip_that_was_never_reached_is_no_success() -> None:
    outcome = Outcome({**REACHED, "phase 4": 0, "trip 11": 0, "inputs": 12_345}, 1.0, 1, 2, None)
    assert outcome.unreached == ("phase REVERSE", "trip CORRUPT")
    assert (
        verdict(outcome, Path("p"), 10)
        == "NOT SHOWN: 12 345 inputs broke nothing and never reached phase REVERSE, trip CORRUPT"
    )
    assert "phase REVERSE                        0  NOT REACHED" in table(outcome)


def test_a_run_that_ended_early_says_how_many_inputs_were_asked_for() -> None:
    said = verdict(Outcome({**REACHED, "inputs": 9}, 1.0, 1, 2, None), Path("p"), 10)
    assert said == "HOLDS: no promise of the header was broken, by 9 inputs, of 10 that were asked for"


def test_a_finding_is_no_success_whatever_was_reached() -> None:
    said = verdict(Outcome(REACHED, 1.0, 0, 0, Finding("SI-01 it was not", Path("/x/crash-1"))), Path("/x/p"), 10)
    assert said == "BROKEN: SI-01 it was not. To see it again: /x/p /x/crash-1"


@pytest.mark.needs("clang-19")
def test_a_core_that_does_not_compile_is_refused_with_what_the_compiler_says(tmp_path: Path) -> None:
    bad = tmp_path / "bad.c"
    bad.write_text(f"{(SOURCES / 'guard.c').read_text('utf-8')}\nint here(void) {{ return nothing; }}\n")
    with pytest.raises(Refusal, match="nothing"):
        fuzz.build(tmp_path / "made", {"guard.c": bad})


def test_without_the_compiler_it_is_refused_with_the_package_that_has_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert fuzz.main(["--runs", "1"]) == 2
    assert "clang-19" in capsys.readouterr().err
