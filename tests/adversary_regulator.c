/* A regulator that is against the patient: it stands in the place of regulator.c in a build of its own, and proposes
 * anything (SI-26). It is good enough to be let through for a while, and then wild: beyond the limit, too steep, across
 * zero without the dwell, current while off, a false word on its own soundness, a false phase.
 *
 * It keeps what it needs in the state that the header gives to a regulator, and uses two words of it as its orders,
 * which a test writes before the first tick and ionto_regulator_init() leaves alone:
 *     state.heartbeat_seen   what its choices begin from
 *     state.armed            how many of 100 000 ticks are wild */
#include "ionto.h"

static uint32_t any(struct ionto_regulator *r)
{
    uint32_t x;
    r->state.heartbeat_seen += 0x9E3779B9u;
    x = r->state.heartbeat_seen;
    x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
    x = (x ^ (x >> 13)) * 0xC2B2AE35u;
    return x ^ (x >> 16);
}

/* A whole number from 0 to most. */
static int32_t up_to(struct ionto_regulator *r, int32_t most)
{
    return (int32_t)(any(r) % ((uint32_t)most + 1u));
}

static int32_t size(int32_t na)
{
    return (na < 0) ? -na : na;
}

static int32_t toward(int32_t na, int32_t size_na)
{
    return (na < 0) ? -size_na : size_na;
}

/* The last proposal, or zero where that was beyond the limit. */
static int32_t last(const struct ionto_regulator *r)
{
    int32_t na = r->state.level_na;
    return ((na <= r->limits.limit_na) && (na >= -r->limits.limit_na)) ? na : 0;
}

/* Where to go next. One that is wild at times creeps beyond the limit at times, or reverses before the dwell is over. */
static void choose(struct ionto_regulator *r)
{
    const struct ionto_regulator_limits *l = &r->limits;
    struct ionto_regulator_state *s = &r->state;
    s->target_na = up_to(r, l->limit_na);
    s->contact_us = l->dwell_us;
    if (s->armed != 0u) {
        s->target_na = (up_to(r, 3) == 0) ? (l->limit_na + l->rise_na_per_tick) : s->target_na;
        s->contact_us = (up_to(r, 3) == 0) ? up_to(r, l->dwell_us) : s->contact_us;
    }
    if (up_to(r, 1) == 1) {
        s->target_na = -s->target_na;
    }
}

/* What a good regulator might do: towards a goal by the ramp, through zero with a dwell. */
static int32_t tame(struct ionto_regulator *r, uint32_t command)
{
    const struct ionto_regulator_limits *l = &r->limits;
    struct ionto_regulator_state *s = &r->state;
    int32_t level_na = last(r);
    int32_t last_na = size(level_na);
    int32_t goal_na;
    int32_t next_na;
    if (up_to(r, 299) == 0) {
        choose(r);
    }
    s->ending = (command != (uint32_t)IONTO_COMMAND_RUN) ? 1u : s->ending;
    if ((level_na == 0) && (s->sign != 0) && (s->sign != toward(s->target_na, 1)) && (s->zero_us < s->contact_us)) {
        return 0;
    }
    goal_na = size(s->target_na);
    if ((s->ending == 1u) || ((level_na != 0) && (toward(level_na, 1) != toward(s->target_na, 1)))) {
        goal_na = 0;
    }
    next_na = last_na;
    if (goal_na > last_na) {
        next_na = ((goal_na - last_na) > l->rise_na_per_tick) ? (last_na + l->rise_na_per_tick) : goal_na;
    }
    if (goal_na < last_na) {
        next_na = ((last_na - goal_na) > l->fall_na_per_tick) ? (last_na - l->fall_na_per_tick) : goal_na;
    }
    return toward((level_na != 0) ? level_na : s->target_na, next_na);
}

static int32_t wild(struct ionto_regulator *r)
{
    const struct ionto_regulator_limits *l = &r->limits;
    int32_t na = last(r);
    int32_t sign = (up_to(r, 1) == 1) ? 1 : -1;
    switch (up_to(r, 11)) {
        case 0: return sign * (l->limit_na + 1);
        case 1: return sign * l->limit_na;
        case 2: return INT32_MAX;
        case 3: return INT32_MIN;
        case 4: return (int32_t)(any(r) % 4294967295u) - INT32_MAX;
        case 5: return -na;
        case 6: return (na == 0) ? (sign * (l->rise_na_per_tick + 1)) : (na + toward(na, l->rise_na_per_tick + 1));
        case 7: return (size(na) > l->fall_na_per_tick) ? (na - toward(na, l->fall_na_per_tick + 1)) : 0;
        case 8: return (na == 0) ? -toward(r->state.sign, 1) : -toward(na, 1);
        case 9: return na + (sign * up_to(r, 3 * l->rise_na_per_tick));
        case 10: return sign * up_to(r, l->rise_na_per_tick);
        default: return 0;
    }
}

uint32_t ionto_regulator_init(struct ionto_regulator *r, const struct ionto_config *config)
{
    r->limits.tick_us = config->tick_us;
    r->limits.limit_na = config->limit_na;
    r->limits.rise_na_per_tick = config->rise_na_per_tick;
    r->limits.fall_na_per_tick = config->fall_na_per_tick;
    r->limits.dwell_us = config->dwell_us;
    r->state.level_na = 0;
    r->state.target_na = config->limit_na;
    r->state.contact_us = config->dwell_us;
    r->state.sign = 0;
    r->state.zero_us = 0;
    r->state.ending = 0u;
    r->phase = (uint32_t)IONTO_PHASE_IDLE;
    r->limited_by = (uint32_t)IONTO_LIMITED_BY_NOTHING;
    r->refused = (uint32_t)IONTO_REFUSED_NOTHING;
    return (uint32_t)IONTO_OK;
}

struct ionto_proposal ionto_regulator_step(struct ionto_regulator *r, const struct ionto_sense *sense,
                                           const struct ionto_request *request, uint32_t cut)
{
    struct ionto_proposal proposal = {0, 1u};
    struct ionto_regulator_state *s = &r->state;
    int32_t na = 0;
    if ((any(r) % 100000u) < s->armed) {
        na = wild(r);
        proposal.sound = (up_to(r, 15) == 0) ? any(r) : 1u;
    } else if ((cut == 0u) && (sense->switch_closed == 1u)) {
        na = tame(r, request->command);
    } else {
        s->level_na = 0;
        s->ending = 0u;
    }
    if (na == 0) {
        s->zero_us = (s->level_na == 0) ? (s->zero_us + r->limits.tick_us) : r->limits.tick_us;
        s->zero_us = (s->zero_us > r->limits.dwell_us) ? r->limits.dwell_us : s->zero_us;
    } else {
        s->sign = toward(na, 1);
        s->zero_us = 0;
    }
    /* the trace has the last proposal from here */
    s->level_na = na;
    r->phase = any(r) % 8u;
    proposal.current_na = na;
    return proposal;
}
