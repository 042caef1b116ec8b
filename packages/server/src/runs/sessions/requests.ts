/** Checks what is asked for, before anything is written. */
import { OpenClawError } from '../../core/errors.ts';
import { storable } from './text.ts';

const nameLimit = 512;

/** @throws OpenClawError `invalid_request` */
export function checkName(name: string, path: string): void {
  if (name.trim() === '') throw invalid(path, 'must not be empty');
  if (name.length > nameLimit) throw invalid(path, `must not be longer than ${nameLimit} characters`);
  if (storable(name) !== name) throw invalid(path, 'must be text without control character 0 and without halves of characters');
}

/** @returns it as it can be stored @throws OpenClawError `invalid_request` */
export function checkMessage(message: string, limitCharacters: number): string {
  if (message.trim() === '') throw invalid('message', 'must not be empty');
  if (message.length > limitCharacters) throw invalid('message', `must not be longer than ${limitCharacters} characters`);
  return storable(message);
}

function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
