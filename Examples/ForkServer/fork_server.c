// The textbook's server with a process for each client, on the kernel's sockets:
//
//     fork_server echo|files|web [port]
//
// It prints the port on which it listens. A client that breaks its child breaks nobody else.

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_all(int client, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(client, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) _exit(1);
        bytes += written;
        count -= (size_t)written;
    }
}

// Files are named by their sizes, and their bytes tell their places.
static void write_file(int client, long size) {
    char block[4096];
    for (long place = 0; place < size;) {
        size_t count = 0;
        while (count < sizeof block && place < size) {
            block[count++] = (char)(place * 31 + (place >> 8));
            place++;
        }
        write_all(client, block, count);
    }
}

static long size_named(const char *name) {
    char *end;
    long size = strtol(name, &end, 10);
    return end != name && *end == '\0' && size >= 0 && size <= 1000000 ? size : -1;
}

static void echo(int client) {
    char buffer[4096];
    ssize_t count;
    while ((count = read(client, buffer, sizeof buffer)) > 0)
        write_all(client, buffer, (size_t)count);
}

// Reads until `mark` has come; the text before it.
static char *read_until(int client, const char *mark, char *text, size_t room) {
    size_t count = 0;
    while (count + 1 < room) {
        ssize_t more = read(client, text + count, room - 1 - count);
        if (more <= 0) break;
        count += (size_t)more;
        text[count] = '\0';
        char *end = strstr(text, mark);
        if (end) {
            *end = '\0';
            return text;
        }
    }
    _exit(1);
}

static void files(int client) {
    char text[256], head[64];
    long size = size_named(read_until(client, "\n", text, sizeof text));
    if (size < 0) {
        write_all(client, "no such file\n", 13);
        return;
    }
    snprintf(head, sizeof head, "%ld bytes\n", size);
    write_all(client, head, strlen(head));
    write_file(client, size);
}

static void web(int client) {
    char text[8192], name[64], head[128];
    long size = -1;
    if (sscanf(read_until(client, "\r\n\r\n", text, sizeof text), "GET /%63s HTTP/", name) == 1)
        size = size_named(name);
    snprintf(head, sizeof head,
             "HTTP/1.0 %s\r\nContent-Type: application/octet-stream\r\n"
             "Content-Length: %ld\r\n\r\n",
             size < 0 ? "404 Not Found" : "200 OK", size < 0 ? 0 : size);
    write_all(client, head, strlen(head));
    if (size > 0) write_file(client, size);
}

static void reap(int number) {
    (void)number;
    int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    errno = saved;
}

int main(int count, char **words) {
    void (*serve)(int) = count < 2                         ? NULL
                         : strcmp(words[1], "echo") == 0   ? echo
                         : strcmp(words[1], "files") == 0  ? files
                         : strcmp(words[1], "web") == 0    ? web
                                                           : NULL;
    if (!serve) {
        fprintf(stderr, "usage: fork_server echo|files|web [port]\n");
        return 2;
    }
    /* Whoever started us may have held signals back. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(count > 2 ? (uint16_t)atoi(words[2]) : 0),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 128) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0) {
        perror("fork_server");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    while (1) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            perror("accept");
            return 1;
        }
        pid_t child = fork();
        if (child == 0) {
            close(listener);
            serve(client);
            _exit(0);
        }
        // The child's copy stays open.
        close(client);
        if (child < 0) perror("fork");
    }
}
