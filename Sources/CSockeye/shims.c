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

void *csockeye_current_host(void) { return current_host; }
void csockeye_set_current_host(void *host) { current_host = host; }

// What a thread keeps until it ends.
struct belongings {
    char *error;
    void *buffers[CSOCKEYE_BUFFERS];
    size_t sizes[CSOCKEYE_BUFFERS];
};

static _Thread_local struct belongings *belongings;
static pthread_key_t belongings_key;
static pthread_once_t belongings_once = PTHREAD_ONCE_INIT;

static void free_belongings(void *pointer) {
    struct belongings *own = pointer;
    for (int which = 0; which < CSOCKEYE_BUFFERS; which++) free(own->buffers[which]);
    free(own->error);
    free(own);
}

static void make_belongings_key(void) { pthread_key_create(&belongings_key, free_belongings); }

static struct belongings *own_belongings(void) {
    if (belongings == NULL) {
        pthread_once(&belongings_once, make_belongings_key);
        belongings = calloc(1, sizeof *belongings);
        if (belongings != NULL) pthread_setspecific(belongings_key, belongings);
    }
    return belongings;
}

const char *sockeye_error(void) { return belongings && belongings->error ? belongings->error : ""; }

void csockeye_set_error(char *text) {
    struct belongings *own = own_belongings();
    if (own == NULL) {
        free(text);
        return;
    }
    free(own->error);
    own->error = text;
}

void *csockeye_buffer(enum csockeye_buffer which, size_t size) {
    struct belongings *own = own_belongings();
    if (own == NULL) return NULL;
    if (own->sizes[which] < size) {
        free(own->buffers[which]);
        own->buffers[which] = malloc(size);
        own->sizes[which] = own->buffers[which] == NULL ? 0 : size;
    }
    return own->buffers[which];
}

// Names ------------------------------------------------------------------------------------------

void csockeye_set_h_errno(int code) { h_errno = code; }

const char *sockeye_gai_strerror(int code) { return gai_strerror(code); }

const char *sockeye_hstrerror(int code) { return hstrerror(code); }

void sockeye_herror(const char *text) {
    if (text != NULL && *text != 0) fprintf(stderr, "%s: ", text);
    fprintf(stderr, "%s\n", hstrerror(h_errno));
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
