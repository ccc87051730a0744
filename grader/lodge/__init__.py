# SPDX-License-Identifier: MIT
"""The grader: builds a guest, runs it, and says what it is worth.

    kit       where things are, and `make`
    target    what an application is built for and run on
    machine   one guest, QEMU or a process: its lines, and its end
    monitor   QEMU's monitor
    objects   what an object file of a student's may hold
    lab       how a lab's test file says what is checked
    grading   runs the checks of a lab (a plugin of pytest's)
    report    the scoreboard, results.json, results.xml
    mutants   wrong programs, by hand and by rule
    trials    a grade of each of them, several at a time
    units     the host tests: builds them, runs them, reads what they say
    web       a browser's part
    load      thousands of requests, each looked at
    ethernet  frames, byte by byte
    peer      the other end of the guest's cable
    dhcp      a server there that does what it is told
    peer_tcp  a client there that does what it is told
    peer_tap  such an end that does what is left to a card
    offload   what that is: large segments cut, checksums made
    tap       a tap device of our own
    bench     what a guest costs
"""
