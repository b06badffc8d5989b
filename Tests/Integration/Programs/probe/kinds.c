// Sockets of each kind before anything is done with them.
#include "probe.h"

static void fresh(int family, int kind, int protocol, const char *name) {
    char text[80];
    int s = socket(family, kind, protocol);
    if (s < 0) {
        CALL(name, s);
        return;
    }
    snprintf(text, sizeof text, "%s: type, domain, protocol", name);
    CHECK(text, "%d %d %d", option(s, SOL_SOCKET, SO_TYPE), option(s, SOL_SOCKET, SO_DOMAIN),
          option(s, SOL_SOCKET, SO_PROTOCOL));
    snprintf(text, sizeof text, "%s: ready", name);
    CHECK(text, "%s", ready(s));
    snprintf(text, sizeof text, "%s: accepts, error", name);
    CHECK(text, "%d %d", option(s, SOL_SOCKET, SO_ACCEPTCONN), option(s, SOL_SOCKET, SO_ERROR));
    Name name_;
    memset(&name_, 0xAA, sizeof name_);
    socklen_t n = sizeof name_;
    int named = getsockname(s, &name_.any, &n);
    snprintf(text, sizeof text, "%s: getsockname", name);
    CHECK(text, "%s length %u family %d port %d", result(named), n, name_.any.sa_family,
          port_in(&name_));
    n = sizeof name_;
    snprintf(text, sizeof text, "%s: getpeername", name);
    CALL(text, getpeername(s, &name_.any, &n));
    close(s);
}

void check_kinds(void) {
    fresh(AF_INET, SOCK_STREAM, 0, "stream");
    fresh(AF_INET, SOCK_STREAM, IPPROTO_TCP, "stream, TCP");
    fresh(AF_INET, SOCK_DGRAM, 0, "datagram");
    fresh(AF_INET, SOCK_DGRAM, IPPROTO_UDP, "datagram, UDP");
    fresh(AF_INET6, SOCK_STREAM, 0, "stream of IPv6");
    fresh(AF_INET6, SOCK_DGRAM, 0, "datagram of IPv6");
    fresh(AF_INET, SOCK_STREAM, IPPROTO_UDP, "stream, UDP");
    fresh(AF_INET, SOCK_DGRAM, IPPROTO_TCP, "datagram, TCP");
    fresh(AF_INET, SOCK_SEQPACKET, 0, "sequence of packets");
    fresh(AF_INET, SOCK_RDM, 0, "reliable messages");
    fresh(AF_INET, 77, 0, "of no type");
    fresh(200, SOCK_STREAM, 0, "of no family");
    fresh(AF_INET, SOCK_STREAM, 99, "stream, 99");
    fresh(AF_INET6, SOCK_DGRAM, IPPROTO_TCP, "datagram of IPv6, TCP");
    CALL("odd flags", socket(AF_INET, SOCK_STREAM | 0x10000, 0));
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK("cloexec", "%d %d", fcntl(s, F_GETFD), fcntl(s, F_GETFL) & O_NONBLOCK);
    close(s);
    s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK("nonblock", "%d %d", fcntl(s, F_GETFD), (fcntl(s, F_GETFL) & O_NONBLOCK) != 0);
    CHECK("access", "%d", fcntl(s, F_GETFL) & O_ACCMODE);
    close(s);
    int v[2];
    CALL("socketpair of INET", socketpair(AF_INET, SOCK_STREAM, 0, v));
    CALL("socketpair of UNIX", socketpair(AF_UNIX, SOCK_STREAM, 0, v));
    CHECK("socketpair", "%d %d", option(v[0], SOL_SOCKET, SO_DOMAIN),
          option(v[0], SOL_SOCKET, SO_TYPE));
    s = socket(AF_INET, SOCK_STREAM, 0);
    char byte;
    CALL("read", read(s, &byte, 1));
    CALL("write", write(s, &byte, 1));
    CALL("recv", recv(s, &byte, 1, 0));
    CALL("send", send(s, &byte, 1, 0));
    CALL("accept", accept(s, NULL, NULL));
    CALL("shutdown", shutdown(s, SHUT_WR));
    CALL("lseek", lseek(s, 0, SEEK_SET));
    CALL("pread", pread(s, &byte, 1, 0));
    CALL("ftruncate", ftruncate(s, 0));
    CALL("fsync", fsync(s));
    int waiting = -1;
    int asked = ioctl(s, FIONREAD, &waiting);
    CHECK("FIONREAD", "%s %d", result(asked), waiting);
    CALL("SIOCOUTQ", ioctl(s, TIOCOUTQ, &waiting));
    asked = ioctl(s, FIONBIO, &(int){1});
    CHECK("FIONBIO", "%s %d", result(asked), (fcntl(s, F_GETFL) & O_NONBLOCK) != 0);
    CALL("isatty", isatty(s) ? 1 : -1);
    close(s);
    CALL("closed", close(s));
    CALL("listen, closed", listen(s, 1));
    Name any = loopback(AF_INET, 0);
    if (pipe(v) == 0) CALL("bind of a pipe", bind(v[0], &any.any, 16));
}
