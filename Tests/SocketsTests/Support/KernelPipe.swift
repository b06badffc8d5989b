import Glibc

/// A pipe of the kernel's.
final class KernelPipe: Sendable {
    let readEnd: CInt
    let writeEnd: CInt

    init() {
        var ends: [CInt] = [-1, -1]
        // The array has room for both.
        let result = unsafe pipe(&ends)
        precondition(result == 0, "no pipe")
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func fill(_ count: Int = 1) {
        let bytes = [UInt8](repeating: 7, count: count)
        // The array is read during the call only.
        _ = unsafe write(writeEnd, bytes, count)
    }

    func drain(_ count: Int = 1) {
        var bytes = [UInt8](repeating: 0, count: count)
        // The array is written during the call only.
        _ = unsafe read(readEnd, &bytes, count)
    }
}

/// What poll(2) says of a descriptor within `milliseconds`.
func kernelPoll(_ descriptor: CInt, milliseconds: CInt = 0) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // The structure is used during the call only.
    return unsafe poll(&entry, 1, milliseconds) == 1 && entry.revents & Int16(POLLIN) != 0
}
