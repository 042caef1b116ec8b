/** The page for authors of clients says what the program does, and its example runs. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { closeCodes, connectSchema, holdsScope, operatorScopes, requestSchema, wireLimits, type JsonSchema } from '@openclaw/protocol';
import { controlLimitDefaults } from '../../src/gateway/control/limits.ts';
import { startTestPlane, testToken } from './plane.ts';

const page = await readFile(new URL('../../../../docs/gateway-protocol.md', import.meta.url), 'utf8');

/** The cells of the table in this part of the page, without its two head rows. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const [, part = ''] = page.split(`## ${heading}\n`);
  const [own = ''] = part.split('\n## ');
  const rows = own.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => row.split(' | ').map((cell) => cell.replace(/^\| ?| ?\|$/g, '').trim()));
}

const namesIn = (text: string): string[] => Array.from(text.matchAll(/`([\w.]+)`/g), ([, name = '']) => name);
const boldIn = (text: string): string[] => Array.from(text.matchAll(/\*\*`(\w+)`\*\*/g), ([, name = '']) => name);

test('the codes of the page are those of the protocol', () => {
  assert.deepEqual(
    rowsOf('Close codes').map(([code]) => Number(code)),
    Object.values(closeCodes).toSorted((one, other) => one - other),
  );
});

test('the scopes of the page are those of the protocol, and include what it says', () => {
  const rows = rowsOf('Scopes').map(([scope = '', includes = '']) => ({ scope: namesIn(scope)[0] ?? '', includes }));
  assert.deepEqual(rows.map(({ scope }) => scope).toSorted(), operatorScopes.toSorted());
  for (const { scope, includes } of rows) {
    const held = operatorScopes.filter((other) => other !== scope && holdsScope(new Set([scope]), other));
    assert.deepEqual(
      includes === 'all' ? operatorScopes.filter((other) => other !== scope).toSorted() : namesIn(includes).toSorted(),
      held.toSorted(),
      scope,
    );
  }
});

test('the fields of connect and of a request are those that are taken, and the bold ones must be there', () => {
  const rows = rowsOf('Handshake');
  const firstCells = rows.map(([cell = '']) => cell).join(' ');
  assert.deepEqual(namesIn(firstCells).toSorted(), Object.keys(connectSchema.properties ?? {}).toSorted());
  assert.deepEqual(boldIn(firstCells).toSorted(), [...(connectSchema.required ?? [])].toSorted());
  for (const name of ['client', 'device', 'auth']) {
    const part: JsonSchema = connectSchema.properties?.[name] ?? {};
    const [, fields = ''] = rows.find(([cell = '']) => namesIn(cell)[0] === name) ?? [];
    assert.deepEqual(namesIn(fields).toSorted(), Object.keys(part.properties ?? {}).toSorted(), name);
    if (name === 'client') assert.deepEqual(boldIn(fields).toSorted(), [...(part.required ?? [])].toSorted());
  }
  const [request] = rowsOf('Frames');
  assert.deepEqual(namesIn(request?.[1] ?? '').toSorted(), Object.keys(requestSchema.properties ?? {}).toSorted());
});

test('the events of the page are those that the connection itself has', async () => {
  await using plane = await startTestPlane();
  const { shakeHands } = await import('./raw-client.ts');
  const { client, hello } = await shakeHands(plane);
  await using _ = client;
  assert.deepEqual(
    rowsOf('Events of the connection')
      .map(([event = '']) => namesIn(event)[0] ?? '')
      .toSorted(),
    hello.features.events.toSorted(),
  );
});

test('the limits of the page are those that hold', () => {
  const numbers = rowsOf('Limits').map(([, value = '']) => Array.from(value.matchAll(/\d+/g), Number));
  const defaults = controlLimitDefaults;
  assert.deepEqual(
    numbers.map(([first]) => first),
    [
      ...[
        wireLimits.handshakeTimeoutMs,
        wireLimits.preAuthFrameBytes,
        wireLimits.frameBytes,
        defaults.bufferedBytes,
        defaults.bufferedTotalBytes,
      ],
      ...[defaults.behindBytes, defaults.callsUnderWay, defaults.heldFrameBytes, defaults.writesPerMinute, defaults.waitingConnections],
      ...[defaults.pongWindowMs, defaults.closeGraceMs],
    ],
  );
  assert.equal(numbers[9]?.[1], defaults.waitingConnectionsPerAddress);
  assert.equal(wireLimits.tickIntervalMs, 30_000);
});

interface Example {
  openclaw(
    url: string,
    token: string,
  ): Promise<{ readonly hello: { readonly type: string }; call(method: string, params?: object): Promise<unknown>; close(): void }>;
}

test('the example of the page connects, calls, and is told what goes wrong', async () => {
  const [, code = ''] = page.match(/\n\n((?: {4}.*\n|\n)+)/) ?? [];
  const { openclaw } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Example;
  await using plane = await startTestPlane({
    methods: { echo: { scope: 'operator.read', run: ({ params }) => params }, write: { scope: 'operator.write', run: () => '' } },
  });
  const { hello, call, close } = await openclaw(plane.url, testToken);
  assert.equal(hello.type, 'hello-ok');
  assert.deepEqual(await call('echo', { a: 1 }), { a: 1 });
  await assert.rejects(call('write'), { code: 'FORBIDDEN', message: 'missing scope: operator.write' });
  close();
  await assert.rejects(openclaw(plane.url, 'wrong'), { message: 'unauthorized: gateway token mismatch' });
});
