/** Requests of one connection that wait for their answers. How many there may be is the business of `control-client.ts`. */
import type { ResponseFrame } from '@openclaw/protocol';
import type { OutgoingCall } from './connection.ts';
import { errorFromWire, type ControlError } from './control-error.ts';

export interface WaitingRequest {
  readonly id: string;
  readonly promise: Promise<unknown>;
  reject(error: ControlError): void;
}

export interface PendingRequests {
  /** It waits until it is settled, or until the signal is aborted. */
  add(call: OutgoingCall, signal: AbortSignal): WaitingRequest;
  /** An answer to nothing that waits is passed over: whoever asked has gone. */
  settle(response: ResponseFrame): void;
  rejectAll(error: ControlError): void;
}

interface Entry {
  readonly onAccepted: ((payload: unknown) => void) | undefined;
  readonly resolve: (payload: unknown) => void;
  readonly reject: (error: unknown) => void;
  hasBeenAccepted: boolean;
}

export function createPendingRequests(): PendingRequests {
  const entries = new Map<string, Entry>();
  let count = 0;

  return {
    add({ onAccepted }, signal) {
      const id = String((count += 1));
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const onAbort = (): void => entry.reject(signal.reason);
      const leave = (): void => {
        entries.delete(id);
        signal.removeEventListener('abort', onAbort);
      };
      const entry: Entry = {
        onAccepted,
        hasBeenAccepted: false,
        resolve(payload) {
          leave();
          resolve(payload);
        },
        reject(error) {
          leave();
          reject(error);
        },
      };
      entries.set(id, entry);
      signal.addEventListener('abort', onAbort, { once: true });
      return { id, promise, reject: entry.reject };
    },
    settle({ id, ok, payload, error }) {
      const entry = entries.get(id);
      if (!entry) return;
      if (!ok) {
        entry.reject(errorFromWire(error ?? { code: 'INVALID_REQUEST', message: 'the gateway refused without a word' }));
      } else if (entry.onAccepted && !entry.hasBeenAccepted && isAcceptance(payload)) {
        entry.hasBeenAccepted = true;
        entry.onAccepted(payload);
      } else entry.resolve(payload);
    },
    rejectAll(error) {
      for (const entry of [...entries.values()]) entry.reject(error);
    },
  };
}

function isAcceptance(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && (payload as { readonly status?: unknown }).status === 'accepted';
}
