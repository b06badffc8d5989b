// Options as they are set and read.
#include "probe.h"

void check_options(void) {
    static const struct {
        const char *name;
        int level, option, value;
    } table[] = {
        {"REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1},   {"REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1},
        {"KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 5},   {"BROADCAST", SOL_SOCKET, SO_BROADCAST, 1},
        {"OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1},   {"DONTROUTE", SOL_SOCKET, SO_DONTROUTE, 1},
        {"RCVBUF", SOL_SOCKET, SO_RCVBUF, 20000},     {"SNDBUF", SOL_SOCKET, SO_SNDBUF, 20000},
        {"RCVBUF, small", SOL_SOCKET, SO_RCVBUF, 1},  {"SNDBUF, small", SOL_SOCKET, SO_SNDBUF, 1},
        {"RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 0},     {"PRIORITY", SOL_SOCKET, SO_PRIORITY, 3},
        {"TYPE", SOL_SOCKET, SO_TYPE, 1},             {"ERROR", SOL_SOCKET, SO_ERROR, 1},
        {"TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, 1},   {"unknown", SOL_SOCKET, 999, 1},
        {"NODELAY", IPPROTO_TCP, TCP_NODELAY, 1},     {"CORK", IPPROTO_TCP, TCP_CORK, 1},
        {"KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 70},  {"KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 7},
        {"KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 3},     {"KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 999},
        {"SYNCNT", IPPROTO_TCP, TCP_SYNCNT, 3},       {"LINGER2", IPPROTO_TCP, TCP_LINGER2, 9},
        {"DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0},
        {"USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 5000},
        {"MAXSEG", IPPROTO_TCP, TCP_MAXSEG, 1000},    {"MAXSEG", IPPROTO_TCP, TCP_MAXSEG, 5},
        {"QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 1},   {"unknown", IPPROTO_TCP, 999, 1},
        {"NOTSENT_LOWAT", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4096},
        {"TTL", IPPROTO_IP, IP_TTL, 64},              {"TTL", IPPROTO_IP, IP_TTL, 256},
        {"TOS", IPPROTO_IP, IP_TOS, 0xB8},            {"RECVERR", IPPROTO_IP, IP_RECVERR, 1},
        {"MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER, 2}, {"unknown", IPPROTO_IP, 999, 1},
        {"MTU", IPPROTO_IP, IP_MTU, 1500},            {"V6ONLY of IPv4", IPPROTO_IPV6, 26, 1},
        {"no level", 4000, 1, 1},
    };
    char what[64];
    int s = socket(AF_INET, SOCK_STREAM, 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int done = set(s, table[i].level, table[i].option, table[i].value), error = errno;
        snprintf(what, sizeof what, "%s %d", table[i].name, table[i].value);
        int value = -77;
        socklen_t n = sizeof value;
        int told = getsockopt(s, table[i].level, table[i].option, &value, &n);
        const char *then = result(told);
        errno = error;
        CHECK(what, "%s, %s %d length %u", result(done), then, value, n);
    }
    close(s);
    s = socket(AF_INET, SOCK_STREAM, 0);
    char bytes[64] = "";
    socklen_t n = 1;
    CALL("one byte", getsockopt(s, SOL_SOCKET, SO_TYPE, bytes, &n));
    CHECK("of it", "%d %u", bytes[0], n);
    n = 64;
    getsockopt(s, SOL_SOCKET, SO_TYPE, bytes, &n);
    CHECK("room for many", "%u", n);
    n = 0;
    CALL("no room", getsockopt(s, SOL_SOCKET, SO_TYPE, bytes, &n));
    CALL("bad pointer", getsockopt(s, SOL_SOCKET, SO_TYPE, nowhere, &n));
    CALL("bad length", getsockopt(s, SOL_SOCKET, SO_TYPE, bytes, nowhere));
    CALL("short value", setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, bytes, 3));
    CALL("value nowhere", setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, nowhere, 4));
    CALL("long value", setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, bytes, 64));
    struct linger l = {1, 7};
    CALL("LINGER", setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof l));
    l = (struct linger){0, 0};
    n = sizeof l;
    getsockopt(s, SOL_SOCKET, SO_LINGER, &l, &n);
    CHECK("LINGER", "%d %d %u", l.l_onoff, l.l_linger, n);
    n = 16;
    CALL("BINDTODEVICE", getsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, bytes, &n));
    CALL("BINDTODEVICE lo", setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
    CALL("BINDTODEVICE of none", setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "none9", 5));
    struct tcp_info info;
    n = sizeof info;
    getsockopt(s, IPPROTO_TCP, TCP_INFO, &info, &n);
    CHECK("TCP_INFO of a fresh one", "%d %d", info.tcpi_state, n > 100);
    close(s);
    Pair p = pair(AF_INET);
    n = sizeof info;
    getsockopt(p.client, IPPROTO_TCP, TCP_INFO, &info, &n);
    CHECK("TCP_INFO", "%d mss %d cwnd %d", info.tcpi_state, info.tcpi_snd_mss > 500,
          info.tcpi_snd_cwnd >= 10);
    n = sizeof info;
    getsockopt(p.listener, IPPROTO_TCP, TCP_INFO, &info, &n);
    CHECK("TCP_INFO of a listener", "%d", info.tcpi_state);
    set(p.listener, IPPROTO_TCP, TCP_NODELAY, 1);
    set(p.listener, SOL_SOCKET, SO_KEEPALIVE, 1);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port_of(p.listener));
    int a = accept(p.listener, NULL, NULL);
    CHECK("inherited", "%d %d", option(a, IPPROTO_TCP, TCP_NODELAY),
          option(a, SOL_SOCKET, SO_KEEPALIVE));
    close(a);
    close(c);
    close_pair(&p);
    s = socket(AF_INET, SOCK_DGRAM, 0);
    CALL("NODELAY of datagrams", set(s, IPPROTO_TCP, TCP_NODELAY, 1));
    CALL("MULTICAST_TTL", set(s, IPPROTO_IP, IP_MULTICAST_TTL, 3));
    CHECK("MULTICAST_TTL", "%d", option(s, IPPROTO_IP, IP_MULTICAST_TTL));
    CALL("MULTICAST_LOOP", set(s, IPPROTO_IP, IP_MULTICAST_LOOP, 0));
    struct ip_mreqn group = {.imr_multiaddr.s_addr = inet_addr("239.9.9.9"), .imr_ifindex = 1};
    CALL("ADD_MEMBERSHIP", setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group));
    CALL("again", setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group));
    CALL("DROP_MEMBERSHIP", setsockopt(s, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof group));
    CALL("again", setsockopt(s, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof group));
    close(s);
}
