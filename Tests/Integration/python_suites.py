"""Python's own tests of sockets, plainly and under `sockeye run`, compared test by test.

    python3 Tests/Integration/python_suites.py [--command PATH] [MODULE …]
    python3 Tests/Integration/python_suites.py --plain        what the kernel gives, alone

Tests whose results differ are run again on both sides, alone, up to three times: what then agrees
was a matter of time. What still differs must stand in docs/DIFFERENCES.md, "Tests of Python". The
last lines say how many agree.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import support

root = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(root / "Tests/Behaviour"))
from comparison import matches

program = pathlib.Path(__file__).resolve().parent / "Programs/one_suite.py"

# What is run for every change, within a minute or two.
SMALL = [
    "test_socketserver", "test_ftplib", "test_httplib", "test_urllib2_localnet", "test_poplib",
    "test_telnetlib", "test_selectors", "test_epoll", "test_poll", "test_select", "test_asyncore",
    "test_xmlrpc", "test_asyncio.test_sock_lowlevel",
]
ALL = SMALL + [
    "test_socket", "test_ssl", "test_smtplib", "test_smtpd", "test_imaplib", "test_nntplib",
    "test_asynchat", "test_httpservers", "test_wsgiref", "test_urllib2", "test_urllib",
    "test_robotparser", "test_docxmlrpc", "test_eintr", "test_signal", "test_logging",
    "test_subprocess",
    "test_multiprocessing_fork", "test_multiprocessing_spawn", "test_multiprocessing_forkserver",
    *(f"test_asyncio.{name}" for name in [
        "test_base_events", "test_buffered_proto", "test_context", "test_events",
        "test_futures", "test_locks", "test_pep492", "test_proactor_events", "test_protocols",
        "test_queues", "test_runners", "test_selector_events", "test_sendfile", "test_server",
        "test_sslproto", "test_ssl", "test_streams", "test_subprocess", "test_tasks",
        "test_taskgroups", "test_threads", "test_timeouts", "test_transports",
        "test_unix_events", "test_waitfor"]),
]
# Seconds without a new line after which a test is taken to hang.
PATIENCE = 90


@dataclasses.dataclass
class Side:
    """How Python is run, and where it may write."""

    name: str
    words: list
    room: pathlib.Path

    def run(self, module, only=None):
        """The outcome of each test of a module, by its name: (outcome, remark)."""
        # A short name: names of UNIX sockets are made of it.
        place = self.room / str(next(support.numbers))
        place.mkdir()
        results = place / "results"
        results.touch()
        arguments = [f"test.{module}", str(results)]
        if only is not None:
            (place / "only").write_text("\n".join(only))
            arguments.append(str(place / "only"))
        if os.geteuid() == 0:
            for path in (place, results):
                os.chown(path, support.NOBODY, support.NOBODY)
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(place),
            "TMPDIR": str(place), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        for _ in range(20):
            ended = self.run_once(place, results, arguments, environment)
            if ended:
                break
        outcomes = read_outcomes(results)
        shutil.rmtree(place, ignore_errors=True)
        return outcomes

    def run_once(self, place, results, arguments, environment):
        """Runs until the end or until a test hangs or ends the process; whether it was the end."""
        with open(place / "output", "ab") as output:
            process = subprocess.Popen(
                [*map(str, self.words), support.system_python(), str(self.room / program.name),
                 *arguments],
                cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True)
            size, changed = -1, time.monotonic()
            while process.poll() is None:
                time.sleep(0.05)
                if (now := results.stat().st_size) != size:
                    size, changed = now, time.monotonic()
                elif time.monotonic() - changed > PATIENCE:
                    break
            hangs = process.poll() is None
            end_session(process)
        lines = results.read_text(errors="replace").splitlines()
        if lines and lines[-1] == "end":
            return True
        how = "hangs" if hangs else f"ends the process ({process.returncode})"
        remark = (place / "output").read_text(errors="replace").strip()[-200:].replace("\n", " ")
        with open(results, "a") as file:
            if lines and lines[-1].startswith("begin "):
                file.write(f"{lines[-1].removeprefix('begin ')}\t{how}\t\n")
                return False
            file.write(f"the module\t{how}\t{remark}\n")
        return True


def end_session(process):
    """Ends a process and whatever it left behind in its session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            continue
    process.wait(10)


def read_outcomes(path):
    outcomes = {}
    for line in path.read_text(errors="replace").splitlines():
        parts = line.split("\t")
        if len(parts) == 3:
            outcomes[parts[0]] = (parts[1], parts[2])
    return outcomes


@dataclasses.dataclass
class Expected:
    """A row of docs/DIFFERENCES.md."""

    test: str
    kernel: str
    ours: str
    seen: bool = False

    def covers(self, test, kernel, ours):
        return (matches(test, self.test) and matches(kernel, self.kernel)
                and matches(ours, self.ours))


def expected_differences(heading, path=root / "docs/DIFFERENCES.md"):
    """The rows of the table below a heading: what is tested, the kernel's result, Sockeye's."""
    rows, inside = [], False
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            inside = line[3:].strip() == heading
        if inside and line.startswith("| `"):
            cells = [cell.strip().strip("`") for cell in line.split("|")[1:-1]]
            rows.append(Expected(*cells[:3]))
    return rows


@dataclasses.dataclass
class Comparison:
    """What came of comparing."""

    tests: int = 0
    equal: int = 0
    later: int = 0
    listed: int = 0
    differing: list = dataclasses.field(default_factory=list)

    @property
    def fraction(self):
        return self.equal / max(1, self.tests)


def compare_module(module, plain, ours, expected, found):
    began = time.monotonic()
    one, two = plain.run(module), ours.run(module)
    names = sorted(set(one) | set(two))
    absent = ("absent", "")

    def outcome(results, name):
        return results.get(name, absent)

    different = [name for name in names if outcome(one, name)[0] != outcome(two, name)[0]]
    first = len(different)
    for _ in range(3):
        again = [name for name in different if "(" not in name and name != "the module"]
        if not again:
            break
        one.update(plain.run(module, again))
        two.update(ours.run(module, again))
        different = [name for name in different if outcome(one, name)[0] != outcome(two, name)[0]]
    found.tests += len(names)
    found.equal += len(names) - len(different)
    found.later += first - len(different)
    for name in different:
        kernel, ours_ = outcome(one, name), outcome(two, name)
        rows = [row for row in expected if row.covers(name, kernel[0], ours_[0])]
        for row in rows:
            row.seen = True
        found.listed += bool(rows)
        mark = "as listed" if rows else "DIFFERS"
        if not rows:
            found.differing.append((name, kernel, ours_))
        print(f"  {mark} {name.removeprefix('test.')}: {kernel[0]} ({kernel[1]}) — "
              f"{ours_[0]} ({ours_[1]})", flush=True)
    print(f"{module}: {len(names) - len(different)} of {len(names)} equal "
          f"({time.monotonic() - began:.0f} s)", flush=True)


def prepare(room):
    """Puts what an ordinary user runs where it can be read."""
    if support.run(support.system_python(), "-c", "import test.support, test.test_socket",
                   check=False).returncode != 0:
        raise support.unittest.SkipTest("Python's own tests are not installed")
    shutil.copyfile(program, room / program.name)
    (room / program.name).chmod(0o644)
    if os.geteuid() == 0:
        os.chown(room, support.NOBODY, support.NOBODY)


def compare(modules, command, workers=2):
    """Runs modules on both sides and compares."""
    found, expected = Comparison(), expected_differences("Tests of Python")
    with support.room() as room:
        prepare(room)
        copy = room / "sockeye"
        shutil.copyfile(command, copy)
        copy.chmod(0o755)
        user = support.as_ordinary_user()
        plain = Side("plain", user, room)
        ours = Side("intercepted", [*user, copy, "run", "--"], room)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            jobs = [pool.submit(compare_module, module, plain, ours, expected, found)
                    for module in modules]
            for job in jobs:
                job.result()
    return found


def show_plain(modules):
    """What the kernel gives, module by module."""
    counts = {}
    with support.room() as room:
        prepare(room)
        plain = Side("plain", support.as_ordinary_user(), room)

        def one(module):
            began = time.monotonic()
            return module, plain.run(module), time.monotonic() - began

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for module, results, seconds in pool.map(one, modules):
                here = {}
                for outcome, _ in results.values():
                    here[outcome] = here.get(outcome, 0) + 1
                    counts[outcome] = counts.get(outcome, 0) + 1
                print(f"{module}: {here} ({seconds:.0f} s)", flush=True)
                for name, (outcome, remark) in results.items():
                    if outcome not in ("ok", "skip", "expected failure"):
                        print(f"  {outcome} {name}: {remark}", flush=True)
    print(counts)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("modules", nargs="*")
    options.add_argument("--command", default=root / ".build/release/sockeye")
    options.add_argument("--small", action="store_true")
    options.add_argument("--plain", action="store_true")
    options.add_argument("--workers", type=int, default=2)
    chosen = options.parse_args()
    modules = chosen.modules or (SMALL if chosen.small else ALL)
    if chosen.plain:
        show_plain(modules)
        return 0
    found = compare(modules, pathlib.Path(chosen.command).resolve(), chosen.workers)
    print(f"{found.equal} of {found.tests} equal ({100 * found.fraction:.2f} %), {found.later} of "
          f"them not at once, {found.listed} different as listed, {len(found.differing)} otherwise")
    return 1 if found.differing or found.fraction < 0.98 else 0


if __name__ == "__main__":
    sys.exit(main())
