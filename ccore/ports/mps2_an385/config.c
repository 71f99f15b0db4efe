/* The configuration of the demonstration: a small device of 5 mA and 24 V. Every field, its meaning and its range stand
 * in ionto.h; docs/embedding.md goes through them in these groups. SPDX-License-Identifier: Apache-2.0 */
#include "demo.h"
#include "ionto_port.h"

#define TICK_US 1000
#define LIMIT_NA 5000000
#define RISE_UA_PER_S 2000
#define FALL_UA_PER_S 10000
#define RISE_NA IONTO_NA_PER_TICK(RISE_UA_PER_S, TICK_US)
#define FALL_NA IONTO_NA_PER_TICK(FALL_UA_PER_S, TICK_US)

/* The size of these arrays is -1, and that is an error, when the rate is no whole number of nA a tick. */
typedef char rise_is_whole[IONTO_IS_WHOLE_RATE(RISE_UA_PER_S, TICK_US) ? 1 : -1];
typedef char fall_is_whole[IONTO_IS_WHOLE_RATE(FALL_UA_PER_S, TICK_US) ? 1 : -1];

const struct ionto_config demo_config = {
    /* time and the tick */
    .tick_us = TICK_US,
    .tick_tolerance_us = 200,
    .time_cap_us = 60000000,
    .time_reserve_us = IONTO_FALL_US(LIMIT_NA, FALL_NA, TICK_US),
    /* the current */
    .limit_na = LIMIT_NA,
    .trip_na = 6000000,
    .rise_na_per_tick = RISE_NA,
    .fall_na_per_tick = FALL_NA,
    .dwell_us = 200000,
    /* charge */
    .charge_cap_each_fc = IONTO_FC_OF_MA_MIN(1),
    .charge_cap_total_fc = IONTO_FC_OF_MA_MIN(2),
    .charge_reserve_fc = IONTO_FALL_FC(LIMIT_NA, FALL_NA, TICK_US),
    /* the voltage */
    .compliance_mv = 24000,
    .over_voltage_mv = 27000,
    .saturation_mv = 23000,
    .headroom_na = 100000,
    /* what is a fault */
    .open_na = 50000,
    .short_ohm = 200,
    .short_above_na = 500000,
    .mismatch_na = 200000,
    .disagree_na = 200000,
    .sensor_max_na = 10000000,
    .sensor_max_mv = 40000,
    .leakage_na = 100000,
    /* ... and for how long */
    .over_current_us = 2000,
    .over_voltage_us = 5000,
    .open_us = 5000,
    .short_us = 10000,
    .mismatch_us = 20000,
    .sensor_us = 5000,
    .stale_us = 3000,
    .leakage_us = 20000,
    .switch_us = 20000,
    /* contact and the supervisor */
    .contact_us = 300000,
    .heartbeat_us = 500000
};
