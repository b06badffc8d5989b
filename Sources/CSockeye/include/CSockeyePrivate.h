/* What shims.c and the Swift of SockeyeC need of each other; not installed. */
#ifndef CSOCKEYE_PRIVATE_H
#define CSOCKEYE_PRIVATE_H

#include <stdbool.h>

#include "sockeye.h"

/* The messages of sendmmsg and recvmmsg, which headers show to GNU's programs only. */
struct csockeye_mmsghdr {
    struct msghdr msg_hdr;
    unsigned int msg_len;
};

/* Of Swift. */
int csockeye_sendmmsg(int descriptor, struct csockeye_mmsghdr *messages, unsigned int count,
                      int flags);
int csockeye_recvmmsg(int descriptor, struct csockeye_mmsghdr *messages, unsigned int count,
                      int flags, struct timespec *timeout);
int csockeye_fcntl(int descriptor, int command, long argument);
int csockeye_ioctl(int descriptor, unsigned long request, void *argument);
bool csockeye_is_ours(int descriptor);

/* The kernel's calls that Swift cannot name. */
int csockeye_kernel_fcntl(int descriptor, int command, long argument);
int csockeye_kernel_ioctl(int descriptor, unsigned long request, void *argument);
int csockeye_kernel_sendmmsg(int descriptor, struct csockeye_mmsghdr *messages,
                             unsigned int count, int flags);
int csockeye_kernel_recvmmsg(int descriptor, struct csockeye_mmsghdr *messages,
                             unsigned int count, int flags, struct timespec *timeout);
int csockeye_kernel_accept4(int descriptor, struct sockaddr *address, socklen_t *length,
                            int flags);
int csockeye_kernel_dup3(int descriptor, int number, int flags);
int csockeye_kernel_ppoll(struct pollfd *descriptors, nfds_t count,
                          const struct timespec *timeout, const sigset_t *signals);
/* A descriptor that can be copied and closed, and nothing else. */
int csockeye_open_nothing(void);

ssize_t csockeye_kernel_sendfile(int to, int from, off_t *offset, size_t count);

/* The host that the thread chose, NULL for none. */
void *csockeye_current_host(void);
void csockeye_set_current_host(void *host);
/* Keeps a text that malloc made. */
void csockeye_set_error(char *text);

/* At least `size` bytes that are the thread's; what was in them may be gone. */
enum csockeye_buffer {
    CSOCKEYE_HOST_BUFFER,
    CSOCKEYE_SERVICE_BUFFER,
    CSOCKEYE_PROTOCOL_BUFFER,
    CSOCKEYE_ADDRESS_BUFFER,
    CSOCKEYE_BUFFERS
};
void *csockeye_buffer(enum csockeye_buffer which, size_t size);
void csockeye_set_h_errno(int code);

/* Whether this process was forked off the one that loaded the library: the stack's threads are
 * not in it. */
bool csockeye_is_child(void);
void csockeye_at_exit(void (*body)(void));
void csockeye_raise_pipe(void);

#endif
