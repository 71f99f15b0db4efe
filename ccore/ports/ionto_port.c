/* Calls the four functions of a board in the right order. Nothing here decides on a current. Manual: ionto_port.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ionto_port.h"

#include <stddef.h>

#define BACKGROUND 0u   /* whose turn it is at the mailbox */
#define TICK 1u

/* The tick cannot be interrupted by the background, so it uses the mailbox as it is. The background can be interrupted
 * between any two instructions: it reaches what is shared through volatile lvalues alone, so that the compiler keeps
 * their order, and it gives the turn away last. */

static void copy_request(struct ionto_request *to, const struct ionto_request *from)
{
    to->target_na = from->target_na;
    to->command = from->command;
    to->acknowledge = from->acknowledge;
    to->heartbeat = from->heartbeat;
}

/* The background's: puts a request into the mailbox. */
static void post(volatile struct ionto_request *to, const struct ionto_request *from)
{
    to->target_na = from->target_na;
    to->command = from->command;
    to->acknowledge = from->acknowledge;
    to->heartbeat = from->heartbeat;
}

/* The background's: takes the telemetry out of the mailbox. */
static void collect(struct ionto_telemetry *to, const volatile struct ionto_telemetry *from)
{
    to->energised_us = from->energised_us;
    to->driven_positive_fc = from->driven_positive_fc;
    to->driven_negative_fc = from->driven_negative_fc;
    to->measured_positive_fc = from->measured_positive_fc;
    to->measured_negative_fc = from->measured_negative_fc;
    to->ticks = from->ticks;
    to->phase = from->phase;
    to->limited_by = from->limited_by;
    to->refused = from->refused;
    to->first_trip = from->first_trip;
    to->trips = from->trips;
    to->heartbeat = from->heartbeat;
    to->contact = from->contact;
    to->switch_closed = from->switch_closed;
    to->emergency_stop = from->emergency_stop;
    to->target_na = from->target_na;
    to->drive_na = from->drive_na;
    to->drive_min_na = from->drive_min_na;
    to->drive_max_na = from->drive_max_na;
    to->measured_na = from->measured_na;
    to->measured_min_na = from->measured_min_na;
    to->measured_max_na = from->measured_max_na;
    to->voltage_mv = from->voltage_mv;
    to->voltage_min_mv = from->voltage_min_mv;
    to->voltage_max_mv = from->voltage_max_mv;
}

uint32_t ionto_port_start(struct ionto_port *port, const struct ionto_config *config)
{
    const struct ionto_drive off = {0, 0u};
    /* Nobody has asked for anything yet, and nothing is made up: a STOP here would arm the core, and an acknowledge of
     * 0 would make the next 1 an edge, so that a supervisor that is stuck at RUN, or at acknowledge, would have its
     * way. RUN without a STOP before it starts nothing. */
    const struct ionto_request none = {0, (uint32_t)IONTO_COMMAND_RUN, 1u, 0u};
    uint32_t error;

    ionto_port_drive(&off);
    port->kept_trips = ionto_port_trips(NULL);
    error = ionto_init(&port->core, config, port->kept_trips);
    copy_request(&port->request, &none);
    copy_request(&port->posted, &none);
    ionto_report(&port->core, &port->telemetry);
    port->turn = TICK;   /* the first telemetry that goes up is of a tick */
    return error;
}

void ionto_port_tick(struct ionto_port *port)
{
    struct ionto_sense sense;
    struct ionto_drive drive;

    if (port->turn == TICK) {
        copy_request(&port->request, &port->posted);
    }
    ionto_port_sense(&sense);
    drive = ionto_step(&port->core, &sense, &port->request);
    ionto_port_drive(&drive);
    if (port->turn == TICK) {
        ionto_report(&port->core, &port->telemetry);
        port->turn = BACKGROUND;
    }
}

uint32_t ionto_port_poll(struct ionto_port *port)
{
    volatile uint32_t *turn = &port->turn;
    uint32_t result = (uint32_t)IONTO_PORT_WAITING;

    if (*turn == BACKGROUND) {
        struct ionto_telemetry telemetry;
        struct ionto_request request;
        result = (uint32_t)IONTO_PORT_EXCHANGED;
        collect(&telemetry, &port->telemetry);
        if (telemetry.trips != port->kept_trips) {
            port->kept_trips = ionto_port_trips(&telemetry.trips);
            if (telemetry.trips != port->kept_trips) {
                result = (uint32_t)IONTO_PORT_NOT_KEPT;
            }
        }
        if (ionto_port_exchange(&telemetry, &request) == 1u) {
            post(&port->posted, &request);
        }
        *turn = TICK;
    }
    return result;
}

uint32_t ionto_port_configure(struct ionto_port *port, const struct ionto_config *config)
{
    return ionto_configure(&port->core, config);
}
