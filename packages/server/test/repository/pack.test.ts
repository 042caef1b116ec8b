/**
 * What would be published installs and runs in an empty directory under plain Node. It takes half a minute and asks the npm registry for the
 * dependencies, so it runs only where OPENCLAW_TEST_REQUIRE says `pack`, as `.ci/run` does.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { version } from '../../src/version.ts';
import { createWorkingCopy, runCommand, type CommandResult } from './working-copy.ts';

const asked = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('pack');

const packages = ['protocol', 'client', 'server'];

function assertSuccess(what: string, { code, output }: CommandResult): void {
  assert.equal(code, 0, `${what}:\n${output}`);
}

test(
  'all packages pack, pass publint, install together in an empty directory and run',
  { skip: !asked && 'OPENCLAW_TEST_REQUIRE does not say pack' },
  () => {
    using copy = createWorkingCopy();
    const manifest = join(copy.path, 'packages/protocol/package.json');
    const before = readFileSync(manifest, 'utf8');
    const tarballs = join(copy.path, 'tarballs');
    mkdirSync(tarballs);
    for (const name of packages) {
      assertSuccess(`npm pack of ${name}`, copy.run('npm', 'pack', '-w', `packages/${name}`, '--pack-destination', tarballs));
    }
    assert.equal(readFileSync(manifest, 'utf8'), before);
    const files = readdirSync(tarballs).map((file) => join(tarballs, file));
    assert.equal(files.length, packages.length);
    for (const file of files) assertSuccess(`publint ${file}`, copy.run('publint', '--strict', file));

    const place = join(copy.path, 'elsewhere');
    mkdirSync(place);
    const home = join(copy.path, 'home');
    mkdirSync(home);
    // A machine may reach the registry only with the certificates of its system, and npm runs on another Node here.
    const env = { HOME: home, XDG_CACHE_HOME: '', NODE_USE_SYSTEM_CA: '1' };
    const inPlace = (...command: string[]): CommandResult => runCommand(command, { cwd: place, env });
    assertSuccess('npm init', inPlace('npm', 'init', '-y'));
    assertSuccess('npm install', inPlace('npm', 'install', '--no-audit', ...files));
    const packed = join(place, 'node_modules/@openclaw');
    assert.ok(!existsSync(join(packed, 'server/src')));
    for (const name of packages) assert.ok(existsSync(join(packed, name, 'LICENSE')));
    assert.ok(existsSync(join(packed, 'server/dist/control-ui/index.html')));

    const program =
      "import { OpenClaw, withRetry } from '@openclaw/client'; await using client = new OpenClaw(); console.log(await withRetry(async () => client.breaker.state));";
    assert.equal(inPlace('node', '--input-type=module', '-e', program).stdout, 'closed\n');

    const { stdout } = inPlace('npx', '--no-install', 'openclaw', '--version');
    assert.equal(stdout, `${version}\n`);
    assertSuccess('openclaw config validate', inPlace('npx', '--no-install', 'openclaw', 'config', 'validate'));
    assert.equal(inPlace('npx', '--no-install', 'clw', 'test').code, 69);
  },
);
