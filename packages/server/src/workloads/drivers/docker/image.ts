/** Images that are not on this machine: fetched where the operator wants that, and never without a word. */
import { OpenClawError, reasonOf } from '../../../core/errors.ts';
import type { Engine } from '../../../docker-engine/engine.ts';
import { readObjects } from '../../../docker-engine/streams.ts';

export type PullPolicy = 'never' | 'missing';

/** @throws OpenClawError `workload_image_missing` */
export async function fetchImage(
  engine: Engine,
  image: string,
  { policy, signal }: { readonly policy: PullPolicy; readonly signal: AbortSignal },
): Promise<void> {
  if (policy === 'never') throw missing(image, 'it is not on this machine, and images are not fetched');
  try {
    const progress = await engine.stream({ method: 'POST', path: '/images/create', query: { fromImage: withTag(image) }, signal });
    for await (const step of readObjects(progress)) {
      const { error } = step as { readonly error?: string };
      if (error !== undefined) throw new Error(error);
    }
  } catch (thrown) {
    signal.throwIfAborted();
    throw missing(image, reasonOf(thrown), thrown);
  }
}

/** Without a tag the engine would fetch all of them. */
export function withTag(image: string): string {
  return image.includes('@') || /:[^:/]*$/.test(image) ? image : `${image}:latest`;
}

function missing(image: string, reason: string, cause?: unknown): OpenClawError {
  return new OpenClawError('workload_image_missing', { details: { image, reason }, cause });
}
