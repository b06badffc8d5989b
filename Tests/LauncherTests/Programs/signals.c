// Socket calls under signals: one that no answer comes to, and two thousand in a storm.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int caught;
static void catch(int signal) { caught++; }

static void handle(int flags) {
    struct sigaction act = {.sa_handler = catch, .sa_flags = flags};
    sigaction(SIGALRM, &act, NULL);
}

static void every(long microseconds) {
    struct itimerval t = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &t, NULL);
}

static int dial(int s, const char *host, int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &a.sin_addr);
    return connect(s, (struct sockaddr *)&a, sizeof a);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void silent_peer(int port) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    handle(0);
    every(100000);
    int n = dial(s, "127.0.0.1", port);
    printf("interrupted %s\n", strerrorname_np(n < 0 ? errno : 0));
    every(0);
    struct pollfd p = {.fd = s, .events = POLLOUT};
    usleep(200000);
    printf("poll %d\n", poll(&p, 1, 100));
    close(s);

    s = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval limit = {0, 300000};
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    double start = now();
    n = dial(s, "127.0.0.1", port);
    double took = now() - start;
    printf("limited %s %s\n", strerrorname_np(n < 0 ? errno : 0),
           took > 0.2 && took < 1.5 ? "in time" : "late");
    close(s);

    s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    n = dial(s, "127.0.0.1", port);
    printf("started %s\n", strerrorname_np(n < 0 ? errno : 0));
    n = dial(s, "127.0.0.1", port);
    printf("again %s\n", strerrorname_np(n < 0 ? errno : 0));
    p = (struct pollfd){.fd = s, .events = POLLOUT | POLLIN};
    printf("poll %d\n", poll(&p, 1, 100));
    printf("write %s\n", write(s, "x", 1) < 0 ? strerrorname_np(errno) : "done");
    close(s);
}

static int converse(int s) {
    char block[4];
    if (write(s, "abcd", 4) != 4) return -1;
    for (int have = 0; have < 4;) {
        ssize_t n = read(s, block + have, (size_t)(4 - have));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        have += (int)n;
    }
    return memcmp(block, "abcd", 4) == 0 ? 0 : -1;
}

static int dial_through(int s, int port) {
    int interrupted = 0;
    while (dial(s, "127.0.0.1", port) < 0) {
        if (errno == EISCONN && interrupted) return 0;
        interrupted = 1;
        if (errno != EINTR) return -1;
    }
    return 0;
}

static void storm(int port, int flags, const char *name) {
    int good = 0;
    caught = 0;
    handle(flags);
    every(150);
    for (int i = 0; i < 1000; i++) {
        int s;
        while ((s = socket(AF_INET, SOCK_STREAM, 0)) < 0 && errno == EINTR) {
        }
        if (s < 0) {
            printf("socket %s\n", strerrorname_np(errno));
        } else if (dial_through(s, port) < 0) {
            printf("connect %d %s\n", i, strerrorname_np(errno));
        } else if (converse(s) < 0) {
            printf("converse %d %s\n", i, strerrorname_np(errno));
        } else {
            good++;
        }
        close(s);
    }
    every(0);
    printf("%s: %d of 1000, %s\n", name, good, caught > 20 ? "many signals" : "few signals");
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    silent_peer(atoi(arguments[2]));
    storm(atoi(arguments[1]), SA_RESTART, "restarting");
    storm(atoi(arguments[1]), 0, "interrupting");
    return 0;
}
