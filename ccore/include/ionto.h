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
 * header and nothing else.
 *
 * What to do with it, in order (docs/embedding.md walks through it):
 *   1. fill in struct ionto_config and call ionto_init(); look at the error that it returns;
 *   2. every tick: fill in struct ionto_sense, call ionto_step(), give the drive to the converter and the switch;
 *   3. every 20 to 50 ms: exchange a struct ionto_request and a struct ionto_telemetry with the supervisor;
 *   4. keep telemetry.trips in a memory that survives a loss of power and give it to ionto_init() next time.
 *
 * Units are in every name: _na nanoampere, _mv millivolt, _us microsecond, _ohm ohm, _fc femtocoulomb
 * (1 nA for 1 us is 1 fC exactly, so charge is counted without rounding; 1 mA min is 60 000 000 000 000 fC).
 * A current's sign is its direction through the body; magnitudes are compared with limits.
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

/* ---- ceilings compiled into the core: no configuration can go beyond them (SI-02) ---------------------- */

#define IONTO_CEILING_NA 30000000        /* largest limit: 30 mA, the largest device on the market */
#define IONTO_TRIP_CEILING_NA 35000000   /* largest over-current trip level: 35 mA */
#define IONTO_TRIP_GAP_NA 100000         /* the trip level stands at least 0.1 mA above the limit */
#define IONTO_RISE_MAX_UA_PER_S 2000     /* fastest rise: 2 mA/s */
#define IONTO_FALL_MAX_UA_PER_S 20000    /* fastest fall that is not a cut: 20 mA/s */
#define IONTO_FALL_MIN_UA_PER_S 500      /* slowest fall: 30 mA are gone in 60 s */
#define IONTO_TICK_MIN_US 100
#define IONTO_TICK_MAX_US 10000
#define IONTO_DEBOUNCE_MAX_US 200000     /* longest debounce of any trip */
#define IONTO_DWELL_MIN_US 100000        /* shortest time at zero between the two directions: 0.1 s */
#define IONTO_DWELL_MAX_US 60000000
#define IONTO_VOLTAGE_CEILING_MV 100000  /* largest compliance voltage: 100 V */
#define IONTO_SENSE_MAX_NA 200000000     /* largest full scale of a current sensor: 200 mA */
#define IONTO_SENSE_MAX_MV 200000        /* largest full scale of the voltage sensor: 200 V */
#define IONTO_CONTACT_MAX_US 60000000
#define IONTO_HEARTBEAT_MIN_US 20000
#define IONTO_HEARTBEAT_MAX_US 10000000
#define IONTO_TIME_CEILING_US 7200000000         /* longest energised time: 2 h */
#define IONTO_CHARGE_CEILING_FC 100000000000000000 /* largest charge: 100 C, that is 1667 mA min */

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
    IONTO_TRIP_TICK = 10,          /* a tick missed or doubled; cut */
    IONTO_TRIP_CORRUPT = 11,       /* stored state is not what was written; cut; only ionto_init() clears it */
    IONTO_TRIP_EMERGENCY = 12,     /* the emergency stop is active; cut */
    IONTO_TRIP_PROPOSAL = 13,      /* the regulator proposed what the guard does not permit; cut */
    IONTO_TRIP_HEARTBEAT = 14,     /* the supervisor is silent; ramp down, then trip */
    IONTO_TRIP_CHARGE = 15,        /* the cap on charge is reached; ramp down, then trip */
    IONTO_TRIP_TIME = 16           /* the cap on energised time is reached; ramp down, then trip */
};

/* What the supervisor asks for. Any other value counts as STOP. */
enum ionto_command {
    IONTO_COMMAND_STOP = 0,   /* ramp down to zero and open the switch; no output */
    IONTO_COMMAND_RUN = 1     /* energise: only after STOP was seen with no trip, and with contact */
};

/* What the core is doing. */
enum ionto_phase {
    IONTO_PHASE_IDLE = 0,      /* zero, switch open */
    IONTO_PHASE_WAIT = 1,      /* RUN is requested; waiting for contact, at zero, switch open */
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
 */
struct ionto_config {
    int64_t time_cap_us;          /* energised time at which the output is cut; 1 000 000 to IONTO_TIME_CEILING_US */
    int64_t time_reserve_us;      /* the ramp down starts this much before the cap: at least limit/fall; 0 to time_cap_us */
    int64_t charge_cap_each_fc;   /* charge, in each direction, that is never exceeded; 1 to IONTO_CHARGE_CEILING_FC */
    int64_t charge_cap_total_fc;  /* charge, both directions together; charge_cap_each_fc to IONTO_CHARGE_CEILING_FC */
    int64_t charge_reserve_fc;    /* the ramp down starts this much before a cap: at least limit^2/(2 fall); 0 to charge_cap_each_fc */
    int32_t tick_us;              /* the period of ionto_step(); IONTO_TICK_MIN_US to IONTO_TICK_MAX_US */
    int32_t tick_tolerance_us;    /* how far a period may be off before it counts as missed or doubled; 1 to tick_us / 2 */
    int32_t limit_na;             /* the limit in force, the smallest of all; 1 to IONTO_CEILING_NA */
    int32_t trip_na;              /* over-current trip level; limit_na + IONTO_TRIP_GAP_NA to IONTO_TRIP_CEILING_NA */
    int32_t rise_na_per_tick;     /* the magnitude rises by at most this in a tick; 1 to IONTO_RISE_MAX_UA_PER_S; see IONTO_NA_PER_TICK in docs/embedding.md */
    int32_t fall_na_per_tick;     /* ... and falls by at most this; IONTO_FALL_MIN_UA_PER_S to IONTO_FALL_MAX_UA_PER_S */
    int32_t dwell_us;             /* time at zero before the other direction; IONTO_DWELL_MIN_US to IONTO_DWELL_MAX_US */
    int32_t compliance_mv;        /* the most that the output stage can give; 1000 to IONTO_VOLTAGE_CEILING_MV */
    int32_t over_voltage_mv;      /* over-voltage trip level; above compliance_mv, at most compliance_mv + 20 000 */
    int32_t saturation_mv;        /* at or above this the voltage is saturated; half of compliance_mv to compliance_mv */
    int32_t headroom_na;          /* when saturated the drive backs off to what is measured plus this; 1000 to 1 000 000 */
    int32_t open_na;              /* saturated, with less than this measured and more driven, is an open circuit; 1000 to 1 000 000 */
    int32_t short_ohm;            /* less resistance than this is a short circuit; 1 to 1000 */
    int32_t short_above_na;       /* ... looked for only above this current; 10 000 to 5 000 000 */
    int32_t mismatch_na;          /* largest difference of measured and drive; 1000 to 5 000 000 */
    int32_t disagree_na;          /* largest difference of the two current sensors; 1000 to 5 000 000 */
    int32_t sensor_max_na;        /* full scale of the current sensors: beyond it is out of range; above trip_na, at most IONTO_SENSE_MAX_NA */
    int32_t sensor_max_mv;        /* full scale of the voltage sensor; above over_voltage_mv, at most IONTO_SENSE_MAX_MV */
    int32_t leakage_na;           /* more than this, measured, is not zero; 1000 to 1 000 000 */
    int32_t over_current_us;      /* debounce of each trip: 1 to IONTO_DEBOUNCE_MAX_US */
    int32_t over_voltage_us;
    int32_t open_us;
    int32_t short_us;
    int32_t mismatch_us;
    int32_t sensor_us;
    int32_t stale_us;
    int32_t leakage_us;
    int32_t switch_us;
    int32_t contact_us;           /* contact holds for this long before the output is energised; 1 to IONTO_CONTACT_MAX_US */
    int32_t heartbeat_us;         /* the longest silence of the supervisor; IONTO_HEARTBEAT_MIN_US to IONTO_HEARTBEAT_MAX_US */
};

/* What the hardware says, once a tick. Nothing in it is trusted. */
struct ionto_sense {
    uint32_t now_us;          /* free-running time, not derived from the tick's timer; wraps */
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
    uint32_t acknowledge;   /* a change from 0 to 1 acknowledges the latched trips whose cause is gone */
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
    int64_t driven_positive_fc;      /* charge driven in the positive direction, as the guard counts it against the caps */
    int64_t driven_negative_fc;      /* ... and in the negative one; never negative itself */
    int64_t measured_positive_fc;    /* charge measured by the first sensor while energised: the dose */
    int64_t measured_negative_fc;
    uint32_t ticks;                  /* ticks since ionto_init(); wraps */
    uint32_t phase;                  /* enum ionto_phase */
    uint32_t limited_by;             /* enum ionto_limited_by */
    uint32_t refused;                /* enum ionto_refused */
    uint32_t first_trip;             /* enum ionto_trip: the first cause, kept until acknowledged */
    uint32_t trips;                  /* all that are latched, as a sum of bits */
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
    int64_t energised_us;      /* since the limits were set */
    int64_t positive_fc;       /* charge proposed in each direction since the limits were set */
    int64_t negative_fc;
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
    uint32_t acknowledge_seen; /* 0 or 1 */
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

/* ---- the core ----------------------------------------------------------------------------------------- */

/* Starts the core, from any bytes: copies and checks the configuration and latches again the trips that were latched
 * when the power went (telemetry.trips as last kept; 0 when there were none). IONTO_OK, or the error of the first
 * field that is refused: then the core is latched at zero, and stays so until it is started right. */
uint32_t ionto_init(struct ionto_core *core, const struct ionto_config *config, uint32_t carried_trips);

/* Gives a core at rest new limits for the next session and starts its charge and time anew. Refused while a trip is
 * latched or the switch is closed, and when a field is out of range: then nothing changes. */
uint32_t ionto_configure(struct ionto_core *core, const struct ionto_config *config);

/* One tick: call it once every tick_us, give the answer to the converter and the switch before the next. */
struct ionto_drive ionto_step(struct ionto_core *core, const struct ionto_sense *sense, const struct ionto_request *request);

/* What happened since the last report; the extremes start anew. Not from an interrupt that may break into ionto_step(). */
void ionto_report(struct ionto_core *core, struct ionto_telemetry *out);

/* What the core is doing: enum ionto_phase. */
uint32_t ionto_phase(const struct ionto_core *core);

/* ---- the channels: for proofs, for tests, and for who replaces one of them -------------------------------- */

uint32_t ionto_regulator_init(struct ionto_regulator *r, const struct ionto_config *config);
struct ionto_proposal ionto_regulator_step(struct ionto_regulator *r, const struct ionto_sense *sense,
                                           const struct ionto_request *request, uint32_t cut);

uint32_t ionto_guard_init(struct ionto_guard *g, const struct ionto_config *config, uint32_t carried_trips);
struct ionto_drive ionto_guard_step(struct ionto_guard *g, const struct ionto_sense *sense,
                                    const struct ionto_request *request, const struct ionto_proposal *proposal);

/* All trips that are latched, as a sum of bits: 1 for trip 1, 2 for trip 2, 4 for trip 3 ... */
uint32_t ionto_guard_trips(const struct ionto_guard *g);

/* IONTO_OK when the guard is at rest (sound, no trip, switch open) and the configuration is in range. Else the error. */
uint32_t ionto_guard_ready(const struct ionto_guard *g, const struct ionto_config *config);

#ifdef __cplusplus
}
#endif

#endif
