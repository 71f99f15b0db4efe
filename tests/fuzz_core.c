/* A libFuzzer target: an input is a configuration and a list of commands to a core, its supervisor, its hardware and
 * its body. Every tick is judged by fuzz_oracle.c.
 *
 *     byte 0 to 9    who is judged, and a configuration around a small core in which a ramp takes a few ticks
 *     then, each     four bytes: what, and three arguments (see command())
 *
 * One command is a whole act (run until the phase changes, start as a supervisor would, be silent for a while), so that
 * a few of them reach any phase. What was reached is counted, printed at the end for iontocore.verification.fuzz, and
 * shown to libFuzzer as more counters: a phase, a trip or a way from one phase to another that is new is kept as if it
 * were new code. */
#include "fuzz_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND 4u
#define COMMANDS 16u
#define TRIPS 17u

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/* ---- what was reached ------------------------------------------------------------------------------------- */

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t new_ways[PHASES * PHASES + 3u * TRIPS + 3u];
static uint64_t all_inputs, all_ticks, all_starts, all_flips, refused_starts;
static uint64_t inputs_in[PHASES], inputs_by[TRIPS], ticks_in[PHASES], inputs_of[3];

static void tell(void)
{
    uint32_t i;
    printf("inputs %llu\nticks %llu\nstarts %llu\nflips %llu\nrefused %llu\n", (unsigned long long)all_inputs,
           (unsigned long long)all_ticks, (unsigned long long)all_starts, (unsigned long long)all_flips,
           (unsigned long long)refused_starts);
    for (i = 0u; i < 3u; i++) {
        printf("sound %u %llu\n", i, (unsigned long long)inputs_of[i]);
    }
    for (i = 0u; i < PHASES; i++) {
        printf("phase %u %llu %llu\n", i, (unsigned long long)inputs_in[i], (unsigned long long)ticks_in[i]);
    }
    for (i = 1u; i < TRIPS; i++) {
        printf("trip %u %llu\n", i, (unsigned long long)inputs_by[i]);
    }
    fflush(stdout);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return atexit(tell);
}

void note(struct world *w, const struct tick *t)
{
    const uint32_t trip = t->first < TRIPS ? t->first : 0u;
    new_ways[w->phase * PHASES + t->phase] = 1u;
    new_ways[PHASES * PHASES + TRIPS * (uint32_t)w->oracle.sound + trip] = 1u;
    ticks_in[t->phase]++;
    w->starts += (w->drive.switch_closed == 0u && t->drive.switch_closed == 1u) ? 1u : 0u;
    w->seen_trips |= 1u << trip;
    if (w->oracle.sound == SOUND_CORE) {   /* of one channel alone the phase is made up */
        w->seen_phases |= 1u << t->phase;
    }
}

/* ---- the commands ----------------------------------------------------------------------------------------- */

/* Any number: an end of 32 bits, one of all of them, or one near zero. */
static int32_t wide(const uint8_t *p)
{
    const uint32_t bits = (uint32_t)p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16);
    if (p[2] < 16u) {
        return (p[2] & 1u) != 0u ? INT32_MIN : INT32_MAX;
    }
    return (p[2] & 1u) != 0u ? (int32_t)(bits << 8) : (int32_t)(bits >> 1) - 4194304;
}

static void command(struct world *w, const uint8_t *p)
{
    const uint32_t phase = w->phase;
    struct ionto_config c = w->config;
    uint32_t ticks;
    switch (p[0] % COMMANDS) {
        case 0:   /* run towards a share of the limit, a little beyond it at most */
            w->request.command = (uint32_t)IONTO_COMMAND_RUN;
            w->request.target_na = (int32_t)((int64_t)w->config.limit_na * (int8_t)p[1] / 120);
            run(w, 1u + p[2] % 32u);
            break;
        case 1:
            w->request.command = (uint32_t)IONTO_COMMAND_STOP;
            run(w, 1u + p[2] % 16u);
            break;
        case 2:
            w->request.target_na = (int32_t)((int64_t)w->config.limit_na * (int8_t)p[1] / 120);
            start(w);
            break;
        case 3:   /* as it is, until something happens */
            for (ticks = 0u; ticks < 40u && w->phase == phase; ticks++) {
                tick(w);
            }
            break;
        case 4:   /* the other direction, until it is there */
            w->request.target_na = opposite(w->request.target_na);
            for (ticks = 0u; ticks < 1u + p[2] % 48u; ticks++) {
                tick(w);
            }
            break;
        case 5: case 6:
            w->odd.kind = p[1] % 17u;
            w->odd.value = p[2];
            run(w, 1u + p[3] % 16u);
            w->odd.kind = 0u;
            break;
        case 7:
            w->odd.kind = 5u + p[0] / COMMANDS % 5u;
            w->odd.value = wide(p + 1);
            tick(w);
            w->odd.kind = 0u;
            break;
        case 8:
            w->silent = 1u;
            run(w, 1u + p[2] % 32u);
            w->silent = p[3] & 1u;
            break;
        case 9:
            w->request.acknowledge = p[1] % 3u;
            tick(w);
            w->request.acknowledge = 0u;
            run(w, p[2] % 4u);
            break;
        case 10:   /* any request */
            w->request.target_na = wide(p + 1);
            w->request.command = p[1] & 3u;
            w->request.acknowledge = p[2] & 3u;
            w->request.heartbeat ^= p[3];
            tick(w);
            break;
        case 11:
            if ((p[3] & 0x30u) == 0u) {
                flip(w, p + 1);
            }
            run(w, 1u + p[3] % 8u);
            break;
        case 12:
            alter(&c, p + 1);
            configure(w, &c);
            tick(w);
            break;
        case 13:
            if ((p[3] & 1u) != 0u) {
                alter(&c, p + 1);
            }
            power_on(w, &c, ((uint32_t)p[1] | ((uint32_t)p[2] << 8)) << (p[3] == 255u ? 4u : 0u));
            run(w, p[3] % 4u);
            break;
        case 14:   /* to a guard alone: one kind of proposal for a while */
            w->move = p[1] % 16u;
            w->moves = 1u + p[2] % 16u;
            run(w, w->moves);
            w->moves = 0u;
            break;
        default:   /* to a regulator alone: the output is cut for a while */
            w->cut = 1u + p[1];
            run(w, 1u + p[2] % 4u);
            w->cut = 0u;
            break;
    }
}

/* The report says what is so: judged at the end of an input, since it begins the extremes anew. */
static void report(struct world *w)
{
    struct ionto_telemetry t;
    if (w->oracle.sound == SOUND_CORE && w->flipped == 0u) {
        ionto_report(&w->core, &t);
        holds(t.drive_na == w->drive.current_na && t.switch_closed == w->drive.switch_closed,
              "the report has the last drive");
        holds(t.trips == ionto_guard_trips(&w->core.guard) && t.phase == ionto_phase(&w->core),
              "the report has trips and phase");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    uint8_t head[HEAD] = {0};   /* an input that is shorter goes on with zeros */
    size_t at;
    uint32_t i;
    for (i = 0u; i < HEAD && i < size; i++) {
        head[i] = data[i];
    }
    memset(&w, 0, sizeof w);
    memset(&w.core, head[1], sizeof w.core);   /* a start is right from any bytes */
    w.oracle.sound = (head[0] & 3u) == 3u ? SOUND_CORE : (enum sound)(head[0] & 3u);
    w.sense.now_us = (uint32_t)0 - 100000u;   /* the clock is about to wrap */
    small_config(&w.config, head);
    w.request.heartbeat = 1u;
    power_on(&w, &w.config, 0u);
    for (at = HEAD; at + COMMAND <= size && w.ticks < MOST_TICKS; at += COMMAND) {
        command(&w, data + at);
    }
    report(&w);
    all_inputs++;
    if (all_inputs % 8192u == 0u) {
        printf("at %llu\n", (unsigned long long)all_inputs);
        fflush(stdout);
    }
    all_ticks += w.ticks;
    all_starts += w.starts;
    all_flips += w.flips;
    refused_starts += w.refused;
    inputs_of[w.oracle.sound]++;
    new_ways[PHASES * PHASES + 3u * TRIPS + (uint32_t)w.oracle.sound] = 1u;
    for (i = 0u; i < PHASES; i++) {
        inputs_in[i] += (w.seen_phases >> i) & 1u;
    }
    for (i = 1u; i < TRIPS; i++) {
        inputs_by[i] += (w.seen_trips >> i) & 1u;
    }
    return 0;
}

/* ---- the mutator: commands are moved as a whole ------------------------------------------------------------ */

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
    const size_t commands = size < HEAD ? 0u : (size - HEAD) / COMMAND;
    uint32_t chance = seed;
    size_t at;
    if (size < HEAD || most < HEAD + 2u * COMMAND) {
        memset(data, 0, most < HEAD ? most : HEAD);
        return most < HEAD ? most : HEAD;
    }
    if (next(&chance) % 4u == 0u) {   /* the same story with someone else who is judged */
        data[0] = (uint8_t)((data[0] & 0xFCu) | (next(&chance) & 3u));
    }
    at = HEAD + COMMAND * (commands == 0u ? 0u : next(&chance) % (commands + 1u));
    switch (next(&chance) % 8u) {
        case 0: case 1: case 2:   /* a new command */
            if (size + COMMAND > most) {
                break;
            }
            memmove(data + at + COMMAND, data + at, size - at);
            data[at] = (uint8_t)(next(&chance) % 3u == 0u ? 2u : next(&chance));
            data[at + 1u] = (uint8_t)next(&chance);
            data[at + 2u] = (uint8_t)next(&chance);
            data[at + 3u] = (uint8_t)next(&chance);
            return size + COMMAND;
        case 3:   /* one less */
            if (commands == 0u || at + COMMAND > size) {
                break;
            }
            memmove(data + at, data + at + COMMAND, size - at - COMMAND);
            return size - COMMAND;
        case 4:   /* another argument */
            if (at + COMMAND <= size) {
                data[at + next(&chance) % COMMAND] = (uint8_t)next(&chance);
                return size;
            }
            break;
        case 5:   /* another configuration */
            data[next(&chance) % HEAD] = (uint8_t)next(&chance);
            return size;
        default:
            break;
    }
    return LLVMFuzzerMutate(data, size, most);
}
