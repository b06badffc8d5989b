/// Why a lookup of addresses or names failed: an `EAI_` code of `<netdb.h>`.
public struct NameError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The value of `EAI_…`, below 0.
    public let code: Int32
    /// The value of `errno` where `code` is that of `EAI_SYSTEM`, else 0.
    public let systemError: Int32

    public init(code: Int32, systemError: Int32 = 0) {
        self.code = code
        self.systemError = systemError
    }

    /// Flags that mean nothing. `EAI_BADFLAGS`
    public static let badFlags = NameError(code: -1)
    /// No such host or service. `EAI_NONAME`
    public static let noName = NameError(code: -2)
    /// No server answered, or none could; later one may. `EAI_AGAIN`
    public static let again = NameError(code: -3)
    /// Servers refuse to answer. `EAI_FAIL`
    public static let fail = NameError(code: -4)
    /// The host exists, and has no address. `EAI_NODATA`
    public static let noData = NameError(code: -5)
    /// Addresses of that family are not known here. `EAI_FAMILY`
    public static let family = NameError(code: -6)
    /// Sockets of that type are not known here. `EAI_SOCKTYPE`
    public static let socketType = NameError(code: -7)
    /// The service is not one of that type of socket. `EAI_SERVICE`
    public static let service = NameError(code: -8)
    /// The address is one of another family. `EAI_ADDRFAMILY`
    public static let addressFamily = NameError(code: -9)
    /// A name that is no ASCII. `EAI_IDN_ENCODE`
    public static let encoding = NameError(code: -105)

    public var description: String { Self.text(of: code) }

    /// What a code means, in words. POSIX `gai_strerror`.
    public static func text(of code: Int32) -> String {
        switch code {
        case -1: "Bad value for ai_flags"
        case -2: "Name or service not known"
        case -3: "Temporary failure in name resolution"
        case -4: "Non-recoverable failure in name resolution"
        case -5: "No address associated with hostname"
        case -6: "ai_family not supported"
        case -7: "ai_socktype not supported"
        case -8: "Servname not supported for ai_socktype"
        case -9: "Address family for hostname not supported"
        case -10: "Memory allocation failure"
        case -11: "System error"
        case -100: "Processing request in progress"
        case -101: "Request canceled"
        case -102: "Request not canceled"
        case -103: "All requests done"
        case -104: "Interrupted by a signal"
        case -105: "Parameter string not correctly encoded"
        default: "Unknown error"
        }
    }
}

/// Why a lookup of a host failed: what `h_errno` of `<netdb.h>` says.
public struct HostError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The value of `h_errno`, 1 to 4.
    public let code: Int32

    public init(code: Int32) { self.code = code }

    /// `HOST_NOT_FOUND`
    public static let hostNotFound = HostError(code: 1)
    /// `TRY_AGAIN`
    public static let tryAgain = HostError(code: 2)
    /// `NO_RECOVERY`
    public static let noRecovery = HostError(code: 3)
    /// `NO_DATA`
    public static let noData = HostError(code: 4)

    public var description: String { Self.text(of: code) }

    /// What a code means, in words. BSD's `hstrerror`.
    public static func text(of code: Int32) -> String {
        switch code {
        case ..<0: "Resolver internal error"
        case 0: "Resolver Error 0 (no error)"
        case 1: "Unknown host"
        case 2: "Host name lookup failure"
        case 3: "Unknown server error"
        case 4: "No address associated with name"
        default: "Unknown resolver error"
        }
    }
}
