# SPDX-License-Identifier: MIT
"""Files on an ext2 disk: what the guest finds on an image is what mke2fs was
given, and what debugfs finds there; what can't be read is refused, or is an
error of the files concerned and of no others.

The guest is `files`, whose head comment says what may be asked of it. What is
tried without a machine is in grader/unit/test_ext2.c and test_ext2_hostile.c.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lodge import ext2
from lodge.ext2 import Shape
from lodge.kit import Kit
from lodge.machine import DONE, FAILED, Machine

Boot = Callable[..., Machine]


@pytest.fixture(scope="module")
def seed() -> int:
    return random.randrange(2**32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Path:
    """What is on most of the disks here, but for lost+found."""
    place = ext2.plant(tmp_path_factory.mktemp("ext2") / "tree", seed)
    (place / "lost+found").mkdir()
    return place


def disk(tmp_path: Path, shape: Shape, folder: Path | None) -> Path:
    """An image that e2fsck has nothing to say about."""
    image = ext2.make(tmp_path / "disk.img", shape, folder)
    ext2.check(image)
    return image


def look(boot: Boot, image: Path, **variables: str) -> list[str]:
    """What `files` says of the image."""
    guest = boot("files", DISK=str(image), **variables)
    assert guest.wait_end(60) == DONE, guest.lines()
    assert not [e for e in guest.guest_errors() if "virtio" in e]
    assert "0 blocks pinned" in guest.lines()
    return ext2.said(guest.lines())


# ---- Disks that are right ---------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "shape"),
    [
        ("q35", Shape(1024, 128)),
        ("microvm", Shape(1024, 256, blocks_per_group=1024)),
        ("microvm", Shape(2048, 256, kib=32768)),
        ("pc", Shape(4096, 512, kib=32768)),
        ("microvm", Shape(1024, revision=0)),
        ("microvm", Shape(4096, revision=0, kib=32768)),
    ],
    ids=["1k", "groups", "2k", "4k", "revision0", "revision0-4k"],
)
def test_ext2_with_any_block_and_inode_size_revision_and_several_groups(
    machine: str, shape: Shape, boot: Boot, tmp_path: Path, folder: Path, seed: int
) -> None:
    image = disk(tmp_path, shape, folder)
    lines = look(boot, image, MACHINE=machine, CHALLENGE=f"crc={seed}")
    assert lines == ext2.tree_lines(folder, seed)


def test_directories_with_an_index_are_read_as_those_without(
    boot: Boot, tmp_path: Path, folder: Path
) -> None:
    usual = "none,filetype,sparse_super,large_file,dir_index,ext_attr,resize_inode"
    image = ext2.make(tmp_path / "disk.img", Shape(1024, 256, features=usual), folder)
    ext2.index(image)
    assert "Hash Version" in ext2.debugfs(image, "htree_dump /many")
    assert look(boot, image, MACHINE="microvm") == ext2.tree_lines(folder)


def test_a_disk_that_was_written_to_and_deleted_from_is_as_debugfs_sees_it(
    boot: Boot, tmp_path: Path, folder: Path
) -> None:
    image = disk(tmp_path, Shape(1024, 128), folder)
    gone = sorted((folder / "many").iterdir())[::3]
    small = tmp_path / "small"
    small.write_bytes(random.randbytes(30_000))
    ext2.debugfs(
        image,
        *(f"rm /many/{path.name}" for path in gone),
        "rm /sizes/280000",
        *(f"mkdir /some/new-{i}" for i in range(20)),
        *(f"write {small} /some/new-{i}/written" for i in range(20)),
        "ln /index.html /some/new-3/another",
        "symlink /some/new-4/link ../new-3",
        *(f"rmdir /some/new-{i}" for i in range(18, 20)),
    )
    out = tmp_path / "out"
    out.mkdir()
    ext2.debugfs(image, f"rdump / {out}")
    lines = look(boot, image, MACHINE="microvm")
    assert lines == ext2.tree_lines(out)
    assert len(lines) > 300


def test_paths_are_found_through_symlinks_and_what_is_not_there_is_not(
    boot: Boot, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    (tree / "d/e").mkdir(parents=True)
    data = random.randbytes(9999)
    (tree / "d/e/file").write_bytes(data)
    (tree / "rel").symlink_to("d/./e/../e")
    (tree / "d/abs").symlink_to("/rel/file")
    (tree / "slow").symlink_to("d/" + "./" * 100 + "abs")
    (tree / "round").symlink_to("about")
    (tree / "about").symlink_to("round")
    image = disk(tmp_path, Shape(), tree)
    asked = ["/rel/file", "/d/abs", "/slow", "/round", "/d/e/fil", "/d/e/file/", "/d/e/file/x"]
    lines = look(boot, image, MACHINE="microvm", CHALLENGE=" ".join(f"path={p}" for p in asked))
    files = [ext2.file_line(data, path) for path in asked[:3]]
    errors = ["! 40 /round", "! 2 /d/e/fil", "! 20 /d/e/file/", "! 20 /d/e/file/x"]
    assert lines == sorted(files + errors)


def test_a_directory_of_any_size_is_listed_and_looked_up_in(boot: Boot, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "many").mkdir(parents=True)
    (tree / "one").write_bytes(b"one")
    for i in range(2000):
        (tree / f"many/{i:040}").hardlink_to(tree / "one")
    image = disk(tmp_path, Shape(1024, 128), tree)
    lines = look(boot, image, MACHINE="microvm", CHALLENGE="path=/many", MEM="16")
    assert lines == sorted(
        ["d /many", *(ext2.file_line(b"one", f"/many/{i:040}") for i in range(2000))]
    )


def test_a_file_larger_than_memory_streams(boot: Boot, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    data = random.randbytes(40 << 20)
    with (tree / "large").open("wb") as file:
        file.write(data)
        file.seek(100 << 20)  # 1 KiB blocks: behind two levels of indirection
        file.write(data[: 1 << 20])
    image = disk(tmp_path, Shape(1024, 128, kib=120 << 10), tree)
    lines = look(boot, image, MACHINE="microvm", MEM="16", CHALLENGE="path=/large")
    assert lines == [ext2.file_line((tree / "large").read_bytes(), "/large")]


def test_sparse_files_and_triple_indirection_are_read(boot: Boot, tmp_path: Path) -> None:
    """With blocks of 1 KiB three levels begin behind 64 MiB: on the edge, and
    in the middle of what else are holes."""
    tree = tmp_path / "tree"
    tree.mkdir()
    edge = (12 + 256 + 256 * 256) << 10
    with (tree / "sparse").open("wb") as file:
        for at in (0, 100 << 10, 3 << 20, edge - 3000, edge + (1 << 20) - 700):
            file.seek(at)
            file.write(random.randbytes(5000))
        file.truncate(edge + (2 << 20) + 17)
    image = disk(tmp_path, Shape(1024, 128, kib=80 << 10), tree)
    assert "(TIND)" in ext2.debugfs(image, "stat /sparse")
    lines = look(boot, image, MACHINE="microvm", MEM="8", CHALLENGE="path=/sparse")
    assert lines == [ext2.file_line((tree / "sparse").read_bytes(), "/sparse")]


# ---- Disks that can't be read, or not in part ----------------------------------------


@pytest.mark.parametrize(
    ("features", "names"),
    [
        ("extent,filetype", ["extents"]),
        ("64bit,extent,flex_bg,filetype,metadata_csum", ["extents", "64bit", "flex_bg"]),
        ("meta_bg,filetype,^resize_inode", ["meta_bg"]),
        ("inline_data,filetype,ext_attr", ["inline_data"]),
    ],
    ids=["extents", "ext4", "meta_bg", "inline_data"],
)
def test_images_with_features_we_cant_read_are_refused_by_name(
    features: str, names: list[str], boot: Boot, tmp_path: Path
) -> None:
    shape = Shape(1024, 256, features=f"none,{features}")
    image = ext2.make(tmp_path / "disk.img", shape)
    guest = boot("files", MACHINE="microvm", DISK=str(image))
    assert guest.wait_end() == FAILED
    said = guest.expect("^blk0: its ext2 has features that can't be read here: (.*);")
    assert said[1].split(", ") == names


def test_a_disk_without_ext2_is_refused(boot: Boot, tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(random.randbytes(100 * 512))
    guest = boot("files", MACHINE="microvm", DISK=str(image))
    assert guest.wait_end() == FAILED
    guest.expect("^blk0: there is no ext2 on it$")


def test_a_disk_cut_short_is_refused(boot: Boot, tmp_path: Path, folder: Path) -> None:
    image = disk(tmp_path, Shape(), folder)
    with image.open("r+b") as file:
        file.truncate((16384 << 10) - 4096)
    guest = boot("files", MACHINE="microvm", DISK=str(image))
    assert guest.wait_end() == FAILED
    guest.expect("^blk0: its ext2 is damaged: s_blocks_count is beyond the end of the disk$")


@pytest.mark.parametrize("once", [False, True], ids=["always", "once"])
def test_disk_errors_are_for_the_files_concerned_only_and_are_tried_again_next_time(
    once: bool, boot: Boot, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    content = {f"/{name}": random.randbytes(4096) for name in ("good", "bad", "other")}
    for path, data in content.items():
        (tree / path[1:]).write_bytes(data)
    image = disk(tmp_path, Shape(4096, 256), tree)
    asked = ["/good", "/bad", "/other", "/bad"]
    bad = ext2.blocks(image, "/bad")
    guest = boot(
        "files", MACHINE="microvm", BLOCKDEV=ext2.failing(image, bad, once=once),
        CHALLENGE=" ".join(f"path={path}" for path in asked),
    )  # fmt: skip
    assert guest.wait_end(30) == DONE
    lines = re.findall(r"^files: ([fdo!] .*)$", guest.lines(), re.M)
    wanted = [ext2.file_line(content[path], path) for path in asked]
    wanted[1] = "! 5 /bad"
    if not once:
        wanted[3] = "! 5 /bad"
    assert lines == wanted
    assert "0 blocks pinned" in guest.lines()


def test_hostile_images_are_partly_served_and_never_crash_nor_hang(
    boot: Boot, tmp_path: Path, folder: Path
) -> None:
    """One of each kind; thousands are tried without a machine."""
    image = disk(tmp_path, Shape(), folder)
    ext2.debugfs(
        image,
        "ln /some /some/again",
        "sif /sizes/1100000 block[IND] 0xffffff",
        "sif /sizes/49153 size 0x7fffffffffff",
        "sif /a.html mode 0",
        "clri /many",
    )
    lines = look(boot, image, MACHINE="microvm")
    errors = {line for line in lines if line.startswith("!")}
    assert errors == {
        "! 40 /some/again", "! 5 /sizes/1100000", "! 5 /sizes/49153", "! 5 /a.html", "! 5 /many",
    }  # fmt: skip
    good = [
        line for line in ext2.tree_lines(folder)
        if not any(bad.split(" ", 2)[2] in line for bad in errors)
    ]  # fmt: skip
    assert set(good) <= set(lines)


# ---- For long --------------------------------------------------------------------


def test_ten_thousand_random_corruptions_never_crash_nor_hang_nor_leak_a_pin(
    kit: Kit, soak: bool
) -> None:
    """A few hundred; ten thousand under --soak. Memory is under ASan's eyes."""
    program = kit.build_unit("ext2_hostile")
    count = 10_000 if soak else 100
    done = subprocess.run(
        ["env", f"LODGE_EXT2_CORRUPTIONS={count}", program, "--time-limit", str(count), "test_random"],
        capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("pass test_random") == 3
