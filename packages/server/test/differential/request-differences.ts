/** Known differences of what the providers are asked. */
import { at, inBody, refused, texts, type Difference, type Pairing } from './difference.ts';
import { isNode, visit } from './visit.ts';

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
      'Their Anthropic code drops `top_p` for Claude where there is a temperature, with a warning. The gateway drops nothing that was asked for.',
    applies: ({ provider, client, conversation: { question } }) =>
      (provider === 'anthropic-messages' || (provider === 'bedrock-converse-stream' && client === 'anthropic-messages')) &&
      question.temperature !== undefined &&
      question.topP !== undefined,
    take: inBody((body, { conversation: { question } }) => {
      for (const path of ['top_p', 'inferenceConfig.topP'])
        visit(body, path, (holder, key) => void (holder[key] === question.topP && delete holder[key]));
    }),
  },
  {
    name: 'arguments in smaller pieces',
    whose: 'theirs',
    reason: 'Their Anthropic provider asks by itself for arguments that are streamed before they are checked (`eager_input_streaming`).',
    applies: ({ provider, streaming }) => provider === 'anthropic-messages' && streaming,
    take: inBody((body) => visit(body, 'tools.*.eager_input_streaming', (tool, key) => void (tool[key] === true && delete tool[key]))),
  },
];

const responses: readonly Difference[] = [
  {
    name: 'stop sequences at Responses',
    whose: 'choice',
    reason: 'The format has none. Their provider leaves them out with a warning, the gateway refuses the request and names the field.',
    applies: ({ provider, client, conversation: { question } }) =>
      provider === 'openai-responses' && client !== 'openai-responses' && question.stopSequences !== undefined,
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

const forbidsToolsAtBedrock = ({ provider, conversation: { question } }: Pick<Pairing, 'provider' | 'conversation'>): boolean =>
  provider === 'bedrock-converse-stream' && question.toolChoice?.type === 'none' && question.prompt.some(({ role }) => role === 'tool');

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
    applies: ({ client, ...pairing }) => client !== 'anthropic-messages' && forbidsToolsAtBedrock(pairing),
    take: refused,
  },
  {
    name: 'calls of which the tools are gone, at Bedrock',
    whose: 'theirs',
    reason:
      'For the choice `none` their Anthropic code leaves the tools out and the calls in. Their Bedrock provider leaves the calls out too; the gateway carries them, and Bedrock refuses.',
    applies: ({ client, ...pairing }) => client === 'anthropic-messages' && forbidsToolsAtBedrock(pairing),
    take: (exchange) => ({ ...exchange, requests: [], outcome: { failed: { status: 400 }, text: '' } }),
  },
];

const completions: readonly Difference[] = [
  {
    name: 'the limit in chat completions',
    whose: 'choice',
    reason:
      "OpenAI calls `max_tokens` deprecated: asked by a client of another format, the gateway writes `max_completion_tokens`. A chat client's own word passes.",
    applies: ({ provider, client }) => provider === 'openai-completions' && client !== 'openai-completions',
    take: inBody((body) => {
      if (body['max_tokens'] === undefined) return;
      body['max_completion_tokens'] = body['max_tokens'];
      delete body['max_tokens'];
    }),
  },
  {
    name: 'what holds anyway in chat completions',
    whose: 'format',
    reason: 'A tool is not strict if nothing is said, and one stop sequence may stand without a list.',
    applies: ({ provider, client }) => provider === 'openai-completions' && client !== 'openai-completions',
    take: inBody((body) => {
      visit(body, 'tools.*.function.strict', (tool, key) => void (tool[key] === false && delete tool[key]));
      if (typeof body['stop'] === 'string') body['stop'] = [body['stop']];
    }),
  },
];

/** Those that refuse come first, since nothing is left after them. */
export const requestDifferences: readonly Difference[] = [...responses, ...bedrock, ...google, ...anthropic, ...completions];
