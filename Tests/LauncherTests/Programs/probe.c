// Numbered checks of what a program sees of its sockets. It prints one line for each and judges
// nothing: the test runs it plainly and intercepted, and compares.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int echo_port, reset_port, witness_port, verdict_port;
enum { REFUSING_PORT = 1 };

static struct sockaddr_in at(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static const char *result(long value) {
    static char texts[8][40];
    static int next;
    char *text = texts[next++ % 8];
    if (value < 0) snprintf(text, 40, "-%s", strerrorname_np(errno));
    else snprintf(text, 40, "%ld", value);
    return text;
}

static int number;
#define CHECK(format, ...) printf("%3d " format "\n", ++number, __VA_ARGS__), fflush(stdout)

static int stream(int flags) { return socket(AF_INET, SOCK_STREAM | flags, 0); }

static int dial(int s, int port) {
    struct sockaddr_in a = at(port);
    return connect(s, (struct sockaddr *)&a, sizeof a);
}

static int dialled(int port) {
    int s = stream(0);
    if (dial(s, port) < 0) exit(9);
    return s;
}

static int polled(int s, int events, int milliseconds) {
    struct pollfd p = {.fd = s, .events = (short)events};
    int n = poll(&p, 1, milliseconds);
    return n <= 0 ? n : p.revents;
}

enum { ALL = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };

static int option(int s, int level, int name) {
    int value = -77;
    socklen_t n = sizeof value;
    return getsockopt(s, level, name, &value, &n) < 0 ? -1 : value;
}

static int set(int s, int level, int name, int value) {
    return setsockopt(s, level, name, &value, sizeof value);
}

static void check_fresh(void) {
    int s = stream(0);
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    memset(&a, 0xAA, sizeof a);
    CHECK("type %d domain %d protocol %d", option(s, SOL_SOCKET, SO_TYPE),
          option(s, SOL_SOCKET, SO_DOMAIN), option(s, SOL_SOCKET, SO_PROTOCOL));
    CHECK("accepts %d error %d", option(s, SOL_SOCKET, SO_ACCEPTCONN),
          option(s, SOL_SOCKET, SO_ERROR));
    CHECK("fresh poll %x", polled(s, ALL, 0));
    CHECK("getpeername %s", result(getpeername(s, (struct sockaddr *)&a, &n)));
    CHECK("getsockname %s", result(getsockname(s, (struct sockaddr *)&a, &n)));
    CHECK("name %d %x %d length %d", a.sin_family, a.sin_addr.s_addr, a.sin_port, n);
    n = 5;
    CHECK("short %s length %d", result(getsockname(s, (struct sockaddr *)&a, &n)), n);
    n = (socklen_t)-1;
    CHECK("negative %s", result(getsockname(s, (struct sockaddr *)&a, &n)));
    n = sizeof a;
    CHECK("bad pointer %s", result(getsockname(s, (struct sockaddr *)16, &n)));
    CHECK("cloexec %d nonblock %d", fcntl(s, F_GETFD), fcntl(s, F_GETFL) & O_NONBLOCK);
    int t = stream(SOCK_CLOEXEC | SOCK_NONBLOCK);
    CHECK("cloexec %d nonblock %d", fcntl(t, F_GETFD), (fcntl(t, F_GETFL) & O_NONBLOCK) != 0);
    CHECK("accept %s", result(accept(s, NULL, NULL)));
    close(s);
    close(t);
    CHECK("closed %s", result(getsockname(s, (struct sockaddr *)&a, &n)));
    CHECK("no socket %s", result(dial(1, echo_port) < 0 && errno == ENOTSOCK ? 0 : 1));
    CHECK("odd type %s", result(socket(AF_INET, SOCK_STREAM | 0x10000, 0)));
    CHECK("odd protocol %s", result(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)));
    CHECK("odd family %s", result(socket(99, SOCK_STREAM, 0)));
}

static void check_connect(void) {
    int s = stream(0);
    struct sockaddr_in a = at(echo_port), b;
    socklen_t n = sizeof b;
    char block[64] = "";
    CHECK("short address %s", result(connect(s, (struct sockaddr *)&a, 8)));
    CHECK("no address %s", result(connect(s, (struct sockaddr *)16, sizeof a)));
    a.sin_family = AF_INET6;
    CHECK("wrong family %s", result(connect(s, (struct sockaddr *)&a, sizeof a)));
    CHECK("connect %s", result(dial(s, echo_port)));
    CHECK("again %s", result(dial(s, echo_port)));
    CHECK("poll %x", polled(s, ALL, 0));
    CHECK("error %d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("getpeername %s", result(getpeername(s, (struct sockaddr *)&b, &n)));
    CHECK("peer %d %x", ntohs(b.sin_port) == echo_port, b.sin_addr.s_addr);
    CHECK("getsockname %s", result(getsockname(s, (struct sockaddr *)&b, &n)));
    CHECK("named %d", b.sin_port != 0);
    CHECK("write %s", result(write(s, "hello", 5)));
    CHECK("poll %x", polled(s, POLLIN, 2000));
    int waiting = 0;
    CHECK("FIONREAD %s", result(ioctl(s, FIONREAD, &waiting) < 0 ? -1 : waiting));
    CHECK("peek %s", result(recv(s, block, 3, MSG_PEEK)));
    n = sizeof b;
    CHECK("recvfrom %s", result(recvfrom(s, block, sizeof block, 0, (struct sockaddr *)&b, &n)));
    CHECK("%s, length of its address %d", block, n);
    CHECK("nothing %s", result(recv(s, block, sizeof block, MSG_DONTWAIT)));
    a = at(REFUSING_PORT);
    CHECK("sendto %s", result(sendto(s, "abc", 3, 0, (struct sockaddr *)&a, sizeof a)));
    CHECK("waitall %s", result(recv(s, block, 3, MSG_WAITALL)));
    struct iovec parts[2] = {{"de", 2}, {"fgh", 3}}, room[2] = {{block, 4}, {block + 10, 10}};
    CHECK("writev %s", result(writev(s, parts, 2)));
    polled(s, POLLIN, 2000);
    CHECK("readv %s", result(readv(s, room, 2)));
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    CHECK("sendmsg %s", result(sendmsg(s, &m, 0)));
    polled(s, POLLIN, 2000);
    m = (struct msghdr){.msg_iov = room, .msg_iovlen = 2, .msg_name = &b, .msg_namelen = sizeof b};
    CHECK("recvmsg %s", result(recvmsg(s, &m, 0)));
    CHECK("flags %x control %zu", m.msg_flags, m.msg_controllen);
    struct timeval limit = {0, 50000};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    CHECK("time limit %s", result(read(s, block, sizeof block)));
    CHECK("shutdown %s", result(shutdown(s, SHUT_WR)));
    limit.tv_usec = 0;
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    signal(SIGPIPE, SIG_IGN);
    CHECK("write %s", result(write(s, "x", 1)));
    CHECK("end %s", result(read(s, block, sizeof block)));
    CHECK("poll %x", polled(s, ALL, 2000));
    close(s);
}

static void check_refusal(void) {
    int s = stream(0);
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    CHECK("refused %s", result(dial(s, REFUSING_PORT)));
    CHECK("error %d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("getpeername %s", result(getpeername(s, (struct sockaddr *)&a, &n)));
    CHECK("then %s", result(dial(s, echo_port)));
    CHECK("write %s", result(write(s, "x", 1)));
    close(s);
}

static void check_non_blocking(void) {
    char block[8];
    int s = stream(SOCK_NONBLOCK), e = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLOUT | EPOLLIN | EPOLLET, .data.fd = s};
    epoll_ctl(e, EPOLL_CTL_ADD, s, &event);
    epoll_wait(e, &event, 1, 0);
    CHECK("connect %s", result(dial(s, echo_port)));
    CHECK("epoll %s", result(epoll_wait(e, &event, 1, 2000)));
    CHECK("poll %x", polled(s, ALL, 0));
    CHECK("error %d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("second %s", result(dial(s, echo_port)));
    CHECK("third %s", result(dial(s, echo_port)));
    CHECK("read %s", result(read(s, block, 8)));
    CHECK("write %s", result(write(s, "abcd", 4)));
    CHECK("epoll %s", result(epoll_wait(e, &event, 1, 2000)));
    polled(s, POLLIN, 2000);
    CHECK("read %s", result(read(s, block, 8)));
    close(s);

    s = stream(SOCK_NONBLOCK);
    CHECK("connect %s", result(dial(s, REFUSING_PORT)));
    CHECK("poll %x", polled(s, ALL, 2000));
    CHECK("error %d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("error %d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("again %s", result(dial(s, echo_port)));
    CHECK("and again %s", result(dial(s, echo_port)));
    CHECK("poll %x", polled(s, POLLOUT, 2000));
    CHECK("write %s", result(write(s, "efgh", 4)));
    CHECK("poll %x", polled(s, POLLIN, 2000));
    CHECK("read %s", result(read(s, block, 8)));
    close(s);

    s = stream(SOCK_NONBLOCK);
    CHECK("connect %s", result(dial(s, REFUSING_PORT)));
    polled(s, POLLOUT, 2000);
    CHECK("second %s", result(dial(s, echo_port)));
    CHECK("third %s", result(dial(s, echo_port)));
    polled(s, POLLOUT, 2000);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(s, &set);
    CHECK("select %s", result(select(s + 1, NULL, &set, NULL, NULL)));
    close(s);
}

static void check_reset(void) {
    char block[64];
    int s = dialled(reset_port);
    CHECK("write %s", result(write(s, "now", 3)));
    CHECK("poll %x", polled(s, POLLIN, 2000));
    CHECK("read %s", result(read(s, block, sizeof block)));
    CHECK("read %s", result(read(s, block, sizeof block)));
    CHECK("write %s", result(write(s, "x", 1)));
    CHECK("error %d", option(s, SOL_SOCKET, SO_ERROR));
    close(s);
    s = dialled(reset_port);
    CHECK("write %s", result(write(s, "now", 3)));
    polled(s, POLLIN, 2000);
    CHECK("error %d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("error %d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("read %s", result(read(s, block, sizeof block)));
    close(s);
    s = dialled(reset_port);
    CHECK("write %s", result(write(s, "bye", 3)));
    usleep(300000);
    CHECK("read %s", result(read(s, block, sizeof block)));
    CHECK("read %s", result(read(s, block, sizeof block)));
    close(s);
}

static char verdict(void) {
    char seen = '?';
    int s = dialled(verdict_port);
    if (read(s, &seen, 1) != 1) seen = '!';
    close(s);
    return seen;
}

static void check_close(void) {
    struct linger now = {1, 0};
    int s = dialled(witness_port);
    close(s);
    CHECK("closed: %c", verdict());
    s = dialled(witness_port);
    setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(s);
    CHECK("lingering not at all: %c", verdict());
    s = dialled(witness_port);
    write(s, "x", 1);
    polled(s, POLLIN, 2000);
    close(s);
    CHECK("with bytes unread: %c", verdict());
    s = dialled(witness_port);
    shutdown(s, SHUT_WR);
    CHECK("shut down: %c", verdict());
    close(s);
    s = dialled(witness_port);
    if (fork() == 0) _exit(0);
    wait(NULL);
    if (fork() == 0) {
        close(s);
        abort();
    }
    wait(NULL);
    write(s, "y", 1);
    close(s);
    CHECK("in children first: %c", verdict());
    if (fork() == 0) {
        dialled(witness_port);
        kill(getpid(), SIGKILL);
    }
    wait(NULL);
    CHECK("killed: %c", verdict());
}

static void check_options(void) {
    int s = stream(0);
    static const struct {
        const char *name;
        int level, option, value;
    } table[] = {
        {"NODELAY", IPPROTO_TCP, TCP_NODELAY, 1},   {"CORK", IPPROTO_TCP, TCP_CORK, 1},
        {"KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 7}, {"KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 60},
        {"KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 0}, {"KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 5},
        {"KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 3},   {"REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1},
        {"REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1}, {"BROADCAST", SOL_SOCKET, SO_BROADCAST, 1},
        {"OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1}, {"RCVBUF", SOL_SOCKET, SO_RCVBUF, 30000},
        {"SNDBUF", SOL_SOCKET, SO_SNDBUF, 30000},   {"SNDBUF", SOL_SOCKET, SO_SNDBUF, 1},
        {"TOS", IPPROTO_IP, IP_TOS, 16},            {"TTL", IPPROTO_IP, IP_TTL, 33},
        {"TTL", IPPROTO_IP, IP_TTL, 300},           {"RECVERR", IPPROTO_IP, IP_RECVERR, 1},
        {"USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 4000},
        {"SYNCNT", IPPROTO_TCP, TCP_SYNCNT, 2},     {"RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 4},
        {"unknown", SOL_SOCKET, 1234, 1},           {"unknown", IPPROTO_TCP, 1234, 1},
        {"IPv6", IPPROTO_IPV6, 26, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *done = result(set(s, table[i].level, table[i].option, table[i].value));
        CHECK("%s %s %s", table[i].name, done, result(option(s, table[i].level, table[i].option)));
    }
    char name[16] = "";
    socklen_t n = sizeof name;
    CHECK("congestion %s", result(getsockopt(s, IPPROTO_TCP, TCP_CONGESTION, name, &n)));
    CHECK("short %s", result(setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, name, 2)));
    CHECK("bad pointer %s", result(setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, (void *)16, 4)));
    struct linger l = {1, 5}, m = {0, 0};
    n = sizeof m;
    setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof l);
    getsockopt(s, SOL_SOCKET, SO_LINGER, &m, &n);
    CHECK("linger %d %d", m.l_onoff, m.l_linger);
    struct timeval t = {3, 0}, u = {0, 0};
    n = sizeof u;
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    getsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &u, &n);
    CHECK("SNDTIMEO %ld", (long)u.tv_sec);
    close(s);
    int d = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK("type %d protocol %d", option(d, SOL_SOCKET, SO_TYPE),
          option(d, SOL_SOCKET, SO_PROTOCOL));
    CHECK("NODELAY %s", result(set(d, IPPROTO_TCP, TCP_NODELAY, 1)));
    CHECK("poll %x", polled(d, ALL, 0));
    close(d);
}

static void check_bind(void) {
    int s = stream(0);
    struct sockaddr_in a = {.sin_family = AF_INET}, b;
    socklen_t n = sizeof b;
    CHECK("bind %s", result(bind(s, (struct sockaddr *)&a, sizeof a)));
    CHECK("again %s", result(bind(s, (struct sockaddr *)&a, sizeof a)));
    getsockname(s, (struct sockaddr *)&b, &n);
    CHECK("port %d", b.sin_port != 0);
    CHECK("connect %s", result(dial(s, echo_port)));
    a = b;
    getsockname(s, (struct sockaddr *)&b, &n);
    CHECK("same port %d", a.sin_port == b.sin_port);
    CHECK("bind %s", result(bind(s, (struct sockaddr *)&a, sizeof a)));
    close(s);
    s = stream(0);
    a.sin_family = AF_INET6;
    CHECK("family %s", result(bind(s, (struct sockaddr *)&a, sizeof a)));
    CHECK("short %s", result(bind(s, (struct sockaddr *)&a, 3)));
    close(s);
}

static void check_descriptors(void) {
    char block[64];
    int s = stream(0), d = dup(s);
    CHECK("connect %s", result(dial(s, echo_port)));
    CHECK("through a duplicate %s", result(dial(d, echo_port)));
    close(s);
    CHECK("write %s", result(write(d, "abc", 3)));
    fflush(stdout);
    if (fork() == 0) {
        ssize_t count = read(d, block, 3);
        _exit(count == 3 && memcmp(block, "abc", 3) == 0 ? 5 : 6);
    }
    int status;
    wait(&status);
    CHECK("child %d", WEXITSTATUS(status));

    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    char room[CMSG_SPACE(sizeof(int))] = "";
    struct iovec part = {"d", 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
                       .msg_controllen = sizeof room};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &d, sizeof d);
    CHECK("pass %s", result(sendmsg(pair[0], &m, 0)));
    close(d);
    CHECK("take %s", result(recvmsg(pair[1], &m, 0)));
    memcpy(&d, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof d);
    CHECK("write %s", result(write(d, "efgh", 4)));
    CHECK("waitall %s", result(recv(d, block, 4, MSG_WAITALL)));
    struct sockaddr_in b;
    socklen_t n = sizeof b;
    CHECK("peer %s %d", result(getpeername(d, (struct sockaddr *)&b, &n)),
          ntohs(b.sin_port) == echo_port);
    fcntl(d, F_SETFL, O_NONBLOCK);
    CHECK("read %s", result(read(d, block, 4)));
    close(d);

    int l = socket(AF_UNIX, SOCK_STREAM, 0), k = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    n = sizeof u;
    CHECK("UNIX bind %s", result(bind(l, (struct sockaddr *)&u, sizeof(sa_family_t))));
    getsockname(l, (struct sockaddr *)&u, &n);
    CHECK("UNIX family %d listen %s", u.sun_family, result(listen(l, 1)));
    CHECK("UNIX connect %s", result(connect(k, (struct sockaddr *)&u, n)));
    CHECK("UNIX accept %d", accept(l, NULL, NULL) >= 0);
    CHECK("UNIX type %d domain %d", option(k, SOL_SOCKET, SO_TYPE),
          option(k, SOL_SOCKET, SO_DOMAIN));
    close(l);
    close(k);
}

static void *reader(void *argument) {
    static char block[100000];
    unsigned long sum = 0, count = 0;
    int s = *(int *)argument;
    ssize_t n;
    while ((n = read(s, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < n; i++) sum = sum * 31 + (unsigned char)block[i];
        count += (unsigned long)n;
    }
    CHECK("received %lu sum %lx then %s", count, sum, result(n));
    return NULL;
}

static void check_bulk(void) {
    int s = dialled(echo_port);
    pthread_t thread;
    pthread_create(&thread, NULL, reader, &s);
    static char block[300000];
    unsigned long sum = 0, count = 0;
    for (int round = 0; round < 100; round++) {
        size_t size = 1 + (size_t)(round * 7919) % sizeof block;
        for (size_t i = 0; i < size; i++) block[i] = (char)(round + i * 7);
        for (size_t done = 0; done < size;) {
            ssize_t n = write(s, block + done, size - done);
            if (n <= 0) exit(8);
            for (ssize_t i = 0; i < n; i++) sum = sum * 31 + (unsigned char)block[done + (size_t)i];
            done += (size_t)n;
        }
        count += size;
    }
    shutdown(s, SHUT_WR);
    pthread_join(thread, NULL);
    CHECK("sent %lu sum %lx", count, sum);
    close(s);

    // A peer that nobody reads from stops the writer, and goes on when it is read from.
    s = dialled(echo_port);
    fcntl(s, F_SETFL, O_NONBLOCK);
    unsigned long in = 0, out = 0;
    while (polled(s, POLLOUT, 500) > 0 && out < 100000000) {
        ssize_t n = write(s, block, sizeof block);
        if (n > 0) out += (unsigned long)n;
    }
    CHECK("stopped %d", out < 100000000);
    shutdown(s, SHUT_WR);
    fcntl(s, F_SETFL, 0);
    ssize_t n;
    while ((n = read(s, block, sizeof block)) > 0) in += (unsigned long)n;
    CHECK("all came back %d %s", in == out, result(n));
    close(s);
}

static void check_disconnect(void) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    int s = stream(0);
    CHECK("unconnected %s", result(connect(s, &none, sizeof none)));
    CHECK("connect %s", result(dial(s, echo_port)));
    CHECK("disconnect %s", result(connect(s, &none, sizeof none)));
    CHECK("connect %s", result(dial(s, echo_port)));
    char block[8];
    CHECK("write %s", result(write(s, "abc", 3)));
    CHECK("read %s", result(recv(s, block, 3, MSG_WAITALL)));
    close(s);
}

int main(int count, char **arguments) {
    if (count < 5) return 2;
    echo_port = atoi(arguments[1]);
    reset_port = atoi(arguments[2]);
    witness_port = atoi(arguments[3]);
    verdict_port = atoi(arguments[4]);
    check_fresh();
    check_connect();
    check_refusal();
    check_non_blocking();
    check_reset();
    check_close();
    check_options();
    check_bind();
    check_descriptors();
    check_bulk();
    check_disconnect();
    return 0;
}
