// Shutdowns, ends, resets.
#include "probe.h"

static void halves(int family) {
    Pair p = pair(family);
    char text[16];
    CALL("shutdown WR", shutdown(p.client, SHUT_WR));
    CALL("write", write(p.client, "x", 1));
    CHECK("ready", "%s", ready(p.client));
    CHECK("the peer is ready", "%s", awaited(p.server, POLLIN));
    CALL("the peer reads", read(p.server, text, 16));
    CALL("and again", read(p.server, text, 16));
    CALL("the peer writes", write(p.server, "back", 4));
    CHECK("ready", "%s", awaited(p.client, POLLIN));
    CALL("read", read(p.client, text, 16));
    CALL("shutdown once more", shutdown(p.client, SHUT_WR));
    close(p.server);
    CHECK("ready at the end", "%s", awaited(p.client, POLLIN | POLLHUP));
    CALL("read at the end", read(p.client, text, 16));
    CALL("shutdown at the end", shutdown(p.client, SHUT_RDWR));
    p.server = -1;
    close_pair(&p);

    p = pair(family);
    CALL("shutdown RD", shutdown(p.client, SHUT_RD));
    CHECK("ready", "%s", ready(p.client));
    CALL("read", read(p.client, text, 16));
    CALL("write", write(p.client, "x", 1));
    CALL("the peer reads", read(p.server, text, 16));
    CALL("the peer writes", write(p.server, "y", 1));
    usleep(50000);
    CHECK("ready", "%s", ready(p.server));
    close_pair(&p);

    p = pair(family);
    CALL("shutdown RDWR", shutdown(p.client, SHUT_RDWR));
    CHECK("ready", "%s", ready(p.client));
    CALL("read", read(p.client, text, 16));
    CALL("write", write(p.client, "x", 1));
    CHECK("the peer", "%s", awaited(p.server, POLLRDHUP));
    CALL("odd shutdown", shutdown(p.server, 3));
    CALL("shutdown RDWR there too", shutdown(p.server, SHUT_RDWR));
    usleep(50000);
    CHECK("ready", "%s", ready(p.client));
    Name name;
    socklen_t n = sizeof name;
    CALL("getpeername", getpeername(p.client, &name.any, &n));
    close_pair(&p);
}

static void resets(int family) {
    struct linger now = {1, 0};
    char text[16];
    Pair p = pair(family);
    CALL("bytes", write(p.server, "last", 4));
    usleep(20000);
    setsockopt(p.server, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(p.server);
    CHECK("ready", "%s", awaited(p.client, POLLRDHUP));
    CALL("read", read(p.client, text, 16));
    CALL("read", read(p.client, text, 16));
    CALL("write", write(p.client, "x", 1));
    p.server = -1;
    close_pair(&p);

    p = pair(family);
    setsockopt(p.server, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(p.server);
    awaited(p.client, POLLRDHUP);
    CHECK("error", "%s", strerrorname_np(option(p.client, SOL_SOCKET, SO_ERROR)));
    CHECK("error", "%d", option(p.client, SOL_SOCKET, SO_ERROR));
    CHECK("ready", "%s", ready(p.client));
    CALL("read", read(p.client, text, 16));
    CALL("write", write(p.client, "x", 1));
    Name name;
    socklen_t n = sizeof name;
    CALL("getpeername", getpeername(p.client, &name.any, &n));
    p.server = -1;
    close_pair(&p);

    p = pair(family);
    setsockopt(p.server, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(p.server);
    awaited(p.client, POLLRDHUP);
    CALL("write first", write(p.client, "x", 1));
    CALL("write then", write(p.client, "x", 1));
    CALL("read then", read(p.client, text, 16));
    p.server = -1;
    close_pair(&p);

    // Bytes that nobody read make a reset of a close.
    p = pair(family);
    CALL("bytes", write(p.client, "unread", 6));
    awaited(p.server, POLLIN);
    close(p.server);
    CHECK("ready", "%s", awaited(p.client, POLLRDHUP));
    CALL("read", read(p.client, text, 16));
    p.server = -1;
    close_pair(&p);

    // Bytes to who has gone make a reset too.
    p = pair(family);
    close(p.server);
    awaited(p.client, POLLRDHUP);
    CALL("write after the end", write(p.client, "x", 1));
    usleep(50000);
    CHECK("ready", "%s", ready(p.client));
    CALL("write again", write(p.client, "x", 1));
    CALL("read", read(p.client, text, 16));
    p.server = -1;
    close_pair(&p);

    p = pair(family);
    note_signal(SIGPIPE, 0);
    shutdown(p.client, SHUT_WR);
    CALL("write", write(p.client, "x", 1));
    CHECK("signal", "%d", (int)noted);
    noted = 0;
    CALL("MSG_NOSIGNAL", send(p.client, "x", 1, MSG_NOSIGNAL));
    CHECK("signal", "%d", (int)noted);
    signal(SIGPIPE, SIG_IGN);
    close_pair(&p);
}

void check_closing(void) {
    halves(AF_INET);
    resets(AF_INET);
    // What was written before close arrives after it.
    Pair p = pair(AF_INET);
    static char block[200000];
    fcntl(p.client, F_SETFL, O_NONBLOCK);
    ssize_t sent = 0, n, got = 0;
    while (sent < 100000 && (n = write(p.client, block, 10000)) > 0) sent += n;
    close(p.client);
    while ((n = read(p.server, block, sizeof block)) > 0) got += n;
    CHECK("all of it", "%d then %s", got == sent, result(n));
    p.client = -1;
    close_pair(&p);
    // A lingering close waits until the peer has everything.
    p = pair(AF_INET);
    struct linger some = {1, 1};
    setsockopt(p.client, SOL_SOCKET, SO_LINGER, &some, sizeof some);
    CALL("write", write(p.client, "abc", 3));
    long began = milliseconds();
    CALL("lingering close", close(p.client));
    CHECK("took", "%s", span(began, 0));
    CALL("read", read(p.server, block, 10));
    p.client = -1;
    close_pair(&p);
}
