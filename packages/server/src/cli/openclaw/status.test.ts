import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { createControlFixture, refused } from './control.fixture.ts';
import { registerStatusCommand } from './status.ts';

const setup = () => createControlFixture(registerStatusCommand);
type Fixture = ReturnType<typeof setup>;

function answerAll({ answers }: Fixture): void {
  answers['health'] = () => ({
    ok: true,
    status: 'degraded',
    checks: { disk: { state: 'degraded', detail: 'little room' }, state: { state: 'ok' } },
  });
  answers['status'] = () => ({ processMemory: { rssBytes: 100 * 2 ** 20 }, sessions: { count: 3 } });
  answers['device.pair.list'] = () => ({ pending: [{}], paired: [{}, {}] });
  answers['config.status'] = () => ({
    state: 'refused',
    version: 7,
    needsRestart: ['gateway.port'],
    issues: [{ path: 'x', message: 'x: is wrong.' }],
  });
  answers['models.list'] = () => ({
    models: [{ provider: 'openai' }, { provider: 'openclaw' }, { provider: 'acme' }, { provider: 'openai' }],
  });
  answers['config.get'] = () => ({ config: { gateway: { bind: 'lan' } } });
}

test('everything on one screen, over one connection, and what is wrong comes last', async () => {
  const fixture = setup();
  answerAll(fixture);
  const { stdout, code } = await fixture.run(['status']);
  assert.deepEqual(stdout.split('\n'), [
    'Gateway    OpenClaw 0.1.0, degraded, up 1 min 1 s',
    'Address    ws://127.0.0.1:18789 (the gateway on /state), bind lan',
    'Auth       token, credential from /state/credentials/gateway-token; may read, pairing',
    'Providers  acme, openai',
    'Config     the file is refused, and the version before it holds, version 7; 1 setting holds after a restart; x: is wrong.',
    'Devices    2 paired; 1 waits for approval: openclaw devices list',
    'Memory     100 MiB',
    'Sessions   3',
    '',
    'Warnings:',
    '  disk: degraded, little room',
    '',
  ]);
  assert.equal(code, 0);
  assert.equal(fixture.needs.length, 1);
});

test('what the credential may not see, or the gateway does not know, is left out', async () => {
  const fixture = setup();
  fixture.answers['health'] = () => ({ ok: true });
  fixture.answers['device.pair.list'] = () => {
    throw refused('MISSING_SCOPE');
  };
  const { stdout, code } = await fixture.run(['status']);
  assert.deepEqual(
    stdout.split('\n').map((line) => line.split(' ')[0]),
    ['Gateway', 'Address', 'Auth', ''],
  );
  assert.equal(code, 0);
});

test('a connection that is lost meanwhile is no answer with gaps', async () => {
  const fixture = setup();
  answerAll(fixture);
  fixture.answers['models.list'] = () => {
    throw new OpenClawError('gateway_unreachable', { details: { url: 'u', reason: 'it ended' } });
  };
  const { stdout, code } = await fixture.run(['status']);
  assert.deepEqual([stdout, code], ['', 1]);
});

test('as JSON all of it is one document, also where nothing answers', async () => {
  const fixture = setup();
  answerAll(fixture);
  const document = JSON.parse((await fixture.run(['status', '-o', 'json'])).stdout) as Record<string, unknown>;
  assert.deepEqual(
    [document['ok'], document['version'], document['bind'], document['providers'], document['stateId']],
    [true, '0.1.0', 'lan', ['acme', 'openai'], 'state-1'],
  );
  fixture.refusal = new OpenClawError('gateway_unreachable', { details: { url: 'u', reason: 'connection refused' } });
  const failed = await fixture.run(['status', '-o', 'json']);
  assert.equal((JSON.parse(failed.stdout) as { error: { code: string } }).error.code, 'gateway_unreachable');
  assert.equal(failed.code, 1);
});
