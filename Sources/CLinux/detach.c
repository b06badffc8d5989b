// Processes that outlive the one that starts them.
#define _GNU_SOURCE
#include "CLinuxLocal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// In the child of fork: calls that are safe there, and nothing else.
static void become_detached(const char *path, char *const arguments[]) {
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // Whoever started us does not wait for the grandchild, and no terminal is ever its own.
    pid_t grandchild = fork();
    if (grandchild != 0) _exit(grandchild < 0 ? 1 : 0);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(1);
    if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0) {
        long limit = sysconf(_SC_OPEN_MAX);
        for (int number = 3; number < (limit < 0 || limit > 65536 ? 65536 : limit); number++)
            close(number);
    }
    if (chdir("/") < 0) _exit(1);
    execv(path, arguments);
    _exit(127);
}

int clinux_start_detached(const char *path, char *const arguments[]) {
    pid_t child = fork();
    if (child < 0) return -errno;
    if (child == 0) become_detached(path, arguments);
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        // Somebody else has waited for it: it is gone in any case.
        if (errno == ECHILD) return 0;
        if (errno != EINTR) return -errno;
    }
    return status == 0 ? 0 : -EAGAIN;
}
