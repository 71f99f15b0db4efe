/* Joins the two channels: the regulator proposes, the guard permits, and what happened is kept for the report.
 * Nothing here decides on a current. Contracts: ionto.h. SPDX-License-Identifier: Apache-2.0 */
#include "ionto.h"

/*@ terminates \true; assigns \nothing; ensures \result == \min(a, b); */
static int32_t lower(int32_t a, int32_t b)
{
    return (a < b) ? a : b;
}

/*@ terminates \true; assigns \nothing; ensures \result == \max(a, b); */
static int32_t higher(int32_t a, int32_t b)
{
    return (a > b) ? a : b;
}

/* The charge of one tick, in fC. Hostile measurements count as full scale; two 32-bit products, as in the channels. */
/*@ requires 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true; assigns \nothing;
    ensures product: \result == \min(\abs(current_na), IONTO_SENSE_MAX_NA) * tick_us;
    ensures bounds: 0 <= \result <= 2000000000000; */
static int64_t tick_charge_fc(int32_t current_na, int32_t tick_us)
{
    int32_t low_na = higher(current_na, -IONTO_SENSE_MAX_NA);
    int32_t signed_na = lower(low_na, IONTO_SENSE_MAX_NA);
    int32_t size_na = (signed_na < 0) ? -signed_na : signed_na;
    int32_t high = size_na / 4096;
    int32_t low = size_na % 4096;
    /*@ assert split: size_na == 4096 * high + low && 0 <= high <= 48829 && 0 <= low <= 4095; */
    /*@ assert high_fits: 0 <= high * tick_us <= 48829 * IONTO_TICK_MAX_US; */
    /*@ assert low_fits: 0 <= low * tick_us <= 4095 * IONTO_TICK_MAX_US; */
    int32_t high_part = high * tick_us;
    int32_t low_part = low * tick_us;
    return ((int64_t)high_part * 4096) + low_part;
}

/* The dose stops counting at the ceiling, 100 C, which is above every cap. */
/*@ requires 0 <= more_fc <= 2000000000000;
    terminates \true; assigns \nothing;
    ensures \result == \min(sum_fc + more_fc, IONTO_CHARGE_CEILING_FC); */
static int64_t dose_fc(int64_t sum_fc, int64_t more_fc)
{
    return (sum_fc < (IONTO_CHARGE_CEILING_FC - more_fc)) ? (sum_fc + more_fc) : IONTO_CHARGE_CEILING_FC;
}

/*@ requires \valid(t);
    terminates \true; assigns *t;
    ensures empty: t->energised_us == 0 && t->ticks == 0 && t->drive_na == 0 && t->switch_closed == 0
                   && t->measured_positive_fc == 0 && t->measured_negative_fc == 0; */
static void clear_telemetry(struct ionto_telemetry *t)
{
    t->energised_us = 0;
    t->driven_positive_fc = 0;
    t->driven_negative_fc = 0;
    t->measured_positive_fc = 0;
    t->measured_negative_fc = 0;
    t->ticks = 0u;
    t->phase = (uint32_t)IONTO_PHASE_IDLE;
    t->limited_by = (uint32_t)IONTO_LIMITED_BY_STOP;
    t->refused = (uint32_t)IONTO_REFUSED_NOTHING;
    t->first_trip = (uint32_t)IONTO_TRIP_NONE;
    t->trips = 0u;
    t->heartbeat = 0u;
    t->contact = 0u;
    t->switch_closed = 0u;
    t->emergency_stop = 0u;
    t->target_na = 0;
    t->drive_na = 0;
    t->drive_min_na = 0;
    t->drive_max_na = 0;
    t->measured_na = 0;
    t->measured_min_na = 0;
    t->measured_max_na = 0;
    t->voltage_mv = 0;
    t->voltage_min_mv = 0;
    t->voltage_max_mv = 0;
}

uint32_t ionto_init(struct ionto_core *core, const struct ionto_config *config, uint32_t carried_trips)
{
    uint32_t guard_error = ionto_guard_init(&core->guard, config, carried_trips);
    uint32_t regulator_error = ionto_regulator_init(&core->regulator, config);
    clear_telemetry(&core->telemetry);
    core->telemetry.first_trip = core->guard.state.first_trip;
    core->reported = 1u;
    return (guard_error != (uint32_t)IONTO_OK) ? guard_error : regulator_error;
}

uint32_t ionto_configure(struct ionto_core *core, const struct ionto_config *config)
{
    uint32_t error = ionto_guard_ready(&core->guard, config);
    if (error == (uint32_t)IONTO_OK) {
        error = ionto_init(core, config, 0u);
    }
    return error;
}

/* Gathers one tick for the report: extremes start anew after it; the dose is what was measured while energised. */
/*@ requires \valid(core) && \valid_read(sense) && \valid_read(drive);
    requires \separated(core, sense) && \separated(core, drive) && 0 <= tick_us <= IONTO_TICK_MAX_US;
    terminates \true;
    assigns core->telemetry.drive_min_na, core->telemetry.drive_max_na, core->telemetry.measured_min_na,
            core->telemetry.measured_max_na, core->telemetry.voltage_min_mv, core->telemetry.voltage_max_mv,
            core->telemetry.measured_positive_fc, core->telemetry.measured_negative_fc, core->telemetry.ticks,
            core->telemetry.contact, core->telemetry.emergency_stop, core->telemetry.switch_closed,
            core->telemetry.drive_na, core->telemetry.measured_na, core->telemetry.voltage_mv, core->reported;
    ensures driven: core->telemetry.drive_na == \old(drive->current_na)
                    && core->telemetry.switch_closed == \old(drive->switch_closed) && core->reported == 0;
    ensures extremes_anew: \old(core->reported) == 1
                           ==> core->telemetry.drive_min_na == \old(drive->current_na)
                               && core->telemetry.drive_max_na == \old(drive->current_na);
    ensures extremes: \old(core->reported) != 1
                      ==> core->telemetry.drive_min_na
                          == \min(\old(core->telemetry.drive_min_na), \old(drive->current_na))
                          && core->telemetry.drive_max_na
                             == \max(\old(core->telemetry.drive_max_na), \old(drive->current_na));
    ensures si18_dose: 0 <= \old(core->telemetry.measured_positive_fc) <= IONTO_CHARGE_CEILING_FC
                       && 0 <= \old(core->telemetry.measured_negative_fc) <= IONTO_CHARGE_CEILING_FC
                       ==> \old(core->telemetry.measured_positive_fc) <= core->telemetry.measured_positive_fc
                           <= IONTO_CHARGE_CEILING_FC
                           && \old(core->telemetry.measured_negative_fc) <= core->telemetry.measured_negative_fc
                              <= IONTO_CHARGE_CEILING_FC; */
static void gather(struct ionto_core *core, const struct ionto_sense *sense, const struct ionto_drive *drive,
                   int32_t tick_us)
{
    struct ionto_telemetry *t = &core->telemetry;
    if (core->reported == 1u) {
        t->drive_min_na = drive->current_na;
        t->drive_max_na = drive->current_na;
        t->measured_min_na = sense->measured_na;
        t->measured_max_na = sense->measured_na;
        t->voltage_min_mv = sense->voltage_mv;
        t->voltage_max_mv = sense->voltage_mv;
        core->reported = 0u;
    } else {
        t->drive_min_na = lower(t->drive_min_na, drive->current_na);
        t->drive_max_na = higher(t->drive_max_na, drive->current_na);
        t->measured_min_na = lower(t->measured_min_na, sense->measured_na);
        t->measured_max_na = higher(t->measured_max_na, sense->measured_na);
        t->voltage_min_mv = lower(t->voltage_min_mv, sense->voltage_mv);
        t->voltage_max_mv = higher(t->voltage_max_mv, sense->voltage_mv);
    }
    /* switch_closed is still that of the tick before: the one during which the charge was measured */
    if (t->switch_closed == 1u) {
        int64_t tick_fc = tick_charge_fc(sense->measured_na, tick_us);
        if (sense->measured_na >= 0) {
            t->measured_positive_fc = dose_fc(t->measured_positive_fc, tick_fc);
        } else {
            t->measured_negative_fc = dose_fc(t->measured_negative_fc, tick_fc);
        }
    }
    t->ticks = t->ticks + 1u;
    t->contact = (sense->contact == 1u) ? 1u : 0u;
    t->emergency_stop = (sense->emergency_stop != 0u) ? 1u : 0u;
    t->switch_closed = drive->switch_closed;
    t->drive_na = drive->current_na;
    t->measured_na = sense->measured_na;
    t->voltage_mv = sense->voltage_mv;
}

struct ionto_drive ionto_step(struct ionto_core *core, const struct ionto_sense *sense,
                              const struct ionto_request *request)
{
    /* the one derived value that crosses between the channels: whatever it says, it can only lower the proposal */
    uint32_t cut = (core->guard.state.first_trip != (uint32_t)IONTO_TRIP_NONE) ? 1u : 0u;
    struct ionto_proposal proposal = ionto_regulator_step(&core->regulator, sense, request, cut);
    struct ionto_drive drive = ionto_guard_step(&core->guard, sense, request, &proposal);
    /* limits that were found corrupt count nothing */
    gather(core, sense, &drive, (proposal.sound == 1u) ? core->regulator.limits.tick_us : 0);
    return drive;
}

void ionto_report(struct ionto_core *core, struct ionto_telemetry *out)
{
    struct ionto_telemetry *t = &core->telemetry;
    const struct ionto_guard_state *g = &core->guard.state;
    const struct ionto_regulator *r = &core->regulator;

    t->energised_us = g->energised_us;
    t->driven_positive_fc = g->positive_fc;
    t->driven_negative_fc = g->negative_fc;
    t->first_trip = g->first_trip;
    t->trips = ionto_guard_trips(&core->guard);
    t->heartbeat = g->heartbeat_seen;
    t->target_na = r->state.target_na;
    t->phase = ionto_phase(core);
    t->limited_by = (t->phase == (uint32_t)IONTO_PHASE_FAULT) ? (uint32_t)IONTO_LIMITED_BY_TRIP : r->limited_by;
    t->refused = r->refused;
    core->reported = 1u;

    out->energised_us = t->energised_us;
    out->driven_positive_fc = t->driven_positive_fc;
    out->driven_negative_fc = t->driven_negative_fc;
    out->measured_positive_fc = t->measured_positive_fc;
    out->measured_negative_fc = t->measured_negative_fc;
    out->ticks = t->ticks;
    out->phase = t->phase;
    out->limited_by = t->limited_by;
    out->refused = t->refused;
    out->first_trip = t->first_trip;
    out->trips = t->trips;
    out->heartbeat = t->heartbeat;
    out->contact = t->contact;
    out->switch_closed = t->switch_closed;
    out->emergency_stop = t->emergency_stop;
    out->target_na = t->target_na;
    out->drive_na = t->drive_na;
    out->drive_min_na = t->drive_min_na;
    out->drive_max_na = t->drive_max_na;
    out->measured_na = t->measured_na;
    out->measured_min_na = t->measured_min_na;
    out->measured_max_na = t->measured_max_na;
    out->voltage_mv = t->voltage_mv;
    out->voltage_min_mv = t->voltage_min_mv;
    out->voltage_max_mv = t->voltage_max_mv;
}

uint32_t ionto_phase(const struct ionto_core *core)
{
    return (core->guard.state.first_trip != (uint32_t)IONTO_TRIP_NONE) ? (uint32_t)IONTO_PHASE_FAULT
        : core->regulator.phase;
}
