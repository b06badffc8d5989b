import Memory
import Testing
import Wire

@Suite("Addresses in bytes")
struct AddressBytesTests {
    let sample = bytes("00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12")

    @Test("addresses are read in network order at any offset")
    func read() {
        #expect(sample.span.macAddress(at: 1).rawValue == 0x0102_0304_0506)
        #expect(sample.span.ipv4Address(at: 3).rawValue == 0x0304_0506)
        let v6 = sample.span.ipv6Address(at: 3)
        #expect((v6.high, v6.low) == (0x0304_0506_0708_090A, 0x0B0C_0D0E_0F10_1112))
    }

    @Test("addresses are written to their bytes and no others")
    func write() {
        let mac = written(8) { $0.write(MACAddress(0x0102_0304_0506), at: 1) }
        #expect(mac == bytes("ee 01 02 03 04 05 06 ee"))
        let v4 = written(6) { $0.write(IPv4Address(1, 2, 3, 4), at: 1) }
        #expect(v4 == bytes("ee 01 02 03 04 ee"))
        let v6 = written(18) {
            $0.write(IPv6Address(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10), at: 1)
        }
        #expect(v6 == bytes("ee 0102030405060708 090a0b0c0d0e0f10 ee"))
    }
}
