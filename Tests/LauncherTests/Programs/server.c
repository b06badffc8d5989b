// What the probes talk to, plain or intercepted: services on ports of 127.0.0.1 that the kernel
// chooses, printed on one line. It serves until its standard input ends. The port "silent" answers to
// nothing: whoever may wait for it to accept does.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_port(int type, int *port) {
    int s = socket(AF_INET, type, 0), one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s, (struct sockaddr *)&a, sizeof a) < 0) exit(1);
    if (type == SOCK_STREAM && listen(s, 1024) < 0) exit(1);
    getsockname(s, (struct sockaddr *)&a, &n);
    *port = ntohs(a.sin_port);
    return s;
}

static void write_all(int s, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = write(s, bytes, count);
        if (n <= 0) return;
        bytes += n;
        count -= (size_t)n;
    }
}

static void serve_echo(int s) {
    static char block[65536];
    ssize_t n;
    while ((n = read(s, block, sizeof block)) > 0) write_all(s, block, (size_t)n);
}

// GET /COUNT answers with so many bytes of a fixed sequence.
static void serve_web(int s) {
    char request[4096] = "", head[200];
    size_t have = 0;
    ssize_t n;
    while (!strstr(request, "\r\n\r\n") && have < sizeof request - 1 &&
           (n = read(s, request + have, sizeof request - 1 - have)) > 0)
        have += (size_t)n;
    unsigned long count = strtoul(request + 5, NULL, 10);
    write_all(s, head, (size_t)snprintf(head, sizeof head,
              "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %lu\r\n\r\n", count));
    static char block[65536];
    uint32_t x = 12345;
    while (count > 0) {
        size_t part = count < sizeof block ? count : sizeof block;
        for (size_t i = 0; i < part; i++) {
            x = x * 1664525 + 1013904223;
            block[i] = 'a' + (x >> 24) % 26;
        }
        write_all(s, block, part);
        count -= part;
    }
}

// Reads a line, says "bye" where the line asks for it, and resets.
static void serve_reset(int s) {
    char line[16] = "";
    struct linger off = {1, 0};
    if (read(s, line, sizeof line - 1) > 0 && line[0] == 'b') {
        write_all(s, "bye", 3);
        usleep(100000);
    }
    setsockopt(s, SOL_SOCKET, SO_LINGER, &off, sizeof off);
}

// Says how the connection ended, to whoever asks the next one: "end" or "reset".
static void serve_witness(int s, int report) {
    char block[4096];
    ssize_t n;
    while ((n = read(s, block, sizeof block)) > 0)
        if (block[0] == 'x') write_all(s, "unread", 6);
    write_all(report, n == 0 ? "e" : "r", 1);
}

// Reads slowly to the end, and reports whether it was thirty million bytes.
static void serve_tally(int s, int report) {
    static char block[1000000];
    unsigned long total = 0;
    ssize_t n;
    while ((n = read(s, block, sizeof block)) > 0) {
        total += (unsigned long)n;
        usleep(5000);
    }
    write_all(report, n == 0 && total == 30000000 ? "y" : "n", 1);
}

static void serve_names(int s) {
    unsigned char q[512];
    struct sockaddr_in from;
    socklen_t n = sizeof from;
    ssize_t count = recvfrom(s, q, sizeof q - 16, 0, (struct sockaddr *)&from, &n);
    if (count < 17) return;
    size_t end = 12;
    while (end < (size_t)count && q[end]) end += q[end] + 1u;
    int type = q[end + 2];
    end += 5;
    q[2] = 0x84, q[3] = 0x00;
    memset(q + 6, 0, 6);
    if (type == 1) {
        static const unsigned char answer[] = {0xC0, 12, 0, 1,  0, 1, 0, 0,
                                               0,    60, 0, 4, 10, 0, 2, 4};
        q[7] = 1;
        memcpy(q + end, answer, sizeof answer);
        end += sizeof answer;
    }
    sendto(s, q, end, 0, (struct sockaddr *)&from, n);
}

// A port whose queue is full: the kernel takes no notice of who else wants to connect.
static int open_silent_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 0) < 0) exit(1);
    getsockname(s, (struct sockaddr *)&a, &n);
    for (int i = 0; i < 4; i++)
        connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&a, sizeof a);
    return ntohs(a.sin_port);
}

int main(void) {
    static const char *const names[] = {"echo",    "web",   "reset", "witness",
                                        "verdict", "tally", "dns"};
    struct pollfd wait[8];
    int ports[7], report[2];
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (pipe(report) < 0) return 1;
    for (int i = 0; i < 7; i++) {
        wait[i].fd = open_port(i == 6 ? SOCK_DGRAM : SOCK_STREAM, &ports[i]);
        wait[i].events = POLLIN;
    }
    wait[7] = (struct pollfd){.fd = 0, .events = POLLIN};
    for (int i = 0; i < 7; i++) printf("%s=%d ", names[i], ports[i]);
    printf("silent=%d\n", open_silent_port());
    fflush(stdout);
    while (poll(wait, 8, -1) > 0 && !wait[7].revents) {
        if (wait[6].revents) serve_names(wait[6].fd);
        for (int i = 0; i < 6; i++) {
            if (!wait[i].revents) continue;
            int s = accept(wait[i].fd, NULL, NULL);
            if (s < 0) continue;
            if (fork() == 0) {
                char verdict;
                for (int k = 0; k < 7; k++) close(wait[k].fd);
                if (i == 0) serve_echo(s);
                if (i == 1) serve_web(s);
                if (i == 2) serve_reset(s);
                if (i == 3) serve_witness(s, report[1]);
                if (i == 4 && read(report[0], &verdict, 1) == 1) write_all(s, &verdict, 1);
                if (i == 5) serve_tally(s, report[1]);
                _exit(0);
            }
            close(s);
        }
    }
    return 0;
}
