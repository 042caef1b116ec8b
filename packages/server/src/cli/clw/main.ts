/**
 * `clw`, the command line for workloads. Workloads are not part of this release: every command of it says so and fails, so that no
 * script takes silence for success. `--help` and `--version` work.
 */
import { OpenClawError } from '../../core/errors.ts';
import { version } from '../../version.ts';

/** What `clw` will do, as its help lists it. */
export const commands = {
  apply: 'create or change workloads from a file',
  get: 'show workloads and other resources',
  describe: 'show everything known about one workload',
  delete: 'delete a workload',
  logs: 'show the output of a workload',
  metrics: 'show the memory of a workload',
  debug: 'profile the memory of a workload',
  analyze: 'look for leaks, recommend limits',
  test: 'put load on a workload',
  alert: 'rules on metrics',
  monitor: 'series for Prometheus',
  dashboard: 'pages of charts',
} as const;

export interface Terminal {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** sysexits.h EX_UNAVAILABLE */
const exitUnavailable = 69;
const exitUsage = 2;

/** @returns the exit code */
export async function main(argv: readonly string[], terminal: Terminal = process): Promise<number> {
  const command = argv.find((word) => !word.startsWith('-'));
  if (argv.includes('--version') || argv.includes('-V')) {
    terminal.stdout.write(`${version}\n`);
    return 0;
  }
  if (argv.includes('--help') || argv.includes('-h') || argv.length === 0 || command === 'help') {
    terminal.stdout.write(help());
    return 0;
  }
  const known = command !== undefined && Object.hasOwn(commands, command);
  const error = known
    ? new OpenClawError('workloads_unavailable', { details: { command } })
    : new OpenClawError('usage_error', {
        details: { reason: `There is no command ${command ?? argv[0] ?? ''}`, suggestion: '`clw --help` shows the commands.' },
      });
  terminal.stderr.write(`clw: ${error.message}\n  ${error.hint}\n`);
  return known ? exitUnavailable : exitUsage;
}

function help(): string {
  const rows = Object.entries(commands).map(([name, meaning]) => `  ${name.padEnd(11)}${meaning}\n`);
  return `Usage: clw <command>

Runs and watches workloads. Not part of release ${version}: each of these commands ends with exit code ${exitUnavailable}.

Commands:
${rows.join('')}
Options:
  -V, --version  print the version
  -h, --help     print this
`;
}
