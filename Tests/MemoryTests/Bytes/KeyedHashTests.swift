import Memory
import Testing

/// The expected values come from an independent implementation of SipHash, which was checked
/// against the vectors of the paper (key 00 … 0f, messages 00, 00 01, …).
@Suite("Keyed hash (SipHash)")
struct KeyedHashTests {
    let reference = KeyedHash(key: 0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
    let extreme = KeyedHash(key: .max, 0)

    @Test("SipHash-2-4 of eight bytes is the published vector")
    func oneWord() {
        #expect(reference.secret(0x0706_0504_0302_0100) == 0x93F5_F579_9A93_2462)
        #expect(extreme.secret(0) == 0x298A_0EC0_60AA_1C1C)
    }

    @Test("SipHash-2-4 of forty bytes")
    func fiveWords() {
        #expect(
            reference.secret(
                0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, 0x1716_1514_1312_1110,
                0x1F1E_1D1C_1B1A_1918, 0x2726_2524_2322_2120) == 0x0E3E_A96B_5304_A7D0)
        #expect(
            extreme.secret(0, .max, 1, 1 << 63, 0x0123_4567_89AB_CDEF) == 0xDCAC_303A_9E7B_F1AB)
    }

    @Test("SipHash-1-3 of forty bytes")
    func place() {
        #expect(
            reference.place(
                0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, 0x1716_1514_1312_1110,
                0x1F1E_1D1C_1B1A_1918, 0x2726_2524_2322_2120) == 0xC1D2_3632_99E4_1531)
        #expect(
            extreme.place(0, .max, 1, 1 << 63, 0x0123_4567_89AB_CDEF) == 0x92AB_408A_08C9_5E71)
    }
}
