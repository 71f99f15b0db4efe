/*
 * ionto_trial.h: one trial of the fault campaign: a fault in a simulated device that is in the midst of a session.
 *
 * A trial begins with a copy of a simulation (the scene), injects a fault, plays a supervisor and an operator until the
 * end, and looks at the current that really flows: at every period, steps or not. What is hazardous is said here in
 * terms of that current, of what was asked for and of what was driven: never of what the core says of itself. Whether the
 * core kept its invariants is judged elsewhere, on the trace.
 *
 *     fault
 *       |--- rest: STOP ---|--- run: RUN ---|--- stop: STOP, until zero ---|--- emergency stop ---|
 *                             |    |   `-- where the trial has no stop: at once, under RUN -------'
 *                             |    `-- once the core is in fault and nothing flows: RUN again, acknowledged -'
 *                             `-- where the trial says so: a hand is lifted, and comes back
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IONTO_TRIAL_H
#define IONTO_TRIAL_H

#include "ionto_sim.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What is hazardous, in sums of these. "For too long" is longer than react_us of the trial: in one piece or in many, so that
 * what comes and goes is not overlooked.
 */
enum ionto_trial_hazard {
    IONTO_TRIAL_SAFE = 0,
    IONTO_TRIAL_OVER = 1,       /* more than over_na flows, for too long */
    IONTO_TRIAL_ASTRAY = 2,     /* more than was driven and astray_na flows, or in the other direction, for too long */
    IONTO_TRIAL_WHILE_OFF = 4,  /* more than zero_na flows while the output is off, for too long */
    IONTO_TRIAL_STEP = 8,       /* step_na more flows at once than the fastest ramp of all (IONTO_RISE_MAX_UA_PER_S)
                                 * allows from what flowed before, and neither is the output off soon after it nor
                                 * does no more than step_na flow */
    IONTO_TRIAL_NO_STOP = 16,   /* current flows for longer than fall_us after STOP */
    IONTO_TRIAL_NO_EMERGENCY = 32, /* current flows for longer than react_us after the emergency stop */
    IONTO_TRIAL_ALONE = 64,     /* current flows for longer than alone_us after the fault */
    IONTO_TRIAL_UNASKED = 128,  /* more than zero_na flows that nobody asks for, for too long: at rest, or under a RUN that
                                 * stood while the core was in fault or without power, and no STOP came since */
    IONTO_TRIAL_AGAINST = 256,  /* more than astray_na flows against the direction of target_na, for longer than against_us */
    IONTO_TRIAL_TOO_LONG = 512, /* current flows for longer than flow_us in all */
    IONTO_TRIAL_TOO_MUCH = 1024, /* each_fc in one direction, or total_fc in both, has gone through since the scene began */
    IONTO_TRIAL_VOLTAGE = 2048  /* more than high_mv stands at the output, for too long */
};

/* What is done in a trial. Times are true time, of any value from 0 on; a fault is injected before the first period. */
struct ionto_trial {
    int64_t lasts_us;           /* the fault is cleared after this; 0: it stays */
    int64_t rest_us;            /* STOP, and what is latched is acknowledged */
    int64_t run_us;             /* RUN with target_na */
    int64_t stop_us;            /* STOP for this long at most, until nothing flows; 0: the emergency stop in its place */
    int64_t press_us;           /* the emergency stop is pressed for this long, and the trial ends */
    int64_t settle_us;          /* this long in fault without current, then RUN is acknowledged for as long; not 0 */
    int64_t exchange_us;        /* the supervisor speaks this often; not 0 */
    int64_t react_us;           /* what is hazardous above, for longer than this */
    int64_t fall_us;            /* from STOP to zero */
    int64_t alone_us;           /* from the fault to zero, with nobody to stop it; 0: not judged */
    int64_t lift_us;            /* a hand is lifted this long after the fault; 0: none is */
    int64_t away_us;            /* ... and comes back after this */
    int64_t against_us;         /* 0: not judged, since who asks is what fails */
    int64_t flow_us;            /* of current from the fault on */
    int64_t each_fc;            /* from the beginning of the scene on, in each direction */
    int64_t total_fc;           /* ... and in both */
    uint32_t fault;             /* enum ionto_fault; 0: none, for comparison */
    int32_t parameter;
    uint32_t second_fault;      /* another one at the same time; 0: none */
    int32_t second_parameter;
    uint32_t watchdog;          /* 1: as the scene has it, 0: none is fitted */
    int32_t target_na;          /* of every request */
    int32_t lift_permille;      /* of that hand's area stays in the water: 0 to 999 */
    int32_t over_na;
    int32_t astray_na;
    int32_t zero_na;            /* as much as this counts as zero */
    int32_t step_na;
    int32_t high_mv;
};

/* What came of it. A time of -1 did not come. */
struct ionto_trial_outcome {
    int64_t trip_us;            /* from the fault to the first trip that was not latched before */
    int64_t zero_us;            /* from the fault to the last moment at which current flowed; 0: it never did */
    int64_t cut_us;             /* from that trip to the first moment at which none flowed */
    int64_t after_stop_us;      /* from STOP to that moment, not below 0 */
    int64_t after_press_us;     /* from the emergency stop to that moment, not below 0 */
    int64_t over_us;            /* how long each of what is hazardous was there, all in all, whether hazardous or not */
    int64_t astray_us;
    int64_t while_off_us;
    int64_t unasked_us;
    int64_t against_us;
    int64_t flowed_us;
    int64_t high_us;
    int64_t step_us;            /* from a step to the output being off, or to no more than step_na */
    uint64_t digest;            /* of every period and of the reports at both ends: equal in trials that went alike */
    double charge_fc;           /* all that flowed from the fault on, both directions together */
    double until_cut_fc;        /* what of it flowed until the core had cut; all where it did not */
    double astray_fc;           /* what of it went beyond what was driven */
    double peak_na;             /* the largest magnitude */
    double peak_mv;             /* ... of the voltage at the output */
    double rise_na;             /* the most that flowed beyond what that ramp allows, in one period or gathered in some */
    double tick_na;             /* the largest step within one period: up, or to the other direction */
    double drop_na;             /* the largest fall within one period, towards zero */
    uint32_t phase;             /* of the core when the fault came: enum ionto_phase */
    uint32_t trips_before;      /* sums of bits, as in struct ionto_telemetry: latched when the fault came */
    uint32_t trips;             /* latched afterwards and not before, until the emergency stop */
    uint32_t first_trip;        /* enum ionto_trip: the first of them */
    uint32_t hazards;           /* enum ionto_trial_hazard */
    uint32_t flows;             /* 1: current flows at the end */
    uint32_t power_rows;        /* rows of the trace until the supply came back */
    uint32_t power_trips;       /* what the core was given then */
    uint32_t power_periods;     /* periods until then; 0: it did not come back */
    uint32_t periods;           /* lived through */
    uint32_t error;             /* enum ionto_sim_error of an injection that was refused, or IONTO_SIM_OK */
    uint32_t full;              /* 1: the trace was full, and nothing in this record is worth anything */
};

/*
 * One trial on a copy of the scene, which stays as it is; trace may be null. The same scene and trial give the same
 * outcome, bit by bit. The scene's core was started.
 */
void ionto_trial_run(const struct ionto_sim *scene, const struct ionto_trial *trial, struct ionto_trace *trace,
                     struct ionto_trial_outcome *outcome);

#ifdef __cplusplus
}
#endif

#endif
