#!/bin/sh
# live.sh WHAT COMMAND...: for those who work on pages (docker-compose.live.yml). Runs a command, and runs it anew whenever
# something below WHAT has changed: templates, words and names of static files are read at the start of a program. One that
# ends by itself, say because a template cannot be read (its log says why), is started again with the next change.
set -u
what=$1; shift
child=
trap '[ -z "$child" ] || kill -TERM "$child"; exit 0' TERM INT
changed() { [ -n "$(find "$what" -newer /tmp/started -print | head -n 1)" ]; }
while :; do
    touch /tmp/started
    "$@" & child=$!
    until changed; do sleep 1; done
    kill -TERM "$child" 2>/dev/null
    wait "$child"
done
