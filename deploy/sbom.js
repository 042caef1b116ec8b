/**
 * The bill of materials of the image: what npm installed, which `npm sbom` says, together with the packages of Debian and Node itself.
 *
 *     node sbom.js sbom.npm.json debian.tsv > sbom.cdx.json
 */
import { readFileSync } from 'node:fs';

const [npmFile, debianFile] = process.argv.slice(2);
const bill = JSON.parse(readFileSync(npmFile, 'utf8'));
const debian = readFileSync(debianFile, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [name, version, architecture] = line.split('\t');
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    return { 'bom-ref': purl, type: 'library', name, version, purl };
  });
const node = {
  'bom-ref': `pkg:generic/node@${process.versions.node}`,
  type: 'application',
  name: 'node',
  version: process.versions.node,
  purl: `pkg:generic/node@${process.versions.node}`,
};
bill.components = [...(bill.components ?? []), node, ...debian];
process.stdout.write(`${JSON.stringify(bill, undefined, 1)}\n`);
