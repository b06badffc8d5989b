/*
 * sockeye.h - the Berkeley socket interface over Sockeye's TCP/IP stack.
 *
 * Each call is that of POSIX or Linux with "sockeye_" before its name: the same arguments, results,
 * errors in errno, constants and structures, which are those of the system's own headers. A program
 * sets up a host with sockeye_open, once, and uses sockets as everywhere else. See sockeye(3).
 *
 * Descriptors are small integers, lowest first, and distinct from those of the kernel; a call on one
 * of the kernel's goes to the kernel. Any thread may call anything at any time.
 */
#ifndef SOCKEYE_H
#define SOCKEYE_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Not every standard that a program may ask for has them. */
struct addrinfo;
struct mmsghdr;

/* ---- Hosts: sockeye_open(3) ------------------------------------------------------------------ */

/* A host with its addresses, devices and sockets. */
typedef struct sockeye_host sockeye_host;

/*
 * Makes a host as the options of `sockeye host` describe it, such as
 *
 *     sockeye_open("--tap tap0 --address 10.7.0.2/24 --gateway 10.7.0.1")
 *
 * and has all threads use it that chose no other; its interface `lo`, with 127.0.0.1 and ::1, is
 * there without being asked for, and "" is a host that has nothing else. Returns 0; -1 with errno
 * EINVAL when the description makes no sense, EIO when it cannot be had, and sockeye_error() for
 * the words.
 */
int sockeye_open(const char *description);

/* The same for a host that only those threads use that choose it; NULL when it cannot be had. */
sockeye_host *sockeye_host_open(const char *description);

/*
 * Ends a host: its connections are reset, calls that wait fail with EBADF, its devices are let go.
 * The descriptors of its sockets stay until they are closed. Returns 0, or -1 with errno EIO when
 * not all of a capture could be written.
 */
int sockeye_host_close(sockeye_host *host);

/*
 * The host on which this thread makes its sockets from now on; NULL for that of sockeye_open.
 * Returns the one before.
 */
sockeye_host *sockeye_use(sockeye_host *host);

/* Why this thread's last call of this section failed, in words; "" when none did. */
const char *sockeye_error(void);

/*
 * IP packets in and out of a link that `--flow LINK` made, whose far side is the program: as the
 * packet flow of a VPN. The host NULL is the thread's. sockeye_packet_take gives the length of the
 * packet that has waited longest, or -1 with errno EAGAIN; there must be room for the link's MTU.
 * The descriptor polls readable while packets wait to be taken; it belongs to the host. None of
 * them waits. errno may be ENODEV, EMSGSIZE, ENOBUFS.
 */
int sockeye_packet_put(sockeye_host *host, const char *link, const void *packet, size_t length);
ssize_t sockeye_packet_take(sockeye_host *host, const char *link, void *packet, size_t length);
int sockeye_packet_descriptor(sockeye_host *host, const char *link);

/* ---- Sockets: sockeye_socket(3) --------------------------------------------------------------- */

int sockeye_socket(int domain, int type, int protocol);
int sockeye_socketpair(int domain, int type, int protocol, int descriptors[2]);
int sockeye_bind(int descriptor, const struct sockaddr *address, socklen_t length);
int sockeye_listen(int descriptor, int backlog);
int sockeye_accept(int descriptor, struct sockaddr *address, socklen_t *length);
int sockeye_accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
int sockeye_connect(int descriptor, const struct sockaddr *address, socklen_t length);
int sockeye_getsockname(int descriptor, struct sockaddr *address, socklen_t *length);
int sockeye_getpeername(int descriptor, struct sockaddr *address, socklen_t *length);
int sockeye_shutdown(int descriptor, int how);
int sockeye_sockatmark(int descriptor);

int sockeye_getsockopt(int descriptor, int level, int name, void *value, socklen_t *length);
int sockeye_setsockopt(int descriptor, int level, int name, const void *value, socklen_t length);

/* ---- Bytes and messages: sockeye_send(3) ------------------------------------------------------ */

ssize_t sockeye_send(int descriptor, const void *buffer, size_t length, int flags);
ssize_t sockeye_sendto(int descriptor, const void *buffer, size_t length, int flags,
                       const struct sockaddr *address, socklen_t address_length);
ssize_t sockeye_sendmsg(int descriptor, const struct msghdr *message, int flags);
int sockeye_sendmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags);
ssize_t sockeye_write(int descriptor, const void *buffer, size_t length);
ssize_t sockeye_writev(int descriptor, const struct iovec *vectors, int count);
ssize_t sockeye_sendfile(int to, int from, off_t *offset, size_t count);

ssize_t sockeye_recv(int descriptor, void *buffer, size_t length, int flags);
ssize_t sockeye_recvfrom(int descriptor, void *buffer, size_t length, int flags,
                         struct sockaddr *address, socklen_t *address_length);
ssize_t sockeye_recvmsg(int descriptor, struct msghdr *message, int flags);
int sockeye_recvmmsg(int descriptor, struct mmsghdr *messages, unsigned int count, int flags,
                     struct timespec *timeout);
ssize_t sockeye_read(int descriptor, void *buffer, size_t length);
ssize_t sockeye_readv(int descriptor, const struct iovec *vectors, int count);

/* ---- Descriptors: sockeye_socket(3) ----------------------------------------------------------- */

int sockeye_close(int descriptor);
int sockeye_dup(int descriptor);
int sockeye_dup2(int descriptor, int number);
int sockeye_dup3(int descriptor, int number, int flags);
int sockeye_fcntl(int descriptor, int command, ...);
int sockeye_ioctl(int descriptor, unsigned long request, ...);
/* A stream of stdio on a socket; fclose closes the descriptor. */
FILE *sockeye_fdopen(int descriptor, const char *mode);

/* ---- Readiness: sockeye_poll(3) --------------------------------------------------------------- */

int sockeye_poll(struct pollfd *descriptors, nfds_t count, int milliseconds);
int sockeye_ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout,
                  const sigset_t *signals);
int sockeye_select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                   struct timeval *timeout);
int sockeye_pselect(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                    const struct timespec *timeout, const sigset_t *signals);

/*
 * Sets of descriptors, of Sockeye and of the kernel. That of a set is one of the kernel's as well,
 * readable there when an event waits: so that any event loop can wait for it.
 */
int sockeye_epoll_create(int size);
int sockeye_epoll_create1(int flags);
int sockeye_epoll_ctl(int set, int operation, int descriptor, struct epoll_event *event);
int sockeye_epoll_wait(int set, struct epoll_event *events, int count, int milliseconds);
int sockeye_epoll_pwait(int set, struct epoll_event *events, int count, int milliseconds,
                        const sigset_t *signals);

/* ---- Names: sockeye_getaddrinfo(3) ------------------------------------------------------------ */

/* Over the thread's host, whose sockets ask the servers of /etc/resolv.conf; h_errno is the system's. */
int sockeye_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                        struct addrinfo **result);
void sockeye_freeaddrinfo(struct addrinfo *list);
const char *sockeye_gai_strerror(int code);
int sockeye_getnameinfo(const struct sockaddr *address, socklen_t length, char *host,
                        socklen_t host_length, char *service, socklen_t service_length, int flags);

struct hostent *sockeye_gethostbyname(const char *name);
struct hostent *sockeye_gethostbyname2(const char *name, int family);
struct hostent *sockeye_gethostbyaddr(const void *address, socklen_t length, int family);
int sockeye_gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t length,
                            struct hostent **result, int *error);
int sockeye_gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer,
                             size_t length, struct hostent **result, int *error);
int sockeye_gethostbyaddr_r(const void *address, socklen_t address_length, int family,
                            struct hostent *entry, char *buffer, size_t length,
                            struct hostent **result, int *error);
struct servent *sockeye_getservbyname(const char *name, const char *protocol);
struct servent *sockeye_getservbyport(int port, const char *protocol);
struct protoent *sockeye_getprotobyname(const char *name);
struct protoent *sockeye_getprotobynumber(int number);
void sockeye_herror(const char *text);
const char *sockeye_hstrerror(int code);

int sockeye_inet_pton(int family, const char *text, void *address);
const char *sockeye_inet_ntop(int family, const void *address, char *text, socklen_t length);
int sockeye_inet_aton(const char *text, struct in_addr *address);
char *sockeye_inet_ntoa(struct in_addr address);
in_addr_t sockeye_inet_addr(const char *text);
in_addr_t sockeye_inet_network(const char *text);
struct in_addr sockeye_inet_makeaddr(in_addr_t network, in_addr_t host);
in_addr_t sockeye_inet_lnaof(struct in_addr address);
in_addr_t sockeye_inet_netof(struct in_addr address);

#ifdef __cplusplus
}
#endif

#endif
