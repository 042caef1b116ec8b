/** Whether channels do their work. Never more than degraded: what others do not take, no other gateway brings to them either. */
import { degraded, ok, type Check } from '../check.ts';

/** @param troubles one entry each, in words, without secrets */
export function createChannelsCheck(troubles: () => readonly string[]): Check {
  return () => {
    const words = troubles().join('; ');
    return words === '' ? ok : degraded(words);
  };
}
