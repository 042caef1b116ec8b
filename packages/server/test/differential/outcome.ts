/** What a caller of Vercel's provider code learns of an answer: all that has to be equal. */
import { APICallError, type LanguageModelV4, type LanguageModelV4FinishReason, type LanguageModelV4Usage } from '@ai-sdk/provider';
import type { Question } from './conversation.ts';

export type Outcome = Answered | Failed;

export interface Answered {
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly finish: string;
  readonly usage: TokenCounts;
}

export interface TokenCounts {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

export interface Failed {
  /** Of the answer that said so; `undefined` where a stream that had begun did, or the connection broke. */
  readonly failed: { readonly status: number | undefined };
  /** Said before. */
  readonly text: string;
}

export async function ask(model: LanguageModelV4, question: Question, streaming: boolean): Promise<Outcome> {
  const said: string[] = [];
  try {
    return streaming ? await readStream(model, question, said) : await readWhole(model, question);
  } catch (error) {
    return { failed: { status: APICallError.isInstance(error) ? error.statusCode : undefined }, text: said.join('') };
  }
}

async function readWhole(model: LanguageModelV4, question: Question): Promise<Answered> {
  const { content, finishReason, usage } = await model.doGenerate(question);
  return {
    text: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    calls: content.flatMap((part) => (part.type === 'tool-call' ? [callOf(part)] : [])),
    ...endOf(finishReason, usage),
  };
}

/** @param said gets the text as it arrives, so that it is known where the stream breaks */
async function readStream(model: LanguageModelV4, question: Question, said: string[]): Promise<Answered> {
  const { stream } = await model.doStream(question);
  const calls: Answered['calls'][number][] = [];
  let end: Pick<Answered, 'finish' | 'usage'> | undefined;
  for await (const part of stream) {
    if (part.type === 'error')
      throw part.error instanceof Error ? part.error : new Error('the stream says an error', { cause: part.error });
    if (part.type === 'text-delta') said.push(part.delta);
    if (part.type === 'tool-call') calls.push(callOf(part));
    if (part.type === 'finish') end = endOf(part.finishReason, part.usage);
  }
  if (!end) throw new Error('the stream has no end');
  return { text: said.join(''), calls, ...end };
}

function callOf(part: { readonly toolCallId: string; readonly toolName: string; readonly input: string }): Answered['calls'][number] {
  return { id: part.toolCallId, name: part.toolName, input: JSON.parse(part.input === '' ? '{}' : part.input) as unknown };
}

function endOf(
  reason: LanguageModelV4FinishReason,
  { inputTokens, outputTokens }: LanguageModelV4Usage,
): Pick<Answered, 'finish' | 'usage'> {
  const usage = {
    input: inputTokens.total ?? 0,
    cacheRead: inputTokens.cacheRead ?? 0,
    cacheWrite: inputTokens.cacheWrite ?? 0,
    output: outputTokens.total ?? 0,
    reasoning: outputTokens.reasoning ?? 0,
  };
  return { finish: reason.unified, usage };
}
