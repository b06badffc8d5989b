#define _GNU_SOURCE
#include "CLinuxDevices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(sockeye_frame_header) == sizeof(struct virtio_net_hdr), "one layout");
_Static_assert(
    offsetof(sockeye_frame_header, checksum_start) == offsetof(struct virtio_net_hdr, csum_start),
    "one layout");

static const int64_t second = 1000000000;

int sockeye_tap_open(void) {
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

/// A request with the name filled in; -1 when the name is too long.
static int name_request(struct ifreq *request, const char *name) {
    memset(request, 0, sizeof *request);
    size_t length = strlen(name);
    if (length == 0 || length >= IFNAMSIZ) return -1;
    memcpy(request->ifr_name, name, length);
    return 0;
}

int sockeye_tap_attach(int descriptor, const char *name, int offloads) {
    struct ifreq request;
    if (name_request(&request, name) < 0) return -ENAMETOOLONG;
    request.ifr_flags = IFF_TAP | IFF_NO_PI | (offloads ? IFF_VNET_HDR : 0);
    if (ioctl(descriptor, TUNSETIFF, &request) < 0) return -errno;
    if (offloads) {
        // A persistent device keeps what its last user set.
        int header_count = sizeof(struct virtio_net_hdr);
        if (ioctl(descriptor, TUNSETVNETHDRSZ, &header_count) < 0) return -errno;
        int little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
        if (ioctl(descriptor, TUNSETVNETLE, &little_endian) < 0) return -errno;
    }
    unsigned long features = offloads ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0;
    if (ioctl(descriptor, TUNSETOFFLOAD, features) < 0) return -errno;
    return 0;
}

int sockeye_interface_mtu(const char *name) {
    struct ifreq request;
    if (name_request(&request, name) < 0) return -ENAMETOOLONG;
    int socket_descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_descriptor < 0) return -errno;
    int result = ioctl(socket_descriptor, SIOCGIFMTU, &request) < 0 ? -errno : request.ifr_mtu;
    close(socket_descriptor);
    return result;
}

int sockeye_futex_wait(uint32_t *word, uint32_t value, int64_t deadline) {
    struct timespec moment = {.tv_sec = deadline / second, .tv_nsec = deadline % second};
    long result = syscall(
        SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, deadline == INT64_MAX ? NULL : &moment,
        NULL, FUTEX_BITSET_MATCH_ANY);
    return result < 0 && errno != EAGAIN ? -errno : 0;
}

void sockeye_futex_wake(uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

int sockeye_epoll_wait(int descriptor, struct epoll_event *events, int limit, int64_t timeout) {
    static atomic_int is_old;
    if (!atomic_load_explicit(&is_old, memory_order_relaxed)) {
        struct timespec span = {.tv_sec = timeout / second, .tv_nsec = timeout % second};
        long count = syscall(
            SYS_epoll_pwait2, descriptor, events, limit, timeout < 0 ? NULL : &span, NULL, 0);
        if (count >= 0) return (int)count;
        if (errno != ENOSYS) return -errno;
        atomic_store_explicit(&is_old, 1, memory_order_relaxed);
    }
    int64_t rounded = timeout / 1000000 + (timeout % 1000000 > 0);
    int milliseconds = timeout < 0 ? -1 : rounded > INT32_MAX ? INT32_MAX : (int)rounded;
    int count = epoll_wait(descriptor, events, limit, milliseconds);
    return count < 0 ? -errno : count;
}
