"""Runs the tests of one of Python's own modules and writes a line for each as it goes.

    one_suite.py MODULE RESULTS [ONLY]

RESULTS gets `begin ID` before a test and `ID<tab>OUTCOME<tab>REMARK` after it. What RESULTS already
has a line for is not run again, so that a run which was stopped can go on behind the test that
stopped it. ONLY is a file with the names of tests, one a line; without it all are run.
"""
import os
import sys
import unittest


class Result(unittest.TestResult):
    """Says how each test ended, the worst of its parts if it has some."""

    def __init__(self, output):
        super().__init__()
        self.output = output

    def startTest(self, test):
        super().startTest(test)
        self.outcome = ("ok", "")
        self.output.write(f"begin {test.id()}\n")

    def stopTest(self, test):
        super().stopTest(test)
        self.tell(test, *self.outcome)

    def tell(self, test, outcome, remark):
        remark = " ".join(str(remark).split())[-300:]
        self.output.write(f"{test.id()}\t{outcome}\t{remark}\n")

    def note(self, test, outcome, remark):
        # Preparations of classes and modules are no tests, but may fail like them.
        if isinstance(test, unittest.suite._ErrorHolder):
            self.tell(test, outcome, remark)
        else:
            self.outcome = (outcome, remark)

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, "error", f"{error[0].__name__}: {error[1]}")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, "fail", f"{error[0].__name__}: {error[1]}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skip", reason)

    def addExpectedFailure(self, test, error):
        self.note(test, "expected failure", "")

    def addUnexpectedSuccess(self, test):
        self.note(test, "unexpected success", "")

    def addSubTest(self, test, part, error):
        super().addSubTest(test, part, error)
        if error is not None:
            is_failure = issubclass(error[0], test.failureException)
            self.note(test, "fail" if is_failure else "error", f"{error[0].__name__}: {error[1]}")


def chosen(suite, begun, only):
    """The tests that are to be run, in the suites they are in."""
    kept = type(suite)()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(chosen(test, begun, only))
        elif test.id() not in begun and (only is None or test.id() in only):
            kept.addTest(test)
    return kept


def main():
    module, results = sys.argv[1:3]
    only = set(open(sys.argv[3]).read().split("\n")) if len(sys.argv) > 3 else None
    from test import support

    # Nothing outside of this machine, nothing that takes gigabytes.
    support.use_resources = ["cpu", "walltime"]
    # Its tests ask for a network and mean the loopback.
    if module == "test.test_socketserver":
        support.use_resources.append("network")
    support.verbose = 0
    with open(results) as file:
        begun = {line.split("\t")[0].removeprefix("begin ").strip() for line in file}
    with open(results, "a", buffering=1) as output:
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
        chosen(suite, begun, only).run(Result(output))
        output.write("end\n")
    # Threads that a failed test left behind are no reason to wait.
    os._exit(0)


# Processes that tests start by name import this once more.
if __name__ == "__main__":
    main()
