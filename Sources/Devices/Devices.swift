// Devices: where packets enter and leave the process, and the lower layers' only system calls.
//
// May use: the C library, the shims of CLinux, libpcap, Memory, Wire, Stack's time and packet
// offloads, Equipment's links. Promises: no call blocks but those that say so; nothing allocates
// on the heap per packet; whatever a device hands in is checked before it is believed; each use of
// unsafe code says why it is sound. Linux only.
//
//   Devices/      what all devices have in common, and the errors of this module
//   Frames/       what moves one packet a call: headers, scatter and gather
//   Kernel/       TAP and TUN interfaces and packet sockets, checksums and segmentation left to them
//   UNIX/         UNIX sockets, stream and datagram, as QEMU and passt speak
//   MemoryWire/   two ends in one process, with an impaired link in each direction if asked
//   PacketFlow/   calls by which an application hands packets in and takes packets out
//   Capture/      packets to a file for tcpdump and Wireshark
//   Waiting/      many descriptors and a deadline; waking a thread
//   System/       clocks and randomness
