/* A libFuzzer target: an input is a configuration and a list of commands to a core, its supervisor, its hardware and
 * its body. Every tick is judged by fuzz_oracle.c.
 *
 *     byte 0 to 9    who is judged, and a configuration around a small core in which a ramp takes a few ticks
 *     then, each     four bytes: what, and three arguments (see command())
 *
 * One command is a whole act (run until the phase changes, start as a supervisor would, be silent for a while), so that
 * a few of them reach any phase. The hardware is sound, a current source on a resistance, but for what a command breaks.
 * What was reached is counted, printed at the end for iontocore.verification.fuzz, and shown to libFuzzer as more
 * counters: a phase, a trip or a way from one phase to another that is new is kept as if it were new code. */
#include "fuzz_oracle.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 10u
#define COMMAND 4u
#define COMMANDS 16u
#define MOST_TICKS 240u   /* of an input: a whole treatment of a small core, reversal and end included, takes 80 */
#define CORRUPT_TICKS 6u  /* ... with corrupted state: it stays off until it is started anew, so more show nothing */
#define PHASES 7u
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

/* ---- the world of one input ------------------------------------------------------------------------------- */

struct odd {
    uint32_t kind;    /* what is broken at this tick */
    int32_t value;
};

struct world {
    struct ionto_core core;      /* of a guard or a regulator alone, the other part is not used */
    struct ionto_config config;
    struct oracle oracle;
    struct ionto_sense sense;
    struct ionto_request request;
    struct ionto_drive drive;
    struct odd odd;
    uint32_t move, moves;        /* what is proposed to a guard alone, and for how many ticks more */
    uint32_t cut;                /* what a regulator alone is told */
    uint32_t silent, ticks, phase, corrupted, corrupt_ticks;
    uint32_t flipped;            /* a bit, with no step since */
    uint32_t seen_phases, seen_trips;
};

static int32_t wide(const uint8_t *p)
{
    const uint32_t bits = (uint32_t)p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16);
    /* near zero and near the ends of 32 bits alike */
    return (p[2] & 1u) != 0u ? (int32_t)(bits << 8) : (int32_t)(bits >> 1) - 4194304;
}

static int32_t magnitude(int32_t na)
{
    return na < 0 ? -na : na;
}

/* A core in which ramp, dwell, debounces and caps take a few ticks to a hundred; every choice is in range. */
static void small_config(struct ionto_config *c, const uint8_t head[HEAD])
{
    static const int32_t ticks_us[4] = {10000, 10000, 9999, 5000};
    const int32_t tick = ticks_us[(head[0] >> 4) & 3u];
    const int64_t fall_least = (tick + 1) / 2, fall_most = 20 * (int64_t)tick;
    uint32_t field;
    c->tick_us = tick;
    c->tick_tolerance_us = 1 + ((tick / 2 - 1) * (head[1] & 15)) / 15;
    c->rise_na_per_tick = 2 * tick - (tick / 2) * (head[1] >> 6);
    c->limit_na = c->rise_na_per_tick * (1 + (head[2] & 15)) + 16 * (head[2] >> 4);
    c->fall_na_per_tick = (int32_t)(fall_least + (fall_most - fall_least) * head[3] / 255);
    c->trip_na = c->limit_na + 100000 + 1000 * (head[2] >> 6);
    c->dwell_us = 100000 + (tick / 2) * (head[4] & 3);
    c->contact_us = 1 + tick * ((head[4] >> 2) & 7);
    c->heartbeat_us = 20000 + tick * ((head[4] >> 5) & 7);
    c->compliance_mv = 1000 + 1000 * (head[5] & 7);
    c->over_voltage_mv = c->compliance_mv + 1 + 100 * ((head[5] >> 3) & 3);
    c->saturation_mv = c->compliance_mv - (c->compliance_mv / 2) * (head[5] >> 7);
    c->headroom_na = 1000 + 10000 * (head[5] & 3);
    c->open_na = 1000 + 10000 * (head[5] & 1);
    c->short_ohm = 1 + 333 * (head[6] & 3);
    c->short_above_na = 10000 + 10000 * (head[6] & 1);
    c->mismatch_na = 1000 + 20000 * ((head[6] >> 2) & 1);
    c->disagree_na = 1000 + 20000 * ((head[6] >> 3) & 1);
    c->leakage_na = 1000 + 9000 * ((head[6] >> 4) & 1);
    c->sensor_max_na = c->trip_na + 1 + 50000 * ((head[6] >> 5) & 1);
    c->sensor_max_mv = c->over_voltage_mv + 1 + 500 * ((head[6] >> 6) & 1);
    for (field = 24u; field < 33u; field++) {
        config_set(c, field, 1 + (tick * (int64_t)((head[7] >> (field % 5u)) & 7u)) / 2);
    }
    c->charge_reserve_fc = (int64_t)c->limit_na * tick * (1 + (head[8] & 7));
    c->charge_cap_each_fc = c->charge_reserve_fc + (int64_t)c->limit_na * tick * (head[8] >> 3);
    c->charge_cap_total_fc = c->charge_cap_each_fc + (c->charge_cap_each_fc / 4) * (head[9] & 3);
    if ((head[9] & 4) != 0) {
        c->charge_cap_each_fc = c->charge_cap_total_fc = 100000000000000000;
    }
    c->time_cap_us = 1000000 + 100000 * ((head[9] >> 3) & 15);
    c->time_reserve_us = tick * (int64_t)(1 + (head[9] >> 5));
    holds(config_allowed(c), "a small configuration is allowed");
}

/* Sound hardware under the last drive, but for what is odd. */
static void sense(struct world *w)
{
    struct ionto_sense *s = &w->sense;
    const int32_t ohm = 2000, most_na = w->config.compliance_mv * (1000000 / ohm);
    const int32_t size_na = magnitude(w->drive.current_na) > most_na ? most_na : magnitude(w->drive.current_na);
    s->now_us += (uint32_t)w->config.tick_us;
    s->sample++;
    s->measured_na = w->drive.current_na < 0 ? -size_na : size_na;
    s->check_na = s->measured_na;
    s->voltage_mv = (int32_t)(((int64_t)s->measured_na * ohm) / 1000000);
    s->contact = 1u;
    s->switch_closed = w->drive.switch_closed;
    s->emergency_stop = 0u;
    switch (w->odd.kind) {
        case 1: s->contact = (uint32_t)w->odd.value & 2u; break;
        case 2: s->emergency_stop = 1u + (uint32_t)w->odd.value; break;
        case 3: s->switch_closed = 1u - s->switch_closed + ((uint32_t)w->odd.value & 2u); break;
        case 4: s->sample--; break;
        case 5: s->now_us += (uint32_t)w->odd.value; break;
        case 6: s->measured_na = w->odd.value; break;
        case 7: s->check_na = w->odd.value; break;
        case 8: s->voltage_mv = w->odd.value; break;
        case 9: s->measured_na = s->check_na = w->odd.value; break;
        case 10: s->voltage_mv = w->config.compliance_mv; s->measured_na = s->check_na = 0; break;
        case 11: s->voltage_mv = w->config.over_voltage_mv + 1 + (w->odd.value & 1); break;
        case 12: s->voltage_mv = 0; s->measured_na = s->check_na = w->config.short_above_na + 1; break;
        case 13: s->measured_na = s->check_na = w->config.trip_na + (w->odd.value & 1); break;
        case 14: s->voltage_mv = -w->config.saturation_mv; break;
        case 15: s->measured_na = s->check_na = w->config.leakage_na + (w->odd.value & 1); break;
        default: break;
    }
}

/* What a proposer may do next: what keeps every invariant, and what breaks one by a nanoampere or by all that there is. */
static int32_t proposed(struct world *w)
{
    const struct ionto_config *c = &w->config;
    const int32_t na = w->drive.current_na, size_na = magnitude(na);
    const int32_t target = w->request.target_na;
    const int32_t way = na != 0 ? (na < 0 ? -1 : 1) : (target < 0 ? -1 : 1);
    const int32_t rise = c->rise_na_per_tick, fall = c->fall_na_per_tick;
    int32_t goal = ((target < 0) == (way < 0)) ? magnitude(target) : 0;
    if (w->drive.switch_closed == 0u && w->moves == 0u) {
        return 0;
    }
    if (w->moves > 0u) {
        w->moves--;
        switch (w->move) {
            case 1: return na;
            case 2: return way * (size_na + rise);
            case 3: return way * (size_na + rise + 1);
            case 4: return way * (size_na > fall ? size_na - fall : 0);
            case 5: return way * (size_na > fall ? size_na - fall - 1 : 0);
            case 6: return -na;
            case 7: return -way;
            case 8: return way;
            case 9: return way * c->limit_na;
            case 10: return way * (c->limit_na + 1);
            case 11: return INT32_MAX;
            case 12: return INT32_MIN;
            case 13: return na + way;
            case 14: return 0;
            case 15: return -w->request.target_na;
            default: break;
        }
    }
    goal = w->request.command != (uint32_t)IONTO_COMMAND_RUN ? 0 : goal;
    if (na == 0 && w->oracle.sign == -way && w->oracle.zero_us < c->dwell_us) {
        return 0;
    }
    if (goal > size_na) {
        return way * (goal - size_na > rise ? size_na + rise : goal);
    }
    return way * (size_na - goal > fall ? size_na - fall : goal);
}

/* ---- a tick ----------------------------------------------------------------------------------------------- */

static void step(struct world *w, struct tick *t)
{
    struct ionto_proposal proposal = {0, 1u};
    struct ionto_regulator *r = &w->core.regulator;
    struct ionto_guard *g = &w->core.guard;
    switch (w->oracle.sound) {
        case SOUND_CORE:
            t->drive = ionto_step(&w->core, &w->sense, &w->request);
            t->phase = ionto_phase(&w->core);
            break;
        case SOUND_GUARD:
            proposal.current_na = proposed(w);
            proposal.sound = w->odd.kind == 16u ? (uint32_t)w->odd.value : 1u;
            t->drive = ionto_guard_step(g, &w->sense, &w->request, &proposal);
            t->told_na = proposal.current_na;
            t->unsound = proposal.sound != 1u ? 1u : 0u;
            break;
        default:
            t->cut = w->cut;
            proposal = ionto_regulator_step(r, &w->sense, &w->request, w->cut);
            t->drive.current_na = proposal.current_na;
            t->drive.switch_closed = r->state.energised;
            t->trips = w->cut != 0u ? TRIP_BIT(IONTO_TRIP_PROPOSAL) : 0u;
            t->trips |= w->sense.emergency_stop != 0u ? TRIP_BIT(IONTO_TRIP_EMERGENCY) : 0u;
            t->trips |= proposal.sound != 1u ? TRIP_BIT(IONTO_TRIP_CORRUPT) : 0u;
            t->phase = t->trips != 0u ? (uint32_t)IONTO_PHASE_FAULT : r->phase;
            break;
    }
    if (w->oracle.sound != SOUND_REGULATOR) {
        t->trips = ionto_guard_trips(g);
        t->first = g->state.first_trip;
        t->energised_us = g->state.energised_us;
        t->positive_fc = g->state.positive_fc;
        t->negative_fc = g->state.negative_fc;
    }
    if (w->oracle.sound == SOUND_GUARD) {
        t->phase = t->first != 0u ? (uint32_t)IONTO_PHASE_FAULT
            : (t->drive.switch_closed == 1u ? (uint32_t)IONTO_PHASE_RAMP : (uint32_t)IONTO_PHASE_IDLE);
    } else {
        t->target_na = r->state.target_na;
        t->refused = r->refused;
    }
}

static void tick(struct world *w)
{
    struct tick t;
    uint32_t trip;
    w->corrupt_ticks = w->oracle.corrupt ? w->corrupt_ticks + 1u : 0u;
    if (w->ticks >= MOST_TICKS || w->corrupt_ticks > CORRUPT_TICKS) {
        return;
    }
    memset(&t, 0, sizeof t);
    w->ticks++;
    w->flipped = 0u;
    w->request.heartbeat += w->silent == 0u ? 1u : 0u;
    sense(w);
    step(w, &t);
    t.sense = w->sense;
    t.request = w->request;
    t.corrupted = w->corrupted;
    w->corrupted = 0u;
    holds(t.phase < PHASES, "the phase is one of the header's");
    oracle_judge(&w->oracle, &t);
    all_starts += (w->drive.switch_closed == 0u && t.drive.switch_closed == 1u) ? 1u : 0u;
    w->drive = t.drive;
    new_ways[w->phase * PHASES + t.phase] = 1u;
    new_ways[PHASES * PHASES + TRIPS * (uint32_t)w->oracle.sound + (t.first < TRIPS ? t.first : 0u)] = 1u;
    ticks_in[t.phase]++;
    w->phase = t.phase;
    w->seen_phases |= w->oracle.sound == SOUND_CORE ? 1u << t.phase : 0u;
    for (trip = 1u; trip < TRIPS && w->oracle.sound != SOUND_REGULATOR; trip++) {
        w->seen_trips |= t.first == trip ? 1u << trip : 0u;
    }
}

static void run(struct world *w, uint32_t ticks)
{
    for (; ticks > 0u; ticks--) {
        tick(w);
    }
}

/* ---- the commands ----------------------------------------------------------------------------------------- */

/* Power on with a configuration: accepted exactly when the header says so, and else latched at zero. */
static void power_on(struct world *w, const struct ionto_config *c, uint32_t carried)
{
    const int allowed = config_allowed(c) && carried <= 65535u;
    uint32_t error;
    if (w->oracle.sound == SOUND_CORE) {
        error = ionto_init(&w->core, c, carried);
    } else if (w->oracle.sound == SOUND_GUARD) {
        error = ionto_guard_init(&w->core.guard, c, carried);
    } else {
        carried = 0u;
        error = ionto_regulator_init(&w->core.regulator, c);
        /* it looks at its own limits alone, so it may accept more: what is not allowed is not run on */
        if (!config_allowed(c)) {
            error = ionto_regulator_init(&w->core.regulator, &w->config);
            c = &w->config;
        }
    }
    holds((error == (uint32_t)IONTO_OK) == (w->oracle.sound == SOUND_REGULATOR || allowed),
          "SI-02 a configuration is accepted exactly when every field is in range");
    oracle_start(&w->oracle, w->oracle.sound, c, carried);
    w->drive.current_na = 0;
    w->drive.switch_closed = 0u;
    w->sense.sample += 2u;
    w->corrupted = 0u;
    if (error == (uint32_t)IONTO_OK) {
        w->config = *c;
    } else {
        w->oracle.corrupt = 1;
        refused_starts++;
    }
}

static void configure(struct world *w, const struct ionto_config *c)
{
    static struct ionto_core before;
    const int at_rest = !w->oracle.corrupt && w->oracle.trips == 0u && w->drive.switch_closed == 0u && w->corrupted == 0u;
    uint32_t error;
    if (w->oracle.sound == SOUND_CORE) {
        before = w->core;
        error = ionto_configure(&w->core, c);
        holds((error == (uint32_t)IONTO_OK) == (at_rest && config_allowed(c)),
              "SI-02 it is configured exactly when it is at rest and every field is in range");
        holds(error == (uint32_t)IONTO_OK || memcmp(&before, &w->core, sizeof before) == 0,
              "SI-02 a configuration that is refused changes nothing");
        if (error == (uint32_t)IONTO_OK) {
            oracle_start(&w->oracle, SOUND_CORE, c, 0u);
            w->config = *c;
        }
    }
}

/* One field at an end of its range, just beyond it, or anywhere. */
static void alter(struct ionto_config *c, const uint8_t *p)
{
    int64_t low, high;
    const uint32_t field = p[0] % FIELDS;
    config_range(c, field, &low, &high);
    switch (p[1] % 8u) {
        case 0: config_set(c, field, low); break;
        case 1: config_set(c, field, low - 1); break;
        case 2: config_set(c, field, high); break;
        case 3: config_set(c, field, high + 1); break;
        case 4: config_set(c, field, -1 - config_get(c, field)); break;
        case 5: config_set(c, field, INT64_MIN + p[2]); break;
        case 6: config_set(c, field, INT64_MAX - p[2]); break;
        default: config_set(c, field, low + (int64_t)((uint64_t)p[2] * 65537u)); break;
    }
}

/* Whether a byte lies in a struct that begins at `from`, padding after its last field left out. */
static int lies_in(size_t at, size_t from, size_t last_field)
{
    return at >= from && at < from + last_field + 4u;
}

/* What is stored twice: a flip there is found at the next step. In the report it changes no current. */
static int is_stored_twice(size_t at, enum sound sound)
{
    const size_t r = offsetof(struct ionto_core, regulator), g = offsetof(struct ionto_core, guard);
    const size_t limits = offsetof(struct ionto_regulator_limits, heartbeat_us);
    const size_t proposed = offsetof(struct ionto_regulator_state, corrupt);
    const size_t config = offsetof(struct ionto_config, heartbeat_us);
    const size_t permitted = offsetof(struct ionto_guard_state, acknowledge_seen);
    const int of_regulator = lies_in(at, r + offsetof(struct ionto_regulator, limits), limits)
        || lies_in(at, r + offsetof(struct ionto_regulator, limits_inv), limits)
        || lies_in(at, r + offsetof(struct ionto_regulator, state), proposed)
        || lies_in(at, r + offsetof(struct ionto_regulator, state_inv), proposed);
    const int of_guard = lies_in(at, g + offsetof(struct ionto_guard, config), config)
        || lies_in(at, g + offsetof(struct ionto_guard, config_inv), config)
        || lies_in(at, g + offsetof(struct ionto_guard, state), permitted)
        || lies_in(at, g + offsetof(struct ionto_guard, state_inv), permitted);
    return (of_regulator && sound != SOUND_GUARD) || (of_guard && sound != SOUND_REGULATOR);
}

static void flip(struct world *w, const uint8_t *p)
{
    const size_t at = ((size_t)p[0] | ((size_t)p[1] << 8)) % sizeof w->core;
    uint8_t *const byte = (uint8_t *)&w->core + at;
    *byte = (uint8_t)(*byte ^ (1u << (p[2] % 8u)));
    w->corrupted = is_stored_twice(at, w->oracle.sound) ? 1u : 0u;
    w->flipped = 1u;
    all_flips++;
    tick(w);
}

/* As a supervisor would: stop, acknowledge, wait until the output may be energised, and run until the target. */
static void start(struct world *w)
{
    const int32_t target = w->request.target_na;
    uint32_t ticks;
    w->request.command = (uint32_t)IONTO_COMMAND_STOP;
    w->request.acknowledge = 0u;
    for (ticks = 0u; ticks < 40u && w->drive.switch_closed == 1u; ticks++) {
        tick(w);
    }
    tick(w);
    w->request.acknowledge = 1u;
    tick(w);
    w->request.acknowledge = 0u;
    for (ticks = 0u; ticks < 14u && (w->oracle.zero_us < w->config.dwell_us || w->oracle.contact_us < w->config.contact_us);
         ticks++) {
        tick(w);
    }
    w->request.command = (uint32_t)IONTO_COMMAND_RUN;
    w->request.target_na = target;
    for (ticks = 0u; ticks < 24u && w->phase != (uint32_t)IONTO_PHASE_TREAT; ticks++) {
        tick(w);
    }
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
            w->request.target_na = -w->request.target_na;
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
        holds(t.drive_na == w->drive.current_na && t.switch_closed == w->drive.switch_closed, "the report has the last drive");
        holds(t.trips == ionto_guard_trips(&w->core.guard) && t.phase == ionto_phase(&w->core), "the report has trips and phase");
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
    inputs_of[w.oracle.sound]++;
    new_ways[PHASES * PHASES + 3u * TRIPS + (uint32_t)w.oracle.sound] = 1u;
    for (i = 0u; i < PHASES; i++) {
        inputs_in[i] += (w.seen_phases >> i) & 1u;
    }
    for (i = 0u; i < TRIPS; i++) {
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
