#!/bin/sh
# Compiles the pure modules in Embedded Swift, where there are no existentials, no reflection and
# no hidden allocation of metadata: what compiles here depends on nothing but the language.
#
#   scripts/embedded.sh [module …]      default: all pure modules, lowest first
#
# A module may import those named before it. Output goes to .build/embedded; the first error ends
# the run with a failure.
set -eu

cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- Memory Wire Stack Equipment Dissection

output=.build/embedded
rm -rf "$output"
mkdir -p "$output"

for module in "$@"; do
    find "Sources/$module" -name '*.swift' | sort >"$output/$module.files"
    [ -s "$output/$module.files" ] || { echo "no sources: $module" >&2; exit 1; }
    # Settings as in Package.swift. The object is made too: some errors come with specialisation.
    swiftc -O -wmo -parse-as-library -swift-version 6 -strict-memory-safety -warnings-as-errors \
        -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes \
        -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility \
        -module-name "$module" -I "$output" \
        -emit-module -emit-module-path "$output/$module.swiftmodule" \
        -c -o "$output/$module.o" "@$output/$module.files"
    echo "embedded: $module"
done
