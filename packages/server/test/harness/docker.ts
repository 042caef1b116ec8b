/**
 * A real Docker daemon for tests, where one answers, and an image for them that is made here of one program: nothing is fetched.
 * `OPENCLAW_TEST_REQUIRE=docker` makes it a failure that there is none.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const dockerIsRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('docker');

const answers = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status === 0;
const busybox = '/bin/busybox';
const isStatic = spawnSync('ldd', [busybox], { encoding: 'utf8' }).status === 1;

/** Says why tests with containers are skipped; false where they run. */
export const withoutDocker = !answers
  ? 'no Docker answers here: apt-get install docker.io, and start dockerd'
  : !isStatic && 'there is no static busybox to make an image of: apt-get install busybox-static';

/** What `docker` prints. @throws Error with what it says is wrong */
export function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 }).trim();
}

/** Of busybox alone, under all of its names. */
export function makeTestImage(): string {
  return makeImage('openclaw-test-busybox:latest', () => []);
}

/** Of busybox and the Node that runs this. */
export function makeNodeImage(): string {
  return makeImage(`openclaw-test-node:${process.version}`, (root) => {
    const libraries = spawnSync('ldd', [process.execPath], { encoding: 'utf8' }).stdout.match(/(?<=\s)\/\S+/g) ?? [];
    for (const file of libraries) {
      mkdirSync(join(root, dirname(file)), { recursive: true });
      copyFileSync(realpathSync(file), join(root, file));
    }
    copyFileSync(process.execPath, join(root, 'bin/node'));
    return libraries.map((file) => file.split('/')[1] ?? '');
  });
}

/** @param add puts more into the folder, and says which folders of its root are new */
function makeImage(name: string, add: (root: string) => readonly string[]): string {
  if (docker('images', '--quiet', name) !== '') return name;
  const root = mkdtempSync(join(tmpdir(), 'openclaw-image-'));
  try {
    for (const directory of ['bin', 'etc', 'tmp']) mkdirSync(join(root, directory));
    copyFileSync(busybox, join(root, 'bin/busybox'));
    const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
    for (const applet of applets.filter((each) => each !== 'busybox')) symlinkSync('busybox', join(root, 'bin', applet));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
    const folders = new Set(['bin', 'etc', 'tmp', ...add(root)]);
    const archive = join(root, 'image.tar');
    execFileSync('tar', ['-cf', archive, '-C', root, ...folders]);
    docker('import', archive, name);
    return name;
  } finally {
    rmSync(root, { recursive: true });
  }
}
