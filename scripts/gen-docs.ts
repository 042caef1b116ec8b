/**
 * Writes the pages of `docs/` that are made from code, so that they cannot say anything else than the code does.
 *
 *     npm run gen               writes them
 *     npm run gen -- --check    writes nothing, exits 1 and names the pages that differ
 *
 * A further page is a function that returns its text and a row in `pages`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCatalogue, type Snapshot } from '../packages/server/src/models/catalogue/index.ts';
import { renderProvidersPage } from '../packages/server/src/models/catalogue/providers-page.ts';
import { describeApi } from '../packages/server/src/gateway/openapi.ts';
import { renderCauseDocs } from './gen-cause-docs.ts';
import { renderConfigDocs } from './gen-config-docs.ts';
import { renderErrorDocs } from './gen-error-docs.ts';
import { renderStarterDocs } from './gen-starter-docs.ts';

const root = join(import.meta.dirname, '..');

const pages: Readonly<Record<string, () => string>> = {
  'docs/causes.md': renderCauseDocs,
  'docs/config.md': renderConfigDocs,
  'docs/errors.md': renderErrorDocs,
  'docs/openapi.json': () => `${JSON.stringify(describeApi(), undefined, 2)}\n`,
  'docs/providers.md': () => renderProvidersPage(createCatalogue(readSnapshot())),
  'docs/starter.md': renderStarterDocs,
};

function readSnapshot(): Snapshot {
  return JSON.parse(readFileSync(join(root, 'packages/server/src/models/catalogue/models.json'), 'utf8')) as Snapshot;
}

/** @returns the pages whose file does not hold what the code says now */
function findOutdated(): string[] {
  return Object.entries(pages).flatMap(([page, render]) => (read(page) === render() ? [] : [page]));
}

function read(page: string): string | undefined {
  try {
    return readFileSync(join(root, page), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function main(): void {
  const outdated = findOutdated();
  if (process.argv.includes('--check')) {
    for (const page of outdated) console.error(`${page} is not what the code says: run npm run gen`);
    if (outdated.length > 0) process.exitCode = 1;
    return;
  }
  for (const page of outdated) {
    writeFileSync(join(root, page), pages[page]?.() ?? '');
    console.log(`wrote ${page}`);
  }
}

if (import.meta.main) main();
