/* Readiness: poll, select and epoll. */
#include "interpreter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

static const char *usual = "in,pri,out,rdhup";

/* A descriptor with what it is asked for: `s` or `s:in,out`. */
static struct pollfd questionFrom(const char *text) {
    char copy[128];
    snprintf(copy, sizeof copy, "%s", text);
    char *colon = strchr(copy, ':');
    if (colon) *colon = 0;
    return (struct pollfd){
        .fd = descriptor(copy), .events = (short)flagsFrom(pollEvents, colon ? colon + 1 : usual)};
}

/* `poll s t:in timeout=5`: the count, then what each is ready for. */
static void runPoll(struct line *line, const char *result) {
    (void)result;
    struct pollfd questions[maximumWords];
    nfds_t count = 0;
    const char *timeout = keyed(line, "timeout=");
    for (int number = 1; number < line->count; number++)
        if (strncmp(line->words[number], "timeout=", 8) != 0)
            questions[count++] = questionFrom(line->words[number]);
    int value = CALL(poll)(questions, count, timeout ? atoi(timeout) : 0);
    printResult(line, value);
    if (value < 0) return;
    for (nfds_t number = 0; number < count; number++) {
        if (count > 1) print(line, " /");
        printFlags(line, pollEvents, questions[number].revents);
    }
}

/* `await s in`: waits until the socket is ready so, at most half a second; then as `poll`. */
static void runAwait(struct line *line, const char *result) {
    (void)result;
    struct pollfd question = {
        .fd = descriptor(word(line, 1)), .events = (short)flagsFrom(pollEvents, word(line, 2))};
    CALL(poll)(&question, 1, 500);
    usleep(1000);
    question.events = (short)flagsFrom(pollEvents, usual);
    CALL(poll)(&question, 1, 0);
    printFlags(line, pollEvents, question.revents);
}

/* `select in=a,b out=a pri=a timeout=5`: the count, then who is in each set. */
static void runSelect(struct line *line, const char *result) {
    (void)result;
    static const char *const keys[] = {"in=", "out=", "pri="};
    fd_set sets[3];
    bool isGiven[3];
    int highest = -1;
    char *names[3][16], copies[3][128];
    int counts[3] = {0};
    for (int set = 0; set < 3; set++) {
        const char *text = keyed(line, keys[set]);
        FD_ZERO(&sets[set]);
        isGiven[set] = text != NULL;
        if (!text) continue;
        snprintf(copies[set], sizeof copies[set], "%s", text);
        counts[set] = split(copies[set], ',', names[set], 16);
        for (int number = 0; number < counts[set]; number++) {
            int value = descriptor(names[set][number]);
            if (value < 0 || value >= FD_SETSIZE) wrong("select takes no such descriptor");
            FD_SET(value, &sets[set]);
            if (value > highest) highest = value;
        }
    }
    const char *timeout = keyed(line, "timeout="), *limit = keyed(line, "count=");
    long milliseconds = timeout ? strtol(timeout, NULL, 0) : 0;
    struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
    int value = CALL(select)(limit ? atoi(limit) : highest + 1, isGiven[0] ? &sets[0] : NULL,
        isGiven[1] ? &sets[1] : NULL, isGiven[2] ? &sets[2] : NULL, &time);
    printResult(line, value);
    if (value < 0) return;
    for (int set = 0; set < 3; set++)
        for (int number = 0; number < counts[set]; number++)
            if (FD_ISSET(descriptor(names[set][number]), &sets[set]))
                print(line, " %s%s", keys[set], names[set][number]);
}

static void runEpollCreate(struct line *line, const char *result) {
    int flags = line->count > 1 ? (int)numberFrom(NULL, line->words[1]) : 0;
    int value = CALL(epoll_create1)(flags);
    if (value < 0) printResult(line, value);
    else print(line, " ok");
    if (result) setDescriptor(result, value);
}

/* `epoll_ctl e add s in,et`; what comes back is the number of the variable's word. */
static void runEpollControl(struct line *line, const char *result) {
    (void)result;
    struct epoll_event event = {0};
    int target = descriptor(word(line, 3));
    if (line->count > 4) event.events = (uint32_t)flagsFrom(epollEvents, line->words[4]);
    event.data.u64 = (uint64_t)(uint32_t)target | 1ull << 40;
    bool isNull = line->count > 4 && strcmp(line->words[4], "-") == 0 && line->count > 5;
    printResult(line, CALL(epoll_ctl)(descriptor(word(line, 1)),
        (int)numberFrom(epollCalls, word(line, 2)), target, isNull ? NULL : &event));
}

static int byName(const void *one, const void *two) {
    const struct epoll_event *first = one, *second = two;
    return strcmp(descriptorName((int)first->data.u64), descriptorName((int)second->data.u64));
}

/* `epoll_wait e 10 timeout=5`: the count, then who is ready for what, by name. */
static void runEpollWait(struct line *line, const char *result) {
    (void)result;
    struct epoll_event events[32];
    const char *timeout = keyed(line, "timeout=");
    int limit = line->count > 2 && !strchr(line->words[2], '=') ? atoi(line->words[2]) : 32;
    int value = CALL(epoll_wait)(descriptor(word(line, 1)), events, limit,
        timeout ? atoi(timeout) : 0);
    printResult(line, value);
    if (value > 0) qsort(events, (size_t)value, sizeof events[0], byName);
    for (int number = 0; number < value; number++) {
        print(line, " / %s%s", descriptorName((int)(uint32_t)events[number].data.u64),
            events[number].data.u64 >> 40 == 1 ? "" : " (not its data)");
        printFlags(line, epollEvents, events[number].events);
    }
}

const struct verb readinessVerbs[] = {
    {"poll", runPoll, false},           {"await", runAwait, false},
    {"select", runSelect, false},       {"epoll_create", runEpollCreate, false},
    {"epoll_ctl", runEpollControl, false}, {"epoll_wait", runEpollWait, false}, {0},
};
