/* SPDX-License-Identifier: MIT */
/*
 * unix.c - the same for a process: one byte to standard output. What passes is
 * the time that the host takes to start a program.
 */
#include <unistd.h>

int main(void)
{
    return write(STDOUT_FILENO, "!", 1) == 1 ? pause() : 1;
}
