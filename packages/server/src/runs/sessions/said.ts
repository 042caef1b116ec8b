/**
 * What a model is told of the runs before, from what their journals say: what was asked and what was answered, two messages for each run, so
 * that nothing moves while a run goes on. Where a run had its conversation summed up, the summary stands for the same here. Pure.
 */
import type { RunEvent } from '@openclaw/protocol';
import type { ConversationMessage } from '../engine/contract.ts';
import { answerOf } from '../ending.ts';

export interface EarlierRun {
  readonly isSummary: boolean;
  /** How it began, what of it became a summary, how it ended. */
  readonly events: readonly RunEvent[];
  /** What it had said when it broke off. */
  readonly broken?: string;
}

/** @param runs oldest first */
export function saidBefore(runs: readonly EarlierRun[], limitCharacters: number): readonly ConversationMessage[] {
  let said: ConversationMessage[] = [];
  for (const run of runs) said = afterRun(said, run);
  return latest(said, limitCharacters);
}

function afterRun(said: ConversationMessage[], { isSummary, events, broken = '' }: EarlierRun): ConversationMessage[] {
  const created = events.find(({ kind }) => kind === 'run.created');
  if (created?.kind !== 'run.created') return said;
  const end = events.findLast(({ kind }) => kind.startsWith('run.') && kind !== 'run.created');
  if (isSummary) return end?.kind === 'run.finished' ? [summaryMessage(answerOf(end.output))] : said;
  const exchange: ConversationMessage[] = [
    { role: 'user', text: created.input },
    { role: 'assistant', text: answerTo(end, broken), toolCalls: [] },
  ];
  const compacted = events.findLast(({ kind }) => kind === 'context.compacted');
  if (compacted?.kind !== 'context.compacted') return [...said, ...exchange];
  const { keptFrom, earlier, summary } = compacted;
  if (keptFrom > earlier) return [summaryMessage(summary), ...exchange.slice(1)];
  return [summaryMessage(summary), ...said.slice(Math.max(0, said.length - (earlier - keptFrom))), ...exchange];
}

function summaryMessage(summary: string): ConversationMessage {
  return { role: 'user', text: `[What was said before, in short]\n${summary}` };
}

function answerTo(end: RunEvent | undefined, broken: string): string {
  if (end?.kind === 'run.finished') return answerOf(end.output) || '[no answer]';
  const note = end?.kind === 'run.failed' ? `[failed: ${end.error.message}]` : end ? '[stopped]' : '[not answered yet]';
  return broken === '' ? note : `${broken}\n${note}`;
}

/** Whole exchanges from the end on, as many as there is room for. */
function latest(said: readonly ConversationMessage[], limitCharacters: number): readonly ConversationMessage[] {
  let characters = 0;
  const tooMany = said.findLastIndex(({ text }) => (characters += text.length) > limitCharacters);
  const from = said.findIndex(({ role }, index) => index > tooMany && role === 'user');
  return from < 0 ? [] : said.slice(from);
}
