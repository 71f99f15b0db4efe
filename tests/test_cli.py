"""The command line: what it does, what it refuses, and how it ends, in the process and as a process of its own."""

import fcntl
import json
import os
import pty
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import numpy as np
import pytest
from sessions import BRISK, BRISK_DRUG, Clock

from iontocore import Plan, plan_names, preset, to_toml
from iontocore.ccore import Command
from iontocore.cli import main
from iontocore.entries import Kind
from iontocore.history import carried
from iontocore.journal import Journal, read, verify
from iontocore.plans import read_plan
from iontocore.safety.invariants import INVARIANTS

COMMAND: Final = (sys.executable, "-m", "iontocore")
RESULTS: Final = {"session.json", "chart.svg", "trace.npz"}
LIFTED: Final = """
[[events]]
at_s = 20.0
kind = "lift"

[[events]]
at_s = 22.0
kind = "return"
"""
EMERGENCY: Final = """
[[events]]
at_s = {at_s}
kind = "emergency-stop"
for_s = 0.5
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test is: in a folder of its own, with a short plan in it."""
    monkeypatch.chdir(tmp_path)
    write_plan("brisk.toml", BRISK)
    return tmp_path


def write_plan(name: str, plan: Plan) -> None:
    Path(name).write_text(to_toml(plan), encoding="utf-8")


def process(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, with its output and its errors."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120, **more)


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process that goes on; what is left of it is ended."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as begun:
        try:
            yield begun
        finally:
            begun.kill()


def record(place: str | Path = "out") -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(place, "session.json").read_text(encoding="utf-8"))
    return told


def steps(told: dict[str, Any]) -> list[str]:
    return [row["event"] for row in told["transitions"]]


def is_one_sentence(errors: str) -> bool:
    return errors.startswith("iontocore: ") and errors.count("\n") == 1 and errors.endswith(".\n")


def everything(place: Path) -> dict[str, bytes | None]:
    """What is in a folder and below: the content of files, None for folders."""
    return {str(path.relative_to(place)): path.read_bytes() if path.is_file() else None for path in place.rglob("*")}


# ---- a treatment ----------------------------------------------------------------------------------------------------


@pytest.mark.invariant(*(row.id for row in INVARIANTS))
def test_a_palmar_treatment_of_twenty_minutes_completes_reversed_and_balanced_with_no_breach_at_any_tick() -> None:
    done = process("run", "palms", "--journal", "treatment.journal", "--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    told = record()
    assert (told["outcome"], told["trip"]) == ("completed", None)
    assert told["treated_ms"] == pytest.approx(1_200_000, abs=1_000)
    assert steps(told).count("reversal-due") == 1
    assert abs(told["balance"]["net_nc"]) * 50 < told["charge_positive_nc"] + told["charge_negative_nc"]
    assert told["limit"]["value_ua"] == 20_000
    ticks = told["session_ms"] + told["opened_us"] // 1000
    assert ticks > 1_200_000
    assert [(row["id"], row["ticks_checked"], row["breaches"]) for row in told["invariants"]] == [
        (f"SI-{number:02}", ticks, 0) for number in range(1, 28)
    ]
    assert {path.name for path in Path("out").iterdir()} == RESULTS
    with np.load("out/trace.npz") as trace:
        assert len(trace["time_us"]) == ticks
        assert trace["drive_na"].max() == 15_000_000 == -trace["drive_na"].min()
        assert trace["drive_na"][-1] == 0
    assert ElementTree.parse("out/chart.svg").getroot().tag.endswith("svg")
    verdict = verify("treatment.journal")
    assert verdict.problem is None
    assert told["journal"] == {"file": "treatment.journal", "entries": verdict.entries, "head": verdict.head}
    assert f"all 27 held at each of {ticks:,} ticks".replace(",", " ") in done.stdout


def test_what_is_shown_without_a_terminal_is_plain_and_tells_the_events_and_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "brisk.toml"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "The current rises in the other direction." in shown
    assert "50 %" in shown
    assert " palms: completed\n" in shown
    assert "temporary and is gone; --journal FILE keeps it" in shown
    assert everything(Path.cwd()).keys() == {"brisk.toml"}, "without --journal and --out nothing stays"


def test_with_json_the_output_is_the_content_of_the_record_and_nothing_else() -> None:
    done = process("run", "brisk.toml", "--json", "--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == Path("out/session.json").read_text(encoding="utf-8")
    assert json.loads(done.stdout)["journal"] is None


def test_the_same_seed_gives_the_same_session_to_the_bit_and_another_seed_another() -> None:
    for place, seed in (("first", "5"), ("second", "5"), ("third", "6")):
        assert main(["run", "brisk.toml", "--seed", seed, "--out", place]) == 0
    first, second, third = (record(place) for place in ("first", "second", "third"))
    for told in (first, second, third):
        assert told.pop("started") < told.pop("ended")
    assert first == second
    assert first["charge_positive_nc"] != third["charge_positive_nc"]
    for name in ("trace.npz", "chart.svg"):
        assert Path("first", name).read_bytes() == Path("second", name).read_bytes()
        assert Path("first", name).read_bytes() != Path("third", name).read_bytes()


def test_a_lifted_hand_can_be_played() -> None:
    Path("body.toml").write_text(LIFTED, encoding="utf-8")
    assert main(["run", "brisk.toml", "--body", "body.toml", "--out", "out"]) == 0
    told = record()
    assert told["outcome"] == "completed"
    assert steps(told)[2:6] == ["contact-lost", "contact-back", "target-reached", "reversal-due"]
    assert told["body"]["events"][0]["kind"] == "lift"


def test_a_drug_goes_in_by_its_ion_and_to_its_dose() -> None:
    write_plan("drug.toml", BRISK_DRUG)
    assert main(["run", "drug.toml", "--out", "out"]) == 0
    told = record()
    assert told["charge_negative_nc"] == pytest.approx(120_000_000, rel=0.01)
    assert told["charge_positive_nc"] < 1_000, "noise of the sensor at zero"


def test_a_device_can_lower_the_limit_and_is_then_the_one_that_binds() -> None:
    from importlib import resources

    text = resources.files("iontocore").joinpath("devices/simulated.toml").read_text(encoding="utf-8")
    Path("device.toml").write_text(text.replace("ceiling_ma = 30.0", "ceiling_ma = 16.0"), encoding="utf-8")
    assert main(["run", "brisk.toml", "--device", "device.toml", "--out", "out"]) == 0
    assert (record()["limit"]["value_ua"], record()["limit"]["binding"]) == (16_000, "device")


def test_results_of_an_earlier_session_are_replaced() -> None:
    assert main(["run", "brisk.toml", "--seed", "1", "--out", "out"]) == 0
    before = everything(Path("out"))
    assert main(["run", "brisk.toml", "--seed", "2", "--out", "out"]) == 0
    after = everything(Path("out"))
    assert before.keys() == after.keys() == RESULTS
    assert all(before[name] != after[name] for name in RESULTS)


class Sleeper:
    """A clock that nothing but sleep moves on."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 0.1, "a signal is heeded in the meantime"
        self.now_s += seconds


@pytest.mark.parametrize("speed", [1, 30])
def test_at_a_given_speed_the_session_takes_its_time(speed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Sleeper()
    monkeypatch.setattr("iontocore.treatment.time", clock)
    assert main(["run", "brisk.toml", "--speed", str(speed), "--out", "out"]) == 0
    assert clock.now_s - 1000.0 == pytest.approx(record()["transitions"][-1]["t_ms"] / 1000 / speed, abs=0.1)


# ---- an end before the end ------------------------------------------------------------------------------------------


def test_a_fault_is_status_1_and_stands_against_the_next_start_until_it_is_acknowledged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("body.toml").write_text(EMERGENCY.format(at_s=0.2), encoding="utf-8")  # before any current
    run = ["run", "brisk.toml", "--journal", "j"]
    assert main([*run, "--body", "body.toml", "--out", "out"]) == 1
    told = record()
    assert (told["outcome"], told["trip"], told["treated_ms"]) == ("fault", "emergency", 0)
    assert "iontocore journal acknowledge j --by NAME" in capsys.readouterr().out
    assert main(run) == 2
    assert "iontocore journal acknowledge" in capsys.readouterr().err
    assert main(["journal", "acknowledge", "j", "--by", "Dr. Ada Ampère"]) == 0
    assert "trip emergency\n" in capsys.readouterr().out
    acknowledged = read("j")[-1]
    assert acknowledged.kind is Kind.ACKNOWLEDGED
    assert acknowledged.data == {"trips": ["emergency"], "unfinished": False, "by": "Dr. Ada Ampère"}
    assert main(run) == 0


def test_a_session_that_was_never_closed_is_acknowledged_as_unfinished(capsys: pytest.CaptureFixture[str]) -> None:
    with running("run", "brisk.toml", "--speed", "5", "--journal", "j") as begun:
        assert begun.stdout is not None
        begun.stdout.readline()
        begun.stdout.readline()
        begun.kill()
        begun.wait()
    assert main(["run", "brisk.toml", "--journal", "j"]) == 2
    assert "was never closed" in capsys.readouterr().err
    assert main(["journal", "acknowledge", "j", "--by", "Ada"]) == 0
    assert "which was never closed\n" in capsys.readouterr().out
    assert read("j")[-1].data == {"trips": [], "unfinished": True, "by": "Ada"}
    assert carried(read("j")).sessions == ()


def test_a_trip_after_the_end_is_status_1_and_stands_against_the_next_start(capsys: pytest.CaptureFixture[str]) -> None:
    Path("body.toml").write_text('[[events]]\nat_s = 30.0\nkind = "switch-welded"\n', encoding="utf-8")
    assert main(["run", "brisk.toml", "--body", "body.toml", "--journal", "j", "--out", "out"]) == 1
    said = capsys.readouterr()
    assert said.err == "iontocore: After the end the core found a fault. Trip: switch.\n"
    assert "palms: completed, then FAULT, switch" in said.out
    assert (record()["outcome"], record()["trip"]) == ("completed", "switch")
    assert carried(read("j")).trips == ("switch",)


@pytest.mark.invariant("SI-16")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_stop_the_current_ramps_down_and_the_results_are_written(number: signal.Signals) -> None:
    with running("run", "brisk.toml", "--speed", "10", "--journal", "j", "--out", "out") as begun:
        assert begun.stdout is not None
        while "arrived at its target" not in begun.stdout.readline():
            pass
        begun.send_signal(number)
        _, errors = begun.communicate(timeout=60)
    assert (begun.returncode, errors) == (0, "")
    told = record()
    assert told["outcome"] == "stopped"
    assert told["stopped_because"] == f"The program was told to end ({number.name})."
    assert steps(told)[-2:] == ["stop", "at-zero"]
    assert not any(row["breaches"] for row in told["invariants"])
    with np.load("out/trace.npz") as trace:
        assert np.diff(np.abs(trace["drive_na"])).min() >= -BRISK.fall_ua_per_s, (
            "by the ramp: uA/s are nA a tick of 1 ms"
        )
        assert trace["drive_na"][-1] == 0
    assert told["stopped_because"] in [entry.data.get("text") for entry in read("j")]


def test_a_signal_that_is_ignored_stays_so() -> None:
    done = subprocess.run(
        ["sh", "-c", 'trap "" HUP; "$@" & sleep 1.5; kill -HUP $!; wait $!', "sh", *COMMAND, *SLOW],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert "palms: completed" in done.stdout


SLOW: Final = ("run", "brisk.toml", "--speed", "15")


def test_a_wait_for_contact_without_end_is_ended() -> None:
    Path("body.toml").write_text("contact = false\n", encoding="utf-8")
    assert main(["run", "brisk.toml", "--body", "body.toml", "--journal", "j", "--out", "out"]) == 0
    told = record()
    assert (told["outcome"], told["treated_ms"]) == ("stopped", 0)
    assert told["stopped_because"] == "Contact did not come for 5 min."
    assert steps(told)[:2] == ["start", "stop"]
    assert 300_000 <= told["transitions"][1]["t_ms"] <= 300_200
    assert told["limited_by"]["contact"] >= 300_000
    assert "Contact did not come for 5 min." in [entry.data.get("text") for entry in read("j")]


NO_ROOM_AFTER_20_S: Final = """
import resource, sys
from iontocore.cli import main
from iontocore.journal import Journal

FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
whole = Journal.append

def append(self, kind, session_ms, data):
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, FREE[1]) if session_ms > 20_000 else FREE)
    try:
        return whole(self, kind, session_ms, data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, FREE)

Journal.append = append
sys.exit(main())
"""


def test_a_journal_that_is_full_ends_the_session_in_fault_and_the_results_are_written() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_ROOM_AFTER_20_S, "run", "brisk.toml", "--journal", "j", "--out", "out"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    why, verdict = done.stderr.splitlines()
    assert "/j is on " in why
    # The one thing that is done without an entry, and it is told: the core is stopped.
    assert verdict.startswith("iontocore: SI-25 WAS BROKEN at ")
    told = record()
    assert told["outcome"] == "fault"
    assert told["transitions"][-1]["event"] == "interrupted"
    assert [row["id"] for row in told["invariants"] if row["breaches"]] == ["SI-25"]
    with np.load("out/trace.npz") as trace:
        assert trace["time_us"][-1] > 20_000_000
        assert set(trace["command"][-50:].tolist()) == {Command.STOP}


# ---- the operator ---------------------------------------------------------------------------------------------------


class Terminal:
    """A command on a terminal of its own, 80 by 24, with somebody who looks and presses keys."""

    def __init__(self, *arguments: str) -> None:
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execv(COMMAND[0], [*COMMAND, *arguments])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def await_text(self, text: str) -> None:
        """Look until the text has been shown since the last look."""
        end_s = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < end_s, f"{text!r} was not shown: {self.seen[-3000:]!r}"
            self._read(0.2)
        self.seen = self.seen[self.seen.index(text) + len(text) :]

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def end(self) -> int:
        """Wait for its end, and return its exit status. One that goes on for two minutes is killed, and a failure."""
        end_s = time.monotonic() + 120
        while (left_s := end_s - time.monotonic()) > 0 and self._read(left_s):
            pass
        if left_s <= 0:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        assert left_s > 0, f"it did not end: {self.seen[-3000:]!r}"
        return os.waitstatus_to_exitcode(status)

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self.fd], [], [], timeout_s)[0]:
            return False
        try:
            more = os.read(self.fd, 65536)
        except OSError:  # how a terminal says that nobody is at its other end any more
            return False
        self.seen += more.decode(errors="replace")
        return bool(more)


def test_keys_steer_a_session_on_a_terminal() -> None:
    terminal = Terminal("run", "brisk.toml", "--speed", "10", "--out", "out")
    terminal.await_text("arrived at its target")
    terminal.press("+")
    terminal.await_text("from 15 mA to 16 mA")
    terminal.press("-")
    terminal.await_text("from 16 mA to 15 mA")
    terminal.press(" ")
    terminal.await_text("resume")
    terminal.await_text("switch is open")
    terminal.press(" ")
    terminal.await_text("paused session goes on")
    terminal.press("a")
    terminal.await_text("acknowledged is refused in")
    terminal.press("s")
    assert terminal.end() == 0
    assert "palms: stopped" in terminal.seen
    told = record()
    assert (told["outcome"], told["stopped_because"]) == ("stopped", None)
    assert [event for event in steps(told) if event in ("adjusted", "pause", "resume", "stop")] == [
        "adjusted", "adjusted", "pause", "resume", "stop",
    ]  # fmt: skip


def test_an_intensity_over_the_limit_is_refused_by_name_and_the_session_goes_on() -> None:
    write_plan("most.toml", replace(BRISK, current_ua=20_000))
    terminal = Terminal("run", "most.toml", "--speed", "10", "--out", "out")
    terminal.await_text("arrived at its target")
    terminal.press("+")
    terminal.await_text("current_ua is 21 mA; allowed is at most 20 mA")
    terminal.press("\x03")
    assert terminal.end() == 0
    assert "adjusted" not in steps(record())


def test_a_fault_is_shown_until_it_is_acknowledged_with_a_key() -> None:
    Path("body.toml").write_text(EMERGENCY.format(at_s=10.0), encoding="utf-8")
    terminal = Terminal("run", "brisk.toml", "--speed", "5", "--body", "body.toml", "--journal", "j", "--out", "out")
    terminal.await_text("TRIP emergency")
    terminal.press("a")
    assert terminal.end() == 1
    assert "Trip: emergency." in terminal.seen[terminal.seen.rindex("palms: FAULT, emergency") :]
    assert steps(record())[-2:] == ["tripped", "acknowledged"]
    assert carried(read("j")).trips == ()


def test_a_fault_can_be_left_as_it_is() -> None:
    Path("body.toml").write_text(EMERGENCY.format(at_s=10.0), encoding="utf-8")
    terminal = Terminal("run", "brisk.toml", "--speed", "5", "--body", "body.toml", "--journal", "j")
    terminal.await_text("TRIP emergency")
    terminal.await_text("TRIP emergency")  # drawn once more: now it waits for the operator
    terminal.press("s")
    assert terminal.end() == 1
    assert carried(read("j")).trips == ("emergency",)


def test_a_stop_pressed_at_the_moment_of_the_fault_is_not_lost() -> None:
    """At this speed an exchange takes half a second, so the key comes before the exchange of the fault is over."""
    Path("body.toml").write_text(EMERGENCY.format(at_s=0.3), encoding="utf-8")
    terminal = Terminal("run", "brisk.toml", "--speed", "0.1", "--body", "body.toml")
    terminal.await_text("TRIP emergency")
    terminal.press("s")
    assert terminal.end() == 1


def test_the_summary_fits_the_terminal() -> None:
    terminal = Terminal("run", "brisk.toml", "--json")
    assert terminal.end() == 0
    assert json.loads(terminal.seen)["outcome"] == "completed"
    terminal = Terminal("run", "brisk.toml", "--journal", "a-journal-with-a-long-name")
    assert terminal.end() == 0
    lines = terminal.seen[terminal.seen.rindex("palms: completed") :].splitlines()
    assert len(lines) >= 7
    assert max(map(len, lines)) < 100, "80 columns, with what makes the labels dim"


# ---- an output that goes away ---------------------------------------------------------------------------------------


def test_a_reader_that_leaves_does_not_end_the_treatment() -> None:
    with running("run", "brisk.toml", "--out", "out") as begun:
        assert begun.stdout is not None
        assert begun.stderr is not None
        begun.stdout.readline()
        begun.stdout.close()
        errors = begun.stderr.read()
        assert begun.wait(60) == 0
    assert errors == ""
    assert record()["outcome"] == "completed"


@pytest.mark.parametrize("arguments", [("run", "brisk.toml"), ("run", "brisk.toml", "--json"), ("plans",)])
def test_an_output_on_a_full_disk_is_told(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "iontocore: standard output could not be written (no space left on device).\n"


@pytest.mark.parametrize("redirection", [">&-", ">&- 2>&-", "<&-"])
def test_streams_that_are_closed_from_the_beginning_are_done_without(redirection: str) -> None:
    command = f'exec "$@" {redirection}'
    done = subprocess.run(
        ["sh", "-c", command, "sh", *COMMAND, "run", "brisk.toml", "--speed", "500", "--out", "out"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert record()["outcome"] == "completed"


def test_a_result_that_cannot_be_written_is_told_and_the_others_are_there() -> None:
    Path("out").mkdir()
    Path("out/trace.npz").write_text("of an earlier session", encoding="utf-8")
    done = process(
        "run",
        "brisk.toml",
        "--out",
        "out",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)),
    )
    assert done.returncode == 1
    assert done.stderr == "iontocore: out/trace.npz could not be written (file too large).\n"
    assert everything(Path("out")).keys() == RESULTS - {"trace.npz"}, "no half file, and none of another session"
    assert record()["outcome"] == "completed"


# ---- what is refused ------------------------------------------------------------------------------------------------


def bad(change: Callable[[str], str]) -> Callable[[], None]:
    def write() -> None:
        Path("bad.toml").write_text(change(to_toml(BRISK)), encoding="utf-8")

    return write


def a_folder_in_the_way() -> None:
    Path("out/session.json").mkdir(parents=True)


REFUSED: Final[dict[str, tuple[Callable[[], object], list[str], str]]] = {
    "no command": (int, [], "required: COMMAND"),
    "an unknown command": (int, ["treat"], "invalid choice: 'treat'"),
    "no plan": (int, ["run"], "required: PLAN"),
    "an unknown option": (int, ["run", "palms", "--sped", "1"], "unrecognized arguments: --sped"),
    "half an option": (int, ["run", "palms", "--jo", "j"], "unrecognized arguments: --jo"),
    "a misspelt preset": (int, ["run", "plams"], "write palms, if that is what you mean"),
    "an unknown preset": (int, ["run", "elbows"], "one of palms, soles"),
    "a plan that is not there": (int, ["run", "nothere.toml"], "nothere.toml is missing"),
    "a plan that is a folder": (int, ["run", "."], ". is a directory"),
    "an empty plan": (bad(lambda _: ""), ["run", "bad.toml"], "bad.toml is empty"),
    "half a plan": (bad(lambda text: text[:700]), ["run", "bad.toml"], "bad.toml"),
    "no plan but bytes": (lambda: Path("bad.toml").write_bytes(b"\xff\xfe\x00"), ["run", "bad.toml"], "not UTF-8"),
    "too much current": (
        bad(lambda text: text.replace("current_ma = 15.0", "current_ma = 25.0")),
        ["run", "bad.toml"],
        "current_ma is 25 mA; allowed is at most 20 mA, says limit site-palms (NHS leaflet WPR26540, excerpt)",
    ),
    "current that is no number": (
        bad(lambda text: text.replace("current_ma = 15.0", "current_ma = nan")),
        ["run", "bad.toml"],
        "bad.toml: current_ma is nan",
    ),
    "a contraindication": (
        bad(lambda text: text.replace("pregnancy = false", "pregnancy = true")),
        ["run", "bad.toml"],
        "bad.toml: patient.contraindications.pregnancy is yes",
    ),
    "a body that is not there": (int, ["run", "palms", "--body", "no.toml"], "no.toml is missing"),
    "an unknown event": (
        lambda: Path("body.toml").write_text('[[events]]\nat_s = 1.0\nkind = "lfit"', encoding="utf-8"),
        ["run", "palms", "--body", "body.toml"],
        'events[1].kind is the text "lfit"',
    ),
    "an event at no time": (
        lambda: Path("body.toml").write_text('[[events]]\nat_s = -1.0\nkind = "lift"', encoding="utf-8"),
        ["run", "palms", "--body", "body.toml"],
        "events[1].at_s is -1",
    ),
    "a device that is not there": (int, ["run", "palms", "--device", "no.toml"], "no.toml is missing"),
    **{
        f"seed {seed}": (int, ["run", "palms", "--seed", seed], "allowed is a whole number from 0 to 1844674407370955")
        for seed in ("-1", "abc", "1.5", "", "18446744073709551616", "9" * 5000, "\u0663")
    },
    **{
        f"speed {speed}": (int, ["run", "palms", "--speed", speed], "allowed is a number above 0")
        for speed in ("0", "nan", "-1", "inf", "1e999", "fast", "")
    },
    "results in a file": (int, ["run", "palms", "--out", "brisk.toml"], "not a directory"),
    "results below a file": (int, ["run", "palms", "--out", "brisk.toml/out"], "not a directory"),
    "results nowhere": (int, ["run", "palms", "--out", ""], "--out is empty"),
    "results under no possible name": (int, ["run", "palms", "--out", "a" * 300], "file name too long"),
    "results under half a name": (int, ["run", "palms", "--out", "a\0b"], "no possible name"),
    "results with something in their way": (
        a_folder_in_the_way,
        ["run", "palms", "--out", "out"],
        "session.json that is no ordinary file",
    ),
    "a journal among the results": (
        int,
        ["run", "palms", "--out", "out", "--journal", "out/trace.npz"],
        "trace.npz in the folder of --out",
    ),
    "a journal in no folder": (int, ["run", "palms", "--journal", "no/j"], "in a folder that is not there"),
    "a journal that is none": (int, ["run", "palms", "--journal", "brisk.toml"], "is not a journal"),
    "a journal that is a folder": (int, ["run", "palms", "--journal", "."], "is a folder"),
    "a journal without a name": (int, ["run", "palms", "--journal", ""], "--journal is empty"),
    "an unknown preset to print": (int, ["plans", "palm"], "write palms, if that is what you mean"),
    "a journal to verify that is not there": (int, ["journal", "verify", "no"], "is not there"),
    "a journal to show that is not there": (int, ["journal", "show", "no"], "is not there"),
    "a journal to answer that is not there": (int, ["journal", "acknowledge", "no", "--by", "Ada"], "is not there"),
    "an answer by nobody": (int, ["journal", "acknowledge", "no", "--by", ""], "--by is the empty text"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_mistake_is_answered_in_one_sentence_and_nothing_is_written(
    what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare, arguments, words = REFUSED[what]
    prepare()
    before = everything(folder)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert is_one_sentence(said.err), said.err
    assert words in said.err
    assert everything(folder) == before


@pytest.mark.invariant("SI-24")
def test_nobody_with_a_contraindication_is_treated_and_neither_journal_nor_folder_is_made(folder: Path) -> None:
    bad(lambda text: text.replace("pregnancy = false", "pregnancy = true"))()
    before = everything(folder)
    done = process("run", "bad.toml", "--journal", "out/a/j", "--out", "out/a")
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_sentence(done.stderr)
    assert everything(folder) == before


def test_a_session_too_soon_adds_nothing_to_the_journal(capsys: pytest.CaptureFixture[str]) -> None:
    run = ["run", "brisk.toml", "--journal", "j", "--out", "out"]
    assert main(run) == 0
    before, entries = everything(Path("out")), read("j")
    assert main(run) == 2
    assert "48 h" in capsys.readouterr().err
    assert read("j") == entries
    assert everything(Path("out")) == before


def test_a_journal_in_use_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with Journal.create_or_open("j", Clock()):
        assert main(["run", "brisk.toml", "--journal", "j"]) == 2
    assert "is in use" in capsys.readouterr().err


@contextmanager
def nobody() -> Iterator[Path]:
    """A folder in which the tests have no more rights than an ordinary user, whoever runs them."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        was = os.geteuid()
        if was == 0:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(was)


@pytest.mark.parametrize("place", ["closed", "closed/out"])
def test_a_folder_that_cannot_be_written_is_refused(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "brisk.toml", "--out", "out"]) == 0, "all that a run needs is loaded"
    capsys.readouterr()
    with nobody() as folder:
        (folder / "closed").mkdir(0o555)
        assert main(["run", "palms", "--out", str(folder / place)]) == 2
        said = capsys.readouterr()
        assert is_one_sentence(said.err)
        assert "out of reach (permission denied)" in said.err
        assert list((folder / "closed").iterdir()) == []


def test_a_mistake_is_status_2_of_the_process_too() -> None:
    done = process("run", "palms", "--seed", "-1")
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_sentence(done.stderr)


def test_a_file_that_is_called_like_a_preset_needs_a_path() -> None:
    write_plan("palms", BRISK)
    assert main(["run", "./palms", "--out", "out"]) == 0
    assert record()["plan"]["session_ms"] == BRISK.session_ms


# ---- without the extra ----------------------------------------------------------------------------------------------


def without_the_extra(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; sys.modules.update(numpy=None, matplotlib=None, rich=None);"
        "from iontocore.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_without_the_extra_run_says_what_to_install_and_does_nothing(folder: Path) -> None:
    before = everything(folder)
    done = without_the_extra("run", "palms", "--out", "out", "--journal", "j")
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_sentence(done.stderr)
    assert "numpy, matplotlib, rich" in done.stderr
    assert "pip install 'iontocore[cli]'" in done.stderr
    assert everything(folder) == before


def test_without_the_extra_plans_and_journals_can_be_looked_at() -> None:
    assert main(["run", "brisk.toml", "--journal", "j"]) == 0
    for line in ("plans", "plans palms", "journal verify j", "journal show j", "--version"):
        done = without_the_extra(*line.split())
        assert (done.returncode, done.stderr) == (0, ""), line
        assert done.stdout


# ---- plans and journals ---------------------------------------------------------------------------------------------


def test_the_plans_are_listed_with_what_they_do_and_who_limits_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plans"]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert [line.split()[0] for line in lines[1 : 1 + len(plan_names())]] == list(plan_names())
    assert max(map(len, lines)) <= 92
    for name in plan_names():
        plan = preset(name)
        line = next(line for line in lines if line.startswith(name))
        assert f"{plan.current_ua / 1000:g} mA" in line
        assert str(plan.polarity) in line
        assert line.endswith(f"{plan.bound.value / 1000:g} mA, {plan.bound.binding}")
        assert f"{plan.bound.source} ({plan.bound.mark})" in " ".join(shown.split())
    assert "40 mA min" in shown


@pytest.mark.parametrize("name", plan_names())
def test_a_preset_is_printed_as_a_plan_that_reads_back(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plans", name]) == 0
    assert read_plan(capsys.readouterr().out, "printed") == preset(name)


def test_a_printed_preset_is_run_as_the_preset(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plans", "dexamethasone"]) == 0
    Path("mine.toml").write_text(capsys.readouterr().out, encoding="utf-8")
    told = []
    for plan in ("mine.toml", "dexamethasone"):
        assert main(["run", plan, "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
        told[-1] |= {"started": "", "ended": ""}
    assert told[0] == told[1]


def test_a_whole_journal_is_verified_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "brisk.toml", "--journal", "j"]) == 0
    capsys.readouterr()
    assert main(["journal", "verify", "j"]) == 0
    assert capsys.readouterr().out == f"{verify('j')}\n"
    assert main(["journal", "show", "j"]) == 0
    assert "idle -> ramp on start" in capsys.readouterr().out


@pytest.mark.parametrize("damage", [lambda data: data[:-5000], lambda data: data.replace(b'"run"', b'"ran"', 1)])
def test_a_journal_that_was_cut_or_altered_is_named_and_neither_run_nor_shown_as_whole(
    damage: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "brisk.toml", "--journal", "j"]) == 0
    Path("j").write_bytes(damage(Path("j").read_bytes()))
    damaged = Path("j").read_bytes()
    capsys.readouterr()
    for arguments in (["verify", "j"], ["show", "j"], ["acknowledge", "j", "--by", "Ada"]):
        assert main(["journal", *arguments]) == 2
        said = capsys.readouterr().err
        assert is_one_sentence(said)
        assert "cut short" in said or "altered at entry" in said
    assert main(["run", "brisk.toml", "--journal", "j", "--out", "out"]) == 2
    assert is_one_sentence(capsys.readouterr().err)
    assert Path("j").read_bytes() == damaged
    assert not Path("out").exists()


def test_there_is_nothing_to_acknowledge_in_a_journal_without_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "brisk.toml", "--journal", "j"]) == 0
    entries = read("j")
    assert main(["journal", "acknowledge", "j", "--by", "Ada"]) == 2
    assert "nothing to answer" in capsys.readouterr().err
    assert read("j") == entries


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"iontocore {version('iontocore')}\n"


def test_the_help_of_every_command_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["run"], ["plans"], ["journal"], ["journal", "acknowledge"]):
        assert main([*arguments, "--help"]) == 0
        assert "usage: iontocore" in capsys.readouterr().out
