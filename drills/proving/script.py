"""The one place that knows how a prober's container is told what to do. Pure.

In: targets. Out: the commands for any image with a shell, and their answers read back. Where the
image has Python (as ours does) that asks; otherwise `nc` and `nslookup` do, as BusyBox has them.

Seen with BusyBox 1.35 of Debian (static): `nc` knows neither `-z` nor the end of a silent
connection, so `-e true` ends it; looking names up in `nc` or `wget` may crash a static binary, so
`nslookup` or `getent` look them up first. The shell tests its `nc` on the prober's own listener and
on a closed port before it is believed. Every answer has its number; the word `done` ends them.

The scripts are in the container's environment, because a command to run there is part of a URL,
which proxies before the API server may cut.
"""

from collections.abc import Sequence

from drills.proving.facts import Target

PORT = 18765
"""Where probers listen for their neighbours."""
MARK = "restore-drill-prober"
"""$0 of the commands: by it a stand-in knows them."""
ASK, ASK_PYTHON = "DRILL_PROBER_ASK", "DRILL_PROBER_ASK_PYTHON"
"""Variables that hold the scripts which ask."""
REACHED, UNREACHED, DONE, HELPLESS = "reached", "unreached", "done", "helpless"

_LISTEN = r"""
if command -v python3 >/dev/null 2>&1; then exec python3 -I -c "$1" "$2"; fi
exec </dev/null >/dev/null
nc -ll -p "$2" -e true
nc -lk -p "$2" -e true
while :; do nc -l -p "$2" || nc -l "$2" || sleep 1; done
"""

_LISTEN_PYTHON = r"""
import socket, sys
family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
dual = family == socket.AF_INET6
with socket.create_server(("", int(sys.argv[1])), family=family, dualstack_ipv6=dual) as server:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            pass
"""

_ASK = r"""
seconds=$1 own=$2
shift 2
if command -v python3 >/dev/null 2>&1; then
  exec python3 -I -c "$DRILL_PROBER_ASK_PYTHON" "$seconds" "$@"
fi
exec 2>/dev/null
connect() {
  case $how in
    z) nc -z -w "$seconds" "$1" "$2" ;;
    *) nc -w "$seconds" "$1" "$2" -e true ;;
  esac </dev/null >/dev/null
}
works() { how=$1; connect 127.0.0.1 "$own" && ! connect 127.0.0.1 1; }
for pause in 0.1 0.2 0.4 0.8 1; do
  { works e || works z; } && break
  how=
  sleep $pause || sleep 1
done
[ -n "$how" ] || { echo helpless; exit 0; }
resolve() {
  name=$1
  case $name in *.svc)
    for word in $(sed -n 's/^search//p' /etc/resolv.conf); do
      case $word in svc.*) name=${name%svc}$word; break ;; esac
    done ;;
  esac
  if command -v getent >/dev/null; then
    getent hosts "$name" | { read -r address rest; echo "$address"; }
  else
    nslookup "$name" </dev/null | sed -n '/^Name/,$s/^Address[^:]*: *\([^ ]*\).*/\1/p' | head -n 1
  fi
}
ask() {
  host=$3 port=$4
  case $host in
    @apiserver) host=$KUBERNETES_SERVICE_HOST port=$KUBERNETES_SERVICE_PORT ;;
    *:*) ;;
    *[a-zA-Z]*) host=$(resolve "$host") ;;
  esac
  if [ -n "$host" ] && { [ "$2" = dns ] || connect "$host" "$port"; }; then
    echo "$1 reached"
  else
    echo "$1 unreached"
  fi
}
asked= at=0
while [ $# -ge 3 ]; do
  ask "$at" "$1" "$2" "$3" &
  asked="$asked $!" at=$((at + 1))
  shift 3
done
{ sleep $((seconds + 1)); kill $asked; } >/dev/null &
watcher=$!
wait $asked
kill $watcher
echo done
"""

_ASK_PYTHON = r"""
import os, socket, sys, threading, time
limit, words, said = float(sys.argv[1]), sys.argv[2:], {}
def ask(at, verb, host, port):
    try:
        if host == "@apiserver":
            host = os.environ["KUBERNETES_SERVICE_HOST"]
            port = os.environ["KUBERNETES_SERVICE_PORT"]
        if verb == "dns":
            socket.getaddrinfo(host, None)
        else:
            socket.create_connection((host, int(port)), limit).close()
        said[at] = "reached"
    except (OSError, KeyError, UnicodeError):
        said[at] = "unreached"
asked = [
    threading.Thread(target=ask, args=(at, *words[3 * at : 3 * at + 3]), daemon=True)
    for at in range(len(words) // 3)
]
for each in asked:
    each.start()
until = time.monotonic() + limit + 1
for each in asked:
    each.join(max(0.0, until - time.monotonic()))
for at in range(len(asked)):
    print(at, said.get(at, "unreached"))
print("done", flush=True)
os._exit(0)
"""


def listen_command() -> list[str]:
    """Return what the container runs: a listener that greets nobody and stays."""
    return ["sh", "-c", _LISTEN, MARK, _LISTEN_PYTHON, str(PORT)]


def environment() -> dict[str, str]:
    """Return the variables that the container needs for `ask_command`."""
    return {ASK: _ASK, ASK_PYTHON: _ASK_PYTHON}


def ask_command(targets: Sequence[Target], seconds: int) -> list[str]:
    """Return what tries all targets at once, each for whole `seconds`; a little longer in all."""
    words = [
        word
        for target in targets
        for word in ("tcp" if target.port else "dns", target.host, str(target.port))
    ]
    return ["sh", "-c", f'eval "${ASK}"', MARK, str(seconds), str(PORT), *words]


def answers(text: str, count: int) -> tuple[bool | None, ...]:
    """Return, for each target asked, whether it was reached; None where the answer is not whole.

    A target without a line of its own had its time and was not reached.
    """
    lines = [line.split() for line in text.splitlines()]
    if [DONE] not in lines:
        return (None,) * count
    reached = {line[0] for line in lines if line[1:] == [REACHED]}
    return tuple(str(at) in reached for at in range(count))


def helpless(text: str) -> bool:
    """Return whether the image has nothing to ask with."""
    return HELPLESS in text.split()
