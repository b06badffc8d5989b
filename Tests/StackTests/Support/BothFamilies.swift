import Testing

@testable import Stack

/// Runs every test of a suite twice, over IPv4 and over IPv6: what TCP does is the same.
struct BothFamilies: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for family in [AddressFamily.inet, .inet6] {
            try await Script.$family.withValue(family) { try await function() }
        }
    }
}

extension Trait where Self == BothFamilies {
    static var overBothFamilies: BothFamilies { BothFamilies() }
}
