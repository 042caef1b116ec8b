/** Cases 45 to 72: what requests hold, what they cost, what is held for them, and how they are tried again. */
import type { ConformanceCase } from './case.ts';
import { both, crosses, every, from, streams, to } from './cells.ts';

const fromChat = from('openai-completions');
const fromGemini = from('google-generative-ai');
const fromBedrock = from('bedrock-converse-stream');
const toAnthropic = to('anthropic-messages');

export const casesOfRequests: readonly ConformanceCase[] = [
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
