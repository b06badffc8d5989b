extension ChecksumCommand {
    static let help = """
        usage: sockeye checksum [OPTION …] [FILE]

        Computes an error-detecting code over a message, which is a file, standard input where
        none is named, or one of these:

          --text TEXT        the text's bytes
          --hex DIGITS       bytes of two digits each, such as "45 00 00 3c"
          --bits BITS        zeros and ones, in the order a line carries them

        The code is CRC-32 unless one of these says otherwise:

          --code NAME        even, odd, block, internet, or a CRC that --list names
          --rows N           bits in a row of the code block (default: 8)
          --polynomial P     a CRC of one's own: bits with the leading one (10011), powers of x
                             (x^4+x+1), or hexadecimal without the leading one (0x04c11db7)
          --width N          how many bits its value has, 1 to 64; needed with hexadecimal
          --init VALUE       what its register holds at the beginning (default: 0)
          --reflect-in       each byte goes in with its least significant bit first
          --reflect-out      the register is mirrored at the end
          --reflect          both
          --xor VALUE        what is added to the register at the end (default: 0)

        What is done with it:

          --check            the message ends with its value: says whether that is right
          --expect VALUE     says whether the value is this one
          --show             shows the working: the long division of a CRC, the column of the
                             Internet checksum's ones' complement sum, the count of ones
          --list             names all codes

        Exit status: 0, or with --check and --expect 1 when the value is wrong; 2 when the command
        line was wrong.

        Examples:

          sockeye checksum --text 123456789
          sockeye checksum --code internet --show --hex "4500 0073 0000 4000 4011"
          sockeye checksum --polynomial 10011 --show --bits 1101011111
          sockeye checksum --polynomial 10011 --check --bits 11010111110010
        """
}
