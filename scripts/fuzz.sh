#!/usr/bin/env bash
# Coverage-guided fuzzing of every parser and of every part that keeps a state.
#
#   scripts/fuzz.sh run SECONDS [target …]   each target for so long, several at a time
#   scripts/fuzz.sh check RUNS [target …]    each target over its seeds and so many inputs more
#   scripts/fuzz.sh build                    only makes the program
#   scripts/fuzz.sh targets                  names the targets
#
# The program is made by the compiler itself: one with libFuzzer and the address sanitizer, for all
# targets. Inputs that reached something new are kept in build/fuzz/inputs for the next run; what
# broke a promise is in build/fuzz/found, and the same program repeats it:
#
#   build/fuzz/TARGET build/fuzz/found/TARGET-crash-…
set -euo pipefail
cd "$(dirname "$0")/.."

output=build/fuzz
inputs=${inputs:-$output/inputs}
seeds=$output/seeds
found=$output/found

# The parsers of the services that need no system.
services=$(cd Sources/Services && echo DNS/DNSArrival.swift \
    HTTP/{BodyFraming,ByteRange,ChunkedDecoder}.swift \
    HTTP/HTTP{Fields,HeadScanner,RequestHead,Status,Target}.swift)

# What of the names needs none.
names=$(cd Sources/Names && echo DNS/*.swift Numeric/*.swift)

# module NAME FILE…: compiles a module, if a source of it or a module below has changed.
module() {
    local name=$1 list=$output/$1.files
    shift
    printf '%s\n' "$@" | sort >"$list.new"
    if cmp -s "$list" "$list.new" && [ -z "$changed" ] && [ -f "$output/$name.o" ] \
        && [ -z "$(find "$@" scripts/fuzz.sh -newer "$output/$name.o")" ]; then
        return
    fi
    mv "$list.new" "$list"
    changed=yes
    echo "fuzz: compiling $name"
    swiftc -O -wmo -parse-as-library -swift-version 6 -strict-memory-safety -warnings-as-errors \
        -enable-experimental-feature Lifetimes -enable-upcoming-feature ExistentialAny \
        -sanitize=fuzzer,address -enable-testing -assert-config Debug -g \
        -module-name "$name" -package-name sockeye -I "$output" \
        -emit-module -emit-module-path "$output/$name.swiftmodule" \
        -c -o "$output/$name.o" "@$list"
    touch "$output/$name.o"
}

build() {
    local name changed=
    mkdir -p "$output" "$found"
    for name in Memory Wire Stack Dissection; do
        module "$name" $(find "Sources/$name" -name '*.swift')
    done
    module Names $(printf 'Sources/Names/%s\n' $names)
    module Services $(printf 'Sources/Services/%s\n' $services)
    module FrameFuzzing $(find Tests/FrameFuzzing -name '*.swift')
    module Fuzz $(find Tests/Fuzz -name '*.swift')
    if [ -n "$changed" ] || [ ! -x "$output/program" ]; then
        # The linker's word about symbols of the sanitizer's own means nothing.
        swiftc -sanitize=fuzzer,address -o "$output/program" "$output"/*.o 2>&1 \
            | grep -v 'Cannot export local symbol' || true
    fi
    [ -x "$output/program" ]
    for name in $(targets); do ln -sfn program "$output/$name"; done
    python3 Tests/Corpus/seeds.py "$seeds"
}

# targets: the names of the cases of the two lists of targets.
targets() {
    sed -nE 's/^    case ([A-Za-z0-9]+)( = "([a-z0-9-]+)")?$/\1 \3/p' \
        Tests/FrameFuzzing/FuzzTarget.swift Tests/Fuzz/UpperTarget.swift \
        | awk '{ print $NF }'
}

# one TARGET OPTION…: runs a target; its last lines if all was well, everything if not.
one() {
    local name=$1 log=$output/$1.log
    shift
    mkdir -p "$inputs/$name" "$seeds/$name"
    if "$output/$name" -timeout=20 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=0 \
        -verbosity=1 -artifact_prefix="$found/$name-" "$@" \
        "$inputs/$name" "$seeds/$name" >"$log" 2>&1; then
        printf 'fuzz: %-16s %s\n' "$name" "$(grep -aE '^Done|DONE' "$log" | tail -n 1)"
    else
        printf 'fuzz: %-16s FAILED, see %s\n' "$name" "$log"
        tail -n 60 "$log"
        return 1
    fi
}

# all OPTION… -- [TARGET…]: every target, as many at a time as there are processors.
all() {
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    [ $# -gt 0 ] || set -- $(targets)
    export SWIFT_BACKTRACE=enable=no
    export ASAN_OPTIONS=detect_leaks=0:handle_abort=1
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I {} "$0" one {} "${options[@]}"
}

command=${1:-run}
[ $# -eq 0 ] || shift
case $command in
build) build ;;
targets) targets ;;
one) one "$@" ;;
run)
    build
    seconds=${1:-60}
    [ $# -eq 0 ] || shift
    all "-max_total_time=$seconds" -- "$@"
    echo "fuzz: nothing was found"
    ;;
check)
    build
    runs=${1:-1000}
    [ $# -eq 0 ] || shift
    # From the same seed each time: a test says the same today and tomorrow.
    inputs=$(mktemp -d "${TMPDIR:-/tmp}/sockeye-fuzz.XXXXXX")
    trap 'rm -rf "$inputs"' EXIT
    export inputs
    all -seed=1 "-runs=$runs" -- "$@"
    echo "fuzz: nothing was found"
    ;;
*)
    echo "usage: scripts/fuzz.sh run|check|build|targets …" >&2
    exit 2
    ;;
esac
