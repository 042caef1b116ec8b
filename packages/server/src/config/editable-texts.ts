/**
 * The text of the configuration for somebody who edits it from elsewhere: with placeholders for its secrets on the way out, and with the secrets
 * again on the way in.
 *
 * It writes nothing and checks nothing but that it can tell where secrets stand.
 */
import { OpenClawError } from '../core/errors.ts';
import { redactedText, type Redactor } from '../core/redact.ts';
import { setInText, unsetInText } from './edit.ts';
import type { Path } from './path.ts';
import { toConfigError, type Problem } from './problems.ts';
import { parseTree, partAt, type Parser, type Tree } from './tree.ts';
import { fillSecrets, hideSecrets } from './versions/secrets-in-text.ts';

export interface EditableTextsOptions {
  /** Path of the configuration. */
  readonly file: () => string;
  /** Its text as it stands in the file; undefined where there is none. */
  readonly current: () => string | undefined;
  /** What is secret wherever it stands. */
  readonly secrets: () => Iterable<string>;
  /** For a text in which nobody can tell where secrets stand. */
  readonly redactor: Pick<Redactor, 'text'>;
}

export interface EditableTexts {
  /** With a placeholder for each secret. */
  hide(text: string): Promise<string>;
  /** With the secrets that stand in the file at the places of the placeholders. @throws OpenClawError `invalid_request` where none stands there */
  fill(text: string): Promise<string>;
  /** The value that the text stands for; undefined where it is not well formed. */
  parse(text: string): Promise<unknown>;
  /** The text with the members of `patch` (JSON5) laid over it; null takes one away. @throws OpenClawError `config_invalid` */
  merge(text: string, patch: string): Promise<string>;
}

export function createEditableTexts(options: EditableTextsOptions): EditableTexts {
  const load = (): Promise<Parser> => import('@humanwhocodes/momoa');
  return {
    async hide(text) {
      const parser = await load();
      const file = options.file();
      if (!isWellFormed(text, { file, parser })) return options.redactor.text(text);
      return hideSecrets(new Map([[file, text]]), { parser, secrets: options.secrets() }).get(file) ?? '';
    },
    async fill(text) {
      const parser = await load();
      const file = options.file();
      const current = options.current() ?? '';
      if (text.includes(redactedText) && !current.includes(redactedText)) {
        throw invalid('raw', `has ${redactedText} where a secret stood; write the secret itself, or a reference to it`);
      }
      // What is wrong with it is said by whoever is to put it in force.
      if (!isWellFormed(text, { file, parser })) return text;
      try {
        return fillSecrets(new Map([[file, text]]), { parser, sources: [new Map([[file, current]])], version: 0 }).get(file) ?? '';
      } catch (thrown) {
        if (!(thrown instanceof OpenClawError) || thrown.code !== 'config_secret_missing') throw thrown;
        throw invalid(String(thrown.details['path']), 'has a placeholder, and no secret stands there in the file; write the secret itself');
      }
    },
    async parse(text) {
      const parser = await load();
      if (text.trim() === '') return {};
      if (!isWellFormed(text, { file: options.file(), parser })) return undefined;
      return parser.evaluate(parser.parse(text, { mode: 'json5' }));
    },
    async merge(text, patch) {
      const parser = await load();
      const problems: Problem[] = [];
      const tree = parseTree(patch, { file: 'patch', parser, problems });
      if (!tree || problems.length > 0) throw toConfigError(problems);
      if (tree.kind !== 'object') throw invalid('raw', 'must be an object');
      if (!isWellFormed(text, { file: options.file(), parser })) {
        throw invalid('raw', 'cannot be laid over a configuration that is not well formed; write it whole with config.set');
      }
      return layOver(text, { path: [], tree, parser });
    },
  };
}

function isWellFormed(text: string, { file, parser }: { readonly file: string; readonly parser: Parser }): boolean {
  if (text.trim() === '') return true;
  const problems: Problem[] = [];
  return parseTree(text, { file, parser, problems }) !== undefined && problems.length === 0;
}

interface Layer {
  readonly path: Path;
  readonly tree: Tree;
  readonly parser: Parser;
}

function layOver(text: string, { path, tree, parser }: Layer): string {
  if (tree.kind === 'scalar' && tree.value === null) return unsetInText(text, { path, parser }) ?? text;
  const below = text.trim() === '' ? undefined : parseTree(text, { file: 'text', parser, problems: [] });
  const target = path.length === 0 ? below : below && partAt(below, path);
  const isObject = tree.kind === 'object' && (path.length === 0 || target?.kind === 'object');
  if (!isObject) return setInText(text, { path, value: tree, parser });
  return [...tree.members].reduce((edited, [name, member]) => layOver(edited, { path: [...path, name], tree: member.tree, parser }), text);
}

function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
