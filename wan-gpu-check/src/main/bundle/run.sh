#!/usr/bin/env bash
# Checks and measures this machine's NVIDIA GPU. Needs its driver and nothing else; see README.md beside this file.
set -euo pipefail
home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
java=$home/runtime/bin/java

# libraries of Java that the smallest systems lack; PyTorch must not see them
export WAN_LIBRARY_PATH=${LD_LIBRARY_PATH:-}
if ! "$java" -version >/dev/null 2>&1; then
  export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$home/runtime/fallback
  if ! why=$("$java" -version 2>&1); then
    echo "the Java runtime of this bundle does not start (x86-64 Linux with glibc 2.34 or later is needed): ${why%%$'\n'*}" >&2
    exit 2
  fi
fi

# cuBLASLt and cuDNN, for comparison: the system's, or those that came with PyTorch
libraries() {
  python3 - "$1" <<'PY' 2>/dev/null || true
import glob, site, sys, sysconfig
for folder in {sysconfig.get_paths()["purelib"], *site.getsitepackages(), site.getusersitepackages()}:
    for name in sorted(glob.glob(folder + "/nvidia/*/lib/" + sys.argv[1])):
        print(name)
PY
}
if command -v python3 >/dev/null; then
  if [ -z "${WAN_CUBLASLT:-}" ]; then
    WAN_CUBLASLT=$(libraries 'libcublasLt.so.1[23]')
    WAN_CUBLASLT=${WAN_CUBLASLT%%$'\n'*}
    [ -z "$WAN_CUBLASLT" ] || export WAN_CUBLASLT
  fi
  if [ -z "${WAN_CUDNN:-}" ]; then
    WAN_CUDNN=$(libraries 'libcudnn.so.9')
    WAN_CUDNN=${WAN_CUDNN%%$'\n'*}
    [ -z "$WAN_CUDNN" ] || export WAN_CUDNN
  fi
fi

exec "$java" -Xmx512m -XX:-UsePerfData -Djava.awt.headless=true -Dwan.gpucheck.home="$home" \
  -cp "$home/lib/*" io.wan4j.gpucheck.GpuCheck "$@"
