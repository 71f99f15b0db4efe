/* What the fuzzer holds the core to, tick by tick: written from what ionto.h promises, and from no line of the core.
 *
 * The oracle counts for itself, from what was sensed, requested and driven alone: how long the output has been zero,
 * how long contact has held, how long each fault has been there to be seen, how much time and charge went out. A broken
 * promise ends the process with a sentence that begins with the id of the invariant, where it has one. */
#ifndef IONTO_FUZZ_ORACLE_H
#define IONTO_FUZZ_ORACLE_H

#include "ionto.h"

/* Who is judged: a regulator alone, a guard alone under any proposal, or both as in a device. */
enum sound { SOUND_CORE = 0, SOUND_GUARD = 1, SOUND_REGULATOR = 2 };

#define TRIP_BIT(trip) (1u << ((uint32_t)(trip) - 1u))
#define CONDITIONS 9u   /* those that are debounced, in the order of their times in struct ionto_config */

struct oracle {
    struct ionto_config c;
    enum sound sound;
    int64_t live_us, positive_fc, negative_fc;
    int64_t zero_us, contact_us, unheard_us;
    int64_t held_us[CONDITIONS];
    int32_t last_na, sign;
    uint32_t closed, trips, first, armed, acknowledge, heartbeat, now, sample, primed;
    int32_t target_na;       /* in force */
    int falling;             /* the guard alone: ticks since the fall began, or -1 */
    int32_t falling_from_na;
    int corrupt;             /* found while running, or refused at the start: off for good */
    int silent;              /* was silent for too long while energised, since the last start */
};

/* One tick as it went. told_na: what the guard was proposed. cut: the regulator was told that the output is cut. */
struct tick {
    struct ionto_sense sense;
    struct ionto_request request;
    struct ionto_drive drive;
    int32_t told_na;
    uint32_t unsound, cut, corrupted;
    uint32_t trips, first, phase, refused;
    int32_t target_na;
    int64_t energised_us, positive_fc, negative_fc;
};

/* The fields of a configuration by number, 0 to FIELDS - 1, in the order of the struct. */
#define FIELDS 35u
int64_t config_get(const struct ionto_config *c, uint32_t field);
void config_set(struct ionto_config *c, uint32_t field, int64_t value);
/* The least and the most that the header allows for a field, with the other fields as they are. */
void config_range(const struct ionto_config *c, uint32_t field, int64_t *low, int64_t *high);
int config_allowed(const struct ionto_config *c);

void oracle_start(struct oracle *o, enum sound sound, const struct ionto_config *c, uint32_t carried_trips);
void oracle_judge(struct oracle *o, const struct tick *t);

/* Ends the process, saying which promise was broken, unless it holds. */
void holds(int promise, const char *sentence);

#endif
