# SPDX-License-Identifier: MIT
"""Lab 08, files: ext2.

The steps stand on host tests, a function at a time, on images that mke2fs made
and over a cache in which every block is missing at first
(unit/test_ext2_blocks.c, unit/test_ext2_names.c); the whole on a tree that only
this run has, which `files` must find on the disk as it is in the folder.
"""

from __future__ import annotations

from pathlib import Path

from lodge import ext2
from lodge.boots import Boots
from lodge.ext2 import Shape
from lodge.lab import Failed, Hint, Lab, Step
from lodge.machine import DONE, Machine
from lodge.objects import Symbols
from lodge.page import serve_page

LAB = Lab(
    "08-files",
    "Files: ext2",
    app="files",
    exercises={
        "08-files/ext2.c": Symbols(
            defines=(
                "ext2_superblock", "ext2_group", "ext2_read_inode", "ext2_block", "ext2_map",
                "ext2_entry", "ext2_lookup", "ext2_readdir", "ext2_follow",
            ),
            may_use=(
                "cache_get", "cache_put", "ext2_check", "ext2_get", "ext2_put", "ext2_pointer",
                "ext2_get_dir", "ext2_size", "ext2_entry_type", "ext2_zeros", "ext2_broken",
            ),
            units=("ext2_blocks", "ext2_names", "ext2_hostile"),
        )
    },
    steps=(
        Step(
            "8.1", "ext2_superblock",
            where="The cache's blocks have 4096 bytes each, whatever the file system's have. "
            "In which of them is byte 1024 of the disk, and where in that? Then go through "
            "the fields of struct ext2, in the part that is the superblock's.",
            spec="Poirier, chapter 3, Superblock; of its fields s_first_data_block, "
            "s_log_block_size, s_rev_level, and those that the picture of lab 08 names.",
            show='print("magic %x, %u blocks of %u, %u groups", ...) once it is checked. '
            "Compare to what `dumpe2fs -h` says of the image.",
        ),
        Step(
            "8.2", "ext2_group",
            where="Draw the first blocks of a disk with blocks of 1 KiB, and of one with 4 "
            "KiB. In which block do the descriptors begin? How many fit into it?",
            spec="Poirier, chapter 3, Block Group Descriptor Table: the sentence on where it "
            "lies.",
            show='print("group %u: block %u, byte %u, inode table %u", ...). `dumpe2fs` lists '
            "what is right.",
        ),
        Step(
            "8.3", "ext2_read_inode",
            where="Work it out on paper for inode 1, for the last one of group 0, and for "
            "the first one of group 1: group, place in the group, block, byte.",
            spec="Poirier, chapter 3, Inode Table and Locating an Inode; s_inode_size in the "
            "Superblock's fields.",
            show='print("inode %u: group %u, index %u, block %u, byte %u", ...). `debugfs -R '
            '"imap <12>" IMAGE` says where inode 12 is.',
        ),
        Step(
            "8.4", "ext2_block",
            where="The handout's table of where each n is found, for blocks of 1 KiB. Try "
            "your function on its six edges by hand: 11, 12, 267, 268, 65803, 65804.",
            spec="Poirier, chapter 3, Inode Table, the field i_block; disk.h draws it.",
            show='print("n %llu: under i_block[%u], then %u", ...) for each step down. '
            '`debugfs -R "bmap /FILE N" IMAGE` says what is right.',
        ),
        Step(
            "8.5", "ext2_map",
            where="Three cases, in this order: behind the end, in a hole, in a block. Which "
            "of len, data and pin does each of them set, and to what?",
            spec="ext2.h's contract of ext2_map(), and fs.h's of fs_map(). The document about "
            "the disk has nothing on it: this is about memory.",
            show='print("at %llu: block %u, byte %u, %zu bytes, pin %p", ...) at the end.',
        ),
        Step(
            "8.6", "ext2_entry",
            where="Take a block of 1024 bytes and `at` = 1020. Which bytes of an entry are "
            "there? Which of your comparisons reads one that is not?",
            spec="Poirier, chapter 4, Linked List Directory: inode, rec_len, name_len.",
            show='print("at %u: rec_len %u, name_len %u, %u left", ...) as soon as these may '
            "be looked at.",
        ),
        Step(
            "8.7", "ext2_lookup",
            where="Ways out of the function: found, not in this block, not in the last block, "
            "a bad entry, an error. What is pinned at each of them, and what is *offset?",
            spec="Poirier, chapter 4, Linked List Directory; the contract in ext2.h on "
            "*offset, and what docs/ext2.md says under \"Nothing waits\".",
            show='print("%u: inode %u, \\"%.*s\\"", at, ino, (int)entry->name_len, '
            "entry->name) for each entry.",
        ),
        Step(
            "8.8", "ext2_readdir",
            where="Your ext2_lookup(), less the comparison. What becomes of the name when "
            "the block is put back? When does *offset move, and when must it not?",
            spec="Poirier, chapter 4, Linked List Directory; fs.h's struct fs_dirent.",
            show='print("offset %llu: inode %u, \\"%s\\"", ...) at the end of each call.',
        ),
        Step(
            "8.9", "ext2_follow",
            where="Write the path with its three marks (at, end, len) before and after, for a "
            "target that is longer than the name, and for one that is shorter.",
            spec="Poirier, chapter 2, Symbolic Links, and ext2.h's picture of a walk. In "
            "POSIX.1, Base Definitions, the section Pathname Resolution.",
            show='print("%.*s, at %zu, links %u", (int)walk->len, walk->path, walk->at, '
            "walk->links) before and after.",
        ),
    ),
    hints=(
        Hint(
            r"gives -EAGAIN for ever",
            "The call is made again and again, and never gets further. What did the one "
            "before bring, and why does it not help this one?",
        ),
        Hint(
            r"nothing on the console says",
            "The caller learns that something is wrong, and the person in front of the "
            "machine does not learn what. The last sentence of ext2.h's first comment says "
            "what goes with an -EIO of your own.",
        ),
        Hint(
            r"stay pinned",
            "A block that is pinned and not put back can never be taken for another. Look "
            "at each way out of the function: which of them comes after the pin?",
        ),
        Hint(
            r"can't be read \(-5\), and it gave 0",
            "A block could not be read, and the caller is told that all is well. Whose "
            "result is thrown away?",
        ),
        Hint(
            r"can't be read \(-5\), and it gave",
            "An error was turned into another one. What the cache says is handed up as it "
            "is: whoever asked for the file wants to know.",
        ),
        Hint(
            r"heap-use-after-free",
            "Something was read out of a block that had been put back already. Its memory "
            "may be another block's by then.",
        ),
        Hint(
            r"heap-buffer-overflow|unknown-crash|SEGV|out of bounds",
            "A byte outside of a block was touched. Which number led there, and did it come "
            "from the disk?",
        ),
        Hint(
            r"division by zero|shift exponent|FPE",
            "A number of the disk's was divided by, or shifted by, before anybody looked "
            "whether that can be.",
        ),
        Hint(
            r"did not end within|no end after",
            "It goes on for ever. Which loop goes by a number that comes from the disk, and "
            "could that number leave it where it is?",
        ),
    ),
)

# ---- 8.1 to 8.5: blocks ----------------------------------------------------------


@LAB.check(
    "8.1", 8, "Step 8.1", "The superblock is found, checked, and remembered",
    hints=[
        Hint(
            r"groups is \d+",
            "The number of groups is wrong: the last one may be shorter than the others, "
            "and block 0 is not in a group when the superblock lies in block 1.",
        ),
        Hint(
            r"(inode_size|s_first_ino|has_file_type) is",
            "What these fields say depends on the revision. In revision 0 they did not "
            "exist yet, and what lies there means nothing.",
        ),
        Hint(
            r"fs->(block_size|s_\w+) is",
            "A field of struct ext2 does not say what the superblock says.",
        ),
        Hint(
            r"gave -?\d+: expected -22",
            "There is no ext2 on this disk, or no room for one. The magic says so; or there "
            "are not even bytes in which it could stand.",
        ),
        Hint(
            r"gave -?\d+: expected -(5|95)",
            "What ext2_check() refuses is refused, with its error, and nothing was done "
            "with its numbers before.",
        ),
        Hint(
            r"gave -\d+: expected 0|gave -\d+, on a disk",
            "A good disk is refused. Print the bytes that you take for s_magic: which byte "
            "of the disk are they?",
        ),
    ],
)  # fmt: skip
def test_superblock(unit):
    unit("ext2_blocks", "test_superblock_")


@LAB.check(
    "8.2", 6, "Step 8.2", "Each group's descriptor is found, with small blocks and large",
    hints=[
        Hint(
            r"group \d+ has its inode table",
            "That is not this group's descriptor. On a disk with blocks of 1 KiB, in which "
            "block do they begin, and on one with 4 KiB? And the one that does not fit into "
            "the first block of them?",
        ),
    ],
)  # fmt: skip
def test_groups(unit):
    unit("ext2_blocks", "test_group_")


@LAB.check(
    "8.3", 10, "Step 8.3", "Each inode is found, and what is none is refused",
    rests_on=[test_groups],
    hints=[
        Hint(
            r"of 128 bytes each, and this is inode|asked for inode 1,",
            "Another inode came than the one that was asked for. With which number does "
            "ext2 begin to count them?",
        ),
        Hint(
            r"and this is inode",
            "It goes well with inodes of 128 bytes and not with others. How far apart do "
            "they lie?",
        ),
        Hint(
            r"there is no inode 0|there are \d+ inodes",
            "The number comes from a directory, and a directory comes from the disk. Which "
            "numbers can be?",
        ),
        Hint(
            r"behind the end of the disk",
            "The table's place comes from the disk, and a number was added to it. How large "
            "can the sum be, and what holds it?",
        ),
        Hint(
            r"gave -\d+ for inode",
            "An inode that is there is refused: is the last one one of them?",
        ),
    ],
)  # fmt: skip
def test_inodes(unit):
    unit("ext2_blocks", "test_inodes_")


@LAB.check(
    "8.4", 14, "Step 8.4", "Each block of a file is found, through up to three levels",
    hints=[
        Hint(
            r"has more than 32 bits",
            "A block far behind the end was taken for one near the beginning: a part of n "
            "was lost. What holds it on the way, and how wide is that?",
        ),
        Hint(
            r"block 77, here 0:|gave 0 and block",
            "When the number of a level was not in memory yet, something else was taken for "
            "it.",
        ),
        Hint(
            r"zero in a block of numbers|with zeros in i_block",
            "There is a zero on the way down. It is no block number: it says that all that "
            "would be behind it is a hole.",
        ),
        Hint(
            r"for block (12|267|268) of the content|block (12|267|268) of the content, under",
            "The first or the last number of a level leads elsewhere. Which n is at place 0 "
            "of the block under i_block[12], and which is the first behind it?",
        ),
        Hint(
            r"of the content, (under|which is under) i_block\[13\]",
            "One level goes well, two do not. Of the block under i_block[13], how many "
            "blocks of content are behind each of its numbers?",
        ),
        Hint(
            r"of the content, (under|which is under) i_block\[14\]",
            "Two levels go well, three do not. What changes from one step down to the next?",
        ),
        Hint(
            r"of the content, (under|which is under)",
            "A direct block is not found, or is looked for elsewhere: which is the last one "
            "of them?",
        ),
        Hint(
            r"can't be reached|could be, here",
            "Behind i_block[14] there is nothing more. What does your loop do there?",
        ),
    ],
)  # fmt: skip
def test_blocks(unit):
    unit("ext2_blocks", "test_blocks_")


@LAB.check(
    "8.5", 8, "Step 8.5", "Content is lent as it lies in memory, and holes are zeros",
    rests_on=[test_blocks],
    hints=[
        Hint(
            r"a hole has no pin|block 0 \(0 is a hole",
            "A hole is not on the disk, and block 0 is another thing. What is a reader to "
            "see there, and from where?",
        ),
        Hint(
            r"behind the end of|at the end data",
            "At the end of the file and behind it there is nothing, and nothing to pin.",
        ),
        Hint(
            r"only where the next block",
            "The block that was asked for is there. That nothing can be told of the one "
            "behind it, or not yet, is no reason to hand out nothing.",
        ),
        Hint(
            r"the extent has \d+ bytes|ends the extent",
            "The piece is too long or too short. Four things end it: the content, the "
            "memory that is pinned, a block that does not follow on the disk, and the "
            "end of the file system.",
        ),
        Hint(
            r"and these are other bytes",
            "The piece has the right length and begins at the wrong place. What is added to "
            "what?",
        ),
    ],
)  # fmt: skip
def test_content(unit):
    unit("ext2_blocks", "test_an_extent_")


# ---- 8.6 to 8.9: names ------------------------------------------------------------


@LAB.check(
    "8.6", 6, "Step 8.6", "An entry that can't be is refused, and every other let pass",
    hints=[
        Hint(
            r"name_len \d+ at \d+ should be refused",
            "With these numbers in the entry, what would its reader touch that is not the "
            "entry's? Hold them against the three conditions above ext2_entry().",
        ),
        Hint(
            r"inode 0, .* should be let pass",
            "An entry that is not in use is an entry all the same: whoever goes through "
            "the block gets past it by its rec_len. Which condition of the contract did it "
            "break?",
        ),
        Hint(
            r"should be let pass",
            "This entry keeps to all conditions, exactly. Which of your comparisons is "
            "stricter than the contract?",
        ),
    ],
)  # fmt: skip
def test_entry(unit):
    unit("ext2_names", "test_an_entry_")


LOST = Hint(
    r"the search gave|\*offset|calls of cache_get",
    "A search that had to wait goes on where it stood: *offset tells the next call where "
    "that is, at the beginning of a block. What is it on each way out?",
)


@LAB.check(
    "8.7", 10, "Step 8.7", "A name is found, in whichever block, and no other in its place",
    rests_on=[test_entry, test_blocks],
    hints=[
        Hint(
            r'looking for "(gone|first|all|last)"',
            "An entry was found that is not in use: its file was deleted. How does the disk "
            "say so?",
        ),
        Hint(
            r'looking for "[^"]*" gave 0: expected -2',
            "Another name was taken for the one that was looked for, as far as it went. "
            "What of a name on the disk says where it ends?",
        ),
        Hint(
            r'looking for "[^"]*" gave -?\d+: expected -5',
            "A directory with an entry that can't be was not refused.",
        ),
        Hint(
            r'looking for "(beta|b|Beta|omega|alphabeta)" gave',
            "A name in the first block is found, one in a later block is not.",
        ),
        Hint(
            r'looking for "[^"]*" gave',
            "A name that is there is not found. Print each entry that your loop comes to: "
            "which one does it not come to?",
        ),
        LOST,
        Hint(
            r"leads to inode|and inode",
            "The name is found, and the inode is that of another entry. Do the two begin "
            "alike?",
        ),
    ],
)  # fmt: skip
def test_lookup(unit):
    unit("ext2_names", "test_lookup_")


@LAB.check(
    "8.8", 8, "Step 8.8", "A directory's entries are listed, each once",
    rests_on=[test_entry, test_blocks],
    hints=[
        Hint(
            r"the next entry is|leads to inode|is to be listed",
            "The list is not what is in the directory. Entries that are not in use are left "
            "out; what comes behind them, also in the next block, is not.",
        ),
        Hint(
            r"a name of 255|has type",
            "The name has a length and no NUL on the disk; in struct fs_dirent it has both. "
            "The type has a function that tells it.",
        ),
        Hint(
            r"after the last entry",
            "The end of a directory is an answer of its own.",
        ),
        Hint(
            r"has no end|4 entries",
            "A directory with an entry that can't be: what comes before it is listed, then "
            "it is an error, each time.",
        ),
    ],
)  # fmt: skip
def test_readdir(unit):
    unit("ext2_names", "test_readdir_")


@LAB.check(
    "8.9", 8, "Step 8.9", "A symbolic link is put in the place of the path so far, and ends",
    hints=[
        Hint(
            r"may not be followed",
            "Two links that lead to each other would be followed for ever. Somebody counts "
            "them: who, and when is it enough?",
        ),
        Hint(
            r"may be followed",
            "Links are refused before there were too many.",
        ),
        Hint(
            r"does not fit|stack-buffer|global-buffer",
            "The new path is longer than there is room. When do you know how long it will "
            "be?",
        ),
        Hint(
            r"is followed from directory",
            "A target that begins with a slash begins at the root; any other goes on from "
            "the directory in which the link lies.",
        ),
        Hint(
            r"for the link is|goes on at|moves with it",
            "The path that came of it is another one. Try it on paper with a target that is "
            "longer than the name, and with one that is shorter: what is moved, and before "
            "or after what?",
        ),
    ],
)  # fmt: skip
def test_follow(unit):
    unit("ext2_names", "test_follow_")


# ---- All of it -----------------------------------------------------------------------


@LAB.check(
    "8.9", 6, "Step 8.9", "Whatever is on the disk: no crash, no hang, no block lost",
    rests_on=[test_superblock, test_inodes, test_content, test_lookup, test_readdir, test_follow],
    hints=[
        Hint(
            r"at place \d+",
            "A whole path goes well when everything is in memory, and not when a block is "
            "missing on the way. Which call left something half done, or swallowed what it "
            "was told?",
        ),
        Hint(
            r"is searched for ever|turns",
            "A directory of many blocks is searched from its beginning again and again: "
            "what does *offset say when a call gives up?",
        ),
        Hint(
            r"gives \d+, here|gives -\d+, here",
            "A disk that lies was believed, or one part that lies took the rest with it.",
        ),
    ],
)  # fmt: skip
def test_hostile(unit):
    unit("ext2_hostile", "test_eagain_", "test_an_error_", "test_an_inode_number",
         "test_an_indirect", "test_symbolic_links_that", "test_some_damages")  # fmt: skip


# ---- In QEMU ----------------------------------------------------------------------------


def look(boot: Boots, name: str, image: Path, wanted: list[str], **variables: str) -> None:
    """What `files` says of the image, against what it should."""
    with boot("files", name, DISK=str(image), **variables) as guest:
        status = guest.wait_end(10)
    found = ext2.said(guest.lines())
    if not found:
        raise Failed("a line for each file", guest.end_in_words(), boot.evidence(guest))
    if differ := ext2.difference(found, sorted(wanted)):
        raise Failed(*differ, boot.evidence(guest))
    if status != DONE or "; 0 blocks pinned" not in guest.lines():
        raise Failed('a last line with "0 blocks pinned"', guest.lines().splitlines()[-1],
                     boot.evidence(guest))  # fmt: skip


@LAB.check(
    "8", 10, "Check", "A tree of this run is found on QEMU's disk as it was put there",
    rests_on=[test_content, test_lookup, test_readdir],
    hints=[
        Hint(
            r"no line for",
            "It is in the folder from which the image was made, and was not found on the "
            "disk. `debugfs -R \"ls -l /\" IMAGE` lists what is there.",
        ),
        Hint(
            r'seen: "files: ! |"files: ! ',
            "The guest says of a file that is all right that it can't be read; the number "
            "is the error's, in kernel/lib/errno.h.",
        ),
        Hint(
            r'"files: f ',
            "The file is found, and its content is not right, or not all of it. The line "
            "has its size and the checksum of its bytes. Is it one with holes, or a large "
            "one?",
        ),
    ],
)  # fmt: skip
def test_tree(boot, rng):
    numbers = rng("tree")
    folder = ext2.plant(boot.folder("tree") / "folder", numbers.randrange(2**32))
    (folder / "lost+found").mkdir()
    ask, answers = ext2.links(folder, numbers)
    crc = numbers.randrange(2**32)

    shape = Shape(1024, 128, blocks_per_group=numbers.choice((1024, 2048)))
    image = ext2.make(boot.folder("tree") / "disk.img", shape, folder)
    look(boot, "tree", image, ext2.tree_lines(folder, crc), MACHINE="microvm",
         CHALLENGE=f"crc={crc}")  # fmt: skip

    # Larger blocks and inodes, links, and a few lies.
    shape = Shape(numbers.choice((2048, 4096)), 256, kib=32768)
    image = ext2.make(boot.folder("damaged") / "disk.img", shape, folder)
    look(boot, "damaged", image, ext2.damage(image, ext2.tree_lines(folder)) + answers, MACHINE="q35",
         CHALLENGE=f"path=/ {ask}")  # fmt: skip


@LAB.check(
    "8", 6, "Serve the page with it", "The page is found on the disk by your file system",
    rests_on=[test_content, test_lookup],
    hints=[
        Hint(
            r"other bytes|status 404",
            "The server is up, and what it finds on its disk is not what is there.",
        )
    ],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
