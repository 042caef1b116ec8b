/**
 * A job of 20 steps that is killed in the middle of the 14th, as a crash would. Started again it goes on there: 13 results come from the journal,
 * the 14th step is done again with the same key, and the rest follows.
 *
 *     node examples/killed-at-step-14.ts    ends by a signal
 *     node examples/killed-at-step-14.ts    goes on, and ends well
 */
import { OpenClaw } from '@openclaw/client';
import { createFileSpool } from '@openclaw/client/node';

const { OPENCLAW_GATEWAY_TOKEN: token, OPENCLAW_URL: baseURL = 'http://127.0.0.1:18789' } = process.env;

await using openclaw = new OpenClaw({ baseURL, token, spool: createFileSpool('.openclaw-spool') });
const run = await openclaw.runs.open(process.argv[2] ?? 'example: killed at step 14', { input: { steps: 20 } });
if (run.isFinished) console.log('It has ended before.');

let sum = 0;
for (let index = 1; index <= 20; index += 1) {
  let isDone = true;
  sum += await run.step(
    `step ${index}`,
    ({ attempt, idempotencyKey }) => {
      isDone = false;
      console.log(`step ${index}: done now (attempt ${attempt}, key ${idempotencyKey})`);
      if (index === 14 && attempt === 1) process.kill(process.pid, 'SIGKILL');
      return index;
    },
    { effect: 'idempotent' },
  );
  if (isDone) console.log(`step ${index}: from the journal`);
}
await run.finish({ sum });
console.log(`The sum of all steps is ${sum}.`);
