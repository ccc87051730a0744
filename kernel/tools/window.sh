#!/bin/sh
# SPDX-License-Identifier: MIT
#
# window.sh - prints `window` where a guest's screen can be a window here, else
# `none`: there must be a display, and a QEMU that knows how to draw on it.
if [ -n "${DISPLAY-}${WAYLAND_DISPLAY-}" ] &&
    "${QEMU:-qemu-system-x86_64}" -display help 2> /dev/null |
        grep -qwE 'gtk|sdl|cocoa'; then
    echo window
else
    echo none
fi
