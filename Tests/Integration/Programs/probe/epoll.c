// epoll: level and edge, once, over connect and accept, through forks and duplicates.
#include "probe.h"

static const char *seen(int e, int timeout) {
    struct epoll_event event;
    int n = epoll_wait(e, &event, 1, timeout);
    return n == 0 ? "none" : n < 0 ? result(n) : events((int)event.events);
}

static int watch(int e, int s, uint32_t some) {
    struct epoll_event event = {.events = some, .data.fd = s};
    return epoll_ctl(e, EPOLL_CTL_ADD, s, &event);
}

static int rewatch(int e, int s, uint32_t some) {
    struct epoll_event event = {.events = some, .data.fd = s};
    return epoll_ctl(e, EPOLL_CTL_MOD, s, &event);
}

// Waits until the events of a descriptor are at rest, and forgets them.
static void settle(int e) {
    while (strcmp(seen(e, 50), "none") != 0) {}
}

static void edges(void) {
    int l = listener(AF_INET, 8), e = epoll_create1(0), c[3];
    char text[8];
    CALL("add", watch(e, l, EPOLLIN | EPOLLET));
    CALL("add twice", watch(e, l, EPOLLIN));
    CHECK("nobody", "%s", seen(e, 0));
    for (int i = 0; i < 3; i++) {
        c[i] = socket(AF_INET, SOCK_STREAM, 0);
        dial(c[i], AF_INET, port_of(l));
        CHECK("each arrival is an edge", "%s", seen(e, 2000));
    }
    CHECK("no edge", "%s", seen(e, 50));
    int a = accept(l, NULL, NULL);
    CHECK("no edge by accept", "%s", seen(e, 50));
    rewatch(e, l, EPOLLIN);
    CHECK("level", "%s", seen(e, 50));
    CHECK("level stays", "%s", seen(e, 50));
    close(accept(l, NULL, NULL));
    close(accept(l, NULL, NULL));
    CHECK("level ends", "%s", seen(e, 50));
    epoll_ctl(e, EPOLL_CTL_DEL, l, NULL);

    watch(e, a, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    CHECK("established", "%s", seen(e, 500));
    CHECK("no edge", "%s", seen(e, 50));
    put(c[0], "x");
    CHECK("bytes are an edge", "%s", seen(e, 2000));
    put(c[0], "y");
    CHECK("more are another", "%s", seen(e, 2000));
    CALL("read", read(a, text, 8));
    settle(e);
    shutdown(c[0], SHUT_WR);
    CHECK("the end is an edge", "%s", seen(e, 2000));
    settle(e);
    close(c[0]);
    CALL("write", write(a, "z", 1));
    usleep(50000);
    CHECK("the reset is an edge", "%s", seen(e, 2000));
    close(a);
    CHECK("closed", "%s", seen(e, 50));

    rewatch(e, l, EPOLLIN);
    close(c[1]);
    close(c[2]);
    close(e);
    close(l);
}

static void once(void) {
    Pair p = pair(AF_INET);
    int e = epoll_create1(0);
    char text[8];
    watch(e, p.server, EPOLLIN | EPOLLONESHOT);
    CHECK("nothing yet", "%s", seen(e, 20));
    put(p.client, "ab");
    CHECK("once", "%s", seen(e, 2000));
    CHECK("and no more", "%s", seen(e, 50));
    rewatch(e, p.server, EPOLLIN | EPOLLONESHOT);
    CHECK("armed again", "%s", seen(e, 2000));
    CALL("read", read(p.server, text, 8));
    rewatch(e, p.server, EPOLLIN | EPOLLONESHOT);
    CHECK("armed, empty", "%s", seen(e, 50));
    close(p.client);
    CHECK("the end", "%s", seen(e, 2000));
    p.client = -1;
    close_pair(&p);
    close(e);
}

static void connecting(void) {
    int l = listener(AF_INET, 8), e = epoll_create1(0);
    int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    watch(e, s, EPOLLOUT | EPOLLIN | EPOLLET);
    CHECK("unconnected", "%s", seen(e, 50));
    CHECK("unconnected, no edge", "%s", seen(e, 50));
    dial(s, AF_INET, port_of(l));
    CHECK("connected", "%s", seen(e, 2000));
    settle(e);
    int a = accept(l, NULL, NULL);
    put(a, "x");
    CHECK("bytes", "%s", seen(e, 2000));
    // A duplicate keeps the registration alive.
    int d = dup(s);
    close(s);
    settle(e);
    put(a, "y");
    CHECK("through a duplicate", "%s", seen(e, 2000));
    close(d);
    put(a, "z");
    CHECK("all closed", "%s", seen(e, 50));
    close(a);
    // Registered in connecting, and never before.
    s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    dial(s, AF_INET, port_of(l));
    watch(e, s, EPOLLOUT | EPOLLONESHOT);
    CHECK("connected, once", "%s", seen(e, 2000));
    close(s);
    s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    watch(e, s, EPOLLOUT | EPOLLIN | EPOLLET);
    settle(e);
    dial(s, AF_INET, refusing_port(AF_INET));
    CHECK("refused", "%s", seen(e, 2000));
    close(s);
    // A set within a set, and one that a child shares.
    Pair p = pair(AF_INET);
    int outer = epoll_create1(0);
    watch(e, p.server, EPOLLIN);
    watch(outer, e, EPOLLIN);
    CHECK("outer, nothing", "%s", seen(outer, 20));
    put(p.client, "x");
    CHECK("outer, bytes", "%s", seen(outer, 2000));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        _exit(strcmp(seen(e, 2000), "in ") == 0 && read(p.server, &byte, 1) == 1 ? 7 : 8);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK("in a child", "%d", WEXITSTATUS(status));
    CHECK("read by the child", "%s", seen(e, 50));
    close_pair(&p);
    close(outer);
    close(e);
    close(l);
}

static void datagrams(void) {
    int r = bound(AF_INET, SOCK_DGRAM), s = bound(AF_INET, SOCK_DGRAM), e = epoll_create1(0);
    char text[8];
    dial(s, AF_INET, port_of(r));
    watch(e, r, EPOLLIN | EPOLLET);
    CHECK("no datagram", "%s", seen(e, 20));
    CALL("send", send(s, "a", 1, 0));
    CHECK("an edge", "%s", seen(e, 2000));
    CALL("send", send(s, "b", 1, 0));
    CHECK("another", "%s", seen(e, 2000));
    CALL("recv", recv(r, text, 8, 0));
    CHECK("none by reading", "%s", seen(e, 50));
    CALL("recv", recv(r, text, 8, 0));
    close(r);
    watch(e, s, EPOLLIN | EPOLLET);
    CALL("send to nobody", send(s, "c", 1, 0));
    CHECK("the error", "%s", seen(e, 2000));
    close(s);
    close(e);
}

void check_epoll(void) {
    edges();
    once();
    connecting();
    datagrams();
}
