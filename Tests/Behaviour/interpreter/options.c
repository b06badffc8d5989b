/* Options: setsockopt and getsockopt with any bytes and lengths. */
#include "interpreter.h"

#include <stdlib.h>
#include <string.h>

/* `set s TCP_NODELAY int:1`, with another length than the value's own as `length=2`. */
static void runSet(struct line *line, const char *result) {
    (void)result;
    int level, name;
    findOption(word(line, 2), &level, &name);
    struct data value = valueFrom(word(line, 3));
    const char *length = keyed(line, "length=");
    socklen_t size = length ? (socklen_t)strtol(length, NULL, 0) : (socklen_t)value.length;
    printResult(line, CALL(setsockopt)(
        descriptor(word(line, 1)), level, name, value.isNull ? NULL : value.bytes, size));
    free(value.bytes);
}

/* `get s TCP_NODELAY`, in another form than a number as `as=hex`, into a room of `length=2`. */
static void runGet(struct line *line, const char *result) {
    (void)result;
    int level, name;
    char bytes[1024] = {0};
    findOption(word(line, 2), &level, &name);
    const char *form = keyed(line, "as="), *space = keyed(line, "length=");
    bool isNull = keyed(line, "null"), isLengthNull = keyed(line, "nolength");
    socklen_t length = space ? (socklen_t)strtol(space, NULL, 0) : form ? 256 : 4;
    socklen_t room = length;
    int value = CALL(getsockopt)(descriptor(word(line, 1)), level, name, isNull ? NULL : bytes,
        isLengthNull ? NULL : &length);
    if (value < 0) {
        printResult(line, value);
        return;
    }
    if (form && strcmp(form, "error") == 0) {
        int number;
        memcpy(&number, bytes, 4);
        print(line, " %s", number ? errorName(number) : "none");
        return;
    }
    if (length) printValue(line, form ? form : "int", bytes, length < room ? length : room);
    bool hidesLength = form && (strcmp(form, "tcpinfo") == 0 || strcmp(form, "some") == 0);
    if (length != 4 && !hidesLength) print(line, " (%u)", length);
}

const struct verb optionVerbs[] = {
    {"set", runSet, false}, {"get", runGet, false}, {0},
};
