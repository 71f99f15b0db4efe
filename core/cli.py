"""The command line: ``iontocore run``, ``plans`` and ``journal``.

    iontocore run palms --out results      a whole treatment on the simulated body, at full speed
    iontocore plans                        the plans that come with it
    iontocore journal verify FILE          whether anybody has altered what was recorded

Exit status: 0 for what was done, a session that the operator stopped included; 1 for a session that ended in a fault or
broke an invariant, and for results that could not be written; 2 for what was refused, in one sentence on standard error
that says what was given, what is allowed, who says so and what to do; then nothing was written and nothing energised.

``run`` needs the extra ``cli``; the rest does without it, and so does this module. Packages on top of this one may add
commands (``iontocore.extensions``); ``iontocore verify`` is one.
"""

import argparse
import math
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

from iontocore import extensions, history, journal, journal_text
from iontocore.body import Body, load_body
from iontocore.device import load_device
from iontocore.entries import Data, Kind
from iontocore.fields import check_choice, check_text
from iontocore.journal import Journal
from iontocore.outlet import Outlet, complain
from iontocore.plans import Plan, Polarity, load_plan, plan_names, preset, preset_text
from iontocore.ports import LinkLost
from iontocore.safety.refusal import Refusal
from iontocore.safety.words import Unit, in_words

_LINE: Final = "the command line"
_EXTRAS: Final = ("numpy", "matplotlib", "rich")
_SEED_MAX: Final = 2**64 - 1
_OWN: Final = ("run", "plans", "journal")
"""The commands of this module. No other package can take their names."""

_Act = Callable[[argparse.Namespace, Outlet], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; those of the process by default. The exit status."""
    given = sys.argv[1:] if argv is None else list(argv)
    outlet = Outlet(sys.stdout)
    try:
        added = extensions.found(_OWN)
        if given and given[0] in added:
            return extensions.run(added[given[0]], given[1:])
        arguments = _parser(added).parse_args(given)
        act: _Act = arguments.act
        status = act(arguments, outlet)
    except (Refusal, LinkLost, Misuse) as refused:
        complain(str(refused))
        return 2
    except KeyboardInterrupt:
        complain("interrupted before anything was begun.")
        return 2
    except SystemExit:  # of argparse, after --help and --version
        status = 0
    outlet.flush()
    if outlet.lost is not None and not isinstance(outlet.lost, BrokenPipeError):
        complain(f"standard output could not be written ({(outlet.lost.strerror or 'no reason given').lower()}).")
        return status or 1
    return status


# ---- run ---------------------------------------------------------------------------------------------------


def _run(arguments: argparse.Namespace, outlet: Outlet) -> int:
    missing = [name for name in _EXTRAS if find_spec(name) is None]
    if missing:
        do = "install it: pip install 'iontocore[cli]'"
        raise Refusal("the extra cli", f"without {', '.join(missing)}", "run with all of it", "its live view", do)
    seed, speed = _seed(arguments.seed), None if arguments.speed is None else _speed(arguments.speed)
    device = None if arguments.device is None else load_device(arguments.device)
    name = arguments.plan
    plan = preset(name, device) if name in plan_names() else load_plan(_plan_file(name), device)
    body = Body() if arguments.body is None else load_body(arguments.body)

    from iontocore.run import Options, run  # the extra "cli"

    options = Options(
        plan=plan,
        body=body,
        seed=seed,
        journal=_place("--journal", arguments.journal),
        out=_place("--out", arguments.out),
        speed=speed,
        as_json=arguments.json,
    )
    return run(options, outlet)


def _plan_file(given: str) -> str:
    """The name of a plan's file; what looks like the name of a preset and is none is refused as one."""
    if given.endswith(".toml") or Path(given).parent != Path() or Path(given).exists():
        return given
    check_choice(given, "plan", plan_names(), "the list of presets; any other plan is a file, like my.toml")
    return given


def _place(option: str, given: str | None) -> Path | None:
    if given == "":
        raise Refusal(option, "empty", "a name", _LINE)
    return None if given is None else Path(given)


def _seed(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) <= 20 and int(given) <= _SEED_MAX):
        raise Refusal("--seed", given, f"a whole number from 0 to {_SEED_MAX}", "the simulation")
    return int(given)


def _speed(given: str) -> float:
    try:
        speed = float(given)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0):
        do = "write 1 for real time, or leave it out for full speed"
        raise Refusal("--speed", given, "a number above 0", _LINE, do)
    return speed


# ---- plans -------------------------------------------------------------------------------------------------


def _plans(arguments: argparse.Namespace, outlet: Outlet) -> int:
    if arguments.name is not None:
        outlet.write(preset_text(arguments.name))
        return 0
    plans = [preset(name) for name in plan_names()]
    rows = [("name", "site", "current", "session", "polarity", "at most"), *(_row(plan) for plan in plans)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        outlet.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    outlet.write("\n")
    sources = {plan.bound.binding: f"{plan.bound.source} ({plan.bound.mark})" for plan in plans}
    for binding, source in sources.items():
        line = f"{binding:<{widths[0]}}  {source}"
        outlet.write(textwrap.fill(line, width=79, subsequent_indent=" " * (widths[0] + 2)) + "\n")
    outlet.write("\nRun one: iontocore run palms. Change one: iontocore plans palms > my.toml, and run my.toml.\n")
    return 0


def _row(plan: Plan) -> tuple[str, ...]:
    amount, unit = (plan.duration_ms, Unit.MS) if plan.dose_nc is None else (plan.dose_nc, Unit.NC)
    sign = "+" if plan.first_sign > 0 else "-"
    polarity = f"{plan.polarity} {sign}" if plan.polarity is Polarity.FIXED else str(plan.polarity)
    limit = f"{in_words(plan.bound.value, Unit.UA)}, {plan.bound.binding}"
    return (plan.name, str(plan.site), in_words(plan.current_ua, Unit.UA), in_words(amount, unit), polarity, limit)


# ---- journal -----------------------------------------------------------------------------------------------


def _verify(arguments: argparse.Namespace, outlet: Outlet) -> int:
    verdict = journal.verify(arguments.file)
    if verdict.problem is not None:
        complain(f"{verdict}.")
        return 2
    outlet.write(f"{verdict}\n")
    return 0


def _show(arguments: argparse.Namespace, outlet: Outlet) -> int:
    lines = journal_text.show(arguments.file)
    for line in lines:
        outlet.write(f"{line}\n")
    outlet.flush()
    problem = journal.verify(arguments.file).problem
    if problem is not None:
        complain(f"{lines[-1]}.")
        return 2
    return 0


def _acknowledge(arguments: argparse.Namespace, outlet: Outlet) -> int:
    by = check_text(arguments.by, "--by", _LINE)
    journal.read(arguments.file)  # refuses what is not there; opening it would make it
    with Journal.create_or_open(arguments.file, lambda: datetime.now(UTC)) as opened:
        waiting = history.carried(opened.entries())
        if not waiting.trips and not waiting.sessions:
            what = "a fault or an unfinished session that waits for it"
            raise Refusal("acknowledge", f"nothing to answer in {arguments.file}", what, "the journal")
        unfinished = any(session.outcome is None for session in waiting.sessions)
        data: Data = {"trips": list(waiting.trips), "unfinished": unfinished, "by": by}
        entry = opened.append(Kind.ACKNOWLEDGED, 0, data)
    for session in waiting.sessions:
        how = "ended in fault" if session.outcome is not None else "was never closed"
        outlet.write(f"the session of {session.opened:%Y-%m-%d %H:%M} UTC, which {how}\n")
    for trip in waiting.trips:
        outlet.write(f"trip {trip}\n")
    outlet.write(f"acknowledged by {by} in entry {entry.seq}: the next session may be opened\n")
    return 0


# ---- the arguments -----------------------------------------------------------------------------------------


class Misuse(Exception):
    """Arguments that make no command. The text is one sentence."""


class _Parser(argparse.ArgumentParser):
    """Answers a mistake as everything here does: in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raises Misuse."""
        raise Misuse(f"{message}; {self.prog} --help tells what there is.")


_ABOUT_RUN: Final = """\
Treats a plan on the simulated body and shows it. PLAN is the name of a preset (iontocore plans lists them) or a TOML
file; write ./palms for a file that is called like a preset.

Every tick is judged by every safety invariant. Ctrl-C, SIGTERM and SIGHUP are a stop: the current comes down by its
ramp, and the results are written. With --speed and a terminal the keyboard steers the session: space pauses and
resumes, + and - change the intensity, s stops, a acknowledges a fault. Without one, a session that waits for contact
for more than 5 minutes is stopped.

Exit status: 0 completed or stopped, 1 ended in fault (or an invariant was broken, or a result could not be written),
2 refused: then nothing was written and nothing energised.
"""

_ABOUT_ACKNOWLEDGE: Final = """\
No session is opened while a fault, or a session that was never closed (the power was lost), has not been acknowledged:
power-on clears nothing. Find the cause first. This puts on record who answers for it; it asks no core and clears no
trip that a core still holds.
"""


def _parser(added: Iterable[str]) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="iontocore", allow_abbrev=False, description="Iontophoresis on a guarded core, on a simulated body."
    )
    parser.add_argument("--version", action="version", version=f"iontocore {version('iontocore')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = commands.add_parser(
        "run", allow_abbrev=False, help="treat a plan", description=_ABOUT_RUN, formatter_class=raw
    )
    run.add_argument("plan", metavar="PLAN", help="a preset's name, or a TOML file")
    run.add_argument("--body", metavar="FILE", help="the simulated body and what happens to it (TOML); hands in trays")
    run.add_argument("--device", metavar="FILE", help="the device's profile (TOML); the simulated device")
    run.add_argument(
        "--journal",
        metavar="FILE",
        help="where the session is recorded, after earlier ones; without it in a temporary file that is removed, "
        "so that no earlier session counts",
    )
    run.add_argument(
        "--out",
        metavar="DIR",
        help="a folder for session.json, chart.svg and trace.npz (every tick), in place of those of an earlier session",
    )
    run.add_argument("--speed", metavar="X", help="session time over real time, 1 is real time; as fast as it goes")
    run.add_argument("--seed", metavar="N", default="0", help="of the simulation's noise; 0")
    run.add_argument("--json", action="store_true", help="print the content of session.json, and nothing else")
    run.set_defaults(act=_run)

    plans = commands.add_parser(
        "plans", allow_abbrev=False, help="list the presets, or print one as TOML that run accepts"
    )
    plans.add_argument("name", metavar="NAME", nargs="?", help="a preset's name")
    plans.set_defaults(act=_plans)

    books = commands.add_parser("journal", allow_abbrev=False, help="look at what was recorded")
    acts = books.add_subparsers(title="acts", metavar="ACT", required=True)
    verify = acts.add_parser(
        "verify", allow_abbrev=False, help="whether it is whole, and the hash that tells it from every other"
    )
    show = acts.add_parser("show", allow_abbrev=False, help="its entries, a line each")
    acknowledge = acts.add_parser(
        "acknowledge",
        allow_abbrev=False,
        help="answer for a fault, or for a session that was never closed",
        description=_ABOUT_ACKNOWLEDGE,
        formatter_class=raw,
    )
    acknowledge.add_argument("--by", metavar="NAME", required=True, help="who has looked for the cause")
    for parser_of, act in ((verify, _verify), (show, _show), (acknowledge, _acknowledge)):
        parser_of.add_argument("file", metavar="FILE", help="a journal")
        parser_of.set_defaults(act=act)
    for name in added:
        commands.add_parser(name, add_help=False, help=f"added by another package; {name} --help tells more")
    return parser
