# SPDX-License-Identifier: MIT
"""The port to aarch64: starting there, its words, its device tree."""

from __future__ import annotations

import random
import re
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lodge.kit import Kit
from lodge.machine import DONE, FAILED, PANIC, TODO, Machine, Pace
from lodge.target import AARCH64

Boot = Callable[..., Machine]

VIRT = "-M virt,gic-version=2"
MODERN = "-global virtio-mmio.force-legacy=false"

# Where a loader of our own leaves a tree, and the code that says so.
TREE_AT, STUB_AT = 0x41000000, 0x40180000


@pytest.fixture(scope="module")
def kit(build: Path) -> Kit:
    return AARCH64.kit(build)


# ---- Start ------------------------------------------------------------------


def test_a_barrier_is_translated_into_one(boot: Boot, tmp_path: Path) -> None:
    log = tmp_path / "translated"
    assert boot("dice", QEMU_ARGS=f"-d op -D {log}").wait_end(30) == DONE
    assert re.search(r"^ mb ", log.read_text(), re.M)


def test_hi_is_said_and_the_machine_ends_as_a_pc_does(boot: Boot) -> None:
    guest = boot("hi", CHALLENGE="of this run")
    assert guest.wait_end() == DONE
    assert guest.serial == b"hi\r\nof this run\r\n"
    assert guest.debug == b""


@pytest.mark.parametrize("mem", [4, 8, 1025])
def test_memory_is_used_up_to_its_last_page(mem: int, boot: Boot) -> None:
    guest = boot("pages", MEM=str(mem))
    assert guest.wait_end(30) == DONE
    end = (1024 + mem) << 20
    assert re.findall(r"to 0x0*([0-9a-f]+)$", guest.lines(), re.M)[-1] == f"{end:x}"


def test_it_starts_with_more_memory_than_32_bits_can_name(boot: Boot) -> None:
    assert boot("hi", MEM="6000").wait_end() == DONE


def test_it_starts_at_el2_as_well_and_leaves_other_processors_off(boot: Boot) -> None:
    machine = {"MACHINE_ARGS.virt": f"{VIRT},virtualization=on {MODERN}", "SMP": "4"}
    guest = boot("dice", CHALLENGE="rolls=1000 batch=4 bytes=2", **machine)
    assert guest.wait_end() == DONE
    assert len(re.findall("rolled 1000", guest.lines())) == 1


@pytest.mark.parametrize(
    "machine, why",
    [
        (f"{VIRT},secure=on", "exception level 3"),
        ("-M virt,gic-version=3", "no GICv2"),
    ],
)
def test_a_machine_that_will_not_do_is_refused(machine: str, why: str, boot: Boot) -> None:
    guest = boot("hi", **{"MACHINE_ARGS.virt": machine})
    assert guest.wait_end() == FAILED
    assert re.search(rf"^cannot start: .*{why}", guest.debug.decode(), re.M)


def test_it_starts_on_a_processor_of_old(boot: Boot) -> None:
    machine = {"MACHINE_ARGS.virt": f"{VIRT} {MODERN}", "QEMU_ARGS": "-cpu cortex-a53"}
    assert boot("dice", **machine).wait_end() == DONE


def test_the_command_line_is_in_the_device_tree(boot: Boot) -> None:
    guest = boot("ping", APPEND="ip=10.0.2.77/24 gw=10.0.2.2")
    guest.expect(r"10\.0\.2\.77/24")


# ---- Last words -------------------------------------------------------------

# The offence, and what must be said about it.
OFFENCES = {
    "read-null": r"data abort .*read of 0x00000000, not present .*null pointer",
    "write-null": r"data abort .*write to 0x00000000",
    "call-null": r"instruction abort .*execution of 0x00000000",
    "write-text": r"data abort .*write to .*read-only .*code",
    "write-rodata": r"data abort .*write to .*read-only .*constants",
    "execute-data": r"instruction abort .*not executable",
    "execute-stack": r"instruction abort .*not executable",
    "execute-heap": r"instruction abort .*not executable",
    "write-nowhere": r"data abort .*write to 0x7ffff0000000, not present",
    "write-noncanonical": r"data abort .*write to 0x8000000000000000, not present",
    "smash-stack": r"stack",
    "overflow-stack": r"the stack has overflowed",
    "step-over-guard": r"the stack has overflowed",
    "read-unaligned": r"data abort .*read of .*not aligned",
    "call-unaligned": r"PC alignment fault",
    "breakpoint": r"breakpoint",
    "invalid-opcode": r"undefined instruction",
    "use-vectors": r"vector or floating-point instruction",
    "lose-stack": r"data abort",
    "lose-both-stacks": r"data abort",
    "fail-assertion": r"this does not hold",
}

# Too deep to be told to its end; and what is behind the array are the callers.
NO_WAY_BACK = ("overflow-stack", "smash-stack")

# Where it happens if not in the offence itself: in a function of its own; where
# there is no code, or in the middle of an instruction, and its caller comes next.
ELSEWHERE = {"step-over-guard": "take_room"}
NO_CODE = ("call-null", "execute-data", "execute-stack", "execute-heap", "call-unaligned")


@pytest.mark.parametrize("offence", OFFENCES)
def test_an_offence_is_noticed_and_named(offence: str, boot: Boot) -> None:
    guest = boot("protect", CHALLENGE=offence)
    assert guest.wait_death() == PANIC, guest.last_lines()
    fatal = guest.fatal()
    assert fatal
    assert re.search(OFFENCES[offence], " ".join(fatal)), fatal
    if offence not in NO_WAY_BACK:
        trace = guest.backtrace()
        function = ELSEWHERE.get(offence, offence.replace("-", "_"))
        who = rf" {function} kernel/(apps/protect|arch/offences)/"
        assert re.search(who, trace[offence in NO_CODE]), trace
        assert any(" core_start " in line for line in trace)


@pytest.mark.parametrize(
    "wish, said",
    [
        ("none", r"nobody noticed"),
        ("map-devices", r"^devices: mapped, and memory refused$"),
        ("mask-line", r"^line: 1 while it is open, 0 when it is masked$"),
    ],
)
def test_what_a_driver_may_ask_is_given(wish: str, said: str, boot: Boot) -> None:
    guest = boot("protect", CHALLENGE=wish)
    assert guest.wait_end() == DONE
    assert re.search(said, guest.lines(), re.M)


def test_an_error_of_main_is_a_status_of_its_own(boot: Boot) -> None:
    assert boot("protect", CHALLENGE="return-error").wait_end() == FAILED


def test_the_canary_differs_from_boot_to_boot(boot: Boot) -> None:
    canaries = set()
    for cpu in ("max", "max", "cortex-a53", "cortex-a53"):
        guest = boot("protect", CHALLENGE="show-canary", QEMU_ARGS=f"-cpu {cpu}")
        canaries.add(guest.expect(r"^canary ([0-9a-f]{14})00$")[1])
    assert len(canaries) == 4


def test_a_part_that_is_not_written_yet_is_named(kit: Kit, tmp_path: Path) -> None:
    stub = tmp_path / "labs/02-print/console.c"
    stub.parent.mkdir(parents=True)
    stub.write_text(
        '#include "console/console.h"\n'
        '#include "core/panic.h"\n'
        'void console_write(const char *t, size_t n) { lab_todo("2.7 console_write"); }\n'
        "void console_scroll(void) { }\n"
    )
    blank = replace(kit, mine="console.c", labs=tmp_path / "labs", out=tmp_path / "out")
    blank.build_app("hi")
    with Machine(blank, "hi", tmp_path / "hi", pace=Pace(4)) as guest:
        assert guest.wait_death() == TODO
        assert guest.fatal() == ("not written yet", "2.7 console_write")
        assert any(" core_start " in line for line in guest.backtrace())


@pytest.mark.parametrize("wish, said", [("none", "nobody noticed"), ("read-null", "data abort")])
@pytest.mark.parametrize("level", ["off", "on"], ids=["by-hvc", "by-smc"])
def test_without_semihosting_the_words_are_on_the_serial_line(
    wish: str, said: str, level: str, boot: Boot
) -> None:
    """And the firmware, or who plays it, switches the machine off."""
    machine = {"MACHINE_ARGS.virt": f"{VIRT},virtualization={level} {MODERN}"}
    guest = boot("protect", CHALLENGE=wish, EXIT_ARGS="", **machine)
    assert guest.wait_death() == 0
    assert said in guest.lines()
    assert guest.debug == b""


# ---- The device tree --------------------------------------------------------


class Tree:
    """The tree that QEMU makes, to be changed."""

    def __init__(self, data: bytes) -> None:
        structure, strings = struct.unpack_from(">2I", data, 8)
        self.names, self.structure = struct.unpack_from(">2I", data, 32)
        self.start, self.strings = structure, strings
        self.data = bytearray(data[: max(structure + self.structure, strings + self.names)])
        self.set(1, len(self.data))

    def set(self, field: int, value: int) -> None:
        """A number of the header."""
        struct.pack_into(">I", self.data, 4 * field, value)

    def rename(self, old: bytes, new: bytes) -> None:
        """What is said, by something as long."""
        assert old in self.data and len(old) == len(new)
        self.data = self.data.replace(old, new)

    def property_value(self, name: bytes, value: bytes) -> int:
        """Where the first such property has its value."""
        at = self.data.index(b"\0" + name + b"\0", self.strings) + 1 - self.strings
        head = struct.pack(">3I", 3, len(value), at)
        return self.data.index(head + value) + 12


@pytest.fixture(scope="module")
def good_tree(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("tree") / "virt.dtb"
    kit.build_app("hi")
    command = kit.run_command("hi", QEMU_ARGS=f"-M virt,dumpdtb={path}")
    subprocess.run(command, check=True, capture_output=True)
    return path.read_bytes()


@pytest.fixture
def boot_with_tree(boot: Boot, kit: Kit, tmp_path: Path) -> Callable[[bytes, int], Machine]:
    """Boots as a loader would that has put its tree elsewhere: with its
    address in X0."""

    def start(data: bytes, at: int = TREE_AT) -> Machine:
        entry = struct.unpack_from("<Q", kit.build_app("hi").read_bytes(), 24)[0]
        stub, tree = tmp_path / "stub", tmp_path / "tree"
        # ldr x0, tree; ldr x1, entry; br x1
        code = struct.pack("<4I2Q", 0x58000080, 0x580000A1, 0xD61F0020, 0, at, entry)
        stub.write_bytes(code)
        tree.write_bytes(data)
        raw = "force-raw=on"
        return boot(
            "hi",
            QEMU_ARGS=f"-device loader,file={stub},addr={STUB_AT},{raw}"
            f" -device loader,addr={STUB_AT},cpu-num=0"
            f" -device loader,file={tree},addr={TREE_AT},{raw}",
        )

    return start


def test_a_loader_may_put_the_tree_elsewhere(
    good_tree: bytes, boot_with_tree: Callable[..., Machine]
) -> None:
    guest = boot_with_tree(bytes(Tree(good_tree).data))
    guest.expect(r"^hi$")
    assert guest.wait_end() == DONE


def no_magic(tree: Tree) -> None:
    tree.set(0, 0)


def too_long(tree: Tree) -> None:
    tree.set(1, 1 << 30)


def cut_short(tree: Tree) -> None:
    tree.data = tree.data[: tree.start + tree.structure // 2]


def cut_short_and_said_so(tree: Tree) -> None:
    cut_short(tree)
    tree.set(1, len(tree.data))


def structure_outside(tree: Tree) -> None:
    tree.set(2, 0xFFFFFFF0)


def strings_outside(tree: Tree) -> None:
    tree.set(8, 0xFFFFFFFF)


def huge_property(tree: Tree) -> None:
    at = tree.property_value(b"#size-cells", b"\0\0\0\2")
    struct.pack_into(">I", tree.data, at - 8, 0xFFFFFFFC)


def narrow_cells(tree: Tree) -> None:
    at = tree.property_value(b"#size-cells", b"\0\0\0\2")
    struct.pack_into(">I", tree.data, at, 1)


def no_memory(tree: Tree) -> None:
    tree.rename(b"memory\0", b"melody\0")


def no_timer(tree: Tree) -> None:
    tree.rename(b"arm,armv8-timer", b"arm,armv9-tamer")


def serial_line_in_memory(tree: Tree) -> None:
    at = tree.property_value(b"reg", struct.pack(">QQ", 0x9000000, 0x1000))
    struct.pack_into(">Q", tree.data, at, 0x40300000)


MISTAKES: dict[Callable[[Tree], None], str] = {
    no_magic: "no device tree",
    too_long: "no device tree",
    cut_short: "no device tree",
    cut_short_and_said_so: "no device tree",
    structure_outside: "no device tree",
    strings_outside: "no device tree",
    huge_property: "no device tree",
    narrow_cells: "64 bits",
    no_memory: "no memory",
    no_timer: "no timer",
    serial_line_in_memory: "serial line",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.__name__)
def test_a_bad_tree_is_refused_in_a_sentence(
    mistake: Callable[[Tree], None],
    good_tree: bytes,
    boot_with_tree: Callable[..., Machine],
) -> None:
    tree = Tree(good_tree)
    mistake(tree)
    guest = boot_with_tree(bytes(tree.data))
    assert guest.wait_end() == FAILED
    said = rf"^cannot start: .*{MISTAKES[mistake]}.*\.$"
    assert re.search(said, guest.debug.decode(), re.M), guest.debug


@pytest.mark.parametrize("at", [8, TREE_AT + 4, 1 << 33])
def test_a_tree_that_is_nowhere_is_refused(
    at: int, good_tree: bytes, boot_with_tree: Callable[..., Machine]
) -> None:
    guest = boot_with_tree(good_tree, at)
    assert guest.wait_end() == FAILED
    assert b"cannot start: the boot loader's device tree" in guest.debug


def test_whatever_a_tree_says_the_end_is_told(
    good_tree: bytes, boot_with_tree: Callable[..., Machine], soak: bool
) -> None:
    """A tree may lie about what is there; a lie that is believed ends in words
    too, and never in silence."""
    chance = random.Random(4)
    for _ in range(100 if soak else 8):
        tree = Tree(good_tree)
        for _ in range(20):
            at = chance.randrange(tree.start, len(tree.data))
            tree.data[at] = chance.choice([0, 1, 4, 0x40, 0xFF])
        with boot_with_tree(bytes(tree.data)) as guest:
            status = guest.wait_death(30)
            assert status in (DONE, FAILED, PANIC), guest.last_lines()
            assert status == DONE or guest.debug
