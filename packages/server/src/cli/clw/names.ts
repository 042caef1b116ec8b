/**
 * How commands name objects: `workload NAME …`, `workload/NAME …`, and where it can only be a workload `NAME`.
 *
 * It does not ask which of them there are.
 */
import type { ResourceKind } from '@openclaw/client/workloads';
import { workloadKind } from '@openclaw/client/workloads';
import { OpenClawError } from '../../core/errors.ts';
import { resolveKind, type Session } from './session.ts';

export interface NamedKind {
  readonly kind: ResourceKind;
  /** Absent: all of the kind. */
  readonly name: string | undefined;
}

/** @throws OpenClawError `usage_error` */
export async function readNames(words: readonly string[], session: Pick<Session, 'api'>): Promise<readonly NamedKind[]> {
  const [first = '', ...names] = words;
  if (words.some((word) => word.includes('/'))) return Promise.all(words.map((word) => readSlashed(word, session)));
  const kinds = await Promise.all(first.split(',').map((word) => resolveKind(word, session)));
  if (names.length === 0) return kinds.map((kind) => ({ kind, name: undefined }));
  return kinds.flatMap((kind) => names.map((name) => ({ kind, name })));
}

async function readSlashed(word: string, session: Pick<Session, 'api'>): Promise<NamedKind> {
  const [kind = '', name = '', more] = word.split('/');
  if (kind === '' || name === '' || more !== undefined) {
    throw new OpenClawError('usage_error', {
      details: {
        reason: `${word} names nothing`,
        suggestion: 'Write TYPE NAME, or TYPE/NAME for each: workload/shop pod/shop-5f7c9-x2k4q.',
      },
    });
  }
  return { kind: await resolveKind(kind, session), name };
}

/** Of commands for one workload: `workload NAME`, `workload/NAME`, `NAME`. @throws OpenClawError `usage_error` for another kind */
export async function readWorkloadName(words: readonly string[], session: Pick<Session, 'api'>): Promise<string> {
  const [only = '', second] = words;
  if (second === undefined && !only.includes('/')) return only;
  const named = await readNames(words, session);
  const [{ kind, name } = { kind: workloadKind, name: undefined }, more] = named;
  if (kind.plural === workloadKind.plural && name !== undefined && more === undefined) return name;
  throw new OpenClawError('usage_error', {
    details: { reason: `${words.join(' ')} is not one workload`, suggestion: 'Write it like workload payment-processor.' },
  });
}
