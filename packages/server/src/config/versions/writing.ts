/** Writes a configuration and what it includes: all texts are on the disk before the first file changes. */
import { OpenClawError } from '../../core/errors.ts';
import { isPresent, readText } from '../read-text.ts';
import { prepareReplacement, type Replacement } from '../replace-file.ts';
import { checkWritable, writingFailed } from './read-only.ts';
import type { Texts } from './secrets-in-text.ts';

/** The text of a file; undefined where there is none, or none that can be read. */
export function textNow(file: string): string | undefined {
  try {
    return isPresent(file) ? readText(file) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Those of the texts that are not in their files yet, ready to be. The configuration itself, the first of the texts, is written last: a crash
 * between leaves includes that it is checked with at the next start.
 * @throws OpenClawError `config_read_only`
 */
export function prepareTexts(texts: Texts): Replacement {
  const wanted = [...texts].filter(([file, text]) => textNow(file) !== text).toReversed();
  for (const [file] of wanted) checkWritable(file);
  const prepared: { file: string; replacement: Replacement }[] = [];
  const discard = (): void => {
    for (const { replacement } of prepared) replacement.discard();
  };
  const guarded = (file: string, action: () => void): void => {
    try {
      action();
    } catch (thrown) {
      discard();
      throw thrown instanceof OpenClawError ? thrown : writingFailed(file, thrown);
    }
  };
  for (const [file, text] of wanted) guarded(file, () => prepared.push({ file, replacement: prepareReplacement(file, text) }));
  return {
    commit() {
      for (const { file, replacement } of prepared) guarded(file, () => replacement.commit());
    },
    discard,
  };
}
