# SPDX-License-Identifier: MIT
"""The build engine builds what was asked for, all of it, and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from shell import copy_kit, make, must

from lodge.kit import ROOT


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
    unknown = make("run-cmd", "APP=hi", "MACHINE=toaster")
    assert unknown.status != 0 and "q35, pc, microvm" in unknown.output


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
    internal = {"begin", "always", "unit-programs"}
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
