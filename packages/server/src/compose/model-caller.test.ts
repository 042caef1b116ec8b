import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfiguration } from '../config/index.ts';
import { systemClock } from '../core/clock.ts';
import { readEnvironment } from '../core/env.ts';
import { OpenClawError } from '../core/errors.ts';
import { createIds } from '../core/ids.ts';
import { createLog } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { createModelPath, type ModelPath, type ModelService, type ModelSink } from '../models/index.ts';
import type { ModelPart, ModelTurn } from '../runs/index.ts';
import type { Database } from '../storage/index.ts';
import { createModelCaller } from './model-caller.ts';

const idle: Database = {
  engine: 'sqlite',
  read: async () => [],
  write: async () => undefined,
  changes: async () => [],
  publish: async () => undefined,
  subscribe: () => () => undefined,
  check: async () => ({ writable: true, bytes: 0, waiting: 0 }),
  close: async () => undefined,
};

async function openModels(): Promise<{ readonly models: ModelPath } & AsyncDisposable> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-caller-'));
  const environment = readEnvironment({ env: { HOME: directory, OPENCLAW_STATE_DIR: directory }, secretsDirectory: directory });
  const { settings } = await loadConfiguration({ environment });
  const models = createModelPath({
    ...{ settings: settings.models, nestingDepthLimit: 128, keysFromEnvironment: [], checkKeys: false, database: idle },
    ...{ clock: systemClock, random: Math.random, log: createLog({ clock: systemClock, destinations: [] }), metrics: createMetrics() },
  });
  return {
    models,
    async [Symbol.asyncDispose]() {
      await models.close(new OpenClawError('draining'));
      rmSync(directory, { recursive: true });
    },
  };
}

function rehearse(content: string, signal = new AbortController().signal): ModelTurn {
  return { model: 'openclaw/rehearsal', messages: [{ role: 'user', content }], sessionKey: 'agent:main:main', runId: 'run-1', signal };
}

async function textOf(parts: AsyncIterable<ModelPart>): Promise<string> {
  let text = '';
  for await (const part of parts) if (part.kind === 'text') text += part.text;
  return text;
}

test('a model of the real path answers in pieces, with what it counted', async () => {
  await using scene = await openModels();
  const callModel = createModelCaller({ service: scene.models.service, ids: createIds() });
  const parts: ModelPart[] = [];
  for await (const part of callModel(rehearse('say Hello there.\nwait 1ms\nsay How are you?'))) parts.push(part);
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  assert.ok(texts.length > 1);
  assert.match(texts.join(''), /^Hello there\.\s*How are you\?$/);
  const usage = parts.at(-1);
  assert.ok(usage?.kind === 'usage' && usage.inputTokens > 0 && usage.outputTokens > 0);
});

test('a failure of the real path comes back with its code and words, before the answer and in the middle of it', async () => {
  await using scene = await openModels();
  const callModel = createModelCaller({ service: scene.models.service, ids: createIds() });
  await assert.rejects(textOf(callModel({ ...rehearse('hi'), model: 'nowhere/none' })), (error: OpenClawError) => {
    assert.deepEqual([error.code, error.message], ['model_not_found', 'There is no model nowhere/none.']);
    assert.match(error.hint, /GET \/v1\/models/);
    return true;
  });
  const said: string[] = [];
  await assert.rejects(
    async () => {
      for await (const part of callModel(rehearse('say The first words\nwait 1ms\ncut'))) if (part.kind === 'text') said.push(part.text);
    },
    { code: 'upstream_truncated' },
  );
  assert.match(said.join(''), /^The first words/);
});

test('an abort ends the request at the real path at once', async () => {
  await using scene = await openModels();
  const callModel = createModelCaller({ service: scene.models.service, ids: createIds() });
  const aborting = new AbortController();
  const reading = callModel(rehearse('say Begun\nwait 10m\nsay never', aborting.signal))[Symbol.asyncIterator]();
  await reading.next();
  assert.equal(scene.models.service.requests.inFlight, 1);
  aborting.abort(new OpenClawError('client_closed'));
  await scene.models.service.requests.idle();
  await assert.doesNotReject(async () => reading.return?.());
});

test('who stops reading has left', async () => {
  await using scene = await openModels();
  const callModel = createModelCaller({ service: scene.models.service, ids: createIds() });
  for await (const part of callModel(rehearse('say Begun\nwait 10m\nsay never'))) if (part.kind === 'text') break;
  await scene.models.service.requests.idle();
});

test('the model path waits while nobody reads, and goes on where somebody does', async () => {
  const chunk = `data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(1000) } }] })}\n\n`;
  let written = 0;
  const service: Pick<ModelService, 'serve'> = {
    async serve(_call, sink: ModelSink) {
      sink.head(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      for (written = 0; written < 500; written += 1) if (!sink.write(chunk)) await sink.drained();
      sink.end('data: [DONE]\n\n');
    },
  };
  const reading = createModelCaller({ service, ids: createIds() })(rehearse('hi'))[Symbol.asyncIterator]();
  await reading.next();
  assert.ok(written < 100, `${written} written while one was read`);
  let parts = 1;
  while ((await reading.next()).done !== true) parts += 1;
  assert.deepEqual([parts, written], [500, 500]);
});

test('a stream with something else in it is an error and no answer', async () => {
  const serviceOf = (contentType: string, body: string): Pick<ModelService, 'serve'> => ({
    async serve(_call, sink) {
      sink.head(200, { 'content-type': contentType });
      sink.end(body);
    },
  });
  const failing = async (contentType: string, body: string) =>
    assert.rejects(textOf(createModelCaller({ service: serviceOf(contentType, body), ids: createIds() })(rehearse('hi'))), {
      code: 'upstream_malformed',
    });
  await failing('text/event-stream', 'data: {{{\n\n');
  await failing('text/event-stream', 'data: {"error":{"message":"odd"}}\n\n');
  await failing('application/json', 'not json');
});

test('what was said in the bytes before an error was said', async () => {
  const words = `data: ${JSON.stringify({ choices: [{ delta: { content: 'so far' } }] })}\n\n`;
  const openclaw = { code: 'upstream_truncated', hint: 'Try again.', retryable: true };
  const error = `data: ${JSON.stringify({ error: { message: 'It broke off. Try again.', openclaw } })}\n\n`;
  const service: Pick<ModelService, 'serve'> = {
    async serve(_call, sink) {
      sink.head(200, { 'content-type': 'text/event-stream' });
      sink.end(words + error);
    },
  };
  const reading = createModelCaller({ service, ids: createIds() })(rehearse('hi'))[Symbol.asyncIterator]();
  assert.deepEqual((await reading.next()).value, { kind: 'text', text: 'so far' });
  await assert.rejects(reading.next(), { code: 'upstream_truncated', message: 'It broke off.', hint: 'Try again.' });
});
