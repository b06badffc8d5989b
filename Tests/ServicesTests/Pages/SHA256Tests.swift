import Memory
import Testing

@testable import Services

/// The examples of FIPS 180-4 and NIST's further ones.
@Suite("SHA-256")
struct SHA256Tests {
    @Test(
        "the hashes of the standard's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func examples(text: String, expected: String) {
        var hash = SHA256()
        hash.add(Array(text.utf8).span)
        let digits = hash.finish()
        #expect(digits == expected)
    }

    /// The hash of `count` letters a, given in pieces of `size`.
    private func hash(of count: Int, by size: Int) -> String {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: size)
        var hash = SHA256()
        var rest = count
        while rest > 0 {
            hash.add(bytes.span.extracting(first: min(size, rest)))
            rest -= min(size, rest)
        }
        return hash.finish()
    }

    @Test("a million letters")
    func million() {
        #expect(
            hash(of: 1_000_000, by: 1_000)
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("pieces of any size make the same hash", arguments: 1...130)
    func pieces(size: Int) {
        // From sha256sum.
        #expect(
            hash(of: 1_000, by: size)
                == "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3")
    }
}
