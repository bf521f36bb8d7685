#!/bin/sh
# Builds the lab's guests from their sources into the directory given (default: built/ beside this
# script) and records what they were built from and with. Needs gcc and binutils on x86-64; nothing
# 32-bit, no libc.
set -eu
export LC_ALL=C
cd "$(dirname "$(readlink -f "$0")")"
out=$(readlink -m "${1:-built}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

common="-Wall -Wextra -Werror -std=gnu11 -O2 -ffreestanding -nostdlib -static -fno-pic -fno-pie
  -fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident -fno-tree-loop-distribute-patterns
  -fcf-protection=none -mgeneral-regs-only"

build() { # NAME FLAGS... -- SOURCES...
  name=$1 flags='' objects=''
  shift
  while [ "$1" != -- ]; do flags="$flags $1" && shift; done
  shift
  for source; do
    object=$work/$name-$(basename "$source").o
    # shellcheck disable=SC2086
    gcc $common $flags -c "$source" -o "$object"
    objects="$objects $object"
  done
}

build beat -m32 -march=i686 -- beat/boot.S beat/platform.c core/*.c
# shellcheck disable=SC2086
ld -m elf_i386 -n --no-warn-rwx-segments --build-id=none -s -T beat/beat.ld $objects -o "$out/beat.elf"

build workload -m64 -- linux/platform.c core/*.c
# shellcheck disable=SC2086
ld --build-id=none -s $objects -o "$out/workload"

# What the images were made of, and with: the test that compares them reads it.
{
  printf 'compiler %s\n' "$(gcc -dumpfullversion)"
  printf 'linker %s\n' "$(ld --version | sed -n '1s/.* //p')"
  printf 'sources %s\n' "$(cat build.sh beat/* core/* linux/* | sha256sum | cut -d' ' -f1)"
  for image in beat.elf workload; do
    printf '%s %s\n' "$image" "$(sha256sum <"$out/$image" | cut -d' ' -f1)"
  done
} >"$out/record"
