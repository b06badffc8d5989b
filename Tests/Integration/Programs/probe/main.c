#include "probe.h"

int number;
void *volatile nowhere = (void *)16;
volatile sig_atomic_t noted;

const char *result(long value) {
    static char texts[8][40];
    static int next;
    char *text = texts[next++ % 8];
    if (value < 0) snprintf(text, 40, "-%s", strerrorname_np(errno));
    else snprintf(text, 40, "%ld", value);
    return text;
}

const char *events(int some) {
    static char texts[4][80];
    static int next;
    static const struct {
        int bit;
        const char *name;
    } names[] = {{POLLIN, "in "},   {POLLPRI, "pri "}, {POLLOUT, "out "},
                 {POLLRDHUP, "rdhup "}, {POLLERR, "err "}, {POLLHUP, "hup "}, {POLLNVAL, "nval "}};
    char *text = texts[next++ % 4];
    strcpy(text, some == 0 ? "nothing" : "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (some & names[i].bit) strcat(text, names[i].name);
    return text;
}

const char *ready(int s) {
    struct pollfd p = {.fd = s, .events = EVERY};
    poll(&p, 1, 0);
    return events(p.revents);
}

const char *awaited(int s, int wanted) {
    struct pollfd p = {.fd = s, .events = (short)wanted};
    int n = poll(&p, 1, 2000);
    // What comes with it may be a moment behind.
    if (n > 0) usleep(30000);
    return n > 0 ? ready(s) : "never";
}

int option(int s, int level, int name) {
    int value = -77;
    socklen_t n = sizeof value;
    return getsockopt(s, level, name, &value, &n) < 0 ? -1 : value;
}

int set(int s, int level, int name, int value) {
    return setsockopt(s, level, name, &value, sizeof value);
}

Name loopback(int family, int port) {
    Name name = {0};
    if (family == AF_INET6) {
        name.six = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                         .sin6_port = htons((uint16_t)port),
                                         .sin6_addr = in6addr_loopback};
    } else {
        name.four = (struct sockaddr_in){.sin_family = AF_INET,
                                         .sin_port = htons((uint16_t)port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    }
    return name;
}

socklen_t size_of(const Name *name) {
    return name->any.sa_family == AF_INET6 ? sizeof name->six : sizeof name->four;
}

int port_in(const Name *name) {
    return ntohs(name->any.sa_family == AF_INET6 ? name->six.sin6_port : name->four.sin_port);
}

int port_of(int s) {
    Name name;
    socklen_t n = sizeof name;
    return getsockname(s, &name.any, &n) < 0 ? -1 : port_in(&name);
}

int bound(int family, int kind) {
    Name name = loopback(family, 0);
    int s = socket(family, kind, 0);
    if (s < 0 || bind(s, &name.any, size_of(&name)) < 0) printf("not bound: %s\n", result(-1));
    return s;
}

int listener(int family, int backlog) {
    int s = bound(family, SOCK_STREAM);
    if (listen(s, backlog) < 0) printf("not listening: %s\n", result(-1));
    return s;
}

int dial(int s, int family, int port) {
    Name name = loopback(family, port);
    return connect(s, &name.any, size_of(&name));
}

void put(int s, const char *text) {
    ssize_t n = write(s, text, strlen(text));
    (void)n;
}

Pair pair(int family) {
    Pair p;
    p.listener = listener(family, 8);
    p.client = socket(family, SOCK_STREAM, 0);
    if (dial(p.client, family, port_of(p.listener)) < 0) printf("no pair: %s\n", result(-1));
    p.server = accept(p.listener, NULL, NULL);
    if (p.server < 0) printf("no pair: %s\n", result(-1));
    return p;
}

void close_pair(Pair *p) {
    close(p->listener);
    close(p->client);
    close(p->server);
}

int refusing_port(int family) {
    int s = bound(family, SOCK_STREAM), port = port_of(s);
    close(s);
    return port;
}

long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *span(long since, long expected) {
    long passed = milliseconds() - since;
    return passed < expected * 8 / 10 ? "early" : passed < expected + 400 ? "in time" : "late";
}

void limit(int s, int which, int milliseconds) {
    struct timeval t = {milliseconds / 1000, milliseconds % 1000 * 1000};
    setsockopt(s, SOL_SOCKET, which, &t, sizeof t);
}

static void note(int signal) { noted = signal; }

void note_signal(int signal, int flags) {
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};
    sigaction(signal, &action, NULL);
    noted = 0;
}

pid_t signal_later(int signal, int milliseconds) {
    pid_t whom = getpid(), child = fork();
    if (child == 0) {
        usleep((useconds_t)milliseconds * 1000);
        kill(whom, signal);
        _exit(0);
    }
    return child;
}

// A group that hangs or crashes must not take the others with it.
static void group(const char *name, int base, void (*check)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        number = base;
        alarm(25);
        signal(SIGPIPE, SIG_IGN);
        check();
        exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (status != 0) printf("%d %s: ended with %x\n", base, name, status);
}

int main(int count, char **arguments) {
    // What the check of exec leads to: a descriptor that came from before.
    if (count > 2 && strcmp(arguments[1], "inherited") == 0) {
        int s = atoi(arguments[2]);
        char text[8] = "";
        ssize_t n = read(s, text, 4);
        return n == 4 && strcmp(text, "ping") == 0 && write(s, "pong", 4) == 4 ? 42 : 1;
    }
    static const struct {
        const char *name;
        void (*check)(void);
    } groups[] = {
        {"kinds", check_kinds},         {"connecting", check_connecting},
        {"listening", check_listening}, {"closing", check_closing},
        {"readiness", check_readiness}, {"epoll", check_epoll},
        {"descriptors", check_descriptors}, {"passing", check_passing},
        {"transfer", check_transfer},   {"urgent", check_urgent},
        {"datagrams", check_datagrams}, {"messages", check_messages},
        {"six", check_six},             {"waiting", check_waiting},
        {"threads", check_threads},     {"options", check_options},
    };
    for (int i = 0; i < (int)(sizeof groups / sizeof *groups); i++)
        if (count < 2 || strcmp(arguments[1], groups[i].name) == 0)
            group(groups[i].name, (i + 1) * 100, groups[i].check);
    return 0;
}
