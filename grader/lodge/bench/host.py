# SPDX-License-Identifier: MIT
"""The machine on which this ran, for whoever reads the figures elsewhere."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path


def first_line(*command: str) -> str:
    """What a program says of its version; "" when it is not here."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0].strip() if lines else ""


def describe() -> dict[str, object]:
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal: *(\d+)", Path("/proc/meminfo").read_text(), re.M)
    return {
        "system": platform.platform(),
        "processor": cpu[1] if cpu else platform.machine(),
        "processors": os.cpu_count(),
        "memory_mib": int(memory[1]) // 1024 if memory else 0,
        "load_before": os.getloadavg()[0],
        "qemu": first_line("qemu-system-x86_64", "--version"),
        "compiler": first_line("gcc", "--version"),
        "wrk": first_line("wrk", "--version"),
    }
