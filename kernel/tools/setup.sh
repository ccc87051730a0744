#!/bin/sh
# SPDX-License-Identifier: MIT
#
# setup.sh [NEED...] - makes a Debian or Ubuntu that has git and make into a
# machine on which the kit builds, boots and tests; then fetches lwIP. Silent
# and quick where nothing is missing. On other systems it says what to install.
# A NEED is one of needs.sh that only some targets have; `all` is all of them.
set -u
tools=$(dirname "$0")
. "$tools/needs.sh"

for need in "$@"; do
    case $need in
    all) needs="$needs $more" ;;
    *) needs="$needs $need" ;;
    esac
done
missing=
for need in $needs; do
    met "$need" || missing="$missing $need"
done

if [ -n "$missing" ]; then
    manager=$(manager) || manager=
    list=
    for need in $missing; do
        list="$list $(packages "$need" "$manager")"
    done
    list=${list# }
    if [ "$manager" != apt-get ]; then
        echo "setup: this machine lacks:$missing."
        [ -z "$manager" ] || echo "setup: as root, type:" \
            "$(install_command "$list" "$manager")"
        echo "setup: and then the same again; make doctor says more."
        exit 1
    fi

    as_root=
    if [ "$(id -u)" != 0 ]; then
        as_root=sudo
        command -v sudo > /dev/null || {
            echo "setup: there is no sudo here. As root, type:" \
                "apt-get update && apt-get install $list"
            exit 1
        }
    fi

    log=$(mktemp) || exit
    trap 'rm -f "$log"' EXIT
    apt() {
        # sudo asks for its password on the terminal, not here.
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq \
            -o DPkg::Lock::Timeout=300 "$@" > "$log" 2>&1
    }
    echo "setup: asking for the list of packages (${as_root:+sudo }apt-get update)"
    # One source of several may be down; what counts is the next step.
    apt update || tail -n 3 "$log"
    echo "setup: installing $list (a minute or two)"
    # Names of packages, to be split.
    apt install -y --no-install-recommends $list || {
        tail -n 20 "$log"
        echo "setup: apt-get could not install these; its words are above"
        exit 1
    }
    for need in $missing; do
        met "$need" || {
            echo "setup: installed $(packages "$need" "$manager"), and still" \
                "the $need does not work; see: make doctor"
            exit 1
        }
    done
fi

sh "$tools/fetch-lwip.sh" "${BUILD:-build}/lwip-2.2.1"
