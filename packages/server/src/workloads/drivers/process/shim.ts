/**
 * The shell scripts around a program: what keeps its exit code and its output while no gateway is there, and what puts it into its place before it begins.
 *
 * Plain POSIX shell and the tools `mkfifo`, `dd` and `rm`: a hundred of them cost less memory than one Node. They run in the unit's directory. Nothing secret
 * is on their command lines: the environment is in a file that only its owner may read.
 *
 * Output goes through a pipe into numbered segments, and the oldest goes when a new one begins, whoever is there to see it. A segment ends after so many reads and
 * not after so many bytes, since that is how `dd` counts: it holds at most `segmentBytes`, and less where a program writes in small pieces.
 */
import type { ControlGroup } from '../../../core/processes/control-group.ts';

export interface SpoolBounds {
  /** Of one segment of one stream. @default 5 MiB */
  readonly segmentBytes?: number;
  /** Of each stream, the one that is written included. @default 5 */
  readonly segments?: number;
}

/** Of both streams together 50 MiB. */
export const spoolDefaults = { segmentBytes: 5 * 2 ** 20, segments: 5 } as const;

/** One read of a pipe. The smaller, the more writes of small pieces a segment keeps; the larger, the faster. */
const readBytes = 512;

export function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Notes who runs it, in a file that must not be there yet: so that nobody runs it twice. The line holds number and moment of start. */
const note = (path: string): string => `read -r _openclaw_stat </proc/$$/stat && printf '%s\\n' "$_openclaw_stat" >${quote(path)}`;

/** `sh -c SCRIPT openclaw-unit WORDS…`; the words start the program. */
export function shimScript(group: ControlGroup | undefined, bounds: Required<SpoolBounds>): string {
  const reads = Math.max(1, Math.floor(bounds.segmentBytes / readBytes));
  return `set -C
${note('shim')} || exit 1
set +C
trap : HUP INT QUIT TERM
# Its place on the disk is taken now, so that the code can be noted on a full one.
printf '    \\n' >exit || exit 1
rotate() {
  n=0
  while :; do
    if dd bs=${readBytes} count=${reads} of="$1.$n" 2>/dev/null; then
      [ -s "$1.$n" ] || break
    elif [ ! -p "$1.pipe" ]; then
      dd bs=65536 of=/dev/null 2>/dev/null
      break
    else
      # The disk is full: what comes is lost, and the program goes on.
      dd bs=65536 count=16 of=/dev/null 2>/dev/null
    fi
    n=$((n + 1))
    rm -f "$1.$((n - ${bounds.segments}))" "$1.$((n - ${bounds.segments})).times"
  done
}
mkfifo stdout.pipe stderr.pipe || exit 1
rotate stdout <stdout.pipe &
rotate stderr <stderr.pipe &
# In a shell of its own, so that what this one says of its end is not among its output.
(exec "$@" </dev/null >stdout.pipe 2>stderr.pipe)
printf '%4s\\n' "$?" 1<>exit
rm -f stdout.pipe stderr.pipe
${killScript(group)}
wait
: >drained
`;
}

/** Ends what a program leaves behind in its group, as a container ends with its first process. */
function killScript(group: ControlGroup | undefined): string {
  if (group === undefined) return '';
  const files = group.memberFiles.map(quote).join(' ');
  const atOnce =
    group.directories.unified === undefined
      ? ''
      : `[ -e ${quote(`${group.directories.unified}/cgroup.kill`)} ] && echo 1 >${quote(`${group.directories.unified}/cgroup.kill`)}\n`;
  return `${atOnce}for round in 1 2 3 4 5; do
  for file in ${files}; do
    while read -r pid; do kill -9 "$pid"; done <"$file"
  done
done 2>/dev/null`;
}

export interface EntryOptions {
  readonly directory: string;
  readonly workingDirectory: string;
  readonly group: ControlGroup | undefined;
  /** Shell commands that each have to succeed. */
  readonly mounts: readonly string[];
}

/** `sh enter WORDS…`: joins the group, mounts, takes the environment, notes itself and becomes the program. Says on standard error why it cannot. */
export function enterScript({ directory, workingDirectory, group, mounts }: EntryOptions): string {
  return [
    ...joins(group),
    ...mounts.map((mount) => `${mount} || exit 125`),
    'ulimit -c 0',
    // When the machine itself runs out of memory, units go before the gateway does.
    '{ echo 500 >/proc/$$/oom_score_adj; } 2>/dev/null',
    `. ${quote(`${directory}/environment`)}`,
    `cd -- ${quote(workingDirectory)} || exit 125`,
    'set -C',
    `${note(`${directory}/program`)} || exit 125`,
    'set +C',
    'exec "$@"',
    '',
  ].join('\n');
}

/** `sh probe WORDS…`: another command in the same place. */
export function probeScript({ directory, workingDirectory, group }: Omit<EntryOptions, 'mounts'>): string {
  return [
    ...joins(group),
    'ulimit -c 0',
    `. ${quote(`${directory}/environment`)}`,
    `cd -- ${quote(workingDirectory)} || exit 125`,
    'exec "$@"',
    '',
  ].join('\n');
}

function joins(group: ControlGroup | undefined): readonly string[] {
  return (group?.memberFiles ?? []).map((file) => `echo $$ >${quote(file)} || exit 125`);
}

/** Read by both. Names have been checked: a shell knows only such as it could have itself. */
export function environmentScript(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
}
