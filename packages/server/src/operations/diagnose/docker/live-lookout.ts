/** Asks the Docker Engine and the machine beneath this program. It makes nothing of the answers. */
import type { Clock } from '../../../core/clock.ts';
import type { JsonValue } from '../../../core/json.ts';
import { reasonOf } from '../../../core/errors.ts';
import { type Engine, EngineError } from '../../../docker-engine/engine.ts';
import { readFrames, readObjects } from '../../../docker-engine/streams.ts';
import type { Lookout, Question } from '../contract.ts';
import { askHost } from '../host/ask-host.ts';
import { NotSeen } from '../not-seen.ts';
import { readFirstEntry } from './first-entry.ts';

type DockerQuestion = Extract<Question, { from: 'docker' }>;

const answerLimitMs = 20_000;
const mostPieces = 5000;
const mostTextBytes = 2 ** 20;

export function createLiveLookout(engine: Engine, clock: Clock, signal: AbortSignal): Lookout {
  return {
    atMs: clock.now(),
    async ask(question) {
      if (question.from === 'host') return askHost(question);
      if (question.from !== 'docker') throw new NotSeen('unreachable', `nobody here knows of ${question.from}`);
      try {
        return await askEngine(engine, question, AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]));
      } catch (thrown) {
        signal.throwIfAborted();
        throw notSeen(thrown);
      }
    },
  };
}

async function askEngine(engine: Engine, { as, path, query }: DockerQuestion, signal: AbortSignal): Promise<JsonValue> {
  const call = { method: 'GET', path, signal, ...(query === undefined ? {} : { query }) } as const;
  if (as === 'object') return ((await engine.json(call)) ?? null) as JsonValue;
  const answer = await engine.stream(call);
  try {
    if (as === 'entry') return (await readFirstEntry(answer)) ?? null;
    if (as === 'text') return await readText(answer);
    const pieces: JsonValue[] = [];
    const source = as === 'objects' ? readObjects(answer) : readFrames(answer);
    for await (const piece of source) {
      pieces.push(isFrame(piece) ? { stream: piece.stream, text: piece.payload.toString('utf8') } : (piece as JsonValue));
      // The youngest are those that matter.
      if (pieces.length > mostPieces) pieces.shift();
    }
    return pieces;
  } finally {
    answer.destroy();
  }
}

function isFrame(piece: unknown): piece is { readonly stream: 'stdout' | 'stderr'; readonly payload: Buffer } {
  return typeof piece === 'object' && piece !== null && 'payload' in piece && Buffer.isBuffer(piece.payload);
}

async function readText(source: AsyncIterable<Buffer>): Promise<string> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    bytes = Buffer.concat([bytes, piece]);
    if (bytes.length > 2 * mostTextBytes) bytes = bytes.subarray(bytes.length - mostTextBytes);
  }
  return bytes.toString('utf8');
}

function notSeen(thrown: unknown): NotSeen {
  if (thrown instanceof NotSeen) return thrown;
  const options = { cause: thrown };
  if (!(thrown instanceof EngineError)) return new NotSeen('refused', reasonOf(thrown), options);
  if (thrown.status === 404) return new NotSeen('missing', thrown.message, options);
  if (thrown.status !== undefined) return new NotSeen('refused', thrown.message, options);
  const code = (thrown.cause as NodeJS.ErrnoException | undefined)?.code;
  // Whoever tells of it says where it was looked for.
  const reason = code === undefined ? thrown.message : reasonOf(thrown.cause);
  return new NotSeen(code === 'EACCES' || code === 'EPERM' ? 'forbidden' : 'unreachable', reason, options);
}
