// Launcher: an unmodified program on the sockets of a network, without privilege.
//
// The program runs under a seccomp filter that reports its socket calls here. Each Internet
// socket it asks for is an AF_UNIX socket of the kernel whose other end is ours: reading,
// writing, polling, duplicating, inheriting and closing stay the kernel's business and are never
// reported. Behind each stands a `Socket` of the network, which connects, names, accepts and keeps
// options as Linux does; bytes are pumped between our end and it.
//
// May use: the system (Glibc, CLinux), Devices and Sockets. Promises: one thread, which never blocks
// but in its event loop; a call that a signal interrupts can be made again; nothing of the program
// outlives it. It fences nobody in: a program that wants to get round it can.
//
//   Interception.swift  is it possible here; run a program
//   ProgramNetwork.swift, MachinePorts.swift, ProgramNames.swift  what stands under a program
//   Supervisor.swift    the loop: notifications, the network, signals, children
//   Calls/              one file for each group of system calls
//   Caller/             the caller's memory, descriptors and addresses
//   Sockets/            the sockets that programs hold, and the pumps behind them
//   Process/            starting the program, its children, signals and end
//   System/             descriptors, epoll, the clock, the notification descriptor
