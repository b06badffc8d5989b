import Memory
import Testing
import Wire

@Suite("Ethernet addresses (IEEE 802)")
struct MACAddressTests {
    @Test("bytes, number and text are the same address")
    func forms() {
        let address = MACAddress(0x02, 0x00, 0x5E, 0x10, 0xFF, 0x01)
        #expect(address.rawValue == 0x0200_5E10_FF01)
        #expect(address.description == "02:00:5e:10:ff:01")
        #expect(MACAddress("02:00:5e:10:ff:01") == address)
        #expect(MACAddress("02:00:5E:10:FF:01") == address)
        #expect(MACAddress(0xABCD_0200_5E10_FF01) == address)
    }

    @Test(
        "malformed text is refused",
        arguments: [
            "", ":", "02", "02:00:00:00:00", "02:00:00:00:00:", "02:00:00:00:00:01:",
            "02:00:00:00:00:01:02", "2:0:0:0:0:1", "002:00:00:00:00:01", "02-00-00-00-00-01",
            "020000000001", "02:00:00:00:00:0g", " 02:00:00:00:00:01", "02:00:00:00:00:01 ",
            "02:00:00::00:01", "٠2:00:00:00:00:01",
        ])
    func malformed(text: String) {
        #expect(MACAddress(text) == nil)
    }

    @Test("the first byte's low bits say group and local")
    func bits() {
        #expect(MACAddress.broadcast.isBroadcast)
        #expect(MACAddress.broadcast.isMulticast)
        #expect(MACAddress(0x0100_5E00_0001).isMulticast)
        #expect(!MACAddress(0x0100_5E00_0001).isBroadcast)
        #expect(!MACAddress(0x00FF_FFFF_FFFF).isMulticast)
        #expect(!MACAddress(0x0001_0203_0405).isLocallyAdministered)
        #expect(MACAddress(0x0201_0203_0405).isLocallyAdministered)
        #expect(!MACAddress.zero.isMulticast)
    }

    @Test("multicast groups map to Ethernet groups (RFC 1112 §6.4, RFC 2464 §7)")
    func multicast() throws {
        #expect(MACAddress(multicast: .v4(224, 0, 0, 251)).description == "01:00:5e:00:00:fb")
        // The highest of the low 24 bits is lost.
        #expect(MACAddress(multicast: .v4(239, 255, 255, 250)).description == "01:00:5e:7f:ff:fa")
        let group = try #require(IPAddress("ff02::1:ff28:9c5a"))
        #expect(MACAddress(multicast: group).description == "33:33:ff:28:9c:5a")
    }

    @Test("order is that of the bytes")
    func order() {
        #expect(MACAddress(1) < MACAddress(2))
        #expect(MACAddress(0x0100_0000_0000) > MACAddress(0x00FF_FFFF_FFFF))
    }
}
