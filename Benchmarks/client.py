"""One measurement from the kernel's side: client.py ADDRESS receive|send|echo|connect SECONDS.

Prints Gbit/s, microseconds a round trip, or connections a second.
"""
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
    # The same file again and again over one connection.
    peer = connect(80)
    left = 0
    def step():
        global left
        if left == 0:
            peer.sendall(b"GET /block HTTP/1.1\r\nHost: bench\r\n\r\n")
            head = b""
            while b"\r\n\r\n" not in head: head += peer.recv(1)
            lines = head.lower().split(b"\r\n")
            left = next(int(l.split(b":")[1]) for l in lines if l.startswith(b"content-length"))
        got = peer.recv_into(block, min(left, len(block)))
        assert got > 0
        left -= got
        return got
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
