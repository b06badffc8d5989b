// Looks a name up in every way that resolvers do: with the calls of musl, c-ares, Go and glibc, at the
// port of 127.0.0.1 that is named.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const unsigned char query[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 8, 's', 'e', 'r',
                                      'v', 'i', 'c', 'e', 's', 7, 's', 'o', 'c', 'k', 'e', 'y', 'e',
                                      0, 0, 1, 0, 1};
static unsigned char reply[512];
static struct sockaddr_in server = {.sin_family = AF_INET}, from;
static socklen_t length;

static const char *judge(ssize_t n, int named) {
    static char text[80];
    if (n < 0) return strerrorname_np(errno);
    int good = n == sizeof query + 16 && reply[0] == 0x12 && reply[1] == 0x34 &&
               memcmp(reply + n - 4, "\012\0\2\4", 4) == 0;
    snprintf(text, sizeof text, "%s%s", good ? "answered" : "garbled",
             !named ? ""
             : from.sin_addr.s_addr == server.sin_addr.s_addr && from.sin_port == server.sin_port &&
                       length == sizeof from
                 ? " by the server"
                 : " by a stranger");
    memset(reply, 0, sizeof reply);
    memset(&from, 0, sizeof from);
    length = sizeof from;
    return text;
}

static ssize_t wait_and(ssize_t n, int s) {
    struct pollfd p = {.fd = s, .events = POLLIN};
    if (n < 0) return n;
    if (poll(&p, 1, 3000) <= 0) {
        errno = ETIMEDOUT;
        return -1;
    }
    return 0;
}

static ssize_t receive(int s, int flags) {
    return recvfrom(s, reply, sizeof reply, flags, (struct sockaddr *)&from, &length);
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    server.sin_port = htons((uint16_t)atoi(arguments[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    length = sizeof from;
    setvbuf(stdout, NULL, _IOLBF, 0);

    // musl: bound, unconnected, not blocking.
    struct sockaddr_in any = {.sin_family = AF_INET};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(s, (struct sockaddr *)&any, sizeof any) < 0)
        printf("bind %s\n", strerrorname_np(errno));
    printf("nothing yet %s\n", receive(s, 0) < 0 ? strerrorname_np(errno) : "?");
    ssize_t n = sendto(s, query, sizeof query, MSG_NOSIGNAL, (struct sockaddr *)&server,
                       sizeof server);
    n = wait_and(n, s);
    printf("sendto, recvfrom: %s\n", judge(n < 0 ? n : receive(s, 0), 1));
    struct iovec out = {(void *)query, sizeof query}, in[2] = {{reply, 5}, {reply + 5, 400}};
    struct msghdr m = {.msg_name = &server, .msg_namelen = sizeof server,
                       .msg_iov = &out, .msg_iovlen = 1};
    n = wait_and(sendmsg(s, &m, 0), s);
    m = (struct msghdr){.msg_name = &from, .msg_namelen = sizeof from,
                        .msg_iov = in, .msg_iovlen = 2};
    n = n < 0 ? n : recvmsg(s, &m, 0);
    length = m.msg_namelen;
    printf("sendmsg, recvmsg: %s, flags %d control %zu\n", judge(n, 1), m.msg_flags,
           m.msg_controllen);
    n = wait_and(sendto(s, query, sizeof query, 0, (struct sockaddr *)&server, sizeof server), s);
    printf("peek: %s\n", judge(n < 0 ? n : receive(s, MSG_PEEK), 1));
    n = recvfrom(s, reply, 10, MSG_TRUNC, (struct sockaddr *)&from, &length);
    printf("truncated: %zd of %zu\n", n, sizeof query + 16);
    close(s);

    // c-ares and Go: connected; read and write never reach the launcher.
    s = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect(s, (struct sockaddr *)&server, sizeof server) < 0)
        printf("connect %s\n", strerrorname_np(errno));
    length = sizeof from;
    int e = getpeername(s, (struct sockaddr *)&from, &length);
    printf("peer %d\n", e == 0 && from.sin_port == server.sin_port);
    n = write(s, query, sizeof query);
    printf("write, read: %s\n", judge(n < 0 ? n : read(s, reply, sizeof reply), 0));
    // Two asked, one read without asking whose, the other with.
    write(s, query, sizeof query);
    send(s, query, sizeof query, 0);
    printf("read: %s\n", judge(read(s, reply, sizeof reply), 0));
    printf("recvfrom, waiting: %s\n", judge(receive(s, 0), 1));
    struct timeval limit = {0, 100000};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    printf("time limit %s\n", receive(s, 0) < 0 ? strerrorname_np(errno) : "?");
    limit.tv_usec = 0;
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);

    // glibc: two questions at once.
    struct mmsghdr both[2] = {{.msg_hdr = {.msg_iov = &out, .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = &out, .msg_iovlen = 1}}};
    n = sendmmsg(s, both, 2, MSG_NOSIGNAL);
    printf("sendmmsg %zd: %u %u\n", n, both[0].msg_len, both[1].msg_len);
    int waiting = 0;
    wait_and(n, s);
    ioctl(s, FIONREAD, &waiting);
    printf("FIONREAD %d\n", waiting >= (int)sizeof query + 16);
    for (int i = 0; i < 2; i++) printf("recvfrom: %s\n", judge(receive(s, 0), 1));
    n = wait_and(sendmmsg(s, both, 2, 0), s);
    usleep(100000);
    struct iovec room = {reply, sizeof reply};
    struct mmsghdr more[4];
    memset(more, 0, sizeof more);
    for (int i = 0; i < 4; i++)
        more[i].msg_hdr = (struct msghdr){.msg_iov = &room, .msg_iovlen = 1};
    n = recvmmsg(s, more, 4, MSG_DONTWAIT, NULL);
    printf("recvmmsg %zd: %u %u\n", n, more[0].msg_len, more[1].msg_len);
    close(s);

    // Where nobody listens.
    s = socket(AF_INET, SOCK_DGRAM, 0);
    server.sin_port = htons(1);
    n = sendto(s, query, 4, 0, (struct sockaddr *)&server, sizeof server);
    printf("another port %s\n", n < 0 ? strerrorname_np(errno) : "sent");
    printf("connect to it %d\n", connect(s, (struct sockaddr *)&server, sizeof server));
    write(s, "x", 1);
    n = wait_and(0, s) < 0 ? -1 : receive(s, 0);
    printf("then %s\n", n < 0 ? strerrorname_np(errno) : "received");
    return 0;
}
