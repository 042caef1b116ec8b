/** Files: mounted by a container runtime, written by an agent of a vault, or by hand. One newline at the end is no part of the secret. */
import { stat } from 'node:fs/promises';

import { withoutLastNewline } from '../../../core/env.ts';
import { reasonOf } from '../../../core/errors.ts';
import { readText } from '../../read-text.ts';
import type { OpenSource } from '../contract.ts';
import { missing, refused, usable } from '../failures.ts';

export const openFileSource: OpenSource<'file'> = () => ({
  describe: ({ path, key }) => `the file ${path}${key === undefined ? '' : `#${key}`}`,
  async read({ path, key }, signal) {
    signal.throwIfAborted();
    const where = `the file ${path}`;
    const text = readHere(path);
    const { mtimeMs } = await stat(path);
    const value = usable(where, withoutLastNewline(text), key);
    // Whoever follows the file by itself takes all that is in it.
    const lies = key === undefined ? { file: { file: path } } : {};
    return { value, where: path, madeAt: new Date(mtimeMs).toISOString(), ...lies };
  },
});

function readHere(path: string): string {
  try {
    return readText(path);
  } catch (thrown) {
    const isAbsent = thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
    throw (isAbsent ? missing : refused)(`the file ${path}`, `it cannot be read: ${reasonOf(thrown)}`, thrown);
  }
}
