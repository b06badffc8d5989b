// Accepts and connections under a storm of signals: no connection may be lost or come twice, and
// every byte must arrive. With `restart` the kernel makes calls again that a signal has cut short,
// and none may fail; without, the program does.
//
//   storm COUNT HERTZ [restart]
#include <errno.h>
#include <netinet/in.h>
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

static int restarts;

static void storm(int hertz) {
    struct sigaction action = {.sa_handler = note, .sa_flags = restarts ? SA_RESTART : 0};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval each = {{0, 1000000 / hertz}, {0, 1000000 / hertz}};
    setitimer(ITIMER_REAL, &each, NULL);
}

static int isCutShort(long result) {
    if (result >= 0 || errno != EINTR || restarts) return 0;
    interrupted++;
    return 1;
}

static ssize_t all(int s, void *bytes, size_t size, int writes) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = writes ? write(s, (char *)bytes + done, size - done)
                           : read(s, (char *)bytes + done, size - done);
        if (isCutShort(n)) continue;
        if (n <= 0) return -1;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

// A connect that was cut short goes on: made again, it tells how far it is.
static int dial(int s, struct sockaddr_in *to) {
    int result, again = 0;
    do {
        result = connect(s, (struct sockaddr *)to, sizeof *to);
        if (result < 0 && again && errno == EISCONN) return 0;
        again = 1;
    } while (isCutShort(result) || (result < 0 && again && errno == EALREADY));
    return result;
}

static int fresh(void) {
    int s;
    do s = socket(AF_INET, SOCK_STREAM, 0);
    while (isCutShort(s));
    return s;
}

static int client(struct sockaddr_in *to, int count, int hertz) {
    storm(hertz);
    for (int i = 0; i < count; i++) {
        int s = fresh(), answer = -1;
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
    restarts = count > 3;
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
        } while (isCutShort(s));
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
