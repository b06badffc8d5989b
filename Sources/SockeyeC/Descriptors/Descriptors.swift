import CSockeye
import Glibc
import Sockets
import Synchronization

/// The table of descriptors of the process.
///
/// Each number is one of the kernel's too, where it stands for nothing that can be read or written:
/// so it is the lowest that is free, no open file gets it, and the limit of the process holds.
enum Descriptors {
    fileprivate struct Table {
        /// By number.
        var entries: [Entry?] = []
        /// A number far up whose copies are reserved; -1 before the first.
        var template: CInt = -1
    }

    fileprivate struct Entry {
        let description: OpenDescription
    }

    private static let table = Mutex(Table())

    // MARK: - Looking

    /// What a number stands for; nil when it is not one of this library.
    static func description(of number: CInt) -> OpenDescription? {
        guard number >= 0, !csockeye_is_child() else { return nil }
        return table.withLock { table in
            let place = Int(number)
            return place < table.entries.count ? table.entries[place]?.description : nil
        }
    }

    /// All that are open.
    static var all: [OpenDescription] {
        table.withLock { table in table.entries.compactMap { $0?.description } }
    }

    // MARK: - Adding

    /// Gives a description the lowest free number that is not below `least`.
    ///
    /// - Throws: `EMFILE` when none is left, `EINVAL` when `least` is beyond the limit.
    static func add(
        _ description: OpenDescription, closesOnExec: Bool, least: CInt = 0
    ) throws(SocketError) -> CInt {
        let stale: OpenDescription?
        let number: CInt
        (number, stale) = try table.withLock { (table: inout Table) throws(SocketError) in
            try openTemplate(&table)
            let number = csockeye_kernel_fcntl(
                table.template, closesOnExec ? F_DUPFD_CLOEXEC : F_DUPFD, Int(least))
            guard number >= 0 else { throw SocketError(errno, in: "socket") }
            return (number, table.put(description, at: number))
        }
        // A number that the program closed by the kernel's call.
        stale?.close()
        return number
    }

    /// Gives a description the number `number`, whatever had it; what is to be closed.
    static func replace(
        _ number: CInt, with description: OpenDescription, closesOnExec: Bool
    ) throws(SocketError) {
        let last = try table.withLock { (table: inout Table) throws(SocketError) in
            try openTemplate(&table)
            guard csockeye_kernel_dup3(table.template, number, closesOnExec ? O_CLOEXEC : 0) >= 0
            else {
                throw SocketError(errno, in: "dup2")
            }
            return table.put(description, at: number)
        }
        last?.close()
    }

    private static func openTemplate(_ table: inout Table) throws(SocketError) {
        guard table.template < 0 else { return }
        let first = csockeye_open_nothing()
        guard first >= 0 else { throw SocketError(errno, in: "socket") }
        defer { _ = Glibc.close(first) }
        // Out of the way of numbers that programs count on; limits below that are rare.
        for least in [1000, 200, 0] {
            table.template = csockeye_kernel_fcntl(first, F_DUPFD_CLOEXEC, least)
            if table.template >= 0 { return }
        }
        throw SocketError(errno, in: "socket")
    }

    // MARK: - Removing

    /// Takes out a number that the kernel has given to something else.
    static func forget(_ number: CInt) {
        let last = table.withLock { table in
            let place = Int(number)
            return place < table.entries.count ? table.take(place) : nil
        }
        last?.close()
    }

    /// Takes a number out, and closes what it stood for if it was the last; whether it was one of
    /// this library.
    static func close(_ number: CInt) -> Bool {
        guard number >= 0, !csockeye_is_child() else { return false }
        let (isOurs, last) = table.withLock { table in
            let place = Int(number)
            guard place < table.entries.count, table.entries[place] != nil else {
                return (false, OpenDescription?.none)
            }
            let last = table.take(place)
            // Free for others only now that it stands for nothing.
            _ = Glibc.close(number)
            return (true, last)
        }
        last?.close()
        return isOurs
    }
}

extension Descriptors.Table {
    /// Enters a description; what stood there if that was its last number.
    fileprivate mutating func put(
        _ description: OpenDescription, at number: CInt
    ) -> OpenDescription? {
        let place = Int(number)
        while entries.count <= place { entries.append(nil) }
        let last = entries[place] == nil ? nil : take(place)
        description.numbers.add(1, ordering: .relaxed)
        entries[place] = Descriptors.Entry(description: description)
        return last
    }

    /// Takes out what stands there; nil while it has other numbers.
    fileprivate mutating func take(_ place: Int) -> OpenDescription? {
        guard let description = entries[place]?.description else { return nil }
        entries[place] = nil
        let left = description.numbers.subtract(1, ordering: .relaxed).newValue
        return left == 0 ? description : nil
    }
}
