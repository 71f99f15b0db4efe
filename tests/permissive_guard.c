/* A guard that guards nothing: it stands in the place of guard.c in a build of its own, lets every proposal through,
 * and calls the output cut whenever it likes (SI-26). The switch follows what the regulator says of itself, since
 * nobody else is there to move it.
 *
 * A test writes two words of the state before the first tick, and ionto_guard_init() leaves them alone:
 *     state.heartbeat_seen   what its choices begin from
 *     state.contact_us       how many of 100 000 ticks begin a cut */
#include <stddef.h>

#include "ionto.h"

static uint32_t any(struct ionto_guard *g)
{
    uint32_t x;
    g->state.heartbeat_seen += 0x9E3779B9u;
    x = g->state.heartbeat_seen;
    x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
    x = (x ^ (x >> 13)) * 0xC2B2AE35u;
    return x ^ (x >> 16);
}

uint32_t ionto_guard_init(struct ionto_guard *g, const struct ionto_config *config, uint32_t carried_trips)
{
    g->config = *config;
    g->state.first_trip = (carried_trips != 0u) ? (uint32_t)IONTO_TRIP_PROPOSAL : (uint32_t)IONTO_TRIP_NONE;
    g->state.energised = 0u;
    return (uint32_t)IONTO_OK;
}

uint32_t ionto_guard_ready(const struct ionto_guard *g, const struct ionto_config *config)
{
    (void)config;
    return (g->state.energised == 1u) ? (uint32_t)IONTO_ERROR_ENERGISED : (uint32_t)IONTO_OK;
}

uint32_t ionto_guard_trips(const struct ionto_guard *g)
{
    return (g->state.first_trip != (uint32_t)IONTO_TRIP_NONE) ? (1u << (IONTO_TRIP_PROPOSAL - 1)) : 0u;
}

struct ionto_drive ionto_guard_step(struct ionto_guard *g, const struct ionto_sense *sense,
                                    const struct ionto_request *request, const struct ionto_proposal *proposal)
{
    const struct ionto_core *core = (const struct ionto_core *)((const char *)g - offsetof(struct ionto_core, guard));
    struct ionto_drive drive = {proposal->current_na, core->regulator.state.energised};
    (void)sense;
    (void)request;
    if ((any(g) % 100000u) < (uint32_t)g->state.contact_us) {
        g->state.first_trip = (uint32_t)IONTO_TRIP_PROPOSAL;
    } else if ((any(g) % 8u) == 0u) {
        g->state.first_trip = (uint32_t)IONTO_TRIP_NONE;
    } else {
        /* as it was */
    }
    g->state.energised = drive.switch_closed;
    return drive;
}
