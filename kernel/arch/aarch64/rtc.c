/* SPDX-License-Identifier: MIT */
/*
 * rtc.c - the day: a PL031, which counts the seconds since 1970.
 * [PL031 §3.3.1]
 */
#include "aarch64.h"

enum { RTCDR = 0x000, REGISTERS = 0x1000 };

uint64_t arch_clock_unix(void)
{
    const struct board_device *rtc = &board()->rtc;

    if (rtc->base == 0 || rtc->size < REGISTERS)
        return 0;
    uintptr_t registers = arch_map_device(rtc->base, rtc->size);
    return registers ? mmio_read32(registers + RTCDR) : 0;
}
