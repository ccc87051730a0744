# SPDX-License-Identifier: MIT
"""Lab 09, frames.

The steps stand on host tests, function by function (unit/test_net_receive.c,
test_net_transmit.c, test_arp.c). Then `sniff` boots with a cable that ends in
this program: all addresses are this run's, the answers are read off the wire,
and frames go on coming until every index has wrapped.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lodge.cable import FIRST, Cable, asked
from lodge.ethernet import Ethernet
from lodge.lab import Hint, Lab, Step
from lodge.machine import DONE
from lodge.objects import Symbols
from lodge.page import serve_page

LAB = Lab(
    "09-frames",
    "Frames",
    app="sniff",
    exercises={
        "09-frames/virtio_net.c": Symbols(
            defines=(
                "virtio_net_post", "virtio_net_release", "virtio_net_receive",
                "virtio_net_send", "virtio_net_reclaim",
            ),
            may_use=(
                "virtq_add", "virtq_poll", "virtio_net_kick_posted", "virtio_net_rx_pieces",
            ),
            units=("net_receive", "net_transmit", "virtio_net"),
        ),
        "09-frames/arp.c": Symbols(defines=("arp_asks", "arp_answer"), units=("arp",)),
    },
    steps=(
        Step(
            "9.1", "virtio_net_post",
            where="The picture of the receiveq, and beside it struct virtio_net_rx in "
            "virtio_net.h. Which of its fields is already an argument of virtq_add(), as "
            "it stands there?",
            spec="[virtio 1.2 §5.1.6.3] on which buffers the card wants; virtqueue.h above "
            "virtq_add() on out, in and token.",
            show='print("%u pieces, the first %p, %u bytes", rx->piece_count, '
            "rx->pieces[0].data, rx->pieces[0].len), and what virtq_add() returned.",
        ),
        Step(
            "9.2", "virtio_net_release",
            where="Somebody hands you the address of a member, and you want the struct "
            "round it. list.h has one macro for that.",
            spec="virtio_net.h above virtio_net_release(), and netdev.h on who owns a netbuf "
            "when. Of virtio, only that an empty receiveq receives nothing "
            "[virtio 1.2 §5.1.6.3].",
            show='print("%p released, %u free", nb, rx->net->receiveq.num_free) before and '
            "after: it must go down by rx->piece_count.",
        ),
        Step(
            "9.3", "virtio_net_receive",
            where="Draw one receive buffer: where it begins, where the frame begins, where "
            "what the card wrote ends. Write the three numbers under it by their names in "
            "the code.",
            spec="[virtio 1.2 §5.1.6.4], points 1 and 2, and §5.1.6 for the header; netdev.h "
            "above struct netbuf for what the stack may rely on.",
            show='print("used %u, header %u, frame %u: %02x %02x ...", ...) for each buffer, '
            "and count and limit at the end.",
        ),
        Step(
            "9.4", "virtio_net_send",
            where="Take a frame of three netbufs, the second of them empty, and write down "
            "the array of struct virtq_buffer that virtq_add() is to get. Then the same for "
            "one of seventeen.",
            spec="[virtio 1.2 §5.1.6.2] for what the header says, and netdev.h above send() "
            "for the result; §2.7.13 for why the array may lie on your stack and the header "
            "may not.",
            show='For each buffer print("%p, %u bytes", ...), and the sum beside net->frame_max; '
            "then the twelve bytes of tx->hdr.",
        ),
        Step(
            "9.5", "virtio_net_reclaim",
            where="Follow one frame of two netbufs from send() to the end: who may read "
            "nb->next, and until which moment?",
            spec="netdev.h above struct netbuf: when, how often and in which order release() "
            "is called; [virtio 1.2 §2.7.14] for the loop.",
            show='print("tx %p, frame %p", tx, tx->frame) for each that comes back, and how many '
            "are on the list tx_free.",
        ),
        Step(
            "9.6", "arp_asks",
            where="Take the request of the handout's picture byte by byte, and write beside "
            "each field which value you insist on. Three fields of the packet, and two of "
            "the header before it, may have any. What do you know before you have looked "
            "at the length?",
            spec='[RFC 826], "Packet Reception": the questions with a "?"; ethernet.h for the '
            "values in the case of Ethernet and IPv4.",
            show='print("%u bytes, type %x, op %u, tpa %x, mine %x", ...), the fields as your '
            "program sees them.",
        ),
        Step(
            "9.7", "arp_answer",
            where="Two columns, request and reply, a row for each of the nine fields and three "
            "more for the Ethernet header. Which are the same, which change places, which "
            "are new?",
            spec='[RFC 826], "Packet Reception", from "Swap hardware and protocol fields" on.',
            show="All 42 bytes of *reply with %02x, beside those of the picture.",
        ),
    ),
    hints=(
        Hint(
            r"AddressSanitizer: heap-use-after-free",
            "Something was looked at that had been given back. The report names the line: "
            "whose was it at that moment?",
        ),
        Hint(
            r"SEGV .*\(pc 0x0+ ",
            "A function was called by way of a pointer that nobody has set. Which calls of "
            "yours go through a field, and who sets it, and when?",
        ),
        Hint(
            r"AddressSanitizer",
            "A byte outside of a frame or a buffer was touched. The report's first lines "
            "name the access and the line of yours: which length was compared with what "
            "before it, and which should have been?",
        ),
        Hint(
            r'did not print what matches "\^sniff',
            "No frame reaches the application. Did the card get buffers, and was it told? "
            "What does it say of the length, and what do you make of it?",
        ),
        Hint(
            r"did not answer",
            "The frames come in, and the answers do not go out, or not all. Count in "
            "virtio_net_send(), and look at what it returns.",
        ),
        Hint(
            r"did not end|did not print",
            "The guest has stopped somewhere on the way. How many frames did it see? If "
            "about as many as there are receive buffers (128 here, by its own last words 256 "
            "at most), something is taken from a ring and never put back.",
        ),
        Hint(
            r"zero sized buffers|virtio-net (header|unexpected)|not.*contiguous|bogus desc",
            "QEMU itself complains of what it finds in the ring. Which descriptor is the "
            "header's, and how long does this card want it?",
        ),
    ),
)  # fmt: skip

# ---- 9.1 and 9.2: buffers for what comes ---------------------------------------


@LAB.check(
    "9.1", 6, "Step 9.1", "The card gets the whole of each receive buffer, to write",
    hints=[
        Hint(
            r"only write|descriptors to read",
            "To the card, this is a buffer to read from: so it will never put a frame there. "
            "Virtq_add() has two counts; which is which?",
        ),
        Hint(
            r"descriptors, as rx->pieces|first piece should|room for all",
            "The card does not have all of the buffer, or not in the pieces that it wants: "
            "an old one insists on a descriptor of its own for the header.",
        ),
        Hint(
            r"same token",
            "When a buffer comes back, all you get is the token. Which one do you need, in "
            "order to know whose memory it was?",
        ),
        Hint(
            r"should leave it to its caller",
            "One notification costs thousands of instructions, and there are 256 buffers: "
            "the contract says who tells the card.",
        ),
        Hint(
            r"should give what virtq_add",
            "A queue may refuse a buffer, and who posts it wants to know.",
        ),
        Hint(
            r"should give 0|there is none",
            "The card's ring stays empty, so it drops all that comes.",
        ),
    ],
)  # fmt: skip
def test_post(unit):
    unit("net_receive", "test_post_")


NOT_TOLD = Hint(
    r"never hears of the|virtio_net_kick_later\(\) was called",
    "The buffer is in the ring, and the card was not told that it is. With a fast sender it "
    "looks by itself, with a slow one you wait for ever.",
)
RUNS_EMPTY = Hint(
    r"receiveq again|runs? empty|ring is empty|should have a receive buffer|card has \d",
    "The ring has one buffer less than before, and in the end none: that is when nothing "
    "comes in any more. Where could a buffer have gone that is neither lent nor posted?",
)


@LAB.check(
    "9.2", 6, "Step 9.2", "A buffer that the stack gives back goes into the ring again",
    rests_on=[test_post],
    hints=[
        NOT_TOLD,
        Hint(
            r"another buffer went|should be given the card",
            "From the netbuf you have come to the wrong struct. The stack may write into all "
            "of the netbuf's fields: what is left to know it by?",
        ),
        Hint(
            r"the card was notified at once",
            "Each notification is an exit from the virtual machine; there is a function that "
            "sees to one for many.",
        ),
        RUNS_EMPTY,
    ],
)  # fmt: skip
def test_release(unit):
    unit("net_receive", "test_release_")


# ---- 9.3 ----------------------------------------------------------------------


@LAB.check(
    "9.3", 10, "Step 9.3", "A frame is lent where it lies, behind a header of either size",
    rests_on=[test_release],
    hints=[
        Hint(
            r"the netbuf should say",
            "The length counts something that is no part of the frame, or too little. What "
            "is it that the card has counted?",
        ),
        Hint(
            r"other bytes",
            "What is lent does not begin where the frame begins. How long is the header of "
            "this card, and who knows?",
        ),
        Hint(
            r"no traces",
            "The stack had this netbuf before, and may have linked it into a chain. What is "
            "in the fields that you do not set?",
        ),
        Hint(
            r"gives it back by",
            "The stack gives a frame back by calling a function that it finds in the netbuf.",
        ),
        Hint(
            r"with a limit|should take",
            "The limit is there so that others have their turn. Was one more taken out of the "
            "ring than there was room for, or one less said than was taken?",
        ),
        Hint(
            r"frame 655\d\d is not there",
            "It worked for more than sixty-five thousand frames, then stopped for ever: which "
            "number has only 16 bits?",
        ),
        Hint(
            r"frame \d+ is not there|two buffers|receive\(\) should be called",
            "Frames came in, and not all of them went up. Compare the number that you return "
            "with the number of calls.",
        ),
        RUNS_EMPTY,
    ],
)  # fmt: skip
def test_receive(unit):
    unit(
        "net_receive", "test_receive_lends", "test_receive_is_right", "test_receive_finds",
        "test_receive_takes", "test_receive_carries",
    )  # fmt: skip


@LAB.check(
    "9.3", 6, "Step 9.3", "What is no frame, or comes too early, goes back into the ring",
    rests_on=[test_receive],
    hints=[
        Hint(
            r"was handed up|the netbuf should say",
            "Fewer bytes came than the two headers have, and they were handed up as a frame "
            "all the same; with unsigned lengths, as a very long one.",
        ),
        Hint(
            r"exactly \d+ bytes is one",
            "The shortest frame there is was thrown away. Is exactly enough enough?",
        ),
        NOT_TOLD,
        Hint(
            r"lends \d",
            "What you take out of the ring counts, whether or not it is lent: that is how the "
            "caller knows that there may be more.",
        ),
        RUNS_EMPTY,
    ],
)  # fmt: skip
def test_no_frames(unit):
    unit("net_receive", "test_receive_gives_back", "test_receive_counts")


# ---- 9.4 ----------------------------------------------------------------------


@LAB.check(
    "9.4", 12, "Step 9.4", "The card reads a header of zeros, then the frame where it lies",
    hints=[
        Hint(
            r"header's, which has",
            "The card takes the first bytes for the header, as many as it knows of. If that is "
            "not what you have put there, it takes some of the frame for it, or of the header "
            "for the frame.",
        ),
        Hint(
            r"should be all zero",
            "The memory of a header has been used before, and what stood there still does: the "
            "card would add a checksum that nobody asked for, or cut the frame.",
        ),
        Hint(
            r"comes as piece|there should be 4|should make two",
            "The card should read the header, then each piece that has bytes in it, in order: "
            "print the array before you hand it over.",
        ),
        Hint(
            r"in the transmitq",
            "The card looks for what is to be sent in one of its two queues. Is it there?",
        ),
        Hint(
            r"without a copy|where it lies",
            "The bytes were moved about. The card reads the stack's own memory, which stays "
            "as it is until release().",
        ),
        Hint(
            r"to write$|only read",
            "The card would write into what you want to send. Which of virtq_add()'s counts is "
            "for what the device reads?",
        ),
        Hint(
            r"header should say so|shall cut",
            "What the first netbuf asks for must be in the header: one given function writes "
            "it, into a header that is zero.",
        ),
        Hint(
            r"should be the virtio_net_tx|is on its way",
            "A chain comes back with its token alone: it must lead to the header's memory and "
            "to the frame.",
        ),
        Hint(
            r"should leave it to its caller",
            "The card is told of many frames at once. By whom, says the contract.",
        ),
        Hint(
            r"to be cut into .* gives -",
            "A frame that the card shall cut may be longer than one that goes as it is. Which "
            "field of the netbuf says which it is?",
        ),
        Hint(
            r"gives -\d+",
            "A good frame was refused. Was it measured wrongly, or did virtq_add() not like an "
            "entry of the array?",
        ),
    ],
)  # fmt: skip
def test_send(unit):
    unit(
        "net_transmit", "test_send_puts", "test_send_keeps", "test_send_has", "test_send_asks",
        "test_send_remembers", "test_send_does",
    )  # fmt: skip


@LAB.check(
    "9.4", 8, "Step 9.4", "What can't be sent is refused, and nothing is lost by it",
    rests_on=[test_send],
    hints=[
        Hint(
            r"stack-buffer-overflow|out of bounds",
            "An array on the stack was written behind its end: how many pieces may a frame "
            "have, and how many places does your array have?",
        ),
        Hint(
            r"2\^32",
            "The sum of two unsigned numbers can be smaller than either. Compare without "
            "adding.",
        ),
        Hint(
            r"virtio_net_tx should be free; here",
            "After a frame that was refused there is a virtio_net_tx less, and after a hundred "
            "of them none. On which way out of the function is it not given back?",
        ),
        Hint(
            r"should be as it was|nothing should be released",
            "A send() that fails has taken nothing: neither ring nor frame may show that it was "
            "called.",
        ),
        Hint(
            r"cut",
            "A frame that the card shall cut may be longer than one that goes as it is. Which "
            "field of the netbuf says which it is?",
        ),
        Hint(
            r"17 descriptors|gives -",
            "A good frame was refused: what counts is pieces that have bytes in them, and "
            "exactly enough is enough.",
        ),
        Hint(
            r"should be refused with|there should be no room|there is no room",
            "The contract above send() in netdev.h lists what is refused, and with which error.",
        ),
    ],
)  # fmt: skip
def test_refusals(unit):
    unit(
        "net_transmit", "test_send_refuses", "test_send_is_not", "test_send_lets",
        "test_send_that",
    )  # fmt: skip


# ---- 9.5 ----------------------------------------------------------------------


@LAB.check(
    "9.5", 10, "Step 9.5", "What was sent is given back, once, and makes room for more",
    rests_on=[test_send],
    hints=[
        Hint(
            r"use-after-free",
            "After its release() a netbuf is not yours to look at: its memory may be somebody "
            "else's by then, and here it is. What do you still need to know of it?",
        ),
        Hint(
            r"double-free",
            "The same netbuf was released twice.",
        ),
        Hint(
            r"still has the frame",
            "The frame was given back while the card was still reading it.",
        ),
        Hint(
            r"finds no room",
            "As many frames went out as there are virtio_net_tx, or descriptors, and then no "
            "more: something is not given back.",
        ),
        Hint(
            r"each of its 7 netbufs|another number",
            "Of a frame in several pieces not each piece was given back.",
        ),
        Hint(
            r"3 should be released|then all",
            "There is a call for each that the card is done with, and it is done with several "
            "at a time, in any order.",
        ),
        Hint(
            r"can be used again|virtio_net_tx (should be )?free",
            "As many frames go out as there are virtio_net_tx, and then no more: what do you do "
            "with the one whose frame has left?",
        ),
        Hint(
            r"put there twice",
            "The list of free virtio_net_tx leads back into itself.",
        ),
    ],
)  # fmt: skip
def test_reclaim(unit):
    unit("net_transmit", "test_reclaim_")


# ---- 9.6 and 9.7: ARP -----------------------------------------------------------


@LAB.check(
    "9.6", 10, "Step 9.6", "Who asks for our address is heard, and nobody else",
    hints=[
        Hint(
            r"AddressSanitizer|a request needs",
            "A frame that ends in the middle of the packet was read as if it were whole. What "
            "lies behind it in memory is the frame that was there before.",
        ),
        Hint(
            r"2\.0\.0\.10",
            "The bytes of a number in the packet stand in another order than this processor's.",
        ),
        Hint(
            r"does not ask for",
            "Somebody asked for an address that is not ours, and would be told that it is here: "
            "from then on its frames go astray.",
        ),
        Hint(
            r"it is no request",
            "The packet is of another kind, and was taken for a request for an IPv4 address. "
            "The text says which byte was changed.",
        ),
        Hint(
            r"it is still a request",
            "A field was compared that may have any value: the text says which. Imagine who "
            "could send such a frame, with a bridge between you and him perhaps.",
        ),
        Hint(
            r"0\.0\.0\.0|padded|a request for our address|1514",
            "A request for our address was not taken for one. Print each field that you compare "
            "beside what you compare it with: its bytes stand in the order of the wire, and some "
            "fields may have any value.",
        ),
        Hint(
            r"behind a multiple|misaligned",
            "A frame may begin at any address. The structs of ethernet.h are packed so that the "
            "compiler knows.",
        ),
    ],
)  # fmt: skip
def test_asks(unit):
    unit(
        "arp", "test_who_asks", "test_bytes_behind", "test_a_frame_may", "test_a_short",
        "test_every_other", "test_the_address", "test_what_is", "test_the_other",
    )  # fmt: skip


@LAB.check(
    "9.7", 8, "Step 9.7", "The answer is right to the last byte, and goes to who has asked",
    hints=[
        Hint(
            r"byte ([0-9]|1[0-3]) of",
            "The Ethernet header is not right: the first six bytes say to whom, the next six "
            "from whom.",
        ),
        Hint(
            r"byte (1[4-9]|2[01]) of",
            "The first eight bytes of the packet say what kind of packet it is. Did you write "
            "all of them, each in network byte order?",
        ),
        Hint(
            r"byte (2[2-9]|3\d|4[01]) of",
            "Sender and target: in a reply we are the one, and who has asked is the other. "
            "Which bytes of the request become which of the reply?",
        ),
        Hint(
            r"ar_sha",
            "Who sent the frame and who asks in the packet need not be the same: a bridge may "
            "stand between them. The packet counts.",
        ),
        Hint(r"as it was", "The request is not yours to change."),
    ],
)  # fmt: skip
def test_answer(unit):
    unit("arp", "test_the_answer_")


# ---- On a cable -------------------------------------------------------------------


@pytest.fixture(scope="module")
def cable(boot, rng) -> Iterator[Cable]:
    cable = Cable(boot, rng("cable"))
    yield cable
    cable.close()


@LAB.check(
    "9", 8, "Check", "On a cable, frames come in and questions are answered",
    rests_on=[test_no_frames, test_reclaim, test_asks, test_answer],
)  # fmt: skip
def test_wire(cable):
    guest, at = cable.start(), 0
    cable.play(FIRST)
    for frame in cable.script.frames[:FIRST]:
        head, target = Ethernet.read(frame), asked(frame)
        line = f"sniff: {head.source} > {head.target}, {len(frame)} bytes, ARP"
        line += f" who has {target}?" if target else ""
        said = guest.expect(r"^sniff: \S+ > .*$", since=at)
        at = said.end()
        if not said[0].startswith(line):
            raise cable.failed(f'"{line}"', f'"{said[0]}"')
    wanted = cable.script.answers[: cable.script.answered_first()]
    cable.wire.wait("answer", lambda: cable.wire.seen >= len(wanted))
    cable.compare(wanted)


@LAB.check(
    "9", 10, "Check", "More than 65,536 frames come whole, and the rings stay full",
    rests_on=[test_wire],
)  # fmt: skip
def test_many(cable):
    guest, script = cable.start(), cable.script
    cable.play(len(script.frames))
    wanted = script.last_line()
    status = guest.wait_end(20)
    last = guest.last_lines(2)
    if status != DONE or wanted not in last:
        raise cable.failed(f'"{wanted}"', f'"{last[0] if last else ""}"')
    words = last[1].split()
    if words[1] != words[3]:
        raise cable.failed("all receive buffers in the ring at the end", last[1])
    cable.wire.wait("answer", lambda: cable.wire.seen >= len(script.answers))
    cable.compare(script.answers)


@LAB.check(
    "9", 6, "Serve the page with it", "Your driver carries the web page",
    rests_on=[test_wire],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
