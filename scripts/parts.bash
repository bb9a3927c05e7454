# Parts for scripts that try Darkroom as it is deployed: PostgreSQL, the roles as separate processes, a
# stream of jobs, and the check of the ledger at the end. Sourced, not run. Everything that was started
# ends with the script.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

declare -A pids=()
temporary=$(mktemp -d)
# PostgreSQL does not run as root, and must reach its files in here.
chmod 711 "$temporary"

end_everything() {
    local code=$? pid
    trap - EXIT
    {
        for pid in "${pids[@]}"; do
            kill -KILL $(family "$pid") || true
        done
        wait
    } 2>/dev/null
    [ $code = 0 ] || tail -n 15 "$temporary"/*.log >&2 2>/dev/null || true
    # Repeated here, so that the end of a long log shows it.
    [ -z "${failure:-}" ] || printf '%s: %s\n' "$(basename "$0")" "$failure" >&2
    rm -rf "$temporary"
    exit $code
}
trap end_everything EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    failure=$*
    printf '%s: %s\n' "$(basename "$0")" "$failure" >&2
    exit 1
}

now() { printf '%s' "$EPOCHREALTIME"; }

# Seconds between two moments, with one decimal.
between() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.1f", to - from }'; }

# A process and its children; PostgreSQL has no deeper tree.
family() { printf '%s ' "$1" $(pgrep -P "$1" || true); }

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# A line of a report, or several. WHAT FIGURE...
say() { printf '%-52s %s\n' "$@"; }

# Starts a process under a name.
start() {
    local name=$1
    shift
    "$@" >>"$temporary/$name.log" 2>&1 &
    pids[$name]=$!
}

# Tells processes to stop, and waits for their ends. NAME...
stop() {
    local name
    for name in "$@"; do
        kill -TERM "${pids[$name]}"
        wait "${pids[$name]}" || fail "$name did not end well"
        unset "pids[$name]"
    done
}

# Repeats a command until it succeeds. WHAT SECONDS COMMAND...
eventually() {
    local what=$1 until=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || fail "in vain waited for: $what"
        sleep 0.05
    done
}

# --- PostgreSQL

postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
postgres_user=(env)
if [ "$(id -u)" = 0 ]; then
    owner=$(id -un postgres 2>/dev/null || echo nobody)
    postgres_user=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups)
fi

# Runs one of PostgreSQL's programs, as its user. PROGRAM [ARGUMENT...]
postgres() {
    local program=$1
    shift
    exec "${postgres_user[@]}" env --chdir=/ LC_ALL=C "$postgres_bin/$program" "$@"
}

make_directory() {
    mkdir -m 700 "$1"
    [ "$(id -u)" != 0 ] || chown "$owner" "$1"
}

make_cluster() {
    make_directory "$1"
    (postgres initdb --pgdata "$1" --username darkroom --auth trust --encoding UTF8 --no-sync) \
        >"$temporary/initdb.log"
}

# NAME DIRECTORY PORT [SETTING...]
start_postgres() {
    local name=$1 directory=$2 port=$3
    shift 3
    start "$name" postgres postgres -D "$directory" -p "$port" -k '' -h 127.0.0.1 "${@/#/-c}"
    eventually "$name answers" 30 "$postgres_bin/pg_isready" -q -h 127.0.0.1 -p "$port" -U darkroom
}

# Starts a PostgreSQL with an empty database, and tells the roles where it is. NAME
start_database() {
    postgres_port=$(free_port)
    make_cluster "$temporary/$1"
    start_postgres "$1" "$temporary/$1" "$postgres_port"
    psql -X -q "postgres://darkroom@127.0.0.1:$postgres_port/postgres" -c 'create database darkroom'
    export DATABASE_URL=postgres://darkroom@127.0.0.1:$postgres_port/darkroom
}

# PORT SQL
ask() {
    psql -X -q -At -v ON_ERROR_STOP=1 "postgres://darkroom@127.0.0.1:$1/darkroom" -c "$2"
}

# Whether the database at `postgres_port` answers this. SQL VALUE
is() { [ "$(ask "$postgres_port" "$1")" = "$2" ]; }

# --- Darkroom

build() {
    cargo build --quiet --locked --workspace
    darkroom=$(cargo metadata --format-version 1 --no-deps --locked |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/darkroom
}

# Starts a role under a name, with these variables added to the environment. NAME ROLE [VARIABLE=VALUE...]
role() {
    local name=$1 role=$2
    shift 2
    # Not in the checkout, so that a `.env` there has no effect. A submission whose answer was lost is
    # looked for only briefly, so that the script does not wait for it.
    start "$name" env --chdir="$temporary" LOG_FORMAT=text UNKNOWN_SUBMISSION_SECONDS=5 "$@" "$darkroom" "$role"
}

# Runs a command of Darkroom, as an operator does. COMMAND [ARGUMENT...]
operate() { env --chdir="$temporary" "$darkroom" "$@" 2>>"$temporary/operator.log"; }

# Starts the stand-in for fal, and tells the roles where it is. [VARIABLE=VALUE...]
start_sim() {
    sim=http://127.0.0.1:$(free_port)
    export FAL_QUEUE_URL=$sim FAL_REST_URL=$sim FAL_API_URL=$sim
    role sim sim "SIM_PORT=${sim##*:}" SIM_LATENCY_MS=700 SIM_CONCURRENCY=32 "$@"
    eventually 'the stand-in answers' 30 curl -sf "$sim/_sim/requests"
}

# NAME PORT [VARIABLE=VALUE...]
start_api() {
    role "$1" api "PORT=$2" "${@:3}"
    eventually "$1 is ready" 30 curl -sf "http://127.0.0.1:$2/ready"
}

make_picture() {
    python3 -c '
import struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + bytes([200, y, 40]) * 96 for y in range(64))
sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 96, 64, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))' >"$temporary/picture.png"
}

# The headers that callers send with each request: a key, if one is needed.
headers=()

# Posts a job, and notes when it was sent, when it was answered, the code (000 for no answer), and the
# job's id. The code is in `posted`. PORT [FIELD...]
post() {
    local sent answer
    sent=$(now)
    answer=$(curl -s --max-time 10 -o - -w ' %{http_code}' -F "image=@$temporary/picture.png" \
        "${headers[@]}" -F 'prompt=make it rain' "${@:2}" "http://127.0.0.1:$1/api/jobs") || true
    posted=${answer##* }
    printf '%s %s %s %s\n' "$sent" "$(now)" "$posted" \
        "$(sed -n 's/.*"id":"\([0-9a-f-]*\)".*/\1/p' <<<"${answer% *}" | head -n 1)" >>"$temporary/posts"
}

# The ids of all jobs that were acknowledged.
acknowledged() { awk '$3 == 201 { print $4 }' "$temporary/posts"; }

# Fails unless each acknowledged job that is not in `cancelled` or `lost` is completed, and its picture can be
# fetched. PORT
check_results() {
    local id job picture
    for id in $(acknowledged); do
        [[ ${cancelled:-}${lost:-} != *$id* ]] || continue
        job=$(curl -sf --max-time 10 "${headers[@]}" "http://127.0.0.1:$1/api/jobs/$id") || fail "job $id is lost"
        [[ $job == *'"status":"completed"'* ]] || fail "job $id did not complete: $job"
        picture=$(sed -n 's/.*"result_image_url":"\([^"]*\)".*/\1/p' <<<"$job")
        curl -sf --max-time 10 -o /dev/null "$picture" || fail "the result of job $id cannot be fetched"
    done
}

# Compares the stand-in's ledger with the database. Fails unless each job that is not cancelled was paid for once,
# or a further call is counted as unknown; and unless exactly CALLS calls (0 by default) are on no record. PORT [CALLS]
check_ledger() {
    local books
    books=$(psql -X -q -At -v ON_ERROR_STOP=1 "postgres://darkroom@127.0.0.1:$1/darkroom" <<SQL
\set ledger \`curl -sf $sim/_sim/requests\`
with calls as (
    select call->'input'->'image_urls'->>0 as input_url
    from jsonb_array_elements(:'ledger') as call where (call->>'billed_units')::int > 0
), books as (
    select jobs.id, status, count(calls) as paid, count(*) filter (where outcome = 'unknown') as unknown
    from jobs left join attempts on job_id = jobs.id left join calls using (input_url)
    group by jobs.id
)
select count(*), coalesce(sum(paid), 0), coalesce(sum(unknown), 0),
    (select count(*) from calls) - coalesce(sum(paid), 0),
    count(*) filter (where status = 'completed' and (paid < 1 or paid > 1 + unknown)
        or status not in ('completed', 'cancelled'))
from books;
SQL
    )
    IFS='|' read -r jobs paid unknown strange wrong <<<"$books"
    say 'jobs on record' "$jobs" 'paid calls on record, by the ledger of the stand-in' "$paid" \
        'attempts counted as unknown' "$unknown"
    [ "$strange" = "${2:-0}" ] || fail "$strange calls were paid for that no job has on record"
    [ "$wrong" = 0 ] || fail "$wrong jobs were not completed, or not paid for exactly once"
}

# Fails unless these processes still run. NAME...
check_processes() {
    local name
    for name in "$@"; do
        kill -0 "${pids[$name]}" 2>/dev/null || fail "$name has ended"
    done
}
