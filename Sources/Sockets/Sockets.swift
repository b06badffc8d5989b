// Sockets: the Berkeley interface over a host, and the driver that moves its packets.
//
// May use: everything below, and of the system only what Devices offers. Promises: a call works
// on the connection itself, under the host's one lock, with no hop to another thread; nothing is
// called out to while that lock is held; whoever waits is woken after it was let go.
//
//   Driver/   the host behind its lock, its devices, the thread that waits for them, who waits
//   Socket/   the calls: blocking and async, streams and datagrams
