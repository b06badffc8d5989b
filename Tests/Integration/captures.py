"""What tshark says of all that the hosts of all tests sent and received."""
import concurrent.futures
import os
import pathlib
import unittest

import support


def look(path):
    count = support.trim_capture(path)
    return path, count, support.faults_in_capture(path) if count else ""


class Captures(unittest.TestCase):
    def test_captures_of_all_hosts(self):
        """tshark's experts find no error in what the hosts of all tests sent and received"""
        support.require("tshark")
        files = sorted(pathlib.Path(os.environ["SOCKEYE_CAPTURES"]).glob("*.pcap"))
        with concurrent.futures.ThreadPoolExecutor(2) as workers:
            looks = list(workers.map(look, files))
        packets = sum(count for _, count, _ in looks)
        faults = "".join(f"{path.name}:\n{text[:2000]}\n" for path, _, text in looks if text)
        print(f"     {packets} packets in {len(files)} captures", flush=True)
        self.assertEqual(faults, "")
