#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh QEMU ARGUMENT... - boots a guest in this terminal, and says what its
# end means (core/exit.h).
#
#   OUT      the folder of the guest's kernel.elf and debug.log
#   ADDRESS  HOST:PORT that leads to the guest's web server, if it has one
#   LABS     the folder of the student's files
#   PYTHON   the python3 to ask whether that address can be had
set -u

say() {
    printf '%s\n' "$@" >&2
}

if ! command -v "$1" > /dev/null; then
    say "There is no $1 here. To install what is missing: make setup"
    exit 1
fi

if [ -n "${ADDRESS-}" ]; then
    why=$("$PYTHON" -c '
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
try:
    socket.create_server((host, int(port))).close()
except (OSError, OverflowError, ValueError) as e:
    sys.exit(getattr(e, "strerror", None) or str(e))' "$ADDRESS" 2>&1) || {
        say "$ADDRESS can't be the guest's address on this host: $why." \
            "Choose another, as in: make run PORT=18080 (or make demo)"
        exit 1
    }
    say "The guest's page: http://$ADDRESS/"
fi
say "To leave: Ctrl-A, then X."

# The guest must not outlive this script, so it runs beside it; fd 3 is the
# terminal, which a command in the background would not get.
log=$OUT/debug.log
rm -f "$log"
exec 3<&0
"$@" <&3 &
qemu=$!
trap 'kill $qemu 2>/dev/null' HUP INT TERM
wait $qemu
status=$?
while kill -0 $qemu 2>/dev/null; do     # a signal ends wait, not the guest
    wait $qemu
    status=$?
done

# What the guest said last, beginning with a line that matches $1.
last_words() {
    tr -d '\r' < "$log" | sed -n "/$1/,\$p" |
        sh "$(dirname "$0")/symbolise.sh" "$OUT/kernel.elf" >&2
}

case $status in
0 | 130 | 143)
    say '' "The guest was stopped."
    exit 0
    ;;
33)
    say '' "The guest is done."
    exit 0
    ;;
35)
    say '' "The guest gave up: its main() returned an error, or the machine" \
        "won't do. Its last line says which."
    ;;
37)
    say '' "The guest panicked. Its last words, with names:"
    last_words '^panic:\|^exception:'
    ;;
39)
    step=$(tr -d '\r' < "$log" | sed -n 's/^not written yet: //p' | tail -n 1)
    place=$(grep -Hn "TODO $step:" "$LABS"/*/*.c | head -n 1 | cut -d: -f1,2)
    handout=${place%/*}/README.md
    say '' "The guest came to a part that is not written yet: $step."
    [ -z "$place" ] || say "It is to be written at $place."
    [ ! -e "$handout" ] || say "The handout is $handout."
    say 'How the guest came there:'
    last_words '^not written yet:'
    ;;
1)
    say '' "QEMU itself could not start or go on; its own words are above." \
        "To see what works here: make doctor"
    ;;
*)
    say '' "QEMU ended with status $status, which no guest of ours gives."
    ;;
esac
exit "$status"
