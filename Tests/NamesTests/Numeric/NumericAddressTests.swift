import Glibc
import Memory
import Names
import Testing
import Wire

/// Every answer is that of the C library in the same process.
@Suite("Addresses in numbers, beside the C library")
struct NumericAddressTests {
    private static func differences(_ text: String) -> [String] {
        var found: [String] = []
        func check<Value: Equatable>(_ call: String, _ ours: Value?, _ theirs: Value?) {
            if ours != theirs {
                found.append(
                    "\(call)(\(text.debugDescription)): \(String(describing: ours)) here, "
                        + "\(String(describing: theirs)) there")
            }
        }
        check("pton4", NumericAddress.pton4(text), CLibrary.pton4(text))
        check("pton6", NumericAddress.pton6(text), CLibrary.pton6(text))
        check("aton", NumericAddress.aton(text), CLibrary.aton(text))
        let address = NumericAddress.aton(text)
        check("addr", address == .broadcast ? nil : address, CLibrary.addr(text))
        let network = NumericAddress.network(text)
        check("network", network == .max ? nil : network, CLibrary.network(text))
        return found
    }

    @Test(
        "forms that are seldom seen",
        arguments: [
            "", " ", "0", "1", "127.1", "127.0.1", "1.2.3", "1.2.3.4", "1.2.3.4.", "1.2.3.4.5",
            ".1", "1..2", "0x7f.1", "0X7F000001", "0x", "0xg", "x1", "0x.1", "1.0x", "017.1",
            "08.1", "0777", "00000000000000000000000000000000000000000000000000000000000000000001",
            "4294967295", "4294967296", "99999999999999999999999999", "1.16777215", "1.16777216",
            "1.2.65535", "1.2.65536", "1.2.3.255", "1.2.3.256", "256.1", "255.255.255.255",
            "0xffffffff", "1.2.3.4 ", "1.2.3.4 x", "1.2.3.4\t", "1.2.3.4\u{b}y", "1.2.3.4x",
            " 1.2.3.4", "+1", "-1", "1.-1", "0.0.0.0", "00.00.00.00", "01.2.3.4", "1.2.3.04",
            "192.168.1", "10", "10 ", "10  x", "0x1x", "0xA.0xb", "1.2.3.4\n", "1.2.3.4\u{a0}",
            ":", "::", ":::", "::1", "1::", "1::2", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8", "1::2::3", "12345::",
            "00001::", "::g", "::1.2.3.4", "::1.2.3", "1:2:3:4:5:6:1.2.3.4",
            "1:2:3:4:5:6:7:1.2.3.4", "::ffff:1.2.3.4", "::FFFF:1.2.3.4", "1.2.3.4::", "::1%lo",
            "fe80::1%1", "[::1]", "::1 ", " ::1", "1:", "1:2:3:4:5:6:7:", ":1::", "::1:",
            "::1.2.3.4:5", "::01.2.3.4", "::1.2.3.4.", "a.b.c.d", "0::0.0.0.0", "::1.2.3.256",
        ])
    func table(text: String) {
        #expect(Self.differences(text).isEmpty)
    }

    @Test("a hundred thousand texts that are nearly addresses")
    func random() {
        var dice = Dice(20_26)
        let pieces = [
            "0", "1", "9", "8", "12", "255", "256", "65535", "0x", "0xf", "x", "a", "ffff", ".",
            ".", ".", ":", ":", "::", "::", " ", "%", "07", "00", "fe80", "4294967295", "\t", "g",
        ]
        var found: [String] = []
        for _ in 0..<100_000 where found.count < 5 {
            let count = 1 + Int(dice.next() % 16)
            var text = ""
            for _ in 0..<count { text += pieces[Int(dice.next() % UInt64(pieces.count))] }
            found += Self.differences(text)
        }
        #expect(found.isEmpty)
    }

    @Test("a hundred thousand addresses with single bytes changed")
    func changed() {
        var dice = Dice(7)
        var found: [String] = []
        for _ in 0..<100_000 where found.count < 5 {
            let address = Self.address(&dice)
            var text = Array(
                dice.next() & 1 == 0
                    ? NumericAddress.ntop(address)
                    : NumericAddress.ntop(IPv4Address(UInt32(truncatingIfNeeded: dice.next()))))
            let letters = Array("0123456789abcdefABCDEF.:x% ")
            for _ in 0..<dice.next() % 3 {
                let letter = letters[Int(dice.next() % UInt64(letters.count))]
                let place = Int(dice.next() % UInt64(text.count))
                if dice.next() & 1 == 0 {
                    text[place] = letter
                } else {
                    text.insert(letter, at: place)
                }
            }
            found += Self.differences(String(text))
        }
        #expect(found.isEmpty)
    }

    /// Groups that are zero more often than not.
    private static func address(_ dice: inout Dice) -> IPv6Address {
        var halves: [UInt64] = []
        for _ in 0..<2 {
            var half: UInt64 = 0
            for _ in 0..<4 {
                let group: UInt64 = [0, 0, 1, 0xFFFF, dice.next() & 0xFFFF][Int(dice.next() % 5)]
                half = half << 16 | group
            }
            halves.append(half)
        }
        return IPv6Address(high: halves[0], low: halves[1])
    }

    @Test("a hundred thousand addresses are written as there")
    func written() {
        var dice = Dice(11)
        var found: [String] = []
        for _ in 0..<100_000 where found.count < 5 {
            let address = Self.address(&dice)
            if NumericAddress.ntop(address) != CLibrary.ntop(address) {
                found.append("\(NumericAddress.ntop(address)) \(CLibrary.ntop(address))")
            }
            let v4 = IPv4Address(UInt32(truncatingIfNeeded: address.low))
            if NumericAddress.ntop(v4) != CLibrary.ntop(v4) { found.append("\(v4)") }
            let raw = in_addr(s_addr: v4.rawValue.bigEndian)
            if NumericAddress.localPart(of: v4) != inet_lnaof(raw)
                || NumericAddress.networkPart(of: v4) != inet_netof(raw)
            {
                found.append("parts of \(v4)")
            }
            let network = UInt32(truncatingIfNeeded: dice.next()) >> UInt32(dice.next() % 32)
            let local = UInt32(truncatingIfNeeded: dice.next())
            let made = NumericAddress.address(network: network, local: local)
            if made.rawValue.bigEndian != inet_makeaddr(network, local).s_addr {
                found.append("\(network) and \(local) make \(made)")
            }
        }
        #expect(found.isEmpty)
    }

    @Test("numbers cross between the two orders")
    func order() {
        #expect(ByteOrder.networkOrder(UInt16(0x1234)) == htons(0x1234))
        #expect(ByteOrder.networkOrder(UInt32(0x1234_5678)) == htonl(0x1234_5678))
        #expect(ByteOrder.hostOrder(htons(80)) == 80)
        #expect(ByteOrder.hostOrder(htonl(80)) == 80)
    }
}
