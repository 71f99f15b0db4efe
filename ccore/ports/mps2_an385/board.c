/* The emulated board: an MPS2 with the image AN385 or AN386 (Cortex-M3 or M4 at 25 MHz), its start, its two timers, and
 * a console by semihosting. The tick is made by SysTick; the time comes from the counter of the board's FPGA, which
 * goes on when SysTick stands still. SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#define CLOCK_MHZ 25u
#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define SYST_ON 7u                              /* processor clock, interrupt, enable */
#define SHPR3 REGISTER(0xE000ED20u)             /* the highest byte is SysTick's priority: 0, the highest */
#define FPGA_COUNTER REGISTER(0x40028018u)
#define FPGA_PRESCALE REGISTER(0x4002801Cu)

#define SYS_OPEN 0x01
#define SYS_WRITE 0x05
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026u

extern uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];
extern uint32_t stack_top[];

static uint32_t console;
static volatile uint32_t ticks;
static uint32_t ticks_waited_for;

void board_reset(void);
void board_systick(void);
void board_fault(void);

/* Asks the emulator for something: the breakpoint 0xAB with the operation in r0 and its arguments' address in r1. */
static uint32_t semihost(uint32_t operation, const uint32_t *arguments)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const uint32_t *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void leave(uint32_t status)
{
    uint32_t arguments[2];
    arguments[0] = APPLICATION_EXIT;
    arguments[1] = status;
    for (;;) {
        (void)semihost(SYS_EXIT_EXTENDED, arguments);
    }
}

static void open_console(void)
{
    static const char name[] = ":tt";
    uint32_t arguments[3];
    arguments[0] = (uint32_t)name;
    arguments[1] = 4u;   /* for writing: the emulator's standard output */
    arguments[2] = 3u;
    console = semihost(SYS_OPEN, arguments);
}

uint32_t board_now_us(void)
{
    return FPGA_COUNTER;
}

void board_start_ticks(uint32_t tick_us)
{
    FPGA_PRESCALE = CLOCK_MHZ - 1u;   /* the counter counts microseconds, and wraps at 2^32 of them */
    SHPR3 = SHPR3 & 0x00FFFFFFu;
    SYST_RVR = (tick_us * CLOCK_MHZ) - 1u;
    SYST_CVR = 0u;
    SYST_CSR = SYST_ON;
}

void board_stop_ticks(void)
{
    SYST_CSR = 0u;
}

/* A device would sleep here (wfi). The emulator's clock is made of the instructions that are executed, so this one is
 * awake. */
void board_wait(void)
{
    while (ticks == ticks_waited_for) {
        /* until the interrupt */
    }
    ticks_waited_for = ticks;
}

void board_systick(void)
{
    board_tick();
    ticks = ticks + 1u;
}

void board_print(const char *text)
{
    uint32_t arguments[3];
    uint32_t length = 0u;
    while (text[length] != '\0') {
        length++;
    }
    arguments[0] = console;
    arguments[1] = (uint32_t)text;
    arguments[2] = length;
    (void)semihost(SYS_WRITE, arguments);
}

/* A fault of the processor: on a device the watchdog would open the switch; here the demonstration has failed. */
void board_fault(void)
{
    board_print("processor fault\n");
    leave(3u);
}

void board_reset(void)
{
    uint32_t *from = data_load;
    uint32_t *to;
    for (to = data_start; to < data_end; to++) {
        *to = *from;
        from++;
    }
    for (to = bss_start; to < bss_end; to++) {
        *to = 0u;
    }
    open_console();
    leave((uint32_t)demo());
}

/* What the processor reads at reset: the stack, where to begin, and the system's exceptions up to SysTick. */
struct vectors {
    uint32_t *stack;
    void (*entry[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    stack_top,
    {board_reset, board_fault, board_fault, board_fault, board_fault, board_fault, 0, 0, 0, 0,
     board_fault, board_fault, 0, board_fault, board_systick}
};
