/* What the demonstration needs of a machine. board.c is an emulated MPS2 board with a Cortex-M3 (qemu-system-arm -M
 * mps2-an385), host.c any computer: the same program runs on both and prints the same.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Microseconds, free-running, not derived from the tick's timer; wraps at 2^32. */
uint32_t board_now_us(void);

/* Starts the tick's timer: its interrupt calls board_tick() once every tick_us from now on. */
void board_start_ticks(uint32_t tick_us);

/* Stops it. */
void board_stop_ticks(void);

/* Waits until a tick is over that was not waited for yet. */
void board_wait(void);

/* Text for whoever watches. Returns nothing: a demonstration that cannot speak has failed already. */
void board_print(const char *text);

/* The interrupt of the tick's timer: defined by the program. */
void board_tick(void);

/* The program, without libc. Its return value is the exit status. */
int demo(void);

#endif
