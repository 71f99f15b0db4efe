/*
 * body.c: the simulated body: skin, water, inner body and contact, and the current that the output stage gets into them.
 *
 * Units inside: nA, mV, us, pF, uS and Mohm, which fit together without factors: mV / Mohm = nA, uS * mV = nA, nA * us / pF = mV.
 * Every relaxation is an implicit Euler step, x += (goal - x) * dt / (tau + dt): stable for any period, exact at rest, and
 * without a function of libm, so that the bits are the same everywhere.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sim_parts.h"

#define BLOCK_US 10000      /* slow states are brought up to date every so often */
#define MM2_PER_CM2 100.0
#define OHM_PER_MOHM 1e6
#define WATER_FACTOR 10.0   /* how much more a missing water resists, and how much less a salty one: assumption */

void ionto_body_defaults(struct ionto_body *body) {
    body->area_a_mm2 = 15000;
    body->area_b_mm2 = 15000;
    body->dry_ohm_cm2 = 1000000;
    body->wet_ohm_cm2 = 500000;
    body->capacitance_pf_cm2 = 2000;
    body->soak_start_permille = 300;
    body->soak_ms = 300000;
    body->voltage_gain_permille = 20000;
    body->voltage_half_mv = 40000;
    body->fast_share_permille = 500;
    body->fast_ms = 300;
    body->slow_ms = 40000;
    body->recovery_ms = 1800000;
    body->water_ohm = 200;
    body->internal_ohm = 300;
    body->open_ohm = 100000000;
    body->contact = 1u;
}

uint32_t ionto_sim_check_body(const struct ionto_body *body) {
    uint32_t error;
    if (!ionto_sim_within(body->area_a_mm2, 10, 200000)) {
        error = IONTO_SIM_ERROR_AREA_A;
    } else if (!ionto_sim_within(body->area_b_mm2, 10, 200000)) {
        error = IONTO_SIM_ERROR_AREA_B;
    } else if (!ionto_sim_within(body->dry_ohm_cm2, 1000, 100000000)) {
        error = IONTO_SIM_ERROR_DRY;
    } else if (!ionto_sim_within(body->wet_ohm_cm2, 1000, body->dry_ohm_cm2)) {
        error = IONTO_SIM_ERROR_WET;
    } else if (!ionto_sim_within(body->capacitance_pf_cm2, 10, 1000000)) {
        error = IONTO_SIM_ERROR_CAPACITANCE;
    } else if (!ionto_sim_within(body->soak_start_permille, 0, 1000)) {
        error = IONTO_SIM_ERROR_SOAK_START;
    } else if (!ionto_sim_within(body->soak_ms, 100, 10000000)) {
        error = IONTO_SIM_ERROR_SOAK_TIME;
    } else if (!ionto_sim_within(body->voltage_gain_permille, 0, 1000000)) {
        error = IONTO_SIM_ERROR_VOLTAGE_GAIN;
    } else if (!ionto_sim_within(body->voltage_half_mv, 100, 1000000)) {
        error = IONTO_SIM_ERROR_VOLTAGE_HALF;
    } else if (!ionto_sim_within(body->fast_share_permille, 0, 1000)) {
        error = IONTO_SIM_ERROR_FAST_SHARE;
    } else if (!ionto_sim_within(body->fast_ms, 50, 10000)) {
        error = IONTO_SIM_ERROR_FAST_TIME;
    } else if (!ionto_sim_within(body->slow_ms, 50, 10000000)) {
        error = IONTO_SIM_ERROR_SLOW_TIME;
    } else if (!ionto_sim_within(body->recovery_ms, 50, 100000000)) {
        error = IONTO_SIM_ERROR_RECOVERY_TIME;
    } else if (!ionto_sim_within(body->water_ohm, 0, 1000000)) {
        error = IONTO_SIM_ERROR_WATER;
    } else if (!ionto_sim_within(body->internal_ohm, 10, 1000000)) {
        error = IONTO_SIM_ERROR_INTERNAL;
    } else if (!ionto_sim_within(body->open_ohm, 1000000, 2000000000)) {
        error = IONTO_SIM_ERROR_OPEN;
    } else if (body->contact > 1u) {
        error = IONTO_SIM_ERROR_CONTACT;
    } else {
        error = IONTO_SIM_OK;
    }
    return error;
}

/* The share of the way to its goal that a relaxation goes in dt. */
static double share(double dt_us, int32_t tau_ms) {
    return dt_us / ((double)tau_ms * 1000.0 + dt_us);
}

/* How much of a side's area is in the water, 0 to 1. */
static double immersed(const struct ionto_sim *sim, uint32_t side) {
    double part = 1.0;
    if (sim->in_water == 0u || (ionto_sim_has(sim, IONTO_FAULT_BODY_FLICKER) && sim->flicker_away != 0u)) {
        part = 0.0;
    } else if (side == 0u && ionto_sim_has(sim, IONTO_FAULT_BODY_LIFT)) {
        part = (double)sim->fault_parameter[IONTO_FAULT_BODY_LIFT] / 1000.0;
    }
    return part;
}

/* The electrical figures of one side, from its slow states. A side out of the water keeps its skin: the air is in series. */
static void refresh_side(struct ionto_sim *sim, uint32_t which) {
    struct ionto_side *side = &sim->side[which];
    const struct ionto_body *body = &sim->body;
    const double part = immersed(sim, which);
    const double whole_cm2 = (double)(which == 0u ? body->area_a_mm2 : body->area_b_mm2) / MM2_PER_CM2;
    const double area_cm2 = part > 0.0 ? whole_cm2 * part : whole_cm2;
    const double dry_us = OHM_PER_MOHM / (double)body->dry_ohm_cm2;
    const double wet_us = OHM_PER_MOHM / (double)body->wet_ohm_cm2;
    const double fast_share = (double)body->fast_share_permille / 1000.0;
    const double opened = fast_share * side->fast + (1.0 - fast_share) * side->slow;
    const double gain = 1.0 + (double)body->voltage_gain_permille / 1000.0 * opened;
    const double rise = (double)sim->period_us / ((double)body->capacitance_pf_cm2 * area_cm2);
    side->conductance_us = area_cm2 * (dry_us + side->soak * (wet_us - dry_us)) * gain;
    side->keep = 1.0 / (1.0 + rise * side->conductance_us);
    side->charge_mv_per_na = rise * side->keep;
    if (ionto_sim_has(sim, IONTO_FAULT_BODY_SHORT)) { /* what joins the electrodes takes the current and discharges the skin */
        side->voltage_mv = 0.0;
        side->charge_mv_per_na = 0.0;
    }
}

static void refresh_circuit(struct ionto_sim *sim) {
    double water_ohm = 2.0 * (double)sim->body.water_ohm;
    double series_ohm = (double)sim->body.internal_ohm;
    if (ionto_sim_has(sim, IONTO_FAULT_BODY_DRY)) {
        water_ohm *= WATER_FACTOR;
    } else if (ionto_sim_has(sim, IONTO_FAULT_BODY_WET)) {
        water_ohm /= WATER_FACTOR;
    }
    series_ohm += water_ohm;
    if (sim->contact == 0u) {
        series_ohm += (double)sim->body.open_ohm;
    }
    if (ionto_sim_has(sim, IONTO_FAULT_BODY_SHORT)) {
        series_ohm = (double)sim->fault_parameter[IONTO_FAULT_BODY_SHORT];
    }
    refresh_side(sim, 0u);
    refresh_side(sim, 1u);
    sim->series_mohm = series_ohm / OHM_PER_MOHM;
    sim->rise_mv_per_na = sim->series_mohm + sim->side[0].charge_mv_per_na + sim->side[1].charge_mv_per_na;
}

void ionto_sim_refresh_body(struct ionto_sim *sim) {
    double block_us;
    uint32_t which;
    uint32_t contact = immersed(sim, 0u) > 0.0 && immersed(sim, 1u) > 0.0 ? 1u : 0u;
    if (ionto_sim_has(sim, IONTO_FAULT_BODY_SHORT)) {
        contact = 1u;
    }
    if (contact != sim->contact) {
        sim->contact = contact;
        sim->contact_at_us = sim->time_us + sim->electronics.contact_us;
    }
    for (which = 0u; which < 2u; which++) {
        if (ionto_sim_has(sim, IONTO_FAULT_BODY_DRY)) {
            sim->side[which].soak = 0.0;
        } else if (ionto_sim_has(sim, IONTO_FAULT_BODY_WET)) {
            sim->side[which].soak = 1.0;
        }
    }
    sim->block_us = (int32_t)sim->period_us > BLOCK_US ? (int32_t)sim->period_us : BLOCK_US;
    block_us = (double)sim->block_us;
    sim->fast_share_of_block = share(block_us, sim->body.fast_ms);
    sim->slow_share_of_block = share(block_us, sim->body.slow_ms);
    sim->recovery_share_of_block = share(block_us, sim->body.recovery_ms);
    sim->soak_share_of_block = share(block_us, sim->body.soak_ms);
    refresh_circuit(sim);
}

/* The slow states of one side, once a block. */
static void age_side(struct ionto_sim *sim, uint32_t which) {
    struct ionto_side *side = &sim->side[which];
    const double magnitude_mv = side->voltage_mv < 0.0 ? -side->voltage_mv : side->voltage_mv;
    const double goal = magnitude_mv / (magnitude_mv + (double)sim->body.voltage_half_mv);
    side->fast += (goal - side->fast) * sim->fast_share_of_block;
    side->slow += (goal - side->slow) * (goal > side->slow ? sim->slow_share_of_block : sim->recovery_share_of_block);
    if (!ionto_sim_has(sim, IONTO_FAULT_BODY_DRY) && immersed(sim, which) > 0.0) {
        side->soak += (1.0 - side->soak) * sim->soak_share_of_block;
    }
}

/* The current that a stage with this compliance gets into a circuit that is at rest_mv without it. It never runs backwards. */
static double saturated(double wanted_na, double rest_mv, double compliance_mv, double rise_mv_per_na) {
    double given_na = ((wanted_na > 0.0 ? compliance_mv : -compliance_mv) - rest_mv) / rise_mv_per_na;
    if ((wanted_na > 0.0) != (given_na > 0.0)) {
        given_na = 0.0;
    }
    return given_na;
}

void ionto_sim_live(struct ionto_sim *sim) {
    struct ionto_side *a = &sim->side[0];
    struct ionto_side *b = &sim->side[1];
    const double period_us = (double)sim->period_us;
    double current_na = 0.0;
    double rest_a_mv;
    double rest_b_mv;
    double rest_mv;
    double voltage_mv;
    double magnitude_na;

    sim->block_left_us -= (int32_t)sim->period_us;
    if (sim->block_left_us <= 0) {
        sim->block_left_us += sim->block_us;
        age_side(sim, 0u);
        age_side(sim, 1u);
        refresh_circuit(sim);
    }
    if (sim->switch_closed != 0u) {
        current_na = sim->stage_na + (sim->dac_na - sim->stage_na) * sim->stage_share;
    } else if (ionto_sim_has(sim, IONTO_FAULT_SWITCH_LEAK) && sim->powered != 0u) {
        current_na = (double)sim->fault_parameter[IONTO_FAULT_SWITCH_LEAK];
    }
    rest_a_mv = a->voltage_mv * a->keep;
    rest_b_mv = b->voltage_mv * b->keep;
    rest_mv = rest_a_mv + rest_b_mv;
    voltage_mv = rest_mv + current_na * sim->rise_mv_per_na;
    if (voltage_mv > sim->compliance_mv || voltage_mv < -sim->compliance_mv) {
        /* With the switch open nothing pushes: the skin alone may stand above what a dip has left of the supply. */
        if (current_na > 0.0 || current_na < 0.0) {
            current_na = saturated(current_na, rest_mv, sim->compliance_mv, sim->rise_mv_per_na);
        }
        voltage_mv = rest_mv + current_na * sim->rise_mv_per_na;
    }
    a->voltage_mv = rest_a_mv + current_na * a->charge_mv_per_na;
    b->voltage_mv = rest_b_mv + current_na * b->charge_mv_per_na;
    sim->stage_na = sim->switch_closed != 0u ? current_na : 0.0;
    sim->current_na = current_na;
    sim->voltage_mv = voltage_mv;

    if (current_na > 0.0) {
        sim->positive_fc += current_na * period_us;
        magnitude_na = current_na;
    } else {
        sim->negative_fc -= current_na * period_us;
        magnitude_na = -current_na;
    }
    if (magnitude_na > sim->peak_na) {
        sim->peak_na = magnitude_na;
    }
    if (magnitude_na > (double)IONTO_SIM_FLOWING_NA) {
        sim->flowing_us = sim->time_us;
    }
}
