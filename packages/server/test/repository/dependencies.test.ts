/** `docs/design/dependencies.md` and the `package.json` files say the same, and versions are exact. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { completeEntries, type LockEntries } from '../../../../scripts/complete-lock.ts';
import { version } from '../../src/version.ts';
import { root } from './working-copy.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

const manifests = ['.', 'packages/protocol', 'packages/client', 'packages/control-ui', 'packages/server'].map(
  (folder) => readJson(join(folder, 'package.json')) as Manifest,
);
const declared = new Map(
  manifests.flatMap((manifest) =>
    Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }),
  ),
);

const page = readFileSync(join(root, 'docs/design/dependencies.md'), 'utf8');
const rows = [...page.matchAll(/^\| `([^`]+)` \| (.+) \| (.+) \| (.+) \|$/gm)].map(
  ([, name = '', reason = '', licence = '', release = '']) => ({
    name,
    reason,
    licence,
    release,
  }),
);

test('every dependency has one line, and every line is a dependency', () => {
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...declared.keys()].sort());
});

test('every line has a reason, the licence of the package, and the release that is used', () => {
  for (const { name, reason, licence, release } of rows.filter((row) => !row.name.startsWith('@openclaw/'))) {
    assert.ok(reason.length > 10, name);
    const [number, date = ''] = release.split(', ');
    assert.equal(number, declared.get(name), name);
    assert.match(date, /^[A-Z]\w+ \d{4}$/, name);
    const installed = name.startsWith('node-linux-') ? undefined : (readJson(`node_modules/${name}/package.json`) as { license: string });
    if (installed) assert.equal(licence, installed.license, name);
  }
});

test('every version is exact', () => {
  for (const [name, wanted] of declared) assert.match(wanted, /^\d+\.\d+\.\d+$/, name);
});

test('the packages and the program have one version', () => {
  assert.deepEqual(
    new Set([version, declared.get('@openclaw/protocol'), ...manifests.map((manifest) => manifest.version)]),
    new Set([version]),
  );
});

test('the lock has every optional package of every platform, and completing it again changes nothing', () => {
  const { packages } = readJson('package-lock.json') as { packages: LockEntries };
  assert.deepEqual(Object.keys(completeEntries(packages)), Object.keys(packages));
});

test('a package that the lock lacks is added with its platform, which its name says', () => {
  const tool = {
    version: '1.0.0',
    dev: true,
    optionalDependencies: { '@tool/binding-linux-arm64-musl': '1.0.0', '@tool/darwin-x64': '1.0.0' },
  };
  const completed = completeEntries({ '': {}, 'node_modules/tool': tool, 'node_modules/@tool/darwin-x64': { version: '1.0.0' } });
  assert.deepEqual(completed['node_modules/@tool/binding-linux-arm64-musl'], {
    version: '1.0.0',
    cpu: ['arm64'],
    dev: true,
    libc: ['musl'],
    optional: true,
    os: ['linux'],
  });
  assert.deepEqual(completed['node_modules/@tool/darwin-x64'], { version: '1.0.0' });
});

test('a package whose platform cannot be told is refused rather than guessed', () => {
  assert.throws(() => completeEntries({ '': { optionalDependencies: { mystery: '1.0.0' } } }), /does not say its platform/);
  assert.throws(() => completeEntries({ '': { optionalDependencies: { 'a-linux-x64': '^1.0.0' } } }), /not an exact version/);
});
