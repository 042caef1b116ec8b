/**
 * Hands a change of the configuration to whoever applies it, one after the other, and takes it back from those who did when one cannot.
 * It keeps no configuration.
 */
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { needingRestart } from '../live.ts';
import type { Configuration } from '../load.ts';
import type { AcceptedChange } from './contract.ts';
import { changesBetween } from './differences.ts';

type Listener = (change: AcceptedChange) => Promise<void>;

export interface Changes {
  add(listener: Listener): () => void;
  /** Whether anybody would apply a change. */
  readonly isHeard: boolean;
  /**
   * @returns the paths that differ
   * @throws OpenClawError what a listener threw, or `config_not_applied`; who had applied it has taken it back
   */
  apply(configuration: Configuration, previous: Configuration | undefined): Promise<readonly string[]>;
  /** Applies what held before. Never rejects: what fails is logged. */
  takeBack(configuration: Configuration, previous: Configuration | undefined): Promise<void>;
}

export function createChanges({ file, log }: { file: string; log: () => Log | undefined }): Changes {
  const listeners = new Set<Listener>();

  async function undo(done: readonly Listener[], { configuration, previous, changed, needsRestart }: AcceptedChange): Promise<void> {
    // In rescue mode nothing held before; then it is for each listener to end what it has begun.
    if (!previous) return;
    const back: AcceptedChange = { configuration: previous, previous: configuration, changed, needsRestart };
    for (const listener of done.toReversed()) {
      try {
        await listener(back);
      } catch (thrown) {
        log()?.error('a change of the configuration could not be taken back everywhere; restart the gateway', { error: thrown });
      }
    }
  }

  return {
    add(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get isHeard() {
      return listeners.size > 0;
    },
    async apply(configuration, previous) {
      const change = describe(configuration, previous);
      const done: Listener[] = [];
      for (const listener of [...listeners]) {
        try {
          await listener(change);
          done.push(listener);
        } catch (thrown) {
          await undo(done, change);
          if (thrown instanceof OpenClawError) throw thrown;
          throw new OpenClawError('config_not_applied', { details: { file, reason: reasonOf(thrown) }, cause: thrown });
        }
      }
      return change.changed;
    },
    takeBack: (configuration, previous) => undo([...listeners], describe(configuration, previous)),
  };
}

function describe(configuration: Configuration, previous: Configuration | undefined): AcceptedChange {
  const changed = previous ? changesBetween(previous, configuration) : [];
  return { configuration, previous, changed, needsRestart: needingRestart(changed) };
}
