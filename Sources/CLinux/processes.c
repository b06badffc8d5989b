// Another process's descriptors, memory and end.
#define _GNU_SOURCE
#include "CLinuxSeccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Descriptors --------------------------------------------------------------------------------

int clinux_own_socket_inode(int descriptor, uint64_t *inode) {
    struct stat facts;
    if (fstat(descriptor, &facts) < 0) return -errno;
    *inode = facts.st_ino;
    return 0;
}

// The value of a line "NAME:\tVALUE" of a file in /proc, read in `base`.
static long proc_field(const char *path, const char *name, int base) {
    char text[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count < 0) return -EIO;
    text[count] = 0;
    const char *line = strstr(text, name);
    return line == NULL ? -ENOENT : strtol(line + strlen(name), NULL, base);
}

// Descriptors of threads that have called lately. One refers to its thread and to no other that gets
// the number later, so that what it gives is never a stranger's: it fails with ESRCH.
enum { THREAD_CAPACITY = 64 };
static struct known_thread {
    pid_t thread;
    int descriptor;
} known_threads[THREAD_CAPACITY];

// Linux 6.9.
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static struct known_thread *place_of(pid_t thread) {
    return &known_threads[(unsigned int)thread % THREAD_CAPACITY];
}

// The descriptor of a thread, which stays ours.
static int open_thread(pid_t thread) {
    struct known_thread *place = place_of(thread);
    if (place->thread == thread) return place->descriptor;
    long opened = syscall(SYS_pidfd_open, thread, PIDFD_THREAD);
    // Before, only the first thread of a process has one.
    if (opened < 0 && errno == EINVAL) opened = syscall(SYS_pidfd_open, thread, 0);
    if (opened < 0) return -errno;
    if (place->thread != 0) close(place->descriptor);
    *place = (struct known_thread){.thread = thread, .descriptor = (int)opened};
    return (int)opened;
}

static void forget_thread(pid_t thread) {
    struct known_thread *place = place_of(thread);
    if (place->thread != thread) return;
    close(place->descriptor);
    *place = (struct known_thread){0};
}

// By way of the process of a thread that has no descriptor of its own, before Linux 6.9.
static int fetch_from_process(pid_t thread, int descriptor) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", thread);
    long leader = proc_field(path, "Tgid:", 10);
    if (leader <= 0) return -ESRCH;
    long process = syscall(SYS_pidfd_open, (pid_t)leader, 0);
    if (process < 0) return -errno;
    long duplicate = syscall(SYS_pidfd_getfd, process, descriptor, 0);
    int result = duplicate < 0 ? -errno : (int)duplicate;
    close((int)process);
    return result;
}

int clinux_duplicate_descriptor(pid_t thread, int descriptor) {
    for (int attempt = 0; attempt < 2; attempt++) {
        int known = open_thread(thread);
        if (known == -EINVAL || known == -ENOENT) return fetch_from_process(thread, descriptor);
        if (known < 0) return known;
        long duplicate = syscall(SYS_pidfd_getfd, known, descriptor, 0);
        if (duplicate >= 0) return (int)duplicate;
        if (errno != ESRCH) return -errno;
        // The number has gone on to another thread.
        forget_thread(thread);
    }
    return -ESRCH;
}

int clinux_named_socket_inode(pid_t thread, int descriptor, uint64_t *inode) {
    char path[64], name[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", thread, descriptor);
    ssize_t count = readlink(path, name, sizeof name - 1);
    if (count < 0) return -errno;
    name[count] = 0;
    unsigned long long number;
    if (sscanf(name, "socket:[%llu]", &number) != 1) return -ENOTSOCK;
    *inode = number;
    return 0;
}

int clinux_socket_inode(pid_t thread, int descriptor, uint64_t *inode) {
    int duplicate = clinux_duplicate_descriptor(thread, descriptor);
    // Where that is forbidden or missing, /proc tells.
    if (duplicate == -EPERM || duplicate == -ENOSYS || duplicate == -EACCES)
        return clinux_named_socket_inode(thread, descriptor, inode);
    if (duplicate < 0) return duplicate;
    struct stat facts;
    int error = fstat(duplicate, &facts) < 0 ? -errno : S_ISSOCK(facts.st_mode) ? 0 : -ENOTSOCK;
    close(duplicate);
    if (error == 0) *inode = facts.st_ino;
    return error;
}

static long flags_of(pid_t thread, int descriptor) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", thread, descriptor);
    return proc_field(path, "flags:", 8);
}

int clinux_closes_on_exec(pid_t thread, int descriptor) {
    long flags = flags_of(thread, descriptor);
    return flags >= 0 && (flags & O_CLOEXEC) != 0;
}

int clinux_does_not_block(pid_t thread, int descriptor) {
    long flags = flags_of(thread, descriptor);
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

int clinux_catches_signals(pid_t thread) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", thread);
    long caught = proc_field(path, "SigCgt:", 16);
    // The two that the C library takes for its threads are of no interest.
    const long internal = 3L << 31;
    return caught > 0 && (caught & ~internal) != 0;
}

int clinux_unread_count(int descriptor) {
    int count = 0;
    return ioctl(descriptor, SIOCINQ, &count) < 0 ? -errno : count;
}

int clinux_unsent_count(int descriptor) {
    int count = 0;
    return ioctl(descriptor, SIOCOUTQ, &count) < 0 ? -errno : count;
}

int clinux_accept(int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_peer_credentials(int descriptor, struct clinux_credentials *credentials) {
    struct ucred facts;
    socklen_t length = sizeof facts;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &facts, &length) < 0) return -errno;
    credentials->process = facts.pid;
    credentials->user = facts.uid;
    credentials->group = facts.gid;
    return 0;
}

// Memory -------------------------------------------------------------------------------------

_Static_assert(sizeof(struct clinux_piece) == sizeof(struct iovec), "a piece is an iovec");

// Where the call for it is missing or forbidden: the file of the memory, under the same rule of who
// may read it.
static long transfer_by_file(pid_t thread, const struct clinux_piece *pieces, size_t piece_count,
                             char *bytes, size_t count, int is_store) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", thread);
    int file = open(path, (is_store ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    if (file < 0) return errno == EACCES ? -EPERM : -errno;
    size_t done = 0;
    long error = 0;
    for (size_t i = 0; i < piece_count && done < count && error == 0; i++) {
        size_t part = pieces[i].count < count - done ? pieces[i].count : count - done;
        for (size_t moved = 0; moved < part;) {
            off_t place = (off_t)(pieces[i].address + moved);
            ssize_t step = is_store ? pwrite(file, bytes + done, part - moved, place)
                                    : pread(file, bytes + done, part - moved, place);
            if (step <= 0) {
                error = -EFAULT;
                break;
            }
            moved += (size_t)step;
            done += (size_t)step;
        }
    }
    close(file);
    return done > 0 || error == 0 ? (long)done : error;
}

static int is_missing(int error) { return error == ENOSYS || error == EPERM; }

long clinux_gather_memory(pid_t thread, const struct clinux_piece *pieces, size_t piece_count,
                             void *bytes, size_t count) {
    struct iovec local = {.iov_base = bytes, .iov_len = count};
    const struct iovec *remote = (const struct iovec *)pieces;
    ssize_t copied = process_vm_readv(thread, &local, 1, remote, piece_count, 0);
    if (copied < 0 && is_missing(errno))
        return transfer_by_file(thread, pieces, piece_count, bytes, count, 0);
    return copied < 0 ? -errno : copied;
}

long clinux_scatter_memory(pid_t thread, const struct clinux_piece *pieces, size_t piece_count,
                              const void *bytes, size_t count) {
    struct iovec local = {.iov_base = (void *)bytes, .iov_len = count};
    const struct iovec *remote = (const struct iovec *)pieces;
    ssize_t copied = process_vm_writev(thread, &local, 1, remote, piece_count, 0);
    if (copied < 0 && is_missing(errno))
        return transfer_by_file(thread, pieces, piece_count, (char *)bytes, count, 1);
    return copied < 0 ? -errno : copied;
}

long clinux_read_memory(pid_t thread, uint64_t address, void *bytes, size_t count) {
    struct clinux_piece remote = {.address = address, .count = count};
    return clinux_gather_memory(thread, &remote, 1, bytes, count);
}

long clinux_write_memory(pid_t thread, uint64_t address, const void *bytes, size_t count) {
    struct clinux_piece remote = {.address = address, .count = count};
    return clinux_scatter_memory(thread, &remote, 1, bytes, count);
}

// The process tree ---------------------------------------------------------------------------

int clinux_become_subreaper(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}

struct clinux_child_report clinux_child_report_of(const void *waited) {
    const siginfo_t *facts = waited;
    struct clinux_child_report report = {.process = facts->si_pid, .value = facts->si_status};
    switch (facts->si_code) {
    case CLD_EXITED: report.change = CLINUX_CHILD_EXITED; break;
    case CLD_STOPPED: report.change = CLINUX_CHILD_STOPPED; break;
    case CLD_CONTINUED: report.change = CLINUX_CHILD_CONTINUED; break;
    default: report.change = CLINUX_CHILD_KILLED; break;
    }
    return report;
}

int clinux_reap(struct clinux_child_report *report) {
    siginfo_t facts;
    memset(&facts, 0, sizeof facts);
    if (waitid(P_ALL, 0, &facts, WEXITED | WSTOPPED | WCONTINUED | WNOHANG) < 0) return -errno;
    if (facts.si_pid == 0) return 0;
    *report = clinux_child_report_of(&facts);
    return 1;
}

int clinux_signal_descriptor(const void *set) {
    int descriptor = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_next_signal(int descriptor, struct clinux_signal *signal) {
    struct signalfd_siginfo facts;
    if (read(descriptor, &facts, sizeof facts) != (ssize_t)sizeof facts) return 0;
    signal->number = (int)facts.ssi_signo;
    signal->is_from_kernel = facts.ssi_code > 0;
    signal->sender = signal->is_from_kernel ? 0 : (int32_t)facts.ssi_pid;
    return 1;
}

void clinux_die_of(int number) {
    // The program has left a core if there was to be one. A limit of 0 is not enough where cores go
    // to a program.
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    kill(getpid(), number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int clinux_replace_by_null(int descriptor) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return -errno;
    int result = null == descriptor ? descriptor : dup3(null, descriptor, O_CLOEXEC);
    int error = result < 0 ? -errno : 0;
    if (null != descriptor) close(null);
    return error;
}

void clinux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Waiting ------------------------------------------------------------------------------------

_Static_assert((int)CLINUX_READABLE == (int)EPOLLIN && (int)CLINUX_WRITABLE == (int)EPOLLOUT &&
                   (int)CLINUX_HUNG_UP == (int)EPOLLHUP &&
                   (int)CLINUX_HALF_CLOSED == (int)EPOLLRDHUP &&
                   (unsigned)CLINUX_ON_CHANGE == (unsigned)EPOLLET,
               "interests are epoll's");

int clinux_epoll_create(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_epoll_control(int epoll, int operation, int descriptor, uint64_t token,
                         uint32_t events) {
    static const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL};
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, operations[operation], descriptor, &event) < 0 ? -errno : 0;
}

int clinux_epoll_wait(int epoll, struct clinux_ready *ready, int64_t nanoseconds) {
    return clinux_epoll_wait_many(epoll, ready, CLINUX_READY_CAPACITY, nanoseconds);
}

_Static_assert(sizeof(struct epoll_event) <= sizeof(struct clinux_ready),
               "the kernel's events fit where ours will stand");

int clinux_epoll_wait_many(int epoll, struct clinux_ready *ready, int capacity,
                           int64_t nanoseconds) {
    // The kernel writes its own, smaller form, which is widened in place from the end.
    struct epoll_event *events = (struct epoll_event *)ready;
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000,
                             .tv_nsec = nanoseconds % 1000000000};
    long count = syscall(SYS_epoll_pwait2, epoll, events, capacity,
                         nanoseconds < 0 ? NULL : &limit, NULL, 0);
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
        // Before Linux 5.11, and where a container's filter does not know the call.
        int64_t milliseconds = nanoseconds < 0 ? -1 : (nanoseconds + 999999) / 1000000;
        count = epoll_wait(epoll, events, capacity,
                           milliseconds > INT_MAX ? INT_MAX : (int)milliseconds);
    }
    for (long i = count - 1; i >= 0; i--) {
        struct epoll_event event;
        memcpy(&event, (char *)ready + i * sizeof event, sizeof event);
        struct clinux_ready wide = {.token = event.data.u64, .events = event.events};
        memcpy(ready + i, &wide, sizeof wide);
    }
    return count < 0 ? -errno : (int)count;
}

_Static_assert(sizeof(struct clinux_poll) == sizeof(struct pollfd) &&
                   offsetof(struct clinux_poll, answer) == offsetof(struct pollfd, revents),
               "entries are poll's");

int clinux_poll(struct clinux_poll *entries, long count, int64_t nanoseconds) {
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000,
                             .tv_nsec = nanoseconds % 1000000000};
    int result =
        ppoll((struct pollfd *)entries, (nfds_t)count, nanoseconds < 0 ? NULL : &limit, NULL);
    return result < 0 ? -errno : result;
}
