"""Neighbours and autoconfiguration: the kernel and a Sockeye host on one link."""
import os
import re
import subprocess
import tempfile
import unittest

import support
from support import Namespace

HOST, KERNEL = "10.7.0.2", "10.7.0.1"
HOST6, KERNEL6 = "fd00:7::2", "fd00:7::1"
MAC = "02:00:0a:07:00:02"

# Prints what checks of addresses go over the link: 'arp SENDER TARGET HARDWARE' and
# 'ns SOURCE TARGET HARDWARE', one a line.
WATCH = """
import socket
peer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
peer.bind(("tap0", 0))
print("ready", flush=True)
while True:
    frame = peer.recv(4096)
    hardware = frame[6:12].hex(":")
    if frame[12:14] == b"\\x08\\x06" and len(frame) >= 42:
        print("arp", socket.inet_ntoa(frame[28:32]), socket.inet_ntoa(frame[38:42]), hardware,
              flush=True)
    if frame[12:14] == b"\\x86\\xdd" and len(frame) >= 78 and frame[20] == 58 and frame[54] == 135:
        print("ns", socket.inet_ntop(socket.AF_INET6, frame[22:38]),
              socket.inet_ntop(socket.AF_INET6, frame[62:78]), hardware, flush=True)
"""

# Claims an address of IPv4 by gratuitous ARP, as often as it is told to.
CLAIM = """
import socket, sys
address, count = socket.inet_aton(sys.argv[1]), int(sys.argv[2])
peer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
peer.bind(("tap0", 0))
liar = bytes.fromhex("020000000066")
for _ in range(count):
    peer.send(b"\\xff" * 6 + liar + bytes.fromhex("0806 0001 0800 06 04 0002") + liar + address
              + b"\\xff" * 6 + address)
"""

RADVD = """
interface tap0 {
    AdvSendAdvert on;
    MinRtrAdvInterval 3;
    MaxRtrAdvInterval 4;
    AdvLinkMTU 1400;
    prefix 2001:db8:7::/64 { AdvOnLink on; AdvAutonomous on; };
};
"""


class Neighbours(unittest.TestCase):
    """A TAP device that is up before the host, and somebody who watches it."""

    def setUp(self):
        support.require("ping")
        if not os.path.exists("/dev/net/tun"):
            raise unittest.SkipTest("there is no /dev/net/tun")
        self.namespace = Namespace()
        self.addCleanup(self.namespace.remove)
        made = self.namespace.run(
            "ip", "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr", check=False)
        if made.returncode != 0:
            raise unittest.SkipTest("no TAP device can be made")
        self.namespace.run("ip", "address", "add", f"{KERNEL}/24", "dev", "tap0")
        self.namespace.run("ip", "address", "add", f"{KERNEL6}/64", "dev", "tap0", "nodad")
        self.namespace.run("ip", "link", "set", "tap0", "up")
        self.log = tempfile.NamedTemporaryFile()
        self.addCleanup(self.log.close)
        self.watcher = self.namespace.start(
            support.system_python(), "-c", WATCH, stdout=self.log, stderr=subprocess.DEVNULL)
        self.addCleanup(support.stop, self.watcher)
        support.wait_until(lambda: "ready" in self.seen(), "the link is watched")

    def seen(self):
        """What the watcher saw, line by line."""
        with open(self.log.name) as file:
            return file.read().splitlines()

    def start(self, *options):
        """Starts a host on the device."""
        host = self.namespace.start(
            support.SOCKEYE, "host", "--tap", "tap0", "--mac", MAC, *options,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(support.stop, host)
        return host

    def pings(self, address, *options):
        """Whether the kernel gets an answer."""
        return self.namespace.run(
            "ping", "-n", "-q", "-c", 1, "-W", 1, *options, address, check=False).returncode == 0

    def test_configures_itself_from_radvd(self):
        """SLAAC: addresses of radvd's prefix, its MTU, and the way out through its router"""
        support.require("radvd")
        self.namespace.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        self.namespace.run("ip", "address", "add", "2001:db8:7::1/64", "dev", "tap0", "nodad")
        # Somebody beyond the router.
        self.namespace.run("ip", "address", "add", "2001:db8:99::1/128", "dev", "lo")
        self.start("--autoconfigure", "--temporary-addresses", "--serve", "echo")
        with tempfile.NamedTemporaryFile("w") as configuration:
            configuration.write(RADVD)
            configuration.flush()
            os.chmod(configuration.name, 0o644)
            radvd = self.namespace.start(
                "radvd", "-n", "-C", configuration.name, "-p", f"{configuration.name}.pid",
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(support.stop, radvd)

            def formed():
                return {line.split()[2] for line in self.seen()
                        if line.startswith("ns :: 2001:db8:7:") and line.endswith(MAC)}

            support.wait_until(lambda: len(formed()) == 2, "two addresses are formed", 30)
            for address in formed():
                support.wait_until(lambda: self.pings(address), f"{address} answers")
                self.assertTrue(self.pings(address, "-I", "2001:db8:99::1"))
                # As much as the link carries by the router's word, in one packet.
                self.assertTrue(self.pings(address, "-s", 1400 - 48, "-M", "do"))

    def test_tells_the_kernel(self):
        """The kernel configures itself from a Sockeye router: an address and a default route"""
        for name, value in ("accept_ra", 2), ("autoconf", 1), ("addr_gen_mode", 0):
            self.namespace.run("sysctl", "-qw", f"net.ipv6.conf.tap0.{name}={value}", check=False)
        self.start("--address", "fd00:9::1/64", "--advertise", "fd00:9::/64", "--forward")

        def configured():
            addresses = self.namespace.run("ip", "-6", "address", "show", "dev", "tap0")
            routes = self.namespace.run("ip", "-6", "route", "show", "default")
            return b"fd00:9:" in addresses.stdout and b"via fe80:" in routes.stdout

        support.wait_until(configured, "the kernel has an address of the prefix", 20)
        support.wait_until(lambda: self.pings("fd00:9::1"), "the router answers")

    def test_kernel_sees_a_duplicate(self):
        """The kernel does not take an IPv6 address that the host has (RFC 4862 §5.4)"""
        self.start("--address", f"{HOST6}/64")
        support.wait_until(lambda: self.pings(HOST6), "the host answers")
        self.namespace.run("ip", "address", "add", "fd00:7::3/64", "dev", "tap0")
        self.namespace.run("ip", "address", "add", f"{HOST6}/64", "dev", "tap0")

        def state(address):
            listing = self.namespace.run("ip", "-6", "-o", "address", "show", "dev", "tap0")
            line = next(line for line in listing.stdout.decode().splitlines() if address in line)
            return "dadfailed" if "dadfailed" in line else \
                "tentative" if "tentative" in line else "good"

        support.wait_until(lambda: state(HOST6) == "dadfailed", "the address is refused")
        support.wait_until(lambda: state("fd00:7::3") == "good", "another one is taken")

    def test_host_sees_a_duplicate(self):
        """The host takes no address that the kernel has, of either family"""
        self.start("--address", f"{KERNEL}/24", "--address", f"{KERNEL6}/64",
                   "--address", f"{HOST}/24", "--detect-duplicates")
        support.wait_until(lambda: f"arp {HOST} {HOST} {MAC}" in self.seen(),
                           "the good address is announced", 20)
        seen = self.seen()
        self.assertIn(f"arp 0.0.0.0 {KERNEL} {MAC}", seen)
        self.assertIn(f"ns :: {KERNEL6} {MAC}", seen)
        self.assertNotIn(f"arp {KERNEL} {KERNEL} {MAC}", seen)
        self.assertTrue(self.pings(HOST))
        # The kernel answers for its addresses, and nobody else does.
        self.assertFalse(any(re.match(f"arp {KERNEL} .* {MAC}", line) for line in seen))

    def test_defends_its_address(self):
        """Who claims the host's address hears an announcement, once in ten seconds (RFC 5227)"""
        self.start("--address", f"{HOST}/24")
        support.wait_until(lambda: self.pings(HOST), "the host answers")
        wanted = f"arp {HOST} {HOST} {MAC}"
        before = self.seen().count(wanted)
        self.namespace.python(CLAIM, HOST, 100)
        support.wait_until(lambda: self.seen().count(wanted) > before, "the address is defended")
        self.assertEqual(self.seen().count(wanted), before + 1)
        self.assertTrue(self.pings(HOST))

    def test_moved_hardware_address(self):
        """The kernel's hardware address changes, and both families go on"""
        self.start("--address", f"{HOST}/24", "--address", f"{HOST6}/64")
        for address in HOST, HOST6:
            support.wait_until(lambda: self.pings(address), f"{address} answers")
        for name in "ipv4.conf.tap0.arp_notify", "ipv6.conf.tap0.ndisc_notify":
            self.namespace.run("sysctl", "-qw", f"net.{name}=1")
        self.namespace.run("ip", "link", "set", "tap0", "address", "02:00:00:00:00:99")
        for address in HOST, HOST6:
            support.wait_until(lambda: self.pings(address), f"{address} answers again", 15)


if __name__ == "__main__":
    unittest.main()
