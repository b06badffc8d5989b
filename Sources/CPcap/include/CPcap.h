/// Capture files and filters by libpcap, which writes them as tcpdump and Wireshark read them.
///
/// No header of libpcap's or the system's that defines structures is included, so that those stay
/// Glibc's for Swift. What can fail returns a negated errno.
#ifndef CPCAP_H
#define CPCAP_H

#include <stdint.h>

/// What a capture's packets begin with.
enum cpcap_link { CPCAP_ETHERNET, CPCAP_RAW_IP };

/// The most bytes of a packet that a capture keeps, as tcpdump has it.
enum { CPCAP_LONGEST = 262144 };

struct cpcap_file;

/// Opens `path`, emptied, or a copy of standard output for "-"; times in it are nanoseconds.
int cpcap_open(const char *path, enum cpcap_link link, struct cpcap_file **file);

/// Appends a packet: the first `count` bytes of one that is `length` long.
int cpcap_write(struct cpcap_file *file, int64_t seconds, int64_t nanoseconds, const void *bytes,
                uint32_t count, uint32_t length);

/// Writes out what the library has kept back.
int cpcap_flush(struct cpcap_file *file);

/// Writes out the rest and frees the file, whatever it returns.
int cpcap_close(struct cpcap_file *file);

/// Compiles `expression` for packets of `link` into `instructions`, eight bytes each as
/// `struct sock_filter` has them; how many there are.
int cpcap_compile(const char *expression, enum cpcap_link link, uint64_t *instructions,
                  int capacity);

#endif
