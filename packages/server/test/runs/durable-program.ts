/**
 * A program of 20 durable steps for a test that kills it: each step leaves a line in a file, as its effect on the world.
 *
 *     node durable-program.ts GATEWAY-URL TOKEN DIRECTORY
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenClaw } from '@openclaw/client';
import { createFileSpool } from '@openclaw/client/node';

const [baseURL = '', token = '', directory = ''] = process.argv.slice(2);
const world = join(directory, 'world.txt');
const linesOf = (): string[] => {
  try {
    return readFileSync(world, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
};

await using openclaw = new OpenClaw({ baseURL, token, spool: createFileSpool(join(directory, 'spool')) });
const run = await openclaw.runs.open('twenty-steps', { input: { steps: 20 } });
const effects = ['read', 'idempotent', 'once'] as const;
let sum = 0;
for (let index = 1; index <= 20; index += 1) {
  const effect = effects[index % 3]!;
  const act = async ({ idempotencyKey }: { idempotencyKey: string }): Promise<number> => {
    process.stdout.write(`begins ${index}\n`);
    appendFileSync(world, `${effect} ${idempotencyKey}\n`);
    await new Promise((resolve) => setTimeout(resolve, 3));
    process.stdout.write(`ends ${index}\n`);
    return index;
  };
  const reconcile = ({ idempotencyKey }: { idempotencyKey: string }): number | undefined =>
    linesOf().includes(`once ${idempotencyKey}`) ? index : undefined;
  // One that left no line was not done: then a person is asked all the same, and the test is that person.
  sum += await run.step(`step ${index}`, act, effect === 'once' ? { effect, reconcile } : { effect });
}
await run.finish({ sum });
process.stdout.write(`sum ${sum}\n`);
