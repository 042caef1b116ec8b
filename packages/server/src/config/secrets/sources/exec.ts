/**
 * Programs that print a secret: the command lines of password managers, `sops`, `age`, whatever an operator has. Called without a shell, with
 * the environment of the gateway; ended with all that it has started when its time is over.
 *
 * What it writes to its error output is not read: it may be the secret.
 */
import { spawn } from 'node:child_process';

import { processVariables, withoutLastNewline } from '../../../core/env.ts';
import { reasonOf } from '../../../core/errors.ts';
import type { OpenSource } from '../contract.ts';
import { down, missing, secretLimitBytes, unusable, usable } from '../failures.ts';

export const openExecSource: OpenSource<'exec'> = ({ directory }) => {
  // Arguments may be secrets themselves: the program alone is named.
  const describe = ({ command: [program = ''], key }: { readonly command: readonly string[]; readonly key?: string }): string =>
    `the command ${program}${key === undefined ? '' : `#${key}`}`;
  return {
    describe,
    async read({ command, key }, signal) {
      const where = describe({ command });
      const printed = await run({ command, where, directory }, signal);
      return { value: usable(where, withoutLastNewline(printed), key) };
    },
  };
};

interface Call {
  readonly command: readonly string[];
  readonly where: string;
  readonly directory: string;
}

function run({ command: [program = '', ...parameters], where, directory }: Call, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(program, parameters, {
    // Its own group, so that what it starts ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: directory,
    env: processVariables(),
  });
  const end = (): void => {
    if (child.pid === undefined || child.exitCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  };
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (reason: unknown): void => {
      end();
      reject(reason);
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > secretLimitBytes) fail(unusable(where, 'it prints more than 64 KiB'));
    });
    child.on('error', (error) => {
      const isAbsent = 'code' in error && error.code === 'ENOENT';
      fail((isAbsent ? missing : down)(where, `it cannot be started: ${reasonOf(error)}`, error));
    });
    child.on('close', (code, signalName) => {
      signal.removeEventListener('abort', onAbort);
      if (code === 0) resolve(Buffer.concat(chunks).toString());
      else reject(down(where, `it ended with ${signalName ?? `exit code ${code}`}; run it by hand as the gateway's user to see why`));
    });
  });
}
