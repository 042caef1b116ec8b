/**
 * Fills `${VARIABLE}` in, in every text of a configuration. `$${` stands for `${` itself.
 * Keys are left alone. A variable that is missing is a mistake: an empty key or token would be a worse one later.
 */
import type { Environment, Variable } from '../core/env.ts';
import { formatPath, type Path } from './path.ts';
import type { Problem } from './problems.ts';
import type { ScalarTree, Tree } from './tree.ts';

export interface SubstituteContext {
  readonly environment: Environment;
  readonly problems: Problem[];
  /** Files that values were read from are added here. */
  readonly files: Set<string>;
}

export function substitute(tree: Tree, context: SubstituteContext, path: Path = []): Tree {
  if (tree.kind === 'array') {
    return { ...tree, items: tree.items.map((item, index) => substitute(item, context, [...path, index])) };
  }
  if (tree.kind === 'object') {
    const members = [...tree.members].map(
      ([name, member]) => [name, { ...member, tree: substitute(member.tree, context, [...path, name]) }] as const,
    );
    return { ...tree, members: new Map(members) };
  }
  return typeof tree.value === 'string' && tree.value.includes('${') ? fillIn(tree, tree.value, { ...context, path }) : tree;
}

interface FillContext extends SubstituteContext {
  readonly path: Path;
}

function fillIn(tree: ScalarTree, text: string, context: FillContext): ScalarTree {
  const variables: Variable[] = [];
  const names: string[] = [];
  const value = text.replace(/\$?\$\{[^}]*\}?/g, (written) => {
    if (written.startsWith('$$')) return written.slice(1);
    const name = /^\$\{([A-Za-z_]\w*)\}$/.exec(written)?.[1];
    const variable = name === undefined ? undefined : context.environment.lookup(name);
    if (name === undefined || !variable) {
      context.problems.push({ ...describeMissing(formatPath(context.path), name), origin: tree.origin, path: context.path });
      return '';
    }
    if (variable.file !== undefined) context.files.add(variable.file);
    variables.push(variable);
    names.push(name);
    return variable.value;
  });
  if (variables.length === 0) return { ...tree, value };
  const sources = variables.map(({ source }) => source).join(', ');
  return { ...tree, value, variables: names, origin: { ...tree.origin, where: `${tree.origin.where} (${sources})` } };
}

function describeMissing(setting: string, name: string | undefined): { reason: string; suggestion: string } {
  if (name === undefined) {
    const reason = `${setting} has a \${ that is not followed by the name of a variable and }`;
    return { reason, suggestion: 'Write $${ for the text ${ itself.' };
  }
  const suggestion = `Set ${name} in the environment or in .env, or its file in ${name}_FILE.`;
  return { reason: `${setting} needs the variable ${name}, which is not set`, suggestion };
}
