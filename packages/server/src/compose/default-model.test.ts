import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OfferedModel } from '../models/index.ts';
import { chooseDefaultModel } from './default-model.ts';

const routerOf = (...models: readonly object[]) => ({ list: () => models as OfferedModel[] });
const rehearsal = { id: 'openclaw/rehearsal' };

test('the route called default answers, else the first route', () => {
  assert.equal(chooseDefaultModel(routerOf(rehearsal), ['fast', 'default']), 'default');
  assert.equal(chooseDefaultModel(routerOf(rehearsal), ['fast', 'slow']), 'fast');
});

test('without a route a model answers that is known to take tools, else the first, else the rehearsal', () => {
  const vectors = { id: 'acme/vectors', known: { id: 'vectors' } };
  const chat = { id: 'acme/chat', known: { id: 'chat', abilities: { tools: true } } };
  assert.equal(chooseDefaultModel(routerOf(rehearsal, vectors, chat), []), 'acme/chat');
  assert.equal(chooseDefaultModel(routerOf(rehearsal, vectors), []), 'acme/vectors');
  assert.equal(chooseDefaultModel(routerOf(rehearsal), []), 'openclaw/rehearsal');
});
