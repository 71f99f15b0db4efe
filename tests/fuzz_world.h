/* The world of one input of the fuzzer: a core or one of its channels, its supervisor, its hardware and its body.
 *
 * The hardware is sound, a current source on a resistance, but for what is odd at a tick. Every tick is judged by
 * fuzz_oracle.c and told to who counts what was reached. */
#ifndef IONTO_FUZZ_WORLD_H
#define IONTO_FUZZ_WORLD_H

#include "fuzz_oracle.h"

#define HEAD 10u          /* bytes that make a configuration */
#define MOST_TICKS 240u   /* of an input: a whole treatment of a small core, reversal and end included, takes 80 */
#define CORRUPT_TICKS 6u  /* ... with corrupted state: it stays off until it is started anew, so more show nothing */
#define PHASES 7u

struct odd {
    uint32_t kind;    /* what is broken at this tick */
    int32_t value;
};

struct world {
    struct ionto_core core;      /* of a guard or a regulator alone, the other part is not used */
    struct ionto_config config;
    struct oracle oracle;
    struct ionto_sense sense;
    struct ionto_request request;
    struct ionto_drive drive;
    struct odd odd;
    uint32_t move, moves;        /* what is proposed to a guard alone, and for how many ticks more */
    uint32_t cut;                /* what a regulator alone is told */
    uint32_t silent, ticks, phase, corrupted, corrupt_ticks;
    uint32_t flipped;            /* a bit, with no step since */
    uint32_t seen_phases, seen_trips, starts, flips, refused;   /* what was reached */
};

/* A core in which ramp, dwell, debounces and caps take a few ticks to a hundred; every choice is in range. */
void small_config(struct ionto_config *c, const uint8_t head[HEAD]);

/* One field at an end of its range, just beyond it, or anywhere: three bytes say which. */
void alter(struct ionto_config *c, const uint8_t *p);

/* Power on with a configuration: accepted exactly when the header says so, and else latched at zero. */
void power_on(struct world *w, const struct ionto_config *c, uint32_t carried);

/* ionto_configure(), of both channels alone. */
void configure(struct world *w, const struct ionto_config *c);

/* The other sign; of the least number the largest. */
int32_t opposite(int32_t na);

void tick(struct world *w);
void run(struct world *w, uint32_t ticks);

/* A bit of the memory of the core flips, and a tick follows: three bytes say which bit. */
void flip(struct world *w, const uint8_t *p);

/* As a supervisor would: stop, acknowledge, wait until the output may be energised, and run until the target. */
void start(struct world *w);

/* fuzz_core.c: what was reached at a tick, in a world whose phase and drive are still those of the tick before. */
void note(struct world *w, const struct tick *t);

#endif
