/*
 * ionto_sim.c: time: the order of things within a tick, faults of timer, supply and supervisor, events, and the trace.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sim_parts.h"

#define PERIOD_WITHOUT_CORE_US 1000u
#define BITS_OF_THE_CORE ((int32_t)sizeof(struct ionto_core) * 8)

/* ---- faults -------------------------------------------------------------------------------------------- */

/* Every fault with the range of its parameter. */
static const struct fault_range {
    uint32_t fault;
    int32_t least;
    int32_t most;
} FAULT_RANGES[] = {
    {IONTO_FAULT_A_ZERO, 0, 0},
    {IONTO_FAULT_A_FULL, -1, 1},
    {IONTO_FAULT_A_LAST, 0, 0},
    {IONTO_FAULT_A_OFFSET, -1000000000, 1000000000},
    {IONTO_FAULT_A_GAIN, -2000, 10000},
    {IONTO_FAULT_A_NOISE, 0, 1000000000},
    {IONTO_FAULT_A_SLOW, 1, 1000000000},
    {IONTO_FAULT_B_ZERO, 0, 0},
    {IONTO_FAULT_B_FULL, -1, 1},
    {IONTO_FAULT_B_LAST, 0, 0},
    {IONTO_FAULT_B_OFFSET, -1000000000, 1000000000},
    {IONTO_FAULT_B_GAIN, -2000, 10000},
    {IONTO_FAULT_B_NOISE, 0, 1000000000},
    {IONTO_FAULT_B_SLOW, 1, 1000000000},
    {IONTO_FAULT_V_ZERO, 0, 0},
    {IONTO_FAULT_V_FULL, -1, 1},
    {IONTO_FAULT_V_LAST, 0, 0},
    {IONTO_FAULT_V_OFFSET, -1000000, 1000000},
    {IONTO_FAULT_V_GAIN, -2000, 10000},
    {IONTO_FAULT_V_NOISE, 0, 1000000},
    {IONTO_FAULT_V_SLOW, 1, 1000000000},
    {IONTO_FAULT_CONVERTER_DEAD, 0, 0},
    {IONTO_FAULT_CONTACT_STUCK, 0, 1},
    {IONTO_FAULT_DAC_STUCK, 0, 0},
    {IONTO_FAULT_DAC_RUNAWAY, -1000000000, 1000000000},
    {IONTO_FAULT_DAC_GAIN, 0, 10000},
    {IONTO_FAULT_DAC_SIGN, 0, 0},
    {IONTO_FAULT_DAC_OFFSET, -1000000000, 1000000000},
    {IONTO_FAULT_SWITCH_WELDED, 0, 0},
    {IONTO_FAULT_SWITCH_OPEN, 0, 0},
    {IONTO_FAULT_SWITCH_READBACK, 0, 1},
    {IONTO_FAULT_SWITCH_LEAK, -1000000000, 1000000000},
    {IONTO_FAULT_TICK_MISSED, 1, 1000000000},
    {IONTO_FAULT_TICK_DOUBLED, 1, 1000000000},
    {IONTO_FAULT_TIMER_FROZEN, 0, 0},
    {IONTO_FAULT_TIMER_SLOW, 1, 9000},
    {IONTO_FAULT_TIMER_FAST, 1, 900},
    {IONTO_FAULT_CLOCK_STOPPED, 0, 0},
    {IONTO_FAULT_CLOCK_SLOW, 1, 1000},
    {IONTO_FAULT_CLOCK_FAST, 1, 9000},
    {IONTO_FAULT_SUPERVISOR_FROZEN, 0, 0},
    {IONTO_FAULT_HEARTBEAT_LOST, 0, 0},
    {IONTO_FAULT_SUPERVISOR_STUCK, 0, 0},
    {IONTO_FAULT_SUPERVISOR_GARBAGE, 0, 1000},
    {IONTO_FAULT_SUPPLY_DIP, 0, 200000},
    {IONTO_FAULT_SUPPLY_LOST, 0, 2000000000},
    {IONTO_FAULT_SUPPLY_HIGH, 0, 200000},
    {IONTO_FAULT_BODY_LIFT, 0, 999},
    {IONTO_FAULT_BODY_RETURN, 0, 0},
    {IONTO_FAULT_BODY_FLICKER, 1, 1000000000},
    {IONTO_FAULT_BODY_SHORT, 0, 1000000},
    {IONTO_FAULT_BODY_DRY, 0, 0},
    {IONTO_FAULT_BODY_WET, 0, 0},
    {IONTO_FAULT_EMERGENCY_STOP, 0, 0},
    {IONTO_FAULT_EMERGENCY_DEAD, 0, 0},
    {IONTO_FAULT_MEMORY_FLIP, 0, BITS_OF_THE_CORE - 1},
};

static const struct fault_range *range_of(uint32_t fault) {
    const struct fault_range *found = 0;
    uint32_t index;
    for (index = 0u; index < (uint32_t)(sizeof FAULT_RANGES / sizeof FAULT_RANGES[0]); index++) {
        if (FAULT_RANGES[index].fault == fault) {
            found = &FAULT_RANGES[index];
        }
    }
    return found;
}

static void refresh(struct ionto_sim *sim) {
    ionto_sim_refresh_electronics(sim);
    ionto_sim_refresh_body(sim);
}

static void end(struct ionto_sim *sim, uint32_t fault) {
    if (ionto_sim_has(sim, fault)) {
        sim->fault_active[fault] = 0u;
        sim->faults--;
    }
}

static void flip(struct ionto_sim *sim, int32_t bit) {
    unsigned char *byte = (unsigned char *)&sim->core + bit / 8;
    *byte = (unsigned char)(*byte ^ (1u << (bit % 8)));
}

uint32_t ionto_sim_inject(struct ionto_sim *sim, uint32_t fault, int32_t parameter) {
    const struct fault_range *range = range_of(fault);
    uint32_t error = IONTO_SIM_OK;

    if (range == 0) {
        error = IONTO_SIM_ERROR_FAULT;
    } else if (!ionto_sim_within(parameter, range->least, range->most)) {
        error = IONTO_SIM_ERROR_PARAMETER;
    } else if (fault == IONTO_FAULT_MEMORY_FLIP) {
        flip(sim, parameter);
    } else if (fault == IONTO_FAULT_BODY_RETURN) {
        end(sim, IONTO_FAULT_BODY_LIFT);
        end(sim, IONTO_FAULT_BODY_FLICKER);
        end(sim, IONTO_FAULT_BODY_SHORT);
        sim->in_water = 1u;
        refresh(sim);
    } else {
        if (!ionto_sim_has(sim, fault)) {
            sim->fault_active[fault] = 1u;
            sim->faults++;
        }
        sim->fault_parameter[fault] = parameter;
        if (fault == IONTO_FAULT_A_SLOW) {
            sim->sensor[0].slow = sim->current_na;
        } else if (fault == IONTO_FAULT_B_SLOW) {
            sim->sensor[1].slow = sim->current_na;
        } else if (fault == IONTO_FAULT_V_SLOW) {
            sim->sensor[2].slow = sim->voltage_mv;
        } else if (fault == IONTO_FAULT_BODY_FLICKER) {
            sim->flicker_away = 1u;
            sim->flicker_at_us = sim->time_us + parameter;
        } else if (fault == IONTO_FAULT_SUPPLY_LOST) {
            sim->power_back_us = parameter == 0 ? INT64_MAX : sim->time_us + parameter;
        } else {
            /* the parameter says it all */
        }
        refresh(sim);
    }
    return error;
}

uint32_t ionto_sim_clear(struct ionto_sim *sim, uint32_t fault) {
    uint32_t error = IONTO_SIM_OK;
    if (range_of(fault) == 0) {
        error = IONTO_SIM_ERROR_FAULT;
    } else {
        end(sim, fault);
        refresh(sim);
    }
    return error;
}

/* ---- power --------------------------------------------------------------------------------------------- */

/* What the last step said: as in a report, which is not asked for because it would begin the extremes anew. */
static struct ionto_said listen(const struct ionto_core *core) {
    struct ionto_said said;
    said.phase = ionto_phase(core);
    said.limited_by = said.phase == IONTO_PHASE_FAULT ? (uint32_t)IONTO_LIMITED_BY_TRIP : core->regulator.limited_by;
    said.refused = core->regulator.refused;
    said.trips = said.phase == IONTO_PHASE_FAULT ? ionto_guard_trips(&core->guard) : 0u;
    return said;
}

static uint32_t power_on(struct ionto_sim *sim, uint32_t carried_trips) {
    const uint32_t error = ionto_init(&sim->core, &sim->config, carried_trips);
    sim->started = error == IONTO_OK ? 1u : 0u;
    sim->powered = sim->started;
    ionto_sim_release(sim);
    sim->drive_at_us = sim->time_us;
    if (error == IONTO_OK) {
        sim->tick_us = (uint32_t)sim->config.tick_us;
        sim->said = listen(&sim->core);
        sim->carried_trips = sim->said.trips;
        refresh(sim);
    }
    return error;
}

uint32_t ionto_sim_init(struct ionto_sim *sim, const struct ionto_body *body, const struct ionto_electronics *electronics,
                        uint64_t seed) {
    static const struct ionto_sim NOTHING;
    uint32_t error = ionto_sim_check_body(body);
    if (error == IONTO_SIM_OK) {
        error = ionto_sim_check_electronics(electronics);
    }
    if (error == IONTO_SIM_OK) {
        *sim = NOTHING;
        sim->body = *body;
        sim->electronics = *electronics;
        sim->random = seed;
        sim->flowing_us = -1;
        sim->tick_us = PERIOD_WITHOUT_CORE_US;
        sim->clock_us = (double)electronics->clock_start_us;
        sim->in_water = body->contact;
        sim->side[0].soak = (double)body->soak_start_permille / 1000.0;
        sim->side[1].soak = sim->side[0].soak;
        refresh(sim);
    }
    return error;
}

uint32_t ionto_sim_start(struct ionto_sim *sim, const struct ionto_config *config, uint32_t carried_trips) {
    uint32_t error = IONTO_SIM_ERROR_POWER;
    if (!ionto_sim_has(sim, IONTO_FAULT_SUPPLY_LOST)) {
        sim->config = *config;
        error = power_on(sim, carried_trips);
    }
    return error;
}

uint32_t ionto_sim_configure(struct ionto_sim *sim, const struct ionto_config *config) {
    uint32_t error = IONTO_SIM_ERROR_POWER;
    if (sim->powered != 0u) {
        error = ionto_configure(&sim->core, config);
        if (error == IONTO_OK) {
            sim->config = *config;
            sim->tick_us = (uint32_t)config->tick_us;
            refresh(sim);
        }
    }
    return error;
}

/* The supply goes and comes back, of a core that was started. */
static void supply(struct ionto_sim *sim) {
    if (ionto_sim_has(sim, IONTO_FAULT_SUPPLY_LOST) && sim->time_us >= sim->power_back_us) {
        end(sim, IONTO_FAULT_SUPPLY_LOST);
    }
    if (ionto_sim_has(sim, IONTO_FAULT_SUPPLY_LOST)) {
        if (sim->powered != 0u) {
            sim->powered = 0u;
            ionto_report(&sim->core, &sim->telemetry);
            ionto_sim_release(sim);
            sim->events |= IONTO_EVENT_POWER;
        }
    } else if (sim->powered == 0u && sim->started != 0u) {
        sim->clock_us = (double)sim->electronics.clock_start_us;
        sim->sense.sample = 0u;
        (void)power_on(sim, sim->carried_trips);
        sim->events |= IONTO_EVENT_POWER;
    } else {
        /* nothing changed */
    }
}

/* ---- a tick --------------------------------------------------------------------------------------------- */

/* How many steps happen at the end of the period that begins now. */
static uint32_t steps_in_period(const struct ionto_sim *sim) {
    uint32_t steps = sim->powered;
    if (sim->faults != 0u && steps != 0u) {
        if (ionto_sim_has(sim, IONTO_FAULT_TIMER_FROZEN) || ionto_sim_has(sim, IONTO_FAULT_TICK_MISSED)) {
            steps = 0u;
        } else if (ionto_sim_has(sim, IONTO_FAULT_TICK_DOUBLED)) {
            steps = 2u;
        } else {
            steps = 1u;
        }
    }
    return steps;
}

/* Counts one period of a fault that lasts for a number of them. */
static void count_down(struct ionto_sim *sim, uint32_t fault) {
    if (ionto_sim_has(sim, fault)) {
        sim->fault_parameter[fault]--;
        if (sim->fault_parameter[fault] == 0) {
            end(sim, fault);
        }
    }
}

/* What faults do at the beginning of a period. */
static void begin_faulty(struct ionto_sim *sim) {
    if (ionto_sim_has(sim, IONTO_FAULT_BODY_FLICKER) && sim->time_us >= sim->flicker_at_us) {
        sim->flicker_away = 1u - sim->flicker_away;
        sim->flicker_at_us = sim->time_us + sim->fault_parameter[IONTO_FAULT_BODY_FLICKER];
        ionto_sim_refresh_body(sim);
    }
    if (ionto_sim_has(sim, IONTO_FAULT_SWITCH_WELDED)) {
        sim->switch_closed = 1u;
    }
    if (ionto_sim_has(sim, IONTO_FAULT_SWITCH_OPEN)) {
        sim->switch_closed = 0u;
    }
    if (ionto_sim_has(sim, IONTO_FAULT_DAC_RUNAWAY) && sim->powered != 0u) {
        sim->dac_na = (double)sim->fault_parameter[IONTO_FAULT_DAC_RUNAWAY];
    }
}

static void begin_period(struct ionto_sim *sim) {
    const int64_t ends_us = sim->time_us + (int64_t)sim->period_us;
    if (sim->powered != 0u && sim->electronics.watchdog_us != 0 &&
        ends_us - sim->drive_at_us > sim->electronics.watchdog_us) {
        ionto_sim_command_switch(sim, 0u);
    }
    if (sim->time_us >= sim->switch_at_us) {
        sim->switch_closed = sim->switch_wanted;
    }
    if (sim->faults != 0u) {
        begin_faulty(sim);
    }
    sim->time_us = ends_us;
    sim->clock_us += sim->clock_per_tick_us;
}

/*
 * A request without sense: half of the targets are near the limit, to either side of it, the others anywhere. The direction
 * changes but every other second, on average, so that current comes of it.
 */
static void receive_garbage(struct ionto_sim *sim) {
    const uint64_t bits = ionto_sim_draw(sim);
    const uint32_t turns = (uint32_t)(ionto_sim_draw(sim) % 2000u) == 0u ? 1u : 0u;
    const uint32_t run_permille = (uint32_t)sim->fault_parameter[IONTO_FAULT_SUPERVISOR_GARBAGE];
    const int32_t near_na = sim->config.limit_na + (int32_t)(bits & 3u) - 2;
    const int32_t sign = (sim->request.target_na < 0) == (turns != 0u) ? 1 : -1;
    sim->request.target_na = (bits & 8u) != 0u ? sign * near_na : sign * (int32_t)((bits >> 33) & INT32_MAX);
    sim->request.acknowledge = (uint32_t)(bits >> 4) & 1u;
    sim->request.heartbeat = (uint32_t)(bits >> 5);
    if ((uint32_t)(bits >> 16) % 1000u < run_permille) {
        sim->request.command = IONTO_COMMAND_RUN;
    } else {
        sim->request.command = IONTO_COMMAND_RUN + 1u + ((uint32_t)(bits >> 8) & INT32_MAX);
    }
}

/* The request as it reaches the core. */
static void receive(struct ionto_sim *sim, const struct ionto_request *request) {
    uint32_t heartbeat = request->heartbeat;
    if (sim->faults != 0u && ionto_sim_has(sim, IONTO_FAULT_HEARTBEAT_LOST)) {
        heartbeat = sim->request.heartbeat;
    }
    if (sim->faults != 0u && ionto_sim_has(sim, IONTO_FAULT_SUPERVISOR_GARBAGE)) {
        receive_garbage(sim);
    } else if (sim->faults != 0u && ionto_sim_has(sim, IONTO_FAULT_SUPERVISOR_STUCK)) {
        sim->request.heartbeat = heartbeat;
    } else if (sim->faults == 0u || !ionto_sim_has(sim, IONTO_FAULT_SUPERVISOR_FROZEN)) {
        sim->request = *request;
        sim->request.heartbeat = heartbeat;
    } else {
        /* the core goes on seeing what it saw */
    }
}

/* What happened at a step, against the step before it. */
static uint32_t events_of(const struct ionto_sim *sim, struct ionto_said now, struct ionto_drive drive, uint32_t contact) {
    uint32_t events = IONTO_EVENT_NONE;
    if (now.phase != sim->said.phase) {
        events |= IONTO_EVENT_PHASE;
    }
    if ((now.trips & ~sim->said.trips) != 0u) {
        events |= IONTO_EVENT_TRIP;
    }
    if ((sim->said.trips & ~now.trips) != 0u) {
        events |= IONTO_EVENT_CLEARED;
    }
    if (now.refused != sim->said.refused) {
        events |= IONTO_EVENT_REFUSED;
    }
    if (now.limited_by != sim->said.limited_by) {
        events |= IONTO_EVENT_LIMITED;
    }
    if (contact != sim->sense.contact) {
        events |= IONTO_EVENT_CONTACT;
    }
    if (sim->drive.current_na != 0 && drive.current_na == 0) {
        events |= IONTO_EVENT_ZERO;
    }
    if (drive.switch_closed != sim->drive.switch_closed) {
        events |= IONTO_EVENT_SWITCH;
    }
    return events;
}

/* ---- the trace ------------------------------------------------------------------------------------------- */

#define RECORD(column, value) \
    if (trace->column != 0) { \
        trace->column[row] = (value); \
    }

static void record(struct ionto_trace *trace, const struct ionto_sim *sim, struct ionto_said said, struct ionto_drive drive) {
    const uint32_t row = trace->count;
    const struct ionto_guard_state *guard = &sim->core.guard.state;
    const struct ionto_regulator_state *regulator = &sim->core.regulator.state;
    const struct ionto_telemetry *telemetry = &sim->core.telemetry;
    const struct ionto_sense *sense = &sim->sense;
    RECORD(time_us, sim->time_us)
    RECORD(energised_us, guard->energised_us)
    RECORD(driven_positive_fc, guard->positive_fc)
    RECORD(driven_negative_fc, guard->negative_fc)
    RECORD(measured_positive_fc, telemetry->measured_positive_fc)
    RECORD(measured_negative_fc, telemetry->measured_negative_fc)
    RECORD(command, sim->request.command)
    RECORD(acknowledge, sim->request.acknowledge)
    RECORD(heartbeat, sim->request.heartbeat)
    RECORD(requested_na, sim->request.target_na)
    RECORD(target_na, regulator->target_na)
    RECORD(proposal_na, regulator->level_na)
    RECORD(drive_na, drive.current_na)
    RECORD(switch_closed, drive.switch_closed)
    RECORD(phase, said.phase)
    RECORD(limited_by, said.limited_by)
    RECORD(refused, said.refused)
    RECORD(first_trip, guard->first_trip)
    RECORD(trips, said.trips)
    RECORD(measured_na, sense->measured_na)
    RECORD(check_na, sense->check_na)
    RECORD(voltage_mv, sense->voltage_mv)
    RECORD(contact, sense->contact)
    RECORD(switch_readback, sense->switch_closed)
    RECORD(emergency_stop, sense->emergency_stop)
    RECORD(sample, sense->sample)
    RECORD(now_us, sense->now_us)
    RECORD(true_na, ionto_sim_whole(sim->current_na))
    RECORD(true_voltage_mv, ionto_sim_whole(sim->voltage_mv))
    RECORD(true_contact, sim->contact)
    RECORD(true_switch, sim->switch_closed)
    trace->count++;
}

/* ---- running --------------------------------------------------------------------------------------------- */

static uint32_t step(struct ionto_sim *sim, struct ionto_trace *trace) {
    const uint32_t contact = sim->sense.contact;
    struct ionto_drive drive;
    struct ionto_said said;
    uint32_t events;

    ionto_sim_sample(sim);
    drive = ionto_step(&sim->core, &sim->sense, &sim->request);
    said = listen(&sim->core);
    events = events_of(sim, said, drive, contact);
    if (trace != 0) {
        record(trace, sim, said, drive);
    }
    sim->said = said;
    sim->carried_trips = said.trips;
    ionto_sim_obey(sim, drive);
    return events;
}

uint32_t ionto_sim_run(struct ionto_sim *sim, const struct ionto_request *request, uint32_t ticks, uint32_t stop_on,
                       struct ionto_trace *trace) {
    uint32_t done = 0u;
    uint32_t stop = 0u;

    sim->events = IONTO_EVENT_NONE;
    while (done < ticks && stop == 0u) {
        uint32_t steps;
        supply(sim);
        steps = steps_in_period(sim);
        if (trace != 0 && trace->capacity - trace->count < steps) {
            sim->events |= IONTO_EVENT_TRACE;
            stop = 1u;
        } else {
            begin_period(sim);
            ionto_sim_live(sim);
            if (sim->faults != 0u && sim->powered != 0u) {
                count_down(sim, IONTO_FAULT_TICK_MISSED);
                count_down(sim, IONTO_FAULT_TICK_DOUBLED);
            }
            receive(sim, request);
            while (steps > 0u) {
                sim->events |= step(sim, trace);
                steps--;
            }
            stop = sim->events & stop_on;
            done++;
        }
    }
    return done;
}

void ionto_sim_answer(struct ionto_sim *sim, struct ionto_sim_answer *answer) {
    if (sim->powered != 0u) {
        ionto_report(&sim->core, &sim->telemetry);
    }
    answer->time_us = sim->time_us;
    answer->events = sim->events;
    answer->powered = sim->powered;
    answer->telemetry = sim->telemetry;
}

void ionto_sim_truth(struct ionto_sim *sim, struct ionto_truth *truth) {
    const double magnitude_na = sim->current_na < 0.0 ? -sim->current_na : sim->current_na;
    truth->time_us = sim->time_us;
    truth->flowing_us = sim->flowing_us;
    truth->positive_fc = sim->positive_fc;
    truth->negative_fc = sim->negative_fc;
    truth->peak_na = sim->peak_na;
    truth->current_na = sim->current_na;
    truth->voltage_mv = sim->voltage_mv;
    truth->skin_a_ohm = 1e6 / sim->side[0].conductance_us;
    truth->skin_b_ohm = 1e6 / sim->side[1].conductance_us;
    truth->total_ohm = sim->series_mohm * 1e6;
    if (!ionto_sim_has(sim, IONTO_FAULT_BODY_SHORT)) {
        truth->total_ohm += truth->skin_a_ohm + truth->skin_b_ohm;
    }
    truth->contact = sim->contact;
    truth->switch_closed = sim->switch_closed;
    sim->peak_na = magnitude_na;
}
