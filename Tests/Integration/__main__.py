"""Runs the integration tests: real programs and the kernel against the built command.

    python3 Tests/Integration [-k PATTERN …] [--command PATH]

What a machine forbids is skipped with the reason. The last line says how many passed and failed.
"""
import argparse
import os
import pathlib
import sys
import tempfile
import time
import unittest

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent


class Result(unittest.TestResult):
    """A line for each test, with its time; what went wrong right below it."""

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def tell(self, mark, test, note=""):
        seconds = time.monotonic() - getattr(self, "began", time.monotonic())
        name = test.shortDescription() or str(test)
        print(f"{mark} {name} ({seconds:.1f} s){note}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell("pass", test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.tell("FAIL", test, "\n" + self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self.tell("FAIL", test, "\n" + self.errors[-1][1])

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            told = self.failures if issubclass(error[0], test.failureException) else self.errors
            self.tell("FAIL", subtest, "\n" + told[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.tell("skip", test, f": {reason}")

    def addExpectedFailure(self, test, error):
        # Told as what it is, and counted among the skipped.
        super().addSkip(test, "known not to work")
        self.tell("skip", test, ": known not to work")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.failures.append((test, "works, against docs/DIFFERENCES.md"))
        self.tell("FAIL", test, ": works, against docs/DIFFERENCES.md")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("-k", action="append", help="only tests whose name has this in it")
    options.add_argument("--command", default=root / ".build/release/sockeye")
    options.add_argument(
        "--library", default=root / ".build/release/libsockeye-library.so")
    chosen = options.parse_args()
    command = pathlib.Path(chosen.command).resolve()
    if not command.exists():
        sys.exit(f"{command} is not there: run `make` first")
    captures = tempfile.TemporaryDirectory(prefix="sockeye-captures.")
    os.environ["SOCKEYE"] = str(here / "captured.sh")
    os.environ["SOCKEYE_BINARY"] = str(command)
    os.environ["SOCKEYE_LIBRARY"] = str(pathlib.Path(chosen.library).resolve())
    os.environ["SOCKEYE_CAPTURES"] = captures.name

    sys.path.insert(0, str(here))
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in chosen.k] if chosen.k else None
    suite = loader.discover(str(here), top_level_dir=str(here))
    from captures import Captures
    suite.addTest(Captures("test_captures_of_all_hosts"))
    result = Result()
    suite.run(result)
    failed = len(result.failures) + len(result.errors)
    # A class whose preparation fails counts once, and no test of it has run.
    passed = max(0, result.testsRun - len(result.failures) - len(result.skipped)
                 - sum(1 for test, _ in result.errors if not is_holder(test)))
    if result.skipped:
        print(f"{len(result.skipped)} skipped")
    if passed + failed + len(result.skipped) == 0:
        print("no test was found")
        failed = 1
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def is_holder(test):
    """Whether an error belongs to the preparation of a class instead of a test."""
    return isinstance(test, unittest.suite._ErrorHolder)


sys.exit(main())
