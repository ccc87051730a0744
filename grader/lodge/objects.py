# SPDX-License-Identifier: MIT
"""What an object file of a student's may hold.

It is looked at before any of it runs: it defines the functions that the
contract names and no others, refers to what its lab may use, has nothing that
runs by itself, and was made from nothing but kernel/. A student who works on
the lab never meets these rules; they are there so that no grade can be had
without it.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lodge.kit import ROOT, GraderError

# The compiler calls these by itself.
_COMPILER = frozenset(
    "memcpy memmove memset memcmp __stack_chk_fail __stack_chk_guard".split()
)
# Given to everyone: to give up, and to print while looking for a mistake.
_EVERYONE = frozenset("lab_todo panic_at log_line print format".split())
# A host object has the sanitizers' too.
_SANITIZER = re.compile(r"(__asan_|__ubsan_|__odr_asan|_GLOBAL_OFFSET_TABLE_$)")

_SECTIONS = re.compile(
    r"\.(text|rodata|data|bss|debug_|comment|note|eh_frame|symtab|strtab|shstrtab"
    r"|rela?\.|group|data\.rel)"
)
_STARTS_BY_ITSELF = re.compile(r"\.(preinit_array|init_array|fini_array|ctors|dtors|init\b|fini\b)")

# Instructions that no exercise needs: a system call, a port, a privilege.
_INSTRUCTIONS = re.compile(
    r"\t(syscall|sysenter|sysret\w*|int|int3|in|out|ins[bwl]|outs[bwl]|rep outs\w*"
    r"|rep ins\w*|wrmsr|rdmsr|lgdt|lidt|iret\w*|mov\s+\S*%cr\d\S*|hlt|cli|sti)\b"
)


@dataclass(frozen=True)
class Symbols:
    """Of one exercise file: what it defines, what it may use beside what
    everyone may, and the programs of host tests that it is part of: the first
    is also what it is compiled with to be looked at."""

    defines: tuple[str, ...]
    may_use: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    instructions: bool = False  # it may touch the machine itself, as arch.h does
    hosted: bool = False  # it is for a process: it includes the C library's headers


class Refused(Exception):
    """The object breaks a rule; the text is a whole sentence."""


def _run(*command: str | Path) -> str:
    try:
        done = subprocess.run(
            [str(c) for c in command], capture_output=True, text=True, errors="replace"
        )
    except FileNotFoundError as error:
        raise GraderError(f"there is no {command[0]} on this machine") from error
    if done.returncode != 0:
        raise GraderError(f"{command[0]} can't read {command[-1]}: {done.stderr}")
    return done.stdout


def check(name: str, obj: Path, rules: Symbols, *, host: bool = False) -> None:
    """Raises Refused if `obj`, made from exercise `name`, breaks a rule."""
    source = _check_sources(name, obj, rules.hosted)
    _check_sections(name, obj, host)
    _check_symbols(name, obj, rules, host)
    if rules.instructions:
        _check_assembly(name, source)
    else:
        _check_instructions(name, obj)


def _check_sources(name: str, obj: Path, hosted: bool) -> Path:
    """Everything it was compiled from: itself, kernel/ and, on the host, what
    stands instead of a header there, the compiler's. Gives the first of them."""
    try:
        text = obj.with_suffix(".d").read_text()
    except OSError as error:
        raise GraderError(f"make left no list of sources for {obj}") from error
    compiler = Path(_run("gcc", "-print-file-name=include").strip()).resolve()
    rule = text.replace("\\\n", " ").split("\n")[0].split(":", 1)[1]
    own, *others = rule.split()
    roots = [ROOT / "kernel", ROOT / "grader/unit/instead", compiler]
    roots += [Path("/usr/include")] if hosted else []
    for source in others:
        path = (ROOT / source).resolve()
        if not (any(path.is_relative_to(root) for root in roots) or _is_third_party(path)):
            raise Refused(
                f"{name} includes {source}: an exercise includes headers of "
                "kernel/ and nothing else."
            )
    return ROOT / own


@cache
def _third_party_sums() -> frozenset[str]:
    manifests = (ROOT / "kernel").rglob("manifest.sha256")
    return frozenset(line.split()[0] for m in manifests for line in m.read_text().splitlines())


def _is_third_party(path: Path) -> bool:
    """Wherever it was unpacked: a header that given code has, byte for byte."""
    sum_of_it = hashlib.sha256(path.read_bytes()).hexdigest()
    return path.suffix == ".h" and sum_of_it in _third_party_sums()


def _check_sections(name: str, obj: Path, host: bool) -> None:
    lines = _run("readelf", "-SW", obj).splitlines()
    found = (re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+\S+\s+\S+\s+(\S+)", n) for n in lines)
    by_itself = 0
    for section in found:
        if not section or section[1] == "NULL":
            continue
        if _STARTS_BY_ITSELF.match(section[1]):
            by_itself += int(section[2], 16)
            # The sanitizer's own: one function before main() and one after.
            if not host or by_itself > 2 * 8 or not section[1].endswith("_array.00099"):
                raise Refused(
                    f"{name} has code that runs by itself (section {section[1]}): "
                    "functions are called, nothing else."
                )
        elif not (_SECTIONS.match(section[1]) or host and "asan" in section[1]):
            raise Refused(f"{name} puts something into a section of its own, {section[1]}.")


def _check_symbols(name: str, obj: Path, rules: Symbols, host: bool) -> None:
    defined, used = set(), set()
    for line in _run("nm", "-P", obj).splitlines():
        symbol, kind = line.split()[:2]
        if _SANITIZER.match(symbol):
            continue
        if kind in "Uwv":
            used.add(symbol)
        elif kind.isupper() or kind in "iu":
            defined.add(symbol)
    if missing := [s for s in rules.defines if s not in defined]:
        raise Refused(f"{name} does not define {_list(missing)}: the contract asks for it.")
    if extra := sorted(defined - set(rules.defines)):
        raise Refused(
            f"{name} defines {_list(extra)}: that is not its business. A function "
            "or variable of your own is static."
        )
    allowed = _COMPILER | _EVERYONE | set(rules.may_use) | set(rules.defines)
    if host:
        allowed |= {f"arch_{b}_barrier" for b in ("read", "write", "full")} | {"virt_to_bus"}
    if foreign := sorted(used - allowed):
        raise Refused(f"{name} uses {_list(foreign)}: there is no need for it in this lab.")


def _check_instructions(name: str, obj: Path) -> None:
    for line in _run("objdump", "-d", "--no-show-raw-insn", obj).splitlines():
        if found := _INSTRUCTIONS.search(line):
            raise Refused(
                f"{name} has the instruction `{found[1]}`: there is no need for it in "
                "this lab."
            )


# Comments, strings and characters; and what assembly is written with, or could
# be hidden by.
_NO_CODE = re.compile(
    r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S
)
_ASSEMBLY = re.compile(r"\b(?:asm|__asm|__asm__)\b|##|%:%:|\?\?=")


def _check_assembly(name: str, source: Path) -> None:
    """For a file that uses ports through arch.h: its instructions are those
    of arch.h, so they can't be told from others."""
    text = source.read_text(errors="replace").replace("\\\n", "")
    if _ASSEMBLY.search(_NO_CODE.sub(" ", text)):
        raise Refused(
            f"{name} has assembly of its own: arch.h has a function for each thing that "
            "this lab needs of the machine."
        )


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
