// A server with a process for each client, which sends back whatever it gets.
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void bury(int number) {
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
}

static void echo(int s) {
    static char block[65536];
    ssize_t n;
    while ((n = read(s, block, sizeof block)) > 0)
        for (ssize_t done = 0, m; done < n; done += m)
            if ((m = write(s, block + done, (size_t)(n - done))) <= 0) _exit(1);
    _exit(n < 0);
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)atoi(arguments[1])),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int l = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(l, (struct sockaddr *)&a, sizeof a) < 0 || listen(l, 128) < 0) return 1;
    struct sigaction action = {.sa_handler = bury};
    sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        // Interrupted by the ends of children, now and then.
        int s = accept(l, NULL, NULL);
        if (s < 0) continue;
        if (fork() == 0) {
            close(l);
            echo(s);
        }
        close(s);
    }
}
