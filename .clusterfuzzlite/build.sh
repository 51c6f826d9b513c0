#!/bin/bash -eu
# Builds every fuzz target with its seeds, for ClusterFuzzLite and OSS-Fuzz: both set $OUT.
# Elsewhere: OUT=DIR CARGO_FUZZ_FLAGS="-s none" .clusterfuzzlite/build.sh
cd "$(dirname "$(cargo locate-project --workspace --message-format plain)")"

# shellcheck disable=SC2086 # several flags
RUSTC_WRAPPER=$PWD/fuzz/only-ours cargo fuzz build -O --debug-assertions ${CARGO_FUZZ_FLAGS:-}
release=${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-gnu/release
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
# An ordinary build: the command converts the committed schedules to bytes.
env -u RUSTFLAGS cargo zab corpus export fuzz/seeds/schedules --out "$seeds"

for target in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$target" .rs)
    cp "$release/$target" "$OUT/"
    case $target in
        direct | turmoil | drivers_agree)
            zip -qj "$OUT/${target}_seed_corpus.zip" "$seeds"/*
            # The search inside them chooses what is worth another try.
            printf '[libfuzzer]\nentropic = 0\n' >"$OUT/$target.options"
            ;;
        codec) zip -qj "$OUT/${target}_seed_corpus.zip" fuzz/seeds/codec/* ;;
    esac
done
