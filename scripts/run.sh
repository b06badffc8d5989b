#!/usr/bin/env bash
# Shows an unmodified program on Sockeye: curl fetches the built-in page through a bad network, and
# every packet is printed as it passes.
#
#   scripts/run.sh PATH-OF-SOCKEYE
#
# Interception needs no privilege, so root gives its own up first. Where the machine forbids
# interception, the demonstration between two hosts on an in-memory wire takes its place.
set -euo pipefail

command=$1

# Somewhere an ordinary user may read, whatever the permissions of this directory are.
room=$(mktemp -d "${TMPDIR:-/tmp}/sockeye.XXXXXX")
trap 'rm -rf "$room"' EXIT
install -m 755 "$command" "$room/sockeye"
chmod 755 "$room"
cd "$room"

as_user=()
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chown 65534:65534 "$room"
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi

say() {
    echo
    echo "\$ $*"
    "${as_user[@]}" ./"$@"
}

# `sockeye run` exits with 125 when it is the one that cannot, as env(1) does.
status=0
reason=$("${as_user[@]}" ./sockeye run -- true 2>&1) || status=$?
if [ "$status" = 125 ]; then
    echo "This machine does not allow programs to be run on Sockeye:"
    echo "    $reason"
    echo "Two hosts on an in-memory wire instead:"
    say sockeye demo
    exit
fi

say sockeye run --show --loss 2% --delay 40ms -- curl -sS http://services.sockeye/
