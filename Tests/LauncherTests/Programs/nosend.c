// To be preloaded: before Linux 5.14 a descriptor and the answer could not be given in one step.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/ioctl.h>

int ioctl(int descriptor, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *place = va_arg(arguments, void *);
    va_end(arguments);
    if (request == SECCOMP_IOCTL_NOTIF_ADDFD) {
        const struct seccomp_notif_addfd *addition = place;
        if (addition->flags & ~SECCOMP_ADDFD_FLAG_SETFD) {
            errno = EINVAL;
            return -1;
        }
    }
    static int (*next)(int, unsigned long, ...);
    if (next == 0) next = dlsym(RTLD_NEXT, "ioctl");
    return next(descriptor, request, place);
}
