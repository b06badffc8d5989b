import CSockeye
import Glibc
import Setup
import Sockets

// Hosts from C.

@c @implementation
public func sockeye_open(_ description: UnsafePointer<CChar>!) -> CInt {
    guard let handle = unsafe open(description) else { return -1 }
    Hosts.setOrdinary(handle)
    return 0
}

@c @implementation
public func sockeye_host_open(_ description: UnsafePointer<CChar>!) -> OpaquePointer! {
    guard let handle = unsafe open(description) else { return nil }
    return unsafe OpaquePointer(handle.retained)
}

@c @implementation
public func sockeye_host_close(_ host: OpaquePointer!) -> CInt {
    guard let pointer = unsafe UnsafeMutableRawPointer(host) else {
        errno = EFAULT
        return -1
    }
    let handle = unsafe HostHandle.of(pointer)
    Hosts.remove(handle)
    if unsafe csockeye_current_host() == pointer { csockeye_set_current_host(nil) }
    defer { unsafe HostHandle.release(pointer) }
    do throws(CommandError) {
        try handle.end()
        return 0
    } catch {
        keep(error)
        return -1
    }
}

@c @implementation
public func sockeye_use(_ host: OpaquePointer!) -> OpaquePointer! {
    let before = unsafe csockeye_current_host()
    unsafe csockeye_set_current_host(UnsafeMutableRawPointer(host))
    return OpaquePointer(before)
}

private func open(_ description: UnsafePointer<CChar>?) -> HostHandle? {
    guard let description = unsafe description else {
        keep(.usage("there is no description"))
        return nil
    }
    do throws(CommandError) {
        let handle = try HostHandle(unsafe String(cString: description))
        Hosts.add(handle)
        return handle
    } catch {
        keep(error)
        return nil
    }
}

/// Keeps the words of an error for `sockeye_error`, and its kind in errno.
private func keep(_ error: CommandError) {
    unsafe csockeye_set_error(strdup(error.message))
    errno = error.status == 2 ? EINVAL : EIO
}
