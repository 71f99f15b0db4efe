/*
 * sim_parts.h: what the files of the simulation share, for them alone. ionto_sim.h is the public header.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IONTO_SIM_PARTS_H
#define IONTO_SIM_PARTS_H

#include "ionto_sim.h"

#define IONTO_SIM_ROUND 4294967296.5 /* 2^32 and a half: positive with any value, so that cutting off the fraction rounds */

/* body.c */

/* The first field of the body that is out of its range, or IONTO_SIM_OK. */
uint32_t ionto_sim_check_body(const struct ionto_body *body);

/* Everything that follows from the body, the period, the contact and the faults of the body; called when one of them changes. */
void ionto_sim_refresh_body(struct ionto_sim *sim);

/* The body and the output stage live through one period under the last drive. */
void ionto_sim_live(struct ionto_sim *sim);

/* electronics.c */

/* The first field of the electronics that is out of its range, or IONTO_SIM_OK. */
uint32_t ionto_sim_check_electronics(const struct ionto_electronics *electronics);

/* Everything that follows from the electronics, the period and the faults of the supply and the clock. */
void ionto_sim_refresh_electronics(struct ionto_sim *sim);

/* The converter samples: fills in sim->sense. */
void ionto_sim_sample(struct ionto_sim *sim);

/* The drive reaches the DAC and the output switch. */
void ionto_sim_obey(struct ionto_sim *sim, struct ionto_drive drive);

/* The output without power, or with the core off: nothing is driven and the switch is open. */
void ionto_sim_release(struct ionto_sim *sim);

/* The output switch is told where to be; it gets there after switch_us. */
void ionto_sim_command_switch(struct ionto_sim *sim, uint32_t closed);

/* The one source of randomness: 64 bits a call, every seed a good one. */
uint64_t ionto_sim_draw(struct ionto_sim *sim);

/* Whether a value lies in a range, for the checks of fields. */
static inline int ionto_sim_within(int32_t value, int32_t least, int32_t most) {
    return value >= least && value <= most;
}

/* Whether a fault is active. */
static inline int ionto_sim_has(const struct ionto_sim *sim, uint32_t fault) {
    return sim->fault_active[fault] != 0u;
}

/* The nearest whole number, without a branch; the value lies within 32 bits. */
static inline int32_t ionto_sim_whole(double value) {
    return (int32_t)((int64_t)(value + IONTO_SIM_ROUND) - INT64_C(4294967296));
}

#endif
