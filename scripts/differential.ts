/**
 * Has the provider code of Vercel's `ai` and the gateway say the same: generated conversations go to one scripted upstream, directly and through the
 * gateway, for each wire format that providers speak. Exit status 1 if they differ in anything that the table of differences does not name.
 *
 *     npm run differential                           200 conversations a wire format and client, streamed and whole
 *     npm run differential -- --write                the same, and docs/differential.md
 *     npm run differential -- --seed 7 --count 50    others, or fewer
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startComparer, type Comparison } from '../packages/server/test/differential/comparison.ts';
import { generateConversations } from '../packages/server/test/differential/conversation.ts';
import type { Difference } from '../packages/server/test/differential/difference.ts';
import { differences } from '../packages/server/test/differential/differences.ts';
import { clientNames, providerNames, type ClientName, type ProviderName } from '../packages/server/test/differential/sides.ts';

const root = join(import.meta.dirname, '..');
const report = join(root, 'docs/differential.md');
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    seed: { type: 'string', default: '20261121' },
    count: { type: 'string', default: '200' },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);

interface Result {
  readonly provider: ProviderName;
  readonly client: ClientName;
  readonly comparisons: number;
  /** Equal with nothing taken away. */
  readonly asTheyAre: number;
  readonly unknown: number;
  /** How many comparisons needed each difference. */
  readonly needed: ReadonlyMap<Difference, number>;
}

async function compareAll(provider: ProviderName, client: ClientName): Promise<Result> {
  await using comparer = await startComparer(provider);
  const needed = new Map<Difference, number>();
  let comparisons = 0;
  let asTheyAre = 0;
  let unknown = 0;
  for (const [index, conversation] of generateConversations(count, seed).entries()) {
    for (const streaming of [true, false]) {
      const comparison = await comparer.compare(conversation, client, streaming);
      comparisons += 1;
      if (comparison.asTheyAre) asTheyAre += 1;
      for (const difference of comparison.differences) needed.set(difference, (needed.get(difference) ?? 0) + 1);
      if (comparison.equal) continue;
      unknown += 1;
      if (unknown === 1) printUnknown(index, comparison);
    }
  }
  return { provider, client, comparisons, asTheyAre, unknown, needed };
}

/** The first of each pair is enough to begin with. */
function printUnknown(index: number, { streaming, direct, through }: Comparison): void {
  process.stdout.write(
    `\nconversation ${index}, ${streaming ? 'stream' : 'whole'}, differs:\n${JSON.stringify({ direct, through }, undefined, 2)}\n`,
  );
}

function tableOf(results: readonly Result[]): string[] {
  return [
    '| provider | asked by a client of | comparisons | equal as they are | equal but for what is named below | different |',
    '|---|---|--:|--:|--:|--:|',
    ...results.map(
      ({ provider, client, comparisons, asTheyAre, unknown }) =>
        `| ${provider} | ${client} | ${comparisons} | ${asTheyAre} | ${comparisons - asTheyAre - unknown} | ${unknown} |`,
    ),
  ];
}

const whose: Readonly<Record<Difference['whose'], string>> = { format: 'both are right', theirs: 'theirs', choice: 'our choice' };

function differencesOf(results: readonly Result[]): string[] {
  const counts = differences.map((difference) => results.reduce((sum, { needed }) => sum + (needed.get(difference) ?? 0), 0));
  return [
    '| difference | whose | why | comparisons |',
    '|---|---|---|--:|',
    ...differences.map(
      (one, index) => `| ${one.name} | ${whose[one.whose]} | ${one.reason.replaceAll('|', '\\|')} | ${counts[index] ?? 0} |`,
    ),
  ];
}

function versions(): string {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> };
  const names = Object.entries(devDependencies).filter(([name]) => name.startsWith('@ai-sdk/') && name !== '@ai-sdk/provider');
  return names.map(([name, version]) => `\`${name}\` ${version}`).join(', ');
}

function markdown(results: readonly Result[], date: string): string {
  const unknown = results.reduce((sum, one) => sum + one.unknown, 0);
  const lines = [
    '# Differential test',
    '',
    "The same conversations through the provider code of Vercel's `ai` and through the gateway. One scripted upstream answers both: once it is asked by their",
    'provider for its wire format, once by a client of the gateway, which translates. What the upstream is asked has to mean the same, and so has what the',
    'caller learns: text, tool calls with their arguments, finish reason, usage with cached and thinking tokens, and whether and when it failed. Ids of calls,',
    'too. Only what the table below names is taken away before they are compared.',
    '',
    `This page is written by \`npm run differential -- --write\`. Written on ${date}, with ${versions()}: ${count} generated conversations (seed ${seed}) for each`,
    'pair, each of them streamed and whole: system, texts and pictures, earlier turns with parallel calls and their results, tools with schemas, tool choice,',
    'limits, stop sequences, structured output; answered with text, thinking, parallel calls, each reason for ending, usage, or a failure before, within or',
    'instead of the end.',
    '',
    `**${unknown === 0 ? 'No' : unknown} difference${unknown === 1 ? '' : 's'} that the table does not name.**`,
    '',
    ...tableOf(results),
    '',
    '## Differences',
    '',
    'The last column says in how many comparisons of this run the two would not have been equal but for that row.',
    '',
    ...differencesOf(results),
    '',
    '## What it found in the gateway',
    '',
    ...found.map((one) => `- ${one}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** What was wrong here and is right since. */
const found = [
  'A conversation that filled the context window of its model ended, for clients of Responses, for a reason that they do not know. Now it is `max_output_tokens`, as OpenAI says it of both limits, with the word of the provider beside it.',
  "A Bedrock stream says the stop sequence that ended it within `delta`, as Claude's own streams do: the gateway asked for it, and looked for it, where a whole answer has it.",
];

const results: Result[] = [];
for (const provider of providerNames) for (const client of clientNames) results.push(await compareAll(provider, client));
process.stdout.write(`${tableOf(results).join('\n')}\n\n${differencesOf(results).join('\n')}\n`);
if (values.write) {
  writeFileSync(report, markdown(results, new Date().toISOString().slice(0, 10)));
  process.stdout.write(`\nWrote ${report}.\n`);
}
process.exitCode = results.some(({ unknown }) => unknown > 0) ? 1 : 0;
