#!/bin/sh
# SPDX-License-Identifier: MIT
# The Hbb interaction network from no data to figures: simulate, prepare, train one epoch, evaluate, export and
# benchmark. Three quarters of the jets are trained on, one quarter is for the figures.
#
#   scripts/hbb_chain.sh [JETS=2000] [FOLDER=hbb-chain]
#
# FAIRREG is the command, `fairreg` by default. It needs the extras simulate, torch and plot. The simulation goes on
# where it was interrupted.
set -eu
jets=${1:-2000}
folder=${2:-hbb-chain}
fairreg=${FAIRREG:-fairreg}
test_jets=$((jets / 4))

step() {
    printf '\n$ fairreg hbb %s\n' "$*"
    "$fairreg" hbb "$@"
}

step simulate --output "$folder/train" --jets $((jets - test_jets)) --jets-per-file 250 --seed 1 --workers 2
step simulate --output "$folder/test" --jets "$test_jets" --jets-per-file 250 --seed 2 --workers 2
step prepare "$folder/train/*.root" --output "$folder/train.h5"
step prepare "$folder/test/*.root" --output "$folder/test.h5"
step train "$folder/train.h5" --output "$folder/trained" --epochs 1 --learning-rate 0.001
step evaluate "$folder/trained/weights.onnx" --sample "$folder/test.h5" --plot "$folder/roc.png"
step export "$folder/trained/weights.safetensors" --output "$folder/exported" \
    --format onnx --format safetensors --format pairwise
step benchmark --weights "$folder/exported/weights.onnx" --sample "$folder/test.h5" --output "$folder/speed" \
    --repetitions 5 --batch-sizes 1,8,32,128
