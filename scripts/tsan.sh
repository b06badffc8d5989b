#!/usr/bin/env bash
# Runs tests of the socket interface under the thread sanitizer:
#
#     scripts/tsan.sh [suites, by default those with threads]
#
# The standard library's Mutex is a futex whose contended path is compiled without the sanitizer, which
# then sees no order between two holders and reports races that are none. So a copy of the tree is
# built, in which every module that has locks gets a Mutex of its own: one of pthreads, which the
# sanitizer knows. Nothing else differs.
set -euo pipefail
cd "$(dirname "$0")/.."

suites=${1:-'ManyThreadsTests|ReadySetTests|MixedReadinessTests|PollingTests|CallbackTests|DeadlineTests|StreamTests|DatagramTests'}
tree=${SOCKEYE_TSAN_TREE:-.build/tsan}

mkdir -p "$tree/package"
tar -cf - Package.swift Sources Tests Examples Benchmarks | tar -xf - -C "$tree/package"
# The compiler's words about the lock's pointers are of no use here.
sed -i -e '/\.strictMemorySafety(),/d' -e '/\.treatAllWarnings(as: \.error),/d' "$tree/package/Package.swift"
(
    cd "$tree/package"
    grep -rl 'import Synchronization' Sources Tests Examples | cut -d/ -f1,2 | sort -u
) | while read -r module; do
    cp scripts/tsan/Mutex.swift "$tree/package/$module/"
done

# A race ends the tests with an error, whatever they say.
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 ${TSAN_OPTIONS:-}"
swift test --package-path "$tree/package" --scratch-path "$tree/build" --sanitize=thread \
    --disable-xctest --filter "$suites"
