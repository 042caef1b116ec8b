/** An agent of your own: killed anywhere and started again with the same words, it goes on where it stopped, and asks nothing twice. */
import { readdir } from 'node:fs/promises';
import { OpenClaw, type ChatMessage } from '@openclaw/client';
import { createFileSpool } from '@openclaw/client/node';

const [question = 'What is in this folder, and what time is it?', model = 'openclaw/rehearsal'] = process.argv.slice(2);
const { OPENCLAW_GATEWAY_TOKEN: token, OPENCLAW_URL: baseURL = 'http://127.0.0.1:18789' } = process.env;
const tools: Record<string, () => Promise<string>> = {
  list_files: async () => (await readdir('.')).join('\n'),
  time: async () => new Date().toISOString(),
};
const offered = Object.keys(tools).map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' } } }) as const);

await using openclaw = new OpenClaw({ baseURL, token, spool: createFileSpool('.openclaw-spool') });
const run = await openclaw.runs.open(`example: ${question}`, { input: question });
const messages: ChatMessage[] = [{ role: 'user', content: question }];
const ask = async (): Promise<ChatMessage & { role: 'assistant' }> => {
  const { choices } = await openclaw.chat.completions.create({ model, messages, tools: offered });
  return { ...choices[0]!.message, role: 'assistant' };
};
for (let answer = await run.step('ask', ask, { effect: 'idempotent' }); ; answer = await run.step('ask', ask, { effect: 'idempotent' })) {
  messages.push(answer);
  for (const { id, function: call } of answer.tool_calls ?? []) {
    const content = await run.step(call.name, tools[call.name] ?? (async () => 'There is no such tool.'), { effect: 'read' });
    messages.push({ role: 'tool', tool_call_id: id, content });
  }
  if (!answer.tool_calls?.length) break;
}
await run.finish(messages.at(-1)?.content);
console.log(messages.at(-1)?.content);
