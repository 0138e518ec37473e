# Shared by the benchmarks: source it first. Gives $here, $build (the release build, brought up to date; or another one,
# named by REHEARSE_BUILD), $scratch (on tmpfs, goes away) and the words below.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${REHEARSE_BUILD:-$root/build/release}
if [ -z "${REHEARSE_BUILD:-}" ]; then
    (cd "$root" && cmake --preset release >/dev/null && cmake --build --preset release >/dev/null)
fi
export REHEARSE_NO_RAMP=yes # the pace that is measured holds from the first request on
scratch=$(mktemp -d /dev/shm/rehearse-bench.XXXXXX)
pids=()
finish() {
    local status=$?
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$scratch"
    exit $status
}
trap finish EXIT
port=$((20000 + RANDOM % 10000))

# start_nginx CPU: one worker bound to that CPU serves a small JSON answer on 127.0.0.1:$port. $nginx_http, $nginx_server and
# $nginx_location go into the blocks of those names.
start_nginx() {
    cat >"$scratch/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $scratch/nginx.pid;
error_log $scratch/error.log;
worker_rlimit_nofile 20000;
events { worker_connections 8192; }
http {
    access_log ${NGINX_LOG:-off};
    keepalive_requests 100000000;
    default_type application/json;
    ${nginx_http:-}
    server {
        listen 127.0.0.1:$port backlog=8192 reuseport;
        ${nginx_server:-}
        location / { ${nginx_location:-} return 200 '{"id":7,"name":"a small answer","stock":12345}'; }
    }
}
CONF
    taskset -c "$1" nginx -c "$scratch/nginx.conf" -p "$scratch" &
    pids+=($!)
    local i
    for i in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        sleep 0.05
    done
    echo "nginx does not start" >&2
    exit 1
}

# group_cpu_seconds PGID: user and system time so far of all processes of a process group, their threads and children.
group_cpu_seconds() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v group="$1" -v hz="$(getconf CLK_TCK)" '
        {pid = $1; sub(/.*\) /, ""); time[pid] = $12 + $13 + $14 + $15; parent[pid] = $2; inside[pid] = $3 == group}
        END {for (pid in time) if (inside[pid] || inside[parent[pid]]) sum += time[pid]; print sum / hz}'
}
