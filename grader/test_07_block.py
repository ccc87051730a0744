# SPDX-License-Identifier: MIT
"""Lab 07, the block driver.

The steps stand on host tests against a fake disk (unit/test_virtio_blk_chain.c
for what goes into the ring, unit/test_virtio_blk.c for all of it), the whole on
an image of random bytes that only this run has: what `hexdump` reads of it is
worked out here, and what it writes is looked up in the image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from lodge.boots import Boots
from lodge.hexdump import SECTOR, Question, check, dump, failing, first_difference
from lodge.lab import Failed, Hint, Lab, Step
from lodge.machine import DONE, FAILED, Machine
from lodge.objects import Symbols
from lodge.page import serve_page

LAB = Lab(
    "07-block",
    "The block driver",
    app="hexdump",
    exercises={
        "07-block/virtio_blk.c": Symbols(
            defines=("virtio_blk_submit", "virtio_blk_complete"),
            may_use=("virtq_add", "virtq_poll", "virtq_break", "block_done"),
            units=("virtio_blk_chain", "virtio_blk"),
        )
    },
    steps=(
        Step(
            "7.1", "fill_room",
            where="Write the 16 bytes of the header on paper, for a write that begins at "
            "byte 10240 of the disk, and for a flush. Which fields of the request do you "
            "need for that, and which must you not copy as they are?",
            spec="[virtio 1.2 §5.2.6]: the struct, the list of types, and the paragraph on "
            "the unit of `sector`; §5.2.6.1 on what a flush has in it.",
            show='print("type %u, sector %llu, status %02x\\n", ...) of virtio_blk_room(req), '
            "at the end of fill_room(), with (unsigned long long) before the sector. Do it "
            "for two requests that use the same struct.",
        ),
        Step(
            "7.2", "virtio_blk_submit",
            where="The picture of the three chains in the handout. For each op write down "
            "how many buffers there are, and how many of them, counted from the end, the "
            "device writes.",
            spec="[virtio 1.2 §5.2.6.4] for how it is cut into buffers; the contract of "
            "virtq_add() in virtqueue.h for what it does with the array and the token.",
            show='For each buffer print("%u: %p, %u bytes\\n", i, buffers[i].data, '
            "buffers[i].len), and then the two numbers that you hand to virtq_add(). Which "
            "of these addresses are on the stack?",
        ),
        Step(
            "7.3", "result",
            where="Make a table: a line for each value that the status byte can have (it "
            "is a byte), a column for `len` too small and one for `len` enough.",
            spec="[virtio 1.2 §5.2.6], the values of status; §2.7.8.2 and §5.2.6.3 on what "
            "`len` in the used ring counts, and who may count too much.",
            show='print("op %u status %02x len %u must %llu\\n", ...) before you decide.',
        ),
        Step(
            "7.4", "virtio_blk_complete",
            where="The table of who owns a request, in the handout. Mark in your loop the "
            "line from which on the request is its owner's again. What do you read of it "
            "below that line?",
            spec="The contract in virtio_blk.h, each of its sentences; virtq_poll() in "
            "virtqueue.h; [virtio 1.2 §5.2.6.2] on the order in which a device works.",
            show='print("done: %p, error %d\\n", req, req->error) before block_done(), and '
            "how many there were at the end.",
        ),
    ),
    hints=(
        Hint(
            r"missing headers|outhdr too short|inhdr too short",
            "QEMU itself complains of a chain: the first 16 bytes that it may read are to "
            "be the header, the last byte that it may write is to be the status. Print "
            "the buffers of one chain, and the two counts.",
        ),
        Hint(
            r"zero sized buffers|Looped descriptor|out of resources|Incorrect order",
            "QEMU itself complains of a chain. Print address and length of each buffer "
            "before it goes to virtq_add(), and the two counts.",
        ),
        Hint(
            r"AddressSanitizer|out of bounds",
            "Memory was touched that is not there, or not any more. The report's first "
            "lines name the access and the line of yours: how many pieces can a request "
            "have, and whose is it by then?",
        ),
        Hint(
            r"did not (end|print)",
            "The guest waits for a request that is never done. Was it in the ring? Did "
            "the device use it, and did virtio_blk_complete() hand it to block_done()? "
            "A print() in both functions tells.",
        ),
        Hint(
            r"broke the protocol|declared broken",
            "The disk was declared broken although it keeps to the protocol: what was "
            "taken from the used ring was not what you held it for.",
        ),
    ),
)

# ---- 7.1 and 7.2: into the ring -----------------------------------------------

HEADER_GONE = Hint(
    r"header\.(type|reserved) is 0x5a|sector is 6510615555426900570:|is the header still",
    "When the device reads the header it holds something else. It reads long after "
    "virtio_blk_submit() has returned: where does the header lie, and who else uses "
    "that memory by then?",
)


HANDED_BACK = Hint(
    r"handed a request back",
    "Whoever calls block_submit() is in the middle of something, and not ready to be "
    "called back. Who calls done(), and from where?",
)

NOT_FILLED = Hint(
    r"reserved is|type is 0xa5a5a5a5|sector is 11936128518282651045:",
    "What the request before has left in the room goes to the device. Which fields "
    "does the header have, and which of them do you write?",
)


@LAB.check(
    "7.1", 10, "Step 7.1", "The header says what is wanted, and no status is there yet",
    hints=[
        HANDED_BACK,
        NOT_FILLED,
        HEADER_GONE,
        Hint(
            r"for the device to read; here are 0$",
            "Of this chain the device may read nothing. Which part of a request is always "
            "for it to read, and what does virtq_add() go by?",
        ),
        Hint(
            r"for the device to read; here are",
            "How long is the header, and how long the struct that has it and the status "
            "in it?",
        ),
        Hint(
            r"sector is (39424|130048|317\d+)|sector is (\d+): expected (77|254)$",
            "The sector in the header is a multiple of the one that was asked for, or none "
            "of it. In what does this field count, and in what does the request?",
        ),
        Hint(
            r"sector is 1234: expected 0",
            "A flush is for all of the disk. What is its header to say in the place where "
            "a read has its first sector?",
        ),
        Hint(
            r"sector is \d+: expected \d{12,}",
            "Large sectors lose their upper half. How wide is the field, and everything "
            "that the number goes through?",
        ),
        Hint(
            r"type is 0x2:",
            "The kinds have numbers in the specification, and others in enum block_op. "
            "Which are these?",
        ),
        Hint(
            r"type is",
            "The device would do something else than what was asked for. In and out are "
            "meant as seen from the driver: which one is a read?",
        ),
        Hint(
            r"status it is",
            "If the device never writes its status, what stands there now is taken for it. "
            "What must it not look like?",
        ),
    ],
)  # fmt: skip
def test_header(unit):
    unit("virtio_blk_chain", "test_header_", "test_status_")


@LAB.check(
    "7.2", 12, "Step 7.2", "Each part of a chain is for the device to read, or to write",
    rests_on=[test_header],
    hints=[
        HANDED_BACK,
        Hint(
            r"the chain of a (read|write|flush): \d+ for the device",
            "Count the buffers of this chain by the handout's picture: which of them does "
            "the device read, and which does it write? The two counts are what virtq_add() "
            "is told.",
        ),
        Hint(
            r"what the device reads comes before",
            "A buffer for the device to read stands behind one that it writes.",
        ),
        Hint(
            r"is not piece|has \d+ bytes: piece|one byte for the status",
            "The buffers between header and status are the request's pieces, each as it "
            "is, in their order. Print them beside each other.",
        ),
        Hint(
            r"does not lie in the request's room|lies in the header",
            "The device reads the header, and writes the status, long after "
            "virtio_blk_submit() has returned. What it is given must live for as long as "
            "the request is in flight: virtio_blk.h has a place for it.",
        ),
    ],
)  # fmt: skip
def test_chain(unit):
    unit("virtio_blk_chain", "test_chain_")


@LAB.check(
    "7.2", 8, "Step 7.2", "A request is taken as a whole, or not at all",
    rests_on=[test_chain],
    hints=[
        Hint(
            r"does not give the request that was submitted",
            "The token is how a request is known again. What comes back must lead to it.",
        ),
        HANDED_BACK,
        Hint(
            r"has notified the device",
            "Telling the device costs thousands of instructions. The contract says who does "
            "it, and when.",
        ),
        Hint(
            r"gave -?\d+, expected|is in the ring all the same",
            "When the ring has no room, or is broken, somebody above keeps the request, or "
            "gives it back. How does he learn of it?",
        ),
    ],
)  # fmt: skip
def test_submit(unit):
    unit("virtio_blk_chain", "test_submit_")


# ---- 7.3 and 7.4: out of it ---------------------------------------------------------

ERROR_LATE = Hint(
    r"before req->error was set",
    "From block_done() on the request is its owner's, who looks at req->error at once. "
    "What of yours comes after it?",
)
TOUCHED = Hint(
    r"heap-use-after-free|of 510 reads",
    "The request was touched after it had been handed back. Its owner may have "
    "freed it in done(), or submitted it again: then what you read there is no "
    "longer about the one that was done.",
)
NEVER_DONE = Hint(
    r"was handed back 0 times",
    "The device is done with a request, and its owner never heard of it. Which way "
    "does each request that virtq_poll() gives take through your loop?",
)
OUT_OF_ORDER = Hint(
    r"twice for one request|number [^4] has error|handed back with error|holds sector",
    "It goes wrong when a later request is done before an earlier one. Which of "
    "the things that virtq_poll() gives says whose turn it was?",
)
FAILED_UNTOLD = Hint(
    r"error is 0, expected -|number 4 has error 0",
    "A request failed, and whoever asked for it is told that all is well. Where "
    "does the device say how it went?",
)
NOT_WELL = Hint(
    r"error is -?\d+, expected 0|handed back with error -",
    "The device says that all is well, and the request has an error all the same.",
)


@LAB.check(
    "7.3", 12, "Step 7.3", "A request is done well only if the device says so",
    rests_on=[test_submit],
    hints=[
        ERROR_LATE,
        NEVER_DONE,
        Hint(
            r"with status 2 and len 1:",
            "The status says that the device can't do this, and len that it wrote no data. "
            "What could it have written, and which of the two says more?",
        ),
        Hint(
            r"write (of two sectors )?with status (0x0)?0\b.*expected 0",
            "Of a write the device writes one byte and no more: it need not say that it "
            "wrote the data, which it only read.",
        ),
        Hint(
            r"read of two sectors with status 0 and len|legacy disk that says",
            "How many bytes does the device write for a read of two sectors, and for a "
            "write? Fewer is a failure; a legacy device may say more.",
        ),
        FAILED_UNTOLD,
        Hint(
            r"expected -95|error is -95",
            "\"The device can't do this\" and \"it went wrong\" are two answers, with an "
            "error each. Compare the values of the status to yours.",
        ),
        NOT_WELL,
        OUT_OF_ORDER,
    ],
)  # fmt: skip
def test_result(unit):
    unit("virtio_blk", "test_the_status_byte", "test_a_read_of_which", "test_a_legacy_disk",
         "test_each_request_has")  # fmt: skip


@LAB.check(
    "7.4", 8, "Step 7.4", "Reads, writes and flushes do what they say, to the last sector",
    rests_on=[test_submit],
    hints=[
        ERROR_LATE,
        NEVER_DONE,
        FAILED_UNTOLD,
        NOT_WELL,
        Hint(
            r"a read of the last sector",
            "The last sector of the disk is one of its sectors. (Requests that can't be "
            "were refused before they came to you.)",
        ),
        Hint(
            r"flush",
            "What was written may lie in the device's cache until it is told to flush. A "
            "flush is a request like the others: what does the device see of it?",
        ),
        HEADER_GONE,
        Hint(
            r"holds sector|hold what was written",
            "The right sectors, but not where they belong: which piece is the first?",
        ),
    ],
)  # fmt: skip
def test_all_ops(unit):
    unit("virtio_blk", "test_a_read_brings", "test_the_first_and_the_last", "test_pieces_are",
         "test_a_write_brings", "test_a_flush_makes", "test_what_the_flush")  # fmt: skip


@LAB.check(
    "7.4", 12, "Step 7.4", "Many are in flight, finish in any order, and are done once each",
    rests_on=[test_all_ops],
    hints=[
        ERROR_LATE,
        OUT_OF_ORDER,
        TOUCHED,
        NEVER_DONE,
        Hint(
            r"done in one round|64 of 85 requests|with limit",
            "`limit` is there so that others have their turn; and the count that is "
            "returned tells whether there may be more.",
        ),
        Hint(
            r"of 85 requests",
            "A request that virtq_poll() gave you is in no ring any more. Does your loop "
            "always bring it to block_done()?",
        ),
        Hint(
            r"inside block_submit|before the event loop",
            "Done() comes from the event loop and from nowhere else.",
        ),
        Hint(
            r"requests were handed back|the device was asked for",
            "Some requests are never done. Of those that virtq_poll() gives, which do not "
            "get to block_done()?",
        ),
    ],
)  # fmt: skip
def test_many(unit):
    unit("virtio_blk", "test_many_requests", "test_reads_and_writes", "test_a_ring_of",
         "test_done_comes", "test_a_request_is_submitted", "test_a_request_may_be",
         "test_others_have", "test_complete_takes", "test_a_long_queue",
         "test_a_lost_interrupt")  # fmt: skip


@LAB.check(
    "7.4", 8, "Step 7.4", "A device that breaks the protocol is stopped; no request is lost",
    rests_on=[test_many, test_result],
    hints=[
        Hint(
            r"could be submitted again",
            "In done() its owner may submit it at once. In what state does it find the "
            "queue, and in what state should it?",
        ),
        Hint(
            r"returned \d+: expected 1",
            "A request that its device gave back without a word is one of those that you "
            "took out of the ring. What does the contract say is returned?",
        ),
        Hint(
            r"is done (0|[2-9]|\d\d+) times|twice for one|handed back 0 times",
            "A request got lost, or came twice, when its device broke. Each that is taken "
            "out of the ring goes to block_done(), whatever became of it.",
        ),
        Hint(
            r"handed back before that device was reset",
            "The device may still write into the memory of what it holds. Whose task is it "
            "to give those back, and when?",
        ),
        Hint(
            r"device was not reset|tell of the broken|line on the broken",
            "The device says that it wrote nothing at all, not even the status. The "
            "contract says what such a device has done, and what is to be done first.",
        ),
        Hint(
            r"is done 1 times, with",
            "What stands in the status byte then is not the device's word.",
        ),
    ],
)  # fmt: skip
def test_lies(unit):
    unit("virtio_blk", "test_a_status_that_was_not", "test_a_used_", "test_a_length_beyond",
         "test_a_device_that_needs", "test_whatever_a_device")  # fmt: skip


# ---- In QEMU ----------------------------------------------------------------------


@dataclass
class Answer:
    asked: Question
    guest: Machine
    status: int


@pytest.fixture(scope="module")
def answer(boot: Boots, rng) -> Answer:
    """One run of `hexdump` on such a disk, to its end."""
    asked = Question.of_this_run(boot.folder("hexdump"), rng("hexdump"))
    with boot(
        "hexdump", "hexdump", MACHINE="q35", DISK=str(asked.image), CHALLENGE=asked.challenge
    ) as guest:
        status = guest.wait_end(8)
    return Answer(asked, guest, status)


def line(guest: Machine, pattern: str) -> str:
    """What of the guest's lines matches, for a person to read."""
    found = re.search(pattern, guest.lines(), re.M)
    return f'"{found[0]}"' if found else guest.end_in_words()


def refuse(boot: Boots, guest: Machine, expected: str, seen: str) -> None:
    raise Failed(expected, seen, boot.evidence(guest))


@LAB.check(
    "7", 10, "Check", "What is on a disk of QEMU's is read, 64 requests at a time",
    rests_on=[test_all_ops, test_many],
)  # fmt: skip
def test_reads(boot, answer):
    asked, guest = answer.asked, answer.guest
    wanted = (
        f"hexdump: {asked.reads} reads, check {check(asked.before, asked.reads, asked.seed)}, "
        "0 failed"
    )
    for sector in range(asked.shown, asked.sectors):
        if dump(asked.before, sector) not in guest.lines():
            seen = line(guest, rf"^(hexdump: sector {sector}: |{sector * SECTOR:08x}  ).*")
            refuse(boot, guest, f"sector {sector} of {asked.sectors}, as it is in the image", seen)
    if wanted not in guest.lines():
        refuse(boot, guest, f'"{wanted}", by the bytes of this run',
               line(guest, r"^hexdump: \d+ reads, check \d+, \d+ failed"))  # fmt: skip
    if errors := [e for e in guest.guest_errors() if "virtio" in e]:
        refuse(boot, guest, "nothing from QEMU", "\n".join(errors))


@LAB.check(
    "7", 8, "Check", "What the guest writes is in the image on this host",
    rests_on=[test_reads],
    hints=[
        Hint(
            r"flush: error",
            "The disk refused the flush, or it was not done.",
        ),
        Hint(
            r"other bytes",
            "Something was written elsewhere, or not at all, though the guest believes "
            "that all went well. Compare the image with hexdump's: cmp -l, or xxd.",
        ),
    ],
)  # fmt: skip
def test_writes(boot, answer):
    asked, guest = answer.asked, answer.guest
    for wanted in (
        f"hexdump: {asked.copy} written, 0 failed: error 0",
        "hexdump: flush: error 0",
        f"hexdump: read back, 0 of {asked.copy} wrong",
    ):
        if wanted not in guest.lines():
            pattern = re.sub(r"\d+", r"\\d+", wanted)
            refuse(boot, guest, f'"{wanted}"', line(guest, f"^{pattern}"))
    compare(boot, guest, asked.image.read_bytes(), asked.after)
    if answer.status != DONE:
        refuse(boot, guest, "an end without errors", guest.end_in_words())


def compare(boot: Boots, guest: Machine, found: bytes, wanted: bytes) -> None:
    """The image on the host against what it should be."""
    if (sector := first_difference(found, wanted)) is not None:
        refuse(boot, guest, f"in sector {sector} of the image what hexdump had to write there, or "
               "what was there before", f"other bytes in sector {sector}")  # fmt: skip


@LAB.check(
    "7", 6, "Check", "An error of the disk comes to its own request, and to no other",
    rests_on=[test_reads, test_result],
    hints=[
        Hint(
            r"flush: error 0",
            "The host could not flush and said so, and the guest was told that all is well.",
        ),
        Hint(
            r"other bytes",
            "A write failed, and others with it, or it went elsewhere.",
        ),
        Hint(
            r"error|written",
            "An error came to another request than the one it was for, or to none.",
        ),
    ],
)  # fmt: skip
def test_errors(boot, rng):
    numbers = rng("errors")
    asked = Question.of_this_run(boot.folder("errors"), numbers)
    bad_read = asked.shown + numbers.randrange(asked.count)
    bad_write = asked.to + numbers.randrange(asked.copy)
    asked.reads = 0
    rules = [
        "0.event=none", "0.iotype=read", f"0.sector={bad_read}", "0.errno=5", "0.once=off",
        "1.event=none", "1.iotype=write", f"1.sector={bad_write}", "1.errno=5", "1.once=off",
        "2.event=flush_to_disk", "2.errno=5",
    ]  # fmt: skip
    with boot(
        "hexdump", "errors", MACHINE="microvm", BLOCKDEV=failing(asked.image, *rules),
        CHALLENGE=asked.challenge,
    ) as guest:  # fmt: skip
        status = guest.wait_end(8)
    shown = "".join(
        f"hexdump: sector {n}: error 5\n" if n == bad_read else dump(asked.before, n)
        for n in range(asked.shown, asked.sectors)
    )
    if shown not in guest.lines():
        seen = line(guest, r"^hexdump: sector \d+: error \d+")
        refuse(boot, guest, f"error 5 for sector {bad_read}, and those around it as they are", seen)
    written = f"hexdump: {asked.copy - 1} written, 1 failed: error 5"
    for wanted in (written, "hexdump: flush: error 5"):
        if wanted not in guest.lines():
            pattern = re.sub(r"\d+", r"\\d+", wanted)
            refuse(boot, guest, f'"{wanted}"', line(guest, f"^{pattern}"))
    at = bad_write * SECTOR
    wanted_bytes = asked.after[:at] + asked.before[at : at + SECTOR] + asked.after[at + SECTOR :]
    compare(boot, guest, asked.image.read_bytes(), wanted_bytes)
    if status != FAILED:
        refuse(boot, guest, "main() to return the error", guest.end_in_words())


@LAB.check(
    "7", 6, "Serve the page with it", "The page is read from the disk by your driver",
    rests_on=[test_reads],
    hints=[
        Hint(
            r"other bytes|status 404",
            "The server is up, and what it reads from its disk is not what is there.",
        )
    ],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
