/**
 * The 72 cases that gateways get wrong, each with the public threads about it, and the cells in which it can occur: the
 * dialect of the client, the dialect of the provider, streaming or not. `npm run conformance` prints the score against this table.
 *
 * A test belongs to a case by its title: `case 17 [openai-completions → anthropic-messages, stream]: …`.
 */
import { both, cells, crosses, every, except, from, sendsEvents, streams, to, type Cell, type Where } from './cells.ts';

export interface ConformanceCase {
  readonly number: number;
  readonly title: string;
  /** Where it was reported: `owner/repository#7` is an issue, `owner/repository!7` a pull request, anything else an address. */
  readonly threads: string;
  /** Where it can occur; absent while there is no test. */
  readonly applies?: Where;
  /** Why it cannot occur here at all. */
  readonly notApplicable?: string;
  /** Why it does not hold, where it has no test. */
  readonly reason?: string;
  /** What of it is not covered, or holds in another way than its title says. */
  readonly note?: string;
}

export function cellsOf(number: number): readonly Cell[] {
  const row = cases.find((one) => one.number === number);
  return row?.applies ? cells.filter(row.applies) : [];
}

const fromChat = from('openai-completions');
const fromGemini = from('google-generative-ai');
const fromBedrock = from('bedrock-converse-stream');
const toAnthropic = to('anthropic-messages');
/** Whose calls come in pieces. */
const streamsCalls = both(streams, from('openai-completions', 'openai-responses', 'anthropic-messages', 'bedrock-converse-stream'));
/** Whose models sign their thinking. */
const signs = from('anthropic-messages', 'bedrock-converse-stream', 'google-generative-ai', 'openai-responses');

/** The addresses of a case's threads. */
export function linksOf({ threads }: ConformanceCase): string[] {
  return threads
    .split(' ')
    .filter((thread) => thread !== '')
    .map((thread) => {
      const match = /^([^:]+)([#!])(\d+)$/.exec(thread);
      return match ? `https://github.com/${match[1]}/${match[2] === '#' ? 'issues' : 'pull'}/${match[3]}` : thread;
    });
}

export const cases: readonly ConformanceCase[] = [
  // Framing and stream endings
  {
    number: 1,
    title: 'UTF-8 character cut across chunks stays whole',
    threads: 'api7/aisix#111 katanemo/plano#980 musistudio/claude-code-router!1672',
    applies: every,
  },
  {
    number: 2,
    title: 'One persistent decoder, and lines cut across chunks are re-joined',
    threads: 'lobehub/lobehub!18640',
    applies: streams,
  },
  {
    number: 3,
    title: 'CRLF, lone CR, `\\r`|`\\n` split across chunks, `data:` without a space',
    threads: 'praxis-proxy/praxis!739 miruamel/xuan#194',
    applies: both(streams, sendsEvents),
  },
  {
    number: 4,
    title: 'SSE comments and pings skipped, not JSON-parsed',
    threads: 'https://openrouter.ai/docs/api_reference/streaming',
    applies: both(streams, sendsEvents),
  },
  { number: 5, title: 'Compressed SSE from upstream is decoded before parsing', threads: 'agentgateway/agentgateway!909', applies: every },
  {
    number: 6,
    title: 'Exactly one `message_start`',
    threads: 'maximhq/bifrost!4518 BerriAI/litellm!38153',
    applies: both(toAnthropic, streams),
  },
  {
    number: 7,
    title: 'Every block start has its stop; Bedrock egress emits `contentBlockStop`',
    threads: 'maximhq/bifrost!4970',
    applies: both(to('anthropic-messages', 'openai-responses'), streams),
    note: "No client here speaks Bedrock's format. Responses clients have items in the place of blocks.",
  },
  {
    number: 8,
    title:
      'Upstream drop mid-stream → error event in the client\'s dialect, never a clean end: Anthropic `event: error`, Responses `response.failed`, chat `{"error":…}`',
    threads: 'dativo-io/talon!254 mozilla-ai/any-llm!847 Oaklight/llm-rosetta#481 Dstack-TEE/private-ai-gateway!98',
    applies: every,
  },
  { number: 9, title: 'A half event is dropped or closed before the error is written', threads: 'dativo-io/talon#393', applies: streams },
  {
    number: 10,
    title:
      'EOF without `messageStop`/`finish_reason` is a failure; no invented finish or usage; cut-off tool JSON is not delivered as complete',
    threads: 'BerriAI/litellm#32686 earendil-works/pi#4210',
    applies: every,
  },
  {
    number: 11,
    title: 'Nothing after the terminal event',
    threads: 'BerriAI/litellm#40345',
    applies: streams,
    note: "Gemini's stream ends with its connection and not with an event; what the client gets has an end.",
  },
  {
    number: 12,
    title: 'Error inside HTTP 200 before first output triggers retry/fallback',
    threads: 'https://github.com/maximhq/bifrost/blob/main/docs/features/retries-and-fallbacks.mdx BerriAI/litellm!33256',
    applies: every,
  },
  {
    number: 13,
    title: 'Responses in-stream `error` events surface as errors',
    threads: 'BerriAI/litellm#29223 BerriAI/litellm!32835',
    applies: streams,
  },
  {
    number: 14,
    title: 'Bedrock event-stream error frames carry valid checksums',
    threads: 'maximhq/bifrost!4518',
    applies: both(fromBedrock, streams),
    note: "The gateway writes no such frames, as no client here speaks Bedrock's format: it reads them, and refuses what is damaged.",
  },
  {
    number: 15,
    title: 'Empty `stop` with zero usage is suspect, retryable before commit',
    threads: 'can1357/oh-my-pi#9480',
    applies: every,
  },
  { number: 16, title: 'Same bad request gives the same status streaming or not', threads: 'BerriAI/litellm#18689', applies: every },
  // Tool calls
  {
    number: 17,
    title: 'Anthropic content index ≠ OpenAI tool index (text first shifts it)',
    threads: 'BerriAI/litellm#5231 Portkey-AI/gateway#1275',
    applies: streams,
  },
  {
    number: 18,
    title: 'Interleaved parallel deltas routed by index',
    threads: 'praxis-proxy/ai#266 sgl-project/sglang#39782 ls1intum/edutelligence!923',
    applies: streamsCalls,
  },
  {
    number: 19,
    title: 'Responses→chat bridge gives each call its own index',
    threads: 'BerriAI/litellm#21331',
    applies: both(from('openai-responses'), to('openai-completions', 'anthropic-messages'), streams),
  },
  {
    number: 20,
    title: 'Upstream that sends every call as index 0',
    threads: 'ai-dynamo/dynamo!4723 huggingface/smolagents!1958',
    applies: both(fromChat, streams),
  },
  {
    number: 21,
    title: 'First chunk holding both name and placeholder `{}`',
    threads: 'scriptscat/scriptcat!1355',
    applies: both(streams, from('openai-completions', 'openai-responses', 'anthropic-messages')),
    note: 'From the chat completions of a vendor without a quirk to a chat completions client bytes pass as they are, placeholder and all.',
  },
  {
    number: 22,
    title: 'No-argument call: `""` ↔ `{}`, malformed JSON kept verbatim',
    threads: '',
    applies: every,
    note: 'Arguments of Gemini are objects: none come malformed from there.',
  },
  {
    number: 23,
    title: 'finish = tool_calls when tools were called though upstream says stop (Gemini, xAI)',
    threads: 'envoyproxy/ai-gateway!1486 vercel/ai#12218',
    applies: from('openai-completions', 'google-generative-ai', 'ollama'),
  },
  {
    number: 24,
    title: 'Tool id rules: Mistral exactly 9 alphanumerics, collision-safe',
    threads: 'anomalyco/opencode!48843 vercel/ai!11863 BerriAI/litellm#34239',
    applies: (cell) => crosses(cell) || fromChat(cell),
    note: 'Between the same dialects without a quirk the messages pass untouched. Gemini, Ollama and Responses take any id.',
  },
  { number: 25, title: 'Missing `tool_call_id` inferred or refused clearly', threads: 'agentgateway/agentgateway!2426', applies: every },
  {
    number: 26,
    title: 'Text before toolUse in Bedrock assistant turns',
    threads: 'BerriAI/litellm#24361',
    applies: fromBedrock,
  },
  {
    number: 27,
    title: 'Orphan tool_use after an abort',
    threads: 'earendil-works/pi!707 pydantic/pydantic-ai#2327',
    applies: crosses,
    note: 'Between the same dialects the messages pass untouched, and the provider judges them.',
  },
  {
    number: 28,
    title: 'Mistral rejects user directly after tool',
    threads: 'onyx-dot-app/onyx#6458',
    applies: fromChat,
  },
  {
    number: 29,
    title: 'Forced tool_choice with thinking on',
    threads: 'can1357/oh-my-pi!333',
    applies: every,
    note: "Ollama cannot force a call, and the request is refused by name. Claude's own clients hear from Claude itself.",
  },
  {
    number: 30,
    title: '`parallel_tool_calls` and `allowed_tools` carried over',
    threads: 'maximhq/bifrost!7348',
    applies: every,
    note: 'Gemini, Converse and Ollama have no word for one call at a time, Ollama none for a choice: refused by name there.',
  },
  { number: 31, title: 'Tool order is stable between requests (else prompt cache dies)', threads: 'maximhq/bifrost!5174', applies: every },
  { number: 32, title: 'Server tools and unknown tool types survive or fail loudly', threads: 'maximhq/bifrost!5174', applies: every },
  // Reasoning
  {
    number: 33,
    title: 'Thinking blocks returned so that the next turn may replay them',
    threads: 'BerriAI/litellm#15601 anomalyco/opencode#3077',
    applies: signs,
  },
  {
    number: 34,
    title: 'Signature-only thinking blocks kept',
    threads: 'BerriAI/litellm!38809 strands-agents/harness-sdk!2704',
    applies: signs,
  },
  {
    number: 35,
    title: 'Unsigned blocks from aborted streams not sent back',
    threads: 'earendil-works/pi#2063',
    applies: both(crosses, from('anthropic-messages', 'bedrock-converse-stream')),
    note: 'An upstream of chat completions asks for no signature. From Anthropic to Anthropic the messages pass untouched.',
  },
  {
    number: 36,
    title: 'Bedrock nests `reasoningContent.reasoningText{text,signature}` and `redactedContent`',
    threads: 'NousResearch/hermes-agent#36260',
    applies: fromBedrock,
  },
  {
    number: 37,
    title: 'Gemini `thought_signature` round trip in OpenAI form',
    threads: 'BerriAI/litellm#25322 OpenRouterTeam/openrouter-examples#67 diegosouzapw/OmniRoute#2504',
    applies: fromGemini,
  },
  {
    number: 38,
    title: '`previous_response_id` and `encrypted_content` stick to their deployment; ids un-wrapped before upstream',
    threads: 'BerriAI/litellm!22651 BerriAI/litellm!10415 higress-group/higress#3841',
    applies: to('openai-responses'),
  },
  { number: 39, title: 'No private reasoning fields leaked to strict upstreams', threads: 'maximhq/bifrost!4970', applies: fromChat },
  // Stop reasons
  {
    number: 40,
    title: '`content_filter` → Anthropic `refusal`, streaming and not',
    threads: 'BerriAI/litellm#40857 theopenco/llmgateway!2974 mozilla-ai/any-llm#1359',
    applies: except(from('ollama')),
  },
  {
    number: 41,
    title: '`pause_turn`, `model_context_window_exceeded` not flattened to stop',
    threads: 'envoyproxy/ai-gateway!2121 laravel/ai!881',
    applies: from('anthropic-messages', 'bedrock-converse-stream'),
  },
  { number: 42, title: 'Unknown reasons kept, not turned into stop', threads: 'BerriAI/litellm!23800', applies: every },
  {
    number: 43,
    title: 'Truncation signalled on Responses (`incomplete`)',
    threads: 'maximhq/bifrost!5174',
    applies: to('openai-responses'),
  },
  {
    number: 44,
    title: 'Gemini safety/recitation endings',
    threads: 'BerriAI/litellm#4491',
    applies: fromGemini,
  },
  // Messages and roles
  {
    number: 45,
    title: 'Several system + developer messages for system-first templates',
    threads: 'BerriAI/litellm!39282',
    applies: fromChat,
    note: 'The servers that run such templates speak chat completions: vLLM, the llama.cpp server, LM Studio.',
  },
  {
    number: 46,
    title: 'Mid-conversation `system` in Anthropic requests (Claude Code 2.1+) accepted',
    threads: 'jwadow/kiro-gateway!264 maximhq/bifrost!4276 caozhiyuan/copilot-api#364',
    applies: toAnthropic,
  },
  {
    number: 47,
    title: '`anthropic-beta` values filtered per upstream',
    threads: 'BerriAI/litellm#20021 anthropics/claude-code#21767',
    applies: toAnthropic,
    note: 'To Converse and to other formats none is sent.',
  },
  { number: 48, title: 'Auth precedence when both `Authorization` and `x-api-key` come', threads: 'BerriAI/litellm#29190', applies: every },
  // Images and files
  {
    number: 49,
    title: 'Data-URL image inside a tool result reaches Gemini as an image',
    threads: 'BerriAI/litellm!23814',
    applies: fromGemini,
  },
  {
    number: 50,
    title: 'URL vs base64 per provider; `gs://`',
    threads: 'Portkey-AI/gateway!1078 maximhq/bifrost!5174 agentgateway/agentgateway!2548',
    applies: every,
    note: 'Converse and Ollama take no address of the web, and the request is refused by name: the gateway fetches nothing.',
  },
  {
    number: 51,
    title: 'Declared media type matches bytes',
    threads: 'anthropics/claude-code#13131',
    applies: crosses,
    note: 'Between the same dialects the bytes of a request pass untouched, and the provider judges them.',
  },
  {
    number: 52,
    title: 'PDF data URI → document block',
    threads: 'BerriAI/litellm!39977',
    applies: every,
    note: 'Ollama takes no documents, and the request is refused by name.',
  },
  // Structured output
  {
    number: 53,
    title: '`response_format` streams on Claude (not only as a hidden tool)',
    threads: 'BerriAI/litellm#9504',
    applies: both(streams, from('anthropic-messages', 'bedrock-converse-stream')),
  },
  {
    number: 54,
    title: 'Native schema where the model has it, fallback where not',
    threads: 'BerriAI/litellm#21208 BerriAI/litellm#27846',
    applies: every,
    note: 'The fallback is the schema in words, for schemas that are not strict; a strict one is refused by name. Between the same dialects the provider judges.',
  },
  {
    number: 55,
    title: 'Top-level `anyOf` and other unsupported keywords',
    threads: 'BerriAI/litellm#17574',
    applies: every,
    note: 'Known to the gateway is the choice at the top of a tool for Claude. What else a provider does not take it says itself, and the client hears its words.',
  },
  { number: 56, title: 'Never drop the schema silently', threads: 'BerriAI/litellm!38269', applies: every },
  // Prompt caching
  {
    number: 57,
    title: '`cache_control` → Bedrock `cachePoint` everywhere',
    threads: 'envoyproxy/ai-gateway#2528 envoyproxy/ai-gateway#2477 BerriAI/litellm!29823 8monkey-ai/hebo-gateway#190',
    applies: fromBedrock,
  },
  {
    number: 58,
    title: '`ttl` dropped where unsupported',
    threads: 'BerriAI/litellm#17250 BerriAI/litellm!39355',
    applies: crosses,
    note: 'Between the same dialects the messages pass untouched.',
  },
  {
    number: 59,
    title: 'Never exceed 4 breakpoints; never touch bytes of the cached prefix',
    threads: 'mnfst/llm-gateway!2258 headroomlabs-ai/headroom#2438 NanmiCoder/cc-haha#503',
    applies: every,
  },
  // Usage and money
  {
    number: 60,
    title: 'Ask for usage on every stream upstream, hide it if the client did not',
    threads: 'ferro-labs/ai-gateway#281 gpustack/gpustack#4874 BerriAI/litellm#5632',
    applies: both(fromChat, streams),
  },
  {
    number: 61,
    title: 'Cache read/write tokens charged once',
    threads: 'BerriAI/litellm#9812 BerriAI/litellm#11789 BerriAI/litellm!40016',
    applies: every,
  },
  {
    number: 62,
    title: 'Aborted streams billed for what was produced',
    threads: 'maximhq/bifrost!4518 BerriAI/litellm#35958',
    applies: streams,
  },
  {
    number: 63,
    title: 'Anthropic `message_start.usage` shape complete (Claude Code breaks otherwise)',
    threads: 'BerriAI/litellm#24176',
    applies: toAnthropic,
  },
  {
    number: 64,
    title: 'Budgets: concurrent burst, N replicas, cold counter, failed request, Redis timeout',
    threads: 'BerriAI/litellm#26672 BerriAI/litellm#28247 BerriAI/litellm#27639 BerriAI/litellm#33325 BerriAI/litellm#30460',
    applies: every,
    note: 'In one process: it owns its state directory. N gateways with a directory each have N budgets.',
  },
  { number: 65, title: 'A limit of 0 means none allowed', threads: 'theopenco/llmgateway!4140', applies: every },
  // Cancellation and resources
  {
    number: 66,
    title: 'Client gone → upstream closed: while waiting for first token, mid-stream, non-streaming, and on every endpoint',
    threads: 'BerriAI/litellm!31499 BerriAI/litellm!30245 BerriAI/litellm#37140',
    applies: every,
  },
  {
    number: 67,
    title: 'Slots released on abort, timeout, cache hit',
    threads: 'BerriAI/litellm#20256 BerriAI/litellm#27955 BerriAI/litellm!30020',
    applies: every,
  },
  {
    number: 68,
    title: 'Pool not exhausted by aborted streams or half-closed sockets',
    threads: 'BerriAI/litellm!21213 BerriAI/litellm#19549 jwadow/kiro-gateway#38',
    applies: every,
  },
  {
    number: 69,
    title: 'Flat memory over hours; no O(n²) accumulators; one owner closes a stream',
    threads: 'BerriAI/litellm#12685 BerriAI/litellm#27954 maximhq/bifrost!4678',
    applies: streams,
    note: 'What is held after megabytes of an answer, what is written for each event, and who closes it; hours are a soak of their own. A Responses answer is held once, since its last event repeats it.',
  },
  {
    number: 70,
    title: 'Heartbeats while upstream thinks, only at event boundaries',
    threads: 'BerriAI/litellm#14953 theopenco/llmgateway!1541 kortix-ai/suna!3696 langwatch/langwatch!5963',
    applies: streams,
    note: 'An answer that does not stream gets no white space while it waits, on purpose: its status is that of the answer, and white space would have to be sent with a 200 before it is known.',
  },
  // Retry, failover, lifecycle
  {
    number: 71,
    title:
      'Retry-After read from *each* failure (seconds, date, `-ms`), a floor with a cap; own 429s carry it; failover never duplicates text or sends an unsupported prefill; SDK and gateway retries do not multiply',
    threads:
      'BerriAI/litellm#20722 BerriAI/litellm#27823 Helicone/helicone#5672 chenyme/grok2api!986 BerriAI/litellm!36267 BerriAI/litellm!32835 zirkelc/ai-retry#51 MarimerLLC/rockbot!357',
    applies: every,
    note: "The gateway's own 429s, with the time to wait in them, are asserted by cases 64 and 65.",
  },
  {
    number: 72,
    title:
      'Cache key holds every output-affecting field and the tenant; cached stream hits are valid SSE; SIGTERM fails readiness, drains streams, then exits',
    threads:
      'Continuum-AI-Corp/OrcaRouter-Lite#84 vllm-project/semantic-router#913 BerriAI/litellm#14334 mnfst/llm-gateway!2326 askalf/dario!1370',
    applies: every,
    note: 'Each cell stops the gateway in the middle of an answer; the signal itself is sent to a process of its own, once (start-and-stop.test.ts). Responses are used again only with `store: false`.',
  },
];
