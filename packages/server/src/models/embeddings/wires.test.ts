import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { EmbeddingsWire } from './wires.ts';
import { embeddingsWires } from './wires.ts';

function wire(name: keyof typeof embeddingsWires): EmbeddingsWire {
  return embeddingsWires[name] ?? assert.fail(`${name} has no embeddings`);
}

const google = wire('google-generative-ai');
const ollama = wire('ollama');
const bedrock = wire('bedrock-converse-stream');
const texts = ['one', 'two'];

test('a length of the vectors is sent only where the client wants one', () => {
  for (const one of [google, ollama]) {
    assert.ok(!/imension/.test(JSON.stringify(one.encode({ texts, dimensions: undefined }, 'm').body)));
    assert.match(JSON.stringify(one.encode({ texts, dimensions: 8 }, 'm').body), /"(outputDimensionality|dimensions)":8/);
  }
  const titan = bedrock.encode({ texts: ['one'], dimensions: 256 }, 'amazon.titan-embed-text-v2:0');
  assert.deepEqual(titan.body, { inputText: 'one', dimensions: 256 });
});

test('a name of a model cannot lead to another path', () => {
  assert.equal(google.encode({ texts, dimensions: undefined }, '../x?y').path, '/models/..%2Fx%3Fy:batchEmbedContents');
  assert.equal(bedrock.encode({ texts: ['one'], dimensions: undefined }, 'arn:a/b').path, '/model/arn%3Aa%2Fb/invoke');
});

const answers: readonly (readonly [EmbeddingsWire, JsonObject, number | undefined])[] = [
  [google, { embeddings: [{ values: [1, 2] }], usageMetadata: { promptTokenCount: 3 } }, 3],
  [google, { embeddings: [{ values: [1, 2] }] }, undefined],
  [ollama, { embeddings: [[1, 2]], prompt_eval_count: 3 }, 3],
  [ollama, { embeddings: [[1, 2]], prompt_eval_count: -1 }, undefined],
  [bedrock, { embedding: [1, 2], inputTextTokenCount: 3 }, 3],
  [bedrock, { embeddings: [[1, 2]] }, undefined],
  [bedrock, { embeddings: { float: [[1, 2]] } }, undefined],
];

test('vectors are read, and tokens where they are counted', () => {
  for (const [one, body, tokens] of answers) assert.deepEqual(one.decode(body), { vectors: [[1, 2]], tokens });
});

test('what is no answer of the format is none', () => {
  const broken: JsonObject[] = [
    {},
    { embeddings: null },
    { embeddings: [null] },
    { embeddings: [['1']] },
    { embeddings: [{ values: 'x' }] },
    { embedding: 'x' },
  ];
  for (const one of [google, ollama, bedrock]) for (const body of broken) assert.equal(one.decode(body), undefined, JSON.stringify(body));
});

test('property: nothing that a provider may send breaks the reading', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('embeddings', 'embedding', 'usageMetadata', 'prompt_eval_count'), fc.jsonValue()), (body) => {
      for (const one of [google, ollama, bedrock]) {
        const decoded = one.decode(body as Record<string, JsonValue>);
        for (const vector of decoded?.vectors ?? []) assert.ok(vector.every((number) => typeof number === 'number'));
      }
    }),
  );
});
