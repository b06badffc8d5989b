// Setup: hosts as a line of text says them, for the command and for programs in C.
//
// May use: everything up to Sockets. Promises: whatever the words are, the answer is a host or an
// error in words for whoever wrote them.
//
//   Options/  the words: what stands in a line and what it may be
//   Hosts/    what they describe, checked, and the host that is built of it
