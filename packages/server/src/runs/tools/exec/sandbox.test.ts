import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../core/clock.ts';
import { createLog } from '../../../core/log.ts';
import { createWorkspace, perform, type Workspace } from '../tool.fixture.ts';
import { createExecTool } from './exec.ts';
import { findDocker } from './sandbox.ts';

const log = createLog({ destinations: [], clock: systemClock });

/** A program that is called `docker`, writes down how it was called, and runs the command itself: it shows what Docker would be asked, and no more. */
function pretendDocker(
  workspace: Workspace,
  version = 'echo 28.2.2',
): { readonly variables: Record<string, string>; calls(): readonly string[] } {
  const directory = join(workspace.path, 'bin');
  mkdirSync(directory);
  const calls = join(directory, 'calls');
  writeFileSync(
    join(directory, 'docker'),
    `#!/bin/sh\necho "$*" >> ${calls}\ncase "$1" in version) ${version} ;; ps) echo 0a1b2c ;; run) for last; do :; done; exec /bin/sh -c "$last" ;; esac\n`,
  );
  chmodSync(join(directory, 'docker'), 0o755);
  return {
    variables: { PATH: `${directory}:/usr/bin:/bin` },
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
  };
}

test('where Docker answers, a command runs in a container that sees the workspace alone', async () => {
  using workspace = createWorkspace();
  const docker = pretendDocker(workspace);
  const sandbox = await findDocker({ image: 'debian:stable-slim', clock: systemClock, variables: docker.variables });
  assert.equal(sandbox?.name, 'Docker 28.2.2');
  assert.equal(docker.calls().at(-1), 'rm --force 0a1b2c', 'what was left behind is removed');
  const tool = createExecTool({ clock: systemClock, log, sandbox });
  assert.match(tool.caution ?? '', /in Docker 28\.2\.2, without network/);
  assert.equal((await perform(tool, { workspace: workspace.path, args: { command: 'echo hello' } })).text, 'hello\n');
  const run = docker.calls().at(-1) ?? '';
  for (const part of [
    'run --rm --init',
    '--network none',
    '--cap-drop ALL',
    '--security-opt no-new-privileges',
    '--read-only',
    '--pids-limit 128',
  ]) {
    assert.ok(run.includes(part), `${part} is not in: ${run}`);
  }
  assert.ok(run.includes(`type=bind,source=${workspace.path},target=/workspace`));
  assert.ok(run.endsWith('debian:stable-slim /bin/sh -c echo hello'));
});

test('a container is removed when its command is ended before its time', async () => {
  using workspace = createWorkspace();
  const docker = pretendDocker(workspace);
  const sandbox = await findDocker({ image: 'x', clock: systemClock, variables: docker.variables });
  const tool = createExecTool({ clock: systemClock, log, sandbox, bounds: { graceMs: 50 } });
  const { text } = await perform(tool, { workspace: workspace.path, args: { command: 'sleep 60', timeLimitMs: 300 } });
  assert.match(text, /after 0\.3 s/);
  const name = /--name (\S+)/.exec(docker.calls().find((call) => call.startsWith('run')) ?? '')?.[1];
  assert.deepEqual(docker.calls().at(-1), `rm --force ${name}`);
});

test('where Docker is not there, does not answer, or has no server, there is no sandbox', async () => {
  using workspace = createWorkspace();
  const missing = { PATH: join(workspace.path, 'none') };
  assert.equal(await findDocker({ image: 'x', clock: systemClock, variables: missing }), undefined);
  const { variables } = pretendDocker(workspace, 'echo cannot connect >&2; exit 1');
  assert.equal(await findDocker({ image: 'x', clock: systemClock, variables }), undefined);
});
