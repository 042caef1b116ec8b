/** Whether the state outlives the container and the machine's next start. Where that is only likely, the doctor says so. */
import { degraded, ok, type Check } from '../check.ts';

export interface SurvivalLook {
  readonly severity: 'ok' | 'warn' | 'bad';
  readonly words: string;
}

/** @param look undefined: nobody has looked yet */
export function createSurvivalCheck(look: () => SurvivalLook | undefined): Check {
  return () => {
    const found = look();
    return found?.severity === 'bad' ? degraded(`the state does not survive: ${found.words.replace(/^no: /, '')}`) : ok;
  };
}
