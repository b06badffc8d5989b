/// What devices, clocks and waiting need of Linux that Swift cannot import: ioctl, futex, eventfd.
///
/// What can fail returns a negated errno. No header of the system's is included that defines
/// structures, so that those stay Glibc's for Swift.
#ifndef CLINUX_DEVICES_H
#define CLINUX_DEVICES_H

#include <stddef.h>
#include <stdint.h>

/// What stands before each frame of a TAP device with offloads: `struct virtio_net_hdr` of
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
int clinux_tap_open(void);
/// Makes `descriptor` the far end of the TAP interface `name`, with or without a
/// `clinux_frame_header` before each frame, checksums left out and TCP segments merged.
int clinux_tap_attach(int descriptor, const char *name, int offloads);
/// The MTU of the interface `name`.
int clinux_interface_mtu(const char *name);

/// A piece of memory, laid out as `struct iovec` is.
struct clinux_vector {
    void *bytes;
    size_t count;
};
/// Reads into the pieces, or writes them, in one call that is repeated when a signal interrupts
/// it; the number of bytes.
long clinux_read_vectors(int descriptor, const struct clinux_vector *vectors, int count);
long clinux_write_vectors(int descriptor, const struct clinux_vector *vectors, int count);

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

#endif
