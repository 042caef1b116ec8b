/**
 * Adds to `package-lock.json` the optional packages of other platforms that npm left out.
 *
 *     node scripts/complete-lock.ts            adds what is missing; run it after every `npm install`
 *     node scripts/complete-lock.ts --check    changes nothing, exits 1 when something is missing
 *
 * Tools with native code (oxlint, oxfmt, knip, @swc/core, tsgolint) come as one optional package per platform. Where the registry
 * that is asked does not list them all, `npm install` writes a lock without the rest and `npm ci` then refuses that lock (EUSAGE).
 * An entry with the version and the platform is enough: npm skips it elsewhere, and looks it up in the registry where it fits.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type LockEntries = Readonly<Record<string, LockEntry>>;

/** @returns every entry that was there and one for each optional package that was not, in npm's order */
export function completeEntries(entries: LockEntries): LockEntries {
  const added: Record<string, LockEntry> = {};
  for (const [place, entry] of Object.entries(entries)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!isFound(entries, place, name)) added[`node_modules/${name}`] = describe(name, version, entry);
    }
  }
  const [root, ...rest] = Object.entries({ ...entries, ...added }).sort(([one], [other]) => compareLikeNpm(one, other));
  return Object.fromEntries(root ? [root, ...rest] : []);
}

/** npm sorts with this collation; `localeCompare` alone depends on the machine's language. */
function compareLikeNpm(one: string, other: string): number {
  return one.localeCompare(other, 'en');
}

/** As Node looks for a package: in the folder of its user, then upwards. */
function isFound(entries: LockEntries, place: string, name: string): boolean {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in entries) return true;
    if (folder === '') return false;
  }
}

function describe(name: string, version: string, user: LockEntry): LockEntry {
  if (!/^\d/.test(version)) throw new Error(`${name}@${version} is not an exact version; add its entry to package-lock.json by hand`);
  const { os, cpu, libc } = platformOf(name);
  return { version, cpu: [cpu], ...(user.dev && { dev: true }), ...(libc && { libc: [libc] }), optional: true, os: [os] };
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors: Readonly<Record<string, string>> = { ppc64le: 'ppc64' };
const libraries: Readonly<Record<string, string>> = { gnu: 'glibc', musl: 'musl', gnueabihf: 'glibc', musleabihf: 'musl' };

/** Reads the platform from a name such as `@oxlint/binding-linux-arm64-musl`. */
function platformOf(name: string): { os: string; cpu: string; libc: string | undefined } {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const index = words.findIndex((word) => systems.includes(word));
  const [os, processor, abi] = words.slice(index);
  if (index === -1 || os === undefined || processor === undefined) throw new Error(`the name ${name} does not say its platform`);
  return { os, cpu: processors[processor] ?? processor, libc: os === 'linux' && abi !== undefined ? libraries[abi] : undefined };
}

function main(): void {
  const file = join(import.meta.dirname, '..', 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: LockEntries };
  const packages = completeEntries(lock.packages);
  const count = Object.keys(packages).length - Object.keys(lock.packages).length;
  if (count === 0) return;
  if (process.argv.includes('--check')) {
    console.error(`package-lock.json lacks ${count} optional packages of other platforms: run node scripts/complete-lock.ts`);
    process.exitCode = 1;
    return;
  }
  writeFileSync(file, `${JSON.stringify({ ...lock, packages }, undefined, 2)}\n`);
  console.log(`added ${count} optional packages of other platforms to package-lock.json`);
}

if (import.meta.main) main();
