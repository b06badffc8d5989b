"""Runs scripts on the kernel's sockets and on Sockeye's, each in processes of its own."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

here = pathlib.Path(__file__).resolve().parent

# A namespace with the addresses that Sockeye's host has. What leaves by link0 reaches nobody.
NAMESPACE = """
set -e
ip link set lo up
ip link add link0 index 2 type veth peer name peer0 index 3
sysctl -qw net.ipv6.conf.peer0.disable_ipv6=1 net.ipv6.conf.link0.addr_gen_mode=1
ip link set peer0 arp off up
ip link set link0 arp off up
ip address add 10.9.0.2/24 brd + dev link0
ip address add fd09::2/64 dev link0 nodad
ip route add 224.0.0.0/4 dev link0
sysctl -qw net.ipv4.tcp_fastopen=3
exec "$@"
"""
CHUNK = 40


class Side:
    """An interpreter, the words in front of it and what its environment needs."""

    def __init__(self, name, program, words=(), arguments=(), is_measure=False, is_whole=True,
                 headings=("Calls",), dialect=None):
        self.name = name
        # The tables of docs/DIFFERENCES.md that hold; of the first, every row must be seen.
        self.headings = list(headings)
        # What its host calls its interface and addresses, where that is not as in the scripts.
        self.dialect = dialect
        # Whether all calls can be said, and broken pipes raise signals: both are so in C.
        self.is_whole = is_whole
        self.has_signals = is_whole
        self.arguments = list(arguments)
        # What the measure cannot run is a mistake of the script.
        self.is_measure = is_measure
        self.program = program
        self.words = list(words)

    def run(self, scripts, settling=None):
        """The results of scripts by name: for each a list of (call, result)."""
        chunks = [scripts[start:start + CHUNK] for start in range(0, len(scripts), CHUNK)]
        results = {}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for part in pool.map(lambda chunk: self.run_chunk(chunk, settling), chunks):
                results.update(part)
        return results

    def run_chunk(self, scripts, settling):
        """Runs scripts in one process; after one that ends it, in another."""
        results = {}
        while scripts:
            output, status = self.run_process(scripts, settling)
            parts = read_results(self.dialect.back(output) if self.dialect else output)
            # A status as a shell has it, of a program that was run by another.
            if self.dialect and status > 128:
                status = 128 - status
            if len(parts) < len(scripts) and status == 0:
                raise RuntimeError(f"{self.name}: {len(scripts)} scripts, {len(parts)} results")
            if status not in (0, 3):
                if not parts:
                    raise RuntimeError(f"{self.name}: status {status}: {output[-300:]}")
                call, result = parts[-1][-1] if parts[-1] else ("", "")
                if status == 2 and self.is_measure:
                    name = scripts[len(parts) - 1].name
                    raise RuntimeError(f"{name}: {call}: {result}")
                if status != 2:
                    parts[-1][-1:] = [(call, f"!ends the process ({status})")]
            for script, part in zip(scripts, parts):
                results[script.name] = part
            scripts = scripts[len(parts):]
        return results

    def run_process(self, scripts, settling):
        environment = dict(os.environ)
        if settling is not None:
            environment["BEHAVIOUR_SETTLING"] = str(settling)
        with tempfile.TemporaryDirectory(prefix="sockeye-behaviour.") as room:
            path = pathlib.Path(room) / "scripts"
            text = "".join(
                f"script {number} {script.name}\n" + "".join(f"{line}\n" for line in script.lines)
                for number, script in enumerate(scripts, 1))
            path.write_text(self.dialect.forth(text) if self.dialect else text)
            done = subprocess.run(
                [*self.words, str(self.program), str(path), *self.arguments], cwd=room, env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        output = done.stdout.decode(errors="replace")
        if not output:
            output = done.stderr.decode(errors="replace")
        return output, done.returncode


class Dialect:
    """The names that `sockeye run` gives: eth0, 10.0.2.15 and fd00:2::15, for those of the scripts.

    Others on the link keep their number, but for low ones, which belong to its services there."""

    def forth(self, text):
        text = re.sub(r"\b10\.9\.0\.(\d+)", lambda found: "10.0.2." + self.number(found[1]), text)
        text = re.sub(r"\bfd09::(\d+)", lambda found: "fd00:2::" + self.number(found[1]), text)
        return text.replace("link0", "eth0")

    def back(self, text):
        text = re.sub(r"\b10\.0\.2\.(\d+)", lambda found: "10.9.0." + self.original(found[1]), text)
        text = re.sub(r"\bfd00:2::(\d+)", lambda found: "fd09::" + self.original(found[1]), text)
        return re.sub(r"\beth0\b", "link0", text)

    @staticmethod
    def number(text):
        number = int(text)
        return "15" if number == 2 else str(100 + number) if number < 20 else text

    @staticmethod
    def original(text):
        number = int(text)
        return "2" if number == 15 else str(number - 100) if 100 <= number < 120 else text


def read_results(output):
    """Takes apart what an interpreter prints."""
    parts = []
    for line in output.splitlines():
        if line.startswith("script "):
            parts.append([])
        elif parts:
            call, _, result = line.partition(" |")
            parts[-1].append((call, result.strip()))
    return parts


def compile_interpreter(output, *flags):
    """Compiles the interpreter; its path."""
    sources = sorted((here / "interpreter").glob("*.c"))
    subprocess.run(
        [os.environ.get("CC", "cc"), "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-o", str(output),
         *os.environ.get("CFLAGS", "").split(), *map(str, sources), *flags, "-lpthread"],
        check=True)
    return output


def kernel(room):
    """The kernel's sockets, in a namespace of their own."""
    program = compile_interpreter(room / "kernel-interpreter")
    return Side("kernel", program, ["unshare", "-n", "sh", "-c", NAMESPACE, "sh"],
                is_measure=True)


def sockeye(room, library):
    """Sockeye's sockets, behind the C interface that is built in the directory `library`."""
    root = here.parent.parent
    program = compile_interpreter(
        room / "sockeye-interpreter", "-DSOCKEYE", f"-I{root}/Sources/CSockeye/include",
        f"-L{library}", "-lsockeye-library", f"-Wl,-rpath,{library}")
    return Side("Sockeye", program)


def interception(room, command, measure):
    """The kernel's interpreter, unmodified, under `sockeye run`, on a machine like the measure."""
    copy = room / "sockeye"
    shutil.copyfile(command, copy)
    copy.chmod(0o755)
    words = [*measure.words, str(copy), "run", "--"]
    return Side("sockeye run", measure.program, words,
                headings=["Calls under `sockeye run`", "Calls"], dialect=Dialect())


def swift(room, program, network, measure):
    """`Socket` of Swift on `network`, which is `kernel` or `sockeye`."""
    tables = room / "tables"
    tables.write_bytes(subprocess.run(
        [str(measure.program), "--tables"], check=True, stdout=subprocess.PIPE).stdout)
    words = measure.words if network == "kernel" else []
    return Side(f"Swift on {network}", program, words, arguments=[str(tables), network],
                is_whole=False, headings=["Calls from Swift", "Calls"])
