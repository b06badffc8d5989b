#!/bin/sh
# The command as the tests call it: whatever `sockeye host` sends and receives is recorded on the
# way, up to some megabytes for each device, and looked through by tshark when all tests are over.
#
# A host that is told to record or to damage packets is left alone.
command=${SOCKEYE_BINARY:?}
limit=8000000

case " $* " in
*\ --capture\ * | *corrupt*) exec "$command" "$@" ;;
esac
[ "${1:-}" = host ] && [ -d "${SOCKEYE_CAPTURES:-}" ] || exec "$command" "$@"

# Words go round: each is taken from the front and put back at the end.
count=$#
takes_name=no
while [ "$count" -gt 0 ]; do
    word=$1
    shift
    set -- "$@" "$word"
    count=$((count - 1))
    if [ "$takes_name" = yes ]; then
        pipe=$(mktemp -u "$SOCKEYE_CAPTURES/pipe.XXXXXX")
        file=$(mktemp "$SOCKEYE_CAPTURES/host.XXXXXX.pcap")
        mkfifo "$pipe"
        # The output of whoever waits for the command must not be kept open by these.
        (
            head -c "$limit" >"$file"
            cat >/dev/null
            rm -f "$pipe"
        ) >/dev/null 2>&1 <"$pipe" &
        # A command that ends before it records anything would leave the reader waiting.
        (
            while kill -0 $$; do sleep 0.5; done
            [ ! -p "$pipe" ] || : >"$pipe"
        ) >/dev/null 2>&1 </dev/null &
        set -- "$@" --capture "$pipe"
    fi
    case $word in
    --tap | --packet) takes_name=yes ;;
    *) takes_name=no ;;
    esac
done
exec "$command" "$@"
