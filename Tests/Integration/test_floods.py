"""Floods from the kernel's side: the host's memory stays what it is, and it goes on serving."""
import os
import signal
import unittest

import support
from support import Namespace, TAPHost

# What runs on the kernel's side: frames by the thousand, made from a seed.
FLOOD = r"""
import os, random, socket, struct, sys
kind, count = sys.argv[1], int(sys.argv[2])
dice = random.Random(kind)
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("tap0", 0))
host = bytes.fromhex(sys.argv[3])
mine = bytes.fromhex("020000000099")
OWN, OWN6 = socket.inet_aton("10.7.0.2"), socket.inet_pton(socket.AF_INET6, "fd07::2")

def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF

def ipv4(proto, payload, source, flags=0, ident=None):
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload),
                         dice.getrandbits(16) if ident is None else ident, flags, 64, proto, 0)
    header += source + OWN
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return host + mine + b"\x08\x00" + header + payload

def ipv6(proto, payload, source, to=None, hops=255):
    to = to or OWN6
    header = struct.pack("!IHBB", 0x60000000, len(payload), proto, hops) + source + to
    ethernet = host if to == OWN6 else b"\x33\x33" + to[12:]
    return ethernet + mine + b"\x86\xdd" + header + payload

def icmpv6(message, source, to=None):
    pseudo = source + (to or OWN6) + struct.pack("!II", len(message), 58)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    return ipv6(58, message, source, to)

def segment(flags, source):
    head = struct.pack("!HHIIBBHHH", dice.randrange(1024, 65536), 7, dice.getrandbits(32),
                       dice.getrandbits(32), 0x50, flags, 65535, 0, 0)
    total = checksum(source + OWN + struct.pack("!HH", 6, len(head)) + head)
    return ipv4(6, head[:16] + struct.pack("!H", total) + head[18:], source)

def near():
    return bytes([10, 7, 0, dice.randrange(3, 255)])

def far():
    return bytes([198, 18, dice.randrange(256), dice.randrange(1, 255)])

def near6():
    return socket.inet_pton(socket.AF_INET6, "fd07::")[:8] + dice.randbytes(8)

def frame():
    if kind == "arp":
        hardware = b"\x02" + dice.randbytes(5)
        return b"\xff" * 6 + mine + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) \
            + hardware + near() + bytes(6) + OWN
    if kind == "syn":
        return segment(2, near() if dice.random() < 0.5 else far())
    if kind == "ack":
        return segment(16, near())
    if kind == "fragments":
        return ipv4(17, dice.randbytes(1400), near(), 0x2000 | dice.randrange(8) * 175)
    if kind == "fragments6":
        head = struct.pack("!BBHI", 17, 0, dice.randrange(8) * 1200 // 8 * 8 | 1,
                           dice.getrandbits(32))
        return ipv6(44, head + dice.randbytes(1200), near6())
    if kind == "echoes":
        message = b"\x08\x00\x00\x00" + dice.randbytes(60)
        return ipv4(1, message[:2] + struct.pack("!H", checksum(message)) + message[4:], near())
    if kind == "ports":
        return ipv4(17, struct.pack("!HHHH", 9, dice.randrange(10000, 60000), 28, 0) + bytes(20),
                    near())
    if kind == "redirects":
        quoted = ipv4(17, bytes(8), far())[14:]
        message = b"\x05\x01\x00\x00" + near() + quoted
        return ipv4(1, message[:2] + struct.pack("!H", checksum(message)) + message[4:],
                    bytes([10, 7, 0, 1]))
    if kind == "solicitations":
        source = near6()
        return icmpv6(b"\x87" + bytes(7) + OWN6 + b"\x01\x01" + mine, source)
    if kind == "prefixes":
        router = b"\xfe\x80" + bytes(13) + bytes([dice.randrange(1, 255)])
        prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 1800, 0) + b"\xfd" \
            + dice.randbytes(7) + bytes(8)
        everyone = b"\xff\x02" + bytes(13) + b"\x01"
        return icmpv6(b"\x86" + bytes(3) + b"\x40\x00\x07\x08" + bytes(8) + prefix, router,
                      everyone)
    return dice.randbytes(dice.randrange(1, 1500))

for _ in range(count):
    try:
        link.send(frame())
    except OSError:
        pass
"""

KINDS = ["arp", "syn", "ack", "fragments", "fragments6", "echoes", "ports", "redirects",
         "solicitations", "prefixes", "noise"]


class Floods(unittest.TestCase):
    def test_memory_stays_flat(self):
        """no flood makes the host grow, and after each it serves as before"""
        support.require("curl", "ping")
        namespace = Namespace()
        self.addCleanup(namespace.remove)
        with support.room() as room:
            digest = support.make_file(room / "file", 1_000_000)
            # What is sent here is wrong on purpose; nobody need look through it.
            environment = dict(os.environ, SOCKEYE_CAPTURES="")
            host = TAPHost(
                namespace, "--address", "fd07::2/64", "--mac", "02:00:00:00:07:02", "--serve",
                f"echo,http={room}", environment=environment)
            self.addCleanup(host.stop, signal.SIGKILL)
            count = 100_000 if support.LONG else 8_000
            for kind in KINDS:
                sizes = []
                for _ in range(2):
                    namespace.python(FLOOD, kind, count, "020000000702", timeout=300)
                    # The host has taken in what came before the answer.
                    support.wait_until(host.answers, f"the host answers after {kind}", 20)
                    sizes.append(host.memory())
                # The first round may touch memory that was given to the host at its start.
                self.assertLess(sizes[1] - sizes[0], 6 << 20, (kind, sizes))
                self.assertLess(sizes[1], 192 << 20, (kind, sizes))
                got = room / "got"
                namespace.run(
                    "curl", "-sS", "--fail", "--max-time", 20, "-o", got, host.url("file"))
                self.assertEqual(support.hash_of(got), digest, kind)
            self.assertEqual(host.stop(), 0, host.output())
