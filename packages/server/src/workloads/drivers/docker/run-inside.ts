/**
 * Runs another command in a container. Bounded in time and in what it may say.
 *
 * The engine has no way to end such a command: where its processes can be seen from here and may be ended they are, else they end with the container.
 */
import type { RunOptions } from '../driver.ts';
import type { Engine } from '../../../docker-engine/engine.ts';
import { groupsOfContainer } from './readings.ts';
import { readFrames } from '../../../docker-engine/streams.ts';

/** What is kept of its output. */
const outputBytes = 16 * 1024;
/** As `timeout` says it. */
const timedOutCode = 124;

/** @throws EngineError where the container does not run */
export async function runInside(
  engine: Engine,
  containerId: string,
  { command, timeoutMs, signal }: RunOptions & { readonly command: readonly string[] },
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const wish = { Cmd: command, AttachStdout: true, AttachStderr: true };
  const { Id } = (await engine.json({ method: 'POST', path: `/containers/${containerId}/exec`, body: wish, signal })) as {
    readonly Id: string;
  };
  const timeout = AbortSignal.timeout(timeoutMs);
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    const over = AbortSignal.any([signal, timeout]);
    const answer = await engine.stream({ method: 'POST', path: `/exec/${Id}/start`, body: { Detach: false, Tty: false }, signal: over });
    for await (const { payload } of readFrames(answer)) {
      if (bytes < outputBytes) pieces.push(Buffer.from(payload.subarray(0, outputBytes - bytes)));
      bytes += payload.length;
    }
  } catch (thrown) {
    if (!timeout.aborted && !signal.aborted) throw thrown;
  }
  const inspected = (await engine.json({ method: 'GET', path: `/exec/${Id}/json` })) as {
    readonly ExitCode: number | null;
    readonly Pid: number;
    readonly Running: boolean;
  };
  if (inspected.Running) end(inspected.Pid, containerId);
  signal.throwIfAborted();
  return {
    exitCode: timeout.aborted ? timedOutCode : (inspected.ExitCode ?? timedOutCode),
    output: Buffer.concat(pieces).toString('utf8'),
  };
}

/** It leads a session of its own, so that those it has started are in its group. Where the engine counts processes otherwise, that number is somebody else's here. */
function end(pid: number, containerId: string): void {
  if (groupsOfContainer(pid, containerId) === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile, or it is not ours to end.
  }
}
