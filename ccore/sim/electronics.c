/*
 * electronics.c: the simulated electronics: DAC, output switch, converter with three sensors, contact sense, clock.
 *
 * A sensor counts in its own steps inside: reading = round(truth * gain + offset + noise), cut off at full scale.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sim_parts.h"

#define PPM 1e-6
#define NOISE_MIDDLE 511.0  /* of the sum of two numbers of 9 bits */
#define NOISE_RMS 209.0229  /* of that sum: the square root of 2 (512^2 - 1) / 12 */
#define NOISE_MASK 511u

enum { SENSOR_A = 0, SENSOR_B = 1, SENSOR_V = 2 };

void ionto_electronics_defaults(struct ionto_electronics *electronics) {
    electronics->dac_step_na = 1000;
    electronics->dac_full_na = 40000000;
    electronics->dac_gain_ppm = 1000;
    electronics->dac_offset_na = 500;
    electronics->stage_us = 50;
    electronics->compliance_mv = 60000;
    electronics->a_step_na = 2000;
    electronics->a_full_na = 60000000;
    electronics->a_gain_ppm = 2000;
    electronics->a_offset_na = 1000;
    electronics->a_noise_na = 3000;
    electronics->b_step_na = 4000;
    electronics->b_full_na = 60000000;
    electronics->b_gain_ppm = -3000;
    electronics->b_offset_na = -2000;
    electronics->b_noise_na = 5000;
    electronics->v_step_mv = 10;
    electronics->v_full_mv = 100000;
    electronics->v_gain_ppm = 2000;
    electronics->v_offset_mv = 10;
    electronics->v_noise_mv = 15;
    electronics->switch_us = 0;
    electronics->contact_us = 5000;
    electronics->clock_ppm = 50;
    electronics->jitter_us = 5;
    electronics->watchdog_us = 50000;
    electronics->clock_start_us = 4290000000u;
}

static uint32_t check_output(const struct ionto_electronics *e) {
    uint32_t error;
    if (!ionto_sim_within(e->dac_step_na, 1, 1000000)) {
        error = IONTO_SIM_ERROR_DAC_STEP;
    } else if (!ionto_sim_within(e->dac_full_na, 1000000, 200000000)) {
        error = IONTO_SIM_ERROR_DAC_FULL;
    } else if (!ionto_sim_within(e->dac_gain_ppm, -200000, 200000)) {
        error = IONTO_SIM_ERROR_DAC_GAIN;
    } else if (!ionto_sim_within(e->dac_offset_na, -1000000, 1000000)) {
        error = IONTO_SIM_ERROR_DAC_OFFSET;
    } else if (!ionto_sim_within(e->stage_us, 1, 100000)) {
        error = IONTO_SIM_ERROR_STAGE_TIME;
    } else if (!ionto_sim_within(e->compliance_mv, 1000, 200000)) {
        error = IONTO_SIM_ERROR_COMPLIANCE;
    } else {
        error = IONTO_SIM_OK;
    }
    return error;
}

static uint32_t check_current_sensors(const struct ionto_electronics *e) {
    uint32_t error;
    if (!ionto_sim_within(e->a_step_na, 1, 1000000)) {
        error = IONTO_SIM_ERROR_A_STEP;
    } else if (!ionto_sim_within(e->a_full_na, 1000000, 1000000000)) {
        error = IONTO_SIM_ERROR_A_FULL;
    } else if (!ionto_sim_within(e->a_gain_ppm, -200000, 200000)) {
        error = IONTO_SIM_ERROR_A_GAIN;
    } else if (!ionto_sim_within(e->a_offset_na, -1000000, 1000000)) {
        error = IONTO_SIM_ERROR_A_OFFSET;
    } else if (!ionto_sim_within(e->a_noise_na, 0, 1000000)) {
        error = IONTO_SIM_ERROR_A_NOISE;
    } else if (!ionto_sim_within(e->b_step_na, 1, 1000000)) {
        error = IONTO_SIM_ERROR_B_STEP;
    } else if (!ionto_sim_within(e->b_full_na, 1000000, 1000000000)) {
        error = IONTO_SIM_ERROR_B_FULL;
    } else if (!ionto_sim_within(e->b_gain_ppm, -200000, 200000)) {
        error = IONTO_SIM_ERROR_B_GAIN;
    } else if (!ionto_sim_within(e->b_offset_na, -1000000, 1000000)) {
        error = IONTO_SIM_ERROR_B_OFFSET;
    } else if (!ionto_sim_within(e->b_noise_na, 0, 1000000)) {
        error = IONTO_SIM_ERROR_B_NOISE;
    } else {
        error = IONTO_SIM_OK;
    }
    return error;
}

static uint32_t check_voltage_and_times(const struct ionto_electronics *e) {
    uint32_t error;
    if (!ionto_sim_within(e->v_step_mv, 1, 10000)) {
        error = IONTO_SIM_ERROR_V_STEP;
    } else if (!ionto_sim_within(e->v_full_mv, 1000, 1000000)) {
        error = IONTO_SIM_ERROR_V_FULL;
    } else if (!ionto_sim_within(e->v_gain_ppm, -200000, 200000)) {
        error = IONTO_SIM_ERROR_V_GAIN;
    } else if (!ionto_sim_within(e->v_offset_mv, -10000, 10000)) {
        error = IONTO_SIM_ERROR_V_OFFSET;
    } else if (!ionto_sim_within(e->v_noise_mv, 0, 10000)) {
        error = IONTO_SIM_ERROR_V_NOISE;
    } else if (!ionto_sim_within(e->switch_us, 0, 100000)) {
        error = IONTO_SIM_ERROR_SWITCH_TIME;
    } else if (!ionto_sim_within(e->contact_us, 0, 1000000)) {
        error = IONTO_SIM_ERROR_CONTACT_TIME;
    } else if (!ionto_sim_within(e->clock_ppm, -100000, 100000)) {
        error = IONTO_SIM_ERROR_CLOCK_PPM;
    } else if (!ionto_sim_within(e->jitter_us, 0, 1000)) {
        error = IONTO_SIM_ERROR_JITTER;
    } else if (!ionto_sim_within(e->watchdog_us, 0, 10000000)) {
        error = IONTO_SIM_ERROR_WATCHDOG;
    } else {
        error = IONTO_SIM_OK;
    }
    return error;
}

uint32_t ionto_sim_check_electronics(const struct ionto_electronics *electronics) {
    uint32_t error = check_output(electronics);
    if (error == IONTO_SIM_OK) {
        error = check_current_sensors(electronics);
    }
    if (error == IONTO_SIM_OK) {
        error = check_voltage_and_times(electronics);
    }
    return error;
}

static void refresh_sensor(struct ionto_sensor *sensor, int32_t step, int32_t full, int32_t gain_ppm, int32_t offset,
                           int32_t noise) {
    sensor->step = step;
    sensor->per_step = 1.0 / (double)step;
    sensor->gain = (1.0 + (double)gain_ppm * PPM) * sensor->per_step;
    sensor->offset = (double)offset * sensor->per_step;
    sensor->noise = (double)noise * sensor->per_step / NOISE_RMS;
    sensor->full = (double)(full / step);
}

void ionto_sim_refresh_electronics(struct ionto_sim *sim) {
    const struct ionto_electronics *e = &sim->electronics;
    uint32_t period_us = sim->tick_us;
    double clock = 1.0 + (double)e->clock_ppm * PPM;

    if (ionto_sim_has(sim, IONTO_FAULT_TIMER_SLOW)) {
        period_us += sim->tick_us * (uint32_t)sim->fault_parameter[IONTO_FAULT_TIMER_SLOW] / 1000u;
    } else if (ionto_sim_has(sim, IONTO_FAULT_TIMER_FAST)) {
        period_us -= sim->tick_us * (uint32_t)sim->fault_parameter[IONTO_FAULT_TIMER_FAST] / 1000u;
    }
    if (ionto_sim_has(sim, IONTO_FAULT_CLOCK_STOPPED)) {
        clock = 0.0;
    } else if (ionto_sim_has(sim, IONTO_FAULT_CLOCK_SLOW)) {
        clock *= 1.0 - (double)sim->fault_parameter[IONTO_FAULT_CLOCK_SLOW] / 1000.0;
    } else if (ionto_sim_has(sim, IONTO_FAULT_CLOCK_FAST)) {
        clock *= 1.0 + (double)sim->fault_parameter[IONTO_FAULT_CLOCK_FAST] / 1000.0;
    }
    sim->period_us = period_us;
    sim->clock_per_tick_us = (double)period_us * clock;
    sim->stage_share = (double)period_us / ((double)e->stage_us + (double)period_us);
    sim->compliance_mv = (double)e->compliance_mv;
    if (ionto_sim_has(sim, IONTO_FAULT_SUPPLY_DIP) && sim->fault_parameter[IONTO_FAULT_SUPPLY_DIP] < e->compliance_mv) {
        sim->compliance_mv = (double)sim->fault_parameter[IONTO_FAULT_SUPPLY_DIP];
    } else if (ionto_sim_has(sim, IONTO_FAULT_SUPPLY_HIGH) && sim->fault_parameter[IONTO_FAULT_SUPPLY_HIGH] > e->compliance_mv) {
        sim->compliance_mv = (double)sim->fault_parameter[IONTO_FAULT_SUPPLY_HIGH];
    } else {
        /* as it was built */
    }
    sim->dac_per_step = 1.0 / (double)e->dac_step_na;
    sim->dac_full_steps = (double)(e->dac_full_na / e->dac_step_na);
    sim->dac_gain_na = (double)e->dac_step_na * (1.0 + (double)e->dac_gain_ppm * PPM);
    refresh_sensor(&sim->sensor[SENSOR_A], e->a_step_na, e->a_full_na, e->a_gain_ppm, e->a_offset_na, e->a_noise_na);
    refresh_sensor(&sim->sensor[SENSOR_B], e->b_step_na, e->b_full_na, e->b_gain_ppm, e->b_offset_na, e->b_noise_na);
    refresh_sensor(&sim->sensor[SENSOR_V], e->v_step_mv, e->v_full_mv, e->v_gain_ppm, e->v_offset_mv, e->v_noise_mv);
}

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t ionto_sim_draw(struct ionto_sim *sim) {
    uint64_t z;
    sim->random += 0x9E3779B97F4A7C15u;
    z = sim->random;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 18 random bits as triangular noise around zero, NOISE_RMS r.m.s. */
static double noise(uint64_t bits) {
    return (double)(int32_t)((bits & NOISE_MASK) + ((bits >> 9) & NOISE_MASK)) - NOISE_MIDDLE;
}

/* A value in steps becomes a reading: cut off at full scale, whole steps. */
static int32_t convert(const struct ionto_sensor *sensor, double steps) {
    double kept = steps > sensor->full ? sensor->full : steps;
    kept = kept < -sensor->full ? -sensor->full : kept;
    return ionto_sim_whole(kept) * sensor->step;
}

static int32_t read_sound(struct ionto_sensor *sensor, double truth, uint64_t bits) {
    sensor->last = convert(sensor, truth * sensor->gain + sensor->offset + noise(bits) * sensor->noise);
    return sensor->last;
}

/* The same with the faults of one sensor; first_fault is its "reads zero", the others follow it in order. */
static int32_t read_faulty(struct ionto_sim *sim, uint32_t which, uint32_t first_fault, double truth, uint64_t bits) {
    struct ionto_sensor *sensor = &sim->sensor[which];
    const uint32_t *active = &sim->fault_active[first_fault];
    const int32_t *parameter = &sim->fault_parameter[first_fault];
    const uint32_t full = IONTO_FAULT_A_FULL - IONTO_FAULT_A_ZERO;
    const uint32_t last = IONTO_FAULT_A_LAST - IONTO_FAULT_A_ZERO;
    const uint32_t offset = IONTO_FAULT_A_OFFSET - IONTO_FAULT_A_ZERO;
    const uint32_t gain = IONTO_FAULT_A_GAIN - IONTO_FAULT_A_ZERO;
    const uint32_t noisy = IONTO_FAULT_A_NOISE - IONTO_FAULT_A_ZERO;
    const uint32_t slow = IONTO_FAULT_A_SLOW - IONTO_FAULT_A_ZERO;
    const double period_us = (double)sim->period_us;
    double seen = truth;
    double steps;

    if (active[slow] != 0u) {
        sensor->slow += (truth - sensor->slow) * period_us / ((double)parameter[slow] + period_us);
        seen = sensor->slow;
    }
    if (active[gain] != 0u) {
        seen *= (double)parameter[gain] / 1000.0;
    }
    steps = seen * sensor->gain + sensor->offset + noise(bits) * sensor->noise;
    if (active[offset] != 0u) {
        steps += (double)parameter[offset] * sensor->per_step;
    }
    if (active[noisy] != 0u) {
        steps += noise(ionto_sim_draw(sim)) / NOISE_RMS * (double)parameter[noisy] * sensor->per_step;
    }
    if (active[full] != 0u) {
        steps = (double)parameter[full] * sensor->full;
    }
    if (active[0] != 0u) {
        steps = 0.0;
    }
    if (active[last] == 0u) {
        sensor->last = convert(sensor, steps);
    }
    return sensor->last;
}

/* Everything in the sense that faults of the electronics reach. */
static void sample_faulty(struct ionto_sim *sim, uint64_t bits) {
    struct ionto_sense *sense = &sim->sense;
    if (!ionto_sim_has(sim, IONTO_FAULT_CONVERTER_DEAD)) {
        sense->sample++;
        sense->measured_na = read_faulty(sim, SENSOR_A, IONTO_FAULT_A_ZERO, sim->current_na, bits);
        sense->check_na = read_faulty(sim, SENSOR_B, IONTO_FAULT_B_ZERO, sim->current_na, bits >> 18);
        sense->voltage_mv = read_faulty(sim, SENSOR_V, IONTO_FAULT_V_ZERO, sim->voltage_mv, bits >> 36);
    }
    if (ionto_sim_has(sim, IONTO_FAULT_CONTACT_STUCK)) {
        sense->contact = (uint32_t)sim->fault_parameter[IONTO_FAULT_CONTACT_STUCK];
    }
    if (ionto_sim_has(sim, IONTO_FAULT_SWITCH_READBACK)) {
        sense->switch_closed = (uint32_t)sim->fault_parameter[IONTO_FAULT_SWITCH_READBACK];
    }
    sense->emergency_stop = 0u;
    if (ionto_sim_has(sim, IONTO_FAULT_EMERGENCY_STOP) && !ionto_sim_has(sim, IONTO_FAULT_EMERGENCY_DEAD)) {
        sense->emergency_stop = 1u;
    }
}

void ionto_sim_sample(struct ionto_sim *sim) {
    struct ionto_sense *sense = &sim->sense;
    const uint64_t bits = ionto_sim_draw(sim);
    const int32_t jitter_us = sim->electronics.jitter_us;
    const int32_t late_us = (int32_t)(((uint32_t)(bits >> 54) * (uint32_t)(2 * jitter_us + 1)) / 1024u) - jitter_us;

    sense->now_us = (uint32_t)(int64_t)sim->clock_us + (uint32_t)late_us;
    sense->switch_closed = sim->switch_closed;
    if (sense->contact != sim->contact && sim->time_us >= sim->contact_at_us) {
        sense->contact = sim->contact;
    }
    if (sim->faults == 0u) {
        sense->sample++;
        sense->measured_na = read_sound(&sim->sensor[SENSOR_A], sim->current_na, bits);
        sense->check_na = read_sound(&sim->sensor[SENSOR_B], sim->current_na, bits >> 18);
        sense->voltage_mv = read_sound(&sim->sensor[SENSOR_V], sim->voltage_mv, bits >> 36);
        sense->emergency_stop = 0u;
    } else {
        sample_faulty(sim, bits);
    }
}

/* What the DAC makes of it with its faults. */
static double convert_faulty(const struct ionto_sim *sim, double given_na) {
    double faulty_na = given_na;
    if (ionto_sim_has(sim, IONTO_FAULT_DAC_GAIN)) {
        faulty_na *= (double)sim->fault_parameter[IONTO_FAULT_DAC_GAIN] / 1000.0;
    }
    if (ionto_sim_has(sim, IONTO_FAULT_DAC_SIGN)) {
        faulty_na = -faulty_na;
    }
    if (ionto_sim_has(sim, IONTO_FAULT_DAC_OFFSET)) {
        faulty_na += (double)sim->fault_parameter[IONTO_FAULT_DAC_OFFSET];
    }
    if (ionto_sim_has(sim, IONTO_FAULT_DAC_STUCK)) {
        faulty_na = sim->dac_na;
    }
    if (ionto_sim_has(sim, IONTO_FAULT_DAC_RUNAWAY)) {
        faulty_na = (double)sim->fault_parameter[IONTO_FAULT_DAC_RUNAWAY];
    }
    return faulty_na;
}

void ionto_sim_command_switch(struct ionto_sim *sim, uint32_t closed) {
    if (sim->switch_wanted != closed) {
        sim->switch_wanted = closed;
        sim->switch_at_us = sim->time_us + sim->electronics.switch_us;
    }
}

void ionto_sim_obey(struct ionto_sim *sim, struct ionto_drive drive) {
    double steps = (double)drive.current_na * sim->dac_per_step;
    double given_na;

    steps = steps > sim->dac_full_steps ? sim->dac_full_steps : steps;
    steps = steps < -sim->dac_full_steps ? -sim->dac_full_steps : steps;
    given_na = (double)ionto_sim_whole(steps) * sim->dac_gain_na + (double)sim->electronics.dac_offset_na;
    if (sim->faults != 0u) {
        given_na = convert_faulty(sim, given_na);
    }
    sim->dac_na = given_na;
    sim->drive = drive;
    sim->drive_at_us = sim->time_us;
    ionto_sim_command_switch(sim, drive.switch_closed == 1u ? 1u : 0u);
}

void ionto_sim_release(struct ionto_sim *sim) {
    sim->drive.current_na = 0;
    sim->drive.switch_closed = 0u;
    sim->dac_na = 0.0;
    ionto_sim_command_switch(sim, 0u);
}
