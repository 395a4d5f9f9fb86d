#!/usr/bin/env bash
# Brings the clients of other languages, and Apache Kafka itself, into a cache folder outside git (.cache/interop, or $STELE_CACHE).
# Idempotent: each part leaves a stamp with the hash of what it was made from, and is passed over while that holds.
# What cannot be had here is said in capitals and noted in $cache/skipped/<part>, where the tests find the reason. With CI=true a part whose
# toolchain is here but which fails to install is a failure.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${STELE_CACHE:-$here/../../.cache/interop}
mkdir -p "$cache/stamps" "$cache/skipped"
cache=$(cd "$cache" && pwd)
failed=0

# One at a time: two test runs may share the cache.
if command -v flock >/dev/null; then
  exec 9>"$cache/lock"
  flock 9
fi

old_clients='0.10.2.2 0.11.0.3 2.0.1 3.9.1'
confluent_kafka=2.16.1
kafka_python=3.0.12
kafkajs=2.2.4
platformatic=2.12.1
older_nodes='20.18.0 22.23.3'
vitest=5.1.1
jest=30.5.2

say() { echo "interop: $*" >&2; }

skip() { # part, reason
  say "SKIPPED: $1 ($2)"
  echo "$2" >"$cache/skipped/$1"
}

# Runs `make_<part>` unless it was done from the same inputs; the rest of the arguments are those inputs: files, or words.
part() {
  local name=$1 input stamp status
  shift
  stamp=$(for input in "$@" "${BASH_SOURCE[0]}"; do if [ -f "$input" ]; then cat "$input"; else echo "$input"; fi; done | sha256sum)
  if [ "$(cat "$cache/stamps/$name" 2>/dev/null)" = "$stamp" ]; then return; fi
  say "installing $name"
  rm -f "$cache/skipped/$name"
  # Not inside the condition: there, bash would run on after a command that failed.
  set +e
  (set -e; "make_$name") >"$cache/$name.log" 2>&1 </dev/null
  status=$?
  set -e
  if [ "$status" = 0 ]; then
    echo "$stamp" >"$cache/stamps/$name"
  else
    tail -n 20 "$cache/$name.log" >&2
    skip "$name" "its installation failed, see $cache/$name.log"
    if [ "${CI:-}" = true ]; then failed=1; fi
  fi
}

# Whether all commands are here; where not, the parts that need them are skipped.
have() { # 'part part' command…
  local parts=$1 name command
  shift
  for command in "$@"; do
    if ! command -v "$command" >/dev/null; then
      for name in $parts; do skip "$name" "no $command"; done
      return 1
    fi
  done
}

make_npm() {
  mkdir -p "$cache/npm"
  npm --prefix "$cache/npm" install --no-save --no-progress --ignore-scripts --loglevel=error "kafkajs@$kafkajs" "@platformatic/kafka@$platformatic"
}

# The client is for older Nodes too.
make_older_nodes() {
  local version arch=x64
  if [ "$(uname -m)" = aarch64 ]; then arch=arm64; fi
  for version in $older_nodes; do
    npm --prefix "$cache/older_nodes/${version%%.*}" install --no-save --no-progress --ignore-scripts --loglevel=error "node-linux-$arch@$version"
  done
}

# Test runners of the README's examples.
make_runners() {
  npm --prefix "$cache/runners" install --no-save --no-progress --ignore-scripts --loglevel=error "vitest@$vitest" "jest@$jest"
}

make_kafka() {
  rm -rf "$cache/kafka"
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$cache/kafka"
}

make_java() {
  rm -rf "$cache/java"
  mkdir -p "$cache/java"
  javac -Xlint:-options -source 11 -target 11 -cp "$cache/kafka/*" -d "$cache/java" "$here"/peers/java/*.java
}

make_old_java() {
  local version
  rm -rf "$cache/old-java"
  for version in $old_clients; do
    mvn -q -B -f "$here/peers/java/old-client.pom.xml" "-Dclient.version=$version" dependency:copy-dependencies "-DoutputDirectory=$cache/old-java/$version"
  done
}

make_python() {
  rm -rf "$cache/python"
  python3 -m venv "$cache/python"
  "$cache/python/bin/pip" install -q --disable-pip-version-check "confluent-kafka==$confluent_kafka" "kafka-python==$kafka_python" \
    python-snappy==0.7.3 lz4==4.4.5 zstandard==0.25.0 xxhash==4.1.0
}

make_go() {
  (cd "$here/peers/go" && go build -o "$cache/go/peer" .)
}

apt_install() {
  apt-get install -y -q --no-install-recommends "$1" || { apt-get update -q && apt-get install -y -q --no-install-recommends "$1"; }
}

make_kcat() { apt_install kcat; }

make_chromium() { apt_install chromium; }

make_zsh() { apt_install zsh; }

# A part that is one of Debian's packages, and a command of the same name.
apt_part() {
  if command -v "$1" >/dev/null; then
    rm -f "$cache/skipped/$1"
  elif ! command -v apt-get >/dev/null; then
    skip "$1" 'no apt'
  elif [ "$(id -u)" != 0 ]; then
    skip "$1" 'not root, so apt cannot install it'
  else
    part "$1" "$1"
  fi
}

part npm "$kafkajs" "$platformatic"
part older_nodes "$older_nodes"
part runners "$vitest" "$jest"

if have 'kafka java old_java' java javac mvn; then
  part kafka "$here/pom.xml"
  if [ -e "$cache/stamps/kafka" ]; then part java "$here/pom.xml" "$here"/peers/java/*.java; else skip java 'no Kafka jars'; fi
  part old_java "$here/peers/java/old-client.pom.xml" "$old_clients"
fi

if have python python3; then part python "$confluent_kafka" "$kafka_python"; fi

if have go go; then part go "$here"/peers/go/*; fi

apt_part kcat
apt_part chromium
apt_part zsh

exit "$failed"
