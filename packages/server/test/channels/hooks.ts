/** What those have who send to webhooks: a secret, and an address. And a home whose gateway has webhooks. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '@openclaw/protocol';
import { secretBytes, signStandard } from '../../src/channels/webhook/signature.ts';
import type { WebhookSettings } from '../../src/channels/webhook/webhook.ts';

export const inSecret = 'secret-of-those-who-send-to-us';
export const outSecret = 'secret-of-those-whom-we-tell-it';

type Written = { readonly [Name in keyof WebhookSettings]?: Name extends 'deliver' ? object : WebhookSettings[Name] };

/** As an operator writes it; it is taken up while a gateway runs. */
export function writeWebhooks(home: string, entries: Readonly<Record<string, Written>>): void {
  const directory = join(home, '.openclaw');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'openclaw.json.next'), JSON.stringify({ channels: { webhook: { entries } } }));
  renameSync(join(directory, 'openclaw.json.next'), join(directory, 'openclaw.json'));
}

/** Tells a receiver on this machine, and does not wait for long. */
export function tells(url: string, more: object = {}): object {
  return {
    ...{ url, secrets: [outSecret], privateAddresses: ['127.0.0.1'], baseDelayMs: 50, maxDelayMs: 200, timeoutMs: 5000, attempts: 20 },
    ...more,
  };
}

export interface Posted {
  readonly id?: string;
  readonly body?: string;
  readonly secret?: string;
  /** Laid over those of the signature. */
  readonly headers?: Record<string, string>;
}

export interface Answered {
  readonly status: number;
  readonly body: { readonly runId?: string; readonly duplicate?: boolean; readonly error?: { readonly message: string } };
  readonly headers: Headers;
}

export async function postHook(
  url: string,
  channel: string,
  { id = 'msg_1', body = 'say Done.', secret = inSecret, headers }: Posted = {},
) {
  const timestampS = Math.floor(Date.now() / 1000);
  const signed = signStandard({ id, timestampS, body }, [secretBytes(secret)]);
  const response = await fetch(`${url}/hooks/${channel}`, { method: 'POST', body, headers: { ...signed, ...headers } });
  const answered: Answered = { status: response.status, body: (await response.json()) as Answered['body'], headers: response.headers };
  return answered;
}

export async function runsOf({ url, token }: { readonly url: string; readonly token: string }): Promise<RunView[]> {
  const answer = await fetch(`${url}/v1/runs`, { headers: { authorization: `Bearer ${token}` } });
  return ((await answer.json()) as { data: RunView[] }).data;
}
