// What Swift cannot say: calls with variable arguments, variables of a thread, streams of stdio.
#define _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/sendfile.h>

#include "sockeye.h"
#include "CSockeyePrivate.h"

// Calls with variable arguments ------------------------------------------------------------------

int sockeye_fcntl(int descriptor, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    // As the kernel has it: one argument of a word, whatever it is.
    long argument = va_arg(arguments, long);
    va_end(arguments);
    return csockeye_fcntl(descriptor, command, argument);
}

int sockeye_ioctl(int descriptor, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return csockeye_ioctl(descriptor, request, argument);
}

int csockeye_kernel_fcntl(int descriptor, int command, long argument) {
    return fcntl(descriptor, command, argument);
}

int csockeye_kernel_ioctl(int descriptor, unsigned long request, void *argument) {
    return ioctl(descriptor, request, argument);
}

// Calls that headers show to GNU's programs only -------------------------------------------------

_Static_assert(sizeof(struct csockeye_mmsghdr) == sizeof(struct mmsghdr), "the same structure");

int sockeye_sendmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags) {
    return csockeye_sendmmsg(descriptor, (struct csockeye_mmsghdr *)messages, count, flags);
}

int sockeye_recvmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags,
                     struct timespec *timeout) {
    return csockeye_recvmmsg(descriptor, (struct csockeye_mmsghdr *)messages, count, flags,
                             timeout);
}

int csockeye_kernel_sendmmsg(int descriptor, struct csockeye_mmsghdr *messages,
                             unsigned int count, int flags) {
    return sendmmsg(descriptor, (struct mmsghdr *)messages, count, flags);
}

int csockeye_kernel_recvmmsg(int descriptor, struct csockeye_mmsghdr *messages,
                             unsigned int count, int flags, struct timespec *timeout) {
    return recvmmsg(descriptor, (struct mmsghdr *)messages, count, flags, timeout);
}

int csockeye_kernel_accept4(int descriptor, struct sockaddr *address, socklen_t *length,
                            int flags) {
    return accept4(descriptor, address, length, flags);
}

int csockeye_kernel_dup3(int descriptor, int number, int flags) {
    return dup3(descriptor, number, flags);
}

int csockeye_kernel_ppoll(struct pollfd *descriptors, nfds_t count,
                          const struct timespec *timeout, const sigset_t *signals) {
    return ppoll(descriptors, count, timeout, signals);
}

int csockeye_open_nothing(void) { return open("/dev/null", O_PATH | O_CLOEXEC); }

ssize_t csockeye_kernel_sendfile(int to, int from, off_t *offset, size_t count) {
    return sendfile(to, from, offset, count);
}

// Variables of a thread --------------------------------------------------------------------------

static _Thread_local void *current_host;
static _Thread_local char *last_error;

void *csockeye_current_host(void) { return current_host; }
void csockeye_set_current_host(void *host) { current_host = host; }

const char *sockeye_error(void) { return last_error ? last_error : ""; }

static void free_error(void *text) { free(text); }

static pthread_key_t error_key;
static pthread_once_t error_once = PTHREAD_ONCE_INIT;
static void make_error_key(void) { pthread_key_create(&error_key, free_error); }

void csockeye_set_error(char *text) {
    pthread_once(&error_once, make_error_key);
    free(last_error);
    last_error = text;
    pthread_setspecific(error_key, text);
}

// Processes --------------------------------------------------------------------------------------

static atomic_bool forked;

bool csockeye_is_child(void) { return atomic_load_explicit(&forked, memory_order_relaxed); }

static void note_child(void) { atomic_store(&forked, true); }

__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(NULL, NULL, note_child);
}

void csockeye_at_exit(void (*body)(void)) { atexit(body); }

// Streams of stdio -------------------------------------------------------------------------------

static ssize_t read_cookie(void *cookie, char *buffer, size_t length) {
    return sockeye_read((int)(intptr_t)cookie, buffer, length);
}

static ssize_t write_cookie(void *cookie, const char *buffer, size_t length) {
    ssize_t count = sockeye_write((int)(intptr_t)cookie, buffer, length);
    // What fopencookie wants to see of an error.
    return count < 0 ? 0 : count;
}

static int close_cookie(void *cookie) { return sockeye_close((int)(intptr_t)cookie); }

FILE *sockeye_fdopen(int descriptor, const char *mode) {
    if (!csockeye_is_ours(descriptor)) return fdopen(descriptor, mode);
    cookie_io_functions_t functions = {
        .read = read_cookie, .write = write_cookie, .close = close_cookie};
    return fopencookie((void *)(intptr_t)descriptor, mode, functions);
}

// Signals ----------------------------------------------------------------------------------------

void csockeye_raise_pipe(void) { pthread_kill(pthread_self(), SIGPIPE); }
