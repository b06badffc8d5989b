/// Calls of the module Devices that Swift cannot import: ioctl, futex, epoll_pwait2.
///
/// They return 0 or a count where they succeed and the negative errno where they fail.
#ifndef CLINUX_DEVICES_H
#define CLINUX_DEVICES_H

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/// What stands before each frame of a TAP device with offloads: `struct virtio_net_hdr` of
/// <linux/virtio_net.h>, in the byte order of the host.
typedef struct {
    uint8_t flags;
    uint8_t segmentation;
    uint16_t header_count;
    uint16_t segment_size;
    uint16_t checksum_start;
    uint16_t checksum_offset;
} sockeye_frame_header;

/// Opens /dev/net/tun, non-blocking and closed on exec; the descriptor.
int sockeye_tap_open(void);

/// Makes `descriptor` the far end of the TAP interface `name`, with or without a
/// `sockeye_frame_header` before each frame, checksums left out and TCP segments merged.
int sockeye_tap_attach(int descriptor, const char *name, int offloads);

/// The MTU of the interface `name`.
int sockeye_interface_mtu(const char *name);

/// Sleeps while `*word` is `value`, until the monotonic clock shows `deadline` nanoseconds;
/// INT64_MAX is for ever. 0 after a wake-up or when the value differed, -ETIMEDOUT, -EINTR.
int sockeye_futex_wait(uint32_t *word, uint32_t value, int64_t deadline);

/// Wakes one thread that sleeps on `word`.
void sockeye_futex_wake(uint32_t *word);

/// epoll_wait with a timeout in nanoseconds, negative for none; milliseconds, rounded up, where
/// the kernel is older than 5.11.
int sockeye_epoll_wait(int descriptor, struct epoll_event *events, int limit, int64_t timeout);

#endif
