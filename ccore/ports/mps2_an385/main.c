/* A treatment of twelve seconds on an emulated board: ramp, treat, reverse, stop, start again, and a hand that is
 * lifted. Then the power goes and comes back, with the trip still latched, until it is acknowledged.
 *
 * What it prints is a line for each exchange at which something changed, and at the end a digest of every sense record
 * and every drive of every tick. Exit status 0 when the end is as the script has it. SPDX-License-Identifier:
 * Apache-2.0 */
#include "board.h"
#include "demo.h"
#include "ionto_port.h"

#define TICKS_PER_EXCHANGE 25u
#define TICKS_PER_LINE 500u

/* What the supervisor and the hands do, and when. The last step whose time has come is in force. */
struct step {
    uint32_t at_tick;
    const char *what;
    int32_t target_na;
    uint32_t command;
    uint32_t acknowledge;
    uint32_t contact;
};

static const struct step script[] = {
    {0u, "power on, hands in the water", 0, IONTO_COMMAND_STOP, 0u, 1u},
    {100u, "run at 3 mA", 3000000, IONTO_COMMAND_RUN, 0u, 1u},
    {3500u, "reverse", -3000000, IONTO_COMMAND_RUN, 0u, 1u},
    {7000u, "stop", -3000000, IONTO_COMMAND_STOP, 0u, 1u},
    {8000u, "run at 2 mA", 2000000, IONTO_COMMAND_RUN, 0u, 1u},
    {10000u, "a hand is lifted", 2000000, IONTO_COMMAND_RUN, 0u, 0u},
    {10500u, "the power goes and comes back", 2000000, IONTO_COMMAND_RUN, 0u, 1u},
    {11000u, "stop", 0, IONTO_COMMAND_STOP, 0u, 1u},
    {11500u, "acknowledge", 0, IONTO_COMMAND_STOP, 1u, 1u},
    {12000u, "end", 0, IONTO_COMMAND_STOP, 0u, 1u}
};
#define STEPS ((uint32_t)(sizeof script / sizeof script[0]))
#define POWER_LOSS 6u

struct body demo_body;
uint32_t demo_memory[2] = {0u, UINT32_MAX};   /* as written in the factory: no trip */

static struct ionto_port port;
static volatile uint32_t tick_count;
static uint32_t digest = 2166136261u;
static uint32_t step_now;
static uint32_t heartbeat;
static uint32_t printed_at_tick;
static uint32_t printed_step;
static uint32_t last_phase;
static uint32_t last_limited_by;
static uint32_t last_trips;
static uint32_t kept_over_power;

/* ---- words on a line, without libc --------------------------------------------------------------------------- */

static void print_text(const char *text)
{
    board_print(text);
}

/* Digits from the end; `point` of them after a decimal point, 0 for none. */
static void print_number(int64_t value, int point)
{
    char text[28];
    int at = 27;
    int digits = 0;
    uint64_t rest = (value < 0) ? (uint64_t)(-(value + 1)) + 1u : (uint64_t)value;
    text[at] = '\0';
    do {
        if ((digits == point) && (point != 0)) {
            at--;
            text[at] = '.';
        }
        at--;
        text[at] = (char)('0' + (char)(rest % 10u));
        rest = rest / 10u;
        digits++;
    } while ((rest != 0u) || (digits <= point));
    if (value < 0) {
        at--;
        text[at] = '-';
    }
    board_print(&text[at]);
}

static void print_hex(uint32_t value)
{
    static const char digit[] = "0123456789abcdef";
    char text[9];
    int at;
    for (at = 0; at < 8; at++) {
        text[at] = digit[(value >> (28 - (4 * at))) & 15u];
    }
    text[8] = '\0';
    board_print(text);
}

static void print_telemetry(const struct ionto_telemetry *t)
{
    static const char *const phases[] = {"idle", "wait", "ramp", "treat", "reverse", "fall", "fault"};
    static const char *const limits[] = {"nothing", "trip", "heartbeat", "time", "charge",
                                         "stop", "contact", "reversal", "voltage", "ramp"};
    print_text("  t ");
    print_number(t->ticks, 3);
    print_text(" s  ");
    print_text(phases[t->phase]);
    print_text(", limited by ");
    print_text(limits[t->limited_by]);
    print_text("; driven ");
    print_number(t->drive_na / 1000, 3);
    print_text(" mA, measured ");
    print_number(t->measured_na / 1000, 3);
    print_text(" mA at ");
    print_number(t->voltage_mv, 3);
    print_text(" V; +");
    print_number(t->measured_positive_fc / 1000000000, 3);
    print_text(" -");
    print_number(t->measured_negative_fc / 1000000000, 3);
    print_text(" mC; trips ");
    print_hex(t->trips);
    print_text("\n");
}

/* ---- a digest of every tick: FNV-1a over the words of each record --------------------------------------------- */

static void note(uint32_t word)
{
    uint32_t at;
    for (at = 0u; at < 32u; at += 8u) {
        digest = (digest ^ ((word >> at) & 255u)) * 16777619u;
    }
}

/* All but now_us: the emulated board's timer may be read some microseconds sooner or later, the host's may not. */
void demo_note_sense(const struct ionto_sense *sense)
{
    note(sense->sample);
    note((uint32_t)sense->measured_na);
    note((uint32_t)sense->check_na);
    note((uint32_t)sense->voltage_mv);
    note(sense->contact);
    note(sense->switch_closed);
    note(sense->emergency_stop);
}

void demo_note_drive(const struct ionto_drive *drive)
{
    note((uint32_t)drive->current_na);
    note(drive->switch_closed);
}

/* ---- the supervisor and the hands ------------------------------------------------------------------------------ */

uint32_t demo_supervise(const struct ionto_telemetry *telemetry, struct ionto_request *request)
{
    if ((telemetry->phase != last_phase) || (telemetry->limited_by != last_limited_by)
        || (telemetry->trips != last_trips) || (step_now != printed_step)
        || ((tick_count - printed_at_tick) >= TICKS_PER_LINE)) {
        printed_at_tick = tick_count;
        printed_step = step_now;
        print_telemetry(telemetry);
    }
    last_phase = telemetry->phase;
    last_limited_by = telemetry->limited_by;
    last_trips = telemetry->trips;
    heartbeat = heartbeat + 1u;
    request->target_na = script[step_now].target_na;
    request->command = script[step_now].command;
    request->acknowledge = script[step_now].acknowledge;
    request->heartbeat = heartbeat;
    return 1u;
}

/* The power goes and comes back: what the device has in memory is gone but for the trips that were kept. */
static void lose_power(void)
{
    board_stop_ticks();
    demo_body.switch_closed = 0u;
    demo_body.asked_na = 0;
    kept_over_power = demo_memory[0];
    if (ionto_port_start(&port, &demo_config) != (uint32_t)IONTO_OK) {
        print_text("  refused\n");
    }
    board_start_ticks((uint32_t)demo_config.tick_us);
}

/* 1 while there is a step to come. */
static uint32_t follow_the_script(void)
{
    if (((step_now + 1u) < STEPS) && (tick_count >= script[step_now + 1u].at_tick)) {
        step_now = step_now + 1u;
        demo_body.contact = script[step_now].contact;
        print_text(script[step_now].what);
        print_text("\n");
        if (step_now == POWER_LOSS) {
            lose_power();
        }
    }
    return ((step_now + 1u) < STEPS) ? 1u : 0u;
}

/* The interrupt of the tick's timer. */
void board_tick(void)
{
    ionto_port_tick(&port);
    tick_count = tick_count + 1u;
}

int demo(void)
{
    uint32_t running = 1u;

    demo_body.resistance_ohm = 3000;
    demo_body.compliance_mv = demo_config.compliance_mv;
    demo_body.contact = 1u;
    print_text(script[0].what);
    print_text("\n");
    if (ionto_port_start(&port, &demo_config) != (uint32_t)IONTO_OK) {
        print_text("  refused\n");
        return 1;
    }
    board_start_ticks((uint32_t)demo_config.tick_us);
    while (running == 1u) {
        board_wait();
        running = follow_the_script();
        if ((tick_count % TICKS_PER_EXCHANGE) == 0u) {
            (void)ionto_port_poll(&port);
        }
    }
    print_text("ticks ");
    print_number((int64_t)tick_count, 0);
    print_text(", digest of every tick ");
    print_hex(digest);
    print_text("\n");
    return ((kept_over_power == IONTO_TRIP_BIT(IONTO_TRIP_OPEN)) && (last_phase == (uint32_t)IONTO_PHASE_IDLE)
            && (last_trips == 0u)) ? 0 : 1;
}
