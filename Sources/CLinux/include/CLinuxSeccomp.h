/// What the launcher needs of Linux to stand under another program's socket calls: seccomp user
/// notification, descriptors and memory of another process, and the fate of a process tree.
///
/// Every function that can fail returns a negated errno. No header of the system's is included that
/// defines structures, so that those stay Glibc's for Swift; a `sigset_t` is passed as `void`.
#ifndef CLINUX_SECCOMP_H
#define CLINUX_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

/// The calls that are notified, the same numbers on every machine.
enum clinux_call {
    CLINUX_CALL_OTHER = 0,
    CLINUX_CALL_SOCKET,
    CLINUX_CALL_CONNECT,
    CLINUX_CALL_BIND,
    CLINUX_CALL_LISTEN,
    CLINUX_CALL_ACCEPT,
    CLINUX_CALL_ACCEPT4,
    CLINUX_CALL_GETSOCKNAME,
    CLINUX_CALL_GETPEERNAME,
    CLINUX_CALL_SETSOCKOPT,
    CLINUX_CALL_GETSOCKOPT,
    CLINUX_CALL_SENDTO,
    CLINUX_CALL_RECVFROM,
    CLINUX_CALL_SENDMSG,
    CLINUX_CALL_RECVMSG,
    CLINUX_CALL_SENDMMSG,
    CLINUX_CALL_RECVMMSG,
    CLINUX_CALL_SHUTDOWN,
    CLINUX_CALL_IOCTL,
};

/// One system call of the program that waits for an answer (seccomp_unotify(2)).
struct clinux_notification {
    uint64_t id;
    /// The calling thread.
    int32_t thread;
    /// A `clinux_call`.
    int32_t call;
    uint64_t arguments[6];
};

/// How far `clinux_spawn_filtered` came when it failed.
enum clinux_spawn_stage {
    CLINUX_SPAWN_FORK = 1,
    CLINUX_SPAWN_FILTER = 2,
    CLINUX_SPAWN_EXECUTE = 3,
};

/// What is to be started: `file`, looked for in PATH where it has no slash.
struct clinux_program {
    const char *file;
    char *const *arguments;
    char *const *environment;
    /// The signals it blocks, a `sigset_t`.
    const void *mask;
    /// Whether it ignores SIGCHLD.
    int ignores_children;
};
/// Starts a program with the notification filter installed. On success `*process` is its id and
/// `*listener` the notification descriptor.
int clinux_spawn_filtered(const struct clinux_program *program, int32_t *process, int *listener,
                          int *stage);

/// What `clinux_seccomp_probe` was doing when it failed.
enum clinux_probe_stage {
    CLINUX_PROBE_ACTION = 1,
    CLINUX_PROBE_FORK = 2,
    CLINUX_PROBE_FILTER = 3,
    CLINUX_PROBE_RECEIVE = 4,
    CLINUX_PROBE_MEMORY = 5,
    CLINUX_PROBE_DESCRIPTOR = 6,
};

/// Tries the whole technique on a child of its own: filter, notification, memory, injection.
int clinux_seccomp_probe(int *stage);

/// Takes the next notification; -ENOENT when the call was interrupted meanwhile.
int clinux_seccomp_receive(int listener, struct clinux_notification *notification);
/// Answers with `value`, or with `-error` where `error` is not zero.
int clinux_seccomp_answer(int listener, uint64_t id, int64_t value, int error);
/// Lets the kernel run the call as if there were no filter.
int clinux_seccomp_continue(int listener, uint64_t id);
/// Zero while the caller still waits; -ENOENT when it does not.
int clinux_seccomp_is_valid(int listener, uint64_t id);
/// Puts `descriptor` into the caller's table and answers the call with its number there.
int clinux_seccomp_add_descriptor(int listener, uint64_t id, int descriptor, int close_on_exec);
/// Puts `descriptor` in place of the caller's descriptor `number`, and answers nothing yet.
int clinux_seccomp_replace_descriptor(int listener, uint64_t id, int descriptor, int number,
                                      int close_on_exec);
/// Asks that an answer wake the caller on this processor. Failing is harmless (Linux 6.6).
void clinux_seccomp_prefer_same_processor(int listener);

/// The inode of the socket behind a descriptor of another thread; -ENOTSOCK for other files. For one
/// thread of ours at a time, as is whatever takes descriptors of other threads.
int clinux_socket_inode(int32_t thread, int descriptor, uint64_t *inode);
/// The same from the name that /proc has for it: slower, but without touching what is no socket.
int clinux_named_socket_inode(int32_t thread, int descriptor, uint64_t *inode);
/// The inode of a socket of our own.
int clinux_own_socket_inode(int descriptor, uint64_t *inode);
/// A duplicate, close-on-exec, of a descriptor of another thread (pidfd_getfd(2)).
int clinux_duplicate_descriptor(int32_t thread, int descriptor);
/// Whether a descriptor of another thread closes on exec: 1 or 0.
int clinux_closes_on_exec(int32_t thread, int descriptor);
/// Whether calls on it do not wait: 1 or 0.
int clinux_does_not_block(int32_t thread, int descriptor);

/// Whether the process of a thread has handlers for signals: 1 or 0.
int clinux_catches_signals(int32_t thread);

/// Copies from or to the memory of another thread; the number of bytes copied.
long clinux_read_memory(int32_t thread, uint64_t address, void *bytes, size_t count);
long clinux_write_memory(int32_t thread, uint64_t address, const void *bytes, size_t count);
/// A piece of another process's memory, laid out as `struct iovec` is.
struct clinux_piece {
    uint64_t address;
    uint64_t count;
};
/// The same, over pieces of the other thread's memory.
long clinux_gather_memory(int32_t thread, const struct clinux_piece *pieces, size_t piece_count,
                             void *bytes, size_t count);
long clinux_scatter_memory(int32_t thread, const struct clinux_piece *pieces, size_t piece_count,
                              const void *bytes, size_t count);

/// Bytes that wait to be read from a socket, and bytes sent that its peer has not read.
int clinux_unread_count(int descriptor);
int clinux_unsent_count(int descriptor);

/// Socket options that the C library's headers give under conditions, or not at all.
#define CLINUX_SO_RCVTIMEO_NEW 66
#define CLINUX_SO_SNDTIMEO_NEW 67
#define CLINUX_SO_ZEROCOPY 60
#define CLINUX_TCP_NOTSENT_LOWAT 25
#define CLINUX_TCP_FASTOPEN_CONNECT 30
#define CLINUX_TCP_ULP 31

/// Who is at the other end of a UNIX socket (SO_PEERCRED).
struct clinux_credentials {
    int32_t process;
    uint32_t user;
    uint32_t group;
};
/// Accepts a connection without blocking, as a descriptor that does not block (accept4(2)).
int clinux_accept(int listener);
int clinux_peer_credentials(int descriptor, struct clinux_credentials *credentials);

/// Makes the calling process the one that orphaned descendants are handed to.
int clinux_become_subreaper(void);

/// What became of a child.
enum clinux_child_change {
    CLINUX_CHILD_EXITED = 1,
    CLINUX_CHILD_KILLED = 2,
    CLINUX_CHILD_STOPPED = 3,
    CLINUX_CHILD_CONTINUED = 4,
    /// There is none any more.
    CLINUX_CHILD_NONE = 5,
};

struct clinux_child_report {
    int32_t process;
    int change;
    /// The exit status, or the number of the signal.
    int value;
};

/// What waitid(2) said, a `siginfo_t`.
struct clinux_child_report clinux_child_report_of(const void *facts);
/// Takes one report: 1, or 0 when there is none now, or -ECHILD when there is no child.
int clinux_reap(struct clinux_child_report *report);

struct clinux_signal {
    int number;
    /// Whether the kernel sent it (a key on the terminal), not a process.
    int is_from_kernel;
    /// Which process sent it, 0 for none that is seen from here.
    int32_t sender;
};

/// A descriptor that reads the signals of `set`, which must be blocked (signalfd(2)).
int clinux_signal_descriptor(const void *set);
/// Takes one signal: 1, or 0 when there is none now.
int clinux_next_signal(int descriptor, struct clinux_signal *signal);

/// Ends the calling process by the signal `number`, without a core; returns where that does not.
void clinux_die_of(int number);
/// Lets this process have as many descriptors as it may.
void clinux_raise_descriptor_limit(void);
/// Opens /dev/null in place of `descriptor`.
int clinux_replace_by_null(int descriptor);

/// What an epoll instance watches for and reports (epoll_ctl(2)).
enum clinux_interest {
    CLINUX_READABLE = 0x1,
    CLINUX_WRITABLE = 0x4,
    CLINUX_HUNG_UP = 0x10,
    CLINUX_HALF_CLOSED = 0x2000,
    CLINUX_ON_CHANGE = 1u << 31,
};
enum clinux_epoll_operation { CLINUX_ADD, CLINUX_CHANGE, CLINUX_REMOVE };

struct clinux_ready {
    uint64_t token;
    uint32_t events;
};

int clinux_epoll_create(void);
int clinux_epoll_control(int epoll, int operation, int descriptor, uint64_t token,
                         uint32_t events);
/// Waits (epoll_pwait2(2)) for at most `nanoseconds`, or for ever where that is negative; how many
/// of the 64 in `ready` are filled.
enum { CLINUX_READY_CAPACITY = 64 };
int clinux_epoll_wait(int epoll, struct clinux_ready *ready, int64_t nanoseconds);
/// The same with room for `capacity`, above 0.
int clinux_epoll_wait_many(int epoll, struct clinux_ready *ready, int capacity,
                           int64_t nanoseconds);

/// A descriptor, what is asked of it and what it answers (struct pollfd).
struct clinux_poll {
    int descriptor;
    short events;
    short answer;
};
/// Waits (ppoll(2)) for at most `nanoseconds`, or for ever where that is negative; how many answer.
int clinux_poll(struct clinux_poll *entries, long count, int64_t nanoseconds);

#endif
