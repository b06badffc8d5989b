"""Runs scripts of socket calls against the kernel and against Sockeye, and compares.

    python3 Tests/Behaviour/run.py [-k PATTERN] [--kernel-only] [--run COMMAND] [--show] [--repeat N]
"""
import argparse
import pathlib
import sys
import tempfile
import time

from comparison import compare
from scripts import all_scripts
import sides

root = pathlib.Path(__file__).resolve().parent.parent.parent


def show(scripts, results):
    for script in scripts:
        print(f"\n{script.name}")
        for call, result in results[script.name]:
            print(f"    {call:<60} {result}")


def repeat(scripts, side, times):
    """Whether a side says the same each time; tells where it does not."""
    first = side.run(scripts)
    steady = True
    for _ in range(times - 1):
        again = side.run(scripts)
        for script in scripts:
            for one, other in zip(first[script.name], again[script.name]):
                if one != other:
                    steady = False
                    print(f"{script.name}: {one[0]}: {one[1]} — {other[1]}")
    return steady


def main():
    options = argparse.ArgumentParser()
    options.add_argument("-k", help="only scripts whose name matches")
    options.add_argument("--kernel-only", action="store_true")
    options.add_argument("--sockeye-only", action="store_true")
    options.add_argument("--swift", choices=["kernel", "sockeye"],
                         help="the Swift interface instead of that for C, on this network")
    options.add_argument("--run", metavar="COMMAND",
                         help="the C library's calls under `sockeye run` of this command")
    options.add_argument("--show", action="store_true", help="print all results")
    options.add_argument("--repeat", type=int, default=1, help="whether each run says the same")
    options.add_argument("--library", default=root / ".build/debug", help="where libsockeye.so is")
    chosen = options.parse_args()
    scripts = all_scripts(chosen.k)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sockeye-behaviour.") as room:
        room = pathlib.Path(room)
        chosen_sides = []
        if not chosen.sockeye_only:
            chosen_sides.append(sides.kernel(room))
        if chosen.swift:
            program = pathlib.Path(chosen.library).resolve() / "SwiftCalls"
            measure = sides.kernel(room)
            chosen_sides = [measure, sides.swift(room, program, chosen.swift, measure)]
        elif chosen.run:
            measure = sides.kernel(room)
            chosen_sides = [measure, sides.interception(
                room, pathlib.Path(chosen.run).resolve(), measure)]
        elif not chosen.kernel_only:
            chosen_sides.append(sides.sockeye(room, chosen.library))
        if chosen.repeat > 1:
            steady = [repeat(scripts, side, chosen.repeat) for side in chosen_sides]
            return 0 if all(steady) else 1
        if chosen.show or len(chosen_sides) == 1:
            for side in chosen_sides:
                show(scripts, side.run(scripts))
            return 0
        found = compare(scripts, *chosen_sides, are_all=not chosen.k)
    for complaint in found.complaints:
        print(complaint)
    took = time.monotonic() - began
    print(f"{found.compared} of {len(scripts)} scripts, {found.listed} results as listed, "
          f"{len(found.complaints)} complaints, {took:.1f} s")
    return 1 if found.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
