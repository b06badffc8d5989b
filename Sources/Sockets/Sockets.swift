// Sockets: the Berkeley interface over a host, and the driver that moves its packets.
//
// May use: everything below, and of the system only what Devices offers. Promises: a call works
// on the connection itself, under the host's one lock, with no hop to another thread; nothing is
// called out to while that lock is held; whoever waits is woken after it was let go.
//
//   Network/   whose sockets: a host of Sockeye, the kernel, a simulation
//   Socket/    the calls: blocking and async, over any network
//   Endpoint/  what a network gives for a socket, and does not wait
//   Messages/  names, flags and control messages, as Linux lays them out
//   Options/   options as keys with a type
//   Driver/    the host behind its lock, its devices, the thread that waits for them, who waits
