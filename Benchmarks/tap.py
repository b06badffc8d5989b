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
import sys
import unittest

# The namespaces and processes are those of the integration tests.
here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "Tests" / "Integration"))

# What runs in the client's namespace: measure.py ADDRESS WHAT SECONDS; prints one number.
CLIENT = """
import socket, sys, time
address, what, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])

def connect(port):
    peer = socket.socket()
    available = open("/proc/sys/net/ipv4/tcp_available_congestion_control").read().split()
    algorithm = "cubic" if "cubic" in available else "reno"
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, algorithm.encode())
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.settimeout(10)
    peer.connect((address, port))
    return peer

block = bytearray(1 << 20)
count = 0
if what == "receive":
    # An endless page; the first half second is for getting up to speed.
    peer = connect(80)
    peer.sendall(b"GET /bytes/1000000000000 HTTP/1.1\\r\\nHost: bench\\r\\n\\r\\n")
    step = lambda: peer.recv_into(block)
elif what == "send":
    peer = connect(9)
    step = lambda: peer.send(block)
elif what == "echo":
    peer = connect(7)
    def step():
        peer.send(b"x")
        assert peer.recv(1) == b"x"
        return 1
elif what == "connect":
    def step():
        peer = connect(7)
        peer.send(b"x")
        assert peer.recv(1) == b"x"
        peer.close()
        return 1
warm = time.monotonic() + min(0.5, seconds / 4)
while time.monotonic() < warm: step()
began = time.monotonic()
while time.monotonic() < began + seconds:
    count += step()
elapsed = time.monotonic() - began
print({"receive": count * 8e-9 / elapsed, "send": count * 8e-9 / elapsed,
       "echo": elapsed / max(count, 1) * 1e6, "connect": count / elapsed}[what])
"""

# The kernel's peer: the same services, by the shortest program there is.
SERVER = """
import socket, sys, threading
block = bytes(1 << 20)
def serve(port, handle):
    listener = socket.create_server(("", port), backlog=512)
    def accept():
        while True:
            threading.Thread(target=guarded, args=(listener.accept()[0],), daemon=True).start()
    def guarded(peer):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try: handle(peer)
        except OSError: pass
        peer.close()
    threading.Thread(target=accept).start()
def page(peer):
    peer.recv(1000)
    while True: peer.sendall(block)
def discard(peer):
    sink = bytearray(1 << 20)
    while peer.recv_into(sink): pass
def echo(peer):
    while got := peer.recv(65536): peer.sendall(got)
serve(80, page); serve(9, discard); serve(7, echo)
print("ready", flush=True)
"""

UNITS = {
    "receive": ("stack to kernel", "Gbit/s"), "send": ("kernel to stack", "Gbit/s"),
    "echo": ("round trip", "µs"), "connect": ("connect, one byte, close", "/s")}


def veth_pair(offloads):
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
    server = other.start(support.system_python(), "-c", SERVER, stdout=-1)
    server.stdout.readline()
    return [one, other], one, "10.8.0.2"


def tap_host(offloads):
    namespace = support.Namespace()
    options = [] if offloads else ["--no-offload"]
    host = support.TAPHost(namespace, "--serve", f"echo,discard,http={here}", *options)
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
    places, namespaces = {}, []
    try:
        for offloads in True, False:
            for name, make in ("veth", veth_pair), ("tap", tap_host):
                made, *places[name, offloads] = make(offloads)
                namespaces += made
        results = {}
        for _ in range(chosen.rounds):
            for what in UNITS:
                for place, (namespace, address) in places.items():
                    done = namespace.python(CLIENT, address, what, chosen.seconds, timeout=60)
                    results.setdefault((what, *place), []).append(float(done.stdout))
    finally:
        for namespace in namespaces:
            namespace.remove()
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
