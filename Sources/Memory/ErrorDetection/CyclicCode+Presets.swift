extension CyclicCode {
    /// A code under the name by which it is published, with what it makes of "123456789".
    public struct Preset: Sendable {
        /// In lower case, such as "crc-32c".
        public let name: String
        /// Other names of the same code.
        public let aliases: [String]
        /// Where it is used.
        public let use: String
        public let code: CyclicCode
        /// The published check value of the nine digits "123456789".
        public let check: UInt64

        /// Whether `text` names the code, in whatever case.
        public func isNamed(_ text: String) -> Bool {
            let text = text.lowercased()
            return name == text || aliases.contains(text)
        }
    }

    /// The code with this name or alias, in whatever case; nil when none has it.
    public static func preset(_ name: String) -> Preset? {
        presets.first { $0.isNamed(name) }
    }

    /// The codes with names, the narrowest first.
    public static let presets: [Preset] = [
        preset("crc-4/textbook", ["10011"], "examples: x^4 + x + 1", 4, 0x3, check: 0xE),
        preset(
            "crc-4/itu", ["crc-4/g-704"], "framing of E1 lines (ITU-T G.704)", 4, 0x3,
            reflected: true, check: 0x7),
        preset("crc-5/epc", [], "RFID tags", 5, 0x09, 0x09, check: 0x00),
        preset(
            "crc-5/usb", [], "tokens of USB", 5, 0x05, 0x1F, reflected: true, 0x1F, check: 0x19),
        preset("crc-7/mmc", [], "commands of memory cards", 7, 0x09, check: 0x75),
        preset("crc-8", ["crc-8/smbus"], "SMBus packets", 8, 0x07, check: 0xF4),
        preset(
            "crc-8/itu", ["crc-8/i-432-1"], "headers of ATM cells (ITU-T I.432.1)", 8, 0x07, 0,
            0x55, check: 0xA1),
        preset(
            "crc-8/maxim", ["crc-8/maxim-dow"], "1-Wire devices", 8, 0x31, reflected: true,
            check: 0xA1),
        preset("crc-10/atm", ["crc-10"], "cells of ATM", 10, 0x233, check: 0x199),
        preset(
            "crc-12/umts", ["crc-12/3gpp"], "mobile telephony", 12, 0x80F, reflectsOutput: true,
            check: 0xDAF),
        preset("crc-15/can", ["crc-15"], "frames of the CAN bus", 15, 0x4599, check: 0x059E),
        preset(
            "crc-16", ["crc-16/arc", "crc-16/ibm"], "BISYNC, file archives", 16, 0x8005,
            reflected: true, check: 0xBB3D),
        preset(
            "crc-16/modbus", ["modbus"], "Modbus", 16, 0x8005, 0xFFFF, reflected: true,
            check: 0x4B37),
        preset(
            "crc-16/usb", [], "data of USB", 16, 0x8005, 0xFFFF, reflected: true, 0xFFFF,
            check: 0xB4C8),
        preset(
            "crc-16/ccitt", ["crc-16/kermit", "kermit"], "Kermit", 16, 0x1021, reflected: true,
            check: 0x2189),
        preset(
            "crc-16/ccitt-false", ["crc-16/ibm-3740"], "disks, sensors", 16, 0x1021, 0xFFFF,
            check: 0x29B1),
        preset("crc-16/xmodem", ["xmodem"], "XMODEM", 16, 0x1021, check: 0x31C3),
        preset(
            "crc-16/x-25", ["crc-16/ibm-sdlc", "crc-16/hdlc", "x-25"], "HDLC, PPP (RFC 1662)",
            16, 0x1021, 0xFFFF, reflected: true, 0xFFFF, check: 0x906E),
        preset(
            "crc-16/dnp", [], "telecontrol (DNP3)", 16, 0x3D65, reflected: true, 0xFFFF,
            check: 0xEA82),
        preset(
            "crc-24", ["crc-24/openpgp"], "OpenPGP (RFC 9580)", 24, 0x86_4CFB, 0xB7_04CE,
            check: 0x21_CF02),
        preset(
            "crc-32", ["crc-32/iso-hdlc", "ethernet", "fcs"], "Ethernet, PPP, gzip, PNG", 32,
            0x04C1_1DB7, 0xFFFF_FFFF, reflected: true, 0xFFFF_FFFF, check: 0xCBF4_3926),
        preset(
            "crc-32c", ["crc-32/iscsi", "castagnoli"], "SCTP (RFC 9260), iSCSI, ext4", 32,
            0x1EDC_6F41, 0xFFFF_FFFF, reflected: true, 0xFFFF_FFFF, check: 0xE306_9283),
        preset(
            "crc-32/bzip2", [], "bzip2, AAL5", 32, 0x04C1_1DB7, 0xFFFF_FFFF, 0xFFFF_FFFF,
            check: 0xFC89_1918),
        preset(
            "crc-32/mpeg-2", [], "MPEG streams", 32, 0x04C1_1DB7, 0xFFFF_FFFF, check: 0x0376_E6E7),
        preset(
            "crc-32/cksum", ["crc-32/posix"], "POSIX cksum, which adds the length", 32,
            0x04C1_1DB7, 0, 0xFFFF_FFFF, check: 0x765E_7680),
        preset(
            "crc-40/gsm", [], "mobile telephony", 40, 0x00_0482_0009, 0, 0xFF_FFFF_FFFF,
            check: 0xD4_164F_C646),
        preset(
            "crc-64", ["crc-64/ecma-182"], "tapes (ECMA-182)", 64, 0x42F0_E1EB_A9EA_3693,
            check: 0x6C40_DF5F_0B49_7347),
        preset(
            "crc-64/xz", [], "xz", 64, 0x42F0_E1EB_A9EA_3693, .max, reflected: true, .max,
            check: 0x995D_C9BB_DF19_39FA),
        preset(
            "crc-64/iso", ["crc-64/go-iso"], "HDLC (ISO 3309)", 64, 0x1B, .max, reflected: true,
            .max, check: 0xB909_56C7_75A4_1001),
    ].compactMap { $0 }

    private static func preset(
        _ name: String, _ aliases: [String], _ use: String, _ width: Int, _ polynomial: UInt64,
        _ initial: UInt64 = 0, reflected: Bool = false, reflectsOutput: Bool = false,
        _ finalXor: UInt64 = 0, check: UInt64
    ) -> Preset? {
        CyclicCode(
            width: width, polynomial: polynomial, initial: initial, reflectsInput: reflected,
            reflectsOutput: reflected || reflectsOutput, finalXor: finalXor
        ).map { Preset(name: name, aliases: aliases, use: use, code: $0, check: check) }
    }
}
