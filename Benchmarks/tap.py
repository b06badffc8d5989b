#!/usr/bin/env python3
"""What the kernel and `sockeye host` move over a TAP device, beside kernel and kernel over veth.

    sudo Benchmarks/tap.py PATH-OF-SOCKEYE [--rounds N] [--seconds T] [--json FILE]

The same client measures both, in turns within one run, MTU 1500, CUBIC or else Reno on the kernel's
side. Only the ratios mean something; medians over the rounds are printed.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import unittest

# The namespaces and processes are those of the integration tests.
here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "Tests" / "Integration"))

UNITS = {
    "receive": ("stack to kernel", "Gbit/s"), "send": ("kernel to stack", "Gbit/s"),
    "echo": ("round trip", "µs"), "connect": ("connect, one byte, close", "/s")}


def veth_pair(offloads, room):
    """Two namespaces joined by veth, a server in the second."""
    one, other = support.Namespace(), support.Namespace()
    support.run("ip", "link", "add", "veth0", "netns", one.name, "type", "veth", "peer", "name",
                "veth0", "netns", other.name)
    for namespace, address in (one, "10.8.0.1"), (other, "10.8.0.2"):
        namespace.run("ip", "address", "add", f"{address}/24", "dev", "veth0")
        namespace.run("ip", "link", "set", "veth0", "up")
        if not offloads:
            namespace.run("ethtool", "-K", "veth0", "tx", "off", "rx", "off", "tso", "off",
                          "gso", "off", "gro", "off", "sg", "off")
    server = other.start(support.system_python(), here / "server.py", stdout=subprocess.PIPE)
    server.stdout.readline()
    return [one, other], one, "10.8.0.2"


def tap_host(offloads, room):
    (room / "block").write_bytes(bytes(256 << 20))
    namespace = support.Namespace()
    options = [] if offloads else ["--no-offload"]
    host = support.TAPHost(namespace, "--serve", f"echo,discard,http={room}", *options)
    return [namespace], namespace, host.address


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--json")
    chosen = parser.parse_args()
    os.environ["SOCKEYE"] = str(pathlib.Path(chosen.command).resolve())
    global support
    import support
    places, namespaces, rooms = {}, [], support.room()
    room = rooms.__enter__()
    try:
        for offloads in True, False:
            for name, make in ("veth", veth_pair), ("tap", tap_host):
                made, *places[name, offloads] = make(offloads, room)
                namespaces += made
        results = {}
        for _ in range(chosen.rounds):
            for what in UNITS:
                for place, (namespace, address) in places.items():
                    done = namespace.run(
                        support.system_python(), here / "client.py", address, what, chosen.seconds)
                    results.setdefault((what, *place), []).append(float(done.stdout))
    finally:
        for namespace in namespaces:
            namespace.remove()
        rooms.__exit__(None, None, None)
    report = []
    for what, (title, unit) in UNITS.items():
        for offloads in True, False:
            kernel, stack = results[what, "veth", offloads], results[what, "tap", offloads]
            ratio = statistics.median(b / a for a, b in zip(kernel, stack))
            report.append({
                "what": title, "offloads": offloads, "unit": unit,
                "veth": statistics.median(kernel), "tap": statistics.median(stack),
                "ratio": ratio})
            row = report[-1]
            print(f"{title:26}{'offloads' if offloads else 'plain frames':14}"
                  f"veth {row['veth']:9.2f}  TAP {row['tap']:9.2f} {unit:7} ratio {ratio:.2f}")
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(report, indent=2) + "\n")


try:
    main()
except unittest.SkipTest as reason:
    # A machine that does not let us measure is no failure of the measured.
    print(f"not measured: {reason}")
