// Sockets as descriptors: dup, fork, exec, and being passed on.
#include "probe.h"

static int waited(pid_t child) {
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void check_descriptors(void) {
    Pair p = pair(AF_INET);
    char text[16] = "";
    int d = dup(p.client), f = fcntl(p.client, F_DUPFD_CLOEXEC, 200), g = dup3(p.client, 250, 0);
    CHECK("duplicates", "%d %d %d", d >= 0, f >= 200, g);
    CHECK("cloexec", "%d %d", fcntl(d, F_GETFD), fcntl(f, F_GETFD));
    CHECK("one name", "%d", port_of(d) == port_of(g));
    fcntl(d, F_SETFL, O_NONBLOCK);
    CHECK("flags are shared", "%d", (fcntl(p.client, F_GETFL) & O_NONBLOCK) != 0);
    CALL("write by a duplicate", write(g, "dup", 3));
    CALL("read", read(p.server, text, 16));
    close(p.client);
    close(d);
    close(f);
    usleep(30000);
    CHECK("one is left", "%s", ready(p.server));
    CALL("write by the last", write(g, "last", 4));
    CALL("read", read(p.server, text, 16));
    close(g);
    CHECK("none is left", "%s", awaited(p.server, POLLRDHUP));
    p.client = -1;
    close_pair(&p);

    // Over a number that is another socket.
    Pair q = pair(AF_INET), r = pair(AF_INET);
    CALL("dup2 over another", dup2(q.client, r.client) == r.client ? 0 : -1);
    CHECK("that one has ended", "%s", awaited(r.server, POLLRDHUP));
    CALL("write", write(r.client, "q", 1));
    CALL("read", read(q.server, text, 16));
    close_pair(&q);
    close_pair(&r);

    // Forks.
    p = pair(AF_INET);
    pid_t child = fork();
    if (child == 0) {
        close(p.server);
        _exit(write(p.client, "child", 5) == 5 ? 3 : 4);
    }
    CHECK("a child writes", "%d", waited(child));
    CALL("read", read(p.server, text, 16));
    CHECK("it ended, the connection did not", "%s", ready(p.server));
    child = fork();
    if (child == 0) _exit(shutdown(p.client, SHUT_WR) == 0 ? 5 : 6);
    CHECK("a child shuts down", "%d", waited(child));
    CHECK("for all", "%s", awaited(p.server, POLLRDHUP));
    CALL("write", write(p.client, "x", 1));
    close_pair(&p);

    p = pair(AF_INET);
    child = fork();
    if (child == 0) {
        usleep(150000);
        _exit(0);
    }
    close(p.client);
    usleep(50000);
    CHECK("a child has it still", "%s", ready(p.server));
    waited(child);
    CHECK("nobody has it", "%s", awaited(p.server, POLLRDHUP));
    p.client = -1;
    close_pair(&p);

    int l = listener(AF_INET, 8);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            int a = accept(l, NULL, NULL);
            _exit(a >= 0 && write(a, &i, 1) == 1 ? 0 : 1);
        }
    int total = 0, answers = 0;
    for (int i = 0; i < 3; i++) {
        int c = socket(AF_INET, SOCK_STREAM, 0);
        char who = 9;
        dial(c, AF_INET, port_of(l));
        if (read(c, &who, 1) == 1) answers++, total += who;
        close(c);
    }
    CHECK("three children accept", "%d %d", answers, total);
    for (int i = 0; i < 3; i++) wait(NULL);
    close(l);
    CHECK("nobody listens", "%s", result(dial(socket(AF_INET, SOCK_STREAM, 0), AF_INET, port_of(l))));

    child = fork();
    if (child == 0) {
        int own = bound(AF_INET, SOCK_STREAM);
        listen(own, 1);
        dial(socket(AF_INET, SOCK_STREAM, 0), AF_INET, port_of(own));
        kill(getpid(), SIGKILL);
    }
    CHECK("killed", "%d", waited(child));

    // Through exec.
    p = pair(AF_INET);
    child = fork();
    if (child == 0) {
        char digits[12];
        snprintf(digits, sizeof digits, "%d", p.server);
        execl("/proc/self/exe", "probe", "inherited", digits, NULL);
        _exit(99);
    }
    CALL("to who was executed", write(p.client, "ping", 4));
    CALL("from it", recv(p.client, text, 4, MSG_WAITALL));
    CHECK("it ended", "%d", waited(child));
    fcntl(p.server, F_SETFD, FD_CLOEXEC);
    child = fork();
    if (child == 0) {
        char digits[12];
        snprintf(digits, sizeof digits, "%d", p.server);
        execl("/proc/self/exe", "probe", "inherited", digits, NULL);
        _exit(99);
    }
    CHECK("closed by exec", "%d", waited(child));
    child = vfork();
    if (child == 0) {
        execl("/bin/true", "true", NULL);
        _exit(99);
    }
    CHECK("vfork", "%d", waited(child));
    CALL("still there", write(p.client, "x", 1));
    close_pair(&p);
}

static int give(int way, int *some, int count) {
    char room[CMSG_SPACE(4 * sizeof(int))] = "", byte = 'f';
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
                       .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(c), some, (size_t)count * sizeof(int));
    return (int)sendmsg(way, &m, 0);
}

static int take(int way, int *some, int count, int flags) {
    char room[CMSG_SPACE(4 * sizeof(int))] = "", byte;
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
                       .msg_controllen = sizeof room};
    int n = (int)recvmsg(way, &m, flags);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (n != 1 || c == NULL || c->cmsg_len != CMSG_LEN((size_t)count * sizeof(int))) return -1;
    memcpy(some, CMSG_DATA(c), (size_t)count * sizeof(int));
    return n;
}

void check_passing(void) {
    int way[2], got[3] = {-1, -1, -1};
    char text[16];
    socketpair(AF_UNIX, SOCK_STREAM, 0, way);
    Pair p = pair(AF_INET);
    CALL("pass an end", give(way[0], &p.client, 1));
    close(p.client);
    usleep(30000);
    CHECK("under way", "%s", ready(p.server));
    CALL("take it", take(way[1], got, 1, MSG_CMSG_CLOEXEC));
    CHECK("flags", "%d", fcntl(got[0], F_GETFD));
    CALL("write by it", write(got[0], "hello", 5));
    CALL("read", read(p.server, text, 16));
    Name name;
    socklen_t n = sizeof name;
    CALL("getpeername", getpeername(got[0], &name.any, &n));
    CHECK("peer", "%d", port_in(&name) == port_of(p.server));
    close(got[0]);
    CHECK("the end", "%s", awaited(p.server, POLLRDHUP));
    p.client = -1;
    close_pair(&p);
    // One that is never taken.
    p = pair(AF_INET);
    give(way[0], &p.client, 1);
    close(p.client);
    close(way[0]);
    close(way[1]);
    CHECK("never taken", "%s", awaited(p.server, POLLRDHUP));
    p.client = -1;
    close_pair(&p);
    // A listener, a fresh one and a datagram socket, to a child that has none of them.
    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, way);
    pid_t child = fork();
    if (child == 0) {
        int some[3];
        if (take(way[1], some, 3, 0) < 0) _exit(1);
        int a = accept(some[0], NULL, NULL);
        if (a < 0 || write(a, "served", 6) != 6) _exit(2);
        if (dial(some[1], AF_INET, port_of(some[0])) < 0) _exit(3);
        if (sendto(some[2], "d", 1, 0, NULL, 0) != 1) _exit(4);
        _exit(0);
    }
    int some[3] = {listener(AF_INET, 4), socket(AF_INET, SOCK_STREAM, 0),
                   socket(AF_INET, SOCK_DGRAM, 0)};
    int port = port_of(some[0]), receiver = bound(AF_INET, SOCK_DGRAM);
    dial(some[2], AF_INET, port_of(receiver));
    CALL("pass three", give(way[0], some, 3));
    close(some[0]);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    CALL("connect", dial(c, AF_INET, port));
    CALL("served by the child", recv(c, text, 6, MSG_WAITALL));
    CHECK("the child", "%d", waited(child));
    awaited(receiver, POLLIN);
    usleep(150000);
    CALL("a datagram of the child's", recv(receiver, text, 16, MSG_DONTWAIT));
    CHECK("connected by the child", "%s", ready(some[1]));
    n = sizeof name;
    CALL("to a peer", getpeername(some[1], &name.any, &n));
    close(some[1]);
    close(some[2]);
    close(c);
    close(receiver);
    close(way[0]);
    close(way[1]);
}
