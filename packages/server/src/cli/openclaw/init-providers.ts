/**
 * Which providers and which targets a new configuration begins with: those whose key is at hand, else a server of one's own with the rehearsal
 * behind it, so that the first question is answered without an account.
 */
import type { Entry } from './init-file.ts';

/** A provider whose key is at hand, by the variable that holds it. */
export interface FoundProvider {
  readonly id: string;
  readonly keyVariable: string;
}

/** Models to begin with, the better one first; both take tools. A test holds them against the catalogue. */
export const firstModels: Readonly<Record<string, readonly [string, string]>> = {
  openai: ['gpt-5.4-mini', 'gpt-5-mini'],
  anthropic: ['claude-sonnet-5', 'claude-haiku-4-5'],
  google: ['gemini-3.5-flash', 'gemini-2.5-flash'],
  mistral: ['mistral-large-latest', 'mistral-small-latest'],
  groq: ['openai/gpt-oss-120b', 'llama-3.3-70b-versatile'],
  deepseek: ['deepseek-v4-pro', 'deepseek-v4-flash'],
  openrouter: ['anthropic/claude-sonnet-5', 'google/gemini-3.5-flash'],
  xai: ['grok-4.3', 'grok-build-0.1'],
};

/** More would make the first file long, and failover seldom gets to a fourth. */
const providerLimit = 3;

/** Those of `found` that a file can begin with. */
export function providersToWrite(found: readonly FoundProvider[]): readonly FoundProvider[] {
  return found.filter(({ id }) => firstModels[id] !== undefined).slice(0, providerLimit);
}

/** The entries below `models.providers`. */
export function describeProviders(providers: readonly FoundProvider[]): readonly Entry[] {
  return providers.length === 0
    ? [ownServer]
    : providers.map(({ id, keyVariable }) => ({
        name: id,
        note: `An account. Vendors that OpenClaw knows need a key and nothing else; docs/providers.md lists them.`,
        children: [
          {
            name: 'apiKey',
            note: `The key stays out of this file: the variable has to be there where the gateway runs, in its environment or in .env beside this file. Change it to { $secret: { file: 'PATH' } } where keys come as files.`,
            value: `'\${${keyVariable}}'`,
          },
          concurrency(
            100,
            'How many requests it takes at once is learnt, from its answers and rate limits. This is the most; lower it to leave room for other users of the account.',
          ),
        ],
      }));
}

const ownServer: Entry = {
  name: 'local',
  note: 'A model server of your own, under a name that you choose. For an account instead: export its key, OPENAI_API_KEY for instance, and write this file anew with `openclaw init --force`.',
  children: [
    {
      name: 'baseUrl',
      note: 'Where it answers, with its version. 8000 is the port of vLLM; Ollama has 11434, LM Studio 1234, llama.cpp 8080.',
      value: "'http://127.0.0.1:8000/v1'",
    },
    { name: 'api', note: 'What it speaks. Nearly every server of this kind speaks this one.', value: "'openai-completions'" },
    {
      name: 'models',
      note: 'The models to offer, as the server names them. Write the name that your server has loaded.',
      isList: true,
      children: [
        {
          note: 'The window and the most it answers; without them a long conversation is cut only when the server refuses it.',
          value: "{ id: 'small', contextWindow: 32768, maxTokens: 4096 }",
        },
      ],
    },
    concurrency(8, 'How many requests it takes at once is learnt. This is the most: what its memory holds contexts for.'),
  ],
};

/** What is above it waits in `models.queue`. */
function concurrency(max: number, note: string): Entry {
  return { name: 'concurrency', note, children: [{ name: 'max', note: 'What is above it waits in the queue below.', value: String(max) }] };
}

/** The items of `models.routes.default.targets`. */
export function describeTargets(providers: readonly FoundProvider[]): readonly Entry[] {
  return targetsOf(providers).map((target, index) => ({
    note: index === 0 ? 'Asked first. Put here what you would choose if nothing ever failed.' : standIn(target),
    value: `'${target}'`,
  }));
}

function standIn(target: string): string {
  return target === 'openclaw/rehearsal'
    ? 'Built in: a script player and no model, so that something answers while there is no other. Take it out once there is.'
    : 'Asked where those above fail, are at their limit or have an open breaker. Best from somebody else than the first.';
}

function targetsOf(providers: readonly FoundProvider[]): readonly string[] {
  const [only, ...others] = providers;
  if (only === undefined) return ['local/small', 'openclaw/rehearsal'];
  if (others.length === 0) return (firstModels[only.id] ?? []).map((model) => `${only.id}/${model}`);
  return providers.map(({ id }) => `${id}/${firstModels[id]?.[0] ?? ''}`);
}
