// Many short processes, some at once; each opens a connection to this program, passes a byte there
// and back and ends.
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in address;

static void *serve(void *argument) {
    int l = *(int *)argument, s;
    while ((s = accept(l, NULL, NULL)) >= 0) {
        char byte;
        if (read(s, &byte, 1) == 1) byte++;
        if (write(s, &byte, 1) != 1) perror("write");
        close(s);
    }
    return NULL;
}

static int life(int number) {
    char byte = (char)(number % 100), answer;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr *)&address, sizeof address) < 0) return 1;
    if (write(s, &byte, 1) != 1) return 2;
    if (read(s, &answer, 1) != 1) return 3;
    return answer == byte + 1 ? 0 : 4;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    int all = atoi(arguments[1]), atOnce = atoi(arguments[2]);
    int counts[6] = {0}, running = 0, started = 0;
    int l = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t n = sizeof address;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(l, (struct sockaddr *)&address, n) < 0 || listen(l, 128) < 0) return 3;
    getsockname(l, (struct sockaddr *)&address, &n);
    pthread_t server;
    pthread_create(&server, NULL, serve, &l);
    while (started < all || running > 0) {
        if (started < all && running < atOnce) {
            pid_t child = fork();
            if (child == 0) _exit(life(started));
            if (child < 0) return 4;
            started++, running++;
            continue;
        }
        int status;
        if (wait(&status) < 0) return 5;
        running--;
        counts[WIFEXITED(status) && WEXITSTATUS(status) < 5 ? WEXITSTATUS(status) : 5]++;
    }
    printf("%d lived, %d not connected, %d not written, %d not read, %d wrong, %d otherwise\n",
           counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]);
    return counts[0] == all ? 0 : 1;
}
