import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../core/fake-clock.ts';
import { systemClock } from '../core/clock.ts';
import { listen, type TlsMaterial } from './listener.ts';
import { fingerprintOf, readTls } from './tls.ts';

const limits = { headerBytes: 4096, headerTimeoutMs: 15_000, bodyTimeoutMs: 15_000, keepAliveMs: 5000, connections: 10 };
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'openclaw-tls-'));
const names = ['localhost', '127.0.0.1'];

async function own(directory: string, clock = systemClock): Promise<TlsMaterial> {
  const material = await readTls({ enabled: true }, { directory, clock, names });
  assert.ok(material);
  return material;
}

function ask(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: 'localhost', port, ca, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

test('a certificate of its own serves whoever trusts it, and nobody else', async () => {
  const tls = await own(await folder());
  const listener = await listen(
    { host: '127.0.0.1', port: 0, limits, tls },
    { request: (_request, response) => void response.end('secret') },
  );
  assert.equal(await ask(listener.port, tls.certificate), 'secret');
  const stranger = await own(await folder());
  await assert.rejects(ask(listener.port, stranger.certificate), /self-signed|unable to verify/i);
  await listener.close();
});

test('it is made once, readable by its owner alone, and known by its fingerprint', async () => {
  const directory = await folder();
  const [first, second] = [await own(directory), await own(directory)];
  assert.equal(fingerprintOf(first), fingerprintOf(second));
  assert.match(fingerprintOf(first), /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  for (const file of await readdir(directory)) assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600, file);
});

test('a new one takes the place of one that ends within a month, or that is damaged', async () => {
  const directory = await folder();
  const first = await own(directory);
  const later = createFakeClock({ nowMs: Date.now() + 380 * 24 * 60 * 60_000 });
  const second = await own(directory, later);
  assert.notEqual(fingerprintOf(first), fingerprintOf(second));
  await writeFile(join(directory, 'gateway-tls.key'), 'torn');
  assert.notEqual(fingerprintOf(await own(directory, later)), fingerprintOf(second));
});

test("the operator's files are used as they are; those that do not belong together are refused by name", async () => {
  const [one, other] = [await folder(), await folder()];
  await Promise.all([own(one), own(other)]);
  const [certFile, keyFile] = [join(one, 'gateway-tls.crt'), join(one, 'gateway-tls.key')];
  const options = { directory: await folder(), clock: systemClock };
  assert.equal((await readTls({ enabled: true, certFile, keyFile }, options))?.certificate, await readFile(certFile, 'utf8'));
  const foreign = { enabled: true, certFile, keyFile: join(other, 'gateway-tls.key') };
  await assert.rejects(readTls(foreign, options), { code: 'tls_invalid', message: /does not belong/ });
  await assert.rejects(readTls({ enabled: true, certFile: join(one, 'none.crt'), keyFile }, options), {
    code: 'tls_invalid',
    message: /none\.crt/,
  });
});

test('a renewed certificate is shown to the next connection, without a new listener', async () => {
  const [first, second] = [await own(await folder()), await own(await folder())];
  const listener = await listen(
    { host: '127.0.0.1', port: 0, limits, tls: first },
    { request: (_request, response) => void response.end('ok') },
  );
  listener.renew(second);
  assert.equal(await ask(listener.port, second.certificate), 'ok');
  await assert.rejects(ask(listener.port, first.certificate), /self-signed|unable to verify/i);
  await listener.close();
});

test('who writes http:// before the address is told so, and what was asked is not answered', async () => {
  const listener = await listen(
    { host: '127.0.0.1', port: 0, limits, tls: await own(await folder()) },
    { request: (_request, response) => void response.end('secret') },
  );
  const answer = await fetch(`http://127.0.0.1:${listener.port}/`);
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /write https:\/\//);
  await listener.close();
});

test('a TLS handshake that does not go on has an end, and does not hold up a stop', async () => {
  const listener = await listen(
    { host: '127.0.0.1', port: 0, limits: { ...limits, headerTimeoutMs: 50 }, tls: await own(await folder()) },
    { request: (_request, response) => void response.end('secret') },
  );
  const silent = connect(listener.port, '127.0.0.1').resume();
  await once(silent, 'close');
  const patient = await listen(
    { host: '127.0.0.1', port: 0, limits: { ...limits, headerTimeoutMs: 600_000 }, tls: await own(await folder()) },
    { request: (_request, response) => void response.end('secret') },
  );
  const held = connect(patient.port, '127.0.0.1').resume();
  await once(held, 'connect');
  // Seen by the listener too: it accepts in the order of arrival.
  const second = connect(patient.port, '127.0.0.1');
  second.write('GET / HTTP/1.1\r\n\r\n');
  await once(second.resume(), 'close');
  await Promise.all([patient.close(), once(held, 'close'), listener.close()]);
});
