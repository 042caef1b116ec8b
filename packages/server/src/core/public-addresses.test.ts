import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAddressRule } from './public-addresses.ts';

const rule = createAddressRule();

test('addresses of the public internet may be reached', () => {
  for (const address of ['1.1.1.1', '8.8.8.8', '172.32.0.1', '192.167.1.1', '2606:4700::1111', '2a00:1450::1', '::ffff:8.8.8.8']) {
    assert.ok(rule.allows(address), address);
  }
});

test('loopback, private, link-local, metadata, reserved and disguised addresses may not', () => {
  const private_ = [
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
  ];
  const other = [
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '192.0.2.1',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
  ];
  const disguised = [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2001:db8::1',
  ];
  for (const address of [...private_, ...other, ...disguised, 'localhost', '', '1.1.1']) assert.ok(!rule.allows(address), address);
});

test('an address means the same however it is written inside of IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
      const hex = [a * 256 + b, c * 256 + d].map((part) => part.toString(16)).join(':');
      assert.equal(rule.allows(`::ffff:${hex}`), rule.allows(address));
      assert.equal(rule.allows(`::FFFF:${address}`), rule.allows(address));
    }),
  );
});

test('an operator may allow single addresses and networks', () => {
  const wider = createAddressRule(['10.1.0.0/16', '127.0.0.1', 'fd00::/8']);
  assert.ok(wider.allows('10.1.2.3') && wider.allows('127.0.0.1') && wider.allows('fd12::1') && wider.allows('::ffff:10.1.2.3'));
  assert.ok(!wider.allows('10.2.0.1') && !wider.allows('127.0.0.2') && !wider.allows('169.254.169.254'));
});
