/**
 * The calls of one client: whether it may make them, what comes of them, and their end when the client goes.
 *
 * What a method does is its own business: `methods/`.
 */
import { closeCodes, holdsScope, type WireError } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { ConnectedClient } from './connected-client.ts';
import type { Method, MethodTable } from './contract.ts';
import type { ControlFigures } from './figures.ts';
import type { ControlLimits } from './limits.ts';
import { readFrame, type CheckedRequest, type Message } from './read-frame.ts';
import { internalWireError, missingScope, toWireError, WireRefusal } from './wire-refusal.ts';
import type { WriteLimit } from './write-limit.ts';

export interface CallOptions {
  readonly methods: () => MethodTable;
  readonly log: Log;
  readonly ids: Ids;
  readonly figures: ControlFigures;
  readonly limits: ControlLimits;
  readonly writeLimit: WriteLimit;
  readonly heldFrames: HeldFrames;
}

/** Bytes of the frames of all calls that are under way, of all clients. */
export interface HeldFrames {
  bytes: number;
}

interface Answer {
  readonly ok: boolean;
  readonly payload?: unknown;
  readonly error?: WireError;
}

/** What a stranger wrote is repeated no longer than this. */
const quotedCharacters = 128;

export class Calls {
  readonly #client: ConnectedClient;
  readonly #options: CallOptions;
  readonly #underWay = new Set<AbortController>();
  #forbiddenInARow = 0;

  constructor(client: ConnectedClient, options: CallOptions) {
    this.#client = client;
    this.#options = options;
  }

  take(message: Message): void {
    const frame = readFrame(message);
    if (frame.kind !== 'request') {
      this.#answer('invalid', { ok: false, error: invalid(`invalid request frame: ${frame.reason}`) });
      return;
    }
    const { request } = frame;
    if (request.method === 'connect') {
      this.#answer(request.id, { ok: false, error: invalid('connect is only valid as the first request') });
      return;
    }
    const methods = this.#options.methods();
    const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
    const refusal = this.#refusalOf(request, method, message.bytes.length);
    if (refusal !== undefined) this.#refuse(request, refusal, method !== undefined);
    else if (method !== undefined) this.#run(request, method, message.bytes.length);
  }

  abortAll(): void {
    for (const call of this.#underWay) call.abort(new OpenClawError('client_closed'));
  }

  #refusalOf(request: CheckedRequest, method: Method | undefined, frameBytes: number): WireError | undefined {
    const { scopes } = this.#client.principal;
    if (method === undefined) {
      // Who may not know what there is, is not told what there is not.
      if (!holdsScope(scopes, 'operator.admin')) return missingScope('operator.admin');
      return invalid(`unknown method: ${request.method.slice(0, quotedCharacters)}`);
    }
    const scope = scopeOf(method, request);
    if (typeof scope === 'object') return scope;
    if (scope !== 'none' && !holdsScope(scopes, scope)) return missingScope(scope);
    return this.#overload(frameBytes) ?? this.#writeRefusal(request, method);
  }

  #overload(frameBytes: number): WireError | undefined {
    const { limits, heldFrames } = this.#options;
    if (this.#underWay.size >= limits.callsUnderWay) return busy(limits.callsUnderWay, 'calls under way on one connection');
    if (heldFrames.bytes + frameBytes <= limits.heldFrameBytes || this.#underWay.size === 0) return undefined;
    return busy(limits.heldFrameBytes, 'bytes of calls under way');
  }

  #writeRefusal({ method: name }: CheckedRequest, method: Method): WireError | undefined {
    if (!method.isControlPlaneWrite) return undefined;
    const { writeLimit, limits } = this.#options;
    const { principal, peer } = this.#client;
    const retryAfterMs = writeLimit.take(name, `${principal.deviceId ?? 'no-device'} ${peer.address}`);
    if (retryAfterMs === undefined) return undefined;
    return {
      code: 'UNAVAILABLE',
      message: `rate limit exceeded for ${name}; retry after ${Math.ceil(retryAfterMs / 1000)}s`,
      details: { method: name, limit: `${limits.writesPerMinute} per 60s` },
      retryable: true,
      retryAfterMs: Math.ceil(retryAfterMs),
    };
  }

  #refuse({ id, method }: CheckedRequest, error: WireError, isKnown: boolean): void {
    this.#count(isKnown ? method : 'unknown', error.code);
    this.#answer(id, { ok: false, error });
    if (error.code !== 'FORBIDDEN') return;
    this.#forbiddenInARow += 1;
    if (this.#forbiddenInARow < this.#options.limits.forbiddenCallsInARow) return;
    this.#client.wire.close(closeCodes.refused, 'repeated unauthorized calls');
  }

  #run(request: CheckedRequest, method: Method, frameBytes: number): void {
    this.#forbiddenInARow = 0;
    const { heldFrames } = this.#options;
    const controller = new AbortController();
    this.#underWay.add(controller);
    heldFrames.bytes += frameBytes;
    const finish = (answer: Answer): void => {
      this.#underWay.delete(controller);
      heldFrames.bytes -= frameBytes;
      const isGone = controller.signal.aborted;
      this.#count(request.method, isGone ? 'cancelled' : (answer.error?.code ?? 'ok'));
      if (!isGone) this.#answerSafely(request, answer);
    };
    const fail = (thrown: unknown): void => finish(this.#failure(request.method, thrown, controller.signal.aborted));
    const accept = (payload: unknown): void => {
      if (!controller.signal.aborted) this.#answer(request.id, { ok: true, payload });
    };
    try {
      const result = method.run({ params: request.params, client: this.#client, signal: controller.signal, accept });
      if (result instanceof Promise) result.then((payload: unknown) => finish({ ok: true, payload }), fail);
      else finish({ ok: true, payload: result });
    } catch (thrown) {
      fail(thrown);
    }
  }

  #failure(method: string, thrown: unknown, isGone: boolean): Answer {
    if (thrown instanceof WireRefusal) return { ok: false, payload: thrown.payload, error: thrown.error };
    if (thrown instanceof OpenClawError && thrown.code !== 'internal_error') return { ok: false, error: toWireError(thrown) };
    const requestId = this.#options.ids.request();
    // What ends because its client left has nobody to tell.
    const { log } = this.#options;
    if (isGone) log.debug('a control call ended with its client', { method, error: thrown });
    else log.error('a control call failed', { requestId, method, connectionId: this.#client.connectionId, error: thrown });
    return { ok: false, error: internalWireError(requestId) };
  }

  /** A result that cannot be written as JSON is a fault of its method. */
  #answerSafely(request: CheckedRequest, answer: Answer): void {
    try {
      this.#answer(request.id, answer);
    } catch (thrown) {
      this.#answer(request.id, this.#failure(request.method, thrown, false));
    }
  }

  #answer(id: string, { ok, payload, error }: Answer): void {
    this.#client.wire.send(JSON.stringify({ type: 'res', id, ok, payload, error }));
  }

  #count(method: string, outcome: string): void {
    this.#options.figures.calls.labels(method, outcome.toLowerCase()).increment();
  }
}

/** The scope that these parameters need; an error where the method cannot make out which. */
function scopeOf(method: Method, { params }: CheckedRequest): Exclude<Method['scope'], (...args: never) => unknown> | WireError {
  if (typeof method.scope !== 'function') return method.scope;
  try {
    return method.scope(params);
  } catch (thrown) {
    if (thrown instanceof WireRefusal) return thrown.error;
    return invalid(thrown instanceof OpenClawError ? thrown.message : 'invalid params');
  }
}

function invalid(message: string): WireError {
  return { code: 'INVALID_REQUEST', message };
}

function busy(limit: number, what: string): WireError {
  const message = `too much at once: the limit is ${limit} ${what}`;
  return { code: 'UNAVAILABLE', message, details: { reason: 'overloaded', limit }, retryable: true, retryAfterMs: 1000 };
}
