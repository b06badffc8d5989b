"""Groups: the kernel and a Sockeye host on one link, each hearing the other."""
import os
import pathlib
import subprocess
import unittest

import support
from support import Namespace

PORT = 5007
GROUP, GROUP6 = "239.7.7.7", "ff15::7:7"
KERNEL, KERNEL6 = "10.7.0.1", "fe80::1"
HOST, HOST6 = "10.7.0.2", "fe80::2"

# What the kernel's side runs: words from the command line, a line out for each datagram in.
LISTEN = """
import socket, struct, sys
group, port = sys.argv[1], int(sys.argv[2])
index = socket.if_nametoindex("tap0")
six = ":" in group
peer = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
peer.bind(("::" if six else "0.0.0.0", port))
if six:
    peer.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                    socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index))
else:
    # A request by interface number: struct ip_mreqn.
    peer.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                    socket.inet_aton(group) + bytes(4) + struct.pack("@i", index))
print("ready", flush=True)
peer.settimeout(20)
text, sender = peer.recvfrom(2000)
print(sender[0].split("%")[0], text.decode(), flush=True)
"""

SEND = """
import socket, struct, sys
group, port, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
index = socket.if_nametoindex("tap0")
six = ":" in group
peer = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
if six:
    peer.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
else:
    peer.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                    bytes(8) + struct.pack("@i", index))
peer.sendto(text.encode(), (group, port))
"""

# A query as a router sends it, with router alert and one hop.
QUERY = """
import socket, struct, sys
kind, group = sys.argv[1], sys.argv[2]
index = socket.if_nametoindex("tap0")
def checksum(bytes):
    total = sum(struct.unpack(f"!{len(bytes) // 2}H", bytes))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
if kind == "mld":
    peer = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    peer.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    peer.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
    peer.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, bytes([0, 0, 5, 2, 0, 0, 1, 0]))
    about = socket.inet_pton(socket.AF_INET6, group) if group != "-" else bytes(16)
    message = struct.pack("!BBHHH", 130, 0, 0, 500, 0) + about + bytes([2, 125, 0, 0])
    peer.sendto(message, ("ff02::1", 0, 0, index))
else:
    peer = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
    peer.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, bytes(8) + struct.pack("@i", index))
    peer.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    peer.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([148, 4, 0, 0]))
    about = socket.inet_aton(group) if group != "-" else bytes(4)
    rest = b"" if kind == "v2" else bytes([2, 125, 0, 0])
    message = struct.pack("!BBH", 0x11, 5, 0) + about + rest
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    peer.sendto(message, ("224.0.0.1", 0))
"""


def program():
    """The tests' own host, built beside the command."""
    path = os.environ.get("MULTICAST_HOST", "")
    if path:
        return path
    for build in ("debug", "release"):
        found = pathlib.Path(__file__).parents[2] / ".build" / build / "MulticastHost"
        if found.exists():
            return str(found)
    raise unittest.SkipTest("MulticastHost is not built")


class Groups(unittest.TestCase):
    """One link, a kernel and a Sockeye host, tcpdump looking on."""

    def setUp(self):
        support.require("tcpdump", "tshark")
        if not os.path.exists("/dev/net/tun"):
            raise unittest.SkipTest("there is no /dev/net/tun")
        self.namespace = Namespace()
        self.addCleanup(self.namespace.remove)
        room = support.room()
        self.capture = room.__enter__() / "groups.pcap"
        self.addCleanup(room.__exit__, None, None, None)
        self.namespace.run("ip", "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr", check=False)
        self.namespace.run("sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0")
        self.host = self.namespace.start(
            program(), "tap0", f"{HOST}/24,{HOST6}/64", PORT, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, self.host)
        self.assertEqual(self.line(), "ready")
        self.namespace.run("sysctl", "-qw", "net.ipv6.conf.tap0.accept_dad=0")
        self.namespace.run("sysctl", "-qw", "net.ipv6.conf.tap0.addr_gen_mode=1")
        self.namespace.run("ip", "address", "add", f"{KERNEL}/24", "dev", "tap0")
        self.dump = self.namespace.start(
            "tcpdump", "-i", "tap0", "-U", "--immediate-mode", "-w", self.capture,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, self.dump)
        self.namespace.run("ip", "link", "set", "tap0", "up")
        self.namespace.run("ip", "address", "add", f"{KERNEL6}/64", "dev", "tap0")
        support.wait_until(self.capture.exists, "tcpdump captures")

    @staticmethod
    def end(process):
        support.stop(process)
        for stream in process.stdin, process.stdout, process.stderr:
            if stream:
                stream.close()

    def line(self):
        line = self.host.stdout.readline()
        if not line:
            raise AssertionError(f"the host ended: {self.host.stderr.read()}")
        return line.strip()

    def ask(self, *words):
        self.host.stdin.write(" ".join(words) + "\n")
        self.host.stdin.flush()
        return self.line()

    def packets(self, shown, *fields):
        """What tshark reads in the capture: a list of fields of each packet that `shown` passes."""
        words = ["tshark", "-r", self.capture, "-Y", shown, "-T", "fields"]
        for field in fields:
            words += ["-e", field]
        done = support.run(*words, check=False)
        return [line.split("\t") for line in done.stdout.decode().splitlines()]

    def saw(self, shown, *fields, count=1, timeout=8):
        """Waits until the capture holds `count` such packets."""
        support.wait_until(
            lambda: len(self.packets(shown, "frame.number")) >= count,
            f"{count} packets of {shown}", timeout)
        return self.packets(shown, *fields)

    def check_complaints(self):
        """tshark finds nothing wrong with what the host sent."""
        wrong = self.packets(
            "eth.src == 02:00:00:00:00:02 && (_ws.malformed || _ws.expert.severity >= error ||"
            " igmp.checksum.status == 0 || icmpv6.checksum.status == 0 ||"
            " ip.checksum.status == 0)", "frame.number", "_ws.col.Info")
        self.assertEqual(wrong, [])

    def listen(self, group):
        """A socket of the kernel's in the group; its process."""
        process = self.namespace.start(
            support.system_python(), "-c", LISTEN, group, PORT, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        self.assertEqual(process.stdout.readline().strip(), "ready")
        return process

    def send(self, group, text):
        self.namespace.python(SEND, group, PORT, text)

    def hear_from_kernel(self, group, sender):
        self.assertEqual(self.ask("join", group), "done")
        self.send(group, "hello")
        self.assertEqual(self.ask("hear"), f"{sender} {group} hello")
        self.assertEqual(self.ask("leave", group), "done")
        self.send(group, "gone")
        self.assertEqual(self.ask("hear"), "nothing")

    def test_kernel_to_host(self):
        """What the kernel sends to a group reaches a member and nobody else (RFC 1112)"""
        self.hear_from_kernel(GROUP, KERNEL)

    def test_kernel_to_host_v6(self):
        """What the kernel sends to an IPv6 group reaches a member and nobody else (RFC 4291)"""
        self.hear_from_kernel(GROUP6, KERNEL6)

    def test_host_to_kernel(self):
        """What the host sends to a group reaches the kernel's member, and its own"""
        listener = self.listen(GROUP)
        self.assertEqual(self.ask("join", GROUP), "done")
        self.assertEqual(self.ask("send", GROUP, "greeting"), "done")
        self.assertEqual(listener.stdout.readline().strip(), f"{HOST} greeting")
        self.assertEqual(self.ask("hear"), f"{HOST} {GROUP} greeting")
        sent = self.saw(f"udp && ip.dst == {GROUP}", "ip.ttl", "eth.dst", "udp.checksum.status")
        self.assertEqual(sent[0][:2], ["1", "01:00:5e:07:07:07"])

    def test_host_to_kernel_v6(self):
        """What the host sends to an IPv6 group reaches the kernel's member, and its own"""
        listener = self.listen(GROUP6)
        self.assertEqual(self.ask("join", GROUP6), "done")
        self.assertEqual(self.ask("send", GROUP6, "greeting"), "done")
        self.assertEqual(listener.stdout.readline().strip(), f"{HOST6} greeting")
        self.assertEqual(self.ask("hear"), f"{HOST6} {GROUP6} greeting")
        sent = self.saw(f"udp && ipv6.dst == {GROUP6}", "ipv6.hlim", "eth.dst")
        self.assertEqual(sent[0], ["1", "33:33:00:07:00:07"])

    def test_sources(self):
        """A source that is blocked is not heard, one that is chosen is (RFC 3678)"""
        self.assertEqual(self.ask("join", GROUP), "done")
        self.assertEqual(self.ask("block", GROUP, KERNEL), "done")
        self.send(GROUP, "blocked")
        self.assertEqual(self.ask("hear"), "nothing")
        self.assertEqual(self.ask("leave", GROUP), "done")
        self.assertEqual(self.ask("join", GROUP, KERNEL), "done")
        self.send(GROUP, "chosen")
        self.assertEqual(self.ask("hear"), f"{KERNEL} {GROUP} chosen")
        self.assertEqual(self.ask("leave", GROUP, KERNEL), "done")
        self.assertEqual(self.ask("join", GROUP, "10.7.0.77"), "done")
        self.send(GROUP, "another")
        self.assertEqual(self.ask("hear"), "nothing")
        records = self.saw("igmp.type == 0x22", "igmp.record_type", "igmp.saddr", count=4)
        self.assertTrue(any(KERNEL in record[1] for record in records), records)
        self.check_complaints()

    def test_reports(self):
        """Joining and leaving is told by IGMPv3, as tshark reads it (RFC 9776)"""
        self.assertEqual(self.ask("join", GROUP), "done")
        mine = "igmp && eth.src == 02:00:00:00:00:02"
        joins = self.saw(
            mine, "igmp.record_type", "igmp.maddr", "ip.dst", "ip.ttl", "ip.opt.type", count=2)
        for join in joins:
            self.assertEqual(join[:4], ["4", GROUP, "224.0.0.22", "1"])
            self.assertIn("148", join[4])
        self.assertEqual(self.ask("leave", GROUP), "done")
        left = self.saw(f"{mine} && igmp.record_type == 3", "igmp.maddr", count=2)
        self.assertEqual(left, [[GROUP]] * 2)
        self.check_complaints()

    def test_reports_v6(self):
        """Joining and leaving is told by MLDv2, as tshark reads it (RFC 9777)"""
        self.assertEqual(self.ask("join", GROUP6), "done")
        mine = (f"icmpv6.type == 143 && ipv6.src == {HOST6} &&"
                f" icmpv6.mldr.mar.multicast_address == {GROUP6}")
        joins = self.saw(mine, "icmpv6.mldr.mar.record_type", "ipv6.dst", "ipv6.hlim", count=2)
        self.assertEqual(joins, [["4", "ff02::16", "1"]] * 2)
        self.assertEqual(self.ask("leave", GROUP6), "done")
        self.saw(f"{mine} && icmpv6.mldr.mar.record_type == 3", "frame.number", count=2)
        self.check_complaints()

    def test_queries(self):
        """Queries of a router by IGMP are answered, in the version that they are of"""
        self.assertEqual(self.ask("join", GROUP), "done")
        mine = "eth.src == 02:00:00:00:00:02"
        self.saw(f"{mine} && igmp.type == 0x22", count=2)
        self.namespace.python(QUERY, "v3", "-")
        self.saw(f"{mine} && igmp.record_type == 2 && igmp.maddr == {GROUP}")
        self.namespace.python(QUERY, "v3", GROUP)
        self.saw(f"{mine} && igmp.record_type == 2 && igmp.maddr == {GROUP}", count=2)
        self.namespace.python(QUERY, "v2", "-")
        self.saw(f"{mine} && igmp.type == 0x16 && igmp.maddr == {GROUP}")
        self.assertEqual(self.ask("leave", GROUP), "done")
        self.saw(f"{mine} && igmp.type == 0x17 && igmp.maddr == {GROUP}")
        self.check_complaints()

    def test_queries_v6(self):
        """Queries of a router by MLD are answered, for all groups and for one"""
        self.assertEqual(self.ask("join", GROUP6), "done")
        mine = f"icmpv6.type == 143 && ipv6.src == {HOST6}"
        group = f"icmpv6.mldr.mar.multicast_address == {GROUP6}"
        self.saw(f"{mine} && {group}", count=2)
        self.namespace.python(QUERY, "mld", "-")
        self.saw(f"{mine} && {group} && icmpv6.mldr.mar.record_type == 2")
        self.namespace.python(QUERY, "mld", GROUP6)
        self.saw(f"{mine} && {group} && icmpv6.mldr.mar.record_type == 2", count=2)
        self.check_complaints()


if __name__ == "__main__":
    unittest.main()
