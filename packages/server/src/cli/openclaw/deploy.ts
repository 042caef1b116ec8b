/**
 * `openclaw deploy TARGET`: writes what a platform needs to run this gateway. It prints and writes; what is in the files: `operations/deploy`.
 *
 * What is there already is replaced on demand alone, and what stands in a `.env` is kept even then: whoever lost the token had it there.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parseUnit } from '@openclaw/protocol';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import {
  deployTargets,
  findTarget,
  isPlainValue,
  type DeployFile,
  type Deployment,
  type DeployTarget,
} from '../../operations/deploy/index.ts';
import { addOutput, type OutputFlags } from './target-flags.ts';
import type { Terminal } from '../terminal.ts';

export interface DeployWishes {
  readonly image?: string;
  readonly memoryMib: number;
}

export interface DeployContext {
  readonly io: Terminal;
  /** The gateway of this configuration, and what cannot be written of it. */
  readonly describe: (wishes: DeployWishes) => Promise<{ readonly deployment: Deployment; readonly notes: readonly string[] }>;
}

type DeployFlags = OutputFlags & { readonly out: string; readonly force?: boolean; readonly image?: string; readonly memory: number };

const defaultMemoryMib = 1024;

/** @returns the command, for those below it */
export function registerDeployCommand(program: Command, context: DeployContext): Command {
  const names = deployTargets.map(({ name, aliases, title }) => `  ${[name, ...aliases].join(', ').padEnd(48)}${title}`);
  return (
    addOutput(program.command('deploy'))
      // What stands after the name of a command below is that command's.
      .enablePositionalOptions()
      .description('write what a platform needs to run this gateway: Docker Compose, systemd, Kubernetes and others')
      .argument('<target>', 'where it is to run')
      .option('--out <directory>', 'where to write', '.')
      .option('--force', 'replace files that are there; what stands in .env is kept')
      .option('--image <name>', 'the image, with its digest where it has one (default: openclaw and this version)')
      .addOption(new Option('--memory <size>', 'what it may use').argParser(parseMemory).default(defaultMemoryMib, '1GiB'))
      .addHelpText(
        'after',
        `\nTargets:\n${names.join('\n')}\n\nExamples:\n  openclaw deploy docker --out deployment\n  openclaw deploy kubernetes --image registry.example/openclaw@sha256:…\n  openclaw deploy check --container openclaw-gateway\n`,
      )
      .action((name: string, flags: DeployFlags) => deploy(name, flags, context))
  );
}

function parseMemory(text: string): number {
  const bytes = parseUnit(text, 'bytes');
  if (bytes === undefined || bytes < 128 * 2 ** 20) throw new InvalidArgumentError('Write a size of 128MiB or more, such as 1GiB.');
  return Math.ceil(bytes / 2 ** 20);
}

async function deploy(name: string, flags: DeployFlags, { io, describe }: DeployContext): Promise<void> {
  const target = findTarget(name);
  if (!target) {
    const known = deployTargets.flatMap((each) => [each.name, ...each.aliases]).join(', ');
    throw new OpenClawError('usage_error', {
      details: { reason: `nothing is known of the target ${name}`, suggestion: `There are ${known}.` },
    });
  }
  const { deployment, notes } = await describe({ memoryMib: flags.memory, ...(flags.image === undefined ? {} : { image: flags.image }) });
  const directory = resolve(flags.out);
  const kept = keepSecrets(deployment, join(directory, '.env'));
  const files = target.files(kept.deployment).map((file) => (file.isSecret ? { ...file, text: kept.envText } : file));
  const changes = writeFiles(directory, files, flags.force === true);
  const next = target.next(kept.deployment);
  io.stdout.write(
    flags.output === 'json'
      ? `${JSON.stringify({ target: target.name, directory, files: changes, next, notes: [...notes, ...kept.notes] })}\n`
      : describeOutcome({ target, directory, changes, next }),
  );
  if (flags.output !== 'json') for (const note of [...notes, ...kept.notes]) io.stderr.write(`${note}\n`);
}

interface Kept {
  readonly deployment: Deployment;
  readonly envText: string;
  readonly notes: readonly string[];
}

/** The token of an earlier time stays the token, and lines of the operator's own stay too. */
function keepSecrets(deployment: Deployment, file: string): Kept {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const there = parseEnv(before);
  const wanted = Object.entries(deployment.secrets);
  const fit = wanted.filter(([name, value]) => (there[name] ?? '') !== '' || isPlainValue(value));
  const added = fit.filter(([name]) => (there[name] ?? '') === '');
  const notes = wanted
    .filter((entry) => !fit.includes(entry))
    .map(([name]) => `${name} has signs that not every reader of .env takes alike, so it was left out: write it there yourself.`);
  const secrets = Object.fromEntries(fit.map(([name, value]) => [name, there[name] || value]));
  const separator = added.length === 0 || before === '' || before.endsWith('\n') ? '' : '\n';
  const envText = `${before}${separator}${added.map(([name, value]) => `${name}=${value}\n`).join('')}`;
  return { deployment: { ...deployment, secrets }, envText, notes };
}

interface Change {
  readonly path: string;
  readonly change: 'written' | 'replaced' | 'unchanged';
}

/** Looks at all of them before it writes the first. @throws OpenClawError `command_refused` */
function writeFiles(directory: string, files: readonly DeployFile[], force: boolean): readonly Change[] {
  const looked = files.map((file) => {
    const before = readIfThere(join(directory, file.path));
    return { file, change: before === undefined ? 'written' : before === file.text ? 'unchanged' : 'replaced' } as const;
  });
  const differing = looked.filter(({ change }) => change === 'replaced').map(({ file }) => join(directory, file.path));
  if (differing.length > 0 && !force) {
    throw new OpenClawError('command_refused', {
      details: {
        reason: `${differing.join(' and ')} ${differing.length === 1 ? 'is' : 'are'} there already, and would change`,
        suggestion: 'Nothing was written. Name another directory with --out, or replace with --force, which keeps what stands in .env.',
      },
    });
  }
  try {
    mkdirSync(directory, { recursive: true });
    for (const { file, change } of looked) {
      if (change !== 'unchanged') writeWhole(join(directory, file.path), file);
      else if (file.isSecret) chmodSync(join(directory, file.path), 0o600);
    }
  } catch (thrown) {
    throw new OpenClawError('command_refused', {
      details: { reason: `${directory} cannot be written: ${reasonOf(thrown)}`, suggestion: 'Name another directory with --out.' },
      cause: thrown,
    });
  }
  return looked.map(({ file, change }) => ({ path: file.path, change }));
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** A new file in the place of the old one: whoever could read that gets nothing of this. */
function writeWhole(path: string, { text, isSecret = false }: DeployFile): void {
  const spare = `${path}.${process.pid}.new`;
  try {
    writeFileSync(spare, text, { mode: isSecret ? 0o600 : 0o644, flag: 'wx' });
    renameSync(spare, path);
  } finally {
    rmSync(spare, { force: true });
  }
}

interface Outcome {
  readonly target: DeployTarget;
  readonly directory: string;
  readonly changes: readonly Change[];
  readonly next: readonly string[];
}

function describeOutcome({ target, directory, changes, next }: Outcome): string {
  const place = relative(process.cwd(), directory);
  const lines = [
    ...changes.map(({ path, change }) => `${change.padEnd(9)}  ${join(place, path)}${path === '.env' ? '  (secrets, 0600)' : ''}`),
    '',
    `Next${place === '' ? '' : `, in ${place}`}:`,
    ...next.map((line) => `  ${line}`),
    '',
    `What to look out for: docs/deploy/${target.page}`,
  ];
  return `${lines.join('\n')}\n`;
}
