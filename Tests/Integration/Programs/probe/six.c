// IPv6: its own, mapped IPv4, and what the loopback says of itself.
#include "probe.h"
#include <ifaddrs.h>
#include <net/if.h>

void check_six(void) {
    char text[64];
    Pair p = pair(AF_INET6);
    Name name;
    socklen_t n = sizeof name;
    getpeername(p.client, &name.any, &n);
    inet_ntop(AF_INET6, &name.six.sin6_addr, text, sizeof text);
    CHECK("peer", "%s length %u scope %u flow %u", text, n, name.six.sin6_scope_id,
          name.six.sin6_flowinfo);
    CALL("write", write(p.client, "six", 3));
    CALL("read", read(p.server, text, 64));
    close_pair(&p);
    // One listener for both.
    int l = socket(AF_INET6, SOCK_STREAM, 0);
    CHECK("V6ONLY", "%d", option(l, IPPROTO_IPV6, IPV6_V6ONLY));
    name = (Name){.six = {.sin6_family = AF_INET6}};
    CALL("bind to ::", bind(l, &name.any, sizeof name.six));
    listen(l, 4);
    CALL("V6ONLY, bound", set(l, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    int c = socket(AF_INET, SOCK_STREAM, 0), port = port_of(l);
    CALL("connect by IPv4", dial(c, AF_INET, port));
    n = sizeof name;
    int a = accept(l, &name.any, &n);
    inet_ntop(AF_INET6, &name.six.sin6_addr, text, sizeof text);
    CHECK("who came", "%s %d", text, port_in(&name) == port_of(c));
    n = sizeof name;
    getsockname(a, &name.any, &n);
    inet_ntop(AF_INET6, &name.six.sin6_addr, text, sizeof text);
    CHECK("where to", "%s", text);
    CALL("write", write(a, "four", 4));
    CALL("read", read(c, text, 64));
    close(a);
    close(c);
    c = socket(AF_INET6, SOCK_STREAM, 0);
    CALL("connect by IPv6", dial(c, AF_INET6, port));
    close(c);
    c = socket(AF_INET6, SOCK_STREAM, 0);
    name = (Name){.six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)}};
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &name.six.sin6_addr);
    CALL("connect to a mapped name", connect(c, &name.any, sizeof name.six));
    n = sizeof name;
    getsockname(c, &name.any, &n);
    inet_ntop(AF_INET6, &name.six.sin6_addr, text, sizeof text);
    CHECK("own name", "%s", text);
    close(c);
    int t = socket(AF_INET, SOCK_STREAM, 0);
    name = (Name){.four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}};
    CALL("0.0.0.0 beside ::", bind(t, &name.any, 16));
    close(t);
    close(l);
    l = socket(AF_INET6, SOCK_STREAM, 0);
    set(l, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    name = (Name){.six = {.sin6_family = AF_INET6}};
    bind(l, &name.any, sizeof name.six);
    listen(l, 4);
    port = port_of(l);
    c = socket(AF_INET, SOCK_STREAM, 0);
    CALL("IPv4 to V6ONLY", dial(c, AF_INET, port));
    close(c);
    c = socket(AF_INET6, SOCK_STREAM, 0);
    set(c, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    name = (Name){.six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)}};
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &name.six.sin6_addr);
    CALL("V6ONLY to a mapped name", connect(c, &name.any, sizeof name.six));
    close(c);
    t = socket(AF_INET, SOCK_STREAM, 0);
    name = (Name){.four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}};
    CALL("0.0.0.0 beside V6ONLY", bind(t, &name.any, 16));
    close(t);
    close(l);
    c = socket(AF_INET6, SOCK_STREAM, 0);
    CALL("refused", dial(c, AF_INET6, refusing_port(AF_INET6)));
    name = loopback(AF_INET, 9);
    CALL("a name of IPv4", connect(c, &name.any, 16));
    name = loopback(AF_INET6, 9);
    CALL("a short name", connect(c, &name.any, 16));
    close(c);
    // Datagrams.
    int r = bound(AF_INET6, SOCK_DGRAM), s = socket(AF_INET6, SOCK_DGRAM, 0);
    CALL("IPV6_RECVPKTINFO", set(r, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    CALL("IPV6_RECVHOPLIMIT", set(r, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
    CALL("connect", dial(s, AF_INET6, port_of(r)));
    CALL("send", send(s, "dg", 2, 0));
    awaited(r, POLLIN);
    char control[256];
    struct iovec part = {text, sizeof text};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                       .msg_controllen = sizeof control};
    CALL("recvmsg", recvmsg(r, &m, 0));
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
        if (h->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(h), sizeof info);
            inet_ntop(AF_INET6, &info.ipi6_addr, text, sizeof text);
            CHECK("to", "%s if %u", text, info.ipi6_ifindex);
        } else if (h->cmsg_type == IPV6_HOPLIMIT) {
            int hops;
            memcpy(&hops, CMSG_DATA(h), sizeof hops);
            CHECK("hops", "%d", hops);
        }
    }
    close(r);
    CALL("send", send(s, "dg", 2, 0));
    usleep(50000);
    CALL("recv", recv(s, text, 8, MSG_DONTWAIT));
    close(s);
    // What the loopback is.
    struct ifaddrs *all, *one;
    int four = 0, sixes = 0, wrong = 0;
    CALL("getifaddrs", getifaddrs(&all));
    for (one = all; one; one = one->ifa_next) {
        if (one->ifa_addr == NULL || strcmp(one->ifa_name, "lo") != 0) continue;
        if (!(one->ifa_flags & IFF_LOOPBACK) || !(one->ifa_flags & IFF_UP)) wrong++;
        if (one->ifa_addr->sa_family == AF_INET) {
            four++;
            struct sockaddr_in *address = (void *)one->ifa_addr, *mask = (void *)one->ifa_netmask;
            if (ntohl(address->sin_addr.s_addr) != INADDR_LOOPBACK) wrong++;
            if (ntohl(mask->sin_addr.s_addr) != 0xFF000000) wrong++;
        }
        if (one->ifa_addr->sa_family == AF_INET6) sixes++;
    }
    freeifaddrs(all);
    CHECK("the loopback", "%d of IPv4, %d of IPv6, %d wrong", four, sixes, wrong);
    CHECK("its number", "%u", if_nametoindex("lo"));
    CHECK("its name", "%s", if_indextoname(1, text));
    struct ifreq request = {.ifr_name = "lo"};
    s = socket(AF_INET, SOCK_DGRAM, 0);
    CALL("SIOCGIFADDR", ioctl(s, SIOCGIFADDR, &request));
    CHECK("address", "%s", inet_ntoa(((struct sockaddr_in *)&request.ifr_addr)->sin_addr));
    CALL("SIOCGIFFLAGS", ioctl(s, SIOCGIFFLAGS, &request));
    CHECK("flags", "%x", (unsigned)request.ifr_flags & (IFF_UP | IFF_LOOPBACK | IFF_RUNNING));
    strcpy(request.ifr_name, "nosuch0");
    CALL("SIOCGIFADDR, none", ioctl(s, SIOCGIFADDR, &request));
    close(s);
}
