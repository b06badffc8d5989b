// Launcher: an unmodified program whose network is a table of flows, without privilege.
//
// The program runs under a seccomp filter that reports its socket calls here. Each Internet
// socket it asks for is an AF_UNIX socket of the kernel whose other end is ours: reading,
// writing, polling, duplicating, inheriting and closing stay the kernel's business and are never
// reported; connecting, naming and options are answered from the flows, and bytes are pumped
// between our end and the flow.
//
// May use: the system (Glibc, CLinux), Memory's slabs and Wire's addresses. It does not know the
// stack: `FlowTable` is all it sees of it. Promises: one thread, which never blocks but in its
// event loop; a call that a signal interrupts can be made again. It fences nobody in: a program
// that wants to get round it can.
//
//   Interception.swift  is it possible here; run a program
//   FlowTable.swift     what the launcher asks of a stack
//   Supervisor.swift    the loop: notifications, flows, signals, children
//   Calls/              one file for each group of system calls
//   Caller/             the caller's memory, descriptors and addresses
//   Sockets/            the sockets that programs hold, and the pumps behind them
//   Process/            starting the program, its children, signals and end
//   System/             descriptors, epoll, the clock, the notification descriptor
