/** `openclaw init` in an empty home, a gateway on what it wrote, and the first thing said to it: each a process of its own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { presetNames } from '../../src/cli/openclaw/init-preset.ts';
import { startProgram } from '../harness/program.ts';

/** Where `openclaw` lies in a clone. */
const root = join(import.meta.dirname, '../../../..');

/** What a shell prints that knows `openclaw` and nothing of the token. */
async function paste(line: string, home: string): Promise<string> {
  const shell = spawn('sh', ['-c', line], { env: { PATH: `${root}:${process.env['PATH'] ?? ''}`, HOME: home } });
  let answer = '';
  shell.stdout.on('data', (text: Buffer) => (answer += text.toString()));
  await once(shell, 'close');
  return answer;
}

for (const preset of presetNames) {
  test(`a gateway on a fresh ${preset} answers a client and runs an agent, and its token is the one in .env`, async () => {
    await using written = await startProgram({ args: ['init', '--preset', preset] });
    assert.deepEqual(await written.exited(), { code: 0, signal: null }, written.stderr());
    const { home } = written;

    await using gateway = await startProgram({ home });
    const { url } = await gateway.ready();
    assert.match(url, preset === 'production' ? /^https:/ : /^http:\/\/127\.0\.0\.1:/);

    assert.match(await paste(gateway.stdout().slice(gateway.stdout().indexOf('curl')), home), /Hello from OpenClaw\./);
    const asked = ['agent', '--message', 'say Hello from a fresh gateway.'];
    await using agent = await startProgram({ home, args: asked });
    assert.deepEqual(await agent.exited(), { code: 0, signal: null }, agent.stderr());
    assert.match(agent.stdout(), /Hello from a fresh gateway\./);

    await using models = await startProgram({ home, args: ['models', 'test', 'default', '-o', 'json'] });
    await models.exited();
    assert.match(models.stdout(), /"openclaw\/rehearsal"/, models.stderr());

    const [, token = ''] = /^OPENCLAW_GATEWAY_TOKEN=(\S+)$/m.exec(await readFile(join(home, '.openclaw/.env'), 'utf8')) ?? [];
    await using health = await startProgram({ home, args: ['gateway', 'health', '--token', token] });
    assert.deepEqual(await health.exited(), { code: 0, signal: null }, health.stderr());
    await using refused = await startProgram({ home, args: ['gateway', 'health', '--token', `${token}x`] });
    assert.equal((await refused.exited()).code, 1);

    gateway.child.kill('SIGTERM');
    assert.deepEqual(await gateway.exited(), { code: 0, signal: null });
  });
}
