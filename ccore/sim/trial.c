/*
 * trial.c: one trial of the fault campaign: the supervisor and the operator of a trial, and who watches the current.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ionto_trial.h"

#define FNV_START 14695981039346656037u
#define FNV_PRIME 1099511628211u
#define NEVER (-1)
#define FASTEST_NA_PER_US (IONTO_RISE_MAX_UA_PER_S / 1000)

enum stage { STAGE_REST = 0, STAGE_RUN = 1, STAGE_AGAIN = 2, STAGE_STOP = 3, STAGE_PRESS = 4, STAGE_END = 5 };

/* Everything that a trial keeps from period to period. */
struct course {
    struct ionto_sim sim;
    const struct ionto_trial *trial;
    struct ionto_trial_outcome *outcome;
    enum stage stage;
    int64_t fault_at_us;
    int64_t stage_at_us;
    int64_t spoke_at_us;
    int64_t quiet_us;           /* how long nothing has flowed */
    int64_t flowed_at_us;
    int64_t trip_at_us;
    int64_t cut_at_us;
    int64_t stop_at_us;
    int64_t press_at_us;
    int64_t step_us;            /* since a step, while more flows than a step may be */
    double last_na;
    double ramp_na[2];          /* what a ramp allows in each direction, from what flowed before */
    uint32_t heartbeat;
    uint32_t cleared;           /* the fault has ended */
    uint32_t lifted;            /* 1: a hand is away, 2: it is back */
    uint32_t disarmed;          /* RUN stood while the core had no power, and no STOP came since */
};

/* ---- who watches ---------------------------------------------------------------------------------------- */

static double magnitude(double value) {
    return value < 0.0 ? -value : value;
}

/* How long a condition has held, all in all; beyond the time that is allowed it is hazardous. */
static void count(struct course *c, int holds, int64_t period_us, int64_t *in_all_us, int64_t allowed_us, uint32_t hazard) {
    if (holds != 0) {
        *in_all_us += period_us;
    }
    if (*in_all_us > allowed_us) {
        c->outcome->hazards |= hazard;
    }
}

static void keep_most(double *most, double value) {
    if (value > *most) {
        *most = value;
    }
}

/* The step from one period to the next: up, or to the other direction. */
static double step_of(double before_na, double now_na) {
    double step_na = magnitude(now_na) - magnitude(before_na);
    if (before_na * now_na < 0.0) {
        step_na = magnitude(now_na - before_na);
    }
    return step_na;
}

/* How far one direction is beyond the ramp from what flowed before, which follows at once downwards. */
static double beyond_ramp(double *allowed_na, double flowing_na, double rise_na) {
    double beyond_na = 0.0;
    *allowed_na += rise_na;
    if (flowing_na <= *allowed_na) {
        *allowed_na = flowing_na;
    } else {
        beyond_na = flowing_na - *allowed_na;
    }
    return beyond_na;
}

static void digest(struct ionto_trial_outcome *outcome, uint64_t value) {
    outcome->digest = (outcome->digest ^ value) * FNV_PRIME;
}

/* What a supervisor would be told now; the core itself is not asked, since that begins the extremes anew. */
static void digest_report(struct course *c) {
    struct ionto_core core = c->sim.core;
    struct ionto_telemetry telemetry;
    const unsigned char *byte = (const unsigned char *)&telemetry;
    uint32_t at;
    ionto_report(&core, &telemetry);
    for (at = 0u; at < (uint32_t)sizeof telemetry; at++) {
        digest(c->outcome, byte[at]);
    }
}

static void digest_period(struct course *c) {
    const struct ionto_sense *sense = &c->sim.sense;
    struct ionto_trial_outcome *outcome = c->outcome;
    digest(outcome, (uint64_t)(int64_t)c->sim.current_na);
    digest(outcome, (uint64_t)(int64_t)c->sim.voltage_mv);
    digest(outcome, (uint64_t)c->sim.time_us);
    digest(outcome, (uint64_t)(int64_t)c->sim.drive.current_na);
    digest(outcome, ((uint64_t)c->sim.drive.switch_closed << 32) | c->sim.switch_closed);
    digest(outcome, ((uint64_t)c->sim.said.phase << 32) | c->sim.said.trips);
    digest(outcome, ((uint64_t)(uint32_t)sense->measured_na << 32) | (uint32_t)sense->check_na);
    digest(outcome, ((uint64_t)(uint32_t)sense->voltage_mv << 32) | sense->now_us);
    digest(outcome, ((uint64_t)sense->sample << 32) | (sense->contact * 4u + sense->switch_closed * 2u + c->sim.powered));
    digest(outcome, ((uint64_t)c->sim.request.command << 32) | c->sim.request.heartbeat);
    digest(outcome, ((uint64_t)c->sim.request.acknowledge << 32) | (uint32_t)c->sim.request.target_na);
}

/* Times and charges that are hazardous in all. */
static void watch_totals(struct course *c, struct ionto_drive driven, int64_t period_us) {
    const struct ionto_trial *trial = c->trial;
    struct ionto_trial_outcome *outcome = c->outcome;
    const double na = c->sim.current_na;
    const double size_na = magnitude(na);
    const double driven_na = (double)driven.current_na;
    const double right_na = na * driven_na > 0.0 ? magnitude(driven_na) : 0.0;
    const double zero_na = (double)trial->zero_na;
    const double astray_na = (double)trial->astray_na;
    const int off = driven.current_na == 0 && driven.switch_closed == 0u;
    const int unasked = c->stage == STAGE_REST || c->stage == STAGE_AGAIN || c->disarmed != 0u;
    const int against = na * (double)trial->target_na < 0.0 && size_na > astray_na;

    count(c, size_na > (double)trial->over_na, period_us, &outcome->over_us, trial->react_us, IONTO_TRIAL_OVER);
    count(c, size_na - right_na > astray_na, period_us, &outcome->astray_us, trial->react_us, IONTO_TRIAL_ASTRAY);
    count(c, off && size_na > zero_na, period_us, &outcome->while_off_us, trial->react_us, IONTO_TRIAL_WHILE_OFF);
    count(c, unasked && size_na > zero_na, period_us, &outcome->unasked_us, trial->react_us, IONTO_TRIAL_UNASKED);
    count(c, size_na > zero_na, period_us, &outcome->flowed_us, trial->flow_us, IONTO_TRIAL_TOO_LONG);
    count(c, magnitude(c->sim.voltage_mv) > (double)trial->high_mv, period_us, &outcome->high_us, trial->react_us,
          IONTO_TRIAL_VOLTAGE);
    if (trial->against_us != 0) {
        count(c, against, period_us, &outcome->against_us, trial->against_us, IONTO_TRIAL_AGAINST);
    }
    if (c->sim.positive_fc > (double)trial->each_fc || c->sim.negative_fc > (double)trial->each_fc ||
        c->sim.positive_fc + c->sim.negative_fc > (double)trial->total_fc) {
        outcome->hazards |= IONTO_TRIAL_TOO_MUCH;
    }
    outcome->charge_fc += size_na * (double)period_us;
    if (size_na > right_na) {
        outcome->astray_fc += (size_na - right_na) * (double)period_us;
    }
}

/* Steps, the largest current, and how long it has been quiet. */
static void watch_course(struct course *c, struct ionto_drive driven, int64_t period_us) {
    const struct ionto_trial *trial = c->trial;
    struct ionto_trial_outcome *outcome = c->outcome;
    const double na = c->sim.current_na;
    const double size_na = magnitude(na);
    const double rise_na = (double)(FASTEST_NA_PER_US * period_us);
    const double positive_na = beyond_ramp(&c->ramp_na[0], na > 0.0 ? na : 0.0, rise_na);
    const double negative_na = beyond_ramp(&c->ramp_na[1], na < 0.0 ? -na : 0.0, rise_na);
    const double beyond_na = positive_na > negative_na ? positive_na : negative_na;
    const int off = driven.current_na == 0 && driven.switch_closed == 0u;
    const int over = off || size_na <= (double)trial->step_na;

    keep_most(&outcome->peak_na, size_na);
    keep_most(&outcome->peak_mv, magnitude(c->sim.voltage_mv));
    keep_most(&outcome->rise_na, beyond_na);
    keep_most(&outcome->tick_na, step_of(c->last_na, na));
    keep_most(&outcome->drop_na, magnitude(c->last_na) - size_na);
    c->last_na = na;
    c->step_us = !over && (c->step_us > 0 || beyond_na > (double)trial->step_na) ? c->step_us + period_us : 0;
    if (c->step_us > outcome->step_us) {
        outcome->step_us = c->step_us;
    }
    if (c->step_us > trial->react_us) {
        outcome->hazards |= IONTO_TRIAL_STEP;
    }
    if (size_na > (double)trial->zero_na) {
        c->flowed_at_us = c->sim.time_us;
        c->quiet_us = 0;
    } else {
        c->quiet_us += period_us;
    }
}

/* Trips that the fault brought; the emergency stop at the end brings its own. */
static void watch_trips(struct course *c) {
    struct ionto_trial_outcome *outcome = c->outcome;
    const uint32_t fresh = c->sim.said.trips & ~outcome->trips_before;
    if (c->stage < STAGE_PRESS && c->sim.powered != 0u) {
        if (fresh != 0u && outcome->trips == 0u) {
            c->trip_at_us = c->sim.time_us;
            outcome->first_trip = c->sim.core.guard.state.first_trip;
            if (outcome->trips_before != 0u) {
                outcome->first_trip = 1u;
                while (((fresh >> (outcome->first_trip - 1u)) & 1u) == 0u) {
                    outcome->first_trip++;
                }
            }
        }
        outcome->trips |= fresh;
    }
    if (c->cut_at_us == NEVER) {
        outcome->until_cut_fc = outcome->charge_fc;
        if (c->trip_at_us != NEVER && c->quiet_us > 0) {
            c->cut_at_us = c->sim.time_us - c->quiet_us;
        }
    }
}

/* ---- supervisor and operator ---------------------------------------------------------------------------- */

static void enter(struct course *c, enum stage stage) {
    c->stage = stage;
    c->stage_at_us = c->sim.time_us;
    c->spoke_at_us = c->sim.time_us - c->trial->exchange_us; /* a new request is spoken at once */
    if (stage == STAGE_STOP) {
        c->stop_at_us = c->sim.time_us;
    }
    if (stage == STAGE_PRESS) {
        c->press_at_us = c->sim.time_us;
        (void)ionto_sim_inject(&c->sim, IONTO_FAULT_EMERGENCY_STOP, 0);
    }
}

/* One stage further where it is time; several where some take no time. */
static void go_on(struct course *c) {
    const struct ionto_trial *trial = c->trial;
    const int settled = c->quiet_us >= trial->settle_us;
    const int tripped = c->sim.powered != 0u && c->sim.said.phase == IONTO_PHASE_FAULT;
    int64_t in_stage_us = c->sim.time_us - c->stage_at_us;

    if (c->stage == STAGE_REST && in_stage_us >= trial->rest_us) {
        enter(c, STAGE_RUN);
        in_stage_us = 0;
    }
    if (c->stage == STAGE_RUN && in_stage_us >= trial->run_us) {
        enter(c, trial->stop_us == 0 ? STAGE_PRESS : STAGE_STOP);
    } else if (c->stage == STAGE_RUN && tripped && settled && in_stage_us >= trial->settle_us) {
        enter(c, STAGE_AGAIN);
    } else if (c->stage == STAGE_AGAIN && in_stage_us >= trial->settle_us) {
        enter(c, STAGE_PRESS);
    } else if (c->stage == STAGE_STOP && (in_stage_us >= trial->stop_us || (settled && in_stage_us >= trial->settle_us))) {
        enter(c, STAGE_PRESS);
    } else if (c->stage == STAGE_PRESS && in_stage_us >= trial->press_us) {
        c->stage = STAGE_END;
    } else {
        /* this stage goes on */
    }
}

/* The request of now: an acknowledge is 0 in one exchange and 1 in the next. */
static void speak(struct course *c, struct ionto_request *request) {
    const int pressed_under_run = c->stage == STAGE_PRESS && c->trial->stop_us == 0;
    if (c->sim.time_us - c->spoke_at_us >= c->trial->exchange_us) {
        c->spoke_at_us = c->sim.time_us;
        c->heartbeat++;
        request->heartbeat = c->heartbeat;
        request->target_na = c->trial->target_na;
        request->command = IONTO_COMMAND_STOP;
        if (c->stage == STAGE_RUN || c->stage == STAGE_AGAIN || pressed_under_run) {
            request->command = IONTO_COMMAND_RUN;
        }
        request->acknowledge = c->stage == STAGE_REST || c->stage == STAGE_AGAIN ? c->heartbeat % 2u : 0u;
    }
}

static uint32_t inject(struct course *c) {
    const struct ionto_trial *trial = c->trial;
    uint32_t error = IONTO_SIM_OK;
    if (trial->watchdog == 0u) {
        c->sim.electronics.watchdog_us = 0;
    }
    if (trial->fault != 0u) {
        error = ionto_sim_inject(&c->sim, trial->fault, trial->parameter);
    }
    if (error == IONTO_SIM_OK && trial->second_fault != 0u) {
        error = ionto_sim_inject(&c->sim, trial->second_fault, trial->second_parameter);
    }
    return error;
}

/* The fault ends. A hand that was lifted or an electrode that was dry comes back by that. */
static void let_go(struct course *c) {
    if (c->trial->lasts_us != 0 && c->cleared == 0u && c->sim.time_us - c->fault_at_us >= c->trial->lasts_us) {
        c->cleared = 1u;
        (void)ionto_sim_clear(&c->sim, c->trial->fault);
    }
}

/* What patients do: a hand is lifted, and comes back. */
static void lift(struct course *c) {
    const int64_t after_us = c->sim.time_us - c->fault_at_us;
    if (c->trial->lift_us != 0 && c->lifted == 0u && after_us >= c->trial->lift_us) {
        c->lifted = 1u;
        (void)ionto_sim_inject(&c->sim, IONTO_FAULT_BODY_LIFT, c->trial->lift_permille);
    }
    if (c->lifted == 1u && after_us >= c->trial->lift_us + c->trial->away_us) {
        c->lifted = 2u;
        (void)ionto_sim_clear(&c->sim, IONTO_FAULT_BODY_LIFT);
    }
}

/* ---- the trial ------------------------------------------------------------------------------------------ */

static void begin(struct course *c) {
    static const struct ionto_trial_outcome NOTHING;
    struct ionto_trial_outcome *outcome = c->outcome;
    *outcome = NOTHING;
    outcome->digest = FNV_START;
    outcome->phase = c->sim.said.phase;
    outcome->trips_before = c->sim.said.trips;
    c->fault_at_us = c->sim.time_us;
    c->flowed_at_us = c->sim.time_us;
    c->trip_at_us = NEVER;
    c->cut_at_us = NEVER;
    c->stop_at_us = NEVER;
    c->press_at_us = NEVER;
    c->quiet_us = 0;
    c->step_us = 0;
    c->last_na = c->sim.current_na;
    c->ramp_na[0] = c->sim.current_na > 0.0 ? c->sim.current_na : 0.0;
    c->ramp_na[1] = c->sim.current_na < 0.0 ? -c->sim.current_na : 0.0;
    c->heartbeat = c->sim.request.heartbeat;
    c->cleared = 0u;
    c->lifted = 0u;
    c->disarmed = 0u;
    enter(c, STAGE_REST);
}

static int64_t since(int64_t from_us, int64_t to_us) {
    int64_t time_us = NEVER;
    if (from_us != NEVER) {
        time_us = to_us > from_us ? to_us - from_us : 0;
    }
    return time_us;
}

static void conclude(struct course *c) {
    const struct ionto_trial *trial = c->trial;
    struct ionto_trial_outcome *outcome = c->outcome;
    outcome->trip_us = since(c->fault_at_us, c->trip_at_us);
    outcome->zero_us = since(c->fault_at_us, c->flowed_at_us);
    outcome->cut_us = c->cut_at_us == NEVER ? NEVER : since(c->trip_at_us, c->cut_at_us);
    outcome->after_stop_us = since(c->stop_at_us, c->flowed_at_us);
    outcome->after_press_us = since(c->press_at_us, c->flowed_at_us);
    outcome->flows = c->quiet_us == 0 ? 1u : 0u;
    if (outcome->after_stop_us > trial->fall_us) {
        outcome->hazards |= IONTO_TRIAL_NO_STOP;
    }
    if (outcome->after_press_us > trial->react_us) {
        outcome->hazards |= IONTO_TRIAL_NO_EMERGENCY;
    }
    if (trial->alone_us != 0 && outcome->zero_us > trial->alone_us) {
        outcome->hazards |= IONTO_TRIAL_ALONE;
    }
}

void ionto_trial_run(const struct ionto_sim *scene, const struct ionto_trial *trial, struct ionto_trace *trace,
                     struct ionto_trial_outcome *outcome) {
    struct course course;
    struct ionto_request request = scene->request;

    course.sim = *scene;
    course.trial = trial;
    course.outcome = outcome;
    begin(&course);
    outcome->error = inject(&course);
    digest_report(&course);
    while (course.stage != STAGE_END && outcome->error == IONTO_SIM_OK && outcome->full == 0u) {
        const struct ionto_drive driven = course.sim.drive;
        const int64_t began_us = course.sim.time_us;
        const uint32_t powered = course.sim.powered;
        const uint32_t carried_trips = course.sim.carried_trips;
        go_on(&course);
        let_go(&course);
        lift(&course);
        speak(&course, &request);
        if (course.stage != STAGE_END) {
            const uint32_t rows = trace != 0 ? trace->count : 0u;
            (void)ionto_sim_run(&course.sim, &request, 1u, IONTO_EVENT_NONE, trace);
            outcome->full = (course.sim.events & IONTO_EVENT_TRACE) != 0u ? 1u : 0u;
            if (powered == 0u && course.sim.powered != 0u) {
                outcome->power_rows = rows;
                outcome->power_trips = carried_trips;
                outcome->power_periods = outcome->periods + 1u;
                course.disarmed = course.stage == STAGE_RUN ? 1u : 0u;
            }
            outcome->periods++;
            watch_totals(&course, driven, course.sim.time_us - began_us);
            watch_course(&course, driven, course.sim.time_us - began_us);
            digest_period(&course);
            watch_trips(&course);
        }
    }
    digest_report(&course);
    conclude(&course);
}
