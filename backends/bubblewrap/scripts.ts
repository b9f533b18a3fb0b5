/**
 * The shell programs around bwrap. They are constants: values reach them as arguments and through pipes.
 *
 * File descriptors: 3 bwrap's arguments · 4 seccomp program · 5 the probe's report (out) · 6 environment,
 * command and verdict (in) · 7 bwrap's info and errors (out) · 8 the user map is written; later, "go on" (in) ·
 * 9 the caller's stderr, made here.
 */

/** Files and folders of /proc that tell about the host or its kernel; each is covered where it exists. */
const MASKED_FILES =
  "config.gz kallsyms kcore key-users keys kmsg kpagecgroup kpagecount kpageflags " +
  "latency_stats modules sched_debug slabinfo sysrq-trigger timer_list vmallocinfo";
const MASKED_FOLDERS = "acpi asound bus driver fs irq scsi";

/**
 * Runs on the host: enters the cgroups, covers /proc, starts bwrap in a process group of its own.
 *
 * A bottle must not share the caller's process group: `kill(0, …)` reaches every member that has the same
 * uid, in whatever namespace it is (kill(2)). In mode `session` the caller made a session already; in mode
 * `terminal` job control makes the group, hands the terminal over and takes it back, and a stopped bottle
 * stops the caller's own group, whose shell then says so.
 *
 * Arguments: mode, bwrap, the first program and its arguments. Environment: `ENTER_CGROUPS`, one
 * `cgroup.procs` a line; `AGENT`, the agent's host uid when we are root, else empty.
 */
export const HOST_SCRIPT = `
mode=$1 bwrap=$2
shift 2
newline='
'
IFS=$newline
for procs in $ENTER_CGROUPS; do
  echo $$ > "$procs" || exit 125
done
unset ENTER_CGROUPS IFS
lent= own=
if [ -n "$AGENT" ]; then
  # Root's pipes and terminal: a program that opens /dev/stdout or /dev/tty again must be their owner.
  for fd in 0 1 2; do
    [ "$mode" = terminal ] && [ -t "$fd" ] || [ -p "/proc/self/fd/$fd" ] || continue
    [ ! -t "$fd" ] || lent=\${lent:-$(stat -Lc %u "/proc/self/fd/$fd")}
    own="$own /proc/self/fd/$fd"
  done
  [ -z "$own" ] || chown "$AGENT" $own
fi
unset AGENT own
{ echo 500 > /proc/self/oom_score_adj; } 2>/dev/null
set -- --remount-ro / -- "$@"
for name in ${MASKED_FOLDERS}; do
  [ -d "/proc/$name" ] &&
    set -- --perms 0555 --size 4096 --tmpfs "/proc/$name" --remount-ro "/proc/$name" "$@"
done
for name in ${MASKED_FILES}; do
  [ -e "/proc/$name" ] && set -- --ro-bind /dev/null "/proc/$name" "$@"
done
set -- "$bwrap" --args 3 "$@"
close='for fd in /proc/self/fd/*; do fd=\${fd##*/}; [ "$fd" -le 9 ] || eval "exec $fd>&-"; done; exec "$@"'
for fd in /proc/self/fd/[0-9][0-9]*; do
  [ -L "$fd" ] || continue
  # Whoever started us left a descriptor open: it is not the bottle's, and POSIX sh names only ten.
  set -- /bin/bash -c "$close" close "$@"
  break
done
if [ "$mode" = session ]; then
  trap '' INT QUIT
  exec "$@" 9>&2 2>&7
fi
read -r _ _ _ _ group _ _ foreground _ < /proc/self/stat
if [ "$group" != "$foreground" ]; then
  # Started with "&": the terminal is somebody else's now, and taking it would stop us.
  trap '' INT QUIT
  exec setsid "$@" 9>&2 2>&7
fi
# Calls itself: bash leaves a loop in which a job was stopped.
go_on_if_stopped() {
  [ "$code" -gt 128 ] && kill -s 0 %1 2>/dev/null || return 0
  kill -s TSTP -- "-$group"
  echo stopped >&7
  read -r _ <&8 || exit 125
  fg %1 >/dev/null
  code=$?
  go_on_if_stopped
}
set -m
(trap '' INT QUIT; exec "$@" 9>&2 2>&7)
code=$?
go_on_if_stopped
for fd in 0 1 2; do
  [ -z "$lent" ] || [ ! -t "$fd" ] || chown "$lent" "/proc/self/fd/$fd"
done
exit "$code"
`;

/**
 * The bottle's first program: limits, relay, verdict, command. It has no privilege that the command lacks.
 *
 * Arguments: deno, relay script, socket folder, limits on descriptors, processes (empty for none), data in KiB
 * (empty for none) and file size in 512-byte blocks. Descriptor 6 holds the relay's plan, one line; after the
 * probe, what sets the environment, the command and the verdict. Neither is on argv, where the agent would
 * read the host's addresses.
 */
export const INIT_SCRIPT = `
exec 2>&9 9>&- 3<&- 4<&- 7>&- 8<&-
deno=$1 relay=$2 sockets=$3 files=$4 processes=$5 data=$6 blocks=$7
read -r plan <&6
(
  trap '' INT QUIT HUP TSTP
  cd / || exit 125 # the workspace is the agent's: nothing of it may configure the relay
  DENO_NO_PACKAGE_JSON=1 DENO_DIR=/tmp/.bot-bottle DENO_NO_UPDATE_CHECK=1 NO_COLOR=1 "$deno" run --quiet --no-config \\
    --no-remote --no-npm --cached-only --no-code-cache --no-prompt --unstable-net --allow-net \\
    --allow-read="$sockets" --allow-write="$sockets" --allow-sys=networkInterfaces \\
    --v8-flags=--max-old-space-size=128 "$relay" <<END >&5 2>/dev/null 5>&- 6<&- &
$plan
END
)
ulimit -c 0
{ ulimit -n "$files"; ulimit -f "$blocks"; } 2>/dev/null
[ -z "$data" ] || ulimit -d "$data" 2>/dev/null
[ -z "$processes" ] || { ulimit -u "$processes" || ulimit -p "$processes"; } 2>/dev/null
exec 5>&-
eval "$(cat <&6)"
[ "$bot_bottle_verdict" = go ] || exit 125
unset bot_bottle_verdict OLDPWD
exec 6<&-
exec "$@"
`;

/** What the host sends last: without it the command does not run. */
export const VERDICT = "bot_bottle_verdict=go\n";

/** What makes a command see Ctrl-C although bwrap, its ancestor, must ignore it (GNU coreutils 8.31 and later). */
const SIGNAL_RESET = ["/usr/bin/env", "--default-signal=INT", "--default-signal=QUIT"];

/** A command with its signals as a shell would give them; `env` takes a name with "=" for a variable. */
export function withDefaultSignals(argv: readonly string[], possible: boolean): readonly string[] {
  return possible && !argv[0]?.includes("=") ? [...SIGNAL_RESET, "--", ...argv] : argv;
}
