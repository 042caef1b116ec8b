/** `clw explain`: what a message means and what to do about it, without a gateway; and what the fields of a kind are, from its OpenAPI document. */
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { explainField } from './explain-field.ts';
import { explanations, type Explanation } from './explanations.ts';
import { addPlaceFlags, type PlaceFlags } from './flags.ts';
import { withSession, type ClwContext } from './session.ts';

export function registerExplainCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('explain'))
    .description('what a message means, and what the fields of a kind are')
    .argument('<what>', `${Object.keys(explanations).join(', ')}; or workload.spec.containers`)
    .option('--recursive', 'of a kind: the names of all fields below')
    .addHelpText(
      'after',
      '\nExamples:\n  clw explain clw-memory-oom\n  clw explain workload.spec.containers.resources\n  clw explain workload --recursive\n',
    )
    .action((what: string, flags: PlaceFlags & { readonly recursive?: boolean }) => explain(what, flags, context));
}

async function explain(what: string, flags: PlaceFlags & { readonly recursive?: boolean }, context: ClwContext): Promise<void> {
  const { stdout } = context.terminal;
  if (Object.hasOwn(explanations, what)) {
    stdout.write(textOf(what, explanations[what]!));
    return;
  }
  // Words with a hyphen are messages: no kind has one.
  if (what.includes('-')) {
    const near = nearestName(what, Object.keys(explanations));
    const suggestion = near === undefined ? `There are ${Object.keys(explanations).join(', ')}.` : `Did you mean ${near}?`;
    throw new OpenClawError('usage_error', { details: { reason: `There is no message ${what}`, suggestion } });
  }
  await withSession(context, flags, async (session) =>
    stdout.write(await explainField(what, { session, recursive: flags.recursive === true })),
  );
}

function textOf(name: string, { meaning, looksLike, relationship, causes, steps }: Explanation): string {
  const section = (heading: string, lines: readonly string[]): string => `\n${heading}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  return (
    `${name}\n\n${meaning}\n` +
    section('Looks like', looksLike) +
    section('Relationship', [relationship]) +
    (causes
      ? section(
          'Usual causes',
          causes.map((cause) => `- ${cause}`),
        )
      : '') +
    section(
      'What to do',
      steps.map((step, index) => `${index + 1}. ${step}`),
    )
  );
}
