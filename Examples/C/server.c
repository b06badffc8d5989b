/* An echo server, one client after the other, as every textbook has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sockeye.h>

static void die(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char *argv[]) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }

    if (sockeye_open(getenv("SOCKEYE_HOST")) < 0) die(sockeye_error());
    int listener = sockeye_socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0) die("socket");
    int yes = 1;
    if (sockeye_setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0) die("setsockopt");

    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    address.sin_port = htons(atoi(argv[1]));
    if (sockeye_bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    if (sockeye_listen(listener, 5) < 0) die("listen");
    printf("listening on port %s\n", argv[1]);
    fflush(stdout);

    for (;;) {
        struct sockaddr_in client;
        socklen_t length = sizeof client;
        int connection = sockeye_accept(listener, (struct sockaddr *)&client, &length);
        if (connection < 0) die("accept");
        printf("%s connected\n", sockeye_inet_ntoa(client.sin_addr));
        fflush(stdout);

        char buffer[1024];
        ssize_t count;
        while ((count = sockeye_recv(connection, buffer, sizeof buffer, 0)) > 0)
            if (sockeye_send(connection, buffer, count, 0) != count) die("send");
        if (count < 0) perror("recv");
        sockeye_close(connection);
    }
}
