/*
 * ionto_port.h: what stands between the core and a board.
 *
 * The core is values in and values out; somebody has to fetch the values and to carry them away. That is four
 * functions, which you write once for your board (begin with a copy of template/port.c):
 *
 *     ionto_port_sense()      read the sense record             every tick, in the tick's interrupt
 *     ionto_port_drive()      apply the drive                   every tick, in the tick's interrupt
 *     ionto_port_exchange()   telemetry up, a request down      every 20 to 50 ms, outside the interrupt
 *     ionto_port_trips()      keep the latched trips            at the start and on a change, outside the interrupt
 *
 * and four that are written already (ionto_port.c: C99, no libc), which call yours in the right order:
 *
 *     ionto_port_start()      once, before the tick's timer runs
 *     ionto_port_tick()       from the tick's interrupt
 *     ionto_port_poll()       from the main loop, as often as you like
 *     ionto_port_configure()  between two sessions, with the tick's interrupt masked
 *
 * so that the firmware is
 *
 *     static struct ionto_port port;
 *     void TIMER_IRQHandler(void) { clear_the_timer_flag(); ionto_port_tick(&port); }
 *     int main(void)
 *     {
 *         bring_up_the_board();                                     output off, switch open, watchdog on
 *         error = ionto_port_start(&port, &config);                 show an error, and tick all the same
 *         start_the_timer();
 *         for (;;) { every_20_to_50_ms(); ionto_port_poll(&port); }
 *     }
 *
 * Who may interrupt whom
 *
 *   1. ionto_port_tick() is never interrupted by itself, nor by anything that takes longer than the configured
 *      tick_tolerance_us. Give it the highest priority of all that is not a fault handler.
 *   2. ionto_port_tick() interrupts ionto_port_poll(), never the other way round, on one processor core. Then nothing
 *      has to be masked: the two meet in a mailbox, which is the background's or the tick's, as `turn` says. An aligned
 *      32-bit word is written in one piece; that is all that is asked of the processor. On a processor with several
 *      cores, run both on the same one.
 *   3. ionto_port_poll() is called from one place only: one main loop, or one task.
 *   4. ionto_port_configure() wants the tick's interrupt masked around it (one that comes due meanwhile is served
 *      after it, within the tolerance: docs/embedding.md has the cost).
 *   5. Nothing else touches struct ionto_port.
 *
 * docs/embedding.md is the way from here to a board, step by step. SPDX-License-Identifier: Apache-2.0
 */
#ifndef IONTO_PORT_H
#define IONTO_PORT_H

#include "ionto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- units: constants of a configuration, computed by the compiler ---------------------------------------- */

/* A rate in uA/s as the configuration wants it, in nA a tick. uA/s times us is pA. Rounded down when it is not a whole
 * number: let IONTO_IS_WHOLE_RATE() refuse that at compile time, or the ramp is slower than you wrote. */
#define IONTO_NA_PER_TICK(ua_per_s, tick_us) ((int32_t)(((int64_t)(ua_per_s) * (tick_us)) / 1000))
#define IONTO_IS_WHOLE_RATE(ua_per_s, tick_us) ((((int64_t)(ua_per_s) * (tick_us)) % 1000) == 0)

/* Charge in fC: 1 nA for 1 us is 1 fC, so 1 uA for 1 ms is 1 000 000 fC. */
#define IONTO_FC(ua, ms) ((int64_t)(ua) * (ms) * 1000000)
#define IONTO_FC_OF_MA_MIN(ma_min) ((int64_t)(ma_min) * 60000000000000)

/* What a fall from the limit to zero takes, and what flows meanwhile: the least that time_reserve_us and
 * charge_reserve_fc should be, so that a cap ends in a ramp and not in a cut. A tick more than the exact figure. */
#define IONTO_FALL_US(limit_na, fall_na_per_tick, tick_us) \
    (((((int64_t)(limit_na) + (fall_na_per_tick)) - 1) / (fall_na_per_tick) + 1) * (tick_us))
#define IONTO_FALL_FC(limit_na, fall_na_per_tick, tick_us) \
    (((IONTO_FALL_US(limit_na, fall_na_per_tick, tick_us) + (tick_us)) / 2) * (limit_na))

/* The bit of a trip in telemetry.trips. */
#define IONTO_TRIP_BIT(trip) (1u << ((uint32_t)(trip) - 1u))

/* ---- the four functions that you write -------------------------------------------------------------------- */

/*
 * Read the sense record: what the hardware says now. In the tick's interrupt, first of all.
 *
 * Fill in every field, at every call.
 *   now_us          a timer that counts microseconds and goes on counting when the tick's timer does not: another
 *                   timer, best from another oscillator. It wraps at 2^32 us, so a counter of fewer bits, or of another
 *                   unit, is extended first; a timer of 25 MHz divided by 25 in software wraps at the wrong place.
 *                   Never count ticks: the core would compare the tick's timer with itself.
 *   sample          how many conversions the converter has completed. Count in the converter's own interrupt or read
 *                   the counter of its DMA; not here, or a converter that stands still looks alive.
 *   measured_na     the current sensor, calibrated, signed: positive leaves the first terminal. A raw value at the end
 *                   of the converter's range is given as INT32_MAX or INT32_MIN, so that it counts as out of range.
 *   check_na        the second current sensor: its own shunt, amplifier and converter input, its own calibration.
 *                   Never a copy of the first.
 *   voltage_mv      between the terminals, signed, behind the switch.
 *   contact         1 when the hardware senses contact by itself (skin between the electrodes), whether current flows
 *                   or not. With a probe current: at most 100 uA in all, below leakage_na, not counted in measured_na
 *                   and check_na by more than leakage_na.
 *   switch_closed   what the read-back of the output switch says, not what was commanded.
 *   emergency_stop  0 only when the input says that it is released; a broken wire is active.
 *
 * Do not wait for a conversion (take the last complete one), do not filter over more than a tick (the core debounces,
 * and a filter hides what it has to see), do not put in a good value for one that is missing.
 */
void ionto_port_sense(struct ionto_sense *sense);

/*
 * Apply the drive: until the next tick this current may flow, and no other. In the tick's interrupt, as soon as the
 * core has answered; and once from ionto_port_start(), before anything else, with zero and an open switch.
 *
 * With switch_closed 0: open the switch first, then set the converter to zero.
 * With switch_closed 1: set the converter first, then close the switch (the core closes at zero current only).
 *   current_na      signed. Round towards zero to the converter's resolution, so that rounding never adds.
 * Trigger the hardware watchdog here, and nowhere else: then it bites when ticks stop, which no software can see.
 * Do not wait for the switch (its read-back is debounced by switch_us), do not ramp or filter (the core has done it),
 * do not leave a drive out because it seems to be the old one.
 */
void ionto_port_drive(const struct ionto_drive *drive);

/*
 * Exchange with the supervisor: telemetry goes up, and if a request has come, it comes down. Called by
 * ionto_port_poll(), outside the interrupt. 1: *request has been filled in, every field, from one whole message that
 * was checked (length, checksum). 0: none has come; *request is not looked at, and the one in force stays.
 *
 * Do not repeat an old request, and do not count the heartbeat up here: the heartbeat is the supervisor's, and by its
 * standing still the core knows that the supervisor is gone. Do not wait for a request. Do not judge or clamp what
 * comes: the core refuses what is beyond its limits, and says so in the next telemetry.
 */
uint32_t ionto_port_exchange(const struct ionto_telemetry *telemetry, struct ionto_request *request);

/*
 * Keep the latched trips in a memory that survives a loss of power. Outside the interrupt.
 *   trips   to be kept from now on; a null pointer: keep what is there.
 * Returns what the memory holds now, read back from it. A record that cannot be read or does not verify is returned as
 * IONTO_TRIP_BIT(IONTO_TRIP_CORRUPT): the core then starts tripped, and somebody has to look and acknowledge. A memory
 * that was never written is such a record: write 0 in the factory.
 *
 * Write it so that a loss of power in the middle leaves the old record or the new one: two records in turn, each with a
 * number and a checksum. It is called when the trips change, so a few times a session, and may take some milliseconds.
 */
uint32_t ionto_port_trips(const uint32_t *trips);

/* ---- the four that call them ------------------------------------------------------------------------------ */

/* What ionto_port_poll() has done. */
enum ionto_port_result {
    IONTO_PORT_WAITING = 0,     /* nothing: no tick has passed since the last exchange */
    IONTO_PORT_EXCHANGED = 1,   /* one exchange */
    IONTO_PORT_NOT_KEPT = 2     /* one exchange, but the memory does not hold the trips; tried again at the next. Show
                                 * it: with a trip latched, a loss of power would now lose it. */
};

/* A core, its mailbox, and what is kept. Allocated by you, static; touched by the functions below alone. */
struct ionto_port {
    struct ionto_core core;             /* the tick's */
    struct ionto_request request;       /* the tick's: in force */
    struct ionto_telemetry telemetry;   /* in the mailbox: written by the tick, read by the background */
    struct ionto_request posted;        /* in the mailbox: written by the background, read by the tick */
    uint32_t turn;                      /* whose the mailbox is: 0 the background's, 1 the tick's */
    uint32_t kept_trips;                /* the background's: what the memory holds */
};

/*
 * Start: output off, trips that were latched when the power went, configuration. IONTO_OK, or the field that is refused
 * (enum ionto_error): then the core stays at zero and says CORRUPT for good; let the ticks run all the same, so that
 * the telemetry tells it. Before the tick's timer runs, and only then. No current flows because of it, whatever was
 * kept; and until the supervisor itself has said STOP (and acknowledge 0), its RUN (and its acknowledge) does nothing:
 * one that was not told of the loss of power goes on asking for current.
 */
uint32_t ionto_port_start(struct ionto_port *port, const struct ionto_config *config);

/* One tick: sense, step, drive; then the mailbox, if it is the tick's turn. From the tick's interrupt. */
void ionto_port_tick(struct ionto_port *port);

/*
 * One exchange, if a tick has passed since the last: trips that changed are kept first, so that nobody is told of a
 * trip that a loss of power would lose; then the exchange. From the main loop. Every 20 to 50 ms is enough, and much
 * less often than heartbeat_us is too seldom; more often does no harm.
 */
uint32_t ionto_port_poll(struct ionto_port *port);

/*
 * New limits for the next session, and caps that count from zero: enum ionto_error, as ionto_configure(). Refused while
 * the switch is closed and while a trip is latched; what is refused changes nothing. With the tick's interrupt masked.
 */
uint32_t ionto_port_configure(struct ionto_port *port, const struct ionto_config *config);

#ifdef __cplusplus
}
#endif

#endif
