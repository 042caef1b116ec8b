/** Rows of the error catalogue: channels, what comes in by them and what they send. */
import type { ErrorEntry } from './entry.ts';

export const channelErrors = {
  hook_refused: {
    status: 401,
    retryable: false,
    message: 'This is not accepted: there is no channel {channel}, or its signature does not hold, or is not of now.',
    hint: 'Sign with a secret of channels.webhook.entries.NAME.secrets, and look at the clock; the log of the gateway says what was wrong.',
  },
  channel_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no channel {channel}.',
    hint: '`openclaw channels list` names those that there are.',
  },
  channel_sends_nothing: {
    status: 409,
    retryable: false,
    message: 'The channel {channel} is not configured to send anything.',
    hint: 'Say where to: channels.webhook.entries.{channel}.deliver.',
  },
  delivery_not_found: {
    status: 404,
    retryable: false,
    message: 'There is no delivery {deliveryId}.',
    hint: '`openclaw channels deliveries CHANNEL` names those that are kept.',
  },
} as const satisfies Record<string, ErrorEntry>;
