"""The kernel's own end of the comparison: page, discard and echo by the shortest program there is."""
import socket, sys, threading
block = bytes(1 << 20)
def serve(port, handle):
    listener = socket.create_server(("", port), backlog=512)
    # One client at a time: that is all a measurement needs, and faster than a thread for each.
    def accept():
        while True:
            peer = listener.accept()[0]
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try: handle(peer)
            except OSError: pass
            peer.close()
    threading.Thread(target=accept).start()
def page(peer):
    while peer.recv(1000):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 268435456\r\n\r\n")
        for _ in range(256): peer.sendall(block)
def discard(peer):
    sink = bytearray(1 << 20)
    while peer.recv_into(sink): pass
def echo(peer):
    while got := peer.recv(65536): peer.sendall(got)
serve(80, page); serve(9, discard); serve(7, echo)
print("ready", flush=True)
