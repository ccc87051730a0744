# SPDX-License-Identifier: MIT
"""Lab 05, the virtqueue.

The steps stand on host tests against a fake device (unit/test_virtqueue.c),
the whole on dice rolled in QEMU with bytes that only this run knows, and on a
page served through the student's ring.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from lodge.grading import Boots
from lodge.lab import Failed, Hint, Lab, Step
from lodge.machine import DONE
from lodge.objects import Symbols
from lodge.page import serve_page

LAB = Lab(
    "05-virtqueue",
    "The virtqueue",
    app="dice",
    exercises={
        "05-virtqueue/virtqueue.c": Symbols(
            defines=("virtq_init", "virtq_add", "virtq_kick", "virtq_poll"),
            may_use=("virtq_break",),
            units=("virtqueue",),
        )
    },
    steps=(
        Step(
            "5.1", "virtq_init",
            where="Draw the memory of a queue of 8 on paper: three parts, each at the "
            "offset that a function of virtqueue.h gives, and behind them your own "
            "chains[]. Which byte of it have you not written yet?",
            spec="[virtio 1.2 §2.7]: the picture, and the alignments of the three parts. "
            "§2.7.6 and §2.7.8 say what the device reads from its first moment on.",
            show='print("%p %p %p free %u\\n", vq->desc, vq->avail, vq->used, vq->num_free) '
            "at the end, and avail->idx, used->idx beside it.",
        ),
        Step(
            "5.2", "virtq_add",
            where="Take a chain of three, two that the device reads and one that it "
            "writes, and fill in the table by hand: four descriptors with all four "
            "fields. Then compare to what your loop stores.",
            spec="[virtio 1.2 §2.7.13], point by point, and §2.7.5 for the flags; "
            "§2.7.13.3.1 says what has to be visible before avail.idx is.",
            show='For each descriptor print("%u: %u bytes, flags %x, next %u\\n", ...), then '
            "avail->idx before and after.",
        ),
        Step(
            "5.3", "virtq_kick",
            where="Step 5.3's picture with two columns. Put your accesses into the left "
            "one, and try each order of the two sides.",
            spec="[virtio 1.2 §2.7.10], with its driver requirements; arch.h on which "
            "barrier orders a store before a later load.",
            show='print("avail %u, told %u, flags %x\\n", ...) at the beginning: when is it '
            "called with nothing new, and when does the device sleep?",
        ),
        Step(
            "5.4", "virtq_poll",
            where="Ask of each number that comes out of the used ring: how large may it "
            "be, who says so, and how often do I read it?",
            spec="[virtio 1.2 §2.7.14], and §2.7.8 for the element; virtqueue.h's list of "
            "what breaks a queue.",
            show='print("used %u, read to %u: id %u, %u bytes\\n", ...) for each element, and '
            "num_free before and after.",
        ),
    ),
    hints=(
        Hint(
            r"AddressSanitizer",
            "A byte outside of the ring or of chains[] was touched. The report's first "
            "lines name the access and the line of yours; which index was it, and who "
            "says that it is below num?",
        ),
        Hint(
            r"no end after",
            "A loop never ends. Which list do you follow there, and what would make it "
            "lead back into itself?",
        ),
        Hint(
            r"Guest moved used index|idx .* in a queue of",
            "The device saw avail.idx jump by more than there are descriptors. It "
            "counts every entry there ever was, in 16 bits: which number do you store?",
        ),
        Hint(
            r"gave a token twice|used nothing since the last",
            "Something that was used once came out of virtq_poll() more than once. How "
            "does it know how far it has read?",
        ),
        Hint(
            r"last_used is \d+(, but used\.idx|: expected)",
            "Last_used counts every element there ever was; only its place in the ring "
            "begins anew.",
        ),
        Hint(
            r"was changed while the device|in two chains",
            "A descriptor that the device has was handed out again. Where does free_head "
            "stand after a call?",
        ),
        Hint(
            r"vq->num_free is",
            "The count of free descriptors and the chains in flight no longer make num "
            "together. Which call took or gave a different number than the chain has?",
        ),
        Hint(
            r"did not .* within",
            "The guest waits for ever. Either the device was not told of a buffer, or it "
            "answered and nobody looked, or the descriptors have run out. How many "
            "requests went through first? Compare to the queue's size, which is 8.",
        ),
        Hint(
            r"declared|broken",
            "The queue was declared broken although the device keeps to the protocol: "
            "what was read from the used ring was not what the device wrote there.",
        ),
    ),
)

# ---- 5.1 --------------------------------------------------------------------


@LAB.check(
    "5.1", 8, "Step 5.1", "A new queue is empty, whatever its memory held",
    hints=[
        Hint(
            r"expected four zeros",
            "The device reads the ring from its first moment on, and finds there what "
            "the memory's owner before you has left.",
        ),
        Hint(
            r"bytes into the memory",
            "One of the three parts is not where the device will look for it. "
            "Virtqueue.h has a picture, and a function for each offset.",
        ),
        Hint(
            r"field of the transport's",
            "The contract above virtq_init() says which fields it touches.",
        ),
        Hint(
            r"refuses a size|descriptors gave",
            "Some sizes can't be, and the contract lists them: with which property of "
            "num does `idx modulo num` go wrong at 65536?",
        ),
        Hint(
            r"token is not NULL|are %u|expected zeros|num_free is|is broken",
            "The queue isn't empty to begin with. Go through the fields of struct virtq "
            "above 'The transport's': the memory behind `vq` and `chains` is not zeroed "
            "for you.",
        ),
    ],
)  # fmt: skip
def test_init(unit):
    unit("virtqueue", "test_init_")


# ---- 5.2 --------------------------------------------------------------------

TOO_EARLY = Hint(
    r"published before the entry",
    "The device was invited to look before everything was there. Of your stores, "
    "which is the invitation, and what makes sure that the others are seen first?",
)


ENTRY_ELSEWHERE = Hint(
    r"avail\.ring\[\d+\] is \d+, which is",
    "Which entry does the new idx announce, and at which place did you put it? In a "
    "ring of 8, where does entry number 8 stand?",
)
SECOND_ROUND = Hint(
    r"heap-buffer-overflow",
    "The first round through the ring goes well, the second does not. At which "
    "place of a ring of 8 does entry number 8 stand?",
)
IDX_IS_A_PLACE = Hint(
    r"after virtq_kick\(\) avail\.idx is|avail\.idx went from \d+ to [0-7], in",
    "Avail.idx counts every entry there ever was: after the last place of the "
    "ring it goes on, and only the place begins anew. What do you store there?",
)


@LAB.check(
    "5.2", 10, "Step 5.2", "The device finds each buffer as it was handed over",
    rests_on=[test_init],
    hints=[
        TOO_EARLY,
        Hint(
            r"lacks F_WRITE",
            "QEMU would not touch a buffer like this one: nothing tells it that it may "
            "write there.",
        ),
        Hint(
            r"has F_WRITE",
            "A buffer that the device should read is marked as one to write. Which of "
            "the chain's buffers come first?",
        ),
        Hint(
            r"has F_NEXT",
            "The device goes on past the end of the chain, into a descriptor that "
            "belongs to somebody else. How does it know which is the last?",
        ),
        Hint(
            r"lacks F_NEXT",
            "The device sees only the beginning of the chain. How does it know that "
            "there is more?",
        ),
        Hint(
            r"virtual address",
            "A device does not see memory through your page tables. Arch.h has the one "
            "conversion there is.",
        ),
        Hint(
            r"\.len is|\.addr is",
            "A descriptor does not say what the caller's array said. Print all four of "
            "its fields for a chain of three, beside the array.",
        ),
        ENTRY_ELSEWHERE,
        SECOND_ROUND,
        IDX_IS_A_PLACE,
        Hint(
            r"avail\.idx is|avail\.idx went|avail\.ring",
            "The avail ring does not say what was added. Print avail.idx, and the entry "
            "at its place, before and after one virtq_add().",
        ),
    ],
)  # fmt: skip
def test_add(unit):
    unit("virtqueue", "test_add_describes", "test_add_links")


@LAB.check(
    "5.2", 10, "Step 5.2", "An entry is complete before avail.idx announces it",
    rests_on=[test_add],
    hints=[
        TOO_EARLY,
        Hint(
            r"over avail\.idx",
            "What stands in avail is for the device to read, and at the mercy of whoever "
            "can write there. Which number of yours says how many chains there were?",
        ),
    ],
)  # fmt: skip
def test_publish(unit):
    unit("virtqueue", "test_add_publishes")


@LAB.check(
    "5.2", 8, "Step 5.2", "All descriptors can be used, and what can't be is refused",
    rests_on=[test_add],
    hints=[
        Hint(
            r"has changed the ring|but num_free went|after refusals",
            "A call that was refused has left traces, so that the next one starts from "
            "a ring which nobody meant. When is it certain that all is well?",
        ),
        Hint(
            r"gave -28( \(-ENOSPC\))?: expected 0|gave -28\b.*exp.*\b0$",
            "The queue says that it is full while there is room. Is exactly enough "
            "enough?",
        ),
        Hint(
            r"2\^31",
            "The sum of two unsigned numbers can be smaller than either. Compare "
            "without adding. And is the room looked at before the buffers are?",
        ),
        Hint(
            r"expected -(E|28|22)",
            "The contract above virtq_add() in virtqueue.h lists what is refused, and "
            "with which error.",
        ),
    ],
)  # fmt: skip
def test_refusals(unit):
    unit(
        "virtqueue", "test_add_uses", "test_add_changes_nothing", "test_add_refuses"
    )


# What steps 5.2 and 5.3 did shows, at the latest, when 5.4 has brought
# descriptors back.
LATER_ROUND = Hint(
    r"avail\.ring\[|avail\.idx|desc\[\d+\]\.(addr|len)|heap-buffer|AddressSan|written",
    SECOND_ROUND.text,
)
NOT_TOLD = Hint(
    r"did not notify",
    "There is something new and the device, which waits to be told, was not.",
)


# ---- 5.3 --------------------------------------------------------------------


@LAB.check(
    "5.3", 12, "Step 5.3", "A kick wakes a device that needs it, once, and only for news",
    rests_on=[test_add],
    hints=[
        Hint(
            r"gone to sleep",
            "Driver and device now wait for each other. Follow the picture in step 5.3 "
            "line by line: which of your two accesses may be done first?",
        ),
        Hint(
            r"NO_NOTIFY",
            "The device has asked to be left alone, and was not: each notification costs "
            "thousands of instructions. Where does it say what it wants?",
        ),
        Hint(
            r"nothing was added|notified \d+ times",
            "The device was told more often than there was something to tell. What does "
            "the queue remember of the last kick?",
        ),
        NOT_TOLD,
        Hint(
            r"the queue is broken",
            "From a broken queue nothing is taken, and its device is told nothing. The "
            "contract lists all that is no reason to notify.",
        ),
    ],
)  # fmt: skip
def test_kick(unit):
    unit("virtqueue", "test_kick_")


# ---- 5.4 --------------------------------------------------------------------


@LAB.check(
    "5.4", 10, "Step 5.4", "What the device used comes back, with token and length",
    rests_on=[test_kick],
    hints=[
        Hint(
            r"before the device had written",
            "What was read from the used ring was not what the device wrote there: it "
            "was read before the device had written it. Which of the two reads must be "
            "first, and what keeps them in order?",
        ),
        Hint(
            r"another token|element was proper",
            "The wrong request came back: devices finish in any order. Which number "
            "says whose turn it was?",
        ),
        Hint(
            r"wrote \d+ bytes",
            "The length is not the one that the device gave for this chain: it may well "
            "write less than there is room for.",
        ),
        Hint(
            r"gave NULL",
            "There was something in the used ring, and virtq_poll() said that there was "
            "nothing.",
        ),
        NOT_TOLD,
        LATER_ROUND,
    ],
)  # fmt: skip
def test_poll(unit):
    unit("virtqueue", "test_poll_gives", "test_poll_reads")


@LAB.check(
    "5.4", 10, "Step 5.4", "No descriptor is lost, and indices wrap at 65536",
    rests_on=[test_poll],
    hints=[
        Hint(
            r"gave NULL, but used\.idx is \d+ and only (3276|6553)\d were",
            "It worked for tens of thousands of requests, then stopped for ever: what "
            "do your indices look like just then? Which of the two is greater?",
        ),
        Hint(
            r"gave -28",
            "It works until about as many requests as the queue has descriptors, and "
            "then there is no room any more though nothing is in flight.",
        ),
        IDX_IS_A_PLACE,
        Hint(
            r"two chains|that the device has|was changed while|was taken|avail\.flags",
            "A descriptor that the device still holds was handed out again. How does "
            "the free list look after a chain of three has come back?",
        ),
        NOT_TOLD,
        Hint(
            r"desc\[\d+\]|#0 .* in virtq_add\b",
            "Draw the free list before and after a chain of three comes back: which "
            "descriptor is last, and what follows it?",
        ),
        LATER_ROUND,
    ],
)  # fmt: skip
def test_wrap(unit):
    unit("virtqueue", "test_poll_frees", "test_the_indices")


@LAB.check(
    "5.4", 8, "Step 5.4", "A device that breaks the protocol is not believed",
    rests_on=[test_wrap],
    hints=[
        Hint(
            r"over avail\.idx",
            "What stands in avail is for the device to read, and at the mercy of whoever "
            "can write there. Which numbers of yours say how many chains are in flight?",
        ),
        Hint(
            r"^panic",
            "Nothing from outside may end the machine, a device's words least of all: "
            "the contract has another way to say that it is broken.",
        ),
        Hint(
            r"id that no descriptor|id 65536|outside the queue",
            "The device said a number, and it became an index. A device is a program "
            "that somebody else wrote.",
        ),
        Hint(
            r"is free|middle of a chain|same chain twice|not in flight",
            "The id is a descriptor's, and yet no chain in flight begins there. What do "
            "you remember of the chains that are out?",
        ),
        Hint(
            r"wrote more|may only read|length above",
            "The device says that it wrote more bytes than it was given room for, and "
            "the caller would read them all.",
        ),
        Hint(
            r"changed the length|with an interrupt before instruction",
            "The device may write at any moment, also between two of your reads of the "
            "same number. What you looked at and what you used were not the same.",
        ),
        Hint(
            r"was not in flight|is handed out while|descriptors are free: should|fuzz_virtqueue",
            "What stands in desc[] is for the device to read. Whatever else it is used "
            "for is at the mercy of whoever can write there.",
        ),
        Hint(
            r"past all|nothing was in flight|index ahead",
            "The device says that it is done with more chains than it has. How many can "
            "there be at most?",
        ),
        Hint(
            r"went on|virtq_add\(\) gave",
            "After the device has lied once, nothing more is taken from it or given to "
            "it.",
        ),
    ],
)  # fmt: skip
def test_lies(unit):
    unit("virtqueue", "test_poll_refuses")


# ---- All of it --------------------------------------------------------------


@LAB.check(
    "5.4", 6, "Step 5.4", "It holds when the device acts at every possible moment",
    rests_on=[test_publish, test_wrap],
    hints=[
        TOO_EARLY,
        Hint(
            r"gone to sleep|before the device had written",
            "A barrier is missing, or stands at the wrong place.",
        ),
        Hint(
            r"gave -28|gave 0",
            "virtq_add() misjudged how much room there is.",
        ),
    ],
)  # fmt: skip
def test_traffic(unit):
    unit("virtqueue", "test_random_traffic")


# ---- In QEMU ----------------------------------------------------------------


@dataclass
class Dice:
    """A run of `dice` with known bytes, and what it must print in the end."""

    rolls: int
    batch: int
    length: int
    entropy: bytes

    @property
    def challenge(self) -> str:
        return f"rolls={self.rolls} batch={self.batch} bytes={self.length}"

    def last_line(self) -> str:
        faces = [1 + b % 6 for b in self.entropy if b < 252][: self.rolls]
        check = 0
        for face in faces:
            check = (check * 31 + face) & 0xFFFFFFFF
        return f"dice: rolled {self.rolls}, sum {sum(faces)}, check {check}"


def dice(rng: random.Random, rolls: int, batch: int, length: int) -> Dice:
    # One byte in 64 is thrown away, and the last requests may ask for more
    # than is needed.
    return Dice(rolls, batch, length, rng.randbytes(rolls + rolls // 16 + 4096))


def roll(boot: Boots, name: str, wanted: Dice, **variables: str) -> None:
    with boot(
        "dice", name, entropy=wanted.entropy, CHALLENGE=wanted.challenge, **variables
    ) as guest:
        status = guest.wait_end(6)
    last = [n for n in guest.last_lines() if n.startswith("dice: rolled")][-1:]
    if status != DONE or last != [wanted.last_line()]:
        raise Failed(
            f'"{wanted.last_line()}", by the bytes of this run',
            f'"{last[0]}"' if last else guest.end_in_words(), boot.evidence(guest),
        )  # fmt: skip
    if errors := [e for e in guest.guest_errors() if "virtio" in e or "Guest" in e]:
        raise Failed("nothing from QEMU", "\n".join(errors), boot.evidence(guest))


@LAB.check(
    "5", 5, "Check", "A real device fills the buffers: dice are rolled in QEMU",
    rests_on=[test_publish, test_kick, test_poll],
)  # fmt: skip
def test_dice(boot, rng):
    numbers = rng("dice")
    rolls, batch = numbers.randrange(40, 200), numbers.randrange(1, 8)
    roll(boot, "dice", dice(numbers, rolls, batch, numbers.randrange(3, 20)), MACHINE="q35")


@LAB.check(
    "5", 7, "Check", "70,000 requests go through the ring in QEMU",
    rests_on=[test_dice, test_wrap],
)  # fmt: skip
def test_many_dice(boot, rng):
    numbers = rng("many dice")
    rolls = 70000 + numbers.randrange(1000)
    roll(boot, "many-dice", dice(numbers, rolls, 8, 1), MACHINE="microvm")


@LAB.check(
    "5", 6, "Serve the page with it", "Your ring carries the web page",
    rests_on=[test_dice],
    hints=[
        Hint(
            r"bytes of|other",
            "Some frames arrive and others don't, or not whole. A network card's chains "
            "have several descriptors, and hundreds are in flight.",
        )
    ],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
