/* The demonstration on any computer: a tick follows the one before without waiting, and time is what it would have
 * been. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "board.h"

static uint32_t now_us = 4294000000u;   /* wraps within the first second */
static uint32_t period_us;

uint32_t board_now_us(void)
{
    return now_us;
}

void board_start_ticks(uint32_t tick_us)
{
    period_us = tick_us;
}

void board_stop_ticks(void)
{
    period_us = 0u;
}

void board_wait(void)
{
    now_us = now_us + period_us;
    board_tick();
}

void board_print(const char *text)
{
    (void)fputs(text, stdout);
}

int main(void)
{
    return demo();
}
