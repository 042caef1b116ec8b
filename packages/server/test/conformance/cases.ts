/**
 * The 72 cases that gateways get wrong, each with the public threads about it, and the cells in which it can occur: the
 * dialect of the client, the dialect of the provider, streaming or not. `npm run conformance` prints the score against this table.
 *
 * A test belongs to a case by its title: `case 17 [openai-completions → anthropic-messages, stream]: …`.
 */
import type { DialectName } from '../../src/models/dialects/dialect.ts';

export interface Cell {
  /** The dialect of the client. */
  readonly in: DialectName;
  /** The dialect of the provider. */
  readonly out: DialectName;
  readonly streaming: 'stream' | 'whole';
}

export interface ConformanceCase {
  readonly number: number;
  readonly area: string;
  readonly title: string;
  readonly links: readonly string[];
  /** Where it can occur; absent while there is no test. */
  readonly applies?: (cell: Cell) => boolean;
  /** The dialect without which it cannot occur at all. */
  readonly waitsFor?: string;
  /** What of it is not covered yet. */
  readonly note?: string;
}

const names: readonly DialectName[] = ['openai-completions', 'anthropic-messages'];

export const cells: readonly Cell[] = names.flatMap((from) =>
  names.flatMap((to) => (['stream', 'whole'] as const).map((streaming): Cell => ({ in: from, out: to, streaming }))),
);

export function nameOf(cell: Cell): string {
  return `${cell.in} → ${cell.out}, ${cell.streaming}`;
}

export function cellsOf(number: number): readonly Cell[] {
  const row = cases.find((one) => one.number === number);
  return row?.applies ? cells.filter(row.applies) : [];
}

const every = (): boolean => true;
const streams = ({ streaming }: Cell): boolean => streaming === 'stream';
const toAnthropic = (cell: Cell): boolean => cell.in === 'anthropic-messages';
const toAnthropicStreams = (cell: Cell): boolean => toAnthropic(cell) && streams(cell);
const fromOpenai = (cell: Cell): boolean => cell.out === 'openai-completions';
const fromOpenaiStreams = (cell: Cell): boolean => fromOpenai(cell) && streams(cell);

export const cases: readonly ConformanceCase[] = [
  {
    number: 1,
    area: 'Framing and stream endings',
    title: 'UTF-8 character cut across chunks stays whole',
    links: [
      'https://github.com/api7/aisix/issues/111',
      'https://github.com/katanemo/plano/issues/980',
      'https://github.com/musistudio/claude-code-router/pull/1672',
    ],
    applies: every,
  },
  {
    number: 2,
    area: 'Framing and stream endings',
    title: 'One persistent decoder, and lines cut across chunks are re-joined',
    links: ['https://github.com/lobehub/lobehub/pull/18640'],
    applies: streams,
  },
  {
    number: 3,
    area: 'Framing and stream endings',
    title: 'CRLF, lone CR, `\\r`|`\\n` split across chunks, `data:` without a space',
    links: ['https://github.com/praxis-proxy/praxis/pull/739', 'https://github.com/miruamel/xuan/issues/194'],
    applies: streams,
  },
  {
    number: 4,
    area: 'Framing and stream endings',
    title: 'SSE comments and pings skipped, not JSON-parsed',
    links: ['https://openrouter.ai/docs/api_reference/streaming'],
    applies: streams,
  },
  {
    number: 5,
    area: 'Framing and stream endings',
    title: 'Compressed SSE from upstream is decoded before parsing',
    links: ['https://github.com/agentgateway/agentgateway/pull/909'],
    applies: every,
  },
  {
    number: 6,
    area: 'Framing and stream endings',
    title: 'Exactly one `message_start`',
    links: ['https://github.com/maximhq/bifrost/pull/4518', 'https://github.com/BerriAI/litellm/pull/38153'],
    applies: toAnthropicStreams,
  },
  {
    number: 7,
    area: 'Framing and stream endings',
    title: 'Every block start has its stop; Bedrock egress emits `contentBlockStop`',
    links: ['https://github.com/maximhq/bifrost/pull/4970'],
    applies: toAnthropicStreams,
    note: 'Bedrock\'s half waits for the dialect bedrock-converse-stream.',
  },
  {
    number: 8,
    area: 'Framing and stream endings',
    title: 'Upstream drop mid-stream → error event in the client\'s dialect, never a clean end: Anthropic `event: error`, Responses `response.failed`, chat `{"error":…}`',
    links: [
      'https://github.com/dativo-io/talon/pull/254',
      'https://github.com/mozilla-ai/any-llm/pull/847',
      'https://github.com/Oaklight/llm-rosetta/issues/481',
      'https://github.com/Dstack-TEE/private-ai-gateway/pull/98',
    ],
    applies: every,
  },
  {
    number: 9,
    area: 'Framing and stream endings',
    title: 'A half event is dropped or closed before the error is written',
    links: ['https://github.com/dativo-io/talon/issues/393'],
    applies: streams,
  },
  {
    number: 10,
    area: 'Framing and stream endings',
    title: 'EOF without `messageStop`/`finish_reason` is a failure; no invented finish or usage; cut-off tool JSON is not delivered as complete',
    links: ['https://github.com/BerriAI/litellm/issues/32686', 'https://github.com/earendil-works/pi/issues/4210'],
    applies: every,
  },
  {
    number: 11,
    area: 'Framing and stream endings',
    title: 'Nothing after the terminal event',
    links: ['https://github.com/BerriAI/litellm/issues/40345'],
    applies: streams,
  },
  {
    number: 12,
    area: 'Framing and stream endings',
    title: 'Error inside HTTP 200 before first output triggers retry/fallback',
    links: [
      'https://github.com/maximhq/bifrost/blob/main/docs/features/retries-and-fallbacks.mdx',
      'https://github.com/BerriAI/litellm/pull/33256',
    ],
    applies: every,
  },
  {
    number: 13,
    area: 'Framing and stream endings',
    title: 'Responses in-stream `error` events surface as errors',
    links: ['https://github.com/BerriAI/litellm/issues/29223', 'https://github.com/BerriAI/litellm/pull/32835'],
    applies: streams,
    note: 'On the dialects that exist: an error event after output. The Responses half waits for openai-responses.',
  },
  {
    number: 14,
    area: 'Framing and stream endings',
    title: 'Bedrock event-stream error frames carry valid checksums',
    links: ['https://github.com/maximhq/bifrost/pull/4518'],
    waitsFor: 'bedrock-converse-stream',
  },
  {
    number: 15,
    area: 'Framing and stream endings',
    title: 'Empty `stop` with zero usage is suspect, retryable before commit',
    links: ['https://github.com/can1357/oh-my-pi/issues/9480'],
  },
  {
    number: 16,
    area: 'Framing and stream endings',
    title: 'Same bad request gives the same status streaming or not',
    links: ['https://github.com/BerriAI/litellm/issues/18689'],
    applies: every,
  },
  {
    number: 17,
    area: 'Tool calls',
    title: 'Anthropic content index ≠ OpenAI tool index (text first shifts it)',
    links: ['https://github.com/BerriAI/litellm/issues/5231', 'https://github.com/Portkey-AI/gateway/issues/1275'],
    applies: streams,
  },
  {
    number: 18,
    area: 'Tool calls',
    title: 'Interleaved parallel deltas routed by index',
    links: [
      'https://github.com/praxis-proxy/ai/issues/266',
      'https://github.com/sgl-project/sglang/issues/39782',
      'https://github.com/ls1intum/edutelligence/pull/923',
    ],
    applies: streams,
  },
  {
    number: 19,
    area: 'Tool calls',
    title: 'Responses→chat bridge gives each call its own index',
    links: ['https://github.com/BerriAI/litellm/issues/21331'],
    waitsFor: 'openai-responses',
  },
  {
    number: 20,
    area: 'Tool calls',
    title: 'Upstream that sends every call as index 0',
    links: ['https://github.com/ai-dynamo/dynamo/pull/4723', 'https://github.com/huggingface/smolagents/pull/1958'],
  },
  {
    number: 21,
    area: 'Tool calls',
    title: 'First chunk holding both name and placeholder `{}`',
    links: ['https://github.com/scriptscat/scriptcat/pull/1355'],
  },
  {
    number: 22,
    area: 'Tool calls',
    title: 'No-argument call: `""` ↔ `{}`, malformed JSON kept verbatim',
    links: [],
    applies: every,
  },
  {
    number: 23,
    area: 'Tool calls',
    title: 'finish = tool_calls when tools were called though upstream says stop (Gemini, xAI)',
    links: ['https://github.com/envoyproxy/ai-gateway/pull/1486', 'https://github.com/vercel/ai/issues/12218'],
    applies: fromOpenai,
  },
  {
    number: 24,
    area: 'Tool calls',
    title: 'Tool id rules: Mistral exactly 9 alphanumerics, collision-safe',
    links: [
      'https://github.com/anomalyco/opencode/pull/48843',
      'https://github.com/vercel/ai/pull/11863',
      'https://github.com/BerriAI/litellm/issues/34239',
    ],
  },
  {
    number: 25,
    area: 'Tool calls',
    title: 'Missing `tool_call_id` inferred or refused clearly',
    links: ['https://github.com/agentgateway/agentgateway/pull/2426'],
  },
  {
    number: 26,
    area: 'Tool calls',
    title: 'Text before toolUse in Bedrock assistant turns',
    links: ['https://github.com/BerriAI/litellm/issues/24361'],
    waitsFor: 'bedrock-converse-stream',
  },
  {
    number: 27,
    area: 'Tool calls',
    title: 'Orphan tool_use after an abort',
    links: ['https://github.com/earendil-works/pi/pull/707', 'https://github.com/pydantic/pydantic-ai/issues/2327'],
  },
  {
    number: 28,
    area: 'Tool calls',
    title: 'Mistral rejects user directly after tool',
    links: ['https://github.com/onyx-dot-app/onyx/issues/6458'],
  },
  {
    number: 29,
    area: 'Tool calls',
    title: 'Forced tool_choice with thinking on',
    links: ['https://github.com/can1357/oh-my-pi/pull/333'],
  },
  {
    number: 30,
    area: 'Tool calls',
    title: '`parallel_tool_calls` and `allowed_tools` carried over',
    links: ['https://github.com/maximhq/bifrost/pull/7348'],
  },
  {
    number: 31,
    area: 'Tool calls',
    title: 'Tool order is stable between requests (else prompt cache dies)',
    links: ['https://github.com/maximhq/bifrost/pull/5174'],
  },
  {
    number: 32,
    area: 'Tool calls',
    title: 'Server tools and unknown tool types survive or fail loudly',
    links: ['https://github.com/maximhq/bifrost/pull/5174'],
  },
  {
    number: 33,
    area: 'Reasoning',
    title: 'Thinking blocks returned so that the next turn may replay them',
    links: ['https://github.com/BerriAI/litellm/issues/15601', 'https://github.com/anomalyco/opencode/issues/3077'],
  },
  {
    number: 34,
    area: 'Reasoning',
    title: 'Signature-only thinking blocks kept',
    links: ['https://github.com/BerriAI/litellm/pull/38809', 'https://github.com/strands-agents/harness-sdk/pull/2704'],
  },
  {
    number: 35,
    area: 'Reasoning',
    title: 'Unsigned blocks from aborted streams not sent back',
    links: ['https://github.com/earendil-works/pi/issues/2063'],
  },
  {
    number: 36,
    area: 'Reasoning',
    title: 'Bedrock nests `reasoningContent.reasoningText{text,signature}` and `redactedContent`',
    links: ['https://github.com/NousResearch/hermes-agent/issues/36260'],
    waitsFor: 'bedrock-converse-stream',
  },
  {
    number: 37,
    area: 'Reasoning',
    title: 'Gemini `thought_signature` round trip in OpenAI form',
    links: [
      'https://github.com/BerriAI/litellm/issues/25322',
      'https://github.com/OpenRouterTeam/openrouter-examples/issues/67',
      'https://github.com/diegosouzapw/OmniRoute/issues/2504',
    ],
  },
  {
    number: 38,
    area: 'Reasoning',
    title: '`previous_response_id` and `encrypted_content` stick to their deployment; ids un-wrapped before upstream',
    links: [
      'https://github.com/BerriAI/litellm/pull/22651',
      'https://github.com/BerriAI/litellm/pull/10415',
      'https://github.com/higress-group/higress/issues/3841',
    ],
    waitsFor: 'openai-responses',
  },
  {
    number: 39,
    area: 'Reasoning',
    title: 'No private reasoning fields leaked to strict upstreams',
    links: ['https://github.com/maximhq/bifrost/pull/4970'],
  },
  {
    number: 40,
    area: 'Stop reasons',
    title: '`content_filter` → Anthropic `refusal`, streaming and not',
    links: [
      'https://github.com/BerriAI/litellm/issues/40857',
      'https://github.com/theopenco/llmgateway/pull/2974',
      'https://github.com/mozilla-ai/any-llm/issues/1359',
    ],
    applies: every,
  },
  {
    number: 41,
    area: 'Stop reasons',
    title: '`pause_turn`, `model_context_window_exceeded` not flattened to stop',
    links: ['https://github.com/envoyproxy/ai-gateway/pull/2121', 'https://github.com/laravel/ai/pull/881'],
  },
  {
    number: 42,
    area: 'Stop reasons',
    title: 'Unknown reasons kept, not turned into stop',
    links: ['https://github.com/BerriAI/litellm/pull/23800'],
    applies: every,
  },
  {
    number: 43,
    area: 'Stop reasons',
    title: 'Truncation signalled on Responses (`incomplete`)',
    links: ['https://github.com/maximhq/bifrost/pull/5174'],
    waitsFor: 'openai-responses',
  },
  {
    number: 44,
    area: 'Stop reasons',
    title: 'Gemini safety/recitation endings',
    links: ['https://github.com/BerriAI/litellm/issues/4491'],
    waitsFor: 'google-generative-ai',
  },
  {
    number: 45,
    area: 'Messages and roles',
    title: 'Several system + developer messages for system-first templates',
    links: ['https://github.com/BerriAI/litellm/pull/39282'],
  },
  {
    number: 46,
    area: 'Messages and roles',
    title: 'Mid-conversation `system` in Anthropic requests (Claude Code 2.1+) accepted',
    links: [
      'https://github.com/jwadow/kiro-gateway/pull/264',
      'https://github.com/maximhq/bifrost/pull/4276',
      'https://github.com/caozhiyuan/copilot-api/issues/364',
    ],
  },
  {
    number: 47,
    area: 'Messages and roles',
    title: '`anthropic-beta` values filtered per upstream',
    links: ['https://github.com/BerriAI/litellm/issues/20021', 'https://github.com/anthropics/claude-code/issues/21767'],
  },
  {
    number: 48,
    area: 'Messages and roles',
    title: 'Auth precedence when both `Authorization` and `x-api-key` come',
    links: ['https://github.com/BerriAI/litellm/issues/29190'],
  },
  {
    number: 49,
    area: 'Images and files',
    title: 'Data-URL image inside a tool result reaches Gemini as an image',
    links: ['https://github.com/BerriAI/litellm/pull/23814'],
    waitsFor: 'google-generative-ai',
  },
  {
    number: 50,
    area: 'Images and files',
    title: 'URL vs base64 per provider; `gs://`',
    links: [
      'https://github.com/Portkey-AI/gateway/pull/1078',
      'https://github.com/maximhq/bifrost/pull/5174',
      'https://github.com/agentgateway/agentgateway/pull/2548',
    ],
  },
  {
    number: 51,
    area: 'Images and files',
    title: 'Declared media type matches bytes',
    links: ['https://github.com/anthropics/claude-code/issues/13131'],
  },
  {
    number: 52,
    area: 'Images and files',
    title: 'PDF data URI → document block',
    links: ['https://github.com/BerriAI/litellm/pull/39977'],
  },
  {
    number: 53,
    area: 'Structured output',
    title: '`response_format` streams on Claude (not only as a hidden tool)',
    links: ['https://github.com/BerriAI/litellm/issues/9504'],
  },
  {
    number: 54,
    area: 'Structured output',
    title: 'Native schema where the model has it, fallback where not',
    links: ['https://github.com/BerriAI/litellm/issues/21208', 'https://github.com/BerriAI/litellm/issues/27846'],
  },
  {
    number: 55,
    area: 'Structured output',
    title: 'Top-level `anyOf` and other unsupported keywords',
    links: ['https://github.com/BerriAI/litellm/issues/17574'],
  },
  {
    number: 56,
    area: 'Structured output',
    title: 'Never drop the schema silently',
    links: ['https://github.com/BerriAI/litellm/pull/38269'],
  },
  {
    number: 57,
    area: 'Prompt caching',
    title: '`cache_control` → Bedrock `cachePoint` everywhere',
    links: [
      'https://github.com/envoyproxy/ai-gateway/issues/2528',
      'https://github.com/envoyproxy/ai-gateway/issues/2477',
      'https://github.com/BerriAI/litellm/pull/29823',
      'https://github.com/8monkey-ai/hebo-gateway/issues/190',
    ],
    waitsFor: 'bedrock-converse-stream',
  },
  {
    number: 58,
    area: 'Prompt caching',
    title: '`ttl` dropped where unsupported',
    links: ['https://github.com/BerriAI/litellm/issues/17250', 'https://github.com/BerriAI/litellm/pull/39355'],
  },
  {
    number: 59,
    area: 'Prompt caching',
    title: 'Never exceed 4 breakpoints; never touch bytes of the cached prefix',
    links: [
      'https://github.com/mnfst/llm-gateway/pull/2258',
      'https://github.com/headroomlabs-ai/headroom/issues/2438',
      'https://github.com/NanmiCoder/cc-haha/issues/503',
    ],
  },
  {
    number: 60,
    area: 'Usage and money',
    title: 'Ask for usage on every stream upstream, hide it if the client did not',
    links: [
      'https://github.com/ferro-labs/ai-gateway/issues/281',
      'https://github.com/gpustack/gpustack/issues/4874',
      'https://github.com/BerriAI/litellm/issues/5632',
    ],
    applies: fromOpenaiStreams,
  },
  {
    number: 61,
    area: 'Usage and money',
    title: 'Cache read/write tokens charged once',
    links: [
      'https://github.com/BerriAI/litellm/issues/9812',
      'https://github.com/BerriAI/litellm/issues/11789',
      'https://github.com/BerriAI/litellm/pull/40016',
    ],
  },
  {
    number: 62,
    area: 'Usage and money',
    title: 'Aborted streams billed for what was produced',
    links: ['https://github.com/maximhq/bifrost/pull/4518', 'https://github.com/BerriAI/litellm/issues/35958'],
  },
  {
    number: 63,
    area: 'Usage and money',
    title: 'Anthropic `message_start.usage` shape complete (Claude Code breaks otherwise)',
    links: ['https://github.com/BerriAI/litellm/issues/24176'],
    applies: toAnthropic,
  },
  {
    number: 64,
    area: 'Usage and money',
    title: 'Budgets: concurrent burst, N replicas, cold counter, failed request, Redis timeout',
    links: [
      'https://github.com/BerriAI/litellm/issues/26672',
      'https://github.com/BerriAI/litellm/issues/28247',
      'https://github.com/BerriAI/litellm/issues/27639',
      'https://github.com/BerriAI/litellm/issues/33325',
      'https://github.com/BerriAI/litellm/issues/30460',
    ],
  },
  {
    number: 65,
    area: 'Usage and money',
    title: 'A limit of 0 means none allowed',
    links: ['https://github.com/theopenco/llmgateway/pull/4140'],
  },
  {
    number: 66,
    area: 'Cancellation and resources',
    title: 'Client gone → upstream closed: while waiting for first token, mid-stream, non-streaming, and on every endpoint',
    links: [
      'https://github.com/BerriAI/litellm/pull/31499',
      'https://github.com/BerriAI/litellm/pull/30245',
      'https://github.com/BerriAI/litellm/issues/37140',
    ],
    applies: every,
  },
  {
    number: 67,
    area: 'Cancellation and resources',
    title: 'Slots released on abort, timeout, cache hit',
    links: [
      'https://github.com/BerriAI/litellm/issues/20256',
      'https://github.com/BerriAI/litellm/issues/27955',
      'https://github.com/BerriAI/litellm/pull/30020',
    ],
    applies: every,
  },
  {
    number: 68,
    area: 'Cancellation and resources',
    title: 'Pool not exhausted by aborted streams or half-closed sockets',
    links: [
      'https://github.com/BerriAI/litellm/pull/21213',
      'https://github.com/BerriAI/litellm/issues/19549',
      'https://github.com/jwadow/kiro-gateway/issues/38',
    ],
    applies: every,
  },
  {
    number: 69,
    area: 'Cancellation and resources',
    title: 'Flat memory over hours; no O(n²) accumulators; one owner closes a stream',
    links: [
      'https://github.com/BerriAI/litellm/issues/12685',
      'https://github.com/BerriAI/litellm/issues/27954',
      'https://github.com/maximhq/bifrost/pull/4678',
    ],
  },
  {
    number: 70,
    area: 'Cancellation and resources',
    title: 'Heartbeats while upstream thinks, only at event boundaries',
    links: [
      'https://github.com/BerriAI/litellm/issues/14953',
      'https://github.com/theopenco/llmgateway/pull/1541',
      'https://github.com/kortix-ai/suna/pull/3696',
      'https://github.com/langwatch/langwatch/pull/5963',
    ],
  },
  {
    number: 71,
    area: 'Retry, failover, lifecycle',
    title: 'Retry-After read from *each* failure (seconds, date, `-ms`), a floor with a cap; own 429s carry it; failover never duplicates text or sends an unsupported prefill; SDK and gateway retries do not multiply',
    links: [
      'https://github.com/BerriAI/litellm/issues/20722',
      'https://github.com/BerriAI/litellm/issues/27823',
      'https://github.com/Helicone/helicone/issues/5672',
      'https://github.com/chenyme/grok2api/pull/986',
      'https://github.com/BerriAI/litellm/pull/36267',
      'https://github.com/BerriAI/litellm/pull/32835',
      'https://github.com/zirkelc/ai-retry/issues/51',
      'https://github.com/MarimerLLC/rockbot/pull/357',
    ],
  },
  {
    number: 72,
    area: 'Retry, failover, lifecycle',
    title: 'Cache key holds every output-affecting field and the tenant; cached stream hits are valid SSE; SIGTERM fails readiness, drains streams, then exits',
    links: [
      'https://github.com/Continuum-AI-Corp/OrcaRouter-Lite/issues/84',
      'https://github.com/vllm-project/semantic-router/issues/913',
      'https://github.com/BerriAI/litellm/issues/14334',
      'https://github.com/mnfst/llm-gateway/pull/2326',
      'https://github.com/askalf/dario/pull/1370',
    ],
  },
];
