/*
 * ionto_sim.h: a simulated body and simulated electronics around the control core.
 *
 * Never part of a device: floats are allowed here, and faults are switches. It gives the core, once a tick, the
 * struct ionto_sense that the hardware would give, does with the struct ionto_drive what the hardware would do, and
 * knows what no device can know: the current that really flows.
 *
 *     drive --> DAC --> output stage --> switch --> electrode | water | skin | inner body | skin | water | electrode
 *     sense <-- converter <-- two current sensors, voltage sensor, contact sense, switch read-back
 *
 * It advances many ticks in one call and stops at an event. All randomness comes from one seed: the same seed, the
 * same calls and the same compiled code give the same trace, bit by bit, however a run is cut into calls.
 *
 * Order of one tick: the body lives through one period of the timer under the last drive; the converter samples;
 * ionto_step() answers; the answer goes to the DAC and to the switch. So the sense of a step describes the period before it.
 *
 * Units are in every name, as in ionto.h. Permille and ppm are relative to the nominal value.
 *
 * Not simulated: electrode potentials (1 to 2 V of electrolysis), warming, a different skin under each electrode, and the
 * electroporation that short pulses above 60 V cause.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IONTO_SIM_H
#define IONTO_SIM_H

#include "ionto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What ionto_sim_init() refuses, one for each field; below 100 stands enum ionto_error of the core. */
enum ionto_sim_error {
    IONTO_SIM_OK = 0,
    IONTO_SIM_ERROR_AREA_A = 101,
    IONTO_SIM_ERROR_AREA_B = 102,
    IONTO_SIM_ERROR_DRY = 103,
    IONTO_SIM_ERROR_WET = 104,
    IONTO_SIM_ERROR_CAPACITANCE = 105,
    IONTO_SIM_ERROR_SOAK_START = 106,
    IONTO_SIM_ERROR_SOAK_TIME = 107,
    IONTO_SIM_ERROR_VOLTAGE_GAIN = 108,
    IONTO_SIM_ERROR_VOLTAGE_HALF = 109,
    IONTO_SIM_ERROR_FAST_SHARE = 110,
    IONTO_SIM_ERROR_FAST_TIME = 111,
    IONTO_SIM_ERROR_SLOW_TIME = 112,
    IONTO_SIM_ERROR_RECOVERY_TIME = 113,
    IONTO_SIM_ERROR_WATER = 114,
    IONTO_SIM_ERROR_INTERNAL = 115,
    IONTO_SIM_ERROR_OPEN = 116,
    IONTO_SIM_ERROR_CONTACT = 117,
    IONTO_SIM_ERROR_DAC_STEP = 201,
    IONTO_SIM_ERROR_DAC_FULL = 202,
    IONTO_SIM_ERROR_DAC_GAIN = 203,
    IONTO_SIM_ERROR_DAC_OFFSET = 204,
    IONTO_SIM_ERROR_STAGE_TIME = 205,
    IONTO_SIM_ERROR_COMPLIANCE = 206,
    IONTO_SIM_ERROR_A_STEP = 207,
    IONTO_SIM_ERROR_A_FULL = 208,
    IONTO_SIM_ERROR_A_GAIN = 209,
    IONTO_SIM_ERROR_A_OFFSET = 210,
    IONTO_SIM_ERROR_A_NOISE = 211,
    IONTO_SIM_ERROR_B_STEP = 212,
    IONTO_SIM_ERROR_B_FULL = 213,
    IONTO_SIM_ERROR_B_GAIN = 214,
    IONTO_SIM_ERROR_B_OFFSET = 215,
    IONTO_SIM_ERROR_B_NOISE = 216,
    IONTO_SIM_ERROR_V_STEP = 217,
    IONTO_SIM_ERROR_V_FULL = 218,
    IONTO_SIM_ERROR_V_GAIN = 219,
    IONTO_SIM_ERROR_V_OFFSET = 220,
    IONTO_SIM_ERROR_V_NOISE = 221,
    IONTO_SIM_ERROR_SWITCH_TIME = 222,
    IONTO_SIM_ERROR_CONTACT_TIME = 223,
    IONTO_SIM_ERROR_CLOCK_PPM = 224,
    IONTO_SIM_ERROR_JITTER = 225,
    IONTO_SIM_ERROR_WATCHDOG = 226,
    IONTO_SIM_ERROR_FAULT = 301,      /* ionto_sim_inject(), ionto_sim_clear(): no such fault */
    IONTO_SIM_ERROR_PARAMETER = 302,  /* ionto_sim_inject(): the parameter is outside the range of that fault */
    IONTO_SIM_ERROR_POWER = 303       /* ionto_sim_start(), ionto_sim_configure(): there is no core with power */
};

/*
 * The body between the electrodes. Two sides, A at the output's first terminal and B at the second; a positive current
 * enters at A. Each side is water in series with skin; skin is a resistance parallel to a capacitance. The skin's
 * conductance per area is
 *
 *     g = (g_dry + soak * (g_wet - g_dry)) * (1 + voltage_gain * (share * fast + (1 - share) * slow))
 *
 * where soak goes from soak_start to 1 in the water, and fast and slow both follow |v| / (|v| + voltage_half), v being the
 * voltage across that skin: the fast part within fast_ms, the slow part within slow_ms while it rises and within
 * recovery_ms while it falls. Slow states are brought up to date every 10 ms (every tick, when a tick is longer).
 *
 * Where the figures come from. "read" was read in the source named, "excerpt" was seen in part or second-hand, "assumption" is
 * general knowledge, unconfirmed:
 *   total of hands in trays     nominal 2 kohm, typical 4 to 6 kohm                         read: a device's guide
 *   8.5 V, salt and soda added  2.0 to 4.5 mA over 10 min, so 4.3 to 1.9 kohm               read: a builder's log
 *   hand to hand, wet, 60 Hz    2330 ohm in all, about 300 ohm of it inside the body        read: Dalziel, as quoted
 *   touch network               500 ohm in series with 1500 ohm parallel to 0.22 uF         read, the source not named
 *   voltage dependence          up to three decades between 0.2 and 60 V                    read: Chizmadzhev 1998
 *   recovery                    30 min after the current about 3 x the impedance at its end read: Curdy 2000
 *   onset                       a fast drop, then a slow change                             excerpt: Hahn 2013
 *   thin skin                   dry 100 to 200, soaked 10 to 50 kohm cm2; 10 to 40 nF/cm2   assumption
 *   slow drop                   20 to 60 s                                                  assumption
 *   palm                        ten times as thick: ten times the kohm cm2, a tenth of the nF/cm2   assumption
 *   area of a palm in the tray  150 cm2 (the tray's plate is 150 x 220 mm: read, SwiSto3 manual)    assumption
 * What is fitted is an assumption: the values with which the model comes near to the totals that were read.
 * With the defaults 15 mA need about 44 V when they are reached within 15 s, and 30 V after 20 min (2.9 and 2.0 kohm). At 8.5 V the
 * total goes within 10 min from 5.6 to 3.4 kohm, and with salt from 3.6 to 2.8 kohm.
 */
struct ionto_body {
    int32_t area_a_mm2;           /* skin in contact with side A; 10 to 200 000; default 15 000 */
    int32_t area_b_mm2;           /* ... and with side B */
    int32_t dry_ohm_cm2;          /* skin before it soaks, at 0 V; 1000 to 100 000 000; default 1 000 000 */
    int32_t wet_ohm_cm2;          /* soaked skin at 0 V; 1000 to dry_ohm_cm2; default 500 000 */
    int32_t capacitance_pf_cm2;   /* of skin; 10 to 1 000 000; default 2000, so 0.3 uF a palm */
    int32_t soak_start_permille;  /* how far the skin is soaked at the start; 0 to 1000; default 300 (assumption) */
    int32_t soak_ms;              /* time constant of soaking; 100 to 10 000 000; default 300 000 (assumption) */
    int32_t voltage_gain_permille; /* conductance at very high voltage over that at 0 V, less one; 0 to 1 000 000; default 20 000 (fitted) */
    int32_t voltage_half_mv;      /* skin voltage at which half of that is reached; 100 to 1 000 000; default 40 000 (fitted) */
    int32_t fast_share_permille;  /* the fast part of the drop at onset; 0 to 1000; default 500 (assumption) */
    int32_t fast_ms;              /* its time constant; 50 to 10 000; default 300 (assumption) */
    int32_t slow_ms;              /* time constant of the slow part, falling resistance; 50 to 10 000 000; default 40 000 */
    int32_t recovery_ms;          /* ... and rising resistance; 50 to 100 000 000; default 1 800 000 (fitted to Curdy) */
    int32_t water_ohm;            /* water and electrode of each side; 0 to 1 000 000; default 200 (assumption) */
    int32_t internal_ohm;         /* inside the body; 10 to 1 000 000; default 300 */
    int32_t open_ohm;             /* what is left when a hand is lifted; 1 000 000 to 2 000 000 000; default 100 000 000 (assumption) */
    uint32_t contact;             /* 1: the hands are in the water at the start, 0: they are not; default 1 */
};

/*
 * The electronics. Figures are those of ordinary parts (12 bit converters, 0.1 to 0.5 % resistors, a crystal and an RC
 * oscillator): assumption, all of them, but for the compliance of 60 V (market: 58 V, excerpt of R.A. Fischer's data).
 * Errors of gain, offset and noise are what is left after calibration. Noise is r.m.s., triangular, independent from tick to tick.
 */
struct ionto_electronics {
    int32_t dac_step_na;          /* resolution; 1 to 1 000 000; default 1000 */
    int32_t dac_full_na;          /* the largest current that the DAC can ask for; 1 000 000 to 200 000 000; default 40 000 000 */
    int32_t dac_gain_ppm;         /* error of gain; -200 000 to 200 000; default 1000 */
    int32_t dac_offset_na;        /* error at zero; -1 000 000 to 1 000 000; default 500 */
    int32_t stage_us;             /* time constant of the output stage; 1 to 100 000; default 50 */
    int32_t compliance_mv;        /* the most that the stage can give; 1000 to 200 000; default 60 000 */
    int32_t a_step_na;            /* first current sensor: resolution; 1 to 1 000 000; default 2000 */
    int32_t a_full_na;            /* ... its full scale, which it never exceeds; 1 000 000 to 1 000 000 000; default 60 000 000 */
    int32_t a_gain_ppm;           /* -200 000 to 200 000; default 2000 */
    int32_t a_offset_na;          /* -1 000 000 to 1 000 000; default 1000 */
    int32_t a_noise_na;           /* 0 to 1 000 000; default 3000 */
    int32_t b_step_na;            /* second current sensor, independent: default 4000 */
    int32_t b_full_na;            /* default 60 000 000 */
    int32_t b_gain_ppm;           /* default -3000 */
    int32_t b_offset_na;          /* default -2000 */
    int32_t b_noise_na;           /* default 5000 */
    int32_t v_step_mv;            /* voltage sensor: resolution; 1 to 10 000; default 10 */
    int32_t v_full_mv;            /* full scale; 1000 to 1 000 000; default 100 000 */
    int32_t v_gain_ppm;           /* -200 000 to 200 000; default 2000 */
    int32_t v_offset_mv;          /* -10 000 to 10 000; default 10 */
    int32_t v_noise_mv;           /* 0 to 10 000; default 15 */
    int32_t switch_us;            /* from the command to the output switch's contacts and read-back; 0 to 100 000; default 0 (solid state) */
    int32_t contact_us;           /* from a change of contact to the contact sense input; 0 to 1 000 000; default 5000 */
    int32_t clock_ppm;            /* error of the free-running clock; -100 000 to 100 000; default 50 */
    int32_t jitter_us;            /* latency of the interrupt, to either side, uniform; 0 to 1000; default 5 */
    int32_t watchdog_us;          /* the switch opens this long after the last drive; 0: none is fitted; to 10 000 000; default 50 000 */
    uint32_t clock_start_us;      /* the clock at power-on; default 4 290 000 000, so that every session sees it wrap */
};

/*
 * Faults, one line of English each. The parameter is in brackets with its range; faults without one take 0 alone. A range
 * without an end ends at 1 000 000 000 (mV: 1 000 000), to either side of zero where there is no other beginning.
 * A fault lasts until ionto_sim_clear(); those marked "once" end by themselves. Injecting an active fault again sets the parameter anew.
 */
enum ionto_fault {
    IONTO_FAULT_A_ZERO = 1,            /* the first current sensor reads zero */
    IONTO_FAULT_A_FULL = 2,            /* ... reads full scale [1 positive, -1 negative] */
    IONTO_FAULT_A_LAST = 3,            /* ... repeats its last value */
    IONTO_FAULT_A_OFFSET = 4,          /* ... is off by a constant [nA] */
    IONTO_FAULT_A_GAIN = 5,            /* ... reads this much of the truth [permille, -2000 to 10 000] */
    IONTO_FAULT_A_NOISE = 6,           /* ... has more noise [nA r.m.s., 0 and more] */
    IONTO_FAULT_A_SLOW = 7,            /* ... follows slowly [us, time constant, 1 and more] */
    IONTO_FAULT_B_ZERO = 11,           /* the second current sensor reads zero */
    IONTO_FAULT_B_FULL = 12,           /* ... reads full scale [1 positive, -1 negative] */
    IONTO_FAULT_B_LAST = 13,           /* ... repeats its last value */
    IONTO_FAULT_B_OFFSET = 14,         /* ... is off by a constant [nA] */
    IONTO_FAULT_B_GAIN = 15,           /* ... reads this much of the truth [permille, -2000 to 10 000] */
    IONTO_FAULT_B_NOISE = 16,          /* ... has more noise [nA r.m.s., 0 and more] */
    IONTO_FAULT_B_SLOW = 17,           /* ... follows slowly [us, time constant, 1 and more] */
    IONTO_FAULT_V_ZERO = 21,           /* the voltage sensor reads zero */
    IONTO_FAULT_V_FULL = 22,           /* ... reads full scale [1 positive, -1 negative] */
    IONTO_FAULT_V_LAST = 23,           /* ... repeats its last value */
    IONTO_FAULT_V_OFFSET = 24,         /* ... is off by a constant [mV] */
    IONTO_FAULT_V_GAIN = 25,           /* ... reads this much of the truth [permille, -2000 to 10 000] */
    IONTO_FAULT_V_NOISE = 26,          /* ... has more noise [mV r.m.s., 0 and more] */
    IONTO_FAULT_V_SLOW = 27,           /* ... follows slowly [us, time constant, 1 and more] */
    IONTO_FAULT_CONVERTER_DEAD = 31,   /* no sensor is sampled any more: all values and the sample's number stand still */
    IONTO_FAULT_CONTACT_STUCK = 32,    /* the contact sense input does not move [0 none, 1 contact] */
    IONTO_FAULT_DAC_STUCK = 41,        /* the DAC holds its last value, whatever is driven */
    IONTO_FAULT_DAC_RUNAWAY = 42,      /* the output stage asks for this current, whatever is driven [nA] */
    IONTO_FAULT_DAC_GAIN = 43,         /* the DAC gives this much of what is driven [permille, 0 to 10 000] */
    IONTO_FAULT_DAC_SIGN = 44,         /* the DAC gives the other direction */
    IONTO_FAULT_DAC_OFFSET = 45,       /* the DAC is off by a constant [nA] */
    IONTO_FAULT_SWITCH_WELDED = 51,    /* the output switch is closed, whatever is commanded */
    IONTO_FAULT_SWITCH_OPEN = 52,      /* the output switch is open, whatever is commanded */
    IONTO_FAULT_SWITCH_READBACK = 53,  /* the read-back does not move [0 open, 1 closed] */
    IONTO_FAULT_SWITCH_LEAK = 54,      /* this current flows although the switch is open [nA] */
    IONTO_FAULT_TICK_MISSED = 61,      /* once: the next steps do not happen [how many, 1 and more] */
    IONTO_FAULT_TICK_DOUBLED = 62,     /* once: the next steps happen twice in their period [how many, 1 and more] */
    IONTO_FAULT_TIMER_FROZEN = 63,     /* no step happens any more; the output stays as it is until the watchdog opens the switch */
    IONTO_FAULT_TIMER_SLOW = 64,       /* the timer's period is longer by this [permille, 1 to 9000] */
    IONTO_FAULT_TIMER_FAST = 65,       /* the timer's period is shorter by this [permille, 1 to 900] */
    IONTO_FAULT_CLOCK_STOPPED = 66,    /* the free-running clock stands still */
    IONTO_FAULT_CLOCK_SLOW = 67,       /* the free-running clock is slow by this [permille, 1 to 1000] */
    IONTO_FAULT_CLOCK_FAST = 68,       /* the free-running clock is fast by this [permille, 1 to 9000] */
    IONTO_FAULT_SUPERVISOR_FROZEN = 71,/* the core goes on seeing the last request, heartbeat and all */
    IONTO_FAULT_HEARTBEAT_LOST = 72,   /* requests arrive, but the heartbeat in them stands still */
    IONTO_FAULT_SUPERVISOR_STUCK = 73, /* the last request comes again and again, with a heartbeat that lives */
    IONTO_FAULT_SUPERVISOR_GARBAGE = 74, /* at every tick another request without sense [permille of them that say RUN, 0 to 1000] */
    IONTO_FAULT_SUPPLY_DIP = 81,       /* the output stage has only this voltage left [mV, 0 to 200 000] */
    IONTO_FAULT_SUPPLY_LOST = 82,      /* no power: no step, output off; then ionto_init() with the trips that were kept [us, to 2 000 000 000; 0: until cleared] */
    IONTO_FAULT_SUPPLY_HIGH = 83,      /* the output stage has this voltage, beyond its compliance [mV, 0 to 200 000] */
    IONTO_FAULT_BODY_LIFT = 91,        /* a hand is lifted [permille of side A's area that stays in the water, 0 to 999] */
    IONTO_FAULT_BODY_RETURN = 92,      /* once: the hands are in the water: ends lift, flicker and short, and a start without contact */
    IONTO_FAULT_BODY_FLICKER = 93,     /* contact goes and comes back, over and over [us of each, 1 and more] */
    IONTO_FAULT_BODY_SHORT = 94,       /* the electrodes touch, or the skin touches an electrode [ohm, 0 to 1 000 000] */
    IONTO_FAULT_BODY_DRY = 95,         /* water is missing: the skin is dry and the water's resistance ten times as large */
    IONTO_FAULT_BODY_WET = 96,         /* salt water: the skin is soaked and the water's resistance a tenth */
    IONTO_FAULT_EMERGENCY_STOP = 101,  /* the emergency stop is pressed; clearing the fault releases it */
    IONTO_FAULT_EMERGENCY_DEAD = 102,  /* the emergency stop does not reach the core */
    IONTO_FAULT_MEMORY_FLIP = 111      /* once: one bit of the core's state is inverted [8 x byte offset + bit] */
};

/* What a run can stop on, right after the tick: sums of these. What happened during the last run is struct ionto_sim_answer.events. */
enum ionto_event {
    IONTO_EVENT_NONE = 0,
    IONTO_EVENT_PHASE = 1,      /* the core's phase is another one */
    IONTO_EVENT_TRIP = 2,       /* a trip was latched that was not */
    IONTO_EVENT_CLEARED = 4,    /* a trip that was latched is not any more */
    IONTO_EVENT_REFUSED = 8,    /* the core began to refuse the request, or ceased to, or the reason changed */
    IONTO_EVENT_LIMITED = 16,   /* something else limits the current now */
    IONTO_EVENT_CONTACT = 32,   /* the contact sense input changed */
    IONTO_EVENT_ZERO = 64,      /* the drive reached zero */
    IONTO_EVENT_SWITCH = 128,   /* the output switch was told to close, or to open */
    IONTO_EVENT_POWER = 256,    /* the supply is lost, or back */
    IONTO_EVENT_TRACE = 512,    /* the trace has no room for the next tick; always stops, before that tick */
    IONTO_EVENT_ANY = 1023
};

/*
 * Where every step is written, a column each; the caller allocates capacity elements for each column and sets count to the
 * rows that are there already. A column that is null is left out. Row k holds the sense and the request that were given to
 * step k, what step k answered, and in true_* what really was when that sense was taken. No row is written while no step happens.
 */
struct ionto_trace {
    uint32_t capacity;
    uint32_t count;
    int64_t *time_us;               /* true time since ionto_sim_init(), at the step */
    int64_t *energised_us;          /* answered: as in struct ionto_telemetry */
    int64_t *driven_positive_fc;
    int64_t *driven_negative_fc;
    int64_t *measured_positive_fc;
    int64_t *measured_negative_fc;
    uint32_t *command;              /* given: struct ionto_request */
    uint32_t *acknowledge;
    uint32_t *heartbeat;
    int32_t *requested_na;
    int32_t *target_na;             /* answered: the target in force */
    int32_t *proposal_na;           /* answered: what the regulator proposed to the guard */
    int32_t *drive_na;              /* answered: struct ionto_drive */
    uint32_t *switch_closed;
    uint32_t *phase;
    uint32_t *limited_by;
    uint32_t *refused;
    uint32_t *first_trip;
    uint32_t *trips;
    int32_t *measured_na;           /* given: struct ionto_sense */
    int32_t *check_na;
    int32_t *voltage_mv;
    uint32_t *contact;
    uint32_t *switch_readback;
    uint32_t *emergency_stop;
    uint32_t *sample;
    uint32_t *now_us;
    int32_t *true_na;               /* the truth: current through whatever is connected */
    int32_t *true_voltage_mv;       /* voltage across the output */
    uint32_t *true_contact;         /* 1: both hands touch the water, or the electrodes touch */
    uint32_t *true_switch;          /* 1: the output switch conducts */
};

/* What the supervisor is told, and where and why the run stopped. */
struct ionto_sim_answer {
    int64_t time_us;                /* true time since ionto_sim_init() */
    uint32_t events;                /* enum ionto_event: what happened during the last run */
    uint32_t powered;               /* 0: the supply is lost, and the telemetry is the last that came */
    struct ionto_telemetry telemetry;
};

/* What really was, steps or not. Charges are counted from ionto_sim_init(); peak and extremes from the last ionto_sim_truth(). */
struct ionto_truth {
    int64_t time_us;
    int64_t flowing_us;             /* last time at which more than IONTO_SIM_FLOWING_NA flowed; -1: never */
    double positive_fc;             /* charge in the positive direction */
    double negative_fc;
    double peak_na;                 /* the largest magnitude */
    double current_na;              /* through whatever is connected */
    double voltage_mv;              /* across the output */
    double skin_a_ohm;              /* resistance of the skin at side A now */
    double skin_b_ohm;
    double total_ohm;               /* of everything between the terminals, capacitance aside */
    uint32_t contact;
    uint32_t switch_closed;
};

#define IONTO_SIM_FLOWING_NA 100000 /* 0.1 mA: what the contract of the core counts as zero, at most */

/* One side of the body. Do not touch. */
struct ionto_side {
    double voltage_mv;              /* across the skin */
    double soak;
    double fast;
    double slow;
    double conductance_us;          /* of the skin */
    double charge_mv_per_na;        /* rise of the skin's voltage in a tick for each nA, leakage aside */
    double keep;                    /* share of the skin's voltage that is left after a tick without current */
};

/* One sensor of the converter. Do not touch. */
struct ionto_sensor {
    double gain;
    double offset;
    double noise;                   /* a unit of the noise source */
    double full;
    double per_step;                /* steps to a unit */
    double slow;                    /* state of the fault "slow" */
    int32_t step;
    int32_t last;                   /* last reading */
};

/* What a step said of itself, to find events. Do not touch. */
struct ionto_said {
    uint32_t phase;
    uint32_t limited_by;
    uint32_t refused;
    uint32_t trips;
};

/* The simulation. Caller-allocated; do not touch, but for reading. */
struct ionto_sim {
    struct ionto_core core;
    struct ionto_config config;             /* what the core was given: given again after a loss of power */
    struct ionto_body body;
    struct ionto_electronics electronics;
    struct ionto_telemetry telemetry;       /* the last that came, for when the supply is lost */
    struct ionto_side side[2];
    struct ionto_sensor sensor[3];          /* first current sensor, second current sensor, voltage sensor */
    struct ionto_sense sense;
    struct ionto_drive drive;
    struct ionto_request request;           /* the last that reached the core */
    uint64_t random;
    int64_t time_us;
    int64_t flowing_us;
    int64_t drive_at_us;                    /* when the last drive was given: what the watchdog counts from */
    int64_t power_back_us;
    int64_t switch_at_us;                   /* when the switch obeys */
    int64_t contact_at_us;                  /* when the contact sense input follows */
    int64_t flicker_at_us;
    double clock_us;
    double clock_per_tick_us;
    double current_na;
    double voltage_mv;
    double stage_na;                        /* what the output stage gives, when nothing is in its way */
    double dac_na;
    double dac_per_step;
    double dac_full_steps;
    double dac_gain_na;                     /* current of a step */
    double stage_share;
    double compliance_mv;
    double series_mohm;                     /* water and inner body, in megaohm */
    double rise_mv_per_na;                  /* rise of the output's voltage in a tick for each nA */
    double positive_fc;
    double negative_fc;
    double peak_na;
    double fast_share_of_block;
    double slow_share_of_block;
    double recovery_share_of_block;
    double soak_share_of_block;
    uint32_t started;
    uint32_t powered;
    uint32_t carried_trips;                 /* the memory that survives a loss of power */
    uint32_t tick_us;                       /* nominal period of the core's timer */
    uint32_t period_us;                     /* true period of the timer */
    int32_t block_us;                       /* slow states are brought up to date every so often */
    int32_t block_left_us;
    uint32_t in_water;                      /* 0: started without contact, and the hands have not come yet */
    uint32_t flicker_away;
    uint32_t contact;                       /* the truth */
    uint32_t switch_closed;                 /* the truth */
    uint32_t switch_wanted;
    uint32_t events;
    struct ionto_said said;                 /* by the last step */
    uint32_t faults;                        /* how many are active */
    uint32_t fault_active[128];             /* by enum ionto_fault */
    int32_t fault_parameter[128];
};

/* Hands in trays, with the defaults of struct ionto_body. */
void ionto_body_defaults(struct ionto_body *body);

/* With the defaults of struct ionto_electronics. */
void ionto_electronics_defaults(struct ionto_electronics *electronics);

/* Checks body and electronics field by field and puts everything together, the core without power. Gives enum ionto_sim_error. */
uint32_t ionto_sim_init(struct ionto_sim *sim, const struct ionto_body *body, const struct ionto_electronics *electronics,
                        uint64_t seed);

/*
 * Power on, or a restart: ionto_init() of the core with the trips that were carried over. Time and body go on. Gives enum
 * ionto_error, and anything but IONTO_OK leaves the core off; or IONTO_SIM_ERROR_POWER while the supply is lost.
 */
uint32_t ionto_sim_start(struct ionto_sim *sim, const struct ionto_config *config, uint32_t carried_trips);

/* ionto_configure() of the running core. Gives enum ionto_error, or IONTO_SIM_ERROR_POWER. */
uint32_t ionto_sim_configure(struct ionto_sim *sim, const struct ionto_config *config);

/*
 * Advances by up to `ticks` periods of the timer, with the request in force all the time; stops right after a tick with
 * an event that is in stop_on. Gives the periods advanced: below `ticks` when it stopped early. Time goes on, and nothing else
 * happens, while the supply is lost; before ionto_sim_start() a period is 1 ms. trace may be null: that is the fast way.
 */
uint32_t ionto_sim_run(struct ionto_sim *sim, const struct ionto_request *request, uint32_t ticks, uint32_t stop_on,
                       struct ionto_trace *trace);

/* What came of it: ionto_report() of the core, which resets the extremes, with the true time and the events. */
void ionto_sim_answer(struct ionto_sim *sim, struct ionto_sim_answer *answer);

/* The truth; resets the peak. */
void ionto_sim_truth(struct ionto_sim *sim, struct ionto_truth *truth);

/* Begins a fault. Gives IONTO_SIM_OK, IONTO_SIM_ERROR_FAULT or IONTO_SIM_ERROR_PARAMETER. */
uint32_t ionto_sim_inject(struct ionto_sim *sim, uint32_t fault, int32_t parameter);

/* Ends a fault; one that is not active stays so. Gives IONTO_SIM_OK or IONTO_SIM_ERROR_FAULT. */
uint32_t ionto_sim_clear(struct ionto_sim *sim, uint32_t fault);

#ifdef __cplusplus
}
#endif

#endif
