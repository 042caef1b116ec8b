/** Long sessions with tools, made from a seed: the same seed gives the same session. */
import type { ConversationMessage } from '../engine/contract.ts';

const words = 'the file has forty lines and «größer» is in 第三行; call it twice, then write {"path":"a.txt"} down 12345 '.split(' ');

export interface SessionShape {
  readonly seed: number;
  readonly turns: number;
  /** No tool result is longer. */
  readonly resultCharacters: number;
  readonly instructions?: string;
}

/** Each turn: a question, up to three rounds of up to three calls with their results, an answer. */
export function madeSession({ seed, turns, resultCharacters, instructions = 'Be careful.' }: SessionShape): ConversationMessage[] {
  const random = randomNumbers(seed);
  const upTo = (limit: number): number => Math.floor(random() * (limit + 1));
  const text = (characters: number): string => {
    let said = '';
    while (said.length < characters) said += `${words[upTo(words.length - 1)] ?? ''} `;
    return said.slice(0, characters).toWellFormed();
  };
  const messages: ConversationMessage[] = [{ role: 'system', text: instructions }];
  for (let turn = 1; turn <= turns; turn += 1) {
    messages.push({ role: 'user', text: `question ${turn}: ${text(upTo(120))}` });
    for (let round = upTo(3); round > 0; round -= 1) {
      const toolCalls = Array.from({ length: 1 + upTo(2) }, (_, index) => ({
        ...{ callId: `${turn}/${round}/${index}`, name: 'read' },
        argumentsText: JSON.stringify({ path: text(upTo(40)) }),
      }));
      messages.push({ role: 'assistant', text: text(upTo(60)), toolCalls });
      messages.push(...toolCalls.map(({ callId }): ConversationMessage => ({ role: 'tool', callId, text: text(upTo(resultCharacters)) })));
    }
    messages.push({ role: 'assistant', text: `answer ${turn}: ${text(upTo(160))}`, toolCalls: [] });
  }
  return messages;
}

/** Mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
