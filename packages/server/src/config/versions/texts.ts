/**
 * Texts of the configuration as they leave this machine and come back: without their secrets, and with them again.
 *
 * What is sent back with a placeholder in it gets the secret that stands in the file at its place, so that somebody can edit the rest
 * without ever seeing one.
 */
import { OpenClawError } from '../../core/errors.ts';
import { setInText, unsetInText } from '../edit.ts';
import type { Path } from '../path.ts';
import { toConfigError, type Problem } from '../problems.ts';
import { parseTree, valueOf, type Parser, type Tree } from '../tree.ts';
import type { ConfigurationKeeper } from './contract.ts';
import { fillSecrets, hideSecrets, maskUnknown, type Texts } from './secrets-in-text.ts';

export interface ConfigurationTexts {
  /** With a placeholder for each secret. Of a text that cannot be read nothing is shown that is not known to be harmless. */
  hide(text: string): Promise<string>;
  /** With the secrets that stand in the file at the places of the placeholders. @throws OpenClawError `config_secret_missing` */
  fill(text: string): Promise<string>;
  /** The value that the text stands for; undefined where it is not well formed. */
  parse(text: string): Promise<unknown>;
  /** The text with the members of `patch` (JSON5) laid over it; null takes one away. @throws OpenClawError `config_invalid` */
  merge(text: string, patch: string): Promise<string>;
}

export function createConfigurationTexts(keeper: Pick<ConfigurationKeeper, 'current' | 'status' | 'readText'>): ConfigurationTexts {
  const hidden = (text: string, parser: Parser): string | undefined => {
    const { file } = keeper.status;
    try {
      return hideSecrets(new Map([[file, text]]), { parser, secrets: keeper.current?.secrets.values() ?? [] }).get(file);
    } catch {
      // Not good JSON5: a secret may stand anywhere in it.
      return undefined;
    }
  };
  return {
    async hide(text) {
      const parser = await loadParser();
      const shown = isWellFormed(text, parser) ? hidden(text, parser) : undefined;
      if (shown !== undefined) return shown;
      const applied = keeper.current?.texts.get(keeper.status.file);
      return maskUnknown(text, applied === undefined ? '' : (hidden(applied, parser) ?? ''));
    },
    async fill(text) {
      const parser = await loadParser();
      // What cannot be read has no place to put anything; whoever checks it says what is wrong.
      if (!isWellFormed(text, parser)) return text;
      const { file, version } = keeper.status;
      const now = keeper.readText();
      const sources: Texts[] = [...(now === undefined ? [] : [new Map([[file, now]])]), ...(keeper.current ? [keeper.current.texts] : [])];
      return fillSecrets(new Map([[file, text]]), { parser, sources, version: version ?? 0 }).get(file) ?? text;
    },
    async parse(text) {
      const parser = await loadParser();
      if (text.trim() === '') return {};
      const tree = parseTree(text, { file: keeper.status.file, parser, problems: [] });
      return tree && valueOf(tree);
    },
    async merge(text, patch) {
      const parser = await loadParser();
      const problems: Problem[] = [];
      const tree = parseTree(patch, { file: 'the patch', parser, problems });
      if (!tree || problems.length > 0) throw toConfigError(problems);
      if (tree.kind !== 'object') throw notAnObject();
      return overlay(text, { tree, path: [], parser });
    },
  };
}

interface Overlay {
  readonly tree: Tree;
  readonly path: Path;
  readonly parser: Parser;
}

/** Objects are gone into, everything else takes the place of what was there. */
function overlay(text: string, { tree, path, parser }: Overlay): string {
  if (tree.kind === 'scalar' && tree.value === null) return unsetInText(text, { path, parser }) ?? text;
  if (tree.kind !== 'object' || tree.members.size === 0) return path.length === 0 ? text : setInText(text, { path, value: tree, parser });
  return [...tree.members].reduce((edited, [name, member]) => overlay(edited, { tree: member.tree, path: [...path, name], parser }), text);
}

function isWellFormed(text: string, parser: Parser): boolean {
  if (text.trim() === '') return true;
  const problems: Problem[] = [];
  return parseTree(text, { file: '', parser, problems }) !== undefined && problems.length === 0;
}

/** Loaded only where there is a text to parse. */
function loadParser(): Promise<Parser> {
  return import('@humanwhocodes/momoa');
}

function notAnObject(): OpenClawError {
  return new OpenClawError('config_invalid', {
    details: { where: 'the patch', reason: 'must be an object', suggestion: 'Write the settings that are to change, as in the file.' },
  });
}
