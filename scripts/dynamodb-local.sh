#!/usr/bin/env bash
# Starts and stops DynamoDB Local, AWS's own test server, for the test suite. See `usage` below.
#
# Every client sees the same tables whatever its credentials and region (-sharedDb), the tables are
# in memory, and telemetry is off. The server has no option to bind a single interface, so it listens
# on all of them while it runs; use it on a machine whose firewall you trust, or in a container.
set -euo pipefail

VERSION=3.3.1
GROUP=software.amazon.dynamodb
MAIN=$GROUP.services.local.main.ServerRunner
COPY_DEPENDENCIES=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${CARGO_TARGET_DIR:-$ROOT/target}/dynamodb-local
UNAVAILABLE=77 # exit code: not an error, but this machine cannot run the server
START_SECONDS=60

usage() {
    cat <<EOF
usage: scripts/dynamodb-local.sh start | stop | run -- COMMAND [ARGUMENT..]

  start   starts the server on a free port and leaves it running; the last line printed is its
          endpoint URL. If the server runs already, prints its URL.
  stop    stops the server that \`start\` started.
  run     starts a server of its own, runs COMMAND with DYNAMODEL_TEST_ENDPOINT and dummy
          credentials and region, stops the server, and exits with COMMAND's status.

Needs Java 17 or newer, and Maven for the first start: DynamoDB Local $VERSION and its libraries
are then kept in target/dynamodb-local. Without Maven, set DYNAMODB_LOCAL_HOME to the folder of an
unpacked DynamoDB Local download (DynamoDBLocal.jar, DynamoDBLocal_lib/).
Exits with $UNAVAILABLE when Java or the server is not available.
EOF
}

say() { printf 'dynamodb-local: %s\n' "$*" >&2; }
unavailable() { say "$*"; exit "$UNAVAILABLE"; }
fail() { say "$*"; exit 1; }

need_java() {
    command -v java >/dev/null || unavailable "java not found; DynamoDB Local needs Java 17 or newer"
    local version
    version=$(java -version 2>&1 | sed -n 's/.* version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' | head -n 1)
    [[ -n $version ]] || unavailable "java does not start; DynamoDB Local needs Java 17 or newer"
    ((version >= 17)) || unavailable "Java $version found; DynamoDB Local needs Java 17 or newer"
}

# Sets NATIVE (the folder of the native libraries) and CLASSPATH_JARS; fills the cache if it is empty.
need_server() {
    if [[ -n ${DYNAMODB_LOCAL_HOME:-} && -f $DYNAMODB_LOCAL_HOME/DynamoDBLocal.jar ]]; then
        NATIVE=$DYNAMODB_LOCAL_HOME/DynamoDBLocal_lib
        CLASSPATH_JARS=$DYNAMODB_LOCAL_HOME/DynamoDBLocal.jar:$NATIVE/*
        return
    fi
    NATIVE=${DYNAMODB_LOCAL_HOME:-$CACHE}/$VERSION
    CLASSPATH_JARS=$NATIVE/*
    [[ -f $NATIVE/DynamoDBLocal-$VERSION.jar ]] || download "$NATIVE"
}

download() {
    local into=$1 work
    command -v mvn >/dev/null ||
        unavailable "mvn not found; install Maven, or set DYNAMODB_LOCAL_HOME (see --help)"
    mkdir -p "$(dirname "$into")"
    work=$(mktemp -d "$(dirname "$into")/download.XXXXXX")
    cat >"$work/pom.xml" <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>$GROUP</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>$VERSION</version>
    </dependency>
  </dependencies>
</project>
EOF
    say "getting DynamoDB Local $VERSION with Maven (about 50 MB, once)"
    if ! mvn -B -q -f "$work/pom.xml" "$COPY_DEPENDENCIES" \
        -DincludeScope=runtime -DoutputDirectory="$work/lib" >"$work/log" 2>&1; then
        tail -n 20 "$work/log" >&2
        rm -rf "$work"
        unavailable "Maven could not get DynamoDB Local $VERSION"
    fi
    # Another start may have filled the cache meanwhile; the two copies are the same.
    [[ -d $into ]] || mv "$work/lib" "$into"
    rm -rf "$work"
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Succeeds on any HTTP response: the server refuses the unsigned request with 400.
responds() {
    local line
    { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
    printf 'GET / HTTP/1.0\r\n\r\n' >&3
    IFS= read -r -t 5 line <&3 || line=
    exec 3>&-
    [[ $line == HTTP/* ]]
}

# Starts a server and waits until it responds. Writes the files `pid` and `endpoint` in the given folder.
start_server() {
    local dir=$1 attempt port pid tenths
    mkdir -p "$dir"
    for attempt in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 12000)) # below the range of ports for outgoing connections
        port_is_taken "$port" && continue
        nohup java -Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.library.path="$NATIVE" \
            -cp "$CLASSPATH_JARS" "$MAIN" -inMemory -sharedDb -disableTelemetry -port "$port" \
            </dev/null >"$dir/log" 2>&1 &
        pid=$!
        echo "$pid" >"$dir/pid"
        for ((tenths = 0; tenths < START_SECONDS * 10; tenths++)); do
            kill -0 "$pid" 2>/dev/null || break
            if responds "$port" && kill -0 "$pid" 2>/dev/null; then
                echo "http://127.0.0.1:$port" >"$dir/endpoint"
                return
            fi
            sleep 0.1
        done
        stop_server "$pid"
        grep -q -i 'address already in use' "$dir/log" || break
    done
    tail -n 20 "$dir/log" >&2 || true
    fail "the server did not start"
}

# Succeeds if the server of the given folder runs. The process id alone is not enough, because another
# process may have got the same id since; so the port must respond as well.
is_running() {
    local dir=$1 pid endpoint
    [[ -f $dir/pid && -f $dir/endpoint ]] || return 1
    pid=$(<"$dir/pid")
    endpoint=$(<"$dir/endpoint")
    kill -0 "$pid" 2>/dev/null && responds "${endpoint##*:}"
}

stop_server() {
    local pid=$1 tenths
    kill "$pid" 2>/dev/null || return 0
    for ((tenths = 0; tenths < 50; tenths++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
}

start_command() {
    local dir=$CACHE/started
    if ! is_running "$dir"; then
        need_java
        need_server
        start_server "$dir"
    fi
    cat "$dir/endpoint"
}

stop_command() {
    local dir=$CACHE/started
    if is_running "$dir"; then
        stop_server "$(<"$dir/pid")"
    fi
    rm -rf "$dir"
}

end_run() {
    [[ ! -f $RUN_DIR/pid ]] || stop_server "$(<"$RUN_DIR/pid")"
    rm -rf "$RUN_DIR"
}

run_command() {
    [[ ${1:-} != -- ]] || shift
    (($# > 0)) || { usage >&2; exit 2; }
    need_java
    need_server
    mkdir -p "$CACHE"
    RUN_DIR=$(mktemp -d "$CACHE/run.XXXXXX")
    trap 'end_run' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    start_server "$RUN_DIR"
    local endpoint status=0
    endpoint=$(<"$RUN_DIR/endpoint")
    say "DynamoDB Local at $endpoint"
    DYNAMODEL_TEST_ENDPOINT=$endpoint \
        AWS_ACCESS_KEY_ID=dummy AWS_SECRET_ACCESS_KEY=dummy AWS_REGION=us-east-1 \
        "$@" || status=$?
    exit "$status"
}

case ${1:-} in
    start) start_command ;;
    stop) stop_command ;;
    run) shift; run_command "$@" ;;
    -h | --help) usage ;;
    *) usage >&2; exit 2 ;;
esac
