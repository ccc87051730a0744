/* SPDX-License-Identifier: MIT */
/*
 * exit.h - with which status a machine ends.
 *
 * QEMU's debug-exit device turns a status s into its own exit code
 * (s << 1) | 1, so the numbers here are chosen to give codes that nothing
 * else gives: 1 is QEMU's own failure and is never ours.
 */
#ifndef CORE_EXIT_H
#define CORE_EXIT_H

enum exit_status {
    EXIT_DONE = 16,         /* QEMU exits with 33: main() returned 0 */
    EXIT_FAILED = 17,       /* 35: main() returned an error ("failed: "), or
                             *     the machine won't do ("cannot start: ") */
    EXIT_PANIC = 18,        /* 37: panic(), an exception, a smashed stack */
    EXIT_TODO = 19,         /* 39: a part that is not written yet was called */
};

#endif
