"""Either channel alone: the two sources share no symbol, and each keeps SI-01 to SI-06 with the other against it.

The simulated device is built twice more, once with a regulator that proposes anything and once with a guard that guards
nothing, and lives through random conduct of both, of its supervisor, its hardware and its body. Every tick is judged
by the predicates of the table. Then a check is taken out of the sound channel, and the judge has to find that.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from holes import IN_THE_GUARD, IN_THE_REGULATOR, SOURCES, Hole, opened

from iontocore.ccore import get_include
from iontocore.verification.instrumented import build, environment

TESTS: Final = Path(__file__).parent
OTHER: Final = {
    "guard": {"regulator.c": TESTS / "adversary_regulator.c"},
    "regulator": {"guard.c": TESTS / "permissive_guard.c"},
}
"""What is exchanged when one channel alone is to be sound."""
CURRENT: Final = ("SI-01", "SI-02", "SI-03", "SI-04", "SI-05", "SI-06")
CALLED: Final = re.compile(r"\b([A-Za-z_]\w*)\s*\(")

# ---- they share no symbol --------------------------------------------------------------------------------------------


def defined(source: Path, folder: Path) -> dict[str, str]:
    """Every function that a source defines, with the letter that `nm` has for it: T, or t for a static one.

    AssertionError when there is anything else: an object, or something that another source would have to define."""
    made = folder / f"{source.stem}.o"
    compile_ = ["gcc", "-std=c99", "-O0", "-ffreestanding", "-fno-common", "-I", get_include(), "-c", str(source)]
    subprocess.run([*compile_, "-o", str(made)], check=True)
    listing = subprocess.run(["nm", "-P", str(made)], check=True, capture_output=True, text=True).stdout
    symbols = {line.split()[0]: line.split()[1] for line in listing.splitlines()}
    assert set(symbols.values()) <= {"t", "T"}, f"functions of its own alone: {symbols}"
    return symbols


def called(source: Path) -> set[str]:
    """Every name before a parenthesis in the source's own text once it is preprocessed: no comment, no macro, nothing
    of a header."""
    command = ["gcc", "-std=c99", "-E", "-ffreestanding", "-I", get_include(), str(source)]
    own, names = False, set[str]()
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        if line.startswith("# "):
            own = line.split('"')[1] == str(source)
        elif own:
            names |= set(CALLED.findall(line))
    return names


def crossings(mine: Path, other: Path, folder: Path) -> set[str]:
    """The functions that one source names and only the other can mean: defined there, and not here."""
    return called(mine) & (defined(other, folder).keys() - defined(mine, folder).keys())


GUARD: Final = SOURCES / "guard.c"
REGULATOR: Final = SOURCES / "regulator.c"


@pytest.mark.invariant("SI-26")
@pytest.mark.needs("gcc")
def test_the_two_sources_share_no_symbol(tmp_path: Path) -> None:
    guard, regulator = defined(GUARD, tmp_path), defined(REGULATOR, tmp_path)
    assert "t" in guard.values(), "static functions are seen"
    assert "t" in regulator.values(), "static functions are seen"
    for name in guard.keys() & regulator.keys():
        assert guard[name] + regulator[name] == "tt", f"{name} is no static function of each"


@pytest.mark.invariant("SI-26")
@pytest.mark.needs("gcc")
def test_neither_source_names_what_the_other_defines(tmp_path: Path) -> None:
    assert crossings(GUARD, REGULATOR, tmp_path) == set()
    assert crossings(REGULATOR, GUARD, tmp_path) == set()


@pytest.mark.needs("gcc")
def test_a_call_from_one_channel_into_the_other_is_seen(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.c", tmp_path / "other.c"
    other.write_text("static int helper(int x) { return x; }\nint there(int x) { return helper(x); }\n")
    mine.write_text("/* helper */\n#define THERE there\nint there(int x);\nint here(int x) { return x + THERE(x); }\n")
    with pytest.raises(AssertionError, match="of its own alone"):
        crossings(mine, other, tmp_path)
    mine.write_text("#define THERE there\nint there(int x);\nint here(void) { return (int)sizeof THERE(1); }\n")
    assert crossings(mine, other, tmp_path) == {"there"}
    mine.write_text("/* there(1) */\nint here(int there) { return (there); }\n")
    assert crossings(mine, other, tmp_path) == set()
    mine.write_text("int shared = 1;\nint here(void) { return shared; }\n")
    with pytest.raises(AssertionError, match="of its own alone"):
        crossings(mine, other, tmp_path)


# ---- each is enough by itself ----------------------------------------------------------------------------------------


def live(sound: str, tree: Path, runs: int) -> dict[str, Any]:
    """What `one_channel.py` saw of so many devices, with the extension in that tree."""
    command = [sys.executable, str(TESTS / "one_channel.py"), sound, "--runs", str(runs), "--seed", "1"]
    done = subprocess.run(
        command, env={**os.environ, **environment(tree)}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.invariant(*CURRENT, "SI-07", "SI-17", "SI-18", "SI-20", "SI-21", "SI-26")
@pytest.mark.needs("gcc")
def test_the_guard_with_a_regulator_that_proposes_anything_keeps_every_invariant_of_the_current(tmp_path: Path) -> None:
    seen = live("guard", build(tmp_path, "gcc", exchanged=OTHER["guard"]), runs=80)
    assert seen["breaches"] == {}
    assert set(CURRENT) < set(seen["judged"])
    # it was not kept by doing nothing: current flows, both ways, and every kind of end is met
    assert seen["runs"] == 80
    assert seen["runs_with_current"] > 40
    assert seen["energised_ticks"] > seen["ticks"] // 10 > 100_000
    assert seen["reversals"] > 200
    assert seen["trips"]["PROPOSAL"] > 40
    met = {"CORRUPT", "TIME", "CHARGE", "HEARTBEAT", "TICK", "EMERGENCY", "OPEN", "MISMATCH", "SHORT"}
    assert met < seen["trips"].keys()


@pytest.mark.invariant(*CURRENT, "SI-15", "SI-16", "SI-22", "SI-26")
@pytest.mark.needs("gcc")
def test_the_regulator_with_a_guard_that_permits_everything_keeps_every_invariant_of_the_current(
    tmp_path: Path,
) -> None:
    """Of SI-06 the current and the phase are judged. The switch is the guard's to open; here it follows what the
    regulator says of itself, so what is judged of it is that the regulator says so."""
    seen = live("regulator", build(tmp_path, "gcc", exchanged=OTHER["regulator"]), runs=60)
    assert seen["breaches"] == {}
    assert set(CURRENT) < set(seen["judged"])
    assert seen["runs"] == 60
    assert seen["runs_with_current"] > 50
    assert seen["energised_ticks"] > seen["ticks"] // 4 > 200_000
    assert seen["reversals"] > 100
    assert seen["trips"]["PROPOSAL"] > 30, "the guard called the output cut, with no reason"


def _name(hole: Hole) -> str:
    return f"{hole.source.removesuffix('.c')}-{hole.name}"


@pytest.mark.needs("gcc")
@pytest.mark.parametrize("hole", [*IN_THE_GUARD, *IN_THE_REGULATOR], ids=_name)
def test_a_check_that_is_taken_out_of_the_sound_channel_is_found(hole: Hole, tmp_path: Path) -> None:
    sound = hole.source.removesuffix(".c")
    exchanged = {**OTHER[sound], hole.source: opened(hole, tmp_path)}
    # as the extension is compiled where CI=true, so that a hole that does not compile there is found everywhere
    seen = live(sound, build(tmp_path / "made", "gcc", ["-Werror"], exchanged=exchanged), runs=100)
    assert set(hole.breaks) & seen["breaches"].keys(), seen["breaches"]
