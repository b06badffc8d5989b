"""Processes under `sockeye run`: many, short, interrupted, ending badly."""
import socket

import support
from run_support import UnderRun


class Processes(UnderRun):
    def test_short_lives(self):
        """short processes, 64 at once, all connect: 5,000 if long"""
        count = 5000 if support.LONG else 500
        done = self.inside(self.compiled("short_lives"), count, 64, timeout=300)
        self.assertTrue(done.stdout.startswith(f"{count} lived".encode()), done.stdout)

    def test_short_programs(self):
        """short programs without a socket, 64 at once: 5,000 if long"""
        count = 5000 if support.LONG else 500
        done = self.inside("sh", "-c", f"seq {count} | xargs -P 64 -n 1 sh -c 'echo $0' | sort -u | wc -l",
                           timeout=300)
        self.assertEqual(done.stdout.strip(), str(count).encode())

    def test_storm_of_signals(self):
        """2,000 accepts and connections under a thousand signals a second, none lost or twice"""
        for words in [["restart"], []] * (5 if support.LONG else 1):
            done = self.inside(self.compiled("storm"), 2000, 1000, *words, timeout=60)
            self.assertEqual(done.stdout, b"2000 accepted, 0 wrong, client 0\n", done.stderr)

    def test_crashes(self):
        """a program that crashes has its connections closed, and its end is the launcher's"""
        program = self.compiled("crash")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(30)
            for how, status in [("abort", -6), ("fault", -11), ("kill", -9),
                                ("exit", 33)]:
                with self.subTest(how):
                    done = self.inside(program, listener.getsockname()[1], how, check=False)
                    self.assertEqual(done.returncode, status, done.stderr)
                    connection, _ = listener.accept()
                    with connection:
                        connection.settimeout(10)
                        self.assertEqual(connection.recv(100), b"here")
                        self.assertEqual(connection.recv(100), b"")

    def test_orphans(self):
        """what a program leaves running keeps its connections until it ends"""
        script = ("import os, socket, sys, time\n"
                  "s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
                  "if os.fork(): sys.exit(5)\n"
                  "os.setsid(); time.sleep(0.7); s.sendall(b'later')\n")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(30)
            done = self.inside(
                support.system_python(), "-c", script, listener.getsockname()[1], check=False)
            self.assertEqual(done.returncode, 5, done.stderr)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                self.assertEqual(connection.recv(100), b"later")
                self.assertEqual(connection.recv(100), b"")
