/**
 * Asks each provider once whether its keys are good, at an endpoint that costs nothing, so that a wrong key is known before
 * the first request meets it. It runs beside everything else and holds nothing up; nothing of it counts as usage.
 *
 * Only clear words count: a refusal of the key, or nobody there. Where a provider has no such endpoint, or a key may not read
 * it, the key is simply not known to be bad. What follows from a verdict is decided in `keys.ts`.
 */
import { sleep, type Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf, toOpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { KeyAt, Keys } from './keys.ts';
import { withoutKey } from './provider-keys.ts';
import type { ProviderKey } from '../target.ts';
import type { UpstreamResponse, UpstreamTimeouts } from '../upstream.ts';

export interface KeyCheckOptions {
  readonly keys: Pick<Keys, 'accepted' | 'report' | 'unreachable'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told of each key about which the provider has been asked. */
  readonly onChecked?: (key: ProviderKey) => void;
}

/** Few at once: the start has better things to do. */
const atOnce = 4;
/** The list of models is quick where it is there at all. */
const timeoutMs = 5000;
const timeouts: UpstreamTimeouts = { connectMs: timeoutMs, firstByteMs: timeoutMs, idleMs: timeoutMs, totalMs: timeoutMs };
/** How soon a provider that nobody reached is asked again: the network may come up after the gateway. */
const againMs = 60_000;
/** Enough for the words of a refusal. */
const bodyLimitBytes = 16 * 1024;

/** Resolves when every key has been checked, and those out of reach have been found or given up. Never rejects. */
export async function checkKeys(asked: readonly KeyAt[], options: KeyCheckOptions): Promise<void> {
  let open = asked.filter(({ provider }) => provider.keyCheckPath !== undefined);
  try {
    for (let round = 1; open.length > 0; round++) {
      open = await checkOnce(open, options);
      // What is there by then is seen by requests; asking for ever would only fill the log of others.
      if (open.length === 0 || round === 10) return;
      await sleep(options.clock, againMs, options.signal);
    }
  } catch (thrown) {
    if (!options.signal.aborted) throw thrown;
  }
}

/** @returns those that could not be reached */
async function checkOnce(asked: readonly KeyAt[], options: KeyCheckOptions): Promise<KeyAt[]> {
  const waiting = [...asked];
  const unreached: KeyAt[] = [];
  const work = async (): Promise<void> => {
    for (let at = waiting.shift(); at; at = waiting.shift()) {
      if (await checkKey(at, options)) options.onChecked?.(at.key);
      else unreached.push(at);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return unreached;
}

/** @returns false where nobody was reached */
async function checkKey(at: KeyAt, { keys, clock, log, signal }: KeyCheckOptions): Promise<boolean> {
  const { provider, key } = at;
  const fields = { provider: provider.id, key: key.id, source: key.source };
  let error: OpenClawError | undefined;
  try {
    error = await ask(at, { clock, signal });
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const failure = toOpenClawError(thrown);
    if (keys.unreachable(at, failure)) log.warn('a provider cannot be reached', { ...fields, reason: reasonOf(failure) });
    return false;
  }
  if (!error) {
    keys.accepted(at);
    log.debug('the key of a provider is good', fields);
  } else if (error.code === 'upstream_quota' || (error.code === 'upstream_authentication' && error.details['upstreamStatus'] !== 403)) {
    if (!keys.report(at, error)) {
      log.warn('a provider refuses its key', { ...fields, reason: String(error.details['reason'] ?? ''), hint: error.hint });
    }
  } else log.debug('the key of a provider could not be checked', { ...fields, reason: reasonOf(error) });
  return true;
}

/** What the provider said against the key; `undefined` where it took it. @throws OpenClawError where nobody was reached */
async function ask({ provider, key }: KeyAt, context: Pick<KeyCheckOptions, 'clock' | 'signal'>): Promise<OpenClawError | undefined> {
  const response = await provider.upstream.send(
    { method: 'GET', origin: provider.origin, path: provider.keyCheckPath ?? '', headers: { ...key.headers }, body: undefined },
    { signal: context.signal, requestId: 'key-check', provider: provider.id, timeouts },
  );
  const body = await readStart(response);
  const { status, headers } = response;
  if (status >= 200 && status < 300) return undefined;
  // Loaded late: the formats are not needed for a start.
  const { providerDialects } = await import('../dialects/index.ts');
  const error = providerDialects[provider.dialect].classify({ provider: provider.id, status, headers, body, nowMs: context.clock.now() });
  if (status >= 500) throw error;
  const named = new OpenClawError(error.code, { details: { ...error.details, keySource: key.source }, status: error.status });
  return withoutKey(named, key);
}

/** Reads no more than is needed; leaving early closes the connection. */
async function readStart({ body }: UpstreamResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bodyLimitBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
