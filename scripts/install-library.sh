#!/usr/bin/env bash
# Puts the library for C where compilers and `man` find it.
#
#   scripts/install-library.sh LIBRARY DESTDIR PREFIX
#
# DESTDIR stands before PREFIX in each path, and in no file: packages are made so.
set -euo pipefail
library=$(realpath "$1")
destination=$2
prefix=$3
cd "$(dirname "$0")/.."

version=$(sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/SockeyeCommand/CommandLine/Command.swift)
root=$destination$prefix
install -d "$root/lib/pkgconfig" "$root/include" "$root/share/man/man3"
# A program that runs keeps its library: the new one is another file.
install -m 755 "$library" "$root/lib/libsockeye.so.new"
mv "$root/lib/libsockeye.so.new" "$root/lib/libsockeye.so"
install -m 644 Sources/CSockeye/include/sockeye.h "$root/include/sockeye.h"

cat >"$root/lib/pkgconfig/sockeye.pc" <<END
prefix=$prefix
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: Sockeye
Description: The Berkeley socket interface over a TCP/IP stack in user space
Version: $version
Libs: -L\${libdir} -lsockeye
Cflags: -I\${includedir}
END

# Each call has a page; those that share one lead to it.
for page in man/*.3; do
    name=$(basename "$page")
    install -m 644 "$page" "$root/share/man/man3/$name"
    sed -n 's/^\.Nm \(sockeye_[a-z0-9_]*\).*/\1/p' "$page" | sort -u | while read -r call; do
        [ "$call.3" = "$name" ] || echo ".so man3/$name" >"$root/share/man/man3/$call.3"
    done
done
