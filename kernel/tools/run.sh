#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh COMMAND ARGUMENT... - runs what was built in this terminal, and says
# what its end means (core/exit.h).
#
#   RUNS     what the command runs: a guest (it is QEMU), or a process
#   OUT      the folder of its kernel.elf and debug.log
#   ADDRESS  HOST:PORT that leads to its web server, if it has one
#   LABS     the folder of the student's files
#   PYTHON   the python3 to ask whether that address can be had
#   WINDOW   not empty: its screen is a window, which stays when it is done;
#            then its end is told by its last words alone
#   PICTURE  the command that shows its screen, if it has one that can't be a
#            window here
set -u
RUNS=${RUNS-guest}

say() {
    printf '%s\n' "$@" >&2
}

if ! command -v "$1" > /dev/null; then
    say "There is no $1 here. To install what is missing: make setup"
    exit 1
fi

if [ -n "${ADDRESS-}" ]; then
    why=$("$PYTHON" -c '
import ipaddress, os, socket, sys
host, port = sys.argv[1].rsplit(":", 1)
if not port.isdecimal() or not 1 <= int(port) <= 65535:
    sys.exit(f"PORT={port} is no number from 1 to 65535")
try:
    ipaddress.IPv4Address(host)
except ValueError:
    sys.exit(f"HOST={host} is no IPv4 address such as 127.0.0.1")
try:
    socket.create_server((host, int(port))).close()
except OSError as e:
    sys.exit(os.strerror(e.errno))' "$ADDRESS" 2>&1) || {
        say "$ADDRESS can't be the $RUNS's address on this host: $why." \
            "Choose another, as in: make run PORT=18080 (or make demo)"
        exit 1
    }
    say "The $RUNS's page: http://$ADDRESS/"
fi
case $RUNS in
process) say "To leave: Ctrl-C." ;;
*)
    if [ -n "${WINDOW-}" ]; then
        say "The guest's screen is a window of its own, which stays when the" \
            "guest is done. To leave: close it, or Ctrl-A, then X, here." \
            "(If it has caught the mouse: Ctrl-Alt-G.)"
    else
        say "To leave: Ctrl-A, then X."
        [ -z "${PICTURE-}" ] || say "To see its screen: $PICTURE"
    fi
    ;;
esac

# What runs must not outlive this script, so it runs beside it; fd 3 is the
# terminal, which a command in the background would not get. Ctrl-C at the
# terminal reaches a process (or the debugger that it runs under) without us.
log=$OUT/debug.log
rm -f "$log"
exec 3<&0
"$@" <&3 &
child=$!
case $RUNS in
process)
    trap 'kill $child 2>/dev/null' HUP TERM
    trap : INT
    ;;
*) trap 'kill $child 2>/dev/null' HUP INT TERM ;;
esac
wait $child
status=$?
while kill -0 $child 2>/dev/null; do    # a signal ends wait, not the child
    wait $child
    status=$?
done

# What it said last, beginning with a line that matches $1.
last_words() {
    tr -d '\r' < "$log" | sed -n "/$1/,\$p" |
        sh "$(dirname "$0")/symbolise.sh" "$OUT/kernel.elf" >&2
}

# A window was closed: what the guest did before is in its last words.
if [ $status = 0 ] && [ -n "${WINDOW-}" ]; then
    case $(tr -d '\r' < "$log" | grep -E -m 1 \
        '^(panic|exception|not written yet|failed|cannot start):') in
    panic* | exception*) status=37 ;;
    not*) status=39 ;;
    ?*) status=35 ;;
    esac
fi

case $status in
0 | 130 | 143)
    say '' "The $RUNS was stopped."
    exit 0
    ;;
33)
    say '' "The $RUNS is done."
    exit 0
    ;;
35)
    say '' "The $RUNS gave up: its main() returned an error, or the machine" \
        "won't do. Its last line says which."
    ;;
37)
    if grep -q '^panic:\|^exception:' "$log"; then
        say '' "The $RUNS panicked. Its last words, with names:"
        last_words '^panic:\|^exception:'
    else
        say '' "A sanitizer has ended the $RUNS; its report is above."
    fi
    ;;
39)
    step=$(tr -d '\r' < "$log" | sed -n 's/^not written yet: //p' | tail -n 1)
    place=$(grep -Hn "TODO $step:" "$LABS"/*/*.c | head -n 1 | cut -d: -f1,2)
    handout=${place%/*}/README.md
    [ -e "$handout" ] || {
        lab=${place%/*}
        handout=labs/${lab##*/}/README.md
    }
    say '' "The $RUNS came to a part that is not written yet: $step."
    [ -z "$place" ] || say "It is to be written at $place."
    [ ! -e "$handout" ] || say "The handout is $handout."
    say "How the $RUNS came there:"
    last_words '^not written yet:'
    ;;
*)
    if [ "$RUNS" = process ]; then
        say '' "It ended with status $status, which no process of ours gives;" \
            "what it ran under, or the host, has said why."
    elif [ $status = 1 ]; then
        say '' "QEMU itself could not start or go on; its own words are" \
            "above. To see what works here: make doctor"
    else
        say '' "QEMU ended with status $status, which no guest of ours gives."
    fi
    ;;
esac
exit "$status"
