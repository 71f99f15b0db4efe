/* The body of the demonstration. SPDX-License-Identifier: Apache-2.0 */
#include "body.h"

#define WET_OHM 2000
#define OPEN_KOHM 100      /* what the voltage sensor sees when a hand is lifted */
#define SETTLE_TICKS 4096   /* time constant of the resistance */

static int32_t clamped(int32_t x, int32_t most)
{
    return (x > most) ? most : ((x < -most) ? -most : x);
}

void body_live(struct body *body)
{
    body->samples = body->samples + 1u;
    if (body->switch_closed == 0u) {
        body->current_na = 0;
        body->voltage_mv = 0;
    } else if (body->contact == 0u) {
        body->current_na = 0;
        body->voltage_mv = clamped((body->asked_na / 1000) * OPEN_KOHM, body->compliance_mv);
    } else {
        /* mV / ohm is mA: in nA a million times as much, in two steps of a thousand so that 32 bits are enough */
        int32_t most_na = ((body->compliance_mv * 1000) / body->resistance_ohm) * 1000;
        body->current_na = clamped(body->asked_na, most_na);
        body->voltage_mv = ((body->current_na / 1000) * body->resistance_ohm) / 1000;
        if (body->current_na != 0) {
            int32_t above_ohm = body->resistance_ohm - WET_OHM;
            body->resistance_ohm = body->resistance_ohm - ((above_ohm + (SETTLE_TICKS - 1)) / SETTLE_TICKS);
        }
    }
}
