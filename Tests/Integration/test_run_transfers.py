"""Programs that fetch and send, under `sockeye run`, from and to servers on the machine's loopback."""
import os
import time
import unittest

import support
from run_support import PageServer, Silence, UnderRun, free_port, is_static

SIZE = 100_000_000


class Transfers(UnderRun):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.room / "pages").mkdir()
        cls.digest = support.make_file(cls.room / "pages/large", SIZE)
        (cls.room / "pages/index.html").write_text("<html>here</html>\n")
        cls.server = PageServer(cls.room / "pages")
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)

    def fetches(self, *words, options=()):
        """Runs a program that writes `fetched`, and compares."""
        support.require(words[0])
        self.inside(*words, options=options, timeout=240)
        fetched = self.room / "fetched"
        self.assertEqual(fetched.stat().st_size, SIZE)
        self.assertEqual(support.hash_of(fetched), self.digest)
        os.remove(fetched)

    def test_curl(self):
        """curl fetches 100 MB from the machine's loopback, every byte right"""
        self.fetches("curl", "-sS", "--fail", "-o", "fetched", f"{self.server.url}/large")

    def test_wget(self):
        """wget fetches 100 MB from the machine's loopback, every byte right"""
        self.fetches("wget", "-q", "-O", "fetched", f"{self.server.url}/large")

    def test_busybox(self):
        """a static busybox's wget fetches 100 MB from the machine's loopback, every byte right"""
        support.require("busybox", "ldd")
        if not is_static("busybox"):
            raise unittest.SkipTest("the busybox here is not a static one")
        self.fetches("busybox", "wget", "-q", "-O", "fetched", f"{self.server.url}/large")

    def test_python(self):
        """python3 fetches 100 MB from the machine's loopback, every byte right"""
        program = ("import shutil, sys, urllib.request\n"
                   "with urllib.request.urlopen(sys.argv[1]) as page, open('fetched', 'wb') as f:\n"
                   "    shutil.copyfileobj(page, f, 1 << 20)\n")
        self.fetches(support.system_python(), "-c", program, f"{self.server.url}/large")

    def test_six(self):
        """curl and wget fetch 100 MB over IPv6"""
        try:
            server = PageServer(self.room / "pages", "::1")
        except OSError as error:
            raise unittest.SkipTest(f"the machine has no IPv6: {error}") from None
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.fetches("curl", "-gsS", "--fail", "-o", "fetched", f"{server.url}/large")
        self.fetches("wget", "-q", "-O", "fetched", f"{server.url}/large")

    def test_localhost(self):
        """localhost is the machine's, by whichever family it answers"""
        support.require("curl")
        port = self.server.server_address[1]
        done = self.same("curl", "-sS", f"http://localhost:{port}/")
        self.assertIn(b"here", done.stdout)

    def test_loss(self):
        """1 % of loss costs time, but no byte"""
        self.fetches("curl", "-sS", "--fail", "-o", "fetched", f"{self.server.url}/large",
                     options=["--loss", "1%"])

    def test_uploads(self):
        """curl and wget upload 100 MB, by PUT, POST and in chunks; every byte arrives"""
        support.require("curl", "wget")
        url, expected = f"{self.server.url}/put", self.digest.encode()
        for words in [
                ["curl", "-sS", "-T", "pages/large", url],
                ["curl", "-sS", "--data-binary", "@pages/large", url],
                ["curl", "-sS", "-H", "Transfer-Encoding: chunked", "-T", "pages/large", url],
                ["wget", "-q", "-O", "-", "--post-file", "pages/large", url]]:
            with self.subTest(" ".join(words[:4])):
                self.assertEqual(self.inside(*words).stdout, expected)

    def test_many(self):
        """two hundred transfers of one curl, fifty at once"""
        support.require("curl")
        done = self.inside("curl", "-sS", "--fail", "-Z", "--parallel-max", "50",
                           *(f"{self.server.url}/index.html?{n}" for n in range(200)))
        self.assertEqual(done.stdout.count(b"here"), 200)

    def test_refused(self):
        """a port where nobody listens refuses at once, as it does plainly"""
        support.require("curl", "wget")
        port = free_port()
        for words in [["curl", "-s", f"http://127.0.0.1:{port}/"],
                      ["curl", "-gs", f"http://[::1]:{port}/"],
                      ["wget", "-q", "-t", "1", f"http://127.0.0.1:{port}/"]]:
            began = time.monotonic()
            done = self.same(*words)
            self.assertLess(time.monotonic() - began, 5)
            self.assertIn(done.returncode, (4, 7))

    def test_timeout(self):
        """who is not answered waits as long as it was told to, as it does plainly"""
        support.require("curl")
        silence = Silence()
        self.addCleanup(silence.close)
        url = f"http://127.0.0.1:{silence.port}/"
        for words in [["--connect-timeout", "1"], ["--max-time", "1"]]:
            began = time.monotonic()
            done = self.inside("curl", "-s", *words, url, check=False)
            self.assertEqual(done.returncode, 28)
            self.assertGreater(time.monotonic() - began, 1)
            self.assertLess(time.monotonic() - began, 6)

    def test_truncated(self):
        """a server that ends in the middle of a file is seen to have done so"""
        support.require("curl")
        script = (
            "import socket\n"
            "l = socket.create_server(('127.0.0.1', 0)); print(l.getsockname()[1], flush=True)\n"
            "for reset in (False, True):\n"
            "    c, _ = l.accept(); c.recv(65536)\n"
            "    c.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Length: 100000\\r\\n\\r\\n' + b'x' * 5000)\n"
            "    import struct, time; time.sleep(0.3)\n"
            "    if reset: c.setsockopt(1, 13, struct.pack('ii', 1, 0))\n"
            "    c.close()\n")
        server = self.start(support.system_python(), "-c", script)
        port = None

        def is_known():
            nonlocal port
            server.log.seek(0)
            port = server.log.read().decode().strip()
            return port.isdigit()

        support.wait_until(is_known, "the server tells its port")
        # 18: a part of the file; 56: failure in receiving, of a connection that is reset.
        for status in (18, 56):
            done = self.inside("curl", "-s", "-o", "part", f"http://127.0.0.1:{port}/", check=False)
            self.assertEqual(done.returncode, status)
            self.assertEqual((self.room / "part").stat().st_size, 5000)

    def test_git(self):
        """git clones over HTTP, and what it cloned is whole"""
        support.require("git")
        for command in [["init", "-q", "-b", "main", "source"],
                        ["-C", "source", "config", "user.name", "Nobody"],
                        ["-C", "source", "config", "user.email", "nobody@example.org"]]:
            self.plainly("git", *command)
        for number in range(20):
            self.make(f"source/file{number}", 200_000)
            self.plainly("git", "-C", "source", "add", ".")
            self.plainly("git", "-C", "source", "commit", "-q", "-m", f"change {number}")
        self.give(self.room / "pages")
        self.plainly("git", "clone", "-q", "--bare", "source", "pages/bare.git")
        self.plainly("git", "-C", "pages/bare.git", "update-server-info")
        self.inside("git", "clone", "-q", f"{self.server.url}/bare.git", "clone")
        self.plainly("git", "-C", "clone", "fsck", "--full")
        heads = [self.plainly("git", "-C", name, "rev-parse", "HEAD").stdout
                 for name in ("source", "clone")]
        self.assertEqual(heads[0], heads[1])
