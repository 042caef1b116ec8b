/**
 * The image of `deploy/Dockerfile`, built here once for the sources as they are: its bases are made of Debian's packages, as no registry is
 * asked. It takes a minute or two the first time.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorkingCopy, root } from '../repository/working-copy.ts';
import { docker, withoutDocker } from './docker.ts';

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

const missing = ['debootstrap', 'docker-compose', 'npm'].filter((program) => !isThere(program));

/** Says why tests with the image are skipped; false where they run. */
export const withoutImage =
  withoutDocker ||
  (process.getuid?.() !== 0 && 'images are made of Debian as root') ||
  (missing.length > 0 && `missing, and to be had by apt-get install: ${missing.join(', ')}`);

/** What goes into the image. */
const sources = [
  'deploy',
  'packages',
  'scripts',
  'package.json',
  'package-lock.json',
  'openclaw',
  'clw',
  '.npmrc',
  'tsconfig.json',
] as const;
const longestMs = 600_000;

/** Builds it unless it is there, or `OPENCLAW_TEST_IMAGE` names one. @returns its name @throws Error with the end of what the build said */
export function buildImage(): string {
  const given = process.env['OPENCLAW_TEST_IMAGE'];
  if (given !== undefined && given !== '') return given;
  const name = `openclaw-test-gateway:${digestOf(sources.map((path) => join(root, path)))}`;
  if (docker('images', '--quiet', name) !== '') return name;
  const bases = run(['env', `TMPDIR=${fastDirectory()}`, 'bash', 'deploy/make-base', 'openclaw-test-base'], root);

  using copy = createWorkingCopy();
  // Where the machine trusts more than Debian does, as behind a proxy that signs for itself, the build has to do so too.
  const authorities = [process.env['NODE_EXTRA_CA_CERTS'] ?? '', '/etc/ssl/certs/ca-certificates.crt'].find((file) => existsSync(file));
  if (authorities !== undefined) copyFileSync(authorities, join(copy.path, 'deploy/build-ca.crt'));
  const options = ['--network', 'host', '--file', 'deploy/Dockerfile', '--tag', name, ...proxies(), ...bases.trim().split(' ')];
  run(['docker', 'build', ...options, '.'], copy.path);
  return name;
}

/** Builds do not see the environment of who asks for them. */
function proxies(): readonly string[] {
  return ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']
    .flatMap((name) => [name, name.toLowerCase()])
    .flatMap((name) => (process.env[name] === undefined ? [] : ['--build-arg', name]));
}

/** In memory, where devices can be made: most of the time of making Debian is waiting for a disk. */
function fastDirectory(): string {
  const memory = /^\S+ \/dev\/shm tmpfs (\S+)/m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1] ?? 'nodev';
  return /\b(?:nodev|noexec)\b/.test(memory) ? tmpdir() : '/dev/shm';
}

function run([program = '', ...words]: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { cwd, encoding: 'utf8', timeout: longestMs, maxBuffer: 2 ** 28 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${`${stdout}\n${stderr}`.slice(-3000)}`);
  return stdout;
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    if (/(^|\/)(node_modules|dist)$|\.test\.ts$|\/packages\/[^/]+\/test$/.test(path)) return;
    if (!statSync(path).isDirectory()) return void hash.update(path.slice(root.length)).update(readFileSync(path));
    for (const name of readdirSync(path).toSorted()) add(join(path, name));
  };
  for (const path of paths) add(path);
  return hash.digest('hex').slice(0, 16);
}
