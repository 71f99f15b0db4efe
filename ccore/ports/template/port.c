/* The four functions of a board, to be filled in: copy this file, replace what stands between the lines of dashes.
 * As it stands it compiles, energises nothing, and lets the core say so: the emergency stop is active and the record of
 * the trips is unreadable, so the core is in fault from its first tick on. The rules are in ionto_port.h; what is here
 * says where boards go wrong. SPDX-License-Identifier: Apache-2.0 */
#include "ionto_port.h"

void ionto_port_sense(struct ionto_sense *sense)
{
    /* Do: take the last complete conversion of each sensor; subtract the offset that was measured at calibration and
     *     multiply by the gain, in integers of 64 bits or with a shift, to nA and mV; give raw values at the end of the
     *     converter's range as INT32_MAX or INT32_MIN.
     * Do: read the second sensor through its own converter, or at least through its own channel and reference.
     * Do not: wait for a conversion, take an average over several ticks, repeat the last value when there is no
     *     new one, count `sample` or `now_us` up here, derive `contact` from the current or `switch_closed` from the
     *     last drive.
     * -------------------------------------------------------------------------------------------------------- */
    sense->now_us = 0u;           /* a free-running timer of microseconds, 32 bits */
    sense->sample = 0u;           /* conversions completed, counted by the converter's interrupt or DMA */
    sense->measured_na = 0;
    sense->check_na = 0;
    sense->voltage_mv = 0;
    sense->contact = 0u;          /* no contact */
    sense->switch_closed = 0u;
    sense->emergency_stop = 1u;   /* active */
    /* -------------------------------------------------------------------------------------------------------- */
}

void ionto_port_drive(const struct ionto_drive *drive)
{
    /* Do: off: open the switch, then set the converter to zero. On: set the converter, then close the switch.
     * Do: round the current towards zero to the converter's step, in both directions.
     * Do: trigger the hardware watchdog, here and nowhere else.
     * Do not: wait for the switch, ramp or filter, keep the output on between two calls by anything but this call.
     * -------------------------------------------------------------------------------------------------------- */
    (void)drive;                  /* the output stays as the board came up: off */
    /* -------------------------------------------------------------------------------------------------------- */
}

uint32_t ionto_port_exchange(const struct ionto_telemetry *telemetry, struct ionto_request *request)
{
    /* Do: hand the telemetry to the line (a buffer that is sent by DMA or an interrupt), and look whether a whole
     *     request with a good checksum has arrived since the last call; if so fill in every field and return 1.
     * Do not: wait, give the last request again, count the heartbeat up on the supervisor's behalf, change a target.
     * -------------------------------------------------------------------------------------------------------- */
    (void)telemetry;
    (void)request;
    return 0u;                    /* no request: nothing was ever asked for */
    /* -------------------------------------------------------------------------------------------------------- */
}

uint32_t ionto_port_trips(const uint32_t *trips)
{
    /* Do: write *trips unless the pointer is null, into the older of two records with a number and a checksum; then
     *     read back, and return what the newest good record holds.
     * Do: return IONTO_TRIP_BIT(IONTO_TRIP_CORRUPT) when there is no good record.
     * Do not: return what was to be written in place of what can be read, or 0 because the memory is empty.
     * -------------------------------------------------------------------------------------------------------- */
    (void)trips;
    return IONTO_TRIP_BIT(IONTO_TRIP_CORRUPT);   /* no record that can be read */
    /* -------------------------------------------------------------------------------------------------------- */
}
