/* Results as text that is the same in each run. */
#include "interpreter.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

_Thread_local volatile int brokenPipes;

void print(struct line *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    line->used += vsnprintf(
        line->output + line->used, (size_t)(outputSize - line->used), format, arguments);
    va_end(arguments);
    if (line->used >= outputSize) wrong("too much output");
}

/* What a call gave back: its value, or the name of its error. */
void printResult(struct line *line, long value) {
    int error = errno;
    if (value < 0) print(line, " %s", errorName(error));
    else print(line, " %ld", value);
    if (value < -1) print(line, " (%ld)", value);
    if (brokenPipes) print(line, " SIGPIPE");
    brokenPipes = 0;
}

/* Whether bytes are a packet of IPv4, whose identification and checksum nobody can foretell. */
static bool isPacket(const char *bytes, size_t length) {
    return length >= 20 && bytes[0] == 0x45 && (unsigned char)bytes[2] == length >> 8
        && (unsigned char)bytes[3] == (length & 255);
}

void printData(struct line *line, const char *bytes, size_t length) {
    if (isPacket(bytes, length)) {
        print(line, " packet of protocol %u, TTL %u, with", (unsigned char)bytes[9],
            (unsigned char)bytes[8]);
        printData(line, bytes + 20, length - 20);
        return;
    }
    size_t same = 0;
    while (same < length && bytes[same] == bytes[0]) same++;
    if (length > 8 && same == length) {
        print(line, " \"%c\"*%zu", bytes[0] ? bytes[0] : '0', length);
        return;
    }
    if (length > 48) {
        uint32_t hash = 2166136261;
        for (size_t place = 0; place < length; place++)
            hash = (hash ^ (unsigned char)bytes[place]) * 16777619;
        print(line, " bytes*%zu#%08x", length, hash);
        return;
    }
    print(line, " \"");
    for (size_t place = 0; place < length; place++) {
        unsigned char byte = (unsigned char)bytes[place];
        if (byte >= 32 && byte < 127) print(line, "%c", byte);
        else print(line, "\\%02x", byte);
    }
    print(line, "\"");
}

/* A name with its length, both without the script's own prefix. */
static void printUNIX(struct line *line, const struct sockaddr_un *name, socklen_t length) {
    size_t start = offsetof(struct sockaddr_un, sun_path);
    if (length <= start) {
        print(line, " unnamed (%u)", length);
        return;
    }
    char prefix[16];
    size_t skipped = (size_t)snprintf(prefix, sizeof prefix, "s%d-", scriptNumber);
    bool isAbstract = name->sun_path[0] == 0;
    const char *text = name->sun_path + isAbstract;
    size_t size = length - start - isAbstract;
    if (size < skipped || strncmp(text, prefix, skipped) != 0) skipped = 0;
    // A name that the system chose is five digits.
    bool isChosen = isAbstract && !skipped && size == 5;
    print(line, " %s:", isAbstract ? "abstract" : "path");
    for (size_t place = skipped; place < size; place++) {
        if (text[place] == 0) print(line, "\\0");
        else print(line, "%c", isChosen ? '#' : text[place]);
    }
    print(line, " (%zu)", length - skipped);
}

void printAddress(struct line *line, const struct sockaddr_storage *address, socklen_t length) {
    char text[64];
    if (length < sizeof(sa_family_t)) {
        print(line, " nothing (%u)", length);
    } else if (address->ss_family == AF_INET) {
        const struct sockaddr_in *name = (const struct sockaddr_in *)address;
        print(line, " %s:", inet_ntop(AF_INET, &name->sin_addr, text, sizeof text));
        printPort(line, ntohs(name->sin_port));
        if (length != sizeof *name) print(line, " (%u)", length);
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *name = (const struct sockaddr_in6 *)address;
        print(line, " [%s", inet_ntop(AF_INET6, &name->sin6_addr, text, sizeof text));
        if (name->sin6_scope_id) print(line, "%%%u", name->sin6_scope_id);
        print(line, "]:");
        printPort(line, ntohs(name->sin6_port));
        if (name->sin6_flowinfo) print(line, " flow %08x", ntohl(name->sin6_flowinfo));
        if (length != sizeof *name) print(line, " (%u)", length);
    } else if (address->ss_family == AF_UNIX) {
        printUNIX(line, (const struct sockaddr_un *)address, length);
    } else {
        print(line, " family %d (%u)", address->ss_family, length);
    }
}

void printFlags(struct line *line, const struct name *table, long flags) {
    if (flags == 0) print(line, " -");
    bool isFirst = true;
    for (; table->text; table++)
        if (table->value && (flags & table->value) == table->value) {
            print(line, "%s%s", isFirst ? " " : ",", table->text);
            flags &= ~table->value;
            isFirst = false;
        }
    if (flags) print(line, "%s%#lx", isFirst ? " " : ",", flags);
}

static void printNumber(struct line *line, const char *bytes, size_t length) {
    long number = 0;
    memcpy(&number, bytes, length);
    if (length == 4) number = (int)number;
    print(line, " %ld", number);
}

static void printHex(struct line *line, const char *bytes, size_t length) {
    print(line, " ");
    for (size_t place = 0; place < length; place++)
        print(line, "%02x", (unsigned char)bytes[place]);
}

static void printInformation(struct line *line, const char *bytes, size_t length) {
    struct tcp_info information = {0};
    memcpy(&information, bytes, length < sizeof information ? length : sizeof information);
    print(line, " state=%u ca=%u retransmits=%u probes=%u backoff=%u options=%#x unacked=%u",
        information.tcpi_state, information.tcpi_ca_state, information.tcpi_retransmits,
        information.tcpi_probes, information.tcpi_backoff, information.tcpi_options,
        information.tcpi_unacked);
}

/* Whether a time is the present one. */
static const char *judgeTime(long seconds) {
    return labs(time(NULL) - seconds) < 5 ? "now" : "another time";
}

void printValue(struct line *line, const char *form, const char *bytes, size_t length) {
    if (strcmp(form, "int") == 0 && (length == 4 || length == 1 || length == 8)) {
        printNumber(line, bytes, length);
    } else if (strcmp(form, "sign") == 0 && length == 4) {
        int number;
        memcpy(&number, bytes, 4);
        print(line, " %s", number > 0 ? "positive" : number < 0 ? "negative" : "zero");
    } else if (strcmp(form, "text") == 0) {
        print(line, " %.*s", (int)strnlen(bytes, length), bytes);
    } else if (strcmp(form, "ints") == 0) {
        for (size_t place = 0; place + 4 <= length; place += 4) printNumber(line, bytes + place, 4);
    } else if (strcmp(form, "longs") == 0) {
        for (size_t place = 0; place + 8 <= length; place += 8) printNumber(line, bytes + place, 8);
    } else if (strcmp(form, "tcpinfo") == 0) {
        printInformation(line, bytes, length);
    } else if (strcmp(form, "address") == 0) {
        struct sockaddr_storage storage = {0};
        memcpy(&storage, bytes, length < sizeof storage ? length : sizeof storage);
        printAddress(line, &storage, (socklen_t)length);
    } else if (strcmp(form, "some") == 0) {
        print(line, " some");
    } else {
        printHex(line, bytes, length);
    }
}

static void printCredentials(struct line *line, const char *bytes) {
    struct ucred credentials;
    memcpy(&credentials, bytes, sizeof credentials);
    print(line, " pid %s uid %s gid %s", credentials.pid == getpid() ? "ours" : "other",
        credentials.uid == getuid() ? "ours" : "other",
        credentials.gid == getgid() ? "ours" : "other");
}

static void printError(struct line *line, const char *bytes, size_t length) {
    struct sock_extended_err error;
    memcpy(&error, bytes, sizeof error);
    print(line, " %s origin %u type %u code %u info %u", errorName((int)error.ee_errno),
        error.ee_origin, error.ee_type, error.ee_code, error.ee_info);
    struct sockaddr_storage offender = {0};
    memcpy(&offender, bytes + sizeof error, length - sizeof error);
    if (offender.ss_family) printAddress(line, &offender, (socklen_t)(length - sizeof error));
}

/* The least that a control message has, where its fields are looked at. */
static size_t sizeOf(int level, int type) {
    if (level == SOL_SOCKET && type == SCM_CREDENTIALS) return sizeof(struct ucred);
    if (level == SOL_SOCKET && (type == SCM_TIMESTAMP || type == SCM_TIMESTAMPNS)) return 8;
    if (level == IPPROTO_IP && type == IP_RECVERR) return sizeof(struct sock_extended_err);
    if (level == IPPROTO_IPV6 && type == IPV6_RECVERR) return sizeof(struct sock_extended_err);
    if (level == IPPROTO_IP && type == IP_PKTINFO) return sizeof(struct in_pktinfo);
    if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO) return sizeof(struct in6_pktinfo);
    return 0;
}

static void printMessage(struct line *line, struct cmsghdr *header) {
    const char *bytes = (const char *)CMSG_DATA(header);
    size_t length = header->cmsg_len - CMSG_LEN(0);
    int level = header->cmsg_level, type = header->cmsg_type;
    const char *name = optionName(level, type);
    if (level == SOL_SOCKET && type == SCM_RIGHTS) name = "SCM_RIGHTS";
    if (level == SOL_SOCKET && type == SCM_CREDENTIALS) name = "SCM_CREDENTIALS";
    const char *layer = nameOf(levels, level);
    if (name) print(line, " [%s", name);
    else print(line, " [%s/%d", layer ? layer : "?", type);
    bool isCut = length < sizeOf(level, type);
    if (isCut) {
        print(line, " cut (%zu)", length);
    } else if (level == SOL_SOCKET && type == SCM_RIGHTS) {
        print(line, " %zu", length / 4);
        for (size_t place = 0; place + 4 <= length; place += 4) {
            int received;
            char variable[32];
            memcpy(&received, bytes + place, 4);
            snprintf(variable, sizeof variable, "fd%zu", place / 4);
            setDescriptor(variable, received);
        }
    } else if (level == SOL_SOCKET && type == SCM_CREDENTIALS) {
        printCredentials(line, bytes);
    } else if (level == SOL_SOCKET && (type == SCM_TIMESTAMP || type == SCM_TIMESTAMPNS)) {
        long seconds;
        memcpy(&seconds, bytes, 8);
        print(line, " %s (%zu)", judgeTime(seconds), length);
    } else if ((level == IPPROTO_IP && type == IP_RECVERR)
        || (level == IPPROTO_IPV6 && type == IPV6_RECVERR)) {
        printError(line, bytes, length);
    } else if (level == IPPROTO_IP && type == IP_PKTINFO) {
        struct in_pktinfo information;
        char one[32], two[32];
        memcpy(&information, bytes, sizeof information);
        print(line, " %d %s %s", information.ipi_ifindex,
            inet_ntop(AF_INET, &information.ipi_spec_dst, one, sizeof one),
            inet_ntop(AF_INET, &information.ipi_addr, two, sizeof two));
    } else if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO) {
        struct in6_pktinfo information;
        char text[64];
        memcpy(&information, bytes, sizeof information);
        print(line, " %s %d", inet_ntop(AF_INET6, &information.ipi6_addr, text, sizeof text),
            (int)information.ipi6_ifindex);
    } else if ((level == IPPROTO_IP && type == IP_RECVORIGDSTADDR)
        || (level == IPPROTO_IPV6 && type == IPV6_RECVORIGDSTADDR)) {
        printValue(line, "address", bytes, length);
    } else {
        printValue(line, "int", bytes, length);
        if (length != 4) print(line, " (%zu)", length);
    }
    print(line, "]");
}

void printControl(struct line *line, struct msghdr *message) {
    if (message->msg_controllen < sizeof(struct cmsghdr)) return;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    for (; header; header = CMSG_NXTHDR(message, header)) printMessage(line, header);
}
