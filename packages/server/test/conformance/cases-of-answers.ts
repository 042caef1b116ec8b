/** Cases 1 to 44: how answers are framed, end, call tools, think and stop. */
import type { ConformanceCase } from './case.ts';
import { both, crosses, every, except, from, sendsEvents, streams, to } from './cells.ts';

const fromChat = from('openai-completions');
const fromGemini = from('google-generative-ai');
const fromBedrock = from('bedrock-converse-stream');
const toAnthropic = to('anthropic-messages');
/** Whose calls come in pieces. */
const streamsCalls = both(streams, from('openai-completions', 'openai-responses', 'anthropic-messages', 'bedrock-converse-stream'));
/** Whose models sign their thinking. */
const signs = from('anthropic-messages', 'bedrock-converse-stream', 'google-generative-ai', 'openai-responses');

export const casesOfAnswers: readonly ConformanceCase[] = [
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
];
