/* Counts what a tick costs on the emulated processor, in instructions, through every phase and every kind of trouble.
 * It runs in place of main.c, where every instruction takes 1024 ns of the emulator's time (-icount shift=10): the
 * counter of the board, 25 MHz, goes on by 25.6 for each. SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "demo.h"
#include "ionto_port.h"

#define FPGA_COUNTER (*(volatile uint32_t *)0x40028018u)
#define KINDS 8u   /* of ticks: one for each phase, and the last for those that began in one and ended in fault */
#define TRIPPING 7u

struct body demo_body;
static struct ionto_port port;
static struct ionto_sense sense;
static struct ionto_request request;
static struct ionto_drive drive;
static uint32_t overhead;
static uint32_t count[KINDS];
static uint32_t total[KINDS];
static uint32_t most[KINDS];

static void print_number(uint32_t value)
{
    char text[12];
    int at = 11;
    text[at] = '\0';
    do {
        at--;
        text[at] = (char)('0' + (char)(value % 10u));
        value = value / 10u;
    } while (value != 0u);
    board_print(&text[at]);
}

static void print_line(const char *name, uint32_t value)
{
    board_print(name);
    board_print(" ");
    print_number(value);
    board_print("\n");
}

/* 25.6 of the counter are one instruction. */
static uint32_t instructions(uint32_t from, uint32_t to)
{
    return (((to - from) * 10u) + 128u) / 256u;
}

/* One tick: the electronics of body.c, with `fault` in what they say; the core, counted. */
static void tick(uint32_t fault)
{
    uint32_t kind = ionto_phase(&port.core);
    uint32_t from;
    uint32_t cost;
    body_live(&demo_body);
    sense.now_us = sense.now_us + ((fault == 1u) ? 1900u : (uint32_t)demo_config.tick_us);
    sense.sample = (fault == 2u) ? sense.sample : demo_body.samples;
    sense.measured_na = (fault == 3u) ? demo_config.trip_na + 1 : ((fault == 4u) ? INT32_MIN : demo_body.current_na);
    sense.check_na = (fault == 5u) ? -demo_body.current_na - 1000000 : sense.measured_na;
    sense.voltage_mv = (fault == 6u) ? demo_config.over_voltage_mv + 1 : ((fault == 7u) ? 0 : demo_body.voltage_mv);
    sense.contact = (fault == 8u) ? 0u : 1u;
    sense.switch_closed = (fault == 9u) ? 1u - demo_body.switch_closed : demo_body.switch_closed;
    sense.emergency_stop = (fault == 10u) ? 1u : 0u;
    if (fault == 11u) {
        demo_body.compliance_mv = 1000;   /* saturated at once, so that the drive backs off */
    }
    if (fault == 12u) {
        port.core.guard.state.last_na = port.core.guard.state.last_na + 1;
    }
    if (fault == 13u) {
        port.core.regulator.state.level_na = port.core.regulator.state.level_na + 1;
    }
    if (fault == 14u) {   /* everything at once */
        sense.now_us = sense.now_us + 5000u;
        sense.sample = demo_body.samples - 1u;
        sense.measured_na = INT32_MAX;
        sense.check_na = INT32_MIN;
        sense.voltage_mv = INT32_MIN;
        sense.contact = 0u;
        sense.switch_closed = 2u;
        sense.emergency_stop = 1u;
    }
    from = FPGA_COUNTER;
    drive = ionto_step(&port.core, &sense, &request);
    cost = instructions(from, FPGA_COUNTER) - overhead;
    if ((ionto_phase(&port.core) == (uint32_t)IONTO_PHASE_FAULT) && (kind != (uint32_t)IONTO_PHASE_FAULT)) {
        kind = TRIPPING;
    }
    count[kind] = count[kind] + 1u;
    total[kind] = total[kind] + cost;
    most[kind] = (cost > most[kind]) ? cost : most[kind];
    demo_body.asked_na = drive.current_na;
    demo_body.switch_closed = drive.switch_closed;
}

static void ticks(uint32_t how_many, uint32_t fault, uint32_t command, int32_t target_na)
{
    uint32_t at;
    request.command = command;
    request.target_na = target_na;
    for (at = 0u; at < how_many; at++) {
        request.heartbeat = request.heartbeat + (((at % 25u) == 0u) ? 1u : 0u);
        tick(fault);
    }
}

static void start_anew(void)
{
    demo_body.resistance_ohm = 3000;
    demo_body.compliance_mv = demo_config.compliance_mv;
    demo_body.contact = 1u;
    demo_body.asked_na = 0;
    demo_body.switch_closed = 0u;
    request.acknowledge = 0u;
    (void)ionto_init(&port.core, &demo_config, 0u);
    ticks(400u, 0u, (uint32_t)IONTO_COMMAND_STOP, 0);
}

static void report(const char *name, uint32_t kind)
{
    board_print("step_");
    board_print(name);
    board_print(" ");
    print_number(count[kind]);
    board_print(" ");
    print_number((count[kind] == 0u) ? 0u : total[kind] / count[kind]);
    board_print(" ");
    print_number(most[kind]);
    board_print("\n");
}

/* What two readings in a row are apart, and whether sixteen instructions are counted as sixteen. What is measured
 * elsewhere has the call and its arguments in it as well, some five instructions. */
static void calibrate(void)
{
    uint32_t from;
    uint32_t to;
    __asm__ volatile("ldr %0, [%2]\nldr %1, [%2]" : "=&l"(from), "=&l"(to) : "l"(&FPGA_COUNTER) : "memory");
    overhead = instructions(from, to);
    __asm__ volatile("ldr %0, [%2]\nnop\nnop\nnop\nnop\nnop\nnop\nnop\nnop\n"
                     "nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop\nldr %1, [%2]"
                     : "=&l"(from), "=&l"(to) : "l"(&FPGA_COUNTER) : "memory");
    print_line("sixteen", instructions(from, to) - overhead);
}

static uint32_t cost_since(uint32_t from)
{
    return instructions(from, FPGA_COUNTER) - overhead;
}

int demo(void)
{
    static struct ionto_telemetry telemetry;
    uint32_t fault;
    uint32_t from;
    calibrate();
    print_line("sizeof_core", (uint32_t)sizeof(struct ionto_core));
    print_line("sizeof_port", (uint32_t)sizeof(struct ionto_port));

    /* a treatment: wait, ramp, treat, reverse, treat, stop, idle */
    start_anew();
    ticks(2000u, 0u, (uint32_t)IONTO_COMMAND_RUN, 3000000);
    ticks(2500u, 0u, (uint32_t)IONTO_COMMAND_RUN, -3000000);
    ticks(50u, 0u, (uint32_t)IONTO_COMMAND_RUN, 30000000);   /* refused */
    ticks(500u, 0u, (uint32_t)IONTO_COMMAND_STOP, 0);
    /* each trouble while the current flows, for long enough to trip; then an acknowledge */
    for (fault = 1u; fault <= 14u; fault++) {
        start_anew();
        ticks(600u, 0u, (uint32_t)IONTO_COMMAND_RUN, ((fault % 2u) == 0u) ? 3000000 : -3000000);
        ticks(40u, fault, (uint32_t)IONTO_COMMAND_RUN, 3000000);
        ticks(2u, 0u, (uint32_t)IONTO_COMMAND_STOP, 0);
        request.acknowledge = 1u;
        ticks(2u, 0u, (uint32_t)IONTO_COMMAND_STOP, 0);
    }
    /* the supervisor falls silent: a fall, then a trip; then contact is missing at a start */
    start_anew();
    ticks(600u, 0u, (uint32_t)IONTO_COMMAND_RUN, 3000000);
    for (fault = 0u; fault < 1200u; fault++) {
        tick(0u);
    }
    start_anew();
    ticks(50u, 8u, (uint32_t)IONTO_COMMAND_RUN, 3000000);

    report("idle", (uint32_t)IONTO_PHASE_IDLE);
    report("wait", (uint32_t)IONTO_PHASE_WAIT);
    report("ramp", (uint32_t)IONTO_PHASE_RAMP);
    report("treat", (uint32_t)IONTO_PHASE_TREAT);
    report("reverse", (uint32_t)IONTO_PHASE_REVERSE);
    report("fall", (uint32_t)IONTO_PHASE_FALL);
    report("fault", (uint32_t)IONTO_PHASE_FAULT);
    report("tripping", TRIPPING);

    start_anew();
    from = FPGA_COUNTER;
    ionto_report(&port.core, &telemetry);
    print_line("report", cost_since(from));
    from = FPGA_COUNTER;
    (void)ionto_init(&port.core, &demo_config, 65535u);
    print_line("init", cost_since(from));
    (void)ionto_init(&port.core, &demo_config, 0u);
    from = FPGA_COUNTER;
    (void)ionto_configure(&port.core, &demo_config);
    print_line("configure", cost_since(from));
    return 0;
}

/* No timer runs here. */
void board_tick(void)
{
}
