#!/usr/bin/env bash
# Checks and measures this machine's NVIDIA GPU. Needs its driver and nothing else; see README.md beside this file.
set -euo pipefail
home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)

# cuBLASLt, for comparison: the system's, or one that came with PyTorch
if [ -z "${WAN_CUBLASLT:-}" ] && ! ldconfig -p 2>/dev/null | grep -q 'libcublasLt\.so\.1[23]' && command -v python3 >/dev/null; then
  found=$(python3 - <<'PY' 2>/dev/null || true
import glob, site, sysconfig
for folder in {sysconfig.get_paths()["purelib"], *site.getsitepackages(), site.getusersitepackages()}:
    for name in sorted(glob.glob(folder + "/nvidia/*/lib/libcublasLt.so.1[23]")):
        print(name)
PY
  )
  WAN_CUBLASLT=$(head -n 1 <<<"$found")
  [ -z "$WAN_CUBLASLT" ] || export WAN_CUBLASLT
fi

exec "$home/runtime/bin/java" -Xmx512m -Djava.awt.headless=true -Dwan.gpucheck.home="$home" \
  -cp "$home/lib/*" io.wan4j.gpucheck.GpuCheck "$@"
