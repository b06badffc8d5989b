// Sockets of every kind, then what only a launcher refuses: each is named.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *name, long value) {
    printf("%s %s\n", name, value < 0 ? strerrorname_np(errno) : "done");
}

int main(void) {
    struct sockaddr_in any = {.sin_family = AF_INET};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    tell("bind", bind(s, (struct sockaddr *)&any, sizeof any));
    tell("listen", listen(s, 5));
    tell("IPv6", socket(AF_INET6, SOCK_STREAM, 0));
    tell("IPv6 datagrams", socket(AF_INET6, SOCK_DGRAM, 0));
    tell("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    tell("ping", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
    tell("packet", socket(AF_PACKET, SOCK_RAW, 0));
    tell("MPTCP", socket(AF_INET, SOCK_STREAM, 262));
    tell("VSOCK", socket(40, SOCK_STREAM, 0));
    tell("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
    tell("UNIX", socket(AF_UNIX, SOCK_STREAM, 0));
    tell("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
    tell("undumpable", prctl(PR_SET_DUMPABLE, 0));
    printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
#ifdef __x86_64__
    long ebx = 2, value = 359;
    // The calls of i386 are there for every program: socket, and getpid.
    __asm__ volatile("int $0x80"
                     : "+a"(value)
                     : "b"(ebx), "c"(1L), "d"(0L)
                     : "r8", "r9", "r10", "r11", "memory");
    errno = (int)-value;
    tell("i386 socket", value);
    value = 20;
    __asm__ volatile("int $0x80" : "+a"(value) : : "r8", "r9", "r10", "r11", "memory");
    tell("i386 getpid", value);
    tell("x32", syscall(0x40000000 | SYS_getpid));
#endif
    return 0;
}
