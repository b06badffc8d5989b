/* What the calls do beside sockets: signals, processes, the kernel's descriptors, stdio, names.
 * Ends with 0 when all of it holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <sockeye.h>

#define CHECK(condition)                                                               \
    do {                                                                               \
        errno = 0;                                                                     \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,         \
                    strerror(errno));                                                  \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)
#define FAILS(call, code) CHECK((call) == -1 && errno == (code))

static volatile sig_atomic_t caught;
static void catch(int number) { caught = number; }

static void handle(int number, int flags) {
    struct sigaction action = {.sa_handler = catch, .sa_flags = flags};
    CHECK(sigaction(number, &action, NULL) == 0);
    caught = 0;
}

static void arm(int milliseconds) {
    struct itimerval timer = {.it_value.tv_usec = milliseconds * 1000};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

/* A connection over the loopback: both ends. */
static void connection(int ends[2]) {
    int listener = sockeye_socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;
    CHECK(sockeye_bind(listener, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK(sockeye_listen(listener, 1) == 0);
    CHECK(sockeye_getsockname(listener, (struct sockaddr *)&name, &length) == 0);
    ends[0] = sockeye_socket(AF_INET, SOCK_STREAM, 0);
    CHECK(sockeye_connect(ends[0], (struct sockaddr *)&name, sizeof name) == 0);
    ends[1] = sockeye_accept(listener, NULL, NULL);
    CHECK(ends[1] >= 0 && sockeye_close(listener) == 0);
}

static void signals(void) {
    int ends[2];
    char byte;
    connection(ends);
    struct timeval limit = {.tv_sec = 5};
    CHECK(sockeye_setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);

    handle(SIGALRM, 0);
    arm(50);
    FAILS(sockeye_recv(ends[0], &byte, 1, 0), EINTR);
    CHECK(caught == SIGALRM);
    struct pollfd wait = {.fd = ends[0], .events = POLLIN};
    arm(50);
    FAILS(sockeye_poll(&wait, 1, 5000), EINTR);
    int set = sockeye_epoll_create1(0);
    struct epoll_event event;
    arm(50);
    FAILS(sockeye_epoll_wait(set, &event, 1, 5000), EINTR);
    CHECK(sockeye_close(set) == 0);

    // Without a limit, a handler that restarts calls does so.
    memset(&limit, 0, sizeof limit);
    CHECK(sockeye_setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    handle(SIGALRM, SA_RESTART);
    arm(50);
    pid_t child = fork();
    if (child == 0) _exit(0);
    CHECK(waitpid(child, NULL, 0) == child);
    while (caught == 0) poll(NULL, 0, 10);
    CHECK(sockeye_send(ends[1], "x", 1, 0) == 1);
    CHECK(sockeye_recv(ends[0], &byte, 1, 0) == 1 && byte == 'x');

    // A stream that takes no more.
    handle(SIGPIPE, 0);
    CHECK(sockeye_shutdown(ends[0], SHUT_WR) == 0);
    FAILS(sockeye_send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(caught == 0);
    FAILS(sockeye_write(ends[0], "x", 1), EPIPE);
    CHECK(caught == SIGPIPE);

    // Told by signal.
    handle(SIGIO, 0);
    CHECK(sockeye_fcntl(ends[0], F_SETOWN, getpid()) == 0);
    CHECK(sockeye_fcntl(ends[0], F_GETOWN) == getpid());
    CHECK(sockeye_fcntl(ends[0], F_SETFL, O_ASYNC) == 0);
    CHECK(sockeye_send(ends[1], "y", 1, 0) == 1);
    for (int i = 0; i < 200 && caught == 0; i++) poll(NULL, 0, 10);
    CHECK(caught == SIGIO);
    CHECK(sockeye_close(ends[0]) == 0 && sockeye_close(ends[1]) == 0);
}

static void processes(void) {
    int ends[2];
    char byte;
    connection(ends);
    pid_t child = fork();
    if (child == 0) {
        // The child has no host; closing there is nobody's business here.
        int failed = sockeye_send(ends[0], "x", 1, 0) != -1 || errno != EBADF;
        sockeye_close(ends[0]);
        sockeye_close(ends[1]);
        exit(failed);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(sockeye_recv(ends[1], &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK(sockeye_send(ends[0], "x", 1, 0) == 1 && sockeye_recv(ends[1], &byte, 1, 0) == 1);
    CHECK(sockeye_close(ends[0]) == 0 && sockeye_close(ends[1]) == 0);
}

/* Descriptors of the kernel's and of the library in the same calls. */
static void kernel(void) {
    int ends[2], pipes[2];
    char bytes[8];
    connection(ends);
    CHECK(pipe(pipes) == 0);
    CHECK(sockeye_write(pipes[1], "abc", 3) == 3 && sockeye_read(pipes[0], bytes, 1) == 1);
    struct pollfd wait[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = pipes[0], .events = POLLIN}};
    CHECK(sockeye_poll(wait, 2, 1000) == 1 && wait[1].revents == POLLIN && wait[0].revents == 0);
    CHECK(sockeye_send(ends[1], "x", 1, 0) == 1);
    CHECK(sockeye_poll(wait, 1, 1000) == 1 && sockeye_poll(wait, 2, 1000) == 2);
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(ends[0], &readable);
    FD_SET(pipes[0], &readable);
    CHECK(sockeye_select(FD_SETSIZE, &readable, NULL, NULL, NULL) == 2);
    FAILS(write(ends[0], "x", 1), EBADF);

    // A set in a loop of the kernel's.
    int set = sockeye_epoll_create1(0), outer = epoll_create1(0);
    struct epoll_event wish = {.events = EPOLLIN, .data.fd = ends[0]}, ready[4];
    CHECK(sockeye_epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &wish) == 0);
    wish.data.fd = pipes[0];
    CHECK(sockeye_epoll_ctl(set, EPOLL_CTL_ADD, pipes[0], &wish) == 0);
    wish.data.fd = set;
    CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, set, &wish) == 0);
    CHECK(epoll_wait(outer, ready, 4, 1000) == 1 && ready[0].data.fd == set);
    CHECK(sockeye_epoll_wait(set, ready, 4, 0) == 2);
    CHECK(sockeye_read(ends[0], bytes, 8) == 1 && sockeye_read(pipes[0], bytes, 8) == 2);
    CHECK(sockeye_epoll_wait(set, ready, 4, 0) == 0 && epoll_wait(outer, ready, 4, 0) == 0);

    // A copy onto one of the kernel's, and the other way round.
    CHECK(sockeye_dup2(ends[0], pipes[0]) == pipes[0]);
    CHECK(sockeye_send(pipes[0], "y", 1, 0) == 1 && sockeye_recv(ends[1], bytes, 1, 0) == 1);
    CHECK(sockeye_dup2(pipes[1], ends[0]) == ends[0]);
    FAILS(sockeye_send(ends[0], "y", 1, 0), ENOTSOCK);
    CHECK(sockeye_close(pipes[0]) == 0 && sockeye_read(ends[1], bytes, 1) == 0);
    sockeye_close(ends[0]), sockeye_close(ends[1]), sockeye_close(pipes[1]);
    sockeye_close(set), sockeye_close(outer);
}

static void streams_and_files(void) {
    int ends[2];
    char line[32];
    connection(ends);
    FILE *out = sockeye_fdopen(ends[0], "w"), *in = sockeye_fdopen(ends[1], "r");
    CHECK(out != NULL && in != NULL);
    CHECK(fprintf(out, "line %d\n", 1) > 0 && fflush(out) == 0);
    CHECK(fgets(line, sizeof line, in) != NULL && strcmp(line, "line 1\n") == 0);

    FILE *file = tmpfile();
    CHECK(file != NULL && fputs("file\n", file) >= 0 && fflush(file) == 0);
    off_t offset = 0;
    CHECK(sockeye_sendfile(ends[0], fileno(file), &offset, 100) == 5 && offset == 5);
    CHECK(fgets(line, sizeof line, in) != NULL && strcmp(line, "file\n") == 0);
    fclose(file);
    CHECK(fclose(out) == 0 && fgets(line, sizeof line, in) == NULL && fclose(in) == 0);
    FAILS(sockeye_close(ends[0]), EBADF);
}

/* A socket on its way through another one. */
static void passing(void) {
    int ends[2], pair[2];
    char bytes[8];
    connection(ends);
    CHECK(sockeye_socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec vector = {.iov_base = "s", .iov_len = 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof control};
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &ends[0], sizeof(int));
    CHECK(sockeye_sendmsg(pair[0], &message, 0) == 1);
    CHECK(sockeye_close(ends[0]) == 0);
    memset(&control, 0, sizeof control);
    vector.iov_base = bytes;
    CHECK(sockeye_recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) == 1 && bytes[0] == 's');
    CHECK(control.header.cmsg_type == SCM_RIGHTS);
    memcpy(&ends[0], CMSG_DATA(&control.header), sizeof(int));
    CHECK(sockeye_fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
    CHECK(sockeye_send(ends[0], "t", 1, 0) == 1 && sockeye_recv(ends[1], bytes, 1, 0) == 1);
    CHECK(sockeye_close(ends[0]) == 0 && sockeye_recv(ends[1], bytes, 1, 0) == 0);
    sockeye_close(ends[1]), sockeye_close(pair[0]), sockeye_close(pair[1]);
}

static void names(void) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list;
    CHECK(sockeye_getaddrinfo("127.0.0.1", "http", &hints, &list) == 0);
    CHECK(list->ai_next == NULL && list->ai_addrlen == sizeof(struct sockaddr_in));
    char host[NI_MAXHOST], service[NI_MAXSERV];
    CHECK(sockeye_getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, service,
                              sizeof service, NI_NUMERICHOST) == 0);
    CHECK(strcmp(host, "127.0.0.1") == 0 && strcmp(service, "http") == 0);
    CHECK(sockeye_getnameinfo(list->ai_addr, list->ai_addrlen, host, 5, NULL, 0,
                              NI_NUMERICHOST) == EAI_OVERFLOW);
    sockeye_freeaddrinfo(list);
    CHECK(sockeye_getaddrinfo("127.0.0.1", "nowhere?", &hints, &list) == EAI_SERVICE);
    struct hostent *entry = sockeye_gethostbyname("localhost");
    CHECK(entry != NULL && entry->h_addrtype == AF_INET && entry->h_length == 4);
    CHECK(*(in_addr_t *)entry->h_addr_list[0] == htonl(INADDR_LOOPBACK));
    struct servent *found = sockeye_getservbyname("domain", "udp");
    CHECK(found != NULL && found->s_port == htons(53));
    struct in6_addr six;
    CHECK(sockeye_inet_pton(AF_INET6, "fd09::2", &six) == 1);
    CHECK(strcmp(sockeye_inet_ntop(AF_INET6, &six, host, sizeof host), "fd09::2") == 0);
    CHECK(sockeye_inet_ntop(AF_INET6, &six, host, 7) == NULL && errno == ENOSPC);
    CHECK(sockeye_inet_addr("127.1") == htonl(INADDR_LOOPBACK));
}

static void hosts(void) {
    CHECK(sockeye_open("--tap") == -1 && errno == EINVAL && strlen(sockeye_error()) > 0);
    CHECK(sockeye_open(NULL) == -1);
    sockeye_host *other = sockeye_host_open("--dummy link0 --address 10.9.0.2/24");
    CHECK(other != NULL && sockeye_use(other) == NULL);
    int socket = sockeye_socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in name = {.sin_family = AF_INET};
    CHECK(sockeye_inet_aton("10.9.0.2", &name.sin_addr) == 1);
    CHECK(sockeye_bind(socket, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK(sockeye_use(NULL) == other);
    int here = sockeye_socket(AF_INET, SOCK_DGRAM, 0);
    FAILS(sockeye_bind(here, (struct sockaddr *)&name, sizeof name), EADDRNOTAVAIL);
    CHECK(sockeye_host_close(other) == 0);
    CHECK(sockeye_close(socket) == 0 && sockeye_close(here) == 0);
}

/* Two hosts whose packets the program carries from one to the other. */
static void packets(void) {
    sockeye_host *hosts[2] = {
        sockeye_host_open("--flow link0 --address 10.9.1.1/24"),
        sockeye_host_open("--flow link0 --address 10.9.1.2/24")};
    CHECK(hosts[0] != NULL && hosts[1] != NULL);
    int sockets[2];
    for (int i = 0; i < 2; i++) {
        CHECK(sockeye_use(hosts[i]) == (i ? hosts[0] : NULL));
        sockets[i] = sockeye_socket(AF_INET, SOCK_DGRAM, 0);
        struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(1000 + i)};
        CHECK(sockeye_bind(sockets[i], (struct sockaddr *)&name, sizeof name) == 0);
    }
    sockeye_use(NULL);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(1001)};
    CHECK(sockeye_inet_aton("10.9.1.2", &there.sin_addr) == 1);
    CHECK(sockeye_sendto(sockets[0], "over", 4, 0, (struct sockaddr *)&there, sizeof there) == 4);
    unsigned char packet[1500];
    struct pollfd wait = {.fd = sockeye_packet_descriptor(hosts[0], "link0"), .events = POLLIN};
    CHECK(wait.fd >= 0 && poll(&wait, 1, 5000) == 1);
    ssize_t length = sockeye_packet_take(hosts[0], "link0", packet, sizeof packet);
    CHECK(length == 20 + 8 + 4 && packet[0] == 0x45 && packet[9] == IPPROTO_UDP);
    CHECK(poll(&wait, 1, 0) == 0);
    FAILS(sockeye_packet_take(hosts[0], "link0", packet, sizeof packet), EAGAIN);
    FAILS(sockeye_packet_put(hosts[1], "link1", packet, length), ENODEV);
    CHECK(sockeye_packet_put(hosts[1], "link0", packet, length) == 0);
    char text[8];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    CHECK(sockeye_recvfrom(sockets[1], text, 8, 0, (struct sockaddr *)&from, &size) == 4);
    CHECK(memcmp(text, "over", 4) == 0 && from.sin_port == htons(1000));
    for (int i = 0; i < 2; i++)
        CHECK(sockeye_close(sockets[i]) == 0 && sockeye_host_close(hosts[i]) == 0);
}

int main(void) {
    FAILS(sockeye_socket(AF_INET, SOCK_STREAM, 0), ENETDOWN);
    CHECK(sockeye_open("") == 0);
    hosts();
    signals();
    processes();
    kernel();
    streams_and_files();
    passing();
    names();
    packets();
    printf("all calls\n");
    return 0;
}
