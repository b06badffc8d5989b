"""`sockeye demo`, and what tshark says about what it leaves."""
import os
import unittest

import support


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        if os.geteuid() == 0:
            os.chown(cls.room, support.NOBODY, support.NOBODY)
        command = support.command_for_everybody(cls.room)
        cls.done = support.run(*support.as_ordinary_user(), command, "demo", cwd=cls.room)
        cls.capture = cls.room / "demo.pcap"

    def test_tells_the_story(self):
        """the demonstration shows the handshake, the close and the sockets, and says nothing else"""
        text = self.done.stdout.decode()
        for word in ["Flags [S]", "Flags [S.]", "Flags [F.]", "SYN ACK", "ESTABLISHED", "LISTEN",
                     "TIME-WAIT", "ARP", "demo.pcap"]:
            self.assertIn(word, text)
        self.assertEqual(self.done.stderr, b"")

    def test_capture_is_right(self):
        """tshark finds no malformed packet and no bad checksum in demo.pcap"""
        self.assertEqual(support.faults_in_capture(self.capture), "")
        self.assertGreater(support.packets_in_capture(self.capture), 20)

    def test_a_wrong_byte_would_be_found(self):
        """one wrong byte in the capture is what tshark would find"""
        if not self.capture.exists():
            self.fail("there is no capture")
        damaged = self.room / "damaged.pcap"
        data = bytearray(self.capture.read_bytes())
        data[-1] ^= 0x10
        damaged.write_bytes(data)
        # The last packet ends in a byte that a checksum covers.
        self.assertNotEqual(support.faults_in_capture(damaged), "")
