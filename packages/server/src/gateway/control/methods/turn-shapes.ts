/** How turns, messages and sessions look to clients of the control plane. */
import { parseObject } from '../../../core/json.ts';
import { WireRefusal } from '../wire-refusal.ts';
import type { SessionItem, SessionMessage, SessionSummary, TurnResult } from '../run-starter.ts';

export function messageShape(message: SessionMessage): object {
  const { id, seq, role, text, atMs, idempotencyKey, incomplete, runId, items = [] } = message;
  return {
    ...{ role, content: [...items.flatMap(itemShapes), { type: 'text', text }], timestamp: atMs },
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    __openclaw: { id, seq, runId, ...(incomplete ? { incomplete } : {}) },
  };
}

/** What was said on the way to an answer is no part of its text: a client that joins the texts shows the answer alone. */
function itemShapes(item: SessionItem): object[] {
  if (item.kind === 'text') return [{ type: 'commentary', text: item.text }];
  const { call, result, isError } = item;
  const called = { type: 'toolCall', id: call.callId, name: call.name, arguments: argumentsOf(call.argumentsText) };
  return result === null ? [called] : [called, { type: 'toolResult', toolCallId: call.callId, text: result, isError }];
}

/** As a model wrote them: they may be no JSON at all. */
export function argumentsOf(text: string): object | string {
  return text.trim() === '' ? {} : (parseObject(text) ?? text);
}

export function spoken(role: 'user' | 'assistant', text: string, atMs: number): object {
  return { role, content: [{ type: 'text', text }], timestamp: atMs };
}

export function sessionShape(session: SessionSummary): object {
  const { key, sessionId, agentId, label, model, messageCount, updatedAtMs, createdAtMs } = session;
  return {
    ...{ key, kind: 'direct', sessionId, agentId, messageCount, updatedAt: updatedAtMs, createdAt: createdAtMs },
    ...(label === null ? {} : { label, displayName: label }),
    ...(model === null ? {} : { model }),
  };
}

/** The second answer of `agent`, and the answer of `agent.wait`. */
export function resultShape(result: TurnResult) {
  const { runId, sessionKey, agentId, text, startedAtMs, endedAtMs, usage } = result;
  return {
    ...{ runId, sessionKey, agentId, startedAt: startedAtMs, endedAt: endedAtMs },
    status: result.status === 'ok' ? ('ok' as const) : ('error' as const),
    summary: result.status === 'ok' ? 'completed' : (result.error?.message ?? 'aborted'),
    result: {
      payloads: text === '' ? [] : [{ text, mediaUrl: null }],
      meta: {
        durationMs: Math.max(0, endedAtMs - startedAtMs),
        ...(result.status === 'aborted' ? { aborted: true } : {}),
        ...(usage ? { agentMeta: { usage: { input: usage.inputTokens, output: usage.outputTokens } } } : {}),
      },
    },
    ...(result.error ? { error: result.error } : {}),
  };
}

/** Clients take the second answer of `agent` for a failure by its `ok`; what was said until then comes beside the error. */
export function refusalOf(result: TurnResult): WireRefusal {
  const message = result.status === 'aborted' ? 'the run was aborted' : (result.error?.message ?? 'the run failed');
  const details = { openclawCode: result.error?.code ?? 'aborted', runId: result.runId };
  return new WireRefusal({ code: 'UNAVAILABLE', message, details, retryable: false }, resultShape(result));
}
