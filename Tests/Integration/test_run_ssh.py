"""ssh, sshd, scp and git over ssh under `sockeye run`, all as an ordinary user."""
import getpass
import os
from pathlib import Path
import shutil
import unittest

import support
from run_support import UnderRun, free_port, said

SIZE = 20_000_000


class SSH(UnderRun):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.require("ssh", "scp", "ssh-keygen")
        cls.sshd = shutil.which("sshd", path=cls.environment["PATH"])
        if not cls.sshd:
            raise unittest.SkipTest("sshd is not installed")
        cls.account = getpass.getuser()
        if os.geteuid() == 0:
            cls.account = cls.make_account()
        for name in ("host", "user"):
            cls.plainly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{name}.key")
        shutil.copyfile(cls.room / "user.key.pub", cls.room / "authorized")
        cls.give(cls.room / "authorized")
        (cls.room / "authorized").chmod(0o600)
        cls.digest = support.make_file(cls.room / "large", SIZE)
        cls.give(cls.room / "large")

    @classmethod
    def make_account(cls):
        """An account with a shell for nobody's number, seen by these programs alone."""
        support.require("unshare", "mount")
        lines = [line for line in Path("/etc/passwd").read_text().splitlines()
                 if line.split(":")[2] != str(support.NOBODY)]
        lines.append(f"sockeye-test:x:{support.NOBODY}:{support.NOBODY}::{cls.room}:/bin/sh")
        accounts = cls.room / "passwd"
        accounts.write_text("\n".join(lines) + "\n")
        accounts.chmod(0o644)
        cls.user = ["unshare", "-m", "--propagation", "private", "sh", "-c",
                    'mount --bind "$0" /etc/passwd && exec "$@"', accounts, *cls.user]
        if cls.plainly("true", check=False).returncode != 0:
            raise unittest.SkipTest("no file can be mounted over another here")
        return "sockeye-test"

    def serve(self, start):
        port = free_port()
        config = self.room / "sshd_config"
        config.write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nListenAddress ::1\n"
            f"HostKey {self.room}/host.key\n"
            f"AuthorizedKeysFile {self.room}/authorized\nStrictModes no\nPidFile none\n"
            "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "Subsystem sftp internal-sftp\n")
        server = start(self.sshd, "-D", "-e", "-f", config)
        self.wait_for_port(port, server)
        return port, server

    def options(self, port, flag="-p"):
        return ["-F", "none", "-i", "user.key", flag, port, "-o", "BatchMode=yes",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR"]

    def session(self, run, port, server):
        """What is done over one server, by both families."""
        for address in ("127.0.0.1", "::1"):
            name = f"{self.account}@{address}"
            done = run("ssh", *self.options(port), name, "echo out; echo err >&2; exit 7",
                       check=False)
            self.assertEqual((done.returncode, done.stdout), (7, b"out\n"),
                             f"{done.stderr} {said(server)}")
            self.assertIn(b"err", done.stderr)
            sent = os.urandom(300_000)
            done = run("ssh", *self.options(port), name, "cat", input=sent)
            self.assertEqual(done.stdout, sent)
        place = f"{self.account}@127.0.0.1:{self.room}"
        for words in [[f"{self.room}/large", f"{place}/there"], [f"{place}/there", "back"]]:
            run("scp", "-q", *self.options(port, "-P"), *words)
        self.assertEqual(support.hash_of(self.room / "back"), self.digest)

    def test_client(self):
        """ssh and scp inside reach the machine's sshd"""
        port, server = self.serve(self.start)
        self.session(self.inside, port, server)

    def test_server(self):
        """sshd inside is reached by the machine's ssh and scp"""
        port, server = self.serve(self.start_inside)
        self.session(self.plainly, port, server)

    def test_forwarding(self):
        """a port forwarded by ssh inside leads to where it should"""
        support.require("curl")
        from run_support import PageServer
        (self.room / "pages").mkdir(exist_ok=True)
        (self.room / "pages/index.html").write_text("<html>forwarded</html>\n")
        pages = PageServer(self.room / "pages")
        self.addCleanup(pages.server_close)
        self.addCleanup(pages.shutdown)
        port, server = self.serve(self.start)
        local = free_port()
        client = self.start_inside(
            "ssh", *self.options(port), "-N", "-L",
            f"127.0.0.1:{local}:127.0.0.1:{pages.server_address[1]}",
            f"{self.account}@127.0.0.1")
        self.wait_for_port(local, client)
        done = self.plainly("curl", "-sS", "--fail", f"http://127.0.0.1:{local}/")
        self.assertIn(b"forwarded", done.stdout, said(server))

    def test_git(self):
        """git clones over ssh and pushes back"""
        support.require("git")
        port, server = self.serve(self.start)
        for command in [["init", "-q", "-b", "main", "source"],
                        ["-C", "source", "config", "user.name", "Nobody"],
                        ["-C", "source", "config", "user.email", "nobody@example.org"]]:
            self.plainly("git", *command)
        for number in range(10):
            self.make(f"source/file{number}", 300_000)
        self.plainly("git", "-C", "source", "add", ".")
        self.plainly("git", "-C", "source", "commit", "-q", "-m", "all of it")
        ssh = " ".join(map(str, ["ssh", *self.options(port)])).replace(
            "user.key", f"{self.room}/user.key")
        url = f"ssh://{self.account}@127.0.0.1{self.room}/source"
        self.inside("git", "-c", f"core.sshCommand={ssh}", "clone", "-q", url, "clone")
        self.plainly("git", "-C", "clone", "fsck", "--full")
        self.inside("git", "-C", "clone", "-c", f"core.sshCommand={ssh}", "push", "-q",
                    "origin", "main:back")
        heads = [self.plainly("git", "-C", *words).stdout
                 for words in (["source", "rev-parse", "back"], ["clone", "rev-parse", "HEAD"])]
        self.assertEqual(heads[0], heads[1], said(server))
