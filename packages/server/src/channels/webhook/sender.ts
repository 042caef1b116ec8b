/**
 * Sends deliveries as signed requests, as Standard Webhooks has them: one attempt, to an address that was looked at, by no redirect, within its
 * time and a bound on what is read of the answer.
 */
import type { Clock } from '../../core/clock.ts';
import { AddressRefused, type CheckedResponse, type Resolve, sendChecked } from '../../core/checked-request.ts';
import { reasonOf } from '../../core/errors.ts';
import { createAddressRule } from '../../core/public-addresses.ts';
import { retryAfterOf } from '../../core/retry-after.ts';
import { version } from '../../version.ts';
import type { Delivery, Notice, Outlet, RetryPolicy, SendResult } from '../contract.ts';
import { secretBytes, signStandard } from './signature.ts';

export interface DeliverSettings extends RetryPolicy {
  readonly url: string;
  readonly secrets: readonly string[];
  readonly privateAddresses: readonly string[];
}

export interface SenderOptions {
  readonly channelId: string;
  readonly settings: DeliverSettings;
  readonly clock: Clock;
  readonly resolve: Resolve;
}

/** What a receiver says beside its status is of no use here. */
const answerLimitBytes = 64 * 1024;

export function createSender({ channelId, settings, clock, resolve }: SenderOptions): Outlet {
  const url = new URL(settings.url);
  const secrets = settings.secrets.map(secretBytes);
  const addresses = createAddressRule(settings.privateAddresses);
  const { timeoutMs, attempts, maxAgeMs, baseDelayMs, maxDelayMs } = settings;

  async function attempt({ id, notice }: Delivery, signal: AbortSignal): Promise<SendResult> {
    const body = JSON.stringify(payloadOf(channelId, notice));
    const signed = signStandard({ id, timestampS: Math.floor(clock.now() / 1000), body }, secrets);
    const headers = {
      ...{ 'content-type': 'application/json', 'user-agent': `OpenClaw/${version}`, 'accept-encoding': 'identity' },
      ...signed,
    };
    const response = await sendChecked({ method: 'POST', url, headers, body, addresses, resolve, signal });
    await readOut(response);
    return resultOf(response, clock.now());
  }

  return {
    to: url.origin,
    retry: { timeoutMs, attempts, maxAgeMs, baseDelayMs, maxDelayMs },
    async send(delivery, stopped) {
      const late = new AbortController();
      const timer = clock.after(timeoutMs, () => late.abort());
      try {
        return await attempt(delivery, AbortSignal.any([stopped, late.signal]));
      } catch (thrown) {
        if (thrown instanceof AddressRefused)
          return { kind: 'refused', reason: `${thrown.message} Allow it with deliver.privateAddresses.` };
        if (late.signal.aborted) return { kind: 'failed', reason: `no answer within ${timeoutMs} ms` };
        return { kind: 'failed', reason: stopped.aborted ? 'it was stopped' : reasonOf(thrown) };
      } finally {
        timer.cancel();
      }
    },
  };
}

/** To its end, so that a receiver is not cut off while it still speaks; what it answered is known before, and is not changed by how that ends. */
async function readOut({ body, close }: CheckedResponse): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > answerLimitBytes) break;
    }
  } catch {
    // It broke off, or took too long: the status has said all that counts.
  } finally {
    close();
  }
}

function resultOf({ status, headers }: CheckedResponse, nowMs: number): SendResult {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'refused', reason: 'the receiver wants no more of them (410)' };
  const isRedirect = status >= 300 && status < 400;
  const reason = isRedirect ? `the receiver answered ${status}, and redirects are not followed` : `the receiver answered ${status}`;
  const retryAfterMs = retryAfterOf(headers, nowMs);
  return { kind: 'failed', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** The same for every attempt. */
function payloadOf(channel: string, { type, atMs, ...data }: Notice): object {
  return { type, timestamp: new Date(atMs).toISOString(), data: { channel, ...data } };
}
