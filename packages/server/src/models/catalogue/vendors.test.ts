import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findVendor, providersFromEnvironment, vendors } from './vendors.ts';

const environment = (values: Readonly<Record<string, string>>) => (name: string) => values[name];

test('ids are unique and can stand before the slash of a model name', () => {
  assert.equal(new Set(vendors.map((vendor) => vendor.id)).size, vendors.length);
  for (const vendor of vendors) assert.match(vendor.id, /^[a-z][a-z0-9-]*$/);
});

test('hosted vendors are reached by https, local ones on loopback at their usual port', () => {
  for (const vendor of vendors) {
    const baseUrl = vendor.baseUrl ?? vendor.baseUrlForm ?? '';
    const url = new URL(baseUrl);
    if (vendor.localPorts) assert.deepEqual([url.hostname, url.port], ['127.0.0.1', String(vendor.localPorts[0])]);
    else assert.equal(url.protocol, 'https:');
    assert.doesNotMatch(baseUrl, /\/$/);
  }
});

test('a vendor has one base URL, or says which form that of each customer has', () => {
  for (const { id, baseUrl, baseUrlForm } of vendors) assert.notEqual(baseUrl === undefined, baseUrlForm === undefined, id);
});

test('no environment variable belongs to two vendors', () => {
  const variables = vendors.flatMap((vendor) => vendor.keyVariables);
  assert.equal(new Set(variables).size, variables.length);
});

test('every row names a page about it', () => {
  for (const vendor of vendors) assert.equal(new URL(vendor.documentation).protocol, 'https:');
});

test('the vendors that the project promises are there', () => {
  const promised = `openai anthropic google mistral groq together fireworks deepseek xai cohere perplexity openrouter cerebras nvidia
    moonshot azure vertex vertex-claude qwen volcengine zhipu minimax huggingface sambanova deepinfra github-models ollama vllm llamacpp lmstudio`.split(
    /\s+/,
  );
  assert.deepEqual(
    promised.filter((id) => !findVendor(id)),
    [],
  );
  assert.equal(findVendor('acme'), undefined);
});

test('a key in the environment makes its vendor a provider, in the order of the table', () => {
  const found = providersFromEnvironment(environment({ MISTRAL_API_KEY: 'm', OPENAI_API_KEY: 'o', UNRELATED: 'x' }));
  assert.deepEqual(
    found.map(({ vendor, keyVariable }) => [vendor.id, keyVariable]),
    [
      ['openai', 'OPENAI_API_KEY'],
      ['mistral', 'MISTRAL_API_KEY'],
    ],
  );
});

test('the first variable that is set wins', () => {
  const both = providersFromEnvironment(environment({ GOOGLE_API_KEY: 'general', GEMINI_API_KEY: 'special' }));
  assert.deepEqual(
    both.map(({ keyVariable }) => keyVariable),
    ['GEMINI_API_KEY'],
  );
  const one = providersFromEnvironment(environment({ GOOGLE_API_KEY: 'general', GEMINI_API_KEY: '' }));
  assert.deepEqual(
    one.map(({ keyVariable }) => keyVariable),
    ['GOOGLE_API_KEY'],
  );
});

test('an empty or blank variable is no key', () => {
  assert.deepEqual(providersFromEnvironment(environment({ OPENAI_API_KEY: '', GROQ_API_KEY: ' \n' })), []);
});

test('what is found can be printed: it holds no key', () => {
  const found = providersFromEnvironment(environment({ OPENAI_API_KEY: 'sk-secret' }));
  assert.doesNotMatch(JSON.stringify(found), /sk-secret/);
});

test('a GitHub token that lies in the environment for other ends is not used', () => {
  assert.deepEqual(providersFromEnvironment(environment({ GITHUB_TOKEN: 'ghp_x' })), []);
});
