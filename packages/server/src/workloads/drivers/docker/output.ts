/** The output of a container as lines: what the engine keeps of it, with the times that it has noted. */
import type { OutputLine, OutputOptions } from '../driver.ts';
import { lastWords } from '../last-words.ts';
import type { Engine } from '../../../docker-engine/engine.ts';
import { readFrames } from '../../../docker-engine/streams.ts';

/** Among so many last lines of both streams the last words are looked for. */
const messageLines = 200;

export async function* readOutput(
  engine: Engine,
  containerId: string,
  options: OutputOptions,
): AsyncGenerator<OutputLine, void, undefined> {
  const { sinceMs, tailLines, follow, signal } = options;
  if (tailLines === 0 && !follow) return;
  const query = {
    ...{ stdout: 1, stderr: 1, timestamps: 1, follow: follow ? 1 : 0, tail: tailLines ?? 'all' },
    ...(sinceMs === undefined ? {} : { since: (Math.max(0, sinceMs) / 1000).toFixed(9) }),
  };
  let lastMs = 0;
  try {
    const answer = await engine.stream({ method: 'GET', path: `/containers/${containerId}/logs`, query, signal });
    for await (const { stream, payload } of readFrames(answer)) {
      const line = lineOf(payload);
      // Of two streams the engine may note a later time first.
      lastMs = Math.max(lastMs, line.atMs);
      if (line.atMs >= (sinceMs ?? 0)) yield { atMs: lastMs, stream, text: line.text };
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

/** The last words on standard error; empty where there are none, or where nothing is kept any more. */
export async function readMessage(engine: Engine, containerId: string, signal: AbortSignal): Promise<string> {
  const words: string[] = [];
  for await (const { stream, text } of readOutput(engine, containerId, { tailLines: messageLines, follow: false, signal }))
    if (stream === 'stderr') words.push(text);
  return lastWords(words.join('\n'));
}

/** `2026-01-15T10:23:45.123456789Z text`, one line, or a piece of sixteen kibibytes of a longer one. */
function lineOf(payload: Buffer): { readonly atMs: number; readonly text: string } {
  const space = payload.indexOf(0x20);
  const end = payload.at(-1) === 0x0a ? payload.length - 1 : payload.length;
  return { atMs: Date.parse(payload.toString('latin1', 0, space)), text: payload.toString('utf8', space + 1, end) };
}
