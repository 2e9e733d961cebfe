#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes streams.png of what scripts/demo left in demo-output/.

set -eu
cd "$(dirname "$0")"
in=../../demo-output

ffmpeg -nostdin -v error -y \
  -i $in/left.png -i $in/disparity-view.png -i $in/confidence-view.png \
  -filter_complex "[0]scale=384:288:flags=area[a];
    [1]scale=384:288:flags=neighbor[b];[2]scale=384:288:flags=area[c];
    [a][b][c]hstack=3" \
  -frames:v 1 streams.png
