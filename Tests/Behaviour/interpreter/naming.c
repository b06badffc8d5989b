/* Sockets and their names: socket, socketpair, bind, listen, accept, connect, shutdown, close. */
#include "interpreter.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A call that makes a descriptor: `ok` or its error, since numbers are the system's. */
static void made(struct line *line, const char *variable, int value) {
    if (value < 0) {
        printResult(line, value);
    } else {
        print(line, " ok");
    }
    if (variable) setDescriptor(variable, value);
}

static void runSocket(struct line *line, const char *result) {
    int type = (int)flagsFrom(types, word(line, 2));
    int protocol = line->count > 3 ? (int)numberFrom(protocols, line->words[3]) : 0;
    made(line, result, CALL(socket)((int)numberFrom(families, word(line, 1)), type, protocol));
}

static void runSocketPair(struct line *line, const char *result) {
    char copy[64], *names[2];
    int pair[2] = {-1, -1};
    int type = (int)flagsFrom(types, word(line, 2));
    int protocol = line->count > 3 ? (int)numberFrom(protocols, line->words[3]) : 0;
    printResult(line, CALL(socketpair)((int)numberFrom(families, word(line, 1)), type, protocol, pair));
    if (!result) return;
    __builtin_snprintf(copy, sizeof copy, "%s", result);
    if (split(copy, ',', names, 2) != 2) wrong("a pair has two names");
    setDescriptor(names[0], pair[0]);
    setDescriptor(names[1], pair[1]);
}

static void runBind(struct line *line, const char *result) {
    (void)result;
    struct address address = addressFrom(word(line, 2));
    struct sockaddr *name = address.isNull ? NULL : (struct sockaddr *)&address.storage;
    printResult(line, CALL(bind)(descriptor(word(line, 1)), name, address.length));
}

static void runConnect(struct line *line, const char *result) {
    (void)result;
    struct address address = addressFrom(word(line, 2));
    struct sockaddr *name = address.isNull ? NULL : (struct sockaddr *)&address.storage;
    printResult(line, CALL(connect)(descriptor(word(line, 1)), name, address.length));
}

static void runListen(struct line *line, const char *result) {
    (void)result;
    printResult(line, CALL(listen)(descriptor(word(line, 1)), (int)numberFrom(NULL, word(line, 2))));
}

/* `accept s` with the peer's name after it; `length=` for the room it has, `noname` for none. */
static void acceptWith(struct line *line, const char *result, bool hasFlags) {
    struct sockaddr_storage storage = {0};
    const char *room = keyed(line, "length=");
    socklen_t length = room ? (socklen_t)strtol(room, NULL, 0) : sizeof storage;
    bool noName = keyed(line, "noname");
    struct sockaddr *name = noName ? NULL : (struct sockaddr *)&storage;
    socklen_t *space = noName ? NULL : &length;
    int from = descriptor(word(line, 1)), value;
    if (hasFlags) value = CALL(accept4)(from, name, space, (int)flagsFrom(types, word(line, 2)));
    else value = CALL(accept)(from, name, space);
    made(line, result, value);
    if (value >= 0 && !noName) printAddress(line, &storage, length);
}

static void runAccept(struct line *line, const char *result) { acceptWith(line, result, false); }
static void runAccept4(struct line *line, const char *result) { acceptWith(line, result, true); }

static void runShutdown(struct line *line, const char *result) {
    (void)result;
    int how = (int)numberFrom(directions, word(line, 2));
    printResult(line, CALL(shutdown)(descriptor(word(line, 1)), how));
}

static void runClose(struct line *line, const char *result) {
    (void)result;
    for (int number = 1; number < line->count; number++) {
        int closing = descriptor(line->words[number]);
        forgetDescriptor(closing);
        printResult(line, CALL(close)(closing));
    }
}

typedef int nameCall(int, struct sockaddr *, socklen_t *);

static void tellName(struct line *line, nameCall *call) {
    struct sockaddr_storage storage = {0};
    const char *room = keyed(line, "length=");
    bool isNull = keyed(line, "null");
    socklen_t length = room ? (socklen_t)strtol(room, NULL, 0) : sizeof storage;
    int value = call(
        descriptor(word(line, 1)), isNull ? NULL : (struct sockaddr *)&storage, &length);
    if (value < 0) printResult(line, value);
    else printAddress(line, &storage, length);
}

static int localName(int from, struct sockaddr *name, socklen_t *length) {
    return CALL(getsockname)(from, name, length);
}
static int peerName(int from, struct sockaddr *name, socklen_t *length) {
    return CALL(getpeername)(from, name, length);
}
static void runLocalName(struct line *line, const char *result) {
    (void)result;
    tellName(line, localName);
}
static void runPeerName(struct line *line, const char *result) {
    (void)result;
    tellName(line, peerName);
}

const struct verb namingVerbs[] = {
    {"socket", runSocket, false},   {"socketpair", runSocketPair, false},
    {"bind", runBind, false},       {"connect", runConnect, true},
    {"listen", runListen, false},   {"accept", runAccept, true},
    {"accept4", runAccept4, true},  {"shutdown", runShutdown, true},
    {"close", runClose, true},      {"getsockname", runLocalName, false},
    {"getpeername", runPeerName, false}, {0},
};
