#!/usr/bin/env python3
"""Records what tcpdump says about packets, for Tests/DissectionTests.

  scripts/record-dissection.py NAME [CAPTURE.pcap …] > Tests/DissectionTests/NAME.swift

Takes the Ethernet frames of the captures, or a set made here of good, cut and wrong ones (those of
the network layer for the name madeNetworkRecordings, those above it for any other), and prints them as the Swift constant NAME with the lines of `tcpdump -n -t`.
"""
import socket, struct, subprocess, sys, tempfile

def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

def address(text):
    return bytes(int(part) for part in text.split("."))

def ethernet(payload, type=0x0800):
    return bytes.fromhex("020000000002020000000001") + struct.pack("!H", type) + payload

def ipv4(payload, proto, sender="10.7.0.1", receiver="10.7.0.2", length=None, head=0x45, fragment=0, options=b""):
    length = 20 + len(options) + len(payload) if length is None else length
    head += len(options) // 4
    header = struct.pack("!BBHHHBBH", head, 0, length, 7, fragment, 64, proto, 0) + address(sender) + address(receiver)
    header = header[:10] + struct.pack("!H", checksum(header + options)) + header[12:] + options
    return ethernet(header + payload)

def tcp(source, target, sequence, acknowledgment, flags, payload=b"", options=b"", offset=None, **ip):
    offset = 5 + len(options) // 4 if offset is None else offset
    header = struct.pack("!HHIIBBHHH", source, target, sequence, acknowledgment, offset << 4, flags, 512, 0, 9)
    return ipv4(header + options + payload, 6, **ip)

def udp(source, target, payload, length=None, **ip):
    length = 8 + len(payload) if length is None else length
    return ipv4(struct.pack("!HHHH", source, target, length, 0) + payload, 17, **ip)

def icmp(type, code, rest, payload=b""):
    return ipv4(struct.pack("!BBHI", type, code, 0, rest) + payload, 1)

def quoted(proto=17):
    return ipv4(struct.pack("!HHHH", 5000, 9, 8, 0), proto, sender="10.7.0.2", receiver="10.9.9.9")[14:]

def ipv6(payload, next):
    head = struct.pack("!IHBB", 0x60000000, len(payload), next, 64)
    ends = bytes.fromhex("fd000000000000000000000000000001" "fd000000000000000000000000000002")
    return ethernet(head + ends + payload, 0x86DD)

def name(text):
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".") if part) + b"\0"

def dns(flags, questions=(), answers=(), authority=0, additional=b"", counts=None):
    counts = counts or (len(questions), len(answers), authority, 1 if additional else 0)
    message = struct.pack("!6H", 12345, flags, *counts)
    for text, type in questions:
        message += name(text) + struct.pack("!HH", type, 1)
    for owner, type, data in answers:
        message += owner + struct.pack("!HHIH", type, 1, 60, len(data)) + data
    return message + additional

def arp(operation, target_mac="000000000000", pad=0):
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    ends = bytes.fromhex("020000000001") + address("10.7.0.1") + bytes.fromhex(target_mac) + address("10.7.0.2")
    return ethernet(head + ends + b"\0" * pad, 0x0806)

MSS, WS, SACKOK, TS, NOP = b"\x02\x04\x05\xb4", b"\x03\x03\x07", b"\x04\x02", b"\x08\x0a\0\0\0\x05\0\0\0\x06", b"\x01"
POINTER = b"\xc0\x0c"
OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)

def made():
    """Pairs of a frame and how many of its bytes are kept."""
    syn = tcp(40000, 80, 0xFFFFFFF0, 0, 0x02, options=MSS + SACKOK + TS + NOP + WS)
    frames = [
        arp(1), arp(1, "020000000002"), arp(2), arp(2, pad=18),
        syn,
        tcp(80, 40000, 5000, 0xFFFFFFF1, 0x12, options=MSS + NOP + NOP + SACKOK + NOP + WS, sender="10.7.0.2", receiver="10.7.0.1"),
        tcp(40000, 80, 0xFFFFFFF1, 5001, 0x10),
        tcp(40000, 80, 0xFFFFFFF1, 5001, 0x18, b"GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n"),
        tcp(80, 40000, 5001, 0x16, 0x18, b"HTTP/1.1 404 Not Found\r\n\r\n", sender="10.7.0.2", receiver="10.7.0.1"),
        tcp(80, 40000, 5027, 0x16, 0x10, b"\x7fELF body", sender="10.7.0.2", receiver="10.7.0.1"),
        tcp(40000, 80, 0x16, 5001, 0x10, options=NOP + NOP + b"\x05\x12" + struct.pack("!4I", 5101, 5201, 5301, 5401)),
        tcp(80, 40000, 5036, 0x16, 0x10, options=NOP + NOP + b"\x05\x0a" + struct.pack("!2I", 0x20, 0x30), sender="10.7.0.2", receiver="10.7.0.1"),
        tcp(40000, 80, 0x16, 5036, 0x11), tcp(40000, 80, 0x17, 5036, 0x14), tcp(40000, 80, 0x17, 0, 0x04),
        tcp(40001, 7, 100, 0, 0xC2), tcp(7, 40001, 900, 101, 0x52), tcp(40001, 7, 101, 901, 0x38, b"urgent"), tcp(1, 2, 3, 4, 0),
        tcp(1, 2, 3, 4, 0xFF), tcp(6000, 6000, 10, 20, 0x10, b"x"), tcp(6000, 6000, 20, 11, 0x10, b"yz", sender="10.7.0.2", receiver="10.7.0.1"),
        tcp(6000, 6000, 11, 22, 0x10, b"x"),
        tcp(8080, 9, 1, 1, 0x18, b"PUT /a b\n"), tcp(80, 9, 1, 1, 0x18, b"get / HTTP/1.0\r\n"), tcp(80, 9, 1, 1, 0x18, b"GETTY / HTTP\r\n"),
        tcp(80, 9, 1, 1, 0x18, b"GET /no/end"), tcp(80, 9, 1, 1, 0x18, b"GET /\x01\r\n"), tcp(80, 9, 1, 1, 0x18, b"GET /\rx\r\n"),
        tcp(80, 9, 1, 1, 0x18, b"GET /\xc3\xa9 HTTP/1.1\r\n"), tcp(80, 9, 1, 1, 0x18, b"HTTP/1.1 20x No\r\n"), tcp(80, 9, 1, 1, 0x18, b" GET /\r\n"),
        tcp(80, 9, 1, 1, 0x18, b"GET"), tcp(80, 9, 1, 1, 0x18, b"GET\t/tab\r\n"), tcp(80, 9, 1, 1, 0x18, b"\r\n"),
        tcp(1, 2, 3, 4, 2, options=b"\x02\x03\x05\xb4"), tcp(1, 2, 3, 4, 2, options=b"\x02\x01\0\0"), tcp(1, 2, 3, 4, 2, options=NOP + b"\x08\x0a\0"),
        tcp(1, 2, 3, 4, 2, options=NOP + NOP + NOP + b"\x02"), tcp(1, 2, 3, 4, 2, options=b"\xfa\x04\xab\xcd"), tcp(1, 2, 3, 4, 2, options=NOP + b"\0\x05\x05"),
        tcp(1, 2, 3, 4, 2, options=b"\x05\x06\0\0\0\0" + NOP + NOP), tcp(1, 2, 3, 4, 2, options=b"\x22\x02" + NOP + NOP),
        tcp(1, 2, 3, 4, 2, options=b"\x22\x0a" + b"\x01\x02\x03\x04\x05\x06\x07\x08" + NOP + NOP), tcp(1, 2, 3, 4, 2, options=b"\x1c\x04\x80\x03"),
        tcp(1, 2, 3, 4, 2, options=b"\x03\x04\x02\0"), tcp(1, 2, 3, 4, 2, options=b"\x06\x06\0\0\0\x09" + NOP + NOP), tcp(1, 2, 3, 4, 2, options=b"\xfa\x02" + NOP + NOP),
        tcp(1, 2, 3, 4, 0x10, offset=4), tcp(1, 2, 3, 4, 0x10, offset=15), tcp(1, 2, 3, 4, 0x14, b"why"),
        udp(5000, 7, b"hello"), udp(5000, 7, b""), udp(5000, 7, b"hello", length=20), udp(5000, 7, b"hello", length=7), udp(5000, 7, b"hello", length=10),
        udp(5000, 7, b"hello", fragment=0x2000, length=3000), udp(5000, 7, b"hello", fragment=0x2001),
        udp(5000, 53, dns(0x0100, [("services.sockeye", 1)])), udp(5000, 53, dns(0x0120, [("services.sockeye", 28)], additional=OPT)),
        udp(53, 5000, dns(0x8180, [("services.sockeye", 1)], [(POINTER, 1, address("10.0.2.4"))])),
        udp(53, 5000, dns(0x8583, [("nowhere.sockeye", 1)])), udp(53, 5000, dns(0x8200, [("a.b", 1)])),
        udp(53, 5000, dns(0x8180, [("a.example", 255)], [(POINTER, 5, name("b.example")), (POINTER, 28, bytes(range(16))), (POINTER, 15, b"\0\x0a" + POINTER),
            (POINTER, 16, b"\x02hi\x03y\x01\xff"), (POINTER, 33, struct.pack("!HHH", 1, 2, 80) + b"\xc0\x0e"), (POINTER, 6, b"\0" * 22), (POINTER, 999, b"x")])),
        udp(53, 5000, dns(0x8180, [("a", 1)], [(b"\xc0\x0c", 5, b"\xc0\x2a")])), udp(53, 5000, dns(0x8180, [("a", 1)], [(POINTER, 1, b"\1\2\3\4")], counts=(1, 2, 0, 0))),
        udp(5000, 53, dns(0x0100, [(".", 2)])), udp(5000, 53, dns(0x2800, [("z", 6)])), udp(5000, 53, dns(0x0100, [("a", 1), ("b", 1)])), udp(5000, 53, b"short"),
        udp(5000, 53, dns(0x0113, [("w\x07", 1)])), udp(5000, 53, struct.pack("!6H", 1, 256, 1, 0, 0, 0) + b"\x40a\0\0\1\0\1"),
        udp(5000, 53, struct.pack("!6H", 1, 256, 1, 0, 0, 0) + name("c") + b"\0\1\0\3"), udp(53, 5000, dns(0x8180, counts=(0, 0, 0, 0))),
        tcp(5000, 53, 1, 1, 0x18, struct.pack("!H", 34) + dns(0x0100, [("services.sockeye", 1)])), tcp(5000, 53, 1, 1, 0x18, struct.pack("!H", 99) + b"abc"), tcp(5000, 53, 1, 1, 0x18, b"a"),
        icmp(8, 0, 0x12340001, b"x" * 56), icmp(0, 0, 0x12340001, b"x" * 56), icmp(3, 3, 0, quoted()), icmp(3, 3, 0, quoted(6)), icmp(3, 3, 0, quoted(99)),
        icmp(3, 0, 0, quoted()), icmp(3, 1, 0, quoted()), icmp(3, 2, 0, quoted()), icmp(3, 4, 1400, quoted()), icmp(3, 4, 0, quoted()), icmp(3, 5, 0, quoted()),
        icmp(3, 6, 0, quoted()), icmp(3, 7, 0, quoted()), icmp(3, 8, 0, quoted()), icmp(3, 9, 0, quoted()), icmp(3, 10, 0, quoted()), icmp(3, 11, 0, quoted()), icmp(3, 12, 0, quoted()),
        icmp(3, 13, 0, quoted()), icmp(3, 14, 0, quoted()), icmp(3, 15, 0, quoted()), icmp(3, 99, 0, quoted()), icmp(11, 0, 0, quoted()), icmp(11, 1, 0, quoted()), icmp(11, 9, 0, quoted()),
        icmp(12, 0, 0x09000000, quoted()), icmp(12, 1, 0, quoted()), icmp(5, 0, 0x0A070009, quoted()), icmp(5, 1, 0x0A070009, quoted()), icmp(5, 7, 0x0A070009, quoted()),
        icmp(4, 0, 0, quoted()), icmp(13, 0, 0x00050006, b"\0" * 12), icmp(99, 0, 0), icmp(3, 3, 0, b"short"),
        ipv4(b"abc", 99), ipv4(b"abc", 99, fragment=0x0010), ipv4(b"", 6), ipv4(b"\0\x50", 6), ipv4(b"\0\x50\0\x51", 17), ipv4(b"abc", 99, length=500), ipv4(b"abc", 99, length=10),
        ipv4(b"abc", 99, head=0x44), ethernet(b"\x75" + b"\0" * 30), ipv4(struct.pack("!HHHH", 5, 7, 9, 0) + b"x", 17, options=b"\x94\x04\0\0"), ethernet(b"\x45\0\0"),
        ipv6(struct.pack("!BBHHH", 128, 0, 0, 5, 6) + b"x" * 10, 58), ipv6(struct.pack("!BBHHH", 129, 0, 0, 5, 6), 58), ipv6(struct.pack("!BBHI", 135, 0, 0, 0) + bytes.fromhex("fe800000000000000000000000000002"), 58),
        ipv6(struct.pack("!BBHI", 136, 0, 0, 0) + bytes.fromhex("fe800000000000000000000000000002"), 58), ipv6(struct.pack("!BBHI", 133, 0, 0, 0), 58), ipv6(struct.pack("!BBHI", 2, 0, 0, 1280) + b"\0" * 40, 58),
        ipv6(struct.pack("!HHIIBBHHH", 40000, 80, 7, 0, 0x50, 2, 512, 0, 0), 6), ipv6(struct.pack("!HHIIBBHHH", 80, 40000, 70, 8, 0x50, 0x12, 512, 0, 0), 6),
        ipv6(struct.pack("!HHHH", 5, 7, 9, 0) + b"x", 17), ipv6(b"abc", 99), ipv6(b"", 58),
    ]
    cut = [(syn, kept) for kept in (13, 14, 20, 33, 34, 36, 37, 38, 46, 47, 53, 54, 55, 57, 58, 59, 60, 61, 63, 65, 70, 71, 73)]
    get = tcp(40009, 80, 1, 1, 0x18, b"GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n", options=NOP + NOP + TS)
    cut += [(get, kept) for kept in (60, 65, 66, 67, 70, 75, 90, 91, 92, 100)]
    query = udp(5000, 53, dns(0x0100, [("services.sockeye", 1)]))
    cut += [(query, kept) for kept in (36, 38, 40, 42, 50, 54, 60, 71, 74, 75)]
    answer = udp(53, 5000, dns(0x8180, [("services.sockeye", 1)], [(POINTER, 1, address("10.0.2.4"))]))
    cut += [(answer, kept) for kept in (60, 75, 77, 85, 88, 90)]
    cut += [(arp(1), kept) for kept in (20, 41)] + [(icmp(3, 3, 0, quoted()), kept) for kept in (36, 41, 45, 61, 63, 66)]
    cut += [(tcp(1, 2, 3, 4, 0x14, b"why"), 55), (ipv6(b"\x80\0\0\0\0\1\0\2", 58), 53), (ipv6(b"\x80\0\0\0\0\1\0\2", 58), 56), (ipv6(b"\x80\0\0\0\0\1\0\2", 58), 60)]
    return [(frame, len(frame)) for frame in frames] + cut

def v6(payload, next, sender="fe80::1", receiver="ff02::1"):
    head = struct.pack("!IHBB", 0x60000000, len(payload), next, 255)
    return ethernet(head + socket.inet_pton(socket.AF_INET6, sender) + socket.inet_pton(socket.AF_INET6, receiver) + payload, 0x86DD)

def a6(text):
    return socket.inet_pton(socket.AF_INET6, text)

def icmp6(type, code, rest, payload=b"", **ends):
    return v6(struct.pack("!BBHI", type, code, 0, rest) + payload, 58, **ends)

def igmp(payload, receiver="224.0.0.22", options=b"\x94\x04\0\0"):
    return ipv4(payload, 2, receiver=receiver, options=options)

def made_network():
    """Frames of IGMP, MLD, neighbour discovery, extension headers and fragments."""
    group, alert = address("239.1.2.3"), bytes.fromhex("3a00050200000100")
    sources = address("10.0.0.1") + address("10.0.0.2")
    quote = ipv6(struct.pack("!HHHH", 5000, 9, 8, 0), 17)[14:]
    echo = struct.pack("!BBHHH", 128, 0, 0, 5, 6)
    udp8 = struct.pack("!HHHH", 5, 7, 8, 0)
    frames = [
        igmp(struct.pack("!BBH", 0x11, 100, 0) + b"\0" * 4, "224.0.0.1"), igmp(struct.pack("!BBH", 0x11, 10, 0) + group, "239.1.2.3"),
        igmp(struct.pack("!BBH", 0x11, 0, 0) + b"\0" * 4, "224.0.0.1"), igmp(struct.pack("!BBH", 0x12, 0, 0) + group, "239.1.2.3"),
        igmp(struct.pack("!BBH", 0x16, 0, 0) + group, "239.1.2.3"), igmp(struct.pack("!BBH", 0x17, 0, 0) + group, "224.0.0.2"),
        igmp(struct.pack("!BBH", 0x11, 100, 0) + b"\0" * 4 + struct.pack("!BBH", 2, 125, 0), "224.0.0.1"),
        igmp(struct.pack("!BBH", 0x11, 100, 0) + group + struct.pack("!BBH", 2, 125, 0), "239.1.2.3"),
        igmp(struct.pack("!BBH", 0x11, 200, 0) + group + struct.pack("!BBH", 10, 125, 2) + sources, "239.1.2.3"),
        igmp(struct.pack("!BBHHH", 0x22, 0, 0, 0, 0)), igmp(struct.pack("!BBHHHBBH", 0x22, 0, 0, 0, 1, 4, 0, 0) + group),
        igmp(struct.pack("!BBHHHBBH", 0x22, 0, 0, 0, 2, 3, 0, 0) + group + struct.pack("!BBH", 1, 0, 2) + group + sources),
        igmp(struct.pack("!BBH", 0x33, 0, 0) + group), igmp(b"\x11\0"), igmp(b""),
        v6(alert + struct.pack("!BBHHH", 130, 0, 0, 10000, 0) + a6("::"), 0), v6(alert + struct.pack("!BBHHH", 130, 0, 0, 1000, 0) + a6("ff15::1"), 0),
        v6(alert + struct.pack("!BBHHH", 130, 0, 0, 10000, 0) + a6("::") + struct.pack("!BBH", 2, 125, 0), 0),
        v6(alert + struct.pack("!BBHHH", 130, 0, 0, 10000, 0) + a6("ff15::1") + struct.pack("!BBH", 2, 125, 1) + a6("2001:db8::1"), 0),
        v6(alert + struct.pack("!BBHHH", 131, 0, 0, 0, 0) + a6("ff15::1"), 0, receiver="ff15::1"), v6(alert + struct.pack("!BBHHH", 132, 0, 0, 0, 0) + a6("ff15::1"), 0, receiver="ff02::2"),
        v6(alert + struct.pack("!BBHHH", 143, 0, 0, 0, 1) + struct.pack("!BBH", 4, 0, 0) + a6("ff15::1"), 0, receiver="ff02::16"),
        v6(alert + struct.pack("!BBHHH", 143, 0, 0, 0, 2) + struct.pack("!BBH", 3, 0, 0) + a6("ff15::1") + struct.pack("!BBH", 1, 0, 1) + a6("ff15::2") + a6("2001:db8::1"), 0, receiver="ff02::16"),
        icmp6(133, 0, 0, bytes.fromhex("0101020000000001"), receiver="ff02::2"), icmp6(134, 0, 0x40080708, b"\0" * 8, receiver="ff02::1"),
        icmp6(134, 0, 0x40C80708, b"\0" * 8 + bytes.fromhex("0304 40c0 00000e10 00000708 00000000 20010db8000000000000000000000000 0501000000000514 0101020000000001".replace(" ", ""))),
        icmp6(135, 0, 0, a6("fe80::2"), receiver="ff02::1:ff00:2"), icmp6(135, 0, 0, a6("fe80::2") + bytes.fromhex("0101020000000001")), icmp6(136, 0, 0x60000000, a6("fe80::1") + bytes.fromhex("0201020000000001"), receiver="fe80::2"),
        icmp6(137, 0, 0, a6("fe80::9") + a6("2001:db8::1"), receiver="fe80::2"),
        icmp6(1, 0, 0, quote), icmp6(1, 1, 0, quote), icmp6(1, 2, 0, quote), icmp6(1, 3, 0, quote), icmp6(1, 4, 0, quote), icmp6(1, 5, 0, quote), icmp6(1, 6, 0, quote), icmp6(1, 9, 0, quote),
        icmp6(2, 0, 1280, quote), icmp6(3, 0, 0, quote), icmp6(3, 1, 0, quote), icmp6(3, 7, 0, quote), icmp6(4, 0, 6, quote), icmp6(4, 1, 40, quote), icmp6(4, 2, 42, quote), icmp6(4, 3, 44, quote),
        icmp6(99, 0, 0), icmp6(200, 0, 0, b"abcd"),
        v6(struct.pack("!BBHI", 58, 0, 1, 7) + echo + b"x" * 24, 44), v6(struct.pack("!BBHI", 58, 0, 0x5A8, 7) + b"x" * 24, 44), v6(struct.pack("!BBHI", 17, 0, 0, 7) + udp8, 44),
        v6(bytes.fromhex("3a00010400000000") + echo, 60), v6(bytes.fromhex("3a00010400000000") + echo, 0), v6(bytes.fromhex("3a02000000000000") + a6("2001:db8::1") + echo, 43),
        v6(bytes.fromhex("3c00010400000000") + bytes.fromhex("1100010400000000") + udp8, 0), v6(bytes.fromhex("3b00010400000000"), 0), v6(b"", 59), v6(b"abc", 59),
        icmp(8, 0, 0x12340001, b"x" * 56), ipv4(struct.pack("!BBHI", 8, 0, 0, 0x12340001) + b"x" * 16, 1, fragment=0x2000), ipv4(b"x" * 16, 1, fragment=0x0003),
        ipv4(struct.pack("!HHIIBBHHH", 1, 2, 3, 4, 0x50, 16, 512, 0, 0), 6, options=b"\x07\x07\x04\0\0\0\0\0"),
    ]
    report = frames[21]
    return [(frame, len(frame)) for frame in frames] + [(report, kept) for kept in (56, 62, 66, 70, 80)]

def captured(path):
    data = open(path, "rb").read()
    offset = 24
    while offset < len(data):
        _, _, kept, length = struct.unpack_from("<IIII", data, offset)
        yield data[offset + 16 : offset + 16 + kept].ljust(length, b"\0"), kept
        offset += 16 + kept

def lines(packets):
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for frame, kept in packets:
            file.write(struct.pack("<IIII", 0, 0, kept, len(frame)) + frame[:kept])
        file.flush()
        output = subprocess.run(["tcpdump", "-n", "-t", "-r", file.name], capture_output=True).stdout
    output = output.decode("latin1").split("\n")
    # This version ends a cut TCP option with a stray ">"; later ones do not.
    return [line.removesuffix(">") for line in output if line and not line.startswith("\t")]

def wrapped(text):
    """A line of a Swift text literal, continued after 90 characters."""
    text = text.replace("\\", "\\\\").replace("\t", "\\t")
    return "\\\n".join("    " + text[i : i + 90] for i in range(0, len(text), 90))

def main():
    if sys.argv[2:]:
        packets = [packet for path in sys.argv[2:] for packet in captured(path)]
    else:
        packets = made_network() if sys.argv[1] == "madeNetworkRecordings" else made()
    found = lines(packets)
    assert len(found) == len(packets), (len(found), len(packets))
    print("// Made by scripts/record-dissection.py: frames in hexadecimal, how many bytes of them were not\n"
          "// captured, and what tcpdump 4.99.3 says about them.\n")
    print(f'let {sys.argv[1]} = """')
    for (frame, kept), line in zip(packets, found):
        print("\n".join([wrapped(frame[:kept].hex()), f"    +{len(frame) - kept}", wrapped(line)]))
    print('    """')

main()
