# SPDX-License-Identifier: MIT
"""Lab 03, memory.

The steps stand on host tests: of the page allocator on machines that are made
up (unit/test_pages.c), of the heap's pieces (unit/test_heap_pieces.c) and of
the heap as a whole (unit/test_heap.c), each against a model that knows the
contract alone. The whole is `pages` on a machine of 32 MiB and on one of 6 GiB,
which fills memory with what only this run knows and reads it back.
"""

from __future__ import annotations

import random

from lodge.boots import Boots
from lodge.lab import Failed, Hint, Lab, NotWritten, Step
from lodge.machine import DONE
from lodge.objects import Symbols
from lodge.page import serve_page
from lodge.units import Unit

LAB = Lab(
    "03-memory",
    "Memory",
    app="pages",
    exercises={
        "03-memory/pages.c": Symbols(
            defines=("pages_init", "pages_alloc", "pages_free", "pages_usage"),
            may_use=("pages", "pages_known"),
            units=("pages", "heap"),
        ),
        "03-memory/heap.c": Symbols(
            defines=(
                "heap_alloc", "heap_alloc_array", "heap_free", "heap_realloc",
                "heap_usage", "heap_block_size", "heap_find", "heap_release",
                "heap_cut", "heap_used",
            ),
            may_use=(
                "heap", "heap_area_free", "heap_area_new", "heap_area_whole",
                "heap_bin_put", "heap_bin_take", "heap_possible",
                "pages", "pages_alloc", "pages_free", "pages_known", "pages_usage",
            ),
            units=("heap", "heap_pieces"),
        ),
    },
    steps=(
        Step(
            "3.1", "pages_init",
            where="Take a map of two regions with a gap between them. Draw the list of "
            "runs that it begins with, and write both numbers of pages_usage() beside it.",
            spec="arch/map.h on what a region is and what is always true of a map; the "
            "picture and the invariants in mem/pages.h.",
            show='print("%lx, %zu pages\\n", ...) for each region, and pages.total and '
            "pages.used at the end.",
        ),
        Step(
            "3.2", "pages_alloc",
            where="A list of three runs, 2, 3 and 1 pages. Ask it for 3, then 1, then 4, "
            "and draw the list after each. Who points at a run that goes away?",
            spec="The contract above pages_alloc() in mem/pages.h: three cases give NULL.",
            show='print("%zu of %p\\n", run->count, (void *)run) for each run that is '
            "looked at, and which was taken.",
        ),
        Step(
            "3.3", "pages_free",
            where="Pages come back between two runs. Four cases: they touch the one before, "
            "the one behind, both, or neither. Draw each, then the first and the last "
            "place of the list.",
            spec="The second invariant in mem/pages.h, and the contract above "
            "pages_free() on what is a fault.",
            show="Before and after: the whole list, address and count of each run. An "
            "address that is not above the one before it, or that touches it, is the mistake.",
        ),
        Step(
            "3.4", "pages_usage",
            where="Two numbers that you have kept all along.",
            spec="The third invariant in mem/pages.h.",
            show="make unit UNIT=pages MINE=3 ARGS=test_init says both.",
        ),
        Step(
            "3.5", "heap_block_size",
            where="Do 0, 16, 17 and 100 by hand: head, payload, rounding, and the least. "
            "Then the largest number that a size_t holds.",
            spec="The contract above heap_block_size() in mem/heap_block.h, and struct "
            "heap_block's own size.",
            show="make unit UNIT=heap_pieces MINE=3 ARGS=test_size says what was expected "
            "of which payload.",
        ),
        Step(
            "3.6", "heap_find",
            where="Bins hold from 32 to 63 bytes, from 64 to 127 and so on. In which bins "
            "may a block for 304 bytes be, and in which of these may one be too small?",
            spec="The picture of the bins in mem/heap_block.h, heap_bin() below it, and "
            "lib/list.h for going through a list.",
            show='print("bin %u: %zu\\n", bin, heap_listed(l)->size) for each block that '
            "is looked at.",
        ),
        Step(
            "3.7", "heap_release",
            where="Three blocks in a row, and the one in the middle comes back. Write down "
            "mark, size and before of each head, in the four cases of free neighbours.",
            spec="The four invariants in mem/heap_block.h, one after the other: which of "
            "them is not true any more after your function?",
            show="Walk from the area's first block to its END by heap_after(), and print "
            "mark, size and before of each.",
        ),
        Step(
            "3.8", "heap_cut",
            where="A block of 256 is cut down to 208, to 224 and to 256. Which of the three "
            "leaves a rest that can be a block?",
            spec="The contract above heap_cut(), and what heap_release() wants its block "
            "to be.",
            show="The same walk as in step 3.7, before and after.",
        ),
        Step(
            "3.9", "heap_alloc",
            where="The list of what is to be done is in the step. Which of the functions it "
            "uses may say that there is nothing?",
            spec="The contract above heap_alloc() in mem/heap.h; C11 §7.22.3 paragraph 1 "
            "on alignment and on a size of 0.",
            show='print("%zu bytes: block %p of %zu\\n", size, (void *)block, block->size).',
        ),
        Step(
            "3.10", "heap_used",
            where="Ask three questions of a pointer, in an order in which each is safe to "
            "ask: can a head be there at all, is it one, is its end whole?",
            spec="The contracts above heap_used() and heap_possible() in mem/heap_block.h.",
            show="panic_hex(block->mark); just before you panic: 75736564 is used, "
            "66726565 is free.",
        ),
        Step(
            "3.11", "heap_free",
            where="What heap_alloc() has counted is counted back here. Which number of the "
            "block says how much that was?",
            spec="C11 §7.22.3.3, and the contract above heap_free() in mem/heap.h.",
            show="heap_usage() before and after: bytes and blocks.",
        ),
        Step(
            "3.12", "heap_realloc",
            where="Five cases: NULL, too large for a size_t, smaller, larger with a free "
            "neighbour that is large enough, larger without. In which of them does the "
            "block move?",
            spec="C11 §7.22.3.5, and the contract above heap_realloc() in mem/heap.h, its "
            "sentence on NULL above all.",
            show="Old and new size, the block's size, and the neighbour's mark and size, "
            "before anything is changed.",
        ),
        Step(
            "3.13", "heap_alloc_array",
            where="2^32 times 2^32 is 0. How can you know before you multiply?",
            spec="C11 §7.22.3.2 (calloc), and the contract above heap_alloc_array().",
            show="n, size and n * size, in hexadecimal.",
        ),
        Step(
            "3.14", "heap_usage",
            where="Two numbers that you have kept all along.",
            spec="The contract above heap_usage(): as asked for, not as rounded up.",
            show="make unit UNIT=heap MINE=3 ARGS=test_alloc says what it should be.",
        ),
    ),
    hints=(
        Hint(
            r"never gave|free already|is free",
            "The allocator itself has panicked, over a call that was right: it no longer "
            "knows what it has handed out. The mistake is older than the panic.",
        ),
        Hint(
            r"0xa5a5a5a5a5a5a5a5 for type 'struct list'",
            "A block is taken out of a bin that it was never in: nobody has written its "
            "link. Who marked it FREE, or left it so?",
        ),
    ),
)


def piece(unit: Unit, tests: str) -> None:
    """A piece's own tests. Who has written the heap without the pieces has none
    to test: then the whole must be right."""
    try:
        unit("heap_pieces", tests)
    except NotWritten as missing:
        try:
            unit("heap")
        except (Failed, NotWritten):
            raise missing from None


# ---- Pages ------------------------------------------------------------------


@LAB.check(
    "3.1 3.4", 6, "Steps 3.1 and 3.4", "At first every page is there, and none is in use",
    hints=[
        Hint(
            r"pages are 110",
            "The number of pages is not that of the map. What do a region's two numbers "
            "count, and how many regions are there?",
        ),
        Hint(
            r"none of them is in use",
            "Nothing has been handed out, and the count says otherwise.",
        ),
        Hint(
            r"AddressSanitizer|SEGV|there is no page|none at all",
            "Something was touched that is no memory of this machine. A map may have no "
            "region at all.",
        ),
    ],
)  # fmt: skip
def test_init(unit):
    unit("pages", "test_init_")


GAP = Hint(
    r"lie in one region of the map",
    "Pages were handed out that are not all memory: between two regions lie the "
    "kernel's own image, devices, or nothing. Which regions does your list join?",
)
LOST = Hint(
    r"pages were to be had; here|then the last|of the 6 that are left|each of 4 regions",
    "Pages are missing: they are neither in use nor to be had. What becomes of the rest "
    "when a run is larger than what was asked for?",
)


@LAB.check(
    "3.2", 10, "Step 3.2", "Every page can be had, once, and no more than there are",
    rests_on=[test_init],
    hints=[
        Hint(
            r"no pages at all|SIZE_MAX|overflow|^(0|\d{9,}) pages in a row lie",
            "A count of 0, or one so large that its bytes don't fit, has an answer of "
            "its own in the contract.",
        ),
        GAP,
        Hint(
            r"came twice|here one more came|pages are handed out, so NULL",
            "The same page was handed out twice, or one that is not there. What is left "
            "of a run of which all was taken?",
        ),
        Hint(
            r"the address of a page is",
            "What came is not the address of a page. Which unit does your pointer "
            "arithmetic count in?",
        ),
        Hint(
            r"pages more are used|are still used",
            "The count of pages in use does not agree with what was handed out.",
        ),
        LOST,
        Hint(
            r"are nowhere|not in a row",
            "More pages in a row were given than there are in a row.",
        ),
        Hint(
            r"in a row are there|and then|are there after",
            "There are so many pages in a row, and NULL came. Is exactly enough enough?",
        ),
    ],
)  # fmt: skip
def test_alloc(unit):
    unit("pages", "test_alloc_")


@LAB.check(
    "3.3", 12, "Step 3.3", "Pages that came back can be had again, in a row",
    rests_on=[test_alloc],
    hints=[
        Hint(
            r"of the second region are free",
            "On a machine of one region it would have gone well. pages_free() goes along "
            "the list by address: is the list in the order of addresses, from "
            "pages_init() on?",
        ),
        Hint(
            r"was written as",
            "Memory that somebody has was written to. The head of a run lies in its first "
            "page: is that page free?",
        ),
        Hint(
            r"so 64 in a row|one piece again|two and two pages",
            "All pages are free, and yet not in one piece: two runs lie side by side and "
            "don't know of each other. On which side, before or behind?",
        ),
        Hint(
            r"none is in use at the end|so 0 are in use",
            "All came back, and the count of pages in use says otherwise.",
        ),
        Hint(
            r"no end after",
            "The list of runs leads back into itself. In which order should it be, and "
            "what may point at a run that was joined to another?",
        ),
        GAP,
        Hint(
            r"the only page|to be had",
            "What came back is not to be had again.",
        ),
    ],
)  # fmt: skip
def test_free(unit):
    unit("pages", "test_free_")


@LAB.check(
    "3.3", 6, "Step 3.3", "Pages that were not out, or not ours, are noticed",
    rests_on=[test_free],
    hints=[
        Hint(
            r"was expected, and none came|SEGV|AddressSanitizer",
            "A mistake of the caller's went unnoticed. What does the list know about "
            "pages that are free already, and what does pages_known() know?",
        ),
    ],
)  # fmt: skip
def test_faults(unit):
    unit("pages", "test_fault_")


@LAB.check(
    "3.3", 8, "Step 3.3", "It holds for any calls, with 6 MiB and with 6 GiB",
    rests_on=[test_free],
    hints=[
        Hint(
            r"GiB|1572864",
            "Right on a small machine, and wrong on one with 6 GiB. Which type holds a "
            "number of bytes, and which an address?",
        ),
        GAP,
        Hint(
            r"was written as",
            "Somebody's memory was handed out to somebody else, or written to.",
        ),
        Hint(
            r"in a row are free, and \d+ were asked for",
            "There is a row of that length, or there is none, and pages_alloc() says "
            "otherwise.",
        ),
        LOST,
    ],
)  # fmt: skip
def test_machines(unit):
    unit("pages", "test_random_", "test_machine_")


# ---- The heap's pieces ------------------------------------------------------


@LAB.check(
    "3.5 3.6", 6, "Step 3.5", "A block's size is right, and one is found for it",
    hints=[
        Hint(
            r"payload of 1844\d+ bytes needs a block of [1-9]\d*; here 0$",
            "This size does fit, just so, and was refused. How much can rounding up add "
            "at most?",
        ),
        Hint(
            r"payload of 1844\d+ bytes needs",
            "The size does not fit a size_t, and the sum has begun again at 0: the "
            "smallest block would be given for the largest wish.",
        ),
        Hint(
            r"payload of (0|1|16) bytes needs",
            "A block that is free holds two pointers behind its head: that is the least "
            "it must have room for.",
        ),
        Hint(
            r"payload of \d+ bytes needs",
            "A block has a head, a payload, and is a multiple of HEAP_ALIGN.",
        ),
        Hint(
            r"here it is another",
            "A block was found that is too small, or a large one was taken where a "
            "smaller would do.",
        ),
        Hint(
            r"here there is none|no block has|the last block|no end",
            "Which bins can hold a block of that size or more, and when has a bin been "
            "gone through?",
        ),
        Hint(
            r"in no bin any more|stay in their bin|still in their bins",
            "What is handed out must not be found once more; what was only looked at must.",
        ),
    ],
)  # fmt: skip
def test_find(unit):
    piece(unit, "test_size_")
    piece(unit, "test_find_")


@LAB.check(
    "3.7 3.8", 12, "Step 3.7", "Free neighbours become one, and a rest is cut off",
    hints=[
        Hint(
            r"are before it; here",
            "A block no longer knows the size of its neighbour on the left. Whose size "
            "has changed, and who lies behind that one?",
        ),
        Hint(
            r"blocks are in the bins|bin for its size|is in bin|list_|in a bin",
            "A block that has become part of another is still in its bin, or one that "
            "is free is in none. When does it leave, and when does it come?",
        ),
        Hint(
            r"16 pages went back|an area has",
            "All of the area is free, and its pages are still in use. Who should have "
            "had them back?",
        ),
        Hint(
            r"says FREE, though",
            "A pointer to this block that is freed once more must be noticed, also when "
            "it has been joined to another.",
        ),
        Hint(
            r"block \d+ of the area (is|has)",
            "The area is not cut as it should be: go through it from its first block to "
            "the END, and compare to the picture in mem/heap_block.h.",
        ),
    ],
)  # fmt: skip
def test_release(unit):
    piece(unit, "test_release_")
    piece(unit, "test_cut_")


# ---- The heap ---------------------------------------------------------------

TOO_MUCH = Hint(
    r"\d+ bytes are not there",
    "So much can't be there, and a block was given for it. What became of the size on "
    "its way?",
)


@LAB.check(
    "3.9 3.14", 8, "Step 3.9", "Blocks are aligned, apart from each other, and counted",
    rests_on=[test_find, test_release],
    hints=[
        Hint(
            r"the address of a payload is",
            "Something in C relies on it that any object may lie at such an address. "
            "Which of a block's sizes was not a multiple of 16?",
        ),
        Hint(
            r"was written as|AddressSanitizer",
            "Two blocks share bytes, or a block and a head.",
        ),
        Hint(
            r"is counted|are counted",
            "The count is of what was asked for, in bytes, and of nothing that was refused.",
        ),
        TOO_MUCH,
        Hint(
            r"more than half serves|fit in 1 MiB",
            "Memory is lost between the blocks: what becomes of the rest of an area, or of "
            "a block that was larger than needed?",
        ),
    ],
)  # fmt: skip
def test_heap_alloc(unit):
    unit("heap", "test_alloc_")


@LAB.check(
    "3.10 3.11", 10, "Step 3.10", "What is freed is to be had again, once",
    rests_on=[test_heap_alloc],
    hints=[
        Hint(
            r"a panic that says \"free\" was expected; another came",
            "A panic came, but without the word that the contract of heap_used() asks "
            "for: \"free\".",
        ),
        Hint(
            r"was expected, and none came|misaligned|Sanitizer",
            "A mistake of the caller's went unnoticed: a block freed twice, a pointer that "
            "is none, an end that was overwritten. Which of the three is said above.",
        ),
        Hint(
            r"all blocks came back",
            "Everything was freed, and the count says otherwise.",
        ),
        Hint(
            r"every page goes back|at the end \d+ pages are used|free for others",
            "Blocks were freed, and some of their pages are still the heap's.",
        ),
        Hint(
            r"nearly all can be had|fit somewhere|fit where|are both there|free for others",
            "There is room enough, but in pieces that don't know of each other, or that "
            "are in no bin.",
        ),
    ],
)  # fmt: skip
def test_heap_free(unit):
    piece(unit, "test_used_")
    unit("heap", "test_free_", "test_fault_")


@LAB.check(
    "3.12 3.13", 10, "Step 3.12", "A block is resized with its content, an array is zero",
    rests_on=[test_heap_free],
    hints=[
        Hint(
            r"do not fit a size_t|times 1 byte is not there",
            "The product does not fit: a small block was given for a large array, and "
            "whoever fills it writes over everything behind.",
        ),
        Hint(
            r"byte \d+ of an array is 0",
            "An array begins with zeros, whatever its memory held before.",
        ),
        Hint(
            r"is still counted|of a block that could not grow",
            "The resize failed, so the old block is still its owner's, as it was. Who gave "
            "it back, or changed it?",
        ),
        Hint(
            r"is kept|was written as|AddressSanitizer",
            "Bytes were lost on the way from the old block to the new. How many are "
            "there to be kept, and when may the old one go?",
        ),
        Hint(
            r"here \d+ bytes in 0 blocks",
            "The blocks agree, the bytes don't: what does the head say was asked for, "
            "after a resize?",
        ),
        Hint(
            r"in a block; here|blocks are out|bytes are counted",
            "The block has another size now, and the count of bytes has not followed.",
        ),
        Hint(
            r"no longer needs|every page goes back",
            "A block that shrank still keeps what it does not need.",
        ),
        Hint(
            r"was expected, and none came",
            "A block that was given back already was resized.",
        ),
        Hint(
            r"all blocks came back",
            "A resize has left a block behind. When one moves, how many are there for a "
            "moment?",
        ),
        TOO_MUCH,
    ],
)  # fmt: skip
def test_realloc(unit):
    unit("heap", "test_realloc_", "test_array_", "test_random_")


# ---- In QEMU ----------------------------------------------------------------


class Model:
    """What `pages` does, without memory (kernel/apps/pages/main.c)."""

    def __init__(self, seed: int, pieces: int) -> None:
        self.state, self.check = seed, 0
        words: list[int] = []
        self.pages = 0
        for _ in range(pieces):
            size = 1 + self._next() % 16
            words += [self._next() for _ in range(size)]
            self.pages += size
        for word in words:
            self._take(word)
            self._take(word)
        blocks = [(self._next() % 5000, self._next() & 0xFF) for _ in range(pieces)]
        for size, byte in blocks:
            for _ in range(size):
                self._take(byte)
        self.bytes = sum(size for size, _ in blocks)

    def _next(self) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return self.state >> 33

    def _take(self, word: int) -> None:
        self.check = (self.check * 31 + word) % 2**32


def fill(boot: Boots, numbers: random.Random, name: str, pieces: int, **variables: str) -> None:
    seed = numbers.randrange(1, 1 << 32)
    model = Model(seed, pieces)
    with boot("pages", name, CHALLENGE=f"seed={seed} pieces={pieces}", **variables) as guest:
        status = guest.wait_end(10)
    seen = "\n".join(n for n in guest.lines().splitlines() if not n.startswith("region:"))
    for line in (
        f"pages: {model.pages} of ",
        f"heap: {model.bytes} bytes in {pieces} blocks in use\n",
        f"pages: check {model.check}, all is back\n",
        ": right\n",
    ):
        if status != DONE or line not in f"{seen}\n":
            raise Failed(
                f'a line with "{line.strip()}", by the numbers of this run',
                seen or guest.end_in_words(), boot.evidence(guest),
            )  # fmt: skip


@LAB.check(
    "3", 8, "Check", "Machines of 32 MiB and of 6 GiB are filled, read and cleared",
    rests_on=[test_free, test_heap_free],
    hints=[
        Hint(
            r"are not memory",
            "Pages were handed out that the map does not have: they belong to the kernel "
            "itself, to a device, or to nobody.",
        ),
        Hint(
            r"something is missing",
            "All was given back, and the counts say otherwise.",
        ),
        Hint(
            r"error 12|ENOMEM",
            "The memory is there, and could not be had.",
        ),
        Hint(
            r"check \d+",
            "What was read is not what was written: two pieces share memory.",
        ),
    ],
)  # fmt: skip
def test_memory(boot, rng):
    numbers = rng("memory")
    fill(boot, numbers, "small", numbers.randrange(50, 80), MACHINE="microvm", MEM="32")
    fill(boot, numbers, "large", numbers.randrange(50, 80), MACHINE="q35", MEM="6144")


@LAB.check(
    "3", 4, "Serve the page with it", "The web server lives in your memory",
    rests_on=[test_memory],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
