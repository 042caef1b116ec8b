/**
 * `openclaw gateway install|uninstall`: the gateway as a systemd user service.
 *
 * Installing again is no change, or the new text. Neither ever touches a unit that this program did not write, and a service that does not
 * start is said and not hidden.
 */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { readUnit, type ServiceContext, unitMark, unitName, type UnitOptions, unitText } from './systemd.ts';
import { addOutput, type OutputFlags } from './target-flags.ts';
import type { Terminal } from '../terminal.ts';

export interface InstallContext extends ServiceContext {
  readonly io: Terminal;
  readonly unit: () => Promise<UnitOptions>;
}

type InstallFlags = OutputFlags & { readonly print?: boolean; readonly start: boolean };

export function registerInstallCommands(group: Command, context: () => InstallContext): void {
  addOutput(group.command('install'))
    .description('run the gateway as a service of this user, with systemd')
    .option('--print', 'show the unit and change nothing')
    .option('--no-start', 'write and enable it, and start nothing')
    .addHelpText('after', '\nExamples:\n  openclaw gateway install\n  openclaw gateway install --print\n')
    .action((flags: InstallFlags) => install(flags, context()));
  addOutput(group.command('uninstall'))
    .description('stop the service and take its unit away; the state stays')
    .addHelpText('after', '\nExample:\n  openclaw gateway uninstall\n')
    .action((flags: OutputFlags) => uninstall(flags, context()));
}

async function install(flags: InstallFlags, context: InstallContext): Promise<void> {
  const { io, unitFile, unit } = context;
  const options = await unit();
  const text = unitText(options);
  if (flags.print === true) {
    io.stdout.write(text);
    return;
  }
  const before = ownUnit(unitFile);
  await needSystemd(context);
  prepareEnvironmentFile(options.environmentFile);
  if (before !== text) writeWhole(unitFile, text);
  await run(context, 'daemon-reload');
  await run(context, 'enable', unitName);
  // Started anew only where it has to be: a service that runs as it should is left alone.
  if (flags.start) await run(context, before === text ? 'start' : 'restart', unitName);
  const change = before === undefined ? 'installed' : before === text ? 'unchanged' : 'changed';
  io.stdout.write(
    flags.output === 'json'
      ? `${JSON.stringify({ change, unit: unitFile, started: flags.start })}\n`
      : `${unitName} ${change}: ${unitFile}\n`,
  );
  io.stderr.write(
    `Variables for it, such as keys of providers, go into ${options.environmentFile}.\n` +
      'It runs while you are logged in; `loginctl enable-linger` lets it run from boot on. Its log: `openclaw logs` or `journalctl --user -u openclaw-gateway`.\n',
  );
}

async function uninstall({ output }: OutputFlags, context: InstallContext): Promise<void> {
  const { io, unitFile, systemctl } = context;
  const before = ownUnit(unitFile);
  if (before !== undefined) {
    // Where systemd does not answer there is nothing running of it; the file goes all the same.
    await systemctl('disable', '--now', unitName);
    rmSync(unitFile, { force: true });
    await systemctl('daemon-reload');
  }
  const words = before === undefined ? `${unitName} is not installed.` : `${unitName} is gone; the state directory stays as it is.`;
  io.stdout.write(output === 'json' ? `${JSON.stringify({ removed: before !== undefined, unit: unitFile })}\n` : `${words}\n`);
}

/** @throws OpenClawError `service_unavailable` where the unit is somebody else's */
function ownUnit(unitFile: string): string | undefined {
  const text = readUnit(unitFile);
  if (text === undefined || text.startsWith(unitMark)) return text;
  throw new OpenClawError('service_unavailable', {
    details: {
      reason: `${unitFile} is there, and was not written by this command`,
      suggestion: 'Move it away first, if it is no longer wanted.',
    },
  });
}

async function needSystemd({ systemctl }: InstallContext): Promise<void> {
  const answer = await systemctl('show-environment');
  if (answer?.code === 0) return;
  throw new OpenClawError('service_unavailable', {
    details: {
      reason: answer ? 'systemd does not answer for this user' : 'this machine has no systemd',
      suggestion: 'In a container let its engine restart the gateway; elsewhere `openclaw gateway install --print` shows a unit to go by.',
    },
  });
}

async function run({ systemctl }: InstallContext, ...words: string[]): Promise<void> {
  const answer = await systemctl(...words);
  if (answer?.code === 0) return;
  throw new OpenClawError('service_unavailable', {
    details: {
      reason: `\`systemctl --user ${words.join(' ')}\` ended with ${answer?.code ?? 'no answer'}`,
      suggestion: `\`journalctl --user -u ${unitName}\` says more.`,
    },
  });
}

/** Secrets belong into it, so it is nobody else's from its beginning. What is in it stays. */
function prepareEnvironmentFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600, flag: 'wx' });
  chmodSync(file, 0o600);
}

function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o644 });
  renameSync(`${file}.new`, file);
}
