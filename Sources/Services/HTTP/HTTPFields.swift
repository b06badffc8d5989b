/// The header fields of a message, in their order (RFC 9110 §5).
struct HTTPFields: Equatable, Sendable {
    private var fields: [(name: String, value: String)] = []

    var count: Int { fields.count }

    mutating func append(_ name: String, _ value: String) { fields.append((name, value)) }

    /// The values of all fields called `name`, which is written in small letters; names are the
    /// same in either case.
    func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    /// The value of the field called `name`, nil unless there is exactly one.
    func only(_ name: String) -> String? {
        let values = values(name)
        return values.count == 1 ? values[0] : nil
    }

    /// The elements of a field that is a list, in small letters (RFC 9110 §5.6.1).
    func list(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: ",") }
            .map { $0.trimmingBlanks().lowercased() }
            .filter { !$0.isEmpty }
    }

    /// The lines of the fields, each with its end.
    var lines: String { fields.map { "\($0.name): \($0.value)\r\n" }.joined() }

    static func == (a: HTTPFields, b: HTTPFields) -> Bool {
        a.fields.elementsEqual(b.fields) { $0.name == $1.name && $0.value == $1.value }
    }
}

extension StringProtocol {
    /// Without blanks and tabs at both ends.
    func trimmingBlanks() -> String {
        let isBlank = { (byte: UInt8) in byte == HTTPSyntax.space || byte == HTTPSyntax.tab }
        var bytes = Array(utf8)[...].drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
