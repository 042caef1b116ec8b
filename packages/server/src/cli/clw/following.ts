/**
 * Goes on with changes for as long as anybody wants them: where the server no longer keeps the version from which they are asked for (410), everything is listed afresh, and what is
 * the same as before is not told again.
 */
import { ApiRefusal, type ApiTable } from '@openclaw/client/workloads';
import type { ClwContext } from './session.ts';

/** Listing costs more than watching: never without a pause. */
const listAgainMs = 1000;

/** @param round lists what there is and then watches until the watch ends */
export async function listAgainWhenExpired(round: (isFirst: boolean) => Promise<void>, { wait }: Pick<ClwContext, 'wait'>): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      await round(isFirst);
      return;
    } catch (thrown) {
      if (!(thrown instanceof ApiRefusal) || thrown.status !== 410) throw thrown;
      await wait(listAgainMs);
    }
  }
}

/** What was told, so that a second list tells only what is new in it. */
export class Told {
  readonly #versions = new Map<string, string | undefined>();

  /** Whether this version of it was not told yet; from now on it was. */
  isNew({ uid, name, resourceVersion }: Metadata): boolean {
    const key = uid ?? name;
    if (resourceVersion !== undefined && this.#versions.get(key) === resourceVersion) return false;
    this.#versions.set(key, resourceVersion);
    return true;
  }

  forget({ uid, name }: Metadata): void {
    this.#versions.delete(uid ?? name);
  }
}

type Metadata = ApiTable['rows'][number]['object']['metadata'];
