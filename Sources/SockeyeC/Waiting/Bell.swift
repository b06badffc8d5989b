import Sockets
import Synchronization

/// A set of sockets for the length of one call: its descriptor is readable when something happened.
///
/// Sets are kept for the next call, since each has a descriptor of the kernel's.
struct Bell: ~Copyable {
    private static let spare = Mutex<[ReadySet]>([])
    private static var spareLimit: Int { 16 }

    let set: ReadySet

    /// - Throws: `EMFILE`, `ENFILE`.
    init() throws(SocketError) {
        if let spare = Self.spare.withLock({ $0.popLast() }) {
            set = spare
        } else {
            set = try ReadySet()
        }
    }

    var descriptor: CInt { self.set.descriptor }

    /// Takes what was told so far.
    borrowing func quieten() { while set.next() != nil {} }

    /// Puts the set back; it watches nothing any more.
    borrowing func release() {
        quieten()
        let spare = set
        Self.spare.withLock { if $0.count < Self.spareLimit { $0.append(spare) } }
    }
}
