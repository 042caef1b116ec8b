import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlaces } from './places.ts';
import type { KnownModel, Provider } from '../target.ts';

const row = (id: string): KnownModel => ({ id, contextWindow: undefined, maxOutputTokens: undefined, price: undefined });
const keys = ['1', '2'].map((id) => ({ id, source: 'the test', weight: 1, headers: {} }));
const provider = (models: () => readonly KnownModel[]): Provider => ({ id: 'one', keys, models }) as Partial<Provider> as Provider;

test('a model has one place, with a target for each key, however often it is asked for', () => {
  const list = [row('large')];
  const [places, one] = [createPlaces(), provider(() => list)];
  const place = places.of(one, 'large');
  assert.equal(places.of(one, 'large'), place);
  assert.equal(places.known(one, 'large'), place);
  assert.deepEqual(
    place.targets.map(({ name, key }) => [name, key.id]),
    [
      ['one/large', '1'],
      ['one/large', '2'],
    ],
  );
});

test('a model that nobody listed keeps its place too, but is not known', () => {
  const list = [row('large')];
  const [places, one] = [createPlaces(), provider(() => list)];
  assert.equal(places.of(one, 'new'), places.of(one, 'new'));
  assert.equal(places.known(one, 'new'), undefined);
});

test('names that clients invent push out each other, not those in use or listed', () => {
  const list = [row('large')];
  const [places, one] = [createPlaces(), provider(() => list)];
  const [listed, used, unused] = [places.of(one, 'large'), places.of(one, 'used'), places.of(one, 'unused')];
  for (let count = 0; count < 2000; count++) {
    places.of(one, `invented-${count}`);
    places.of(one, 'used');
  }
  assert.equal(places.of(one, 'large'), listed);
  assert.equal(places.of(one, 'used'), used);
  assert.notEqual(places.of(one, 'unused'), unused);
});

test('limits and prices that become known later are seen', () => {
  let list = [row('large')];
  const [places, one] = [createPlaces(), provider(() => list)];
  assert.equal(places.of(one, 'large').known?.contextWindow, undefined);
  list = [{ ...row('large'), contextWindow: 1000 }];
  assert.equal(places.of(one, 'large').known?.contextWindow, 1000);
});
