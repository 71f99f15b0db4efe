/* The guard: takes any proposal and permits it only when every current invariant stays kept and nothing that is
 * measured speaks against it; else it cuts. Contracts: ionto.h.
 * It expects nothing of the regulator, and shares with it only the types of the header: what looks alike in
 * regulator.c is written twice on purpose. SPDX-License-Identifier: Apache-2.0 */
#include "ionto.h"

#include <stdbool.h>

#define DUE 1u       /* a latch that waits for zero: the ramp down is on its way */
#define LATCHED 2u

/* ---- what contracts below say of the guard ---------------------------------------------------------------
 * Written out for a prover, which then reads each word by itself, where a predicate would make it read all of the
 * memory anew after every store. Nothing is assumed by it: that these say what the predicates of ionto.h say is part of
 * the proof of ionto_guard_step(), whose contract speaks in the predicates. No code uses them. */

#define RANGE_OK(c) \
    (IONTO_TICK_MIN_US <= (c)->tick_us <= IONTO_TICK_MAX_US && 2 <= 2 * (c)->tick_tolerance_us <= (c)->tick_us \
     && 1 <= (c)->limit_na <= IONTO_CEILING_NA \
     && (c)->limit_na + IONTO_TRIP_GAP_NA <= (c)->trip_na <= IONTO_TRIP_CEILING_NA \
     && 1 <= (c)->rise_na_per_tick <= 200000 \
     && 0 * (c)->tick_us <= 1000 * (c)->rise_na_per_tick <= IONTO_RISE_MAX_UA_PER_S * (c)->tick_us \
     && 1 <= (c)->fall_na_per_tick <= 200000 \
     && IONTO_FALL_MIN_UA_PER_S * (c)->tick_us <= 1000 * (c)->fall_na_per_tick \
        <= IONTO_FALL_MAX_UA_PER_S * (c)->tick_us \
     && IONTO_DWELL_MIN_US <= (c)->dwell_us <= IONTO_DWELL_MAX_US \
     && 1000 <= (c)->compliance_mv <= IONTO_VOLTAGE_CEILING_MV \
     && (c)->compliance_mv < (c)->over_voltage_mv <= (c)->compliance_mv + 20000 \
     && (c)->compliance_mv <= 2 * (c)->saturation_mv <= 2 * (c)->compliance_mv \
     && 1001 <= (c)->headroom_na <= 1000000 && 1000 <= (c)->open_na < (c)->headroom_na && 1 <= (c)->short_ohm <= 1000 \
     && 10000 <= (c)->short_above_na <= 5000000 && 1000 <= (c)->mismatch_na <= IONTO_MISMATCH_MAX_NA \
     && 1000 <= (c)->disagree_na <= IONTO_DISAGREE_MAX_NA \
     && (c)->trip_na < (c)->sensor_max_na <= IONTO_SENSE_MAX_NA \
     && (c)->over_voltage_mv < (c)->sensor_max_mv <= IONTO_SENSE_MAX_MV \
     && 1000 <= (c)->leakage_na <= IONTO_LEAKAGE_MAX_NA && 1 <= (c)->over_current_us <= IONTO_DEBOUNCE_MAX_US \
     && 1 <= (c)->over_voltage_us <= IONTO_DEBOUNCE_MAX_US && 1 <= (c)->open_us <= IONTO_DEBOUNCE_MAX_US \
     && 1 <= (c)->short_us <= IONTO_DEBOUNCE_MAX_US && 1 <= (c)->mismatch_us <= IONTO_DEBOUNCE_MAX_US \
     && 1 <= (c)->sensor_us <= IONTO_DEBOUNCE_MAX_US && 1 <= (c)->stale_us <= IONTO_DEBOUNCE_MAX_US \
     && 1 <= (c)->leakage_us <= IONTO_DEBOUNCE_MAX_US && 1 <= (c)->switch_us <= IONTO_DEBOUNCE_MAX_US \
     && 1 <= (c)->contact_us <= IONTO_CONTACT_MAX_US \
     && IONTO_HEARTBEAT_MIN_US <= (c)->heartbeat_us <= IONTO_HEARTBEAT_MAX_US \
     && 1000000 <= (c)->time_cap_us <= IONTO_TIME_CEILING_US \
     && (c)->tick_us <= (c)->time_reserve_us <= (c)->time_cap_us \
     && 1 <= (c)->charge_cap_each_fc <= IONTO_CHARGE_CEILING_FC \
     && (c)->charge_cap_each_fc <= (c)->charge_cap_total_fc <= IONTO_CHARGE_CEILING_FC \
     && 0 <= (c)->charge_reserve_fc <= (c)->charge_cap_each_fc)

#define CONFIG_OK(g) RANGE_OK(&(g)->config)

#define COUNTS_OK(g) \
    (0 <= (g)->state.energised_us <= (g)->config.time_cap_us \
     && 0 <= (g)->state.positive_fc <= (g)->config.charge_cap_each_fc \
     && 0 <= (g)->state.negative_fc <= (g)->config.charge_cap_each_fc \
     && (g)->state.positive_fc + (g)->state.negative_fc <= (g)->config.charge_cap_total_fc)

#define CURRENT_OK(g) \
    (\abs((g)->state.last_na) <= (g)->config.limit_na && -1 <= (g)->state.sign <= 1 \
     && ((g)->state.last_na > 0 ==> (g)->state.sign == 1) && ((g)->state.last_na < 0 ==> (g)->state.sign == -1) \
     && 0 <= (g)->state.zero_us <= (g)->config.dwell_us && ((g)->state.last_na != 0 ==> (g)->state.zero_us == 0) \
     && 0 <= (g)->state.envelope_na <= (g)->config.limit_na \
     && ((g)->state.ending == 1 ==> 1 <= \abs((g)->state.last_na) <= (g)->state.envelope_na) \
     && 0 <= (g)->state.contact_us <= (g)->config.contact_us \
     && 0 <= (g)->state.heartbeat_us <= (g)->config.heartbeat_us && COUNTS_OK(g))

#define SWITCH_OK(g) \
    ((g)->state.armed <= 1 && (g)->state.energised <= 1 && (g)->state.ending <= 1 && (g)->state.primed <= 1 \
     && (g)->state.acknowledge_seen <= 1 \
     && ((g)->state.energised == 0 ==> (g)->state.last_na == 0 && (g)->state.ending == 0) \
     && ((g)->state.energised == 1 ==> (g)->state.armed == 0) \
     && ((g)->state.energised == 1 && (g)->state.sign == 0 ==> (g)->state.zero_us == (g)->config.dwell_us))

#define TIMERS_OK(g) \
    (0 <= (g)->state.over_current_us <= (g)->config.over_current_us \
     && 0 <= (g)->state.over_voltage_us <= (g)->config.over_voltage_us \
     && 0 <= (g)->state.open_us <= (g)->config.open_us && 0 <= (g)->state.short_us <= (g)->config.short_us \
     && 0 <= (g)->state.mismatch_us <= (g)->config.mismatch_us && 0 <= (g)->state.sensor_us <= (g)->config.sensor_us \
     && 0 <= (g)->state.stale_us <= (g)->config.stale_us && 0 <= (g)->state.leakage_us <= (g)->config.leakage_us \
     && 0 <= (g)->state.switch_us <= (g)->config.switch_us)

#define LATCHES_OK(g) \
    ((g)->state.tick <= 1 && (g)->state.corrupt <= 2 && (g)->state.emergency <= 1 && (g)->state.proposal <= 1 \
     && (g)->state.heartbeat <= 2 && (g)->state.charge <= 2 && (g)->state.time <= 2)

#define DUE_WAITS(g) \
    ((g)->state.heartbeat == 1 || (g)->state.charge == 1 || (g)->state.time == 1 ==> (g)->state.ending == 1)

#define CUT(g) \
    ((g)->state.over_current_us >= (g)->config.over_current_us \
     || (g)->state.over_voltage_us >= (g)->config.over_voltage_us || (g)->state.open_us >= (g)->config.open_us \
     || (g)->state.short_us >= (g)->config.short_us || (g)->state.mismatch_us >= (g)->config.mismatch_us \
     || (g)->state.sensor_us >= (g)->config.sensor_us || (g)->state.stale_us >= (g)->config.stale_us \
     || (g)->state.leakage_us >= (g)->config.leakage_us || (g)->state.switch_us >= (g)->config.switch_us \
     || (g)->state.tick != 0 || (g)->state.corrupt != 0 || (g)->state.emergency != 0 || (g)->state.proposal != 0)

#define TRIPPED(g) (CUT(g) || (g)->state.heartbeat == 2 || (g)->state.charge == 2 || (g)->state.time == 2)

#define STATE_MIRRORED(g) \
    ((g)->state.energised_us == -1 - (g)->state_inv.energised_us \
     && (g)->state.positive_fc == -1 - (g)->state_inv.positive_fc \
     && (g)->state.negative_fc == -1 - (g)->state_inv.negative_fc \
     && (g)->state.last_na == -1 - (g)->state_inv.last_na && (g)->state.sign == -1 - (g)->state_inv.sign \
     && (g)->state.zero_us == -1 - (g)->state_inv.zero_us \
     && (g)->state.envelope_na == -1 - (g)->state_inv.envelope_na \
     && (g)->state.contact_us == -1 - (g)->state_inv.contact_us \
     && (g)->state.heartbeat_us == -1 - (g)->state_inv.heartbeat_us \
     && (g)->state.over_current_us == -1 - (g)->state_inv.over_current_us \
     && (g)->state.over_voltage_us == -1 - (g)->state_inv.over_voltage_us \
     && (g)->state.open_us == -1 - (g)->state_inv.open_us && (g)->state.short_us == -1 - (g)->state_inv.short_us \
     && (g)->state.mismatch_us == -1 - (g)->state_inv.mismatch_us \
     && (g)->state.sensor_us == -1 - (g)->state_inv.sensor_us \
     && (g)->state.stale_us == -1 - (g)->state_inv.stale_us \
     && (g)->state.leakage_us == -1 - (g)->state_inv.leakage_us \
     && (g)->state.switch_us == -1 - (g)->state_inv.switch_us \
     && (g)->state.tick == UINT32_MAX - (g)->state_inv.tick \
     && (g)->state.corrupt == UINT32_MAX - (g)->state_inv.corrupt \
     && (g)->state.emergency == UINT32_MAX - (g)->state_inv.emergency \
     && (g)->state.proposal == UINT32_MAX - (g)->state_inv.proposal \
     && (g)->state.heartbeat == UINT32_MAX - (g)->state_inv.heartbeat \
     && (g)->state.charge == UINT32_MAX - (g)->state_inv.charge \
     && (g)->state.time == UINT32_MAX - (g)->state_inv.time \
     && (g)->state.first_trip == UINT32_MAX - (g)->state_inv.first_trip \
     && (g)->state.armed == UINT32_MAX - (g)->state_inv.armed \
     && (g)->state.energised == UINT32_MAX - (g)->state_inv.energised \
     && (g)->state.ending == UINT32_MAX - (g)->state_inv.ending \
     && (g)->state.primed == UINT32_MAX - (g)->state_inv.primed \
     && (g)->state.now_seen == UINT32_MAX - (g)->state_inv.now_seen \
     && (g)->state.sample_seen == UINT32_MAX - (g)->state_inv.sample_seen \
     && (g)->state.heartbeat_seen == UINT32_MAX - (g)->state_inv.heartbeat_seen \
     && (g)->state.acknowledge_seen == UINT32_MAX - (g)->state_inv.acknowledge_seen)

#define OTHERS_MIRRORED(g) \
    ((g)->config.time_cap_us == -1 - (g)->config_inv.time_cap_us \
     && (g)->config.time_reserve_us == -1 - (g)->config_inv.time_reserve_us \
     && (g)->config.charge_cap_each_fc == -1 - (g)->config_inv.charge_cap_each_fc \
     && (g)->config.charge_cap_total_fc == -1 - (g)->config_inv.charge_cap_total_fc \
     && (g)->config.charge_reserve_fc == -1 - (g)->config_inv.charge_reserve_fc \
     && (g)->config.tick_tolerance_us == -1 - (g)->config_inv.tick_tolerance_us \
     && (g)->config.limit_na == -1 - (g)->config_inv.limit_na \
     && (g)->config.trip_na == -1 - (g)->config_inv.trip_na \
     && (g)->config.rise_na_per_tick == -1 - (g)->config_inv.rise_na_per_tick \
     && (g)->config.fall_na_per_tick == -1 - (g)->config_inv.fall_na_per_tick \
     && (g)->config.dwell_us == -1 - (g)->config_inv.dwell_us \
     && (g)->config.compliance_mv == -1 - (g)->config_inv.compliance_mv \
     && (g)->config.over_voltage_mv == -1 - (g)->config_inv.over_voltage_mv \
     && (g)->config.saturation_mv == -1 - (g)->config_inv.saturation_mv \
     && (g)->config.headroom_na == -1 - (g)->config_inv.headroom_na \
     && (g)->config.open_na == -1 - (g)->config_inv.open_na \
     && (g)->config.short_ohm == -1 - (g)->config_inv.short_ohm \
     && (g)->config.short_above_na == -1 - (g)->config_inv.short_above_na \
     && (g)->config.mismatch_na == -1 - (g)->config_inv.mismatch_na \
     && (g)->config.disagree_na == -1 - (g)->config_inv.disagree_na \
     && (g)->config.sensor_max_na == -1 - (g)->config_inv.sensor_max_na \
     && (g)->config.sensor_max_mv == -1 - (g)->config_inv.sensor_max_mv \
     && (g)->config.leakage_na == -1 - (g)->config_inv.leakage_na \
     && (g)->config.over_current_us == -1 - (g)->config_inv.over_current_us \
     && (g)->config.over_voltage_us == -1 - (g)->config_inv.over_voltage_us \
     && (g)->config.open_us == -1 - (g)->config_inv.open_us \
     && (g)->config.short_us == -1 - (g)->config_inv.short_us \
     && (g)->config.mismatch_us == -1 - (g)->config_inv.mismatch_us \
     && (g)->config.sensor_us == -1 - (g)->config_inv.sensor_us \
     && (g)->config.stale_us == -1 - (g)->config_inv.stale_us \
     && (g)->config.leakage_us == -1 - (g)->config_inv.leakage_us \
     && (g)->config.switch_us == -1 - (g)->config_inv.switch_us \
     && (g)->config.contact_us == -1 - (g)->config_inv.contact_us \
     && (g)->config.heartbeat_us == -1 - (g)->config_inv.heartbeat_us)

#define CONFIG_MIRRORED(g) ((g)->config.tick_us == -1 - (g)->config_inv.tick_us && OTHERS_MIRRORED(g))

#define TIME_DUE(g) ((g)->state.energised_us + (g)->config.time_reserve_us >= (g)->config.time_cap_us)

#define CHARGE_DUE(g) \
    ((g)->state.positive_fc + (g)->config.charge_reserve_fc >= (g)->config.charge_cap_each_fc \
     || (g)->state.negative_fc + (g)->config.charge_reserve_fc >= (g)->config.charge_cap_each_fc \
     || (g)->state.positive_fc + (g)->state.negative_fc + (g)->config.charge_reserve_fc \
        >= (g)->config.charge_cap_total_fc)

/* What is written out above is what the predicates of ionto.h say: proved here, once. No code: a compiler sees a
 * comment. */
/*@ ghost
  /@ requires valid: \valid_read(c);
     terminates \true;
     assigns \nothing;
     ensures range: ionto_config_in_range(c) <==> RANGE_OK(c);
     ensures ok: ionto_config_ok(c) <==> RANGE_OK(c) && c->limit_na * c->tick_us <= c->charge_reserve_fc; @/
  void conclude_config(const struct ionto_config *c)
  {
  }
*/

/*@ ghost
  /@ requires valid: \valid_read(g);
     requires config: CONFIG_MIRRORED(g) ==> CONFIG_OK(g);
     requires state: CONFIG_MIRRORED(g)
       ==> CURRENT_OK(g) && TIMERS_OK(g) && LATCHES_OK(g) && SWITCH_OK(g) && DUE_WAITS(g)
           && g->state.first_trip <= IONTO_TRIP_TIME && (g->state.first_trip != IONTO_TRIP_NONE <==> TRIPPED(g))
           && (g->state.first_trip != IONTO_TRIP_NONE ==> g->state.energised == 0 && g->state.armed == 0);
     terminates \true;
     assigns \nothing;
     ensures si20_sound: ionto_guard_sound(g);
     ensures mirrored: STATE_MIRRORED(g) <==> ionto_guard_state_mirrored(g);
     ensures config_mirrored: CONFIG_MIRRORED(g) <==> ionto_guard_config_mirrored(g);
     ensures intact: CONFIG_MIRRORED(g) && STATE_MIRRORED(g) <==> ionto_guard_intact(g);
     ensures range: CONFIG_OK(g) ==> ionto_config_in_range(&g->config);
     ensures ok: CONFIG_OK(g) && g->config.limit_na * g->config.tick_us <= g->config.charge_reserve_fc
                 ==> ionto_config_ok(&g->config);
     ensures cut: ionto_guard_cut(&g->state, &g->config) <==> CUT(g);
     ensures clear: g->state.over_current_us == 0 && g->state.over_voltage_us == 0 && g->state.open_us == 0 &&
       g->state.short_us == 0 && g->state.mismatch_us == 0 && g->state.sensor_us == 0 &&
       g->state.stale_us == 0 && g->state.leakage_us == 0 && g->state.switch_us == 0 && g->state.tick ==
       0 && g->state.corrupt == 0 && g->state.emergency == 0 && g->state.proposal == 0 &&
       g->state.heartbeat == 0 && g->state.charge == 0 && g->state.time == 0 && g->state.first_trip == 0
       ==> ionto_guard_clear(&g->state); @/
  void conclude(const struct ionto_guard *g)
  {
  }
*/

/* ---- small arithmetic ---------------------------------------------------------------------------------- */

/*@ terminates \true; assigns \nothing; ensures \result == \abs(x); */
static int64_t size_of(int32_t x)
{
    int64_t wide = x;
    return (wide >= 0) ? wide : -wide;
}

/*@ terminates \true; assigns \nothing; ensures \result == (x > 0 ? 1 : (x < 0 ? -1 : 0)); */
static int32_t direction_of(int32_t x)
{
    int32_t direction = 0;
    if (x > 0) {
        direction = 1;
    }
    if (x < 0) {
        direction = -1;
    }
    return direction;
}

/*@ terminates \true; assigns \nothing; ensures \result == (\abs(x) > bound ? 1 : 0); */
static int32_t beyond(int32_t x, int32_t bound)
{
    return (size_of(x) > (int64_t)bound) ? 1 : 0;
}

/*@ terminates \true; assigns \nothing; ensures \result == (lo <= x <= hi ? IONTO_OK : error); */
static uint32_t in_range(int64_t x, int64_t lo, int64_t hi, uint32_t error)
{
    uint32_t result = error;
    if ((x >= lo) && (x <= hi)) {
        result = (uint32_t)IONTO_OK;
    }
    return result;
}

/*@ terminates \true; assigns \nothing; ensures \result == (earlier != 0 ? earlier : later); */
static uint32_t or_else(uint32_t earlier, uint32_t later)
{
    return (earlier == 0u) ? later : earlier;
}

/* Two choices as values: a body without branches is one straight line to a prover, whatever it stores. */
/*@ terminates \true; assigns \nothing; ensures \result == (on == 1 ? yes : no); */
static int32_t pick(int32_t on, int32_t yes, int32_t no)
{
    return (on == 1) ? yes : no;
}

/*@ terminates \true; assigns \nothing; ensures \result == (on == 1 ? yes : no); */
static uint32_t pick_flag(int32_t on, uint32_t yes, uint32_t no)
{
    return (on == 1) ? yes : no;
}

/* A timer that runs for one tick while `on` and starts anew when not, and that stays at its limit for good: latched. */
/*@ requires 0 <= timer_us <= limit_us && 1 <= limit_us && 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true; assigns \nothing;
    ensures range: 0 <= \result <= limit_us;
    ensures latch: timer_us == limit_us ==> \result == limit_us;
    ensures count: timer_us < limit_us && on == 1 ==> \result == \min(timer_us + tick_us, limit_us);
    ensures anew: timer_us < limit_us && on != 1 ==> \result == 0; */
static int32_t debounced(int32_t timer_us, int32_t on, int32_t tick_us, int32_t limit_us)
{
    int32_t next_us = 0;
    if (timer_us >= limit_us) {
        next_us = limit_us;
    } else if (on == 1) {
        next_us = ((limit_us - timer_us) > tick_us) ? (timer_us + tick_us) : limit_us;
    } else {
        /* not so at this tick: it starts anew */
    }
    return next_us;
}

/* A timer that runs for one tick while `on`, up to its limit, and starts anew when not. */
/*@ requires 0 <= timer_us <= limit_us && 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true; assigns \nothing;
    ensures \result == (on == 1 ? \min(timer_us + tick_us, limit_us) : 0); */
static int32_t held(int32_t timer_us, int32_t on, int32_t tick_us, int32_t limit_us)
{
    int32_t next_us = 0;
    if (on == 1) {
        next_us = ((limit_us - timer_us) > tick_us) ? (timer_us + tick_us) : limit_us;
    }
    return next_us;
}

/*@ requires 0 <= x <= 65535 && 0 <= y <= 16383;
    terminates \true; assigns \nothing;
    ensures product: \result == x * y;
    ensures bounds: 0 <= \result <= 65535 * 16383; */
static int64_t part_of_product(int32_t x, int32_t y)
{
    int32_t few = x * y;
    return few;
}

/* x * y of 28 and 14 bits, by two 32-bit products: a 64-bit one would need a library on small processors. */
/*@ requires 0 <= x <= 268435455 && 0 <= y <= 16383;
    terminates \true; assigns \nothing;
    ensures product: \result == x * y;
    ensures bounds: 0 <= \result <= 268435455 * 16383; */
static int64_t product(int32_t x, int32_t y)
{
    int32_t high = x / 4096;
    int32_t low = x % 4096;
    /*@ assert split: x == 4096 * high + low && 0 <= high <= 65535 && 0 <= low <= 4095; */
    return part_of_product(low, y) + (part_of_product(high, y) * 4096);
}

/* ---- the configuration --------------------------------------------------------------------------------- */

/* A rate in nA a tick is in range when, in real time, it is between two rates in uA/s. */
/*@ requires 0 <= min_ua_per_s <= max_ua_per_s <= IONTO_FALL_MAX_UA_PER_S && error != IONTO_OK;
    terminates \true; assigns \nothing;
    ensures \result == (IONTO_TICK_MIN_US <= tick_us <= IONTO_TICK_MAX_US && 1 <= rate_na <= 200000
                        && min_ua_per_s * tick_us <= 1000 * rate_na <= max_ua_per_s * tick_us ? IONTO_OK : error); */
static uint32_t rate_error(int32_t rate_na, int32_t tick_us, int32_t min_ua_per_s, int32_t max_ua_per_s, uint32_t error)
{
    uint32_t result = error;
    if ((in_range(tick_us, IONTO_TICK_MIN_US, IONTO_TICK_MAX_US, error) == (uint32_t)IONTO_OK)
        && (in_range(rate_na, 1, 200000, error) == (uint32_t)IONTO_OK)) {
        int32_t rate_pa = 1000 * rate_na;
        if ((rate_pa >= (min_ua_per_s * tick_us)) && (rate_pa <= (max_ua_per_s * tick_us))) {
            result = (uint32_t)IONTO_OK;
        }
    }
    return result;
}

/* The error of the first field that is out of range: of those that shape the current ... */
/*@ requires \valid_read(c);
    terminates \true; assigns \nothing;
    ensures sound: \result == IONTO_OK <==> ionto_config_current_ok(c);
    ensures si02_which: \result ==
      (!(IONTO_TICK_MIN_US <= c->tick_us <= IONTO_TICK_MAX_US) ? IONTO_ERROR_TICK :
      (!(2 <= c->tick_tolerance_us * 2 <= c->tick_us) ? IONTO_ERROR_TICK_TOLERANCE :
      (!(1 <= c->limit_na <= IONTO_CEILING_NA) ? IONTO_ERROR_LIMIT :
      (!(c->limit_na + IONTO_TRIP_GAP_NA <= c->trip_na <= IONTO_TRIP_CEILING_NA) ? IONTO_ERROR_TRIP :
      (!(1 <= c->rise_na_per_tick <= 200000
          && 0 <= 1000 * c->rise_na_per_tick <= IONTO_RISE_MAX_UA_PER_S * c->tick_us) ? IONTO_ERROR_RISE :
      (!(1 <= c->fall_na_per_tick <= 200000
          && IONTO_FALL_MIN_UA_PER_S * c->tick_us <= 1000 * c->fall_na_per_tick
             <= IONTO_FALL_MAX_UA_PER_S * c->tick_us) ? IONTO_ERROR_FALL :
      (!(IONTO_DWELL_MIN_US <= c->dwell_us <= IONTO_DWELL_MAX_US) ? IONTO_ERROR_DWELL : IONTO_OK))))))); */
static uint32_t current_error(const struct ionto_config *c)
{
    uint32_t error = in_range(c->tick_us, IONTO_TICK_MIN_US, IONTO_TICK_MAX_US, (uint32_t)IONTO_ERROR_TICK);
    error = or_else(error, in_range((int64_t)c->tick_tolerance_us * 2, 2, c->tick_us,
                                    (uint32_t)IONTO_ERROR_TICK_TOLERANCE));
    error = or_else(error, in_range(c->limit_na, 1, IONTO_CEILING_NA, (uint32_t)IONTO_ERROR_LIMIT));
    error = or_else(error, in_range(c->trip_na, (int64_t)c->limit_na + IONTO_TRIP_GAP_NA, IONTO_TRIP_CEILING_NA,
                                    (uint32_t)IONTO_ERROR_TRIP));
    error = or_else(error, rate_error(c->rise_na_per_tick, c->tick_us, 0, IONTO_RISE_MAX_UA_PER_S,
                                      (uint32_t)IONTO_ERROR_RISE));
    error = or_else(error, rate_error(c->fall_na_per_tick, c->tick_us, IONTO_FALL_MIN_UA_PER_S,
                                      IONTO_FALL_MAX_UA_PER_S, (uint32_t)IONTO_ERROR_FALL));
    error = or_else(error, in_range(c->dwell_us, IONTO_DWELL_MIN_US, IONTO_DWELL_MAX_US, (uint32_t)IONTO_ERROR_DWELL));
    return error;
}

/* ... of the thresholds ... */
/*@ requires \valid_read(c);
    terminates \true; assigns \nothing;
    ensures sound: \result == IONTO_OK <==> ionto_config_thresholds_ok(c);
    ensures si02_which: \result ==
      (!(1000 <= c->compliance_mv <= IONTO_VOLTAGE_CEILING_MV) ? IONTO_ERROR_COMPLIANCE :
      (!(c->compliance_mv + 1 <= c->over_voltage_mv <= c->compliance_mv + 20000) ? IONTO_ERROR_OVER_VOLTAGE :
      (!(c->compliance_mv <= c->saturation_mv * 2 <= c->compliance_mv * 2) ? IONTO_ERROR_SATURATION :
      (!(1001 <= c->headroom_na <= 1000000) ? IONTO_ERROR_HEADROOM :
      (!(1000 <= c->open_na < c->headroom_na) ? IONTO_ERROR_OPEN :
      (!(1 <= c->short_ohm <= 1000) ? IONTO_ERROR_SHORT :
      (!(10000 <= c->short_above_na <= 5000000) ? IONTO_ERROR_SHORT_ABOVE :
      (!(1000 <= c->mismatch_na <= IONTO_MISMATCH_MAX_NA) ? IONTO_ERROR_MISMATCH :
      (!(1000 <= c->disagree_na <= IONTO_DISAGREE_MAX_NA) ? IONTO_ERROR_DISAGREE :
      (!(c->trip_na + 1 <= c->sensor_max_na <= IONTO_SENSE_MAX_NA) ? IONTO_ERROR_SENSOR_MAX_NA :
      (!(c->over_voltage_mv + 1 <= c->sensor_max_mv <= IONTO_SENSE_MAX_MV) ? IONTO_ERROR_SENSOR_MAX_MV :
      (!(1000 <= c->leakage_na <= IONTO_LEAKAGE_MAX_NA) ? IONTO_ERROR_LEAKAGE : IONTO_OK)))))))))))); */
static uint32_t threshold_error(const struct ionto_config *c)
{
    uint32_t error = in_range(c->compliance_mv, 1000, IONTO_VOLTAGE_CEILING_MV, (uint32_t)IONTO_ERROR_COMPLIANCE);
    error = or_else(error, in_range(c->over_voltage_mv, (int64_t)c->compliance_mv + 1,
                                    (int64_t)c->compliance_mv + 20000, (uint32_t)IONTO_ERROR_OVER_VOLTAGE));
    error = or_else(error, in_range((int64_t)c->saturation_mv * 2, c->compliance_mv, (int64_t)c->compliance_mv * 2,
                                    (uint32_t)IONTO_ERROR_SATURATION));
    error = or_else(error, in_range(c->headroom_na, 1001, 1000000, (uint32_t)IONTO_ERROR_HEADROOM));
    error = or_else(error, in_range(c->open_na, 1000, (int64_t)c->headroom_na - 1, (uint32_t)IONTO_ERROR_OPEN));
    error = or_else(error, in_range(c->short_ohm, 1, 1000, (uint32_t)IONTO_ERROR_SHORT));
    error = or_else(error, in_range(c->short_above_na, 10000, 5000000, (uint32_t)IONTO_ERROR_SHORT_ABOVE));
    error = or_else(error, in_range(c->mismatch_na, 1000, IONTO_MISMATCH_MAX_NA, (uint32_t)IONTO_ERROR_MISMATCH));
    error = or_else(error, in_range(c->disagree_na, 1000, IONTO_DISAGREE_MAX_NA, (uint32_t)IONTO_ERROR_DISAGREE));
    error = or_else(error, in_range(c->sensor_max_na, (int64_t)c->trip_na + 1, IONTO_SENSE_MAX_NA,
                                    (uint32_t)IONTO_ERROR_SENSOR_MAX_NA));
    error = or_else(error, in_range(c->sensor_max_mv, (int64_t)c->over_voltage_mv + 1, IONTO_SENSE_MAX_MV,
                                    (uint32_t)IONTO_ERROR_SENSOR_MAX_MV));
    error = or_else(error, in_range(c->leakage_na, 1000, IONTO_LEAKAGE_MAX_NA, (uint32_t)IONTO_ERROR_LEAKAGE));
    return error;
}

/* ... of the debounce times ... */
/*@ requires \valid_read(c);
    terminates \true; assigns \nothing;
    ensures sound: \result == IONTO_OK <==> ionto_config_debounces_ok(c);
    ensures si02_which: \result ==
      (!(1 <= c->over_current_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_OVER_CURRENT_TIME :
      (!(1 <= c->over_voltage_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_OVER_VOLTAGE_TIME :
      (!(1 <= c->open_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_OPEN_TIME :
      (!(1 <= c->short_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_SHORT_TIME :
      (!(1 <= c->mismatch_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_MISMATCH_TIME :
      (!(1 <= c->sensor_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_SENSOR_TIME :
      (!(1 <= c->stale_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_STALE_TIME :
      (!(1 <= c->leakage_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_LEAKAGE_TIME :
      (!(1 <= c->switch_us <= IONTO_DEBOUNCE_MAX_US) ? IONTO_ERROR_SWITCH_TIME : IONTO_OK))))))))); */
static uint32_t debounce_error(const struct ionto_config *c)
{
    uint32_t error = in_range(c->over_current_us, 1, IONTO_DEBOUNCE_MAX_US, (uint32_t)IONTO_ERROR_OVER_CURRENT_TIME);
    error = or_else(error, in_range(c->over_voltage_us, 1, IONTO_DEBOUNCE_MAX_US,
                                    (uint32_t)IONTO_ERROR_OVER_VOLTAGE_TIME));
    error = or_else(error, in_range(c->open_us, 1, IONTO_DEBOUNCE_MAX_US, (uint32_t)IONTO_ERROR_OPEN_TIME));
    error = or_else(error, in_range(c->short_us, 1, IONTO_DEBOUNCE_MAX_US, (uint32_t)IONTO_ERROR_SHORT_TIME));
    error = or_else(error, in_range(c->mismatch_us, 1, IONTO_DEBOUNCE_MAX_US, (uint32_t)IONTO_ERROR_MISMATCH_TIME));
    error = or_else(error, in_range(c->sensor_us, 1, IONTO_DEBOUNCE_MAX_US, (uint32_t)IONTO_ERROR_SENSOR_TIME));
    error = or_else(error, in_range(c->stale_us, 1, IONTO_DEBOUNCE_MAX_US, (uint32_t)IONTO_ERROR_STALE_TIME));
    error = or_else(error, in_range(c->leakage_us, 1, IONTO_DEBOUNCE_MAX_US, (uint32_t)IONTO_ERROR_LEAKAGE_TIME));
    error = or_else(error, in_range(c->switch_us, 1, IONTO_DEBOUNCE_MAX_US, (uint32_t)IONTO_ERROR_SWITCH_TIME));
    return error;
}

/* ... of contact, heartbeat and the caps. */
/*@ requires \valid_read(c);
    terminates \true; assigns \nothing;
    ensures sound: \result == IONTO_OK <==> ionto_config_caps_ok(c);
    ensures si02_which: \result ==
      (!(1 <= c->contact_us <= IONTO_CONTACT_MAX_US) ? IONTO_ERROR_CONTACT_TIME :
      (!(IONTO_HEARTBEAT_MIN_US <= c->heartbeat_us <= IONTO_HEARTBEAT_MAX_US) ? IONTO_ERROR_HEARTBEAT_TIME :
      (!(1000000 <= c->time_cap_us <= IONTO_TIME_CEILING_US) ? IONTO_ERROR_TIME_CAP :
      (!(c->tick_us <= c->time_reserve_us <= c->time_cap_us) ? IONTO_ERROR_TIME_RESERVE :
      (!(1 <= c->charge_cap_each_fc <= IONTO_CHARGE_CEILING_FC) ? IONTO_ERROR_CHARGE_CAP_EACH :
      (!(c->charge_cap_each_fc <= c->charge_cap_total_fc <= IONTO_CHARGE_CEILING_FC) ? IONTO_ERROR_CHARGE_CAP_TOTAL :
      (!(0 <= c->charge_reserve_fc <= c->charge_cap_each_fc) ? IONTO_ERROR_CHARGE_RESERVE : IONTO_OK))))))); */
static uint32_t cap_error(const struct ionto_config *c)
{
    uint32_t error = in_range(c->contact_us, 1, IONTO_CONTACT_MAX_US, (uint32_t)IONTO_ERROR_CONTACT_TIME);
    error = or_else(error, in_range(c->heartbeat_us, IONTO_HEARTBEAT_MIN_US, IONTO_HEARTBEAT_MAX_US,
                                    (uint32_t)IONTO_ERROR_HEARTBEAT_TIME));
    error = or_else(error, in_range(c->time_cap_us, 1000000, IONTO_TIME_CEILING_US, (uint32_t)IONTO_ERROR_TIME_CAP));
    error = or_else(error, in_range(c->time_reserve_us, c->tick_us, c->time_cap_us,
                                    (uint32_t)IONTO_ERROR_TIME_RESERVE));
    error = or_else(error, in_range(c->charge_cap_each_fc, 1, IONTO_CHARGE_CEILING_FC,
                                    (uint32_t)IONTO_ERROR_CHARGE_CAP_EACH));
    error = or_else(error, in_range(c->charge_cap_total_fc, c->charge_cap_each_fc, IONTO_CHARGE_CEILING_FC,
                                    (uint32_t)IONTO_ERROR_CHARGE_CAP_TOTAL));
    error = or_else(error, in_range(c->charge_reserve_fc, 0, c->charge_cap_each_fc,
                                    (uint32_t)IONTO_ERROR_CHARGE_RESERVE));
    return error;
}

/*@ requires \valid_read(c);
    terminates \true; assigns \nothing;
    ensures sound: \result == IONTO_OK <==> RANGE_OK(c) && c->limit_na * c->tick_us <= c->charge_reserve_fc; */
static uint32_t config_error(const struct ionto_config *c)
{
    uint32_t error = or_else(or_else(current_error(c), threshold_error(c)), or_else(debounce_error(c), cap_error(c)));
    if ((error == (uint32_t)IONTO_OK) && (product(c->limit_na, c->tick_us) > c->charge_reserve_fc)) {
        error = (uint32_t)IONTO_ERROR_CHARGE_RESERVE;
    }
    /*@ ghost conclude_config(c); */
    return error;
}

/*@ requires \valid_read(g);
    terminates \true; assigns \nothing;
    ensures words: \result == 1 <==> CONFIG_MIRRORED(g);
    ensures sound: \result == 1 <==> ionto_guard_config_mirrored(g);
    ensures flag: \result == 0 || \result == 1; */
static int32_t config_mirrored(const struct ionto_guard *g)
{
    const struct ionto_config *a = &g->config;
    const struct ionto_config *b = &g->config_inv;
    return ((a->time_cap_us == (-1 - b->time_cap_us)) && (a->time_reserve_us == (-1 - b->time_reserve_us))
            && (a->charge_cap_each_fc == (-1 - b->charge_cap_each_fc))
            && (a->charge_cap_total_fc == (-1 - b->charge_cap_total_fc))
            && (a->charge_reserve_fc == (-1 - b->charge_reserve_fc)) && (a->tick_us == (-1 - b->tick_us))
            && (a->tick_tolerance_us == (-1 - b->tick_tolerance_us)) && (a->limit_na == (-1 - b->limit_na))
            && (a->trip_na == (-1 - b->trip_na)) && (a->rise_na_per_tick == (-1 - b->rise_na_per_tick))
            && (a->fall_na_per_tick == (-1 - b->fall_na_per_tick)) && (a->dwell_us == (-1 - b->dwell_us))
            && (a->compliance_mv == (-1 - b->compliance_mv)) && (a->over_voltage_mv == (-1 - b->over_voltage_mv))
            && (a->saturation_mv == (-1 - b->saturation_mv)) && (a->headroom_na == (-1 - b->headroom_na))
            && (a->open_na == (-1 - b->open_na)) && (a->short_ohm == (-1 - b->short_ohm))
            && (a->short_above_na == (-1 - b->short_above_na)) && (a->mismatch_na == (-1 - b->mismatch_na))
            && (a->disagree_na == (-1 - b->disagree_na)) && (a->sensor_max_na == (-1 - b->sensor_max_na))
            && (a->sensor_max_mv == (-1 - b->sensor_max_mv)) && (a->leakage_na == (-1 - b->leakage_na))
            && (a->over_current_us == (-1 - b->over_current_us)) && (a->over_voltage_us == (-1 - b->over_voltage_us))
            && (a->open_us == (-1 - b->open_us)) && (a->short_us == (-1 - b->short_us))
            && (a->mismatch_us == (-1 - b->mismatch_us)) && (a->sensor_us == (-1 - b->sensor_us))
            && (a->stale_us == (-1 - b->stale_us)) && (a->leakage_us == (-1 - b->leakage_us))
            && (a->switch_us == (-1 - b->switch_us)) && (a->contact_us == (-1 - b->contact_us))
            && (a->heartbeat_us == (-1 - b->heartbeat_us))) ? 1 : 0;
}

/*@ requires \valid(g);
    terminates \true;
    assigns g->config_inv.time_cap_us, g->config_inv.time_reserve_us, g->config_inv.charge_cap_each_fc,
            g->config_inv.charge_cap_total_fc, g->config_inv.charge_reserve_fc, g->config_inv.tick_us,
            g->config_inv.tick_tolerance_us, g->config_inv.limit_na, g->config_inv.trip_na,
            g->config_inv.rise_na_per_tick, g->config_inv.fall_na_per_tick, g->config_inv.dwell_us,
            g->config_inv.compliance_mv, g->config_inv.over_voltage_mv, g->config_inv.saturation_mv,
            g->config_inv.headroom_na, g->config_inv.open_na, g->config_inv.short_ohm, g->config_inv.short_above_na,
            g->config_inv.mismatch_na, g->config_inv.disagree_na, g->config_inv.sensor_max_na,
            g->config_inv.sensor_max_mv, g->config_inv.leakage_na, g->config_inv.over_current_us,
            g->config_inv.over_voltage_us, g->config_inv.open_us, g->config_inv.short_us, g->config_inv.mismatch_us,
            g->config_inv.sensor_us, g->config_inv.stale_us, g->config_inv.leakage_us, g->config_inv.switch_us,
            g->config_inv.contact_us, g->config_inv.heartbeat_us;
    ensures time_cap_us: g->config.time_cap_us == -1 - g->config_inv.time_cap_us;
    ensures time_reserve_us: g->config.time_reserve_us == -1 - g->config_inv.time_reserve_us;
    ensures charge_cap_each_fc: g->config.charge_cap_each_fc == -1 - g->config_inv.charge_cap_each_fc;
    ensures charge_cap_total_fc: g->config.charge_cap_total_fc == -1 - g->config_inv.charge_cap_total_fc;
    ensures charge_reserve_fc: g->config.charge_reserve_fc == -1 - g->config_inv.charge_reserve_fc;
    ensures tick_us: g->config.tick_us == -1 - g->config_inv.tick_us;
    ensures tick_tolerance_us: g->config.tick_tolerance_us == -1 - g->config_inv.tick_tolerance_us;
    ensures limit_na: g->config.limit_na == -1 - g->config_inv.limit_na;
    ensures trip_na: g->config.trip_na == -1 - g->config_inv.trip_na;
    ensures rise_na_per_tick: g->config.rise_na_per_tick == -1 - g->config_inv.rise_na_per_tick;
    ensures fall_na_per_tick: g->config.fall_na_per_tick == -1 - g->config_inv.fall_na_per_tick;
    ensures dwell_us: g->config.dwell_us == -1 - g->config_inv.dwell_us;
    ensures compliance_mv: g->config.compliance_mv == -1 - g->config_inv.compliance_mv;
    ensures over_voltage_mv: g->config.over_voltage_mv == -1 - g->config_inv.over_voltage_mv;
    ensures saturation_mv: g->config.saturation_mv == -1 - g->config_inv.saturation_mv;
    ensures headroom_na: g->config.headroom_na == -1 - g->config_inv.headroom_na;
    ensures open_na: g->config.open_na == -1 - g->config_inv.open_na;
    ensures short_ohm: g->config.short_ohm == -1 - g->config_inv.short_ohm;
    ensures short_above_na: g->config.short_above_na == -1 - g->config_inv.short_above_na;
    ensures mismatch_na: g->config.mismatch_na == -1 - g->config_inv.mismatch_na;
    ensures disagree_na: g->config.disagree_na == -1 - g->config_inv.disagree_na;
    ensures sensor_max_na: g->config.sensor_max_na == -1 - g->config_inv.sensor_max_na;
    ensures sensor_max_mv: g->config.sensor_max_mv == -1 - g->config_inv.sensor_max_mv;
    ensures leakage_na: g->config.leakage_na == -1 - g->config_inv.leakage_na;
    ensures over_current_us: g->config.over_current_us == -1 - g->config_inv.over_current_us;
    ensures over_voltage_us: g->config.over_voltage_us == -1 - g->config_inv.over_voltage_us;
    ensures open_us: g->config.open_us == -1 - g->config_inv.open_us;
    ensures short_us: g->config.short_us == -1 - g->config_inv.short_us;
    ensures mismatch_us: g->config.mismatch_us == -1 - g->config_inv.mismatch_us;
    ensures sensor_us: g->config.sensor_us == -1 - g->config_inv.sensor_us;
    ensures stale_us: g->config.stale_us == -1 - g->config_inv.stale_us;
    ensures leakage_us: g->config.leakage_us == -1 - g->config_inv.leakage_us;
    ensures switch_us: g->config.switch_us == -1 - g->config_inv.switch_us;
    ensures contact_us: g->config.contact_us == -1 - g->config_inv.contact_us;
    ensures heartbeat_us: g->config.heartbeat_us == -1 - g->config_inv.heartbeat_us;
    ensures mirrored: CONFIG_MIRRORED(g); */
static void mirror_config(struct ionto_guard *g)
{
    const struct ionto_config *a = &g->config;
    struct ionto_config *b = &g->config_inv;
    b->time_cap_us = -1 - a->time_cap_us;
    b->time_reserve_us = -1 - a->time_reserve_us;
    b->charge_cap_each_fc = -1 - a->charge_cap_each_fc;
    b->charge_cap_total_fc = -1 - a->charge_cap_total_fc;
    b->charge_reserve_fc = -1 - a->charge_reserve_fc;
    b->tick_us = -1 - a->tick_us;
    b->tick_tolerance_us = -1 - a->tick_tolerance_us;
    b->limit_na = -1 - a->limit_na;
    b->trip_na = -1 - a->trip_na;
    b->rise_na_per_tick = -1 - a->rise_na_per_tick;
    b->fall_na_per_tick = -1 - a->fall_na_per_tick;
    b->dwell_us = -1 - a->dwell_us;
    b->compliance_mv = -1 - a->compliance_mv;
    b->over_voltage_mv = -1 - a->over_voltage_mv;
    b->saturation_mv = -1 - a->saturation_mv;
    b->headroom_na = -1 - a->headroom_na;
    b->open_na = -1 - a->open_na;
    b->short_ohm = -1 - a->short_ohm;
    b->short_above_na = -1 - a->short_above_na;
    b->mismatch_na = -1 - a->mismatch_na;
    b->disagree_na = -1 - a->disagree_na;
    b->sensor_max_na = -1 - a->sensor_max_na;
    b->sensor_max_mv = -1 - a->sensor_max_mv;
    b->leakage_na = -1 - a->leakage_na;
    b->over_current_us = -1 - a->over_current_us;
    b->over_voltage_us = -1 - a->over_voltage_us;
    b->open_us = -1 - a->open_us;
    b->short_us = -1 - a->short_us;
    b->mismatch_us = -1 - a->mismatch_us;
    b->sensor_us = -1 - a->sensor_us;
    b->stale_us = -1 - a->stale_us;
    b->leakage_us = -1 - a->leakage_us;
    b->switch_us = -1 - a->switch_us;
    b->contact_us = -1 - a->contact_us;
    b->heartbeat_us = -1 - a->heartbeat_us;
}

/* ---- the state ----------------------------------------------------------------------------------------- */

/*@ requires \valid_read(g);
    terminates \true; assigns \nothing;
    ensures words: \result == 1 <==> STATE_MIRRORED(g);
    ensures sound: \result == 1 <==> ionto_guard_state_mirrored(g);
    ensures flag: \result == 0 || \result == 1; */
static int32_t state_mirrored(const struct ionto_guard *g)
{
    const struct ionto_guard_state *a = &g->state;
    const struct ionto_guard_state *b = &g->state_inv;
    return ((a->energised_us == (-1 - b->energised_us)) && (a->positive_fc == (-1 - b->positive_fc))
            && (a->negative_fc == (-1 - b->negative_fc)) && (a->last_na == (-1 - b->last_na))
            && (a->sign == (-1 - b->sign)) && (a->zero_us == (-1 - b->zero_us))
            && (a->envelope_na == (-1 - b->envelope_na)) && (a->contact_us == (-1 - b->contact_us))
            && (a->heartbeat_us == (-1 - b->heartbeat_us)) && (a->over_current_us == (-1 - b->over_current_us))
            && (a->over_voltage_us == (-1 - b->over_voltage_us)) && (a->open_us == (-1 - b->open_us))
            && (a->short_us == (-1 - b->short_us)) && (a->mismatch_us == (-1 - b->mismatch_us))
            && (a->sensor_us == (-1 - b->sensor_us)) && (a->stale_us == (-1 - b->stale_us))
            && (a->leakage_us == (-1 - b->leakage_us)) && (a->switch_us == (-1 - b->switch_us))
            && (a->tick == (UINT32_MAX - b->tick)) && (a->corrupt == (UINT32_MAX - b->corrupt))
            && (a->emergency == (UINT32_MAX - b->emergency)) && (a->proposal == (UINT32_MAX - b->proposal))
            && (a->heartbeat == (UINT32_MAX - b->heartbeat)) && (a->charge == (UINT32_MAX - b->charge))
            && (a->time == (UINT32_MAX - b->time)) && (a->first_trip == (UINT32_MAX - b->first_trip))
            && (a->armed == (UINT32_MAX - b->armed)) && (a->energised == (UINT32_MAX - b->energised))
            && (a->ending == (UINT32_MAX - b->ending)) && (a->primed == (UINT32_MAX - b->primed))
            && (a->now_seen == (UINT32_MAX - b->now_seen)) && (a->sample_seen == (UINT32_MAX - b->sample_seen))
            && (a->heartbeat_seen == (UINT32_MAX - b->heartbeat_seen))
            && (a->acknowledge_seen == (UINT32_MAX - b->acknowledge_seen))) ? 1 : 0;
}

/*@ requires \valid(g);
    terminates \true;
    assigns g->state_inv.energised_us, g->state_inv.positive_fc, g->state_inv.negative_fc, g->state_inv.last_na,
            g->state_inv.sign, g->state_inv.zero_us, g->state_inv.envelope_na, g->state_inv.contact_us,
            g->state_inv.heartbeat_us, g->state_inv.over_current_us, g->state_inv.over_voltage_us,
            g->state_inv.open_us, g->state_inv.short_us, g->state_inv.mismatch_us, g->state_inv.sensor_us,
            g->state_inv.stale_us, g->state_inv.leakage_us, g->state_inv.switch_us, g->state_inv.tick,
            g->state_inv.corrupt, g->state_inv.emergency, g->state_inv.proposal, g->state_inv.heartbeat,
            g->state_inv.charge, g->state_inv.time, g->state_inv.first_trip, g->state_inv.armed,
            g->state_inv.energised, g->state_inv.ending, g->state_inv.primed, g->state_inv.now_seen,
            g->state_inv.sample_seen, g->state_inv.heartbeat_seen, g->state_inv.acknowledge_seen;
    ensures energised_us: g->state.energised_us == -1 - g->state_inv.energised_us;
    ensures positive_fc: g->state.positive_fc == -1 - g->state_inv.positive_fc;
    ensures negative_fc: g->state.negative_fc == -1 - g->state_inv.negative_fc;
    ensures last_na: g->state.last_na == -1 - g->state_inv.last_na;
    ensures sign: g->state.sign == -1 - g->state_inv.sign;
    ensures zero_us: g->state.zero_us == -1 - g->state_inv.zero_us;
    ensures envelope_na: g->state.envelope_na == -1 - g->state_inv.envelope_na;
    ensures contact_us: g->state.contact_us == -1 - g->state_inv.contact_us;
    ensures heartbeat_us: g->state.heartbeat_us == -1 - g->state_inv.heartbeat_us;
    ensures over_current_us: g->state.over_current_us == -1 - g->state_inv.over_current_us;
    ensures over_voltage_us: g->state.over_voltage_us == -1 - g->state_inv.over_voltage_us;
    ensures open_us: g->state.open_us == -1 - g->state_inv.open_us;
    ensures short_us: g->state.short_us == -1 - g->state_inv.short_us;
    ensures mismatch_us: g->state.mismatch_us == -1 - g->state_inv.mismatch_us;
    ensures sensor_us: g->state.sensor_us == -1 - g->state_inv.sensor_us;
    ensures stale_us: g->state.stale_us == -1 - g->state_inv.stale_us;
    ensures leakage_us: g->state.leakage_us == -1 - g->state_inv.leakage_us;
    ensures switch_us: g->state.switch_us == -1 - g->state_inv.switch_us;
    ensures tick: g->state.tick == UINT32_MAX - g->state_inv.tick;
    ensures corrupt: g->state.corrupt == UINT32_MAX - g->state_inv.corrupt;
    ensures emergency: g->state.emergency == UINT32_MAX - g->state_inv.emergency;
    ensures proposal: g->state.proposal == UINT32_MAX - g->state_inv.proposal;
    ensures heartbeat: g->state.heartbeat == UINT32_MAX - g->state_inv.heartbeat;
    ensures charge: g->state.charge == UINT32_MAX - g->state_inv.charge;
    ensures time: g->state.time == UINT32_MAX - g->state_inv.time;
    ensures first_trip: g->state.first_trip == UINT32_MAX - g->state_inv.first_trip;
    ensures armed: g->state.armed == UINT32_MAX - g->state_inv.armed;
    ensures energised: g->state.energised == UINT32_MAX - g->state_inv.energised;
    ensures ending: g->state.ending == UINT32_MAX - g->state_inv.ending;
    ensures primed: g->state.primed == UINT32_MAX - g->state_inv.primed;
    ensures now_seen: g->state.now_seen == UINT32_MAX - g->state_inv.now_seen;
    ensures sample_seen: g->state.sample_seen == UINT32_MAX - g->state_inv.sample_seen;
    ensures heartbeat_seen: g->state.heartbeat_seen == UINT32_MAX - g->state_inv.heartbeat_seen;
    ensures acknowledge_seen: g->state.acknowledge_seen == UINT32_MAX - g->state_inv.acknowledge_seen;
    ensures mirrored: STATE_MIRRORED(g); */
static void mirror_state(struct ionto_guard *g)
{
    const struct ionto_guard_state *a = &g->state;
    struct ionto_guard_state *b = &g->state_inv;
    b->energised_us = -1 - a->energised_us;
    b->positive_fc = -1 - a->positive_fc;
    b->negative_fc = -1 - a->negative_fc;
    b->last_na = -1 - a->last_na;
    b->sign = -1 - a->sign;
    b->zero_us = -1 - a->zero_us;
    b->envelope_na = -1 - a->envelope_na;
    b->contact_us = -1 - a->contact_us;
    b->heartbeat_us = -1 - a->heartbeat_us;
    b->over_current_us = -1 - a->over_current_us;
    b->over_voltage_us = -1 - a->over_voltage_us;
    b->open_us = -1 - a->open_us;
    b->short_us = -1 - a->short_us;
    b->mismatch_us = -1 - a->mismatch_us;
    b->sensor_us = -1 - a->sensor_us;
    b->stale_us = -1 - a->stale_us;
    b->leakage_us = -1 - a->leakage_us;
    b->switch_us = -1 - a->switch_us;
    b->tick = UINT32_MAX - a->tick;
    b->corrupt = UINT32_MAX - a->corrupt;
    b->emergency = UINT32_MAX - a->emergency;
    b->proposal = UINT32_MAX - a->proposal;
    b->heartbeat = UINT32_MAX - a->heartbeat;
    b->charge = UINT32_MAX - a->charge;
    b->time = UINT32_MAX - a->time;
    b->first_trip = UINT32_MAX - a->first_trip;
    b->armed = UINT32_MAX - a->armed;
    b->energised = UINT32_MAX - a->energised;
    b->ending = UINT32_MAX - a->ending;
    b->primed = UINT32_MAX - a->primed;
    b->now_seen = UINT32_MAX - a->now_seen;
    b->sample_seen = UINT32_MAX - a->sample_seen;
    b->heartbeat_seen = UINT32_MAX - a->heartbeat_seen;
    b->acknowledge_seen = UINT32_MAX - a->acknowledge_seen;
}

/* Whether one word is a trip's latch: a debounce timer at its time, or a latch that does not wait for zero. */
/*@ requires valid: \valid_read(g);
    terminates \true; assigns \nothing;
    ensures tripped: \result == 1 <==> TRIPPED(g);
    ensures flag: \result == 0 || \result == 1; */
static int32_t is_tripped(const struct ionto_guard *g)
{
    const struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    return ((s->over_current_us >= c->over_current_us) || (s->over_voltage_us >= c->over_voltage_us)
            || (s->open_us >= c->open_us) || (s->short_us >= c->short_us) || (s->mismatch_us >= c->mismatch_us)
            || (s->sensor_us >= c->sensor_us) || (s->stale_us >= c->stale_us) || (s->leakage_us >= c->leakage_us)
            || (s->switch_us >= c->switch_us) || (s->tick != 0u) || (s->corrupt != 0u) || (s->emergency != 0u)
            || (s->proposal != 0u) || (s->heartbeat == LATCHED) || (s->charge == LATCHED) || (s->time == LATCHED))
                ? 1 : 0;
}

/* Every word against its complement. What is intact was written by this file, and so is in range: that is proved. */
/*@ requires \valid_read(g);
    terminates \true; assigns \nothing;
    ensures si20_intact: \result == 1 <==> ionto_guard_intact(g);
    ensures flag: \result == 0 || \result == 1; */
static int32_t is_intact(const struct ionto_guard *g)
{
    return ((config_mirrored(g) == 1) && (state_mirrored(g) == 1)) ? 1 : 0;
}

/* Starts every debounce timer anew; only where none is latched. */
/*@ requires \valid(s);
    terminates \true;
    assigns s->over_current_us, s->over_voltage_us, s->open_us, s->short_us, s->mismatch_us, s->sensor_us, s->stale_us,
            s->leakage_us, s->switch_us;
    ensures anew: s->over_current_us == 0 && s->over_voltage_us == 0 && s->open_us == 0 && s->short_us == 0 &&
      s->mismatch_us == 0 && s->sensor_us == 0 && s->stale_us == 0 && s->leakage_us == 0 && s->switch_us == 0; */
static void clear_timers(struct ionto_guard_state *s)
{
    s->over_current_us = 0;
    s->over_voltage_us = 0;
    s->open_us = 0;
    s->short_us = 0;
    s->mismatch_us = 0;
    s->sensor_us = 0;
    s->stale_us = 0;
    s->leakage_us = 0;
    s->switch_us = 0;
}

/*@ requires \valid(s);
    terminates \true;
    assigns s->over_current_us, s->over_voltage_us, s->open_us, s->short_us, s->mismatch_us, s->sensor_us, s->stale_us,
            s->leakage_us, s->switch_us, s->tick, s->corrupt, s->emergency, s->proposal, s->heartbeat, s->charge,
                s->time,
            s->first_trip;
    ensures timers: s->over_current_us == 0 && s->over_voltage_us == 0 && s->open_us == 0 && s->short_us == 0 &&
      s->mismatch_us == 0 && s->sensor_us == 0 && s->stale_us == 0 && s->leakage_us == 0 && s->switch_us == 0;
    ensures latches: s->tick == 0 && s->corrupt == 0 && s->emergency == 0 && s->proposal == 0 && s->heartbeat ==
      0 && s->charge == 0 && s->time == 0 && s->first_trip == 0; */
static void clear_trips(struct ionto_guard_state *s)
{
    clear_timers(s);
    s->tick = 0u;
    s->corrupt = 0u;
    s->emergency = 0u;
    s->proposal = 0u;
    s->heartbeat = 0u;
    s->charge = 0u;
    s->time = 0u;
    s->first_trip = (uint32_t)IONTO_TRIP_NONE;
}

/* Everything at zero, and no trip. */
/*@ requires \valid(s);
    terminates \true;
    assigns s->energised_us, s->positive_fc, s->negative_fc, s->last_na, s->sign, s->zero_us, s->envelope_na,
            s->contact_us, s->heartbeat_us, s->over_current_us, s->over_voltage_us, s->open_us, s->short_us,
            s->mismatch_us, s->sensor_us, s->stale_us, s->leakage_us, s->switch_us, s->tick, s->corrupt, s->emergency,
            s->proposal, s->heartbeat, s->charge, s->time, s->first_trip, s->armed, s->energised, s->ending, s->primed,
            s->now_seen, s->sample_seen, s->heartbeat_seen, s->acknowledge_seen;
    ensures timers: s->over_current_us == 0 && s->over_voltage_us == 0 && s->open_us == 0 && s->short_us == 0 &&
      s->mismatch_us == 0 && s->sensor_us == 0 && s->stale_us == 0 && s->leakage_us == 0 && s->switch_us == 0;
    ensures latches: s->tick == 0 && s->corrupt == 0 && s->emergency == 0 && s->proposal == 0 && s->heartbeat ==
      0 && s->charge == 0 && s->time == 0 && s->first_trip == 0;
    ensures zero: s->last_na == 0 && s->sign == 0 && s->zero_us == 0 && s->envelope_na == 0
                  && s->contact_us == 0 && s->heartbeat_us == 0;
    ensures counts: s->energised_us == 0 && s->positive_fc == 0 && s->negative_fc == 0;
    ensures flags: s->armed == 0 && s->energised == 0 && s->ending == 0 && s->primed == 0;
    ensures seen: s->now_seen == 0 && s->sample_seen == 0 && s->heartbeat_seen == 0 && s->acknowledge_seen == 1; */
static void clear_state(struct ionto_guard_state *s)
{
    s->energised_us = 0;
    s->positive_fc = 0;
    s->negative_fc = 0;
    s->last_na = 0;
    s->sign = 0;
    s->zero_us = 0;
    s->envelope_na = 0;
    s->contact_us = 0;
    s->heartbeat_us = 0;
    s->armed = 0u;
    s->energised = 0u;
    s->ending = 0u;
    s->primed = 0u;
    s->now_seen = 0u;
    s->sample_seen = 0u;
    s->heartbeat_seen = 0u;
    s->acknowledge_seen = 1u;   /* an input that is stuck acknowledges nothing: 0 must be seen first */
    clear_trips(s);
}

/* ---- what is seen at one tick: 1 or 0 ------------------------------------------------------------------ */

/*@ requires \valid_read(c) && \valid_read(s);
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_over_current(c, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_over_current(const struct ionto_config *c, const struct ionto_sense *s)
{
    return ((beyond(s->measured_na, c->trip_na) == 1) || (beyond(s->check_na, c->trip_na) == 1)) ? 1 : 0;
}

/*@ requires \valid_read(c) && \valid_read(s);
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_saturation(c, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_saturation(const struct ionto_config *c, const struct ionto_sense *s)
{
    return (size_of(s->voltage_mv) >= (int64_t)c->saturation_mv) ? 1 : 0;
}

/* By the contact sense; or by a saturated voltage that drives nothing. */
/*@ requires \valid_read(g) && \valid_read(s);
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_open(g, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_open(const struct ionto_guard *g, const struct ionto_sense *s)
{
    int32_t drives_nothing = ((sees_saturation(&g->config, s) == 1) && (beyond(g->state.last_na,
                                                                               g->config.open_na) == 1)
                              && (size_of(s->measured_na) < (int64_t)g->config.open_na)) ? 1 : 0;
    return ((g->state.energised == 1u) && ((s->contact != 1u) || (drives_nothing == 1))) ? 1 : 0;
}

/* |V| < R |I|, in nanovolt, without a division. Beyond full scale the sensor trips; here it counts as full scale. */
/*@ requires \valid_read(c) && \valid_read(s);
    requires 1 <= c->short_ohm <= 1000 && 0 <= c->short_above_na;
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_short(c, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_short(const struct ionto_config *c, const struct ionto_sense *s)
{
    int32_t is_short = 0;
    if ((beyond(s->measured_na, c->short_above_na) == 1) && (beyond(s->voltage_mv, IONTO_SENSE_MAX_MV) == 0)) {
        int64_t amps_na = size_of(s->measured_na);
        int32_t within_na = (amps_na < IONTO_SENSE_MAX_NA) ? (int32_t)amps_na : IONTO_SENSE_MAX_NA;
        int64_t volts_nv = product((int32_t)size_of(s->voltage_mv) * 1000, 1000);
        is_short = (volts_nv < product(within_na, c->short_ohm)) ? 1 : 0;
    }
    return is_short;
}

/* Saturation explains a measured current between zero and the drive, and nothing else. */
/*@ requires \valid_read(g) && \valid_read(s);
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_mismatch(g, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_mismatch(const struct ionto_guard *g, const struct ionto_sense *s)
{
    int64_t measured_na = s->measured_na;
    int64_t last_na = g->state.last_na;
    int64_t difference_na = (measured_na > last_na) ? (measured_na - last_na) : (last_na - measured_na);
    int32_t between = (((measured_na >= 0) && (measured_na <= last_na)) || ((measured_na <= 0)
                                                                            && (measured_na >= last_na))) ? 1 : 0;
    int32_t explained = ((between == 1) && (sees_saturation(&g->config, s) == 1)) ? 1 : 0;
    return ((difference_na > (int64_t)g->config.mismatch_na) && (explained == 0)) ? 1 : 0;
}

/*@ requires \valid_read(c) && \valid_read(s);
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_sensor(c, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_sensor(const struct ionto_config *c, const struct ionto_sense *s)
{
    int64_t a_na = s->measured_na;
    int64_t b_na = s->check_na;
    int64_t difference_na = (a_na > b_na) ? (a_na - b_na) : (b_na - a_na);
    return ((beyond(s->measured_na, c->sensor_max_na) == 1) || (beyond(s->check_na, c->sensor_max_na) == 1)
            || (beyond(s->voltage_mv, c->sensor_max_mv) == 1) || (difference_na > (int64_t)c->disagree_na)) ? 1 : 0;
}

/*@ requires \valid_read(c) && \valid_read(s);
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_zero(c, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_zero(const struct ionto_config *c, const struct ionto_sense *s)
{
    return ((beyond(s->measured_na, c->leakage_na) == 0) && (beyond(s->check_na, c->leakage_na) == 0)) ? 1 : 0;
}

/*@ requires \valid_read(g) && \valid_read(s);
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_stale(g, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_stale(const struct ionto_guard *g, const struct ionto_sense *s)
{
    return ((g->state.primed == 1u) && (s->sample == g->state.sample_seen)) ? 1 : 0;
}

/*@ requires \valid_read(g) && \valid_read(s);
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_leakage(g, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_leakage(const struct ionto_guard *g, const struct ionto_sense *s)
{
    return ((g->state.energised == 0u) && (sees_zero(&g->config, s) == 0)) ? 1 : 0;
}

/* A period that is off by more than the tolerance. The first tick after ionto_init() has no period. */
/*@ requires \valid_read(g) && \valid_read(s);
    requires 1 <= g->config.tick_tolerance_us <= g->config.tick_us <= IONTO_TICK_MAX_US;
    terminates \true; assigns \nothing;
    ensures sees: \result == 1 <==> ionto_sees_tick(g, s);
    ensures flag: \result == 0 || \result == 1; */
static int32_t sees_tick(const struct ionto_guard *g, const struct ionto_sense *s)
{
    uint32_t period_us = s->now_us - g->state.now_seen;
    int32_t shortest_us = g->config.tick_us - g->config.tick_tolerance_us;
    int32_t longest_us = g->config.tick_us + g->config.tick_tolerance_us;
    return ((g->state.primed == 1u)
            && ((period_us < (uint32_t)shortest_us) || (period_us > (uint32_t)longest_us))) ? 1 : 0;
}

/* ---- one tick ------------------------------------------------------------------------------------------ */

/* How a debounce timer goes on when its cause is seen, or not. */
/*@ logic integer debounced_us(integer on, integer tick_us, integer limit_us, integer before_us) =
      before_us >= limit_us ? limit_us : (on == 1 ? \min(before_us + tick_us, limit_us) : 0); */

/* The timers of what the sensors say. */
/*@ requires valid: \valid(g);
    requires tick: 1 <= g->config.tick_us <= IONTO_TICK_MAX_US;
    requires limits: 1 <= g->config.over_current_us && 1 <= g->config.over_voltage_us && 1 <= g->config.sensor_us
                     && 1 <= g->config.stale_us;
    requires timers: 0 <= g->state.over_current_us <= g->config.over_current_us
                     && 0 <= g->state.over_voltage_us <= g->config.over_voltage_us
                     && 0 <= g->state.sensor_us <= g->config.sensor_us && 0 <= g->state.stale_us <= g->config.stale_us;
    terminates \true;
    assigns g->state.over_current_us, g->state.over_voltage_us, g->state.sensor_us, g->state.stale_us;
    ensures si08_over_current: g->state.over_current_us
      == debounced_us(over_current, g->config.tick_us, g->config.over_current_us, \old(g->state.over_current_us));
    ensures si09_over_voltage: g->state.over_voltage_us
      == debounced_us(over_voltage, g->config.tick_us, g->config.over_voltage_us, \old(g->state.over_voltage_us));
    ensures si13_sensor: g->state.sensor_us
      == debounced_us(sensor, g->config.tick_us, g->config.sensor_us, \old(g->state.sensor_us));
    ensures si13_stale: g->state.stale_us
      == debounced_us(stale, g->config.tick_us, g->config.stale_us, \old(g->state.stale_us));
    ensures timer_over_current: 0 <= g->state.over_current_us <= g->config.over_current_us;
    ensures timer_over_voltage: 0 <= g->state.over_voltage_us <= g->config.over_voltage_us;
    ensures timer_sensor: 0 <= g->state.sensor_us <= g->config.sensor_us;
    ensures timer_stale: 0 <= g->state.stale_us <= g->config.stale_us; */
static void time_sensors(struct ionto_guard *g, int32_t over_current, int32_t over_voltage, int32_t sensor,
                         int32_t stale)
{
    struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    s->over_current_us = debounced(s->over_current_us, over_current, c->tick_us, c->over_current_us);
    s->over_voltage_us = debounced(s->over_voltage_us, over_voltage, c->tick_us, c->over_voltage_us);
    s->sensor_us = debounced(s->sensor_us, sensor, c->tick_us, c->sensor_us);
    s->stale_us = debounced(s->stale_us, stale, c->tick_us, c->stale_us);
}

/* The timers of what the body and the output do. */
/*@ requires valid: \valid(g);
    requires tick: 1 <= g->config.tick_us <= IONTO_TICK_MAX_US;
    requires limits: 1 <= g->config.open_us && 1 <= g->config.short_us && 1 <= g->config.mismatch_us
                     && 1 <= g->config.leakage_us && 1 <= g->config.switch_us;
    requires timers: 0 <= g->state.open_us <= g->config.open_us && 0 <= g->state.short_us <= g->config.short_us
                     && 0 <= g->state.mismatch_us <= g->config.mismatch_us
                     && 0 <= g->state.leakage_us <= g->config.leakage_us
                     && 0 <= g->state.switch_us <= g->config.switch_us;
    terminates \true;
    assigns g->state.open_us, g->state.short_us, g->state.mismatch_us, g->state.leakage_us, g->state.switch_us;
    ensures si10_open: g->state.open_us
      == debounced_us(open, g->config.tick_us, g->config.open_us, \old(g->state.open_us));
    ensures si11_short: g->state.short_us
      == debounced_us(shorted, g->config.tick_us, g->config.short_us, \old(g->state.short_us));
    ensures si12_mismatch: g->state.mismatch_us
      == debounced_us(mismatch, g->config.tick_us, g->config.mismatch_us, \old(g->state.mismatch_us));
    ensures si14_leakage: g->state.leakage_us
      == debounced_us(leakage, g->config.tick_us, g->config.leakage_us, \old(g->state.leakage_us));
    ensures si14_switch: g->state.switch_us
      == debounced_us(disobeys, g->config.tick_us, g->config.switch_us, \old(g->state.switch_us));
    ensures timer_open: 0 <= g->state.open_us <= g->config.open_us;
    ensures timer_short: 0 <= g->state.short_us <= g->config.short_us;
    ensures timer_mismatch: 0 <= g->state.mismatch_us <= g->config.mismatch_us;
    ensures timer_leakage: 0 <= g->state.leakage_us <= g->config.leakage_us;
    ensures timer_switch: 0 <= g->state.switch_us <= g->config.switch_us; */
static void time_output(struct ionto_guard *g, int32_t open, int32_t shorted, int32_t mismatch, int32_t leakage,
                        int32_t disobeys)
{
    struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    s->open_us = debounced(s->open_us, open, c->tick_us, c->open_us);
    s->short_us = debounced(s->short_us, shorted, c->tick_us, c->short_us);
    s->mismatch_us = debounced(s->mismatch_us, mismatch, c->tick_us, c->mismatch_us);
    s->leakage_us = debounced(s->leakage_us, leakage, c->tick_us, c->leakage_us);
    s->switch_us = debounced(s->switch_us, disobeys, c->tick_us, c->switch_us);
}

/* What latches without a debounce. */
/*@ requires valid: \valid(g);
    terminates \true;
    assigns g->state.tick, g->state.emergency, g->state.corrupt;
    ensures si21_tick: g->state.tick == (off_tick == 1 ? 1 : \old(g->state.tick));
    ensures si16_emergency: g->state.emergency == (emergency == 1 ? 1 : \old(g->state.emergency));
    ensures si20_unsound: g->state.corrupt == (unsound == 1 ? 2 : \old(g->state.corrupt)); */
static void latch_at_once(struct ionto_guard *g, int32_t off_tick, int32_t emergency, int32_t unsound)
{
    struct ionto_guard_state *s = &g->state;
    s->tick = pick_flag(off_tick, 1u, s->tick);
    s->emergency = pick_flag(emergency, 1u, s->emergency);
    s->corrupt = pick_flag(unsound, LATCHED, s->corrupt);
}

/* Runs every debounce timer and sets every latch that has none. 1 when any cause is seen at this tick. */
/*@ requires valid: \valid(g) && \valid_read(sense) && \separated(g, sense);
    requires range: CONFIG_OK(g);
    requires timers: TIMERS_OK(g);
    terminates \true;
    assigns g->state.over_current_us, g->state.over_voltage_us, g->state.open_us, g->state.short_us,
            g->state.mismatch_us, g->state.sensor_us, g->state.stale_us, g->state.leakage_us, g->state.switch_us,
            g->state.tick, g->state.corrupt, g->state.emergency;
    ensures flag: \result == 0 || \result == 1;
    ensures si07_seen: \result == 1 <==> \old(ionto_sees_cause(g, sense)) || sound != 1;
    ensures timer_over_current: 0 <= g->state.over_current_us <= g->config.over_current_us;
    ensures timer_over_voltage: 0 <= g->state.over_voltage_us <= g->config.over_voltage_us;
    ensures timer_open: 0 <= g->state.open_us <= g->config.open_us;
    ensures timer_short: 0 <= g->state.short_us <= g->config.short_us;
    ensures timer_mismatch: 0 <= g->state.mismatch_us <= g->config.mismatch_us;
    ensures timer_sensor: 0 <= g->state.sensor_us <= g->config.sensor_us;
    ensures timer_stale: 0 <= g->state.stale_us <= g->config.stale_us;
    ensures timer_leakage: 0 <= g->state.leakage_us <= g->config.leakage_us;
    ensures timer_switch: 0 <= g->state.switch_us <= g->config.switch_us;
    ensures si08_over_current_runs: \old(ionto_sees_over_current(&g->config, sense)) ==> g->state.over_current_us
      == debounced_us(1, g->config.tick_us, g->config.over_current_us, \old(g->state.over_current_us));
    ensures si08_over_current_rests: !\old(ionto_sees_over_current(&g->config, sense)) ==> g->state.over_current_us
      == debounced_us(0, g->config.tick_us, g->config.over_current_us, \old(g->state.over_current_us));
    ensures si09_over_voltage_runs: \old(ionto_sees_over_voltage(&g->config, sense)) ==> g->state.over_voltage_us
      == debounced_us(1, g->config.tick_us, g->config.over_voltage_us, \old(g->state.over_voltage_us));
    ensures si09_over_voltage_rests: !\old(ionto_sees_over_voltage(&g->config, sense)) ==> g->state.over_voltage_us
      == debounced_us(0, g->config.tick_us, g->config.over_voltage_us, \old(g->state.over_voltage_us));
    ensures si10_open_runs: \old(ionto_sees_open(g, sense)) ==> g->state.open_us
      == debounced_us(1, g->config.tick_us, g->config.open_us, \old(g->state.open_us));
    ensures si10_open_rests: !\old(ionto_sees_open(g, sense)) ==> g->state.open_us
      == debounced_us(0, g->config.tick_us, g->config.open_us, \old(g->state.open_us));
    ensures si11_short_runs: \old(ionto_sees_short(&g->config, sense)) ==> g->state.short_us
      == debounced_us(1, g->config.tick_us, g->config.short_us, \old(g->state.short_us));
    ensures si11_short_rests: !\old(ionto_sees_short(&g->config, sense)) ==> g->state.short_us
      == debounced_us(0, g->config.tick_us, g->config.short_us, \old(g->state.short_us));
    ensures si12_mismatch_runs: \old(ionto_sees_mismatch(g, sense)) ==> g->state.mismatch_us
      == debounced_us(1, g->config.tick_us, g->config.mismatch_us, \old(g->state.mismatch_us));
    ensures si12_mismatch_rests: !\old(ionto_sees_mismatch(g, sense)) ==> g->state.mismatch_us
      == debounced_us(0, g->config.tick_us, g->config.mismatch_us, \old(g->state.mismatch_us));
    ensures si13_sensor_runs: \old(ionto_sees_sensor(&g->config, sense)) ==> g->state.sensor_us
      == debounced_us(1, g->config.tick_us, g->config.sensor_us, \old(g->state.sensor_us));
    ensures si13_sensor_rests: !\old(ionto_sees_sensor(&g->config, sense)) ==> g->state.sensor_us
      == debounced_us(0, g->config.tick_us, g->config.sensor_us, \old(g->state.sensor_us));
    ensures si13_stale_runs: \old(ionto_sees_stale(g, sense)) ==> g->state.stale_us
      == debounced_us(1, g->config.tick_us, g->config.stale_us, \old(g->state.stale_us));
    ensures si13_stale_rests: !\old(ionto_sees_stale(g, sense)) ==> g->state.stale_us
      == debounced_us(0, g->config.tick_us, g->config.stale_us, \old(g->state.stale_us));
    ensures si14_leakage_runs: \old(ionto_sees_leakage(g, sense)) ==> g->state.leakage_us
      == debounced_us(1, g->config.tick_us, g->config.leakage_us, \old(g->state.leakage_us));
    ensures si14_leakage_rests: !\old(ionto_sees_leakage(g, sense)) ==> g->state.leakage_us
      == debounced_us(0, g->config.tick_us, g->config.leakage_us, \old(g->state.leakage_us));
    ensures si14_switch_runs: \old(ionto_sees_disobedience(g, sense)) ==> g->state.switch_us
      == debounced_us(1, g->config.tick_us, g->config.switch_us, \old(g->state.switch_us));
    ensures si14_switch_rests: !\old(ionto_sees_disobedience(g, sense)) ==> g->state.switch_us
      == debounced_us(0, g->config.tick_us, g->config.switch_us, \old(g->state.switch_us));
    ensures si16_emergency: g->state.emergency == (\old(sense->emergency_stop) != 0 ? 1 : \old(g->state.emergency));
    ensures si20_unsound: g->state.corrupt == (sound != 1 ? 2 : \old(g->state.corrupt));
    ensures si21_tick: \old(ionto_sees_tick(g, sense)) ==> g->state.tick == 1;
    ensures si21_no_tick: !\old(ionto_sees_tick(g, sense)) ==> g->state.tick == \old(g->state.tick); */
static int32_t watch(struct ionto_guard *g, const struct ionto_sense *sense, uint32_t sound)
{
    const struct ionto_config *c = &g->config;
    int32_t over_current = sees_over_current(c, sense);
    int32_t over_voltage = beyond(sense->voltage_mv, c->over_voltage_mv);
    int32_t open = sees_open(g, sense);
    int32_t shorted = sees_short(c, sense);
    int32_t mismatch = sees_mismatch(g, sense);
    int32_t sensor = sees_sensor(c, sense);
    int32_t stale = sees_stale(g, sense);
    int32_t leakage = sees_leakage(g, sense);
    int32_t disobeys = (sense->switch_closed != g->state.energised) ? 1 : 0;
    int32_t off_tick = sees_tick(g, sense);
    int32_t emergency = (sense->emergency_stop != 0u) ? 1 : 0;
    int32_t unsound = (sound != 1u) ? 1 : 0;
    time_sensors(g, over_current, over_voltage, sensor, stale);
    time_output(g, open, shorted, mismatch, leakage, disobeys);
    latch_at_once(g, off_tick, emergency, unsound);
    return ((over_current + over_voltage + open + shorted + mismatch + sensor + stale + leakage + disobeys + off_tick
             + emergency + unsound) > 0) ? 1 : 0;
}

/* What was due when the fall ended is latched when the switch opens. */
/*@ terminates \true; assigns \nothing; ensures \result == (off == 1 && latch == 1 ? 2 : latch); */
static uint32_t latch_due(int32_t off, uint32_t latch)
{
    return ((off == 1) && (latch == DUE)) ? LATCHED : latch;
}

/* Zero at once and the switch open, when `off` is 1; what was due is latched then. */
/*@ requires \valid(g);
    terminates \true;
    assigns g->state.armed, g->state.energised, g->state.ending, g->state.envelope_na, g->state.heartbeat,
            g->state.charge, g->state.time;
    ensures armed: g->state.armed == (off == 1 ? 0 : \old(g->state.armed));
    ensures energised: g->state.energised == (off == 1 ? 0 : \old(g->state.energised));
    ensures ending: g->state.ending == (off == 1 ? 0 : \old(g->state.ending));
    ensures envelope: g->state.envelope_na == (off == 1 ? 0 : \old(g->state.envelope_na));
    ensures si15_latched: g->state.heartbeat
                          == (off == 1 && \old(g->state.heartbeat) == 1 ? 2 : \old(g->state.heartbeat));
    ensures si17_latched: g->state.time == (off == 1 && \old(g->state.time) == 1 ? 2 : \old(g->state.time));
    ensures si18_latched: g->state.charge == (off == 1 && \old(g->state.charge) == 1 ? 2 : \old(g->state.charge));
    ensures tripped_kept: \old(TRIPPED(g)) ==> TRIPPED(g);
    ensures tripped_same: off != 1 ==> (TRIPPED(g) <==> \old(TRIPPED(g))); */
static void switch_off_if(struct ionto_guard *g, int32_t off)
{
    struct ionto_guard_state *s = &g->state;
    s->armed = pick_flag(off, 0u, s->armed);
    s->energised = pick_flag(off, 0u, s->energised);
    s->ending = pick_flag(off, 0u, s->ending);
    s->envelope_na = pick(off, 0, s->envelope_na);
    s->heartbeat = latch_due(off, s->heartbeat);
    s->charge = latch_due(off, s->charge);
    s->time = latch_due(off, s->time);
}

/* Counts time and charge of a tick to come that is wanted. 0 when it is not, or when a cap forbids it: then nothing is
 * counted, and that cap is latched. */
/*@ requires valid: \valid(g);
    requires counts: COUNTS_OK(g);
    requires limit: wanted == 1 ==> \abs(p) <= g->config.limit_na;
    requires range: CONFIG_OK(g);
    terminates \true;
    assigns g->state.energised_us, g->state.positive_fc, g->state.negative_fc, g->state.time, g->state.charge;
    ensures flag: \result == 0 || \result == 1;
    ensures wanted: \result == 1 ==> wanted == 1;
    ensures counts: COUNTS_OK(g);
    ensures si17_count: g->state.energised_us == \old(g->state.energised_us) + (\result == 1 ? g->config.tick_us : 0);
    ensures si18_positive: g->state.positive_fc
                           == \old(g->state.positive_fc) + (\result == 1 ? ionto_positive_fc(p, g->config.tick_us) : 0);
    ensures si18_negative: g->state.negative_fc
                           == \old(g->state.negative_fc) + (\result == 1 ? ionto_negative_fc(p, g->config.tick_us) : 0);
    ensures only_time: p == 0 ==> g->state.charge == \old(g->state.charge);
    ensures si17_full: g->state.time
                       == (wanted == 1 && \old(g->state.energised_us) + g->config.tick_us > g->config.time_cap_us
                           ? 2 : \old(g->state.time));
    ensures si18_full: g->state.charge == (wanted == 1 && \result == 0 && g->state.time == \old(g->state.time)
                                           && !(\old(g->state.energised_us) + g->config.tick_us > g->config.time_cap_us)
                                           ? 2 : \old(g->state.charge)); */
static int32_t account(struct ionto_guard *g, int32_t p, int32_t wanted)
{
    struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    int32_t p_na = pick(wanted, p, 0);
    int64_t energised_us = s->energised_us + c->tick_us;
    int64_t tick_fc = product((int32_t)size_of(p_na), c->tick_us);
    int64_t positive_fc = s->positive_fc + ((p_na > 0) ? tick_fc : 0);
    int64_t negative_fc = s->negative_fc + ((p_na < 0) ? tick_fc : 0);
    int32_t late = (energised_us > c->time_cap_us) ? 1 : 0;
    int32_t full = ((positive_fc > c->charge_cap_each_fc) || (negative_fc > c->charge_cap_each_fc)
                    || ((positive_fc + negative_fc) > c->charge_cap_total_fc)) ? 1 : 0;
    int32_t counted = ((wanted == 1) && (late == 0) && (full == 0)) ? 1 : 0;
    if (counted == 1) {
        s->energised_us = energised_us;
        s->positive_fc = positive_fc;
        s->negative_fc = negative_fc;
    } else if (wanted == 1) {
        s->time = pick_flag(late, LATCHED, s->time);
        s->charge = pick_flag(late, s->charge, LATCHED);
    } else {
        /* no tick to come */
    }
    return counted;
}

/*@ requires valid: \valid_read(g);
    requires counts: COUNTS_OK(g);
    requires range: CONFIG_OK(g);
    terminates \true; assigns \nothing;
    ensures si17_due: \result == 1 <==> TIME_DUE(g);
    ensures flag: \result == 0 || \result == 1; */
static int32_t is_time_due(const struct ionto_guard *g)
{
    return ((g->state.energised_us + g->config.time_reserve_us) >= g->config.time_cap_us) ? 1 : 0;
}

/*@ requires valid: \valid_read(g);
    requires counts: COUNTS_OK(g);
    requires range: CONFIG_OK(g);
    terminates \true; assigns \nothing;
    ensures si18_due: \result == 1 <==> CHARGE_DUE(g);
    ensures flag: \result == 0 || \result == 1; */
static int32_t is_charge_due(const struct ionto_guard *g)
{
    const struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    return (((s->positive_fc + c->charge_reserve_fc) >= c->charge_cap_each_fc)
            || ((s->negative_fc + c->charge_reserve_fc) >= c->charge_cap_each_fc)
            || ((s->positive_fc + s->negative_fc + c->charge_reserve_fc) >= c->charge_cap_total_fc)) ? 1 : 0;
}

/* The envelope of a fall begins at the last current and sinks by the fall rate. */
/*@ requires range: 0 <= envelope_na && 0 <= fall_na;
    terminates \true; assigns \nothing;
    ensures \result == (falls == 1 ? \max(envelope_na - fall_na, 0) : (begins == 1 ? last_na : envelope_na)); */
static int32_t next_envelope_na(int32_t envelope_na, int32_t falls, int32_t begins, int32_t last_na, int32_t fall_na)
{
    int32_t next_na = envelope_na;
    if (falls == 1) {
        next_na = (envelope_na > fall_na) ? (envelope_na - fall_na) : 0;
    } else if (begins == 1) {
        next_na = last_na;
    } else {
        /* no fall */
    }
    return next_na;
}

/* Whether the current must fall to zero now, and which trip is due then, when `runs` is 1; lowers the envelope of the
 * fall. */
/*@ requires valid: \valid(g);
    requires range: CONFIG_OK(g);
    requires current: CURRENT_OK(g);
    requires flags: g->state.ending <= 1;
    terminates \true;
    assigns g->state.ending, g->state.envelope_na, g->state.heartbeat, g->state.charge, g->state.time;
    ensures si15_heartbeat: g->state.heartbeat == (runs == 1 && g->state.heartbeat_us == g->config.heartbeat_us
                                                   ? 1 : \old(g->state.heartbeat));
    ensures si17_time: runs == 1 && \old(TIME_DUE(g)) ==> g->state.time == 1;
    ensures si17_not_yet: runs != 1 || !\old(TIME_DUE(g))
                          ==> g->state.time == \old(g->state.time);
    ensures si18_charge: runs == 1 && \old(CHARGE_DUE(g)) ==> g->state.charge == 1;
    ensures si18_not_yet: runs != 1 || !\old(CHARGE_DUE(g))
                          ==> g->state.charge == \old(g->state.charge);
    ensures si16_stop: runs == 1 && command != IONTO_COMMAND_RUN ==> g->state.ending == 1;
    ensures si16_never_back: \old(g->state.ending) == 1 ==> g->state.ending == 1;
    ensures si16_falls: runs == 1 && \old(g->state.ending) == 1
                        ==> g->state.envelope_na == \max(\old(g->state.envelope_na) - g->config.fall_na_per_tick, 0);
    ensures si16_begins: \old(g->state.ending) == 0 && g->state.ending == 1
                         ==> g->state.envelope_na == \abs(g->state.last_na);
    ensures due: runs == 1 && (g->state.heartbeat_us == g->config.heartbeat_us || g->state.time != \old(g->state.time)
                               || g->state.charge != \old(g->state.charge)) ==> g->state.ending == 1;
    ensures envelope: 0 <= g->state.envelope_na <= g->config.limit_na;
    ensures ending: g->state.ending <= 1;
    ensures nothing: runs != 1 ==> g->state.ending == \old(g->state.ending)
                                   && g->state.envelope_na == \old(g->state.envelope_na); */
static void consider_end(struct ionto_guard *g, int32_t runs, uint32_t command)
{
    struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    int32_t silent = ((runs == 1) && (s->heartbeat_us >= c->heartbeat_us)) ? 1 : 0;
    int32_t late = ((runs == 1) && (is_time_due(g) == 1)) ? 1 : 0;
    int32_t full = ((runs == 1) && (is_charge_due(g) == 1)) ? 1 : 0;
    int32_t stops = ((runs == 1) && (command != (uint32_t)IONTO_COMMAND_RUN)) ? 1 : 0;
    int32_t ends = ((silent + late + full + stops) > 0) ? 1 : 0;
    int32_t falls = ((runs == 1) && (s->ending == 1u)) ? 1 : 0;
    s->heartbeat = pick_flag(silent, DUE, s->heartbeat);
    s->time = pick_flag(late, DUE, s->time);
    s->charge = pick_flag(full, DUE, s->charge);
    s->envelope_na = next_envelope_na(s->envelope_na, falls, ends, (int32_t)size_of(s->last_na), c->fall_na_per_tick);
    s->ending = pick_flag(ends, 1u, s->ending);
}

/* The largest magnitude that may be driven by what is sensed. At a saturated voltage that is what flows in the
 * direction of the drive, and the headroom: what is driven beyond that does not flow, and would come back in a step. */
/*@ requires valid: \valid_read(g) && \valid_read(s);
    requires headroom: 0 <= g->config.headroom_na <= 1000000;
    terminates \true; assigns \nothing;
    ensures range: 0 <= \result <= IONTO_CEILING_NA;
    ensures si27_voltage: \result == ionto_allowed_na(s->voltage_mv, g->config.saturation_mv, s->measured_na,
                                                      g->state.last_na, g->config.headroom_na); */
static int32_t may_flow_na(const struct ionto_guard *g, const struct ionto_sense *s)
{
    int32_t saturated = sees_saturation(&g->config, s);
    int64_t most_na = g->config.headroom_na;
    if (direction_of(s->measured_na) == direction_of(g->state.last_na)) {
        most_na += size_of(s->measured_na);
    }
    return ((saturated == 1) && (most_na < (int64_t)IONTO_CEILING_NA)) ? (int32_t)most_na : IONTO_CEILING_NA;
}

/* Whether a proposal keeps every invariant of the current. `allowed_na` is what a saturated voltage leaves of it. */
/*@ requires valid: \valid_read(g);
    requires range: 1 <= g->config.limit_na <= IONTO_CEILING_NA;
    requires last: \abs(g->state.last_na) <= g->config.limit_na;
    requires sign: -1 <= g->state.sign <= 1;
    requires positive: g->state.last_na > 0 ==> g->state.sign == 1;
    requires negative: g->state.last_na < 0 ==> g->state.sign == -1;
    terminates \true; assigns \nothing;
    ensures flag: \result == 0 || \result == 1;
    ensures si01_limit: \result == 1 ==> \abs(p) <= g->config.limit_na;
    ensures si03_rise: \result == 1 ==> \abs(p) - \abs(g->state.last_na) <= g->config.rise_na_per_tick;
    ensures si03_fall: \result == 1
                       ==> \min(\abs(g->state.last_na), allowed_na) - \abs(p) <= g->config.fall_na_per_tick;
    ensures si27_voltage: \result == 1 ==> \abs(p) <= allowed_na;
    ensures si04_no_jump_down: \result == 1 && g->state.last_na > 0 ==> p >= 0;
    ensures si04_no_jump_up: \result == 1 && g->state.last_na < 0 ==> p <= 0;
    ensures si04_dwell: \result == 1 && (p > 0 && g->state.sign == -1 || p < 0 && g->state.sign == 1)
                        ==> g->state.zero_us >= g->config.dwell_us;
    ensures si16_envelope: \result == 1 && g->state.ending == 1 ==> \abs(p) <= g->state.envelope_na;
    ensures permits: \abs(p) <= g->config.limit_na && \abs(p) <= allowed_na
                     && \abs(p) - \abs(g->state.last_na) <= g->config.rise_na_per_tick
                     && \min(\abs(g->state.last_na), allowed_na) - \abs(p) <= g->config.fall_na_per_tick
                     && (g->state.ending == 1 ==> \abs(p) <= g->state.envelope_na)
                     && (p > 0 && g->state.sign == -1 || p < 0 && g->state.sign == 1
                         ==> g->state.last_na == 0 && g->state.zero_us >= g->config.dwell_us)
                     ==> \result == 1; */
static int32_t is_permissible(const struct ionto_guard *g, int32_t p, int32_t allowed_na)
{
    const struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    int64_t p_na = size_of(p);
    int64_t last_na = size_of(s->last_na);
    int32_t direction = direction_of(p);
    int32_t against = ((direction != 0) && (s->sign == -direction)) ? 1 : 0;
    int32_t waits = ((against == 1) && ((last_na != 0) || (s->zero_us < c->dwell_us))) ? 1 : 0;
    int32_t rises = ((p_na - last_na) > c->rise_na_per_tick) ? 1 : 0;
    /* no faster than the fall rate; from more than may flow, at once to that */
    int32_t falls = (((last_na - p_na) > c->fall_na_per_tick) && ((allowed_na - p_na) > c->fall_na_per_tick)) ? 1 : 0;
    int32_t above = ((p_na > c->limit_na) || ((s->ending == 1u) && (p_na > s->envelope_na))) ? 1 : 0;
    int32_t above_flow = (p_na > allowed_na) ? 1 : 0;
    return ((waits + rises + falls + above + above_flow) == 0) ? 1 : 0;
}

/* 1 when a proposal that is not permissible latches. Zero at once while a cap is due is the regulator's own cut at that
 * cap, and no fault of it. */
/*@ terminates \true; assigns \nothing;
    ensures \result == (permissible != 1 && !(p == 0 && (time == 1 || charge == 1)) ? 1 : 0); */
static int32_t refuses(int32_t permissible, int32_t p, uint32_t time, uint32_t charge)
{
    return ((permissible != 1) && ((p != 0) || ((time != DUE) && (charge != DUE)))) ? 1 : 0;
}

/* 1 when a tick flows with what is proposed: permissible, and not the zero at which a fall is over. */
/*@ terminates \true; assigns \nothing; ensures \result == (permissible == 1 && !(ending == 1 && p == 0) ? 1 : 0); */
static int32_t flows(int32_t permissible, int32_t p, uint32_t ending)
{
    return ((permissible == 1) && ((ending != 1u) || (p != 0))) ? 1 : 0;
}

/*@ terminates \true; assigns \nothing; ensures \result == (a == 1 && b == 1 ? 1 : 0); */
static int32_t both(int32_t a, int32_t b)
{
    return ((a == 1) && (b == 1)) ? 1 : 0;
}

/* One tick with the switch closed, when `runs` is 1: the current that is permitted, or zero and a latch. */
/*@ requires valid: \valid(g);
    requires range: CONFIG_OK(g);
    requires current: CURRENT_OK(g);
    requires flags: g->state.ending <= 1;
    requires latches: g->state.heartbeat <= 2 && g->state.charge <= 2 && g->state.time <= 2 && g->state.proposal <= 1;
    requires runs: runs == 1 ==> g->state.energised == 1 && g->state.armed == 0 && g->state.heartbeat <= 1
                                 && g->state.charge <= 1 && g->state.time <= 1 && g->state.proposal == 0;
    requires allowed: 0 <= allowed_na;
    requires due: DUE_WAITS(g);
    requires dwell: runs == 1 && g->state.sign == 0 ==> g->state.zero_us == g->config.dwell_us;
    terminates \true;
    assigns g->state.armed, g->state.energised, g->state.ending, g->state.envelope_na, g->state.heartbeat,
            g->state.charge, g->state.time, g->state.proposal, g->state.energised_us, g->state.positive_fc,
            g->state.negative_fc;
    ensures si01_proposed: \result == 0 || runs == 1 && \result == p;
    ensures si01_limit: \abs(\result) <= g->config.limit_na;
    ensures si03_rise: runs == 1 ==> \abs(\result) - \abs(g->state.last_na) <= g->config.rise_na_per_tick;
    ensures si03_fall: runs == 1 && (g->state.energised == 1 || g->state.proposal == 0 && g->state.time != 2
                                                                && g->state.charge != 2)
                       ==> \min(\abs(g->state.last_na), allowed_na) - \abs(\result) <= g->config.fall_na_per_tick;
    ensures si27_voltage: \abs(\result) <= allowed_na;
    ensures si04_no_jump_down: g->state.last_na > 0 ==> \result >= 0;
    ensures si04_no_jump_up: g->state.last_na < 0 ==> \result <= 0;
    ensures si04_dwell: \result > 0 && g->state.sign != 1 || \result < 0 && g->state.sign != -1
                        ==> g->state.zero_us == g->config.dwell_us;
    ensures si06_off: runs == 1 && g->state.energised == 0 ==> \result == 0 && g->state.ending == 0;
    ensures energised: runs == 1 ==> g->state.energised <= 1 && g->state.armed == 0;
    ensures ending: g->state.ending <= 1;
    ensures proposal: \old(g->state.proposal) <= g->state.proposal <= 1;
    ensures heartbeat: \old(g->state.heartbeat) <= g->state.heartbeat <= 2;
    ensures charge: \old(g->state.charge) <= g->state.charge <= 2;
    ensures time: \old(g->state.time) <= g->state.time <= 2;
    ensures latched: runs == 1 && (g->state.proposal == 1 || g->state.heartbeat == 2 || g->state.charge == 2
                                   || g->state.time == 2) ==> g->state.energised == 0;
    ensures due: DUE_WAITS(g);
    ensures si15_silent: runs == 1 && g->state.heartbeat_us == g->config.heartbeat_us ==> g->state.heartbeat >= 1;
    ensures si16_stop: runs == 1 && command != IONTO_COMMAND_RUN ==> g->state.energised == 0 || g->state.ending == 1;
    ensures si16_begins: \old(g->state.ending) == 0 && g->state.ending == 1
                         ==> g->state.envelope_na == \abs(g->state.last_na);
    ensures si16_falls: runs == 1 && \old(g->state.ending) == 1
                        ==> g->state.energised == 0
                            || g->state.ending == 1
                               && g->state.envelope_na == \old(g->state.envelope_na) - g->config.fall_na_per_tick;
    ensures si16_envelope: runs == 1 && g->state.ending == 1 ==> 1 <= \abs(\result) <= g->state.envelope_na;
    ensures envelope: 0 <= g->state.envelope_na <= g->config.limit_na;
    ensures counts: COUNTS_OK(g);
    ensures si17_count: g->state.energised_us
                        == \old(g->state.energised_us)
                           + (runs == 1 && g->state.energised == 1 ? g->config.tick_us : 0);
    ensures si17_ends: runs == 1 && \old(TIME_DUE(g)) ==> g->state.time >= 1;
    ensures si18_positive: g->state.positive_fc
                           == \old(g->state.positive_fc) + ionto_positive_fc(\result, g->config.tick_us);
    ensures si18_negative: g->state.negative_fc
                           == \old(g->state.negative_fc) + ionto_negative_fc(\result, g->config.tick_us);
    ensures si18_ends: runs == 1 && \old(CHARGE_DUE(g)) ==> g->state.charge >= 1;
    ensures nothing_switched: runs != 1 ==> g->state.armed == \old(g->state.armed)
                                            && g->state.energised == \old(g->state.energised)
                                            && g->state.ending == \old(g->state.ending);
    ensures nothing_latched: runs != 1 ==> g->state.proposal == \old(g->state.proposal)
                                           && g->state.heartbeat == \old(g->state.heartbeat)
                                           && g->state.charge == \old(g->state.charge)
                                           && g->state.time == \old(g->state.time);
    ensures nothing_counted: runs != 1 ==> g->state.energised_us == \old(g->state.energised_us);
    ensures tripped_same: runs != 1 ==> (TRIPPED(g) <==> \old(TRIPPED(g)));
    ensures tripped_anew: TRIPPED(g)
                          ==> \old(TRIPPED(g)) || runs == 1 && g->state.energised == 0; */
static int32_t permit(struct ionto_guard *g, int32_t runs, uint32_t command, int32_t p, int32_t allowed_na)
{
    struct ionto_guard_state *s = &g->state;
    int32_t permissible;
    int32_t on;
    consider_end(g, runs, command);
    permissible = is_permissible(g, p, allowed_na);
    s->proposal = pick_flag(both(runs, refuses(permissible, p, s->time, s->charge)), 1u, s->proposal);
    on = account(g, p, both(runs, flows(permissible, p, s->ending)));
    switch_off_if(g, both(runs, 1 - on));
    return pick(on, p, 0);
}

/* 1 when the switch may close: after STOP was seen with no trip, on RUN within the limit by a supervisor that is heard,
 * once contact has held and the dwell is over (SI-05). */
/*@ requires valid: \valid_read(g);
    requires counters: g->state.contact_us <= g->config.contact_us && g->state.zero_us <= g->config.dwell_us;
    terminates \true; assigns \nothing;
    ensures flag: \result == 0 || \result == 1;
    ensures si05_start: \result == 1
                        <==> command == IONTO_COMMAND_RUN && g->state.armed == 1
                             && g->state.contact_us == g->config.contact_us
                             && g->state.heartbeat_us < g->config.heartbeat_us
                             && (g->state.sign != 0 || g->state.zero_us == g->config.dwell_us)
                             && \abs(target_na) <= g->config.limit_na; */
static int32_t may_start(const struct ionto_guard *g, uint32_t command, int32_t target_na)
{
    const struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    return ((command == (uint32_t)IONTO_COMMAND_RUN) && (s->armed == 1u) && (s->contact_us >= c->contact_us)
            && (s->heartbeat_us < c->heartbeat_us) && ((s->sign != 0) || (s->zero_us >= c->dwell_us))
            && (beyond(target_na, c->limit_na) == 0)) ? 1 : 0;
}

/* STOP arms, a start uses that up, and so does a wild proposal. */
/*@ terminates \true; assigns \nothing;
    ensures \result == (wild == 1 || starts == 1 ? 0 : (rests == 1 && command != IONTO_COMMAND_RUN ? 1 : armed)); */
static uint32_t next_armed(uint32_t armed, int32_t rests, int32_t wild, int32_t starts, uint32_t command)
{
    uint32_t next = armed;
    if ((wild == 1) || (starts == 1)) {
        next = 0u;
    } else if ((rests == 1) && (command != (uint32_t)IONTO_COMMAND_RUN)) {
        next = 1u;
    } else {
        /* as it was */
    }
    return next;
}

/* One tick with the switch open and no trip, when `rests` is 1: closes it for a start, and latches a proposal that is
 * not zero. */
/*@ requires valid: \valid(g);
    requires range: CONFIG_OK(g);
    requires counts: COUNTS_OK(g);
    requires counters: g->state.contact_us <= g->config.contact_us && g->state.zero_us <= g->config.dwell_us;
    requires rests: rests == 1 ==> g->state.energised == 0 && g->state.armed <= 1;
    terminates \true;
    assigns g->state.armed, g->state.energised, g->state.energised_us, g->state.positive_fc, g->state.negative_fc,
            g->state.time, g->state.charge, g->state.proposal;
    ensures energised: rests != 1 ==> g->state.energised == \old(g->state.energised);
    ensures armed: rests != 1 ==> g->state.armed == \old(g->state.armed);
    ensures flags: rests == 1 ==> g->state.energised <= 1 && g->state.armed <= 1
                                  && g->state.armed + g->state.energised <= 1;
    ensures proposal: g->state.proposal == (rests == 1 && p != 0 ? 1 : \old(g->state.proposal));
    ensures charge: g->state.charge == \old(g->state.charge);
    ensures time: g->state.time == \old(g->state.time) || rests == 1 && g->state.time == 2;
    ensures counts: COUNTS_OK(g);
    ensures positive: g->state.positive_fc == \old(g->state.positive_fc);
    ensures negative: g->state.negative_fc == \old(g->state.negative_fc);
    ensures si04_dwell: rests == 1 && g->state.energised == 1 && g->state.sign == 0
                        ==> g->state.zero_us == g->config.dwell_us;
    ensures si05_start: rests == 1 && g->state.energised == 1
                        ==> \old(g->state.armed) == 1 && command == IONTO_COMMAND_RUN && p == 0
                            && g->state.contact_us == g->config.contact_us
                            && g->state.heartbeat_us < g->config.heartbeat_us && \abs(target_na) <= g->config.limit_na;
    ensures si05_armed: g->state.armed == 1 ==> \old(g->state.armed) == 1 || rests == 1 && command != IONTO_COMMAND_RUN;
    ensures si05_wild: rests == 1 && p != 0 ==> g->state.energised == 0 && g->state.armed == 0;
    ensures si17_count: g->state.energised_us
                        == \old(g->state.energised_us)
                           + (rests == 1 && g->state.energised == 1 ? g->config.tick_us : 0);
    ensures si17_latched: g->state.time != \old(g->state.time) ==> g->state.energised == 0 && g->state.armed == 0;
    ensures tripped_same: rests != 1 ==> (TRIPPED(g) <==> \old(TRIPPED(g)));
    ensures tripped_anew: TRIPPED(g)
                          ==> \old(TRIPPED(g))
                              || rests == 1 && g->state.energised == 0 && g->state.armed == 0;
    ensures tripped_wild: rests == 1 && p != 0 ==> TRIPPED(g); */
static void offer(struct ionto_guard *g, int32_t rests, uint32_t command, int32_t target_na, int32_t p)
{
    struct ionto_guard_state *s = &g->state;
    int32_t wild = ((rests == 1) && (p != 0)) ? 1 : 0;
    int32_t starts = ((rests == 1) && (p == 0) && (may_start(g, command, target_na) == 1)) ? 1 : 0;
    int32_t on = account(g, 0, starts);
    s->proposal = pick_flag(wild, 1u, s->proposal);
    s->armed = next_armed(s->armed, rests, wild, starts, command);
    s->energised = pick_flag(on, 1u, s->energised);
}

/* The current of the tick to come. A trip opens the switch; else a guard that is energised permits, and one at rest
 * offers a start. Just acknowledged it does neither: zero for this tick, whatever is proposed. */
/*@ requires valid: \valid(g);
    requires range: CONFIG_OK(g);
    requires current: CURRENT_OK(g);
    requires switch_ok: SWITCH_OK(g);
    requires latches: g->state.heartbeat <= 2 && g->state.charge <= 2 && g->state.time <= 2 && g->state.proposal <= 1;
    requires allowed: 0 <= allowed_na;
    requires due: DUE_WAITS(g);
    requires off: tripped_before != 0 ==> g->state.energised == 0 && g->state.armed == 0;
    requires none: tripped_before == 0 ==> g->state.heartbeat <= 1 && g->state.charge <= 1 && g->state.time <= 1
                                           && g->state.proposal == 0;
    terminates \true;
    assigns g->state.armed, g->state.energised, g->state.ending, g->state.envelope_na, g->state.heartbeat,
            g->state.charge, g->state.time, g->state.proposal, g->state.energised_us, g->state.positive_fc,
            g->state.negative_fc;
    ensures si01_proposed: \result == 0 || \result == p;
    ensures si01_limit: \abs(\result) <= g->config.limit_na;
    ensures si03_rise: \abs(\result) - \abs(g->state.last_na) <= g->config.rise_na_per_tick;
    ensures si03_fall: g->state.energised == 1
                       ==> \min(\abs(g->state.last_na), allowed_na) - \abs(\result) <= g->config.fall_na_per_tick;
    ensures si27_voltage: \abs(\result) <= allowed_na;
    ensures si03_fall_ends: !CUT(g) && g->state.charge != 2 && g->state.time != 2
                            ==> \min(\abs(g->state.last_na), allowed_na) - \abs(\result) <= g->config.fall_na_per_tick;
    ensures si04_no_jump_down: g->state.last_na > 0 ==> \result >= 0;
    ensures si04_no_jump_up: g->state.last_na < 0 ==> \result <= 0;
    ensures si04_dwell: \result > 0 && g->state.sign != 1 || \result < 0 && g->state.sign != -1
                        ==> g->state.zero_us == g->config.dwell_us;
    ensures si04_first: g->state.energised == 1 && g->state.sign == 0 ==> g->state.zero_us == g->config.dwell_us;
    ensures si05_start: g->state.energised == 1 && \old(g->state.energised) == 0
                        ==> \result == 0 && \old(g->state.armed) == 1 && tripped_before == 0
                            && command == IONTO_COMMAND_RUN && \abs(target_na) <= g->config.limit_na
                            && g->state.contact_us == g->config.contact_us
                            && g->state.heartbeat_us < g->config.heartbeat_us;
    ensures si05_armed: g->state.armed == 1 && \old(g->state.armed) == 0
                        ==> command != IONTO_COMMAND_RUN && tripped_before == 0;
    ensures si05_wild: \old(g->state.energised) == 0 && tripped_before == 0 && p != 0
                       ==> \result == 0 && TRIPPED(g);
    ensures si06_off: g->state.energised == 0 ==> \result == 0 && g->state.ending == 0;
    ensures si06_fault: TRIPPED(g) ==> g->state.energised == 0 && g->state.armed == 0;
    ensures si07_zero: tripped_before != 0 ==> g->state.energised == 0 && g->state.armed == 0;
    ensures si07_kept_proposal: \old(g->state.proposal) != 0 ==> g->state.proposal != 0;
    ensures si07_kept_heartbeat: \old(g->state.heartbeat) <= g->state.heartbeat;
    ensures si07_kept_charge: \old(g->state.charge) <= g->state.charge;
    ensures si07_kept_time: \old(g->state.time) <= g->state.time;
    ensures si07_as_cleared: tripped_before != 0 && !\old(TRIPPED(g))
                             ==> !TRIPPED(g);
    ensures energised: g->state.energised <= 1 && g->state.armed <= 1;
    ensures ending: g->state.ending <= 1;
    ensures armed: g->state.energised == 1 ==> g->state.armed == 0;
    ensures latches: g->state.heartbeat <= 2 && g->state.charge <= 2 && g->state.time <= 2 && g->state.proposal <= 1;
    ensures due: DUE_WAITS(g);
    ensures si15_silent: \old(g->state.energised) == 1 && g->state.heartbeat_us == g->config.heartbeat_us
                         ==> g->state.energised == 0 || g->state.ending == 1 && g->state.heartbeat == 1;
    ensures si15_latched: \old(g->state.heartbeat) == 1 && g->state.energised == 0 ==> g->state.heartbeat == 2;
    ensures si16_stop: command != IONTO_COMMAND_RUN ==> g->state.energised == 0 || g->state.ending == 1;
    ensures si16_begins: \old(g->state.ending) == 0 && g->state.ending == 1
                         ==> g->state.envelope_na == \abs(g->state.last_na);
    ensures si16_falls: \old(g->state.ending) == 1
                        ==> g->state.energised == 0
                            || g->state.ending == 1
                               && g->state.envelope_na == \old(g->state.envelope_na) - g->config.fall_na_per_tick;
    ensures si16_envelope: g->state.ending == 1 ==> 1 <= \abs(\result) <= g->state.envelope_na;
    ensures envelope: 0 <= g->state.envelope_na <= g->config.limit_na;
    ensures counts: COUNTS_OK(g);
    ensures si17_count: g->state.energised_us
                        == \old(g->state.energised_us) + (g->state.energised == 1 ? g->config.tick_us : 0);
    ensures si17_ends: \old(g->state.energised) == 1 && \old(TIME_DUE(g))
                       ==> g->state.energised == 0 || g->state.ending == 1 && g->state.time == 1;
    ensures si17_latched: \old(g->state.time) == 1 && g->state.energised == 0 ==> g->state.time == 2;
    ensures si18_positive: g->state.positive_fc
                           == \old(g->state.positive_fc) + ionto_positive_fc(\result, g->config.tick_us);
    ensures si18_negative: g->state.negative_fc
                           == \old(g->state.negative_fc) + ionto_negative_fc(\result, g->config.tick_us);
    ensures si18_ends: \old(g->state.energised) == 1 && \old(CHARGE_DUE(g))
                       ==> g->state.energised == 0 || g->state.ending == 1 && g->state.charge == 1;
    ensures si18_latched: \old(g->state.charge) == 1 && g->state.energised == 0 ==> g->state.charge == 2;
    ensures si22_refused: \abs(target_na) > g->config.limit_na && \old(g->state.energised) == 0
                          ==> g->state.energised == 0; */
static int32_t decide(struct ionto_guard *g, uint32_t tripped_before, uint32_t command, int32_t target_na, int32_t p,
                      int32_t allowed_na)
{
    int32_t off = is_tripped(g);
    int32_t runs = both(1 - off, (g->state.energised == 1u) ? 1 : 0);
    int32_t rests = ((off == 0) && (runs == 0) && (tripped_before == 0u)) ? 1 : 0;
    int32_t out_na = permit(g, runs, command, p, allowed_na);
    offer(g, rests, command, target_na, p);
    switch_off_if(g, off);
    return out_na;
}

/* ---- trips: named and cleared --------------------------------------------------------------------------- */

/*@ terminates \true; assigns \nothing;
    ensures \result == (first == IONTO_TRIP_NONE && on != 0 ? trip : first); */
static uint32_t name_trip(uint32_t first, bool on, uint32_t trip)
{
    return ((first == (uint32_t)IONTO_TRIP_NONE) && on) ? trip : first;
}

/* The first cause, kept once it is there. Of several at one tick the one that was due comes first: it began earlier. */
/*@ requires valid: \valid_read(g);
    requires range: g->state.first_trip <= IONTO_TRIP_TIME;
    terminates \true; assigns \nothing;
    ensures si07_kept: g->state.first_trip != IONTO_TRIP_NONE ==> \result == g->state.first_trip;
    ensures named: g->state.first_trip == IONTO_TRIP_NONE && TRIPPED(g)
                   ==> \result != IONTO_TRIP_NONE;
    ensures range: \result <= IONTO_TRIP_TIME;
    ensures none: g->state.first_trip == IONTO_TRIP_NONE && !TRIPPED(g)
                  ==> \result == IONTO_TRIP_NONE;
    ensures si07_order: g->state.first_trip == IONTO_TRIP_NONE ==> \result ==
      (g->state.heartbeat == 2 ? IONTO_TRIP_HEARTBEAT :
      (g->state.charge == 2 ? IONTO_TRIP_CHARGE :
      (g->state.time == 2 ? IONTO_TRIP_TIME :
      (g->state.over_current_us >= g->config.over_current_us ? IONTO_TRIP_OVER_CURRENT :
      (g->state.over_voltage_us >= g->config.over_voltage_us ? IONTO_TRIP_OVER_VOLTAGE :
      (g->state.open_us >= g->config.open_us ? IONTO_TRIP_OPEN :
      (g->state.short_us >= g->config.short_us ? IONTO_TRIP_SHORT :
      (g->state.mismatch_us >= g->config.mismatch_us ? IONTO_TRIP_MISMATCH :
      (g->state.sensor_us >= g->config.sensor_us ? IONTO_TRIP_SENSOR :
      (g->state.stale_us >= g->config.stale_us ? IONTO_TRIP_STALE :
      (g->state.leakage_us >= g->config.leakage_us ? IONTO_TRIP_LEAKAGE :
      (g->state.switch_us >= g->config.switch_us ? IONTO_TRIP_SWITCH :
      (g->state.tick != 0 ? IONTO_TRIP_TICK :
      (g->state.corrupt != 0 ? IONTO_TRIP_CORRUPT :
      (g->state.emergency != 0 ? IONTO_TRIP_EMERGENCY :
      (g->state.proposal != 0 ? IONTO_TRIP_PROPOSAL : IONTO_TRIP_NONE)))))))))))))))); */
static uint32_t first_trip(const struct ionto_guard *g)
{
    const struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    uint32_t first = s->first_trip;
    first = name_trip(first, s->heartbeat == LATCHED, (uint32_t)IONTO_TRIP_HEARTBEAT);
    first = name_trip(first, s->charge == LATCHED, (uint32_t)IONTO_TRIP_CHARGE);
    first = name_trip(first, s->time == LATCHED, (uint32_t)IONTO_TRIP_TIME);
    first = name_trip(first, s->over_current_us >= c->over_current_us, (uint32_t)IONTO_TRIP_OVER_CURRENT);
    first = name_trip(first, s->over_voltage_us >= c->over_voltage_us, (uint32_t)IONTO_TRIP_OVER_VOLTAGE);
    first = name_trip(first, s->open_us >= c->open_us, (uint32_t)IONTO_TRIP_OPEN);
    first = name_trip(first, s->short_us >= c->short_us, (uint32_t)IONTO_TRIP_SHORT);
    first = name_trip(first, s->mismatch_us >= c->mismatch_us, (uint32_t)IONTO_TRIP_MISMATCH);
    first = name_trip(first, s->sensor_us >= c->sensor_us, (uint32_t)IONTO_TRIP_SENSOR);
    first = name_trip(first, s->stale_us >= c->stale_us, (uint32_t)IONTO_TRIP_STALE);
    first = name_trip(first, s->leakage_us >= c->leakage_us, (uint32_t)IONTO_TRIP_LEAKAGE);
    first = name_trip(first, s->switch_us >= c->switch_us, (uint32_t)IONTO_TRIP_SWITCH);
    first = name_trip(first, s->tick != 0u, (uint32_t)IONTO_TRIP_TICK);
    first = name_trip(first, s->corrupt != 0u, (uint32_t)IONTO_TRIP_CORRUPT);
    first = name_trip(first, s->emergency != 0u, (uint32_t)IONTO_TRIP_EMERGENCY);
    first = name_trip(first, s->proposal != 0u, (uint32_t)IONTO_TRIP_PROPOSAL);
    return first;
}

/* An acknowledge clears every trip at once, and only with the output off and no cause in sight. With the output off a
 * measured current is a cause, that of LEAKAGE: nothing is cleared while something flows. What was found corrupt here
 * stays so: nothing but ionto_init() can vouch for the memory again. */
/*@ requires valid: \valid_read(g);
    terminates \true; assigns \nothing;
    ensures si07_clears: \result == 1
                         <==> acknowledge == 1 && g->state.acknowledge_seen == 0 && g->state.energised == 0
                              && cause_seen == 0 && g->state.heartbeat_us < g->config.heartbeat_us
                              && g->state.corrupt != 2;
    ensures flag: \result == 0 || \result == 1; */
static int32_t may_clear(const struct ionto_guard *g, uint32_t acknowledge, int32_t cause_seen)
{
    const struct ionto_guard_state *s = &g->state;
    return ((acknowledge == 1u) && (s->acknowledge_seen == 0u) && (s->energised == 0u) && (cause_seen == 0)
            && (s->heartbeat_us < g->config.heartbeat_us) && (s->corrupt != LATCHED)) ? 1 : 0;
}

/* Clears every trip when `on` is 1. */
/*@ requires valid: \valid(g);
    terminates \true;
    assigns g->state.over_current_us, g->state.over_voltage_us, g->state.open_us, g->state.short_us,
            g->state.mismatch_us, g->state.sensor_us, g->state.stale_us, g->state.leakage_us, g->state.switch_us,
            g->state.tick, g->state.corrupt, g->state.emergency, g->state.proposal, g->state.heartbeat,
            g->state.charge, g->state.time, g->state.first_trip;
    ensures over_current: g->state.over_current_us == (on == 1 ? 0 : \old(g->state.over_current_us));
    ensures over_voltage: g->state.over_voltage_us == (on == 1 ? 0 : \old(g->state.over_voltage_us));
    ensures open: g->state.open_us == (on == 1 ? 0 : \old(g->state.open_us));
    ensures shorted: g->state.short_us == (on == 1 ? 0 : \old(g->state.short_us));
    ensures mismatch: g->state.mismatch_us == (on == 1 ? 0 : \old(g->state.mismatch_us));
    ensures sensor: g->state.sensor_us == (on == 1 ? 0 : \old(g->state.sensor_us));
    ensures stale: g->state.stale_us == (on == 1 ? 0 : \old(g->state.stale_us));
    ensures leakage: g->state.leakage_us == (on == 1 ? 0 : \old(g->state.leakage_us));
    ensures switch_us: g->state.switch_us == (on == 1 ? 0 : \old(g->state.switch_us));
    ensures tick: g->state.tick == (on == 1 ? 0 : \old(g->state.tick));
    ensures corrupt: g->state.corrupt == (on == 1 ? 0 : \old(g->state.corrupt));
    ensures emergency: g->state.emergency == (on == 1 ? 0 : \old(g->state.emergency));
    ensures proposal: g->state.proposal == (on == 1 ? 0 : \old(g->state.proposal));
    ensures heartbeat: g->state.heartbeat == (on == 1 ? 0 : \old(g->state.heartbeat));
    ensures charge: g->state.charge == (on == 1 ? 0 : \old(g->state.charge));
    ensures time: g->state.time == (on == 1 ? 0 : \old(g->state.time));
    ensures first: g->state.first_trip == (on == 1 ? 0 : \old(g->state.first_trip)); */
static void clear_trips_if(struct ionto_guard *g, int32_t on)
{
    if (on == 1) {
        clear_trips(&g->state);
    }
}

/* Hears the supervisor, and clears the trips when it acknowledges them and may. */
/*@ requires valid: \valid(g);
    requires tick: 1 <= g->config.tick_us <= IONTO_TICK_MAX_US;
    requires heard: 0 <= g->state.heartbeat_us <= g->config.heartbeat_us;
    terminates \true;
    assigns g->state.over_current_us, g->state.over_voltage_us, g->state.open_us, g->state.short_us,
            g->state.mismatch_us, g->state.sensor_us, g->state.stale_us, g->state.leakage_us, g->state.switch_us,
            g->state.tick, g->state.corrupt, g->state.emergency, g->state.proposal, g->state.heartbeat,
            g->state.charge, g->state.time, g->state.first_trip, g->state.heartbeat_us, g->state.heartbeat_seen,
            g->state.acknowledge_seen;
    ensures si15_count: g->state.heartbeat_us
                        == (heartbeat == \old(g->state.heartbeat_seen)
                            ? \min(\old(g->state.heartbeat_us) + g->config.tick_us, g->config.heartbeat_us) : 0);
    ensures si15_seen: g->state.heartbeat_seen == heartbeat;
    ensures si07_edge: g->state.acknowledge_seen == (acknowledge != 0 ? 1 : 0);
    ensures flag: \result == 0 || \result == 1;
    ensures si07_clears: \result == 1
                         <==> acknowledge == 1 && \old(g->state.acknowledge_seen) == 0 && g->state.energised == 0
                              && cause_seen == 0 && g->state.heartbeat_us < g->config.heartbeat_us
                              && \old(g->state.corrupt) != 2;
    ensures cleared_over_current_us: g->state.over_current_us == (\result == 1 ? 0 : \old(g->state.over_current_us));
    ensures cleared_over_voltage_us: g->state.over_voltage_us == (\result == 1 ? 0 : \old(g->state.over_voltage_us));
    ensures cleared_open_us: g->state.open_us == (\result == 1 ? 0 : \old(g->state.open_us));
    ensures cleared_short_us: g->state.short_us == (\result == 1 ? 0 : \old(g->state.short_us));
    ensures cleared_mismatch_us: g->state.mismatch_us == (\result == 1 ? 0 : \old(g->state.mismatch_us));
    ensures cleared_sensor_us: g->state.sensor_us == (\result == 1 ? 0 : \old(g->state.sensor_us));
    ensures cleared_stale_us: g->state.stale_us == (\result == 1 ? 0 : \old(g->state.stale_us));
    ensures cleared_leakage_us: g->state.leakage_us == (\result == 1 ? 0 : \old(g->state.leakage_us));
    ensures cleared_switch_us: g->state.switch_us == (\result == 1 ? 0 : \old(g->state.switch_us));
    ensures cleared_tick: g->state.tick == (\result == 1 ? 0 : \old(g->state.tick));
    ensures cleared_corrupt: g->state.corrupt == (\result == 1 ? 0 : \old(g->state.corrupt));
    ensures cleared_emergency: g->state.emergency == (\result == 1 ? 0 : \old(g->state.emergency));
    ensures cleared_proposal: g->state.proposal == (\result == 1 ? 0 : \old(g->state.proposal));
    ensures cleared_heartbeat: g->state.heartbeat == (\result == 1 ? 0 : \old(g->state.heartbeat));
    ensures cleared_charge: g->state.charge == (\result == 1 ? 0 : \old(g->state.charge));
    ensures cleared_time: g->state.time == (\result == 1 ? 0 : \old(g->state.time));
    ensures cleared_first_trip: g->state.first_trip == (\result == 1 ? 0 : \old(g->state.first_trip)); */
static int32_t hear(struct ionto_guard *g, uint32_t heartbeat, uint32_t acknowledge, int32_t cause_seen)
{
    struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    int32_t silent = (heartbeat == s->heartbeat_seen) ? 1 : 0;
    int32_t clears;
    s->heartbeat_us = held(s->heartbeat_us, silent, c->tick_us, c->heartbeat_us);
    s->heartbeat_seen = heartbeat;
    clears = may_clear(g, acknowledge, cause_seen);
    s->acknowledge_seen = (acknowledge != 0u) ? 1u : 0u;
    clear_trips_if(g, clears);
    return clears;
}

/* Remembers when this tick was, its sample, and how long contact has held. */
/*@ requires valid: \valid(g);
    requires tick: 1 <= g->config.tick_us <= IONTO_TICK_MAX_US;
    requires held: 0 <= g->state.contact_us <= g->config.contact_us;
    terminates \true;
    assigns g->state.primed, g->state.now_seen, g->state.sample_seen, g->state.contact_us;
    ensures si21_now: g->state.now_seen == now_us && g->state.primed == 1;
    ensures si13_sample: g->state.sample_seen == sample;
    ensures si05_contact: g->state.contact_us
                          == (contact == 1 ? \min(\old(g->state.contact_us) + g->config.tick_us, g->config.contact_us)
                                           : 0); */
static void remember(struct ionto_guard *g, uint32_t now_us, uint32_t sample, uint32_t contact)
{
    struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    s->primed = 1u;
    s->now_seen = now_us;
    s->sample_seen = sample;
    s->contact_us = held(s->contact_us, (contact == 1u) ? 1 : 0, c->tick_us, c->contact_us);
}

/* Keeps what flows until the next tick, and names the first trip once the output is off. */
/*@ requires valid: \valid(g);
    requires tick: 1 <= g->config.tick_us <= IONTO_TICK_MAX_US;
    requires dwell: 0 <= g->state.zero_us <= g->config.dwell_us;
    requires first: g->state.first_trip <= IONTO_TRIP_TIME;
    terminates \true;
    assigns g->state.last_na, g->state.zero_us, g->state.sign, g->state.first_trip;
    ensures last: g->state.last_na == out_na;
    ensures si04_count: g->state.zero_us
                        == (out_na == 0 ? \min(\old(g->state.zero_us) + g->config.tick_us, g->config.dwell_us) : 0);
    ensures si04_sign: g->state.sign == (out_na > 0 ? 1 : (out_na < 0 ? -1 : \old(g->state.sign)));
    ensures si07_first: \old(g->state.first_trip) != IONTO_TRIP_NONE
                        ==> g->state.first_trip == \old(g->state.first_trip);
    ensures named: g->state.energised == 0 && \old(TRIPPED(g))
                   ==> g->state.first_trip != IONTO_TRIP_NONE;
    ensures none: \old(g->state.first_trip) == IONTO_TRIP_NONE
                  && (g->state.energised != 0 || !\old(TRIPPED(g)))
                  ==> g->state.first_trip == IONTO_TRIP_NONE;
    ensures range: g->state.first_trip <= IONTO_TRIP_TIME; */
static void settle(struct ionto_guard *g, int32_t out_na)
{
    struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    uint32_t first = s->first_trip;
    if (s->energised == 0u) {
        first = first_trip(g);
    }
    s->first_trip = first;
    s->last_na = out_na;
    s->zero_us = held(s->zero_us, (out_na == 0) ? 1 : 0, c->tick_us, c->dwell_us);
    s->sign = pick((out_na != 0) ? 1 : 0, direction_of(out_na), s->sign);
}

/* One tick of a guard that is intact. The clauses are those of ionto_guard_step(), which adds only what is so of one
 * that is not. */
/*@ requires valid: \valid(g) && \valid_read(sense) && \valid_read(request) && \valid_read(proposal);
    requires separated: \separated(g, sense) && \separated(g, request) && \separated(g, proposal);
    requires range: CONFIG_OK(g);
    requires current: CURRENT_OK(g);
    requires timers: TIMERS_OK(g);
    requires latches: LATCHES_OK(g);
    requires switch_ok: SWITCH_OK(g);
    requires due: DUE_WAITS(g);
    requires first: g->state.first_trip <= IONTO_TRIP_TIME;
    requires tripped: g->state.first_trip != IONTO_TRIP_NONE <==> TRIPPED(g);
    requires off: g->state.first_trip != IONTO_TRIP_NONE ==> g->state.energised == 0 && g->state.armed == 0;
    terminates \true;
    assigns g->state, g->state_inv;
    ensures range: CONFIG_OK(g);
    ensures mirrored: STATE_MIRRORED(g);
    ensures current: CURRENT_OK(g);
    ensures timer_over_current: 0 <= g->state.over_current_us <= g->config.over_current_us;
    ensures timer_over_voltage: 0 <= g->state.over_voltage_us <= g->config.over_voltage_us;
    ensures timer_open: 0 <= g->state.open_us <= g->config.open_us;
    ensures timer_short: 0 <= g->state.short_us <= g->config.short_us;
    ensures timer_mismatch: 0 <= g->state.mismatch_us <= g->config.mismatch_us;
    ensures timer_sensor: 0 <= g->state.sensor_us <= g->config.sensor_us;
    ensures timer_stale: 0 <= g->state.stale_us <= g->config.stale_us;
    ensures timer_leakage: 0 <= g->state.leakage_us <= g->config.leakage_us;
    ensures timer_switch: 0 <= g->state.switch_us <= g->config.switch_us;
    ensures latches: LATCHES_OK(g);
    ensures switch_ok: SWITCH_OK(g);
    ensures due: DUE_WAITS(g);
    ensures first: g->state.first_trip <= IONTO_TRIP_TIME;
    ensures named: TRIPPED(g) ==> g->state.first_trip != IONTO_TRIP_NONE;
    ensures tripped: g->state.first_trip != IONTO_TRIP_NONE ==> TRIPPED(g);
    ensures off: g->state.first_trip != IONTO_TRIP_NONE ==> g->state.energised == 0 && g->state.armed == 0;
    ensures last: g->state.last_na == \result;
    ensures si20_unsound: \old(proposal->sound) != 1
      ==> \result == 0 && g->state.energised == 0 && g->state.corrupt == 2 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si20_for_good: \old(g->state.corrupt) == 2
      ==> \result == 0 && g->state.energised == 0 && g->state.corrupt == 2;
    ensures si01_proposed: \result == 0 || \result == \old(proposal->current_na);
    ensures si01_limit: \result != 0 ==> \abs(\result) <= g->config.limit_na;
    ensures si02_ceiling: \abs(\result) <= IONTO_CEILING_NA;
    ensures si03_rise: \result != 0 ==> \abs(\result) - \abs(\old(g->state.last_na)) <= g->config.rise_na_per_tick;
    ensures si03_fall: g->state.energised == 1
      ==> \min(\abs(\old(g->state.last_na)), \old(ionto_allowed_na(sense->voltage_mv, g->config.saturation_mv,
          sense->measured_na, g->state.last_na, g->config.headroom_na)))
          - \abs(\result) <= g->config.fall_na_per_tick;
    ensures si03_fall_ends: !CUT(g) && g->state.charge != 2 && g->state.time != 2
      ==> \min(\abs(\old(g->state.last_na)), \old(ionto_allowed_na(sense->voltage_mv, g->config.saturation_mv,
          sense->measured_na, g->state.last_na, g->config.headroom_na)))
          - \abs(\result) <= g->config.fall_na_per_tick;
    ensures si27_voltage: \abs(\result) <= \old(ionto_allowed_na(sense->voltage_mv, g->config.saturation_mv,
          sense->measured_na, g->state.last_na, g->config.headroom_na));
    ensures si04_no_jump: (\old(g->state.last_na) > 0 ==> \result >= 0) && (\old(g->state.last_na) < 0
      ==> \result <= 0);
    ensures si04_dwell: \result > 0 && \old(g->state.sign) != 1 || \result < 0 && \old(g->state.sign) != -1
      ==> \old(g->state.zero_us) == g->config.dwell_us;
    ensures si04_count: g->state.zero_us == (\result == 0 ? \min(\old(g->state.zero_us) + g->config.tick_us,
      g->config.dwell_us) : 0);
    ensures si04_sign: g->state.sign == (\result > 0 ? 1 : (\result < 0 ? -1 : \old(g->state.sign)));
    ensures si05_start: g->state.energised == 1 && \old(g->state.energised) == 0
      ==> \result == 0 && \old(g->state.armed) == 1 && \old(g->state.first_trip) == IONTO_TRIP_NONE
      && \old(request->command) == IONTO_COMMAND_RUN && \abs(\old(request->target_na)) <= g->config.limit_na
      && \old(sense->contact) == 1 && g->state.contact_us == g->config.contact_us
      && g->state.heartbeat_us < g->config.heartbeat_us;
    ensures si05_armed: g->state.armed == 1 && \old(g->state.armed) == 0
      ==> \old(request->command) != IONTO_COMMAND_RUN && \old(g->state.first_trip) == IONTO_TRIP_NONE;
    ensures si05_contact: g->state.contact_us == (\old(sense->contact) == 1 ? \min(\old(g->state.contact_us)
      + g->config.tick_us, g->config.contact_us) : 0);
    ensures si06_off: g->state.energised == 0 ==> \result == 0;
    ensures si06_fault: g->state.first_trip != IONTO_TRIP_NONE ==> \result == 0 && g->state.energised == 0;
    ensures si07_zero: \old(g->state.first_trip) != IONTO_TRIP_NONE ==> \result == 0 && g->state.energised == 0;
    ensures si07_latched: \old(g->state.first_trip) != IONTO_TRIP_NONE
      && g->state.first_trip == IONTO_TRIP_NONE
      ==> \old(request->acknowledge) == 1 && \old(g->state.acknowledge_seen) == 0
      && \old(ionto_sees_zero(&g->config, sense)) && !\old(ionto_sees_cause(g, sense))
      && \old(proposal->sound) == 1 && \old(g->state.corrupt) != 2 && g->state.heartbeat_us < g->config.heartbeat_us;
    ensures si07_first: \old(g->state.first_trip) != IONTO_TRIP_NONE
      && g->state.first_trip != IONTO_TRIP_NONE ==> g->state.first_trip == \old(g->state.first_trip);
    ensures si07_kept_over_current: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.over_current_us) == g->config.over_current_us
      ==> g->state.over_current_us == g->config.over_current_us;
    ensures si07_kept_over_voltage: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.over_voltage_us) == g->config.over_voltage_us
      ==> g->state.over_voltage_us == g->config.over_voltage_us;
    ensures si07_kept_open: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.open_us) == g->config.open_us
      ==> g->state.open_us == g->config.open_us;
    ensures si07_kept_short: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.short_us) == g->config.short_us
      ==> g->state.short_us == g->config.short_us;
    ensures si07_kept_mismatch: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.mismatch_us) == g->config.mismatch_us
      ==> g->state.mismatch_us == g->config.mismatch_us;
    ensures si07_kept_sensor: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.sensor_us) == g->config.sensor_us
      ==> g->state.sensor_us == g->config.sensor_us;
    ensures si07_kept_stale: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.stale_us) == g->config.stale_us
      ==> g->state.stale_us == g->config.stale_us;
    ensures si07_kept_leakage: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.leakage_us) == g->config.leakage_us
      ==> g->state.leakage_us == g->config.leakage_us;
    ensures si07_kept_switch: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.switch_us) == g->config.switch_us
      ==> g->state.switch_us == g->config.switch_us;
    ensures si07_kept_tick: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.tick) != 0 ==> g->state.tick != 0;
    ensures si07_kept_emergency: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.emergency) != 0 ==> g->state.emergency != 0;
    ensures si07_kept_proposal: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.proposal) != 0 ==> g->state.proposal != 0;
    ensures si07_kept_corrupt: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      ==> \old(g->state.corrupt) <= g->state.corrupt;
    ensures si07_kept_heartbeat: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      ==> \old(g->state.heartbeat) <= g->state.heartbeat;
    ensures si07_kept_charge: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      ==> \old(g->state.charge) <= g->state.charge;
    ensures si07_kept_time: (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      ==> \old(g->state.time) <= g->state.time;
    ensures si07_edge: g->state.acknowledge_seen == (\old(request->acknowledge) != 0 ? 1 : 0);
    ensures si08_over_current_runs: \old(ionto_sees_over_current(&g->config, sense))
      ==> ionto_runs(g->config.tick_us, g->config.over_current_us, \old(g->state.over_current_us),
      g->state.over_current_us);
    ensures si08_over_current_rests: !\old(ionto_sees_over_current(&g->config, sense))
      ==> ionto_rests_or_clears(g->config.over_current_us, \old(g->state.over_current_us), g->state.over_current_us);
    ensures si08_over_current_cuts: g->state.over_current_us == g->config.over_current_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si09_over_voltage_runs: \old(ionto_sees_over_voltage(&g->config, sense))
      ==> ionto_runs(g->config.tick_us, g->config.over_voltage_us, \old(g->state.over_voltage_us),
      g->state.over_voltage_us);
    ensures si09_over_voltage_rests: !\old(ionto_sees_over_voltage(&g->config, sense))
      ==> ionto_rests_or_clears(g->config.over_voltage_us, \old(g->state.over_voltage_us), g->state.over_voltage_us);
    ensures si09_over_voltage_cuts: g->state.over_voltage_us == g->config.over_voltage_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si10_open_runs: \old(ionto_sees_open(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.open_us, \old(g->state.open_us), g->state.open_us);
    ensures si10_open_rests: !\old(ionto_sees_open(g, sense))
      ==> ionto_rests_or_clears(g->config.open_us, \old(g->state.open_us), g->state.open_us);
    ensures si10_open_cuts: g->state.open_us == g->config.open_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si11_short_runs: \old(ionto_sees_short(&g->config, sense))
      ==> ionto_runs(g->config.tick_us, g->config.short_us, \old(g->state.short_us), g->state.short_us);
    ensures si11_short_rests: !\old(ionto_sees_short(&g->config, sense))
      ==> ionto_rests_or_clears(g->config.short_us, \old(g->state.short_us), g->state.short_us);
    ensures si11_short_cuts: g->state.short_us == g->config.short_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si12_mismatch_runs: \old(ionto_sees_mismatch(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.mismatch_us, \old(g->state.mismatch_us), g->state.mismatch_us);
    ensures si12_mismatch_rests: !\old(ionto_sees_mismatch(g, sense))
      ==> ionto_rests_or_clears(g->config.mismatch_us, \old(g->state.mismatch_us), g->state.mismatch_us);
    ensures si12_mismatch_cuts: g->state.mismatch_us == g->config.mismatch_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si13_sensor_runs: \old(ionto_sees_sensor(&g->config, sense))
      ==> ionto_runs(g->config.tick_us, g->config.sensor_us, \old(g->state.sensor_us), g->state.sensor_us);
    ensures si13_sensor_rests: !\old(ionto_sees_sensor(&g->config, sense))
      ==> ionto_rests_or_clears(g->config.sensor_us, \old(g->state.sensor_us), g->state.sensor_us);
    ensures si13_sensor_cuts: g->state.sensor_us == g->config.sensor_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si13_stale_runs: \old(ionto_sees_stale(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.stale_us, \old(g->state.stale_us), g->state.stale_us);
    ensures si13_stale_rests: !\old(ionto_sees_stale(g, sense))
      ==> ionto_rests_or_clears(g->config.stale_us, \old(g->state.stale_us), g->state.stale_us);
    ensures si13_stale_cuts: g->state.stale_us == g->config.stale_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si14_leakage_runs: \old(ionto_sees_leakage(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.leakage_us, \old(g->state.leakage_us), g->state.leakage_us);
    ensures si14_leakage_rests: !\old(ionto_sees_leakage(g, sense))
      ==> ionto_rests_or_clears(g->config.leakage_us, \old(g->state.leakage_us), g->state.leakage_us);
    ensures si14_leakage_cuts: g->state.leakage_us == g->config.leakage_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si14_switch_runs: \old(ionto_sees_disobedience(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.switch_us, \old(g->state.switch_us), g->state.switch_us);
    ensures si14_switch_rests: !\old(ionto_sees_disobedience(g, sense))
      ==> ionto_rests_or_clears(g->config.switch_us, \old(g->state.switch_us), g->state.switch_us);
    ensures si14_switch_cuts: g->state.switch_us == g->config.switch_us
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si21_tick: \old(ionto_sees_tick(g, sense))
      ==> \result == 0 && g->state.energised == 0 && g->state.tick == 1 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si21_now: g->state.now_seen == \old(sense->now_us) && g->state.primed == 1;
    ensures si13_sample: g->state.sample_seen == \old(sense->sample);
    ensures si16_emergency: \old(sense->emergency_stop) != 0
      ==> \result == 0 && g->state.energised == 0 && g->state.emergency == 1
      && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si05_wild: \old(g->state.energised) == 0 && \old(g->state.first_trip) == IONTO_TRIP_NONE
      && \old(proposal->current_na) != 0
      ==> \result == 0 && g->state.energised == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si15_count: g->state.heartbeat_us == (\old(request->heartbeat) == \old(g->state.heartbeat_seen)
      ? \min(\old(g->state.heartbeat_us) + g->config.tick_us, g->config.heartbeat_us) : 0)
      && g->state.heartbeat_seen == \old(request->heartbeat);
    ensures si15_silent: \old(g->state.energised) == 1 && g->state.heartbeat_us == g->config.heartbeat_us
      ==> g->state.energised == 0 || g->state.ending == 1 && g->state.heartbeat == 1;
    ensures si15_latched: \old(g->state.heartbeat) == 1 && g->state.energised == 0
      ==> g->state.heartbeat == 2 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si16_stop: \old(request->command) != IONTO_COMMAND_RUN
      ==> g->state.energised == 0 || g->state.ending == 1;
    ensures si16_begins: \old(g->state.ending) == 0 && g->state.ending == 1
      ==> g->state.envelope_na == \abs(\old(g->state.last_na));
    ensures si16_falls: \old(g->state.ending) == 1
      ==> g->state.energised == 0 || g->state.ending == 1
      && g->state.envelope_na == \old(g->state.envelope_na) - g->config.fall_na_per_tick;
    ensures si16_envelope: g->state.ending == 1 ==> 1 <= \abs(\result) <= g->state.envelope_na;
    ensures si17_cap: 0 <= g->state.energised_us <= g->config.time_cap_us;
    ensures si17_count: g->state.energised_us == \old(g->state.energised_us) + (g->state.energised == 1
      ? g->config.tick_us : 0);
    ensures si17_ends: \old(g->state.energised) == 1 && \old(TIME_DUE(g))
      ==> g->state.energised == 0 || g->state.ending == 1 && g->state.time == 1;
    ensures si17_latched: \old(g->state.time) == 1 && g->state.energised == 0
      ==> g->state.time == 2 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si18_cap: 0 <= g->state.positive_fc <= g->config.charge_cap_each_fc
      && 0 <= g->state.negative_fc <= g->config.charge_cap_each_fc
      && g->state.positive_fc + g->state.negative_fc <= g->config.charge_cap_total_fc;
    ensures si18_count: g->state.positive_fc == \old(g->state.positive_fc) + ionto_positive_fc(\result,
      g->config.tick_us)
      && g->state.negative_fc == \old(g->state.negative_fc) + ionto_negative_fc(\result, g->config.tick_us);
    ensures si18_ends: \old(g->state.energised) == 1 && \old(CHARGE_DUE(g))
      ==> g->state.energised == 0 || g->state.ending == 1 && g->state.charge == 1;
    ensures si18_latched: \old(g->state.charge) == 1 && g->state.energised == 0
      ==> g->state.charge == 2 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si22_refused: \abs(\old(request->target_na)) > g->config.limit_na
      && \old(g->state.energised) == 0 ==> \result == 0 && g->state.energised == 0; */
static int32_t one_tick(struct ionto_guard *g, const struct ionto_sense *sense, const struct ionto_request *request,
                        const struct ionto_proposal *proposal)
{
    /* read once, before anything is written */
    uint32_t command = request->command;
    uint32_t acknowledge = request->acknowledge;
    uint32_t heartbeat = request->heartbeat;
    int32_t target_na = request->target_na;
    int32_t proposed_na = proposal->current_na;
    uint32_t now_us = sense->now_us;
    uint32_t sample = sense->sample;
    uint32_t contact = sense->contact;
    uint32_t tripped_before = g->state.first_trip;
    int32_t allowed_na = may_flow_na(g, sense);
    int32_t cause_seen = watch(g, sense, proposal->sound);
    int32_t out_na;
    /*@ assert latched: tripped_before != IONTO_TRIP_NONE ==> TRIPPED(g); */
    (void)hear(g, heartbeat, acknowledge, cause_seen);
    /*@ assert kept: g->state.first_trip != IONTO_TRIP_NONE ==> TRIPPED(g); */
    remember(g, now_us, sample, contact);
    out_na = decide(g, tripped_before, command, target_na, proposed_na, allowed_na);
    /*@ assert still: g->state.first_trip != IONTO_TRIP_NONE ==> TRIPPED(g); */
    settle(g, out_na);
    mirror_state(g);
    return out_na;
}

/* What is not intact is zero, and latched for good. */
/*@ requires valid: \valid(g);
    requires sound: CONFIG_MIRRORED(g) ==> CONFIG_OK(g);
    terminates \true;
    assigns g->state, g->state_inv;
    ensures sound: CONFIG_MIRRORED(g) ==> CONFIG_OK(g);
    ensures mirrored: STATE_MIRRORED(g);
    ensures current: CONFIG_OK(g) ==> CURRENT_OK(g);
    ensures timers: CONFIG_OK(g) ==> TIMERS_OK(g);
    ensures latches: LATCHES_OK(g);
    ensures switch_ok: SWITCH_OK(g);
    ensures due: DUE_WAITS(g);
    ensures tripped: TRIPPED(g);
    ensures zero: g->state.last_na == 0 && g->state.energised == 0 && g->state.armed == 0;
    ensures latched: g->state.corrupt == 2 && g->state.first_trip == IONTO_TRIP_CORRUPT; */
static void latch_corrupt(struct ionto_guard *g)
{
    clear_state(&g->state);
    g->state.corrupt = LATCHED;
    g->state.first_trip = (uint32_t)IONTO_TRIP_CORRUPT;
    mirror_state(g);
}

struct ionto_drive ionto_guard_step(struct ionto_guard *g, const struct ionto_sense *sense,
                                    const struct ionto_request *request, const struct ionto_proposal *proposal)
{
    struct ionto_drive drive = {0, 0u};
    if (is_intact(g) == 1) {
        drive.current_na = one_tick(g, sense, request, proposal);
        drive.switch_closed = g->state.energised;
        /*@ ghost conclude(g); */
    } else {
        latch_corrupt(g);
        /*@ ghost conclude(g); */
    }
    return drive;
}

/* ---- outside the tick ---------------------------------------------------------------------------------- */

/* A trip in the word that is reported: signed, so that a sum that overflowed could not go unproved. */
/*@ requires weight: 1 <= weight <= 32768;
    terminates \true; assigns \nothing;
    ensures bit: \result == (on != 0 ? weight : 0);
    ensures bounds: 0 <= \result <= weight; */
static int32_t bit_if(bool on, int32_t weight)
{
    return on ? weight : 0;
}

/* The trips that are debounced. */
/*@ requires valid: \valid_read(g);
    terminates \true; assigns \nothing;
    ensures si07_each: \result == (g->state.over_current_us >= g->config.over_current_us ? 1 : 0) +
      (g->state.over_voltage_us >= g->config.over_voltage_us ? 2 : 0) + (g->state.open_us >= g->config.open_us ?
      4 : 0) + (g->state.short_us >= g->config.short_us ? 8 : 0) + (g->state.mismatch_us >=
      g->config.mismatch_us ? 16 : 0) + (g->state.sensor_us >= g->config.sensor_us ? 32 : 0) +
      (g->state.stale_us >= g->config.stale_us ? 64 : 0) + (g->state.leakage_us >= g->config.leakage_us ? 128 :
      0) + (g->state.switch_us >= g->config.switch_us ? 256 : 0);
    ensures bounds: 0 <= \result <= 511; */
static int32_t timer_trips(const struct ionto_guard *g)
{
    const struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    return bit_if(s->over_current_us >= c->over_current_us, 1) + bit_if(s->over_voltage_us >= c->over_voltage_us, 2)
        + bit_if(s->open_us >= c->open_us, 4) + bit_if(s->short_us >= c->short_us, 8)
        + bit_if(s->mismatch_us >= c->mismatch_us, 16) + bit_if(s->sensor_us >= c->sensor_us, 32)
        + bit_if(s->stale_us >= c->stale_us, 64) + bit_if(s->leakage_us >= c->leakage_us, 128)
        + bit_if(s->switch_us >= c->switch_us, 256);
}

/* The trips that are latches of their own. */
/*@ requires valid: \valid_read(g);
    terminates \true; assigns \nothing;
    ensures si07_each: \result == (g->state.tick != 0 ? 512 : 0) + (g->state.corrupt != 0 ? 1024 : 0) +
      (g->state.emergency != 0 ? 2048 : 0) + (g->state.proposal != 0 ? 4096 : 0) + (g->state.heartbeat == 2 ?
      8192 : 0) + (g->state.charge == 2 ? 16384 : 0) + (g->state.time == 2 ? 32768 : 0);
    ensures bounds: 0 <= \result <= 65024; */
static int32_t latch_trips(const struct ionto_guard *g)
{
    const struct ionto_guard_state *s = &g->state;
    return bit_if(s->tick != 0u, 512) + bit_if(s->corrupt != 0u, 1024) + bit_if(s->emergency != 0u, 2048)
        + bit_if(s->proposal != 0u, 4096) + bit_if(s->heartbeat == LATCHED, 8192)
        + bit_if(s->charge == LATCHED, 16384) + bit_if(s->time == LATCHED, 32768);
}

uint32_t ionto_guard_trips(const struct ionto_guard *g)
{
    uint32_t trips = 1024u;   /* CORRUPT alone: timers and times that are not intact tell nothing of other causes */
    if (is_intact(g) == 1) {
        int32_t latched = timer_trips(g) + latch_trips(g);
        trips = (uint32_t)latched;
    }
    return trips;
}

/* A word of trips is read from its lowest bit on: this is the word without it. */
/*@ terminates \true; assigns \nothing; ensures half: trips == 2 * \result + trips % 2; */
static uint32_t next_trips(uint32_t trips)
{
    return trips / 2u;
}

/*@ terminates \true; assigns \nothing; ensures \result == (trips % 2 == 1 ? limit_us : 0); */
static int32_t carried_us(uint32_t trips, int32_t limit_us)
{
    return ((trips % 2u) == 1u) ? limit_us : 0;
}

/*@ terminates \true; assigns \nothing; ensures \result == (trips % 2 == 1 ? latch : 0); */
static uint32_t carried_latch(uint32_t trips, uint32_t latch)
{
    return ((trips % 2u) == 1u) ? latch : 0u;
}

/* Latches again the debounced trips that were latched when the power went; the rest of the word is handed on. */
/*@ requires valid: \valid(g);
    requires range: CONFIG_OK(g);
    terminates \true;
    assigns g->state.over_current_us, g->state.over_voltage_us, g->state.open_us, g->state.short_us,
            g->state.mismatch_us, g->state.sensor_us, g->state.stale_us, g->state.leakage_us,
            g->state.switch_us;
    ensures over_current_us: g->state.over_current_us == 0 || g->state.over_current_us == g->config.over_current_us;
    ensures over_voltage_us: g->state.over_voltage_us == 0 || g->state.over_voltage_us == g->config.over_voltage_us;
    ensures open_us: g->state.open_us == 0 || g->state.open_us == g->config.open_us;
    ensures short_us: g->state.short_us == 0 || g->state.short_us == g->config.short_us;
    ensures mismatch_us: g->state.mismatch_us == 0 || g->state.mismatch_us == g->config.mismatch_us;
    ensures sensor_us: g->state.sensor_us == 0 || g->state.sensor_us == g->config.sensor_us;
    ensures stale_us: g->state.stale_us == 0 || g->state.stale_us == g->config.stale_us;
    ensures leakage_us: g->state.leakage_us == 0 || g->state.leakage_us == g->config.leakage_us;
    ensures switch_us: g->state.switch_us == 0 || g->state.switch_us == g->config.switch_us;
    ensures si07_each: trips == 512 * \result +
      (g->state.over_current_us >= g->config.over_current_us ? 1 : 0)
      + (g->state.over_voltage_us >= g->config.over_voltage_us ? 2 : 0)
      + (g->state.open_us >= g->config.open_us ? 4 : 0) + (g->state.short_us >= g->config.short_us ? 8 : 0)
      + (g->state.mismatch_us >= g->config.mismatch_us ? 16 : 0)
      + (g->state.sensor_us >= g->config.sensor_us ? 32 : 0) + (g->state.stale_us >= g->config.stale_us ? 64 : 0)
      + (g->state.leakage_us >= g->config.leakage_us ? 128 : 0)
      + (g->state.switch_us >= g->config.switch_us ? 256 : 0);
    ensures none: trips == 0
      ==> \result == 0 && g->state.over_current_us == 0 && g->state.over_voltage_us == 0 && g->state.open_us == 0 &&
          g->state.short_us == 0 && g->state.mismatch_us == 0 && g->state.sensor_us == 0 &&
          g->state.stale_us == 0 && g->state.leakage_us == 0 && g->state.switch_us == 0; */
static uint32_t carry_timers(struct ionto_guard *g, uint32_t trips)
{
    struct ionto_guard_state *s = &g->state;
    const struct ionto_config *c = &g->config;
    uint32_t rest = trips;
    s->over_current_us = carried_us(rest, c->over_current_us);
    rest = next_trips(rest);
    s->over_voltage_us = carried_us(rest, c->over_voltage_us);
    rest = next_trips(rest);
    s->open_us = carried_us(rest, c->open_us);
    rest = next_trips(rest);
    s->short_us = carried_us(rest, c->short_us);
    rest = next_trips(rest);
    s->mismatch_us = carried_us(rest, c->mismatch_us);
    rest = next_trips(rest);
    s->sensor_us = carried_us(rest, c->sensor_us);
    rest = next_trips(rest);
    s->stale_us = carried_us(rest, c->stale_us);
    rest = next_trips(rest);
    s->leakage_us = carried_us(rest, c->leakage_us);
    rest = next_trips(rest);
    s->switch_us = carried_us(rest, c->switch_us);
    rest = next_trips(rest);
    return rest;
}

/* ... and the trips that are latches of their own. */
/*@ requires valid: \valid(g);
    requires range: trips <= 127;
    terminates \true;
    assigns g->state.tick, g->state.corrupt, g->state.emergency, g->state.proposal, g->state.heartbeat,
            g->state.charge, g->state.time;
    ensures si07_each: trips == (g->state.tick != 0 ? 1 : 0)
      + (g->state.corrupt != 0 ? 2 : 0) + (g->state.emergency != 0 ? 4 : 0)
      + (g->state.proposal != 0 ? 8 : 0) + (g->state.heartbeat == 2 ? 16 : 0)
      + (g->state.charge == 2 ? 32 : 0) + (g->state.time == 2 ? 64 : 0);
    ensures tick: g->state.tick == 0 || g->state.tick == 1;
    ensures corrupt: g->state.corrupt == 0 || g->state.corrupt == 1;
    ensures emergency: g->state.emergency == 0 || g->state.emergency == 1;
    ensures proposal: g->state.proposal == 0 || g->state.proposal == 1;
    ensures heartbeat: g->state.heartbeat == 0 || g->state.heartbeat == 2;
    ensures charge: g->state.charge == 0 || g->state.charge == 2;
    ensures time: g->state.time == 0 || g->state.time == 2;
    ensures none: trips == 0
      ==> g->state.tick == 0 && g->state.corrupt == 0 && g->state.emergency == 0 && g->state.proposal == 0 &&
          g->state.heartbeat == 0 && g->state.charge == 0 && g->state.time == 0; */
static void carry_latches(struct ionto_guard *g, uint32_t trips)
{
    struct ionto_guard_state *s = &g->state;
    uint32_t rest = trips;
    s->tick = carried_latch(rest, 1u);
    rest = next_trips(rest);
    s->corrupt = carried_latch(rest, 1u);
    rest = next_trips(rest);
    s->emergency = carried_latch(rest, 1u);
    rest = next_trips(rest);
    s->proposal = carried_latch(rest, 1u);
    rest = next_trips(rest);
    s->heartbeat = carried_latch(rest, LATCHED);
    rest = next_trips(rest);
    s->charge = carried_latch(rest, LATCHED);
    rest = next_trips(rest);
    s->time = carried_latch(rest, LATCHED);
}

/* Field by field: a copy of the whole would call a library. */
/*@ requires valid: \valid(g) && \valid_read(config);
    requires separated: \separated(g, config);
    terminates \true;
    assigns g->config;
    ensures time_cap_us: g->config.time_cap_us == \old(config->time_cap_us);
    ensures time_reserve_us: g->config.time_reserve_us == \old(config->time_reserve_us);
    ensures charge_cap_each_fc: g->config.charge_cap_each_fc == \old(config->charge_cap_each_fc);
    ensures charge_cap_total_fc: g->config.charge_cap_total_fc == \old(config->charge_cap_total_fc);
    ensures charge_reserve_fc: g->config.charge_reserve_fc == \old(config->charge_reserve_fc);
    ensures tick_us: g->config.tick_us == \old(config->tick_us);
    ensures tick_tolerance_us: g->config.tick_tolerance_us == \old(config->tick_tolerance_us);
    ensures limit_na: g->config.limit_na == \old(config->limit_na);
    ensures trip_na: g->config.trip_na == \old(config->trip_na);
    ensures rise_na_per_tick: g->config.rise_na_per_tick == \old(config->rise_na_per_tick);
    ensures fall_na_per_tick: g->config.fall_na_per_tick == \old(config->fall_na_per_tick);
    ensures dwell_us: g->config.dwell_us == \old(config->dwell_us);
    ensures compliance_mv: g->config.compliance_mv == \old(config->compliance_mv);
    ensures over_voltage_mv: g->config.over_voltage_mv == \old(config->over_voltage_mv);
    ensures saturation_mv: g->config.saturation_mv == \old(config->saturation_mv);
    ensures headroom_na: g->config.headroom_na == \old(config->headroom_na);
    ensures open_na: g->config.open_na == \old(config->open_na);
    ensures short_ohm: g->config.short_ohm == \old(config->short_ohm);
    ensures short_above_na: g->config.short_above_na == \old(config->short_above_na);
    ensures mismatch_na: g->config.mismatch_na == \old(config->mismatch_na);
    ensures disagree_na: g->config.disagree_na == \old(config->disagree_na);
    ensures sensor_max_na: g->config.sensor_max_na == \old(config->sensor_max_na);
    ensures sensor_max_mv: g->config.sensor_max_mv == \old(config->sensor_max_mv);
    ensures leakage_na: g->config.leakage_na == \old(config->leakage_na);
    ensures over_current_us: g->config.over_current_us == \old(config->over_current_us);
    ensures over_voltage_us: g->config.over_voltage_us == \old(config->over_voltage_us);
    ensures open_us: g->config.open_us == \old(config->open_us);
    ensures short_us: g->config.short_us == \old(config->short_us);
    ensures mismatch_us: g->config.mismatch_us == \old(config->mismatch_us);
    ensures sensor_us: g->config.sensor_us == \old(config->sensor_us);
    ensures stale_us: g->config.stale_us == \old(config->stale_us);
    ensures leakage_us: g->config.leakage_us == \old(config->leakage_us);
    ensures switch_us: g->config.switch_us == \old(config->switch_us);
    ensures contact_us: g->config.contact_us == \old(config->contact_us);
    ensures heartbeat_us: g->config.heartbeat_us == \old(config->heartbeat_us); */
static void copy_config(struct ionto_guard *g, const struct ionto_config *config)
{
    struct ionto_config *c = &g->config;
    c->time_cap_us = config->time_cap_us;
    c->time_reserve_us = config->time_reserve_us;
    c->charge_cap_each_fc = config->charge_cap_each_fc;
    c->charge_cap_total_fc = config->charge_cap_total_fc;
    c->charge_reserve_fc = config->charge_reserve_fc;
    c->tick_us = config->tick_us;
    c->tick_tolerance_us = config->tick_tolerance_us;
    c->limit_na = config->limit_na;
    c->trip_na = config->trip_na;
    c->rise_na_per_tick = config->rise_na_per_tick;
    c->fall_na_per_tick = config->fall_na_per_tick;
    c->dwell_us = config->dwell_us;
    c->compliance_mv = config->compliance_mv;
    c->over_voltage_mv = config->over_voltage_mv;
    c->saturation_mv = config->saturation_mv;
    c->headroom_na = config->headroom_na;
    c->open_na = config->open_na;
    c->short_ohm = config->short_ohm;
    c->short_above_na = config->short_above_na;
    c->mismatch_na = config->mismatch_na;
    c->disagree_na = config->disagree_na;
    c->sensor_max_na = config->sensor_max_na;
    c->sensor_max_mv = config->sensor_max_mv;
    c->leakage_na = config->leakage_na;
    c->over_current_us = config->over_current_us;
    c->over_voltage_us = config->over_voltage_us;
    c->open_us = config->open_us;
    c->short_us = config->short_us;
    c->mismatch_us = config->mismatch_us;
    c->sensor_us = config->sensor_us;
    c->stale_us = config->stale_us;
    c->leakage_us = config->leakage_us;
    c->switch_us = config->switch_us;
    c->contact_us = config->contact_us;
    c->heartbeat_us = config->heartbeat_us;
}

/* What is checked is the copy, by which the guard will work. */
/*@ requires valid: \valid(g) && \valid_read(config);
    requires separated: \separated(g, config);
    terminates \true;
    assigns g->config;
    ensures taken: \result == IONTO_OK
                   ==> \old(RANGE_OK(config) && config->limit_na * config->tick_us <= config->charge_reserve_fc);
    ensures refused: \old(RANGE_OK(config) && config->limit_na * config->tick_us <= config->charge_reserve_fc)
                     ==> \result == IONTO_OK;
    ensures range: \result == IONTO_OK ==> CONFIG_OK(g);
    ensures reserve: \result == IONTO_OK ==> g->config.limit_na * g->config.tick_us <= g->config.charge_reserve_fc;
    ensures si01_limit: g->config.limit_na == \old(config->limit_na);
    ensures si03_rise: g->config.rise_na_per_tick == \old(config->rise_na_per_tick);
    ensures si03_fall: g->config.fall_na_per_tick == \old(config->fall_na_per_tick);
    ensures si04_dwell: g->config.dwell_us == \old(config->dwell_us); */
static uint32_t take_config(struct ionto_guard *g, const struct ionto_config *config)
{
    copy_config(g, config);
    return config_error(&g->config);
}

/* Starts a guard whose configuration is in range. */
/*@ requires valid: \valid(g);
    requires range: CONFIG_OK(g);
    requires reserve: g->config.limit_na * g->config.tick_us <= g->config.charge_reserve_fc;
    requires carried: carried_trips <= 65535;
    terminates \true;
    assigns g->config_inv, g->state, g->state_inv;
    ensures range: CONFIG_OK(g);
    ensures reserve: g->config.limit_na * g->config.tick_us <= g->config.charge_reserve_fc;
    ensures limit_na: g->config.limit_na == \old(g->config.limit_na);
    ensures rise_na_per_tick: g->config.rise_na_per_tick == \old(g->config.rise_na_per_tick);
    ensures fall_na_per_tick: g->config.fall_na_per_tick == \old(g->config.fall_na_per_tick);
    ensures dwell_us: g->config.dwell_us == \old(g->config.dwell_us);
    ensures tick_us: g->config.tick_us == \old(g->config.tick_us);
    ensures config_mirrored: CONFIG_MIRRORED(g);
    ensures mirrored: STATE_MIRRORED(g);
    ensures current: CURRENT_OK(g);
    ensures timers: TIMERS_OK(g);
    ensures latches: LATCHES_OK(g);
    ensures switch_ok: SWITCH_OK(g);
    ensures due: DUE_WAITS(g);
    ensures first: g->state.first_trip <= IONTO_TRIP_TIME;
    ensures tripped: g->state.first_trip != IONTO_TRIP_NONE <==> TRIPPED(g);
    ensures si05_power_on: g->state.energised == 0 && g->state.armed == 0 && g->state.last_na == 0;
    ensures si04_dwell: g->state.sign == 0 && g->state.zero_us == 0;
    ensures si07_edge: g->state.acknowledge_seen == 1;
    ensures si17_anew: g->state.energised_us == 0;
    ensures si18_anew: g->state.positive_fc == 0 && g->state.negative_fc == 0;
    ensures si07_carried: carried_trips != 0 ==> g->state.first_trip != IONTO_TRIP_NONE;
    ensures si07_each: carried_trips ==
      (g->state.over_current_us >= g->config.over_current_us ? 1 : 0)
      + (g->state.over_voltage_us >= g->config.over_voltage_us ? 2 : 0)
      + (g->state.open_us >= g->config.open_us ? 4 : 0) + (g->state.short_us >= g->config.short_us ? 8 : 0)
      + (g->state.mismatch_us >= g->config.mismatch_us ? 16 : 0)
      + (g->state.sensor_us >= g->config.sensor_us ? 32 : 0) + (g->state.stale_us >= g->config.stale_us ? 64 : 0)
      + (g->state.leakage_us >= g->config.leakage_us ? 128 : 0)
      + (g->state.switch_us >= g->config.switch_us ? 256 : 0) + (g->state.tick != 0 ? 512 : 0)
      + (g->state.corrupt != 0 ? 1024 : 0) + (g->state.emergency != 0 ? 2048 : 0)
      + (g->state.proposal != 0 ? 4096 : 0) + (g->state.heartbeat == 2 ? 8192 : 0)
      + (g->state.charge == 2 ? 16384 : 0) + (g->state.time == 2 ? 32768 : 0);
    ensures si07_clean_first: carried_trips == 0 ==> g->state.first_trip == IONTO_TRIP_NONE;
    ensures si07_clean_timers: carried_trips == 0
      ==> g->state.over_current_us == 0 && g->state.over_voltage_us == 0 && g->state.open_us == 0 &&
          g->state.short_us == 0 && g->state.mismatch_us == 0 && g->state.sensor_us == 0 &&
          g->state.stale_us == 0 && g->state.leakage_us == 0 && g->state.switch_us == 0;
    ensures si07_clean_latches: carried_trips == 0
      ==> g->state.tick == 0 && g->state.corrupt == 0 && g->state.emergency == 0 && g->state.proposal == 0 &&
          g->state.heartbeat == 0 && g->state.charge == 0 && g->state.time == 0; */
static void begin(struct ionto_guard *g, uint32_t carried_trips)
{
    clear_state(&g->state);
    mirror_config(g);
    carry_latches(g, carry_timers(g, carried_trips));
    g->state.first_trip = first_trip(g);
    mirror_state(g);
}

/* What is refused is never intact (no word is its own complement): the guard stays latched at zero. */
/*@ requires valid: \valid(g);
    terminates \true;
    assigns g->config_inv, g->state, g->state_inv;
    ensures limit_na: g->config.limit_na == \old(g->config.limit_na);
    ensures rise_na_per_tick: g->config.rise_na_per_tick == \old(g->config.rise_na_per_tick);
    ensures fall_na_per_tick: g->config.fall_na_per_tick == \old(g->config.fall_na_per_tick);
    ensures dwell_us: g->config.dwell_us == \old(g->config.dwell_us);
    ensures tick_us: g->config.tick_us == \old(g->config.tick_us);
    ensures si02_latched: g->config_inv.tick_us == g->config.tick_us;
    ensures others: OTHERS_MIRRORED(g);
    ensures latched: g->state.corrupt == 2;
    ensures mirrored: STATE_MIRRORED(g);
    ensures first: g->state.first_trip == IONTO_TRIP_CORRUPT;
    ensures si05_power_on: g->state.energised == 0 && g->state.armed == 0 && g->state.last_na == 0;
    ensures si04_dwell: g->state.sign == 0 && g->state.zero_us == 0;
    ensures si07_edge: g->state.acknowledge_seen == 1;
    ensures si17_anew: g->state.energised_us == 0;
    ensures si18_anew: g->state.positive_fc == 0 && g->state.negative_fc == 0; */
static void refuse(struct ionto_guard *g)
{
    clear_state(&g->state);
    mirror_config(g);
    g->config_inv.tick_us = g->config.tick_us;
    g->state.corrupt = LATCHED;
    g->state.first_trip = (uint32_t)IONTO_TRIP_CORRUPT;
    mirror_state(g);
}

uint32_t ionto_guard_init(struct ionto_guard *g, const struct ionto_config *config, uint32_t carried_trips)
{
    uint32_t error;
    /*@ ghost conclude_config(config); */
    error = take_config(g, config);
    error = or_else(error, (carried_trips <= 65535u) ? (uint32_t)IONTO_OK : (uint32_t)IONTO_ERROR_CARRIED);
    if (error == (uint32_t)IONTO_OK) {
        begin(g, carried_trips);
        /*@ ghost conclude(g); */
    } else {
        refuse(g);
        /*@ ghost conclude(g); */
    }
    return error;
}

uint32_t ionto_guard_ready(const struct ionto_guard *g, const struct ionto_config *config)
{
    uint32_t error = config_error(config);
    /*@ ghost conclude_config(config); */
    if (is_intact(g) == 0) {
        error = (uint32_t)IONTO_ERROR_CORRUPT;
    } else if (g->state.first_trip != (uint32_t)IONTO_TRIP_NONE) {
        error = (uint32_t)IONTO_ERROR_TRIPPED;
    } else if (g->state.energised != 0u) {
        error = (uint32_t)IONTO_ERROR_ENERGISED;
    } else {
        /* at rest: what is wrong, if anything, is the configuration */
    }
    return error;
}
