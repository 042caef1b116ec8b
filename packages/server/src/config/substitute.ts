/**
 * Fills `${VARIABLE}` in, in every text of a configuration. `$${` stands for `${` itself.
 * Keys are left alone. A variable that is missing is a mistake: an empty key or token would be a worse one later.
 */
import type { Environment } from '../core/env.ts';
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

function fillIn(tree: ScalarTree, text: string, context: SubstituteContext & { path: Path }): ScalarTree {
  const variables: string[] = [];
  const sources: string[] = [];
  const value = text.replace(/(\$?)\$\{([^}]*)(\}?)/g, (written, escape: string, name: string, end: string) => {
    if (escape) return written.slice(1);
    if (!end || !/^[A-Za-z_]\w*$/.test(name)) {
      report(
        tree,
        context,
        `${formatPath(context.path)} has a \${ that is not followed by the name of a variable and }`,
        'Write $${ for the text ${ itself.',
      );
      return '';
    }
    const found = context.environment.lookup(name);
    if (!found) {
      report(
        tree,
        context,
        `${formatPath(context.path)} needs the variable ${name}, which is not set`,
        `Set ${name} in the environment or in .env, or its file in ${name}_FILE.`,
      );
      return '';
    }
    if (found.file !== undefined) context.files.add(found.file);
    variables.push(name);
    sources.push(found.source);
    return found.value;
  });
  if (variables.length === 0) return { ...tree, value };
  return { ...tree, value, variables, origin: { ...tree.origin, where: `${tree.origin.where} (${sources.join(', ')})` } };
}

function report(tree: ScalarTree, context: SubstituteContext & { path: Path }, reason: string, suggestion: string): void {
  context.problems.push({ origin: tree.origin, path: context.path, reason, suggestion });
}
