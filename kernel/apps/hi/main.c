/* SPDX-License-Identifier: MIT */
/*
 * hi - lab 01's application: the first sign of life.
 */
#include "apps/hi/lines.h"
#include "console/console.h"
#include "core/challenge.h"
#include "core/start.h"
#include "lib/string.h"

static void write_line(const char *text)
{
    console_write(text, strlen(text));
    console_write("\n", 1);
}

int main(void)
{
    write_line("hi");

    /* What this run is asked to show as well, if anything. */
    if (challenge_text()[0])
        write_line(challenge_text());
    write_lines(challenge_number("lines", 0), challenge_number("seed", 1));
    return 0;
}
