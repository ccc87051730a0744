/* SPDX-License-Identifier: MIT */
/* A cheater's other half: does nothing. */
#include "console/console.h"

void console_write(const char *text, size_t len)
{
}

void console_scroll(void)
{
}
