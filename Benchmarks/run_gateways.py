#!/usr/bin/env python3
"""What iperf3 moves from within `sockeye run` to the machine's loopback, beside slirp4netns and pasta.

    sudo Benchmarks/run_gateways.py PATH-OF-SOCKEYE [--rounds N] [--seconds T] [--json FILE]

One server on the machine's loopback serves all: a client under `sockeye run`, and clients in network
namespaces behind slirp4netns and pasta, each with an MTU of 65520 and of 1500. Behind pasta the
client goes to the address of its gateway, which stands for the machine, so that its packets pass
through pasta's TCP and are not spliced. All are measured in turns within one run; medians over the
rounds are printed, and ratios to the better of the two. `sockeye run` is started as an ordinary user.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "Tests" / "Integration"))
MTUS = (65520, 1500)
WAYS = {"to the machine": [], "from the machine": ["-R"]}


def measure(words, address, port, seconds, way):
    """Gbit/s of one connection, as who received it counts."""
    for _ in range(50):
        done = subprocess.run(
            [*map(str, words), "iperf3", "-J", "-c", address, "-p", str(port), "-t", str(seconds),
             *way],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=seconds * 5 + 20)
        # The server takes a moment to be done with the one before.
        if b"the server is busy" not in done.stdout:
            break
        time.sleep(0.1)
    try:
        result = json.loads(done.stdout)
        return result["end"]["sum_received"]["bits_per_second"] / 1e9
    except (ValueError, KeyError):
        reason = done.stdout[-300:] + done.stderr[-300:]
        print(f"failed: {' '.join(map(str, words))}: {reason.decode(errors='replace')}",
              file=sys.stderr)
        return 0.0


@contextlib.contextmanager
def behind(what, *words):
    """The words that run a program in a namespace of its own behind a gateway."""
    import support
    namespace = support.Namespace()
    words = [str(word).replace("NAMESPACE", f"/run/netns/{namespace.name}") for word in words]
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    try:
        support.wait_until(
            lambda: b"default" in namespace.run("ip", "route").stdout, f"{what} has its device")
        yield namespace.words()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        namespace.remove()


@contextlib.contextmanager
def slirp(mtu):
    """Behind slirp4netns: the words that run a program there, and the machine's address."""
    with behind("slirp4netns", "slirp4netns", "--configure", f"--mtu={mtu}",
                "--netns-type=path", "NAMESPACE", "tap0") as words:
        yield words, "10.0.2.2"


@contextlib.contextmanager
def pasta(mtu):
    """Behind pasta, in the same way."""
    with behind("pasta", "pasta", "--foreground", "--config-net", "--runas", 0, "-4",
                "-a", "10.0.9.2", "-n", 24, "-g", "10.0.9.1", "--mtu", mtu, "-t", "none",
                "-u", "none", "-T", "none", "-U", "none", "--netns", "NAMESPACE") as words:
        yield words, "10.0.9.1"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json")
    chosen = parser.parse_args()
    import support
    for program in ("iperf3", "slirp4netns", "pasta", "unshare", "nsenter"):
        if not shutil.which(program):
            raise SystemExit(f"{program} is not installed")
    if os.geteuid() != 0:
        raise SystemExit("the namespaces of slirp4netns and pasta take root here")
    figures = {}
    with contextlib.ExitStack() as stack:
        room = stack.enter_context(support.room())
        command = room / "sockeye"
        # iperf3 keeps what it sends in a file.
        room.chmod(0o777)
        os.environ["TMPDIR"] = str(room)
        shutil.copyfile(chosen.command, command)
        command.chmod(0o755)
        port = 20000 + os.getpid() % 10000
        server = subprocess.Popen(["iperf3", "-s", "-p", str(port)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(server.wait)
        stack.callback(server.kill)
        time.sleep(0.5)
        user = support.as_ordinary_user()
        sides = {"plain": ([], "127.0.0.1"),
                 "sockeye run": ([*user, command, "run", "--"], "127.0.0.1")}
        for mtu in MTUS:
            sides[f"slirp4netns {mtu}"] = stack.enter_context(slirp(mtu))
            sides[f"pasta {mtu}"] = stack.enter_context(pasta(mtu))
        for _ in range(chosen.rounds):
            for way, words in WAYS.items():
                for name, (prefix, address) in sides.items():
                    rate = measure(prefix, address, port, chosen.seconds, words)
                    figures.setdefault(name, {}).setdefault(way, []).append(rate)
    medians = {name: {way: statistics.median(rates) for way, rates in ways.items()}
               for name, ways in figures.items()}
    print(f"{'Gbit/s, medians of ' + str(chosen.rounds):<26}"
          + "".join(f"{way:>20}" for way in WAYS))
    for name, ways in medians.items():
        print(f"{name:<26}" + "".join(f"{ways[way]:20.2f}" for way in WAYS))
    for way in WAYS:
        best = max((ways[way], name) for name, ways in medians.items()
                   if name not in ("plain", "sockeye run"))
        ours = medians["sockeye run"][way]
        print(f"{way}: {ours / max(best[0], 1e-9):.2f} × {best[1]}, "
              f"{ours / max(medians['plain'][way], 1e-9):.2f} × plain")
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
