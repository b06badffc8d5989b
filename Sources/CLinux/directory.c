// Questions to the kernel about AF_UNIX sockets.
#define _GNU_SOURCE
#include "CLinuxDirectory.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct question {
    struct nlmsghdr header;
    struct unix_diag_req body;
};

static int ask(int directory, unsigned short flags, uint32_t inode) {
    struct question question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | flags},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = UINT32_MAX,
                 .udiag_ino = inode,
                 .udiag_cookie = {UINT32_MAX, UINT32_MAX}},
    };
    ssize_t count;
    do count = send(directory, &question, sizeof question, 0);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}

// The answer is there when the question has been sent.
static ssize_t take(int directory, void *room, size_t size) {
    ssize_t count;
    do count = recv(directory, room, size, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

static int error_of(const struct nlmsghdr *header) {
    const struct nlmsgerr *report = NLMSG_DATA(header);
    return report->error;
}

int clinux_directory_contains(int directory, uint64_t inode) {
    if (inode == 0 || inode > UINT32_MAX) return 0;
    int error = ask(directory, 0, (uint32_t)inode);
    if (error < 0) return error;
    union {
        struct nlmsghdr header;
        char room[1024];
    } answer;
    ssize_t count = take(directory, &answer, sizeof answer);
    if (count < 0) return (int)count;
    if (!NLMSG_OK(&answer.header, (size_t)count)) return -EIO;
    if (answer.header.nlmsg_type != NLMSG_ERROR) return 1;
    error = error_of(&answer.header);
    return error == -ENOENT ? 0 : error;
}

int clinux_directory_open(void) {
    int directory = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (directory < 0) return -errno;
    // A kernel without this part says of every socket that it does not exist: ask for one that does.
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat facts;
    int is_known = 0;
    if (probe >= 0 && fstat(probe, &facts) == 0)
        is_known = clinux_directory_contains(directory, facts.st_ino);
    if (probe >= 0) close(probe);
    if (is_known == 1) return directory;
    close(directory);
    return is_known < 0 ? is_known : -EOPNOTSUPP;
}

long clinux_directory_list(int directory, uint64_t *inodes, size_t capacity) {
    int error = ask(directory, NLM_F_DUMP, 0);
    if (error < 0) return error;
    size_t found = 0;
    for (;;) {
        union {
            struct nlmsghdr header;
            char room[32768];
        } answer;
        ssize_t count = take(directory, &answer, sizeof answer);
        if (count < 0) return count;
        size_t rest = (size_t)count;
        struct nlmsghdr *header = &answer.header;
        for (; NLMSG_OK(header, rest); header = NLMSG_NEXT(header, rest)) {
            if (header->nlmsg_type == NLMSG_DONE) return (long)found;
            if (header->nlmsg_type == NLMSG_ERROR) return error_of(header);
            const struct unix_diag_msg *socket = NLMSG_DATA(header);
            if (found < capacity) inodes[found] = socket->udiag_ino;
            found++;
        }
    }
}
