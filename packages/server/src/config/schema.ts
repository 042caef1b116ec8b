/**
 * The one schema of `openclaw.json`: what may stand in it, what it means, what holds when it is absent.
 * Validation, `docs/config.md`, `openclaw config schema` and the types of the program all come from here.
 *
 * What a later release brings is named as such, so that a pasted example is refused with the right words.
 * It does not read files and checks nothing: see `load.ts` and `cross-checks.ts`.
 */
import { type Infer, type JsonSchema, schema as s } from '@openclaw/protocol';

import { agents } from './agents-schema.ts';
import { backup } from './backup-schema.ts';
import { channels } from './channels-schema.ts';
import { retention } from './retention-schema.ts';
import { runs } from './runs-schema.ts';
import { secrets } from './secrets-schema.ts';
import { mcp, tools } from './tools-schema.ts';
import { workloads } from './workloads-schema.ts';
import { gateway, headerName, headerText, type limits } from './gateway-schema.ts';
import type { Path } from './path.ts';

const oneWord = {
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
  expects: 'a word of letters, digits, dots, dashes and underscores, without a slash',
};
const webAddress = { pattern: '^https?://[^\\s/?#]+[^\\s?#]*$', expects: 'an http or https address without query and fragment' };
const headerValue = s.secret({
  description: 'The value; treated as a secret.',
  pattern: '^[\\x20-\\x7e]*$',
  expects: 'ASCII text in one line',
});

const weight = (others: string) =>
  s.number({ description: `Its share, compared with ${others}; 0: only when those fail.`, default: 1, minimum: 0 });

const price = (what: string) => s.number({ description: `US$ per million ${what} tokens.`, minimum: 0 });

const model = s.object(
  {
    id: s.string({ description: 'The name that the provider knows the model by.', minLength: 1 }),
    contextWindow: s.integer({ description: 'Tokens that fit into the model, input and output together.', minimum: 1 }),
    maxTokens: s.integer({ description: 'Most output tokens of one answer.', minimum: 1 }),
    prefill: s.boolean({
      description: 'Whether it goes on with an assistant message that ends the request, for routes with `afterFirstToken: continue`.',
    }),
    cost: s.object(
      { input: price('input'), output: price('output'), cacheRead: price('cached input'), cacheWrite: price('cache-writing input') },
      { description: 'Prices; they override those that OpenClaw knows.', optional: true },
    ),
  },
  { description: 'One model of the provider.', required: ['id'] },
);

const timeouts = s.object(
  {
    connectMs: s.durationMs({ description: 'To the open connection, TLS included.', default: 5000, minimum: 1 }),
    firstByteMs: s.durationMs({ description: 'To the first byte of a streamed answer.', default: 60_000, minimum: 1 }),
    firstByteWholeMs: s.durationMs({ description: 'To the first byte of an answer that is not streamed.', default: 600_000, minimum: 1 }),
    idleMs: s.durationMs({ description: 'Between two chunks of an answer.', default: 120_000, minimum: 1 }),
    totalMs: s.durationMs({ description: 'For the whole answer; 0: no limit while bytes flow.', default: 0 }),
  },
  { description: 'How long to wait for the provider.' },
);

const provider = s.object(
  {
    baseUrl: s.string({
      description:
        'Where the API is, up to and including its version (`https://host/v1`); a query in it goes with every request. Vendors that OpenClaw knows need none.',
      pattern: '^https?://[^\\s/?#]+[^\\s#]*$',
      expects: 'an http or https address without fragment',
    }),
    api: s.choice(
      ['openai-completions', 'openai-responses', 'anthropic-messages', 'google-generative-ai', 'bedrock-converse-stream', 'ollama'],
      {
        description: 'The wire format that it speaks. Vendors that OpenClaw knows need none.',
      },
    ),
    apiKey: s.secret({ description: 'The key of the account. One of `apiKey` and `apiKeys`.', ...headerText }),
    apiKeys: s.array(
      s.object(
        { key: s.secret({ description: 'The key of one account.', ...headerText }), weight: weight('the other keys') },
        { description: 'One of several keys.', required: ['key'] },
      ),
      { description: 'Several keys, used in turn; one that is refused is left out while another works.' },
    ),
    headers: s.record(headerValue, { description: 'Headers to send with each request to the provider.', names: headerName }),
    models: s.array(model, { description: 'Models to offer besides those that OpenClaw knows, or what to correct about those.' }),
    timeouts,
    concurrency: s.object(
      {
        initial: s.integer({ description: 'At the start, before anything is known of it.', minimum: 1 }),
        max: s.integer({ description: 'Never more, however well it goes.', minimum: 1 }),
      },
      {
        description:
          'Requests under way at each of its targets: how many at once is found out, within these bounds. Absent: by the kind of endpoint.',
        optional: true,
      },
    ),
  },
  { description: 'One account with a vendor, or one server.' },
);

const route = s.object(
  {
    strategy: s.choice(['priority', 'weighted', 'latency', 'cost', 'sticky'], {
      description:
        'Which target is tried first: the first in the list, one at random by weight, the quickest to its first output, the cheapest for this request, or always the same one for a session.',
      default: 'priority',
    }),
    targets: s.array(
      s.object(
        {
          model: s.string({ description: 'The target.', pattern: '^[^\\s/]+/\\S+$', expects: "a model written 'provider/model'" }),
          weight: weight('the other targets, with the strategies `weighted` and `sticky`'),
        },
        { description: 'One target.', required: ['model'], shorthand: 'model' },
      ),
      { description: 'Models in the order in which they are tried, each written `provider/model`.', minItems: 1 },
    ),
    afterFirstToken: s.choice(['error', 'continue'], {
      description:
        'When a target fails in the middle of its answer: end with an error, or let another one that can go on with a begun answer continue it.',
      default: 'error',
    }),
  },
  { description: 'One route.', required: ['targets'] },
);

const retry = s.object(
  {
    attempts: s.integer({ description: 'Tries of one request altogether; 1: no retry.', default: 5, minimum: 1, maximum: 20 }),
    baseDelayMs: s.durationMs({ description: 'Longest pause before the second try; it doubles with each.', default: 500 }),
    maxDelayMs: s.durationMs({ description: 'No pause is longer.', default: 30_000 }),
    budgetPercent: s.number({
      description: 'Second tries of all requests together, as a share of the first ones; a small number is always allowed.',
      default: 10,
      minimum: 0,
      maximum: 100,
    }),
  },
  { description: 'What happens when a provider fails before the first output.' },
);

const breaker = s.object(
  {
    failures: s.integer({ description: 'This many failures within the window open it.', default: 5, minimum: 1 }),
    windowMs: s.durationMs({ description: 'How far back failures count.', default: 120_000, minimum: 1000 }),
    openMs: s.durationMs({ description: 'How long it stays open before one request is let through.', default: 60_000, minimum: 1 }),
    errorPercent: s.number({
      description: 'A larger share of failures opens it too, once `minimumRequests` have been made within the window.',
      default: 50,
      minimum: 1,
      maximum: 100,
    }),
    minimumRequests: s.integer({ description: 'With fewer requests the share says nothing.', default: 20, minimum: 1 }),
  },
  { description: 'When a target that keeps failing is left alone.' },
);

const queue = s.object(
  {
    maxWaiting: s.integer({ description: 'Requests that wait for a place; more are answered with 429.', default: 1000, minimum: 0 }),
    maxWaitMs: s.durationMs({ description: 'Nobody waits longer.', default: 30_000 }),
  },
  { description: 'Where requests wait while every target is busy.' },
);

const hedge = s.object(
  {
    enabled: s.boolean({
      description:
        'Ask a second target when the first is slower than usual to its first output; the loser is cancelled, and both may cost.',
      default: false,
    }),
  },
  { description: 'A second attempt before the first has failed.' },
);

const cache = s.object(
  {
    enabled: s.boolean({ description: 'Answer a request that is exactly the same from memory.', default: false }),
    ttlMs: s.durationMs({ description: 'How long an answer is used again.', default: 600_000, minimum: 1 }),
    maxBytes: s.bytes({ description: 'All kept answers together; the least used give way.', default: 64 * 2 ** 20, minimum: 1024 }),
    store: s.choice(['memory'], { description: 'Where answers are kept.', default: 'memory', later: ['sqlite'] }),
  },
  { description: 'Answers that are used again.' },
);

const models = s.object(
  {
    providers: s.record(provider, {
      description: 'Accounts and servers, under the name that stands before the slash in `provider/model`.',
      names: oneWord,
    }),
    routes: s.record(route, {
      description: 'Names that clients use as `model`, each with the models that stand behind it.',
      names: oneWord,
    }),
    ...{ retry, breaker, queue, hedge, cache },
  },
  { description: 'Who answers.' },
);

const telemetry = s.object(
  {
    traces: s.object(
      {
        endpoint: s.string({
          description: 'Where traces are sent, by OTLP over HTTP (`http://127.0.0.1:4318/v1/traces`). Absent: nowhere.',
          ...webAddress,
        }),
        headers: s.record(headerValue, { description: 'Headers to send with them.', names: headerName }),
        sampleRatio: s.number({
          description: 'The share of requests that are traced; one that a caller traces already is traced as the caller says.',
          default: 1,
          minimum: 0,
          maximum: 1,
        }),
      },
      { description: 'OpenTelemetry traces.' },
    ),
  },
  { description: 'What is told to other programs about the work.' },
);

const logging = s.object(
  {
    level: s.choice(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'], {
      description: 'The least important lines that are written.',
      default: 'info',
    }),
    format: s.choice(['auto', 'pretty', 'json'], { description: '`auto`: pretty on a terminal, JSON otherwise.', default: 'auto' }),
    maxFileBytes: s.bytes({
      description: 'A log file that grows larger is closed and the next begun.',
      default: 10 * 2 ** 20,
      minimum: 4096,
    }),
    maxAgeMs: s.durationMs({
      description: 'A log file that gets older is closed and the next begun.',
      default: 86_400_000,
      minimum: 60_000,
    }),
    maxFiles: s.integer({ description: 'Log files that are kept; the oldest are deleted.', default: 7, minimum: 1, maximum: 1000 }),
  },
  { description: 'What is written down about the work.' },
);

export const settingsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'openclaw.json',
  ...s.object(
    {
      $schema: s.string({ description: 'Where editors find this schema; OpenClaw ignores it.' }),
      gateway,
      models,
      agents,
      runs,
      tools,
      mcp,
      workloads,
      channels,
      secrets,
      backup,
      retention,
      logging,
      telemetry,
    },
    { description: 'Settings of OpenClaw.' },
  ),
};

/** All settings, resolved: defaults present, sizes and times as numbers, secrets as text, deeply frozen. */
export type Settings = Infer<typeof settingsSchema>;
export type LimitSettings = Infer<typeof limits>;
export type ModelsSettings = Infer<typeof models>;
export type AgentsSettings = Infer<typeof agents>;
export type RunsSettings = Infer<typeof runs>;
export type ToolsSettings = Infer<typeof tools>;
export type McpSettings = Infer<typeof mcp>;
export type WorkloadsSettings = Infer<typeof workloads>;
export type ChannelsSettings = Infer<typeof channels>;
export type BackupSettings = Infer<typeof backup>;
export type RetentionSettings = Infer<typeof retention>;
export type RouteSettings = Infer<typeof route>;
export type ProviderSettings = Infer<typeof provider>;
export type TimeoutSettings = Infer<typeof timeouts>;

/** What holds for a provider that is in no file: one whose key lies in the environment, or a server on this machine. */
export const timeoutDefaults = Object.fromEntries(
  Object.entries(timeouts.properties ?? {}).map(([name, { default: value }]) => [name, value]),
) as TimeoutSettings;

/** The schema of the setting at `path`; undefined when there is no such setting. */
export function schemaAt(schema: JsonSchema, path: Path): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>((found, segment) => {
    if (typeof segment === 'number') return found?.items;
    if (found?.properties) return Object.hasOwn(found.properties, segment) ? found.properties[segment] : undefined;
    return found?.additionalProperties === false ? undefined : found?.additionalProperties;
  }, schema);
}
