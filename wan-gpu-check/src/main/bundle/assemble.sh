#!/usr/bin/env bash
# Puts the GPU check into one folder and packs it. Arguments: repository, target folder, name of the jar, JDK.
set -euo pipefail
root=$1 target=$2 jar=$3 jdk=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bundle=$target/wan-gpu-check
limit=60000000

rm -rf "$bundle" "$bundle.tar.xz"
mkdir -p "$bundle/lib" "$bundle/goldens"

"$jdk/bin/jlink" --add-modules java.base,java.desktop,java.logging,java.management,java.xml,jdk.unsupported \
  --strip-debug --no-header-files --no-man-pages --compress 0 --vm server --output "$bundle/runtime"

# what Java's own libraries need besides glibc, for systems without them
mkdir "$bundle/runtime/fallback"
for library in "$bundle"/runtime/bin/java "$bundle"/runtime/lib/lib{java,jli,zip,net,nio,management,verify}.so "$bundle"/runtime/lib/server/libjvm.so; do
  ldd "$library" | awk '$3 ~ "^/" && $1 ~ /^lib(z|stdc\+\+|gcc_s)\.so/ { print $3 }'
done | sort -u | while read -r library; do
  cp -L "$library" "$bundle/runtime/fallback/"
done

cp "$target/$jar.jar" "$target"/bundle-lib/*.jar "$bundle/lib/"
# JNA brings its native part for two dozen systems; one is used
(cd "$bundle/lib" && for library in jna-*.jar; do
  zip -q -d "$library" 'com/sun/jna/*-*/*' -x 'com/sun/jna/linux-x86-64/*' || test $? -eq 12
done)
cp -r "$root/goldens/." "$bundle/goldens/"
cp "$here/run.sh" "$here/bench_torch.py" "$bundle/"
cp "$root/docs/gpu-check.md" "$bundle/README.md"
cp "$root/LICENSE" "$bundle/" 2>/dev/null || true
chmod +x "$bundle/run.sh"

commit=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain --untracked-files=no 2>/dev/null)" ] || commit=$commit-changed
echo "$commit" > "$bundle/commit"

tar -C "$target" --sort=name --owner=0 --group=0 --numeric-owner -cf - wan-gpu-check | xz -T2 -6 > "$bundle.tar.xz"
size=$(stat -c %s "$bundle.tar.xz")
echo "GPU check: $bundle.tar.xz, $size bytes"
[ "$size" -lt "$limit" ] || { echo "GPU check: expected less than $limit bytes" >&2; exit 1; }
