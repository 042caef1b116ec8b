import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { isKnownHost, kindOfOrigin } from './origins.ts';
import { hostNameOf, isDirectLoopback } from './peer.ts';

const closed = { open: false, controlUi: { enabled: true, allowedOrigins: [], allowedHosts: [] } };
const request = (headers: Record<string, string>, remoteAddress = '127.0.0.1'): IncomingMessage =>
  ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage;

test('names that no stranger can own are known: addresses, names without a dot, names of this machine', () => {
  for (const host of [
    'localhost:18789',
    'gw.localhost',
    '127.0.0.1:1',
    '[::1]:18789',
    '192.168.1.7:18789',
    '[fe80::1]:80',
    'openclaw-gateway:18789',
  ]) {
    assert.equal(isKnownHost(host, closed), true, host);
  }
});

test('a name with a dot is known only where the operator lists it', () => {
  for (const host of ['evil.example', 'evil.example:18789', 'localhost.evil.example', '127.0.0.1.evil.example', '']) {
    assert.equal(isKnownHost(host, closed), false, host);
  }
  const listed = {
    ...closed,
    controlUi: { ...closed.controlUi, allowedHosts: ['Claw.Example'], allowedOrigins: ['https://other.example:8443'] },
  };
  assert.equal(isKnownHost('claw.example:18789', listed), true);
  assert.equal(isKnownHost('other.example', listed), true);
  assert.equal(isKnownHost('sub.claw.example', listed), false);
});

test('without auth only names of this machine are known', () => {
  const open = { ...closed, open: true };
  assert.equal(isKnownHost('localhost', open), true);
  assert.equal(isKnownHost('192.168.1.7', open), false);
  assert.equal(isKnownHost('openclaw-gateway', open), false);
});

test('an origin is the same only with the same name and port', () => {
  const kind = (origin: string | undefined, host = 'localhost:18789'): string =>
    kindOfOrigin(request({ host, ...(origin === undefined ? {} : { origin }) }), closed);
  assert.equal(kind(undefined), 'absent');
  assert.equal(kind('http://localhost:18789'), 'same');
  assert.equal(kind('http://localhost:3000'), 'foreign');
  assert.equal(kind('http://evil.example'), 'foreign');
  assert.equal(kind('null'), 'foreign');
  assert.equal(kind('file://'), 'foreign');
  assert.equal(kind('file://', ''), 'foreign');
  assert.equal(kind('chrome-extension://localhost:18789'), 'foreign');
});

test('an origin that the operator lists is allowed as a whole, not as a beginning', () => {
  const listed = { ...closed, controlUi: { ...closed.controlUi, allowedOrigins: ['https://ui.example', 'not an origin'] } };
  const kind = (origin: string): string => kindOfOrigin(request({ host: 'gw:1', origin }), listed);
  assert.equal(kind('https://ui.example'), 'allowed');
  assert.equal(kind('http://ui.example'), 'foreign');
  assert.equal(kind('https://ui.example.evil.example'), 'foreign');
  assert.equal(kind('https://ui.example:444'), 'foreign');
});

test('a caller is on this machine only if peer and Host are, and nobody forwarded it', () => {
  assert.equal(isDirectLoopback(request({ host: 'localhost:1' })), true);
  assert.equal(isDirectLoopback(request({ host: 'localhost:1' }, '10.0.0.2')), false);
  assert.equal(isDirectLoopback(request({ host: 'rebound.example:1' })), false);
  for (const header of [
    'x-forwarded-for',
    'forwarded',
    'x-real-ip',
    'via',
    'x-forwarded-proto',
    'x-forwarded-anything',
    'cf-connecting-ip',
  ]) {
    assert.equal(isDirectLoopback(request({ host: 'localhost:1', [header]: '1.2.3.4' })), false, header);
  }
});

test('the port and the brackets of an address are no part of its name', () => {
  assert.deepEqual(['[::1]:80', 'A.b:80', '10.0.0.1'].map(hostNameOf), ['::1', 'a.b', '10.0.0.1']);
});
