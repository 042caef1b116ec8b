import { modeWords } from '../../../state-modes/index.ts';
import { broken, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

const named = 5;

/** Files and directories of the state that others may use. */
export const modesCheck = examineSecurity({
  name: 'modes',
  title: 'modes of files',
  judge({ openPlaces }) {
    if (openPlaces.length === 0) return [well('Only their owner may use them.')];
    const first = openPlaces.slice(0, named).map(({ path, mode }) => [path, modeWords(mode)] as const);
    return [
      broken(`Others of this machine may use ${openPlaces.length} files or directories of the state.`, {
        why: 'Tokens, keys and conversations are in them.',
        remedy: 'openclaw doctor --fix',
        evidence: { ...Object.fromEntries(first), ...(openPlaces.length > named ? { more: openPlaces.length - named } : {}) },
      }),
    ];
  },
});
