#!/usr/bin/env bash
# Builds and runs every test: the Swift suites, then the programs and kernels of
# Tests/Integration. The last line says how many tests passed and failed; the exit status is 0 only
# where none failed and every suite ran to its end.
#
# With SOCKEYE_LONG_TESTS=1 the suites take their time: more seeds, more frames, more bytes.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp "${TMPDIR:-/tmp}/sockeye-test.XXXXXX")
trap 'rm -f "$log"' EXIT
passed=0
failed=0
durations=()

# timed NAME COMMAND…: runs it, keeps its output in the log, and notes how long it took.
timed() {
    local name=$1 start=$SECONDS status
    shift
    echo
    echo "== $name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    durations+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
    return "$status"
}

finish() {
    echo
    echo "== durations"
    printf '%s\n' "${durations[@]}"
    echo
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}

# swift_suites NAME OPTION…: runs suites. One that stopped before its summary counts as one failure.
swift_suites() {
    local name=$1 status=0 summary
    shift
    timed "$name" swift test --skip-build --disable-xctest "$@" || status=$?
    summary=$(grep -aoE 'Test run with [0-9]+ tests?.* (passed|failed) after.*' "$log" | tail -n 1)
    local all failures
    all=$(grep -oE 'with [0-9]+' <<<"$summary" | grep -oE '[0-9]+')
    failures=$(grep -aE '^[^ ]+ Test .* failed after [0-9.]+ seconds' "$log" \
        | grep -avcE '^[^ ]+ Test (run|case) ')
    if [ -z "$all" ]; then
        failed=$((failed + 1))
        return
    fi
    [ "$status" = 0 ] || [ "$failures" -gt 0 ] || failures=1
    passed=$((passed + all - failures))
    failed=$((failed + failures))
}

integration() {
    local status=0 summary
    timed "Integration" python3 Tests/Integration || status=$?
    summary=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    if [ -z "$summary" ]; then
        failed=$((failed + 1))
        return
    fi
    local failures
    failures=$(grep -oE '[0-9]+ failed' <<<"$summary" | grep -oE '[0-9]+')
    [ "$status" = 0 ] || [ "$failures" -gt 0 ] || failures=1
    passed=$((passed + $(grep -oE '^[0-9]+' <<<"$summary")))
    failed=$((failed + failures))
}

# What meets the kernel and its programs, and what only optimised code can pass. With the flags of
# the Makefile, so that nothing is built twice.
release_programs() {
    local product
    for product in sockeye sockeye-library CountAllocations FuzzFrames FuzzCalls SwiftCalls; do
        swift build -c release --product "$product" --static-swift-stdlib || return
    done
}

timed "Build of the tests" swift build --build-tests || {
    failed=1
    finish
}
# Programs are waited for on threads that tests in virtual time need: those run first.
swift_suites "Swift suites" --skip '^LauncherTests\.'
swift_suites "Swift suites: the launcher" --filter '^LauncherTests\.'
timed "Build of the programs" release_programs || {
    failed=$((failed + 1))
    finish
}
integration
finish
