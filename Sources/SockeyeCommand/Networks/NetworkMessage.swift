/// What a run and the switch of its network tell each other, a line each, words between spaces.
///
/// The run begins with `join`; the switch answers with `welcome` and the members, or `refused`, and
/// from then on tells of who comes and goes. Lines that are not understood are passed over, so that
/// later versions can say more.
enum NetworkMessage: Equatable {
    /// `join 1 NAME exact|any`: whether another name will do if somebody has this one.
    case join(name: String, isExact: Bool)
    /// `welcome NAME NUMBER`: who the run is.
    case welcome(NetworkMember)
    /// `host NAME NUMBER`: who else is there.
    case host(NetworkMember)
    /// `gone NAME`
    case gone(String)
    /// `refused REASON…`
    case refused(String)

    static let version = "1"

    var line: String {
        switch self {
        case .join(let name, let isExact):
            "join \(Self.version) \(name) \(isExact ? "exact" : "any")"
        case .welcome(let member): "welcome \(member.name) \(member.number)"
        case .host(let member): "host \(member.name) \(member.number)"
        case .gone(let name): "gone \(name)"
        case .refused(let reason): "refused \(reason)"
        }
    }

    /// Nil for what is not understood.
    init?(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        switch words.first {
        case "join":
            guard words.count == 4, words[1] == Self.version, let name = NetworkName.label(words[2])
            else { return nil }
            self = .join(name: name, isExact: words[3] == "exact")
        case "welcome":
            guard let member = Self.member(words) else { return nil }
            self = .welcome(member)
        case "host":
            guard let member = Self.member(words) else { return nil }
            self = .host(member)
        case "gone" where words.count == 2: self = .gone(words[1])
        case "refused": self = .refused(words.dropFirst().joined(separator: " "))
        default: return nil
        }
    }

    private static func member(_ words: [String]) -> NetworkMember? {
        guard words.count == 3, let name = NetworkName.label(words[1]),
            let number = Int(words[2]), NetworkMember.numbers.contains(number)
        else { return nil }
        return NetworkMember(name: name, number: number)
    }
}

/// Bytes of a stream, taken line by line.
struct NetworkLines {
    private var bytes: [UInt8] = []

    /// Longer lines are cut: nobody means them well.
    private static let limit = 4096

    mutating func append(_ more: [UInt8]) { bytes += more }

    /// The next whole line, without its end.
    mutating func next() -> String? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            if bytes.count > Self.limit { bytes.removeAll() }
            return nil
        }
        let line = String(decoding: bytes[..<end], as: UTF8.self)
        bytes.removeFirst(end + 1)
        return line
    }
}
