#define _GNU_SOURCE
#include "CLinuxLocal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int fill_address(struct sockaddr_un *address, const char *path) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    size_t length = strlen(path);
    if (length == 0) return -EINVAL;
    if (length >= sizeof address->sun_path) return -ENAMETOOLONG;
    memcpy(address->sun_path, path, length);
    return 0;
}

int clinux_local_listen(const char *path) {
    struct sockaddr_un address;
    int error = fill_address(&address, path);
    if (error != 0) return error;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -errno;
    // The mode of the socket's file is that of the descriptor, as far as the mask leaves it: nobody
    // else can connect even before it is changed below.
    if (fchmod(descriptor, 0600) < 0 ||
        bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        error = -errno;
    } else if (chmod(path, 0600) < 0 || listen(descriptor, 16) < 0) {
        error = -errno;
        unlink(path);
    }
    if (error == 0) return descriptor;
    close(descriptor);
    return error;
}

int clinux_local_accept(int listener) {
    int descriptor;
    do descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    while (descriptor < 0 && errno == EINTR);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_local_connect(const char *path) {
    struct sockaddr_un address;
    int error = fill_address(&address, path);
    if (error != 0) return error;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
    error = -errno;
    close(descriptor);
    return error;
}

int64_t clinux_local_peer(int descriptor) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -1;
    return size == sizeof peer ? (int64_t)peer.uid : -1;
}

int32_t clinux_local_peer_process(int descriptor) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -1;
    return size == sizeof peer ? peer.pid : -1;
}

static void set_timeout(int descriptor, int option, int64_t milliseconds) {
    struct timeval time = {
        .tv_sec = milliseconds / 1000,
        .tv_usec = milliseconds % 1000 * 1000,
    };
    setsockopt(descriptor, SOL_SOCKET, option, &time, sizeof time);
}

void clinux_local_set_timeouts(int descriptor, int64_t receiving, int64_t sending) {
    set_timeout(descriptor, SO_RCVTIMEO, receiving);
    set_timeout(descriptor, SO_SNDTIMEO, sending);
}

long clinux_local_send(int descriptor, const void *bytes, size_t count) {
    ssize_t sent;
    do sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}
