import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import { parseJsonPath } from './jsonpath.ts';

const object = {
  kind: 'List',
  metadata: { name: 'shop', labels: { 'app.kubernetes.io/name': 'shop' } },
  spec: {
    containers: [
      { name: 'a', limit: 1 },
      { name: 'b', limit: 5 },
      { name: 'c', limit: 9 },
    ],
    replicas: 2,
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Progressing', status: 'False' },
    ],
  },
};

/** Templates of kubectl's documentation and of its users, with what kubectl prints. */
const cases: readonly (readonly [template: string, printed: string])[] = [
  ['{.metadata.name}', 'shop'],
  ['{.spec.containers[0].name}', 'a'],
  ['{.spec.containers[-1].name}', 'c'],
  ['{.spec.containers[-1:].name}', 'c'],
  ['{.spec.containers[0:2].name}', 'a b'],
  ['{.spec.containers[0,2].name}', 'a c'],
  ['{.spec.containers[*].name}', 'a b c'],
  ['{.spec.containers[::2].name}', 'a c'],
  ['{range .spec.containers[*]}{.name}{"="}{.limit}{"\\n"}{end}', 'a=1\nb=5\nc=9\n'],
  ['{.status.conditions[?(@.type=="Ready")].status}', 'True'],
  ["{.status.conditions[?(@.type!='Ready')].type}", 'Progressing'],
  ['{.spec.containers[?(@.limit>=5)].name}', 'b c'],
  ['{.spec.containers[?(@.limit>1 && @.limit<9)].name}', 'b'],
  ['{.spec.containers[?(@.missing)].name}', ''],
  ['{.spec.containers[?(@.limit==1 || @.name=="c")].name}', 'a c'],
  ["{.metadata.labels['app\\.kubernetes\\.io/name']}", 'shop'],
  ['{.metadata.labels.app\\.kubernetes\\.io/name}', 'shop'],
  ["{['metadata','kind'].name}", 'shop'],
  ['{..name}', 'shop a b c'],
  ['{$.kind}', 'List'],
  ['{@.kind}', 'List'],
  ['{.spec.replicas}', '2'],
  ['{.spec.containers[0]}', '{"name":"a","limit":1}'],
  ['{.missing.deeper}', ''],
  ['name: {.metadata.name}!', 'name: shop!'],
  ['.metadata.name', 'shop'],
  ['metadata.name', 'shop'],
  [
    '{range .spec.containers[*]}{range $.status.conditions[*]}{.type},{end}{.name};{end}',
    'Ready,Progressing,a;Ready,Progressing,b;Ready,Progressing,c;',
  ],
];

test('templates print what kubectl prints', () => {
  for (const [template, printed] of cases) assert.equal(parseJsonPath(template).print(object), printed, template);
});

test('what is no template is an error of usage that quotes it', () => {
  for (const template of ['{.a', '{.a[}', '{range .a}x', '{end}', '{.a[?(@.b==)]}', '{"a}', '{.a[x]}', '{.a b}']) {
    assert.throws(() => parseJsonPath(template), { code: 'usage_error' }, template);
  }
});

test('no text makes it throw anything else, or take long', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^\{[.[\]{}()?@$*'"a-c0-2=&|\\: ]{0,40}\}?$/));
  fc.assert(
    fc.property(texts, (text) => {
      try {
        assert.equal(typeof parseJsonPath(text).print(object), 'string');
      } catch (thrown) {
        assert.ok(thrown instanceof OpenClawError, String(thrown));
      }
    }),
    { numRuns: 2000 },
  );
});
