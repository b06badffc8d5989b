// poll and select, of sockets in every state.
#include "probe.h"

static const char *chosen(int s) {
    static char text[16];
    fd_set in, out, odd;
    FD_ZERO(&in);
    FD_SET(s, &in);
    out = odd = in;
    struct timeval none = {0, 0};
    int n = select(s + 1, &in, &out, &odd, &none);
    snprintf(text, sizeof text, "%d %c%c%c", n, n > 0 && FD_ISSET(s, &in) ? 'r' : '-',
             n > 0 && FD_ISSET(s, &out) ? 'w' : '-', n > 0 && FD_ISSET(s, &odd) ? 'x' : '-');
    return text;
}

static void both(const char *state, int s) {
    CHECK(state, "poll %s, select %s", ready(s), chosen(s));
}

void check_readiness(void) {
    for (int i = 0; i < 2; i++) {
        int family = i == 0 ? AF_INET : AF_INET6;
        int s = socket(family, SOCK_STREAM, 0);
        both("fresh", s);
        Name name = loopback(family, 0);
        bind(s, &name.any, size_of(&name));
        both("bound", s);
        listen(s, 4);
        both("listening", s);
        int c = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        dial(c, family, port_of(s));
        awaited(s, POLLIN);
        both("somebody waits", s);
        both("established", c);
        int a = accept(s, NULL, NULL);
        both("accepted", a);
        both("nobody waits", s);
        put(a, "x");
        awaited(c, POLLIN);
        both("bytes", c);
        shutdown(a, SHUT_WR);
        awaited(c, POLLRDHUP);
        both("bytes and the end", c);
        both("has ended", a);
        char byte;
        if (read(c, &byte, 1) != 1) return;
        both("the end", c);
        shutdown(c, SHUT_WR);
        awaited(a, POLLHUP);
        both("both have ended", c);
        both("both have ended, there", a);
        close(a);
        close(c);
        close(s);
    }
    // A full connection can be written to no more, until the other side reads.
    Pair p = pair(AF_INET);
    static char block[100000];
    fcntl(p.client, F_SETFL, O_NONBLOCK);
    fcntl(p.server, F_SETFL, O_NONBLOCK);
    long sent = 0, got = 0;
    ssize_t n;
    for (int i = 0; i < 20; i++) {
        while ((n = write(p.client, block, sizeof block)) > 0) sent += n;
        usleep(10000);
    }
    both("full", p.client);
    CHECK("is full", "%s", result(n));
    CHECK("at least", "%d", sent > 100000);
    for (int i = 0; i < 200 && got < sent; i++) {
        while ((n = read(p.server, block, sizeof block)) > 0) got += n;
        usleep(2000);
    }
    CHECK("all of it", "%d", got == sent);
    CHECK("can be written to", "%s", awaited(p.client, POLLOUT));
    close_pair(&p);
    // A reset.
    p = pair(AF_INET);
    struct linger now = {1, 0};
    setsockopt(p.server, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(p.server);
    awaited(p.client, POLLRDHUP);
    both("reset", p.client);
    p.server = -1;
    close_pair(&p);
    // A refusal.
    int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    dial(s, AF_INET, refusing_port(AF_INET));
    awaited(s, POLLOUT);
    both("refused", s);
    close(s);
    s = socket(AF_INET, SOCK_DGRAM, 0);
    both("datagrams", s);
    shutdown(s, SHUT_RD);
    both("datagrams, shut down", s);
    close(s);
    // SO_RCVLOWAT.
    p = pair(AF_INET);
    set(p.server, SOL_SOCKET, SO_RCVLOWAT, 10);
    put(p.client, "12345");
    usleep(50000);
    CHECK("below the mark", "%s", ready(p.server));
    put(p.client, "67890");
    CHECK("at the mark", "%s", awaited(p.server, POLLIN));
    close_pair(&p);
    struct pollfd gone = {.fd = 900, .events = EVERY};
    poll(&gone, 1, 0);
    CHECK("no descriptor", "%s", events(gone.revents));
}
