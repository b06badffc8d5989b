// Dissection: packets as text for people, one line each or as a ladder between two hosts.
//
// May use: Memory, Wire, and the standard library. Promises: no clock and no output of its own:
// text comes back; a packet that is cut, wrong or hostile gives a line that says so, and never
// traps; the lines are those of `tcpdump -n` (4.99), which readers and their tools know.
//
// Unlike the stack, which refuses what is wrong, a dissector shows as much of it as there is. Its
// printers therefore append to the line as they read, and give up where the bytes end:
//
//   Dissector          a packet in, a line out; remembers conversations for relative numbers
//   Ethernet … HTTP    one printer a protocol
//   Ladder             a conversation between two columns, as textbooks draw it
