#!/bin/sh
# SPDX-License-Identifier: MIT
#
# python.sh - prints the python3 with which the tests can run: the first that
# has pytest and pexpect. The system's own is asked first, for that is where
# set-up installs them; another may stand before it on PATH.
for python in /usr/bin/python3 python3; do
    if "$python" -c 'import pytest, pexpect' 2>/dev/null; then
        echo "$python"
        exit
    fi
done
echo python3
