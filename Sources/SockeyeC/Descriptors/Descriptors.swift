import CSockeye
import Glibc
import Sockets
import Synchronization

/// The table of descriptors of the process.
///
/// Each number is one of the kernel's too, where a socket's stands for nothing that can be read or
/// written: so it is the lowest that is free, no open file gets it, and the limit of the process
/// holds.
enum Descriptors {
    fileprivate struct Table {
        /// By number.
        var entries: [OpenDescription?] = []
        /// A number far up of which sockets' are copies; -1 before the first.
        var template: CInt = -1
    }

    private static let table = Mutex(Table())

    // MARK: - Looking

    /// What a number stands for; nil when it is not one of this library.
    static func description(of number: CInt) -> OpenDescription? {
        guard number >= 0, !csockeye_is_child() else { return nil }
        return table.withLock { table in
            let place = Int(number)
            return place < table.entries.count ? table.entries[place] : nil
        }
    }

    /// All that are open.
    static var all: [OpenDescription] {
        table.withLock { table in table.entries.compactMap { $0 } }
    }

    // MARK: - Adding

    /// Gives a description the lowest free number that is not below `least`.
    ///
    /// - Throws: `EMFILE` when none is left, `EINVAL` when `least` is beyond the limit.
    static func add(
        _ description: OpenDescription, closesOnExec: Bool, least: CInt = 0
    ) throws(SocketError) -> CInt {
        let command = closesOnExec ? F_DUPFD_CLOEXEC : F_DUPFD
        // What stood there was closed by the kernel's call, and is let go of outside of the lock.
        let (number, stale) = try table.withLock { (table: inout Table) throws(SocketError) in
            let number = csockeye_kernel_fcntl(
                try table.source(of: description), command, Int(least))
            guard number >= 0 else { throw SocketError(errno, in: "socket") }
            return (number, table.put(description, at: number))
        }
        withExtendedLifetime(stale) {}
        return number
    }

    /// Gives a description the number `number`, whatever had it.
    ///
    /// - Throws: `EBADF` for numbers beyond the limit.
    static func replace(
        _ number: CInt, with description: OpenDescription, closesOnExec: Bool
    ) throws(SocketError) {
        let former = try table.withLock { (table: inout Table) throws(SocketError) in
            let source = try table.source(of: description)
            guard csockeye_kernel_dup3(source, number, closesOnExec ? O_CLOEXEC : 0) >= 0 else {
                throw SocketError(errno, in: "dup2")
            }
            return table.put(description, at: number)
        }
        withExtendedLifetime(former) {}
    }

    // MARK: - Removing

    /// Takes out a number that the kernel has given to something else.
    static func forget(_ number: CInt) {
        let former = table.withLock { $0.take(number) }
        withExtendedLifetime(former) {}
    }

    /// Takes a number out; whether it was one of this library.
    static func close(_ number: CInt) -> Bool {
        guard number >= 0, !csockeye_is_child() else { return false }
        let former = table.withLock { table -> OpenDescription? in
            let former = table.take(number)
            // Free for others only now that it stands for nothing.
            if former != nil { _ = Glibc.close(number) }
            return former
        }
        return former != nil
    }
}

extension Descriptors.Table {
    /// The descriptor of the kernel's of which the description's numbers are copies: one that is
    /// ready when it is, else one that is good for nothing.
    ///
    /// - Throws: `EMFILE`, `ENFILE`, `ENOENT` without `/dev/null`.
    fileprivate mutating func source(of description: OpenDescription) throws(SocketError) -> CInt {
        if let own = description.kernelDescriptor { return own }
        guard template < 0 else { return template }
        let first = csockeye_open_nothing()
        guard first >= 0 else { throw SocketError(errno, in: "socket") }
        defer { _ = Glibc.close(first) }
        // Out of the way of numbers that programs count on; limits below that are rare.
        for least in [1000, 200, 0] {
            template = csockeye_kernel_fcntl(first, F_DUPFD_CLOEXEC, least)
            if template >= 0 { return template }
        }
        throw SocketError(errno, in: "socket")
    }

    /// Enters a description; what stood there.
    fileprivate mutating func put(
        _ description: OpenDescription, at number: CInt
    ) -> OpenDescription? {
        let place = Int(number)
        while entries.count <= place { entries.append(nil) }
        let former = entries[place]
        entries[place] = description
        return former
    }

    /// Takes out what stands at a number.
    fileprivate mutating func take(_ number: CInt) -> OpenDescription? {
        let place = Int(number)
        guard place < entries.count else { return nil }
        let former = entries[place]
        entries[place] = nil
        return former
    }
}
