# SPDX-License-Identifier: MIT
"""ext2 images, made and looked into by e2fsprogs; and what the application
`files` is to say of a folder, worked out from the folder."""

from __future__ import annotations

import os
import random
import re
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

from lodge.kit import GraderError

SECTOR = 512

# They are not always where an ordinary user looks.
_PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Shape:
    block_size: int = 1024
    inode_size: int = 128
    revision: int = 1
    blocks_per_group: int = 0  # 0: as mke2fs likes
    kib: int = 16384
    features: str = "none,filetype,sparse_super,large_file"


def _run(*command: str | Path, good: tuple[int, ...] = (0,)) -> str:
    try:
        done = subprocess.run(
            [str(word) for word in command], env=os.environ | {"PATH": _PATH, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise GraderError(f"there is no {command[0]}; install e2fsprogs") from error
    if done.returncode not in good:
        raise GraderError(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return done.stdout


def make(image: Path, shape: Shape, folder: Path | None = None) -> Path:
    """A new image with what is in `folder`."""
    options: list[str | Path] = ["-b", str(shape.block_size), "-I", str(shape.inode_size)]
    options += ["-O", shape.features if shape.revision else "none"]
    if shape.blocks_per_group:
        options += ["-g", str(shape.blocks_per_group)]
    if folder:
        options += ["-d", folder]
    image.unlink(missing_ok=True)
    _run("mke2fs", "-q", "-F", "-t", "ext2", "-m", "0", "-E", "root_owner=0:0", *options,
         image, f"{shape.kib}k")  # fmt: skip
    if shape.revision == 0:
        # Each mke2fs has another word for it. What revision 0 has not is zero.
        fields = ("rev_level", "inode_size", "first_ino")
        debugfs(image, *(f"set_super_value {field} 0" for field in fields))
    return image


def debugfs(image: Path, *requests: str) -> str:
    """Has them done to the image, in their order; what it said to each."""
    script = image.with_suffix(".debugfs")
    script.write_text("".join(f"{request}\n" for request in requests))
    return _run("debugfs", "-w", "-f", script, image)


def check(image: Path) -> None:
    """It is in order, as e2fsck sees it."""
    _run("e2fsck", "-fn", image)


def index(image: Path) -> None:
    """Gives its larger directories an index, and all of them another order."""
    _run("e2fsck", "-fyD", image, good=(0, 1))


def blocks(image: Path, path: str) -> list[int]:
    """The blocks of a file's content, and those that point to them."""
    said = debugfs(image, f"blocks {path}")
    return [int(n) for n in said.splitlines()[-1].split()]


def block_size(image: Path) -> int:
    found = re.search(r"^Block size: +(\d+)", debugfs(image, "stats -h"), re.M)
    assert found
    return int(found[1])


def block_at(image: Path, path: str, index: int) -> int:
    """Where that block of a file's content lies."""
    return int(debugfs(image, f"bmap {path} {index}").split()[-1])


def failing(image: Path, bad: list[int], *, once: bool) -> str:
    """A -blockdev of the image of which these blocks can't be read."""
    rules = ""
    size = block_size(image)
    for i, block in enumerate(bad):
        rules += (
            f",file.inject-error.{i}.event=read_aio,file.inject-error.{i}.errno=5"
            f",file.inject-error.{i}.sector={block * size // SECTOR}"
            f",file.inject-error.{i}.once={'on' if once else 'off'}"
        )
    disk = f"file.image.driver=file,file.image.filename={image}"
    return f"driver=raw,file.driver=blkdebug,{disk}{rules}"


# ---- What `files` says ----------------------------------------------------------


def shown(path: str) -> str:
    """A path as the guest prints it."""
    raw = os.fsencode(path)
    text = b"".join(
        b"\\x%02x" % c if c < 0x20 or c in (0x7F, 0x5C) else bytes([c]) for c in raw
    )
    return text.decode(errors="replace")


def file_line(data: bytes, path: str, crc: int = 0) -> str:
    return f"f {len(data)} {zlib.crc32(data, crc):08x} {shown(path)}"


def tree_lines(folder: Path, crc: int = 0) -> list[str]:
    """A line for each file and directory in `folder`, sorted."""
    lines = ["d /"]
    for path in folder.rglob("*"):
        name = "/" + os.fspath(path.relative_to(folder))
        if path.is_symlink():
            lines.append(f"o {shown(name)}")
        elif path.is_dir():
            lines.append(f"d {shown(name)}")
        else:
            lines.append(file_line(path.read_bytes(), name, crc))
    return sorted(lines)


def said(text: str) -> list[str]:
    """What the guest said of files and directories, sorted."""
    return sorted(re.findall(r"^files: ([fdo!] .*)$", text, re.M))


def difference(found: list[str], wanted: list[str]) -> tuple[str, str] | None:
    """What should have been said and what was instead: the first of these
    lines that is not as it should be."""
    if missing := [n for n in wanted if n not in found]:
        path = missing[0].rsplit(" ", 1)[-1]
        instead = [n for n in found if n.rsplit(" ", 1)[-1] == path]
        return f'"files: {missing[0]}"', (
            f'"files: {instead[0]}"' if instead else f"no line for {path}"
        )
    if extra := [n for n in found if n not in wanted]:
        return "nothing but what is in the folder", f'"files: {extra[0]}"'
    return None if found == wanted else ("each line once", "some of them twice")


# ---- Folders ---------------------------------------------------------------------


def plant(folder: Path, seed: int) -> Path:
    """Makes a folder with a bit of everything; no two seeds give the same."""
    dice = random.Random(seed)
    folder.mkdir(parents=True)

    def put(path: str, size: int) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(dice.randbytes(size))

    for name in ("a", "a b", "a.html", "index.html", "naïve ✓", "back\\slash", "n" * 255):
        put(name, dice.randrange(3000))
    for size in (0, 1, 511, 1023, 1024, 1025, 12288, 12289, 49152, 49153, 280_000, 1_100_000):
        put(f"sizes/{size}", size)
    put("/".join("deep" for _ in range(40)).lstrip("/"), 77)
    for i in range(400):
        put(f"many/{i:0{dice.randrange(3, 60)}}", dice.randrange(40))
    for i in range(30):
        put(f"some/{dice.randrange(5)}/{i}", dice.randrange(40_000))
    with (folder / "sparse").open("wb") as file:
        for _ in range(8):
            file.seek(dice.randrange(3 << 20))
            file.write(dice.randbytes(dice.randrange(1, 9000)))
        file.truncate(4 << 20)
    (folder / "hard").hardlink_to(folder / "a b")
    (folder / "to-many").symlink_to("many")
    (folder / "to-a").symlink_to("/a")
    (folder / "to-nothing").symlink_to("x" * 200)
    (folder / "empty").mkdir()
    return folder


def links(folder: Path, dice: random.Random) -> tuple[str, list[str]]:
    """Adds symbolic links to a folder that was planted; a challenge that asks for
    paths through them, and what `files` says of these."""
    data = dice.randbytes(dice.randrange(2000, 9000))
    (folder / "d/e").mkdir(parents=True)
    (folder / "d/e/file").write_bytes(data)
    (folder / "rel").symlink_to("d/./e/../e")
    (folder / "d/abs").symlink_to("/rel/file")
    (folder / "slow").symlink_to("d/" + "./" * dice.randrange(40, 100) + "abs")
    (folder / "round").symlink_to("about")
    (folder / "about").symlink_to("round")
    answers = {path: file_line(data, path) for path in ("/rel/file", "/d/abs", "/slow")}
    for error, path in ((40, "/round"), (2, "/d/e/fil"), (2, "/d/e/files"), (20, "/d/e/file/x")):
        answers[path] = f"! {error} {path}"
    return " ".join(f"path={path}" for path in answers), list(answers.values())


def damage(image: Path, lines: list[str]) -> list[str]:
    """Makes parts of the image of such a folder lie; what is left of what
    `files` says of it."""
    debugfs(
        image, "sif /sizes/1100000 block[IND] 0xffffff", "sif /a.html mode 0", "clri /many"
    )
    bad = ("/sizes/1100000", "/a.html", "/many")
    left = [n for n in lines if not any(n.endswith(f" {b}") or f" {b}/" in n for b in bad)]
    return left + [f"! 5 {path}" for path in bad]
