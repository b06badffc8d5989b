// Datagrams, with and without a peer; errors; messages with what comes beside them.
#include "probe.h"
#include <linux/errqueue.h>
#include <netinet/ip_icmp.h>

void check_datagrams(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0), r = bound(AF_INET, SOCK_DGRAM);
    char text[64] = "";
    Name name = loopback(AF_INET, port_of(r)), from;
    socklen_t n = sizeof from;
    CALL("send, no peer", send(s, "x", 1, 0));
    CALL("write, no peer", write(s, "x", 1));
    CHECK("named by it", "%d", port_of(s) > 0);
    CALL("sendto", sendto(s, "hello", 5, 0, &name.any, 16));
    CHECK("named", "%d", port_of(s) > 0);
    CHECK("ready", "%s", awaited(r, POLLIN));
    int waiting = -1;
    ioctl(r, FIONREAD, &waiting);
    CHECK("FIONREAD", "%d", waiting);
    CALL("peek", recv(r, text, 2, MSG_PEEK));
    CALL("peek, whole", recv(r, text, 2, MSG_PEEK | MSG_TRUNC));
    ssize_t got = recvfrom(r, text, 64, 0, &from.any, &n);
    CHECK("recvfrom", "%s length %u port %d", result(got), n, port_in(&from) == port_of(s));
    CALL("nothing", recv(r, text, 64, MSG_DONTWAIT));
    CALL("an answer", sendto(r, "back", 4, 0, &from.any, n));
    CALL("recv", recv(s, text, 64, 0));
    CALL("empty", sendto(s, "", 0, 0, &name.any, 16));
    CHECK("ready", "%s", awaited(r, POLLIN));
    CALL("recv", recv(r, text, 64, 0));
    CALL("too large for the room", sendto(s, "0123456789", 10, 0, &name.any, 16));
    awaited(r, POLLIN);
    CALL("cut", recv(r, text, 4, 0));
    CALL("the rest is gone", recv(r, text, 4, MSG_DONTWAIT));
    sendto(s, "0123456789", 10, 0, &name.any, 16);
    awaited(r, POLLIN);
    CALL("MSG_TRUNC", recv(r, text, 4, MSG_TRUNC));
    static char large[70000];
    CALL("too large", sendto(s, large, sizeof large, 0, &name.any, 16));
    CALL("65507", sendto(s, large, 65507, 0, &name.any, 16));
    CALL("65508", sendto(s, large, 65508, 0, &name.any, 16));
    awaited(r, POLLIN);
    CALL("recv", recv(r, large, sizeof large, 0));
    CALL("short name", sendto(s, "x", 1, 0, &name.any, 8));
    name.any.sa_family = AF_INET6;
    CALL("other family", sendto(s, "x", 1, 0, &name.any, 16));
    name = loopback(AF_INET, 0);
    CALL("port 0", sendto(s, "x", 1, 0, &name.any, 16));
    // With a peer.
    CALL("connect", dial(s, AF_INET, port_of(r)));
    CALL("getpeername", getpeername(s, &from.any, &n));
    CALL("send", send(s, "a", 1, 0));
    CALL("write", write(s, "b", 1));
    awaited(r, POLLIN);
    CALL("read", read(r, text, 64));
    CALL("read", read(r, text, 64));
    int t = bound(AF_INET, SOCK_DGRAM);
    name = loopback(AF_INET, port_of(s));
    CALL("from a stranger", sendto(t, "strange", 7, 0, &name.any, 16));
    usleep(50000);
    CHECK("is not heard", "%s", ready(s));
    name = loopback(AF_INET, port_of(t));
    CALL("to a stranger", sendto(s, "hi", 2, 0, &name.any, 16));
    awaited(t, POLLIN);
    CALL("is heard", recv(t, text, 64, MSG_DONTWAIT));
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    CALL("AF_UNSPEC", connect(s, &none, sizeof none));
    CALL("getpeername", getpeername(s, &from.any, &n));
    CALL("send", send(s, "x", 1, 0));
    // Refusals.
    int port = refusing_port(AF_INET);
    CALL("connect to nobody", dial(s, AF_INET, port));
    CALL("send", send(s, "x", 1, 0));
    CHECK("ready", "%s", awaited(s, POLLIN | POLLERR));
    CALL("recv", recv(s, text, 64, MSG_DONTWAIT));
    CALL("recv", recv(s, text, 64, MSG_DONTWAIT));
    send(s, "x", 1, 0);
    usleep(50000);
    CALL("send tells", send(s, "x", 1, 0));
    usleep(50000);
    CHECK("error", "%s", strerrorname_np(option(s, SOL_SOCKET, SO_ERROR)));
    CHECK("error", "%d", option(s, SOL_SOCKET, SO_ERROR));
    connect(s, &none, sizeof none);
    name = loopback(AF_INET, port);
    CALL("sendto nobody", sendto(s, "x", 1, 0, &name.any, 16));
    usleep(50000);
    CHECK("is not told of", "%s", ready(s));
    limit(s, SO_RCVTIMEO, 100);
    long began = milliseconds();
    CALL("time limit", recv(s, text, 64, 0));
    CHECK("took", "%s", span(began, 100));
    CALL("shutdown, no peer", shutdown(s, SHUT_RDWR));
    close(s);
    s = socket(AF_INET, SOCK_DGRAM, 0);
    dial(s, AF_INET, port_of(r));
    CALL("shutdown WR", shutdown(s, SHUT_WR));
    CALL("send", send(s, "x", 1, MSG_NOSIGNAL));
    CALL("shutdown RD", shutdown(s, SHUT_RD));
    CALL("recv", recv(s, text, 64, 0));
    close(s);
    close(t);
    close(r);
    s = socket(AF_INET, SOCK_DGRAM, 0);
    name.four.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    CALL("to everybody, unasked", sendto(s, "x", 1, 0, &name.any, 16));
    close(s);
}

static struct cmsghdr *beside(struct msghdr *m, int level, int type) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == level && c->cmsg_type == type) return c;
    return NULL;
}

void check_messages(void) {
    int r = bound(AF_INET, SOCK_DGRAM), s = bound(AF_INET, SOCK_DGRAM);
    dial(s, AF_INET, port_of(r));
    char texts[4][16] = {"", "", "", ""}, control[512];
    struct iovec out[3] = {{"one", 3}, {"two2", 4}, {"three", 5}}, in[4];
    struct mmsghdr many[4] = {0};
    for (int i = 0; i < 3; i++) many[i].msg_hdr = (struct msghdr){.msg_iov = out + i, .msg_iovlen = 1};
    CALL("sendmmsg", sendmmsg(s, many, 3, 0));
    CHECK("sent", "%u %u %u", many[0].msg_len, many[1].msg_len, many[2].msg_len);
    usleep(50000);
    Name from[4];
    for (int i = 0; i < 4; i++) {
        in[i] = (struct iovec){texts[i], 4};
        many[i].msg_hdr = (struct msghdr){.msg_iov = in + i, .msg_iovlen = 1, .msg_name = from + i,
                                          .msg_namelen = sizeof(Name)};
    }
    CALL("recvmmsg", recvmmsg(r, many, 4, MSG_DONTWAIT, NULL));
    CHECK("lengths", "%u %u %u", many[0].msg_len, many[1].msg_len, many[2].msg_len);
    CHECK("flags", "%x %x %x", many[0].msg_hdr.msg_flags, many[1].msg_hdr.msg_flags,
          many[2].msg_hdr.msg_flags);
    CHECK("names", "%u %d", many[2].msg_hdr.msg_namelen, port_in(&from[2]) == port_of(s));
    CALL("recvmmsg, nothing", recvmmsg(r, many, 4, MSG_DONTWAIT, NULL));
    CALL("send", send(s, "later", 5, 0));
    CALL("MSG_WAITFORONE", recvmmsg(r, many, 4, MSG_WAITFORONE, NULL));
    struct timespec some = {0, 100000000};
    send(s, "timed", 5, 0);
    CALL("with a time limit", recvmmsg(r, many, 1, 0, &some));

    set(r, IPPROTO_IP, IP_PKTINFO, 1);
    set(r, IPPROTO_IP, IP_RECVTTL, 1);
    set(r, IPPROTO_IP, IP_RECVTOS, 1);
    set(s, IPPROTO_IP, IP_TTL, 33);
    set(s, IPPROTO_IP, IP_TOS, 0x28);
    CALL("send", send(s, "what", 4, 0));
    awaited(r, POLLIN);
    struct msghdr m = {.msg_iov = in, .msg_iovlen = 1, .msg_name = from, .msg_namelen = sizeof(Name),
                       .msg_control = control, .msg_controllen = sizeof control};
    CALL("recvmsg", recvmsg(r, &m, 0));
    struct cmsghdr *c = beside(&m, IPPROTO_IP, IP_PKTINFO);
    struct in_pktinfo info = {0};
    if (c) memcpy(&info, CMSG_DATA(c), sizeof info);
    CHECK("IP_PKTINFO", "%d to %x spec %x if %d", c != NULL, info.ipi_addr.s_addr,
          info.ipi_spec_dst.s_addr, info.ipi_ifindex);
    int value = -1;
    if ((c = beside(&m, IPPROTO_IP, IP_TTL))) memcpy(&value, CMSG_DATA(c), 4);
    CHECK("IP_TTL", "%d", value);
    value = 0;
    if ((c = beside(&m, IPPROTO_IP, IP_TOS))) memcpy(&value, CMSG_DATA(c), 1);
    CHECK("IP_TOS", "%x", value);
    send(s, "what", 4, 0);
    awaited(r, POLLIN);
    m.msg_controllen = 8;
    CALL("no room for control", recvmsg(r, &m, 0));
    CHECK("flags", "%x %zu", m.msg_flags, m.msg_controllen);
    set(r, SOL_SOCKET, SO_TIMESTAMP, 1);
    send(s, "when", 4, 0);
    awaited(r, POLLIN);
    m.msg_controllen = sizeof control;
    CALL("recvmsg", recvmsg(r, &m, 0));
    c = beside(&m, SOL_SOCKET, SO_TIMESTAMP);
    struct timeval then = {0}, now;
    gettimeofday(&now, NULL);
    if (c) memcpy(&then, CMSG_DATA(c), sizeof then);
    CHECK("SO_TIMESTAMP", "%d recent %d", c != NULL, now.tv_sec - then.tv_sec < 5);
    // Chosen for one datagram.
    char chosen[CMSG_SPACE(sizeof info)] = "";
    struct msghdr o = {.msg_iov = out, .msg_iovlen = 1, .msg_control = chosen,
                       .msg_controllen = sizeof chosen};
    c = CMSG_FIRSTHDR(&o);
    c->cmsg_level = IPPROTO_IP, c->cmsg_type = IP_PKTINFO, c->cmsg_len = CMSG_LEN(sizeof info);
    info = (struct in_pktinfo){.ipi_spec_dst.s_addr = inet_addr("127.0.0.5")};
    memcpy(CMSG_DATA(c), &info, sizeof info);
    CALL("sendmsg from another address", sendmsg(s, &o, 0));
    awaited(r, POLLIN);
    m.msg_controllen = sizeof control;
    m.msg_namelen = sizeof(Name);
    CALL("recvmsg", recvmsg(r, &m, 0));
    CHECK("its source", "%x", from[0].four.sin_addr.s_addr);

    // The queue of errors.
    int port = refusing_port(AF_INET), e = bound(AF_INET, SOCK_DGRAM);
    set(e, IPPROTO_IP, IP_RECVERR, 1);
    Name nobody = loopback(AF_INET, port);
    CALL("sendto nobody", sendto(e, "lost", 4, 0, &nobody.any, 16));
    CHECK("ready", "%s", awaited(e, POLLERR));
    CALL("recv tells", recv(e, texts[0], 16, MSG_DONTWAIT));
    CALL("recv, then", recv(e, texts[0], 16, MSG_DONTWAIT));
    CHECK("ready", "%s", ready(e));
    m = (struct msghdr){.msg_iov = in, .msg_iovlen = 1, .msg_name = from, .msg_namelen = sizeof(Name),
                        .msg_control = control, .msg_controllen = sizeof control};
    CALL("MSG_ERRQUEUE", recvmsg(e, &m, MSG_ERRQUEUE));
    CHECK("flags", "%x to %d", m.msg_flags, port_in(from) == port);
    struct sock_extended_err why = {0};
    if ((c = beside(&m, IPPROTO_IP, IP_RECVERR))) memcpy(&why, CMSG_DATA(c), sizeof why);
    CHECK("why", "%u %u %u %u", why.ee_errno, why.ee_origin, why.ee_type, why.ee_code);
    CALL("MSG_ERRQUEUE, empty", recvmsg(e, &m, MSG_ERRQUEUE));
    CHECK("ready", "%s", ready(e));
    close(e);
    close(r);
    close(s);
}
