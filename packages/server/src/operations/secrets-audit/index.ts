/**
 * Finds secrets that stand where they should not: in the configuration, in `.env` files, in logs, in histories of shells, in kept versions; and
 * files with secrets that others may read. Each finding has a place and a remedy. It never holds a value, and nothing is changed.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inspectSecrets, versionDirectory, type LoadOptions, type SecretsInspected } from '../../config/index.ts';
import { createRedactor } from '../../core/redact.ts';
import { findOpenPlaces, modeWords } from '../state-modes/index.ts';
import { envLine, historyLine, lookThrough, type LineJudge } from './lines.ts';

export const secretFindingCodes = [
  'plain_secret',
  'secret_in_env_file',
  'secret_in_log',
  'secret_in_history',
  'secret_in_version',
  'open_mode',
] as const;

export type SecretFindingCode = (typeof secretFindingCodes)[number];

export interface SecretFinding {
  readonly code: SecretFindingCode;
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  readonly message: string;
  readonly remedy: string;
}

export interface SecretsAudited {
  readonly findings: readonly SecretFinding[];
  /** Files that were looked through, and those that could not be, with the reason. */
  readonly looked: number;
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

export interface AuditOptions extends LoadOptions {
  /** Of the user, where shells keep their histories. */
  readonly home: string | undefined;
}

/** @throws OpenClawError where the configuration cannot be read at all */
export async function auditSecrets({ home, ...load }: AuditOptions): Promise<SecretsAudited> {
  const inspected = await inspectSecrets(load);
  const { stateDirectory, envFiles, values } = inspected;
  // Shorter ones would be found in any text.
  const redactor = createRedactor(values.filter((value) => value.length >= shortestKnown));
  const betrays: LineJudge = (line) => (redactor.text(line) === line ? undefined : 'a secret, or what looks like one');
  const findings: SecretFinding[] = [...plainSecrets(inspected), ...openModes(inspected)];
  const skipped: { file: string; reason: string }[] = [];
  let looked = inspected.files.length;
  const search = async (code: keyof typeof words, files: readonly string[], judge: LineJudge): Promise<void> => {
    for (const file of files) {
      looked += 1;
      const { lines, more, problem } = await lookThrough(file, judge);
      findings.push(
        ...lines.map(({ line, what }) => ({ code, file, line, message: `${words[code].message}: ${what}.`, remedy: words[code].remedy })),
      );
      if (more > 0) findings.push({ code, file, message: `${more} more lines like these.`, remedy: words[code].remedy });
      if (problem !== undefined) skipped.push({ file, reason: problem });
    }
  };
  await search('secret_in_env_file', envFiles.filter(isFile), envLine(redactor));
  await search('secret_in_log', filesIn(join(stateDirectory, 'logs')), betrays);
  await search('secret_in_history', historiesOf([stateDirectory, home]), historyLine(redactor));
  const versions = filesIn(versionDirectory(stateDirectory)).filter((file) => !holdsSecrets.has(basename(file)));
  await search('secret_in_version', versions, betrays);
  return { findings, looked, skipped };
}

const shortestKnown = 8;

/** What a start falls back to holds them on purpose; its mode is looked at. */
const holdsSecrets: ReadonlySet<string> = new Set(['last-good.json']);

const rotate = 'Rotate it, for whoever has read the file knows it; then delete the line.';
const words = {
  secret_in_env_file: {
    message: 'A secret stands in an env file',
    remedy: "Put it into a file of its own (0600) or a vault, and refer to it: { $secret: { file: 'PATH' } }.",
  },
  secret_in_log: { message: 'A log tells a secret', remedy: rotate },
  secret_in_history: { message: 'The history of a shell tells a secret', remedy: `${rotate} Give secrets by variables or files.` },
  secret_in_version: { message: 'A kept version of the configuration tells a secret', remedy: rotate },
} as const satisfies Partial<Record<SecretFindingCode, { readonly message: string; readonly remedy: string }>>;

function plainSecrets({ plain }: SecretsInspected): SecretFinding[] {
  return plain.map(({ setting, origin: { file = '', line }, isGuess }) => ({
    code: 'plain_secret',
    file,
    ...(line === undefined ? {} : { line }),
    message: isGuess ? `${setting} looks like a secret and is written as text.` : `${setting} is written as text.`,
    remedy: isGuess
      ? 'Take it out, or write ${NAME} and set the variable.'
      : `Put it into a file (0600) or a vault, and write { $secret: { file: 'PATH' } }: docs/secrets.md.`,
  }));
}

function openModes({ stateDirectory, files, envFiles, secretFiles, plain }: SecretsInspected): SecretFinding[] {
  const found = new Map(findOpenPlaces(stateDirectory).map(({ path, mode }) => [path, mode]));
  const withSecrets = plain.flatMap(({ origin }) => origin.file ?? []);
  for (const file of [...envFiles, ...secretFiles, ...files.filter((each) => withSecrets.includes(each))]) {
    const mode = modeOf(file);
    // What a container runtime mounts is for the container alone, whatever its mode.
    if (mode !== undefined && (mode & 0o077) !== 0 && !/^(\/var)?\/run\/secrets\//.test(file)) found.set(file, mode);
  }
  return [...found].map(([file, mode]) => ({
    code: 'open_mode',
    file,
    message: `Others of this machine may use it: its mode is ${modeWords(mode)}.`,
    remedy: file.startsWith(stateDirectory) ? '`openclaw doctor --fix` closes it.' : `chmod go= ${file}`,
  }));
}

const histories = ['.bash_history', '.zsh_history', '.sh_history', '.ash_history', '.history', '.local/share/fish/fish_history'];

function historiesOf(folders: readonly (string | undefined)[]): readonly string[] {
  const all = folders.flatMap((folder) => (folder === undefined ? [] : histories.map((name) => join(folder, name))));
  return [...new Set(all)].filter(isFile);
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name));
}

function isFile(path: string): boolean {
  return modeOf(path) !== undefined;
}

function modeOf(path: string): number | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? stat.mode & 0o777 : undefined;
  } catch {
    return undefined;
  }
}
