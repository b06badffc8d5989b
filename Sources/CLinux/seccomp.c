// The start of a filtered program, and the answers to its notifications.
#define _GNU_SOURCE
#include "CLinuxSeccomp.h"
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Linux 6.6; the header of Debian 12 does not have it.
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#define FD_SYNC_WAKE_UP 1UL

// The start of the program -------------------------------------------------------------------

// A child that shares the table of descriptors until it executes: so the listener, which only the
// filtered child can make, appears in the parent's table without a sendmsg that would be notified.
static pid_t fork_sharing_descriptors(unsigned long flags) {
    return (pid_t)syscall(SYS_clone, CLONE_FILES | flags | SIGCHLD, 0, 0, 0, 0);
}

struct child_word {
    int listener;
    int stage;
    int error;
};

static void tell(int pipe, struct child_word word) {
    while (write(pipe, &word, sizeof word) < 0 && errno == EINTR) {
    }
}

static void run_child(const struct clinux_program *program, int pipe) {
    int listener = clinux_install_filter();
    if (listener < 0) {
        tell(pipe, (struct child_word){-1, CLINUX_SPAWN_FILTER, -listener});
        _exit(127);
    }
    tell(pipe, (struct child_word){listener, 0, 0});
    if (program->ignores_children) signal(SIGCHLD, SIG_IGN);
    sigprocmask(SIG_SETMASK, program->mask, NULL);
    execvpe(program->file, program->arguments, program->environment);
    tell(pipe, (struct child_word){-1, CLINUX_SPAWN_EXECUTE, errno});
    _exit(127);
}

int clinux_spawn_filtered(const struct clinux_program *program, pid_t *process, int *listener,
                          int *stage) {
    int ends[2];
    *stage = CLINUX_SPAWN_FORK;
    *listener = -1;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    // CLONE_VFORK: the parent goes on when the child has executed or died, so that whatever the
    // child had to say is in the pipe by then.
    pid_t child = fork_sharing_descriptors(CLONE_VFORK);
    if (child == 0) run_child(program, ends[1]);
    int error = child < 0 ? errno : 0;
    struct child_word word;
    while (error == 0 && read(ends[0], &word, sizeof word) == (ssize_t)sizeof word) {
        if (word.listener >= 0) *listener = word.listener;
        if (word.error != 0) {
            *stage = word.stage;
            error = word.error;
        }
    }
    close(ends[0]);
    close(ends[1]);
    if (error == 0 && *listener < 0) error = ECHILD;
    if (error != 0) {
        if (*listener >= 0) close(*listener);
        if (child > 0) waitpid(child, NULL, 0);
        return -error;
    }
    *process = child;
    return 0;
}

// Notifications ------------------------------------------------------------------------------

static int call_of(int number) {
    switch (number) {
    case SYS_socket: return CLINUX_CALL_SOCKET;
    case SYS_connect: return CLINUX_CALL_CONNECT;
    case SYS_bind: return CLINUX_CALL_BIND;
    case SYS_listen: return CLINUX_CALL_LISTEN;
    case SYS_accept: return CLINUX_CALL_ACCEPT;
    case SYS_accept4: return CLINUX_CALL_ACCEPT4;
    case SYS_getsockname: return CLINUX_CALL_GETSOCKNAME;
    case SYS_getpeername: return CLINUX_CALL_GETPEERNAME;
    case SYS_setsockopt: return CLINUX_CALL_SETSOCKOPT;
    case SYS_getsockopt: return CLINUX_CALL_GETSOCKOPT;
    case SYS_sendto: return CLINUX_CALL_SENDTO;
    case SYS_recvfrom: return CLINUX_CALL_RECVFROM;
    case SYS_sendmsg: return CLINUX_CALL_SENDMSG;
    case SYS_recvmsg: return CLINUX_CALL_RECVMSG;
    case SYS_sendmmsg: return CLINUX_CALL_SENDMMSG;
    case SYS_recvmmsg: return CLINUX_CALL_RECVMMSG;
    case SYS_shutdown: return CLINUX_CALL_SHUTDOWN;
    case SYS_ioctl: return CLINUX_CALL_IOCTL;
    default: return CLINUX_CALL_OTHER;
    }
}

int clinux_seccomp_receive(int listener, struct clinux_notification *notification) {
    // Room for what later kernels may add to the structure; the kernel wants it zeroed.
    union {
        struct seccomp_notif call;
        char room[512];
    } buffer;
    memset(&buffer, 0, sizeof buffer);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &buffer.call) < 0) return -errno;
    notification->id = buffer.call.id;
    notification->thread = (int32_t)buffer.call.pid;
    notification->call = call_of(buffer.call.data.nr);
    memcpy(notification->arguments, buffer.call.data.args, sizeof notification->arguments);
    return 0;
}

static int send_answer(int listener, struct seccomp_notif_resp response) {
    union {
        struct seccomp_notif_resp response;
        char room[512];
    } buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.response = response;
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &buffer.response) < 0 ? -errno : 0;
}

int clinux_seccomp_answer(int listener, uint64_t id, int64_t value, int error) {
    return send_answer(listener,
                       (struct seccomp_notif_resp){.id = id, .val = value, .error = -error});
}

int clinux_seccomp_continue(int listener, uint64_t id) {
    return send_answer(listener, (struct seccomp_notif_resp){
                                     .id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
}

int clinux_seccomp_is_valid(int listener, uint64_t id) {
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0 ? -errno : 0;
}

static int add_descriptor(int listener, struct seccomp_notif_addfd request) {
    int number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &request);
    return number < 0 ? -errno : number;
}

int clinux_seccomp_add_descriptor(int listener, uint64_t id, int descriptor, int close_on_exec) {
    struct seccomp_notif_addfd request = {.id = id,
                                          .flags = SECCOMP_ADDFD_FLAG_SEND,
                                          .srcfd = (uint32_t)descriptor,
                                          .newfd_flags = close_on_exec ? O_CLOEXEC : 0};
    // Set once it is seen, and then the same for every thread.
    static int is_in_one_step = 1;
    if (is_in_one_step) {
        int number = add_descriptor(listener, request);
        if (number != -EINVAL) return number;
        is_in_one_step = 0;
    }
    // Before Linux 5.14 the answer goes separately. A caller that a signal takes away in between
    // keeps a descriptor that it does not know of.
    request.flags = 0;
    int number = add_descriptor(listener, request);
    if (number < 0) return number;
    int error = clinux_seccomp_answer(listener, id, number, 0);
    return error < 0 ? error : number;
}

int clinux_seccomp_replace_descriptor(int listener, uint64_t id, int descriptor, int number,
                                      int close_on_exec) {
    return add_descriptor(
        listener, (struct seccomp_notif_addfd){.id = id,
                                               .flags = SECCOMP_ADDFD_FLAG_SETFD,
                                               .srcfd = (uint32_t)descriptor,
                                               .newfd = (uint32_t)number,
                                               .newfd_flags = close_on_exec ? O_CLOEXEC : 0});
}

void clinux_seccomp_prefer_same_processor(int listener) {
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, FD_SYNC_WAKE_UP);
}

// The check whether all this is allowed here ---------------------------------------------------

static const char probe_mark[8] = "sockeye";

static void run_probe_child(int pipe) {
    int listener = clinux_install_filter();
    tell(pipe, (struct child_word){listener, CLINUX_PROBE_FILTER, listener < 0 ? -listener : 0});
    if (listener < 0) _exit(1);
    connect(-1, (const struct sockaddr *)probe_mark, sizeof probe_mark);
    int made = socket(AF_INET, SOCK_STREAM, 0);
    _exit(made >= 0 ? 0 : 1);
}

// The next notification of the probe's child, or an error when none comes for two seconds.
static int receive_soon(int listener, struct clinux_notification *notification) {
    struct pollfd wait = {.fd = listener, .events = POLLIN};
    int ready = poll(&wait, 1, 2000);
    if (ready < 0) return -errno;
    if (ready == 0) return -ETIMEDOUT;
    return clinux_seccomp_receive(listener, notification);
}

static int question_probe_child(int pipe, int *listener, int *stage) {
    struct child_word word = {-1, 0, 0};
    *stage = CLINUX_PROBE_FORK;
    struct pollfd wait = {.fd = pipe, .events = POLLIN};
    if (poll(&wait, 1, 2000) <= 0) return -ETIMEDOUT;
    if (read(pipe, &word, sizeof word) != (ssize_t)sizeof word) return -EPIPE;
    *stage = CLINUX_PROBE_FILTER;
    if (word.error != 0) return -word.error;
    *listener = word.listener;

    struct clinux_notification call;
    *stage = CLINUX_PROBE_RECEIVE;
    int error = receive_soon(*listener, &call);
    if (error < 0) return error;
    *stage = CLINUX_PROBE_MEMORY;
    char seen[sizeof probe_mark];
    ssize_t count = clinux_read_memory(call.thread, call.arguments[1], seen, sizeof seen);
    if (count < 0) return (int)count;
    if (memcmp(seen, probe_mark, sizeof seen) != 0) return -EFAULT;
    *stage = CLINUX_PROBE_RECEIVE;
    error = clinux_seccomp_answer(*listener, call.id, 0, EBADF);
    if (error < 0) return error;

    error = receive_soon(*listener, &call);
    if (error < 0) return error;
    *stage = CLINUX_PROBE_DESCRIPTOR;
    int number = clinux_seccomp_add_descriptor(*listener, call.id, pipe, 1);
    return number < 0 ? number : 0;
}

int clinux_seccomp_probe(int *stage) {
    unsigned int action = SECCOMP_RET_USER_NOTIF;
    *stage = CLINUX_PROBE_ACTION;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0) return -errno;
    int ends[2];
    *stage = CLINUX_PROBE_FORK;
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    int listener = -1;
    pid_t child = fork_sharing_descriptors(0);
    if (child == 0) run_probe_child(ends[1]);
    int result = child < 0 ? -errno : question_probe_child(ends[0], &listener, stage);
    if (child > 0) {
        if (result < 0) kill(child, SIGKILL);
        int status = 0;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    if (listener >= 0) close(listener);
    close(ends[0]);
    close(ends[1]);
    return result;
}
