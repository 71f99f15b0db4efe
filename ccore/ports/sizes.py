"""What the core takes of a processor: flash, RAM, stack and instructions, from what the compiler and the emulator say.

    make -C ccore sizes        builds what is measured and runs this: sizes.py PREFIX FOLDER...

A folder is one processor and one level of optimisation. It has the objects, the call graphs with the stack of every
function (``-fcallgraph-info=su``), the linked program that measures (``mps2_an385/measure.c``) and what it measured.

flash         code and constants of the three sources of the core, and of the glue, as the linker takes them
RAM           ``sizeof`` of the structs; the core has no variables of its own
stack         the deepest chain of calls, each function with what the compiler says that it takes
instructions  counted by the emulator in every phase and at every kind of fault: a mean, and the most that was seen;
              and a bound: the longest way through the machine code, whatever the data. The code has no loop: a way that
              comes back to itself, or a call that cannot be followed, is an error here.

Instructions are not cycles. Standard library alone. Exit status 1 when a budget is exceeded.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

BUDGETS = {
    "core flash, -Os": 12 * 1024,
    "core flash, -O2": 14 * 1024,
    "glue flash": 640,
    "port RAM": 1536,
    "stack of the tick": 512,
    "bound of a step": 3500,
}
"""What must not be exceeded, in bytes and instructions, on any of the processors."""

CORE = ("guard", "regulator", "ionto")
ROOTS = ("ionto_step", "ionto_port_tick", "ionto_port_poll", "ionto_port_configure", "ionto_port_start")
YOURS = {"ionto_port_sense", "ionto_port_drive", "ionto_port_exchange", "ionto_port_trips"}

_CONDITIONS = ("eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le")
_BRANCHES = {"b" + condition for condition in _CONDITIONS} | {"cbz", "cbnz"}
_CALLS = {"bl"} | {"bl" + condition for condition in _CONDITIONS}
_FUNCTION = re.compile(r"^([0-9a-f]+) <.+>:$")
_INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(\S+)(?:\t([^;]*))?")


class Instruction(NamedTuple):
    """One instruction: its name without the width, its operands, the address after it."""

    name: str
    operands: str
    after: int


class Row(NamedTuple):
    """What one processor takes at one level of optimisation."""

    name: str
    core_flash: int
    glue_flash: int
    core_ram: int
    port_ram: int
    stack_tick: int
    stack_poll: int
    treat: int
    most: int
    bound: int
    report: int
    configure: int


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def flash(prefix: str, objects: Iterable[Path]) -> int:
    """Bytes of code, constants and initial values in some objects."""
    lines = run(f"{prefix}size", *map(str, objects)).splitlines()[1:]
    return sum(int(text) + int(data) for text, data, *_ in map(str.split, lines))


def deepest(folder: Path, root: str) -> int:
    """Bytes of stack from a call of `root` on, without the functions that a port provides."""
    stack: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for graph in folder.glob("*.ci"):
        for line in graph.read_text().splitlines():
            if node := re.match(r'node: \{ title: "(.+?)" label: ".*?\\n(\d+) bytes \((.+?)\)', line):
                if node[3] != "static":
                    raise SystemExit(f"{folder.name}: the stack of {node[1]} is {node[3]}, which has no bound")
                stack[node[1]] = int(node[2])
            elif edge := re.match(r'edge: \{ sourcename: "(.+?)" targetname: "(.+?)"', line):
                calls.setdefault(edge[1], set()).add(edge[2])

    def depth(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            raise SystemExit(f"{folder.name}: {name} calls itself")
        if name in YOURS:
            return 0
        return stack[name] + max((depth(callee, (*above, name)) for callee in calls.get(name, ())), default=0)

    return depth(root, ())


def functions(prefix: str, program: Path) -> dict[int, dict[int, Instruction]]:
    """The instructions of every function of a program, by address, functions by the address that they begin at."""
    found: dict[int, dict[int, Instruction]] = {}
    lines: list[tuple[int, str, str]] = []
    body: dict[int, Instruction] = {}
    for line in [*run(f"{prefix}objdump", "-d", "--no-show-raw-insn", str(program)).splitlines(), ""]:
        if start := _FUNCTION.match(line):
            body = found.setdefault(int(start[1], 16), {})
            lines = []
        elif code := _INSTRUCTION.match(line):
            lines.append((int(code[1], 16), code[2], (code[3] or "").strip()))
            if len(lines) > 1:
                address, name, operands = lines[-2]
                body[address] = Instruction(re.sub(r"\.[nw]$", "", name), operands, lines[-1][0])
        elif lines:
            address, name, operands = lines[-1]
            body[address] = Instruction(re.sub(r"\.[nw]$", "", name), operands, -1)
            lines = []
    return found


def symbol(prefix: str, program: Path, name: str) -> int:
    for line in run(f"{prefix}nm", str(program)).splitlines():
        if line.split()[2:] == [name]:
            return int(line.split()[0], 16)
    raise SystemExit(f"{program} has no {name}")


def longest(prefix: str, program: Path, name: str) -> int:
    """The most instructions that a call can take: the longest way through the code, calls included, to the return."""
    code = functions(prefix, program)
    sys.setrecursionlimit(100_000)

    def refuse(function: int, why: str) -> SystemExit:
        return SystemExit(f"{program}: the function at {function:#x} {why}: its length has no bound")

    @cache
    def length(function: int) -> int:
        body = code[function]
        done: dict[int, int] = {}
        under_way: set[int] = set()

        def target(operands: str) -> int:
            return int(operands.split(",")[-1].split()[0], 16)

        def jump(address: int) -> int:
            """To a place in this function, or into another one in place of a call."""
            return way(address) if address in body else length(address)

        def way(address: int) -> int:
            if address in done:
                return done[address]
            if address in under_way:
                raise refuse(function, "has a loop")
            under_way.add(address)
            at = body[address]
            returns = (at.name.startswith("bx") and at.operands == "lr") or (
                at.name.startswith(("pop", "ldm")) and "pc" in at.operands
            )
            # Thumb-1 has no longer jump within a function than a call that never comes back.
            far_jump = at.name == "bl" and target(at.operands) in body and target(at.operands) != function
            if at.name == "b" or far_jump:
                done[address] = 1 + jump(target(at.operands))
            elif at.name in _BRANCHES:
                done[address] = 1 + max(jump(target(at.operands)), way(at.after))
            elif at.name in _CALLS:
                done[address] = 1 + length(target(at.operands)) + way(at.after)
            elif returns:
                # A conditional return, in an IT block, may go on.
                conditional = at.name[-2:] in _CONDITIONS and at.name not in ("pop", "ldm", "bx")
                done[address] = 1 + (way(at.after) if conditional else 0)
            elif at.name.startswith(("bx", "blx", "tb")) or re.search(r"\bpc\b", at.operands.split(",")[0]):
                raise refuse(function, f"goes on where nobody can see ({at.name} {at.operands})")
            else:
                done[address] = 1 + way(at.after)
            under_way.discard(address)
            return done[address]

        return way(function)

    return length(symbol(prefix, program, name) & ~1)


def row(prefix: str, folder: Path) -> Row:
    measured = {
        name: [int(value) for value in values]
        for name, *values in map(str.split, (folder / "measured.txt").read_text().splitlines())
    }
    if measured["sixteen"] != [16]:
        raise SystemExit(f"{folder.name}: sixteen instructions were counted as {measured['sixteen'][0]}")
    steps = {name: values for name, values in measured.items() if name.startswith("step_")}
    if not all(ticks for ticks, _, _ in steps.values()):
        raise SystemExit(f"{folder.name}: a phase was not measured")
    most = max(highest for _, _, highest in steps.values())
    bound = longest(prefix, folder / "measure.elf", "ionto_step")
    if most > bound:
        raise SystemExit(f"{folder.name}: {most} instructions were seen where {bound} are the most that there can be")
    return Row(
        name=folder.name,
        core_flash=flash(prefix, [folder / f"{name}.o" for name in CORE]),
        glue_flash=flash(prefix, [folder / "ionto_port.o"]),
        core_ram=measured["sizeof_core"][0],
        port_ram=measured["sizeof_port"][0],
        stack_tick=deepest(folder, "ionto_port_tick"),
        stack_poll=max(deepest(folder, root) for root in ROOTS if root != "ionto_port_tick"),
        treat=steps["step_treat"][1],
        most=most,
        bound=bound,
        report=measured["report"][0],
        configure=measured["configure"][0],
    )


def breaches(rows: Iterable[Row]) -> list[str]:
    """What exceeds its budget, in words."""
    found = []
    for each in rows:
        taken = {
            f"core flash, -{each.name.rpartition('-')[2]}": each.core_flash,
            "glue flash": each.glue_flash,
            "port RAM": each.port_ram,
            "stack of the tick": each.stack_tick,
            "bound of a step": each.bound,
        }
        found += [
            f"{each.name}: {what} is {value}, the budget {BUDGETS[what]}"
            for what, value in taken.items()
            if value > BUDGETS[what]
        ]
    return found


def main(prefix: str, *folders: str) -> int:
    rows = [row(prefix, Path(folder)) for folder in folders]
    print("                   flash B       RAM B        stack B       instructions of ionto_step()  of others")
    print("                   core  glue   core  port   tick  other   treating  most seen  bound  report  configure")
    for each in rows:
        print(
            f"{each.name:17}{each.core_flash:6}{each.glue_flash:6}{each.core_ram:7}{each.port_ram:6}"
            f"{each.stack_tick:7}{each.stack_poll:7}{each.treat:11}{each.most:11}{each.bound:7}"
            f"{each.report:8}{each.configure:11}"
        )
    print("budgets: " + ", ".join(f"{what} {value}" for what, value in BUDGETS.items()))
    over = breaches(rows)
    for line in over:
        print(line, file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
