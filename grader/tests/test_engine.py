# SPDX-License-Identifier: MIT
"""The build engine builds what was asked for, all of it, and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from shell import copy_kit, make, must, run

from lodge.kit import ROOT, Kit
from lodge.machine import Machine, Pace
from lodge.web import Browser, serving, site_of


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the kit in which `hi` was built, as it was then."""
    kit = copy_kit(tmp_path_factory.mktemp("engine") / "kit")
    must(make("app", "APP=hi", at=kit))
    return shutil.copytree(kit, kit.with_name("saved"))


@pytest.fixture
def kit(built: Path) -> Path:
    """The same for each test. Always in the same place: the compiler is told
    of it, and another one would be another flag."""
    kit = built.with_name("kit")
    shutil.rmtree(kit)
    return shutil.copytree(built, kit)


def rebuild(kit: Path, *arguments: str) -> set[str]:
    compiled = must(make("app", "APP=hi", *arguments, at=kit)).compiled
    assert make("app", "APP=hi", *arguments, at=kit).output == ""
    return compiled


def includers(kit: Path, header: str) -> set[str]:
    """Of the sources that were compiled, those that depend on `header`."""
    found = set()
    for record in (kit / "build").rglob("*.d"):
        target, *needs = re.split(r"[\s\\]+", record.read_text().split("\n\n")[0])
        if header in needs:
            found.add(needs[0])
    return found


def test_a_second_make_does_nothing_and_says_nothing(kit: Path) -> None:
    before = {f: f.stat().st_mtime_ns for f in (kit / "build").rglob("*")}
    assert rebuild(kit) == set()
    assert {f: f.stat().st_mtime_ns for f in (kit / "build").rglob("*")} == before


def test_a_changed_source_alone_is_compiled_again(kit: Path) -> None:
    (kit / "kernel/console/print.c").touch()
    assert rebuild(kit) == {"kernel/console/print.c"}


def test_a_changed_header_compiles_what_includes_it_again(kit: Path) -> None:
    expected = includers(kit, "kernel/console/format.h")
    assert 1 < len(expected) < 20
    (kit / "kernel/console/format.h").touch()
    assert rebuild(kit) == expected


def test_a_changed_flag_compiles_everything_again(kit: Path) -> None:
    everything = rebuild(kit, "WERROR=-Werror")
    assert "kernel/apps/hi/main.c" in everything and len(everything) > 20
    assert rebuild(kit, "WERROR=-Werror") == set()
    assert rebuild(kit) == everything


def test_MINE_compiles_the_students_files_and_nothing_else(kit: Path) -> None:
    shutil.copytree(kit / "solutions", kit / "labs", dirs_exist_ok=True)
    image = kit / "build/x86_64/hi/kernel.img"
    reference = image.read_bytes()
    assert rebuild(kit, "MINE=1") == {"labs/01-hi/uart.c", "labs/01-hi/vga.c"}
    assert rebuild(kit) == set()
    assert image.read_bytes() == reference


def test_a_source_that_is_no_longer_listed_leaves_the_image(kit: Path) -> None:
    module = kit / "kernel/console/module.mk"
    image = kit / "build/x86_64/hi/kernel.elf"
    extra = "char not_wanted_any_more[] = \"here\";\n"
    (kit / "kernel/console/extra.c").write_text(extra)
    text = module.read_text()
    module.write_text(text + "SRCS += extra.c\n")
    assert rebuild(kit) == {"kernel/console/extra.c"}
    assert "kernel/console/extra.c" in must(make("files", "APP=hi", at=kit)).output
    before = image.stat().st_mtime_ns
    module.write_text(text)
    assert rebuild(kit) == set()
    assert image.stat().st_mtime_ns > before


def test_an_error_in_a_source_fails_and_names_it(kit: Path) -> None:
    (kit / "kernel/apps/hi/main.c").write_text("int main(void) { return not; }\n")
    failed = make("app", "APP=hi", at=kit)
    assert failed.status != 0
    assert "kernel/apps/hi/main.c:1" in failed.output


def test_V_1_shows_the_commands(kit: Path) -> None:
    (kit / "kernel/apps/hi/main.c").touch()
    shown = must(make("app", "APP=hi", "V=1", at=kit)).output
    assert re.search(r"gcc .*-std=c11 .* -c .*kernel/apps/hi/main\.c", shown)


def test_the_image_does_not_depend_on_where_it_is_built(
    built: Path, tmp_path: Path
) -> None:
    other = copy_kit(tmp_path / "somewhere" / "else")
    must(make("app", "APP=hi", at=other))
    image = "build/x86_64/hi/kernel.img"
    assert (other / image).read_bytes() == (built / image).read_bytes()


def linked(*arguments: str) -> list[str]:
    """What `make files` lists, in its order."""
    lines = must(make("files", *arguments)).output.splitlines()
    assert lines[-1].split()[1] == "total"
    return [line.split()[1] for line in lines[:-1]]


def test_only_the_modules_that_an_application_needs_are_linked() -> None:
    hi = linked("APP=hi")
    assert hi[0].startswith("kernel/lib/") and hi[-1] == "kernel/apps/hi/main.c"
    assert "kernel/drivers/uart/uart_console.c" in hi
    strangers = ("kernel/net/", "kernel/http/", "kernel/drivers/pci/", "kernel/event/")
    assert not [file for file in hi if file.startswith(strangers)]
    assert len(hi) == len(set(hi))


def test_devices_bring_in_their_drivers_and_both_transports() -> None:
    web = linked("APP=web")
    for module in ("virtio_net", "virtio/pci", "virtio/mmio"):
        assert [f for f in web if f.startswith(f"kernel/drivers/{module}/")], module
    assert not [f for f in web if f.startswith("kernel/drivers/virtio_rng/")]


@pytest.mark.parametrize(
    "mine", ["5", "05", "05-virtqueue", "05-virtqueue/virtqueue.c", "virtqueue", "1 5"]
)
def test_MINE_takes_a_lab_or_a_file_in_any_spelling(mine: str) -> None:
    files = linked("APP=web", f"MINE={mine}")
    assert "labs/05-virtqueue/virtqueue.c" in files
    assert "solutions/05-virtqueue/virtqueue.c" not in files
    assert "solutions/06-device/pci.c" in files


def test_MINE_all_takes_every_exercise() -> None:
    files = linked("APP=web", "MINE=all")
    assert not [file for file in files if file.startswith("solutions/")]
    assert "labs/12-http/parse.c" in files


@pytest.mark.parametrize("lab", ["5", "05", "05-virtqueue"])
def test_LAB_means_its_application_with_the_students_files(lab: str) -> None:
    files = linked(f"LAB={lab}")
    assert files[-1] == "kernel/apps/dice/main.c"
    assert "labs/05-virtqueue/virtqueue.c" in files


def test_LAB_can_be_tried_under_another_application() -> None:
    files = linked("LAB=5", "APP=web")
    assert "kernel/apps/web/main.c" in files
    assert "labs/05-virtqueue/virtqueue.c" in files


def test_what_is_not_there_is_answered_with_what_is() -> None:
    unknown = make("app", "APP=nothing")
    assert unknown.status != 0
    assert 'no application "nothing"' in unknown.output and "web" in unknown.output
    unknown = make("run", "LAB=99")
    assert unknown.status != 0
    assert "Lab 99 has no application" in unknown.output
    assert "LAB=1 to LAB=13" in unknown.output
    unknown = make("unit", "UNIT=nothing")
    assert unknown.status != 0
    assert "There is no UNIT=nothing. There are:" in unknown.output and "virtqueue" in unknown.output


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("ARCH=toaster", "no ARCH=toaster. There are: aarch64, unix, x86_64."),
        ("MACHINE=toaster", "no MACHINE=toaster with ARCH=x86_64. There are: q35, pc, microvm."),
        ("ARCH=unix MACHINE=q35", "no MACHINE=q35 with ARCH=unix. There is: process."),
        ("ARCH=aarch64 NET=sockets", "no NET=sockets with ARCH=aarch64. There is: lwip."),
        ("ARCH=unix HEAP=large", "no HEAP=large with ARCH=unix. There are: lodge, host."),
        ("HEAP=host", "no HEAP=host with ARCH=x86_64. There is: lodge."),
        ("SANITIZE=address", "no SANITIZE with ARCH=x86_64. It is for ARCH=unix."),
        ("ARCH=unix SANITIZE=address,leek", "no SANITIZE=leek. There are: address, undefined."),
        ("RUN_UNDER=gdb", "no RUN_UNDER with ARCH=x86_64. It is for ARCH=unix."),
        ("VIRTIO=old", "no VIRTIO=old. There are: modern, legacy."),
        ("MACHINE=microvm VIRTIO=legacy", "no VIRTIO=legacy with MACHINE=microvm: it is for"),
        ("ARCH=aarch64 VIRTIO=modern", "no VIRTIO=modern with MACHINE=virt: it is for"),
        ("ARCH=unix VIRTIO=legacy", "no VIRTIO=legacy with MACHINE=process: it is for"),
        ("DISK_ON=tape", "no DISK_ON=tape with ARCH=x86_64. There are: virtio-blk, virtio-scsi."),
        ("ARCH=unix DISK_ON=virtio-scsi", "no DISK_ON=virtio-scsi with ARCH=unix. There is: file."),
        ("DISK2=x", "There is DISK2, but one before it is missing."),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(chosen: str, said: str) -> None:
    refused = make("run-cmd", "APP=hi", *chosen.split())
    assert refused.status != 0 and said in refused.output


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("LAB=13 ARCH=x86_64", "MINE=13 is part of web with ARCH=x86_64. What you can write"),
        ("LAB=13 NET=lwip", "MINE=13 is part of web with ARCH=unix. What you can write"),
        ("LAB=1 ARCH=aarch64", "MINE=1 is part of hi with ARCH=aarch64. What you can write"),
        ("APP=hi MINE=virtqeue", "MINE=virtqeue is part of hi with ARCH=x86_64. What you can write"),
    ],
)
def test_MINE_is_refused_when_none_of_it_is_in_the_application(chosen: str, said: str) -> None:
    refused = make("run", *chosen.split())
    assert refused.status != 0 and f"None of the files of {said}" in refused.output
    assert "02-print/console.c" in refused.output


@pytest.mark.parametrize("machine", ["q35", "pc", "microvm"])
def test_the_machine_is_chosen_without_building_again(machine: str) -> None:
    command = must(make("-s", "run-cmd", "APP=web", f"MACHINE={machine}")).output
    assert f"-M {machine}" in command and command.count("\n") == 1
    assert "-kernel build/x86_64/web/kernel.img" in command


def test_make_alone_says_where_to_begin() -> None:
    said = must(make()).output
    assert "make demo" in said and "make help" in said


def test_help_lists_every_target() -> None:
    listed = set(re.findall(r"^  make (?:-s )?([a-z-]+)", must(make("help")).output, re.M))
    makefiles = [ROOT / "Makefile", *(ROOT / "kernel").glob("*.mk"), *ROOT.glob("grader/**/*.mk")]
    targets = set()
    for makefile in makefiles:
        text = makefile.read_text().replace("$(DOOR)", "")
        targets |= set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.M))
    internal = {"begin", "always", "unit-programs", "trace-program"}
    assert targets - internal == listed


# Of other ports what is not a PC's too: the port, its drivers, its offences.
ALL = " ".join(sorted(p.parent.name for p in ROOT.glob("kernel/apps/*/app.mk")))
BUILT = {
    "ARCH=x86_64": ALL,
    "ARCH=aarch64": "web dice protect",
    "ARCH=unix NET=lwip": "web protect",
    "ARCH=unix NET=sockets": "web",
}


@pytest.mark.parametrize("target", BUILT)
def test_nothing_compiles_with_a_warning(target: str, build: Path, tmp_path: Path) -> None:
    lwip = "lwip-2.2.1"
    shutil.copytree(build / lwip, tmp_path / lwip)
    settings = (*target.split(), f"BUILD={tmp_path}", "WERROR=-Werror")
    for app in BUILT[target].split():
        must(make("app", f"APP={app}", *settings))
    must(make("app", "APP=web", "MINE=all", *settings))


@pytest.mark.parametrize("app, needs", [("ping", "net/lwip"), ("sniff", "net/frames")])
def test_what_needs_another_network_library_is_refused_in_a_sentence(app: str, needs: str) -> None:
    refused = make("app", f"APP={app}", "ARCH=unix", "NET=sockets")
    assert refused.status != 0
    assert (
        f"{app} can't be built with NET=sockets: it needs kernel/{needs}, which wants NET=lwip"
        in refused.output
    )


# ---- An image that the compiler has seen as a whole -------------------------


@pytest.fixture(scope="module")
def whole(build: Path) -> Kit:
    kit = Kit(build / "test-lto", build=build, lto="1")
    kit.build_app("web")
    return kit


def test_LTO_serves_and_a_backtrace_has_names_all_the_same(whole: Kit, tmp_path: Path) -> None:
    with Machine(whole, "web", tmp_path, pace=Pace(4), PORT="0") as guest:
        with Browser(guest, serving(guest)) as browser:
            for _ in range(3):
                assert browser.get("/") == (200, (site_of(whole) / "index.html").read_bytes())
        guest.qmp("inject-nmi")  # it is asleep, or was just working
        guest.wait_death()
        trace = guest.backtrace()
    for function in ("event_run", "main", "core_start"):
        assert any(f" {function} kernel/" in line for line in trace), (function, trace)


def initcalls(elf: Path) -> list[str]:
    return re.findall(r"initcall_(\w+)", must(run("nm", "-n", elf)).output)


def test_LTO_leaves_initcalls_in_the_order_in_which_they_were_linked(
    whole: Kit, build: Path
) -> None:
    everyday = Kit(build / "test", build=build).build_app("web")
    assert initcalls(whole.out / "web/kernel.elf") == initcalls(everyday) != []
