/// Who is on a network: names and numbers, no two alike.
struct MemberTable {
    private(set) var members: [NetworkMember] = []

    /// Why a host cannot join.
    struct Refusal: Error {
        let reason: String
    }

    /// Gives a host a name and the lowest number that is free.
    ///
    /// - Parameter isExact: Whether no other name will do; else NAME-2, NAME-3 and so on.
    mutating func join(_ name: String, isExact: Bool) throws(Refusal) -> NetworkMember {
        guard
            let number = NetworkMember.numbers.first(where: { number in
                !members.contains { $0.number == number }
            })
        else {
            throw Refusal(reason: "the network is full: \(NetworkMember.numbers.count) hosts")
        }
        var given = name
        if isTaken(name) {
            guard !isExact else { throw Refusal(reason: "there is a host '\(name)' already") }
            var suffix = 2
            repeat {
                given = "\(name)-\(suffix)"
                suffix += 1
            } while isTaken(given)
        }
        let member = NetworkMember(name: given, number: number)
        members.append(member)
        return member
    }

    mutating func leave(_ name: String) { members.removeAll { $0.name == name } }

    private func isTaken(_ name: String) -> Bool { members.contains { $0.name == name } }
}
