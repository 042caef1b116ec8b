/**
 * The webhook channel: a request that somebody signs becomes a run, and a signed request tells what came of it.
 *
 * It keeps no state but whether it runs: what came in is in the journal of runs, what goes out in the outbox.
 */
import type { ChannelsSettings } from '../../config/index.ts';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { type Resolve, resolveBySystem } from '../../core/checked-request.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import type { HookAnswer, HookChannel, HookHeaders, HookRequest, Intake } from '../contract.ts';
import { HookRefused } from '../hook-refused.ts';
import { readMessage } from './message.ts';
import { createSender } from './sender.ts';
import { readSignature, secretBytes } from './signature.ts';

export type WebhookSettings = ChannelsSettings['webhook']['entries'][string];

export interface WebhookOptions {
  readonly id: string;
  readonly settings: WebhookSettings;
  readonly clock: Clock;
  /** @default by the system */
  readonly resolve?: Resolve;
}

export function createWebhook({ id, settings, clock, resolve = resolveBySystem }: WebhookOptions): HookChannel {
  const { agent, signature, toleranceMs, deliver } = settings;
  const secrets = settings.secrets.map(secretBytes);
  const underWay = new Set<Promise<unknown>>();
  let running: Running | undefined;

  async function take({ headers, readBody }: HookRequest, { intake, signal }: Running): Promise<HookAnswer> {
    const presented = readSignature(signature, headers, { secrets, nowMs: clock.now(), toleranceMs });
    const body = await untilAborted(readBody(), signal);
    if (!presented.holds(body)) throw new HookRefused('the signature is not one of this body by one of the secrets', true);
    const event = signature === 'github' ? githubEvent(headers) : undefined;
    // GitHub asks whether somebody is there, and that is all.
    if (event === 'ping') return { status: 200, body: { ok: true } };
    const arrival = readMessage({ channelId: id, arrivalId: presented.idOf(body), event, body }, settings);
    const { runId, isKnown } = await intake.accept(arrival);
    return { status: 202, body: { runId, duplicate: isKnown } };
  }

  return {
    ...{ id, kind: 'webhook', agentId: agent },
    async start(intake, signal) {
      signal.throwIfAborted();
      running = { intake, signal };
      signal.addEventListener('abort', () => (running = undefined), { once: true });
    },
    async stop() {
      await Promise.allSettled(underWay);
    },
    status: () => ({ state: running ? 'running' : 'stopped', problem: null }),
    async receive(request) {
      if (!running) throw new OpenClawError('not_ready', { details: { reason: 'the channel is being changed' }, retryAfterMs: 1000 });
      const taking = take(request, running);
      underWay.add(taking);
      try {
        return await taking;
      } finally {
        underWay.delete(taking);
      }
    },
    ...(deliver ? { outlet: createSender({ channelId: id, settings: deliver, clock, resolve }) } : {}),
  };
}

interface Running {
  readonly intake: Intake;
  readonly signal: AbortSignal;
}

function githubEvent(headers: HookHeaders): string | undefined {
  const event = headers['x-github-event'];
  return typeof event === 'string' && /^[a-z_]{1,64}$/.test(event) ? event : undefined;
}
