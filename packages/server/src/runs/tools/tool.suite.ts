/**
 * What every tool must do: the contract of `contract.ts`, sentence by sentence. Call `describeTool` in a test file; what only one tool can do is tested beside
 * it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { effects } from '@openclaw/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { systemClock } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import { outputLimitCharacters, type Tool, type ToolResult } from './contract.ts';
import { effectOf, performCall } from './perform-call.ts';
import { createWorkspace, perform, toolCall } from './tool.fixture.ts';

export interface ToolUnderTest {
  readonly tool: Tool;
  stop?(): Promise<void>;
}

export interface ToolCases {
  start(): ToolUnderTest | Promise<ToolUnderTest>;
  /** Puts things into the workspace that the calls below need. */
  prepare(workspace: string): void;
  /** Calls that go well, each in a new workspace. */
  readonly good: readonly JsonObject[];
  /** Fits the schema and is anything else: what a model may come up with. */
  readonly wild: fc.Arbitrary<JsonObject>;
  /** Would go on for a minute at least. Absent: all its calls are short. */
  readonly endless?: JsonObject;
  /** Has more to say than may be told. Absent: it never has. */
  readonly talkative?: JsonObject;
}

/** A tool has put everything in order within this, after it was stopped. */
const stopLimitMs = 5000;

export function describeTool(name: string, cases: ToolCases): void {
  describe(`tool contract: ${name}`, () => {
    let under: ToolUnderTest;
    before(async () => {
      under = await cases.start();
    });
    after(() => under.stop?.());
    const withWorkspace = async <T>(use: (workspace: string, tool: Tool) => Promise<T>): Promise<T> => {
      using workspace = createWorkspace();
      cases.prepare(workspace.path);
      return await use(workspace.path, under.tool);
    };
    declares(() => under.tool, cases);
    takesAnything(withWorkspace, cases);
    repeats(withWorkspace, cases);
    stops(withWorkspace, cases);
  });
}

type WithWorkspace = <T>(use: (workspace: string, tool: Tool) => Promise<T>) => Promise<T>;

function declares(tool: () => Tool, cases: ToolCases): void {
  test('its name, schema and effect are such as models and the engine take', () => {
    const { name, description, parameters, effect } = tool();
    assert.match(name, /^[A-Za-z0-9_-]{1,64}$/);
    assert.notEqual(description, '');
    assert.equal(parameters['type'], 'object');
    new Ajv2020({ strict: false }).compile(parameters);
    assert.ok(effects.includes(effect));
  });

  test('no call has a worse effect than the tool declares', () => {
    const worst = effects.indexOf(tool().effect);
    for (const args of cases.good) assert.ok(effects.indexOf(effectOf(tool(), args)) <= worst);
    fc.assert(
      fc.property(cases.wild, (args) => effects.indexOf(effectOf(tool(), args)) <= worst),
      { numRuns: 30 },
    );
  });
}

function takesAnything(withWorkspace: WithWorkspace, cases: ToolCases): void {
  test('arguments that do not fit are told and nothing is done', () =>
    withWorkspace(async (workspace, tool) => {
      const before = snapshot(workspace);
      for (const argumentsText of ['', 'nonsense', '[]', 'null', '{"no such argument": 1}', '{"__proto__": {}}', '{'.repeat(1000)]) {
        const result = await performCall(tool, { ...toolCall({ workspace, args: {} }), argumentsText, clock: systemClock });
        assert.ok(result.text !== '' && (result.isError || argumentsText === ''), `${argumentsText}: ${result.text}`);
      }
      assert.deepEqual(snapshot(workspace), before);
    }));

  test('whatever fits the schema is answered, within the bound, and not thrown', { timeout: 60_000 }, () =>
    withWorkspace((workspace, tool) =>
      fc.assert(
        fc.asyncProperty(cases.wild, async (args) => {
          assertBounded(await tool.run(toolCall({ workspace, args })));
        }),
        { numRuns: 25 },
      ),
    ),
  );

  const { talkative } = cases;
  if (talkative === undefined) return;
  test('what is too long is cut, and is said to be', () =>
    withWorkspace(async (workspace, tool) => {
      const result = await perform(tool, { workspace, args: talkative });
      assertBounded(result);
      assert.match(result.text, /left out|there is more|only the first/);
    }));
}

function assertBounded({ text, isError }: ToolResult): void {
  assert.equal(typeof isError, 'boolean');
  assert.ok(text !== '' || !isError, 'an error without words');
  assert.ok(text.length <= outputLimitCharacters, `${text.length} characters`);
}

function repeats(withWorkspace: WithWorkspace, cases: ToolCases): void {
  for (const args of cases.good) {
    test(`its effect is as declared: ${JSON.stringify(args).slice(0, 80)}`, () =>
      withWorkspace(async (workspace, tool) => {
        const before = snapshot(workspace);
        const call = toolCall({ workspace, args });
        const undone = await tool.reconcile?.(call);
        assert.ok(undone === undefined || undone.isError, 'reconciled as done before it was');
        assert.deepEqual(snapshot(workspace), before, 'to look is to change nothing');

        assert.equal((await perform(tool, { workspace, args })).isError, false);
        const once = snapshot(workspace);
        const effect = effectOf(tool, args);
        if (effect === 'read') assert.deepEqual(once, before);

        const done = await tool.reconcile?.(call);
        assert.ok(done === undefined || !done.isError, 'reconciled as not done after it was');
        if (effect !== 'once') {
          assert.equal((await perform(tool, { workspace, args })).isError, false);
          assert.deepEqual(snapshot(workspace), once);
        }
      }));
  }
}

function stops(withWorkspace: WithWorkspace, cases: ToolCases): void {
  test('a call that was stopped before it began is not made', () =>
    withWorkspace(async (workspace, tool) => {
      const before = snapshot(workspace);
      for (const args of cases.good) {
        const call = { workspace, args, signal: AbortSignal.abort() };
        assert.equal((await perform(tool, call)).isError, true);
        // Also by those who do not ask `performCall`.
        assertBounded(await tool.run(toolCall(call)));
        if (effectOf(tool, args) !== 'read') assert.deepEqual(snapshot(workspace), before);
      }
    }));

  const { endless } = cases;
  if (endless === undefined) return;
  test('a call that is stopped ends soon', { timeout: 60_000 }, () =>
    withWorkspace(async (workspace, tool) => {
      const stop = new AbortController();
      const running = tool.run(toolCall({ workspace, args: endless, signal: stop.signal }));
      await new Promise((resolve) => setTimeout(resolve, 200));
      const startedMs = performance.now();
      stop.abort(new Error('stopped by the test'));
      const result = await running;
      assert.equal(result.isError, true);
      assert.ok(performance.now() - startedMs < stopLimitMs);
    }),
  );
}

/** Every file below, with what is in it. */
function snapshot(directory: string): Readonly<Record<string, string>> {
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.sort().map((file) => [file, readFileSync(file, 'latin1')]));
}
