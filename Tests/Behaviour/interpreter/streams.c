/* Bytes in and out: send, recv, sendto, recvfrom, read, write and their vectors. */
#include "interpreter.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int flagsAt(struct line *line, int number) {
    return line->count > number ? (int)flagsFrom(messageFlags, line->words[number]) : 0;
}

static void runSend(struct line *line, const char *result) {
    (void)result;
    struct data data = dataFrom(word(line, 2));
    printResult(line, CALL(send)(
        descriptor(word(line, 1)), data.bytes, data.length, flagsAt(line, 3)));
    free(data.bytes);
}

static void runSendTo(struct line *line, const char *result) {
    (void)result;
    struct data data = dataFrom(word(line, 2));
    struct address address = addressFrom(word(line, 3));
    struct sockaddr *name = address.isNull ? NULL : (struct sockaddr *)&address.storage;
    printResult(line, CALL(sendto)(descriptor(word(line, 1)), data.bytes, data.length,
        flagsAt(line, 4), name, address.length));
    free(data.bytes);
}

static void runWrite(struct line *line, const char *result) {
    (void)result;
    struct data data = dataFrom(word(line, 2));
    printResult(line, CALL(write)(descriptor(word(line, 1)), data.bytes, data.length));
    free(data.bytes);
}

/* The bytes that came, up to what there was room for: MSG_TRUNC tells of more. */
static void arrived(struct line *line, long value, const char *bytes, size_t room) {
    printResult(line, value);
    if (value > 0 && bytes) printData(line, bytes, (size_t)value < room ? (size_t)value : room);
}

static char *roomFor(const char *word, size_t *room) {
    bool isNull = strncmp(word, "null*", 5) == 0;
    *room = strtoul(isNull ? word + 5 : word, NULL, 0);
    return isNull ? NULL : calloc(1, *room + 1);
}

static void runReceive(struct line *line, const char *result) {
    (void)result;
    size_t room;
    char *bytes = roomFor(word(line, 2), &room);
    long value = CALL(recv)(descriptor(word(line, 1)), bytes, room, flagsAt(line, 3));
    arrived(line, value, bytes, room);
    free(bytes);
}

static void runReceiveFrom(struct line *line, const char *result) {
    (void)result;
    size_t room;
    char *bytes = roomFor(word(line, 2), &room);
    struct sockaddr_storage storage = {0};
    const char *space = keyed(line, "length=");
    bool noName = keyed(line, "noname");
    socklen_t length = space ? (socklen_t)strtol(space, NULL, 0) : sizeof storage;
    int flags = line->count > 3 && !space && !noName ? flagsAt(line, 3) : 0;
    long value = CALL(recvfrom)(descriptor(word(line, 1)), bytes, room, flags,
        noName ? NULL : (struct sockaddr *)&storage, noName ? NULL : &length);
    arrived(line, value, bytes, room);
    if (value >= 0 && !noName) {
        print(line, " from");
        printAddress(line, &storage, length);
    }
    free(bytes);
}

static void runRead(struct line *line, const char *result) {
    (void)result;
    size_t room;
    char *bytes = roomFor(word(line, 2), &room);
    arrived(line, CALL(read)(descriptor(word(line, 1)), bytes, room), bytes, room);
    free(bytes);
}

/* `readall s 10`: reads until so many bytes, the end or an error; blocking sockets only. */
static void runReadAll(struct line *line, const char *result) {
    (void)result;
    size_t room = strtoul(word(line, 2), NULL, 0), length = 0;
    char *bytes = calloc(1, room + 1);
    long value = 1;
    while (length < room && value > 0) {
        value = CALL(recv)(descriptor(word(line, 1)), bytes + length, room - length, 0);
        if (value > 0) length += (size_t)value;
    }
    int error = errno;
    print(line, " %zu", length);
    if (length) printData(line, bytes, length);
    errno = error;
    if (value < 0) printResult(line, value);
    else if (value == 0) print(line, " end");
    free(bytes);
}

/* `fill s`: writes until nothing more is taken; how much that is belongs to the system. */
static void runFill(struct line *line, const char *result) {
    (void)result;
    static char block[65536];
    long value, total = 0;
    int size = line->count > 2 ? atoi(line->words[2]) : (int)sizeof block;
    for (;;) {
        value = CALL(send)(descriptor(word(line, 1)), block, (size_t)size, MSG_DONTWAIT);
        if (value < 0) {
            if (errno != EAGAIN) break;
            usleep(3000);
            value = CALL(send)(descriptor(word(line, 1)), block, (size_t)size, MSG_DONTWAIT);
            if (value < 0) break;
        }
        total += value;
    }
    print(line, total > 0 ? " some" : " nothing");
    printResult(line, value);
}

/* `drain s`: reads until nothing more is there. */
static void runDrain(struct line *line, const char *result) {
    (void)result;
    static char block[65536];
    long value, total = 0;
    for (int pause = 0; pause < 3; usleep(2000)) {
        while ((value = CALL(recv)(descriptor(word(line, 1)), block, sizeof block, MSG_DONTWAIT)) > 0) {
            total += value;
            pause = -1;
        }
        if (value == 0 || errno != EAGAIN) break;
        pause++;
    }
    print(line, total > 0 ? " some" : " nothing");
    printResult(line, value);
}

static void runWriteVector(struct line *line, const char *result) {
    (void)result;
    struct iovec pieces[maximumWords];
    int count = 0;
    for (int number = 2; number < line->count; number++) {
        struct data data = dataFrom(line->words[number]);
        pieces[count++] = (struct iovec){data.bytes, data.length};
    }
    printResult(line, CALL(writev)(descriptor(word(line, 1)), pieces, count));
    for (int number = 0; number < count; number++) free(pieces[number].iov_base);
}

static void runReadVector(struct line *line, const char *result) {
    (void)result;
    struct iovec pieces[maximumWords];
    int count = 0;
    for (int number = 2; number < line->count; number++) {
        size_t room;
        pieces[count].iov_base = roomFor(line->words[number], &room);
        pieces[count++].iov_len = room;
    }
    long value = CALL(readv)(descriptor(word(line, 1)), pieces, count);
    printResult(line, value);
    for (int number = 0; number < count; number++) {
        size_t length = value <= 0 ? 0 : (size_t)value < pieces[number].iov_len
            ? (size_t)value : pieces[number].iov_len;
        if (length) printData(line, pieces[number].iov_base, length);
        value -= (long)length;
        free(pieces[number].iov_base);
    }
}

const struct verb streamVerbs[] = {
    {"send", runSend, true},         {"sendto", runSendTo, true},
    {"write", runWrite, true},       {"recv", runReceive, false},
    {"recvfrom", runReceiveFrom, false}, {"read", runRead, false},
    {"readall", runReadAll, false},  {"fill", runFill, true},
    {"drain", runDrain, true},       {"writev", runWriteVector, true},
    {"readv", runReadVector, false}, {0},
};
