// connect in all its ways.
#include "probe.h"

static void blocking(int l) {
    int s = socket(AF_INET, SOCK_STREAM, 0), port = port_of(l);
    Name name = loopback(AF_INET, port), other;
    socklen_t n = sizeof other;
    CALL("short name", connect(s, &name.any, 8));
    CALL("bad pointer", connect(s, nowhere, 16));
    CALL("endless name", connect(s, &name.any, 4000));
    name.any.sa_family = AF_INET6;
    CALL("other family", connect(s, &name.any, sizeof name.four));
    CALL("connect", dial(s, AF_INET, port));
    CALL("again", dial(s, AF_INET, port));
    CALL("getpeername", getpeername(s, &other.any, &n));
    CHECK("peer", "%d %u", port_in(&other) == port, n);
    CHECK("error", "%d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("ready", "%s", ready(s));
    Name free_one = loopback(AF_INET, 0);
    CALL("bind afterwards", bind(s, &free_one.any, 16));
    CALL("listen afterwards", listen(s, 1));
    n = 4;
    int told = getpeername(s, &other.any, &n);
    CHECK("short name out", "%s %u", result(told), n);
    n = (socklen_t)-1;
    CALL("negative length", getpeername(s, &other.any, &n));
    close(s);
    close(accept(l, NULL, NULL));
}

static void refused(int family) {
    int s = socket(family, SOCK_STREAM, 0), port = refusing_port(family);
    CALL("refused", dial(s, family, port));
    CHECK("error is used up", "%d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("ready after refusal", "%s", ready(s));
    CALL("refused again", dial(s, family, port));
    CALL("write after refusal", write(s, "x", 1));
    int l = listener(family, 1);
    CALL("then accepted", dial(s, family, port_of(l)));
    CALL("write", write(s, "x", 1));
    close(l);
    close(s);
    s = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CALL("non-blocking, refused", dial(s, family, port));
    CHECK("ready", "%s", awaited(s, POLLOUT | POLLIN));
    CHECK("error", "%s", strerrorname_np(option(s, SOL_SOCKET, SO_ERROR)));
    CHECK("error", "%d", option(s, SOL_SOCKET, SO_ERROR));
    CHECK("ready", "%s", ready(s));
    close(s);
    s = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    dial(s, family, port);
    awaited(s, POLLOUT);
    CALL("second call tells", dial(s, family, port));
    close(s);
    s = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    dial(s, family, port);
    awaited(s, POLLOUT);
    char byte;
    CALL("read tells", read(s, &byte, 1));
    CALL("read, then", read(s, &byte, 1));
    close(s);
    s = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    dial(s, family, port);
    awaited(s, POLLOUT);
    CALL("write tells", write(s, "x", 1));
    CALL("write, then", write(s, "x", 1));
    close(s);
}

static void non_blocking(int l) {
    int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), port = port_of(l);
    CALL("non-blocking", dial(s, AF_INET, port));
    CHECK("ready", "%s", awaited(s, POLLOUT));
    CHECK("error", "%d", option(s, SOL_SOCKET, SO_ERROR));
    CALL("second", dial(s, AF_INET, port));
    CALL("third", dial(s, AF_INET, port));
    char byte;
    CALL("read", read(s, &byte, 1));
    CALL("write", write(s, "x", 1));
    int a = accept(l, NULL, NULL);
    CALL("arrives", read(a, &byte, 1));
    close(a);
    close(s);
    // A queue that is full: the connection is not made until there is room, or never.
    int full = listener(AF_INET, 0), fillers[6];
    for (int i = 0; i < 6; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        dial(fillers[i], AF_INET, port_of(full));
    }
    usleep(100000);
    s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CALL("to a full queue", dial(s, AF_INET, port_of(full)));
    usleep(50000);
    CHECK("ready in SYN-SENT", "%s", ready(s));
    CALL("EALREADY", dial(s, AF_INET, port_of(full)));
    CALL("read in SYN-SENT", read(s, &byte, 1));
    CALL("write in SYN-SENT", write(s, "x", 1));
    Name name;
    socklen_t n = sizeof name;
    CALL("getpeername in SYN-SENT", getpeername(s, &name.any, &n));
    CHECK("named in SYN-SENT", "%d", port_of(s) > 0);
    CALL("shutdown in SYN-SENT", shutdown(s, SHUT_RDWR));
    CHECK("ready", "%s", ready(s));
    close(s);
    s = socket(AF_INET, SOCK_STREAM, 0);
    limit(s, SO_SNDTIMEO, 200);
    long began = milliseconds();
    CALL("with a time limit", dial(s, AF_INET, port_of(full)));
    CHECK("took", "%s", span(began, 200));
    CALL("once more", dial(s, AF_INET, port_of(full)));
    close(s);
    for (int i = 0; i < 6; i++) close(fillers[i]);
    close(full);
}

static void disconnected(int l) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CALL("AF_UNSPEC, fresh", connect(s, &none, sizeof none));
    CALL("connect", dial(s, AF_INET, port_of(l)));
    int a = accept(l, NULL, NULL);
    CALL("AF_UNSPEC", connect(s, &none, sizeof none));
    Name name;
    socklen_t n = sizeof name;
    CALL("getpeername", getpeername(s, &name.any, &n));
    char byte;
    CALL("the peer reads", read(a, &byte, 1));
    close(a);
    CALL("connect anew", dial(s, AF_INET, port_of(l)));
    a = accept(l, NULL, NULL);
    CALL("write", write(s, "x", 1));
    CALL("read", read(a, &byte, 1));
    close(a);
    CALL("the end", read(s, &byte, 1));
    close(s);
}

void check_connecting(void) {
    int l = listener(AF_INET, 8);
    blocking(l);
    refused(AF_INET);
    non_blocking(l);
    disconnected(l);
    // To oneself, and to one's own listener.
    int s = bound(AF_INET, SOCK_STREAM);
    CALL("to oneself", dial(s, AF_INET, port_of(s)));
    CALL("write", write(s, "me", 2));
    char text[4];
    CALL("read", read(s, text, 4));
    close(s);
    CALL("of a listener", dial(l, AF_INET, port_of(l)));
    s = socket(AF_INET, SOCK_STREAM, 0);
    Name anybody = {.four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port_of(l))}};
    CALL("to 0.0.0.0", connect(s, &anybody.any, 16));
    Name peer;
    socklen_t n = sizeof peer;
    getpeername(s, &peer.any, &n);
    CHECK("which is", "%s", inet_ntoa(peer.four.sin_addr));
    close(s);
    s = socket(AF_INET, SOCK_STREAM, 0);
    anybody.four.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    CALL("to everybody", connect(s, &anybody.any, 16));
    anybody.four.sin_addr.s_addr = inet_addr("224.0.0.1");
    CALL("to a group", connect(s, &anybody.any, 16));
    anybody = loopback(AF_INET, 0);
    CALL("to port 0", connect(s, &anybody.any, 16));
    close(s);
    s = socket(AF_INET, SOCK_STREAM, 0);
    anybody.four.sin_addr.s_addr = inet_addr("127.3.4.5");
    anybody.four.sin_port = htons((uint16_t)port_of(l));
    CALL("to another of the loopback", connect(s, &anybody.any, 16));
    close(s);
    close(l);
}
