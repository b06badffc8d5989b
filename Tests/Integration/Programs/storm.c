// Accepts and connections under a storm of signals: every call is made again when a signal cut it
// short, no connection may be lost or come twice, and every byte must arrive.
//
//   storm COUNT HERTZ
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t signals;
static long interrupted;

static void note(int number) {
    (void)number;
    signals++;
}

static void storm(int hertz) {
    struct sigaction action = {.sa_handler = note};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval each = {{0, 1000000 / hertz}, {0, 1000000 / hertz}};
    setitimer(ITIMER_REAL, &each, NULL);
}

static ssize_t all(int s, void *bytes, size_t size, int writes) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = writes ? write(s, (char *)bytes + done, size - done)
                           : read(s, (char *)bytes + done, size - done);
        if (n < 0 && errno == EINTR) {
            interrupted++;
            continue;
        }
        if (n <= 0) return -1;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

// What POSIX asks of a connect that was cut short: it goes on, and its end is waited for.
static int dial(int s, struct sockaddr_in *to) {
    if (connect(s, (struct sockaddr *)to, sizeof *to) == 0) return 0;
    if (errno != EINTR) return -1;
    interrupted++;
    struct pollfd p = {.fd = s, .events = POLLOUT};
    while (poll(&p, 1, 20000) < 0)
        if (errno != EINTR) return -1;
    int error = -1;
    socklen_t n = sizeof error;
    if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &n) < 0) return -1;
    errno = error;
    return error == 0 ? 0 : -1;
}

static int client(struct sockaddr_in *to, int count, int hertz) {
    storm(hertz);
    for (int i = 0; i < count; i++) {
        int s = socket(AF_INET, SOCK_STREAM, 0), answer = -1;
        if (dial(s, to) < 0) {
            printf("connect %d: %s\n", i, strerror(errno));
            return 1;
        }
        if (all(s, &i, sizeof i, 1) < 0 || all(s, &answer, sizeof answer, 0) < 0 || answer != ~i) {
            printf("connection %d: %s, answer %d\n", i, strerror(errno), answer);
            return 1;
        }
        close(s);
    }
    fprintf(stderr, "client: %d signals, %ld calls cut short\n", (int)signals, interrupted);
    return 0;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    int times = atoi(arguments[1]), hertz = atoi(arguments[2]), failed = 0;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int l = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(l, (struct sockaddr *)&a, n) < 0 || listen(l, 64) < 0) return 3;
    getsockname(l, (struct sockaddr *)&a, &n);
    char *seen = calloc((size_t)times, 1);
    pid_t child = fork();
    if (child == 0) return client(&a, times, hertz);
    storm(hertz);
    for (int i = 0; i < times; i++) {
        struct sockaddr_in peer;
        int s, number = -1;
        do {
            n = sizeof peer;
            s = accept(l, (struct sockaddr *)&peer, &n);
            if (s < 0 && errno == EINTR) interrupted++;
        } while (s < 0 && errno == EINTR);
        if (s < 0) {
            printf("accept %d: %s\n", i, strerror(errno));
            return 4;
        }
        if (peer.sin_port == 0 || all(s, &number, sizeof number, 0) < 0 || number < 0
            || number >= times || seen[number]++) {
            printf("connection %d: number %d: %s\n", i, number, strerror(errno));
            failed++;
        }
        number = ~number;
        all(s, &number, sizeof number, 1);
        close(s);
    }
    fprintf(stderr, "server: %d signals, %ld calls cut short\n", (int)signals, interrupted);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    printf("%d accepted, %d wrong, client %d\n", times, failed, status);
    return failed || status;
}
