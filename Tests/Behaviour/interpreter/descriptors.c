/* Descriptors as files: fcntl, ioctl, dup. */
#include "interpreter.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void runControl(struct line *line, const char *result) {
    int from = descriptor(word(line, 1));
    const char *what = word(line, 2);
    const char *argument = line->count > 3 ? line->words[3] : "-";
    if (strcmp(what, "getfl") == 0) {
        int value = CALL(fcntl)(from, F_GETFL);
        if (value < 0) printResult(line, value);
        else printFlags(line, statusFlags, value & ~O_LARGEFILE);
    } else if (strcmp(what, "getfd") == 0) {
        printResult(line, CALL(fcntl)(from, F_GETFD));
    } else if (strcmp(what, "setfl") == 0) {
        printResult(line, CALL(fcntl)(from, F_SETFL, (int)flagsFrom(statusFlags, argument)));
    } else if (strcmp(what, "setfd") == 0) {
        printResult(line, CALL(fcntl)(from, F_SETFD, (int)numberFrom(NULL, argument)));
    } else if (strcmp(what, "dupfd") == 0) {
        int value = CALL(fcntl)(from, F_DUPFD, (int)numberFrom(NULL, argument));
        if (value < 0) printResult(line, value);
        else print(line, value >= atoi(argument) ? " ok" : " too low");
        if (result) setDescriptor(result, value);
    } else {
        printResult(line, CALL(fcntl)(from, (int)numberFrom(NULL, what), 0));
    }
}

static void duplicated(struct line *line, const char *result, int value) {
    if (value < 0) printResult(line, value);
    else print(line, " ok");
    if (result) setDescriptor(result, value);
}

static void runDuplicate(struct line *line, const char *result) {
    duplicated(line, result, CALL(dup)(descriptor(word(line, 1))));
}

/* `dup2 s t`: t becomes s. */
static void runDuplicateOnto(struct line *line, const char *result) {
    int target = descriptor(word(line, 2));
    int value = CALL(dup2)(descriptor(word(line, 1)), target);
    if (value >= 0 && value != target) print(line, " another number");
    duplicated(line, result, value);
}

/* Requests that give or take a number. */
static bool isNumber(unsigned long request) {
    return request == FIONREAD || request == FIONBIO || request == FIOASYNC
        || request == SIOCATMARK || request == SIOCOUTQ || request == SIOCOUTQNSD
        || request == FIOSETOWN || request == FIOGETOWN || request == SIOCSPGRP
        || request == SIOCGPGRP;
}

static bool gives(unsigned long request) {
    return request != FIONBIO && request != FIOASYNC && request != FIOSETOWN
        && request != SIOCSPGRP;
}

static void tellInterface(struct line *line, unsigned long request, struct ifreq *question) {
    char text[32];
    struct sockaddr_in *name = (struct sockaddr_in *)&question->ifr_addr;
    switch (request) {
    case SIOCGIFADDR: case SIOCGIFNETMASK: case SIOCGIFBRDADDR: case SIOCGIFDSTADDR:
        print(line, " %d %s", name->sin_family,
            inet_ntop(AF_INET, &name->sin_addr, text, sizeof text));
        break;
    case SIOCGIFFLAGS:
        print(line, " %s%s%s", question->ifr_flags & IFF_UP ? "up " : "",
            question->ifr_flags & IFF_LOOPBACK ? "loopback " : "",
            question->ifr_flags & IFF_MULTICAST ? "multicast" : "");
        break;
    case SIOCGIFNAME: print(line, " %s", question->ifr_name); break;
    case SIOCGIFHWADDR: print(line, " %d", question->ifr_hwaddr.sa_family); break;
    case SIOCGIFINDEX: case SIOCGIFMTU: case SIOCGIFMETRIC:
        print(line, " %d", question->ifr_ifindex);
        break;
    }
}

static void askInterface(struct line *line, int from, unsigned long request) {
    struct ifreq question = {0};
    const char *argument = word(line, 3);
    if (request == SIOCGIFNAME) question.ifr_ifindex = atoi(argument);
    else strncpy(question.ifr_name, argument, IFNAMSIZ - 1);
    int value = CALL(ioctl)(from, request, &question);
    printResult(line, value);
    if (value == 0) tellInterface(line, request, &question);
}

/* `ioctl s SIOCGIFCONF ROOM`: the length filled, then name and address of each. */
static void listInterfaces(struct line *line, int from) {
    struct ifreq entries[16] = {0};
    struct ifconf list = {.ifc_len = atoi(word(line, 3)), .ifc_req = entries};
    if (line->count > 4) list.ifc_req = NULL;
    int value = CALL(ioctl)(from, SIOCGIFCONF, &list);
    printResult(line, value);
    if (value < 0) return;
    print(line, " (%d)", list.ifc_len);
    for (int number = 0; list.ifc_req && number < list.ifc_len / (int)sizeof entries[0]; number++) {
        print(line, " %s", entries[number].ifr_name);
        tellInterface(line, SIOCGIFADDR, &entries[number]);
    }
}

static void runRequest(struct line *line, const char *result) {
    (void)result;
    int from = descriptor(word(line, 1));
    unsigned long request = (unsigned long)numberFrom(requests, word(line, 2));
    if (request == SIOCGIFCONF) {
        listInterfaces(line, from);
    } else if (isNumber(request)) {
        int number = line->count > 3 ? atoi(line->words[3]) : -7;
        bool isNull = line->count > 3 && strcmp(line->words[3], "null") == 0;
        int value = CALL(ioctl)(from, request, isNull ? NULL : &number);
        printResult(line, value);
        if (value == 0 && gives(request)) print(line, " %d", number);
    } else if (request == SIOCGSTAMP || request == TCGETS) {
        char space[256];
        printResult(line, CALL(ioctl)(from, request, space));
    } else if (line->count > 3) {
        askInterface(line, from, request);
    } else {
        char space[256] = {0};
        printResult(line, CALL(ioctl)(from, request, space));
    }
}

const struct verb descriptorVerbs[] = {
    {"fcntl", runControl, true}, {"ioctl", runRequest, false}, {"dup", runDuplicate, false},
    {"dup2", runDuplicateOnto, true}, {0},
};
