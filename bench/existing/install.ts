/**
 * Installs the existing gateway's program from npm into `bench/peers/existing/`, which git ignores: 650 MB, for `run.ts` beside this file
 * and for `npm run test:compat`.
 *
 *     node bench/existing/install.ts
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peersDirectory } from '../install-peers.ts';

const directory = join(peersDirectory, 'existing');

/** The version whose wire the protocol page was written down from. */
export const existingVersion = '2026.9.6';
export const existingCommand = join(directory, 'node_modules/.bin/openclaw');

export function existingMissing(): string | undefined {
  return existsSync(existingCommand)
    ? undefined
    : "the existing gateway is not installed; 'node bench/existing/install.ts' installs it (650 MB)";
}

function install(): number {
  mkdirSync(directory, { recursive: true });
  const manifest = { name: 'openclaw-existing', private: true, dependencies: { openclaw: existingVersion } };
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const npm = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: directory, stdio: 'inherit' });
  return npm.status ?? 1;
}

if (import.meta.main) process.exitCode = install();
