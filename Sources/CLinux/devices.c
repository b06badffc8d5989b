#define _GNU_SOURCE
#include "CLinuxDevices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct clinux_frame_header) == sizeof(struct virtio_net_hdr) &&
                   offsetof(struct clinux_frame_header, checksum_start) ==
                       offsetof(struct virtio_net_hdr, csum_start),
               "a frame header is the kernel's");
_Static_assert(sizeof(struct clinux_vector) == sizeof(struct iovec) &&
                   offsetof(struct clinux_vector, count) == offsetof(struct iovec, iov_len),
               "a vector is the kernel's");

static const int64_t second = 1000000000;

// TAP ----------------------------------------------------------------------------------------

int clinux_tap_open(void) {
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

// A request with the name filled in.
static int name_request(struct ifreq *request, const char *name) {
    memset(request, 0, sizeof *request);
    size_t length = strlen(name);
    // The kernel would make up a name of its own for an empty one or a pattern.
    if (length == 0 || strchr(name, '%') != NULL) return -EINVAL;
    if (length >= IFNAMSIZ) return -ENAMETOOLONG;
    memcpy(request->ifr_name, name, length);
    return 0;
}

int clinux_tap_attach(int descriptor, const char *name, int offloads) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error != 0) return error;
    request.ifr_flags = IFF_TAP | IFF_NO_PI | (offloads ? IFF_VNET_HDR : 0);
    if (ioctl(descriptor, TUNSETIFF, &request) < 0) return -errno;
    if (offloads) {
        // A persistent interface keeps what its last user set.
        int header_count = sizeof(struct virtio_net_hdr);
        if (ioctl(descriptor, TUNSETVNETHDRSZ, &header_count) < 0) return -errno;
        int little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
        if (ioctl(descriptor, TUNSETVNETLE, &little_endian) < 0) return -errno;
    }
    unsigned long features = offloads ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0;
    if (ioctl(descriptor, TUNSETOFFLOAD, features) < 0) return -errno;
    return 0;
}

int clinux_interface_mtu(const char *name) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error != 0) return error;
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    int result = ioctl(descriptor, SIOCGIFMTU, &request) < 0 ? -errno : request.ifr_mtu;
    close(descriptor);
    return result;
}

// Scatter and gather -------------------------------------------------------------------------

long clinux_read_vectors(int descriptor, const struct clinux_vector *vectors, int count) {
    ssize_t result;
    do result = readv(descriptor, (const struct iovec *)vectors, count);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

long clinux_write_vectors(int descriptor, const struct clinux_vector *vectors, int count) {
    ssize_t result;
    do result = writev(descriptor, (const struct iovec *)vectors, count);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

// Waking -------------------------------------------------------------------------------------

int clinux_event_create(void) {
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

void clinux_event_signal(int descriptor) {
    // A counter that is full is readable, which is all that is asked for.
    (void)eventfd_write(descriptor, 1);
}

void clinux_event_drain(int descriptor) {
    eventfd_t count;
    (void)eventfd_read(descriptor, &count);
}

int clinux_futex_wait(uint32_t *word, uint32_t value, int64_t deadline) {
    struct timespec moment = {.tv_sec = deadline / second, .tv_nsec = deadline % second};
    long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
                          deadline == INT64_MAX ? NULL : &moment, NULL, FUTEX_BITSET_MATCH_ANY);
    return result < 0 && errno != EAGAIN ? -errno : 0;
}

void clinux_futex_wake(uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

// Clocks -------------------------------------------------------------------------------------

static int64_t time_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * second + now.tv_nsec;
}

int64_t clinux_monotonic_time(void) { return time_of(CLOCK_MONOTONIC); }

int64_t clinux_wall_time(void) { return time_of(CLOCK_REALTIME); }
