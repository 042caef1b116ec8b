/** Tells clients what happens in turns: the events `agent` and `chat`, for everybody who may read sessions. */
import type { BroadcastOptions, Hub } from '../contract.ts';
import type { RunStarter, TurnEvent, TurnResult } from '../run-starter.ts';
import { spoken } from './turn-shapes.ts';

/** To this length a delta comes with the whole text so far, for clients that show nothing else; a longer one would cost its square. */
const wholeTextLimit = 32 * 1024;
const readers: BroadcastOptions = { scope: 'operator.sessions.read' };

/** @returns ends it */
export function publishTurns({
  turns,
  hub,
}: {
  readonly turns: Pick<RunStarter, 'subscribe'>;
  readonly hub: Pick<Hub, 'broadcast'>;
}): () => void {
  return turns.subscribe((event) => {
    hub.broadcast('agent', agentEvent(event), readers);
    hub.broadcast('chat', chatEvent(event), readers);
  });
}

function agentEvent(event: TurnEvent): object {
  const { runId, agentId, sessionKey, seq, atMs: ts } = event;
  const head = { runId, agentId, sessionKey, seq, ts };
  switch (event.kind) {
    case 'started':
      return { ...head, stream: 'lifecycle', data: { phase: 'start', startedAt: ts } };
    case 'delta': {
      const { delta, text } = event;
      return { ...head, stream: 'assistant', data: { delta, ...(text.length <= wholeTextLimit ? { text } : {}) } };
    }
    case 'ended': {
      const { status, startedAtMs, endedAtMs, error } = event.result;
      const times = { startedAt: startedAtMs, endedAt: endedAtMs };
      if (status === 'error')
        return { ...head, stream: 'lifecycle', data: { phase: 'error', ...times, error: error?.message ?? 'failed' } };
      return { ...head, stream: 'lifecycle', data: { phase: 'end', ...times, ...(status === 'aborted' ? { aborted: true } : {}) } };
    }
  }
}

export function chatEvent(event: TurnEvent): object {
  const { runId, agentId, sessionKey, seq, atMs } = event;
  const head = { runId, agentId, sessionKey, seq };
  switch (event.kind) {
    case 'started':
      return { ...head, state: 'status', phase: 'starting_model' };
    case 'delta': {
      const { delta, text } = event;
      return {
        ...head,
        state: 'delta',
        deltaText: delta,
        ...(text.length <= wholeTextLimit ? { message: spoken('assistant', text, atMs) } : {}),
      };
    }
    case 'ended':
      return { ...head, ...chatEnd(event.result) };
  }
}

/** The end of a turn, as `chat` tells it; also to somebody who asks for it a second time. */
export function chatEnd({ status, text, endedAtMs, error }: TurnResult): object {
  const message = text === '' ? {} : { message: spoken('assistant', text, endedAtMs) };
  if (status === 'ok') return { state: 'final', stopReason: 'stop', message: spoken('assistant', text, endedAtMs) };
  if (status === 'aborted') return { state: 'aborted', stopReason: 'aborted', ...message };
  return { state: 'error', errorMessage: error?.message ?? 'the run failed', errorKind: error?.code ?? 'unknown', ...message };
}
