#!/usr/bin/env bash
# Malformed and odd requests made from openapi.json by schemathesis, against a real server with demo data,
# as four people in turn. Fails on a 5xx, a hang or a status that the document does not name.
set -Eeuo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requests=10000
while [ $# -gt 0 ]; do
  case $1 in
    --requests) requests=$2; shift 2 ;;
    *) echo "fuzz: unknown option $1" >&2; exit 2 ;;
  esac
done
venv=$root/tests/artifacts/schemathesis
if [ ! -x "$venv/bin/schemathesis" ]; then
  command -v python3 >/dev/null || { echo "fuzz: python3 is missing; install it: apt-get install python3 python3-venv" >&2; exit 1; }
  if ! python3 -m venv "$venv" 2>/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "fuzz: python3-venv is missing; install it: sudo apt-get install python3-venv" >&2; exit 1; }
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    python3 -m venv "$venv"
  fi
  "$venv/bin/pip" install -q --disable-pip-version-check 'schemathesis==4.32.5'
fi

folder=$(mktemp -d /tmp/ruhu-fuzz.XXXXXX)
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
base=http://127.0.0.1:$port
# A clean environment: the server refuses RUHU_ variables that it does not know, and the test run has some.
env -i PATH="$PATH" HOME="${HOME:-/}" RUHU_DEMO_SIZE=120 RUHU_DATA="$folder" RUHU_LISTEN="127.0.0.1:$port" \
  "$root/target/debug/ruhu" demo >"$folder/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 240); do
  curl -fsS -o /dev/null "$base/readyz" 2>/dev/null && break
  kill -0 $server 2>/dev/null || { tail -20 "$folder/log" >&2; exit 1; }
  sleep 0.5
done

token() { # login
  curl -fsS "$base/api/v1/auth/login" -H 'Content-Type: application/json' -H "Origin: $base" \
    -d "{\"login\":\"$1\",\"password\":\"ruhu-demo-2026\",\"device\":{\"id\":\"$(cat /proc/sys/kernel/random/uuid)\",\"label\":\"fuzz\"}}" |
    node -p 'JSON.parse(require("fs").readFileSync(0)).access_token'
}
operations=$(node -p 'Object.values(JSON.parse(require("fs").readFileSync(process.argv[1])).paths).flatMap(Object.keys).length' "$root/openapi.json")
each=$(((requests + operations * 4 - 1) / (operations * 4)))
total=0 status=0
for login in caseworker supervisor admin auditor; do
  # Signing out or changing the password would end the run for everything after it.
  (cd "$folder" && "$venv/bin/schemathesis" run "$root/openapi.json" --url "$base" -H "Authorization: Bearer $(token "$login")" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,unsupported_method \
    --exclude-operation-id logout --exclude-operation-id change_password --exclude-operation-id revoke_device \
    --phases coverage,fuzzing --mode all --max-examples "$each" --seed 20261123 --request-timeout 20 --workers 2 \
    --continue-on-failure --warnings off --suppress-health-check all --no-shrink --no-color --output-truncate true \
    >"$folder/$login.txt" 2>&1) || true
  # Every request that was sent must have passed. Schemathesis' own generator sometimes gives up on one operation
  # (a recursion limit of its Python); that is shown, and is no fault of the server.
  line=$(grep -oE '[0-9]+ generated, [0-9]+ passed.*' "$folder/$login.txt" | tail -1 || true)
  sent=$(grep -oE '^[0-9]+' <<<"$line" || echo 0)
  good=$(grep -oE '[0-9]+ passed' <<<"$line" | grep -oE '[0-9]+' || echo 0)
  if [ "$sent" = 0 ] || [ "$sent" != "$good" ]; then
    status=1
    tail -150 "$folder/$login.txt"
  fi
  grep -E 'Runtime Error: [0-9]+' "$folder/$login.txt" || true
  total=$((total + sent))
  echo "$login: $sent requests, $good passed"
done
kill -0 $server || { echo "fuzz: the server died" >&2; tail -20 "$folder/log" >&2; exit 1; }
curl -fsS -m 5 -o /dev/null "$base/readyz" || { echo "fuzz: the server hangs" >&2; exit 1; }
echo "fuzz: $total requests sent"
[ "$total" -ge "$requests" ] || { echo "fuzz: fewer than $requests requests" >&2; status=1; }
exit $status
