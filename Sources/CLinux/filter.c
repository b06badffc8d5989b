// Which calls of a program are reported, refused or let through: a seccomp filter and the small
// assembler it is written in (seccomp(2), bpf(4)).
#define _GNU_SOURCE
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "sockeye run knows the system calls of x86_64 and aarch64 only"
#endif

// The assembler ------------------------------------------------------------------------------

enum { FILTER_CAPACITY = 256 };

struct filter {
    struct sock_filter code[FILTER_CAPACITY];
    unsigned short count;
    // It did not fit, or a jump would be too far: 8 bits hold how many instructions it skips.
    int is_broken;
};

static void emit(struct filter *f, unsigned short code, unsigned int k) {
    if (f->count == FILTER_CAPACITY) {
        f->is_broken = 1;
        return;
    }
    f->code[f->count++] = (struct sock_filter)BPF_STMT(code, k);
}

static void load(struct filter *f, size_t offset) {
    emit(f, BPF_LD | BPF_W | BPF_ABS, (unsigned int)offset);
}

static void answer(struct filter *f, unsigned int action) { emit(f, BPF_RET | BPF_K, action); }

static unsigned int refuse(int error) { return SECCOMP_RET_ERRNO | (unsigned int)error; }

// A comparison of what was loaded. It falls through when it holds and when it does not, until it
// is told with `when_true` or `when_false` to land on the instruction that comes next.
static unsigned short compare(struct filter *f, unsigned short kind, unsigned int value) {
    emit(f, BPF_JMP | BPF_K | kind, value);
    return f->count;
}

static unsigned char distance(struct filter *f, unsigned short comparison) {
    unsigned int skipped = f->count - (unsigned int)comparison;
    if (skipped > 255) f->is_broken = 1;
    return (unsigned char)skipped;
}

static void when_true(struct filter *f, unsigned short comparison) {
    if (!f->is_broken) f->code[comparison - 1].jt = distance(f, comparison);
}

static void when_false(struct filter *f, unsigned short comparison) {
    if (!f->is_broken) f->code[comparison - 1].jf = distance(f, comparison);
}

// The filter ---------------------------------------------------------------------------------

// Arguments are 64 bits, words of the machine's order; both machines are little-endian.
static size_t low_word(int argument) {
    return offsetof(struct seccomp_data, args) + 8 * (size_t)argument;
}
static size_t high_word(int argument) { return low_word(argument) + 4; }

static void load_number(struct filter *f) { load(f, offsetof(struct seccomp_data, nr)); }

// Each of these expects the call's number loaded, and leaves it so where it does not answer.
static void on_call(struct filter *f, unsigned int number, unsigned int action) {
    unsigned short is_other = compare(f, BPF_JEQ, number);
    answer(f, action);
    when_false(f, is_other);
}

static void on_calls(struct filter *f, unsigned int first, unsigned int last, unsigned int action) {
    unsigned short is_below = compare(f, BPF_JGE, first);
    unsigned short is_above = compare(f, BPF_JGT, last);
    answer(f, action);
    when_false(f, is_below);
    when_true(f, is_above);
}

static void notify_foreign_sockets(struct filter *f) {
    unsigned short is_other = compare(f, BPF_JEQ, SYS_socket);
    load(f, low_word(0));
    unsigned short is_local = compare(f, BPF_JEQ, AF_UNIX);
    answer(f, SECCOMP_RET_USER_NOTIF);
    when_true(f, is_local);
    answer(f, SECCOMP_RET_ALLOW);
    when_false(f, is_other);
}

// sendto and recvfrom, which are send and recv too: what is more than reading or writing the bytes
// of a connection.
static void notify_transfer(struct filter *f, unsigned int number, unsigned int flags) {
    unsigned short is_other = compare(f, BPF_JEQ, number);
    load(f, low_word(4));
    unsigned short has_low = compare(f, BPF_JEQ, 0);
    load(f, high_word(4));
    unsigned short has_high = compare(f, BPF_JEQ, 0);
    load(f, low_word(3));
    unsigned short has_flags = compare(f, BPF_JSET, flags);
    when_false(f, has_flags);
    answer(f, SECCOMP_RET_ALLOW);
    when_false(f, has_low);
    when_false(f, has_high);
    when_true(f, has_flags);
    answer(f, SECCOMP_RET_USER_NOTIF);
    when_false(f, is_other);
}

// Requests about sockets and interfaces: 0x89 is the type of <linux/sockios.h>, however the
// direction and size above it are written (SIOCGSTAMP has both forms), 0x8B that of wireless
// interfaces; and those that tell how many bytes wait, which sockets share with terminals.
static void notify_controls(struct filter *f) {
    unsigned short is_other = compare(f, BPF_JEQ, SYS_ioctl);
    load(f, low_word(1));
    unsigned short counts_unread = compare(f, BPF_JEQ, SIOCINQ);
    unsigned short counts_unsent = compare(f, BPF_JEQ, SIOCOUTQ);
    emit(f, BPF_ALU | BPF_AND | BPF_K, 0xFD00);
    unsigned short is_socket_request = compare(f, BPF_JEQ, 0x8900);
    when_false(f, is_socket_request);
    answer(f, SECCOMP_RET_ALLOW);
    when_true(f, counts_unread);
    when_true(f, counts_unsent);
    when_true(f, is_socket_request);
    answer(f, SECCOMP_RET_USER_NOTIF);
    when_false(f, is_other);
}

// A program that makes itself undumpable would lock the launcher out of its memory and
// descriptors, so it is told that it succeeded.
static void pretend_to_become_undumpable(struct filter *f) {
    unsigned short is_other = compare(f, BPF_JEQ, SYS_prctl);
    load(f, low_word(0));
    unsigned short is_other_option = compare(f, BPF_JEQ, PR_SET_DUMPABLE);
    load(f, low_word(1));
    unsigned short is_other_value = compare(f, BPF_JEQ, 0);
    answer(f, refuse(0));
    when_false(f, is_other_option);
    when_false(f, is_other_value);
    answer(f, SECCOMP_RET_ALLOW);
    when_false(f, is_other);
}

// 32-bit programs run, but get no sockets: all of their socket calls and io_uring_setup are refused.
// Their numbers are not in the 64-bit headers.
static void refuse_32_bit(struct filter *f) {
    unsigned int missing = refuse(ENOSYS);
#if defined(__x86_64__)
    // i386: socketcall, socket to shutdown, recvmmsg and sendmmsg, those with 64-bit times.
    unsigned short is_other = compare(f, BPF_JEQ, AUDIT_ARCH_I386);
    load_number(f);
    on_call(f, 102, missing);
    on_call(f, 337, missing);
    on_call(f, 345, missing);
    on_calls(f, 359, 373, missing);
#elif defined(__aarch64__)
    // EABI: socket to recvmsg, recvmmsg, accept4, sendmmsg.
    unsigned short is_other = compare(f, BPF_JEQ, AUDIT_ARCH_ARM);
    load_number(f);
    on_calls(f, 281, 297, missing);
    on_calls(f, 365, 366, missing);
    on_call(f, 374, missing);
#endif
    on_call(f, 417, missing);
    on_call(f, 425, missing);
    answer(f, SECCOMP_RET_ALLOW);
    when_false(f, is_other);
}

static void build_filter(struct filter *f) {
    f->count = 0;
    f->is_broken = 0;
    load(f, offsetof(struct seccomp_data, arch));
    unsigned short is_native = compare(f, BPF_JEQ, NATIVE_ARCHITECTURE);
    when_false(f, is_native);
    refuse_32_bit(f);
    answer(f, refuse(ENOSYS));
    when_true(f, is_native);
    load_number(f);
#if defined(__x86_64__)
    enum { X32_BIT = 0x40000000 };
    unsigned short is_x86_64 = compare(f, BPF_JGE, X32_BIT);
    answer(f, refuse(ENOSYS));
    when_false(f, is_x86_64);
#endif
    // Those whose arguments matter are looked at on every call, so they come first: what is let
    // through without a look at its arguments the kernel remembers.
    notify_transfer(f, SYS_sendto, MSG_OOB | MSG_FASTOPEN);
    notify_transfer(f, SYS_recvfrom, MSG_OOB | MSG_ERRQUEUE);
    notify_controls(f);
    notify_foreign_sockets(f);
    pretend_to_become_undumpable(f);
    // shutdown too: unconnected, an AF_UNIX socket allows it; SHUT_RD would break the other end's
    // pipe and SHUT_RDWR look like a close there; and a listener could not listen again.
    static const unsigned int notified[] = {
        SYS_connect,     SYS_bind,       SYS_listen,     SYS_accept,  SYS_accept4, SYS_getsockname,
        SYS_getpeername, SYS_setsockopt, SYS_getsockopt, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg,
        SYS_recvmmsg,    SYS_shutdown,
    };
    for (size_t i = 0; i < sizeof notified / sizeof notified[0]; i++)
        on_call(f, notified[i], SECCOMP_RET_USER_NOTIF);
    // The calls of a ring are not seen by any filter.
    on_call(f, SYS_io_uring_setup, refuse(ENOSYS));
    answer(f, SECCOMP_RET_ALLOW);
}

int clinux_install_filter(void) {
    struct filter f;
    build_filter(&f);
    if (f.is_broken) return -E2BIG;
    struct sock_fprog program = {.len = f.count, .filter = f.code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                            SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return listener < 0 ? -errno : (int)listener;
}
