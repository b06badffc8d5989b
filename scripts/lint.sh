#!/usr/bin/env bash
# Checks style and the rules that docs/ARCHITECTURE.md states and no compiler enforces.
#
#   scripts/lint.sh                 this project
#   scripts/lint.sh --self-test     breaks each rule on purpose and sees it found
#
# Each rule prints what offends against it, one place a line; silence is a pass.
set -euo pipefail
cd "$(dirname "$0")/.."

pure='Memory Wire Stack Equipment Dissection'
# Modules whose business is memory or the system. Their tests may be unsafe too.
unsafe_rooms='Memory Devices Launcher SockeyeC'

# swift_files DIRECTORY…: the Swift sources below, those that exist.
swift_files() {
    local directory
    for directory in "$@"; do
        [ ! -d "$directory" ] || find "$directory" -name '*.swift' -not -path '*/.build/*' | sort
    done
}

# text_files: all that people write.
text_files() {
    find . \( -name .build -o -name .git -o -name build \) -prune -o -type f \
        \( -name '*.swift' -o -name '*.md' -o -name '*.sh' -o -name '*.py' -o -name '*.[ch]' \
        -o -name Makefile -o -path './.ci/*' \) -print | sort
}

# matching PATTERN FILE…: lines that match outside comments.
matching() {
    local pattern=$1
    shift
    [ $# -eq 0 ] || grep -nHP "^(?!\s*//).*?(?:$pattern)" -- "$@" || true
}

# rule_pure_imports: pure modules import the standard library and pure modules only.
rule_pure_imports() {
    local module
    for module in $pure; do
        matching '^(?:\s*@?\w+(?:\(\w+\))?\s+)*?import\s+(?!(?:Swift|Synchronization|'"${pure// /|}"')\s*$)' \
            $(swift_files "Sources/$module")
    done
}

# rule_determinism: nothing whose order or value differs from run to run, no floating point.
rule_determinism() {
    local module
    for module in $pure; do
        matching '\b(?:Hasher|Dictionary|Set<|Double|Float|ContinuousClock|SuspendingClock|SystemRandomNumberGenerator)\b|\.random\(' \
            $(swift_files "Sources/$module")
    done
}

# rule_unsafe: unsafe code stays in its rooms.
rule_unsafe() {
    local room allowed=()
    for room in $unsafe_rooms; do
        allowed+=(-e "^Sources/$room/" -e "^Tests/${room}Tests/")
    done
    # libFuzzer hands its inputs over as pointers.
    allowed+=(-e '^Tests/Fuzz/Entry')
    # KernelRun is the launcher over the kernel's sockets; served directories are tried with files
    # that only the system's calls can make.
    allowed+=(-e '^Tests/KernelRun/' -e '^Tests/ServicesTests/Pages/ServedDirectoryTests')
    # The C library's answers, beside which those of Names are held.
    allowed+=(-e '^Tests/NamesTests/Support/CLibrary')
    # Scripts of calls come in a file and run in threads, as the interpreter in C has them.
    allowed+=(-e '^Tests/SwiftCalls/')
    # What messages carry is a class to inherit from, which the compiler cannot see to be Sendable.
    allowed+=(-e '^Sources/Stack/Local/MessageAttachment' -e '^Tests/StackTests/Local/LocalHost')
    allowed+=(-e '^Sources/Sockets/Endpoint/HostEndpoint+Local')
    # A pipe and poll(2) of the kernel, beside which sets of sockets are held.
    allowed+=(-e '^Tests/SocketsTests/Support/KernelPipe')
    # A gateway belongs to the thread of its loop, to which a test hands it over.
    allowed+=(-e '^Tests/GatewayTests/Support/World')
    # The C library's names for directories that nobody else has.
    allowed+=(-e '^Tests/SockeyeCommandTests/Networks/SwitchProcessTests')
    # Only as a word of code: `unsafe` in a text is no use of it.
    matching '(?:^|[\s(,=])unsafe\s+[\w\(.&]|\bUnsafe(?:Mutable)?(?:Raw)?(?:Buffer)?Pointer\b|@unchecked\b|nonisolated\(unsafe\)' \
        $(swift_files Sources Tests Benchmarks Examples | grep -v "${allowed[@]}")
}

# rule_leftovers: nothing is left for later, and nothing ends the process on purpose.
rule_leftovers() {
    local marks='\b(?:TO''DO|FIX''ME|XX''X|HA''CK)\b'
    text_files | xargs -r grep -nHP "$marks" || true
    # A violated precondition of the project's own is said with `preconditionFailure` and a reason.
    matching '\bfatal''Error\(' $(swift_files Sources Tests Benchmarks Examples)
}

# rule_file_size: a file that long is two ideas, unless a program made it.
rule_file_size() {
    swift_files Sources Tests Benchmarks Examples | while read -r file; do
        local lines
        ! head -n 1 "$file" | grep -q '^// Made by scripts/' || continue
        lines=$(wc -l <"$file")
        [ "$lines" -le 600 ] || echo "$file: $lines lines"
    done
}

# rule_hosts: the project is built from itself: it names no host but those that stand for an
# example, a standard or a licence.
rule_hosts() {
    local known='(?:[\w-]+\.)*(?:sockeye|example|example\.(?:com|net|org)|localhost|rfc-editor\.org|iana\.org|apache\.org|swift\.org)'
    text_files | xargs -r grep -nHPo "(?:https?|git|ssh)://(?!(?:$known)(?![\w.-]))[A-Za-z][\w-]*\.[\w.-]+" || true
    [ ! -f Package.swift ] || grep -nHE '\.package\((url|id):' Package.swift || true
}

# rule_paths: no path of anybody's own machine.
rule_paths() {
    text_files | xargs -r grep -nHP '(?<![\w.])/(?:home/\w|root/|Users/\w)' || true
}

# rule_first_file: each module says in the file of its name, or where it starts, what it is for.
rule_first_file() {
    local directory module
    for directory in Sources/*/; do
        module=$(basename "$directory")
        [ -n "$(swift_files "$directory")" ] || continue
        grep -qs "^// $module: " "$directory/$module.swift" "$directory/main.swift" \
            || echo "$directory$module.swift: should begin with \"// $module: what it is for\""
    done
}

# rule_status: docs/STATUS.md claims only what a test proves. Rows that are done or partial name,
# between backquotes, files or folders below Tests, or names of suites and tests that stand in them.
rule_status() {
    [ -f docs/STATUS.md ] || return 0
    local number=0 line proof name
    while IFS= read -r line; do
        number=$((number + 1))
        [[ $line =~ ^\|\ [0-9]+\.[0-9]+\ \| ]] || continue
        proof=$(cut -d '|' -f 5 <<<"$line")
        case $(cut -d '|' -f 4 <<<"$line") in
        ' done ' | ' partial ')
            grep -q '`' <<<"$proof" || echo "docs/STATUS.md:$number: names no test"
            ;;
        ' not yet ') ;;
        *) echo "docs/STATUS.md:$number: is neither done, partial nor not yet" ;;
        esac
        while IFS= read -r name; do
            [ -z "$name" ] || [ -e "Tests/$name" ] || grep -rqF -- "$name" Tests \
                || echo "docs/STATUS.md:$number: no test is called $name"
        done < <(grep -o '`[^`]*`' <<<"$proof" | tr -d '`')
    done <docs/STATUS.md
}

# rule_readme: the Swift that README.md shows stands, line by line and in order, in an example that
# is built.
rule_readme() {
    local line source found
    source=$(cat Examples/*/*.swift 2>/dev/null || true)
    while IFS= read -r line; do
        line=${line#"${line%%[! ]*}"}
        [ -n "$line" ] || continue
        found=$(grep -nF -m 1 -- "$line" <<<"$source" | cut -d : -f 1 || true)
        if [ -z "$found" ]; then
            echo "README.md: is in no example: $line"
            return
        fi
        source=$(tail -n "+$((found + 1))" <<<"$source")
    done < <([ ! -f README.md ] || sed -n '/^```swift/,/^```$/p' README.md | grep -v '^```' || true)
}

# rule_scripts: scripts can be read by those that are to run them.
rule_scripts() {
    local file
    while read -r file; do
        case $file in
        *.sh) bash -n "$file" 2>&1 || true ;;
        *.py)
            ! command -v python3 >/dev/null || python3 -c \
                'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' \
                "$file" 2>&1 | tail -n 3 || true
            ;;
        esac
    done < <(text_files)
}

rules=$(declare -F | grep -o 'rule_.*')

check_rules() {
    local rule offences failed=0
    for rule in $rules; do
        offences=$($rule)
        [ -n "$offences" ] || continue
        failed=1
        echo "lint: ${rule#rule_}:"
        sed 's/^/    /' <<<"$offences"
    done
    return "$failed"
}

# A small project that keeps every rule; then each rule is broken in turn, and must be the one
# that says so.
self_test() {
    local room failed=0
    room=$(mktemp -d "${TMPDIR:-/tmp}/sockeye-lint.XXXXXX")
    trap "rm -rf '$room'" EXIT

    fixture() {
        rm -rf "$room/project"
        mkdir -p "$room"/project/{Sources/{Memory,Wire,Sockets},Tests/WireTests,docs}
        cd "$room/project"
        echo '// Memory: where bytes are.' >Sources/Memory/Memory.swift
        printf '%s\n' '// Wire: formats.' 'import Memory' >Sources/Wire/Wire.swift
        echo '// Sockets: calls. This is not unsafe.' >Sources/Sockets/Sockets.swift
        echo '@Suite("Formats") struct Formats {}' >Tests/WireTests/Formats.swift
        echo '| 3.1 | UDP | done | `Formats` |' >docs/STATUS.md
        echo 'See https://www.rfc-editor.org/rfc/rfc9293.' >README.md
    }

    fixture
    if ! check_rules >"$room/out"; then
        echo "lint: a project without fault was refused:"
        cat "$room/out"
        failed=1
    fi

    # breaks RULE FILE TEXT: adding TEXT to FILE must be an offence against RULE.
    breaks() {
        fixture
        mkdir -p "$(dirname "$2")"
        printf '%s\n' "$3" >>"$2"
        if [ -z "$("rule_$1")" ]; then
            echo "lint: rule $1 does not see: $3"
            failed=1
        fi
    }

    breaks pure_imports Sources/Wire/Wire.swift 'import Foundation'
    breaks pure_imports Sources/Wire/Wire.swift 'public import Glibc'
    breaks pure_imports Sources/Memory/Memory.swift '@preconcurrency import Dispatch'
    breaks determinism Sources/Wire/Wire.swift 'let seen: Set<Int> = []'
    breaks determinism Sources/Wire/Wire.swift 'let dice = Int.random(in: 1...6)'
    breaks unsafe Sources/Sockets/Sockets.swift 'let text = unsafe strerror(2)'
    breaks unsafe Tests/WireTests/Formats.swift 'struct Box: @unchecked Sendable {}'
    breaks leftovers Sources/Wire/Wire.swift "// TO""DO: the rest"
    breaks leftovers Sources/Wire/Wire.swift "func f() { fatal""Error() }"
    breaks file_size Sources/Wire/Long.swift "$(yes '//' | head -n 601)"
    breaks hosts README.md 'Get it from https:/''/packages.invalid.test/sockeye.'
    breaks hosts README.md 'Get it from https:/''/rfc-editor.org.invalid.test/sockeye.'
    breaks hosts Package.swift '.package(url: "elsewhere", from: "1.0.0")'
    breaks paths README.md 'It is in /ho''me/somebody.'
    breaks readme README.md $'```swift\nlet a = 1\n```'
    breaks scripts run.sh 'if true; then'
    breaks scripts test.py 'def test(:'
    breaks status docs/STATUS.md '| 3.2 | TCP | done | `Absent` |'
    breaks status docs/STATUS.md '| 3.2 | TCP | done | for certain |'
    breaks status docs/STATUS.md '| 3.2 | TCP | nearly | |'
    breaks first_file Sources/Devices/TAP.swift 'import Glibc'
    breaks first_file Sources/Devices/Devices.swift 'import Glibc'
    return "$failed"
}

if [ "${1:-}" = --self-test ]; then
    self_test
    echo "lint: each rule finds what breaks it"
    exit
fi

status=0
scripts/lint.sh --self-test || status=1
check_rules || status=1
swift format lint --strict --recursive --parallel Sources Tests Benchmarks Examples Package.swift || status=1
exit "$status"
