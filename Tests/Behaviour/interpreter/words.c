/* What the words of a line stand for: data, addresses, the bytes of options. */
#include "interpreter.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>

const char *word(struct line *line, int number) {
    if (number >= line->count) wrong("a word is missing");
    return line->words[number];
}

const char *keyed(struct line *line, const char *key) {
    size_t length = strlen(key);
    for (int number = 1; number < line->count; number++)
        if (strncmp(line->words[number], key, length) == 0) return line->words[number] + length;
    return NULL;
}

int split(char *text, char separator, char **parts, int limit) {
    int count = 0;
    while (count < limit) {
        parts[count++] = text;
        char *next = strchr(text, separator);
        if (!next) break;
        *next = 0;
        text = next + 1;
    }
    return count;
}

/* `"text"`, `"x"*1000`, `count*1000` (bytes that tell their place), `null*10`. */
struct data dataFrom(const char *word) {
    struct data data = {.length = 0};
    const char *star = strrchr(word, '*');
    size_t times = star ? strtoul(star + 1, NULL, 0) : 1;
    if (strncmp(word, "null*", 5) == 0) {
        data.isNull = true;
        data.length = times;
        return data;
    }
    if (strncmp(word, "count*", 6) == 0) {
        data.bytes = malloc(times + 1);
        data.length = times;
        for (size_t place = 0; place < times; place++)
            data.bytes[place] = (char)(place % 251 + place / 251 % 7);
        return data;
    }
    if (word[0] != '"') wrong("no data: %s", word);
    const char *end = strrchr(word, '"');
    size_t length = (size_t)(end - word - 1);
    data.length = length * times;
    data.bytes = malloc(data.length + 1);
    for (size_t time = 0; time < times; time++)
        memcpy(data.bytes + time * length, word + 1, length);
    return data;
}

static struct address unixAddress(const char *text, bool isAbstract) {
    struct address address = {.length = sizeof(struct sockaddr_un)};
    struct sockaddr_un *name = (struct sockaddr_un *)&address.storage;
    name->sun_family = AF_UNIX;
    int used = snprintf(
        name->sun_path + isAbstract, sizeof name->sun_path - 1, "s%d-%s", scriptNumber, text);
    size_t length = offsetof(struct sockaddr_un, sun_path) + (size_t)used + 1;
    address.length = (socklen_t)length;
    return address;
}

static struct address internetAddress(const char *word) {
    struct address address = {.isNull = false};
    char copy[128];
    snprintf(copy, sizeof copy, "%s", word);
    char *colon = strrchr(copy, ':');
    if (!colon) wrong("no port: %s", word);
    *colon = 0;
    in_port_t port = htons((uint16_t)portFrom(colon + 1));
    if (copy[0] == '[') {
        struct sockaddr_in6 *name = (struct sockaddr_in6 *)&address.storage;
        char *end = strchr(copy, ']'), *zone = strchr(copy, '%');
        *end = 0;
        if (zone) {
            *zone++ = 0;
            name->sin6_scope_id = (uint32_t)strtoul(zone, NULL, 0);
        }
        name->sin6_family = AF_INET6;
        name->sin6_port = port;
        if (inet_pton(AF_INET6, copy + 1, &name->sin6_addr) != 1) wrong("no address: %s", word);
        address.length = sizeof *name;
    } else {
        struct sockaddr_in *name = (struct sockaddr_in *)&address.storage;
        name->sin_family = AF_INET;
        name->sin_port = port;
        if (inet_pton(AF_INET, copy, &name->sin_addr) != 1) wrong("no address: %s", word);
        address.length = sizeof *name;
    }
    return address;
}

/* `127.0.0.1:A`, `[::1]:A`, `path:NAME`, `abstract:NAME`, `unnamed`, `unspec`, `null`, and before
 * any of them `family=N/` and `length=N/`. */
struct address addressFrom(const char *word) {
    if (strncmp(word, "length=", 7) == 0 || strncmp(word, "family=", 7) == 0) {
        struct address address = addressFrom(strchr(word, '/') + 1);
        long value = word[0] == 'l' ? strtol(word + 7, NULL, 0) : 0;
        if (word[0] == 'l') {
            address.length = (socklen_t)value;
        } else {
            char copy[32];
            snprintf(copy, sizeof copy, "%.*s", (int)(strchr(word, '/') - word - 7), word + 7);
            address.storage.ss_family = (sa_family_t)numberFrom(families, copy);
        }
        return address;
    }
    if (strncmp(word, "path:", 5) == 0) return unixAddress(word + 5, false);
    if (strncmp(word, "abstract:", 9) == 0) {
        struct address address = unixAddress(word + 9, true);
        // An abstract name is all the length says: no byte ends it.
        return address;
    }
    struct address address = {.length = 16};
    if (strcmp(word, "null") == 0) {
        address.isNull = true;
        return address;
    }
    if (strcmp(word, "unspec") == 0) return address;
    if (strcmp(word, "unnamed") == 0) {
        address.storage.ss_family = AF_UNIX;
        address.length = sizeof(sa_family_t);
        return address;
    }
    if (strcmp(word, "none") == 0) {
        address.isNull = true;
        address.length = 0;
        return address;
    }
    return internetAddress(word);
}

static void append(struct data *data, const void *bytes, size_t length) {
    memcpy(data->bytes + data->length, bytes, length);
    data->length += length;
}

static void appendGroup(struct data *data, const char *text) {
    struct address address = addressFrom(text);
    append(data, &address.storage, sizeof address.storage);
}

/* Fields with commas between them, each as its letter in `shape` says: i an int, s a short, b a
 * byte, l a long, 4 and 6 an address, g an address of either family in its own structure after a
 * padding. */
static void appendFields(struct data *data, const char *shape, char *text) {
    char *parts[8] = {0};
    int count = split(text, ',', parts, 8);
    for (int field = 0; shape[field]; field++) {
        if (field >= count) wrong("a value has too few fields");
        long number = strtol(parts[field], NULL, 0);
        int word = (int)number;
        short half = (short)number;
        unsigned char byte = (unsigned char)number;
        struct in_addr four = {0};
        struct in6_addr six;
        switch (shape[field]) {
        case 'i': append(data, &word, 4); break;
        case 's': append(data, &half, 2); break;
        case 'b': append(data, &byte, 1); break;
        case 'l': append(data, &number, 8); break;
        case '4':
            if (inet_pton(AF_INET, parts[field], &four) != 1) wrong("no address: %s", parts[field]);
            append(data, &four, 4);
            break;
        case '6':
            if (inet_pton(AF_INET6, parts[field], &six) != 1) wrong("no address: %s", parts[field]);
            append(data, &six, 16);
            break;
        case 'g':
            if (data->length % 8) append(data, "\0\0\0", 4);
            appendGroup(data, parts[field]);
            break;
        }
    }
}

struct data valueFrom(const char *word) {
    static const struct {
        const char *form, *shape;
    } forms[] = {
        {"int", "i"}, {"short", "s"}, {"byte", "b"}, {"long", "l"}, {"linger", "ii"},
        {"timeval", "ll"}, {"address", "4"}, {"address6", "6"}, {"mreq", "44"}, {"mreqn", "44i"},
        {"mreqsource", "444"}, {"mreq6", "6i"}, {"group", "ig"}, {"groupsource", "igg"},
        {"pktinfo", "i44"}, {"pktinfo6", "6i"}, {"credentials", "iii"}, {"ints", "iiii"},
    };
    struct data data = {.bytes = calloc(1, 4096)};
    char *text = strdup(word);
    char *colon = strchr(text, ':');
    if (!colon) wrong("no value: %s", word);
    *colon = 0;
    char *rest = colon + 1;
    if (strcmp(text, "null") == 0) {
        data.isNull = true;
        data.length = strtoul(rest, NULL, 0);
    } else if (strcmp(text, "text") == 0) {
        append(&data, rest, strlen(rest) + 1);
    } else if (strcmp(text, "bare") == 0) {
        append(&data, rest, strlen(rest));
    } else if (strcmp(text, "zero") == 0) {
        data.length = strtoul(rest, NULL, 0);
    } else if (strcmp(text, "hex") == 0) {
        for (; rest[0] && rest[1]; rest += 2) {
            char digits[3] = {rest[0], rest[1], 0};
            data.bytes[data.length++] = (char)strtoul(digits, NULL, 16);
        }
    } else {
        const char *shape = NULL;
        for (size_t number = 0; number < sizeof forms / sizeof forms[0]; number++)
            if (strcmp(forms[number].form, text) == 0) shape = forms[number].shape;
        if (!shape) wrong("no such form: %s", text);
        appendFields(&data, shape, rest);
    }
    free(text);
    return data;
}
