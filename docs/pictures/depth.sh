#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes depth.png by the pipelines of ../depth.md. Needs GST_PLUGIN_PATH, and a
# camera at localhost: build/tools/rcgrpc-sim --quality=high

set -eu
out=$PWD/depth.png
document=$(cd "$(dirname "$0")/.." && pwd)/depth.md
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

sed -n '/^## See it/,/^!\[/p' "$document" | sed -n '/^```sh/,/^```/p' |
  grep -v '^```' | sh
ffmpeg -nostdin -v error -y -i disparity.png -i depth.png -i confidence.png \
  -i error.png -filter_complex "[0][1]hstack[a];[2][3]hstack[b];[a][b]vstack" \
  -frames:v 1 "$out"
