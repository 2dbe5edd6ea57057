#!/bin/bash
# short.sh NAME FOLDER: a few seconds of the harness NAME, whose fuzzer stands in FOLDER: as many inputs each time, from the
# same seed, so that no clock decides. A crash is left in FOLDER/crash-NAME-...
set -u
cd "$(dirname "$(readlink -f "$0")")" || exit 1
name=$1 folder=$2
. ./lengths.sh
rm -rf "$folder/found/$name"
mkdir -p "$folder/found/$name" || exit 1
seeds=(corpus/"$name")
[ ! -d crashes/"$name" ] || seeds+=(crashes/"$name")
exec "$folder/fuzz_$name" -runs="$(short_runs "$name")" -seed=1 -max_len="$(longest "$name")" -timeout=60 -verbosity=0 \
    -print_final_stats=1 -dict="$name.dict" -artifact_prefix="$folder/crash-$name-" "$folder/found/$name" "${seeds[@]}"
