#!/usr/bin/env bash
# Sees to it that what the project needs from the system is there, and installs what is missing.
#
#   scripts/setup.sh build     what `swift build` needs
#   scripts/setup.sh run       and what `make run` shows
#   scripts/setup.sh test      and what the tests use as peers and judges
#
# As root it installs through apt, without questions and without recommended packages, so that no
# daemon is started. Otherwise it prints the one line to be run and fails.
set -euo pipefail

level=${1:-build}
missing=()

# need PACKAGE COMMAND…: PACKAGE is missing unless COMMAND succeeds.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

# has NAME…: whether one of these programs is installed, on root's path too.
has() {
    local name
    for name in "$@"; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "$name" >/dev/null && return
    done
    return 1
}

has_pcap() { has pkg-config && pkg-config --exists libpcap; }
# An ordinary busybox needs shared libraries; the tests want a program that needs none.
has_static_busybox() { has busybox && ! ldd "$(command -v busybox)"; }
has_libevent() { pkg-config --exists libevent; }
python_version() {
    /usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo 3
}
has_python_tests() { /usr/bin/python3 -c 'import test.test_socket'; }
has_openbsd_netcat() { has nc && nc -h 2>&1 | grep -q OpenBSD; }

if ! has swift; then
    echo "setup: Swift 6.2 or later is needed; see https://www.swift.org/install" >&2
    exit 1
fi

case $level in
build | run | test) ;;
*)
    echo "usage: scripts/setup.sh build|run|test" >&2
    exit 2
    ;;
esac

need pkg-config has pkg-config
need libpcap-dev has_pcap
if [ "$level" != build ]; then
    need curl has curl
fi
if [ "$level" = test ]; then
    need gcc has cc
    need man-db has man
    need groff-base has groff
    need iproute2 has ip
    need iputils-ping has ping
    need ethtool has ethtool
    need radvd has radvd
    # The program without the service that would start it.
    need dnsmasq-base has dnsmasq
    need tcpdump has tcpdump
    need tshark has tshark
    need wget has wget
    need busybox-static has_static_busybox
    need netcat-openbsd has_openbsd_netcat
    need passt has passt
    need libevent-dev has_libevent
    need python3 has python3
    need util-linux has setpriv
    need net-tools has netstat
    need traceroute has traceroute
    # What runs under `sockeye run`: servers without the services that would start them.
    need nginx-light has nginx
    need redis-server has redis-server
    need redis-tools has redis-benchmark
    need iperf3 has iperf3
    need openssh-client has ssh
    need openssh-server has sshd
    need git has git
    need bind9-dnsutils has dig
    need socat has socat
    need golang-go has go
    need "libpython$(python_version)-testsuite" has_python_tests
    # Gateways to measure ours beside.
    need slirp4netns has slirp4netns
fi

[ ${#missing[@]} -gt 0 ] || exit 0

if ! has apt-get; then
    echo "setup: missing: ${missing[*]} (Debian's names); install them and try again" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "setup: something is missing. Please run:" >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends -y ${missing[*]}" >&2
    exit 1
fi

echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Services stay as they are: whatever a package would start, it does not (radvd among them).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
apt-get install -qq --no-install-recommends -y "${missing[@]}" >/dev/null
