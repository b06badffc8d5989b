/// A link into another network namespace, made and configured there by a child process.
///
/// What can fail returns a negated errno.
#ifndef CLINUX_NAMESPACES_H
#define CLINUX_NAMESPACES_H

#include <stdint.h>

/// An address of either family, most significant byte first, IPv4 in the first four bytes.
struct clinux_namespace_address {
    uint8_t bytes[16];
    int32_t is_ipv6;
    /// The length of its network's prefix.
    int32_t prefix;
};

/// What an interface in another namespace is to be.
struct clinux_namespace_interface {
    const char *name;
    int32_t mtu;
    /// Whether it gets the addresses, routes, and is brought up with the loopback.
    int32_t configures;
    const struct clinux_namespace_address *addresses;
    int32_t address_count;
    /// The routers on the way to everywhere else; the prefix does not matter.
    const struct clinux_namespace_address *gateways;
    int32_t gateway_count;
};

/// How far `clinux_namespace_link` came when it failed.
enum clinux_namespace_stage {
    CLINUX_NAMESPACE_FIND = 1,
    CLINUX_NAMESPACE_ENTER_USER = 2,
    CLINUX_NAMESPACE_ENTER = 3,
    CLINUX_NAMESPACE_MAKE = 4,
    CLINUX_NAMESPACE_CONFIGURE = 5,
    CLINUX_NAMESPACE_HAND_OUT = 6,
};

/// Makes an interface in the network namespace at `path`, a file such as /proc/PID/ns/net: a TAP, or
/// where /dev/net/tun is not to be had a veth whose other end stands beside it. The descriptor of its
/// far end, with a `clinux_frame_header` before each frame: of the TAP, or of a packet socket on the
/// veth's other end.
///
/// - `user_path`: The user namespace that owns it; NULL for the one that the kernel names.
/// - `*is_tap`: Which of the two it became.
/// - `*stage`: Where it failed, a `clinux_namespace_stage`.
///
/// To be called while the process has one thread.
int clinux_namespace_link(const char *path, const char *user_path,
                          const struct clinux_namespace_interface *interface, int32_t *is_tap,
                          int32_t *stage);

/// A descriptor that polls readable once the process has ended (pidfd_open(2)).
int clinux_process_descriptor(int32_t process);

#endif
