#!/bin/sh
# Runs `clw` from this clone, from any directory and through symbolic links, whatever Node is on the PATH.
# Plain sh, because starting an old Node only to find a newer one would cost more than the command itself.
case $0 in */*) program=$0 ;; *) program=./$0 ;; esac
while [ -L "$program" ]; do
  target=$(readlink "$program")
  case $target in /*) program=$target ;; *) program=${program%/*}/$target ;; esac
done
root=$(cd "${program%/*}/" && pwd -P) || exit 1
script=$root/packages/server/bin/clw.js
node=$root/node_modules/.bin/node

# Less room for young objects, so that what a burst of requests has used is used again: a fifth less memory after load, at the same
# speed. A program cannot set that for itself once it runs.
young=--max-semi-space-size=8

# Of whatever is below 1 GiB the engine takes 256 MiB for its heap. Where that is more than half of what the control group allows, half.
heap=
fit() {
  [ -r "$1" ] && read -r bytes <"$1" || return 0
  case $bytes in '' | *[!0-9]* | ??????????*) return 0 ;; esac
  if [ "$bytes" -lt 536870912 ]; then heap=--max-old-space-size=$((bytes / 2097152)); fi
}
if [ -r /proc/self/cgroup ]; then
  while IFS=: read -r id names path; do
    case $id:,$names, in
    0:,,) fit "/sys/fs/cgroup$path/memory.max" ;;
    *,memory,*) fit /sys/fs/cgroup/memory/memory.limit_in_bytes && fit "/sys/fs/cgroup/memory$path/memory.limit_in_bytes" ;;
    esac
  done </proc/self/cgroup
fi

if [ -x "$node" ]; then exec "$node" $young $heap "$script" "$@"; fi
major=$(node --version 2>/dev/null)
major=${major#v}
if [ "${major%%.*}" -ge 24 ] 2>/dev/null && [ -d "$root/node_modules" ]; then exec node $young $heap "$script" "$@"; fi
echo "clw: not installed yet: run 'npm ci' in $root" >&2
exit 1
