# SPDX-License-Identifier: MIT
# How gdb is to behave with a guest of ours.
set confirm off
set pagination off
set print pretty on
set print object off
set breakpoint pending off
set tcp auto-retry on
