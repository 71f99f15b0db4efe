/* A body and its electronics, as small as they can be and still show a treatment: integers, no noise, one resistance
 * that falls while current flows. The simulated body that the tests use is ccore/sim/. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef BODY_H
#define BODY_H

#include "ionto.h"

struct body {
    int32_t resistance_ohm;    /* 3000 at first, towards 2000 while current flows */
    int32_t compliance_mv;     /* the most that the output stage gives */
    int32_t current_na;        /* what flows */
    int32_t voltage_mv;
    uint32_t samples;          /* conversions completed */
    uint32_t contact;          /* 1: the hands are in the water */
    uint32_t switch_closed;
    int32_t asked_na;          /* what the converter was set to */
};

/* One tick under the last drive. */
void body_live(struct body *body);

#endif
