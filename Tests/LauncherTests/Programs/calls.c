// Calls in a fixed order, some of which the filter reports and some not. A call that is reported
// is refused by the test, so the program looks at no result.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

int main(void) {
    int ends[2];
    char bytes[256] = {0};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct sockaddr *address = (struct sockaddr *)&name;
    socklen_t length = sizeof name;

    // Not reported.
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    close(socket(AF_UNIX, SOCK_STREAM, 0));
    write(ends[0], bytes, 8);
    read(ends[1], bytes, 8);
    send(ends[0], bytes, 8, MSG_NOSIGNAL);
    recv(ends[1], bytes, 8, MSG_PEEK | MSG_DONTWAIT);
    int on = 1;
    ioctl(ends[0], FIONBIO, &on);
    ioctl(0, TCGETS, bytes);
    ioctl(0, TIOCGWINSZ, bytes);

    // Reported.
    socket(AF_INET, SOCK_STREAM, 0);
    socket(AF_INET6, SOCK_STREAM, 0);
    socket(AF_NETLINK, SOCK_RAW, 0);
    socket(AF_PACKET, SOCK_RAW, 0);
    socket(45, SOCK_RAW, 0);
    connect(ends[0], address, length);
    bind(ends[0], address, length);
    listen(ends[0], 1);
    accept(ends[0], NULL, NULL);
    accept4(ends[0], NULL, NULL, 0);
    getsockname(ends[0], address, &length);
    getpeername(ends[0], address, &length);
    setsockopt(ends[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    getsockopt(ends[0], SOL_SOCKET, SO_ERROR, &on, &length);
    shutdown(ends[0], SHUT_RD);
    sendto(ends[0], bytes, 1, 0, address, length);
    // An address whose lower half is zero is one too.
    sendto(ends[0], bytes, 1, 0, (struct sockaddr *)(1ull << 32), length);
    send(ends[0], bytes, 1, MSG_OOB);
    send(ends[0], bytes, 1, MSG_FASTOPEN | MSG_NOSIGNAL);
    recvfrom(ends[0], bytes, 1, 0, address, &length);
    recv(ends[0], bytes, 1, MSG_OOB);
    recv(ends[0], bytes, 1, MSG_ERRQUEUE);
    struct mmsghdr messages[1];
    memset(messages, 0, sizeof messages);
    sendmsg(ends[0], &messages[0].msg_hdr, 0);
    recvmsg(ends[0], &messages[0].msg_hdr, MSG_DONTWAIT);
    sendmmsg(ends[0], messages, 1, 0);
    recvmmsg(ends[0], messages, 1, MSG_DONTWAIT, NULL);
    // FIONREAD, SIOCOUTQ, SIOCATMARK, SIOCGIFCONF, SIOCGSTAMP in both forms, SIOCGIWNAME; and one
    // whose upper half is not zero, which the kernel does not look at.
    const unsigned long requests[] = {
        0x541B, 0x5411, 0x8905, 0x8912, 0x8906, 0x80108906, 0x8B01, 0x100008915ul,
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        syscall(SYS_ioctl, ends[0], requests[i], bytes);

    // Not reported, just as other types of requests are not.
    ioctl(ends[0], 0x8A05, bytes);
    ioctl(ends[0], 0x8705, bytes);
    return 0;
}
