"""Tools of the network under `sockeye run`: they show and measure the stack and not the machine."""
import json
import re
import shutil
import socket
import time
import unittest

import support
from run_support import UnderRun, free_port, said


class Iperf(UnderRun):
    modes = {
        "TCP": [], "TCP from the server": ["-R"], "both ways": ["--bidir"],
        "four at once": ["-P", "4"], "UDP": ["-u", "-b", "50M"],
        "UDP from the server": ["-u", "-b", "50M", "-R"],
    }

    def measure(self, run, port, words, family):
        address = "::1" if family == 6 else "127.0.0.1"
        for _ in range(5):
            done = run("iperf3", "-J", "-c", address, "-p", port, "-t", 2 if support.LONG else 1,
                       *words, check=False, timeout=60)
            result = json.loads(done.stdout)
            # The server listens anew after each test: whoever comes before it does is reset, or refused.
            error = result.get("error", "")
            if not any(reason in error for reason in ("control message", "unable to connect")):
                break
            time.sleep(0.3)
        self.assertNotIn("error", result)
        ends = [result["end"][name] for name in result["end"] if name.startswith("sum")]
        for end in ends:
            self.assertGreater(end["bytes"], 1_000_000)
        if "-u" in words:
            self.assertLess(result["end"]["sum"]["lost_percent"], 50)

    def server(self, start):
        support.require("iperf3")
        port = free_port()
        server = start("iperf3", "-s", "-p", port)
        self.wait_for_port(port, server)
        return port, server

    def all_modes(self, start, run, families=(4, 6)):
        for family in families:
            port, server = self.server(start)
            for name, words in self.modes.items():
                with self.subTest(f"{name}, IPv{family}"):
                    self.measure(run, port, words, family)
                    if server.poll() is not None:
                        self.fail(f"the server ended: {said(server)}")

    def test_client(self):
        """iperf3 measures to a server on the machine, in every mode"""
        self.all_modes(self.start, self.inside)

    def test_server(self):
        """iperf3 serves the machine's, in every mode"""
        self.all_modes(self.start_inside, self.plainly, (4, 6) if support.LONG else (4,))


class Tools(UnderRun):
    def test_dig(self):
        """dig asks by UDP and TCP: the built-in names, and a server on the machine"""
        support.require("dig")
        for words in [[], ["+tcp"], ["@10.0.2.3"], ["@10.0.2.3", "+tcp"], ["@fd00:2::3"]]:
            with self.subTest(" ".join(words)):
                done = self.inside("dig", "+short", "+tries=1", "+time=5", *words,
                                   "services.sockeye", "A")
                self.assertEqual(done.stdout, b"10.0.2.4\n")
        program = shutil.which("dnsmasq", path=self.environment["PATH"])
        if not program:
            raise unittest.SkipTest("dnsmasq is not installed")
        port = free_port()
        self.start(program, "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                   "--user=", "--group=", f"--pid-file={self.room}/dnsmasq.pid",
                   "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}",
                   "--address=/fish.example/192.0.2.77", "--host-record=six.example,2001:db8::77")
        self.wait_for_port(port)
        for words in [[], ["+tcp"]]:
            for name, kind, answer in [("fish.example", "A", b"192.0.2.77\n"),
                                       ("six.example", "AAAA", b"2001:db8::77\n")]:
                done = self.inside("dig", "+short", "+tries=1", *words, "-p", port, "@127.0.0.1",
                                   name, kind)
                self.assertEqual(done.stdout, answer)

    def test_ping(self):
        """ping is answered by the gateway, the services and the loopback, by both families"""
        support.require("ping")
        for address in ["10.0.2.2", "10.0.2.4", "services.sockeye", "10.0.2.15", "127.0.0.1",
                        "localhost", "::1", "fd00:2::2", "fd00:2::15"]:
            with self.subTest(address):
                done = self.inside("ping", "-n", "-c", 3, "-i", 0.2, "-W", 2, address)
                self.assertIn(b"3 received, 0% packet loss", done.stdout)

    def test_ping_of_nobody(self):
        """ping of an address that nobody has on the link fails, as ping does"""
        support.require("ping")
        done = self.inside("ping", "-n", "-c", 1, "-W", 5, "10.0.2.77", check=False, timeout=30)
        self.assertEqual(done.returncode, 1)

    def test_ping_of_the_busybox(self):
        """a static busybox's ping is answered"""
        support.require("busybox")
        done = self.inside("busybox", "ping", "-c", 2, "-W", 2, "10.0.2.2")
        self.assertIn(b"2 packets received", done.stdout)

    def test_traceroute(self):
        """traceroute by ICMP and TCP finds the way of one hop"""
        program = shutil.which("traceroute", path=self.environment["PATH"])
        if not program:
            raise unittest.SkipTest("traceroute is not installed")
        for words in [["-I"], ["-T", "-p", "80"]]:
            for address in ["10.0.2.4", "fd00:2::4"]:
                with self.subTest(f"{' '.join(words)} {address}"):
                    done = self.inside(program, "-n", "-q", 1, "-w", 2, "-m", 3, *words, address)
                    hops = done.stdout.decode().splitlines()[1:]
                    self.assertEqual(len(hops), 1, hops)
                    self.assertIn(address, hops[0])

    @unittest.expectedFailure
    def test_traceroute_by_datagrams(self):
        """traceroute by UDP, which waits for POLLERR: docs/DIFFERENCES.md, Programs"""
        program = shutil.which("traceroute", path=self.environment["PATH"])
        done = self.inside(program, "-n", "-q", 1, "-w", 1, "-m", 1, "10.0.2.4")
        self.assertIn("10.0.2.4", done.stdout.decode().splitlines()[1])

    @unittest.expectedFailure
    def test_tcpdump(self):
        """tcpdump inside, which maps its socket's ring: docs/DIFFERENCES.md, Programs"""
        program = shutil.which("tcpdump", path=self.environment["PATH"])
        if not program:
            raise unittest.SkipTest("tcpdump is not installed")
        support.require("ping")
        done = self.inside(
            "sh", "-c", f"{program} -n -l -i eth0 -c 6 icmp & dump=$!; sleep 1; "
            "ping -n -q -c 4 -i 0.2 10.0.2.2 >/dev/null; wait $dump", timeout=30)
        text = done.stdout.decode()
        self.assertEqual(len(re.findall("ICMP echo request", text)), 3, text)
        self.assertEqual(len(re.findall("ICMP echo reply", text)), 3, text)

    def test_ip(self):
        """ip shows the links, addresses and routes of the stack, and not the machine's"""
        support.require("ip")
        addresses = self.inside("ip", "addr").stdout.decode()
        for wanted in ["lo:", "eth0:", "inet 127.0.0.1/8", "inet6 ::1/128", "inet 10.0.2.15/24",
                       "inet6 fd00:2::15/64", "link/ether", "mtu 1500"]:
            self.assertIn(wanted, addresses)
        self.assertEqual(len(re.findall(r"^\d+:", addresses, re.M)), 2, addresses)
        routes = self.inside("ip", "route").stdout.decode()
        self.assertIn("default via 10.0.2.2 dev eth0", routes)
        self.assertIn("10.0.2.0/24 dev eth0", routes)
        routes = self.inside("ip", "-6", "route").stdout.decode()
        self.assertIn("default via fd00:2::2 dev eth0", routes)
        for words in [["-s", "link"], ["neigh"], ["route", "get", "10.0.2.4"], ["-j", "addr"],
                      ["addr", "show", "dev", "eth0"]]:
            with self.subTest(" ".join(words)):
                self.assertNotEqual(self.inside("ip", *words).stdout if words != ["neigh"] else 1, b"")

    def test_ss(self):
        """ss shows the sockets of the stack, and not the machine's"""
        support.require("ss")
        script = ("import socket, subprocess, sys\n"
                  "l = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
                  "c = socket.create_connection(l.getsockname()); a, _ = l.accept()\n"
                  "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0))\n"
                  "print(u.getsockname()[1], c.getsockname()[1], flush=True)\n"
                  "subprocess.run(['ss', '-tan']); sys.stdout.flush()\n"
                  "subprocess.run(['ss', '-uan'])\n")
        port = free_port()
        with socket.create_server(("127.0.0.1", 0)) as foreign:
            done = self.inside(support.system_python(), "-c", script, port).stdout.decode()
            self.assertNotIn(f":{foreign.getsockname()[1]} ", done)
        udp, client = done.splitlines()[0].split()
        self.assertRegex(done, rf"LISTEN\s+\d+\s+\d+\s+127\.0\.0\.1:{port}\s")
        self.assertRegex(done, rf"ESTAB\s+\d+\s+\d+\s+127\.0\.0\.1:{client}\s+127\.0\.0\.1:{port}\s")
        self.assertRegex(done, rf"ESTAB\s+\d+\s+\d+\s+127\.0\.0\.1:{port}\s+127\.0\.0\.1:{client}\s")
        self.assertRegex(done, rf"UNCONN\s+\d+\s+\d+\s+127\.0\.0\.1:{udp}\s")

    def test_interfaces(self):
        """if_nameindex tells of the stack's interfaces"""
        script = "import socket; print([name for _, name in socket.if_nameindex()])"
        done = self.inside(support.system_python(), "-c", script)
        self.assertEqual(done.stdout, b"['lo', 'eth0']\n")

    def test_hostname(self):
        """the machine's name resolves to an address that the program can bind"""
        script = ("import socket\n"
                  "for *_, name in socket.getaddrinfo(socket.gethostname(), 0, socket.AF_INET):\n"
                  "    s = socket.socket(); s.bind(name); print('bound')\n")
        done = self.inside(support.system_python(), "-c", script, check=False)
        plain = self.plainly(support.system_python(), "-c", script, check=False)
        self.assertEqual(done.returncode, plain.returncode, done.stderr)


