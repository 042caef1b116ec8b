import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../../core/json.ts';
import { OneAtATime } from '../../one-at-a-time.ts';
import { createWorkspace, perform, toolCall } from '../tool.fixture.ts';
import { applyEdit, createEditTool, wasDone } from './edit.ts';
import { ToolFault } from '../fault.ts';

const tool = createEditTool(new OneAtATime(10));

async function edit(text: string, args: JsonObject) {
  using workspace = createWorkspace();
  writeFileSync(join(workspace.path, 'file'), text);
  const result = await perform(tool, { workspace: workspace.path, args: { path: 'file', ...args } });
  return { ...result, after: readFileSync(join(workspace.path, 'file'), 'utf8') };
}

test('exactly one place is replaced, or all that are asked for', async () => {
  assert.equal((await edit('a b c', { oldText: 'b', newText: 'x' })).after, 'a x c');
  assert.equal((await edit('a b b', { oldText: 'b', newText: 'x', all: true })).after, 'a x x');
  assert.equal((await edit('\ufeffa\r\nb', { oldText: 'a\r\nb', newText: '$&' })).after, '\ufeff$&');
});

test('a text that is missing, there twice, or the same again changes nothing and is told', async () => {
  const twice = await edit('b\nb', { oldText: 'b', newText: 'x' });
  assert.deepEqual([twice.isError, twice.after], [true, 'b\nb']);
  assert.match(twice.text, /more than once, on the lines 1, 2\./);
  assert.match((await edit('a', { oldText: 'b', newText: 'x' })).text, /not in file/);
  assert.match((await edit('aaa', { oldText: 'aa', newText: 'x' })).text, /more than once/);
  assert.match((await edit('a', { oldText: 'a', newText: 'a' })).text, /nothing to do/);
});

/** Few letters, so that old text comes about again at the seams. */
const few = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength });
const edits = fc
  .record({ oldText: few(4).filter((text) => text !== ''), newText: few(4), all: fc.boolean() })
  .filter((one) => one.oldText !== one.newText);

function tryEdit(text: string, wanted: { oldText: string; newText: string; all: boolean }): string | undefined {
  try {
    return applyEdit(text, wanted, 'file').edited;
  } catch (thrown) {
    if (thrown instanceof ToolFault) return undefined;
    throw thrown;
  }
}

test('reconciling never calls an edit undone that was done, nor done that could still be made', () => {
  const told = { done: 0, undone: 0 };
  fc.assert(
    fc.property(few(12), edits, (before, wanted) => {
      const after = tryEdit(before, wanted);
      if (after === undefined) return;
      const ofAfter = wasDone(after, wanted);
      const ofBefore = wasDone(before, wanted);
      assert.notEqual(ofAfter, false, JSON.stringify({ before, after }));
      assert.notEqual(ofBefore, true, JSON.stringify({ before, after }));
      if (ofAfter) told.done += 1;
      if (ofBefore === false) told.undone += 1;
    }),
    { numRuns: 5000 },
  );
  assert.ok(told.done > 300 && told.undone > 300, `it can hardly ever tell: ${JSON.stringify(told)}`);
});

test('after a crash, reconciling looks into the file', async () => {
  using workspace = createWorkspace();
  const file = join(workspace.path, 'file');
  const call = toolCall({ workspace: workspace.path, args: { path: 'file', oldText: 'one', newText: 'two' } });
  const reconcile = async (text: string) => {
    writeFileSync(file, text);
    return tool.reconcile?.(call);
  };
  assert.deepEqual(await reconcile('two'), { isError: false, text: 'file was edited: the new text is there, and the old is not.' });
  assert.match((await reconcile('one'))?.text ?? '', /was not edited/);
  assert.equal(await reconcile('neither'), undefined);
  assert.match((await reconcile('one two'))?.text ?? '', /was not edited/, 'it would have been there twice before');
  assert.equal(
    await tool.reconcile?.(toolCall({ workspace: workspace.path, args: { path: 'gone', oldText: 'one', newText: 'two' } })),
    undefined,
  );
});

test('what a crash has left beside the file shows that the edit was not made, and is taken away', async () => {
  using workspace = createWorkspace();
  const file = join(workspace.path, 'file');
  writeFileSync(file, 'one');
  const call = toolCall({ workspace: workspace.path, args: { path: 'file', oldText: 'one', newText: 'one two' } });
  assert.match((await tool.reconcile?.(call))?.text ?? '', /was not edited/);
  writeFileSync(file, 'one two');
  assert.equal(await tool.reconcile?.(call), undefined, 'the new text has the old in it');
  // The file that is written first has a name that follows from the key alone.
  mkdirSync(join(workspace.path, 'other'));
  let temporary: string | undefined;
  const watching = setInterval(() => (temporary ??= readdirSync(workspace.path).find((name) => name.startsWith('.openclaw-new-'))), 0);
  for (let round = 0; temporary === undefined && round < 1000; round += 1) {
    writeFileSync(file, 'one');
    await perform(tool, { workspace: workspace.path, args: call.arguments });
  }
  clearInterval(watching);
  assert.ok(temporary);
  writeFileSync(join(workspace.path, temporary), 'half');
  assert.match((await tool.reconcile?.(call))?.text ?? '', /was not edited/);
  assert.deepEqual(readdirSync(workspace.path).sort(), ['file', 'other']);
});

test('of two edits at once in one file, none is lost', async () => {
  using workspace = createWorkspace();
  const file = join(workspace.path, 'file');
  for (let round = 0; round < 20; round += 1) {
    writeFileSync(file, 'a b');
    const results = await Promise.all(
      [
        ['a', 'x'],
        ['b', 'y'],
      ].map(([oldText = '', newText = ''], index) =>
        perform(tool, { workspace: workspace.path, args: { path: 'file', oldText, newText }, idempotencyKey: `run/${index}` }),
      ),
    );
    assert.deepEqual(
      results.map(({ isError }) => isError),
      [false, false],
    );
    assert.equal(readFileSync(file, 'utf8'), 'x y');
  }
});
