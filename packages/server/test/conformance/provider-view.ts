/**
 * What a provider was asked, read by rules of its own and not by the gateway's code: who said what in which order, with which
 * tools, under which schema.
 */
import assert from 'node:assert/strict';
import type { DialectName } from '../../src/models/dialects/dialect.ts';
import type { Json } from './client-view.ts';

export type Asked =
  | { readonly system: string }
  | { readonly user: string }
  | { readonly assistant: string }
  | { readonly call: { readonly id: string; readonly name: string; readonly input: Json } }
  | { readonly result: { readonly id: string; readonly text: string; readonly images: number; readonly isError: boolean } }
  | { readonly image: Json }
  | { readonly document: Json }
  | { readonly thinking: Json };

/** The conversation, piece by piece. Instructions at the front are `system` too. */
export function conversationAsked(dialect: DialectName, body: Json): Asked[] {
  return readers[dialect](body);
}

/** Each run of the same speaker as one line: `assistant call_1 call_2`, `results call_1`, `user And?`. */
export function outlineOf(asked: readonly Asked[]): string[] {
  const lines: { who: string; words: string[] }[] = [];
  for (const one of asked) {
    const [who, word] = lineOf(one);
    const last = lines.at(-1);
    if (last?.who === who) last.words.push(word);
    else lines.push({ who, words: [word] });
  }
  return lines.map(({ who, words }) => [who, ...words].join(' '));
}

function lineOf(one: Asked): [string, string] {
  if ('call' in one) return ['assistant', one.call.id];
  if ('result' in one) return ['results', one.result.id];
  if ('thinking' in one) return ['assistant', '(thinking)'];
  if ('image' in one || 'document' in one) return ['user', '(media)'];
  const [[who, text] = ['', '']] = Object.entries(one);
  return [who, text];
}

const readers: Readonly<Record<DialectName, (body: Json) => Asked[]>> = {
  'openai-completions': (body) => body.messages.flatMap(chatMessage),
  'openai-responses': (body) => [
    ...(body.instructions ? [{ system: body.instructions }] : []),
    ...(typeof body.input === 'string' ? [{ user: body.input }] : body.input.flatMap(responseItem)),
  ],
  'anthropic-messages': (body) => [
    ...systemOf(body.system),
    ...body.messages.flatMap((message: Json) => blocksOf(message.content).map((block) => anthropicBlock(message.role, block))),
  ],
  'google-generative-ai': (body) => [
    ...(body.systemInstruction?.parts ?? []).map((part: Json) => ({ system: part.text })),
    ...body.contents.flatMap(({ role, parts }: Json) => parts.map((part: Json) => geminiPart(role, part))),
  ],
  'bedrock-converse-stream': (body) => [
    ...(body.system ?? []).flatMap((part: Json) => (part.text === undefined ? [] : [{ system: part.text }])),
    ...body.messages.flatMap(({ role, content }: Json) => content.flatMap((block: Json) => bedrockBlock(role, block))),
  ],
  ollama: (body) => body.messages.flatMap(ollamaMessage),
};

function blocksOf(content: Json): Json[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
}

function systemOf(system: Json): Asked[] {
  return blocksOf(system).map((block) => ({ system: block.text }));
}

function said(role: string, text: string): Asked {
  if (role === 'assistant' || role === 'model') return { assistant: text };
  if (role === 'system' || role === 'developer') return { system: text };
  assert.equal(role, 'user');
  return { user: text };
}

function chatMessage(message: Json): Asked[] {
  if (message.role === 'tool') {
    const text = blocksOf(message.content).map((block) => block.text ?? '');
    return [{ result: { id: message.tool_call_id, text: text.join('\n'), images: 0, isError: text.join('').startsWith('Error: ') } }];
  }
  const thinking: Asked[] = message.reasoning_content === undefined ? [] : [{ thinking: message.reasoning_content }];
  const parts = blocksOf(message.content).map((part): Asked => {
    if (part.type === 'image_url') return { image: part };
    return part.type === 'file' ? { document: part } : said(message.role, part.text);
  });
  const calls = (message.tool_calls ?? []).map((call: Json) => ({
    call: { id: call.id, name: call.function.name, input: call.function.arguments },
  }));
  return [...thinking, ...parts, ...calls];
}

function responseItem(item: Json): Asked[] {
  switch (item.type ?? 'message') {
    case 'function_call':
      return [{ call: { id: item.call_id, name: item.name, input: item.arguments } }];
    case 'function_call_output': {
      const parts = blocksOf(item.output);
      const text = parts.map((part) => part.text ?? '').join('\n');
      const images = parts.filter((part) => part.type === 'input_image').length;
      return [{ result: { id: item.call_id, text, images, isError: text.startsWith('Error: ') } }];
    }
    case 'reasoning':
      return [{ thinking: item }];
    default:
      return blocksOf(item.content).map((part): Asked => {
        if (part.type === 'input_image') return { image: part };
        return part.type === 'input_file' ? { document: part } : said(item.role, part.text);
      });
  }
}

function anthropicBlock(role: string, block: Json): Asked {
  if (block.type === 'tool_use') return { call: { id: block.id, name: block.name, input: block.input } };
  if (block.type === 'tool_result') {
    const parts = blocksOf(block.content);
    const images = parts.filter((part) => part.type === 'image').length;
    const text = parts.map((part) => part.text ?? '').join('\n');
    return { result: { id: block.tool_use_id, text, images, isError: block.is_error === true } };
  }
  if (block.type === 'image') return { image: block };
  if (block.type === 'document') return { document: block };
  return block.type === 'text' ? said(role, block.text) : { thinking: block };
}

function geminiPart(role: string, part: Json): Asked {
  if (part.functionCall) return { call: { id: part.functionCall.id, name: part.functionCall.name, input: part.functionCall.args } };
  if (part.functionResponse) {
    const { id, response, parts = [] } = part.functionResponse;
    return { result: { id, text: response.output ?? response.error, images: parts.length, isError: response.error !== undefined } };
  }
  const media = part.inlineData ?? part.fileData;
  if (media) return media.mimeType === 'application/pdf' ? { document: part } : { image: part };
  return part.thought ? { thinking: part } : said(role, part.text);
}

function bedrockBlock(role: string, block: Json): Asked[] {
  if (block.cachePoint) return [];
  if (block.toolUse) return [{ call: { id: block.toolUse.toolUseId, name: block.toolUse.name, input: block.toolUse.input } }];
  if (block.toolResult) {
    const { toolUseId, content, status } = block.toolResult;
    const text = content.map((part: Json) => part.text ?? '').join('\n');
    return [{ result: { id: toolUseId, text, images: content.filter((part: Json) => part.image).length, isError: status === 'error' } }];
  }
  if (block.image) return [{ image: block }];
  if (block.document) return [{ document: block }];
  return [block.reasoningContent ? { thinking: block } : said(role, block.text)];
}

function ollamaMessage(message: Json): Asked[] {
  if (message.role === 'tool') {
    const { tool_call_id: id, content, images = [] } = message;
    return [{ result: { id, text: content, images: images.length, isError: content.startsWith('Error: ') } }];
  }
  const thinking: Asked[] = message.thinking === undefined ? [] : [{ thinking: message.thinking }];
  const text: Asked[] = message.content === '' ? [] : [said(message.role, message.content)];
  const images = (message.images ?? []).map((image: Json) => ({ image }));
  const calls = (message.tool_calls ?? []).map((call: Json) => ({
    call: { id: call.id, name: call.function.name, input: call.function.arguments },
  }));
  return [...thinking, ...text, ...images, ...calls];
}

export interface ToolAsked {
  readonly name: string;
  readonly schema: Json;
}

export function toolsAsked(dialect: DialectName, body: Json): ToolAsked[] {
  switch (dialect) {
    case 'openai-completions':
    case 'ollama':
      return (body.tools ?? []).map((tool: Json) => ({ name: tool.function.name, schema: tool.function.parameters }));
    case 'openai-responses':
      return (body.tools ?? []).map((tool: Json) => ({ name: tool.name, schema: tool.parameters }));
    case 'anthropic-messages':
      return (body.tools ?? []).map((tool: Json) => ({ name: tool.name, schema: tool.input_schema }));
    case 'google-generative-ai':
      return (body.tools?.[0].functionDeclarations ?? []).map((tool: Json) => ({ name: tool.name, schema: tool.parametersJsonSchema }));
    case 'bedrock-converse-stream':
      return (body.toolConfig?.tools ?? []).flatMap(({ toolSpec }: Json) =>
        toolSpec ? [{ name: toolSpec.name, schema: toolSpec.inputSchema.json }] : [],
      );
  }
}

/** The schema that the answer is held to. */
export function schemaAsked(dialect: DialectName, body: Json): Json {
  switch (dialect) {
    case 'openai-completions':
      return body.response_format?.json_schema?.schema;
    case 'openai-responses':
      return body.text?.format?.schema;
    case 'anthropic-messages':
      return body.output_config?.format?.schema;
    case 'google-generative-ai':
      return body.generationConfig?.responseJsonSchema;
    case 'bedrock-converse-stream': {
      const text = body.outputConfig?.textFormat?.structure?.jsonSchema?.schema;
      return text === undefined ? undefined : JSON.parse(text);
    }
    case 'ollama':
      return body.format;
  }
}
