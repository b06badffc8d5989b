// Memory: where every byte of a stack lives, and the core's only unsafe code.
//
// May use: the standard library and its atomics. Promises: nothing in its public interface can
// read or write outside what was allocated, use what was freed, or free twice; a pool never grows
// past the bound it was made with; no operation on packets or queues allocates on the heap.
//
//   Bytes/            checked loads and stores in network order, the Internet checksum, keyed hash
//   ErrorDetection/   parity, cyclic redundancy checks of any width, CRC-32 at speed
//   Slots/            slabs of values with generation-tagged names, rings, hash indexes
//   Buffers/          pools, packets, chunks, queues of bytes
