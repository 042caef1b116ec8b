/** Publish and subscribe within one process. Messages arrive in order, each after the code that published it; none is stored. */
import { OpenClawError } from '../core/errors.ts';
import { databaseClosed } from './commit-queue.ts';

export type ChannelListener = (message: string) => void;

export interface LocalChannels {
  /** Hands the message to everybody who listens now. What a listener throws is an uncaught exception: a bug, not swallowed. */
  deliver(channel: string, message: string): void;
  subscribe(channel: string, listener: ChannelListener): () => void;
  close(): void;
}

/** PostgreSQL's notifications carry under 8,000 bytes, of which the channel's name takes some. */
export const messageLimitBytes = 7_900;
const channelName = /^[a-z0-9_.:-]{1,63}$/;

export function createLocalChannels(): LocalChannels {
  const listeners = new Map<string, Set<ChannelListener>>();
  let closed = false;

  return {
    deliver(channel, message) {
      for (const listener of listeners.get(channel) ?? []) {
        queueMicrotask(() => {
          if (listeners.get(channel)?.has(listener)) listener(message);
        });
      }
    },
    subscribe(channel, listener) {
      if (closed) throw databaseClosed();
      // A function of its own, so that two subscriptions of one listener are two.
      const own: ChannelListener = (message) => listener(message);
      const known = listeners.get(channel) ?? new Set();
      listeners.set(channel, known.add(own));
      return () => {
        known.delete(own);
        if (known.size === 0) listeners.delete(channel);
      };
    },
    close() {
      closed = true;
      listeners.clear();
    },
  };
}

/** @throws OpenClawError `storage_failed` */
export function checkMessage(channel: string, message: string): void {
  const bytes = Buffer.byteLength(message);
  let reason: string | undefined;
  if (!channelName.test(channel)) reason = `${JSON.stringify(channel)} is not a name of a channel (a-z, 0-9 and _.:-, up to 63)`;
  else if (bytes > messageLimitBytes) reason = `a message of ${bytes} bytes is over the limit of ${messageLimitBytes}`;
  else if (message.includes('\0')) reason = 'a message holds a NUL character, which PostgreSQL cannot carry';
  if (reason !== undefined) throw new OpenClawError('storage_failed', { details: { reason } });
}
