// Ways to move bytes, and their flags; urgent bytes, and signals of readiness.
#include "probe.h"
#include <sys/mman.h>
#include <sys/sendfile.h>

void check_transfer(void) {
    Pair p = pair(AF_INET);
    char text[64] = "", other[64] = "";
    struct iovec parts[3] = {{"one", 3}, {"", 0}, {"three", 5}};
    struct iovec room[2] = {{text, 4}, {other, 60}};
    CALL("writev", writev(p.client, parts, 3));
    awaited(p.server, POLLIN);
    CALL("readv", readv(p.server, room, 2));
    CHECK("bytes", "%.4s %.4s", text, other);
    CALL("write nothing", write(p.client, "", 0));
    CALL("read into nothing", read(p.server, text, 0));
    CALL("send nothing", send(p.client, "", 0, 0));
    CALL("MSG_DONTWAIT", recv(p.server, text, 4, MSG_DONTWAIT));
    CALL("write", write(p.client, "abcdefgh", 8));
    awaited(p.server, POLLIN);
    CALL("MSG_PEEK", recv(p.server, text, 3, MSG_PEEK));
    int waiting = -1;
    CALL("FIONREAD", ioctl(p.server, FIONREAD, &waiting));
    CHECK("waiting", "%d", waiting);
    CALL("MSG_TRUNC", recv(p.server, NULL, 3, MSG_TRUNC));
    CALL("then", recv(p.server, text, 64, 0));
    CHECK("bytes", "%.5s", text);
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        if (write(p.client, "xy", 2) < 0) _exit(1);
        usleep(60000);
        _exit(write(p.client, "z", 1) != 1);
    }
    CALL("MSG_WAITALL", recv(p.server, text, 3, MSG_WAITALL));
    wait(NULL);
    CALL("MSG_MORE", send(p.client, "m", 1, MSG_MORE));
    CALL("and the rest", send(p.client, "n", 1, 0));
    CALL("both", recv(p.server, text, 2, MSG_WAITALL));
    CALL("MSG_CONFIRM and the like", send(p.client, "c", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
    CALL("recv", recv(p.server, text, 8, 0));
    CALL("MSG_ERRQUEUE", recv(p.server, text, 8, MSG_ERRQUEUE));
    CALL("send from a bad pointer", send(p.client, nowhere, 10, 0));
    CALL("write from a bad pointer", write(p.client, nowhere, 10));
    CALL("write", write(p.client, "q", 1));
    awaited(p.server, POLLIN);
    CALL("recv to a bad pointer", recv(p.server, nowhere, 10, 0));
    CALL("recv", recv(p.server, text, 10, 0));
    Name name = loopback(AF_INET, 9), from;
    memset(&from, 0, sizeof from);
    socklen_t n = sizeof from;
    CALL("sendto with a name", sendto(p.client, "t", 1, 0, &name.any, 16));
    awaited(p.server, POLLIN);
    ssize_t got = recvfrom(p.server, text, 8, 0, &from.any, &n);
    CHECK("recvfrom", "%s length %u", result(got), n);
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 3};
    CALL("sendmsg", sendmsg(p.client, &m, 0));
    awaited(p.server, POLLIN);
    char control[64];
    m = (struct msghdr){.msg_iov = room, .msg_iovlen = 2, .msg_name = &from,
                        .msg_namelen = sizeof from, .msg_control = control,
                        .msg_controllen = sizeof control};
    CALL("recvmsg", recvmsg(p.server, &m, 0));
    CHECK("flags, control, name", "%x %zu %u", m.msg_flags, m.msg_controllen, m.msg_namelen);
    struct mmsghdr many[3] = {{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = parts + 2, .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}}};
    CALL("sendmmsg", sendmmsg(p.client, many, 3, 0));
    CHECK("of", "%u %u %u", many[0].msg_len, many[1].msg_len, many[2].msg_len);
    CALL("recv", recv(p.server, text, 11, MSG_WAITALL));
    close_pair(&p);

    // sendfile and splice.
    p = pair(AF_INET);
    int file = memfd_create("numbers", 0);
    for (int i = 0; i < 20000; i++) dprintf(file, "%d\n", i);
    long size = lseek(file, 0, SEEK_CUR);
    child = fork();
    if (child == 0) {
        off_t from_here = 0;
        close(p.server);
        while (from_here < size)
            if (sendfile(p.client, file, &from_here, (size_t)(size - from_here)) <= 0)
                _exit(1);
        _exit(0);
    }
    close(p.client);
    long count = 0, sum = 0;
    static char block[70000];
    ssize_t length;
    while ((length = read(p.server, block, sizeof block)) > 0)
        for (ssize_t i = 0; i < length; i++) sum = sum * 31 + block[i], count++;
    int status;
    waitpid(child, &status, 0);
    CHECK("sendfile", "%ld sum %lx status %x", count, sum, status);
    p.client = -1;
    close_pair(&p);
    p = pair(AF_INET);
    int tube[2];
    if (pipe(tube) < 0) return;
    CALL("into a pipe", write(tube[1], "spliced", 7));
    CALL("splice out of it", splice(tube[0], NULL, p.client, NULL, 100, 0));
    awaited(p.server, POLLIN);
    CALL("splice into it", splice(p.server, NULL, tube[1], NULL, 100, 0));
    CALL("out of a pipe", read(tube[0], text, 64));
    CALL("tee", tee(p.server, tube[1], 10, 0));
    off_t place = 0;
    CALL("sendfile from a socket", sendfile(tube[1], p.server, &place, 10));
    fcntl(p.server, F_SETFL, O_NONBLOCK);
    CALL("splice, nothing there", splice(p.server, NULL, tube[1], NULL, 9, SPLICE_F_NONBLOCK));
    close(p.client);
    awaited(p.server, POLLRDHUP);
    CALL("splice, the end", splice(p.server, NULL, tube[1], NULL, 100, 0));
    p.client = -1;
    close_pair(&p);
    // What is not sent or not read yet.
    p = pair(AF_INET);
    CALL("write", write(p.client, "12345", 5));
    awaited(p.server, POLLIN);
    usleep(100000);
    CALL("SIOCOUTQ", ioctl(p.client, TIOCOUTQ, &waiting));
    CHECK("unacknowledged", "%d", waiting);
    CALL("SIOCATMARK", ioctl(p.server, SIOCATMARK, &waiting));
    CHECK("at the mark", "%d", waiting);
    close_pair(&p);
    close(file);
    close(tube[0]);
    close(tube[1]);
}

void check_urgent(void) {
    Pair p = pair(AF_INET);
    char text[16] = "";
    int mark = -1;
    note_signal(SIGURG, SA_RESTART);
    CALL("F_SETOWN", fcntl(p.server, F_SETOWN, getpid()));
    CHECK("F_GETOWN", "%d", fcntl(p.server, F_GETOWN) == getpid());
    CALL("MSG_OOB", send(p.client, "abcU", 4, MSG_OOB));
    CHECK("ready", "%s", awaited(p.server, POLLPRI));
    CHECK("signal", "%s", noted == SIGURG ? "SIGURG" : "none");
    ioctl(p.server, SIOCATMARK, &mark);
    CHECK("at the mark", "%d", mark);
    CALL("read up to it", read(p.server, text, 16));
    ioctl(p.server, SIOCATMARK, &mark);
    CHECK("at the mark", "%d", mark);
    CHECK("ready", "%s", ready(p.server));
    CALL("recv MSG_OOB", recv(p.server, text, 16, MSG_OOB));
    CHECK("the byte", "%c", text[0]);
    CALL("recv MSG_OOB again", recv(p.server, text, 16, MSG_OOB));
    CALL("write", write(p.client, "after", 5));
    awaited(p.server, POLLIN);
    CALL("read", read(p.server, text, 16));
    ioctl(p.server, SIOCATMARK, &mark);
    CHECK("at the mark", "%d", mark);
    CALL("SO_OOBINLINE", set(p.server, SOL_SOCKET, SO_OOBINLINE, 1));
    CALL("MSG_OOB", send(p.client, "xyV", 3, MSG_OOB));
    CHECK("ready", "%s", awaited(p.server, POLLPRI));
    CALL("read", read(p.server, text, 16));
    CALL("read", read(p.server, text, 16));
    CHECK("the byte", "%c", text[0]);
    CALL("recv MSG_OOB, inline", recv(p.server, text, 16, MSG_OOB));
    CALL("none to be had", recv(p.client, text, 16, MSG_OOB));
    close_pair(&p);
    // SIGIO.
    p = pair(AF_INET);
    note_signal(SIGIO, SA_RESTART);
    fcntl(p.server, F_SETOWN, getpid());
    CALL("O_ASYNC", fcntl(p.server, F_SETFL, O_ASYNC | O_NONBLOCK));
    noted = 0;
    put(p.client, "x");
    awaited(p.server, POLLIN);
    CHECK("bytes", "%s", noted == SIGIO ? "SIGIO" : "none");
    noted = 0;
    close(p.client);
    awaited(p.server, POLLRDHUP);
    CHECK("the end", "%s", noted == SIGIO ? "SIGIO" : "none");
    p.client = -1;
    fcntl(p.listener, F_SETOWN, getpid());
    fcntl(p.listener, F_SETFL, O_ASYNC);
    noted = 0;
    int c = socket(AF_INET, SOCK_STREAM, 0);
    dial(c, AF_INET, port_of(p.listener));
    awaited(p.listener, POLLIN);
    CHECK("an arrival", "%s", noted == SIGIO ? "SIGIO" : "none");
    close(c);
    close_pair(&p);
    int d = bound(AF_INET, SOCK_DGRAM);
    fcntl(d, F_SETOWN, getpid());
    fcntl(d, F_SETFL, O_ASYNC);
    Name name = loopback(AF_INET, port_of(d));
    noted = 0;
    CALL("sendto", sendto(d, "d", 1, 0, &name.any, 16));
    awaited(d, POLLIN);
    CHECK("a datagram", "%s", noted == SIGIO ? "SIGIO" : "none");
    close(d);
}
