/** Whether what the operator wrote is what holds. */
import { degraded, failed, ok, type Check } from '../check.ts';

/** What is asked of the keeper of the configuration. */
export interface ConfigurationLook {
  /** `refused` and `lastGood`: an earlier version holds. */
  readonly state: 'current' | 'refused' | 'lastGood' | 'rescue';
  readonly problem: Error | undefined;
  readonly file: string;
  readonly needsRestart: readonly string[];
}

export function createConfigurationCheck(look: () => ConfigurationLook): Check {
  return () => {
    const { state, problem, file, needsRestart } = look();
    const reason = problem?.message ?? `${file} is not valid`;
    if (state === 'rescue') return failed(`rescue mode, and nothing is served: ${reason}`);
    if (state === 'refused') return degraded(`the last edit was refused, and what held before holds on: ${reason}`);
    if (state === 'lastGood') return degraded(`an earlier version holds since the start: ${reason}`);
    if (needsRestart.length > 0) return { state: 'ok', detail: `holds after a restart: ${needsRestart.join(', ')}` };
    return ok;
  };
}
