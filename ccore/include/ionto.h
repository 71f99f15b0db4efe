/*
 * ionto.h: the control core of an iontophoresis device.
 *
 * Call ionto_step() once a tick from a timer interrupt. It takes what the hardware senses and what the
 * supervisor requests, and returns the one current that may flow until the next tick. It is integers only: no
 * heap, no libc, no loops, no callbacks. It cannot fail, because there is always a safe current: zero.
 *
 *     sense --> regulator proposes a current --> guard permits it, or cuts --> drive
 *
 * Two channels, each enough by itself (IEC 60601-1, 4.7): the regulator turns the target into a limited, ramped,
 * slowly reversed current; the guard takes any proposal, however wild, and lets it through only when it keeps
 * every current invariant and nothing that is measured speaks against it. The channels share the types of this
 * header and nothing else: no function, no variable. One derived value crosses, and it is the one exception:
 * ionto_step() tells the regulator, as `cut`, whether the guard had a trip latched at the tick before. The regulator
 * is specified for any `cut`, at any time: it can only lower the current to zero, so a guard that lies can stop the
 * regulator and never raise it.
 *
 * What to do with it, in order (docs/embedding.md walks through it):
 *   1. fill in struct ionto_config and call ionto_init(); look at the error that it returns;
 *   2. every tick: fill in struct ionto_sense, call ionto_step(), give the drive to the converter and the switch;
 *   3. every 20 to 50 ms: exchange a struct ionto_request and a struct ionto_telemetry with the supervisor;
 *   4. keep telemetry.trips in a memory that survives a loss of power and give it to ionto_init() next time;
 *   5. let a hardware watchdog open the output switch when steps stop: the core cannot see a timer that stands still,
 *      nor a processor, and the last drive would flow on.
 *
 * Units are in every name: _na nanoampere, _mv millivolt, _us microsecond, _ohm ohm, _fc femtocoulomb
 * (1 nA for 1 us is 1 fC exactly, so charge is counted without rounding; 1 mA min is 60 000 000 000 000 fC).
 * A current's sign is its direction through the body; magnitudes are compared with limits.
 * Convert once, with the macros of ccore/ports/ionto_port.h (IONTO_NA_PER_TICK() and others). A range finds gross
 * mistakes alone: most currents in uA that are given for nA are in range, and are not refused. They are a thousand
 * times too small.
 *
 * Records that are logged or sent carry uint32_t in place of enums. Values of enums are never renumbered.
 * Labels in the contracts (si01_...) are the ids of the safety invariants in safety/invariants.py.
 *
 * This is not a certified device. SPDX-License-Identifier: Apache-2.0
 */
#ifndef IONTO_H
#define IONTO_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- ceilings compiled into the core: no configuration can go beyond them (SI-02) ----------------------
 * With each stands where it comes from: a device or a paper that has it, or "assumption" where there is none. */

#define IONTO_CEILING_NA 30000000        /* largest limit: 30 mA, the largest device on the market (R.A. Fischer) */
#define IONTO_TRIP_CEILING_NA 35000000   /* largest over-current trip level: 35 mA (Hidrex safety concept) */
#define IONTO_TRIP_GAP_NA 100000         /* the trip level stands at least 0.1 mA above the limit: more than noise and a
                                          * step of the ramp, which is 0.02 mA at most; assumption */
#define IONTO_RISE_MAX_UA_PER_S 2000     /* fastest rise: 2 mA/s, so 10 s to 20 mA; assumption (a neighbouring device,
                                          * Soterix IontoDC, takes 30 s) */
#define IONTO_FALL_MAX_UA_PER_S 20000    /* fastest fall that is not a cut: 20 mA/s; assumption */
#define IONTO_FALL_MIN_UA_PER_S 500      /* slowest fall: 30 mA are gone in 60 s; assumption */
#define IONTO_TICK_MIN_US 100            /* shortest tick: a step takes small processors about as long; assumption */
#define IONTO_TICK_MAX_US 10000          /* longest tick, by which every cut may come too late; assumption */
#define IONTO_DEBOUNCE_MAX_US 200000     /* longest debounce of any trip: 0.2 s at the largest trip level let 7 mC
                                          * through, 0.3 % of a drug's dose of 40 mA min; assumption */
#define IONTO_DWELL_MIN_US 100000        /* shortest time at zero between the two directions: 0.1 s; assumption */
#define IONTO_DWELL_MAX_US 60000000      /* longest: 60 s; assumption */
#define IONTO_VOLTAGE_CEILING_MV 100000  /* largest compliance voltage: 100 V. 20 mA took about 90 V in hard cases
                                          * (Levit 1980); the 10 V above are an assumption */
#define IONTO_SENSE_MAX_NA 200000000     /* largest full scale of a current sensor: 200 mA, several times the largest
                                          * trip level, and still a product that 64 bits hold; assumption */
#define IONTO_SENSE_MAX_MV 200000        /* largest full scale of the voltage sensor: 200 V, above the largest
                                          * over-voltage level of 120 V; assumption */
#define IONTO_LEAKAGE_MAX_NA 100000      /* largest current that may count as zero: that of a probe for contact, 0.1 mA,
                                          * far below what is felt; assumption. More would flow unseen for hours. */
#define IONTO_MISMATCH_MAX_NA 1000000    /* largest difference of measured and drive: 1 mA, a quarter of the largest
                                          * current of a drug (4 mA, ActivaDose II manual), for which more would be no
                                          * comparison. Sensors good to 3 % are off by 0.9 mA at 30 mA. Assumption. */
#define IONTO_DISAGREE_MAX_NA 2000000    /* largest difference of the two sensors: each off by the largest mismatch, the
                                          * one up and the other down */
#define IONTO_CONTACT_MAX_US 60000000    /* longest wait for contact to hold: 60 s, to settle both hands; assumption */
#define IONTO_HEARTBEAT_MIN_US 20000     /* shortest silence that counts: one exchange of the fastest supervisor, 50 a
                                          * second; assumption */
#define IONTO_HEARTBEAT_MAX_US 10000000  /* longest silence that is put up with: 10 s; who is silent for longer does not
                                          * supervise; assumption */
#define IONTO_TIME_CEILING_US 7200000000         /* longest energised time: 2 h; the longest known is a patch of 75
                                                  * min (ActivaPatch), the rest is an assumption */
#define IONTO_CHARGE_CEILING_FC 100000000000000000 /* largest charge: 100 C, that is 1667 mA min; tap water takes 36 C
                                                    * in 30 min (BAD leaflet) at 20 mA (NHS leaflet WPR26540),
                                                    * the rest is an assumption */

/* ---- codes -------------------------------------------------------------------------------------------- */

/* The programmer's errors: what ionto_init() and ionto_configure() refuse. One for each field. */
enum ionto_error {
    IONTO_OK = 0,
    IONTO_ERROR_TICK = 1,
    IONTO_ERROR_TICK_TOLERANCE = 2,
    IONTO_ERROR_LIMIT = 3,
    IONTO_ERROR_TRIP = 4,
    IONTO_ERROR_RISE = 5,
    IONTO_ERROR_FALL = 6,
    IONTO_ERROR_DWELL = 7,
    IONTO_ERROR_COMPLIANCE = 8,
    IONTO_ERROR_OVER_VOLTAGE = 9,
    IONTO_ERROR_SATURATION = 10,
    IONTO_ERROR_HEADROOM = 11,
    IONTO_ERROR_OPEN = 12,
    IONTO_ERROR_SHORT = 13,
    IONTO_ERROR_SHORT_ABOVE = 14,
    IONTO_ERROR_MISMATCH = 15,
    IONTO_ERROR_DISAGREE = 16,
    IONTO_ERROR_SENSOR_MAX_NA = 17,
    IONTO_ERROR_SENSOR_MAX_MV = 18,
    IONTO_ERROR_LEAKAGE = 19,
    IONTO_ERROR_OVER_CURRENT_TIME = 20,
    IONTO_ERROR_OVER_VOLTAGE_TIME = 21,
    IONTO_ERROR_OPEN_TIME = 22,
    IONTO_ERROR_SHORT_TIME = 23,
    IONTO_ERROR_MISMATCH_TIME = 24,
    IONTO_ERROR_SENSOR_TIME = 25,
    IONTO_ERROR_STALE_TIME = 26,
    IONTO_ERROR_LEAKAGE_TIME = 27,
    IONTO_ERROR_SWITCH_TIME = 28,
    IONTO_ERROR_CONTACT_TIME = 29,
    IONTO_ERROR_HEARTBEAT_TIME = 30,
    IONTO_ERROR_TIME_CAP = 31,
    IONTO_ERROR_TIME_RESERVE = 32,
    IONTO_ERROR_CHARGE_CAP_EACH = 33,
    IONTO_ERROR_CHARGE_CAP_TOTAL = 34,
    IONTO_ERROR_CHARGE_RESERVE = 35,
    IONTO_ERROR_ENERGISED = 36,       /* ionto_configure() while current may flow */
    IONTO_ERROR_TRIPPED = 37,         /* ionto_configure() while a trip is latched */
    IONTO_ERROR_CORRUPT = 38,         /* ionto_configure() on a state that is not sound */
    IONTO_ERROR_CARRIED = 39          /* ionto_init() with trips that no core has reported */
};

/* The patient's trips. telemetry.trips is the sum of (1 << (trip - 1)) over the trips that are latched. */
enum ionto_trip {
    IONTO_TRIP_NONE = 0,
    IONTO_TRIP_OVER_CURRENT = 1,   /* measured magnitude above trip_na; cut */
    IONTO_TRIP_OVER_VOLTAGE = 2,   /* measured voltage above over_voltage_mv; cut */
    IONTO_TRIP_OPEN = 3,           /* contact lost while energised; cut */
    IONTO_TRIP_SHORT = 4,          /* resistance below short_ohm; cut */
    IONTO_TRIP_MISMATCH = 5,       /* measured differs from the drive, and not by saturation; cut */
    IONTO_TRIP_SENSOR = 6,         /* out of range, or the two current sensors disagree; cut */
    IONTO_TRIP_STALE = 7,          /* no new sample; cut */
    IONTO_TRIP_LEAKAGE = 8,        /* current flows while the output is off; cut, switch open */
    IONTO_TRIP_SWITCH = 9,         /* the switch's read-back disagrees; cut */
    IONTO_TRIP_TICK = 10,          /* a tick missed or doubled, or late because interrupts were masked; cut */
    IONTO_TRIP_CORRUPT = 11,       /* stored state is not what was written; cut. Found while running: no acknowledge
                                    * clears it, the core has to be started anew. Carried into ionto_init(): that has
                                    * written all anew, and an acknowledge clears it as any other. */
    IONTO_TRIP_EMERGENCY = 12,     /* the emergency stop is active; cut */
    IONTO_TRIP_PROPOSAL = 13,      /* the regulator proposed what the guard does not permit; cut */
    IONTO_TRIP_HEARTBEAT = 14,     /* the supervisor is silent; ramp down, then trip */
    IONTO_TRIP_CHARGE = 15,        /* the cap on charge is reached; ramp down, then trip */
    IONTO_TRIP_TIME = 16           /* the cap on energised time is reached; ramp down, then trip */
};

/* What the supervisor asks for. Any other value counts as STOP. */
enum ionto_command {
    IONTO_COMMAND_STOP = 0,   /* ramp down to zero and open the switch; no output */
    IONTO_COMMAND_RUN = 1     /* energise: only after STOP was seen with no trip, with contact, and
                               * while the heartbeat changes: a RUN that a dead supervisor left starts nothing */
};

/* What the core is doing. */
enum ionto_phase {
    IONTO_PHASE_IDLE = 0,      /* zero, switch open */
    IONTO_PHASE_WAIT = 1,      /* RUN is requested; waiting for contact, for the first dwell, or for a heartbeat: zero,
                                * switch open */
    IONTO_PHASE_RAMP = 2,      /* towards the target */
    IONTO_PHASE_TREAT = 3,     /* at the target, or as near to it as the voltage allows */
    IONTO_PHASE_REVERSE = 4,   /* falling to zero, or dwelling there, before the other direction */
    IONTO_PHASE_FALL = 5,      /* towards zero after STOP, a cap, or a silent supervisor */
    IONTO_PHASE_FAULT = 6      /* a trip is latched: zero, switch open */
};

/* What keeps the current from the target, the most binding first. */
enum ionto_limited_by {
    IONTO_LIMITED_BY_NOTHING = 0,   /* the current is the target */
    IONTO_LIMITED_BY_TRIP = 1,
    IONTO_LIMITED_BY_HEARTBEAT = 2,
    IONTO_LIMITED_BY_TIME = 3,
    IONTO_LIMITED_BY_CHARGE = 4,
    IONTO_LIMITED_BY_STOP = 5,
    IONTO_LIMITED_BY_CONTACT = 6,
    IONTO_LIMITED_BY_REVERSAL = 7,  /* on the way to zero, or dwelling there, before the other direction */
    IONTO_LIMITED_BY_VOLTAGE = 8,   /* the voltage is saturated: normal; the session lengthens */
    IONTO_LIMITED_BY_RAMP = 9
};

/* Why the last request's target was not taken. The target in force stays what it was (SI-22). */
enum ionto_refused {
    IONTO_REFUSED_NOTHING = 0,
    IONTO_REFUSED_LIMIT = 1      /* its magnitude is above limit_na */
};

/* ---- records ------------------------------------------------------------------------------------------ */

/*
 * Everything that the core is told once. Copied, twice, by ionto_init(); never looked at again.
 * Every time is real time, whatever the tick; a debounce of t trips at the first tick by which the condition
 * has held for t, one tick counting for tick_us.
 *
 * The ends of a range that are plain numbers are assumptions, on these grounds:
 *   - 1000 nA: 1 uA is about what a step of 15 bits is at 30 mA; a smaller threshold would compare noise.
 *   - 1 000 000 nA: headroom_na is the step that comes when a resistance falls suddenly, and less than open_na at a
 *     saturated output is called no contact; 1 mA is felt.
 *   - short_ohm: hands in trays have 1.9 kohm and more (a builder's log), so less than 1 kohm is no patient.
 *   - short_above_na: 5 mA is the largest current under the arms (KaWe SwiSto3 manual), and a short is to be found
 *     there too; at less than 10 000 nA the voltage of a short is too small to be measured.
 *   - compliance_mv: 1 V drives nothing through skin. over_voltage_mv: 20 V above is a fifth of the ceiling, by which
 *     IEC 60601-2-10 (benchmark) lets an output be off. saturation_mv: below half most of the voltage is left.
 *   - time_cap_us: less than 1 s is no treatment.
 *   - 1 of a time: at the first tick that sees it.
 */
struct ionto_config {
    int64_t time_cap_us;          /* energised time at which the output is cut; 1 000 000 to IONTO_TIME_CEILING_US */
    int64_t time_reserve_us;      /* the ramp down starts this much before the cap: limit_na at the fall rate takes
                                   * limit / fall; tick_us to time_cap_us. With less the cap cuts what still flows. */
    int64_t charge_cap_each_fc;   /* never exceeded in either direction; charge_reserve_fc to IONTO_CHARGE_CEILING_FC */
    int64_t charge_cap_total_fc;  /* charge, both directions together; charge_cap_each_fc to IONTO_CHARGE_CEILING_FC */
    int64_t charge_reserve_fc;    /* the ramp down starts this much before a cap: limit_na at the fall rate lets
                                   * limit^2 / (2 fall) through; limit_na * tick_us to charge_cap_each_fc */
    int32_t tick_us;              /* the period of ionto_step(); IONTO_TICK_MIN_US to IONTO_TICK_MAX_US */
    int32_t tick_tolerance_us;    /* further off than this is a tick missed or doubled; 1 to tick_us / 2. Masking
                                   * interrupts for longer trips TICK. */
    int32_t limit_na;             /* the limit in force, the smallest of all; 1 to IONTO_CEILING_NA */
    int32_t trip_na;              /* over-current level; limit_na + IONTO_TRIP_GAP_NA to IONTO_TRIP_CEILING_NA */
    int32_t rise_na_per_tick;     /* the magnitude rises by at most this in a tick, and by at most
                                   * IONTO_RISE_MAX_UA_PER_S; at least 1. IONTO_NA_PER_TICK() of
                                   * ccore/ports/ionto_port.h computes it. */
    int32_t fall_na_per_tick;     /* and falls by at most this; IONTO_FALL_MIN_ to IONTO_FALL_MAX_UA_PER_S */
    int32_t dwell_us;             /* time at zero before the other direction, and before the first current after
                                   * ionto_init() or ionto_configure(); IONTO_DWELL_MIN_US to IONTO_DWELL_MAX_US */
    int32_t compliance_mv;        /* the most that the output stage can give; 1000 to IONTO_VOLTAGE_CEILING_MV */
    int32_t over_voltage_mv;      /* over-voltage level; above compliance_mv, at most compliance_mv + 20 000 */
    int32_t saturation_mv;        /* from this on the voltage is saturated; half of compliance_mv to compliance_mv */
    int32_t headroom_na;          /* saturated, the drive is the measured plus this at most; 1001 to 1 000 000 */
    int32_t open_na;              /* saturated, with less than this measured and more driven, is an open circuit; 1000
                                   * to below headroom_na, to which the drive falls when nothing flows */
    int32_t short_ohm;            /* less resistance than this is a short circuit; 1 to 1000 */
    int32_t short_above_na;       /* ... looked for only above this current; 10 000 to 5 000 000 */
    int32_t mismatch_na;          /* largest difference of measured and drive; 1000 to IONTO_MISMATCH_MAX_NA */
    int32_t disagree_na;          /* largest difference of the two current sensors; 1000 to IONTO_DISAGREE_MAX_NA */
    int32_t sensor_max_na;        /* full scale of the current sensors; above trip_na, at most IONTO_SENSE_MAX_NA */
    int32_t sensor_max_mv;        /* ... of the voltage sensor; above over_voltage_mv, at most IONTO_SENSE_MAX_MV */
    int32_t leakage_na;           /* more than this, measured, is not zero; 1000 to IONTO_LEAKAGE_MAX_NA */
    int32_t over_current_us;      /* debounce of each trip: 1 to IONTO_DEBOUNCE_MAX_US */
    int32_t over_voltage_us;
    int32_t open_us;
    int32_t short_us;
    int32_t mismatch_us;
    int32_t sensor_us;
    int32_t stale_us;
    int32_t leakage_us;
    int32_t switch_us;
    int32_t contact_us;           /* contact holds this long before a start; 1 to IONTO_CONTACT_MAX_US */
    int32_t heartbeat_us;         /* longest silence of the supervisor; IONTO_HEARTBEAT_MIN_ to _HEARTBEAT_MAX_US */
};

/* What the hardware says, once a tick. Nothing in it is trusted. */
struct ionto_sense {
    uint32_t now_us;          /* free-running time, not derived from the tick's timer; wraps at exactly 2^32 us (a
                               * timer that wraps elsewhere is extended first, or the wrap trips TICK) */
    uint32_t sample;          /* number of the converter's sample: differs from tick to tick, or the sample is stale */
    int32_t measured_na;      /* current sensor, signed */
    int32_t check_na;         /* the second, independent current sensor, signed */
    int32_t voltage_mv;       /* voltage across the output, signed */
    uint32_t contact;         /* the hardware's own contact sense: 1 is contact, anything else is none */
    uint32_t switch_closed;   /* read-back of the output switch: 1 closed, 0 open */
    uint32_t emergency_stop;  /* 0 is released, anything else is active */
};

/* What the supervisor asks for. It stays in force, tick after tick, until the next one comes. */
struct ionto_request {
    int32_t target_na;      /* signed target; refused when its magnitude is above limit_na */
    uint32_t command;       /* enum ionto_command */
    uint32_t acknowledge;   /* a change from 0 to 1 acknowledges: all trips clear when every cause is gone */
    uint32_t heartbeat;     /* differs from exchange to exchange while the supervisor lives */
};

/* What the regulator hands to the guard. The guard expects nothing of it. */
struct ionto_proposal {
    int32_t current_na;   /* proposed for the next tick, signed */
    uint32_t sound;       /* 1: the regulator found its own state sound; anything else trips CORRUPT */
};

/* What goes to the converter and to the output switch until the next tick. */
struct ionto_drive {
    int32_t current_na;      /* signed */
    uint32_t switch_closed;  /* 1 close, 0 open */
};

/* What the supervisor is told. */
struct ionto_telemetry {
    int64_t energised_us;            /* energised time since ionto_init() or ionto_configure() */
    int64_t driven_positive_fc;      /* charge driven in the positive direction, as counted against the caps */
    int64_t driven_negative_fc;      /* ... and in the negative one; never negative itself */
    int64_t measured_positive_fc;    /* charge measured by the first sensor while energised: the dose */
    int64_t measured_negative_fc;
    uint32_t ticks;                  /* ticks since ionto_init(); wraps */
    uint32_t phase;                  /* enum ionto_phase */
    uint32_t limited_by;             /* enum ionto_limited_by */
    uint32_t refused;                /* enum ionto_refused */
    uint32_t first_trip;             /* enum ionto_trip: the first cause, kept until acknowledged, but not over
                                      * a loss of power: of trips that are carried any one may be named */
    uint32_t trips;                  /* all that are latched, as a sum of bits: what is kept over a loss of power */
    uint32_t heartbeat;              /* the last heartbeat seen */
    uint32_t contact;                /* as sensed at the last tick */
    uint32_t switch_closed;          /* as driven at the last tick */
    uint32_t emergency_stop;         /* as sensed at the last tick */
    int32_t target_na;               /* the target in force */
    int32_t drive_na;                /* as driven at the last tick */
    int32_t drive_min_na;            /* extremes of the drive since the last report */
    int32_t drive_max_na;
    int32_t measured_na;             /* first sensor at the last tick */
    int32_t measured_min_na;         /* extremes since the last report */
    int32_t measured_max_na;
    int32_t voltage_mv;              /* at the last tick */
    int32_t voltage_min_mv;          /* extremes since the last report */
    int32_t voltage_max_mv;
};

/* ---- state: allocated by the caller, written by the core alone; do not touch ---------------------------- */

/* The regulator's own copy of the limits that it works by. */
struct ionto_regulator_limits {
    int64_t time_cap_us;
    int64_t time_reserve_us;
    int64_t charge_cap_each_fc;
    int64_t charge_cap_total_fc;
    int64_t charge_reserve_fc;
    int32_t tick_us;
    int32_t limit_na;
    int32_t rise_na_per_tick;
    int32_t fall_na_per_tick;
    int32_t dwell_us;
    int32_t saturation_mv;
    int32_t headroom_na;
    int32_t contact_us;
    int32_t heartbeat_us;
};

/* What the regulator remembers from tick to tick. */
struct ionto_regulator_state {
    int64_t energised_us;      /* proposed, and not cut, since the limits were set */
    int64_t positive_fc;       /* charge proposed in each direction, and not cut, since the limits were set */
    int64_t negative_fc;
    int64_t tick_fc;           /* charge counted for the last proposal; taken back when that is cut */
    int32_t level_na;          /* the last proposal */
    int32_t target_na;         /* the last target that was taken */
    int32_t sign;              /* -1, 0 or 1: of the last proposal that was not zero */
    int32_t zero_us;           /* how long the proposal has been zero; stays at dwell_us */
    int32_t contact_us;        /* how long contact has held; stays at contact_us of the limits */
    int32_t heartbeat_us;      /* how long the heartbeat has not changed; stays at heartbeat_us of the limits */
    uint32_t heartbeat_seen;
    uint32_t armed;            /* 1: STOP was seen with nothing wrong, so RUN may energise */
    uint32_t energised;        /* 1: proposals may differ from zero */
    uint32_t ending;           /* 1: on the way to zero, whatever is requested now */
    uint32_t corrupt;          /* 1: was found unsound; zero until ionto_regulator_init() */
};

struct ionto_regulator {
    struct ionto_regulator_limits limits;
    struct ionto_regulator_limits limits_inv;   /* complement of every word of limits */
    struct ionto_regulator_state state;
    struct ionto_regulator_state state_inv;     /* complement of every word of state */
    uint32_t phase;         /* said anew at every tick, for the report only: enum ionto_phase */
    uint32_t limited_by;    /* ... enum ionto_limited_by */
    uint32_t refused;       /* ... enum ionto_refused */
};

/* What the guard remembers from tick to tick. A debounce timer that has reached its time is a latched trip. */
struct ionto_guard_state {
    int64_t energised_us;      /* since the configuration was set */
    int64_t positive_fc;       /* charge permitted in each direction since the configuration was set */
    int64_t negative_fc;
    int32_t last_na;           /* the last current permitted */
    int32_t sign;              /* -1, 0 or 1: of the last current permitted that was not zero */
    int32_t zero_us;           /* how long the output has been zero; stays at dwell_us */
    int32_t envelope_na;       /* while ending: the largest magnitude permitted, falling at the fall rate */
    int32_t contact_us;        /* how long contact has held; stays at contact_us of the configuration */
    int32_t heartbeat_us;      /* how long the heartbeat has not changed; stays at heartbeat_us of the configuration */
    int32_t over_current_us;   /* debounce timers: how long each condition has held; latched at the time configured */
    int32_t over_voltage_us;
    int32_t open_us;
    int32_t short_us;
    int32_t mismatch_us;
    int32_t sensor_us;
    int32_t stale_us;
    int32_t leakage_us;
    int32_t switch_us;
    uint32_t tick;             /* latches without debounce: 1 is latched */
    uint32_t corrupt;
    uint32_t emergency;
    uint32_t proposal;
    uint32_t heartbeat;        /* latches that wait for zero: 1 is due, 2 is latched */
    uint32_t charge;
    uint32_t time;
    uint32_t first_trip;       /* enum ionto_trip; not NONE exactly while a trip is latched */
    uint32_t armed;            /* 1: STOP was seen with no trip, so RUN may energise */
    uint32_t energised;        /* 1: the switch is closed and current is permitted */
    uint32_t ending;           /* 1: only a fall to zero is permitted */
    uint32_t primed;           /* 1: now_seen and sample_seen are of a real tick */
    uint32_t now_seen;
    uint32_t sample_seen;
    uint32_t heartbeat_seen;
    uint32_t acknowledge_seen; /* 1: the last acknowledge was not 0 */
};

struct ionto_guard {
    struct ionto_config config;
    struct ionto_config config_inv;      /* complement of every word of config */
    struct ionto_guard_state state;
    struct ionto_guard_state state_inv;  /* complement of every word of state */
};

/* The whole core. The telemetry in it is a report being gathered; nothing is decided by it. */
struct ionto_core {
    struct ionto_regulator regulator;
    struct ionto_guard guard;
    struct ionto_telemetry telemetry;
    uint32_t reported;    /* 1: the extremes start anew at the next tick */
};

/* ---- what is always so: the predicates that the contracts speak in --------------------------------------- */

/*
 * Contracts are ACSL, for Frama-C's WP; a compiler takes them for comments. How to read them:
 *   requires   what the caller owes: pointers that are valid and do not overlap, and what the core itself keeps true
 *   assigns    all that may change
 *   ensures    what holds at return, labelled with the invariant's id; \old(x) is x as it was at the call
 * The only rule about the state is inductive: what is intact (every word is the complement of its double) is in range.
 * ionto_init() makes it so from any bytes, every other function keeps it so, and nothing is asked of what is not
 * intact: a step finds it and latches zero. Nothing at all is asked of sense, request, proposal or cut.
 */

/* The configuration, field by field: what ionto_init() accepts, and no more (SI-02). */
/*@
  // A rate in nA a tick lies, in real time, between two rates in uA/s.
  predicate ionto_rate_ok(integer rate_na, integer tick_us, integer min_ua_per_s, integer max_ua_per_s) =
    1 <= rate_na <= 200000 && min_ua_per_s * tick_us <= 1000 * rate_na <= max_ua_per_s * tick_us;

  predicate ionto_config_current_ok(struct ionto_config *c) =
    IONTO_TICK_MIN_US <= c->tick_us <= IONTO_TICK_MAX_US && 2 <= 2 * c->tick_tolerance_us <= c->tick_us
    && 1 <= c->limit_na <= IONTO_CEILING_NA && c->limit_na + IONTO_TRIP_GAP_NA <= c->trip_na <= IONTO_TRIP_CEILING_NA
    && ionto_rate_ok(c->rise_na_per_tick, c->tick_us, 0, IONTO_RISE_MAX_UA_PER_S)
    && ionto_rate_ok(c->fall_na_per_tick, c->tick_us, IONTO_FALL_MIN_UA_PER_S, IONTO_FALL_MAX_UA_PER_S)
    && IONTO_DWELL_MIN_US <= c->dwell_us <= IONTO_DWELL_MAX_US;

  predicate ionto_config_thresholds_ok(struct ionto_config *c) =
    1000 <= c->compliance_mv <= IONTO_VOLTAGE_CEILING_MV
    && c->compliance_mv < c->over_voltage_mv <= c->compliance_mv + 20000
    && c->compliance_mv <= 2 * c->saturation_mv <= 2 * c->compliance_mv
    && 1001 <= c->headroom_na <= 1000000 && 1000 <= c->open_na < c->headroom_na
    && 1 <= c->short_ohm <= 1000 && 10000 <= c->short_above_na <= 5000000
    && 1000 <= c->mismatch_na <= IONTO_MISMATCH_MAX_NA && 1000 <= c->disagree_na <= IONTO_DISAGREE_MAX_NA
    && c->trip_na < c->sensor_max_na <= IONTO_SENSE_MAX_NA
    && c->over_voltage_mv < c->sensor_max_mv <= IONTO_SENSE_MAX_MV
    && 1000 <= c->leakage_na <= IONTO_LEAKAGE_MAX_NA;

  predicate ionto_config_debounces_ok(struct ionto_config *c) =
    1 <= c->over_current_us <= IONTO_DEBOUNCE_MAX_US && 1 <= c->over_voltage_us <= IONTO_DEBOUNCE_MAX_US
    && 1 <= c->open_us <= IONTO_DEBOUNCE_MAX_US && 1 <= c->short_us <= IONTO_DEBOUNCE_MAX_US
    && 1 <= c->mismatch_us <= IONTO_DEBOUNCE_MAX_US && 1 <= c->sensor_us <= IONTO_DEBOUNCE_MAX_US
    && 1 <= c->stale_us <= IONTO_DEBOUNCE_MAX_US && 1 <= c->leakage_us <= IONTO_DEBOUNCE_MAX_US
    && 1 <= c->switch_us <= IONTO_DEBOUNCE_MAX_US;

  predicate ionto_config_caps_ok(struct ionto_config *c) =
    1 <= c->contact_us <= IONTO_CONTACT_MAX_US && IONTO_HEARTBEAT_MIN_US <= c->heartbeat_us <= IONTO_HEARTBEAT_MAX_US
    && 1000000 <= c->time_cap_us <= IONTO_TIME_CEILING_US && c->tick_us <= c->time_reserve_us <= c->time_cap_us
    && 1 <= c->charge_cap_each_fc <= IONTO_CHARGE_CEILING_FC
    && c->charge_cap_each_fc <= c->charge_cap_total_fc <= IONTO_CHARGE_CEILING_FC
    && 0 <= c->charge_reserve_fc <= c->charge_cap_each_fc;

  predicate ionto_config_in_range(struct ionto_config *c) =
    ionto_config_current_ok(c) && ionto_config_thresholds_ok(c) && ionto_config_debounces_ok(c)
    && ionto_config_caps_ok(c);

  // ... and a tick at the limit fits into the reserve of charge, so that a cap is due before it is reached.
  predicate ionto_config_ok(struct ionto_config *c) =
    ionto_config_in_range(c) && c->limit_na * c->tick_us <= c->charge_reserve_fc;
*/

/* The charge of one tick, in each direction: the magnitude times the period, in fC. */
/*@
  logic integer ionto_positive_fc(integer current_na, integer tick_us) =
    current_na > 0 ? \abs(current_na) * tick_us : 0;
  logic integer ionto_negative_fc(integer current_na, integer tick_us) =
    current_na < 0 ? \abs(current_na) * tick_us : 0;
*/

/* What the voltage lets a channel drive: anything below saturation; at saturation what is measured and the headroom to
 * find out whether more flows, or the headroom alone when nothing flows in the direction of the drive. */
/*@
  logic integer ionto_sign(integer x) = x > 0 ? 1 : (x < 0 ? -1 : 0);
  logic integer ionto_allowed_na(integer voltage_mv, integer saturation_mv, integer measured_na, integer level_na,
                                 integer headroom_na) =
    \abs(voltage_mv) < saturation_mv ? IONTO_CEILING_NA
    : (ionto_sign(measured_na) == ionto_sign(level_na) ? \min(\abs(measured_na) + headroom_na, IONTO_CEILING_NA)
                                                       : headroom_na);
*/

/* The regulator: its limits, its state, and the complement of every word of them (SI-20). */
/*@
  predicate ionto_regulator_rates_ok(struct ionto_regulator_limits *l) =
    IONTO_TICK_MIN_US <= l->tick_us <= IONTO_TICK_MAX_US && 1 <= l->limit_na <= IONTO_CEILING_NA
    && ionto_rate_ok(l->rise_na_per_tick, l->tick_us, 0, IONTO_RISE_MAX_UA_PER_S)
    && ionto_rate_ok(l->fall_na_per_tick, l->tick_us, IONTO_FALL_MIN_UA_PER_S, IONTO_FALL_MAX_UA_PER_S)
    && IONTO_DWELL_MIN_US <= l->dwell_us <= IONTO_DWELL_MAX_US && 500 <= l->saturation_mv <= IONTO_VOLTAGE_CEILING_MV
    && 1001 <= l->headroom_na <= 1000000 && 1 <= l->contact_us <= IONTO_CONTACT_MAX_US
    && IONTO_HEARTBEAT_MIN_US <= l->heartbeat_us <= IONTO_HEARTBEAT_MAX_US;

  predicate ionto_regulator_caps_ok(struct ionto_regulator_limits *l) =
    1000000 <= l->time_cap_us <= IONTO_TIME_CEILING_US && 0 <= l->time_reserve_us <= l->time_cap_us
    && 1 <= l->charge_cap_each_fc <= IONTO_CHARGE_CEILING_FC
    && l->charge_cap_each_fc <= l->charge_cap_total_fc <= IONTO_CHARGE_CEILING_FC
    && 0 <= l->charge_reserve_fc <= l->charge_cap_each_fc;

  predicate ionto_regulator_limits_ok(struct ionto_regulator_limits *l) =
    ionto_regulator_rates_ok(l) && ionto_regulator_caps_ok(l);

  // Time and charge stay within their caps, and hold what the last tick counted, so that a cut can take it back.
  predicate ionto_regulator_counts_ok(struct ionto_regulator_state *s, struct ionto_regulator_limits *l) =
    0 <= s->energised_us <= l->time_cap_us
    && 0 <= s->positive_fc <= l->charge_cap_each_fc && 0 <= s->negative_fc <= l->charge_cap_each_fc
    && s->positive_fc + s->negative_fc <= l->charge_cap_total_fc
    && (s->energised == 1 ==> l->tick_us <= s->energised_us && 0 <= s->tick_fc
                              && (s->level_na > 0 ==> s->tick_fc <= s->positive_fc)
                              && (s->level_na < 0 ==> s->tick_fc <= s->negative_fc));

  predicate ionto_regulator_level_ok(struct ionto_regulator_state *s, struct ionto_regulator_limits *l) =
    \abs(s->level_na) <= l->limit_na && \abs(s->target_na) <= l->limit_na
    && -1 <= s->sign <= 1 && (s->level_na > 0 ==> s->sign == 1) && (s->level_na < 0 ==> s->sign == -1)
    && 0 <= s->zero_us <= l->dwell_us && (s->level_na != 0 ==> s->zero_us == 0)
    && 0 <= s->contact_us <= l->contact_us && 0 <= s->heartbeat_us <= l->heartbeat_us;

  // Not energised: zero. Ending at zero: not energised any more. Energised: not armed; before the first current since
  // the core was started, the dwell is over.
  predicate ionto_regulator_flags_ok(struct ionto_regulator_state *s, struct ionto_regulator_limits *l) =
    s->armed <= 1 && s->energised <= 1 && s->ending <= 1 && s->corrupt <= 1
    && (s->energised == 0 ==> s->level_na == 0 && s->ending == 0) && (s->ending == 1 ==> s->level_na != 0)
    && (s->energised == 1 ==> s->armed == 0 && s->corrupt == 0)
    && (s->energised == 1 && s->sign == 0 ==> s->zero_us == l->dwell_us);

  predicate ionto_regulator_state_ok(struct ionto_regulator_state *s, struct ionto_regulator_limits *l) =
    ionto_regulator_level_ok(s, l) && ionto_regulator_flags_ok(s, l) && ionto_regulator_counts_ok(s, l);

  predicate ionto_regulator_caps_mirrored(struct ionto_regulator *r) =
    r->limits.time_cap_us == -1 - r->limits_inv.time_cap_us
    && r->limits.time_reserve_us == -1 - r->limits_inv.time_reserve_us
    && r->limits.charge_cap_each_fc == -1 - r->limits_inv.charge_cap_each_fc
    && r->limits.charge_cap_total_fc == -1 - r->limits_inv.charge_cap_total_fc
    && r->limits.charge_reserve_fc == -1 - r->limits_inv.charge_reserve_fc;

  predicate ionto_regulator_rates_mirrored(struct ionto_regulator *r) =
    r->limits.tick_us == -1 - r->limits_inv.tick_us && r->limits.limit_na == -1 - r->limits_inv.limit_na
    && r->limits.rise_na_per_tick == -1 - r->limits_inv.rise_na_per_tick
    && r->limits.fall_na_per_tick == -1 - r->limits_inv.fall_na_per_tick
    && r->limits.dwell_us == -1 - r->limits_inv.dwell_us
    && r->limits.saturation_mv == -1 - r->limits_inv.saturation_mv
    && r->limits.headroom_na == -1 - r->limits_inv.headroom_na
    && r->limits.contact_us == -1 - r->limits_inv.contact_us
    && r->limits.heartbeat_us == -1 - r->limits_inv.heartbeat_us;

  predicate ionto_regulator_limits_mirrored(struct ionto_regulator *r) =
    ionto_regulator_caps_mirrored(r) && ionto_regulator_rates_mirrored(r);

  predicate ionto_regulator_counts_mirrored(struct ionto_regulator *r) =
    r->state.energised_us == -1 - r->state_inv.energised_us && r->state.positive_fc == -1 - r->state_inv.positive_fc
    && r->state.negative_fc == -1 - r->state_inv.negative_fc && r->state.tick_fc == -1 - r->state_inv.tick_fc;

  predicate ionto_regulator_level_mirrored(struct ionto_regulator *r) =
    r->state.level_na == -1 - r->state_inv.level_na && r->state.target_na == -1 - r->state_inv.target_na
    && r->state.sign == -1 - r->state_inv.sign && r->state.zero_us == -1 - r->state_inv.zero_us
    && r->state.contact_us == -1 - r->state_inv.contact_us
    && r->state.heartbeat_us == -1 - r->state_inv.heartbeat_us;

  predicate ionto_regulator_flags_mirrored(struct ionto_regulator *r) =
    r->state.heartbeat_seen == UINT32_MAX - r->state_inv.heartbeat_seen
    && r->state.armed == UINT32_MAX - r->state_inv.armed && r->state.energised == UINT32_MAX - r->state_inv.energised
    && r->state.ending == UINT32_MAX - r->state_inv.ending && r->state.corrupt == UINT32_MAX - r->state_inv.corrupt;

  predicate ionto_regulator_state_mirrored(struct ionto_regulator *r) =
    ionto_regulator_counts_mirrored(r) && ionto_regulator_level_mirrored(r) && ionto_regulator_flags_mirrored(r);

  predicate ionto_regulator_intact(struct ionto_regulator *r) =
    ionto_regulator_limits_mirrored(r) && ionto_regulator_state_mirrored(r);

  // The rule: what is intact is in range.
  predicate ionto_regulator_sound(struct ionto_regulator *r) =
    (ionto_regulator_limits_mirrored(r) ==> ionto_regulator_limits_ok(&r->limits))
    && (ionto_regulator_intact(r) ==> ionto_regulator_state_ok(&r->state, &r->limits));

  // The next tick could go beyond a cap: less is left than the charge of the longest tick at the ceiling, 0.3 mC.
  predicate ionto_regulator_at_cap(struct ionto_regulator_state *s, struct ionto_regulator_limits *l) =
    s->energised_us + l->tick_us > l->time_cap_us
    || s->positive_fc + 300000000000 > l->charge_cap_each_fc
    || s->negative_fc + 300000000000 > l->charge_cap_each_fc
    || s->positive_fc + s->negative_fc + 300000000000 > l->charge_cap_total_fc;

  // A cap is near enough for the fall to begin.
  predicate ionto_regulator_time_due(struct ionto_regulator_state *s, struct ionto_regulator_limits *l) =
    s->energised_us + l->time_reserve_us >= l->time_cap_us;
  predicate ionto_regulator_charge_due(struct ionto_regulator_state *s, struct ionto_regulator_limits *l) =
    s->positive_fc + l->charge_reserve_fc >= l->charge_cap_each_fc
    || s->negative_fc + l->charge_reserve_fc >= l->charge_cap_each_fc
    || s->positive_fc + s->negative_fc + l->charge_reserve_fc >= l->charge_cap_total_fc;
*/

/* The guard: its configuration, its state, and the complement of every word of them (SI-20). */
/*@
  // A debounce timer at its time is a latched trip (SI-08 to SI-14).
  predicate ionto_guard_timers_ok(struct ionto_guard_state *s, struct ionto_config *c) =
    0 <= s->over_current_us <= c->over_current_us && 0 <= s->over_voltage_us <= c->over_voltage_us
    && 0 <= s->open_us <= c->open_us && 0 <= s->short_us <= c->short_us && 0 <= s->mismatch_us <= c->mismatch_us
    && 0 <= s->sensor_us <= c->sensor_us && 0 <= s->stale_us <= c->stale_us
    && 0 <= s->leakage_us <= c->leakage_us && 0 <= s->switch_us <= c->switch_us;

  predicate ionto_guard_timers_clear(struct ionto_guard_state *s) =
    s->over_current_us == 0 && s->over_voltage_us == 0 && s->open_us == 0 && s->short_us == 0 && s->mismatch_us == 0
    && s->sensor_us == 0 && s->stale_us == 0 && s->leakage_us == 0 && s->switch_us == 0;

  predicate ionto_guard_timer_tripped(struct ionto_guard_state *s, struct ionto_config *c) =
    s->over_current_us >= c->over_current_us || s->over_voltage_us >= c->over_voltage_us || s->open_us >= c->open_us
    || s->short_us >= c->short_us || s->mismatch_us >= c->mismatch_us || s->sensor_us >= c->sensor_us
    || s->stale_us >= c->stale_us || s->leakage_us >= c->leakage_us || s->switch_us >= c->switch_us;

  // What cuts: all trips but those that wait for the ramp down. Of the latches that wait, 1 is due and 2 is latched.
  predicate ionto_guard_cut(struct ionto_guard_state *s, struct ionto_config *c) =
    ionto_guard_timer_tripped(s, c) || s->tick != 0 || s->corrupt != 0 || s->emergency != 0 || s->proposal != 0;

  predicate ionto_guard_tripped(struct ionto_guard_state *s, struct ionto_config *c) =
    ionto_guard_cut(s, c) || s->heartbeat == 2 || s->charge == 2 || s->time == 2;

  predicate ionto_guard_clear(struct ionto_guard_state *s) =
    ionto_guard_timers_clear(s) && s->tick == 0 && s->corrupt == 0 && s->emergency == 0 && s->proposal == 0
    && s->heartbeat == 0 && s->charge == 0 && s->time == 0 && s->first_trip == IONTO_TRIP_NONE;

  predicate ionto_guard_counts_ok(struct ionto_guard_state *s, struct ionto_config *c) =
    0 <= s->energised_us <= c->time_cap_us
    && 0 <= s->positive_fc <= c->charge_cap_each_fc && 0 <= s->negative_fc <= c->charge_cap_each_fc
    && s->positive_fc + s->negative_fc <= c->charge_cap_total_fc;

  predicate ionto_guard_current_ok(struct ionto_guard_state *s, struct ionto_config *c) =
    \abs(s->last_na) <= c->limit_na
    && -1 <= s->sign <= 1 && (s->last_na > 0 ==> s->sign == 1) && (s->last_na < 0 ==> s->sign == -1)
    && 0 <= s->zero_us <= c->dwell_us && (s->last_na != 0 ==> s->zero_us == 0)
    && 0 <= s->envelope_na <= c->limit_na && (s->ending == 1 ==> 1 <= \abs(s->last_na) <= s->envelope_na)
    && 0 <= s->contact_us <= c->contact_us && 0 <= s->heartbeat_us <= c->heartbeat_us
    && ionto_guard_counts_ok(s, c);

  // Not energised: zero. Energised: not armed; before the first current since the core was started, the dwell is over.
  predicate ionto_guard_switch_ok(struct ionto_guard_state *s, struct ionto_config *c) =
    s->armed <= 1 && s->energised <= 1 && s->ending <= 1 && s->primed <= 1 && s->acknowledge_seen <= 1
    && (s->energised == 0 ==> s->last_na == 0 && s->ending == 0)
    && (s->energised == 1 ==> s->armed == 0)
    && (s->energised == 1 && s->sign == 0 ==> s->zero_us == c->dwell_us);

  predicate ionto_guard_latches_ok(struct ionto_guard_state *s) =
    s->tick <= 1 && s->corrupt <= 2 && s->emergency <= 1 && s->proposal <= 1
    && s->heartbeat <= 2 && s->charge <= 2 && s->time <= 2;

  // What is due waits for the end of a fall. There is a first trip exactly while one is latched: then all is off.
  predicate ionto_guard_flags_ok(struct ionto_guard_state *s, struct ionto_config *c) =
    ionto_guard_latches_ok(s) && ionto_guard_switch_ok(s, c)
    && (s->heartbeat == 1 || s->charge == 1 || s->time == 1 ==> s->ending == 1)
    && s->first_trip <= IONTO_TRIP_TIME && (s->first_trip != IONTO_TRIP_NONE <==> ionto_guard_tripped(s, c))
    && (s->first_trip != IONTO_TRIP_NONE ==> s->energised == 0 && s->armed == 0);

  predicate ionto_guard_state_ok(struct ionto_guard_state *s, struct ionto_config *c) =
    ionto_guard_current_ok(s, c) && ionto_guard_timers_ok(s, c) && ionto_guard_flags_ok(s, c);

  predicate ionto_guard_config_mirrored(struct ionto_guard *g) =
    g->config.time_cap_us == -1 - g->config_inv.time_cap_us
    && g->config.time_reserve_us == -1 - g->config_inv.time_reserve_us
    && g->config.charge_cap_each_fc == -1 - g->config_inv.charge_cap_each_fc
    && g->config.charge_cap_total_fc == -1 - g->config_inv.charge_cap_total_fc
    && g->config.charge_reserve_fc == -1 - g->config_inv.charge_reserve_fc
    && g->config.tick_us == -1 - g->config_inv.tick_us
    && g->config.tick_tolerance_us == -1 - g->config_inv.tick_tolerance_us
    && g->config.limit_na == -1 - g->config_inv.limit_na && g->config.trip_na == -1 - g->config_inv.trip_na
    && g->config.rise_na_per_tick == -1 - g->config_inv.rise_na_per_tick
    && g->config.fall_na_per_tick == -1 - g->config_inv.fall_na_per_tick
    && g->config.dwell_us == -1 - g->config_inv.dwell_us
    && g->config.compliance_mv == -1 - g->config_inv.compliance_mv
    && g->config.over_voltage_mv == -1 - g->config_inv.over_voltage_mv
    && g->config.saturation_mv == -1 - g->config_inv.saturation_mv
    && g->config.headroom_na == -1 - g->config_inv.headroom_na && g->config.open_na == -1 - g->config_inv.open_na
    && g->config.short_ohm == -1 - g->config_inv.short_ohm
    && g->config.short_above_na == -1 - g->config_inv.short_above_na
    && g->config.mismatch_na == -1 - g->config_inv.mismatch_na
    && g->config.disagree_na == -1 - g->config_inv.disagree_na
    && g->config.sensor_max_na == -1 - g->config_inv.sensor_max_na
    && g->config.sensor_max_mv == -1 - g->config_inv.sensor_max_mv
    && g->config.leakage_na == -1 - g->config_inv.leakage_na
    && g->config.over_current_us == -1 - g->config_inv.over_current_us
    && g->config.over_voltage_us == -1 - g->config_inv.over_voltage_us
    && g->config.open_us == -1 - g->config_inv.open_us && g->config.short_us == -1 - g->config_inv.short_us
    && g->config.mismatch_us == -1 - g->config_inv.mismatch_us && g->config.sensor_us == -1 - g->config_inv.sensor_us
    && g->config.stale_us == -1 - g->config_inv.stale_us && g->config.leakage_us == -1 - g->config_inv.leakage_us
    && g->config.switch_us == -1 - g->config_inv.switch_us && g->config.contact_us == -1 - g->config_inv.contact_us
    && g->config.heartbeat_us == -1 - g->config_inv.heartbeat_us;

  predicate ionto_guard_state_mirrored(struct ionto_guard *g) =
    g->state.energised_us == -1 - g->state_inv.energised_us && g->state.positive_fc == -1 - g->state_inv.positive_fc
    && g->state.negative_fc == -1 - g->state_inv.negative_fc && g->state.last_na == -1 - g->state_inv.last_na
    && g->state.sign == -1 - g->state_inv.sign && g->state.zero_us == -1 - g->state_inv.zero_us
    && g->state.envelope_na == -1 - g->state_inv.envelope_na && g->state.contact_us == -1 - g->state_inv.contact_us
    && g->state.heartbeat_us == -1 - g->state_inv.heartbeat_us
    && g->state.over_current_us == -1 - g->state_inv.over_current_us
    && g->state.over_voltage_us == -1 - g->state_inv.over_voltage_us && g->state.open_us == -1 - g->state_inv.open_us
    && g->state.short_us == -1 - g->state_inv.short_us && g->state.mismatch_us == -1 - g->state_inv.mismatch_us
    && g->state.sensor_us == -1 - g->state_inv.sensor_us && g->state.stale_us == -1 - g->state_inv.stale_us
    && g->state.leakage_us == -1 - g->state_inv.leakage_us && g->state.switch_us == -1 - g->state_inv.switch_us
    && g->state.tick == UINT32_MAX - g->state_inv.tick && g->state.corrupt == UINT32_MAX - g->state_inv.corrupt
    && g->state.emergency == UINT32_MAX - g->state_inv.emergency
    && g->state.proposal == UINT32_MAX - g->state_inv.proposal
    && g->state.heartbeat == UINT32_MAX - g->state_inv.heartbeat
    && g->state.charge == UINT32_MAX - g->state_inv.charge && g->state.time == UINT32_MAX - g->state_inv.time
    && g->state.first_trip == UINT32_MAX - g->state_inv.first_trip
    && g->state.armed == UINT32_MAX - g->state_inv.armed && g->state.energised == UINT32_MAX - g->state_inv.energised
    && g->state.ending == UINT32_MAX - g->state_inv.ending && g->state.primed == UINT32_MAX - g->state_inv.primed
    && g->state.now_seen == UINT32_MAX - g->state_inv.now_seen
    && g->state.sample_seen == UINT32_MAX - g->state_inv.sample_seen
    && g->state.heartbeat_seen == UINT32_MAX - g->state_inv.heartbeat_seen
    && g->state.acknowledge_seen == UINT32_MAX - g->state_inv.acknowledge_seen;

  predicate ionto_guard_intact(struct ionto_guard *g) =
    ionto_guard_config_mirrored(g) && ionto_guard_state_mirrored(g);

  // The rule: what is intact is in range.
  predicate ionto_guard_sound(struct ionto_guard *g) =
    (ionto_guard_config_mirrored(g) ==> ionto_config_in_range(&g->config))
    && (ionto_guard_intact(g) ==> ionto_guard_state_ok(&g->state, &g->config));

  // A cap is near enough for the fall to begin.
  predicate ionto_guard_time_due(struct ionto_guard_state *s, struct ionto_config *c) =
    s->energised_us + c->time_reserve_us >= c->time_cap_us;
  predicate ionto_guard_charge_due(struct ionto_guard_state *s, struct ionto_config *c) =
    s->positive_fc + c->charge_reserve_fc >= c->charge_cap_each_fc
    || s->negative_fc + c->charge_reserve_fc >= c->charge_cap_each_fc
    || s->positive_fc + s->negative_fc + c->charge_reserve_fc >= c->charge_cap_total_fc;
*/

/* What the guard sees at one tick, in what is measured and in what it remembers. */
/*@
  predicate ionto_sees_over_current(struct ionto_config *c, struct ionto_sense *s) =
    \abs(s->measured_na) > c->trip_na || \abs(s->check_na) > c->trip_na;

  predicate ionto_sees_over_voltage(struct ionto_config *c, struct ionto_sense *s) =
    \abs(s->voltage_mv) > c->over_voltage_mv;

  predicate ionto_sees_saturation(struct ionto_config *c, struct ionto_sense *s) =
    \abs(s->voltage_mv) >= c->saturation_mv;

  // By the contact sense; or by a saturated voltage that drives nothing.
  predicate ionto_sees_open(struct ionto_guard *g, struct ionto_sense *s) =
    g->state.energised == 1
    && (s->contact != 1 || ionto_sees_saturation(&g->config, s) && \abs(g->state.last_na) > g->config.open_na
                           && \abs(s->measured_na) < g->config.open_na);

  // |V| < R |I|, in nV. A current beyond full scale counts as full scale; a voltage beyond it is the sensor's trip.
  predicate ionto_sees_short(struct ionto_config *c, struct ionto_sense *s) =
    \abs(s->measured_na) > c->short_above_na && \abs(s->voltage_mv) <= IONTO_SENSE_MAX_MV
    && \abs(s->voltage_mv) * 1000000 < \min(\abs(s->measured_na), IONTO_SENSE_MAX_NA) * c->short_ohm;

  // Saturation explains a current between zero and the drive, and nothing else.
  predicate ionto_sees_mismatch(struct ionto_guard *g, struct ionto_sense *s) =
    \abs(s->measured_na - g->state.last_na) > g->config.mismatch_na
    && !(ionto_sees_saturation(&g->config, s)
         && (0 <= s->measured_na <= g->state.last_na || g->state.last_na <= s->measured_na <= 0));

  predicate ionto_sees_sensor(struct ionto_config *c, struct ionto_sense *s) =
    \abs(s->measured_na) > c->sensor_max_na || \abs(s->check_na) > c->sensor_max_na
    || \abs(s->voltage_mv) > c->sensor_max_mv || \abs(s->measured_na - s->check_na) > c->disagree_na;

  predicate ionto_sees_stale(struct ionto_guard *g, struct ionto_sense *s) =
    g->state.primed == 1 && s->sample == g->state.sample_seen;

  predicate ionto_sees_zero(struct ionto_config *c, struct ionto_sense *s) =
    \abs(s->measured_na) <= c->leakage_na && \abs(s->check_na) <= c->leakage_na;

  predicate ionto_sees_leakage(struct ionto_guard *g, struct ionto_sense *s) =
    g->state.energised == 0 && !ionto_sees_zero(&g->config, s);

  predicate ionto_sees_disobedience(struct ionto_guard *g, struct ionto_sense *s) =
    s->switch_closed != g->state.energised;

  // The time since the last tick is off by more than the tolerance; the first tick has no period.
  predicate ionto_sees_tick(struct ionto_guard *g, struct ionto_sense *s) =
    g->state.primed == 1
    && !(g->config.tick_us - g->config.tick_tolerance_us <= (uint32_t)(s->now_us - g->state.now_seen)
         <= g->config.tick_us + g->config.tick_tolerance_us);

  predicate ionto_sees_cause(struct ionto_guard *g, struct ionto_sense *s) =
    ionto_sees_over_current(&g->config, s) || ionto_sees_over_voltage(&g->config, s) || ionto_sees_open(g, s)
    || ionto_sees_short(&g->config, s) || ionto_sees_mismatch(g, s) || ionto_sees_sensor(&g->config, s)
    || ionto_sees_stale(g, s) || ionto_sees_leakage(g, s) || ionto_sees_disobedience(g, s) || ionto_sees_tick(g, s)
    || s->emergency_stop != 0;
*/

/* How a debounce timer goes: it runs for a tick while its cause is seen, else starts anew; at its limit it stays. */
/*@
  predicate ionto_runs(integer tick_us, integer limit_us, integer before_us, integer after_us) =
    after_us == \min(before_us + tick_us, limit_us);
  predicate ionto_rests(integer limit_us, integer before_us, integer after_us) =
    after_us == (before_us == limit_us ? limit_us : 0);
  predicate ionto_rests_or_clears(integer limit_us, integer before_us, integer after_us) =
    after_us == 0 || ionto_rests(limit_us, before_us, after_us);

  predicate ionto_is_zero(struct ionto_drive d) = d.current_na == 0 && d.switch_closed == 0;

  predicate ionto_core_sound(struct ionto_core *core) =
    ionto_guard_sound(&core->guard) && ionto_regulator_sound(&core->regulator);
*/

/* ---- the core ----------------------------------------------------------------------------------------- */

/* Starts the core, from any bytes: copies and checks the configuration and latches again the trips that were latched
 * when the power went (telemetry.trips as last kept; 0 when there were none). IONTO_OK, or the error of the first
 * field that is refused: then the core is latched at zero with CORRUPT, and stays so until it is started right. A port
 * that keeps the trips keeps that one too, so the next start, though right, needs an acknowledge. Which trip was the
 * first is not carried, only which there were. No current flows until STOP was seen, contact has held, the supervisor
 * is heard, and the output has been zero for the dwell. */
/*@
    requires valid: \valid(core) && \valid_read(config) && \separated(core, config);
    terminates \true;
    assigns *core;

    // What is started is sound, whatever was in the memory before.
    ensures si20_sound: ionto_core_sound(core);
    ensures si20_intact: \result == IONTO_OK ==> ionto_guard_intact(&core->guard)
                                                 && ionto_regulator_intact(&core->regulator);
    // A configuration is accepted exactly when every field is in range, and copied as it is.
    ensures si02_refused: \result == IONTO_OK <==> \old(ionto_config_ok(config)) && carried_trips <= 65535;
    ensures si02_accepted: \result == IONTO_OK ==> ionto_config_ok(&core->guard.config);
    ensures si02_latched: \result != IONTO_OK ==> !ionto_guard_config_mirrored(&core->guard)
                                                  && core->guard.state.first_trip == IONTO_TRIP_CORRUPT;
    ensures si01_limit: core->guard.config.limit_na == \old(config->limit_na)
                        && core->regulator.limits.limit_na == \old(config->limit_na);
    // Never energised by a start alone, and every direction waits for the dwell anew.
    ensures si05_power_on: core->guard.state.energised == 0 && core->guard.state.armed == 0
                           && core->guard.state.last_na == 0 && core->telemetry.switch_closed == 0;
    ensures si04_dwell: core->guard.state.sign == 0 && core->guard.state.zero_us == 0;
    // Losing the power loses no trip, and an acknowledge that is stuck clears none.
    ensures si07_carried: \result == IONTO_OK && carried_trips != 0 ==> core->guard.state.first_trip != IONTO_TRIP_NONE;
    ensures si07_each: \result == IONTO_OK ==> carried_trips ==
      (core->guard.state.over_current_us >= core->guard.config.over_current_us ? 1 : 0)
      + (core->guard.state.over_voltage_us >= core->guard.config.over_voltage_us ? 2 : 0)
      + (core->guard.state.open_us >= core->guard.config.open_us ? 4 : 0)
      + (core->guard.state.short_us >= core->guard.config.short_us ? 8 : 0)
      + (core->guard.state.mismatch_us >= core->guard.config.mismatch_us ? 16 : 0)
      + (core->guard.state.sensor_us >= core->guard.config.sensor_us ? 32 : 0)
      + (core->guard.state.stale_us >= core->guard.config.stale_us ? 64 : 0)
      + (core->guard.state.leakage_us >= core->guard.config.leakage_us ? 128 : 0)
      + (core->guard.state.switch_us >= core->guard.config.switch_us ? 256 : 0)
      + (core->guard.state.tick != 0 ? 512 : 0) + (core->guard.state.corrupt != 0 ? 1024 : 0)
      + (core->guard.state.emergency != 0 ? 2048 : 0) + (core->guard.state.proposal != 0 ? 4096 : 0)
      + (core->guard.state.heartbeat == 2 ? 8192 : 0) + (core->guard.state.charge == 2 ? 16384 : 0)
      + (core->guard.state.time == 2 ? 32768 : 0);
    ensures si07_clean: \result == IONTO_OK && carried_trips == 0 ==> ionto_guard_clear(&core->guard.state);
    ensures si07_edge: core->guard.state.acknowledge_seen == 1;
    // Time, charge and the report start anew.
    ensures si17_anew: core->guard.state.energised_us == 0;
    ensures si18_anew: core->guard.state.positive_fc == 0 && core->guard.state.negative_fc == 0;
    ensures extremes: core->reported == 1;
*/
uint32_t ionto_init(struct ionto_core *core, const struct ionto_config *config, uint32_t carried_trips);

/* Gives a core at rest new limits for the next session and starts its charge and time anew. Refused while a trip is
 * latched or the switch is closed, and when a field is out of range: then nothing changes. */
/*@
    requires valid: \valid(core) && \valid_read(config) && \separated(core, config);
    requires sound: ionto_core_sound(core);
    terminates \true;
    assigns *core;

    ensures si20_sound: ionto_core_sound(core);
    // At rest means: intact, no trip latched, switch open.
    behavior at_rest:
      assumes ionto_guard_intact(&core->guard) && core->guard.state.first_trip == IONTO_TRIP_NONE
              && core->guard.state.energised == 0 && ionto_config_ok(config);
      assigns *core;
      ensures si02_accepted: \result == IONTO_OK && ionto_config_ok(&core->guard.config);
      ensures si01_limit: core->guard.config.limit_na == \old(config->limit_na)
                          && core->regulator.limits.limit_na == \old(config->limit_na);
      ensures si05_off: core->guard.state.energised == 0 && core->guard.state.armed == 0;
      ensures si04_dwell: core->guard.state.sign == 0 && core->guard.state.zero_us == 0;
    behavior refused:
      assumes !(ionto_guard_intact(&core->guard) && core->guard.state.first_trip == IONTO_TRIP_NONE
                && core->guard.state.energised == 0 && ionto_config_ok(config));
      assigns \nothing;
      ensures si02_refused: \result != IONTO_OK;
    complete behaviors;
    disjoint behaviors;
*/
uint32_t ionto_configure(struct ionto_core *core, const struct ionto_config *config);

/* One tick: call it once every tick_us, give the answer to the converter and the switch before the next. Nothing here
 * runs when it is not called: a watchdog in hardware has to open the switch then. */
/*@
    requires valid: \valid(core) && \valid_read(sense) && \valid_read(request);
    requires separated: \separated(core, sense) && \separated(core, request);
    requires sound: ionto_core_sound(core);
    terminates \true;
    assigns core->regulator.state, core->regulator.state_inv, core->regulator.phase, core->regulator.limited_by,
            core->regulator.refused, core->guard.state, core->guard.state_inv, core->telemetry, core->reported;

    ensures si20_sound: ionto_core_sound(core);
    // The current: within the limit, by the ramp, through zero with a dwell. The clauses are the guard's.
    ensures si01_limit: \result.current_na != 0 ==> \abs(\result.current_na) <= core->guard.config.limit_na;
    ensures si02_ceiling: \abs(\result.current_na) <= IONTO_CEILING_NA;
    ensures si03_rise: \result.current_na != 0
                       ==> \abs(\result.current_na) - \abs(\old(core->guard.state.last_na))
                           <= core->guard.config.rise_na_per_tick;
    ensures si03_fall: \result.switch_closed == 1
                       ==> \min(\abs(\old(core->guard.state.last_na)),
                                ionto_allowed_na(\old(sense->voltage_mv), core->guard.config.saturation_mv,
                                                 \old(sense->measured_na), \old(core->guard.state.last_na),
                                                 core->guard.config.headroom_na))
                           - \abs(\result.current_na) <= core->guard.config.fall_na_per_tick;
    ensures si04_no_jump: \old(ionto_guard_intact(&core->guard))
                          ==> (\old(core->guard.state.last_na) > 0 ==> \result.current_na >= 0)
                              && (\old(core->guard.state.last_na) < 0 ==> \result.current_na <= 0);
    ensures si04_dwell: \result.current_na > 0 && \old(core->guard.state.sign) != 1
                        || \result.current_na < 0 && \old(core->guard.state.sign) != -1
                        ==> \old(core->guard.state.zero_us) == core->guard.config.dwell_us;
    ensures si27_voltage: \result.current_na != 0
                          ==> \abs(\result.current_na)
                              <= ionto_allowed_na(\old(sense->voltage_mv), core->guard.config.saturation_mv,
                                                  \old(sense->measured_na), \old(core->guard.state.last_na),
                                                  core->guard.config.headroom_na);
    // Starting, being off, and trips.
    ensures si05_start: \result.switch_closed == 1 && \old(core->guard.state.energised) == 0
                        ==> \result.current_na == 0 && \old(request->command) == IONTO_COMMAND_RUN
                            && \old(sense->contact) == 1
                            && \old(core->guard.state.armed) == 1
                            && \old(core->guard.state.first_trip) == IONTO_TRIP_NONE
                            && core->guard.state.heartbeat_us < core->guard.config.heartbeat_us;
    ensures si06_off: \result.switch_closed == 0 ==> \result.current_na == 0;
    ensures si06_fault: core->guard.state.first_trip != IONTO_TRIP_NONE ==> ionto_is_zero(\result);
    ensures si07_latched: \old(ionto_guard_intact(&core->guard))
                          && \old(core->guard.state.first_trip) != IONTO_TRIP_NONE
                          && core->guard.state.first_trip == IONTO_TRIP_NONE
                          ==> \old(request->acknowledge) == 1 && \old(core->guard.state.acknowledge_seen) == 0
                              && \old(ionto_sees_zero(&core->guard.config, sense))
                              && !\old(ionto_sees_cause(&core->guard, sense));
    ensures si20_corrupt: !\old(ionto_guard_intact(&core->guard) && ionto_regulator_intact(&core->regulator))
                          ==> ionto_is_zero(\result) && core->guard.state.corrupt == 2;
    // A target beyond the limit changes nothing, and the answer says so.
    ensures si22_refused: \old(ionto_regulator_intact(&core->regulator) && core->regulator.state.corrupt == 0)
                          && \abs(\old(request->target_na)) > core->regulator.limits.limit_na
                          ==> core->regulator.state.target_na == \old(core->regulator.state.target_na)
                              && core->regulator.refused == IONTO_REFUSED_LIMIT;
    // The report: what was driven, and its extremes since the last one.
    ensures driven: core->telemetry.drive_na == \result.current_na
                    && core->telemetry.switch_closed == \result.switch_closed && core->reported == 0;
    ensures extremes_anew: \old(core->reported) == 1
                           ==> core->telemetry.drive_min_na == \result.current_na
                               && core->telemetry.drive_max_na == \result.current_na;
    ensures extremes: \old(core->reported) != 1
                      ==> core->telemetry.drive_min_na
                          == \min(\old(core->telemetry.drive_min_na), \result.current_na)
                          && core->telemetry.drive_max_na
                             == \max(\old(core->telemetry.drive_max_na), \result.current_na);
*/
struct ionto_drive ionto_step(struct ionto_core *core, const struct ionto_sense *sense,
                              const struct ionto_request *request);

/* What happened since the last report; the extremes start anew. Not for an interrupt that breaks into ionto_step(). */
/*@
    requires valid: \valid(core) && \valid(out) && \separated(core, out);
    terminates \true;
    assigns core->telemetry, core->reported, *out;

    ensures anew: core->reported == 1;
    ensures extremes: out->drive_min_na == \old(core->telemetry.drive_min_na)
                      && out->drive_max_na == \old(core->telemetry.drive_max_na)
                      && out->measured_min_na == \old(core->telemetry.measured_min_na)
                      && out->measured_max_na == \old(core->telemetry.measured_max_na)
                      && out->voltage_min_mv == \old(core->telemetry.voltage_min_mv)
                      && out->voltage_max_mv == \old(core->telemetry.voltage_max_mv);
    // What the guard has latched; of a guard that is not intact CORRUPT alone (ionto_guard_trips()).
    ensures si07_first: out->first_trip == \old(core->guard.state.first_trip);
    ensures si07_told: \old(ionto_guard_intact(&core->guard))
                       ==> (out->trips != 0 <==> \old(ionto_guard_tripped(&core->guard.state, &core->guard.config)));
    ensures si20_corrupt: !\old(ionto_guard_intact(&core->guard)) ==> out->trips == 1024;
    ensures si06_fault: \old(core->guard.state.first_trip) != IONTO_TRIP_NONE
                        ==> out->phase == IONTO_PHASE_FAULT && out->limited_by == IONTO_LIMITED_BY_TRIP;
    ensures si17_told: out->energised_us == \old(core->guard.state.energised_us);
    ensures si18_told: out->driven_positive_fc == \old(core->guard.state.positive_fc)
                       && out->driven_negative_fc == \old(core->guard.state.negative_fc);
    ensures si22_told: out->target_na == \old(core->regulator.state.target_na)
                      && out->refused == \old(core->regulator.refused);
*/
void ionto_report(struct ionto_core *core, struct ionto_telemetry *out);

/* What the core is doing: enum ionto_phase. */
/*@
    requires valid: \valid_read(core);
    terminates \true;
    assigns \nothing;
    ensures si06_fault: \result == (core->guard.state.first_trip != IONTO_TRIP_NONE ? IONTO_PHASE_FAULT
                                                                                    : core->regulator.phase);
*/
uint32_t ionto_phase(const struct ionto_core *core);

/* ---- the channels: for proofs, for tests, and for who replaces one of them -------------------------------- */

/* Starts the regulator, from any bytes. IONTO_OK, or the error of the first limit refused: then it stays at zero. */
/*@
    requires valid: \valid(r) && \valid_read(config) && \separated(r, config);
    terminates \true;
    assigns *r;

    ensures si20_sound: ionto_regulator_sound(r);
    ensures si20_intact: \result == IONTO_OK ==> ionto_regulator_intact(r) && r->state.corrupt == 0;
    ensures si02_refused: \result == IONTO_OK <==> ionto_regulator_limits_ok(&r->limits);
    ensures si02_complete: \old(ionto_config_ok(config)) ==> \result == IONTO_OK;
    ensures si02_latched: \result != IONTO_OK ==> !ionto_regulator_limits_mirrored(r);
    ensures si01_limit: r->limits.limit_na == \old(config->limit_na);
    ensures si03_rates: r->limits.rise_na_per_tick == \old(config->rise_na_per_tick)
                        && r->limits.fall_na_per_tick == \old(config->fall_na_per_tick);
    ensures si05_off: r->state.energised == 0 && r->state.armed == 0 && r->state.level_na == 0;
    ensures si17_anew: r->state.energised_us == 0;
    ensures si18_anew: r->state.positive_fc == 0 && r->state.negative_fc == 0;
    ensures si22_anew: r->state.target_na == 0 && r->refused == IONTO_REFUSED_NOTHING;
    ensures said: r->phase == IONTO_PHASE_IDLE && r->limited_by == IONTO_LIMITED_BY_STOP;
    ensures si04_dwell: r->limits.dwell_us == \old(config->dwell_us) && r->state.sign == 0 && r->state.zero_us == 0;
*/
uint32_t ionto_regulator_init(struct ionto_regulator *r, const struct ionto_config *config);

/* One tick of the regulator. It keeps every invariant of the current alone (SI-26): nothing is asked of what is
 * sensed or requested, nor of `cut`, by which it is told that a trip is latched: any value but 0 says so. */
/*@
    requires valid: \valid(r) && \valid_read(sense) && \valid_read(request);
    requires separated: \separated(r, sense) && \separated(r, request);
    requires sound: ionto_regulator_sound(r);
    terminates \true;
    assigns r->state, r->state_inv, r->phase, r->limited_by, r->refused;

    // What is not intact, or was not, proposes zero and says so, for good; what is intact stays so.
    ensures si20_sound: ionto_regulator_sound(r);
    ensures si20_mirrored: ionto_regulator_state_mirrored(r);
    ensures si20_corrupt: !\old(ionto_regulator_intact(r)) || \old(r->state.corrupt) != 0
                          ==> \result.current_na == 0 && \result.sound == 0 && r->state.corrupt == 1;
    ensures si20_says_sound: \old(ionto_regulator_intact(r)) && \old(r->state.corrupt) == 0 <==> \result.sound == 1;
    ensures level: \result.current_na == r->state.level_na;

    // Within the limit and the ceiling.
    ensures si01_limit: \result.current_na != 0 ==> \abs(\result.current_na) <= r->limits.limit_na;
    ensures si02_ceiling: \abs(\result.current_na) <= IONTO_CEILING_NA;

    // By the rise rate, and by the fall rate save when cut, when a cap is a tick away, or to what a saturated voltage
    // allows.
    ensures si03_rise: \result.current_na != 0
                       ==> \abs(\result.current_na) - \abs(\old(r->state.level_na)) <= r->limits.rise_na_per_tick;
    ensures si03_fall: \result.sound == 1 && cut == 0 && \old(sense->emergency_stop) == 0
                       && !\old(ionto_regulator_at_cap(&r->state, &r->limits))
                       ==> \min(\abs(\old(r->state.level_na)),
                                ionto_allowed_na(\old(sense->voltage_mv), r->limits.saturation_mv,
                                                 \old(sense->measured_na), \old(r->state.level_na),
                                                 r->limits.headroom_na))
                           - \abs(\result.current_na) <= r->limits.fall_na_per_tick;

    // The sign changes through zero alone, held for the dwell; so does the first current of all begin.
    ensures si04_no_jump: \result.sound == 1 ==> (\old(r->state.level_na) > 0 ==> \result.current_na >= 0)
                                                 && (\old(r->state.level_na) < 0 ==> \result.current_na <= 0);
    ensures si04_dwell: \result.current_na > 0 && \old(r->state.sign) != 1
                        || \result.current_na < 0 && \old(r->state.sign) != -1
                        ==> \old(r->state.zero_us) == r->limits.dwell_us;
    ensures si04_count: \result.sound == 1
                        ==> r->state.zero_us == (\result.current_na == 0
                                                 ? \min(\old(r->state.zero_us) + r->limits.tick_us, r->limits.dwell_us)
                                                 : 0);
    ensures si04_sign: \result.sound == 1
                       ==> r->state.sign == (\result.current_na > 0 ? 1 : (\result.current_na < 0 ? -1
                                                                           : \old(r->state.sign)));

    // A start: after STOP was seen with nothing wrong, on RUN with a target within the limit, with contact that held,
    // by a supervisor that is heard: a request that a dead one has left standing starts nothing.
    ensures si05_start: r->state.energised == 1 && \old(r->state.energised) == 0
                        ==> \old(r->state.armed) == 1 && \old(request->command) == IONTO_COMMAND_RUN
                            && \abs(\old(request->target_na)) <= r->limits.limit_na && \old(sense->contact) == 1
                            && r->state.contact_us == r->limits.contact_us
                            && r->state.heartbeat_us < r->limits.heartbeat_us && \result.current_na == 0;
    ensures si05_armed: \result.sound == 1 && r->state.armed == 1 && \old(r->state.armed) == 0
                        ==> \old(request->command) != IONTO_COMMAND_RUN && cut == 0 && \old(sense->emergency_stop) == 0;
    ensures si05_contact: \result.sound == 1
                          ==> r->state.contact_us
                              == (\old(sense->contact) == 1
                                  ? \min(\old(r->state.contact_us) + r->limits.tick_us, r->limits.contact_us) : 0);

    // STOP arms; and a start for which nothing is lacking happens, unless the time cap leaves no tick for it.
    ensures arms: \result.sound == 1 && cut == 0 && \old(sense->emergency_stop) == 0 && \old(r->state.energised) == 0
                  && \old(request->command) != IONTO_COMMAND_RUN ==> r->state.armed == 1;
    ensures starts: \result.sound == 1 && cut == 0 && \old(sense->emergency_stop) == 0
                    && \old(r->state.energised) == 0 && \old(request->command) == IONTO_COMMAND_RUN
                    && \old(r->state.armed) == 1 && \abs(\old(request->target_na)) <= r->limits.limit_na
                    && r->state.contact_us == r->limits.contact_us && r->state.heartbeat_us < r->limits.heartbeat_us
                    && (\old(r->state.sign) != 0 || \old(r->state.zero_us) == r->limits.dwell_us)
                    ==> r->state.energised
                        == (\old(r->state.energised_us) + r->limits.tick_us <= r->limits.time_cap_us ? 1 : 0);

    // A voltage that is saturated brings the current down to what it allows, at once.
    ensures si27_voltage: \result.sound == 1
                          ==> \abs(\result.current_na)
                              <= ionto_allowed_na(\old(sense->voltage_mv), r->limits.saturation_mv,
                                                  \old(sense->measured_na), \old(r->state.level_na),
                                                  r->limits.headroom_na);

    // Off is zero; a cut is zero at once; after either the current rises from zero alone.
    ensures si06_off: r->state.energised == 0 ==> \result.current_na == 0;
    ensures si06_cut: cut != 0 || \old(sense->emergency_stop) != 0
                      ==> \result.current_na == 0 && r->state.energised == 0 && r->state.armed == 0;
    ensures si10_from_zero: \old(r->state.energised) == 0 && \result.sound == 1 ==> \result.current_na == 0;

    // A silent supervisor and a stop end the current by the fall rate, and nothing turns it back.
    ensures si15_count: \result.sound == 1
                        ==> r->state.heartbeat_us
                            == (\old(request->heartbeat) == \old(r->state.heartbeat_seen)
                                ? \min(\old(r->state.heartbeat_us) + r->limits.tick_us, r->limits.heartbeat_us) : 0)
                            && r->state.heartbeat_seen == \old(request->heartbeat);
    ensures si15_silent: \result.sound == 1 && r->state.heartbeat_us == r->limits.heartbeat_us
                         ==> \abs(\result.current_na)
                             <= \max(\abs(\old(r->state.level_na)) - r->limits.fall_na_per_tick, 0)
                             && (r->state.energised == 0 || r->state.ending == 1 || \old(r->state.energised) == 0);
    ensures si16_stop: \result.sound == 1 && \old(request->command) != IONTO_COMMAND_RUN
                       ==> \abs(\result.current_na)
                           <= \max(\abs(\old(r->state.level_na)) - r->limits.fall_na_per_tick, 0)
                           && (r->state.energised == 0 || r->state.ending == 1);
    ensures si16_never_back: \result.sound == 1 && \old(r->state.ending) == 1
                             ==> \abs(\result.current_na)
                                 <= \max(\abs(\old(r->state.level_na)) - r->limits.fall_na_per_tick, 0)
                                 && (r->state.energised == 0 || r->state.ending == 1);
    ensures si16_over: \result.sound == 1 && r->state.ending == 1 ==> \result.current_na != 0;

    // Time and charge: counted exactly for every tick proposed, taken back when it was cut, never above a cap.
    ensures si17_cap: \result.sound == 1 ==> 0 <= r->state.energised_us <= r->limits.time_cap_us;
    ensures si17_count: \result.sound == 1 && cut == 0
                        ==> r->state.energised_us
                            == \old(r->state.energised_us) + (r->state.energised == 1 ? r->limits.tick_us : 0);
    ensures si17_cut: \result.sound == 1 && cut != 0
                      ==> r->state.energised_us
                          == \old(r->state.energised_us) - (\old(r->state.energised) == 1 ? r->limits.tick_us : 0);
    ensures si17_ends: \result.sound == 1 && \old(ionto_regulator_time_due(&r->state, &r->limits))
                       ==> \abs(\result.current_na)
                           <= \max(\abs(\old(r->state.level_na)) - r->limits.fall_na_per_tick, 0);
    ensures si18_cap: \result.sound == 1
                      ==> 0 <= r->state.positive_fc <= r->limits.charge_cap_each_fc
                          && 0 <= r->state.negative_fc <= r->limits.charge_cap_each_fc
                          && r->state.positive_fc + r->state.negative_fc <= r->limits.charge_cap_total_fc;
    ensures si18_count: \result.sound == 1 && cut == 0
                        ==> r->state.positive_fc
                            == \old(r->state.positive_fc) + ionto_positive_fc(\result.current_na, r->limits.tick_us)
                            && r->state.negative_fc
                               == \old(r->state.negative_fc) + ionto_negative_fc(\result.current_na, r->limits.tick_us);
    ensures si18_cut: \result.sound == 1 && cut != 0
                      ==> r->state.positive_fc
                          == \old(r->state.positive_fc) - (\old(r->state.level_na) > 0 ? \old(r->state.tick_fc) : 0)
                          && r->state.negative_fc
                             == \old(r->state.negative_fc)
                                - (\old(r->state.level_na) < 0 ? \old(r->state.tick_fc) : 0);
    ensures si18_tick: r->state.energised == 1 ==> r->state.tick_fc == \abs(\result.current_na) * r->limits.tick_us;
    ensures si18_ends: \result.sound == 1 && \old(ionto_regulator_charge_due(&r->state, &r->limits))
                       ==> \abs(\result.current_na)
                           <= \max(\abs(\old(r->state.level_na)) - r->limits.fall_na_per_tick, 0);

    // A target beyond the limit changes nothing, and the report says so.
    ensures si22_refused: \result.sound == 1 && \abs(\old(request->target_na)) > r->limits.limit_na
                          ==> r->state.target_na == \old(r->state.target_na) && r->refused == IONTO_REFUSED_LIMIT;
    ensures si22_taken: \result.sound == 1 && \abs(\old(request->target_na)) <= r->limits.limit_na
                        ==> r->state.target_na == \old(request->target_na) && r->refused == IONTO_REFUSED_NOTHING;
*/
struct ionto_proposal ionto_regulator_step(struct ionto_regulator *r, const struct ionto_sense *sense,
                                           const struct ionto_request *request, uint32_t cut);

/* Starts the guard, from any bytes, with the trips that were latched when the power went: each of them and no other, as
 * ionto_guard_trips() sums them up. IONTO_OK, or the error of the first field that is refused: then it stays latched at
 * zero. */
/*@
    requires valid: \valid(g) && \valid_read(config) && \separated(g, config);
    terminates \true;
    assigns *g;

    ensures si20_sound: ionto_guard_sound(g);
    ensures si20_intact: \result == IONTO_OK ==> ionto_guard_intact(g);
    ensures si02_refused: \result == IONTO_OK <==> \old(ionto_config_ok(config)) && carried_trips <= 65535;
    ensures si02_accepted: \result == IONTO_OK ==> ionto_config_ok(&g->config);
    ensures si02_latched: \result != IONTO_OK ==> !ionto_guard_config_mirrored(g)
                                                  && g->state.first_trip == IONTO_TRIP_CORRUPT;
    ensures si01_limit: g->config.limit_na == \old(config->limit_na);
    ensures si03_rates: g->config.rise_na_per_tick == \old(config->rise_na_per_tick)
                        && g->config.fall_na_per_tick == \old(config->fall_na_per_tick);
    ensures si05_power_on: g->state.energised == 0 && g->state.armed == 0 && g->state.last_na == 0;
    ensures si04_dwell: g->config.dwell_us == \old(config->dwell_us) && g->state.sign == 0 && g->state.zero_us == 0;
    ensures si07_carried: \result == IONTO_OK && carried_trips != 0 ==> g->state.first_trip != IONTO_TRIP_NONE;
    ensures si07_each: \result == IONTO_OK ==> carried_trips ==
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
    ensures si07_clean: \result == IONTO_OK && carried_trips == 0 ==> ionto_guard_clear(&g->state);
    ensures si07_edge: g->state.acknowledge_seen == 1;
    ensures si17_anew: g->state.energised_us == 0;
    ensures si18_anew: g->state.positive_fc == 0 && g->state.negative_fc == 0;
*/
uint32_t ionto_guard_init(struct ionto_guard *g, const struct ionto_config *config, uint32_t carried_trips);

/* One tick of the guard. It keeps every invariant alone (SI-26): nothing is asked of the proposal. */
/*@
    requires valid: \valid(g) && \valid_read(sense) && \valid_read(request) && \valid_read(proposal);
    requires separated: \separated(g, sense) && \separated(g, request) && \separated(g, proposal);
    requires sound: ionto_guard_sound(g);
    terminates \true;
    assigns g->state, g->state_inv;

    // What is not intact is zero and latched for good, and so is what the regulator calls unsound.
    ensures si20_sound: ionto_guard_sound(g);
    ensures si20_mirrored: ionto_guard_state_mirrored(g);
    ensures si20_corrupt: !\old(ionto_guard_intact(g))
                          ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.corrupt == 2
                              && g->state.first_trip == IONTO_TRIP_CORRUPT;
    ensures si20_unsound: \old(proposal->sound) != 1
                          ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.corrupt == 2
                              && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si20_for_good: \old(ionto_guard_intact(g)) && \old(g->state.corrupt) == 2
                           ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.corrupt == 2;

    // The current: what is proposed, or zero; within the limit and the ceiling.
    ensures si01_proposed: \result.current_na == 0 || \result.current_na == \old(proposal->current_na);
    ensures si01_limit: \result.current_na != 0
                        ==> ionto_config_in_range(&g->config) && \abs(\result.current_na) <= g->config.limit_na;
    ensures si02_ceiling: \abs(\result.current_na) <= IONTO_CEILING_NA;
    ensures last: g->state.last_na == \result.current_na;

    // By the rise rate, and by the fall rate save when cut or to what a saturated voltage allows; a silent supervisor
    // does not cut, nor does a stop.
    ensures si03_rise: \result.current_na != 0
                       ==> \abs(\result.current_na) - \abs(\old(g->state.last_na)) <= g->config.rise_na_per_tick;
    ensures si03_fall: \result.switch_closed == 1
                       ==> \min(\abs(\old(g->state.last_na)),
                                ionto_allowed_na(\old(sense->voltage_mv), g->config.saturation_mv,
                                                 \old(sense->measured_na), \old(g->state.last_na),
                                                 g->config.headroom_na))
                           - \abs(\result.current_na) <= g->config.fall_na_per_tick;
    ensures si03_fall_ends: \old(ionto_guard_intact(g)) && !ionto_guard_cut(&g->state, &g->config)
                            && g->state.charge != 2 && g->state.time != 2
                            ==> \min(\abs(\old(g->state.last_na)),
                                     ionto_allowed_na(\old(sense->voltage_mv), g->config.saturation_mv,
                                                      \old(sense->measured_na), \old(g->state.last_na),
                                                      g->config.headroom_na))
                                - \abs(\result.current_na) <= g->config.fall_na_per_tick;

    // Never more than a saturated voltage allows: what is driven and does not flow would come back in one step.
    ensures si27_voltage: \result.current_na != 0
                          ==> \abs(\result.current_na)
                              <= ionto_allowed_na(\old(sense->voltage_mv), g->config.saturation_mv,
                                                  \old(sense->measured_na), \old(g->state.last_na),
                                                  g->config.headroom_na);

    // The sign changes through zero alone, held for the dwell; so does the first current of all begin.
    ensures si04_no_jump: \old(ionto_guard_intact(g))
                          ==> (\old(g->state.last_na) > 0 ==> \result.current_na >= 0)
                              && (\old(g->state.last_na) < 0 ==> \result.current_na <= 0);
    ensures si04_dwell: \result.current_na > 0 && \old(g->state.sign) != 1
                        || \result.current_na < 0 && \old(g->state.sign) != -1
                        ==> \old(g->state.zero_us) == g->config.dwell_us;
    ensures si04_count: \old(ionto_guard_intact(g))
                        ==> g->state.zero_us == (\result.current_na == 0
                                                 ? \min(\old(g->state.zero_us) + g->config.tick_us, g->config.dwell_us)
                                                 : 0);
    ensures si04_sign: \old(ionto_guard_intact(g))
                       ==> g->state.sign == (\result.current_na > 0 ? 1 : (\result.current_na < 0 ? -1
                                                                           : \old(g->state.sign)));

    // A start: after STOP was seen with no trip, on RUN with a target within the limit, with contact held, by a
    // supervisor that is heard; at zero.
    ensures si05_start: \result.switch_closed == 1 && \old(g->state.energised) == 0
                        ==> \result.current_na == 0 && \old(g->state.armed) == 1
                            && \old(g->state.first_trip) == IONTO_TRIP_NONE
                            && \old(request->command) == IONTO_COMMAND_RUN
                            && \abs(\old(request->target_na)) <= g->config.limit_na && \old(sense->contact) == 1
                            && g->state.contact_us == g->config.contact_us
                            && g->state.heartbeat_us < g->config.heartbeat_us;
    ensures si05_armed: \old(ionto_guard_intact(g)) && g->state.armed == 1 && \old(g->state.armed) == 0
                        ==> \old(request->command) != IONTO_COMMAND_RUN && \old(g->state.first_trip) == IONTO_TRIP_NONE;
    ensures si05_contact: \old(ionto_guard_intact(g))
                          ==> g->state.contact_us
                              == (\old(sense->contact) == 1
                                  ? \min(\old(g->state.contact_us) + g->config.tick_us, g->config.contact_us) : 0);

    // Off is zero, and a latched trip is off.
    ensures si06_off: \result.switch_closed == 0 ==> \result.current_na == 0;
    ensures si06_switch: \result.switch_closed == g->state.energised && \result.switch_closed <= 1;
    ensures si06_fault: g->state.first_trip != IONTO_TRIP_NONE
                        ==> \result.current_na == 0 && \result.switch_closed == 0;

    // A trip latches, and one way leads out: an acknowledge that is new, at measured zero, with no cause in sight.
    ensures si07_zero: \old(ionto_guard_intact(g)) && \old(g->state.first_trip) != IONTO_TRIP_NONE
                       ==> \result.current_na == 0 && \result.switch_closed == 0;
    ensures si07_latched: \old(ionto_guard_intact(g)) && \old(g->state.first_trip) != IONTO_TRIP_NONE
                          && g->state.first_trip == IONTO_TRIP_NONE
                          ==> \old(request->acknowledge) == 1 && \old(g->state.acknowledge_seen) == 0
                              && \old(ionto_sees_zero(&g->config, sense)) && !\old(ionto_sees_cause(g, sense))
                              && \old(proposal->sound) == 1 && \old(g->state.corrupt) != 2
                              && g->state.heartbeat_us < g->config.heartbeat_us;
    ensures si07_first: \old(ionto_guard_intact(g)) && \old(g->state.first_trip) != IONTO_TRIP_NONE
                        && g->state.first_trip != IONTO_TRIP_NONE ==> g->state.first_trip == \old(g->state.first_trip);
    // ... and no other latch is lost while one is left, or while current flows.
    ensures si07_kept_over_current: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.over_current_us) == g->config.over_current_us
      ==> g->state.over_current_us == g->config.over_current_us;
    ensures si07_kept_over_voltage: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.over_voltage_us) == g->config.over_voltage_us
      ==> g->state.over_voltage_us == g->config.over_voltage_us;
    ensures si07_kept_open: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.open_us) == g->config.open_us ==> g->state.open_us == g->config.open_us;
    ensures si07_kept_short: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.short_us) == g->config.short_us ==> g->state.short_us == g->config.short_us;
    ensures si07_kept_mismatch: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.mismatch_us) == g->config.mismatch_us
      ==> g->state.mismatch_us == g->config.mismatch_us;
    ensures si07_kept_sensor: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.sensor_us) == g->config.sensor_us
      ==> g->state.sensor_us == g->config.sensor_us;
    ensures si07_kept_stale: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.stale_us) == g->config.stale_us ==> g->state.stale_us == g->config.stale_us;
    ensures si07_kept_leakage: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.leakage_us) == g->config.leakage_us
      ==> g->state.leakage_us == g->config.leakage_us;
    ensures si07_kept_switch: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.switch_us) == g->config.switch_us
      ==> g->state.switch_us == g->config.switch_us;
    ensures si07_kept_tick: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.tick) != 0 ==> g->state.tick != 0;
    ensures si07_kept_emergency: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.emergency) != 0 ==> g->state.emergency != 0;
    ensures si07_kept_proposal: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      && \old(g->state.proposal) != 0 ==> g->state.proposal != 0;
    ensures si07_kept_corrupt: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      ==> \old(g->state.corrupt) <= g->state.corrupt;
    ensures si07_kept_heartbeat: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      ==> \old(g->state.heartbeat) <= g->state.heartbeat;
    ensures si07_kept_charge: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      ==> \old(g->state.charge) <= g->state.charge;
    ensures si07_kept_time: \old(ionto_guard_intact(g))
      && (g->state.first_trip != IONTO_TRIP_NONE || g->state.energised == 1)
      ==> \old(g->state.time) <= g->state.time;
    ensures si07_edge: \old(ionto_guard_intact(g))
                       ==> g->state.acknowledge_seen == (\old(request->acknowledge) != 0 ? 1 : 0);

    // Each cause that is seen runs its timer, and cuts at the tick by which it has held for its time.
    ensures si08_over_current_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_over_current(&g->config, sense))
      ==> ionto_runs(g->config.tick_us, g->config.over_current_us,
                     \old(g->state.over_current_us), g->state.over_current_us);
    ensures si08_over_current_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_over_current(&g->config, sense))
      ==> ionto_rests_or_clears(g->config.over_current_us, \old(g->state.over_current_us), g->state.over_current_us);
    ensures si08_over_current_cuts: \old(ionto_guard_intact(g)) && g->state.over_current_us == g->config.over_current_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si09_over_voltage_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_over_voltage(&g->config, sense))
      ==> ionto_runs(g->config.tick_us, g->config.over_voltage_us,
                     \old(g->state.over_voltage_us), g->state.over_voltage_us);
    ensures si09_over_voltage_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_over_voltage(&g->config, sense))
      ==> ionto_rests_or_clears(g->config.over_voltage_us, \old(g->state.over_voltage_us), g->state.over_voltage_us);
    ensures si09_over_voltage_cuts: \old(ionto_guard_intact(g)) && g->state.over_voltage_us == g->config.over_voltage_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si10_open_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_open(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.open_us,
                     \old(g->state.open_us), g->state.open_us);
    ensures si10_open_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_open(g, sense))
      ==> ionto_rests_or_clears(g->config.open_us, \old(g->state.open_us), g->state.open_us);
    ensures si10_open_cuts: \old(ionto_guard_intact(g)) && g->state.open_us == g->config.open_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si11_short_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_short(&g->config, sense))
      ==> ionto_runs(g->config.tick_us, g->config.short_us,
                     \old(g->state.short_us), g->state.short_us);
    ensures si11_short_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_short(&g->config, sense))
      ==> ionto_rests_or_clears(g->config.short_us, \old(g->state.short_us), g->state.short_us);
    ensures si11_short_cuts: \old(ionto_guard_intact(g)) && g->state.short_us == g->config.short_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si12_mismatch_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_mismatch(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.mismatch_us,
                     \old(g->state.mismatch_us), g->state.mismatch_us);
    ensures si12_mismatch_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_mismatch(g, sense))
      ==> ionto_rests_or_clears(g->config.mismatch_us, \old(g->state.mismatch_us), g->state.mismatch_us);
    ensures si12_mismatch_cuts: \old(ionto_guard_intact(g)) && g->state.mismatch_us == g->config.mismatch_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si13_sensor_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_sensor(&g->config, sense))
      ==> ionto_runs(g->config.tick_us, g->config.sensor_us,
                     \old(g->state.sensor_us), g->state.sensor_us);
    ensures si13_sensor_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_sensor(&g->config, sense))
      ==> ionto_rests_or_clears(g->config.sensor_us, \old(g->state.sensor_us), g->state.sensor_us);
    ensures si13_sensor_cuts: \old(ionto_guard_intact(g)) && g->state.sensor_us == g->config.sensor_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si13_stale_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_stale(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.stale_us,
                     \old(g->state.stale_us), g->state.stale_us);
    ensures si13_stale_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_stale(g, sense))
      ==> ionto_rests_or_clears(g->config.stale_us, \old(g->state.stale_us), g->state.stale_us);
    ensures si13_stale_cuts: \old(ionto_guard_intact(g)) && g->state.stale_us == g->config.stale_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si14_leakage_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_leakage(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.leakage_us,
                     \old(g->state.leakage_us), g->state.leakage_us);
    ensures si14_leakage_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_leakage(g, sense))
      ==> ionto_rests_or_clears(g->config.leakage_us, \old(g->state.leakage_us), g->state.leakage_us);
    ensures si14_leakage_cuts: \old(ionto_guard_intact(g)) && g->state.leakage_us == g->config.leakage_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si14_switch_runs: \old(ionto_guard_intact(g)) && \old(ionto_sees_disobedience(g, sense))
      ==> ionto_runs(g->config.tick_us, g->config.switch_us,
                     \old(g->state.switch_us), g->state.switch_us);
    ensures si14_switch_rests: \old(ionto_guard_intact(g)) && !\old(ionto_sees_disobedience(g, sense))
      ==> ionto_rests_or_clears(g->config.switch_us, \old(g->state.switch_us), g->state.switch_us);
    ensures si14_switch_cuts: \old(ionto_guard_intact(g)) && g->state.switch_us == g->config.switch_us
      ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.first_trip != IONTO_TRIP_NONE;

    // Causes without a debounce cut at once: a tick missed or doubled, the emergency stop, a proposal while off.
    ensures si21_tick: \old(ionto_guard_intact(g)) && \old(ionto_sees_tick(g, sense))
                       ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.tick == 1
                           && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si21_now: \old(ionto_guard_intact(g)) ==> g->state.now_seen == \old(sense->now_us) && g->state.primed == 1;
    ensures si13_sample: \old(ionto_guard_intact(g)) ==> g->state.sample_seen == \old(sense->sample);
    ensures si16_emergency: \old(ionto_guard_intact(g)) && \old(sense->emergency_stop) != 0
                            ==> \result.current_na == 0 && \result.switch_closed == 0 && g->state.emergency == 1
                                && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si05_wild: \old(ionto_guard_intact(g)) && \old(g->state.energised) == 0
                       && \old(g->state.first_trip) == IONTO_TRIP_NONE && \old(proposal->current_na) != 0
                       ==> \result.current_na == 0 && \result.switch_closed == 0
                           && g->state.first_trip != IONTO_TRIP_NONE;

    // A silent supervisor: silence is counted; at its end the fall begins, with a trip due that latches at zero.
    ensures si15_count: \old(ionto_guard_intact(g))
                        ==> g->state.heartbeat_us
                            == (\old(request->heartbeat) == \old(g->state.heartbeat_seen)
                                ? \min(\old(g->state.heartbeat_us) + g->config.tick_us, g->config.heartbeat_us) : 0)
                            && g->state.heartbeat_seen == \old(request->heartbeat);
    ensures si15_silent: \old(ionto_guard_intact(g)) && \old(g->state.energised) == 1
                         && g->state.heartbeat_us == g->config.heartbeat_us
                         ==> g->state.energised == 0 || g->state.ending == 1 && g->state.heartbeat == 1;
    ensures si15_latched: \old(ionto_guard_intact(g)) && \old(g->state.heartbeat) == 1 && g->state.energised == 0
                          ==> g->state.heartbeat == 2 && g->state.first_trip != IONTO_TRIP_NONE;

    // A stop: from that tick on the current stays below an envelope that falls to zero at the fall rate, and nothing
    // turns it back. An envelope at zero is the end of it: the switch opens.
    ensures si16_stop: \old(ionto_guard_intact(g)) && \old(request->command) != IONTO_COMMAND_RUN
                       ==> g->state.energised == 0 || g->state.ending == 1;
    ensures si16_begins: \old(ionto_guard_intact(g)) && \old(g->state.ending) == 0 && g->state.ending == 1
                         ==> g->state.envelope_na == \abs(\old(g->state.last_na));
    ensures si16_falls: \old(ionto_guard_intact(g)) && \old(g->state.ending) == 1
                        ==> g->state.energised == 0
                            || g->state.ending == 1
                               && g->state.envelope_na == \old(g->state.envelope_na) - g->config.fall_na_per_tick;
    ensures si16_envelope: \old(ionto_guard_intact(g)) && g->state.ending == 1
                           ==> 1 <= \abs(\result.current_na) <= g->state.envelope_na;

    // Time and charge: counted exactly for every tick with the switch closed, and never above a cap.
    ensures si17_cap: \old(ionto_guard_intact(g)) ==> 0 <= g->state.energised_us <= g->config.time_cap_us;
    ensures si17_count: \old(ionto_guard_intact(g))
                        ==> g->state.energised_us
                            == \old(g->state.energised_us) + (\result.switch_closed == 1 ? g->config.tick_us : 0);
    ensures si17_ends: \old(ionto_guard_intact(g)) && \old(g->state.energised) == 1
                       && \old(ionto_guard_time_due(&g->state, &g->config))
                       ==> g->state.energised == 0 || g->state.ending == 1 && g->state.time == 1;
    ensures si17_latched: \old(ionto_guard_intact(g)) && \old(g->state.time) == 1 && g->state.energised == 0
                          ==> g->state.time == 2 && g->state.first_trip != IONTO_TRIP_NONE;
    ensures si18_cap: \old(ionto_guard_intact(g))
                      ==> 0 <= g->state.positive_fc <= g->config.charge_cap_each_fc
                          && 0 <= g->state.negative_fc <= g->config.charge_cap_each_fc
                          && g->state.positive_fc + g->state.negative_fc <= g->config.charge_cap_total_fc;
    ensures si18_count: \old(ionto_guard_intact(g))
                        ==> g->state.positive_fc
                            == \old(g->state.positive_fc) + ionto_positive_fc(\result.current_na, g->config.tick_us)
                            && g->state.negative_fc
                               == \old(g->state.negative_fc) + ionto_negative_fc(\result.current_na, g->config.tick_us);
    ensures si18_ends: \old(ionto_guard_intact(g)) && \old(g->state.energised) == 1
                       && \old(ionto_guard_charge_due(&g->state, &g->config))
                       ==> g->state.energised == 0 || g->state.ending == 1 && g->state.charge == 1;
    ensures si18_latched: \old(ionto_guard_intact(g)) && \old(g->state.charge) == 1 && g->state.energised == 0
                          ==> g->state.charge == 2 && g->state.first_trip != IONTO_TRIP_NONE;

    // A target beyond the limit starts nothing.
    ensures si22_refused: \abs(\old(request->target_na)) > g->config.limit_na && \old(g->state.energised) == 0
                          ==> \result.current_na == 0 && \result.switch_closed == 0;
*/
struct ionto_drive ionto_guard_step(struct ionto_guard *g, const struct ionto_sense *sense,
                                    const struct ionto_request *request, const struct ionto_proposal *proposal);

/* All trips that are latched, as a sum of bits: 1 for trip 1, 2 for trip 2, 4 for trip 3 ... CORRUPT alone when the
 * guard is not intact: what its timers and times say then is worth nothing. After an ionto_init() that was refused keep
 * the word that was carried, not this one. */
/*@
    requires valid: \valid_read(g);
    terminates \true;
    assigns \nothing;
    ensures si20_corrupt: !ionto_guard_intact(g) ==> \result == 1024;
    ensures si07_told: ionto_guard_intact(g) ==> (\result != 0 <==> ionto_guard_tripped(&g->state, &g->config));
    ensures si07_each: ionto_guard_intact(g) ==> \result ==
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
    ensures known: \result <= 65535;
*/
uint32_t ionto_guard_trips(const struct ionto_guard *g);

/* IONTO_OK when the guard is at rest (intact, no trip, switch open) and the configuration is in range; or the error. */
/*@
    requires valid: \valid_read(g) && \valid_read(config);
    terminates \true;
    assigns \nothing;
    ensures si02_ready: \result == IONTO_OK
                        <==> ionto_guard_intact(g) && g->state.first_trip == IONTO_TRIP_NONE
                             && g->state.energised == 0 && ionto_config_ok(config);
*/
uint32_t ionto_guard_ready(const struct ionto_guard *g, const struct ionto_config *config);

#ifdef __cplusplus
}
#endif

#endif
