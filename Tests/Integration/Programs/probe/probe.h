// Numbered checks of what a program sees of its sockets. Each prints one line and judges nothing:
// the test runs the program plainly and under `sockeye run`, and compares line by line.
//
// Everything happens on the program's own loopback; nothing that may differ from run to run, like
// a port or a time, is printed.
#ifndef PROBE_H
#define PROBE_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern int number;
#define CHECK(what, format, ...) \
    (printf("%d %s: " format "\n", ++number, what, __VA_ARGS__), fflush(stdout))
// A call whose value or error is the result.
#define CALL(what, call) CHECK(what, "%s", result(call))

enum { EVERY = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };

// The value of a call, or its error's name.
const char *result(long value);
// The names of events of poll.
const char *events(int some);
// What a descriptor is ready for, at once.
const char *ready(int s);
// What it is ready for once it is ready for one of `wanted`, after two seconds at most.
const char *awaited(int s, int wanted);
int option(int s, int level, int name);
int set(int s, int level, int name, int value);
// The names of the loopback, of family 4 or 6.
typedef union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_storage all;
} Name;
Name loopback(int family, int port);
socklen_t size_of(const Name *name);
int port_of(int s);
int port_in(const Name *name);
// A socket bound to a port of the loopback that the system chose.
int bound(int family, int kind);
int listener(int family, int backlog);
int dial(int s, int family, int port);
// Writes a text, whatever comes of it.
void put(int s, const char *text);
// Two ends of a connection.
typedef struct {
    int listener, client, server;
} Pair;
Pair pair(int family);
void close_pair(Pair *p);
int refusing_port(int family);
long milliseconds(void);
// Says in which of some spans a time is: "at once", "in time" around `expected`, or "late".
const char *span(long since, long expected);
// A pointer that leads nowhere, unknown to the compiler.
extern void *volatile nowhere;
void limit(int s, int which, int milliseconds);
// A handler that notes the signal, with or without restarts.
void note_signal(int signal, int flags);
extern volatile sig_atomic_t noted;
// Sends a signal to the calling thread after some milliseconds, from another process.
pid_t signal_later(int signal, int milliseconds);

void check_kinds(void);
void check_connecting(void);
void check_listening(void);
void check_closing(void);
void check_readiness(void);
void check_epoll(void);
void check_descriptors(void);
void check_passing(void);
void check_transfer(void);
void check_urgent(void);
void check_datagrams(void);
void check_messages(void);
void check_six(void);
void check_waiting(void);
void check_threads(void);
void check_options(void);
#endif
