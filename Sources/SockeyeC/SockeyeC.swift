// SockeyeC: the Berkeley calls for programs in C, as `sockeye.h` declares them.
//
// May use: everything up to Setup. It is one of the rooms of unsafe code: pointers of C become
// spans and values at the border, and what is behind it is the library's own safe calls. Promises:
// a call has the results and the errno of the kernel's; no pointer is kept beyond the call it came
// with; whatever a program passes that POSIX allows, nothing traps.
//
//   Border/       pointers to values and back: buffers, vectors, names, control messages, errno
//   Descriptors/  the small integers and what stands behind them
//   Calls/        sockets, bytes and messages, options
//   Waiting/      poll, select, epoll
//   Hosts/        whose sockets: hosts from a line of text
//   Names/        getaddrinfo and its relatives
