"""Servers under `sockeye run`: reached by programs beside them inside, and by the machine's plainly."""
import contextlib
import os
import pathlib
import shlex
import shutil
import socket
import threading
import unittest

import support
from run_support import UnderRun, free_port, is_static, listening, said

NGINX = """
daemon off;
worker_processes 4;
pid {room}/nginx.pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {room}/temporary;
    proxy_temp_path {room}/temporary;
    fastcgi_temp_path {room}/temporary;
    uwsgi_temp_path {room}/temporary;
    scgi_temp_path {room}/temporary;
    sendfile on;
    server {{
        listen 127.0.0.1:{port}{flags};
        listen [::1]:{port}{flags};
        root {room}/pages;
        location /who {{ return 200 "$remote_addr\\n"; }}
    }}
    server {{
        listen 127.0.0.1:{other};
        location / {{ proxy_pass http://127.0.0.1:{port}; }}
    }}
}}
"""


class Servers(UnderRun):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.room / "pages").mkdir()
        cls.digest = support.make_file(cls.room / "pages/large", 50_000_000)
        (cls.room / "pages/index.html").write_text("<html>here</html>\n")

    def nginx(self, flags=""):
        support.require("curl")
        program = shutil.which("nginx", path=self.environment["PATH"])
        if not program:
            raise unittest.SkipTest("nginx is not installed")
        port, other = free_port(), free_port()
        path = self.room / "nginx.conf"
        path.write_text(NGINX.format(room=self.room, port=port, other=other, flags=flags))
        return [program, "-p", self.room, "-c", path, "-e", "stderr"], port, other

    def check_pages(self, run, port, other):
        """Fetches large and small files, by both families and through the proxy."""
        for url in [f"http://127.0.0.1:{port}", f"http://[::1]:{port}", f"http://127.0.0.1:{other}"]:
            run("curl", "-gsS", "--fail", "-o", "fetched", f"{url}/large")
            self.assertEqual(support.hash_of(self.room / "fetched"), self.digest, url)
            many = run("curl", "-gsS", "--fail", "-Z", "--parallel-max", "40",
                       *(f"{url}/index.html?{n}" for n in range(200)))
            self.assertEqual(many.stdout.count(b"here"), 200, url)
        who = run("curl", "-sS", f"http://127.0.0.1:{port}/who")
        self.assertEqual(who.stdout, b"127.0.0.1\n")

    def test_nginx_from_the_machine(self):
        """nginx with workers serves the machine's curl at the address it listens at"""
        for flags in ["", " reuseport"]:
            with self.subTest(flags):
                words, port, other = self.nginx(flags)
                server = self.start_inside(*words)
                self.wait_for_port(other, server)
                self.check_pages(self.plainly, port, other)
                server.terminate()
                self.assertEqual(server.wait(20), 0, said(server))

    def test_nginx_inside(self):
        """nginx with workers serves a curl beside it"""
        words, port, other = self.nginx()
        script = ("\"$@\" & server=$!; "
                  f"until curl -s -o first http://127.0.0.1:{other}/; do sleep 0.1; done; "
                  f"curl -sS --fail -o fetched http://127.0.0.1:{port}/large; "
                  f"curl -gsS --fail -o six http://[::1]:{port}/large; "
                  f"curl -sS --fail -o proxied http://127.0.0.1:{other}/large; "
                  "kill -QUIT $server; wait $server")
        self.inside("sh", "-c", script, "sh", *words)
        for name in ("fetched", "six", "proxied"):
            self.assertEqual(support.hash_of(self.room / name), self.digest, name)

    def test_taken(self):
        """a port that a program of the machine's has is taken inside too, and the reverse"""
        script = ("import socket, sys\n"
                  "l = socket.socket()\n"
                  "try: l.bind(('127.0.0.1', int(sys.argv[1]))); l.listen(); print('mine')\n"
                  "except OSError as e: print(e.strerror)\n"
                  "sys.stdout.flush(); sys.stdin.read()\n")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            done = self.same(support.system_python(), "-c", script,
                             listener.getsockname()[1])
        self.assertEqual(done.stdout, b"Address already in use\n")
        port = free_port()
        server = self.start_inside(support.system_python(), "-c",
                                   script.replace("sys.stdin.read()", "import time; time.sleep(60)"),
                                   port)
        self.wait_for_port(port, server)
        done = self.plainly(support.system_python(), "-c", script, port)
        self.assertEqual(done.stdout, b"Address already in use\n")

    # redis

    def redis(self, port):
        support.require("redis-server", "redis-benchmark", "redis-cli")
        return ["redis-server", "--port", port, "--bind", "127.0.0.1", "::1", "--save", "",
                "--dir", self.room, "--daemonize", "no"]

    def benchmark(self, port):
        requests = 100_000 if support.LONG else 10_000
        return ["redis-benchmark", "-p", port, "-n", requests, "-c", 50, "-t",
                "set,get,lpush,lrange_100,mset", "-q", "-d", 1000]

    def check_benchmark(self, output):
        """All six measurements, one of which fills the list that the next one reads."""
        self.assertEqual(output.count(b"requests per second"), 6, output[-2000:])

    def test_redis_from_the_machine(self):
        """redis serves the machine's redis-benchmark"""
        port = free_port()
        server = self.start_inside(*self.redis(port))
        self.wait_for_port(port, server)
        done = self.plainly(*self.benchmark(port))
        self.check_benchmark(done.stdout)
        done = self.plainly("redis-cli", "-h", "::1", "-p", port, "incr", "n")
        self.assertEqual(done.stdout, b"1\n")
        server.terminate()
        self.assertEqual(server.wait(20), 0, said(server))

    def test_redis_inside(self):
        """redis serves a redis-benchmark beside it"""
        port = free_port()
        words = shlex.join(map(str, self.redis(port)))
        done = self.inside(
            "sh", "-c", f"{words} >log & server=$!; "
            f"until redis-cli -p {port} ping 2>/dev/null | grep -q PONG; do sleep 0.1; done; "
            f"{' '.join(map(str, self.benchmark(port)))}; "
            f"redis-cli -p {port} shutdown nosave; wait $server")
        self.check_benchmark(done.stdout)

    def test_redis_on_the_machine(self):
        """redis-benchmark inside is served by the machine's redis"""
        port = free_port()
        server = self.start(*self.redis(port))
        self.wait_for_port(port, server)
        done = self.inside(*self.benchmark(port))
        self.check_benchmark(done.stdout)

    # A process for each client.

    def exchange(self, port, clients=100, half_closes=True):
        """Clients at once, each of which must get back what it says, after its end or before."""
        failures = []

        def client(number):
            try:
                text = bytes([number % 251]) * (1000 + 997 * number)
                with socket.create_connection(("127.0.0.1", port), 20) as s:
                    s.settimeout(20)
                    sender = threading.Thread(
                        target=lambda: (s.sendall(text),
                                        half_closes and s.shutdown(socket.SHUT_WR)))
                    sender.start()
                    answer = b""
                    while (half_closes or len(answer) < len(text)) and (piece := s.recv(65536)):
                        answer += piece
                    sender.join()
                if answer != text:
                    failures.append(f"client {number}: {len(answer)} of {len(text)} bytes")
            except OSError as error:
                failures.append(f"client {number}: {error}")

        threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_process_for_each_client(self):
        """a server that forks for each client serves a hundred at once"""
        port = free_port()
        server = self.start_inside(self.compiled("process_per_client"), port)
        self.wait_for_port(port, server)
        self.exchange(port)

    def test_socat(self):
        """socat serves and connects, over TCP of both families, and UDP"""
        support.require("socat")
        port = free_port()
        server = self.start_inside("socat", "-t20", f"TCP6-LISTEN:{port},fork,reuseaddr", "EXEC:cat")
        self.wait_for_port(port, server)
        # It does not wait for what cat still has to say.
        self.exchange(port, 20, half_closes=False)
        for address in (f"TCP:127.0.0.1:{port}", f"TCP6:[::1]:{port}"):
            with self.subTest(address):
                done = self.inside("socat", "-t5", "-", address, input=b"across" * 5000)
                self.assertEqual(done.stdout, b"across" * 5000)
        port = free_port(socket.SOCK_DGRAM)
        server = self.start_inside("socat", f"UDP-RECVFROM:{port},fork", "EXEC:cat")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            s.connect(("127.0.0.1", port))

            def answers():
                with contextlib.suppress(OSError):
                    s.send(b"datagram")
                    return s.recv(100) == b"datagram"

            support.wait_until(answers, f"socat answers datagrams; {said(server)}", 20)

    def test_busybox(self):
        """a static busybox's httpd serves the machine, its nc passes bytes"""
        support.require("busybox", "ldd", "curl")
        if not is_static("busybox"):
            raise unittest.SkipTest("the busybox here is not a static one")
        port = free_port()
        server = self.start_inside("busybox", "httpd", "-f", "-p", f"127.0.0.1:{port}", "-h",
                                   self.room / "pages")
        self.wait_for_port(port, server)
        self.plainly("curl", "-sS", "--fail", "-o", "fetched", f"http://127.0.0.1:{port}/large")
        self.assertEqual(support.hash_of(self.room / "fetched"), self.digest)
        # Each side of nc ends with the other's bytes: the one that gets them has none to say.
        port = free_port()
        listener = self.start_inside("sh", "-c", "mkfifo silence; "
                                     f"exec busybox nc -l -p {port} <>silence >received")
        support.wait_until(lambda: listening(port), f"nc listens at {port}: {said(listener)}")
        self.inside("sh", "-c", f"busybox nc 127.0.0.1 {port} <pages/large")
        listener.wait(20)
        self.assertEqual(support.hash_of(self.room / "received"), self.digest)

    def test_go(self):
        """a static program in Go serves and fetches, inside and to the machine"""
        program = self.go_program()
        port = free_port()
        server = self.start_inside(program, "serve", f"127.0.0.1:{port}", self.room / "pages")
        self.wait_for_port(port, server)
        for run in (self.plainly, self.inside):
            done = run(program, "fetch", f"http://127.0.0.1:{port}/large", 20)
            self.assertEqual(done.stdout.decode().split(), [self.digest] * 20)

    def go_program(self):
        support.require("go")
        output = self.room / "gopher"
        if not output.exists():
            source = pathlib.Path(__file__).resolve().parent / "Programs/gopher.go"
            support.run(
                "go", "build", "-o", output, source, timeout=400, cwd="/",
                env={"PATH": os.environ["PATH"], "CGO_ENABLED": "0", "GO111MODULE": "off",
                     "GOCACHE": os.environ.get("GOCACHE", "/var/tmp/sockeye-go-cache"),
                     "HOME": str(self.room), "GOFLAGS": "-p=2"})
            output.chmod(0o755)
        return output


if not support.LONG:
    # Compiling Go's library takes minutes.
    Servers.test_go = unittest.skip("only with SOCKEYE_LONG_TESTS=1")(Servers.test_go)
