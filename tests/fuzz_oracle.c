/* The promises of ionto.h as checks on what the core did: see fuzz_oracle.h. */
#include "fuzz_oracle.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void holds(int promise, const char *sentence)
{
    if (!promise) {
        fprintf(stderr, "\nBROKEN: %s\n", sentence);
        abort();
    }
}

/* ---- the configuration ----------------------------------------------------------------------------------- */

#define WIDE 5u   /* the first five are 64 bits wide */

int64_t config_get(const struct ionto_config *c, uint32_t field)
{
    int64_t wide;
    int32_t narrow;
    if (field < WIDE) {
        memcpy(&wide, (const char *)c + (sizeof wide * field), sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const char *)c + (sizeof wide * WIDE) + (sizeof narrow * (field - WIDE)), sizeof narrow);
    return narrow;
}

void config_set(struct ionto_config *c, uint32_t field, int64_t value)
{
    int32_t narrow = (int32_t)(uint32_t)(uint64_t)value;
    if (field < WIDE) {
        memcpy((char *)c + (sizeof value * field), &value, sizeof value);
    } else {
        memcpy((char *)c + (sizeof value * WIDE) + (sizeof narrow * (field - WIDE)), &narrow, sizeof narrow);
    }
}

_Static_assert(sizeof(struct ionto_config) == 8u * WIDE + 4u * (FIELDS - WIDE),
               "every field has a number, none is hidden");
_Static_assert(offsetof(struct ionto_config, tick_us) == 8u * WIDE, "the narrow fields begin with tick_us");
_Static_assert(offsetof(struct ionto_config, over_current_us) == 8u * WIDE + 4u * 19u, "field 24");
_Static_assert(offsetof(struct ionto_config, heartbeat_us) == 8u * WIDE + 4u * 29u, "field 34");

void config_range(const struct ionto_config *c, uint32_t field, int64_t *low, int64_t *high)
{
    const int64_t tick = c->tick_us;
    int64_t lo = 1, hi = 200000;   /* of a debounce */
    switch (field) {
        case 0: lo = 1000000; hi = 7200000000; break;                                /* time_cap_us */
        case 1: lo = tick; hi = c->time_cap_us; break;                               /* time_reserve_us */
        case 2: lo = c->charge_reserve_fc > 1 ? c->charge_reserve_fc : 1;            /* charge_cap_each_fc */
                hi = 100000000000000000; break;
        case 3: lo = c->charge_cap_each_fc; hi = 100000000000000000; break;          /* charge_cap_total_fc */
        case 4: lo = c->limit_na * tick; hi = c->charge_cap_each_fc; break;          /* charge_reserve_fc */
        case 5: lo = 100; hi = 10000; break;                                         /* tick_us */
        case 6: lo = 1; hi = tick / 2; break;                                        /* tick_tolerance_us */
        case 7: lo = 1; hi = 30000000; break;                                        /* limit_na */
        case 8: lo = (int64_t)c->limit_na + 100000; hi = 35000000; break;            /* trip_na */
        case 9: lo = 1; hi = 2 * tick; break;                                        /* rise: 2 mA/s is 2 nA/us */
        case 10: lo = (tick + 1) / 2; hi = 20 * tick; break;                         /* fall: 0.5 to 20 mA/s */
        case 11: lo = 100000; hi = 60000000; break;                                  /* dwell_us */
        case 12: lo = 1000; hi = 100000; break;                                      /* compliance_mv */
        case 13: lo = (int64_t)c->compliance_mv + 1; hi = (int64_t)c->compliance_mv + 20000; break;
        case 14: lo = ((int64_t)c->compliance_mv + 1) / 2; hi = c->compliance_mv; break;   /* saturation_mv */
        case 15: lo = 1001; hi = 1000000; break;                                     /* headroom_na */
        case 16: lo = 1000; hi = (int64_t)c->headroom_na - 1; break;                 /* open_na */
        case 17: lo = 1; hi = 1000; break;                                           /* short_ohm */
        case 18: lo = 10000; hi = 5000000; break;                                    /* short_above_na */
        case 19: lo = 1000; hi = 1000000; break;                                     /* mismatch_na */
        case 20: lo = 1000; hi = 2000000; break;                                     /* disagree_na */
        case 21: lo = (int64_t)c->trip_na + 1; hi = 200000000; break;                /* sensor_max_na */
        case 22: lo = (int64_t)c->over_voltage_mv + 1; hi = 200000; break;           /* sensor_max_mv */
        case 23: lo = 1000; hi = 100000; break;                                      /* leakage_na */
        case 33: lo = 1; hi = 60000000; break;                                       /* contact_us */
        case 34: lo = 20000; hi = 10000000; break;                                   /* heartbeat_us */
        default: break;
    }
    *low = lo;
    *high = hi;
}

int config_allowed(const struct ionto_config *c)
{
    uint32_t field;
    for (field = 0u; field < FIELDS; field++) {
        int64_t low, high, value = config_get(c, field);
        config_range(c, field, &low, &high);
        if (value < low || value > high) {
            return 0;
        }
    }
    return 1;
}

/* ---- what is to be seen at a tick ------------------------------------------------------------------------- */

static int64_t size(int64_t x)
{
    return x < 0 ? -x : x;
}

static int is_zero(const struct oracle *o, const struct ionto_sense *s)
{
    return size(s->measured_na) <= o->c.leakage_na && size(s->check_na) <= o->c.leakage_na;
}

/* Whether each debounced condition is there to be seen, in the order of their times. */
static void conditions(const struct oracle *o, const struct ionto_sense *s, int seen[CONDITIONS])
{
    const struct ionto_config *c = &o->c;
    const int64_t measured = size(s->measured_na), check = size(s->check_na), voltage = size(s->voltage_mv);
    const int64_t full = measured < 200000000 ? measured : 200000000;
    const int saturated = voltage >= c->saturation_mv;
    const int within = (s->measured_na >= 0 && s->measured_na <= o->last_na)
        || (s->measured_na <= 0 && s->measured_na >= o->last_na);
    seen[0] = measured > c->trip_na || check > c->trip_na;
    seen[1] = voltage > c->over_voltage_mv;
    seen[2] = o->closed == 1u
        && (s->contact != 1u || (saturated && size(o->last_na) > c->open_na && measured < c->open_na));
    seen[3] = measured > c->short_above_na && voltage <= 200000 && voltage * 1000000 < full * c->short_ohm;
    seen[4] = size((int64_t)s->measured_na - o->last_na) > c->mismatch_na && !(saturated && within);
    seen[5] = measured > c->sensor_max_na || check > c->sensor_max_na || voltage > c->sensor_max_mv
        || size((int64_t)s->measured_na - s->check_na) > c->disagree_na;
    seen[6] = o->primed == 1u && s->sample == o->sample;
    seen[7] = o->closed == 0u && !is_zero(o, s);
    seen[8] = s->switch_closed != o->closed;
}

static const enum ionto_trip TRIP_OF[CONDITIONS] = {
    IONTO_TRIP_OVER_CURRENT, IONTO_TRIP_OVER_VOLTAGE, IONTO_TRIP_OPEN, IONTO_TRIP_SHORT, IONTO_TRIP_MISMATCH,
    IONTO_TRIP_SENSOR, IONTO_TRIP_STALE, IONTO_TRIP_LEAKAGE, IONTO_TRIP_SWITCH};
static const char *const CUTS[CONDITIONS] = {
    "SI-08 over-current cuts within its time", "SI-09 over-voltage cuts within its time",
    "SI-10 lost contact cuts within its time", "SI-11 a short circuit cuts within its time",
    "SI-12 a mismatch cuts within its time", "SI-13 a sensor out of range or contradicted cuts within its time",
    "SI-13 a stale sample cuts within its time", "SI-14 current while off is latched within its time",
    "SI-14 a switch that does not obey is latched within its time"};

/* ---- the judgement ---------------------------------------------------------------------------------------- */

void oracle_start(struct oracle *o, enum sound sound, const struct ionto_config *c, uint32_t carried_trips)
{
    memset(o, 0, sizeof *o);
    o->c = *c;
    o->sound = sound;
    o->trips = carried_trips;
    o->acknowledge = 1u;
    o->falling = -1;
}

/* The caps: which of them is near enough for the fall to begin, before this tick. */
static int time_due(const struct oracle *o)
{
    return o->live_us + o->c.time_reserve_us >= o->c.time_cap_us;
}

static int charge_due(const struct oracle *o)
{
    const int64_t reserve = o->c.charge_reserve_fc;
    return o->positive_fc + reserve >= o->c.charge_cap_each_fc || o->negative_fc + reserve >= o->c.charge_cap_each_fc
        || o->positive_fc + o->negative_fc + reserve >= o->c.charge_cap_total_fc;
}

/* The next tick could go beyond a cap: then the regulator gives up at once. */
static int at_cap(const struct oracle *o)
{
    const int64_t most = 300000000000;   /* the largest current for the longest tick */
    return o->live_us + o->c.tick_us > o->c.time_cap_us || o->positive_fc + most > o->c.charge_cap_each_fc
        || o->negative_fc + most > o->c.charge_cap_each_fc
        || o->positive_fc + o->negative_fc + most > o->c.charge_cap_total_fc;
}

/* What a saturated voltage lets a channel drive: what flows in the direction of the drive, and the headroom. */
static int64_t allowed_na(const struct oracle *o, const struct ionto_sense *s)
{
    const int along = (s->measured_na > 0 && o->last_na > 0) || (s->measured_na < 0 && o->last_na < 0);
    return size(s->voltage_mv) < o->c.saturation_mv ? INT64_MAX
                                                    : (along ? size(s->measured_na) : 0) + o->c.headroom_na;
}

static void judge_current(const struct oracle *o, const struct tick *t, int off)
{
    const struct ionto_config *c = &o->c;
    const int64_t now = size(t->drive.current_na), last = size(o->last_na);
    const int64_t allowed = allowed_na(o, &t->sense), held = last < allowed ? last : allowed;
    const int32_t sign = (t->drive.current_na > 0) - (t->drive.current_na < 0);
    const int regulator = o->sound == SOUND_REGULATOR;
    const int given_up = off && (t->trips != 0u || (regulator && (at_cap(o) || t->sense.emergency_stop != 0u)));
    holds(now <= c->limit_na, "SI-01 the current is within the limit");
    holds(now <= 30000000, "SI-02 the current is within the ceiling");
    holds(now - last <= c->rise_na_per_tick, "SI-03 it rises by the rise rate");
    holds(held - now <= c->fall_na_per_tick || given_up,
          "SI-03 it falls by the fall rate save when cut or to what a saturated voltage allows");
    holds(now <= allowed, "SI-27 a saturated voltage allows what flows and the headroom");
    holds(sign == 0 || o->last_na == 0 || (o->last_na > 0) == (sign > 0), "SI-04 it changes its sign through zero");
    holds(sign == 0 || sign == o->sign || o->zero_us >= c->dwell_us, "SI-04 it is zero for the dwell before");
    holds(t->drive.switch_closed <= 1u, "SI-06 the switch is open or closed");
    holds(t->drive.switch_closed == 1u || now == 0, "SI-06 it is zero with the switch open");
    holds(t->trips == 0u || off, "SI-06 a latched trip is off");
    holds((t->phase == (uint32_t)IONTO_PHASE_FAULT) == (t->trips != 0u),
          "SI-06 it is in fault while a trip is latched");
    holds((t->phase != (uint32_t)IONTO_PHASE_IDLE && t->phase != (uint32_t)IONTO_PHASE_WAIT) || off,
          "SI-06 idle and waiting are off");
    if (o->closed == 0u && t->drive.switch_closed == 1u) {
        holds(now == 0, "SI-05 it starts from zero");
        holds(o->armed == 1u, "SI-05 it starts after a STOP that was seen without a trip");
        holds(t->request.command == (uint32_t)IONTO_COMMAND_RUN, "SI-05 it starts by RUN");
        holds(size(t->request.target_na) <= c->limit_na, "SI-22 a target beyond the limit starts nothing");
        holds(o->contact_us >= c->contact_us, "SI-05 it starts once contact has held");
        holds(o->unheard_us < c->heartbeat_us, "SI-05 it starts while the supervisor is heard");
    }
}

/* A stop, silence, and a cap that is due. The regulator falls at the very tick; the guard alone bounds the fall by an
 * envelope that begins a tick later. */
static void judge_end(struct oracle *o, const struct tick *t, int due)
{
    const int64_t now = size(t->drive.current_na), last = size(o->last_na), fall = o->c.fall_na_per_tick;
    if (o->sound != SOUND_GUARD) {
        holds(!due || now <= (last > fall ? last - fall : 0),
              "SI-15 SI-16 SI-17 SI-18 what is to end falls at every tick");
        holds(t->request.command == (uint32_t)IONTO_COMMAND_RUN || now != 0 || t->drive.switch_closed == 0u,
              "SI-16 the switch opens with the zero of a stop");
    } else if (o->closed == 0u) {
        o->falling = -1;
    } else if (o->falling >= 0 || due) {
        int64_t envelope;
        o->falling_from_na = o->falling < 0 ? (int32_t)last : o->falling_from_na;
        o->falling++;
        envelope = o->falling_from_na - (o->falling * fall);
        holds(now <= (envelope > 0 ? envelope : 0), "SI-16 what is to end stays below its envelope");
        holds(now != 0 || t->drive.switch_closed == 0u, "SI-16 the switch opens at the end of the fall");
    } else {
        /* nothing ends */
    }
}

static void judge_trips(const struct oracle *o, const struct tick *t, int cause, int off_tick, int was_due)
{
    const uint32_t gone = o->trips & ~t->trips, come = t->trips & ~o->trips;
    const int clears = o->trips != 0u && t->request.acknowledge == 1u && o->acknowledge == 0u && is_zero(o, &t->sense)
        && !cause && o->unheard_us < o->c.heartbeat_us && t->unsound == 0u;
    uint32_t i;
    holds(gone == 0u || clears, "SI-07 a trip clears by a new acknowledge at measured zero with no cause in sight");
    holds(!clears || t->trips == 0u, "SI-07 such an acknowledge clears all of them");
    holds(o->trips == 0u || gone != 0u || o->first == 0u || t->first == o->first, "SI-07 the first cause is kept");
    holds((t->first == 0u) == (t->trips == 0u), "SI-07 there is a first cause while there is a trip");
    holds(t->first == 0u || (t->trips & TRIP_BIT(t->first)) != 0u, "SI-07 the first cause is latched");
    holds(o->trips == 0u || (t->drive.current_na == 0 && t->drive.switch_closed == 0u),
          "SI-07 what was latched is off");
    for (i = 0u; i < CONDITIONS; i++) {
        const int64_t time = config_get(&o->c, 24u + i);
        holds(o->held_us[i] < time || (t->trips & TRIP_BIT(TRIP_OF[i])) != 0u, CUTS[i]);
        holds((come & TRIP_BIT(TRIP_OF[i])) == 0u || o->held_us[i] >= time, "a debounced trip has its cause");
    }
    holds(!off_tick || (t->trips & TRIP_BIT(IONTO_TRIP_TICK)) != 0u, "SI-21 a tick that is off cuts");
    holds((come & TRIP_BIT(IONTO_TRIP_TICK)) == 0u || off_tick, "TICK has its cause");
    holds(t->sense.emergency_stop == 0u || (t->trips & TRIP_BIT(IONTO_TRIP_EMERGENCY)) != 0u,
          "SI-16 an emergency stop cuts at once");
    holds((come & TRIP_BIT(IONTO_TRIP_EMERGENCY)) == 0u || t->sense.emergency_stop != 0u, "EMERGENCY has its cause");
    holds((come & TRIP_BIT(IONTO_TRIP_CORRUPT)) == 0u, "CORRUPT has its cause");
    holds((come & TRIP_BIT(IONTO_TRIP_HEARTBEAT)) == 0u || o->silent, "HEARTBEAT has its cause");
    holds((come & (TRIP_BIT(IONTO_TRIP_TIME) | TRIP_BIT(IONTO_TRIP_CHARGE))) == 0u || was_due, "a cap has its cause");
    if (o->sound == SOUND_CORE) {
        holds((come & TRIP_BIT(IONTO_TRIP_PROPOSAL)) == 0u, "SI-26 the regulator proposes what the guard permits");
    } else {
        holds(t->drive.current_na == 0 || t->drive.current_na == t->told_na, "the guard makes no current of its own");
    }
}

/* What the regulator proposed last was cut: it takes it back. */
static void take_back(struct oracle *o)
{
    const int64_t charge = size(o->last_na) * o->c.tick_us;
    o->live_us -= o->c.tick_us;
    o->positive_fc -= o->last_na > 0 ? charge : 0;
    o->negative_fc -= o->last_na < 0 ? charge : 0;
}

static void count(struct oracle *o, const struct tick *t)
{
    const int64_t charge = size(t->drive.current_na) * o->c.tick_us;
    o->live_us += t->drive.switch_closed == 1u ? o->c.tick_us : 0;
    o->positive_fc += t->drive.current_na > 0 ? charge : 0;
    o->negative_fc += t->drive.current_na < 0 ? charge : 0;
    holds(o->live_us <= o->c.time_cap_us, "SI-17 energised time is within its cap");
    holds(o->positive_fc <= o->c.charge_cap_each_fc && o->negative_fc <= o->c.charge_cap_each_fc
          && o->positive_fc + o->negative_fc <= o->c.charge_cap_total_fc, "SI-18 charge is within its caps");
    if (o->sound != SOUND_REGULATOR) {
        holds(t->energised_us == o->live_us, "SI-17 time is counted for every tick with the switch closed");
        holds(t->positive_fc == o->positive_fc && t->negative_fc == o->negative_fc, "SI-18 charge is counted exactly");
    }
}

void oracle_judge(struct oracle *o, const struct tick *t)
{
    const int off = t->drive.current_na == 0 && t->drive.switch_closed == 0u;
    const uint32_t since = t->sense.now_us - o->now;
    const int off_tick = o->primed == 1u
        && (since < (uint32_t)(o->c.tick_us - o->c.tick_tolerance_us)
            || since > (uint32_t)(o->c.tick_us + o->c.tick_tolerance_us));
    const int was_due = time_due(o) || charge_due(o) || at_cap(o);
    const int stop = t->request.command != (uint32_t)IONTO_COMMAND_RUN;
    int seen[CONDITIONS], cause, beyond;
    uint32_t i;

    o->corrupt = o->corrupt || t->corrupted != 0u || t->unsound != 0u;
    if (o->corrupt) {
        holds(off, "SI-20 corrupted state drives nothing");
        holds((t->trips & TRIP_BIT(IONTO_TRIP_CORRUPT)) != 0u, "SI-20 corrupted state is latched until a start anew");
        return;
    }
    conditions(o, &t->sense, seen);
    cause = off_tick || t->sense.emergency_stop != 0u;
    for (i = 0u; i < CONDITIONS; i++) {
        o->held_us[i] = seen[i] ? o->held_us[i] + o->c.tick_us : 0;
        cause = cause || seen[i];
    }
    o->contact_us = t->sense.contact == 1u ? o->contact_us + o->c.tick_us : 0;
    o->unheard_us = t->request.heartbeat == o->heartbeat ? o->unheard_us + o->c.tick_us : 0;
    o->silent = o->silent && (o->closed == 1u || t->trips != 0u);
    o->silent = o->silent || (o->closed == 1u && o->unheard_us >= o->c.heartbeat_us);

    judge_current(o, t, off);
    judge_end(o, t, o->closed == 1u && (stop || o->unheard_us >= o->c.heartbeat_us || time_due(o) || charge_due(o)));
    if (o->sound == SOUND_REGULATOR) {
        if (t->cut != 0u && o->closed == 1u) {
            take_back(o);
        }
        holds(t->cut == 0u || off, "SI-06 what is cut proposes zero");
    } else {
        judge_trips(o, t, cause, off_tick, was_due);
    }
    beyond = size(t->request.target_na) > o->c.limit_na;
    if (o->sound != SOUND_GUARD) {
        holds(t->target_na == (beyond ? o->target_na : t->request.target_na),
              "SI-22 a target beyond the limit changes nothing");
        holds(t->refused == (uint32_t)(beyond ? IONTO_REFUSED_LIMIT : IONTO_REFUSED_NOTHING),
              "SI-22 and is refused");
        o->target_na = t->target_na;
    }
    count(o, t);

    o->zero_us = t->drive.current_na == 0 ? o->zero_us + o->c.tick_us : 0;
    o->sign = t->drive.current_na > 0 ? 1 : (t->drive.current_na < 0 ? -1 : o->sign);
    o->armed = (!off || t->trips != 0u) ? 0u : (stop ? 1u : o->armed);
    o->last_na = t->drive.current_na;
    o->closed = t->drive.switch_closed;
    o->trips = t->trips;
    o->first = t->first;
    o->acknowledge = t->request.acknowledge != 0u ? 1u : 0u;
    o->heartbeat = t->request.heartbeat;
    o->now = t->sense.now_us;
    o->sample = t->sense.sample;
    o->primed = 1u;
}
