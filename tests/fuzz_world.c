/* The world of one input of the fuzzer: see fuzz_world.h. */
#include "fuzz_world.h"

#include <stddef.h>
#include <string.h>

int32_t opposite(int32_t na)
{
    return na == INT32_MIN ? INT32_MAX : -na;
}

static int32_t magnitude(int32_t na)
{
    return na < 0 ? opposite(na) : na;
}

void small_config(struct ionto_config *c, const uint8_t head[HEAD])
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
    c->headroom_na = 2000 + 10000 * (head[5] & 3);
    c->open_na = 1000 + 500 * (head[5] & 1);
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

/* What a proposer does next: what keeps every invariant, or breaks one by a nanoampere or by all that there is. */
static int32_t proposed(struct world *w)
{
    const struct ionto_config *c = &w->config;
    const int32_t na = w->drive.current_na;
    int32_t size_na = magnitude(na);
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
            case 15: return opposite(target);
            default: break;
        }
    }
    goal = w->request.command != (uint32_t)IONTO_COMMAND_RUN ? 0 : goal;
    if (magnitude(w->sense.voltage_mv) >= c->saturation_mv) {
        /* what a saturated voltage allows, in the direction of the drive */
        const int64_t most = (((w->sense.measured_na > 0) == (na > 0) && na != 0) ? magnitude(w->sense.measured_na) : 0)
                             + (int64_t)c->headroom_na;
        size_na = size_na > most ? (int32_t)most : size_na;
        goal = goal > most ? (int32_t)most : goal;
    }
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

void tick(struct world *w)
{
    struct tick t;
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
    note(w, &t);
    w->drive = t.drive;
    w->phase = t.phase;
}

void run(struct world *w, uint32_t ticks)
{
    for (; ticks > 0u; ticks--) {
        tick(w);
    }
}

/* ---- what may happen to it --------------------------------------------------------------------------------- */

void power_on(struct world *w, const struct ionto_config *c, uint32_t carried)
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
        w->refused++;
    }
}

void configure(struct world *w, const struct ionto_config *c)
{
    static struct ionto_core before;
    const int at_rest = !w->oracle.corrupt && w->oracle.trips == 0u && w->drive.switch_closed == 0u
        && w->corrupted == 0u;
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

void alter(struct ionto_config *c, const uint8_t *p)
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

void flip(struct world *w, const uint8_t *p)
{
    const size_t at = ((size_t)p[0] | ((size_t)p[1] << 8)) % sizeof w->core;
    uint8_t *const byte = (uint8_t *)&w->core + at;
    *byte = (uint8_t)(*byte ^ (1u << (p[2] % 8u)));
    w->corrupted = is_stored_twice(at, w->oracle.sound) ? 1u : 0u;
    w->flipped = 1u;
    w->flips++;
    tick(w);
}

void start(struct world *w)
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
    for (ticks = 0u; ticks < 14u; ticks++) {
        if (w->oracle.zero_us >= w->config.dwell_us && w->oracle.contact_us >= w->config.contact_us) {
            break;
        }
        tick(w);
    }
    w->request.command = (uint32_t)IONTO_COMMAND_RUN;
    w->request.target_na = target;
    for (ticks = 0u; ticks < 24u && w->phase != (uint32_t)IONTO_PHASE_TREAT; ticks++) {
        tick(w);
    }
}
