/* Sends what it reads and prints what comes back, as every textbook has it. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char *argv[]) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 2;
    }

    struct hostent *host = gethostbyname(argv[1]);
    if (host == NULL) {
        herror(argv[1]);
        return 1;
    }

    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0) die("socket");
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    memcpy(&address.sin_addr, host->h_addr_list[0], host->h_length);
    address.sin_port = htons(atoi(argv[2]));
    if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) die("connect");

    char line[1024];
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strlen(line);
        if (send(connection, line, length, 0) != (ssize_t)length) die("send");
        char answer[1024];
        size_t received = 0;
        while (received < length) {
            ssize_t count = recv(connection, answer + received, length - received, 0);
            if (count < 0) die("recv");
            if (count == 0) break;
            received += count;
        }
        fwrite(answer, 1, received, stdout);
        if (received < length) break;
    }
    close(connection);
    return 0;
}
