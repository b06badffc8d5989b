"""`sockeye checksum`: values others publish, the working shown, and what it refuses."""
import unittest
import zlib

import support
from support import run


def checksum(*words, check=True, **options):
    """What `sockeye checksum` prints, line by line."""
    return run(support.SOCKEYE, "checksum", *words, check=check, **options)


def lines(*words, **options):
    return checksum(*words, **options).stdout.decode().splitlines()


class ChecksumValues(unittest.TestCase):
    """Values, of messages in every form."""

    def test_published_values(self):
        """codes by name make their published values of 123456789"""
        for code, value in [
                ("crc-32", "0xcbf43926"), ("crc-32c", "0xe3069283"), ("crc-16", "0xbb3d"),
                ("crc-16/xmodem", "0x31c3"), ("x-25", "0x906e"), ("crc-24", "0x21cf02"),
                ("crc-64/xz", "0x995dc9bbdf1939fa")]:
            said = lines("--code", code, "--text", "123456789")
            self.assertEqual(said[-1].split(": ")[1], value, code)

    def test_codes_of_ones_own(self):
        """a code given by its parameters is that of the name"""
        parameters = ["--width", 32, "--init", "0xffffffff", "--xor", "0xffffffff", "--reflect"]
        said = lines(
            "--polynomial", "0x1edc6f41", *parameters, "--hex", "31 32 33 34 35 36 37 38 39")
        self.assertTrue(said[-1].endswith(": 0xe3069283"), said)
        for polynomial in ["10011", "x^4+x+1", "x^4 + x + 1", "0b10011"[2:]]:
            said = lines("--polynomial", polynomial, "--bits", "1101 0111 11")
            self.assertTrue(said[-1].endswith(": 0x2 (0010)"), said)

    def test_the_sum_of_an_ip_header(self):
        """the Internet checksum of a header is what the header carries"""
        header = "4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7"
        self.assertEqual(lines("--code", "internet", "--hex", header), ["internet: 0xb861"])
        whole = header.replace("4011 0000", "4011 b861")
        self.assertEqual(lines("--code", "internet", "--hex", whole), ["internet: 0x0000"])

    def test_parity(self):
        """parity makes the ones even or odd"""
        self.assertEqual(lines("--code", "even", "--bits", "1011001"), ["even parity: 0"])
        self.assertEqual(lines("--code", "odd", "--bits", "1011001"), ["odd parity: 1"])

    def test_files_and_standard_input(self):
        """files of any size and standard input are read to their end"""
        with support.room() as room:
            for size in [0, 1, 65536, 3_000_001]:
                support.make_file(room / "file", size)
                content = (room / "file").read_bytes()
                expected = f"crc-32: {zlib.crc32(content):#010x}"
                self.assertEqual(lines(room / "file"), [expected])
                self.assertEqual(lines(input=content), [expected])
                self.assertEqual(lines("-", input=content), [expected])

    def test_checking(self):
        """--check takes the value off the message's end, --expect from the command line"""
        content = b"frame check sequence"
        frame = content + zlib.crc32(content).to_bytes(4, "little")
        self.assertEqual(checksum("--check", input=frame).returncode, 0)
        for place in range(len(frame)):
            wrong = bytearray(frame)
            wrong[place] ^= 1
            done = checksum("--check", input=bytes(wrong), check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"wrong", done.stdout)
        value = hex(zlib.crc32(content))
        self.assertEqual(checksum("--expect", value, input=content).returncode, 0)
        self.assertEqual(checksum("--expect", 1, input=content, check=False).returncode, 1)
        self.assertEqual(
            checksum("--polynomial", "10011", "--check", "--bits", "11010111110010").returncode, 0)
        self.assertEqual(
            checksum("--code", "even", "--check", "--bits", "10110010").returncode, 0)
        self.assertEqual(
            checksum("--code", "even", "--check", "--bits", "10110011", check=False).returncode, 1)


class ChecksumWorking(unittest.TestCase):
    """The working is shown."""

    def test_long_division(self):
        """the long division of the textbook, step by step"""
        said = lines("--polynomial", "10011", "--show", "--bits", "1101011111")
        self.assertEqual(said, """\
the polynomial is x^4 + x + 1
message       1101011111
with zeros    11010111110000

        1100001110  quotient
10011 ) 11010111110000
        10011
        -----
         1001111110000
         10011
         -----
              11110000
              10011
              -----
               1101000
               10011
               -----
                100100
                10011
                -----
                  0010

remainder     0010
crc-4 by 10011: 0x2 (0010)""".splitlines())

    def test_division_of_every_code(self):
        """the division ends with the value that the code has without it"""
        names = [line.split()[0] for line in lines("--list")]
        self.assertGreater(len(names), 25)
        for name in names:
            words = ["--code", name, "--hex", "45 00 00 54 a6 f2"]
            self.assertEqual(lines("--show", *words)[-1], lines(*words)[-1])

    def test_column_of_words(self):
        """the column of the ones' complement sum, with its carries"""
        said = lines("--code", "internet", "--show", "--hex", "8000 8001 ff")
        self.assertEqual(said, """\
  word  sum
  8000  8000
  8001  0001 carry 1, added: 0002
  ff00  ff02  (filled up with a zero byte)
the complement of ff02 is 00fd
internet: 0x00fd""".splitlines())

    def test_count_and_block(self):
        """ones are counted row by row; a block has its parities beside and below"""
        said = lines("--code", "even", "--show", "--hex", "07 01")
        self.assertEqual(said, """\
  00000111  3 ones, 3 in all
  00000001  1 ones, 4 in all
4 ones and a parity bit of 0 are 4, which is even
even parity: 0""".splitlines())
        said = lines("--code", "block", "--rows", 4, "--show", "--bits", "1011 0110")
        self.assertEqual(said[:4], ["  1011 | 1", "  0110 | 0", "  -----+--", "  1101 | 1"])


class ChecksumRefusesNonsense(unittest.TestCase):
    """Errors are said in words, with the status of wrong command lines or failures."""

    def test_wrong_command_lines(self):
        """what no code or message is ends with status 2 and says what is wrong"""
        wrong = {
            ("--code", "crc-33", "--text", "x"): "there is no code 'crc-33'",
            ("--hex", "4"): "'4' is not bytes",
            ("--hex", "zz"): "'zz' is not bytes",
            ("--bits", "012"): "'012' is not zeros and ones",
            ("--polynomial", "0x1021", "--text", "x"): "needs --width",
            ("--polynomial", "0x11021", "--width", "8", "--text", "x"): "more than 8 bits",
            ("--polynomial", "0011", "--text", "x"): "not bits with a leading one",
            ("--polynomial", "x^65+1", "--text", "x"): "powers of x up to 64",
            ("--polynomial", "1000", "--text", "x"): "no term but its first",
            ("--polynomial", "10011", "--width", "5", "--text", "x"): "degree 4, not 5",
            ("--polynomial", "10011", "--init", "0x10", "--text", "x"): "more than 4 bits",
            ("--polynomial", "10011", "--code", "crc-8"): "not both",
            ("--width", "8", "--text", "x"): "--width needs --polynomial",
            ("--width", "65"): "'65' is not a number of bits",
            ("--init", "-1"): "'-1' is not a number",
            ("--expect", "x"): "'x' is not a value",
            ("--rows", "4", "--text", "x"): "--rows needs --code block",
            ("--check", "--expect", "1", "--text", "x"): "--check takes",
            ("--text", "a", "--hex", "00"): "one message at a time",
            ("--text", "a", "file"): "one message at a time",
            ("one", "two"): "unexpected 'two'",
            ("--code", "internet", "--bits", "101"): "covers whole bytes, not 3 bits",
            ("--show", "--text", "x" * 33): "up to 256 bits",
            ("--nonsense",): "unknown option '--nonsense'",
            ("--text",): "--text needs",
        }
        for words, complaint in wrong.items():
            done = checksum(*words, check=False)
            self.assertEqual((words, done.returncode, done.stdout), (words, 2, b""))
            self.assertIn(complaint, done.stderr.decode())

    def test_files_that_cannot_be_read(self):
        """a file that is not there, a directory, and a message too short end with status 1"""
        with support.room() as room:
            for words, complaint in [
                    ([room / "absent"], "No such file or directory"),
                    ([room], "Is a directory"),
                    (["--check", "--hex", "01 02"], "shorter than its crc-32")]:
                done = checksum(*words, check=False)
                self.assertEqual((words, done.returncode, done.stdout), (words, 1, b""))
                self.assertIn(complaint, done.stderr.decode())

    def test_help(self):
        """the help explains every option"""
        said = checksum("--help").stdout.decode()
        for option in ["--code", "--polynomial", "--width", "--init", "--reflect-in",
                       "--reflect-out", "--xor", "--check", "--expect", "--show", "--list"]:
            self.assertIn(option, said)
