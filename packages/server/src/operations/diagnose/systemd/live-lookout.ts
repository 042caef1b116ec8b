/** Asks `systemctl show` and `journalctl` of this machine. It makes nothing of what they print. */
import { execFile } from 'node:child_process';
import type { Clock } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/errors.ts';
import type { Lookout } from '../contract.ts';
import { NotSeen } from '../not-seen.ts';

const answerLimitMs = 20_000;
const mostBytes = 16 * 2 ** 20;
const lastLines = '400';

export function createSystemdLookout({ ofUser }: { readonly ofUser: boolean }, clock: Clock, signal: AbortSignal): Lookout {
  const scope = ofUser ? ['--user'] : [];
  return {
    atMs: clock.now(),
    ask(question) {
      if (question.from !== 'systemd') return Promise.reject(new NotSeen('unreachable', `nobody here knows of ${question.from}`));
      if (question.as === 'properties') return run('systemctl', [...scope, 'show', '--', question.path], signal);
      const unit = ofUser ? `--user-unit=${question.path}` : `--unit=${question.path}`;
      return run('journalctl', [unit, '--no-pager', '--output=json', `--lines=${lastLines}`], signal);
    },
  };
}

function run(program: string, words: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { timeout: answerLimitMs, maxBuffer: mostBytes, signal }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new NotSeen('unreachable', `${program}: ${stderr.trim() || reasonOf(error)}`, { cause: error }));
    });
  });
}
