// A program with a filter of its own, as sandboxes have them: some calls fail, the others go on as
// before; then it asks for a listener of its own.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **arguments) {
    if (count < 2) return 2;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bind, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)atoi(arguments[1])),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof a;
    char block[8];
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return 1;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) return 1;
    if (connect(s, (struct sockaddr *)&a, sizeof a) < 0) return 1;
    write(s, "hello", 5);
    printf("echo %zd\n", recv(s, block, 5, MSG_WAITALL));
    int other = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_port = 0;
    printf("bind %s\n", bind(other, (struct sockaddr *)&a, sizeof a) < 0
                            ? strerrorname_np(errno) : "done");
    printf("getpeername %d\n", getpeername(s, (struct sockaddr *)&a, &length));
    code[2].k = SECCOMP_RET_ALLOW;
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                            SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    printf("listener %s\n", listener < 0 ? strerrorname_np(errno) : "done");
    return 0;
}
