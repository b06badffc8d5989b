// deny NAME=ERROR… -- PROGRAM ARGS…: runs a program where system calls are missing or forbidden, as
// on older kernels and in containers. NAME is one of those below, ERROR is ENOSYS or EPERM.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *name;
    unsigned int number;
    // What the first argument must be, -1 for anything.
    int argument;
} calls[] = {
    {"pidfd_getfd", SYS_pidfd_getfd, -1},
    {"process_vm_readv", SYS_process_vm_readv, -1},
    {"process_vm_writev", SYS_process_vm_writev, -1},
    {"epoll_pwait2", SYS_epoll_pwait2, -1},
    {"close_range", SYS_close_range, -1},
    {"netlink", SYS_socket, AF_NETLINK},
    {"seccomp", SYS_seccomp, -1},
};

int main(int count, char **arguments) {
    struct sock_filter code[64];
    unsigned short length = 0;
    int i = 1;
    for (; i < count && strcmp(arguments[i], "--") != 0; i++) {
        const char *sign = strchr(arguments[i], '=');
        unsigned int error = sign != NULL && strcmp(sign, "=EPERM") == 0 ? EPERM : ENOSYS;
        for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
            if (sign == NULL || strncmp(arguments[i], calls[c].name, sign - arguments[i]) != 0 ||
                calls[c].name[sign - arguments[i]] != 0)
                continue;
            struct sock_filter stanza[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[c].number, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)calls[c].argument, 0,
                         calls[c].argument < 0 ? 0 : 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
            };
            memcpy(code + length, stanza, sizeof stanza);
            length += sizeof stanza / sizeof *stanza;
        }
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {length, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return 99;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) return 99;
    execvp(arguments[i + 1], arguments + i + 1);
    return 98;
}
