/** `openclaw config history|rollback|diff`: the versions of the configuration that were in force. By the files alone, with and without a gateway. */
import { Argument, type Command, Option } from 'commander';

import { type ConfigurationVersion, locate, openHistory, rollBack, shownTexts } from '../../config/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import { formatTable, widthOf } from '../table.ts';
import { changed, commandOptions, type ConfigCommandIo, type FileFlags, noteEffect } from './config-io.ts';
import { unifiedDiff } from './unified-diff.ts';

interface HistoryFlags extends FileFlags {
  readonly output: 'text' | 'json';
  readonly limit: number;
}

type Add = (usage: string, description: string) => Command;

export function registerHistoryCommands(add: Add, io: ConfigCommandIo): void {
  add('history', 'list the versions of the configuration that were in force, the newest first')
    .addOption(new Option('-n, --limit <count>', 'how many').default(20).argParser(readCount))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExamples:\n  openclaw config history\n  openclaw config history -n 200 -o json\n')
    .action((_: unknown, command: Command) => showHistory(command.optsWithGlobals<HistoryFlags>(), io));
  add('rollback', 'write an earlier version again; secrets are taken from what stands in the file now')
    .addArgument(new Argument('<version>', 'its number').argParser(readVersion))
    .addHelpText('after', '\nExample:\n  openclaw config rollback 3\n')
    .action((version: number, _: unknown, command: Command) => bringBack(version, command.optsWithGlobals<FileFlags>(), io));
  add('diff', 'show what differs between two versions, or between a version and the file; without secrets')
    .addArgument(new Argument('[from]', 'a version; without it the newest').argParser(readVersion))
    .addArgument(new Argument('[to]', 'a version; without it the file as it is now').argParser(readVersion))
    .addHelpText('after', '\nExamples:\n  openclaw config diff\n  openclaw config diff 3\n  openclaw config diff 3 5\n')
    .action(function (this: Command, from: number | undefined, to: number | undefined) {
      return showDifference({ from, to }, this.optsWithGlobals<FileFlags>(), io);
    });
}

function showHistory({ limit, output, ...flags }: HistoryFlags, io: ConfigCommandIo): void {
  const options = commandOptions(flags, io);
  const { file } = locate(options.environment, options.flags);
  const all = openHistory(options).versions().toReversed();
  const versions = all.slice(0, limit);
  if (output === 'json') {
    io.stdout.write(`${JSON.stringify({ file, total: all.length, versions }, null, 2)}\n`);
    return;
  }
  if (versions.length === 0) {
    io.stdout.write(
      `${file} has no versions yet: the first is kept when a gateway starts with it, or with the first \`openclaw config set\`.\n`,
    );
    return;
  }
  const columns = [
    { heading: 'VERSION', align: 'right', cut: 'never' },
    { heading: 'WHEN', cut: 'never' },
    { heading: 'WHO' },
    { heading: 'CHANGED' },
  ] as const;
  io.stdout.write(formatTable(columns, versions.map(rowOf), { width: widthOf(io.stdout) }));
  if (all.length > versions.length) io.stderr.write(`${all.length - versions.length} older ones: -n ${all.length} shows them too.\n`);
}

/** More paths than a line has room for are counted. */
const shownPaths = 4;

function rowOf({ version, at, by, changed: paths }: ConfigurationVersion): string[] {
  const rest = paths.length - shownPaths;
  const shown = rest > 1 ? [...paths.slice(0, shownPaths), `and ${rest} more`] : paths;
  return [String(version), at.replace('T', ' ').replace(/\.\d+Z$/, 'Z'), by, shown.join(', ') || '-'];
}

async function bringBack(version: number, flags: FileFlags, io: ConfigCommandIo): Promise<void> {
  const replaced = await changed(io, rollBack(commandOptions(flags, io), version, 'cli'));
  const kept = replaced.version === undefined || replaced.version.version === version ? '' : `, as version ${replaced.version.version}`;
  io.stdout.write(`${replaced.configuration.file} is again as in version ${version}${kept}.\n`);
  noteEffect(replaced, io);
}

interface Range {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

async function showDifference({ from, to }: Range, flags: FileFlags, io: ConfigCommandIo): Promise<void> {
  const options = commandOptions(flags, io);
  const { file } = locate(options.environment, options.flags);
  const history = openHistory(options);
  const older = from ?? history.newest()?.version;
  if (older === undefined) throw new OpenClawError('config_version_not_found', { details: { version: 1 } });
  const before = history.texts(older, file);
  const { texts: after, isMasked } =
    to === undefined ? await shownTexts(options, before) : { texts: history.texts(to, file), isMasked: false };
  const name = (version: number | undefined, path: string): string => (version === undefined ? path : `${path} (version ${version})`);
  const shown = [...new Set([...before.keys(), ...after.keys()])].map((path) =>
    unifiedDiff(before.get(path) ?? '', after.get(path) ?? '', { from: name(older, path), to: name(to, path) }),
  );
  io.stdout.write(shown.join(''));
  if (isMasked) io.stderr.write(`${file} is not valid JSON5, so a secret may stand anywhere in it: values in new lines are not shown.\n`);
  else if (shown.every((text) => text === '')) io.stderr.write('There is no difference, unless in secrets.\n');
}

function readVersion(text: string): number {
  const version = Number(text);
  if (Number.isSafeInteger(version) && version > 0) return version;
  throw wrongNumber(text, 'the number of a version', '`openclaw config history` lists them.');
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw wrongNumber(text, 'a number of versions', 'Write it like -n 20.');
}

function wrongNumber(text: string, what: string, suggestion: string): OpenClawError {
  return new OpenClawError('usage_error', { details: { reason: `${text} is not ${what}`, suggestion } });
}
