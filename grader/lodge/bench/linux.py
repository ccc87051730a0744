# SPDX-License-Identifier: MIT
"""The Linux guest: the distribution's kernel for virtual machines, and an
initramfs with nothing in it but nginx, its libraries, the modules of the
network card and a first process of our own (grader/bench/init.c).

It is given what an expert would give it. What it serves lies in its memory,
where ours reads a disk; nothing is written down; it has no other process; and
its kernel is told to leave out what costs time and is of no use here.
"""

from __future__ import annotations

import gzip
import lzma
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lodge.bench.archive import Archive, joined
from lodge.bench.guest import Recipe
from lodge.bench.link import End
from lodge.bench.packages import Missing, interpreter, libraries, unpack
from lodge.kit import ROOT

SOURCES = ROOT / "grader/bench"

# What nginx says on its error log once its sockets listen.
READY = b"getrlimit(RLIMIT_NOFILE)"

# What an expert would have it leave out on a machine that only serves. It halves
# the instructions of a boot; to a request it makes no difference.
COMMAND_LINE = (
    "console=ttyS0 quiet panic=-1 mitigations=off nokaslr tsc=reliable no_timer_check "
    "random.trust_cpu=on cryptomgr.notests rcupdate.rcu_expedited=1 8250.nr_uarts=1"
)


@dataclass(frozen=True)
class Linux:
    kernel: Path
    lean: Path  # an initramfs with the small files alone
    full: Path  # and with the large ones behind it
    version: str
    server: str

    @property
    def kernel_bytes(self) -> int:
        return self.kernel.stat().st_size

    @property
    def payload_bytes(self) -> int:
        return self.lean.stat().st_size


def build(folder: Path, site: Path) -> Linux:
    """Missing when it can't be had here."""
    root = unpack(folder)
    kernel, modules = _kernel(root)
    program = root / "usr/sbin/nginx"
    if not program.exists():
        raise Missing("the distribution's nginx packages have no usr/sbin/nginx")
    lean = folder / "lean.img"
    full = folder / "full.img"
    small = _base(folder, root, modules, program)
    large = Archive()
    for file in sorted(site.iterdir()):
        if file.is_file():
            kind = small if file.stat().st_size <= 4096 else large
            kind.file(f"www/{file.name}", file.read_bytes())
    lean.write_bytes(gzip.compress(small.bytes(), 9, mtime=0))
    full.write_bytes(joined(lean.read_bytes(), large.bytes()))
    server = re.search(rb"nginx/([\d.]+)", program.read_bytes())
    version = kernel.name.partition("-")[2]
    return Linux(kernel, lean, full, version, server[1].decode() if server else "?")


def _kernel(root: Path) -> tuple[Path, Path]:
    """The kernel and the folder of its modules."""
    for kernel in sorted(root.glob("boot/vmlinuz-*")):
        version = kernel.name.partition("-")[2]
        for place in ("lib", "usr/lib"):
            modules = root / place / "modules" / version
            if modules.is_dir():
                return kernel, modules
    raise Missing("the distribution's kernel packages have no boot/vmlinuz-* with modules")


def _base(folder: Path, root: Path, modules: Path, program: Path) -> Archive:
    """All but what is served."""
    init = folder / "init"
    command = ["gcc", "-Os", "-static", "-s", "-o", str(init), str(SOURCES / "init.c")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"init.c could not be linked statically: {done.stderr.strip()[-200:]}")

    archive = Archive()
    archive.folder("run")
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3)
    archive.file("init", init.read_bytes())
    for number, module in enumerate(module_order(modules, ["virtio_pci", "virtio_net"])):
        archive.file(f"modules/{number}", module)
    archive.file("etc/passwd", b"root:x:0:0::/:/\n")
    archive.file("etc/group", b"root:x:0:\n")
    archive.file("etc/nginx.conf", configuration("80", "/www", "/run").encode())
    archive.file("usr/sbin/nginx", program.read_bytes())
    loader = interpreter(program)
    found = libraries(program, root)
    for name, library in found.items():
        if name != Path(loader).name:
            archive.file(f"lib/x86_64-linux-gnu/{name}", library.read_bytes())
    archive.file(loader.lstrip("/"), _find(root, Path(loader).name).read_bytes())
    return archive


def _find(root: Path, name: str) -> Path:
    for path in root.rglob(name):
        if path.resolve().is_file():
            return path.resolve()
    raise Missing(f"no package unpacked here has {name}")


def configuration(address: str, root: str, run: str) -> str:
    """nginx.conf, for the guest and for the host."""
    text = (SOURCES / "nginx.conf").read_text()
    for mark, value in (("@address@", address), ("@root@", root), ("@run@", run)):
        text = text.replace(mark, value)
    return text


def module_order(modules: Path, wanted: list[str]) -> list[bytes]:
    """Their content, with all that they need before them. What is built into
    the kernel is no file, and is not missed."""
    files = {f.name.partition(".")[0].replace("-", "_"): f for f in modules.rglob("*.ko*")}
    loaded: dict[str, bytes] = {}

    def need(name: str) -> None:
        if name in loaded or name not in files:
            return
        content = _decompressed(files[name])
        # modinfo's line, as it stands in the section. Often it is empty.
        found = re.search(rb"\0depends=([^\0]*)\0", content)
        for other in found[1].decode().split(",") if found else []:
            need(other.replace("-", "_"))
        loaded[name] = content

    for name in wanted:
        need(name)
    return list(loaded.values())


def _decompressed(module: Path) -> bytes:
    data = module.read_bytes()
    if module.suffix == ".xz":
        return lzma.decompress(data)
    if module.suffix == ".gz":
        return gzip.decompress(data)
    if module.suffix == ".zst":
        try:
            done = subprocess.run(["zstd", "-dc", str(module)], capture_output=True, check=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            raise Missing("its modules are compressed by zstd, which is not here") from error
        return done.stdout
    return data


def recipe(linux: Linux, ours: Recipe, cable: End | None, full: bool = True) -> Recipe:
    """On the machine of our guest, by its command line, less its disk: another
    kernel, an initramfs, and another cable."""
    command = list(ours.command)
    command[command.index("-kernel") + 1] = str(linux.kernel)
    address = cable.guest if cable else "10.0.2.15"
    words = f"{COMMAND_LINE} address={address} netmask=255.255.255.0"
    command[command.index("-append") + 1] = words
    if cable:
        netdev = command.index("-netdev") + 1
        command[netdev] = f"{cable.netdev},id=net0"
    command = _without_disk(command)
    command += ["-initrd", str(linux.full if full else linux.lean)]
    return Recipe(
        "Linux with nginx", tuple(command), cable.guest if cable else "127.0.0.1",
        80 if cable else 0, READY, patience_s=60,
    )  # fmt: skip


def _without_disk(command: list[str]) -> list[str]:
    """It has no driver for it."""
    rest: list[str] = []
    words = iter(command)
    for word in words:
        value = next(words) if word in ("-blockdev", "-device") else ""
        if word == "-blockdev" or value.startswith("virtio-blk"):
            continue
        rest += [word, value] if value else [word]
    return rest
