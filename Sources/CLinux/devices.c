#define _GNU_SOURCE
#include "CLinuxDevices.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
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

// TAP and TUN --------------------------------------------------------------------------------

int clinux_tunnel_open(void) {
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

int clinux_tunnel_attach(int descriptor, const char *name, int is_ethernet, int offloads) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error != 0) return error;
    request.ifr_flags =
        (is_ethernet ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (offloads ? IFF_VNET_HDR : 0);
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

// Packet sockets -----------------------------------------------------------------------------

// Frames that bear a VLAN's tag lose it before they come here: they would seem to be untagged.
static struct sock_filter untagged_only[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

// Room for a few dozen merged packets each way; a user without CAP_NET_ADMIN gets less.
static void widen(int descriptor) {
    int room = 8 << 20;
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
        (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
        (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

static int set_up_packet_socket(int descriptor, const char *name, int offloads) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error != 0) return error;
    if (ioctl(descriptor, SIOCGIFHWADDR, &request) < 0) return -errno;
    if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) return -EPROTOTYPE;
    if (ioctl(descriptor, SIOCGIFINDEX, &request) < 0) return -errno;
    int interface = request.ifr_ifindex;

    const int on = 1;
    if (setsockopt(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0)
        return -errno;
    if (offloads && setsockopt(descriptor, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0)
        return -errno;
    struct sock_fprog filter = {.len = sizeof untagged_only / sizeof *untagged_only,
                                .filter = untagged_only};
    if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0)
        return -errno;
    struct packet_mreq membership = {.mr_ifindex = interface, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership,
                   sizeof membership) < 0)
        return -errno;
    widen(descriptor);
    // Only now does it receive anything: it was made for no protocol.
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = interface};
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) return -errno;
    return 0;
}

int clinux_packet_socket_open(const char *name, int offloads) {
    int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    int error = set_up_packet_socket(descriptor, name, offloads);
    if (error == 0) return descriptor;
    close(descriptor);
    return error;
}

uint32_t clinux_packet_socket_drops(int descriptor) {
    struct tpacket_stats statistics;
    socklen_t size = sizeof statistics;
    if (getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) < 0) return 0;
    return statistics.tp_drops;
}

// UNIX sockets -------------------------------------------------------------------------------

_Static_assert(offsetof(struct clinux_unix_address, path) ==
                       offsetof(struct sockaddr_un, sun_path) &&
                   sizeof ((struct clinux_unix_address *)0)->path ==
                       sizeof ((struct sockaddr_un *)0)->sun_path,
               "an address begins as the kernel's");

int clinux_unix_address(struct clinux_unix_address *address, const char *path) {
    memset(address, 0, sizeof *address);
    size_t length = strlen(path);
    if (length == 0) return -EINVAL;
    if (length >= sizeof address->path) return -ENAMETOOLONG;
    address->family = AF_UNIX;
    memcpy(address->path, path, length);
    // An abstract name begins with a zero byte and has no other at its end; a path has one there.
    int is_abstract = path[0] == '@';
    if (is_abstract) address->path[0] = 0;
    address->length = offsetof(struct sockaddr_un, sun_path) + length + (is_abstract ? 0 : 1);
    return 0;
}

int clinux_unix_socket(int is_stream) {
    int type = is_stream ? SOCK_STREAM : SOCK_DGRAM;
    int descriptor = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -errno : descriptor;
}

static const struct sockaddr *kernel_address(const struct clinux_unix_address *address) {
    return (const struct sockaddr *)address;
}

// Whether the name belongs to a socket that nobody has open any more.
static int is_left_over(const struct clinux_unix_address *address, int is_stream) {
    struct stat file;
    if (lstat(address->path, &file) < 0 || !S_ISSOCK(file.st_mode)) return 0;
    int probe = clinux_unix_socket(is_stream);
    if (probe < 0) return 0;
    int refused =
        connect(probe, kernel_address(address), address->length) < 0 && errno == ECONNREFUSED;
    close(probe);
    return refused;
}

int clinux_unix_bind(int descriptor, struct clinux_unix_address *address, int is_stream) {
    // The file gets the mode of the socket: whoever else may enter the directory may not connect.
    if (fchmod(descriptor, 0600) < 0) return -errno;
    int result = bind(descriptor, kernel_address(address), address->length);
    if (result < 0 && errno == EADDRINUSE) {
        if (address->path[0] == 0 || !is_left_over(address, is_stream)) return -EADDRINUSE;
        if (unlink(address->path) < 0) return -errno;
        result = bind(descriptor, kernel_address(address), address->length);
    }
    if (result < 0) return -errno;
    struct stat file;
    if (address->path[0] != 0 && lstat(address->path, &file) == 0) {
        address->device = file.st_dev;
        address->inode = file.st_ino;
    }
    return 0;
}

void clinux_unix_unlink(const struct clinux_unix_address *address) {
    struct stat file;
    if (address->path[0] == 0 || lstat(address->path, &file) < 0) return;
    if (file.st_dev == address->device && file.st_ino == address->inode) unlink(address->path);
}

int clinux_unix_connect(int descriptor, const struct clinux_unix_address *address) {
    int result;
    do result = connect(descriptor, kernel_address(address), address->length);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int clinux_unix_listen(int descriptor) { return listen(descriptor, 1) < 0 ? -errno : 0; }

int clinux_unix_accept(int descriptor) {
    int result;
    do result = accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (result < 0 && (errno == EINTR || errno == ECONNABORTED));
    return result < 0 ? -errno : result;
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

long clinux_send_vectors(int descriptor, const struct clinux_unix_address *address,
                         const struct clinux_vector *vectors, int count) {
    struct msghdr message = {.msg_iov = (struct iovec *)vectors, .msg_iovlen = (size_t)count};
    if (address != NULL) {
        message.msg_name = (void *)address;
        message.msg_namelen = address->length;
    }
    ssize_t result;
    do result = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

long clinux_read(int descriptor, void *bytes, size_t capacity) {
    ssize_t result;
    do result = read(descriptor, bytes, capacity);
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

int clinux_socket_control(int descriptor, unsigned long request, void *place) {
    if (request == SIOCGIFCONF) return -EOPNOTSUPP;
    int result = ioctl(descriptor, request, place);
    return result < 0 ? -errno : result;
}

int clinux_socket_accept(int descriptor) {
    int accepted = accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return accepted < 0 ? -errno : accepted;
}

int clinux_socket_wait(int descriptor, short events, int other, int64_t nanoseconds) {
    struct pollfd places[] = {
        {.fd = descriptor, .events = events},
        {.fd = other, .events = POLLIN},
    };
    struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    if (ppoll(places, 2, nanoseconds < 0 ? NULL : &time, NULL) < 0) return -errno;
    return places[0].revents;
}

int clinux_attach_filter(int descriptor, const void *instructions, size_t count) {
    if (count == 0 || count > BPF_MAXINSNS) return -EINVAL;
    struct sock_filter copy[BPF_MAXINSNS];
    memcpy(copy, instructions, count * sizeof *copy);
    struct sock_fprog program = {.len = (unsigned short)count, .filter = copy};
    int result =
        setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    return result < 0 ? -errno : 0;
}
