import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createCatalogue, loadCatalogue, vendors, type Snapshot } from './index.ts';
import { renderProvidersPage } from './providers-page.ts';

const model = (name: string, rest: object = {}) => ({ name, contextWindow: 1000, maxOutputTokens: 100, abilities: 'tools', ...rest });
const abilities = { tools: false, images: false, files: false, reasoning: false, streaming: true, promptCaching: false };
const snapshot: Snapshot = {
  snapshotDate: '2025-01-01',
  source: 'a test',
  licence: 'MIT',
  models: {
    acme: {
      'small-20250101': model('Small', { price: { input: 1, output: 2 } }),
      'big-20250101': model('Big, old'),
      'big-20250601': model('Big, new'),
      plain: model('Plain', { abilities: 'images reasoning', structuredOutput: false }),
    },
  },
};

test('the snapshot has at least 60 models with a price, and says its date, source and licence', async () => {
  const catalogue = await loadCatalogue();
  const priced = vendors.flatMap((vendor) => catalogue.modelsOf(vendor.id)).filter((row) => row.price);
  assert.ok(priced.length >= 60, String(priced.length));
  assert.match(catalogue.snapshotDate, /^\d{4}-\d{2}-\d{2}$/);
  assert.match(catalogue.source, /models\.dev/);
  assert.match(catalogue.licence, /^MIT\./);
});

test('every row of the snapshot belongs to a vendor and has limits and prices that make sense', async () => {
  const { default: file } = await import('./models.json', { with: { type: 'json' } });
  const known = new Set(vendors.map((vendor) => vendor.id));
  for (const [vendor, rows] of Object.entries((file as Snapshot).models)) {
    assert.ok(known.has(vendor), vendor);
    for (const [id, row] of Object.entries(rows)) {
      assert.ok((row.contextWindow ?? 0) > 0 && (row.maxOutputTokens ?? 0) > 0, id);
      for (const price of Object.values(row.price ?? {})) assert.ok(price >= 0 && price < 1000, id);
      if (row.price?.input === 0 && row.price.output === 0) assert.match(id, /:free$/);
    }
  }
});

test('a well-known model is found with its limits, abilities and prices', async () => {
  const catalogue = await loadCatalogue();
  assert.deepEqual(catalogue.lookUpModel('anthropic', 'claude-opus-4-1-20250805'), {
    id: 'claude-opus-4-1-20250805',
    name: 'Claude Opus 4.1',
    contextWindow: 200_000,
    maxOutputTokens: 32_000,
    abilities: { ...abilities, tools: true, images: true, files: true, reasoning: true, promptCaching: true, prefill: true },
    price: { input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 },
  });
});

test('a name without its date finds the only dated model, and none of several', () => {
  const catalogue = createCatalogue(snapshot);
  assert.equal(catalogue.lookUpModel('acme', 'small')?.name, 'Small');
  assert.equal(catalogue.lookUpModel('acme', 'small')?.id, 'small');
  assert.equal(catalogue.lookUpModel('acme', 'big'), undefined);
});

test('a dated name that is not listed is not taken for its undated sister', () => {
  assert.equal(createCatalogue(snapshot).lookUpModel('acme', 'plain-20240101'), undefined);
});

test('names that every object has find nothing', () => {
  const catalogue = createCatalogue(snapshot);
  assert.equal(catalogue.lookUpModel('constructor', 'name'), undefined);
  assert.equal(catalogue.lookUpModel('acme', 'toString'), undefined);
  assert.deepEqual(catalogue.modelsOf('__proto__'), []);
});

test('what is not said is absent', () => {
  const plain = createCatalogue(snapshot).lookUpModel('acme', 'plain');
  assert.deepEqual(plain?.abilities, { ...abilities, images: true, reasoning: true, structuredOutput: false });
  assert.equal(plain?.price, undefined);
});

test("the operator's limits and prices override the snapshot", () => {
  const catalogue = createCatalogue(snapshot);
  const own = [{ id: 'small-20250101', contextWindow: 500, cost: { input: 0.5 } }];
  assert.deepEqual(catalogue.lookUpModel('acme', 'small-20250101', own), {
    id: 'small-20250101',
    name: 'Small',
    contextWindow: 500,
    maxOutputTokens: 100,
    abilities: { ...abilities, tools: true },
    price: { input: 0.5, output: 2 },
  });
});

test('a model that only the operator knows is there with what he said', () => {
  const catalogue = createCatalogue(snapshot);
  const own = [{ id: 'house', maxTokens: 7, cost: { input: 1, output: 2, cacheRead: 0.1 } }];
  assert.deepEqual(catalogue.lookUpModel('local', 'house', own), {
    id: 'house',
    maxOutputTokens: 7,
    price: { input: 1, output: 2, cacheRead: 0.1 },
  });
  assert.deepEqual(catalogue.priceOf('local', 'house', own), { input: 1, output: 2, cacheRead: 0.1 });
  assert.deepEqual(
    catalogue.modelsOf('local', own).map((row) => row.id),
    ['house'],
  );
});

test('a model that nobody knows has no price', () => {
  assert.equal(createCatalogue(snapshot).priceOf('acme', 'unheard-of'), undefined);
});

test('docs/providers.md is what the table makes', async () => {
  const page = await readFile(new URL('../../../../../docs/providers.md', import.meta.url), 'utf8');
  assert.equal(page, renderProvidersPage(await loadCatalogue()), 'run `node scripts/refresh-catalogue.ts --page`');
});
