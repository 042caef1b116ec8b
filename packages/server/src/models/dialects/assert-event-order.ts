/** Checks the grammar of `events.ts`, for tests: what every decoder promises and every encoder may rely on. */
import assert from 'node:assert/strict';
import type { Block, ModelEvent } from './events.ts';

export interface EventOrderOptions {
  /** Whether the answer has to be at its end. @default true */
  readonly complete?: boolean;
}

/** @throws AssertionError that names the event which breaks the order */
export function assertEventOrder(events: readonly ModelEvent[], { complete = true }: EventOrderOptions = {}): void {
  const blocks: { readonly kind: Block['kind']; open: boolean }[] = [];
  let started = false;
  let ended = false;
  for (const [position, event] of events.entries()) {
    const where = `event ${position} (${event.type})`;
    assert.ok(!ended, `${where} comes after the end`);
    if (event.type === 'start') {
      assert.ok(!started, `${where}: a second start`);
      started = true;
    } else if (event.type === 'error') ended = true;
    else {
      assert.ok(started, `${where} comes before the start`);
      if (event.type === 'blockStart') {
        assert.equal(event.index, blocks.length, `${where}: indexes count the blocks`);
        blocks.push({ kind: event.block.kind, open: true });
      } else if (event.type === 'blockDelta') {
        const block = blocks[event.index];
        assert.ok(block?.open, `${where}: block ${event.index} is not open`);
        assertDeltaFits(block.kind, event.delta.kind, where);
      } else if (event.type === 'blockStop') {
        const block = blocks[event.index];
        assert.ok(block?.open, `${where}: block ${event.index} is not open`);
        block.open = false;
      } else if (event.type === 'finish') {
        assert.ok(
          blocks.every(({ open }) => !open),
          `${where}: a block is still open`,
        );
        ended = true;
      }
    }
  }
  if (complete) assert.ok(ended, 'the events end with finish or error');
}

const fitting: Readonly<Record<string, readonly Block['kind'][]>> = {
  text: ['text', 'thinking', 'refusal', 'native'],
  arguments: ['toolCall', 'native'],
  signature: ['thinking', 'native'],
};

function assertDeltaFits(block: Block['kind'], delta: string, where: string): void {
  assert.ok(fitting[delta]?.includes(block) ?? true, `${where}: a delta of kind ${delta} in a block of kind ${block}`);
}
