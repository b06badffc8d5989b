/*
 * An echo server for many clients, one event loop of libevent's for all. The loop waits for the
 * descriptor of a set of Sockeye's, in which the sockets are; what happens to a socket becomes an
 * event of libevent's, beside its timers, signals and whatever else it waits for.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sockeye.h>

enum { room = 16384, batch = 64 };

struct connection {
    int descriptor;
    struct event *event;
    size_t begin, end;
    char bytes[room];
};

static int set;
static struct event_base *base;
static unsigned open_now, served, most_at_once;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void watch(struct connection *connection, int operation) {
    int is_full = connection->begin < connection->end;
    struct epoll_event wish = {.events = is_full ? EPOLLOUT : EPOLLIN, .data.ptr = connection};
    if (sockeye_epoll_ctl(set, operation, connection->descriptor, &wish) < 0) die("epoll_ctl");
}

static void end(struct connection *connection) {
    sockeye_close(connection->descriptor);
    event_free(connection->event);
    free(connection);
    open_now--;
}

/* Something can be read, or the rest of what was read can be written. */
static void serve(evutil_socket_t unused, short what, void *argument) {
    (void)unused;
    (void)what;
    struct connection *connection = argument;
    if (connection->begin == connection->end) {
        ssize_t count = sockeye_recv(connection->descriptor, connection->bytes, room, 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            end(connection);
            return;
        }
        connection->begin = 0;
        connection->end = count;
    }
    ssize_t count = sockeye_send(connection->descriptor, connection->bytes + connection->begin,
                                 connection->end - connection->begin, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) {
        end(connection);
        return;
    }
    if (count > 0) connection->begin += count;
    watch(connection, EPOLL_CTL_MOD);
}

static void greet(evutil_socket_t unused, short what, void *argument) {
    (void)unused;
    (void)what;
    int listener = *(int *)argument, descriptor;
    while ((descriptor = sockeye_accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (connection == NULL) die("calloc");
        connection->descriptor = descriptor;
        connection->event = event_new(base, -1, EV_PERSIST, serve, connection);
        watch(connection, EPOLL_CTL_ADD);
        served++;
        if (++open_now > most_at_once) most_at_once = open_now;
    }
    if (errno != EAGAIN && errno != ECONNABORTED) die("accept");
}

static struct event *greeting;

/* The set has something to tell. */
static void pass_on(evutil_socket_t descriptor, short what, void *argument) {
    (void)what;
    (void)argument;
    struct epoll_event ready[batch];
    int count = sockeye_epoll_wait(descriptor, ready, batch, 0);
    for (int i = 0; i < count; i++) {
        struct connection *connection = ready[i].data.ptr;
        event_active(connection ? connection->event : greeting, EV_READ, 0);
    }
}

static void stop(evutil_socket_t number, short what, void *argument) {
    (void)number;
    (void)what;
    (void)argument;
    event_base_loopexit(base, NULL);
}

int main(int argc, char *argv[]) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }
    if (sockeye_open(argv[1]) < 0) {
        fprintf(stderr, "%s\n", sockeye_error());
        return 1;
    }
    int listener = sockeye_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    if (sockeye_bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    if (sockeye_listen(listener, 1024) < 0) die("listen");

    base = event_base_new();
    set = sockeye_epoll_create1(EPOLL_CLOEXEC);
    if (base == NULL || set < 0) die("epoll_create");
    struct epoll_event wish = {.events = EPOLLIN};
    if (sockeye_epoll_ctl(set, EPOLL_CTL_ADD, listener, &wish) < 0) die("epoll_ctl");
    greeting = event_new(base, -1, EV_PERSIST, greet, &listener);
    struct event *ready = event_new(base, set, EV_READ | EV_PERSIST, pass_on, NULL);
    struct event *signal = evsignal_new(base, SIGTERM, stop, NULL);
    event_add(ready, NULL);
    event_add(signal, NULL);
    printf("listening on port %s\n", argv[2]);
    fflush(stdout);

    event_base_dispatch(base);
    printf("%u served, %u at once, %u left\n", served, most_at_once, open_now);
    event_free(signal);
    event_free(ready);
    event_free(greeting);
    event_base_free(base);
    return 0;
}
