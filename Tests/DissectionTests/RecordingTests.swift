import Dissection
import Testing

@Suite("Lines as tcpdump prints them")
struct RecordingTests {
    /// What one dissector prints otherwise than tcpdump did, fed with all `recordings` in order.
    private func differences(_ recordings: [Recording]) -> [String] {
        var dissector = Dissector(.ethernet)
        var differences: [String] = []
        for recording in recordings {
            let line = dissector.line(recording.frame.span, beyond: recording.beyond)
            if line != recording.line { differences.append("\(line)\n\(recording.line)") }
        }
        return differences
    }

    @Test("of frames made for the purpose, good, wrong and cut")
    func made() {
        let recordings = Recording.all(in: madeRecordings)
        #expect(recordings.count > 180)
        let differences = differences(recordings)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n\n"))")
    }

    @Test("of groups, neighbours, extension headers and fragments")
    func network() {
        let recordings = Recording.all(in: madeNetworkRecordings)
        #expect(recordings.count > 60)
        let differences = differences(recordings)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n\n"))")
    }

    @Test("of frames that Linux hosts exchanged: ping, curl, nslookup, nc")
    func captured() {
        let recordings = Recording.all(in: capturedRecordings)
        #expect(recordings.count > 50)
        let differences = differences(recordings)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n\n"))")
    }
}
