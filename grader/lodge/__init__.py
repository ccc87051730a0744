# SPDX-License-Identifier: MIT
"""The grader: builds a guest, runs it, and says what it is worth.

    kit         where things are, and `make`
    target      what an application is built for and run on
    machine     one guest, QEMU or a process: its lines, and its end
    monitor     QEMU's monitor
    queues      what QEMU's devices have to say of a guest's queues
    faults      a triple fault, explained

    lab         how a lab's test file says what is checked
    page        the check with which every lab ends: it serves the page
    assignment  one call of `make grade`
    several     several labs at once
    grading     runs the checks of a lab (a plugin of pytest's)
    gate        what is looked at before anything of the student's runs
    objects     what an object file of a student's may hold
    units       the host tests: builds them, runs them, reads what they say
    run         one lab, graded once: what is built for it
    boots       the guests: boots them, and keeps what a failure shows
    blame       whose file it is, when a guest fails
    results     what came of each check: results.json, results.xml
    report      the scoreboard
    student     what else a student types: hint, next, progress, watch ...

    mutants     wrong programs, by hand and by rule
    trials      a grade of each of them, several at a time
    rules       those by rule, in their thousands
    table       what came of all that, in docs/grader.md

    web         a browser's part
    load        thousands of requests, each looked at
    ethernet    frames, byte by byte
    peer        the other end of the guest's cable
    dhcp        a server there that does what it is told
    peer_tcp    a client there that does what it is told
    peer_tap    such an end that does what is left to a card
    offload     what that is: large segments cut, checksums made
    tap         a tap device of our own
    cable       lab 09's guest on a cable: what is played to it
    unseen      lab 12's guest with a site that nobody has seen
    lan         a guest on a cable that ends here
    cable       lab 09's, and what is played to it
    ext2        disk images, made and looked at
    shown       what a guest has said, over its line and on its screen
    formats     what lab 02's guest must print
    hexdump     what lab 07's guest must make of a disk
    pci         a PC's buses from outside, for lab 06
    bench       what a guest costs
"""
