/** Whether the configuration can be written where it is, and what to do where it cannot. */
import { accessSync, constants, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { isPresent } from '../read-text.ts';

/** Why `file` cannot be written; undefined where it can. A file that somebody took the right to write from is not replaced either. */
export function reasonAgainstWriting(file: string): string | undefined {
  try {
    accessSync(isPresent(file) ? file : nearestFolder(dirname(file)), constants.W_OK);
    return undefined;
  } catch (thrown) {
    return describe(thrown);
  }
}

/** @throws OpenClawError `config_read_only` */
export function checkWritable(file: string): void {
  const reason = reasonAgainstWriting(file);
  if (reason !== undefined) throw new OpenClawError('config_read_only', { details: { file, reason, remedy: remedyFor(file) } });
}

/** What writing failed with although it looked as if it could be done. */
export function writingFailed(file: string, cause: unknown): OpenClawError {
  const isFull = isCode(cause, 'ENOSPC', 'EDQUOT');
  const remedy = isFull ? 'Free space on its volume, and try again.' : remedyFor(file);
  return new OpenClawError('config_read_only', { details: { file, reason: describe(cause), remedy }, cause });
}

function describe(thrown: unknown): string {
  if (isCode(thrown, 'EROFS')) return 'it lies on a mount that is read-only';
  return isCode(thrown, 'EACCES', 'EPERM') ? 'this user may not write it' : reasonOf(thrown);
}

function isCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.some((code) => thrown.code === code);
}

function remedyFor(file: string): string {
  if (isMountedByKubernetes(file)) {
    return 'It comes from a ConfigMap or a Secret: `kubectl edit` that; the gateway takes the change up within a minute or two, without a restart.';
  }
  return 'Edit it where it is mounted from, on the host, or mount it without `:ro`; the gateway takes the change up without a restart.';
}

/** Kubernetes puts each version into a folder of its own and swaps the link `..data`. */
function isMountedByKubernetes(file: string): boolean {
  try {
    return lstatSync(join(dirname(file), '..data')).isSymbolicLink();
  } catch {
    return false;
  }
}

function nearestFolder(path: string): string {
  return isPresent(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}
