// Links into other network namespaces.
#define _GNU_SOURCE
#include "CLinuxNamespaces.h"

#include "CLinuxDevices.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Requests of rtnetlink(7) ---------------------------------------------------------------------

struct request {
    union {
        struct nlmsghdr header;
        char bytes[1024];
    };
};

static void *begin(struct request *request, int type, int flags, size_t size) {
    memset(request, 0, sizeof *request);
    request->header.nlmsg_len = NLMSG_LENGTH(size);
    request->header.nlmsg_type = type;
    request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    return NLMSG_DATA(&request->header);
}

// Appends an attribute; where it begins, for nests. All that is sent here fits.
static struct rtattr *append(struct request *request, int type, const void *value, size_t size) {
    size_t place = NLMSG_ALIGN(request->header.nlmsg_len);
    struct rtattr *attribute = (struct rtattr *)(request->bytes + place);
    attribute->rta_type = type;
    attribute->rta_len = RTA_LENGTH(size);
    if (size > 0) memcpy(RTA_DATA(attribute), value, size);
    request->header.nlmsg_len = place + RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static void end_nest(struct request *request, struct rtattr *nest) {
    nest->rta_len = request->bytes + request->header.nlmsg_len - (char *)nest;
}

// Sends a request and reads its acknowledgment.
static int talk(int socket, struct request *request) {
    if (send(socket, request, request->header.nlmsg_len, 0) < 0) return -errno;
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    ssize_t count = recv(socket, &answer, sizeof answer, 0);
    if (count < 0) return -errno;
    if (count < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) ||
        answer.header.nlmsg_type != NLMSG_ERROR)
        return -EPROTO;
    return ((struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
}

static int make_veth(int socket, const char *name, const char *other, uint32_t mtu) {
    struct request request;
    begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
    append(&request, IFLA_IFNAME, name, strlen(name) + 1);
    append(&request, IFLA_MTU, &mtu, sizeof mtu);
    struct rtattr *information = append(&request, IFLA_LINKINFO, NULL, 0);
    append(&request, IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = append(&request, IFLA_INFO_DATA, NULL, 0);
    struct rtattr *peer = append(&request, VETH_INFO_PEER, NULL, 0);
    request.header.nlmsg_len += sizeof(struct ifinfomsg);
    append(&request, IFLA_IFNAME, other, strlen(other) + 1);
    append(&request, IFLA_MTU, &mtu, sizeof mtu);
    end_nest(&request, peer);
    end_nest(&request, data);
    end_nest(&request, information);
    return talk(socket, &request);
}

static int change_link(int socket, const char *name, unsigned flags, uint32_t mtu) {
    struct request request;
    struct ifinfomsg *link = begin(&request, RTM_NEWLINK, 0, sizeof *link);
    link->ifi_index = (int)if_nametoindex(name);
    if (link->ifi_index == 0) return -errno;
    link->ifi_flags = flags;
    link->ifi_change = flags;
    if (mtu > 0) append(&request, IFLA_MTU, &mtu, sizeof mtu);
    return talk(socket, &request);
}

static int add_address(int socket, unsigned index, const struct clinux_namespace_address *address) {
    struct request request;
    struct ifaddrmsg *entry =
        begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof *entry);
    entry->ifa_family = address->is_ipv6 ? AF_INET6 : AF_INET;
    entry->ifa_prefixlen = (uint8_t)address->prefix;
    entry->ifa_index = index;
    // Nobody else is on the link: the address is good at once (RFC 4862 §5.4).
    entry->ifa_flags = address->is_ipv6 ? IFA_F_NODAD : 0;
    size_t size = address->is_ipv6 ? 16 : 4;
    append(&request, IFA_LOCAL, address->bytes, size);
    append(&request, IFA_ADDRESS, address->bytes, size);
    return talk(socket, &request);
}

static int add_default_route(int socket, unsigned index,
                             const struct clinux_namespace_address *gateway) {
    struct request request;
    struct rtmsg *route = begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof *route);
    route->rtm_family = gateway->is_ipv6 ? AF_INET6 : AF_INET;
    route->rtm_table = RT_TABLE_MAIN;
    route->rtm_protocol = RTPROT_BOOT;
    route->rtm_scope = RT_SCOPE_UNIVERSE;
    route->rtm_type = RTN_UNICAST;
    append(&request, RTA_GATEWAY, gateway->bytes, gateway->is_ipv6 ? 16 : 4);
    append(&request, RTA_OIF, &index, sizeof index);
    return talk(socket, &request);
}

// In the child ---------------------------------------------------------------------------------

// Turns off a protocol that would only make noise on the far end. Failing is harmless.
static void quieten(const char *name) {
    char path[96];
    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t count = write(file, "1", 1);
    (void)count;
    close(file);
}

// The far end of a TAP called `name`.
static int make_tap(const char *name) {
    int descriptor = clinux_tunnel_open();
    if (descriptor < 0) return descriptor;
    int error = clinux_tunnel_attach(descriptor, name, 1, 1);
    if (error == 0) return descriptor;
    close(descriptor);
    return error;
}

// A packet socket on the other end of a veth called `name`.
static int make_pair(int socket, const char *name, uint32_t mtu) {
    char other[IFNAMSIZ];
    snprintf(other, sizeof other, "%.12s-gw", name);
    int error = make_veth(socket, name, other, mtu);
    if (error != 0) return error;
    quieten(other);
    error = change_link(socket, other, IFF_UP | IFF_NOARP, 0);
    if (error != 0) return error;
    return clinux_packet_socket_open(other, 1);
}

static int configure(int socket, const struct clinux_namespace_interface *interface) {
    int error = change_link(socket, "lo", IFF_UP, 0);
    if (error == 0) error = change_link(socket, interface->name, IFF_UP, interface->mtu);
    unsigned index = if_nametoindex(interface->name);
    for (int number = 0; number < interface->address_count && error == 0; number++)
        error = add_address(socket, index, &interface->addresses[number]);
    for (int number = 0; number < interface->gateway_count && error == 0; number++)
        error = add_default_route(socket, index, &interface->gateways[number]);
    return error;
}

// What the child tells beside the descriptor.
struct report {
    int32_t result;
    int32_t stage;
    int32_t is_tap;
};

static int make(const struct clinux_namespace_interface *interface, struct report *report) {
    report->stage = CLINUX_NAMESPACE_MAKE;
    int socket_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (socket_ < 0) return -errno;
    int descriptor = make_tap(interface->name);
    report->is_tap = descriptor >= 0;
    // Whoever may not have a TAP may have a veth.
    if (descriptor == -ENOENT || descriptor == -EACCES || descriptor == -EPERM ||
        descriptor == -ENODEV || descriptor == -ENXIO)
        descriptor = make_pair(socket_, interface->name, interface->mtu);
    if (descriptor < 0) return descriptor;
    report->stage = CLINUX_NAMESPACE_CONFIGURE;
    int error = interface->configures
                    ? configure(socket_, interface)
                    : change_link(socket_, interface->name, 0, interface->mtu);
    return error == 0 ? descriptor : error;
}

// Enters the namespaces; the user's first, which gives the right to enter the other.
static int enter(int user, int network, struct report *report) {
    report->stage = CLINUX_NAMESPACE_ENTER_USER;
    if (user >= 0 && setns(user, CLONE_NEWUSER) < 0) return -errno;
    report->stage = CLINUX_NAMESPACE_ENTER;
    if (setns(network, CLONE_NEWNET) < 0) return -errno;
    return 0;
}

static void hand_out(int channel, struct report report, int descriptor) {
    struct iovec piece = {.iov_base = &report, .iov_len = sizeof report};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    (void)!sendmsg(channel, &message, 0);
}

static void be_child(int channel, int user, int network,
                     const struct clinux_namespace_interface *interface) {
    struct report report = {0};
    report.result = enter(user, network, &report);
    int descriptor = -1;
    if (report.result == 0) {
        descriptor = make(interface, &report);
        report.result = descriptor < 0 ? descriptor : 0;
    }
    hand_out(channel, report, report.result == 0 ? descriptor : -1);
    _exit(0);
}

// In the parent --------------------------------------------------------------------------------

static int take_report(int channel, struct report *report) {
    struct iovec piece = {.iov_base = report, .iov_len = sizeof *report};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control.bytes};
    ssize_t count;
    do count = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count < 0) return -errno;
    if (count < (ssize_t)sizeof *report) return -ECHILD;
    if (report->result != 0) return report->result;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS) return -EPROTO;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

// The user namespace to be entered; -1 where it is our own or cannot be told.
static int user_namespace(int network, const char *path) {
    int user = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : ioctl(network, NS_GET_USERNS);
    if (user < 0) return -1;
    struct stat own, other;
    if (stat("/proc/self/ns/user", &own) == 0 && fstat(user, &other) == 0 &&
        own.st_dev == other.st_dev && own.st_ino == other.st_ino) {
        close(user);
        return -1;
    }
    return user;
}

static int ask_child(int network, int user, const struct clinux_namespace_interface *interface,
                     struct report *report) {
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) return -errno;
    pid_t child = fork();
    if (child == 0) be_child(channel[1], user, network, interface);
    int result = child < 0 ? -errno : 0;
    close(channel[1]);
    if (child > 0) {
        result = take_report(channel[0], report);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    }
    close(channel[0]);
    return result;
}

int clinux_namespace_link(const char *path, const char *user_path,
                          const struct clinux_namespace_interface *interface, int32_t *is_tap,
                          int32_t *stage) {
    struct report report = {.stage = CLINUX_NAMESPACE_FIND};
    *stage = CLINUX_NAMESPACE_FIND;
    int network = open(path, O_RDONLY | O_CLOEXEC);
    if (network < 0) return -errno;
    // A file that is no namespace is told from one here.
    if (ioctl(network, NS_GET_NSTYPE) != CLONE_NEWNET) {
        close(network);
        return -EINVAL;
    }
    int user = user_namespace(network, user_path);
    *stage = CLINUX_NAMESPACE_HAND_OUT;
    int result = ask_child(network, user, interface, &report);
    if (report.stage != CLINUX_NAMESPACE_FIND) *stage = report.stage;
    *is_tap = report.is_tap;
    if (user >= 0) close(user);
    close(network);
    return result;
}

int clinux_process_descriptor(int32_t process) {
    long descriptor = syscall(SYS_pidfd_open, process, 0);
    return descriptor < 0 ? -errno : (int)descriptor;
}
