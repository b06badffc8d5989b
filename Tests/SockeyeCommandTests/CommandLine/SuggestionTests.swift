import Setup
import Testing

@Suite("What a mistyped word may have meant")
struct SuggestionTests {
    private static let known = ["--capture", "--corrupt", "--loss", "--delay", "--deny", "--stats"]

    @Test(
        "letters wrong, missing, too many or swapped",
        arguments: [
            ("--los", "--loss"), ("--losss", "--loss"), ("--lsos", "--loss"),
            ("--capturr", "--capture"), ("--dely", "--delay"), ("--cap", "--capture"),
            ("--STATS", nil), ("--x", nil), ("", nil), ("--", nil),
        ])
    func nearest(word: String, meant: String?) {
        #expect(Suggestion.nearest(to: word, among: Self.known) == meant)
    }
}
