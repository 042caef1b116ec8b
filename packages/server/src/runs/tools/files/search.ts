/**
 * The tool `search`: lines of files in the workspace that match a regular expression. Each search has a thread of its own and a time to live, so that a pattern
 * that backtracks without end costs nobody but its search.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/errors.ts';
import { createBoundedText } from '../bounded-text.ts';
import { outputLimitCharacters, type Tool, type ToolCall } from '../contract.ts';
import { answering, ToolFault } from '../fault.ts';
import { createSlots } from '../slots.ts';
import { namesOf } from './confined.ts';
import type { SearchNews, SearchOrder } from './search-thread.ts';

export interface SearchOptions {
  /** @default 10000 */
  readonly timeLimitMs?: number;
  /** Searches at once in this process; others wait. @default 2 */
  readonly atOnce?: number;
}

export const searchDefaults = { timeLimitMs: 10_000, atOnce: 2 } as const;

const matchLimit = 500;
const patternLimitCharacters = 1000;

export function createSearchTool(clock: Clock, options: SearchOptions = {}): Tool {
  const { timeLimitMs, atOnce } = { ...searchDefaults, ...options };
  const slots = createSlots(atOnce);
  return {
    name: 'search',
    description:
      'Searches the text files of the workspace, line by line, with a regular expression of JavaScript. Gives `path:line: text`, ' +
      `at most ${matchLimit} lines. Directories named .git and node_modules are left out unless \`path\` names them.`,
    parameters: {
      type: 'object',
      properties: {
        pattern: { type: 'string', minLength: 1, maxLength: patternLimitCharacters, description: 'Such as function \\w+Tool' },
        path: { type: 'string', description: 'A directory or a file. Default: the whole workspace.' },
        files: { type: 'string', maxLength: 200, description: 'Only files of such a name, such as *.ts' },
        ignoreCase: { type: 'boolean' },
      },
      required: ['pattern'],
      additionalProperties: false,
    },
    effect: 'read',
    run: (call) =>
      answering(call.signal, async () => {
        const order = orderOf(call);
        const giveBack = await slots.take(call.signal);
        try {
          return await search(order, { clock, timeLimitMs, signal: call.signal });
        } finally {
          giveBack();
        }
      }),
  };
}

function orderOf({ workspace, arguments: args }: ToolCall): SearchOrder {
  const pattern = String(args['pattern']);
  try {
    new RegExp(pattern);
  } catch (thrown) {
    throw new ToolFault(thrown instanceof Error ? `${thrown.message}.` : 'The pattern is not a regular expression.');
  }
  return {
    workspace,
    names: namesOf(workspace, typeof args['path'] === 'string' ? args['path'] : '.'),
    pattern,
    ignoreCase: args['ignoreCase'] === true,
    files: typeof args['files'] === 'string' ? args['files'] : undefined,
    matchLimit,
  };
}

interface Bounds {
  readonly clock: Clock;
  readonly timeLimitMs: number;
  readonly signal: AbortSignal;
}

async function search(order: SearchOrder, { clock, timeLimitMs, signal }: Bounds): Promise<string> {
  const report = createReport(timeLimitMs);
  const worker = startThread(order);
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  worker.on('message', (news: SearchNews) => {
    report.take(news);
    if (news.kind === 'end' || news.kind === 'fault') resolve();
  });
  worker.on('error', (thrown: unknown) => {
    report.take({ kind: 'fault', text: `The search failed: ${reasonOf(thrown)}.` });
    resolve();
  });
  worker.on('exit', () => resolve());
  const timer = clock.after(timeLimitMs, resolve);
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await ended;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
  return report.toString();
}

function startThread(order: SearchOrder): Worker {
  const source = new URL('./search-thread.ts', import.meta.url);
  // The published package has compiled files.
  const file = existsSync(source) ? source : new URL('./search-thread.js', import.meta.url);
  return new Worker(fileURLToPath(file), { workerData: order, env: {}, name: 'search', resourceLimits: { maxOldGenerationSizeMb: 128 } });
}

/** What was found so far, in words. */
function createReport(timeLimitMs: number) {
  // What is said about the search comes after the lines, and has to fit too.
  const lines = createBoundedText(outputLimitCharacters - 1000);
  const skipped = new Map<string, number>();
  let matches = 0;
  let fault: string | undefined;
  let end: Extract<SearchNews, { readonly kind: 'end' }> | undefined;

  const notes = (): readonly string[] => [
    ...(end
      ? []
      : [`The search was ended after ${timeLimitMs / 1000} s and is not complete: search in fewer files, or with a simpler pattern.`]),
    ...(end?.isCut ? [`There are more than ${matchLimit} lines: only the first are shown.`] : []),
    ...[...skipped].map(([why, count]) => `${count} ${count === 1 ? 'file was' : 'files were'} not searched: ${why}.`),
  ];

  return {
    take(news: SearchNews): void {
      if (news.kind === 'match') lines.add(`${matches++ === 0 ? '' : '\n'}${news.line}`);
      else if (news.kind === 'skipped') skipped.set(news.why, (skipped.get(news.why) ?? 0) + 1);
      else if (news.kind === 'end') end = news;
      else fault = news.text;
    },
    toString(): string {
      if (fault !== undefined) throw new ToolFault(fault);
      const found = matches === 0 ? (end ? `No line matches, in ${end.files} files.` : 'No line was found.') : lines.toString();
      return [found, ...notes().map((note) => `[${note}]`)].join('\n');
    },
  };
}
