/* The four functions of the emulated board. Its electronics and its patient are the body in body.c; its supervisor is
 * the script in main.c. SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "demo.h"
#include "ionto_port.h"

#define CONVERTER_STEP_NA 1000

void ionto_port_sense(struct ionto_sense *sense)
{
    body_live(&demo_body);   /* on a real board the body needs nobody to call it */
    sense->now_us = board_now_us();
    sense->sample = demo_body.samples;
    sense->measured_na = demo_body.current_na;
    sense->check_na = demo_body.current_na + (demo_body.current_na / 512);   /* the second sensor reads 0.2 % more */
    sense->voltage_mv = demo_body.voltage_mv;
    sense->contact = demo_body.contact;
    sense->switch_closed = demo_body.switch_closed;
    sense->emergency_stop = 0u;
    demo_note_sense(sense);
}

void ionto_port_drive(const struct ionto_drive *drive)
{
    /* C divides towards zero, as rounding must */
    int32_t steps = drive->current_na / CONVERTER_STEP_NA;
    if (drive->switch_closed == 1u) {
        demo_body.asked_na = steps * CONVERTER_STEP_NA;
        demo_body.switch_closed = 1u;
    } else {
        demo_body.switch_closed = 0u;
        demo_body.asked_na = 0;
    }
    demo_note_drive(drive);
}

uint32_t ionto_port_exchange(const struct ionto_telemetry *telemetry, struct ionto_request *request)
{
    return demo_supervise(telemetry, request);
}

/* Memory that a start does not clear stands for the one that survives a loss of power: here two words, the second the
 * complement of the first. */
uint32_t ionto_port_trips(const uint32_t *trips)
{
    if (trips != (const uint32_t *)0) {
        demo_memory[0] = *trips;
        demo_memory[1] = ~*trips;
    }
    return (demo_memory[0] == ~demo_memory[1]) ? demo_memory[0] : IONTO_TRIP_BIT(IONTO_TRIP_CORRUPT);
}
