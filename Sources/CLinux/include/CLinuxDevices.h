/// What devices, clocks and waiting need of Linux that Swift cannot import: ioctl, futex, eventfd.
///
/// What can fail returns a negated errno. No header of the system's is included that defines
/// structures, so that those stay Glibc's for Swift.
#ifndef CLINUX_DEVICES_H
#define CLINUX_DEVICES_H

#include <stddef.h>
#include <stdint.h>

/// What stands before each packet of a device with offloads: `struct virtio_net_hdr` of
/// <linux/virtio_net.h>, in the byte order of the host.
struct clinux_frame_header {
    uint8_t flags;
    uint8_t segmentation;
    uint16_t header_count;
    uint16_t segment_size;
    uint16_t checksum_start;
    uint16_t checksum_offset;
};

/// Opens /dev/net/tun, non-blocking and closed on exec; the descriptor.
int clinux_tunnel_open(void);
/// Makes `descriptor` the far end of the interface `name`, a TAP or a TUN, with or without a
/// `clinux_frame_header` before each packet, checksums left out and TCP segments merged.
int clinux_tunnel_attach(int descriptor, const char *name, int is_ethernet, int offloads);
/// The MTU of the interface `name`.
int clinux_interface_mtu(const char *name);

/// A socket that sends and receives the frames of the Ethernet interface `name`, promiscuous,
/// without those that the kernel sends there, without those of VLANs; with or without a
/// `clinux_frame_header` before each. EPROTOTYPE when the interface is none of Ethernet's.
int clinux_packet_socket_open(const char *name, int offloads);
/// How many frames a packet socket dropped since the last call because too many waited; 0 for
/// other descriptors.
uint32_t clinux_packet_socket_drops(int descriptor);

/// Has the socket hear only what a program lets through: `count` instructions of 8 bytes each, as
/// `struct sock_filter` has them.
int clinux_attach_filter(int descriptor, const void *instructions, size_t count);

/// A piece of memory, laid out as `struct iovec` is.
struct clinux_vector {
    void *bytes;
    size_t count;
};
/// Reads into the pieces, or writes them, in one call that is repeated when a signal interrupts
/// it; the number of bytes.
long clinux_read_vectors(int descriptor, const struct clinux_vector *vectors, int count);
long clinux_write_vectors(int descriptor, const struct clinux_vector *vectors, int count);

/// The name of a UNIX socket: a path, or behind '@' a name of the kernel's abstract namespace.
struct clinux_unix_address {
    uint16_t family;
    char path[108];
    /// How many bytes of the above count.
    uint32_t length;
    /// Which file was made for it, to know it again.
    uint64_t device;
    uint64_t inode;
};
/// Fills in the address; EINVAL for an empty path, ENAMETOOLONG.
int clinux_unix_address(struct clinux_unix_address *address, const char *path);
/// A UNIX socket, stream or datagram, non-blocking and closed on exec.
int clinux_unix_socket(int is_stream);
/// Gives the socket its name, for its owner's use only. A socket file that nobody listens on any
/// more gives way; EADDRINUSE when somebody does, or when another kind of file has the name.
int clinux_unix_bind(int descriptor, struct clinux_unix_address *address, int is_stream);
/// Removes the file that `clinux_unix_bind` made, if it still has the name.
void clinux_unix_unlink(const struct clinux_unix_address *address);
int clinux_unix_connect(int descriptor, const struct clinux_unix_address *address);
int clinux_unix_listen(int descriptor);
/// A connection, non-blocking and closed on exec; EAGAIN when none waits.
int clinux_unix_accept(int descriptor);
/// Sends the pieces, without a signal when the other end is gone; `address` may be NULL on a
/// connected socket. The number of bytes.
long clinux_send_vectors(int descriptor, const struct clinux_unix_address *address,
                         const struct clinux_vector *vectors, int count);
/// Reads up to `capacity` bytes, in one call that is repeated when a signal interrupts it.
long clinux_read(int descriptor, void *bytes, size_t capacity);

/// A descriptor that is readable once it was signalled until it is drained (eventfd(2)).
int clinux_event_create(void);
void clinux_event_signal(int descriptor);
void clinux_event_drain(int descriptor);

/// Sleeps while `*word` is `value`, until the monotonic clock shows `deadline` nanoseconds;
/// INT64_MAX is for ever. 0 after a wake-up or when the value differed, -ETIMEDOUT, -EINTR.
int clinux_futex_wait(uint32_t *word, uint32_t value, int64_t deadline);
/// Wakes one thread that sleeps on `word`.
void clinux_futex_wake(uint32_t *word);

/// CLOCK_MONOTONIC and CLOCK_REALTIME, in nanoseconds.
int64_t clinux_monotonic_time(void);
int64_t clinux_wall_time(void);

/// ioctl(2) of a socket with an argument that is a place in memory of at least 256 bytes: its
/// result, or a negated errno; -EOPNOTSUPP for SIOCGIFCONF, whose argument points further.
int clinux_socket_control(int descriptor, unsigned long request, void *place);

/// accept4(2), non-blocking and closed on exec: the descriptor, or a negated errno.
int clinux_socket_accept(int descriptor);

/// ppoll(2) of one descriptor beside another one that is only waited to be readable, for at most
/// `nanoseconds`, or for ever where that is negative: what the first is ready for, 0 for nothing, or
/// a negated errno.
int clinux_socket_wait(int descriptor, short events, int other, int64_t nanoseconds);

#endif
