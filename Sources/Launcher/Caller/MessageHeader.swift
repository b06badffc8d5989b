import Glibc

/// A caller's `struct msghdr`, as 64-bit Linux lays it out (recvmsg(2)).
struct MessageHeader: BitwiseCopyable {
    var name: UInt64
    var nameLength: socklen_t
    private var padding: UInt32 = 0
    var pieces: UInt64
    var pieceCount: UInt64
    var control: UInt64
    var controlLength: UInt64
    var flags: CInt
    private var morePadding: UInt32 = 0

    /// From one element of an array of `struct mmsghdr` to the next (recvmmsg(2)).
    static var stride: UInt64 { 64 }
    /// Where in such an element the count of bytes stands, an `unsigned int`.
    static var countOffset: UInt64 { 56 }
}
