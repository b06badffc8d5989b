// Every way to start a program, from the thread that is not the first one too, and threads that end
// while a call of theirs waits. Each way ends in the same program, which converses with the port.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *self, *echo, *silent;

static int dial(const char *port) {
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)atoi(port)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    return s < 0 || connect(s, (struct sockaddr *)&a, sizeof a) < 0 ? -1 : s;
}

static int converse(int s) {
    char block[8] = "";
    socklen_t length = 4;
    int type = 0;
    if (s < 0 || getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_STREAM)
        return 1;
    if (write(s, "hello", 5) != 5 || recv(s, block, 5, MSG_WAITALL) != 5) return 2;
    return memcmp(block, "hello", 5) != 0;
}

static void report(const char *name, pid_t child) {
    int status = -1;
    waitpid(child, &status, __WALL);
    printf("%s %d\n", name, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

// A socket that was made before, and is inherited, for the new program to use.
static char inherited[16];

static void execute(void) {
    char *words[] = {self, "converse", echo, inherited, NULL};
    execve("/proc/self/exe", words, environ);
    _exit(99);
}

static int execute_in_child(void *argument) {
    execute();
    return 98;
}

static void *execute_in_thread(void *argument) {
    usleep(10000);
    execute();
    return NULL;
}

static void by_spawn(const char *name) {
    char *words[] = {self, "converse", echo, inherited, NULL};
    pid_t child = 0;
    posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ);
    report(name, child);
}

static void *spawn_in_thread(void *argument) {
    by_spawn("posix_spawn in a thread");
    return NULL;
}

static void *converse_in_thread(void *argument) { return (void *)(long)converse(dial(echo)); }

static void *wait_for_silence(void *argument) {
    dial(silent);
    return NULL;
}

int main(int count, char **arguments) {
    self = arguments[0];
    if (count == 4 && strcmp(arguments[1], "converse") == 0) {
        echo = arguments[2];
        int error = converse(atoi(arguments[3]));
        return error != 0 ? 10 + error : converse(dial(echo));
    }
    if (count < 3) return 2;
    echo = arguments[1];
    silent = arguments[2];
    setvbuf(stdout, NULL, _IOLBF, 0);
    static char stack[65536];
    pthread_t thread;
    void *result;
    pid_t child;

    int s = dial(echo);
    snprintf(inherited, sizeof inherited, "%d", s);
    if ((child = fork()) == 0) execute();
    report("fork", child);
    if ((child = vfork()) == 0) execute();
    report("vfork", child);
    by_spawn("posix_spawn");
    child = clone(execute_in_child, stack + sizeof stack, CLONE_FILES | SIGCHLD, NULL);
    report("clone with CLONE_FILES", child);
    child = clone(execute_in_child, stack + sizeof stack, CLONE_FILES | CLONE_VM | CLONE_VFORK, NULL);
    report("clone with CLONE_VM and CLONE_FILES", child);
    pthread_create(&thread, NULL, spawn_in_thread, NULL);
    pthread_join(thread, NULL);
    if ((child = fork()) == 0) {
        pthread_create(&thread, NULL, execute_in_thread, NULL);
        // The first thread waits in a call as the other one puts a new program in its place.
        dial(silent);
        pause();
    }
    report("a thread that executes", child);

    // Made and used by different threads, of which one has a table of descriptors of its own.
    pthread_create(&thread, NULL, converse_in_thread, NULL);
    pthread_join(thread, &result);
    printf("a thread %ld\n", (long)result);
    if ((child = fork()) == 0) {
        pthread_create(&thread, NULL, wait_for_silence, NULL);
        usleep(100000);
        // The first thread ends, the other one goes on in its call until it is killed.
        syscall(SYS_exit, 0);
    }
    usleep(300000);
    kill(child, SIGTERM);
    report("the first thread gone, another one waits", child);
    pthread_create(&thread, NULL, wait_for_silence, NULL);
    usleep(100000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
    for (int i = 0; i < 20; i++) {
        if ((child = fork()) == 0) {
            for (int k = 0; k < 8; k++) pthread_create(&thread, NULL, wait_for_silence, NULL);
            usleep(1000 * i);
            if (i % 2) kill(getpid(), SIGKILL);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    printf("after all %d\n", converse(s) + converse(dial(echo)));
    return 0;
}
