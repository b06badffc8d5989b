import Setup

/// What passes over a control socket: a line of JSON each.
///
/// Whoever connects sends one request, `{"tool":"netstat","arguments":["-an"]}`. The host answers
/// with any number of `{"output":TEXT}` and `{"error":TEXT}`, what the tool writes on its two
/// streams, and at last `{"exit":STATUS}`; then it closes. Ending one's own side of the connection
/// is what SIGINT is to a program: the tool comes to an end and still says how it went.
enum ControlRequest {
    /// Bytes that a request may have.
    static let limit = 65_536

    static func line(_ tool: String, _ arguments: [String]) -> String {
        let request: JSON = .object([
            "tool": .string(tool), "arguments": .array(arguments.map { .string($0) }),
        ])
        return request.description + "\n"
    }

    /// Reads a request.
    ///
    /// - Throws: What is wrong with it, in words for whoever sent it.
    static func parse(_ line: String) throws(CommandError) -> (tool: String, words: [String]) {
        guard let value = JSON(line) else { throw .usage("control: the request is not JSON") }
        guard case .object = value else {
            throw .usage("control: the request is not a JSON object")
        }
        guard let tool = value["tool"]?.string else {
            throw .usage("control: the request lacks \"tool\", a string")
        }
        guard let words = (value["arguments"] ?? .array([])).strings else {
            throw .usage("control: \"arguments\" is not an array of strings")
        }
        return (tool, words)
    }
}

enum ControlReply: Equatable {
    case output(String)
    case error(String)
    case exit(Int32)

    var line: String {
        let value: JSON =
            switch self {
            case .output(let text): .object(["output": .string(text)])
            case .error(let text): .object(["error": .string(text)])
            case .exit(let status): .object(["exit": .number(Int(status))])
            }
        return value.description + "\n"
    }

    /// Nil when `line` is no reply.
    init?(_ line: String) {
        guard let value = JSON(line) else { return nil }
        if let text = value["output"]?.string {
            self = .output(text)
        } else if let text = value["error"]?.string {
            self = .error(text)
        } else if let status = value["exit"]?.number {
            self = .exit(Int32(truncatingIfNeeded: status))
        } else {
            return nil
        }
    }
}
