# shellcheck shell=bash
# Where the programs are: DIST has lib/ (the limestone command and server), agent-lib/ (the agent alone), *.flags and
# the AOT caches. In a source checkout it is made here, when a source is newer than it.
#
# Each build is a folder of its own under target/dist and `current` points to the newest, so that a build never changes
# the jars under a program that is running.

# require_dist: sets DIST. Expects ROOT and JAVA_HOME.
require_dist() {
  if [ ! -f "$ROOT/pom.xml" ]; then
    DIST=$ROOT
    return
  fi
  local out=$ROOT/target/dist
  if ! is_current "$out"; then
    mkdir -p "$out"
    exec 9>"$out/.lock"
    flock 9
    is_current "$out" || build "$out"
    exec 9>&-
  fi
  DIST=$(readlink -f "$out/current")
}

# A source that was added or removed makes its folder newer, so folders count too.
is_current() {
  [ -e "$1/current/built" ] && [ -z "$(find "$ROOT/pom.xml" "$ROOT"/*/pom.xml "$ROOT"/*/jvm.* "$ROOT"/*/src/main \
    -newer "$1/current/built" -print -quit 2>/dev/null)" ]
}

build() {
  local out=$1 new log started=$SECONDS
  require_packages "${MAVEN[@]}"
  say "limestone: building from source ..."
  new=$out/$(date +%Y%m%d-%H%M%S)-$$
  mkdir -p "$new/lib" "$new/agent-lib"
  touch "$new/built" # before the build: what is edited while it runs is newer
  log=$new/build.log
  rm -rf "$ROOT"/{cli,agent}/target/lib # or jars of a former build would stay
  if ! (cd "$ROOT" && mvn -B -q -Dquick -DskipTests -pl cli -am package) >"$log" 2>&1 9>&-; then
    cat "$log" >&2
    rm -f "$new/built"
    die "the build failed (see above)"
  fi
  cp "$ROOT"/cli/target/lib/*.jar "$ROOT"/cli/target/cli-*.jar "$new/lib/"
  cp "$ROOT"/agent/target/lib/*.jar "$ROOT"/agent/target/agent-*.jar "$new/agent-lib/"
  cp "$ROOT"/cli/jvm.flags "$new/cli.flags"
  cp "$ROOT"/cli/jvm.compilers.json "$new/cli.compilers.json"
  cp "$ROOT"/server/jvm.flags "$new/server.flags"
  cp "$ROOT"/agent/jvm.flags "$new/agent.flags" 2>/dev/null || : >"$new/agent.flags"
  rehearse "$new"
  ln -sfn "$new" "$out/current.new"
  mv -T "$out/current.new" "$out/current"
  # The last three stay: a program started from one of them may still be loading classes.
  find "$out" -mindepth 1 -maxdepth 1 -type d | sort | head -n -3 | xargs -r rm -rf
  say "limestone: built in $((SECONDS - started)) s"
}

# Ahead-of-time caches (JEP 514) for command line and server: a rehearsal of what they do at start, in which the server
# starts the commands that talk to it. Without the caches everything still works, only slower, so a failure here is told
# and passed over.
rehearse() {
  local dist=$1 commands
  java_command "$dist" cli
  commands=("${JAVA[@]}" -XX:AOTCacheOutput="$dist/cli.aot" io.limestone.cli.Rehearsal)
  java_command "$dist" server
  if ! "${JAVA[@]}" -XX:AOTCacheOutput="$dist/server.aot" io.limestone.cli.RehearsalServer "${commands[@]}" \
    >"$dist/rehearsal.log" 2>&1 </dev/null 9>&-; then
    rm -f "$dist"/*.aot
    say "limestone: no start-up caches (see $dist/rehearsal.log): it starts slower"
  fi
}

# java_command DIST NAME: sets JAVA to the java, flags and class path of program NAME (cli, server or agent).
java_command() {
  local dist=$1 lib=$1/lib flags jars
  [ "$2" != agent ] || lib=$1/agent-lib
  mapfile -t flags < <(grep -v -e '^#' -e '^$' "$dist/$2.flags")
  jars=("$lib"/*.jar) # sorted: the cache is only good for the class path it was made with
  local IFS=:
  JAVA=("$JAVA_HOME/bin/java" "${flags[@]}" -cp "${jars[*]}")
}
