# SPDX-License-Identifier: MIT
"""What a student types beside `make grade` and `make run`.

    path      which labs there are, their files, and what is still to be written
    history   what was graded so far, and the best of it
    grade     a grade that is remembered
    steps     how each step of a lab stands
    hint      one step's three hints, a level at a time
    todo      what to do now
    progress  a picture of the path
    watch     a grade after each save
    changes   waits for a file to change
    screen    a picture of a guest's screen
    reset     the stub again, and nothing lost
    compare   one's own file beside the reference
    capture   what is on the wire
    frames    a frame in a line
    debug     a guest with gdb attached to it
"""
