// Connects to a port of the loopback, says so, and ends badly: by a signal, by a write to address 0,
// or by a sudden exit of a thread.
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void *leave(void *argument) {
    (void)argument;
    _exit(33);
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)atoi(arguments[1])),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr *)&a, sizeof a) < 0 || write(s, "here", 4) != 4) return 3;
    if (strcmp(arguments[2], "abort") == 0) abort();
    if (strcmp(arguments[2], "fault") == 0) *(volatile int *)0 = 1;
    if (strcmp(arguments[2], "kill") == 0) kill(getpid(), SIGKILL);
    pthread_t thread;
    pthread_create(&thread, NULL, leave, NULL);
    // Its end comes while this waits for bytes that never come.
    return read(s, &a, 1) == 0 ? 4 : 5;
}
