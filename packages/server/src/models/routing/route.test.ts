import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteSettings } from '../../config/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createRouter } from './route.ts';
import type { Provider } from '../target.ts';

function provider(id: string, models: readonly string[]): Provider {
  const known = models.map((model) => ({ id: model, contextWindow: undefined, maxOutputTokens: undefined, price: undefined }));
  const keys = [{ id: '1', source: 'the test', weight: 1, headers: {} }];
  return { id, keys, models: () => known } as Partial<Provider> as Provider;
}

const route = (...models: string[]): RouteSettings => ({
  strategy: 'priority',
  targets: models.map((model) => ({ model, weight: 1 })),
  afterFirstToken: 'error',
});
const everything = { id: 'gateway', models: undefined };
const providers = [provider('one', ['large', 'small']), provider('two', ['large', 'vendor/deep'])];
const router = createRouter({
  providers: () => providers,
  routes: { fast: route('two/large', 'gone/large', 'one/small'), large: route('one/small') },
});
const names = (model: string, models?: readonly string[]): string[] =>
  router.resolve(model, { id: 'key_1', models }).targets.map(({ place }) => place.name);

function refusal(model: string, models?: readonly string[]): OpenClawError {
  try {
    names(model, models);
  } catch (thrown) {
    assert.ok(thrown instanceof OpenClawError);
    return thrown;
  }
  return assert.fail('it was not refused');
}

test('a route wins over a bare id, and a bare id is everybody who has it, in their order', () => {
  assert.deepEqual(names('large'), ['one/small']);
  assert.deepEqual(names('small'), ['one/small']);
  assert.deepEqual(names('vendor/deep'), ['two/vendor/deep']);
});

test('targets of a route whose provider is not there are passed over', () => {
  assert.deepEqual(names('fast'), ['two/large', 'one/small']);
});

test('a model that nobody has heard of is asked for where the caller says', () => {
  assert.deepEqual(names('one/of-tomorrow'), ['one/of-tomorrow']);
});

test('a name that is nearly one is suggested; names of the language are nobody’s', () => {
  assert.match(refusal('smal').hint, /small/);
  for (const name of ['constructor', '__proto__', 'toString', '/', 'one/', '']) assert.equal(refusal(name).code, 'model_not_found', name);
});

test('a key reaches what it lists: by name, by bare id at everybody, and a route as a whole but nothing that shares its name', () => {
  assert.deepEqual(names('fast', ['fast']), ['two/large', 'one/small']);
  assert.deepEqual(names('one/small', ['small']), ['one/small']);
  assert.equal(refusal('one/fast', ['fast']).code, 'model_forbidden');
  assert.equal(refusal('two/large', ['one/large']).code, 'model_forbidden');
  assert.deepEqual(names('fast', ['two/large']), ['two/large'], 'of a route that it may not use, the targets that it may');
  assert.deepEqual(
    router.list({ id: 'key_1', models: ['fast', 'small'] }).map(({ id }) => id),
    ['fast', 'one/small'],
  );
  assert.equal(router.list(everything).length, 6);
});

test('a key that lists provider/model does not reach a model of that id at another provider', () => {
  const reseller = createRouter({
    providers: () => [provider('one', ['large']), provider('reseller', ['one/large', 'other/deep'])],
    routes: {},
  });
  const caller = { id: 'key_1', models: ['one/large', 'other/deep'] };
  assert.throws(() => reseller.resolve('reseller/one/large', caller), { code: 'model_forbidden' });
  assert.deepEqual(
    reseller.list(caller).map(({ id }) => id),
    ['one/large', 'reseller/other/deep'],
  );
  assert.equal(
    reseller.resolve('reseller/other/deep', caller).targets[0]?.place.name,
    'reseller/other/deep',
    'nobody is called other, so the id is bare',
  );
});

test('a route keeps its strategy and weights; every other name is in the order of preference', () => {
  const weighted = createRouter({
    providers: () => [provider('one', ['large']), provider('two', ['large'])],
    routes: { best: { strategy: 'weighted', targets: [{ model: 'one/large', weight: 3 }], afterFirstToken: 'continue' } },
  });
  const { strategy, afterFirstToken, targets } = weighted.resolve('best', everything);
  assert.deepEqual([strategy, afterFirstToken, targets[0]?.weight], ['weighted', 'continue', 3]);
  assert.deepEqual(weighted.resolve('large', everything).strategy, 'priority');
});

test('what is resolved again is the same place, so that what is known of a target stays with it', () => {
  const [one, again] = [router.resolve('one/of-tomorrow', everything), router.resolve('one/of-tomorrow', everything)];
  assert.equal(one, again);
  assert.equal(router.resolve('fast', everything).targets[0]?.place, router.resolve('two/large', everything).targets[0]?.place);
});
