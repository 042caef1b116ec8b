/** `openclaw secrets`: which secrets are referred to and how they are, whether each can be read, and where plain ones lie. It never prints a value. */
import { type Command, Option } from 'commander';
import { inspectSecrets, type SecretsInspected, type SettingSecret } from '../../config/index.ts';
import type { Clock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { auditSecrets, secretFindingCodes, type SecretFindingCode, type SecretsAudited } from '../../operations/secrets-audit/index.ts';
import { type Column, formatTable, widthOf } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export interface SecretsCommandContext {
  readonly io: Terminal;
  readonly clock: Clock;
  readonly setExitCode: (code: number) => void;
  /** What the running gateway, or the last one, knew of its secrets. */
  readonly known: (stateDirectory: string) => readonly SettingSecret[];
}

interface OutputFlags {
  readonly output: 'text' | 'json';
}

export function registerSecretsCommands(program: Command, context: SecretsCommandContext): void {
  const group = program
    .command('secrets')
    .description('secrets that the configuration refers to, and those that lie where they should not');
  const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
  group
    .command('list')
    .description('references, where they lie, when they were read and rotated; never values')
    .addOption(output())
    .addHelpText('after', '\nExamples:\n  openclaw secrets list\n  openclaw secrets list -o json\n')
    .action((flags: OutputFlags) => list(flags, context));
  group
    .command('check')
    .description('read each of them now, as the user who calls this')
    .addOption(output())
    .addHelpText('after', '\nThe exit code is 1 if one cannot be read.\n\nExamples:\n  openclaw secrets check\n')
    .action((flags: OutputFlags) => check(flags, context));
  group
    .command('audit')
    .description('find secrets in the configuration, in .env files, logs, histories and kept versions, and files that others may read')
    .addOption(new Option('--except <code...>', 'findings that are accepted').choices(secretFindingCodes).default([]))
    .addOption(output())
    .addHelpText(
      'after',
      '\nThe exit code is 1 if there is a finding.\n\nExamples:\n  openclaw secrets audit\n  openclaw secrets audit --except secret_in_env_file\n',
    )
    .action((flags: AuditFlags) => audit(flags, context));
}

function inspect({ io }: SecretsCommandContext, isAsked: boolean): Promise<SecretsInspected> {
  return inspectSecrets({ environment: readEnvironment({ env: io.env }), isAsked });
}

async function list({ output }: OutputFlags, context: SecretsCommandContext): Promise<void> {
  const { io, clock, known } = context;
  const { references, stateDirectory } = await inspect(context, false);
  const states = new Map(known(stateDirectory).map((one) => [one.setting, one]));
  const secrets = references.map(({ setting, kind, where, origin }) => {
    const found = states.get(setting);
    const isSame = found?.kind === kind;
    const { state = 'unknown', reason, readAt, rotatedAt, madeAt, version } = (isSame ? found : undefined) ?? {};
    return { setting, kind, where, writtenIn: origin.where, state, reason, readAt, rotatedAt, madeAt, version };
  });
  if (output === 'json') return write(io, { secrets });
  if (secrets.length === 0) {
    io.stderr.write('The configuration refers to no secret: docs/secrets.md says how it can.\n');
    return;
  }
  const age = (at: string | undefined): string => (at === undefined ? '-' : agoWords(clock.now() - Date.parse(at)));
  const rows = secrets.map(({ setting, kind, where, state, readAt, rotatedAt, madeAt }) => [
    ...[setting, kind, where, state, age(readAt), age(rotatedAt), age(madeAt)],
  ]);
  io.stdout.write(formatTable(columns, rows, { width: widthOf(io.stdout) }));
}

const columns: readonly Column[] = ['SETTING', 'KIND', 'WHERE', 'STATE', 'READ', 'ROTATED', 'AGE'].map((heading) => ({ heading }));

async function check({ output }: OutputFlags, context: SecretsCommandContext): Promise<void> {
  const { io, setExitCode } = context;
  const { references } = await inspect(context, true);
  if (references.some(({ problem }) => problem !== undefined)) setExitCode(1);
  const secrets = references.map(({ setting, kind, where, problem }) => ({
    setting,
    kind,
    where,
    isReadable: problem === undefined,
    ...problem,
  }));
  if (output === 'json') return write(io, { secrets });
  if (secrets.length === 0) io.stderr.write('The configuration refers to no secret.\n');
  const width = Math.max(0, ...secrets.map(({ setting }) => setting.length));
  for (const { setting, where, isReadable, ...problem } of secrets) {
    io.stdout.write(visible(`${isReadable ? 'ok ' : 'bad'}   ${setting.padEnd(width)}  ${where}`));
    if ('reason' in problem) io.stdout.write(visible(`        ${problem.reason}`) + visible(`        mend  ${problem.remedy}`));
  }
}

interface AuditFlags extends OutputFlags {
  readonly except: readonly SecretFindingCode[];
}

async function audit({ output, except }: AuditFlags, { io, setExitCode }: SecretsCommandContext): Promise<void> {
  const environment = readEnvironment({ env: io.env });
  const audited = await auditSecrets({ environment, home: environment.lookup('HOME')?.value });
  const findings = audited.findings.filter(({ code }) => !except.includes(code));
  if (findings.length > 0) setExitCode(1);
  if (output === 'json') return write(io, { ...audited, findings });
  io.stdout.write(auditText({ ...audited, findings }));
}

function auditText({ findings, looked, skipped }: SecretsAudited): string {
  const lines = findings.flatMap(({ code, file, line, message, remedy }) => [
    `${file}${line === undefined ? '' : `:${line}`}  ${code}`,
    `    ${message}`,
    `    mend  ${remedy}`,
  ]);
  const verdict = findings.length === 0 ? 'No secret was found where it should not be.' : `Findings: ${findings.length}.`;
  const left = skipped.map(({ file, reason }) => `Not looked through: ${file}: ${reason}`);
  return [...lines, ...left, `${verdict} Files that were looked through: ${looked}.`].map(visible).join('');
}

/** How long ago, in its largest unit. */
function agoWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [unit, length] = units.find(([, each]) => seconds >= each) ?? (['s', 1] as const);
  return `${Math.floor(seconds / length)}${unit}`;
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

function write({ stdout }: Pick<Terminal, 'stdout'>, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Paths and words of sources come from outside; none may move the cursor. */
function visible(line: string): string {
  return `${line.replace(/\p{Cc}/gu, '?')}\n`;
}
