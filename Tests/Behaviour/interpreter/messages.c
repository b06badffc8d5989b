/* Messages with everything that belongs to them: sendmsg, recvmsg, sendmmsg, recvmmsg. */
#include "interpreter.h"

#include <stdlib.h>
#include <string.h>

enum { controlSize = 4096, maximumMessages = 8 };

/* `cmsg=IP_TTL,int:5`, `rights=a,b`: appended to what the message carries. */
static void addControl(struct msghdr *message, const char *text, bool isRights) {
    char copy[256], *parts[16];
    __builtin_snprintf(copy, sizeof copy, "%s", text);
    struct data value;
    int level = SOL_SOCKET, type = SCM_RIGHTS;
    if (isRights) {
        int count = *copy ? split(copy, ',', parts, 16) : 0;
        value = (struct data){.bytes = calloc(16, 4), .length = (size_t)count * 4};
        for (int number = 0; number < count; number++) {
            int sent = descriptor(parts[number]);
            memcpy(value.bytes + 4 * number, &sent, 4);
        }
    } else {
        char *rest = strchr(copy, ',');
        if (!rest) wrong("no value: %s", text);
        *rest = 0;
        findOption(copy, &level, &type);
        value = valueFrom(rest + 1);
    }
    struct cmsghdr *header = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(value.length);
    memcpy(CMSG_DATA(header), value.bytes, value.length);
    message->msg_controllen += CMSG_SPACE(value.length);
    free(value.bytes);
}

/* Words from `first` on: data, `to=ADDRESS`, `cmsg=`, `rights=`; `flags=` is the call's. */
static void compose(struct line *line, int first, int limit, struct msghdr *message) {
    struct address *address = calloc(1, sizeof *address);
    message->msg_iov = calloc(maximumWords, sizeof *message->msg_iov);
    message->msg_control = calloc(1, controlSize);
    for (int number = first; number < limit; number++) {
        char *word = line->words[number];
        if (strncmp(word, "to=", 3) == 0) {
            *address = addressFrom(word + 3);
            message->msg_name = address->isNull ? NULL : &address->storage;
            message->msg_namelen = address->length;
        } else if (strncmp(word, "cmsg=", 5) == 0) {
            addControl(message, word + 5, false);
        } else if (strncmp(word, "rights=", 7) == 0) {
            addControl(message, word + 7, true);
        } else if (strncmp(word, "controllen=", 11) == 0) {
            message->msg_controllen = strtoul(word + 11, NULL, 0);
        } else if (strncmp(word, "flags=", 6) != 0) {
            struct data data = dataFrom(word);
            message->msg_iov[message->msg_iovlen++] = (struct iovec){data.bytes, data.length};
        }
    }
    if (message->msg_controllen == 0) message->msg_control = NULL;
}

static int messageFlagsOf(struct line *line) {
    const char *flags = keyed(line, "flags=");
    return flags ? (int)flagsFrom(messageFlags, flags) : 0;
}

static void runSendMessage(struct line *line, const char *result) {
    (void)result;
    struct msghdr message = {0};
    compose(line, 2, line->count, &message);
    printResult(line, CALL(sendmsg)(descriptor(word(line, 1)), &message, messageFlagsOf(line)));
}

/* Messages with `/` between them. */
static void runSendMessages(struct line *line, const char *result) {
    (void)result;
    struct mmsghdr messages[maximumMessages] = {0};
    unsigned count = 0;
    int first = 2;
    for (int number = 2; number <= line->count; number++)
        if (number == line->count || strcmp(line->words[number], "/") == 0) {
            compose(line, first, number, &messages[count++].msg_hdr);
            first = number + 1;
        }
    int value = CALL(sendmmsg)(descriptor(word(line, 1)), messages, count, messageFlagsOf(line));
    printResult(line, value);
    for (int number = 0; number < value; number++) print(line, " %u", messages[number].msg_len);
}

static void prepare(struct line *line, struct msghdr *message) {
    const char *control = keyed(line, "control=");
    const char *space = keyed(line, "length=");
    message->msg_iov = calloc(maximumWords, sizeof *message->msg_iov);
    message->msg_name = calloc(1, sizeof(struct sockaddr_storage));
    message->msg_namelen =
        space ? (socklen_t)strtol(space, NULL, 0) : sizeof(struct sockaddr_storage);
    if (keyed(line, "noname")) message->msg_name = NULL;
    message->msg_control = calloc(1, controlSize);
    message->msg_controllen = control ? strtoul(control, NULL, 0) : controlSize / 2;
    if (message->msg_controllen == 0) message->msg_control = NULL;
    // Flags in the structure are of no account to the call.
    message->msg_flags = MSG_OOB;
    for (int number = 2; number < line->count; number++) {
        char *word = line->words[number];
        if (word[0] < '0' || word[0] > '9') continue;
        size_t room = strtoul(word, NULL, 0);
        message->msg_iov[message->msg_iovlen++] = (struct iovec){calloc(1, room + 1), room};
    }
}

static void tell(struct line *line, struct msghdr *message, long value) {
    for (size_t number = 0; number < message->msg_iovlen; number++) {
        struct iovec *piece = &message->msg_iov[number];
        size_t length = value <= 0 ? 0 : (size_t)value < piece->iov_len
            ? (size_t)value : piece->iov_len;
        if (length) printData(line, piece->iov_base, length);
        value -= (long)length;
    }
    if (message->msg_namelen && message->msg_name) {
        print(line, " from");
        printAddress(line, message->msg_name, message->msg_namelen);
    }
    print(line, " flags");
    printFlags(line, messageFlags, message->msg_flags);
    printControl(line, message);
}

static void runReceiveMessage(struct line *line, const char *result) {
    (void)result;
    struct msghdr message = {0};
    prepare(line, &message);
    long value = CALL(recvmsg)(descriptor(word(line, 1)), &message, messageFlagsOf(line));
    printResult(line, value);
    if (value >= 0) tell(line, &message, value);
}

/* `recvmmsg s COUNT ROOM`, all within `timeout=MILLISECONDS` where that is said. */
static void runReceiveMessages(struct line *line, const char *result) {
    (void)result;
    struct mmsghdr messages[maximumMessages] = {0};
    unsigned count = (unsigned)strtoul(word(line, 2), NULL, 0);
    const char *timeout = keyed(line, "timeout=");
    long milliseconds = timeout ? strtol(timeout, NULL, 0) : 0;
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    char *saved = line->words[2];
    line->words[2] = "-";
    for (unsigned number = 0; number < count; number++) prepare(line, &messages[number].msg_hdr);
    line->words[2] = saved;
    int value = CALL(recvmmsg)(descriptor(word(line, 1)), messages, count, messageFlagsOf(line),
        timeout ? &time : NULL);
    printResult(line, value);
    for (int number = 0; number < value; number++) {
        print(line, " / %u", messages[number].msg_len);
        tell(line, &messages[number].msg_hdr, messages[number].msg_len);
    }
}

const struct verb messageVerbs[] = {
    {"sendmsg", runSendMessage, true},     {"sendmmsg", runSendMessages, true},
    {"recvmsg", runReceiveMessage, false}, {"recvmmsg", runReceiveMessages, false}, {0},
};
