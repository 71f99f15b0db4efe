/* Joins the two channels: the regulator proposes, the guard permits, and what happened is kept for the report.
 * Nothing here decides on a current. Contracts: ionto.h. SPDX-License-Identifier: Apache-2.0 */
#include "ionto.h"

/* ---- what contracts below say of the channels -------------------------------------------------------------
 * Written out for a prover, which then reads each word by itself, where a predicate would make it read all of the
 * memory anew after every call. Nothing is assumed by it: that these say what the predicates of ionto.h say is proved
 * by the functions without code below. No code uses them, and guard.c has its own: this file shares nothing with the
 * channels but ionto.h. First the guard, then the regulator, then what the guard sees. */

#define RANGE_OK(c) \
    (IONTO_TICK_MIN_US <= (c)->tick_us <= IONTO_TICK_MAX_US && 2 <= 2 * (c)->tick_tolerance_us <= (c)->tick_us \
     && 1 <= (c)->limit_na <= IONTO_CEILING_NA \
     && (c)->limit_na + IONTO_TRIP_GAP_NA <= (c)->trip_na <= IONTO_TRIP_CEILING_NA \
     && 1 <= (c)->rise_na_per_tick <= 200000 \
     && 0 * (c)->tick_us <= 1000 * (c)->rise_na_per_tick <= IONTO_RISE_MAX_UA_PER_S * (c)->tick_us \
     && 1 <= (c)->fall_na_per_tick <= 200000 \
     && IONTO_FALL_MIN_UA_PER_S * (c)->tick_us <= 1000 * (c)->fall_na_per_tick \
     && 1000 * (c)->fall_na_per_tick <= IONTO_FALL_MAX_UA_PER_S * (c)->tick_us \
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

#define CONFIG_MIRRORED(g) \
    ((g)->config.time_cap_us == -1 - (g)->config_inv.time_cap_us \
     && (g)->config.time_reserve_us == -1 - (g)->config_inv.time_reserve_us \
     && (g)->config.charge_cap_each_fc == -1 - (g)->config_inv.charge_cap_each_fc \
     && (g)->config.charge_cap_total_fc == -1 - (g)->config_inv.charge_cap_total_fc \
     && (g)->config.charge_reserve_fc == -1 - (g)->config_inv.charge_reserve_fc \
     && (g)->config.tick_us == -1 - (g)->config_inv.tick_us \
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

#define INTACT(g) (CONFIG_MIRRORED(g) && STATE_MIRRORED(g))

#define FIRST_OK(g) \
    ((g)->state.first_trip <= IONTO_TRIP_TIME && ((g)->state.first_trip != IONTO_TRIP_NONE <==> TRIPPED(g)) \
     && ((g)->state.first_trip != IONTO_TRIP_NONE ==> (g)->state.energised == 0 && (g)->state.armed == 0))

#define STATE_OK(g) \
    (CURRENT_OK(g) && TIMERS_OK(g) && LATCHES_OK(g) && SWITCH_OK(g) && DUE_WAITS(g) && FIRST_OK(g))

#define CLEAR(g) \
    ((g)->state.over_current_us == 0 && (g)->state.over_voltage_us == 0 && (g)->state.open_us == 0 \
     && (g)->state.short_us == 0 && (g)->state.mismatch_us == 0 && (g)->state.sensor_us == 0 \
     && (g)->state.stale_us == 0 && (g)->state.leakage_us == 0 && (g)->state.switch_us == 0 \
     && (g)->state.tick == 0 && (g)->state.corrupt == 0 && (g)->state.emergency == 0 && (g)->state.proposal == 0 \
     && (g)->state.heartbeat == 0 && (g)->state.charge == 0 \
     && (g)->state.time == 0 && (g)->state.first_trip == IONTO_TRIP_NONE)

#define LIMITS_OK(r) \
    (IONTO_TICK_MIN_US <= (r)->limits.tick_us <= IONTO_TICK_MAX_US && 1 <= (r)->limits.limit_na <= IONTO_CEILING_NA \
     && 1 <= (r)->limits.rise_na_per_tick <= 200000 \
     && 0 * (r)->limits.tick_us <= 1000 * (r)->limits.rise_na_per_tick \
     && 1000 * (r)->limits.rise_na_per_tick <= IONTO_RISE_MAX_UA_PER_S * (r)->limits.tick_us \
     && 1 <= (r)->limits.fall_na_per_tick <= 200000 \
     && IONTO_FALL_MIN_UA_PER_S * (r)->limits.tick_us <= 1000 * (r)->limits.fall_na_per_tick \
     && 1000 * (r)->limits.fall_na_per_tick <= IONTO_FALL_MAX_UA_PER_S * (r)->limits.tick_us \
     && IONTO_DWELL_MIN_US <= (r)->limits.dwell_us <= IONTO_DWELL_MAX_US \
     && 500 <= (r)->limits.saturation_mv <= IONTO_VOLTAGE_CEILING_MV && 1001 <= (r)->limits.headroom_na <= 1000000 \
     && 1 <= (r)->limits.contact_us <= IONTO_CONTACT_MAX_US \
     && IONTO_HEARTBEAT_MIN_US <= (r)->limits.heartbeat_us <= IONTO_HEARTBEAT_MAX_US \
     && 1000000 <= (r)->limits.time_cap_us <= IONTO_TIME_CEILING_US \
     && 0 <= (r)->limits.time_reserve_us <= (r)->limits.time_cap_us \
     && 1 <= (r)->limits.charge_cap_each_fc <= IONTO_CHARGE_CEILING_FC \
     && (r)->limits.charge_cap_each_fc <= (r)->limits.charge_cap_total_fc <= IONTO_CHARGE_CEILING_FC \
     && 0 <= (r)->limits.charge_reserve_fc <= (r)->limits.charge_cap_each_fc)

#define LEVEL_OK(r) \
    (\abs((r)->state.level_na) <= (r)->limits.limit_na && \abs((r)->state.target_na) <= (r)->limits.limit_na \
     && -1 <= (r)->state.sign <= 1 && ((r)->state.level_na > 0 ==> (r)->state.sign == 1) \
     && ((r)->state.level_na < 0 ==> (r)->state.sign == -1) && 0 <= (r)->state.zero_us <= (r)->limits.dwell_us \
     && ((r)->state.level_na != 0 ==> (r)->state.zero_us == 0) \
     && 0 <= (r)->state.contact_us <= (r)->limits.contact_us \
     && 0 <= (r)->state.heartbeat_us <= (r)->limits.heartbeat_us)

#define FLAGS_OK(r) \
    ((r)->state.armed <= 1 && (r)->state.energised <= 1 && (r)->state.ending <= 1 && (r)->state.corrupt <= 1 \
     && ((r)->state.energised == 0 ==> (r)->state.level_na == 0 && (r)->state.ending == 0) \
     && ((r)->state.ending == 1 ==> (r)->state.level_na != 0) \
     && ((r)->state.energised == 1 ==> (r)->state.armed == 0 && (r)->state.corrupt == 0) \
     && ((r)->state.energised == 1 && (r)->state.sign == 0 ==> (r)->state.zero_us == (r)->limits.dwell_us))

#define PROPOSED_OK(r) \
    (0 <= (r)->state.energised_us <= (r)->limits.time_cap_us \
     && 0 <= (r)->state.positive_fc <= (r)->limits.charge_cap_each_fc \
     && 0 <= (r)->state.negative_fc <= (r)->limits.charge_cap_each_fc \
     && (r)->state.positive_fc + (r)->state.negative_fc <= (r)->limits.charge_cap_total_fc \
     && ((r)->state.energised == 1 ==> (r)->limits.tick_us <= (r)->state.energised_us && 0 <= (r)->state.tick_fc \
                                       && ((r)->state.level_na > 0 ==> (r)->state.tick_fc <= (r)->state.positive_fc) \
                                       && ((r)->state.level_na < 0 ==> (r)->state.tick_fc <= (r)->state.negative_fc)))

#define LIMITS_MIRRORED(r) \
    ((r)->limits.time_cap_us == -1 - (r)->limits_inv.time_cap_us \
     && (r)->limits.time_reserve_us == -1 - (r)->limits_inv.time_reserve_us \
     && (r)->limits.charge_cap_each_fc == -1 - (r)->limits_inv.charge_cap_each_fc \
     && (r)->limits.charge_cap_total_fc == -1 - (r)->limits_inv.charge_cap_total_fc \
     && (r)->limits.charge_reserve_fc == -1 - (r)->limits_inv.charge_reserve_fc \
     && (r)->limits.tick_us == -1 - (r)->limits_inv.tick_us \
     && (r)->limits.limit_na == -1 - (r)->limits_inv.limit_na \
     && (r)->limits.rise_na_per_tick == -1 - (r)->limits_inv.rise_na_per_tick \
     && (r)->limits.fall_na_per_tick == -1 - (r)->limits_inv.fall_na_per_tick \
     && (r)->limits.dwell_us == -1 - (r)->limits_inv.dwell_us \
     && (r)->limits.saturation_mv == -1 - (r)->limits_inv.saturation_mv \
     && (r)->limits.headroom_na == -1 - (r)->limits_inv.headroom_na \
     && (r)->limits.contact_us == -1 - (r)->limits_inv.contact_us \
     && (r)->limits.heartbeat_us == -1 - (r)->limits_inv.heartbeat_us)

#define PROPOSER_MIRRORED(r) \
    ((r)->state.energised_us == -1 - (r)->state_inv.energised_us \
     && (r)->state.positive_fc == -1 - (r)->state_inv.positive_fc \
     && (r)->state.negative_fc == -1 - (r)->state_inv.negative_fc \
     && (r)->state.tick_fc == -1 - (r)->state_inv.tick_fc \
     && (r)->state.level_na == -1 - (r)->state_inv.level_na \
     && (r)->state.target_na == -1 - (r)->state_inv.target_na \
     && (r)->state.sign == -1 - (r)->state_inv.sign \
     && (r)->state.zero_us == -1 - (r)->state_inv.zero_us \
     && (r)->state.contact_us == -1 - (r)->state_inv.contact_us \
     && (r)->state.heartbeat_us == -1 - (r)->state_inv.heartbeat_us \
     && (r)->state.heartbeat_seen == UINT32_MAX - (r)->state_inv.heartbeat_seen \
     && (r)->state.armed == UINT32_MAX - (r)->state_inv.armed \
     && (r)->state.energised == UINT32_MAX - (r)->state_inv.energised \
     && (r)->state.ending == UINT32_MAX - (r)->state_inv.ending \
     && (r)->state.corrupt == UINT32_MAX - (r)->state_inv.corrupt)

#define PROPOSER_INTACT(r) (LIMITS_MIRRORED(r) && PROPOSER_MIRRORED(r))

#define PROPOSER_OK(r) (LEVEL_OK(r) && FLAGS_OK(r) && PROPOSED_OK(r))

#define SEES_ZERO(g, s) \
    (\abs((s)->measured_na) <= (g)->config.leakage_na && \abs((s)->check_na) <= (g)->config.leakage_na)

#define SATURATED(g, s) (\abs((s)->voltage_mv) >= (g)->config.saturation_mv)

/* What multiplies or wraps has a name, so that it is compared as a whole. */
/*@
  predicate covers(integer reserve_fc, integer limit_na, integer tick_us) = limit_na * tick_us <= reserve_fc;

  predicate is_short(integer voltage_mv, integer measured_na, integer above_na, integer ohm) =
    \abs(measured_na) > above_na && \abs(voltage_mv) <= IONTO_SENSE_MAX_MV
    && \abs(voltage_mv) * 1000000 < \min(\abs(measured_na), IONTO_SENSE_MAX_NA) * ohm;

  predicate is_off(integer now_us, integer seen_us, integer tick_us, integer tolerance_us) =
    !(tick_us - tolerance_us <= (uint32_t)(now_us - seen_us) <= tick_us + tolerance_us);
*/

/* What is written out above is what the predicates of ionto.h say: proved here, once, in both directions. No code: a
 * compiler sees a comment. */
/*@ ghost
  /@ requires valid: \valid_read(c);
     terminates \true;
     assigns \nothing;
     ensures range: ionto_config_in_range(c) <==> RANGE_OK(c);
     ensures ok: ionto_config_ok(c)
                 <==> ionto_config_in_range(c) && covers(c->charge_reserve_fc, c->limit_na, c->tick_us); @/
  void read_config(const struct ionto_config *c)
  {
  }
*/

/*@ ghost
  /@ requires valid: \valid_read(g);
     requires sound: ionto_guard_sound(g);
     terminates \true;
     assigns \nothing;
     ensures config: CONFIG_MIRRORED(g) ==> RANGE_OK(&g->config);
     ensures state: INTACT(g) ==> STATE_OK(g);
     ensures intact: INTACT(g) <==> ionto_guard_intact(g);
     ensures config_mirrored: CONFIG_MIRRORED(g) <==> ionto_guard_config_mirrored(g);
     ensures clear: CLEAR(g) <==> ionto_guard_clear(&g->state); @/
  void open_guard(const struct ionto_guard *g)
  {
  }
*/

/*@ ghost
  /@ requires valid: \valid_read(g);
     requires config: CONFIG_MIRRORED(g) ==> RANGE_OK(&g->config);
     requires state: INTACT(g) ==> STATE_OK(g);
     terminates \true;
     assigns \nothing;
     ensures sound: ionto_guard_sound(g);
     ensures intact: INTACT(g) <==> ionto_guard_intact(g);
     ensures config_mirrored: CONFIG_MIRRORED(g) <==> ionto_guard_config_mirrored(g);
     ensures clear: CLEAR(g) <==> ionto_guard_clear(&g->state); @/
  void close_guard(const struct ionto_guard *g)
  {
  }
*/

/*@ ghost
  /@ requires valid: \valid_read(g) && \valid_read(s);
     terminates \true;
     assigns \nothing;
     ensures over_current: ionto_sees_over_current(&g->config, s)
       <==> (\abs(s->measured_na) > g->config.trip_na || \abs(s->check_na) > g->config.trip_na);
     ensures over_voltage: ionto_sees_over_voltage(&g->config, s)
       <==> (\abs(s->voltage_mv) > g->config.over_voltage_mv);
     ensures open: ionto_sees_open(g, s)
       <==> (g->state.energised == 1
             && (s->contact != 1 || SATURATED(g, s) && \abs(g->state.last_na) > g->config.open_na
                                    && \abs(s->measured_na) < g->config.open_na));
     ensures short: ionto_sees_short(&g->config, s)
       <==> is_short(s->voltage_mv, s->measured_na, g->config.short_above_na, g->config.short_ohm);
     ensures mismatch: ionto_sees_mismatch(g, s)
       <==> (\abs(s->measured_na - g->state.last_na) > g->config.mismatch_na
             && !(SATURATED(g, s) && (0 <= s->measured_na <= g->state.last_na
                                      || g->state.last_na <= s->measured_na <= 0)));
     ensures sensor: ionto_sees_sensor(&g->config, s)
       <==> (\abs(s->measured_na) > g->config.sensor_max_na || \abs(s->check_na) > g->config.sensor_max_na
             || \abs(s->voltage_mv) > g->config.sensor_max_mv
             || \abs(s->measured_na - s->check_na) > g->config.disagree_na);
     ensures stale: ionto_sees_stale(g, s) <==> (g->state.primed == 1 && s->sample == g->state.sample_seen);
     ensures zero: ionto_sees_zero(&g->config, s) <==> SEES_ZERO(g, s);
     ensures leakage: ionto_sees_leakage(g, s) <==> (g->state.energised == 0 && !SEES_ZERO(g, s));
     ensures disobedience: ionto_sees_disobedience(g, s) <==> (s->switch_closed != g->state.energised);
     ensures tick: ionto_sees_tick(g, s)
       <==> g->state.primed == 1
            && is_off(s->now_us, g->state.now_seen, g->config.tick_us, g->config.tick_tolerance_us); @/
  void look(const struct ionto_guard *g, const struct ionto_sense *s)
  {
  }
*/

/*@ ghost
  /@ requires valid: \valid_read(r);
     requires sound: ionto_regulator_sound(r);
     terminates \true;
     assigns \nothing;
     ensures limits: LIMITS_MIRRORED(r) ==> LIMITS_OK(r);
     ensures state: PROPOSER_INTACT(r) ==> PROPOSER_OK(r);
     ensures intact: PROPOSER_INTACT(r) <==> ionto_regulator_intact(r); @/
  void open_regulator(const struct ionto_regulator *r)
  {
  }
*/

/*@ ghost
  /@ requires valid: \valid_read(r);
     requires limits: LIMITS_MIRRORED(r) ==> LIMITS_OK(r);
     requires state: PROPOSER_INTACT(r) ==> PROPOSER_OK(r);
     terminates \true;
     assigns \nothing;
     ensures sound: ionto_regulator_sound(r);
     ensures intact: PROPOSER_INTACT(r) <==> ionto_regulator_intact(r); @/
  void close_regulator(const struct ionto_regulator *r)
  {
  }
*/

/*@ terminates \true; assigns \nothing; ensures \result == \min(a, b); */
static int32_t lower(int32_t a, int32_t b)
{
    return (a < b) ? a : b;
}

/*@ terminates \true; assigns \nothing; ensures \result == \max(a, b); */
static int32_t higher(int32_t a, int32_t b)
{
    return (a > b) ? a : b;
}

/* The charge of one tick, in fC. Hostile measurements count as full scale; two 32-bit products, as in the channels. */
/*@ requires 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true; assigns \nothing;
    ensures product: \result == \min(\abs(current_na), IONTO_SENSE_MAX_NA) * tick_us;
    ensures bounds: 0 <= \result <= 2000000000000; */
static int64_t tick_charge_fc(int32_t current_na, int32_t tick_us)
{
    int32_t low_na = higher(current_na, -IONTO_SENSE_MAX_NA);
    int32_t signed_na = lower(low_na, IONTO_SENSE_MAX_NA);
    int32_t size_na = (signed_na < 0) ? -signed_na : signed_na;
    int32_t high = size_na / 4096;
    int32_t low = size_na % 4096;
    /*@ assert split: size_na == 4096 * high + low && 0 <= high <= 48829 && 0 <= low <= 4095; */
    /*@ assert high_fits: 0 <= high * tick_us <= 48829 * IONTO_TICK_MAX_US; */
    /*@ assert low_fits: 0 <= low * tick_us <= 4095 * IONTO_TICK_MAX_US; */
    int32_t high_part = high * tick_us;
    int32_t low_part = low * tick_us;
    return ((int64_t)high_part * 4096) + low_part;
}

/* The dose stops counting at the ceiling, 100 C, which is above every cap. */
/*@ requires 0 <= more_fc <= 2000000000000;
    terminates \true; assigns \nothing;
    ensures \result == \min(sum_fc + more_fc, IONTO_CHARGE_CEILING_FC); */
static int64_t dose_fc(int64_t sum_fc, int64_t more_fc)
{
    return (sum_fc < (IONTO_CHARGE_CEILING_FC - more_fc)) ? (sum_fc + more_fc) : IONTO_CHARGE_CEILING_FC;
}

/*@ requires \valid(t);
    terminates \true; assigns *t;
    ensures empty: t->energised_us == 0 && t->ticks == 0 && t->drive_na == 0 && t->switch_closed == 0
                   && t->measured_positive_fc == 0 && t->measured_negative_fc == 0; */
static void clear_telemetry(struct ionto_telemetry *t)
{
    t->energised_us = 0;
    t->driven_positive_fc = 0;
    t->driven_negative_fc = 0;
    t->measured_positive_fc = 0;
    t->measured_negative_fc = 0;
    t->ticks = 0u;
    t->phase = (uint32_t)IONTO_PHASE_IDLE;
    t->limited_by = (uint32_t)IONTO_LIMITED_BY_STOP;
    t->refused = (uint32_t)IONTO_REFUSED_NOTHING;
    t->first_trip = (uint32_t)IONTO_TRIP_NONE;
    t->trips = 0u;
    t->heartbeat = 0u;
    t->contact = 0u;
    t->switch_closed = 0u;
    t->emergency_stop = 0u;
    t->target_na = 0;
    t->drive_na = 0;
    t->drive_min_na = 0;
    t->drive_max_na = 0;
    t->measured_na = 0;
    t->measured_min_na = 0;
    t->measured_max_na = 0;
    t->voltage_mv = 0;
    t->voltage_min_mv = 0;
    t->voltage_max_mv = 0;
}

/* Starts the regulator; and of its contract what is needed here. */
/*@ requires valid: \valid(core) && \valid_read(config) && \separated(core, config);
    terminates \true;
    assigns core->regulator;
    ensures limits: LIMITS_MIRRORED(&core->regulator) ==> LIMITS_OK(&core->regulator);
    ensures state: PROPOSER_INTACT(&core->regulator) ==> PROPOSER_OK(&core->regulator);
    ensures si20_intact: \result == IONTO_OK ==> PROPOSER_INTACT(&core->regulator);
    ensures si02_complete: \old(ionto_config_ok(config)) ==> \result == IONTO_OK;
    ensures si01_limit: core->regulator.limits.limit_na == \old(config->limit_na); */
static uint32_t start_regulator(struct ionto_core *core, const struct ionto_config *config)
{
    uint32_t error = ionto_regulator_init(&core->regulator, config);
    /*@ ghost open_regulator(&core->regulator); */
    return error;
}

/* That, and the configuration stays what it is. */
/*@ requires valid: \valid(core) && \valid_read(config) && \separated(core, config);
    terminates \true;
    assigns core->regulator;
    ensures limits: LIMITS_MIRRORED(&core->regulator) ==> LIMITS_OK(&core->regulator);
    ensures state: PROPOSER_INTACT(&core->regulator) ==> PROPOSER_OK(&core->regulator);
    ensures si20_intact: \result == IONTO_OK ==> PROPOSER_INTACT(&core->regulator);
    ensures si02_complete: \old(ionto_config_ok(config)) ==> \result == IONTO_OK;
    ensures si01_limit: core->regulator.limits.limit_na == \old(config->limit_na);
    ensures same_limit: config->limit_na == \old(config->limit_na);
    ensures same_ok: ionto_config_ok(config) <==> \old(ionto_config_ok(config)); */
static uint32_t regulator_started(struct ionto_core *core, const struct ionto_config *config)
{
    uint32_t error;
    /*@ ghost read_config(config); */
    error = start_regulator(core, config);
    /*@ assert same: *config == \at(*config, Pre); */
    /*@ assert same_time_cap_us: config->time_cap_us == \at(config->time_cap_us, Pre); */
    /*@ assert same_time_reserve_us: config->time_reserve_us == \at(config->time_reserve_us, Pre); */
    /*@ assert same_charge_cap_each_fc: config->charge_cap_each_fc == \at(config->charge_cap_each_fc, Pre); */
    /*@ assert same_charge_cap_total_fc: config->charge_cap_total_fc == \at(config->charge_cap_total_fc, Pre); */
    /*@ assert same_charge_reserve_fc: config->charge_reserve_fc == \at(config->charge_reserve_fc, Pre); */
    /*@ assert same_tick_us: config->tick_us == \at(config->tick_us, Pre); */
    /*@ assert same_tick_tolerance_us: config->tick_tolerance_us == \at(config->tick_tolerance_us, Pre); */
    /*@ assert same_limit_na: config->limit_na == \at(config->limit_na, Pre); */
    /*@ assert same_trip_na: config->trip_na == \at(config->trip_na, Pre); */
    /*@ assert same_rise_na_per_tick: config->rise_na_per_tick == \at(config->rise_na_per_tick, Pre); */
    /*@ assert same_fall_na_per_tick: config->fall_na_per_tick == \at(config->fall_na_per_tick, Pre); */
    /*@ assert same_dwell_us: config->dwell_us == \at(config->dwell_us, Pre); */
    /*@ assert same_compliance_mv: config->compliance_mv == \at(config->compliance_mv, Pre); */
    /*@ assert same_over_voltage_mv: config->over_voltage_mv == \at(config->over_voltage_mv, Pre); */
    /*@ assert same_saturation_mv: config->saturation_mv == \at(config->saturation_mv, Pre); */
    /*@ assert same_headroom_na: config->headroom_na == \at(config->headroom_na, Pre); */
    /*@ assert same_open_na: config->open_na == \at(config->open_na, Pre); */
    /*@ assert same_short_ohm: config->short_ohm == \at(config->short_ohm, Pre); */
    /*@ assert same_short_above_na: config->short_above_na == \at(config->short_above_na, Pre); */
    /*@ assert same_mismatch_na: config->mismatch_na == \at(config->mismatch_na, Pre); */
    /*@ assert same_disagree_na: config->disagree_na == \at(config->disagree_na, Pre); */
    /*@ assert same_sensor_max_na: config->sensor_max_na == \at(config->sensor_max_na, Pre); */
    /*@ assert same_sensor_max_mv: config->sensor_max_mv == \at(config->sensor_max_mv, Pre); */
    /*@ assert same_leakage_na: config->leakage_na == \at(config->leakage_na, Pre); */
    /*@ assert same_over_current_us: config->over_current_us == \at(config->over_current_us, Pre); */
    /*@ assert same_over_voltage_us: config->over_voltage_us == \at(config->over_voltage_us, Pre); */
    /*@ assert same_open_us: config->open_us == \at(config->open_us, Pre); */
    /*@ assert same_short_us: config->short_us == \at(config->short_us, Pre); */
    /*@ assert same_mismatch_us: config->mismatch_us == \at(config->mismatch_us, Pre); */
    /*@ assert same_sensor_us: config->sensor_us == \at(config->sensor_us, Pre); */
    /*@ assert same_stale_us: config->stale_us == \at(config->stale_us, Pre); */
    /*@ assert same_leakage_us: config->leakage_us == \at(config->leakage_us, Pre); */
    /*@ assert same_switch_us: config->switch_us == \at(config->switch_us, Pre); */
    /*@ assert same_contact_us: config->contact_us == \at(config->contact_us, Pre); */
    /*@ assert same_heartbeat_us: config->heartbeat_us == \at(config->heartbeat_us, Pre); */
    /*@ ghost read_config(config); */
    return error;
}

uint32_t ionto_init(struct ionto_core *core, const struct ionto_config *config, uint32_t carried_trips)
{
    uint32_t regulator_error = regulator_started(core, config);
    uint32_t guard_error = ionto_guard_init(&core->guard, config, carried_trips);
    /*@ ghost open_guard(&core->guard); */
    /*@ ghost read_config(&core->guard.config); */
    clear_telemetry(&core->telemetry);
    core->telemetry.first_trip = core->guard.state.first_trip;
    core->reported = 1u;
    /*@ ghost close_guard(&core->guard); */
    /*@ ghost close_regulator(&core->regulator); */
    /*@ ghost read_config(&core->guard.config); */
    return (guard_error != (uint32_t)IONTO_OK) ? guard_error : regulator_error;
}

uint32_t ionto_configure(struct ionto_core *core, const struct ionto_config *config)
{
    uint32_t error = ionto_guard_ready(&core->guard, config);
    if (error == (uint32_t)IONTO_OK) {
        error = ionto_init(core, config, 0u);
        /*@ for at_rest: assert started: error == IONTO_OK; */
    }
    return error;
}

/* Gathers one tick for the report: extremes start anew after it; the dose is what was measured while energised. */
/*@ requires \valid(core) && \valid_read(sense) && \separated(core, sense);
    requires 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true;
    assigns core->telemetry.drive_min_na, core->telemetry.drive_max_na, core->telemetry.measured_min_na,
            core->telemetry.measured_max_na, core->telemetry.voltage_min_mv, core->telemetry.voltage_max_mv,
            core->telemetry.measured_positive_fc, core->telemetry.measured_negative_fc, core->telemetry.ticks,
            core->telemetry.contact, core->telemetry.emergency_stop, core->telemetry.switch_closed,
            core->telemetry.drive_na, core->telemetry.measured_na, core->telemetry.voltage_mv, core->reported;
    ensures driven: core->telemetry.drive_na == drive.current_na
                    && core->telemetry.switch_closed == drive.switch_closed && core->reported == 0;
    ensures extremes_anew: \old(core->reported) == 1
                           ==> core->telemetry.drive_min_na == drive.current_na
                               && core->telemetry.drive_max_na == drive.current_na;
    ensures extremes: \old(core->reported) != 1
                      ==> core->telemetry.drive_min_na
                          == \min(\old(core->telemetry.drive_min_na), drive.current_na)
                          && core->telemetry.drive_max_na
                             == \max(\old(core->telemetry.drive_max_na), drive.current_na);
    ensures si18_dose: 0 <= \old(core->telemetry.measured_positive_fc) <= IONTO_CHARGE_CEILING_FC
                       && 0 <= \old(core->telemetry.measured_negative_fc) <= IONTO_CHARGE_CEILING_FC
                       ==> \old(core->telemetry.measured_positive_fc) <= core->telemetry.measured_positive_fc
                           <= IONTO_CHARGE_CEILING_FC
                           && \old(core->telemetry.measured_negative_fc) <= core->telemetry.measured_negative_fc
                              <= IONTO_CHARGE_CEILING_FC; */
static void gather(struct ionto_core *core, const struct ionto_sense *sense, struct ionto_drive drive,
                   int32_t tick_us)
{
    struct ionto_telemetry *t = &core->telemetry;
    if (core->reported == 1u) {
        t->drive_min_na = drive.current_na;
        t->drive_max_na = drive.current_na;
        t->measured_min_na = sense->measured_na;
        t->measured_max_na = sense->measured_na;
        t->voltage_min_mv = sense->voltage_mv;
        t->voltage_max_mv = sense->voltage_mv;
    } else {
        t->drive_min_na = lower(t->drive_min_na, drive.current_na);
        t->drive_max_na = higher(t->drive_max_na, drive.current_na);
        t->measured_min_na = lower(t->measured_min_na, sense->measured_na);
        t->measured_max_na = higher(t->measured_max_na, sense->measured_na);
        t->voltage_min_mv = lower(t->voltage_min_mv, sense->voltage_mv);
        t->voltage_max_mv = higher(t->voltage_max_mv, sense->voltage_mv);
    }
    core->reported = 0u;
    /* switch_closed is still that of the tick before: the one during which the charge was measured */
    if (t->switch_closed == 1u) {
        int64_t tick_fc = tick_charge_fc(sense->measured_na, tick_us);
        if (sense->measured_na >= 0) {
            t->measured_positive_fc = dose_fc(t->measured_positive_fc, tick_fc);
        } else {
            t->measured_negative_fc = dose_fc(t->measured_negative_fc, tick_fc);
        }
    }
    t->ticks = t->ticks + 1u;
    t->contact = (sense->contact == 1u) ? 1u : 0u;
    t->emergency_stop = (sense->emergency_stop != 0u) ? 1u : 0u;
    t->switch_closed = drive.switch_closed;
    t->drive_na = drive.current_na;
    t->measured_na = sense->measured_na;
    t->voltage_mv = sense->voltage_mv;
}

/* What the regulator proposes, and of its contract what is needed here. That a step leaves alone what it does not write
 * is shown in two stages, each with few facts around it: what is sensed and requested, then what the guard sees. */
/*@ requires valid: \valid(core) && \valid_read(sense) && \valid_read(request);
    requires separated: \separated(core, sense) && \separated(core, request);
    requires limits: LIMITS_MIRRORED(&core->regulator) ==> LIMITS_OK(&core->regulator);
    requires state: PROPOSER_INTACT(&core->regulator) ==> PROPOSER_OK(&core->regulator);
    terminates \true;
    assigns core->regulator.state, core->regulator.state_inv, core->regulator.phase, core->regulator.limited_by,
            core->regulator.refused;
    ensures state: PROPOSER_INTACT(&core->regulator) ==> PROPOSER_OK(&core->regulator);
    ensures si20_says_sound: \old(PROPOSER_INTACT(&core->regulator) && core->regulator.state.corrupt == 0)
                             <==> \result.sound == 1;
    ensures si22_refused: \result.sound == 1 && \abs(\old(request->target_na)) > core->regulator.limits.limit_na
                          ==> core->regulator.state.target_na == \old(core->regulator.state.target_na)
                              && core->regulator.refused == IONTO_REFUSED_LIMIT; */
static struct ionto_proposal propose(struct ionto_core *core, const struct ionto_sense *sense,
                                     const struct ionto_request *request)
{
    /* the one derived value that crosses between the channels: whatever it says, it can only lower the proposal */
    uint32_t cut = (core->guard.state.first_trip != (uint32_t)IONTO_TRIP_NONE) ? 1u : 0u;
    struct ionto_proposal proposal;
    /*@ ghost close_regulator(&core->regulator); */
    proposal = ionto_regulator_step(&core->regulator, sense, request, cut);
    /*@ ghost open_regulator(&core->regulator); */
    return proposal;
}

/* That, and what is sensed and requested stays as it is. */
/*@ requires valid: \valid(core) && \valid_read(sense) && \valid_read(request);
    requires separated: \separated(core, sense) && \separated(core, request);
    requires limits: LIMITS_MIRRORED(&core->regulator) ==> LIMITS_OK(&core->regulator);
    requires state: PROPOSER_INTACT(&core->regulator) ==> PROPOSER_OK(&core->regulator);
    terminates \true;
    assigns core->regulator.state, core->regulator.state_inv, core->regulator.phase, core->regulator.limited_by,
            core->regulator.refused;
    ensures state: PROPOSER_INTACT(&core->regulator) ==> PROPOSER_OK(&core->regulator);
    ensures si20_says_sound: \old(PROPOSER_INTACT(&core->regulator) && core->regulator.state.corrupt == 0)
                             <==> \result.sound == 1;
    ensures si22_refused: \result.sound == 1 && \abs(\old(request->target_na)) > core->regulator.limits.limit_na
                          ==> core->regulator.state.target_na == \old(core->regulator.state.target_na)
                              && core->regulator.refused == IONTO_REFUSED_LIMIT;
    ensures same_now_us: sense->now_us == \old(sense->now_us);
    ensures same_sample: sense->sample == \old(sense->sample);
    ensures same_measured_na: sense->measured_na == \old(sense->measured_na);
    ensures same_check_na: sense->check_na == \old(sense->check_na);
    ensures same_voltage_mv: sense->voltage_mv == \old(sense->voltage_mv);
    ensures same_contact: sense->contact == \old(sense->contact);
    ensures same_switch_closed: sense->switch_closed == \old(sense->switch_closed);
    ensures same_emergency_stop: sense->emergency_stop == \old(sense->emergency_stop);
    ensures same_target_na: request->target_na == \old(request->target_na);
    ensures same_command: request->command == \old(request->command);
    ensures same_acknowledge: request->acknowledge == \old(request->acknowledge);
    ensures same_heartbeat: request->heartbeat == \old(request->heartbeat); */
static struct ionto_proposal undisturbed(struct ionto_core *core, const struct ionto_sense *sense,
                                         const struct ionto_request *request)
{
    struct ionto_proposal proposal = propose(core, sense, request);
    /*@ assert requested: *request == \at(*request, Pre); */
    /*@ assert sensed: *sense == \at(*sense, Pre); */
    return proposal;
}

/* That, and the guard sees what it saw. */
/*@ requires valid: \valid(core) && \valid_read(sense) && \valid_read(request);
    requires separated: \separated(core, sense) && \separated(core, request);
    requires limits: LIMITS_MIRRORED(&core->regulator) ==> LIMITS_OK(&core->regulator);
    requires state: PROPOSER_INTACT(&core->regulator) ==> PROPOSER_OK(&core->regulator);
    terminates \true;
    assigns core->regulator.state, core->regulator.state_inv, core->regulator.phase, core->regulator.limited_by,
            core->regulator.refused;
    ensures state: PROPOSER_INTACT(&core->regulator) ==> PROPOSER_OK(&core->regulator);
    ensures si20_says_sound: \old(PROPOSER_INTACT(&core->regulator) && core->regulator.state.corrupt == 0)
                             <==> \result.sound == 1;
    ensures si22_refused: \result.sound == 1 && \abs(\old(request->target_na)) > core->regulator.limits.limit_na
                          ==> core->regulator.state.target_na == \old(core->regulator.state.target_na)
                              && core->regulator.refused == IONTO_REFUSED_LIMIT;
    ensures same_start: request->command == \old(request->command) && sense->contact == \old(sense->contact);
    ensures same_acknowledge: request->acknowledge == \old(request->acknowledge);
    ensures same_flow: sense->measured_na == \old(sense->measured_na) && sense->voltage_mv == \old(sense->voltage_mv);
    ensures same_zero: ionto_sees_zero(&core->guard.config, sense)
                       <==> \old(ionto_sees_zero(&core->guard.config, sense));
    ensures same_cause: ionto_sees_cause(&core->guard, sense) <==> \old(ionto_sees_cause(&core->guard, sense)); */
static struct ionto_proposal proposed(struct ionto_core *core, const struct ionto_sense *sense,
                                      const struct ionto_request *request)
{
    struct ionto_proposal proposal;
    /*@ ghost look(&core->guard, sense); */
    proposal = undisturbed(core, sense, request);
    /*@ ghost look(&core->guard, sense); */
    /*@ assert over_current: ionto_sees_over_current(&core->guard.config, sense)
        <==> \at(ionto_sees_over_current(&core->guard.config, sense), Pre); */
    /*@ assert over_voltage: ionto_sees_over_voltage(&core->guard.config, sense)
        <==> \at(ionto_sees_over_voltage(&core->guard.config, sense), Pre); */
    /*@ assert open: ionto_sees_open(&core->guard, sense) <==> \at(ionto_sees_open(&core->guard, sense), Pre); */
    /*@ assert short: ionto_sees_short(&core->guard.config, sense)
        <==> \at(ionto_sees_short(&core->guard.config, sense), Pre); */
    /*@ assert mismatch: ionto_sees_mismatch(&core->guard, sense)
        <==> \at(ionto_sees_mismatch(&core->guard, sense), Pre); */
    /*@ assert sensor: ionto_sees_sensor(&core->guard.config, sense)
        <==> \at(ionto_sees_sensor(&core->guard.config, sense), Pre); */
    /*@ assert stale: ionto_sees_stale(&core->guard, sense) <==> \at(ionto_sees_stale(&core->guard, sense), Pre); */
    /*@ assert leakage: ionto_sees_leakage(&core->guard, sense)
        <==> \at(ionto_sees_leakage(&core->guard, sense), Pre); */
    /*@ assert disobedience: ionto_sees_disobedience(&core->guard, sense)
        <==> \at(ionto_sees_disobedience(&core->guard, sense), Pre); */
    /*@ assert tick: ionto_sees_tick(&core->guard, sense) <==> \at(ionto_sees_tick(&core->guard, sense), Pre); */
    return proposal;
}

struct ionto_drive ionto_step(struct ionto_core *core, const struct ionto_sense *sense,
                              const struct ionto_request *request)
{
    int32_t tick_us = core->regulator.limits.tick_us;
    struct ionto_proposal proposal;
    struct ionto_drive drive;
    /*@ assert apart: \separated(&core->guard, sense) && \separated(&core->guard, request); */
    /*@ ghost open_guard(&core->guard); */
    /*@ ghost open_regulator(&core->regulator); */
    proposal = proposed(core, sense, request);
    /*@ ghost close_guard(&core->guard); */
    drive = ionto_guard_step(&core->guard, sense, request, &proposal);
    /*@ ghost open_guard(&core->guard); */
    /* limits that were found corrupt count nothing */
    gather(core, sense, drive, (proposal.sound == 1u) ? tick_us : 0);
    /*@ ghost close_guard(&core->guard); */
    /*@ ghost close_regulator(&core->regulator); */
    return drive;
}

/* What the guard has latched, and of its contract what is needed here. */
/*@ requires valid: \valid_read(core);
    terminates \true;
    assigns \nothing;
    ensures si07_told: ionto_guard_intact(&core->guard)
                       ==> (\result != 0 <==> ionto_guard_tripped(&core->guard.state, &core->guard.config));
    ensures si20_corrupt: !ionto_guard_intact(&core->guard) ==> \result == 1024; */
static uint32_t latched(const struct ionto_core *core)
{
    return ionto_guard_trips(&core->guard);
}

void ionto_report(struct ionto_core *core, struct ionto_telemetry *out)
{
    struct ionto_telemetry *t = &core->telemetry;
    const struct ionto_guard_state *g = &core->guard.state;
    const struct ionto_regulator *r = &core->regulator;
    uint32_t trips = latched(core);

    t->energised_us = g->energised_us;
    t->driven_positive_fc = g->positive_fc;
    t->driven_negative_fc = g->negative_fc;
    t->first_trip = g->first_trip;
    t->trips = trips;
    t->heartbeat = g->heartbeat_seen;
    t->target_na = r->state.target_na;
    t->phase = ionto_phase(core);
    t->limited_by = (t->phase == (uint32_t)IONTO_PHASE_FAULT) ? (uint32_t)IONTO_LIMITED_BY_TRIP : r->limited_by;
    t->refused = r->refused;
    core->reported = 1u;

    out->energised_us = t->energised_us;
    out->driven_positive_fc = t->driven_positive_fc;
    out->driven_negative_fc = t->driven_negative_fc;
    out->measured_positive_fc = t->measured_positive_fc;
    out->measured_negative_fc = t->measured_negative_fc;
    out->ticks = t->ticks;
    out->phase = t->phase;
    out->limited_by = t->limited_by;
    out->refused = t->refused;
    out->first_trip = t->first_trip;
    out->trips = t->trips;
    out->heartbeat = t->heartbeat;
    out->contact = t->contact;
    out->switch_closed = t->switch_closed;
    out->emergency_stop = t->emergency_stop;
    out->target_na = t->target_na;
    out->drive_na = t->drive_na;
    out->drive_min_na = t->drive_min_na;
    out->drive_max_na = t->drive_max_na;
    out->measured_na = t->measured_na;
    out->measured_min_na = t->measured_min_na;
    out->measured_max_na = t->measured_max_na;
    out->voltage_mv = t->voltage_mv;
    out->voltage_min_mv = t->voltage_min_mv;
    out->voltage_max_mv = t->voltage_max_mv;
}

uint32_t ionto_phase(const struct ionto_core *core)
{
    return (core->guard.state.first_trip != (uint32_t)IONTO_TRIP_NONE) ? (uint32_t)IONTO_PHASE_FAULT
        : core->regulator.phase;
}
