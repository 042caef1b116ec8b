/**
 * Installs the two Python packages that the article's blocks use into `bench/article/.venv`, which git ignores.
 *
 *     node bench/article/install.ts
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const environment = join(import.meta.dirname, '.venv');

export const python = join(environment, 'bin', 'python');

/** Exact versions, so that two runs can be compared. */
const packages = ['openai==3.54.0', 'requests==2.34.2'];

/** Undefined when the packages are there, else the reason in words. */
export function installPackages(): string | undefined {
  if (existsSync(python) && spawnSync(python, ['-c', 'import openai, requests']).status === 0) return undefined;
  const made = spawnSync('python3', ['-m', 'venv', environment], { encoding: 'utf8' });
  if (made.error !== undefined) return `there is no python3: ${made.error.message}`;
  if (made.status !== 0) return `python3 made no virtual environment: ${made.stderr.trim().slice(-300)}`;
  const pip = spawnSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { encoding: 'utf8' });
  return pip.status === 0 ? undefined : `pip could not install ${packages.join(' and ')}: ${pip.stderr.trim().slice(-300)}`;
}

if (import.meta.main) {
  const reason = installPackages();
  if (reason !== undefined) {
    console.error(reason);
    process.exitCode = 1;
  }
}
