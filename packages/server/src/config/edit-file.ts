/**
 * Changes one setting in the configuration file: edits the text, loads the result as the gateway would, and replaces the
 * file only when the result is good. Whoever edits at the same time loses nothing: then the change is refused.
 */
import { OpenClawError } from '../core/errors.ts';
import { setInText, unsetInText } from './edit.ts';
import { defaultOrigin } from './origin.ts';
import { formatPath, type Path } from './path.ts';
import { type Problem, toConfigError } from './problems.ts';
import { schemaAt, settingsSchema } from './schema.ts';
import { parseTree, partAt, treeAt, type Parser, type Tree } from './tree.ts';
import { replaceConfiguration, type CommandOptions, type Replaced } from './versions/by-command.ts';

export interface EditOptions extends CommandOptions {
  /** Who does it, for the history. */
  readonly by: string;
}

/**
 * Sets a value, written as JSON5 or as plain text.
 * @throws OpenClawError as `replaceConfiguration` does, or `usage_error`; then the file is as it was.
 */
export async function setSetting(options: EditOptions, path: Path, value: string): Promise<Replaced> {
  if (path.length === 0) throw usageError('set needs the path of a setting', 'For example: openclaw config set gateway.port 8080');
  return editFile(options, (text, parser) =>
    setInText(withoutShorthand(text, path, parser), { path, value: readValue(value, { path, parser }), parser }),
  );
}

/**
 * Takes a setting out of the file, so that what lies below it (a default, an included file) counts.
 * @throws OpenClawError `usage_error` when it does not stand in the file.
 */
export async function unsetSetting(options: EditOptions, path: Path): Promise<Replaced> {
  return editFile(options, (text, parser) => {
    const edited = unsetInText(text, { path, parser });
    if (edited !== undefined) return edited;
    const suggestion = `\`openclaw config get ${formatPath(path)}\` says where the value comes from.`;
    throw usageError(`${formatPath(path) || 'the whole configuration'} does not stand in the configuration file itself`, suggestion);
  });
}

function editFile(options: EditOptions, edit: (text: string, parser: Parser) => string): Promise<Replaced> {
  return replaceConfiguration(options, options.by, async (text = '', file) => {
    const parser = await import('@humanwhocodes/momoa');
    checkWriting(text, { file, parser });
    return new Map([[file, edit(text, parser)]]);
  });
}

function checkWriting(text: string, { file, parser }: { file: string; parser: Parser }): void {
  const problems: Problem[] = [];
  if (text.trim() !== '') parseTree(text, { file, parser, problems });
  if (problems.length > 0) throw toConfigError(problems);
}

/** What is written for a whole object is made the object, where another of its properties is to be set. */
function withoutShorthand(text: string, path: Path, parser: Parser): string {
  const parent = path.slice(0, -1);
  const shorthand = schemaAt(settingsSchema, parent)?.['x-shorthand'];
  const tree = shorthand === undefined || text.trim() === '' ? undefined : parseTree(text, { file: 'VALUE', parser, problems: [] });
  const written = tree && partAt(tree, parent);
  if (shorthand === undefined || written?.kind !== 'scalar') return text;
  return setInText(text, { path: parent, value: treeAt([shorthand], written), parser });
}

/** `8080` is a number and `lan` a text; where the setting is a text, `8080` is one too. */
function readValue(value: string, { path, parser }: { path: Path; parser: Parser }): Tree {
  const plain: Tree = { kind: 'scalar', value, origin: defaultOrigin };
  const problems: Problem[] = [];
  const tree = parseTree(value, { file: 'VALUE', parser, problems });
  if (!tree) return plain;
  const [problem] = problems;
  if (problem) throw usageError(`the value cannot be set: ${problem.reason}`, problem.suggestion ?? 'Correct the value.');
  const whole = schemaAt(settingsSchema, path);
  const schema = whole?.properties?.[whole['x-shorthand'] ?? ''] ?? whole;
  const isText = schema?.writeOnly === true || schema?.type === 'string';
  return isText && tree.kind === 'scalar' && typeof tree.value !== 'string' ? plain : tree;
}

function usageError(reason: string, suggestion: string): OpenClawError {
  return new OpenClawError('usage_error', { details: { reason, suggestion } });
}
