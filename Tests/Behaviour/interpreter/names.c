/* Constants by name and names by constant. */
#include "interpreter.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#define N(constant) { #constant, constant }

const struct name families[] = {
    {"unspec", AF_UNSPEC}, {"unix", AF_UNIX},     {"inet", AF_INET},       {"inet6", AF_INET6},
    {"packet", AF_PACKET}, {"netlink", AF_NETLINK}, {"x25", AF_X25}, {0},
};
const struct name types[] = {
    {"stream", SOCK_STREAM}, {"dgram", SOCK_DGRAM}, {"raw", SOCK_RAW},
    {"seqpacket", SOCK_SEQPACKET}, {"rdm", SOCK_RDM}, {"nonblock", SOCK_NONBLOCK},
    {"cloexec", SOCK_CLOEXEC}, {0},
};
const struct name protocols[] = {
    {"ip", IPPROTO_IP},     {"icmp", IPPROTO_ICMP}, {"tcp", IPPROTO_TCP},
    {"udp", IPPROTO_UDP},   {"ipv6", IPPROTO_IPV6}, {"icmp6", IPPROTO_ICMPV6},
    {"raw", IPPROTO_RAW}, {"sctp", IPPROTO_SCTP},   {0},
};
const struct name levels[] = {
    {"socket", SOL_SOCKET}, {"ip", IPPROTO_IP},   {"ipv6", IPPROTO_IPV6}, {"tcp", IPPROTO_TCP},
    {"udp", IPPROTO_UDP},   {"raw", SOL_RAW},     {"icmp6", IPPROTO_ICMPV6}, {0},
};
const struct name messageFlags[] = {
    {"oob", MSG_OOB}, {"peek", MSG_PEEK}, {"dontroute", MSG_DONTROUTE}, {"ctrunc", MSG_CTRUNC},
    {"trunc", MSG_TRUNC}, {"dontwait", MSG_DONTWAIT}, {"eor", MSG_EOR}, {"waitall", MSG_WAITALL},
    {"confirm", MSG_CONFIRM}, {"errqueue", MSG_ERRQUEUE}, {"nosignal", MSG_NOSIGNAL},
    {"more", MSG_MORE}, {"waitforone", MSG_WAITFORONE}, {"fastopen", MSG_FASTOPEN},
    {"cmsg_cloexec", MSG_CMSG_CLOEXEC}, {0},
};
const struct name pollEvents[] = {
    {"in", POLLIN}, {"pri", POLLPRI}, {"out", POLLOUT}, {"err", POLLERR}, {"hup", POLLHUP},
    {"nval", POLLNVAL}, {"rdnorm", POLLRDNORM}, {"rdband", POLLRDBAND}, {"wrnorm", POLLWRNORM},
    {"wrband", POLLWRBAND}, {"rdhup", POLLRDHUP}, {0},
};
const struct name epollEvents[] = {
    {"in", EPOLLIN}, {"pri", EPOLLPRI}, {"out", EPOLLOUT}, {"err", EPOLLERR}, {"hup", EPOLLHUP},
    {"rdhup", EPOLLRDHUP}, {"et", EPOLLET}, {"oneshot", EPOLLONESHOT},
    {"exclusive", EPOLLEXCLUSIVE}, {0},
};
const struct name epollCalls[] = {
    {"add", EPOLL_CTL_ADD}, {"mod", EPOLL_CTL_MOD}, {"del", EPOLL_CTL_DEL}, {0},
};
const struct name directions[] = {
    {"rd", SHUT_RD}, {"wr", SHUT_WR}, {"rdwr", SHUT_RDWR}, {0},
};
const struct name statusFlags[] = {
    {"rdonly", O_RDONLY}, {"wronly", O_WRONLY}, {"rdwr", O_RDWR}, {"append", O_APPEND},
    {"nonblock", O_NONBLOCK}, {"async", O_ASYNC}, {"cloexec", FD_CLOEXEC}, {0},
};
const struct name requests[] = {
    N(FIONREAD), N(FIONBIO), N(FIOASYNC), N(SIOCATMARK), N(SIOCINQ), N(SIOCOUTQ), N(SIOCOUTQNSD), N(SIOCGIFCONF),
    N(SIOCGIFADDR), N(SIOCGIFNETMASK), N(SIOCGIFBRDADDR), N(SIOCGIFDSTADDR), N(SIOCGIFFLAGS),
    N(SIOCGIFINDEX), N(SIOCGIFNAME), N(SIOCGIFMTU), N(SIOCGIFHWADDR), N(SIOCGIFMETRIC),
    N(SIOCSIFMTU), N(SIOCGSTAMP), N(FIOSETOWN), N(FIOGETOWN), N(SIOCSPGRP), N(SIOCGPGRP), N(TCGETS), {0},
};

static const struct option options[] = {
#define O(level, constant) { #constant, level, constant }
    O(SOL_SOCKET, SO_DEBUG), O(SOL_SOCKET, SO_REUSEADDR), O(SOL_SOCKET, SO_TYPE),
    O(SOL_SOCKET, SO_ERROR), O(SOL_SOCKET, SO_DONTROUTE), O(SOL_SOCKET, SO_BROADCAST),
    O(SOL_SOCKET, SO_SNDBUF), O(SOL_SOCKET, SO_RCVBUF), O(SOL_SOCKET, SO_SNDBUFFORCE),
    O(SOL_SOCKET, SO_RCVBUFFORCE), O(SOL_SOCKET, SO_KEEPALIVE), O(SOL_SOCKET, SO_OOBINLINE),
    O(SOL_SOCKET, SO_NO_CHECK), O(SOL_SOCKET, SO_PRIORITY), O(SOL_SOCKET, SO_LINGER),
    O(SOL_SOCKET, SO_BSDCOMPAT), O(SOL_SOCKET, SO_REUSEPORT), O(SOL_SOCKET, SO_PASSCRED),
    O(SOL_SOCKET, SO_PEERCRED), O(SOL_SOCKET, SO_RCVLOWAT), O(SOL_SOCKET, SO_SNDLOWAT),
    O(SOL_SOCKET, SO_RCVTIMEO), O(SOL_SOCKET, SO_SNDTIMEO), O(SOL_SOCKET, SO_BINDTODEVICE),
    O(SOL_SOCKET, SO_PEERNAME), O(SOL_SOCKET, SO_TIMESTAMP), O(SOL_SOCKET, SO_TIMESTAMPNS),
    O(SOL_SOCKET, SO_TIMESTAMPING), O(SOL_SOCKET, SO_ACCEPTCONN), O(SOL_SOCKET, SO_MARK),
    O(SOL_SOCKET, SO_PROTOCOL), O(SOL_SOCKET, SO_DOMAIN), O(SOL_SOCKET, SO_RXQ_OVFL),
    O(SOL_SOCKET, SO_PEEK_OFF), O(SOL_SOCKET, SO_BUSY_POLL), O(SOL_SOCKET, SO_INCOMING_CPU),
    O(SOL_SOCKET, SO_MAX_PACING_RATE), O(SOL_SOCKET, SO_COOKIE), O(SOL_SOCKET, SO_ZEROCOPY),
    O(SOL_SOCKET, SO_ATTACH_FILTER), O(SOL_SOCKET, SO_DETACH_FILTER), O(SOL_SOCKET, SO_LOCK_FILTER),
    O(SOL_SOCKET, SO_PASSSEC), O(SOL_SOCKET, SO_BINDTOIFINDEX), O(SOL_SOCKET, SO_INCOMING_NAPI_ID),
    O(IPPROTO_IP, IP_TOS), O(IPPROTO_IP, IP_TTL), O(IPPROTO_IP, IP_HDRINCL),
    O(IPPROTO_IP, IP_OPTIONS), O(IPPROTO_IP, IP_RECVOPTS), O(IPPROTO_IP, IP_RETOPTS),
    O(IPPROTO_IP, IP_PKTINFO), O(IPPROTO_IP, IP_PKTOPTIONS), O(IPPROTO_IP, IP_MTU_DISCOVER),
    O(IPPROTO_IP, IP_RECVERR), O(IPPROTO_IP, IP_RECVTTL), O(IPPROTO_IP, IP_RECVTOS),
    O(IPPROTO_IP, IP_MTU), O(IPPROTO_IP, IP_FREEBIND), O(IPPROTO_IP, IP_TRANSPARENT),
    O(IPPROTO_IP, IP_RECVORIGDSTADDR), O(IPPROTO_IP, IP_MINTTL), O(IPPROTO_IP, IP_NODEFRAG),
    O(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT), O(IPPROTO_IP, IP_MULTICAST_IF),
    O(IPPROTO_IP, IP_MULTICAST_TTL), O(IPPROTO_IP, IP_MULTICAST_LOOP),
    O(IPPROTO_IP, IP_ADD_MEMBERSHIP), O(IPPROTO_IP, IP_DROP_MEMBERSHIP),
    O(IPPROTO_IP, IP_UNBLOCK_SOURCE), O(IPPROTO_IP, IP_BLOCK_SOURCE),
    O(IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP), O(IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP),
    O(IPPROTO_IP, IP_MSFILTER), O(IPPROTO_IP, IP_MULTICAST_ALL), O(IPPROTO_IP, IP_UNICAST_IF),
    O(IPPROTO_IP, IP_ROUTER_ALERT), O(IPPROTO_IP, IP_PASSSEC), O(IPPROTO_IP, IP_CHECKSUM),
    O(IPPROTO_IP, IP_RECVFRAGSIZE), O(IPPROTO_IP, MCAST_JOIN_GROUP), O(IPPROTO_IP, MCAST_BLOCK_SOURCE),
    O(IPPROTO_IP, MCAST_UNBLOCK_SOURCE), O(IPPROTO_IP, MCAST_LEAVE_GROUP),
    O(IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP), O(IPPROTO_IP, MCAST_LEAVE_SOURCE_GROUP),
    O(IPPROTO_IPV6, IPV6_ADDRFORM), O(IPPROTO_IPV6, IPV6_CHECKSUM),
    O(IPPROTO_IPV6, IPV6_UNICAST_HOPS), O(IPPROTO_IPV6, IPV6_MULTICAST_IF),
    O(IPPROTO_IPV6, IPV6_MULTICAST_HOPS), O(IPPROTO_IPV6, IPV6_MULTICAST_LOOP),
    O(IPPROTO_IPV6, IPV6_JOIN_GROUP), O(IPPROTO_IPV6, IPV6_LEAVE_GROUP),
    O(IPPROTO_IPV6, IPV6_ROUTER_ALERT), O(IPPROTO_IPV6, IPV6_MTU_DISCOVER),
    O(IPPROTO_IPV6, IPV6_MTU), O(IPPROTO_IPV6, IPV6_RECVERR), O(IPPROTO_IPV6, IPV6_V6ONLY),
    O(IPPROTO_IPV6, IPV6_JOIN_ANYCAST), O(IPPROTO_IPV6, IPV6_MULTICAST_ALL),
    O(IPPROTO_IPV6, IPV6_RECVPKTINFO), O(IPPROTO_IPV6, IPV6_PKTINFO),
    O(IPPROTO_IPV6, IPV6_RECVHOPLIMIT), O(IPPROTO_IPV6, IPV6_HOPLIMIT),
    O(IPPROTO_IPV6, IPV6_RECVHOPOPTS), O(IPPROTO_IPV6, IPV6_HOPOPTS),
    O(IPPROTO_IPV6, IPV6_RECVRTHDR), O(IPPROTO_IPV6, IPV6_RTHDR),
    O(IPPROTO_IPV6, IPV6_RECVDSTOPTS), O(IPPROTO_IPV6, IPV6_DSTOPTS),
    O(IPPROTO_IPV6, IPV6_RECVPATHMTU), O(IPPROTO_IPV6, IPV6_PATHMTU),
    O(IPPROTO_IPV6, IPV6_DONTFRAG), O(IPPROTO_IPV6, IPV6_RECVTCLASS), O(IPPROTO_IPV6, IPV6_TCLASS),
    O(IPPROTO_IPV6, IPV6_AUTOFLOWLABEL), O(IPPROTO_IPV6, IPV6_ADDR_PREFERENCES),
    O(IPPROTO_IPV6, IPV6_MINHOPCOUNT), O(IPPROTO_IPV6, IPV6_UNICAST_IF),
    O(IPPROTO_IPV6, IPV6_FREEBIND), O(IPPROTO_IPV6, IPV6_RECVFRAGSIZE),
    O(IPPROTO_IPV6, IPV6_TRANSPARENT), O(IPPROTO_IPV6, IPV6_RECVORIGDSTADDR),
    O(IPPROTO_TCP, TCP_NODELAY), O(IPPROTO_TCP, TCP_MAXSEG), O(IPPROTO_TCP, TCP_CORK),
    O(IPPROTO_TCP, TCP_KEEPIDLE), O(IPPROTO_TCP, TCP_KEEPINTVL), O(IPPROTO_TCP, TCP_KEEPCNT),
    O(IPPROTO_TCP, TCP_SYNCNT), O(IPPROTO_TCP, TCP_LINGER2), O(IPPROTO_TCP, TCP_DEFER_ACCEPT),
    O(IPPROTO_TCP, TCP_WINDOW_CLAMP), O(IPPROTO_TCP, TCP_INFO), O(IPPROTO_TCP, TCP_QUICKACK),
    O(IPPROTO_TCP, TCP_CONGESTION), O(IPPROTO_TCP, TCP_MD5SIG), O(IPPROTO_TCP, TCP_USER_TIMEOUT),
    O(IPPROTO_TCP, TCP_FASTOPEN), O(IPPROTO_TCP, TCP_TIMESTAMP), O(IPPROTO_TCP, TCP_NOTSENT_LOWAT),
    O(IPPROTO_TCP, TCP_SAVE_SYN), O(IPPROTO_TCP, TCP_SAVED_SYN), O(IPPROTO_TCP, TCP_REPAIR),
    O(IPPROTO_TCP, TCP_FASTOPEN_CONNECT), O(IPPROTO_TCP, TCP_FASTOPEN_KEY),
    O(IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE), O(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS),
    O(IPPROTO_TCP, TCP_THIN_DUPACK), O(IPPROTO_TCP, TCP_ULP), O(IPPROTO_TCP, TCP_INQ),
    O(IPPROTO_TCP, TCP_TX_DELAY), O(IPPROTO_TCP, TCP_CC_INFO),
    O(IPPROTO_UDP, UDP_CORK), O(IPPROTO_UDP, UDP_ENCAP), O(IPPROTO_UDP, UDP_SEGMENT), O(IPPROTO_UDP, UDP_GRO),
    {"SCM_RIGHTS", SOL_SOCKET, SCM_RIGHTS}, {"SCM_CREDENTIALS", SOL_SOCKET, SCM_CREDENTIALS},
    {0},
};

static const struct name errors[] = {
    N(EPERM), N(ENOENT), N(EINTR), N(EIO), N(ENXIO), N(E2BIG), N(EBADF), N(EAGAIN), N(ENOMEM),
    N(EACCES), N(EFAULT), N(EBUSY), N(EEXIST), N(ENODEV), N(ENOTDIR), N(EISDIR), N(EINVAL),
    N(ENFILE), N(EMFILE), N(ENOTTY), N(ESPIPE), N(EPIPE), N(EDOM), N(ERANGE), N(ENAMETOOLONG),
    N(ENOSYS), N(ELOOP), N(EPROTO), N(EBADMSG), N(EOVERFLOW), N(ENOTSOCK), N(EDESTADDRREQ),
    N(EMSGSIZE), N(EPROTOTYPE), N(ENOPROTOOPT), N(EPROTONOSUPPORT), N(ESOCKTNOSUPPORT),
    N(EOPNOTSUPP), N(EPFNOSUPPORT), N(EAFNOSUPPORT), N(EADDRINUSE), N(EADDRNOTAVAIL),
    N(ENETDOWN), N(ENETUNREACH), N(ENETRESET), N(ECONNABORTED), N(ECONNRESET), N(ENOBUFS),
    N(EISCONN), N(ENOTCONN), N(ESHUTDOWN), N(ETOOMANYREFS), N(ETIMEDOUT), N(ECONNREFUSED),
    N(EHOSTDOWN), N(EHOSTUNREACH), N(EALREADY), N(EINPROGRESS), N(ENODATA), N(ENOTCONN), {0},
};

const char *nameOf(const struct name *table, long value) {
    for (; table->text; table++)
        if (table->value == value) return table->text;
    return NULL;
}

const char *errorName(int number) {
    static _Thread_local char text[16];
    const char *name = nameOf(errors, number);
    if (name) return name;
    __builtin_snprintf(text, sizeof text, "errno %d", number);
    return text;
}

bool findName(const struct name *table, const char *text, long *value) {
    for (; table->text; table++)
        if (strcmp(table->text, text) == 0) {
            *value = table->value;
            return true;
        }
    return false;
}

long numberFrom(const struct name *table, const char *word) {
    long value;
    if (table && findName(table, word, &value)) return value;
    char *end;
    value = strtol(word, &end, 0);
    if (*end || !*word) wrong("no number: %s", word);
    return value;
}

/* Names with commas or bars between them, `-` for none. */
long flagsFrom(const struct name *table, const char *word) {
    if (strcmp(word, "-") == 0) return 0;
    char copy[256], *parts[16];
    __builtin_snprintf(copy, sizeof copy, "%s", word);
    int count = split(copy, ',', parts, 16);
    long flags = 0;
    for (int number = 0; number < count; number++) flags |= numberFrom(table, parts[number]);
    return flags;
}

/* `TCP_NODELAY`, with another level `ipv6/MCAST_JOIN_GROUP`, by numbers `6/1`. */
void findOption(const char *word, int *level, int *name) {
    char copy[128];
    __builtin_snprintf(copy, sizeof copy, "%s", word);
    char *slash = strchr(copy, '/');
    const char *text = slash ? slash + 1 : copy;
    *level = -1;
    *name = -1;
    for (const struct option *option = options; option->text; option++)
        if (strcmp(option->text, text) == 0) {
            *level = option->level;
            *name = option->name;
        }
    if (slash) {
        *slash = 0;
        *level = (int)numberFrom(levels, copy);
        if (*name < 0) *name = (int)numberFrom(NULL, text);
    }
    if (*level < 0) wrong("no option: %s", word);
}

const char *optionName(int level, int name) {
    for (const struct option *option = options; option->text; option++)
        if (option->level == level && option->name == name) return option->text;
    return NULL;
}

/* All names, for interpreters in other languages: kind, name, numbers. */
void printTables(void) {
    static const struct {
        const char *kind;
        const struct name *table;
    } tables[] = {
        {"family", families}, {"type", types}, {"protocol", protocols}, {"level", levels},
        {"flag", messageFlags}, {"event", pollEvents}, {"request", requests}, {"error", errors},
    };
    for (size_t number = 0; number < sizeof tables / sizeof tables[0]; number++)
        for (const struct name *name = tables[number].table; name->text; name++)
            printf("%s %s %ld\n", tables[number].kind, name->text, name->value);
    for (const struct option *option = options; option->text; option++)
        printf("option %s %d %d\n", option->text, option->level, option->name);
}
