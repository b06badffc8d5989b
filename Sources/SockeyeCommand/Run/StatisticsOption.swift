/// Where `--stats` writes what, and in which form: `--stats`, `--stats=json`, `--stats=json:FILE`.
struct StatisticsOption: Equatable {
    enum Form: String {
        case table
        case json
    }

    var form = Form.table
    /// nil for standard error.
    var path: String?

    static let forms = "table, json, table:FILE or json:FILE"

    init() {}

    /// Nil when `text` is none of the forms.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let form = Form(rawValue: String(parts[0])) else { return nil }
        self.form = form
        guard parts.count > 1 else { return }
        guard !parts[1].isEmpty else { return nil }
        path = String(parts[1])
    }
}
