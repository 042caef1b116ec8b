/**
 * The bill of materials of the image, in CycloneDX: every package that lies in `node_modules`, the packages of Debian, and Node itself. It
 * goes by what is there; `npm sbom` goes by the lock, and leaves out what programs for the work on this project need too.
 *
 *     node sbom.js /app debian.tsv sbom.cdx.json
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, debianFile, target] = process.argv.slice(2);

/** Of every package below a `node_modules`, those in the `node_modules` of packages too. */
function* packagesIn(modules) {
  for (const entry of readdirSync(modules, { withFileTypes: true })) {
    const path = join(modules, entry.name);
    if (entry.name.startsWith('@')) yield* packagesIn(path);
    else if (entry.isDirectory() && !entry.name.startsWith('.')) yield* packageAt(path);
  }
}

function* packageAt(path) {
  const names = readdirSync(path);
  if (names.includes('package.json')) yield JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  if (names.includes('node_modules')) yield* packagesIn(join(path, 'node_modules'));
}

function component(name, version, purl) {
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}

const npm = [...packagesIn(join(folder, 'node_modules'))].map(({ name, version, license }) => ({
  ...component(name, version, `pkg:npm/${name.replace('@', '%40')}@${version}`),
  ...(typeof license === 'string' ? { licenses: [{ expression: license }] } : {}),
}));
const debian = readFileSync(debianFile, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [name, version, architecture] = line.split('\t');
    return component(name, version, `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`);
  });
const node = component('node', process.versions.node, `pkg:generic/node@${process.versions.node}`);
const all = new Map([...npm, ...debian, node].map((each) => [each.purl, each]));
const { version } = JSON.parse(readFileSync(join(folder, 'packages/server/package.json'), 'utf8'));
const bill = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { type: 'container', name: 'openclaw', version } },
  components: [...all.values()].toSorted((one, other) => (one.purl < other.purl ? -1 : 1)),
};
writeFileSync(target, `${JSON.stringify(bill, undefined, 1)}\n`);
