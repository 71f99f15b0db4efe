/* The regulator: turns the target into a limited, ramped, slowly reversed current. Contracts: ionto.h.
 * It expects nothing of the guard, not even a true `cut`, and shares with it only the types of the header: what looks
 * alike in guard.c is written twice on purpose, so that no single slip can stand in both.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ionto.h"

/* ---- small arithmetic ---------------------------------------------------------------------------------- */

/*@ terminates \true; assigns \nothing; ensures \result == \abs(x); */
static int64_t magnitude(int32_t x)
{
    return (x < 0) ? -(int64_t)x : (int64_t)x;
}

/*@ terminates \true; assigns \nothing; ensures \result == (x > 0 ? 1 : (x < 0 ? -1 : 0)); */
static int32_t sign_of(int32_t x)
{
    int32_t up = (x > 0) ? 1 : 0;
    return (x < 0) ? -1 : up;
}

/*@ terminates \true; assigns \nothing; ensures \result == (lo <= x <= hi ? IONTO_OK : error); */
static uint32_t within(int64_t x, int64_t lo, int64_t hi, uint32_t error)
{
    return ((lo <= x) && (x <= hi)) ? (uint32_t)IONTO_OK : error;
}

/*@ terminates \true; assigns \nothing; ensures \result == (a != IONTO_OK ? a : b); */
static uint32_t first_of(uint32_t a, uint32_t b)
{
    return (a != (uint32_t)IONTO_OK) ? a : b;
}

/* Runs a timer for one tick while `on`, up to `limit`; else starts it anew. */
/*@ requires 0 <= timer_us <= limit_us && 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true; assigns \nothing;
    ensures \result == (on == 1 ? \min(timer_us + tick_us, limit_us) : 0); */
static int32_t timed(int32_t timer_us, int32_t on, int32_t tick_us, int32_t limit_us)
{
    int32_t next_us = 0;
    if (on == 1) {
        next_us = (timer_us < (limit_us - tick_us)) ? (timer_us + tick_us) : limit_us;
    }
    return next_us;
}

/*@ requires 0 <= few <= 7324 && 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true; assigns \nothing;
    ensures product: \result == few * tick_us;
    ensures bounds: 0 <= \result <= 7324 * IONTO_TICK_MAX_US; */
static int64_t times(int32_t few, int32_t tick_us)
{
    int32_t product = few * tick_us;
    return product;
}

/* The charge of one tick. Two 32-bit products: a 64-bit one would need a library on small processors. */
/*@ requires 0 <= magnitude_na <= IONTO_CEILING_NA && 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true; assigns \nothing;
    ensures product: \result == magnitude_na * tick_us;
    ensures bounds: 0 <= \result <= 300000000000; */
static int64_t charge_fc(int32_t magnitude_na, int32_t tick_us)
{
    int32_t high = magnitude_na / 4096;
    int32_t low = magnitude_na % 4096;
    /*@ assert split: magnitude_na == 4096 * high + low && 0 <= high <= 7324 && 0 <= low <= 4095; */
    return (times(high, tick_us) * 4096) + times(low, tick_us);
}

/* ---- the limits ---------------------------------------------------------------------------------------- */

/* A rate in nA a tick is in range when, in real time, it is between two rates in uA/s. */
/*@ requires 0 <= min_ua_per_s <= max_ua_per_s <= IONTO_FALL_MAX_UA_PER_S && error != IONTO_OK;
    terminates \true; assigns \nothing;
    ensures \result == (IONTO_TICK_MIN_US <= tick_us <= IONTO_TICK_MAX_US && 1 <= rate_na <= 200000
                        && min_ua_per_s * tick_us <= 1000 * rate_na <= max_ua_per_s * tick_us ? IONTO_OK : error); */
static uint32_t rate_within(int32_t rate_na, int32_t tick_us, int32_t min_ua_per_s, int32_t max_ua_per_s,
                            uint32_t error)
{
    uint32_t result = error;
    if ((tick_us >= IONTO_TICK_MIN_US) && (tick_us <= IONTO_TICK_MAX_US) && (rate_na >= 1) && (rate_na <= 200000)) {
        int32_t rate_pa = rate_na * 1000;
        int32_t least_pa = min_ua_per_s * tick_us;
        int32_t most_pa = max_ua_per_s * tick_us;
        result = within(rate_pa, least_pa, most_pa, error);
    }
    return result;
}

/* The error of the first limit that is out of range. */
/*@ requires \valid_read(l);
    terminates \true; assigns \nothing;
    ensures sound: \result == IONTO_OK <==> ionto_regulator_limits_ok(l);
    ensures si02_which: \result ==
      (!(IONTO_TICK_MIN_US <= l->tick_us <= IONTO_TICK_MAX_US) ? IONTO_ERROR_TICK :
      (!(1 <= l->limit_na <= IONTO_CEILING_NA) ? IONTO_ERROR_LIMIT :
      (!(1 <= l->rise_na_per_tick <= 200000
          && 0 <= 1000 * l->rise_na_per_tick <= IONTO_RISE_MAX_UA_PER_S * l->tick_us) ? IONTO_ERROR_RISE :
      (!(1 <= l->fall_na_per_tick <= 200000
          && IONTO_FALL_MIN_UA_PER_S * l->tick_us <= 1000 * l->fall_na_per_tick
             <= IONTO_FALL_MAX_UA_PER_S * l->tick_us) ? IONTO_ERROR_FALL :
      (!(IONTO_DWELL_MIN_US <= l->dwell_us <= IONTO_DWELL_MAX_US) ? IONTO_ERROR_DWELL :
      (!(500 <= l->saturation_mv <= IONTO_VOLTAGE_CEILING_MV) ? IONTO_ERROR_SATURATION :
      (!(1001 <= l->headroom_na <= 1000000) ? IONTO_ERROR_HEADROOM :
      (!(1 <= l->contact_us <= IONTO_CONTACT_MAX_US) ? IONTO_ERROR_CONTACT_TIME :
      (!(IONTO_HEARTBEAT_MIN_US <= l->heartbeat_us <= IONTO_HEARTBEAT_MAX_US) ? IONTO_ERROR_HEARTBEAT_TIME :
      (!(1000000 <= l->time_cap_us <= IONTO_TIME_CEILING_US) ? IONTO_ERROR_TIME_CAP :
      (!(0 <= l->time_reserve_us <= l->time_cap_us) ? IONTO_ERROR_TIME_RESERVE :
      (!(1 <= l->charge_cap_each_fc <= IONTO_CHARGE_CEILING_FC) ? IONTO_ERROR_CHARGE_CAP_EACH :
      (!(l->charge_cap_each_fc <= l->charge_cap_total_fc <= IONTO_CHARGE_CEILING_FC) ? IONTO_ERROR_CHARGE_CAP_TOTAL :
      (!(0 <= l->charge_reserve_fc <= l->charge_cap_each_fc) ? IONTO_ERROR_CHARGE_RESERVE : IONTO_OK)))))))))))))); */
static uint32_t limits_error(const struct ionto_regulator_limits *l)
{
    uint32_t error = within(l->tick_us, IONTO_TICK_MIN_US, IONTO_TICK_MAX_US, (uint32_t)IONTO_ERROR_TICK);
    error = first_of(error, within(l->limit_na, 1, IONTO_CEILING_NA, (uint32_t)IONTO_ERROR_LIMIT));
    error = first_of(error, rate_within(l->rise_na_per_tick, l->tick_us, 0, IONTO_RISE_MAX_UA_PER_S,
                                        (uint32_t)IONTO_ERROR_RISE));
    error = first_of(error, rate_within(l->fall_na_per_tick, l->tick_us, IONTO_FALL_MIN_UA_PER_S,
                                        IONTO_FALL_MAX_UA_PER_S, (uint32_t)IONTO_ERROR_FALL));
    error = first_of(error, within(l->dwell_us, IONTO_DWELL_MIN_US, IONTO_DWELL_MAX_US, (uint32_t)IONTO_ERROR_DWELL));
    error = first_of(error, within(l->saturation_mv, 500, IONTO_VOLTAGE_CEILING_MV, (uint32_t)IONTO_ERROR_SATURATION));
    error = first_of(error, within(l->headroom_na, 1001, 1000000, (uint32_t)IONTO_ERROR_HEADROOM));
    error = first_of(error, within(l->contact_us, 1, IONTO_CONTACT_MAX_US, (uint32_t)IONTO_ERROR_CONTACT_TIME));
    error = first_of(error, within(l->heartbeat_us, IONTO_HEARTBEAT_MIN_US, IONTO_HEARTBEAT_MAX_US,
                                   (uint32_t)IONTO_ERROR_HEARTBEAT_TIME));
    error = first_of(error, within(l->time_cap_us, 1000000, IONTO_TIME_CEILING_US, (uint32_t)IONTO_ERROR_TIME_CAP));
    error = first_of(error, within(l->time_reserve_us, 0, l->time_cap_us, (uint32_t)IONTO_ERROR_TIME_RESERVE));
    error = first_of(error, within(l->charge_cap_each_fc, 1, IONTO_CHARGE_CEILING_FC,
                                   (uint32_t)IONTO_ERROR_CHARGE_CAP_EACH));
    error = first_of(error, within(l->charge_cap_total_fc, l->charge_cap_each_fc, IONTO_CHARGE_CEILING_FC,
                                   (uint32_t)IONTO_ERROR_CHARGE_CAP_TOTAL));
    error = first_of(error, within(l->charge_reserve_fc, 0, l->charge_cap_each_fc,
                                   (uint32_t)IONTO_ERROR_CHARGE_RESERVE));
    return error;
}

/*@ requires \valid_read(r);
    terminates \true; assigns \nothing;
    ensures sound: \result == 1 <==> ionto_regulator_limits_mirrored(r);
    ensures flag: \result == 0 || \result == 1; */
static int32_t limits_mirrored(const struct ionto_regulator *r)
{
    const struct ionto_regulator_limits *a = &r->limits;
    const struct ionto_regulator_limits *b = &r->limits_inv;
    return ((a->time_cap_us == (-1 - b->time_cap_us)) && (a->time_reserve_us == (-1 - b->time_reserve_us))
            && (a->charge_cap_each_fc == (-1 - b->charge_cap_each_fc))
                && (a->charge_cap_total_fc == (-1 - b->charge_cap_total_fc))
            && (a->charge_reserve_fc == (-1 - b->charge_reserve_fc)) && (a->tick_us == (-1 - b->tick_us))
            && (a->limit_na == (-1 - b->limit_na)) && (a->rise_na_per_tick == (-1 - b->rise_na_per_tick))
            && (a->fall_na_per_tick == (-1 - b->fall_na_per_tick)) && (a->dwell_us == (-1 - b->dwell_us))
            && (a->saturation_mv == (-1 - b->saturation_mv)) && (a->headroom_na == (-1 - b->headroom_na))
            && (a->contact_us == (-1 - b->contact_us)) && (a->heartbeat_us == (-1 - b->heartbeat_us))) ? 1 : 0;
}

/*@ requires \valid(r);
    terminates \true;
    assigns r->limits_inv.time_cap_us, r->limits_inv.time_reserve_us, r->limits_inv.charge_cap_each_fc,
            r->limits_inv.charge_cap_total_fc, r->limits_inv.charge_reserve_fc, r->limits_inv.tick_us,
            r->limits_inv.limit_na, r->limits_inv.rise_na_per_tick, r->limits_inv.fall_na_per_tick,
            r->limits_inv.dwell_us, r->limits_inv.saturation_mv, r->limits_inv.headroom_na, r->limits_inv.contact_us,
            r->limits_inv.heartbeat_us;
    ensures kept_rates_ok: \old(ionto_regulator_rates_ok(&r->limits)) ==> ionto_regulator_rates_ok(&r->limits);
    ensures not_made_rates_ok: ionto_regulator_rates_ok(&r->limits) ==> \old(ionto_regulator_rates_ok(&r->limits));
    ensures kept_caps_ok: \old(ionto_regulator_caps_ok(&r->limits)) ==> ionto_regulator_caps_ok(&r->limits);
    ensures not_made_caps_ok: ionto_regulator_caps_ok(&r->limits) ==> \old(ionto_regulator_caps_ok(&r->limits));
    ensures time_cap_us: r->limits_inv.time_cap_us == -1 - r->limits.time_cap_us;
    ensures time_reserve_us: r->limits_inv.time_reserve_us == -1 - r->limits.time_reserve_us;
    ensures charge_cap_each_fc: r->limits_inv.charge_cap_each_fc == -1 - r->limits.charge_cap_each_fc;
    ensures charge_cap_total_fc: r->limits_inv.charge_cap_total_fc == -1 - r->limits.charge_cap_total_fc;
    ensures charge_reserve_fc: r->limits_inv.charge_reserve_fc == -1 - r->limits.charge_reserve_fc;
    ensures tick_us: r->limits_inv.tick_us == (error == IONTO_OK ? -1 - r->limits.tick_us : r->limits.tick_us);
    ensures limit_na: r->limits_inv.limit_na == -1 - r->limits.limit_na;
    ensures rise_na_per_tick: r->limits_inv.rise_na_per_tick == -1 - r->limits.rise_na_per_tick;
    ensures fall_na_per_tick: r->limits_inv.fall_na_per_tick == -1 - r->limits.fall_na_per_tick;
    ensures dwell_us: r->limits_inv.dwell_us == -1 - r->limits.dwell_us;
    ensures saturation_mv: r->limits_inv.saturation_mv == -1 - r->limits.saturation_mv;
    ensures headroom_na: r->limits_inv.headroom_na == -1 - r->limits.headroom_na;
    ensures contact_us: r->limits_inv.contact_us == -1 - r->limits.contact_us;
    ensures heartbeat_us: r->limits_inv.heartbeat_us == -1 - r->limits.heartbeat_us;
    ensures rates: error == IONTO_OK ==> ionto_regulator_rates_mirrored(r);
    ensures caps: ionto_regulator_caps_mirrored(r);
    ensures refused: error != IONTO_OK ==> !ionto_regulator_rates_mirrored(r); */
static void mirror_limits(struct ionto_regulator *r, uint32_t error)
{
    const struct ionto_regulator_limits *a = &r->limits;
    struct ionto_regulator_limits *b = &r->limits_inv;
    b->time_cap_us = -1 - a->time_cap_us;
    b->time_reserve_us = -1 - a->time_reserve_us;
    b->charge_cap_each_fc = -1 - a->charge_cap_each_fc;
    b->charge_cap_total_fc = -1 - a->charge_cap_total_fc;
    b->charge_reserve_fc = -1 - a->charge_reserve_fc;
    /* what is refused is never intact, since no word is its own complement: the regulator stays at zero */
    b->tick_us = (error == (uint32_t)IONTO_OK) ? (-1 - a->tick_us) : a->tick_us;
    b->limit_na = -1 - a->limit_na;
    b->rise_na_per_tick = -1 - a->rise_na_per_tick;
    b->fall_na_per_tick = -1 - a->fall_na_per_tick;
    b->dwell_us = -1 - a->dwell_us;
    b->saturation_mv = -1 - a->saturation_mv;
    b->headroom_na = -1 - a->headroom_na;
    b->contact_us = -1 - a->contact_us;
    b->heartbeat_us = -1 - a->heartbeat_us;
}

/* ---- the state ----------------------------------------------------------------------------------------- */

/*@ requires \valid_read(r);
    terminates \true; assigns \nothing;
    ensures sound: \result == 1 <==> ionto_regulator_state_mirrored(r);
    ensures flag: \result == 0 || \result == 1; */
static int32_t state_mirrored(const struct ionto_regulator *r)
{
    const struct ionto_regulator_state *a = &r->state;
    const struct ionto_regulator_state *b = &r->state_inv;
    return ((a->energised_us == (-1 - b->energised_us)) && (a->positive_fc == (-1 - b->positive_fc))
            && (a->negative_fc == (-1 - b->negative_fc)) && (a->tick_fc == (-1 - b->tick_fc))
                && (a->level_na == (-1 - b->level_na))
            && (a->target_na == (-1 - b->target_na)) && (a->sign == (-1 - b->sign))
            && (a->zero_us == (-1 - b->zero_us)) && (a->contact_us == (-1 - b->contact_us))
            && (a->heartbeat_us == (-1 - b->heartbeat_us)) && (a->heartbeat_seen == (UINT32_MAX - b->heartbeat_seen))
            && (a->armed == (UINT32_MAX - b->armed)) && (a->energised == (UINT32_MAX - b->energised))
            && (a->ending == (UINT32_MAX - b->ending)) && (a->corrupt == (UINT32_MAX - b->corrupt))) ? 1 : 0;
}

/* Every word against its complement. What is intact was written by this file, and so is in range: that is proved. */
/*@ requires \valid_read(r);
    terminates \true; assigns \nothing;
    ensures si20_intact: \result == 1 <==> ionto_regulator_intact(r);
    ensures flag: \result == 0 || \result == 1; */
static int32_t is_intact(const struct ionto_regulator *r)
{
    return ((limits_mirrored(r) == 1) && (state_mirrored(r) == 1)) ? 1 : 0;
}

/*@ requires \valid_read(r);
    terminates \true; assigns \nothing;
    ensures si20_works: \result == 1 <==> ionto_regulator_intact(r) && r->state.corrupt == 0; */
static int32_t is_working(const struct ionto_regulator *r)
{
    return ((is_intact(r) == 1) && (r->state.corrupt == 0u)) ? 1 : 0;
}

/*@ requires \valid(r);
    terminates \true;
    assigns r->state_inv.energised_us, r->state_inv.positive_fc, r->state_inv.negative_fc, r->state_inv.tick_fc,
            r->state_inv.level_na,
            r->state_inv.target_na, r->state_inv.sign, r->state_inv.zero_us, r->state_inv.contact_us,
            r->state_inv.heartbeat_us, r->state_inv.heartbeat_seen, r->state_inv.armed, r->state_inv.energised,
            r->state_inv.ending, r->state_inv.corrupt;
    ensures kept_rates_ok: \old(ionto_regulator_rates_ok(&r->limits)) ==> ionto_regulator_rates_ok(&r->limits);
    ensures not_made_rates_ok: ionto_regulator_rates_ok(&r->limits) ==> \old(ionto_regulator_rates_ok(&r->limits));
    ensures kept_caps_ok: \old(ionto_regulator_caps_ok(&r->limits)) ==> ionto_regulator_caps_ok(&r->limits);
    ensures not_made_caps_ok: ionto_regulator_caps_ok(&r->limits) ==> \old(ionto_regulator_caps_ok(&r->limits));
    ensures kept_rates: \old(ionto_regulator_rates_mirrored(r)) ==> ionto_regulator_rates_mirrored(r);
    ensures not_made_rates: ionto_regulator_rates_mirrored(r) ==> \old(ionto_regulator_rates_mirrored(r));
    ensures kept_caps: \old(ionto_regulator_caps_mirrored(r)) ==> ionto_regulator_caps_mirrored(r);
    ensures not_made_caps: ionto_regulator_caps_mirrored(r) ==> \old(ionto_regulator_caps_mirrored(r));
    ensures kept_level_ok: \old(ionto_regulator_level_ok(&r->state, &r->limits))
                           ==> ionto_regulator_level_ok(&r->state, &r->limits);
    ensures kept_flags_ok: \old(ionto_regulator_flags_ok(&r->state, &r->limits))
                           ==> ionto_regulator_flags_ok(&r->state, &r->limits);
    ensures kept_counts_ok: \old(ionto_regulator_counts_ok(&r->state, &r->limits))
                            ==> ionto_regulator_counts_ok(&r->state, &r->limits);
    ensures energised_us: r->state_inv.energised_us == -1 - r->state.energised_us;
    ensures positive_fc: r->state_inv.positive_fc == -1 - r->state.positive_fc;
    ensures negative_fc: r->state_inv.negative_fc == -1 - r->state.negative_fc;
    ensures tick_fc: r->state_inv.tick_fc == -1 - r->state.tick_fc;
    ensures level_na: r->state_inv.level_na == -1 - r->state.level_na;
    ensures target_na: r->state_inv.target_na == -1 - r->state.target_na;
    ensures sign: r->state_inv.sign == -1 - r->state.sign;
    ensures zero_us: r->state_inv.zero_us == -1 - r->state.zero_us;
    ensures contact_us: r->state_inv.contact_us == -1 - r->state.contact_us;
    ensures heartbeat_us: r->state_inv.heartbeat_us == -1 - r->state.heartbeat_us;
    ensures heartbeat_seen: r->state_inv.heartbeat_seen == UINT32_MAX - r->state.heartbeat_seen;
    ensures armed: r->state_inv.armed == UINT32_MAX - r->state.armed;
    ensures energised: r->state_inv.energised == UINT32_MAX - r->state.energised;
    ensures ending: r->state_inv.ending == UINT32_MAX - r->state.ending;
    ensures corrupt: r->state_inv.corrupt == UINT32_MAX - r->state.corrupt;
    ensures counts: ionto_regulator_counts_mirrored(r);
    ensures level: ionto_regulator_level_mirrored(r);
    ensures flags: ionto_regulator_flags_mirrored(r); */
static void mirror_state(struct ionto_regulator *r)
{
    const struct ionto_regulator_state *a = &r->state;
    struct ionto_regulator_state *b = &r->state_inv;
    b->energised_us = -1 - a->energised_us;
    b->positive_fc = -1 - a->positive_fc;
    b->negative_fc = -1 - a->negative_fc;
    b->tick_fc = -1 - a->tick_fc;
    b->level_na = -1 - a->level_na;
    b->target_na = -1 - a->target_na;
    b->sign = -1 - a->sign;
    b->zero_us = -1 - a->zero_us;
    b->contact_us = -1 - a->contact_us;
    b->heartbeat_us = -1 - a->heartbeat_us;
    b->heartbeat_seen = UINT32_MAX - a->heartbeat_seen;
    b->armed = UINT32_MAX - a->armed;
    b->energised = UINT32_MAX - a->energised;
    b->ending = UINT32_MAX - a->ending;
    b->corrupt = UINT32_MAX - a->corrupt;
}

/* Everything at zero; `corrupt` says whether it stays so. */
/*@ requires valid: \valid(r);
    requires flag: corrupt == 0 || corrupt == 1;
    terminates \true;
    assigns r->state.energised_us, r->state.positive_fc, r->state.negative_fc, r->state.tick_fc, r->state.level_na,
            r->state.target_na, r->state.sign, r->state.zero_us, r->state.contact_us, r->state.heartbeat_us,
            r->state.heartbeat_seen, r->state.armed, r->state.energised, r->state.ending, r->state.corrupt, r->phase,
            r->limited_by, r->refused;
    ensures kept_rates_ok: \old(ionto_regulator_rates_ok(&r->limits)) ==> ionto_regulator_rates_ok(&r->limits);
    ensures not_made_rates_ok: ionto_regulator_rates_ok(&r->limits) ==> \old(ionto_regulator_rates_ok(&r->limits));
    ensures kept_caps_ok: \old(ionto_regulator_caps_ok(&r->limits)) ==> ionto_regulator_caps_ok(&r->limits);
    ensures not_made_caps_ok: ionto_regulator_caps_ok(&r->limits) ==> \old(ionto_regulator_caps_ok(&r->limits));
    ensures kept_rates: \old(ionto_regulator_rates_mirrored(r)) ==> ionto_regulator_rates_mirrored(r);
    ensures not_made_rates: ionto_regulator_rates_mirrored(r) ==> \old(ionto_regulator_rates_mirrored(r));
    ensures kept_caps: \old(ionto_regulator_caps_mirrored(r)) ==> ionto_regulator_caps_mirrored(r);
    ensures not_made_caps: ionto_regulator_caps_mirrored(r) ==> \old(ionto_regulator_caps_mirrored(r));
    ensures level_ok: ionto_regulator_rates_ok(&r->limits) ==> ionto_regulator_level_ok(&r->state, &r->limits);
    ensures flags_ok: ionto_regulator_flags_ok(&r->state, &r->limits);
    ensures counts_ok: ionto_regulator_caps_ok(&r->limits) ==> ionto_regulator_counts_ok(&r->state, &r->limits);
    ensures zero: r->state.level_na == 0 && r->state.sign == 0 && r->state.zero_us == 0 && r->state.energised == 0
                  && r->state.armed == 0 && r->state.ending == 0;
    ensures si17_anew: r->state.energised_us == 0;
    ensures si18_anew: r->state.positive_fc == 0 && r->state.negative_fc == 0 && r->state.tick_fc == 0;
    ensures si22_anew: r->state.target_na == 0;
    ensures timers: r->state.contact_us == 0 && r->state.heartbeat_us == 0 && r->state.heartbeat_seen == 0;
    ensures said: r->phase == IONTO_PHASE_IDLE && r->limited_by == IONTO_LIMITED_BY_STOP
                  && r->refused == IONTO_REFUSED_NOTHING;
    ensures corrupt: r->state.corrupt == corrupt; */
static void clear_state(struct ionto_regulator *r, uint32_t corrupt)
{
    struct ionto_regulator_state *s = &r->state;
    s->energised_us = 0;
    s->positive_fc = 0;
    s->negative_fc = 0;
    s->tick_fc = 0;
    s->level_na = 0;
    s->target_na = 0;
    s->sign = 0;
    s->zero_us = 0;
    s->contact_us = 0;
    s->heartbeat_us = 0;
    s->heartbeat_seen = 0u;
    s->armed = 0u;
    s->energised = 0u;
    s->ending = 0u;
    s->corrupt = corrupt;
    r->phase = (uint32_t)IONTO_PHASE_IDLE;
    r->limited_by = (uint32_t)IONTO_LIMITED_BY_STOP;
    r->refused = (uint32_t)IONTO_REFUSED_NOTHING;
}

/* ---- one tick ------------------------------------------------------------------------------------------ */

/* By the fall rate, or to zero. */
/*@ predicate falls(integer before_na, integer after_na, integer fall_na) =
      \abs(after_na) <= \max(\abs(before_na) - fall_na, 0); */

/* 1 while the direction of the target is not yet allowed: see must_reverse_first(). */
/*@ logic integer turns(integer target_na, integer level_na, integer last_sign, integer zero_us, integer dwell_us) =
      (target_na > 0 && (level_na < 0 || (level_na == 0 && last_sign == -1 && zero_us < dwell_us)))
      || (target_na < 0 && (level_na > 0 || (level_na == 0 && last_sign == 1 && zero_us < dwell_us))) ? 1 : 0; */

/* Takes the target unless it is beyond the limit: then the one in force stays, and the report says so (SI-22). */
/*@ requires \valid(s) && \valid_read(l) && \separated(s, l);
    requires 1 <= l->limit_na <= IONTO_CEILING_NA && \abs(s->target_na) <= l->limit_na;
    terminates \true; assigns s->target_na;
    ensures range: \abs(s->target_na) <= l->limit_na;
    ensures si22_refused: \abs(wanted_na) > l->limit_na
                          ==> s->target_na == \old(s->target_na) && \result == IONTO_REFUSED_LIMIT;
    ensures si22_taken: \abs(wanted_na) <= l->limit_na
                        ==> s->target_na == wanted_na && \result == IONTO_REFUSED_NOTHING; */
static uint32_t take_target(struct ionto_regulator_state *s, const struct ionto_regulator_limits *l, int32_t wanted_na)
{
    uint32_t refused = (uint32_t)IONTO_REFUSED_LIMIT;
    if (magnitude(wanted_na) <= l->limit_na) {
        s->target_na = wanted_na;
        refused = (uint32_t)IONTO_REFUSED_NOTHING;
    }
    return refused;
}

/* What makes the current go to zero by the ramp; NOTHING when the treatment may go on. */
/*@ requires \valid_read(s) && \valid_read(l);
    requires ionto_regulator_limits_ok(l) && ionto_regulator_state_ok(s, l);
    terminates \true; assigns \nothing;
    ensures si15_heartbeat: s->heartbeat_us >= l->heartbeat_us ==> \result != IONTO_LIMITED_BY_NOTHING;
    ensures si16_stop: command != IONTO_COMMAND_RUN ==> \result != IONTO_LIMITED_BY_NOTHING;
    ensures si17_time: ionto_regulator_time_due(s, l) ==> \result != IONTO_LIMITED_BY_NOTHING;
    ensures si18_charge: ionto_regulator_charge_due(s, l) ==> \result != IONTO_LIMITED_BY_NOTHING;
    ensures said_heartbeat: s->heartbeat_us >= l->heartbeat_us ==> \result == IONTO_LIMITED_BY_HEARTBEAT;
    ensures said_time: s->heartbeat_us < l->heartbeat_us && ionto_regulator_time_due(s, l)
                       ==> \result == IONTO_LIMITED_BY_TIME;
    ensures said_charge: s->heartbeat_us < l->heartbeat_us && !ionto_regulator_time_due(s, l)
                         && ionto_regulator_charge_due(s, l) ==> \result == IONTO_LIMITED_BY_CHARGE;
    ensures said_stop: s->heartbeat_us < l->heartbeat_us && !ionto_regulator_time_due(s, l)
                       && !ionto_regulator_charge_due(s, l)
                       ==> \result == (command == IONTO_COMMAND_RUN ? IONTO_LIMITED_BY_NOTHING
                                                                    : IONTO_LIMITED_BY_STOP); */
static uint32_t end_cause(const struct ionto_regulator_state *s, const struct ionto_regulator_limits *l,
                          uint32_t command)
{
    uint32_t cause = (uint32_t)IONTO_LIMITED_BY_NOTHING;
    if (s->heartbeat_us >= l->heartbeat_us) {
        cause = (uint32_t)IONTO_LIMITED_BY_HEARTBEAT;
    } else if ((s->energised_us + l->time_reserve_us) >= l->time_cap_us) {
        cause = (uint32_t)IONTO_LIMITED_BY_TIME;
    } else if (((s->positive_fc + l->charge_reserve_fc) >= l->charge_cap_each_fc)
               || ((s->negative_fc + l->charge_reserve_fc) >= l->charge_cap_each_fc)
               || ((s->positive_fc + s->negative_fc + l->charge_reserve_fc) >= l->charge_cap_total_fc)) {
        cause = (uint32_t)IONTO_LIMITED_BY_CHARGE;
    } else if (command != (uint32_t)IONTO_COMMAND_RUN) {
        cause = (uint32_t)IONTO_LIMITED_BY_STOP;
    } else {
        /* nothing: the treatment goes on */
    }
    return cause;
}

/* The largest magnitude that the voltage allows: what is measured, and the headroom to find out whether more flows.
 * Without it the drive would stand above what flows, and a resistance that falls would step the current. */
/*@ requires 0 <= headroom_na <= 1000000;
    terminates \true; assigns \nothing;
    ensures bounds: 0 <= \result <= IONTO_CEILING_NA;
    ensures allowed: \result == ionto_allowed_na(voltage_mv, saturation_mv, measured_na, level_na, headroom_na); */
static int32_t voltage_allows(int32_t voltage_mv, int32_t saturation_mv, int32_t measured_na, int32_t level_na,
                              int32_t headroom_na)
{
    int32_t allowed_na = IONTO_CEILING_NA;
    if (magnitude(voltage_mv) >= saturation_mv) {
        if (sign_of(measured_na) != sign_of(level_na)) {
            allowed_na = headroom_na;
        } else if (magnitude(measured_na) < ((int64_t)IONTO_CEILING_NA - headroom_na)) {
            allowed_na = (int32_t)magnitude(measured_na) + headroom_na;
        } else {
            /* above every limit already: the ceiling stands */
        }
    }
    return allowed_na;
}

/* One step of a magnitude towards its goal. */
/*@ requires 0 <= from_na <= IONTO_CEILING_NA && 0 <= goal_na <= IONTO_CEILING_NA;
    requires 1 <= rise_na <= 200000 && 1 <= fall_na <= 200000;
    terminates \true; assigns \nothing;
    ensures si03_rise: \result - from_na <= rise_na;
    ensures si03_fall: from_na - \result <= fall_na;
    ensures up: goal_na >= from_na ==> \result == \min(from_na + rise_na, goal_na);
    ensures down: goal_na <= from_na ==> \result == \max(from_na - fall_na, goal_na); */
static int32_t toward(int32_t from_na, int32_t goal_na, int32_t rise_na, int32_t fall_na)
{
    int32_t next_na = goal_na;
    if ((goal_na - from_na) > rise_na) {
        next_na = from_na + rise_na;
    } else if ((from_na - goal_na) > fall_na) {
        next_na = from_na - fall_na;
    } else {
        /* the goal is within one step */
    }
    return next_na;
}

/* 1 while the direction wanted is not yet allowed: current flows the other way, or has not been zero for the dwell. */
/*@ requires \valid_read(s) && \valid_read(l);
    terminates \true; assigns \nothing;
    ensures flag: \result == 0 || \result == 1;
    ensures si04_positive: \result == 0 && s->target_na > 0
                           ==> s->level_na >= 0 && (s->sign == -1 && s->level_na == 0 ==> s->zero_us >= l->dwell_us);
    ensures si04_negative: \result == 0 && s->target_na < 0
                           ==> s->level_na <= 0 && (s->sign == 1 && s->level_na == 0 ==> s->zero_us >= l->dwell_us);
    ensures si04_turns: \result == turns(s->target_na, s->level_na, s->sign, s->zero_us, l->dwell_us); */
static int32_t must_reverse_first(const struct ionto_regulator_state *s, const struct ionto_regulator_limits *l)
{
    int32_t wanted = sign_of(s->target_na);
    int32_t flows = sign_of(s->level_na);
    int32_t first = 0;
    if ((wanted != 0) && (flows == -wanted)) {
        first = 1;
    } else if ((wanted != 0) && (flows == 0) && (s->sign == -wanted) && (s->zero_us < l->dwell_us)) {
        first = 1;
    } else {
        /* the same direction, or the dwell is over */
    }
    return first;
}

/* Zero at once, and no way back but STOP and RUN. */
/*@ requires \valid(s);
    terminates \true; assigns s->level_na, s->armed, s->energised, s->ending;
    ensures zero: s->level_na == 0 && s->armed == 0 && s->energised == 0 && s->ending == 0; */
static void stand_down(struct ionto_regulator_state *s)
{
    s->level_na = 0;
    s->armed = 0u;
    s->energised = 0u;
    s->ending = 0u;
}

/* Counts time and charge of the tick to come. 0 when a cap forbids it: then nothing is counted. */
/*@ requires \valid(s) && \valid_read(l) && \separated(s, l);
    requires ionto_regulator_limits_ok(l) && \abs(level_na) <= l->limit_na;
    requires 0 <= s->energised_us <= l->time_cap_us;
    requires 0 <= s->positive_fc <= l->charge_cap_each_fc && 0 <= s->negative_fc <= l->charge_cap_each_fc;
    requires s->positive_fc + s->negative_fc <= l->charge_cap_total_fc;
    terminates \true; assigns s->energised_us, s->positive_fc, s->negative_fc, s->tick_fc;
    ensures flag: \result == 0 || \result == 1;
    ensures si17_cap: 0 <= s->energised_us <= l->time_cap_us;
    ensures si17_count: s->energised_us == \old(s->energised_us) + (\result == 1 ? l->tick_us : 0);
    ensures si18_cap: 0 <= s->positive_fc <= l->charge_cap_each_fc && 0 <= s->negative_fc <= l->charge_cap_each_fc
                      && s->positive_fc + s->negative_fc <= l->charge_cap_total_fc;
    ensures si18_positive: s->positive_fc
                           == \old(s->positive_fc) + (\result == 1 ? ionto_positive_fc(level_na, l->tick_us) : 0);
    ensures si18_negative: s->negative_fc
                           == \old(s->negative_fc) + (\result == 1 ? ionto_negative_fc(level_na, l->tick_us) : 0);
    ensures si18_tick: \result == 1 ==> s->tick_fc == \abs(level_na) * l->tick_us;
    ensures si18_in_sums: \result == 1 ==> 0 <= s->tick_fc && (level_na > 0 ==> s->tick_fc <= s->positive_fc)
                                            && (level_na < 0 ==> s->tick_fc <= s->negative_fc);
    ensures si18_only_at_cap: \result == 0 ==> \old(ionto_regulator_at_cap(s, l)); */
static int32_t spend(struct ionto_regulator_state *s, const struct ionto_regulator_limits *l, int32_t level_na)
{
    int32_t size_na = (int32_t)magnitude(level_na);
    int64_t energised_us = s->energised_us + l->tick_us;
    int64_t tick_fc = charge_fc(size_na, l->tick_us);
    /*@ assert size: size_na == \abs(level_na); */
    /*@ assert charge: tick_fc == \abs(level_na) * l->tick_us; */
    int64_t positive_fc = s->positive_fc + ((level_na > 0) ? tick_fc : 0);
    int64_t negative_fc = s->negative_fc + ((level_na < 0) ? tick_fc : 0);
    int32_t affordable = 0;
    if ((energised_us <= l->time_cap_us) && (positive_fc <= l->charge_cap_each_fc)
        && (negative_fc <= l->charge_cap_each_fc)
        && ((positive_fc + negative_fc) <= l->charge_cap_total_fc)) {
        s->energised_us = energised_us;
        s->positive_fc = positive_fc;
        s->negative_fc = negative_fc;
        s->tick_fc = tick_fc;
        affordable = 1;
    }
    return affordable;
}

/* The tick that was counted last was cut. Both channels count the ticks that flow, so that both end together. */
/*@ requires \valid(s) && \valid_read(l) && \separated(s, l);
    requires ionto_regulator_limits_ok(l) && ionto_regulator_state_ok(s, l) && s->energised == 1;
    terminates \true; assigns s->energised_us, s->positive_fc, s->negative_fc;
    ensures si17_cut: s->energised_us == \old(s->energised_us) - l->tick_us >= 0;
    ensures si18_cut_positive: s->positive_fc == \old(s->positive_fc) - (s->level_na > 0 ? s->tick_fc : 0) >= 0;
    ensures si18_cut_negative: s->negative_fc == \old(s->negative_fc) - (s->level_na < 0 ? s->tick_fc : 0) >= 0;
    ensures down: s->positive_fc <= \old(s->positive_fc) && s->negative_fc <= \old(s->negative_fc); */
static void refund(struct ionto_regulator_state *s, const struct ionto_regulator_limits *l)
{
    s->energised_us = s->energised_us - l->tick_us;
    s->positive_fc = s->positive_fc - ((s->level_na > 0) ? s->tick_fc : 0);
    s->negative_fc = s->negative_fc - ((s->level_na < 0) ? s->tick_fc : 0);
}

/* Whether the output may be energised: after STOP was seen, on RUN with a target that was taken, by a supervisor that
 * has not fallen silent, once contact has held and the dwell is over (SI-05). It counts from then on. */
/*@ requires \valid(s) && \valid_read(l) && \separated(s, l);
    requires ionto_regulator_limits_ok(l) && ionto_regulator_state_ok(s, l) && s->energised == 0 && s->corrupt == 0;
    terminates \true; assigns s->armed, s->energised, s->energised_us, s->tick_fc;
    ensures si05_start: s->energised == 1 ==> \old(s->armed) == 1 && command == IONTO_COMMAND_RUN
                        && refused == IONTO_REFUSED_NOTHING && s->contact_us == l->contact_us
                        && s->heartbeat_us < l->heartbeat_us;
    ensures si05_armed: s->armed == 1 ==> \old(s->armed) == 1 || command != IONTO_COMMAND_RUN;
    ensures si16_stop: command != IONTO_COMMAND_RUN ==> s->energised == 0;
    ensures si17_count: s->energised_us == \old(s->energised_us) + (s->energised == 1 ? l->tick_us : 0);
    ensures si18_tick: s->energised == 1 ==> s->tick_fc == 0;
    ensures arms: command != IONTO_COMMAND_RUN ==> s->armed == 1;
    ensures starts: command == IONTO_COMMAND_RUN && \old(s->armed) == 1 && refused == IONTO_REFUSED_NOTHING
                    && s->contact_us == l->contact_us && s->heartbeat_us < l->heartbeat_us
                    && (s->sign != 0 || s->zero_us == l->dwell_us)
                    ==> s->armed == 0
                        && s->energised == (\old(s->energised_us) + l->tick_us <= l->time_cap_us ? 1 : 0);
    ensures waits: command == IONTO_COMMAND_RUN
                   && !(refused == IONTO_REFUSED_NOTHING && s->contact_us == l->contact_us
                        && s->heartbeat_us < l->heartbeat_us && (s->sign != 0 || s->zero_us == l->dwell_us))
                   ==> s->armed == \old(s->armed) && s->energised == 0;
    ensures range: ionto_regulator_state_ok(s, l); */
static void start(struct ionto_regulator_state *s, const struct ionto_regulator_limits *l, uint32_t command,
                  uint32_t refused)
{
    if (command != (uint32_t)IONTO_COMMAND_RUN) {
        s->armed = 1u;
    } else if ((s->armed == 1u) && (refused == (uint32_t)IONTO_REFUSED_NOTHING) && (s->contact_us >= l->contact_us)
               && (s->heartbeat_us < l->heartbeat_us) && ((s->sign != 0) || (s->zero_us >= l->dwell_us))) {
        s->armed = 0u;
        if ((s->energised_us + l->tick_us) <= l->time_cap_us) {
            s->energised_us = s->energised_us + l->tick_us;
            s->tick_fc = 0;
            s->energised = 1u;
        }
    } else {
        /* not asked to start since the last stop, a target refused, a standing request of a supervisor that is silent,
         * or not long enough at zero with contact: zero */
    }
}

/* What a RUN that may still start waits for. */
/*@ requires \valid_read(s) && \valid_read(l);
    terminates \true; assigns \nothing;
    ensures si15_heartbeat: s->heartbeat_us >= l->heartbeat_us <==> \result == IONTO_LIMITED_BY_HEARTBEAT;
    ensures said: \result == (s->heartbeat_us >= l->heartbeat_us ? IONTO_LIMITED_BY_HEARTBEAT
                              : (s->contact_us >= l->contact_us && s->sign == 0 && s->zero_us < l->dwell_us
                                 ? IONTO_LIMITED_BY_REVERSAL : IONTO_LIMITED_BY_CONTACT)); */
static uint32_t waits_for(const struct ionto_regulator_state *s, const struct ionto_regulator_limits *l)
{
    uint32_t cause = (uint32_t)IONTO_LIMITED_BY_CONTACT;
    if (s->heartbeat_us >= l->heartbeat_us) {
        cause = (uint32_t)IONTO_LIMITED_BY_HEARTBEAT;
    } else if ((s->contact_us >= l->contact_us) && (s->sign == 0) && (s->zero_us < l->dwell_us)) {
        cause = (uint32_t)IONTO_LIMITED_BY_REVERSAL;
    } else {
        /* contact: none, or not for long enough */
    }
    return cause;
}

/* The next current: towards the goal from where it is, never across zero. */
/*@ requires \valid_read(s) && \valid_read(l);
    requires limit: 1 <= l->limit_na <= IONTO_CEILING_NA && \abs(s->level_na) <= l->limit_na;
    requires rates: 1 <= l->rise_na_per_tick <= 200000 && 1 <= l->fall_na_per_tick <= 200000;
    requires goal: 0 <= goal_na <= l->limit_na;
    terminates \true; assigns \nothing;
    ensures si01_limit: \abs(\result) <= l->limit_na;
    ensures si03_rise: \abs(\result) - \abs(s->level_na) <= l->rise_na_per_tick;
    ensures si03_fall: \abs(s->level_na) - \abs(\result) <= l->fall_na_per_tick;
    ensures si04_no_jump: (s->level_na > 0 ==> \result >= 0) && (s->level_na < 0 ==> \result <= 0);
    ensures si04_direction: s->level_na == 0 && \result != 0 ==> (\result > 0 <==> s->target_na > 0)
                                                                 && s->target_na != 0 && goal_na != 0;
    ensures si16_falls: goal_na == 0 ==> \abs(\result) == \max(\abs(s->level_na) - l->fall_na_per_tick, 0);
    ensures down: goal_na <= \abs(s->level_na)
                  ==> \abs(\result) == \max(\abs(s->level_na) - l->fall_na_per_tick, goal_na);
    ensures up: goal_na >= \abs(s->level_na) && (s->level_na != 0 || s->target_na != 0)
                ==> \abs(\result) == \min(\abs(s->level_na) + l->rise_na_per_tick, goal_na); */
static int32_t next_level(const struct ionto_regulator_state *s, const struct ionto_regulator_limits *l,
                          int32_t goal_na)
{
    int32_t direction = (s->level_na != 0) ? sign_of(s->level_na) : sign_of(s->target_na);
    int32_t next_na = toward((int32_t)magnitude(s->level_na), goal_na, l->rise_na_per_tick, l->fall_na_per_tick);
    int32_t level_na = 0;
    if (direction > 0) {
        level_na = next_na;
    } else if (direction < 0) {
        level_na = -next_na;
    } else {
        /* no direction: no current */
    }
    return level_na;
}

/* The magnitude to go to, and why: zero for what ends or turns, what the voltage allows, or the target. */
/*@ requires valid: \valid(r);
    requires ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    requires on: r->state.energised == 1;
    requires allowed: 0 <= allowed_na;
    terminates \true;
    assigns r->state.ending, r->phase, r->limited_by;
    ensures range: 0 <= \result <= r->limits.limit_na;
    ensures flag: r->state.ending <= 1;
    ensures si16_zero: r->state.ending == 1 ==> \result == 0;
    ensures si15_silent: r->state.heartbeat_us == r->limits.heartbeat_us ==> r->state.ending == 1;
    ensures si16_stop: command != IONTO_COMMAND_RUN ==> r->state.ending == 1;
    ensures si16_never_back: \old(r->state.ending) == 1 ==> r->state.ending == 1;
    ensures si17_ends: ionto_regulator_time_due(&r->state, &r->limits) ==> r->state.ending == 1;
    ensures si18_ends: ionto_regulator_charge_due(&r->state, &r->limits) ==> r->state.ending == 1;
    ensures si04_positive: \result != 0 && r->state.level_na == 0 && r->state.target_na > 0 && r->state.sign != 1
                           ==> r->state.zero_us == r->limits.dwell_us;
    ensures si04_negative: \result != 0 && r->state.level_na == 0 && r->state.target_na < 0 && r->state.sign != -1
                           ==> r->state.zero_us == r->limits.dwell_us;
    ensures si27_voltage: \result <= allowed_na;
    ensures ends_for_a_cause: r->state.ending == 1
                              ==> \old(r->state.ending) == 1 || command != IONTO_COMMAND_RUN
                                  || r->state.heartbeat_us == r->limits.heartbeat_us
                                  || ionto_regulator_time_due(&r->state, &r->limits)
                                  || ionto_regulator_charge_due(&r->state, &r->limits);
    ensures goal: r->state.ending == 0
                  ==> \result == (turns(r->state.target_na, r->state.level_na, r->state.sign, r->state.zero_us,
                                        r->limits.dwell_us) == 1 ? 0
                                  : \min(\abs(r->state.target_na), allowed_na));
    ensures said_fall: r->state.ending == 1 ==> r->phase == IONTO_PHASE_FALL;
    ensures said_heartbeat: r->state.heartbeat_us == r->limits.heartbeat_us
                            ==> r->limited_by == IONTO_LIMITED_BY_HEARTBEAT;
    ensures said_time: r->state.heartbeat_us < r->limits.heartbeat_us
                       && ionto_regulator_time_due(&r->state, &r->limits) ==> r->limited_by == IONTO_LIMITED_BY_TIME;
    ensures said_charge: r->state.heartbeat_us < r->limits.heartbeat_us
                         && !ionto_regulator_time_due(&r->state, &r->limits)
                         && ionto_regulator_charge_due(&r->state, &r->limits)
                         ==> r->limited_by == IONTO_LIMITED_BY_CHARGE;
    ensures said_stop: r->state.ending == 1 && r->state.heartbeat_us < r->limits.heartbeat_us
                       && !ionto_regulator_time_due(&r->state, &r->limits)
                       && !ionto_regulator_charge_due(&r->state, &r->limits)
                       ==> r->limited_by == IONTO_LIMITED_BY_STOP;
    ensures said_reversal: r->state.ending == 0
                           && turns(r->state.target_na, r->state.level_na, r->state.sign, r->state.zero_us,
                                    r->limits.dwell_us) == 1
                           ==> r->phase == IONTO_PHASE_REVERSE && r->limited_by == IONTO_LIMITED_BY_REVERSAL;
    ensures said_voltage: r->state.ending == 0
                          && turns(r->state.target_na, r->state.level_na, r->state.sign, r->state.zero_us,
                                   r->limits.dwell_us) == 0 && \result < \abs(r->state.target_na)
                          ==> r->phase == IONTO_PHASE_TREAT && r->limited_by == IONTO_LIMITED_BY_VOLTAGE;
    ensures said_ramp: r->state.ending == 0
                       && turns(r->state.target_na, r->state.level_na, r->state.sign, r->state.zero_us,
                                r->limits.dwell_us) == 0 && \result == \abs(r->state.target_na)
                       ==> r->phase == IONTO_PHASE_RAMP && r->limited_by == IONTO_LIMITED_BY_RAMP; */
static int32_t aim(struct ionto_regulator *r, int32_t allowed_na, uint32_t command)
{
    struct ionto_regulator_state *s = &r->state;
    const struct ionto_regulator_limits *l = &r->limits;
    int32_t reverses = must_reverse_first(s, l);
    int32_t goal_na = (int32_t)magnitude(s->target_na);
    uint32_t cause = end_cause(s, l, command);

    if (cause != (uint32_t)IONTO_LIMITED_BY_NOTHING) {
        s->ending = 1u;
    }
    if (s->ending == 1u) {
        goal_na = 0;
        r->phase = (uint32_t)IONTO_PHASE_FALL;
        /* the cause may have gone since (a supervisor that is back): what began to end, ends */
        r->limited_by = (cause != (uint32_t)IONTO_LIMITED_BY_NOTHING) ? cause : (uint32_t)IONTO_LIMITED_BY_STOP;
    } else if (reverses == 1) {
        goal_na = 0;
        r->phase = (uint32_t)IONTO_PHASE_REVERSE;
        r->limited_by = (uint32_t)IONTO_LIMITED_BY_REVERSAL;
    } else if (allowed_na < goal_na) {
        goal_na = allowed_na;
        r->phase = (uint32_t)IONTO_PHASE_TREAT;
        r->limited_by = (uint32_t)IONTO_LIMITED_BY_VOLTAGE;
    } else {
        r->phase = (uint32_t)IONTO_PHASE_RAMP;
        r->limited_by = (uint32_t)IONTO_LIMITED_BY_RAMP;
    }
    return goal_na;
}

/* Lowers the current to what the voltage allows, at once: no more than that flows anyway, and what is driven beyond it
 * would come back in one step with the contact. */
/*@ requires valid: \valid(r);
    requires level: \abs(r->state.level_na) <= IONTO_CEILING_NA;
    requires allowed: 0 <= allowed_na;
    terminates \true;
    assigns r->state.level_na;
    ensures si27_held: \abs(r->state.level_na) == \min(\abs(\old(r->state.level_na)), allowed_na);
    ensures si04_no_jump: (\old(r->state.level_na) > 0 ==> r->state.level_na >= 0)
                          && (\old(r->state.level_na) < 0 ==> r->state.level_na <= 0); */
static void give_way(struct ionto_regulator *r, int32_t allowed_na)
{
    struct ionto_regulator_state *s = &r->state;
    if (magnitude(s->level_na) > allowed_na) {
        s->level_na = (s->level_na > 0) ? allowed_na : -allowed_na;
    }
}

/* One step to the goal, counted. What has ended, and what a cap forbids, is off. */
/*@ requires valid: \valid(r);
    requires ok: ionto_regulator_limits_ok(&r->limits);
    requires level: \abs(r->state.level_na) <= r->limits.limit_na;
    requires time: 0 <= r->state.energised_us <= r->limits.time_cap_us;
    requires positive: 0 <= r->state.positive_fc <= r->limits.charge_cap_each_fc;
    requires negative: 0 <= r->state.negative_fc <= r->limits.charge_cap_each_fc;
    requires total: r->state.positive_fc + r->state.negative_fc <= r->limits.charge_cap_total_fc;
    requires on: r->state.energised == 1 && r->state.armed == 0 && r->state.ending <= 1;
    requires goal: 0 <= goal_na <= r->limits.limit_na;
    requires ending: r->state.ending == 1 ==> goal_na == 0;
    terminates \true;
    assigns r->state.level_na, r->state.armed, r->state.energised, r->state.ending, r->state.energised_us,
            r->state.positive_fc, r->state.negative_fc, r->state.tick_fc, r->phase, r->limited_by;
    ensures ok: ionto_regulator_limits_ok(&r->limits);
    ensures si01_limit: \abs(r->state.level_na) <= r->limits.limit_na;
    ensures si03_rise: \abs(r->state.level_na) - \abs(\old(r->state.level_na)) <= r->limits.rise_na_per_tick;
    ensures si03_fall: !\old(ionto_regulator_at_cap(&r->state, &r->limits))
                       ==> \abs(\old(r->state.level_na)) - \abs(r->state.level_na) <= r->limits.fall_na_per_tick;
    ensures si04_no_jump: (\old(r->state.level_na) > 0 ==> r->state.level_na >= 0)
                          && (\old(r->state.level_na) < 0 ==> r->state.level_na <= 0);
    ensures si04_direction: \old(r->state.level_na) == 0 && r->state.level_na != 0
                            ==> goal_na != 0 && (r->state.level_na > 0 <==> r->state.target_na > 0)
                                && r->state.target_na != 0;
    ensures si06_off: r->state.energised == 0 ==> r->state.level_na == 0 && r->state.ending == 0;
    ensures flags: r->state.energised <= 1 && r->state.ending <= 1 && r->state.armed == 0;
    ensures si16_falls: goal_na == 0 ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick);
    ensures si16_never_back: \old(r->state.ending) == 1 ==> r->state.energised == 0 || r->state.ending == 1;
    ensures si16_over: r->state.ending == 1 ==> r->state.level_na != 0;
    ensures goal_below: goal_na <= \abs(\old(r->state.level_na))
                        ==> \abs(r->state.level_na)
                            <= \max(\abs(\old(r->state.level_na)) - r->limits.fall_na_per_tick, goal_na);
    ensures goal_above: goal_na >= \abs(\old(r->state.level_na)) ==> \abs(r->state.level_na) <= goal_na;
    ensures said_there: r->state.energised == 1 && \old(r->phase) == IONTO_PHASE_RAMP
                        && r->state.level_na == r->state.target_na
                        ==> r->phase == IONTO_PHASE_TREAT && r->limited_by == IONTO_LIMITED_BY_NOTHING;
    ensures said_before: r->state.energised == 1
                         && !(\old(r->phase) == IONTO_PHASE_RAMP && r->state.level_na == r->state.target_na)
                         ==> r->phase == \old(r->phase) && r->limited_by == \old(r->limited_by);
    ensures counts: ionto_regulator_counts_ok(&r->state, &r->limits);
    ensures si17_count: r->state.energised_us
                        == \old(r->state.energised_us) + (r->state.energised == 1 ? r->limits.tick_us : 0);
    ensures si18_positive: r->state.positive_fc
                           == \old(r->state.positive_fc) + ionto_positive_fc(r->state.level_na, r->limits.tick_us);
    ensures si18_negative: r->state.negative_fc
                           == \old(r->state.negative_fc) + ionto_negative_fc(r->state.level_na, r->limits.tick_us);
    ensures si18_tick: r->state.energised == 1
                       ==> r->state.tick_fc == \abs(r->state.level_na) * r->limits.tick_us; */
static void advance(struct ionto_regulator *r, int32_t goal_na)
{
    struct ionto_regulator_state *s = &r->state;
    const struct ionto_regulator_limits *l = &r->limits;
    int32_t level_na = next_level(s, l, goal_na);
    if ((r->phase == (uint32_t)IONTO_PHASE_RAMP) && (level_na == s->target_na)) {
        r->phase = (uint32_t)IONTO_PHASE_TREAT;
        r->limited_by = (uint32_t)IONTO_LIMITED_BY_NOTHING;
    }
    s->level_na = level_na;
    if (((s->ending == 1u) && (level_na == 0)) || (spend(s, l, level_na) == 0)) {
        stand_down(s);
    }
}

/* An output that is off: it may start, or says what it waits for. */
/*@ requires valid: \valid(r);
    requires ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    requires off: r->state.energised == 0 && r->state.corrupt == 0;
    terminates \true;
    assigns r->state.armed, r->state.energised, r->state.energised_us, r->state.tick_fc, r->phase, r->limited_by;
    ensures ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    ensures si05_start: r->state.energised == 1
                        ==> \old(r->state.armed) == 1 && command == IONTO_COMMAND_RUN
                            && r->refused == IONTO_REFUSED_NOTHING && r->state.contact_us == r->limits.contact_us
                            && r->state.heartbeat_us < r->limits.heartbeat_us;
    ensures si05_armed: r->state.armed == 1 ==> \old(r->state.armed) == 1 || command != IONTO_COMMAND_RUN;
    ensures si17_count: r->state.energised_us
                        == \old(r->state.energised_us) + (r->state.energised == 1 ? r->limits.tick_us : 0);
    ensures si18_tick: r->state.energised == 1 ==> r->state.tick_fc == 0;
    ensures arms: command != IONTO_COMMAND_RUN ==> r->state.armed == 1;
    ensures starts: command == IONTO_COMMAND_RUN && \old(r->state.armed) == 1 && r->refused == IONTO_REFUSED_NOTHING
                    && r->state.contact_us == r->limits.contact_us && r->state.heartbeat_us < r->limits.heartbeat_us
                    && (r->state.sign != 0 || r->state.zero_us == r->limits.dwell_us)
                    ==> r->state.energised
                        == (\old(r->state.energised_us) + r->limits.tick_us <= r->limits.time_cap_us ? 1 : 0);
    ensures said_ramp: r->state.energised == 1
                       ==> r->phase == IONTO_PHASE_RAMP && r->limited_by == IONTO_LIMITED_BY_RAMP;
    ensures said_wait: r->state.energised == 0 && r->state.armed == 1 && command == IONTO_COMMAND_RUN
                       ==> r->phase == IONTO_PHASE_WAIT
                           && r->limited_by
                              == (r->state.heartbeat_us >= r->limits.heartbeat_us ? IONTO_LIMITED_BY_HEARTBEAT
                                  : (r->state.contact_us >= r->limits.contact_us && r->state.sign == 0
                                     && r->state.zero_us < r->limits.dwell_us ? IONTO_LIMITED_BY_REVERSAL
                                     : IONTO_LIMITED_BY_CONTACT));
    ensures said_idle: r->state.energised == 0 && !(r->state.armed == 1 && command == IONTO_COMMAND_RUN)
                       ==> r->phase == IONTO_PHASE_IDLE && r->limited_by == IONTO_LIMITED_BY_STOP; */
static void rest(struct ionto_regulator *r, uint32_t command)
{
    struct ionto_regulator_state *s = &r->state;
    const struct ionto_regulator_limits *l = &r->limits;
    start(s, l, command, r->refused);
    if (s->energised == 1u) {
        r->phase = (uint32_t)IONTO_PHASE_RAMP;
        r->limited_by = (uint32_t)IONTO_LIMITED_BY_RAMP;
    } else if ((s->armed == 1u) && (command == (uint32_t)IONTO_COMMAND_RUN)) {
        r->phase = (uint32_t)IONTO_PHASE_WAIT;
        r->limited_by = waits_for(s, l);
    } else {
        r->phase = (uint32_t)IONTO_PHASE_IDLE;
        r->limited_by = (uint32_t)IONTO_LIMITED_BY_STOP;
    }
}

/* Off at once; the tick that was cut is taken back. */
/*@ requires valid: \valid(r);
    requires ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    terminates \true;
    assigns r->state.level_na, r->state.armed, r->state.energised, r->state.ending, r->state.energised_us,
            r->state.positive_fc, r->state.negative_fc, r->phase, r->limited_by;
    ensures ok: ionto_regulator_limits_ok(&r->limits);
    ensures zero: r->state.level_na == 0 && r->state.armed == 0 && r->state.energised == 0 && r->state.ending == 0;
    ensures si17_cut: r->state.energised_us == \old(r->state.energised_us)
                      - (cut != 0 && \old(r->state.energised) == 1 ? r->limits.tick_us : 0);
    ensures si18_cut_positive: r->state.positive_fc == \old(r->state.positive_fc)
                               - (cut != 0 && \old(r->state.level_na) > 0 ? \old(r->state.tick_fc) : 0);
    ensures si18_cut_negative: r->state.negative_fc == \old(r->state.negative_fc)
                               - (cut != 0 && \old(r->state.level_na) < 0 ? \old(r->state.tick_fc) : 0);
    ensures said: r->phase == IONTO_PHASE_IDLE && r->limited_by == IONTO_LIMITED_BY_STOP;
    ensures counts: ionto_regulator_counts_ok(&r->state, &r->limits); */
static void cut_off(struct ionto_regulator *r, uint32_t cut)
{
    struct ionto_regulator_state *s = &r->state;
    if ((cut != 0u) && (s->energised == 1u)) {
        refund(s, &r->limits);
    }
    stand_down(s);
    r->phase = (uint32_t)IONTO_PHASE_IDLE;
    r->limited_by = (uint32_t)IONTO_LIMITED_BY_STOP;
}

/* What is asked and sensed, kept with the state. */
/*@ requires valid: \valid(r);
    requires ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    requires flag: contact == 0 || contact == 1;
    terminates \true;
    assigns r->refused, r->state.target_na, r->state.contact_us, r->state.heartbeat_us, r->state.heartbeat_seen;
    ensures ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    ensures at_cap: ionto_regulator_at_cap(&r->state, &r->limits)
                    <==> \old(ionto_regulator_at_cap(&r->state, &r->limits));
    ensures si05_contact: r->state.contact_us
                          == (contact == 1 ? \min(\old(r->state.contact_us) + r->limits.tick_us, r->limits.contact_us)
                                           : 0);
    ensures si15_count: r->state.heartbeat_us
                        == (heartbeat == \old(r->state.heartbeat_seen)
                            ? \min(\old(r->state.heartbeat_us) + r->limits.tick_us, r->limits.heartbeat_us) : 0);
    ensures si15_seen: r->state.heartbeat_seen == heartbeat;
    ensures si22_refused: \abs(wanted_na) > r->limits.limit_na
                          ==> r->state.target_na == \old(r->state.target_na) && r->refused == IONTO_REFUSED_LIMIT;
    ensures si22_taken: \abs(wanted_na) <= r->limits.limit_na
                        ==> r->state.target_na == wanted_na && r->refused == IONTO_REFUSED_NOTHING; */
static void take_in(struct ionto_regulator *r, int32_t wanted_na, int32_t contact, uint32_t heartbeat)
{
    struct ionto_regulator_state *s = &r->state;
    const struct ionto_regulator_limits *l = &r->limits;
    int32_t silent = (heartbeat == s->heartbeat_seen) ? 1 : 0;
    r->refused = take_target(s, l, wanted_na);
    s->contact_us = timed(s->contact_us, contact, l->tick_us, l->contact_us);
    s->heartbeat_us = timed(s->heartbeat_us, silent, l->tick_us, l->heartbeat_us);
    s->heartbeat_seen = heartbeat;
}

/* The next current, by what is asked and sensed: off, at rest, or on the way to where it aims. */
/*@ requires valid: \valid(r);
    requires ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    requires corrupt: r->state.corrupt == 0;
    requires flag: off == 0 || off == 1;
    requires cut: cut != 0 ==> off == 1;
    terminates \true;
    assigns r->state.level_na, r->state.armed, r->state.energised, r->state.ending, r->state.energised_us,
            r->state.positive_fc, r->state.negative_fc, r->state.tick_fc, r->phase, r->limited_by;
    ensures ok: ionto_regulator_limits_ok(&r->limits);
    ensures counts: ionto_regulator_counts_ok(&r->state, &r->limits);
    ensures si01_limit: \abs(r->state.level_na) <= r->limits.limit_na;
    ensures si03_rise: \abs(r->state.level_na) - \abs(\old(r->state.level_na)) <= r->limits.rise_na_per_tick;
    ensures si03_fall: off == 0 && !\old(ionto_regulator_at_cap(&r->state, &r->limits))
                       ==> \min(\abs(\old(r->state.level_na)),
                                ionto_allowed_na(voltage_mv, r->limits.saturation_mv, measured_na,
                                                 \old(r->state.level_na), r->limits.headroom_na))
                           - \abs(r->state.level_na) <= r->limits.fall_na_per_tick;
    ensures si04_no_jump: (\old(r->state.level_na) > 0 ==> r->state.level_na >= 0)
                          && (\old(r->state.level_na) < 0 ==> r->state.level_na <= 0);
    ensures si04_dwell: r->state.level_na > 0 && r->state.sign != 1 || r->state.level_na < 0 && r->state.sign != -1
                        ==> r->state.zero_us == r->limits.dwell_us;
    ensures si04_first: r->state.energised == 1 && r->state.sign == 0 ==> r->state.zero_us == r->limits.dwell_us;
    ensures si05_start: r->state.energised == 1 && \old(r->state.energised) == 0
                        ==> \old(r->state.armed) == 1 && command == IONTO_COMMAND_RUN
                            && r->refused == IONTO_REFUSED_NOTHING && r->state.contact_us == r->limits.contact_us
                            && r->state.heartbeat_us < r->limits.heartbeat_us;
    ensures si05_armed: r->state.armed == 1 ==> off == 0 && (\old(r->state.armed) == 1 || command != IONTO_COMMAND_RUN);
    ensures arms: off == 0 && \old(r->state.energised) == 0 && command != IONTO_COMMAND_RUN ==> r->state.armed == 1;
    ensures starts: off == 0 && \old(r->state.energised) == 0 && command == IONTO_COMMAND_RUN
                    && \old(r->state.armed) == 1 && r->refused == IONTO_REFUSED_NOTHING
                    && r->state.contact_us == r->limits.contact_us && r->state.heartbeat_us < r->limits.heartbeat_us
                    && (r->state.sign != 0 || r->state.zero_us == r->limits.dwell_us)
                    ==> r->state.energised
                        == (\old(r->state.energised_us) + r->limits.tick_us <= r->limits.time_cap_us ? 1 : 0);
    ensures si06_off: r->state.energised == 0 ==> r->state.level_na == 0 && r->state.ending == 0;
    ensures si06_cut: off == 1 ==> r->state.energised == 0 && r->state.armed == 0;
    ensures si10_from_zero: \old(r->state.energised) == 0 ==> r->state.level_na == 0;
    ensures flags: r->state.armed <= 1 && r->state.energised <= 1 && r->state.ending <= 1
                   && (r->state.energised == 1 ==> r->state.armed == 0);
    ensures si15_silent: r->state.heartbeat_us == r->limits.heartbeat_us
                         ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick)
                             && (r->state.energised == 0 || r->state.ending == 1);
    ensures si16_stop: command != IONTO_COMMAND_RUN
                       ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick)
                           && (r->state.energised == 0 || r->state.ending == 1);
    ensures si16_never_back: \old(r->state.ending) == 1
                             ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick)
                                 && (r->state.energised == 0 || r->state.ending == 1);
    ensures si16_over: r->state.ending == 1 ==> r->state.level_na != 0;
    ensures si27_voltage: \abs(r->state.level_na)
                          <= ionto_allowed_na(voltage_mv, r->limits.saturation_mv, measured_na,
                                              \old(r->state.level_na), r->limits.headroom_na);
    ensures si17_ends: \old(ionto_regulator_time_due(&r->state, &r->limits))
                       ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick);
    ensures si17_count: cut == 0 ==> r->state.energised_us
                        == \old(r->state.energised_us) + (r->state.energised == 1 ? r->limits.tick_us : 0);
    ensures si17_cut: cut != 0 ==> r->state.energised_us
                      == \old(r->state.energised_us) - (\old(r->state.energised) == 1 ? r->limits.tick_us : 0);
    ensures si18_ends: \old(ionto_regulator_charge_due(&r->state, &r->limits))
                       ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick);
    ensures si18_positive: cut == 0 ==> r->state.positive_fc
                           == \old(r->state.positive_fc) + ionto_positive_fc(r->state.level_na, r->limits.tick_us);
    ensures si18_negative: cut == 0 ==> r->state.negative_fc
                           == \old(r->state.negative_fc) + ionto_negative_fc(r->state.level_na, r->limits.tick_us);
    ensures si18_cut_positive: cut != 0 ==> r->state.positive_fc
                               == \old(r->state.positive_fc)
                                  - (\old(r->state.level_na) > 0 ? \old(r->state.tick_fc) : 0);
    ensures si18_cut_negative: cut != 0 ==> r->state.negative_fc
                               == \old(r->state.negative_fc)
                                  - (\old(r->state.level_na) < 0 ? \old(r->state.tick_fc) : 0);
    ensures si18_tick: r->state.energised == 1
                       ==> r->state.tick_fc == \abs(r->state.level_na) * r->limits.tick_us; */
static void move(struct ionto_regulator *r, int32_t voltage_mv, int32_t measured_na, uint32_t command, uint32_t cut,
                 int32_t off)
{
    if (off == 1) {
        cut_off(r, cut);
    } else if (r->state.energised == 0u) {
        rest(r, command);
    } else {
        const struct ionto_regulator_limits *l = &r->limits;
        int32_t allowed_na = voltage_allows(voltage_mv, l->saturation_mv, measured_na, r->state.level_na,
                                            l->headroom_na);
        int32_t goal_na = aim(r, allowed_na, command);
        give_way(r, allowed_na);
        advance(r, goal_na);
    }
}

/* Keeps the direction and the time at zero for the next tick. */
/*@ requires valid: \valid(r);
    requires ok: ionto_regulator_limits_ok(&r->limits);
    requires counts: ionto_regulator_counts_ok(&r->state, &r->limits);
    requires level: \abs(r->state.level_na) <= r->limits.limit_na && \abs(r->state.target_na) <= r->limits.limit_na;
    requires zero: -1 <= r->state.sign <= 1 && 0 <= r->state.zero_us <= r->limits.dwell_us;
    requires timers: 0 <= r->state.contact_us <= r->limits.contact_us
                     && 0 <= r->state.heartbeat_us <= r->limits.heartbeat_us;
    requires flags: r->state.armed <= 1 && r->state.energised <= 1 && r->state.ending <= 1 && r->state.corrupt == 0
                    && (r->state.energised == 1 ==> r->state.armed == 0);
    requires off: r->state.energised == 0 ==> r->state.level_na == 0 && r->state.ending == 0;
    requires first: r->state.energised == 1 && r->state.sign == 0 ==> r->state.zero_us == r->limits.dwell_us;
    requires over: r->state.ending == 1 ==> r->state.level_na != 0;
    terminates \true;
    assigns r->state.zero_us, r->state.sign;
    ensures limits: ionto_regulator_limits_ok(&r->limits);
    ensures level: ionto_regulator_level_ok(&r->state, &r->limits);
    ensures flags: ionto_regulator_flags_ok(&r->state, &r->limits);
    ensures counts: ionto_regulator_counts_ok(&r->state, &r->limits);
    ensures si04_count: r->state.zero_us
                        == (r->state.level_na == 0
                            ? \min(\old(r->state.zero_us) + r->limits.tick_us, r->limits.dwell_us) : 0);
    ensures si04_sign: r->state.sign == (r->state.level_na > 0 ? 1 : (r->state.level_na < 0 ? -1
                                                                      : \old(r->state.sign))); */
static void settle(struct ionto_regulator *r)
{
    struct ionto_regulator_state *s = &r->state;
    int32_t sign = sign_of(s->level_na);
    s->zero_us = timed(s->zero_us, (sign == 0) ? 1 : 0, r->limits.tick_us, r->limits.dwell_us);
    s->sign = (sign != 0) ? sign : s->sign;
}

/* One tick of a regulator that is in order. */
/*@ requires valid: \valid(r) && \valid_read(sense) && \valid_read(request);
    requires ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    requires corrupt: r->state.corrupt == 0;
    terminates \true;
    assigns r->refused, r->phase, r->limited_by, r->state.target_na, r->state.contact_us, r->state.heartbeat_us,
            r->state.heartbeat_seen, r->state.level_na, r->state.armed, r->state.energised, r->state.ending,
            r->state.energised_us, r->state.positive_fc, r->state.negative_fc, r->state.tick_fc, r->state.zero_us,
            r->state.sign;
    ensures ok: ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits);
    ensures level: \result == r->state.level_na;
    ensures si01_limit: \abs(r->state.level_na) <= r->limits.limit_na;
    ensures si02_ceiling: \abs(r->state.level_na) <= IONTO_CEILING_NA;
    ensures si03_rise: \abs(r->state.level_na) - \abs(\old(r->state.level_na)) <= r->limits.rise_na_per_tick;
    ensures si03_fall: cut == 0 && \old(sense->emergency_stop) == 0
                       && !\old(ionto_regulator_at_cap(&r->state, &r->limits))
                       ==> \min(\abs(\old(r->state.level_na)),
                                ionto_allowed_na(\old(sense->voltage_mv), r->limits.saturation_mv,
                                                 \old(sense->measured_na), \old(r->state.level_na),
                                                 r->limits.headroom_na))
                           - \abs(r->state.level_na) <= r->limits.fall_na_per_tick;
    ensures si04_no_jump: (\old(r->state.level_na) > 0 ==> r->state.level_na >= 0)
                          && (\old(r->state.level_na) < 0 ==> r->state.level_na <= 0);
    ensures si04_dwell: r->state.level_na > 0 && \old(r->state.sign) != 1
                        || r->state.level_na < 0 && \old(r->state.sign) != -1
                        ==> \old(r->state.zero_us) == r->limits.dwell_us;
    ensures si04_count: r->state.zero_us
                        == (r->state.level_na == 0
                            ? \min(\old(r->state.zero_us) + r->limits.tick_us, r->limits.dwell_us) : 0);
    ensures si04_sign: r->state.sign == (r->state.level_na > 0 ? 1 : (r->state.level_na < 0 ? -1
                                                                      : \old(r->state.sign)));
    ensures si05_start: r->state.energised == 1 && \old(r->state.energised) == 0
                        ==> \old(r->state.armed) == 1 && \old(request->command) == IONTO_COMMAND_RUN
                            && \abs(\old(request->target_na)) <= r->limits.limit_na && \old(sense->contact) == 1
                            && r->state.contact_us == r->limits.contact_us
                            && r->state.heartbeat_us < r->limits.heartbeat_us;
    ensures si05_armed: r->state.armed == 1
                        ==> cut == 0 && \old(sense->emergency_stop) == 0
                            && (\old(r->state.armed) == 1 || \old(request->command) != IONTO_COMMAND_RUN);
    ensures si05_contact: r->state.contact_us
                          == (\old(sense->contact) == 1
                              ? \min(\old(r->state.contact_us) + r->limits.tick_us, r->limits.contact_us) : 0);
    ensures arms: cut == 0 && \old(sense->emergency_stop) == 0 && \old(r->state.energised) == 0
                  && \old(request->command) != IONTO_COMMAND_RUN ==> r->state.armed == 1;
    ensures starts: cut == 0 && \old(sense->emergency_stop) == 0 && \old(r->state.energised) == 0
                    && \old(request->command) == IONTO_COMMAND_RUN && \old(r->state.armed) == 1
                    && \abs(\old(request->target_na)) <= r->limits.limit_na
                    && r->state.contact_us == r->limits.contact_us && r->state.heartbeat_us < r->limits.heartbeat_us
                    && (\old(r->state.sign) != 0 || \old(r->state.zero_us) == r->limits.dwell_us)
                    ==> r->state.energised
                        == (\old(r->state.energised_us) + r->limits.tick_us <= r->limits.time_cap_us ? 1 : 0);
    ensures si06_off: r->state.energised == 0 ==> r->state.level_na == 0;
    ensures si06_cut: cut != 0 || \old(sense->emergency_stop) != 0 ==> r->state.energised == 0 && r->state.armed == 0;
    ensures si10_from_zero: \old(r->state.energised) == 0 ==> r->state.level_na == 0;
    ensures si15_count: r->state.heartbeat_us
                        == (\old(request->heartbeat) == \old(r->state.heartbeat_seen)
                            ? \min(\old(r->state.heartbeat_us) + r->limits.tick_us, r->limits.heartbeat_us) : 0);
    ensures si15_seen: r->state.heartbeat_seen == \old(request->heartbeat);
    ensures si15_silent: r->state.heartbeat_us == r->limits.heartbeat_us
                         ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick)
                             && (r->state.energised == 0 || r->state.ending == 1);
    ensures si16_stop: \old(request->command) != IONTO_COMMAND_RUN
                       ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick)
                           && (r->state.energised == 0 || r->state.ending == 1);
    ensures si16_never_back: \old(r->state.ending) == 1
                             ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick)
                                 && (r->state.energised == 0 || r->state.ending == 1);
    ensures si16_over: r->state.ending == 1 ==> r->state.level_na != 0;
    ensures si27_voltage: \abs(r->state.level_na)
                          <= ionto_allowed_na(\old(sense->voltage_mv), r->limits.saturation_mv,
                                              \old(sense->measured_na), \old(r->state.level_na),
                                              r->limits.headroom_na);
    ensures si17_ends: \old(ionto_regulator_time_due(&r->state, &r->limits))
                       ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick);
    ensures si17_count: cut == 0 ==> r->state.energised_us
                        == \old(r->state.energised_us) + (r->state.energised == 1 ? r->limits.tick_us : 0);
    ensures si17_cut: cut != 0 ==> r->state.energised_us
                      == \old(r->state.energised_us) - (\old(r->state.energised) == 1 ? r->limits.tick_us : 0);
    ensures si17_cap: 0 <= r->state.energised_us <= r->limits.time_cap_us;
    ensures si18_cap_positive: 0 <= r->state.positive_fc <= r->limits.charge_cap_each_fc;
    ensures si18_cap_negative: 0 <= r->state.negative_fc <= r->limits.charge_cap_each_fc;
    ensures si18_cap_total: r->state.positive_fc + r->state.negative_fc <= r->limits.charge_cap_total_fc;
    ensures si18_ends: \old(ionto_regulator_charge_due(&r->state, &r->limits))
                       ==> falls(\old(r->state.level_na), r->state.level_na, r->limits.fall_na_per_tick);
    ensures si18_positive: cut == 0 ==> r->state.positive_fc
                           == \old(r->state.positive_fc) + ionto_positive_fc(r->state.level_na, r->limits.tick_us);
    ensures si18_negative: cut == 0 ==> r->state.negative_fc
                           == \old(r->state.negative_fc) + ionto_negative_fc(r->state.level_na, r->limits.tick_us);
    ensures si18_cut_positive: cut != 0 ==> r->state.positive_fc
                               == \old(r->state.positive_fc)
                                  - (\old(r->state.level_na) > 0 ? \old(r->state.tick_fc) : 0);
    ensures si18_cut_negative: cut != 0 ==> r->state.negative_fc
                               == \old(r->state.negative_fc)
                                  - (\old(r->state.level_na) < 0 ? \old(r->state.tick_fc) : 0);
    ensures si18_tick: r->state.energised == 1
                       ==> r->state.tick_fc == \abs(r->state.level_na) * r->limits.tick_us;
    ensures si22_refused: \abs(\old(request->target_na)) > r->limits.limit_na
                          ==> r->state.target_na == \old(r->state.target_na) && r->refused == IONTO_REFUSED_LIMIT;
    ensures si22_taken: \abs(\old(request->target_na)) <= r->limits.limit_na
                        ==> r->state.target_na == \old(request->target_na) && r->refused == IONTO_REFUSED_NOTHING; */
static int32_t tick(struct ionto_regulator *r, const struct ionto_sense *sense, const struct ionto_request *request,
                    uint32_t cut)
{
    /* what is sensed and asked, read once */
    uint32_t command = request->command;
    uint32_t heartbeat = request->heartbeat;
    int32_t wanted_na = request->target_na;
    int32_t contact = (sense->contact == 1u) ? 1 : 0;
    int32_t off = ((cut != 0u) || (sense->emergency_stop != 0u)) ? 1 : 0;
    int32_t voltage_mv = sense->voltage_mv;
    int32_t measured_na = sense->measured_na;
    take_in(r, wanted_na, contact, heartbeat);
    move(r, voltage_mv, measured_na, command, cut, off);
    settle(r);
    return r->state.level_na;
}

struct ionto_proposal ionto_regulator_step(struct ionto_regulator *r, const struct ionto_sense *sense,
                                           const struct ionto_request *request, uint32_t cut)
{
    struct ionto_proposal proposal = {0, 0u};
    if (is_working(r) == 1) {
        proposal.current_na = tick(r, sense, request, cut);
        proposal.sound = 1u;
    } else {
        clear_state(r, 1u);
        /*@ assert si20_cleared: ionto_regulator_limits_mirrored(r)
                   ==> ionto_regulator_limits_ok(&r->limits) && ionto_regulator_state_ok(&r->state, &r->limits); */
    }
    mirror_state(r);
    /*@ assert si20_limits: ionto_regulator_limits_mirrored(r) ==> ionto_regulator_limits_ok(&r->limits); */
    /*@ assert si20_state: ionto_regulator_limits_mirrored(r) ==> ionto_regulator_state_ok(&r->state, &r->limits); */
    /*@ assert si20_intact: ionto_regulator_intact(r) ==> ionto_regulator_limits_mirrored(r); */
    return proposal;
}

/* Field by field: a copy of the whole would call a library. */
/*@ requires \valid(l) && \valid_read(config) && \separated(l, config);
    terminates \true;
    assigns l->time_cap_us, l->time_reserve_us, l->charge_cap_each_fc, l->charge_cap_total_fc, l->charge_reserve_fc,
            l->tick_us, l->limit_na, l->rise_na_per_tick, l->fall_na_per_tick, l->dwell_us, l->saturation_mv,
            l->headroom_na, l->contact_us, l->heartbeat_us;
    ensures time_cap_us: l->time_cap_us == \old(config->time_cap_us);
    ensures time_reserve_us: l->time_reserve_us == \old(config->time_reserve_us);
    ensures charge_cap_each_fc: l->charge_cap_each_fc == \old(config->charge_cap_each_fc);
    ensures charge_cap_total_fc: l->charge_cap_total_fc == \old(config->charge_cap_total_fc);
    ensures charge_reserve_fc: l->charge_reserve_fc == \old(config->charge_reserve_fc);
    ensures tick_us: l->tick_us == \old(config->tick_us);
    ensures limit_na: l->limit_na == \old(config->limit_na);
    ensures rise_na_per_tick: l->rise_na_per_tick == \old(config->rise_na_per_tick);
    ensures fall_na_per_tick: l->fall_na_per_tick == \old(config->fall_na_per_tick);
    ensures dwell_us: l->dwell_us == \old(config->dwell_us);
    ensures saturation_mv: l->saturation_mv == \old(config->saturation_mv);
    ensures headroom_na: l->headroom_na == \old(config->headroom_na);
    ensures contact_us: l->contact_us == \old(config->contact_us);
    ensures heartbeat_us: l->heartbeat_us == \old(config->heartbeat_us); */
static void copy_limits(struct ionto_regulator_limits *l, const struct ionto_config *config)
{
    l->time_cap_us = config->time_cap_us;
    l->time_reserve_us = config->time_reserve_us;
    l->charge_cap_each_fc = config->charge_cap_each_fc;
    l->charge_cap_total_fc = config->charge_cap_total_fc;
    l->charge_reserve_fc = config->charge_reserve_fc;
    l->tick_us = config->tick_us;
    l->limit_na = config->limit_na;
    l->rise_na_per_tick = config->rise_na_per_tick;
    l->fall_na_per_tick = config->fall_na_per_tick;
    l->dwell_us = config->dwell_us;
    l->saturation_mv = config->saturation_mv;
    l->headroom_na = config->headroom_na;
    l->contact_us = config->contact_us;
    l->heartbeat_us = config->heartbeat_us;
}

/* Copies the limits. IONTO_OK, or the error of the first that is out of range. */
/*@ requires \valid(l) && \valid_read(config) && \separated(l, config);
    terminates \true;
    assigns l->time_cap_us, l->time_reserve_us, l->charge_cap_each_fc, l->charge_cap_total_fc, l->charge_reserve_fc,
            l->tick_us, l->limit_na, l->rise_na_per_tick, l->fall_na_per_tick, l->dwell_us, l->saturation_mv,
            l->headroom_na, l->contact_us, l->heartbeat_us;
    ensures si02_refused: \result == IONTO_OK <==> ionto_regulator_limits_ok(l);
    ensures si02_complete: \old(ionto_config_ok(config)) ==> \result == IONTO_OK;
    ensures si01_limit: l->limit_na == \old(config->limit_na);
    ensures si03_rise: l->rise_na_per_tick == \old(config->rise_na_per_tick);
    ensures si03_fall: l->fall_na_per_tick == \old(config->fall_na_per_tick);
    ensures si04_dwell: l->dwell_us == \old(config->dwell_us); */
static uint32_t take_limits(struct ionto_regulator_limits *l, const struct ionto_config *config)
{
    copy_limits(l, config);
    /*@ assert si02_rates: \at(ionto_config_current_ok(config) && ionto_config_thresholds_ok(config)
                               && ionto_config_caps_ok(config), Pre) ==> ionto_regulator_rates_ok(l); */
    /*@ assert si02_caps: \at(ionto_config_current_ok(config) && ionto_config_caps_ok(config), Pre)
               ==> ionto_regulator_caps_ok(l); */
    return limits_error(l);
}

uint32_t ionto_regulator_init(struct ionto_regulator *r, const struct ionto_config *config)
{
    uint32_t error = take_limits(&r->limits, config);
    mirror_limits(r, error);
    clear_state(r, (error == (uint32_t)IONTO_OK) ? 0u : 1u);
    mirror_state(r);
    return error;
}
