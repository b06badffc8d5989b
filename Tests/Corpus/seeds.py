"""Turns the corpora beside this file into seeds: one file for each entry and target.

    python3 Tests/Corpus/seeds.py DIRECTORY
"""
import itertools
import pathlib
import struct
import sys

here = pathlib.Path(__file__).resolve().parent

# What `connected` entries begin with: the handshake of the peer's port 5000.
SYN = "02000000000102000000000208004500002c00010000400666bb0a0700020a070001" \
      "1388005000000000000000006002ffff00000000" "020405b4"
SYN_STAMPED = "02000000000102000000000208004500003800010000400666af0a0700020a070001" \
              "1388005000000000000000009002ffff00000000" "020405b40402080a000f424000000000"
ACK = "02000000000102000000000208004500002800010000400666bf0a0700020a070001" \
      "1388005000000000000000005010ffff00000000"
ACK_STAMPED = "02000000000102000000000208004500003400010000400666b30a0700020a070001" \
              "1388005000000000000000008010ffff00000000" "0101080a000f424000000000"

RELATIVE, REPAIRED = 1, 2
# Milliseconds of the pauses that a record's flags can name.
PAUSES = [0, 0.01, 1, 50, 300, 1000, 10_000, 100_000]


class Entry:
    def __init__(self, row):
        self.row, self.connection, self.frames, self.text = row, None, [], None


def entries_of(path):
    """The entries of a corpus, with the words that concern seeds."""
    entries, pause = [], 0
    for line in path.read_text().splitlines():
        line = line.split(";")[0] if not line.startswith("text ") else line
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "==":
            entries.append(Entry(line[3:]))
        elif words[0] in ("drops", "counts"):
            pass
        elif words[0] == "connected":
            entries[-1].connection = words[1] if len(words) > 1 else "plain"
        elif words[0] == "wait":
            pause = int(words[1].removesuffix("ms")) if words[1].endswith("ms") \
                else int(words[1].removesuffix("s")) * 1000
        elif words[0] == "text":
            entries[-1].text = line[5:].encode().decode("unicode_escape").encode("latin-1")
        elif words[0] == "frame":
            entries[-1].frames.append([pause, bytearray()])
            pause = 0
        else:
            for word in words:
                digits, _, times = word.partition("*")
                entries[-1].frames[-1][1] += bytes.fromhex(digits) * int(times or 1)
    return entries


def record(flags, pause, frame):
    number = max(index for index, value in enumerate(PAUSES) if value <= pause)
    return struct.pack(">BH", flags | number << 2, len(frame)) + frame


def records(entry):
    """An entry as FrameRecords reads it."""
    out = b""
    if entry.connection:
        syn, ack = (SYN, ACK) if entry.connection == "plain" else (SYN_STAMPED, ACK_STAMPED)
        out += record(REPAIRED, 0, bytes.fromhex(syn))
        out += record(RELATIVE | REPAIRED, 0, bytes.fromhex(ack))
    for pause, frame in entry.frames:
        out += record(RELATIVE | REPAIRED if entry.connection else 0, pause, bytes(frame))
    return out


def parts(frame):
    """What a frame holds, by the names of the targets that read it."""
    yield "ethernet", frame
    yield "dissection", frame
    if len(frame) < 14:
        return
    kind, rest = struct.unpack(">H", frame[12:14])[0], frame[14:]
    if kind == 0x0806:
        yield "arp", rest
    elif kind == 0x0800 and rest:
        yield "ipv4", rest
        yield "quote", rest
        header = max(20, (rest[0] & 15) * 4)
        if header > 20:
            yield "ipv4-options", rest[20:header]
            yield "ipv4-trace", rest[20:header]
        if len(rest) > 20:
            yield from transport(rest[9], rest[header:])
    elif kind == 0x86DD and len(rest) >= 40:
        yield "ipv6", rest
        yield "ipv6-extensions", rest[6:7] + rest[40:]
        yield from transport(rest[6], rest[40:])


def transport(proto, payload):
    if proto == 1:
        yield "icmp", payload
        yield "quote", payload[8:]
    elif proto == 2:
        yield "igmp", payload
    elif proto == 6:
        yield "tcp", payload
        yield "tcp-options", payload[20:60]
    elif proto == 17:
        yield "udp", payload
    elif proto == 58:
        yield "icmpv6", payload
        if payload:
            yield ("mld" if payload[0] in (130, 131, 132, 143) else "ndp"), payload


def main(directory):
    numbers = itertools.count()
    for path in sorted(here.glob("*.hex")):
        for entry in entries_of(path):
            seeds = [("frames", records(entry))] if entry.frames else []
            for _, frame in entry.frames:
                seeds += parts(bytes(frame))
            if entry.text is not None:
                seeds.append((path.stem, entry.text))
            for target, seed in seeds:
                folder = directory / target
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{path.stem}-{next(numbers)}").write_bytes(seed)


main(pathlib.Path(sys.argv[1]))
