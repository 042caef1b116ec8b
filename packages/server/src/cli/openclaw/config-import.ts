/** `openclaw config import FILE`: takes the configuration of openclaw@2026.9 over, and accounts for every line of it. */
import { copyFileSync, constants, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';

import { importFile, type ImportNote, loadConfiguration, locate, replaceConfiguration, withoutSecrets } from '../../config/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import { formatTable, widthOf } from '../table.ts';
import { changed, commandOptions, type ConfigCommandIo, type FileFlags, noteEffect } from './config-io.ts';

interface ImportFlags extends FileFlags {
  readonly write?: true;
  readonly output: 'text' | 'json';
}

export function registerImportCommand(add: (usage: string, description: string) => Command, io: ConfigCommandIo): void {
  add('import <file>', 'convert an openclaw.json of openclaw@2026.9: says line by line what is carried, changed and left out')
    .option('--write', 'write the result; what stands there is kept beside it')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExamples:\n  openclaw config import ~/.openclaw/openclaw.json\n  openclaw config import old.json --write\n')
    .action((file: string, _: unknown, command: Command) => importConfiguration(file, command.optsWithGlobals<ImportFlags>(), io));
}

async function importConfiguration(given: string, { write, output, ...flags }: ImportFlags, io: ConfigCommandIo): Promise<void> {
  const options = commandOptions(flags, io);
  const { file } = locate(options.environment, options.flags);
  const { text, notes } = await importFile(resolve(given), options.vendors);
  const problems = await mistakesIn(() => loadConfiguration({ ...options, text }));
  const shown = await withoutSecrets(file, text);
  if (output === 'json') {
    const mistakes = problems.map(({ message, hint }) => ({ message, hint }));
    io.stdout.write(`${JSON.stringify({ from: resolve(given), to: file, notes, configuration: shown, mistakes }, null, 2)}\n`);
  } else {
    io.stdout.write(`${report(notes, io)}\n${shown}`);
    for (const { message, hint } of problems) io.stderr.write(`To mend: ${message}\n  ${hint}\n`);
  }
  if (!write) {
    io.stderr.write(`Nothing was written. With --write it is ${file}.\n`);
    return;
  }
  const before = existsSync(file) ? freeName(`${file}.before-import`) : undefined;
  const replaced = await changed(
    io,
    replaceConfiguration(options, 'import by cli', async () => {
      if (before !== undefined) copyFileSync(file, before, constants.COPYFILE_EXCL);
      return new Map([[file, text]]);
    }),
  );
  io.stderr.write(`${file} is written${before === undefined ? '' : `; what stood there is ${before}`}.\n`);
  noteEffect(replaced, io);
}

function report(notes: readonly ImportNote[], io: ConfigCommandIo): string {
  const columns = [
    { heading: 'LINE', align: 'right', cut: 'never' },
    { heading: 'WHAT', cut: 'never' },
    { heading: 'SETTING' },
    { heading: 'HOW' },
  ] as const;
  const rows = notes.map(({ line, kind, path, to, remark }) => [
    line === undefined ? '' : String(line),
    kind,
    to === undefined ? path : `${path} → ${to}`,
    remark ?? '',
  ]);
  return formatTable(columns, rows, { width: widthOf(io.stdout) });
}

/** Every mistake of a configuration that is not good yet. */
async function mistakesIn(load: () => Promise<unknown>): Promise<readonly OpenClawError[]> {
  try {
    await load();
    return [];
  } catch (error) {
    if (error instanceof OpenClawError) return [error, ...error.others];
    throw error;
  }
}

function freeName(path: string, number = 1): string {
  const name = number === 1 ? path : `${path}-${number}`;
  return existsSync(name) ? freeName(path, number + 1) : name;
}
