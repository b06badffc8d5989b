/// A service that is asked for, and the port at which.
public struct ServiceRequest: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        case echo
        case discard
        case daytime
        case chargen
        case dns
        /// The files of a directory, or the built-in pages.
        case http(directory: String?)
    }

    public let kind: Kind
    public let port: UInt16

    /// - Parameter port: The service's own where it is nil.
    public init(_ kind: Kind, port: UInt16? = nil) {
        self.kind = kind
        self.port = port ?? kind.port
    }
}

extension ServiceRequest.Kind {
    /// The one that IANA assigned.
    public var port: UInt16 {
        switch self {
        case .echo: Echo.port
        case .discard: Discard.port
        case .daytime: Daytime.port
        case .chargen: Chargen.port
        case .dns: DNSService.port
        case .http: HTTPService.port
        }
    }

    /// As it is written in a list.
    public var name: String {
        switch self {
        case .echo: "echo"
        case .discard: "discard"
        case .daytime: "daytime"
        case .chargen: "chargen"
        case .dns: "dns"
        case .http: "http"
        }
    }

    /// Whether it is offered over UDP as well as over TCP.
    var isOverUDP: Bool {
        if case .http = self { false } else { true }
    }
}

/// Why services cannot be had, in words for whoever asked for them.
public struct ServiceError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Services as people write them: `echo,daytime,http:8080=/srv/www`.
public enum ServiceList {
    /// The form of a list, for help texts.
    public static let syntax = "NAME[:PORT][=DIR],…"
    /// The names that a list may have.
    public static let names = ["echo", "discard", "daytime", "chargen", "dns", "http"]

    /// Reads a list. Each item is a name, perhaps a colon and a port, perhaps for `http` an equals
    /// sign and a directory, whose name has no comma.
    ///
    /// - Throws: What is wrong with which item.
    public static func parse(_ text: String) throws(ServiceError) -> [ServiceRequest] {
        var requests: [ServiceRequest] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let request = try parse(item: item)
            if let other = requests.first(where: { $0.port == request.port }) {
                throw ServiceError(
                    "services \(other.kind.name) and \(request.kind.name) "
                        + "cannot share port \(request.port)")
            }
            requests.append(request)
        }
        return requests
    }

    private static func parse(item: Substring) throws(ServiceError) -> ServiceRequest {
        let halves = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let directory = halves.count > 1 ? String(halves[1]) : nil
        let kind = try kind(String(parts[0]), directory)
        guard parts.count > 1 else { return ServiceRequest(kind) }
        let digits = parts[1]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits),
            port > 0
        else { throw ServiceError("port '\(digits)' of \(kind.name) is not from 1 to 65535") }
        return ServiceRequest(kind, port: port)
    }

    private static func kind(
        _ name: String, _ directory: String?
    ) throws(ServiceError) -> ServiceRequest.Kind {
        if let directory {
            guard name == "http" else {
                throw ServiceError("service '\(name)' takes no directory")
            }
            guard !directory.isEmpty else { throw ServiceError("'http=' lacks its directory") }
        }
        switch name {
        case "echo": return .echo
        case "discard": return .discard
        case "daytime": return .daytime
        case "chargen": return .chargen
        case "dns": return .dns
        case "http": return .http(directory: directory)
        case "": throw ServiceError("a service lacks its name")
        default:
            throw ServiceError(
                "there is no service '\(name)'; there are \(names.joined(separator: ", "))")
        }
    }
}
