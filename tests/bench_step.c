/* Times one step of the core on this machine: the whole, and each channel alone. Prints nanoseconds a step, a line each.
 * Part of `make bench`. The body is a resistor that answers at once, so that nothing but the core costs time. */
#define _POSIX_C_SOURCE 199309L
#include "ionto.h"

#include <stdio.h>
#include <time.h>

enum { STEPS = 1000000, ROUNDS = 7 };

static struct ionto_core core;
static struct ionto_sense sense;
static struct ionto_request request;

static const struct ionto_config config = {
    .time_cap_us = 7200000000, .time_reserve_us = 60000000, .charge_cap_each_fc = 100000000000000000,
    .charge_cap_total_fc = 100000000000000000, .charge_reserve_fc = 1000000000000000, .tick_us = 1000,
    .tick_tolerance_us = 200, .limit_na = 20000000, .trip_na = 35000000, .rise_na_per_tick = 500, .fall_na_per_tick = 500,
    .dwell_us = 2000000, .compliance_mv = 60000, .over_voltage_mv = 65000, .saturation_mv = 59000, .headroom_na = 100000,
    .open_na = 50000, .short_ohm = 200, .short_above_na = 1000000, .mismatch_na = 500000, .disagree_na = 800000,
    .sensor_max_na = 50000000, .sensor_max_mv = 80000, .leakage_na = 100000, .over_current_us = 2000,
    .over_voltage_us = 5000, .open_us = 5000, .short_us = 10000, .mismatch_us = 20000, .sensor_us = 5000,
    .stale_us = 3000, .leakage_us = 20000, .switch_us = 20000, .contact_us = 500000, .heartbeat_us = 500000};

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The next tick of a treatment: at first STOP, then RUN; the direction changes every million ticks or so. */
static void live(struct ionto_drive drive, uint32_t tick)
{
    sense.now_us += 1000u;
    sense.sample += 1u;
    sense.measured_na = drive.current_na;
    sense.check_na = drive.current_na;
    sense.voltage_mv = drive.current_na / 400;
    sense.contact = 1u;
    sense.switch_closed = drive.switch_closed;
    request.command = (tick > 3000u) ? 1u : 0u;
    request.heartbeat = tick / 50u;
    request.target_na = ((tick / 1000000u) % 2u == 0u) ? 15000000 : -15000000;
}

static void start(void)
{
    sense = (struct ionto_sense){0};
    request = (struct ionto_request){0};
    (void)ionto_init(&core, &config, 0u);
}

int main(void)
{
    double whole = 1e9, regulator = 1e9, guard = 1e9, frame = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        struct ionto_drive drive = {0, 0u};
        double t0;
        start();
        t0 = now_ns();
        for (uint32_t i = 0; i < STEPS; i++) {
            live(drive, i);
            drive = ionto_step(&core, &sense, &request);
        }
        t0 = (now_ns() - t0) / STEPS;
        whole = (t0 < whole) ? t0 : whole;
        if ((drive.switch_closed != 1u) || (drive.current_na != 15000000)) {
            (void)fprintf(stderr, "the treatment that is timed did not run\n");
            return 1;
        }

        start();
        drive = (struct ionto_drive){0, 0u};
        t0 = now_ns();
        for (uint32_t i = 0; i < STEPS; i++) {
            struct ionto_proposal p;
            live(drive, i);
            p = ionto_regulator_step(&core.regulator, &sense, &request, 0u);
            drive.current_na = p.current_na;
        }
        t0 = (now_ns() - t0) / STEPS;
        regulator = (t0 < regulator) ? t0 : regulator;

        start();
        drive = (struct ionto_drive){0, 0u};
        t0 = now_ns();
        for (uint32_t i = 0; i < STEPS; i++) {
            struct ionto_proposal p = {0, 1u};
            live(drive, i);
            /* as the regulator would: a rise of one step a tick up to the target */
            if (drive.switch_closed == 1u) {
                p.current_na = (drive.current_na < 15000000) ? (drive.current_na + 500) : 15000000;
            }
            drive = ionto_guard_step(&core.guard, &sense, &request, &p);
        }
        t0 = (now_ns() - t0) / STEPS;
        guard = (t0 < guard) ? t0 : guard;
        if (drive.current_na != 15000000) {
            (void)fprintf(stderr, "the guard that is timed did not permit\n");
            return 1;
        }

        drive = (struct ionto_drive){0, 0u};
        t0 = now_ns();
        for (uint32_t i = 0; i < STEPS; i++) {
            live(drive, i);
            drive.current_na = sense.measured_na + (int32_t)(request.heartbeat % 2u);
            __asm__ volatile("" : : : "memory");
        }
        t0 = (now_ns() - t0) / STEPS;
        frame = (t0 < frame) ? t0 : frame;
    }
    (void)printf("%.2f %.2f %.2f %.2f\n", whole, regulator, guard, frame);
    return 0;
}
