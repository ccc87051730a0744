# SPDX-License-Identifier: MIT
"""An initramfs: a cpio archive of the "newc" kind, which the kernel unpacks
into its first file system. Written here, because an ordinary user can't make
the device nodes that cpio(1) would pack.

An entry is a header of 13 numbers, each of eight hexadecimal digits; the name,
with a NUL; the content. Name and content end on a multiple of four bytes.
[Linux, Documentation/driver-api/early-userspace/buffer-format.rst]
"""

from __future__ import annotations

_FOLDER, _FILE, _DEVICE = 0o040755, 0o100755, 0o020666


class Archive:
    def __init__(self) -> None:
        self._entries: list[bytes] = []
        self._folders: set[str] = set()

    def _add(
        self, name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)
    ) -> None:
        numbers = (
            len(self._entries) + 1, mode, 0, 0, 1, 0, len(content), 0, 0, *device,
            len(name) + 1, 0,
        )  # fmt: skip
        head = b"070701" + b"".join(b"%08x" % n for n in numbers) + name.encode() + b"\0"
        self._entries.append(_whole(head) + _whole(content))

    def folder(self, path: str) -> None:
        """That folder, and those above it."""
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[:depth])
            if name not in self._folders:
                self._folders.add(name)
                self._add(name, _FOLDER)

    def file(self, path: str, content: bytes) -> None:
        if "/" in path:
            self.folder(path.rpartition("/")[0])
        self._add(path, _FILE, content)

    def device(self, path: str, major: int, minor: int) -> None:
        """A character device."""
        self.folder(path.rpartition("/")[0])
        self._add(path, _DEVICE, device=(major, minor))

    def bytes(self) -> bytes:
        end = Archive()
        end._add("TRAILER!!!", 0)
        return b"".join(self._entries + end._entries)


def _whole(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def joined(*archives: bytes) -> bytes:
    """Several, compressed or not, one after another: the kernel takes them so."""
    return b"".join(_whole(archive) for archive in archives)
