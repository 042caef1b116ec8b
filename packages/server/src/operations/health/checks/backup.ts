/** Whether backups by schedule are made. Never more than degraded: a gateway without a fresh copy still does its work. */
import { degraded, ok, type Check } from '../check.ts';

/** @param trouble why the last one failed, in words; undefined where it did not */
export function createBackupCheck(trouble: () => string | undefined): Check {
  return () => {
    const words = trouble();
    return words === undefined ? ok : degraded(words);
  };
}
