#!/usr/bin/env bash
# Makes a synthetic 14B model and a video with it, and writes what that took to wan-bench/results.
# usage: full-size.sh [--layers N] [--encoder-layers N] [--frames N] [--steps LIST] [--dir DIR] [--name NAME]
#   Full size takes 30 GB of disk and 24 GiB of memory; --layers 2 --encoder-layers 2 tries the script in minutes.
set -euo pipefail
home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
layers= encoder= frames=17 steps=1000,750,500,250 dir=/tmp/wan-full name=
while [ $# -gt 0 ]; do
  case $1 in
    --layers) layers=$2 ;;
    --encoder-layers) encoder=$2 ;;
    --frames) frames=$2 ;;
    --steps) steps=$2 ;;
    --dir) dir=$2 ;;
    --name) name=$2 ;;
    *) sed -n '2,4p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done
name=${name:-full-size-$frames-frames}
if [ ! -e "$dir/config.json" ]; then
  rm -rf "$dir"
  "$home/wan" synth --preset i2v-14b --to int8 --out "$dir" ${layers:+--layers "$layers"} ${encoder:+--encoder-layers "$encoder"}
fi
mkdir -p "$home/wan-bench/results"
result=$home/wan-bench/results/$name.json
start=$(date +%s)
WAN_JAVA_OPTS="-Xmx2g ${WAN_JAVA_OPTS:-}" "$home/wan" generate --model "$dir" --image "$dir/picture.png" \
  --prompt "a cat surfing at dusk" --size 832x480 --frames "$frames" --steps "$steps" --seed 42 --threads 2 \
  --out "$dir/$name.mp4" --force --report "$result" &
pid=$!
# The system's peak (VmHWM) counts mapped pages of the checkpoint, which it can take back at any time: watch the others.
anonymous=0
while kill -0 "$pid" 2>/dev/null; do
  now=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null || true)
  [ "${now:-0}" -le "$anonymous" ] || anonymous=$now
  sleep 0.5
done
wait "$pid"
wall=$(($(date +%s) - start))
commit=$(git -C "$home" rev-parse --short HEAD)
[ -z "$(git -C "$home" status --porcelain -- ':!wan-bench/results')" ] || commit=$commit-dirty
cat > "${result%.json}.machine.json" <<JSON
{
  "date" : "$(date -u +%F)",
  "commit" : "$commit",
  "cpu" : "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)",
  "threads" : 2,
  "memory" : "$(sed -n 's/^MemTotal: *//p' /proc/meminfo)",
  "layers" : ${layers:-40},
  "wall_s" : $wall,
  "peak_anonymous_bytes" : $((anonymous * 1024)),
  "command" : "wan-bench/full-size.sh --frames $frames --steps $steps"
}
JSON
echo "$result: $wall s"
