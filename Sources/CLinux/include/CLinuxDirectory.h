/// Which AF_UNIX sockets there are in this network namespace, asked of the kernel (sock_diag(7)).
#ifndef CLINUX_DIRECTORY_H
#define CLINUX_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

/// A descriptor to ask through, for one thread at a time; a negated errno where the kernel does not
/// answer such questions.
int clinux_directory_open(void);
/// Whether the socket `inode` exists, held by a process or on its way to one: 1 or 0, or a negated
/// errno.
int clinux_directory_contains(int directory, uint64_t inode);
/// How many sockets there are, or a negated errno; the inodes of the first `capacity` are stored.
long clinux_directory_list(int directory, uint64_t *inodes, size_t capacity);

#endif
