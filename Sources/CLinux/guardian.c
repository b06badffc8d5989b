// The process that outlives the launcher for as long as it takes to leave nothing behind.
#define _GNU_SOURCE
#include "CLinuxGuardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What the launcher says, one message each.
enum order_kind { ORDER_LAUNCH = 1, ORDER_ENTRUST = 2, ORDER_FORGET = 3 };

enum { PATH_CAPACITY = 256, PATH_LIMIT = 16 };

struct order {
    int kind;
    char path[PATH_CAPACITY];
};

// How the start of the program went; the listener comes with it.
struct start_report {
    int error;
    int stage;
    int32_t process;
};

struct guardian {
    pid_t launcher;
    int socket;
    int listener;
    int signals;
    int32_t program;
    int has_children;
    char paths[PATH_LIMIT][PATH_CAPACITY];
};

// Its descriptors, in place of the standard streams, which belong to the program.
enum { SOCKET_PLACE = 0, LISTENER_PLACE = 1, SIGNALS_PLACE = 2, PLACE_COUNT = 3 };

// The end of the tree ------------------------------------------------------------------------

// Kills the children of this process: how many. Theirs become ours when they are dead. A child that
// was not waited for keeps its number, so nobody else is hit.
static int kill_children(void) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    int killed = 0;
    int number = 0;
    for (;;) {
        ssize_t count = read(file, text, sizeof text);
        if (count <= 0) break;
        for (ssize_t i = 0; i < count; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                number = number * 10 + (text[i] - '0');
            } else if (number > 0) {
                killed += kill(number, SIGKILL) == 0;
                number = 0;
            }
        }
    }
    close(file);
    return killed;
}

static void end_everything(void) {
    for (;;) {
        int killed = kill_children();
        // One of those just killed must come; where the list was of no use, look again soon.
        pid_t ended = waitpid(-1, NULL, killed > 0 ? 0 : WNOHANG);
        if (ended < 0 && errno == ECHILD) return;
        if (ended == 0) poll(NULL, 0, 1);
        while (ended > 0) ended = waitpid(-1, NULL, WNOHANG);
    }
}

// The guardian at work -------------------------------------------------------------------------

static void report(struct guardian *g, struct clinux_child_report facts) {
    while (send(g->socket, &facts, sizeof facts, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

// A change of the program's is reported before it is reaped: if this process is killed in between,
// the launcher finds the program as its own child.
static void reap(struct guardian *g) {
    siginfo_t facts;
    const int changes = WEXITED | WSTOPPED | WCONTINUED | WNOHANG;
    for (;;) {
        memset(&facts, 0, sizeof facts);
        if (waitid(P_ALL, 0, &facts, changes | WNOWAIT) < 0) break;
        if (facts.si_pid == 0) return;
        if (facts.si_pid == g->program) {
            // The launcher stopped with the program, and cannot see by itself that it goes on.
            if (facts.si_code == CLD_CONTINUED && getppid() == g->launcher)
                kill(g->launcher, SIGCONT);
            report(g, clinux_child_report_of(&facts));
        }
        waitid(P_PID, (id_t)facts.si_pid, &facts, changes);
    }
    if (errno != ECHILD || !g->has_children) return;
    g->has_children = 0;
    report(g, (struct clinux_child_report){.change = CLINUX_CHILD_NONE});
}

// Keeps only what it needs: a pipe that it held would not end for its reader.
static void let_go_of_descriptors(struct guardian *g) {
    const int wanted[] = {g->socket, g->listener, g->signals};
    int safe[PLACE_COUNT];
    for (int i = 0; i < PLACE_COUNT; i++) safe[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, PLACE_COUNT);
    for (int i = 0; i < PLACE_COUNT; i++) dup3(safe[i], i, O_CLOEXEC);
    g->socket = SOCKET_PLACE;
    g->listener = LISTENER_PLACE;
    g->signals = SIGNALS_PLACE;
    if (syscall(SYS_close_range, PLACE_COUNT, ~0U, 0) == 0) return;
    for (int number = PLACE_COUNT; number < 65536; number++) close(number);
}

static void tell_start(struct guardian *g, struct start_report facts) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = &facts, .iov_len = sizeof facts};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (facts.error == 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &g->listener, sizeof g->listener);
    }
    while (sendmsg(g->socket, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

// The program stays in the process group and session of the launcher; the guardian leaves them, so
// that what is sent to the group, SIGKILL too, does not reach it.
static void launch(struct guardian *g, const struct clinux_program *program) {
    struct start_report facts = {0};
    int error = clinux_spawn_filtered(program, &g->program, &g->listener, &facts.stage);
    facts.error = -error;
    facts.process = g->program;
    if (error != 0) {
        tell_start(g, facts);
        _exit(1);
    }
    g->has_children = 1;
    setsid();
    if (chdir("/") < 0) {
        // Then it keeps the directory that it has.
    }
    tell_start(g, facts);
    let_go_of_descriptors(g);
}

static char *place_of(struct guardian *g, const char *path) {
    for (int i = 0; i < PATH_LIMIT; i++)
        if (strcmp(g->paths[i], path) == 0) return g->paths[i];
    return NULL;
}

// Takes one order; 0 when there will be no more.
static int obey(struct guardian *g, const struct clinux_program *program) {
    struct order order;
    memset(&order, 0, sizeof order);
    ssize_t count = recv(g->socket, &order, sizeof order, 0);
    if (count < 0 && errno == EINTR) return 1;
    if (count < (ssize_t)sizeof order.kind) return 0;
    order.path[PATH_CAPACITY - 1] = 0;
    char *place;
    switch (order.kind) {
    case ORDER_LAUNCH: launch(g, program); break;
    case ORDER_ENTRUST:
        place = place_of(g, "");
        if (place != NULL) memcpy(place, order.path, sizeof order.path);
        break;
    case ORDER_FORGET:
        place = place_of(g, order.path);
        if (place != NULL) place[0] = 0;
        break;
    }
    return 1;
}

static void guard(pid_t launcher, int socket, const struct clinux_program *program) {
    struct guardian g = {.launcher = launcher, .socket = socket, .listener = -1, .signals = -1};
    prctl(PR_SET_NAME, "guardian");
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    g.signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    for (;;) {
        struct pollfd waits[] = {{.fd = g.socket, .events = POLLIN},
                                 {.fd = g.signals, .events = POLLIN}};
        if (poll(waits, 2, -1) < 0) continue;
        if (waits[1].revents != 0) {
            struct signalfd_siginfo facts[8];
            while (read(g.signals, facts, sizeof facts) == (ssize_t)sizeof facts) {
            }
            reap(&g);
        }
        if (waits[0].revents != 0 && !obey(&g, program)) break;
    }
    end_everything();
    for (int i = 0; i < PATH_LIMIT; i++)
        if (g.paths[i][0] != 0) unlink(g.paths[i]);
    _exit(0);
}

// The launcher's side --------------------------------------------------------------------------

int clinux_guardian_start(const char *file, char *const arguments[], char *const environment[],
                          const void *mask, struct clinux_guardian *guardian) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -errno;
    sigset_t all, before;
    sigfillset(&all);
    // Its children must be waited for, so it and the launcher do not ignore their ends; the program
    // does if it would.
    struct sigaction by_default = {.sa_handler = SIG_DFL}, inherited;
    sigaction(SIGCHLD, &by_default, &inherited);
    struct clinux_program program = {.file = file,
                                     .arguments = arguments,
                                     .environment = environment,
                                     .mask = mask == NULL ? &before : mask,
                                     .ignores_children = inherited.sa_handler == SIG_IGN};
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t launcher = getpid();
    pid_t process = fork();
    if (process == 0) {
        close(ends[0]);
        guard(launcher, ends[1], &program);
    }
    int error = process < 0 ? -errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return error;
    }
    *guardian = (struct clinux_guardian){.process = process, .socket = ends[0]};
    return 0;
}

static int give_order(const struct clinux_guardian *guardian, const struct order *order) {
    ssize_t count;
    do count = send(guardian->socket, order, sizeof *order, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}

int clinux_guardian_launch(const struct clinux_guardian *guardian, int32_t *process, int *listener,
                           int *stage) {
    *stage = CLINUX_SPAWN_FORK;
    *listener = -1;
    struct order order = {.kind = ORDER_LAUNCH};
    int error = give_order(guardian, &order);
    if (error < 0) return error;
    struct start_report facts;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = &facts, .iov_len = sizeof facts};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t count;
    do count = recvmsg(guardian->socket, &message, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count < 0) return -errno;
    if (count < (ssize_t)sizeof facts) return -ECHILD;
    *stage = facts.stage;
    if (facts.error != 0) return -facts.error;
    struct cmsghdr *first = CMSG_FIRSTHDR(&message);
    if (first == NULL || first->cmsg_type != SCM_RIGHTS) return -EMFILE;
    memcpy(listener, CMSG_DATA(first), sizeof *listener);
    *process = facts.process;
    return 0;
}

int clinux_guardian_report(const struct clinux_guardian *guardian,
                           struct clinux_child_report *facts) {
    ssize_t count;
    do count = recv(guardian->socket, facts, sizeof *facts, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    if (count < 0) return errno == EAGAIN ? 0 : -EPIPE;
    return count == (ssize_t)sizeof *facts ? 1 : -EPIPE;
}

int clinux_guardian_entrust(const struct clinux_guardian *guardian, const char *path,
                            int is_entrusted) {
    struct order order = {.kind = is_entrusted ? ORDER_ENTRUST : ORDER_FORGET};
    size_t length = strlen(path);
    if (length == 0 || path[0] != '/') return -EINVAL;
    if (length >= sizeof order.path) return -ENAMETOOLONG;
    memcpy(order.path, path, length);
    return give_order(guardian, &order);
}
