// Stack: a host is a value that time and frames flow through.
//
// May use: Memory, Wire, and the standard library. Promises: no thread, no clock, no system call
// and no randomness of its own; the same inputs, times and seed give the same bytes; no input
// traps; no heap allocation per packet in the steady state; whatever is dropped is counted.
