/**
 * What a command works with: the client of the gateway that was chosen, and the namespace where one was. What the gateway says against a question
 * comes back in words that say what to do.
 */
import {
  ApiRefusal,
  createWorkloadsClient,
  findKind,
  knownKinds,
  OpenClawError as ClientError,
  type ResourceKind,
  type WorkloadsClient,
} from '@openclaw/client/workloads';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import type { Terminal } from '../terminal.ts';
import type { PlaceFlags } from './flags.ts';
import { createNodeTransport } from './node-transport.ts';
import { findTarget, type Target } from './target.ts';

/** What every command of `clw` is registered with. */
export interface ClwContext {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Keeps the program alive, unlike the clock. Rejects where the signal is aborted. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<unknown>;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly setExitCode: (code: number) => void;
}

export interface Session {
  readonly api: WorkloadsClient;
  readonly target: Target;
  /** Of `-n`, else of the context. */
  readonly namespace: string | undefined;
}

export const defaultNamespace = 'default';

/** @throws OpenClawError in words for the terminal, whatever the client threw */
export async function withSession<Result>(
  { terminal }: Pick<ClwContext, 'terminal'>,
  flags: PlaceFlags,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  const target = await findTarget(flags, terminal.env);
  const transport = createNodeTransport({ ...target, timeoutMs: flags.requestTimeout });
  const api = createWorkloadsClient({ transport, server: target.url });
  try {
    return await use({ api, target, namespace: flags.namespace ?? target.namespace });
  } catch (thrown) {
    throw thrown instanceof ClientError ? explain(thrown, target) : thrown;
  }
}

/** By its plural, singular, short name or kind, with its group or without. @throws OpenClawError `usage_error` with the nearest word */
export async function resolveKind(word: string, { api }: Pick<Session, 'api'>): Promise<ResourceKind> {
  const known = findKind(word, knownKinds);
  if (known) return known;
  const kinds = await api.kinds();
  const found = findKind(word, kinds);
  if (found) return found;
  const near = nearestName(
    word,
    [...knownKinds, ...kinds].flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]),
  );
  throw new OpenClawError('usage_error', {
    details: {
      reason: `The gateway has no kind of resource ${word}`,
      suggestion: near === undefined ? `It has ${kinds.map(({ plural }) => plural).join(', ')}.` : `Did you mean ${near}?`,
    },
  });
}

/** Where the object of that name is: the namespace that was chosen, else the only one that has the name. */
export async function placeOf(
  { kind, name }: { readonly kind: ResourceKind; readonly name: string },
  { api, namespace }: Session,
  { stderr }: Pick<Terminal, 'stderr'>,
): Promise<string | undefined> {
  if (!kind.namespaced) return undefined;
  if (namespace !== undefined) return namespace;
  const { items } = await api.list({ kind, fieldSelector: `metadata.name=${name}` });
  const places = items.filter(({ metadata }) => metadata.name === name).map(({ metadata }) => metadata.namespace ?? defaultNamespace);
  const [only, second] = places;
  if (only === undefined) return notFound(kind, name, { api });
  if (second !== undefined) {
    const details = { resource: kind.singular, name, namespaces: places.join(', ') };
    throw new OpenClawError('workload_name_ambiguous', { details });
  }
  if (only !== defaultNamespace) stderr.write(`Note: ${kind.singular} "${name}" is in the namespace ${only}.\n`);
  return only;
}

async function notFound(kind: ResourceKind, name: string, { api }: Pick<Session, 'api'>): Promise<never> {
  const { items } = await api.list({ kind });
  const near = nearestName(
    name,
    items.map(({ metadata }) => metadata.name),
  );
  const others = near === undefined ? `\`clw get ${kind.plural} -A\` names those that there are.` : `Did you mean ${near}?`;
  throw new OpenClawError('workload_nowhere', { details: { resource: kind.singular, name, suggestion: others } });
}

function explain(thrown: ClientError, target: Target): OpenClawError {
  const reason = thrown.message.replace(/\s+/g, ' ').replace(/\.$/, '');
  const { url, credential, remedy } = target;
  if (!(thrown instanceof ApiRefusal)) return explainConnection(thrown, reason, url);
  const options = { details: { url, credential, reason, suggestion: remedy }, cause: thrown };
  if (thrown.status === 401) return new OpenClawError('workload_credential_refused', options);
  if (thrown.status === 403) return new OpenClawError('workload_api_forbidden', options);
  if (thrown.status === 404 && !thrown.isStatus) return new OpenClawError('workload_api_missing', options);
  const causes = thrown.causes.filter(({ message }) => !thrown.message.includes(message));
  const details = causes.map(({ field, message }) => `\n  ${field === undefined ? '' : `${field}: `}${message}`).join('');
  return new OpenClawError('command_refused', {
    details: { reason: `${reason}${details}`, suggestion: suggestionFor(thrown) },
    cause: thrown,
  });
}

function explainConnection(thrown: ClientError, reason: string, url: string): OpenClawError {
  const options = {
    details: { url, reason: reason.replace(`${url} could not be reached: `, ''), suggestion: 'Run the command again.' },
    cause: thrown,
  };
  if (thrown.code === 'answer_broken') return new OpenClawError('command_refused', options);
  return new OpenClawError(thrown.code === 'unreadable_answer' ? 'workload_api_missing' : 'gateway_unreachable', options);
}

function suggestionFor({ reason }: ApiRefusal): string {
  const words: Readonly<Record<string, string>> = {
    NotFound: '`clw get workloads -A` names what there is.',
    AlreadyExists: '`clw apply -f FILE` changes what is there.',
    Conflict: 'Somebody else changed it meanwhile: run the command again.',
    Invalid: 'Nothing was changed. `clw explain workload.spec` shows the fields.',
    Expired: 'Run the command again.',
    Gone: 'Run the command again.',
    TooManyRequests: 'Run the command again in a while.',
  };
  return words[reason] ?? '';
}
