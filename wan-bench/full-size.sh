#!/usr/bin/env bash
# Makes a synthetic 14B model and a video with it, and writes what that took: RESULTS/NAME.json and .machine.json.
# usage: full-size.sh [--layers N] [--encoder-layers N] [--frames N] [--steps LIST] [--dir DIR] [--results DIR] [--name NAME]
#   Full size takes 30 GB of disk and 24 GiB of memory; --layers 2 --encoder-layers 2 tries the script in minutes.
#   --steps 1000 --frames 81 is one step at 32,760 tokens. A log of what was printed stays beside the model.
set -euo pipefail
home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
layers= encoder= frames=17 steps=1000,750,500,250 dir=/tmp/wan-full results=$home/wan-bench/results name=
command="wan-bench/full-size.sh $*"
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || { sed -n '3,5p' "$0" >&2; exit 2; }
  case $1 in
    --layers) layers=$2 ;;
    --encoder-layers) encoder=$2 ;;
    --frames) frames=$2 ;;
    --steps) steps=$2 ;;
    --dir) dir=$2 ;;
    --results) results=$2 ;;
    --name) name=$2 ;;
    *) sed -n '3,5p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done
name=${name:-full-size-$frames-frames}
say() { echo "$(date +%T) $*"; }

# The picture is written last: without it the model is not whole.
if [ ! -e "$dir/picture.png" ]; then
  if [ -e "$dir" ] && [ ! -e "$dir.making" ] && [ -n "$(ls -A "$dir")" ]; then
    echo "$dir: expected a model of an earlier call, or nothing; choose another --dir" >&2
    exit 1
  fi
  touch "$dir.making"
  rm -rf "$dir"
  say "making the model in $dir"
  "$home/wan" synth --preset i2v-14b --to int8 --out "$dir" ${layers:+--layers "$layers"} ${encoder:+--encoder-layers "$encoder"}
  rm "$dir.making"
fi
mkdir -p "$results"
result=$results/$name.json
log=$dir/$name.log
start=$(date +%s)
say "generating; the log is $log"
WAN_JAVA_OPTS="-Xmx2g ${WAN_JAVA_OPTS:-}" "$home/wan" generate --model "$dir" --image "$dir/picture.png" \
  --prompt "a cat surfing at dusk" --size 832x480 --frames "$frames" --steps "$steps" --seed 42 --threads 2 \
  --out "$dir/$name.mp4" --force --report "$result" > "$log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true' EXIT
# The system's peak (VmHWM) counts mapped pages of the checkpoint, which it can take back at any time: watch the others.
anonymous=0
shown=
while kill -0 "$pid" 2>/dev/null; do
  now=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null || true)
  [ "${now:-0}" -le "$anonymous" ] || anonymous=$now
  line=$(tr '\r' '\n' < "$log" | tail -n 1)
  [ "$line" = "$shown" ] || { say "$line"; shown=$line; }
  sleep 0.5
done
status=0
wait "$pid" || status=$?
trap - EXIT
if [ "$status" -ne 0 ]; then
  tail -n 20 "$log" >&2
  say "failed with status $status" >&2
  exit "$status"
fi
wall=$(($(date +%s) - start))
sed -n '/^phase /,$p' "$log"
commit=$(git -C "$home" rev-parse --short HEAD)
[ -z "$(git -C "$home" status --porcelain -- ':!wan-bench/results')" ] || commit=$commit-dirty
cat > "${result%.json}.machine.json" <<JSON
{
  "date" : "$(date -u +%FT%TZ)",
  "commit" : "$commit",
  "cpu" : "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)",
  "processors" : $(nproc),
  "threads" : 2,
  "memory" : "$(sed -n 's/^MemTotal: *//p' /proc/meminfo)",
  "system" : "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release), $(uname -sr)",
  "runtime" : "$("${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | head -1 | tr -d '"')",
  "onednn" : "$(sed -n 's/.*<artifactId>dnnl<.*<version>\([0-9.]*\)-.*/\1/p' "$home/pom.xml" | head -1)",
  "layers" : ${layers:-40},
  "encoder_layers" : "${encoder:-all}",
  "wall_s" : $wall,
  "peak_anonymous_bytes" : $((anonymous * 1024)),
  "command" : "$command"
}
JSON
say "$result: $wall s, peak of anonymous memory $((anonymous / 1024)) MiB"
