/**
 * Tells clients what happens in runs: the events `agent` and `chat`, for everybody who may read sessions; and `run`, how each of them stands, for
 * everybody who may read.
 */
import type { RunEvent, RunView } from '@openclaw/protocol';
import type { BroadcastOptions, Hub } from '../contract.ts';
import type { RunStarter, TurnEvent, TurnResult } from '../run-starter.ts';
import { argumentsOf, spoken } from './turn-shapes.ts';

/** To this length a delta comes with the whole text so far, for clients that show nothing else; a longer one would cost its square. */
const wholeTextLimit = 32 * 1024;
/** Of what came of a call; the whole is in the run. */
const resultLimit = 8 * 1024;
const readers: BroadcastOptions = { scope: 'operator.sessions.read' };
/** Clients say whether they show tools. */
const toolReaders: BroadcastOptions = { ...readers, to: ({ capabilities }) => capabilities.has('tool-events') };

/** @returns ends it */
export function publishTurns({
  turns,
  hub,
}: {
  readonly turns: Pick<RunStarter, 'subscribe' | 'observe'>;
  readonly hub: Pick<Hub, 'broadcast'>;
}): () => void {
  const ends = [
    turns.subscribe((event) => {
      const isTool = event.kind === 'toolStarted' || event.kind === 'toolEnded';
      hub.broadcast('agent', agentEvent(event), isTool ? toolReaders : readers);
      if (!isTool) hub.broadcast('chat', chatEvent(event), readers);
    }),
    turns.observe((events, view) => {
      for (const event of events)
        if (!event.kind.startsWith('step.')) hub.broadcast('run', runEvent(event, view), { scope: 'operator.read' });
    }),
  ];
  return () => ends.forEach((end) => end());
}

/** How a run stands after this. */
function runEvent({ runId, seq, atMs, kind }: RunEvent, view: RunView): object {
  const { sessionKey, agentId, status, waitsFor, steps, use } = view;
  return { runId, seq, kind, sessionKey, agentId, status, waitsFor, steps, use, ts: atMs };
}

function agentEvent(event: TurnEvent): object {
  const { runId, agentId, sessionKey, seq, atMs: ts } = event;
  const head = { runId, agentId, sessionKey, seq, ts };
  switch (event.kind) {
    case 'started':
      return { ...head, stream: 'lifecycle', data: { phase: 'start', startedAt: ts, ...(event.resumed ? { resumed: true } : {}) } };
    case 'delta': {
      const { delta, text, replace } = event;
      const data = { delta, ...(text.length <= wholeTextLimit ? { text } : {}), ...(replace ? { replace } : {}) };
      return { ...head, stream: 'assistant', data };
    }
    case 'toolStarted': {
      const { callId: toolCallId, name, argumentsText } = event.call;
      return { ...head, stream: 'tool', data: { phase: 'start', toolCallId, name, args: argumentsOf(argumentsText) } };
    }
    case 'toolEnded': {
      const { call, text, isError } = event;
      const result = { content: [{ type: 'text', text: text.slice(0, resultLimit).toWellFormed() }] };
      return { ...head, stream: 'tool', data: { phase: 'result', toolCallId: call.callId, name: call.name, result, isError } };
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

function chatEvent(event: Exclude<TurnEvent, { readonly kind: 'toolStarted' | 'toolEnded' }>): object {
  const { runId, agentId, sessionKey, seq, atMs } = event;
  const head = { runId, agentId, sessionKey, seq };
  switch (event.kind) {
    case 'started':
      return { ...head, state: 'status', phase: 'starting_model' };
    case 'delta': {
      const { delta, text, replace } = event;
      return {
        ...head,
        ...{ state: 'delta', deltaText: delta },
        ...(replace ? { replace } : {}),
        ...(text.length <= wholeTextLimit ? { message: spoken('assistant', text, atMs) } : {}),
      };
    }
    case 'ended':
      return { ...head, ...chatEnd(event.result) };
  }
}

/** The end of a run, as `chat` tells it; also to somebody who asks for it a second time. */
export function chatEnd({ status, text, endedAtMs, error }: TurnResult): object {
  const message = text === '' ? {} : { message: spoken('assistant', text, endedAtMs) };
  if (status === 'ok') return { state: 'final', stopReason: 'stop', message: spoken('assistant', text, endedAtMs) };
  if (status === 'aborted') return { state: 'aborted', stopReason: 'aborted', ...message };
  return { state: 'error', errorMessage: error?.message ?? 'the run failed', errorKind: error?.code ?? 'unknown', ...message };
}
