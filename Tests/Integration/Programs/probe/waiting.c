// Calls that wait: time limits, signals, and other threads.
#include "probe.h"
#include <sys/syscall.h>

static void interrupted(int flags, const char *how) {
    char what[80], byte;
    int l = listener(AF_INET, 0), fillers[4];
    snprintf(what, sizeof what, "accept, %s", how);
    note_signal(SIGUSR1, flags);
    pid_t child = signal_later(SIGUSR1, 80);
    fcntl(l, F_SETFL, 0);
    int c = -1;
    pid_t late = fork();
    if (late == 0) {
        usleep(250000);
        c = socket(AF_INET, SOCK_STREAM, 0);
        dial(c, AF_INET, port_of(l));
        usleep(300000);
        _exit(0);
    }
    int a = accept(l, NULL, NULL);
    CHECK(what, "%s signal %d", a < 0 ? result(a) : "accepted", noted == SIGUSR1);
    if (a < 0) a = accept(l, NULL, NULL);
    waitpid(child, NULL, 0);

    snprintf(what, sizeof what, "recv, %s", how);
    noted = 0;
    child = signal_later(SIGUSR1, 80);
    ssize_t n = recv(a, &byte, 1, 0);
    CHECK(what, "%s signal %d", result(n), noted == SIGUSR1);
    waitpid(child, NULL, 0);
    snprintf(what, sizeof what, "poll, %s", how);
    noted = 0;
    Pair p = pair(AF_INET);
    child = signal_later(SIGUSR1, 80);
    struct pollfd waiting = {.fd = p.server, .events = POLLIN};
    n = poll(&waiting, 1, 2000);
    CHECK(what, "%s", result(n));
    waitpid(child, NULL, 0);
    snprintf(what, sizeof what, "recv with a time limit, %s", how);
    noted = 0;
    limit(p.server, SO_RCVTIMEO, 400);
    child = signal_later(SIGUSR1, 80);
    n = recv(p.server, &byte, 1, 0);
    CHECK(what, "%s", result(n));
    waitpid(child, NULL, 0);
    close_pair(&p);
    snprintf(what, sizeof what, "recvfrom of datagrams, %s", how);
    int d = bound(AF_INET, SOCK_DGRAM);
    child = signal_later(SIGUSR1, 80);
    pid_t sender = fork();
    if (sender == 0) {
        usleep(250000);
        Name to = loopback(AF_INET, port_of(d));
        sendto(d, "x", 1, 0, &to.any, 16);
        _exit(0);
    }
    Name from;
    socklen_t length = sizeof from;
    n = recvfrom(d, &byte, 1, 0, &from.any, &length);
    CHECK(what, "%s", result(n));
    waitpid(child, NULL, 0);
    waitpid(sender, NULL, 0);
    close(d);
    close(a);
    waitpid(late, NULL, 0);

    // connect to a queue that is full waits; interrupted it goes on, or is begun again.
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        dial(fillers[i], AF_INET, port_of(l));
    }
    usleep(50000);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    limit(s, SO_SNDTIMEO, 500);
    snprintf(what, sizeof what, "connect, %s", how);
    noted = 0;
    child = signal_later(SIGUSR1, 80);
    n = dial(s, AF_INET, port_of(l));
    CHECK(what, "%s signal %d", result(n), noted == SIGUSR1);
    waitpid(child, NULL, 0);
    snprintf(what, sizeof what, "connect again, %s", how);
    fcntl(s, F_SETFL, O_NONBLOCK);
    CALL(what, dial(s, AF_INET, port_of(l)));
    close(s);
    for (int i = 0; i < 4; i++) close(fillers[i]);
    close(l);
}

void check_waiting(void) {
    interrupted(0, "no restart");
    interrupted(SA_RESTART, "restart");
    // Time limits.
    Pair p = pair(AF_INET);
    static char block[100000];
    limit(p.server, SO_RCVTIMEO, 100);
    long began = milliseconds();
    CALL("recv", recv(p.server, block, 1, 0));
    CHECK("took", "%s", span(began, 100));
    CALL("read", read(p.server, block, 1));
    CALL("waitall, some", write(p.client, "abc", 3));
    CALL("waitall", recv(p.server, block, 10, MSG_WAITALL));
    limit(p.listener, SO_RCVTIMEO, 100);
    began = milliseconds();
    CALL("accept", accept(p.listener, NULL, NULL));
    CHECK("took", "%s", span(began, 100));
    limit(p.client, SO_SNDTIMEO, 100);
    ssize_t n = 0;
    for (int i = 0; i < 1000 && (n = write(p.client, block, sizeof block)) > 0; i++) {}
    CHECK("write", "%s", result(n));
    struct timeval t = {0};
    socklen_t length = sizeof t;
    getsockopt(p.client, SOL_SOCKET, SO_SNDTIMEO, &t, &length);
    CHECK("SO_SNDTIMEO", "%ld %ld %u", (long)t.tv_sec, (long)t.tv_usec, length);
    t.tv_usec = 2000000;
    CALL("odd SO_RCVTIMEO", setsockopt(p.server, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
    close_pair(&p);
}

static int shared, second;
static const char *outcome;

static void *accepts(void *nothing) {
    (void)nothing;
    int a = accept(shared, NULL, NULL);
    outcome = a < 0 ? result(a) : "accepted";
    return NULL;
}

static void *reads(void *nothing) {
    (void)nothing;
    char byte;
    outcome = result(recv(shared, &byte, 1, 0));
    return NULL;
}

static void *connects(void *nothing) {
    (void)nothing;
    outcome = result(dial(shared, AF_INET, second));
    return NULL;
}

static void *dies(void *nothing) {
    (void)nothing;
    // A thread that blocks and is cancelled by the end of another process's wish.
    char byte;
    recv(shared, &byte, 1, 0);
    return NULL;
}

static void during(const char *what, void *(*call)(void *), void (*action)(void), int listener) {
    pthread_t thread;
    outcome = "still waits";
    pthread_create(&thread, NULL, call, NULL);
    usleep(80000);
    action();
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 400000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    if (pthread_timedjoin_np(thread, NULL, &until) != 0) {
        CHECK(what, "%s", "still waits");
        // It is woken by an arrival, or stays behind.
        if (listener >= 0) {
            int c = socket(AF_INET, SOCK_STREAM, 0);
            CHECK("a connection then", "%s", result(dial(c, AF_INET, listener)));
            usleep(50000);
            CHECK("and it", "%s", outcome);
            close(c);
        }
        pthread_detach(thread);
    } else {
        CHECK(what, "%s", outcome);
        // The numbers of what comes later stay.
        if (listener >= 0) number += 2;
    }
}

static void closes(void) { close(shared); }
static void shuts(void) { shutdown(shared, SHUT_RDWR); }
static void shuts_reading(void) { shutdown(shared, SHUT_RD); }

void check_threads(void) {
    shared = listener(AF_INET, 4);
    during("accept, shut down by another", accepts, shuts, -1);
    close(shared);
    shared = listener(AF_INET, 4);
    during("accept, closed by another", accepts, closes, port_of(shared));
    Pair p = pair(AF_INET);
    shared = p.server;
    during("recv, shut down by another", reads, shuts, -1);
    close_pair(&p);
    p = pair(AF_INET);
    shared = p.server;
    during("recv, reading shut down", reads, shuts_reading, -1);
    close_pair(&p);
    p = pair(AF_INET);
    shared = p.server;
    during("recv, closed by another", reads, closes, -1);
    put(p.client, "x");
    usleep(50000);
    CHECK("a byte then", "%s", outcome);
    close_pair(&p);
    int full = listener(AF_INET, 0), fillers[4];
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        dial(fillers[i], AF_INET, port_of(full));
    }
    usleep(50000);
    second = port_of(full);
    shared = socket(AF_INET, SOCK_STREAM, 0);
    during("connect, shut down by another", connects, shuts, -1);
    close(shared);
    shared = bound(AF_INET, SOCK_DGRAM);
    during("recv of datagrams, shut down by another", reads, shuts, -1);
    close(shared);
    // A process with threads that wait, and its sudden end.
    fflush(stdout);
    p = pair(AF_INET);
    pid_t child = fork();
    if (child == 0) {
        shared = p.server;
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) pthread_create(threads + i, NULL, dies, NULL);
        usleep(50000);
        _exit(9);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK("ends while threads wait", "%d", WEXITSTATUS(status));
    close(p.server);
    CHECK("and its socket", "%s", awaited(p.client, POLLRDHUP));
    p.server = -1;
    close_pair(&p);
    // Many accept at once, each gets one.
    shared = listener(AF_INET, 16);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) pthread_create(threads + i, NULL, accepts, NULL);
    usleep(50000);
    int clients[8], made = 0;
    for (int i = 0; i < 8; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        made += dial(clients[i], AF_INET, port_of(shared)) == 0;
    }
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    CHECK("eight threads accept", "%d %s", made, outcome);
    for (int i = 0; i < 8; i++) close(clients[i]);
    close(shared);
}
