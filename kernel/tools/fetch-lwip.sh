#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fetch-lwip.sh [FOLDER] - puts the source of lwIP 2.2.1 into FOLDER
# (build/lwip-2.2.1), or says why it can't. Does nothing, silently, when it is
# there already.
#
#   LWIP_TARBALL=FILE   take it from this archive: the release as .zip or
#                       .tar.gz, or a distribution's .orig.tar.xz
#
# Otherwise it comes from the distribution's source package, by apt and from
# the mirror that this machine uses, or from the project's own site. Where it
# comes from does not matter: it is accepted only if all the files that the
# manifest names agree with it, and only these files are kept.
set -u
LC_ALL=C
export LC_ALL

name='lwIP 2.2.1'
here=$(cd "$(dirname "$0")/.." && pwd) || exit
manifest=$here/net/lwip/manifest.sha256
folder=${1:-build/lwip-2.2.1}
work=$folder.new.$$

say() { echo "lwip: $*"; }
note() { echo "lwip: $*" >&2; }
give_up() {
    note "$*"
    exit 1
}

# The files named by the manifest that differ or are missing under $1, if any.
differing() {
    (cd "$1" && sha256sum --check --quiet "$manifest" 2>/dev/null) |
        sed 's/: FAILED.*//'
}

# ---- Archives ---------------------------------------------------------------

# Unpacks archive $1 into $work/all. zip by what there is.
unpack() {
    mkdir -p "$work/all" || return
    case $1 in
    *.zip)
        unzip -q "$1" -d "$work/all" 2>/dev/null ||
            python3 -m zipfile -e "$1" "$work/all" 2>/dev/null ;;
    *)
        tar -xf "$1" -C "$work/all" 2>"$work/log" ;;
    esac
}

# Takes what the manifest names out of archive $1, if all of it agrees.
accept() {
    rm -rf "$work/all" "$work/kept"
    unpack "$1" || {
        note "$1 can't be unpacked$([ ! -s "$work/log" ] ||
            head -n 1 "$work/log" | sed 's/^/: /')"
        return 1
    }
    found=$(find "$work/all" -path '*/src/core/tcp_in.c' | head -n 1)
    [ -n "$found" ] || {
        note "$1 is no source of lwIP: there is no src/core/tcp_in.c in it"
        return 1
    }
    root=${found%/src/core/tcp_in.c}
    wrong=$(differing "$root")
    [ -z "$wrong" ] || {
        note "$1 is not $name as it was released. These files in it are" \
            "missing, or differ from kernel/net/lwip/manifest.sha256:"
        echo "$wrong" | sed 's/^/    /' >&2
        return 1
    }
    sed -n 's/^[0-9a-f]\{64\}  //p' "$manifest" > "$work/names" &&
        mkdir "$work/kept" &&
        (cd "$root" && tar -cf - -T "$work/names") |
        tar -xf - -C "$work/kept" --no-same-owner &&
        rm -rf "$folder" && mv "$work/kept" "$folder" &&
        touch "$folder/.verified"
}

# ---- The distribution -------------------------------------------------------

# The mirror that apt uses here for the release that this is; apt reads its own
# lists, whatever their form.
mirror() {
    apt-get indextargets --no-release-info 'Created-By: Packages' \
        --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 2>/dev/null |
        awk -v release="$1" '
            BEGIN { known = "^(stable|oldstable|testing|unstable|sid)$" }
            $2 == "main" && ($1 == release || $1 ~ known) { print $3; exit }'
}

# An apt with lists of its own in $work/apt: nothing of the machine's changes,
# and no privilege is needed. $1: a line of sources.list.
private_apt() {
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" &&
        echo "$1" > "$work/apt/sources.list" &&
        cat > "$work/apt/apt.conf" <<END
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "$(id -un)";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
}

# lwIP's source package out of suite $2, component $3, of the mirror of release
# $1, signed by the first of the keyrings $4... that is there.
from_mirror() {
    uri=$(mirror "$1")
    suite=$2 component=$3
    shift 3
    [ -n "$uri" ] || {
        note "apt knows no mirror of this distribution's"
        return 1
    }
    signed=
    for keyring; do
        [ -n "$signed" ] || [ ! -r "$keyring" ] ||
            signed="[signed-by=$keyring] "
    done
    say "getting $name from $uri ($suite)"
    private_apt "deb-src $signed$uri $suite $component" &&
        (cd "$work" && apt-get -c "$work/apt/apt.conf" -qq update &&
            apt-get -c "$work/apt/apt.conf" -qq source --download-only lwip) \
            > "$work/log" 2>&1
    archive=$(ls "$work"/lwip_2.2.1*.orig.tar.* 2>/dev/null | head -n 1)
    [ -n "$archive" ] || {
        note "$uri gave no source package of $name:"
        grep -v '^W:' "$work/log" | tail -n 3 | sed 's/^/    /' >&2
        return 1
    }
    accept "$archive"
}

# ---- The project ------------------------------------------------------------

tags=https://github.com/lwip-tcpip/lwip/archive/refs/tags
sites="https://download.savannah.nongnu.org/releases/lwip/lwip-2.2.1.zip
$tags/STABLE-2_2_1_RELEASE.tar.gz"

from_site() {
    for uri in $sites; do
        say "getting $name from $uri"
        archive=$work/${uri##*/}
        if command -v curl >/dev/null; then
            curl -fsSL --connect-timeout 10 --max-time 300 -o "$archive" \
                "$uri" 2> "$work/log"
        else
            wget -q -T 10 -t 1 -O "$archive" "$uri" 2> "$work/log"
        fi && accept "$archive" && return
        [ ! -s "$work/log" ] || tail -n 1 "$work/log" | sed 's/^/    /' >&2
    done
    return 1
}

# ---- All of it --------------------------------------------------------------

command -v sha256sum >/dev/null ||
    give_up 'there is no sha256sum here: install coreutils'
if [ -d "$folder" ] && [ -z "$(differing "$folder")" ]; then
    # What was built of it is as good as it was: only make's question, whether
    # this is newer than what decides, needs an answer.
    [ "$folder/.verified" -nt "$manifest" ] &&
        [ "$folder/.verified" -nt "$0" ] || touch "$folder/.verified"
    exit
fi

mkdir -p "$work" || exit
work=$(cd "$work" && pwd)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

if [ -n "${LWIP_TARBALL:-}" ]; then
    [ -r "$LWIP_TARBALL" ] ||
        give_up "LWIP_TARBALL=$LWIP_TARBALL: there is no such file"
    say "taking $name from $LWIP_TARBALL"
    accept "$LWIP_TARBALL"
    exit
fi

ID='' VERSION_CODENAME=''
[ ! -r /etc/os-release ] || . /etc/os-release
keyrings=/usr/share/keyrings
case $ID in
debian)
    from_mirror "$VERSION_CODENAME" trixie main \
        $keyrings/debian-archive-keyring.pgp \
        $keyrings/debian-archive-keyring.gpg || from_site ;;
ubuntu)
    # Its releases up to 25.04 have an older lwIP; the project's site has it.
    from_site || from_mirror "$VERSION_CODENAME" resolute universe \
        $keyrings/ubuntu-archive-keyring.gpg ;;
*)
    from_site ;;
esac && exit
give_up "$name could not be had over the network. Get its release archive" \
    "(lwip-2.2.1.zip) some other way, and run this again with" \
    "LWIP_TARBALL=FILE, as in: make demo LWIP_TARBALL=$HOME/lwip-2.2.1.zip"
