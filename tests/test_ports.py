"""The ports: what a manufacturer compiles, fills in and runs; and what the core takes of a processor."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_embedding import STRICT

CCORE = Path(__file__).resolve().parent.parent / "ccore"
PORTS = CCORE / "ports"
INCLUDES = ("-I", str(CCORE / "include"), "-I", str(PORTS))
CORE = sorted(map(str, (CCORE / "src").glob("*.c")))
CORTEX = ("cortex-m0plus", "cortex-m3")
EMERGENCY = 1 << 11
CORRUPT = 1 << 10


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # The make that may be running the tests must not pass its own flags and targets on.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--silent", *arguments]
    return subprocess.run(command, cwd=CCORE, env=environment, capture_output=True, text=True, timeout=300, check=False)


def host_program(folder: Path, source: str, *others: Path) -> Path:
    """A program of the core, the glue, some other sources and one that is given here, for this machine."""
    written = folder / "main.c"
    written.write_text(source, encoding="utf-8")
    program = folder / "program"
    sources = [*map(str, others), str(written), str(PORTS / "ionto_port.c"), *CORE]
    subprocess.run(["gcc", *sorted(STRICT), "-O2", *INCLUDES, *sources, "-o", str(program)], check=True, timeout=120)
    return program


def numbers(program: Path) -> list[list[int]]:
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=60, check=True)
    return [[int(word) for word in line.split()] for line in done.stdout.splitlines()]


# A board in a few lines: the sense follows the drive, the supervisor's line has what SUPERVISOR says at each exchange.
BOARD = """
#include <stdio.h>
#include "ionto_port.h"
static struct ionto_port port;
static struct ionto_config config = {
    60000000, 600000, IONTO_FC_OF_MA_MIN(1), IONTO_FC_OF_MA_MIN(2), 2000000000000, 1000, 200, 5000000, 6000000, 2000,
    IONTO_NA_PER_TICK(10000, 1000), 200000, 24000, 27000, 23000, 100000, 50000, 200, 500000, 200000, 200000,
    10000000, 40000, 100000, 2000, 5000, 5000, 10000, 20000, 5000, 3000, 20000, 20000, 300000, 500000};
static struct ionto_drive output = {1, 1u};
static struct ionto_telemetry told;
static uint32_t now_us, samples, contact = 1u, line, command, acknowledge, heartbeat, memory, broken, kept_before_told;
static uint32_t drives_before_sense, drives;
void ionto_port_sense(struct ionto_sense *s)
{
    if (samples == 0u) { drives_before_sense = drives; }
    now_us += 1000u; samples++;
    s->now_us = now_us; s->sample = samples; s->measured_na = output.current_na; s->check_na = output.current_na;
    s->voltage_mv = output.current_na / 500; s->contact = contact; s->switch_closed = output.switch_closed;
    s->emergency_stop = 0u;
}
void ionto_port_drive(const struct ionto_drive *d) { output = *d; drives++; }
uint32_t ionto_port_exchange(const struct ionto_telemetry *t, struct ionto_request *r)
{
    told = *t;
    if (t->trips != 0u && memory == t->trips) { kept_before_told = 1u; }
    if (line == 0u) { return 0u; }
    heartbeat++;
    r->target_na = 2000000; r->command = command; r->acknowledge = acknowledge; r->heartbeat = heartbeat;
    return 1u;
}
uint32_t ionto_port_trips(const uint32_t *trips)
{
    if (trips != (const uint32_t *)0 && broken == 0u) { memory = *trips; }
    return memory;
}
static uint32_t run(uint32_t exchanges)
{
    uint32_t result = 0u;
    for (uint32_t i = 0u; i < exchanges; i++) {
        for (uint32_t k = 0u; k < 25u; k++) { ionto_port_tick(&port); }
        result = ionto_port_poll(&port);
    }
    return result;
}
"""
USES_THE_REST = """
uint32_t use(void);
uint32_t use(void)
{
    return run(0u) + ionto_port_start(&port, &config) + told.phase + kept_before_told + drives_before_sense;
}
"""
TREATING = "line = 1u; (void)ionto_port_start(&port, &config); run(20); command = 1u; run(60);"


@pytest.mark.needs("arm-none-eabi-gcc")
@pytest.mark.parametrize("cpu", CORTEX)
@pytest.mark.parametrize("source", ["template/port.c", "ionto_port.c"])
def test_template_and_glue_compile_without_a_warning_and_need_no_library(cpu: str, source: str, tmp_path: Path) -> None:
    flags = [f"-mcpu={cpu}", "-mthumb", *sorted(STRICT), "-Os", *INCLUDES]
    command = ["arm-none-eabi-gcc", *flags, "-c", str(PORTS / source), "-o", str(tmp_path / "port.o")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    needed = subprocess.run(
        ["arm-none-eabi-nm", "-u", str(tmp_path / "port.o")], capture_output=True, text=True, check=True
    )
    assert all(symbol.startswith("ionto_") for symbol in needed.stdout.split() if symbol != "U")


@pytest.mark.needs("gcc")
def test_the_template_energises_nothing_whatever_is_asked_and_says_why(tmp_path: Path) -> None:
    source = """
#include <stdio.h>
#include "ionto_port.h"
int main(void)
{
    static struct ionto_core core;
    struct ionto_config config = CONFIG;
    uint32_t trips = ionto_port_trips((const uint32_t *)0), k, closed = 0u, error = ionto_init(&core, &config, trips);
    struct ionto_request request = {2000000, 0u, 0u, 0u};
    for (k = 0u; k < 20000u; k++) {
        struct ionto_sense sense;
        struct ionto_drive drive;
        request.command = k / 1000u % 2u; request.acknowledge = k / 50u % 2u; request.heartbeat = k;
        ionto_port_sense(&sense);
        drive = ionto_step(&core, &sense, &request);
        ionto_port_drive(&drive);
        closed += drive.switch_closed;
    }
    printf("%u %u %u %u\\n", error, trips, closed, ionto_guard_trips(&core.guard));
    return 0;
}
"""
    config = re.search(r"config = (\{.*?\});", BOARD, flags=re.DOTALL)
    assert config is not None
    program = host_program(tmp_path, source.replace("CONFIG", config[1]), PORTS / "template" / "port.c")
    ((error, carried, closed, trips),) = numbers(program)
    assert (error, closed) == (0, 0)
    assert carried == CORRUPT
    assert trips & EMERGENCY
    assert trips & CORRUPT


@pytest.mark.needs("gcc")
@pytest.mark.invariant("SI-05")
def test_the_output_is_off_before_anything_else_and_who_always_asks_for_current_gets_none(
    tmp_path: Path,
) -> None:
    body = """
int main(void)
{
    uint32_t error;
    command = 1u; line = 1u;
    error = ionto_port_start(&port, &config);
    printf("%d %u %u\\n", output.current_na, output.switch_closed, error);
    run(100);
    printf("%d %u %u\\n", output.current_na, output.switch_closed, drives_before_sense);
    command = 0u; run(2); command = 1u; run(60);
    printf("%u\\n", output.switch_closed);
    return 0;
}
"""
    assert numbers(host_program(tmp_path, BOARD + body)) == [[0, 0, 0], [0, 0, 1], [1]]


@pytest.mark.needs("gcc")
@pytest.mark.invariant("SI-07")
def test_an_acknowledge_that_is_stuck_clears_no_trip_that_was_kept(tmp_path: Path) -> None:
    body = """
int main(void)
{
    memory = 4u; line = 1u; acknowledge = 1u;
    (void)ionto_port_start(&port, &config);
    run(40);
    printf("%u %u\\n", told.trips, memory);
    acknowledge = 0u; run(2); acknowledge = 1u; run(2);
    printf("%u %u\\n", told.trips, memory);
    return 0;
}
"""
    assert numbers(host_program(tmp_path, BOARD + body)) == [[4, 4], [0, 0]]


@pytest.mark.needs("gcc")
def test_a_request_reaches_the_core_at_the_tick_after_its_exchange_and_not_before_a_tick_has_passed(
    tmp_path: Path,
) -> None:
    body = f"""
int main(void)
{{
    uint32_t result;
    {TREATING}
    printf("%d %u %u\\n", told.target_na, told.heartbeat == heartbeat - 1u, output.current_na > 0);
    heartbeat = 1000u;
    result = ionto_port_poll(&port); printf("%u %u\\n", result, heartbeat);
    ionto_port_tick(&port);
    result = ionto_port_poll(&port); printf("%u %u\\n", result, heartbeat);
    ionto_port_tick(&port);
    (void)ionto_port_poll(&port);
    printf("%u\\n", told.heartbeat);
    return 0;
}}
"""
    assert numbers(host_program(tmp_path, BOARD + body)) == [[2000000, 1, 1], [0, 1000], [1, 1001], [1001]]


@pytest.mark.needs("gcc")
@pytest.mark.invariant("SI-15")
def test_a_line_that_is_cut_is_no_request_and_the_core_brings_the_current_down(tmp_path: Path) -> None:
    body = f"""
int main(void)
{{
    {TREATING}
    line = 0u;
    printf("%u\\n", output.current_na > 0);
    run(20);
    printf("%u\\n", output.current_na > 0);
    run(10);
    printf("%d %u %u\\n", output.current_na, output.switch_closed, told.trips);
    return 0;
}}
"""
    assert numbers(host_program(tmp_path, BOARD + body)) == [[1], [1], [0, 0, 1 << 13]]


@pytest.mark.needs("gcc")
@pytest.mark.invariant("SI-07")
def test_a_trip_is_kept_before_it_is_told_and_is_latched_again_after_a_loss_of_power(tmp_path: Path) -> None:
    body = f"""
int main(void)
{{
    {TREATING}
    contact = 0u; run(2);
    printf("%u %u %u\\n", told.trips, memory, kept_before_told);
    contact = 1u; command = 0u;
    printf("%u\\n", ionto_port_start(&port, &config)); run(20);
    printf("%u %u\\n", told.trips, output.switch_closed);
    acknowledge = 1u; run(3);
    printf("%u %u\\n", told.trips, memory);
    return 0;
}}
"""
    assert numbers(host_program(tmp_path, BOARD + body)) == [[4, 4, 1], [0], [4, 0], [0, 0]]


@pytest.mark.needs("gcc")
def test_a_memory_that_does_not_keep_is_said_at_every_exchange_until_it_keeps(tmp_path: Path) -> None:
    body = f"""
int main(void)
{{
    uint32_t result;
    {TREATING}
    broken = 1u; contact = 0u;
    result = run(2); printf("%u %u\\n", result, memory);
    result = run(1); printf("%u %u\\n", result, told.trips);
    broken = 0u;
    result = run(1); printf("%u %u\\n", result, memory);
    return 0;
}}
"""
    assert numbers(host_program(tmp_path, BOARD + body)) == [[2, 0], [2, 4], [1, 4]]


@pytest.mark.needs("gcc")
def test_a_configuration_that_is_refused_is_said_stays_at_zero_and_is_told(tmp_path: Path) -> None:
    body = """
int main(void)
{
    line = 1u; config.limit_na = 30000001;
    printf("%u\\n", ionto_port_start(&port, &config));
    run(20); command = 1u; run(60);
    printf("%u %u %u\\n", output.switch_closed, told.first_trip, told.phase);
    return 0;
}
"""
    assert numbers(host_program(tmp_path, BOARD + body)) == [[3], [0, 11, 6]]


@pytest.mark.needs("gcc")
def test_new_limits_are_taken_between_sessions_and_refused_while_the_switch_is_closed(tmp_path: Path) -> None:
    body = f"""
int main(void)
{{
    struct ionto_config other;
    {TREATING}
    other = config; other.limit_na = 1000000;
    printf("%u %d\\n", ionto_port_configure(&port, &other), told.target_na);
    command = 0u; run(60);
    printf("%u\\n", ionto_port_configure(&port, &other));
    run(20); command = 1u; run(60);
    printf("%u %d\\n", told.refused, output.current_na);
    return 0;
}}
"""
    assert numbers(host_program(tmp_path, BOARD + body)) == [[36, 2000000], [0], [1, 0]]


@pytest.mark.needs("gcc")
def test_the_macros_give_the_rates_the_reserves_and_the_charge_that_they_say(tmp_path: Path) -> None:
    body = """
int main(void)
{
    printf("%d %d %d\\n", IONTO_NA_PER_TICK(100, 1000), IONTO_NA_PER_TICK(2000, 100), IONTO_NA_PER_TICK(20000, 10000));
    printf("%d %d\\n", IONTO_IS_WHOLE_RATE(333, 1000), IONTO_IS_WHOLE_RATE(333, 100));
    printf("%lld %lld\\n", (long long)IONTO_FC(1, 1), (long long)IONTO_FC_OF_MA_MIN(80));
    printf("%lld ", (long long)IONTO_FALL_US(30000000, 500, 1000));
    printf("%lld\\n", (long long)IONTO_FALL_FC(30000000, 500, 1000));
    printf("%u %u\\n", IONTO_TRIP_BIT(IONTO_TRIP_OVER_CURRENT), IONTO_TRIP_BIT(IONTO_TRIP_TIME));
    return 0;
}
"""
    rates, whole, charge, fall, bits = numbers(host_program(tmp_path, BOARD + body + USES_THE_REST))
    assert rates == [100, 200, 200_000]
    assert whole == [1, 0]
    assert charge == [1_000_000, 80 * 60 * 10**12]
    exact_us = 30_000_000 // 500 * 1000
    assert exact_us <= fall[0] <= exact_us + 2000
    # what flows while the drive falls by 500 nA a tick, summed tick by tick
    exact_fc = sum(range(0, 30_000_001, 500)) * 1000
    assert exact_fc <= fall[1] <= exact_fc + 2 * 30_000_000 * 1000
    assert bits == [1, 1 << 15]


@pytest.mark.needs("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")
def test_an_emulated_cortex_m3_prints_what_this_machine_prints_bit_for_bit(tmp_path: Path) -> None:
    emulated, here = make(f"BUILD={tmp_path}", "demo-m3"), make(f"BUILD={tmp_path}", "CC=gcc", "demo-host")
    assert (emulated.returncode, here.returncode) == (0, 0), emulated.stderr + here.stderr
    assert emulated.stdout == here.stdout
    assert emulated.stdout.count("\n") > 40
    assert re.search(r"^ticks 12000, digest of every tick [0-9a-f]{8}$", emulated.stdout, flags=re.MULTILINE)


@pytest.mark.needs("make", "gcc")
def test_the_demonstration_starts_ramps_treats_reverses_stops_and_cuts_when_a_hand_is_lifted(tmp_path: Path) -> None:
    done = make(f"BUILD={tmp_path}", "CC=gcc", "demo-host")
    assert done.returncode == 0
    phases = re.findall(r" s  ([a-z]+),", done.stdout)
    order = [phase for phase, before in zip(phases, [None, *phases], strict=False) if phase != before]
    assert order == ["idle", "wait", "ramp", "treat", "reverse", "ramp", "treat", "fall", "idle", "ramp", "treat",
                     "fault", "idle"]  # fmt: skip
    lifted, _, after = done.stdout.partition("a hand is lifted")[2].partition("the power goes and comes back")
    assert lifted.rstrip().endswith("trips 00000004")
    assert "fault, limited by trip; driven 0.000 mA" in after
    assert "trips 00000004" in after.partition("acknowledge")[0]
    assert after.rstrip().splitlines()[-2].endswith("trips 00000000")


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("sizes")
    return folder, make(f"BUILD={folder}", "sizes")


@pytest.mark.xdist_group("sizes")
@pytest.mark.needs("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")
def test_flash_ram_stack_and_instructions_are_printed_and_within_the_budgets(
    sizes: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    done = sizes[1]
    assert (done.returncode, done.stderr) == (0, "")
    rows = {name: [int(value) for value in rest] for name, *rest in map(str.split, done.stdout.splitlines()[2:-1])}
    assert set(rows) == {f"{cpu}-{level}" for cpu in (*CORTEX, "cortex-m4") for level in ("Os", "O2")}
    for row in rows.values():
        core_flash, glue_flash, core_ram, port_ram, tick, other, treating, most, bound, report, configure = row
        assert 4096 < core_flash <= 14 * 1024
        assert 0 < glue_flash <= 640
        assert 512 < core_ram < port_ram <= 1536
        assert 64 < other < 512
        assert 64 < tick <= 512
        assert 500 < treating <= most <= bound <= 3500
        assert 50 < report < configure


@pytest.mark.xdist_group("sizes")
@pytest.mark.needs("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")
def test_a_core_that_outgrows_a_budget_fails_and_says_by_how_much(
    sizes: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    tight = (PORTS / "sizes.py").read_text().replace('"stack of the tick": 512', '"stack of the tick": 8')
    (tmp_path / "tight.py").write_text(tight)
    command = [sys.executable, str(tmp_path / "tight.py"), "arm-none-eabi-", str(sizes[0] / "sizes" / "cortex-m3-Os")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"cortex-m3-Os: stack of the tick is \d+, the budget 8\n", done.stderr)


@pytest.mark.xdist_group("sizes")
@pytest.mark.needs("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("int ionto_step(int n) { volatile int k = 0; while (n--) { k++; } return k; }", "a loop"),
        ("int ionto_step(int (*f)(void)) { return f() + 1; }", "nobody can see"),
    ],
)
def test_code_whose_length_has_no_bound_is_refused(
    text: str, says: str, sizes: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "step.c").write_text(text)
    elf = tmp_path / "measure.elf"
    flags = ["-mcpu=cortex-m3", "-mthumb", "-Os", "-nostdlib", "-Wl,--entry=ionto_step"]
    subprocess.run(["arm-none-eabi-gcc", *flags, str(tmp_path / "step.c"), "-o", str(elf)], check=True, timeout=60)
    (tmp_path / "measured.txt").write_text((sizes[0] / "sizes" / "cortex-m3-Os" / "measured.txt").read_text())
    command = [sys.executable, str(PORTS / "sizes.py"), "arm-none-eabi-", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert says in done.stderr
