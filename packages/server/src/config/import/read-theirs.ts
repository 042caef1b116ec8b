/** Reads the file of the other program, with what it includes, as far as it can be read. Variables stay as they are written. */
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { readTree } from '../include.ts';
import { type Problem, toConfigError } from '../problems.ts';
import { readText } from '../read-text.ts';
import type { Tree } from '../tree.ts';
import type { Conversion } from './convert.ts';

/** @throws OpenClawError `config_unreadable`, `config_invalid` for what is not JSON5 */
export async function importFile(file: string, vendors: readonly string[] = []): Promise<Conversion> {
  const problems: Problem[] = [];
  // Loaded for this alone: every other command starts without it.
  const [parser, { convert }] = await Promise.all([import('@humanwhocodes/momoa'), import('./convert.ts')]);
  const tree = read();
  if (tree?.kind === 'object' && problems.length === 0) return convert(tree, vendors);
  if (tree && problems.length === 0) problems.push({ origin: tree.origin, path: [], reason: 'it does not hold an object' });
  throw toConfigError(problems);

  function read(): Tree | undefined {
    try {
      return readTree(file, { parser, problems, readText, isGiven: () => false, files: new Set() });
    } catch (cause) {
      throw new OpenClawError('config_unreadable', { details: { file, reason: reasonOf(cause) }, cause });
    }
  }
}
