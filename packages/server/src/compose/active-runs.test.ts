import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, RunView } from '@openclaw/protocol';
import type { RunObserver } from '../runs/journal/contract.ts';
import { watchActiveRuns } from './active-runs.ts';

function scene() {
  let tell: RunObserver = () => {};
  const servers = { shop: { url: 'http://localhost:8080/mcp' }, other: { url: 'http://127.0.0.1:80801/' } };
  const active = watchActiveRuns({
    journal: {
      observe(listener) {
        tell = listener;
        return () => (tell = () => {});
      },
    },
    servers: () => servers as never,
  });
  const say = (runId: string, event: object, endedAtMs: number | null = null): void =>
    tell([event as RunEvent], { id: runId, endedAtMs } as RunView);
  const begin = (runId: string, name: string, argumentsText: string): void =>
    say(runId, { kind: 'step.started', step: 1, call: { callId: 'c', name, argumentsText } });
  return { active, say, begin, at: () => active.at(['127.0.0.1:8080']).map(({ runId, tool }) => `${runId} ${tool}`) };
}

test('a run uses a workload while a call of its tools is under way that names its address', () => {
  const { begin, say, at } = scene();
  begin('run_1', 'http', '{"url":"http://127.0.0.1:8080/pay"}');
  begin('run_2', 'http', '{"url":"http://127.0.0.1:80801/"}');
  begin('run_3', 'read', '{"path":"notes"}');
  assert.deepEqual(at(), ['run_1 http']);
  say('run_1', { kind: 'step.finished', step: 1 });
  assert.deepEqual(at(), []);
});

test('so does one that calls a tool of an MCP server there, until it ends in whatever way', () => {
  const { begin, say, at } = scene();
  begin('run_1', 'shop__order', '{}');
  begin('run_2', 'other__order', '{}');
  assert.deepEqual(at(), ['run_1 shop__order']);
  say('run_1', { kind: 'run.cancelled', by: 'somebody' }, 5);
  assert.deepEqual(at(), []);
});
