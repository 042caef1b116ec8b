/**
 * The differences that are known, each with whose it is and why. What is taken away here is taken away on both sides, so that everything else is
 * still compared. Where Vercel's code and ours differ in a way that is not in this table, the differential test fails.
 */
import type { Conversation } from './conversation.ts';
import type { Outcome } from './outcome.ts';
import type { ClientName, ProviderName } from './sides.ts';
import { isNode, visit, type Node } from './visit.ts';

/** One question as the upstream saw it and as its caller knows it. */
export interface Exchange {
  readonly requests: readonly UpstreamRequest[];
  readonly outcome: Outcome;
}

export interface UpstreamRequest {
  readonly path: string;
  readonly body: Node;
}

export interface Pairing {
  readonly provider: ProviderName;
  readonly client: ClientName;
  readonly streaming: boolean;
  readonly conversation: Conversation;
}

export type Side = Pairing & { readonly side: 'direct' | 'through' };

export interface Difference {
  readonly name: string;
  /** `format`: two ways to say the same; `theirs`: Vercel's code says less or says it otherwise; `choice`: ours, with a reason. */
  readonly whose: 'format' | 'theirs' | 'choice';
  readonly reason: string;
  /** Where it can be. @default everywhere */
  readonly applies?: (pairing: Pairing) => boolean;
  /** The exchange without it. May change what it is given. */
  readonly take: (exchange: Exchange, side: Side) => Exchange;
}

const at =
  (...names: ProviderName[]) =>
  ({ provider }: Pairing): boolean =>
    names.includes(provider);

/** Changes the body of each request. */
const inBody =
  (change: (body: Node, side: Side) => void): Difference['take'] =>
  (exchange, side) => {
    for (const { body } of exchange.requests) change(body, side);
    return exchange;
  };

/** The gateway refuses by name what Vercel's code leaves out with a warning: then nothing else is left to compare. */
const refused: Difference['take'] = (exchange, { side }) => {
  const { requests, outcome } = exchange;
  const gatewayRefused = requests.length === 0 && 'failed' in outcome && outcome.failed.status === 400;
  return side === 'direct' || gatewayRefused ? { requests: [], outcome: { failed: { status: 400 }, text: '' } } : exchange;
};

const texts = (type: string) => (holder: Node, key: string) => {
  if (typeof holder[key] === 'string') holder[key] = [{ type, text: holder[key] }];
};

/** What the gateway makes of a provider's status, where that is another. */
const statuses: Readonly<Record<number, number>> = { 401: 502, 403: 502, 500: 502 };

const answersOf: readonly Difference[] = [
  {
    name: 'the status of a refusal',
    whose: 'choice',
    reason:
      'A key that the provider refuses is not the fault of the caller, nor is a failure of the provider one of the gateway: both are 502 (docs/errors.md). 529 is a word of Anthropic, which its clients hear; those of OpenAI hear 503.',
    applies: ({ conversation }) => conversation.answer.failure?.kind === 'refused',
    take(exchange, { side, client }) {
      const { outcome } = exchange;
      if (side === 'through' || !('failed' in outcome)) return exchange;
      const { status = 0 } = outcome.failed;
      const told = client === 'anthropic-messages' ? statuses : { ...statuses, 529: 503 };
      return { ...exchange, outcome: { ...outcome, failed: { status: told[status] ?? status } } };
    },
  },
  {
    name: 'a stream that breaks before its first word',
    whose: 'choice',
    reason:
      'Nothing has been said yet, so the gateway answers with the status of the failure; asked directly, the stream has begun with 200.',
    applies: ({ conversation: { answer } }) => answer.failure !== undefined && answer.failure.kind !== 'refused',
    take({ requests, outcome }) {
      return { requests, outcome: 'failed' in outcome ? { ...outcome, failed: { status: undefined } } : outcome };
    },
  },
  {
    name: 'a stream without its end',
    whose: 'theirs',
    reason:
      'What was cut off is told as an answer that ended for some other reason; through the gateway it is an error (case 10 of the conformance page).',
    applies: ({ streaming, conversation: { answer } }) => streaming && answer.failure?.kind === 'unfinished',
    take: asFailure,
  },
  {
    name: "an error within Gemini's stream",
    whose: 'theirs',
    reason:
      'Their Google provider does not look for `error` in an event and tells of an answer that ended; through the gateway it is an error.',
    applies: ({ provider, streaming, conversation: { answer } }) =>
      provider === 'google-generative-ai' && streaming && answer.failure?.kind === 'event',
    take: asFailure,
  },
];

function asFailure({ requests, outcome }: Exchange, { side }: Side): Exchange {
  const told = side === 'direct' && 'finish' in outcome && outcome.finish === 'other';
  return { requests, outcome: told ? { failed: { status: undefined }, text: outcome.text } : outcome };
}

const anthropic: readonly Difference[] = [
  {
    name: 'a text as a string',
    whose: 'format',
    reason: 'Anthropic takes a string for a list of one text.',
    applies: at('anthropic-messages'),
    take: inBody((body) => {
      texts('text')(body, 'system');
      visit(body, 'messages.*.content', texts('text'));
      visit(body, 'messages.*.content.*.content', texts('text'));
    }),
  },
  {
    name: '`top_p` beside `temperature`',
    whose: 'theirs',
    reason:
      'Their Anthropic provider drops `top_p` where there is a temperature, with a warning. The gateway drops nothing that was asked for.',
    applies: ({ provider, conversation: { question } }) =>
      provider === 'anthropic-messages' && question.temperature !== undefined && question.topP !== undefined,
    take: inBody((body, { side, conversation }) => {
      if (side === 'through' && body['top_p'] === conversation.question.topP) delete body['top_p'];
    }),
  },
  {
    name: 'arguments in smaller pieces',
    whose: 'theirs',
    reason: 'Their Anthropic provider asks by itself for arguments that are streamed before they are checked (`eager_input_streaming`).',
    applies: ({ provider, streaming }) => provider === 'anthropic-messages' && streaming,
    take: inBody((body) => visit(body, 'tools.*.eager_input_streaming', (tool, key) => void (tool[key] === true && delete tool[key]))),
  },
  {
    name: 'no tool may be called, at Anthropic',
    whose: 'theirs',
    reason: 'Their Anthropic provider leaves the tools out for the choice `none`; the gateway says `none`, which Anthropic has.',
    applies: ({ provider, conversation: { question } }) => provider === 'anthropic-messages' && question.toolChoice?.type === 'none',
    take: inBody((body, { side }) => {
      if (side === 'direct' || !isNode(body['tool_choice']) || body['tool_choice']['type'] !== 'none') return;
      delete body['tools'];
      delete body['tool_choice'];
    }),
  },
];

const unknownFailures: Difference = {
  name: 'results of tools that failed',
  whose: 'format',
  reason:
    "OpenAI's formats have no mark for a result that is an error; a client that speaks them sends its text alone, and the provider's mark cannot be set.",
  applies: ({ provider, client }) => client !== 'anthropic-messages' && !provider.startsWith('openai'),
  take: inBody((body) => {
    visit(body, 'messages.*.content.*.is_error', (part, key) => void delete part[key]);
    visit(body, 'messages.*.content.*.toolResult.status', (part, key) => void delete part[key]);
  }),
};

const responses: readonly Difference[] = [
  {
    name: 'stop sequences at Responses',
    whose: 'choice',
    reason: 'The format has none. Their provider leaves them out with a warning, the gateway refuses the request and names the field.',
    applies: ({ provider, conversation: { question } }) => provider === 'openai-responses' && question.stopSequences !== undefined,
    take: refused,
  },
  {
    name: 'where the system speaks',
    whose: 'format',
    reason: 'Responses has `instructions` and, as here, a first item of the role `system`.',
    applies: at('openai-responses'),
    take: inBody((body) => {
      if (typeof body['instructions'] !== 'string' || !Array.isArray(body['input'])) return;
      body['input'] = [{ role: 'system', content: body['instructions'] }, ...(body['input'] as unknown[])];
      delete body['instructions'];
    }),
  },
  {
    name: 'messages and texts that say so',
    whose: 'format',
    reason: 'An item of Responses is a message if it names no type, and a string stands for a list of one text.',
    applies: at('openai-responses'),
    take: inBody((body) =>
      visit(body, 'input.*', (list, key) => {
        const item = list[key];
        if (!isNode(item)) return;
        if (item['type'] === 'message') delete item['type'];
        texts(item['role'] === 'assistant' ? 'output_text' : 'input_text')(item, 'content');
      }),
    ),
  },
  {
    name: 'what the provider keeps',
    whose: 'choice',
    reason:
      'OpenAI keeps every response that does not forbid it. A client that did not speak Responses cannot ask for one again: `store` is false, and thinking comes back encrypted.',
    applies: ({ provider, client }) => provider === 'openai-responses' && client !== 'openai-responses',
    take: inBody((body, { side }) => {
      if (side === 'direct' || body['store'] !== false) return;
      delete body['store'];
      delete body['include'];
    }),
  },
];

const google: readonly Difference[] = [
  {
    name: 'the result of a tool at Gemini',
    whose: 'choice',
    reason:
      "Gemini's page on `FunctionResponse` names `output` and `error` as the keys; their provider writes `name` and `content`, and a result that is JSON as such, where clients of the gateway send its text.",
    applies: at('google-generative-ai'),
    take: inBody((body) =>
      visit(body, 'contents.*.parts.*.functionResponse.response', (holder, key) => {
        const response = holder[key];
        if (!isNode(response)) return;
        const said = response['output'] ?? response['error'] ?? response['content'];
        holder[key] = { output: typeof said === 'string' ? said : JSON.stringify(said) };
      }),
    ),
  },
  {
    name: 'tools of which nothing is said',
    whose: 'format',
    reason: 'No description is an empty one, and no parameters are an object without properties.',
    applies: at('google-generative-ai'),
    take: inBody((body) => {
      visit(body, 'tools.*.functionDeclarations.*.description', (tool, key) => void (tool[key] === '' && delete tool[key]));
      visit(body, 'tools.*.functionDeclarations.*.parametersJsonSchema', (tool, key) => {
        const schema = tool[key];
        if (isNode(schema) && isNode(schema['properties']) && Object.keys(schema['properties']).length === 0) delete tool[key];
      });
    }),
  },
  {
    name: 'what holds anyway at Gemini',
    whose: 'format',
    reason: '`AUTO` is what Gemini does without a word, and an empty `generationConfig` says nothing.',
    applies: at('google-generative-ai'),
    take: inBody((body) => {
      if (JSON.stringify(body['toolConfig']) === '{"functionCallingConfig":{"mode":"AUTO"}}') delete body['toolConfig'];
      if (JSON.stringify(body['generationConfig']) === '{}') delete body['generationConfig'];
    }),
  },
];

const bedrock: readonly Difference[] = [
  {
    name: 'no system at Bedrock',
    whose: 'format',
    reason: 'An empty list is none.',
    applies: at('bedrock-converse-stream'),
    take: inBody((body) => {
      if (Array.isArray(body['system']) && body['system'].length === 0) delete body['system'];
    }),
  },
  {
    name: 'which stop sequence it was',
    whose: 'choice',
    reason:
      'Their provider asks for it always, in the form of a stream; the gateway where there are stop sequences, in the forms of a stream and of a whole answer.',
    applies: at('bedrock-converse-stream'),
    take: inBody((body) => void delete body['additionalModelResponseFieldPaths']),
  },
  {
    name: 'the schema of an answer at Bedrock',
    whose: 'format',
    reason: "Theirs is Claude's own field, passed on by Bedrock; ours is Converse's `outputConfig`, which other models have too.",
    applies: ({ provider, conversation: { question } }) =>
      provider === 'bedrock-converse-stream' && question.responseFormat?.type === 'json',
    take: inBody((body) => {
      visit(body, 'outputConfig.textFormat.structure.jsonSchema.schema', (holder, key) => {
        body['schema of the answer'] = JSON.parse(String(holder[key])) as unknown;
        delete body['outputConfig'];
      });
      visit(body, 'additionalModelRequestFields.output_config.format.schema', (holder, key) => {
        body['schema of the answer'] = holder[key];
        delete body['additionalModelRequestFields'];
      });
    }),
  },
  {
    name: 'one tool must be called, at Bedrock',
    whose: 'theirs',
    reason: 'Their provider leaves out all other tools; the gateway leaves them, so that what the provider cached stays good.',
    applies: ({ provider, conversation: { question } }) => provider === 'bedrock-converse-stream' && question.toolChoice?.type === 'tool',
    take: inBody((body) => {
      visit(body, 'toolConfig.tools', (config, key) => {
        const choice =
          isNode(config['toolChoice']) && isNode(config['toolChoice']['tool']) ? config['toolChoice']['tool']['name'] : undefined;
        const tools = config[key] as { readonly toolSpec: { readonly name: string } }[];
        config[key] = tools.filter(({ toolSpec }) => toolSpec.name === choice);
      });
    }),
  },
  {
    name: 'no tool may be called, at Bedrock',
    whose: 'choice',
    reason:
      'Converse has no such choice, and wants the tools of every call that was made. Their provider leaves tools and calls out, the gateway refuses the request and names the field.',
    applies: ({ provider, conversation: { question } }) =>
      provider === 'bedrock-converse-stream' && question.toolChoice?.type === 'none' && question.prompt.some(({ role }) => role === 'tool'),
    take: refused,
  },
];

/** In this order; those that refuse come first, since nothing is left after them. */
export const differences: readonly Difference[] = [...responses, ...bedrock, ...google, ...anthropic, unknownFailures, ...answersOf];
