/**
 * Every check of `npm run check` bites: what it has to refuse is planted in a copy of the repository. A tool that silently looks at nothing
 * (dependency-cruiser does so with TypeScript 7 and its default parser) would pass everything else.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createWorkingCopy } from './working-copy.ts';

const copy = createWorkingCopy();
after(() => copy[Symbol.dispose]());

const tools = {
  types: ['tsc', '-p', '.'],
  lint: ['oxlint', '--type-aware', '--deny-warnings', '-f', 'unix'],
  imports: ['depcruise', '--config', '.dependency-cruiser.mjs', 'packages', 'scripts', 'bench'],
  deadCode: ['knip'],
  format: ['oxfmt', '--check'],
} as const;

type Tool = keyof typeof tools;

interface Planted {
  readonly what: string;
  /** Folder in `packages/`; the name of the file is made up. */
  readonly folder: string;
  readonly text: string;
  readonly rule: RegExp;
}

/** Plants everything that one tool has to refuse, runs it once, and checks that it names each file with its rule. */
function assertRefused(tool: Tool, planted: readonly Planted[]): void {
  const files = planted.map((each, index) => ({ ...each, file: `packages/${each.folder}/planted-${index}.ts` }));
  for (const { file, text } of files) copy.write(file, text);
  const [command, ...argv] = tools[tool];
  const { code, output } = copy.run(command, ...argv);
  for (const { file } of files) copy.remove(file);
  assert.notEqual(code, 0);
  for (const { what, file, rule } of files) {
    const lines = output.split('\n').filter((line) => line.includes(file));
    assert.ok(
      lines.some((line) => rule.test(line)),
      `${tool} does not refuse ${what} by ${String(rule)} in ${file}, but says:\n${lines.join('\n')}`,
    );
  }
}

const models = 'server/src/models';

test('types: what does not fit, and what cannot be stripped', () => {
  assertRefused('types', [
    { what: 'a wrong type', folder: models, text: "export const answer: number = 'text';\n", rule: /TS2322/ },
    { what: 'an enum', folder: models, text: 'export enum Colour {\n  Red,\n}\n', rule: /TS1294/ },
    { what: 'an unchecked index', folder: models, text: 'export const first = (of: string[]): string => of[0];\n', rule: /TS2322/ },
  ]);
});

test('lint: lost promises, any, budgets, and the environment, the time and the terminal outside their one place', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['a promise that nobody waits for', 'export function start(work: () => Promise<void>): void {\n  work();\n}\n', /no-floating-promises/],
    [
      'a promise where none is expected',
      "export const on = (emitter: NodeJS.EventEmitter) => emitter.on('x', async () => {});\n",
      /no-misused-promises/,
    ],
    ['any', 'export const anything: any = 1;\n', /no-explicit-any/],
    ['the environment', "export const home = process.env['HOME'];\n", /no-restricted-properties/],
    ['the time', 'export const now = () => Date.now();\n', /no-restricted-properties/],
    ['the time by import', "import { performance } from 'node:perf_hooks';\n\nexport const now = performance;\n", /no-restricted-imports/],
    ['a timer', 'export const later = (action: () => void) => setTimeout(action, 1);\n', /no-restricted-globals/],
    [
      'a timer by import',
      "import { setTimeout as wait } from 'node:timers/promises';\n\nexport const later = wait;\n",
      /no-restricted-imports/,
    ],
    ['the terminal', "export const say = () => console.log('x');\n", /no-restricted-globals/],
    ['the terminal by its stream', "export const say = () => process.stdout.write('x');\n", /no-restricted-properties/],
    ['an exit', 'export const stop = () => process.exit(1);\n', /no-restricted-properties/],
    ['four parameters', 'export const sum = (a: number, b: number, c: number, d: number) => a + b + c + d;\n', /max-params/],
    ['four levels', `export function deep(a: boolean): void {\n${'if (a) {'.repeat(4)}${'}'.repeat(4)}\n}\n`, /max-depth/],
    ['401 lines', Array.from({ length: 401 }, (_, index) => `export const n${index} = ${index};\n`).join(''), /max-lines/],
    ['a function of 62 lines', `export function long(): void {\n${'  String(1);\n'.repeat(60)}}\n`, /max-lines-per-function/],
  ];
  assertRefused(
    'lint',
    cases.map(([what, text, rule]) => ({ what, folder: models, text, rule })),
  );
});

test('import rules: every arrow that ARCHITECTURE.md does not draw', () => {
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    ['the protocol with Node', 'protocol/src', "export { join } from 'node:path';\n", /protocol-stands-alone/],
    ['the client with Node', 'client/src', "export { join } from 'node:path';\n", /client-knows-protocol-alone/],
    ['core with a part', 'server/src/core', "export { vendors } from '../models/index.ts';\n", /core-knows-protocol-alone/],
    ['configuration with a part', 'server/src/config', "export { vendors } from '../models/index.ts';\n", /config-knows-core-alone/],
    [
      'storage with configuration',
      'server/src/storage',
      "export { configDefaults } from '../config/index.ts';\n",
      /storage-knows-core-alone/,
    ],
    ['a part with another', models, "export { createVirtualKeys } from '../access/index.ts';\n", /parts-do-not-know-each-other/],
    [
      'a part with the types of another',
      'server/src/access',
      "export type { Vendor } from '../models/index.ts';\n",
      /parts-do-not-know-each-other/,
    ],
    [
      'a part with another while running',
      'server/src/access',
      "export const get = () => import('../models/index.ts');\n",
      /parts-do-not-know-each-other/,
    ],
    ['a part with the gateway', models, "export { createGateway } from '../gateway/index.ts';\n", /parts-do-not-know-each-other/],
    [
      'the gateway with the inside of a part',
      'server/src/gateway',
      "export { vendors } from '../models/catalogue/vendors.ts';\n",
      /gateway-meets-parts/,
    ],
    [
      'the gateway with its builder',
      'server/src/gateway',
      "export { startGateway } from '../compose/index.ts';\n",
      /gateway-does-not-know/,
    ],
    ['clw with the inside', 'server/src/cli/clw', "export { startGateway } from '../../compose/index.ts';\n", /clw-is-a-client/],
    [
      'the program with its tests',
      models,
      "export { root } from '../../test/repository/working-copy.ts';\n",
      /program-does-not-know-its-tests/,
    ],
    ['the program with a tool', models, "export { assert } from 'fast-check';\n", /program-uses-its-own-dependencies/],
    ['a circle', models, "export * from './planted-15.ts';\n", /no-cycle/],
    ['the other half of the circle', models, "export * from './planted-14.ts';\n", /planted-15/],
    [
      'the page with the server',
      'control-ui/src',
      "export { vendors } from '../../server/src/models/index.ts';\n",
      /control-ui-is-a-client/,
    ],
    ['nothing', models, "export * from './nowhere.ts';\n", /not-found/],
    [
      'a part with another, in a file with `using`',
      'server/src/access',
      "import { vendors } from '../models/index.ts';\n\nexport function leak(open: () => Disposable): unknown {\n  using file = open();\n  return [file, vendors];\n}\n",
      /parts-do-not-know-each-other/,
    ],
  ];
  assertRefused(
    'imports',
    cases.map(([what, folder, text, rule]) => ({ what, folder, text, rule })),
  );
});

test('dead code: a file that nothing imports, and an export that nothing uses', () => {
  assertRefused('deadCode', [{ what: 'a file', folder: 'server/src/core', text: 'export const nobody = 1;\n', rule: /planted-0/ }]);
  copy.write('packages/server/src/core/planted-0.test.ts', "import './planted-0.ts';\n");
  assertRefused('deadCode', [{ what: 'an export', folder: 'server/src/core', text: 'export const nobody = 1;\n', rule: /nobody/ }]);
  copy.remove('packages/server/src/core/planted-0.test.ts');
});

test('format: a line in another form', () => {
  assertRefused('format', [
    { what: 'two blanks and other quotes', folder: models, text: 'export const  answer = "text"\n', rule: /planted-0/ },
  ]);
});
