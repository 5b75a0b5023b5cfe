#!/bin/sh
# Rebuilds natlens.bpf.o, which is kept beside its source so that a machine without clang builds the crate.
# Needs clang (14 or later), llvm-strip, libbpf-dev, linux-libc-dev. The optional argument is the object to write.
set -eu
cd "$(dirname "$0")"
object="${1:-natlens.bpf.o}"
clang -target bpf -mcpu=v3 -O2 -g -Wall -Werror -fdebug-prefix-map="$PWD"=. \
    -I"/usr/include/$(uname -m)-linux-gnu" -c natlens.bpf.c -o "$object"
# Without DWARF; the BTF that relocation needs stays.
llvm-strip -g "$object" 2>/dev/null || llvm-strip-14 -g "$object"
if [ "$object" = natlens.bpf.o ]; then
    cat natlens.bpf.c kernel.h packet.h | sha256sum | cut -d' ' -f1 > natlens.bpf.o.sha256
fi
