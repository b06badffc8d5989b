/* 64 threads on one host at once: each serves a stream, asks one, sends datagrams, polls, sets and
 * reads options, copies and closes descriptors. Ends with 0 when every byte came through and no
 * descriptor is left. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sockeye.h>

enum { threads = 64, rounds = 20, block = 20000 };

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,         \
                    strerror(errno));                                                  \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

static struct sockaddr_in loopback(int descriptor) {
    struct sockaddr_in name;
    socklen_t length = sizeof name;
    CHECK(sockeye_getsockname(descriptor, (struct sockaddr *)&name, &length) == 0);
    CHECK(length == sizeof name);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return name;
}

static void stream_round(unsigned char seed) {
    int listener = sockeye_socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listener >= 0 && sockeye_listen(listener, 4) == 0);
    struct sockaddr_in name = loopback(listener);
    int client = sockeye_socket(AF_INET, SOCK_STREAM, 0);
    CHECK(sockeye_connect(client, (struct sockaddr *)&name, sizeof name) == 0);
    struct pollfd wait = {.fd = listener, .events = POLLIN};
    CHECK(sockeye_poll(&wait, 1, 10000) == 1);
    int server = sockeye_accept(listener, NULL, NULL);
    CHECK(server >= 0 && sockeye_close(listener) == 0);

    static const int yes = 1;
    CHECK(sockeye_setsockopt(client, IPPROTO_TCP, 1 /* TCP_NODELAY */, &yes, sizeof yes) == 0);
    unsigned char bytes[block], back[block];
    for (int i = 0; i < block; i++) bytes[i] = seed + i * 7;
    CHECK(sockeye_send(client, bytes, block, 0) == block);
    CHECK(sockeye_shutdown(client, SHUT_WR) == 0);
    int copy = sockeye_dup(server);
    CHECK(copy >= 0 && sockeye_close(server) == 0);
    size_t count = 0;
    ssize_t part;
    while ((part = sockeye_read(copy, back + count, block - count)) > 0) count += part;
    CHECK(count == block && memcmp(bytes, back, block) == 0);
    struct iovec halves[2] = {{back, block / 2}, {back + block / 2, block - block / 2}};
    CHECK(sockeye_writev(copy, halves, 2) == block);
    CHECK(sockeye_close(copy) == 0);
    CHECK(sockeye_recv(client, back, block, MSG_WAITALL) == block);
    CHECK(memcmp(bytes, back, block) == 0);
    CHECK(sockeye_recv(client, back, 1, 0) == 0);
    CHECK(sockeye_close(client) == 0);
}

static void datagram_round(unsigned char seed) {
    int one = sockeye_socket(AF_INET, SOCK_DGRAM, 0), other = sockeye_socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET};
    CHECK(sockeye_bind(one, (struct sockaddr *)&any, sizeof any) == 0);
    struct sockaddr_in name = loopback(one);
    int set = sockeye_epoll_create1(0);
    struct epoll_event wish = {.events = EPOLLIN, .data.u32 = seed};
    CHECK(set >= 0 && sockeye_epoll_ctl(set, EPOLL_CTL_ADD, one, &wish) == 0);
    CHECK(sockeye_sendto(other, &seed, 1, 0, (struct sockaddr *)&name, sizeof name) == 1);
    struct epoll_event ready;
    CHECK(sockeye_epoll_wait(set, &ready, 1, 10000) == 1 && ready.data.u32 == seed);
    unsigned char byte;
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    CHECK(sockeye_recvfrom(one, &byte, 1, 0, (struct sockaddr *)&from, &length) == 1);
    CHECK(byte == seed && from.sin_port == loopback(other).sin_port);
    CHECK(sockeye_close(set) == 0 && sockeye_close(one) == 0 && sockeye_close(other) == 0);
}

static void pair_round(unsigned char seed) {
    int ends[2];
    CHECK(sockeye_socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    unsigned char byte = 0;
    CHECK(sockeye_write(ends[0], &seed, 1) == 1 && sockeye_read(ends[1], &byte, 1) == 1);
    CHECK(byte == seed);
    CHECK(sockeye_close(ends[0]) == 0 && sockeye_read(ends[1], &byte, 1) == 0);
    CHECK(sockeye_close(ends[1]) == 0);
}

static void *work(void *argument) {
    unsigned char seed = (unsigned char)(size_t)argument;
    for (int round = 0; round < rounds; round++) {
        stream_round(seed + round);
        datagram_round(seed + round);
        pair_round(seed + round);
    }
    return NULL;
}

static int open_descriptors(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    CHECK(directory != NULL);
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

int main(void) {
    CHECK(sockeye_open("") == 0);
    // What the library keeps for later is there after the first round.
    work((void *)1);
    int before = open_descriptors();
    pthread_t workers[threads];
    for (size_t i = 0; i < threads; i++) CHECK(pthread_create(&workers[i], NULL, work, (void *)i) == 0);
    for (size_t i = 0; i < threads; i++) CHECK(pthread_join(workers[i], NULL) == 0);
    int left = open_descriptors() - before;
    // Sets for calls of poll that were under way together, two descriptors each.
    CHECK(left <= 32);
    printf("%d threads, %d rounds\n", threads, rounds);
    return 0;
}
