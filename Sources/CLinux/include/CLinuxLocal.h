/// UNIX stream sockets, between programs of one machine.
///
/// What can fail returns a negated errno.
#ifndef CLINUX_LOCAL_H
#define CLINUX_LOCAL_H

#include <stddef.h>
#include <stdint.h>

/// Makes a socket that listens at `path`, closed on exec and non-blocking; the descriptor.
/// -ENAMETOOLONG where an address has no room for the path, -EADDRINUSE where it exists.
int clinux_local_listen(const char *path);
/// Takes a connection that waits, blocking in what it is used for; the descriptor, -EAGAIN.
int clinux_local_accept(int listener);
/// Connects to the socket at `path`; the descriptor.
int clinux_local_connect(const char *path);
/// The user on the other side when the connection was made (SO_PEERCRED); -1 where unknown.
int64_t clinux_local_peer(int descriptor);
/// How long sending and receiving wait at most, in milliseconds; 0 for ever.
void clinux_local_set_timeouts(int descriptor, int64_t receiving, int64_t sending);
/// Sends without a signal when nobody reads any more; the number of bytes.
long clinux_local_send(int descriptor, const void *bytes, size_t count);
/// The process on the other side when the connection was made (SO_PEERCRED); -1 where unknown.
int32_t clinux_local_peer_process(int descriptor);

/// Starts the program at `path` in a session of its own, without this process's descriptors, terminal
/// and directory; nobody is its parent but the system. 0 when it was started, whatever becomes of
/// it.
int clinux_start_detached(const char *path, char *const arguments[]);

#endif
