import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { readProcess } from '../kernel/process-usage.ts';
import { readMembers } from './members.ts';

const listsChildren = existsSync(`/proc/${process.pid}/task/${process.pid}/children`);

test(
  'between two looks at the whole machine those are found who were known, and what they have started since; never a stranger of the same number',
  { skip: !listsChildren && 'this kernel lists no children', timeout: 20_000 },
  async () => {
    const shell = spawn('sh', ['-c', 'read line; sleep 60 & echo $!; wait'], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      await once(shell, 'spawn');
      const { pid, startTicks } = readProcess(shell.pid!)!;
      const found = () => readMembers([{ pid, startTicks }]).map((member) => member.pid);
      assert.deepEqual(found(), [pid]);
      shell.stdin.write('go\n');
      const [child] = (await once(createInterface(shell.stdout), 'line')) as [string];
      assert.deepEqual(found(), [pid, Number(child)]);
      assert.deepEqual(readMembers([{ pid, startTicks: startTicks - 1 }]), []);
      process.kill(Number(child), 'SIGKILL');
      await once(shell, 'exit');
      assert.deepEqual(found(), []);
    } finally {
      shell.kill('SIGKILL');
    }
  },
);
