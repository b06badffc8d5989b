// bind, listen, accept.
#include "probe.h"

static void binding(void) {
    int s = socket(AF_INET, SOCK_STREAM, 0), t = socket(AF_INET, SOCK_STREAM, 0);
    Name name = loopback(AF_INET, 0);
    CALL("bind", bind(s, &name.any, 16));
    CALL("bind again", bind(s, &name.any, 16));
    CALL("bind short", bind(t, &name.any, 8));
    CALL("bind null", bind(t, NULL, 16));
    name.any.sa_family = AF_INET6;
    CALL("bind of another family", bind(t, &name.any, 16));
    name = loopback(AF_INET, port_of(s));
    CALL("a port that is taken", bind(t, &name.any, 16));
    set(t, SOL_SOCKET, SO_REUSEADDR, 1);
    CALL("with SO_REUSEADDR here", bind(t, &name.any, 16));
    set(s, SOL_SOCKET, SO_REUSEADDR, 1);
    CALL("with SO_REUSEADDR there too", bind(t, &name.any, 16));
    CALL("listen", listen(s, 1));
    CALL("listen of the other", listen(t, 1));
    close(t);
    t = socket(AF_INET, SOCK_STREAM, 0);
    set(t, SOL_SOCKET, SO_REUSEADDR, 1);
    CALL("bind beside a listener", bind(t, &name.any, 16));
    name.four.sin_addr.s_addr = htonl(INADDR_ANY);
    CALL("of any address", bind(t, &name.any, 16));
    name.four.sin_addr.s_addr = inet_addr("127.0.0.2");
    CALL("of another address", bind(t, &name.any, 16));
    name.four.sin_addr.s_addr = inet_addr("192.0.2.1");
    close(t);
    t = socket(AF_INET, SOCK_STREAM, 0);
    CALL("of a foreign address", bind(t, &name.any, 16));
    close(s);
    close(t);
    int u[3], port = 0;
    for (int i = 0; i < 3; i++) {
        u[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (i < 2) set(u[i], SOL_SOCKET, SO_REUSEPORT, 1);
        name = loopback(AF_INET, port);
        CALL("SO_REUSEPORT, bind", bind(u[i], &name.any, 16));
        if (i < 2) CALL("SO_REUSEPORT, listen", listen(u[i], 4));
        port = port_of(u[0]);
    }
    for (int i = 0; i < 3; i++) close(u[i]);
}

static void accepting(void) {
    int l = listener(AF_INET, 4), port = port_of(l);
    CHECK("ready", "%s", ready(l));
    CHECK("accepts", "%d", option(l, SOL_SOCKET, SO_ACCEPTCONN));
    char byte;
    CALL("read", read(l, &byte, 1));
    CALL("write", write(l, "x", 1));
    CALL("listen again", listen(l, 5));
    int c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port);
    CHECK("ready", "%s", awaited(l, POLLIN));
    Name name;
    memset(&name, 0, sizeof name);
    socklen_t n = sizeof name;
    int a = accept4(l, &name.any, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    CHECK("accept4", "%d flags %d %d", a >= 0, fcntl(a, F_GETFD),
          (fcntl(a, F_GETFL) & O_NONBLOCK) != 0);
    CHECK("peer", "%d %u %s", port_in(&name) == port_of(c), n, inet_ntoa(name.four.sin_addr));
    CHECK("name", "%d", port_of(a) == port);
    CHECK("ready, accepted", "%s", ready(a));
    CHECK("accepts, accepted", "%d", option(a, SOL_SOCKET, SO_ACCEPTCONN));
    CHECK("ready", "%s", ready(l));
    close(a);
    close(c);
    CALL("accept4, odd flags", accept4(l, NULL, NULL, 1));
    fcntl(l, F_SETFL, O_NONBLOCK);
    CALL("accept of nobody", accept(l, NULL, NULL));
    c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port);
    awaited(l, POLLIN);
    a = accept(l, NULL, NULL);
    CHECK("flags are not inherited", "%d %d", fcntl(a, F_GETFL) & O_NONBLOCK, fcntl(a, F_GETFD));
    close(a);
    close(c);
    c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port);
    awaited(l, POLLIN);
    n = 3;
    a = accept(l, &name.any, &n);
    CHECK("a short name", "%d %u", a >= 0, n);
    close(a);
    close(c);
    c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port);
    awaited(l, POLLIN);
    CALL("a bad pointer", accept(l, nowhere, &n));
    CHECK("ready", "%s", ready(l));
    close(c);
    while ((a = accept(l, NULL, NULL)) >= 0) close(a);
    // A peer that has gone before it was accepted.
    c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port);
    CALL("bytes before accept", write(c, "early", 5));
    close(c);
    awaited(l, POLLIN);
    a = accept(l, NULL, NULL);
    char text[8];
    CHECK("accept of who has gone", "%d", a >= 0);
    CALL("its bytes", read(a, text, 8));
    CALL("its end", read(a, text, 8));
    close(a);
    c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port);
    awaited(l, POLLIN);
    struct linger now = {1, 0};
    setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(c);
    usleep(50000);
    a = accept(l, NULL, NULL);
    CHECK("accept of who was reset", "%d", a >= 0);
    CALL("read", read(a, text, 8));
    CALL("read", read(a, text, 8));
    close(a);
    close(l);
    c = socket(AF_INET, SOCK_STREAM, 0);
    CALL("connect after close", dial(c, AF_INET, port));
    close(c);
    l = socket(AF_INET, SOCK_STREAM, 0);
    CALL("listen, unbound", listen(l, 1));
    CHECK("is given a port", "%d", port_of(l) > 0);
    c = socket(AF_INET, SOCK_STREAM, 0);
    CALL("that answers", dial(c, AF_INET, port_of(l)));
    close(c);
    CALL("shutdown of a listener", shutdown(l, SHUT_RD));
    CHECK("ready", "%s", ready(l));
    CHECK("accepts", "%d", option(l, SOL_SOCKET, SO_ACCEPTCONN));
    fcntl(l, F_SETFL, O_NONBLOCK);
    CALL("accept", accept(l, NULL, NULL));
    CALL("listen anew", listen(l, 1));
    close(l);
    int d = bound(AF_INET, SOCK_DGRAM);
    CALL("listen of datagrams", listen(d, 1));
    CALL("accept of datagrams", accept(d, NULL, NULL));
    close(d);
}

static void queueing(void) {
    int l = listener(AF_INET, 1), clients[8], made = 0;
    for (int i = 0; i < 8; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        dial(clients[i], AF_INET, port_of(l));
    }
    usleep(100000);
    for (int i = 0; i < 8; i++) {
        struct pollfd p = {.fd = clients[i], .events = POLLOUT};
        made += poll(&p, 1, 0) == 1 && p.revents == POLLOUT;
    }
    CHECK("a queue of 1 has", "%d", made);
    for (int i = 0; i < 8; i++) close(clients[i]);
    close(l);
    l = listener(AF_INET, 50);
    for (int i = 0; i < 8; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (dial(clients[i], AF_INET, port_of(l)) == 0) made++;
        char byte = (char)i;
        if (write(clients[i], &byte, 1) != 1) made = -100;
    }
    int order = 1;
    for (int i = 0; i < 8; i++) {
        char byte = -1;
        int a = accept(l, NULL, NULL);
        if (read(a, &byte, 1) != 1 || byte != i) order = 0;
        close(a);
    }
    CHECK("accepted in order", "%d", order);
    for (int i = 0; i < 8; i++) close(clients[i]);
    close(l);
    l = listener(AF_INET, 4);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port_of(l));
    close(l);
    char byte;
    CALL("never accepted", read(c, &byte, 1));
    close(c);
}

void check_listening(void) {
    binding();
    accepting();
    queueing();
}
