/** The log as `openclaw logs` reaches it: through the running gateway, else the file that the last one left. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogRange } from '../../operations/retention/index.ts';
import type { Connect } from './control.ts';
import type { Tail, UseLog } from './logs.ts';
import type { Terminal } from '../terminal.ts';

/** Of one answer; lines are at most some 16 KiB. */
const maxBytes = 1_000_000;

export function createUseLog(terminal: Terminal, connect: Connect): UseLog {
  return async (flags, use) => {
    const { findLocalPlace, isGatewayNamed } = await import('../gateway-target.ts');
    const ask = () =>
      connect({ flags, scopes: ['operator.read'] }, ({ request }) =>
        use((question) => request<Tail>('logs.tail', { ...question, maxBytes })),
      );
    if (isGatewayNamed(flags, terminal.env)) return ask();
    const { stateDirectory, owner } = await findLocalPlace(terminal.env);
    if (owner?.address !== undefined) return ask();
    const { tailLog } = await import('../../gateway/control/methods/log-tail.ts');
    const file = join(stateDirectory, 'logs', 'gateway.log');
    return use((question) => tailLog(file, { ...question, maxBytes }));
  };
}

/** From cold storage what is older than the files that are here, then closed files, then the one that is written to. */
export async function* linesBetween(terminal: Terminal, range: LogRange): AsyncGenerator<string> {
  const [{ loadConfiguration }, { readEnvironment }, { systemClock }, { openColdStorage }, logs] = await Promise.all([
    import('../../config/index.ts'),
    import('../../core/env.ts'),
    import('../../core/clock.ts'),
    import('../../compose/cold.ts'),
    import('../../operations/retention/index.ts'),
  ]);
  const configuration = await loadConfiguration({ environment: readEnvironment({ env: terminal.env }) });
  const directory = join(configuration.stateDirectory, 'logs');
  const current = join(directory, 'gateway.log');
  const closed = await logs.closedLogFiles(directory);
  const [oldest = current] = closed.map(({ path }) => path);
  const about = await logs.aboutLog(oldest, (await stat(oldest).catch(() => undefined))?.size ?? 0).catch(() => undefined);
  const isWithin = (line: string): boolean => {
    const atMs = logs.timeOf(line);
    return atMs !== undefined && atMs >= range.sinceMs && atMs <= range.untilMs;
  };
  const cold = openColdStorage(configuration, systemClock);
  const untilMs = Math.min(range.untilMs, (about?.sinceMs ?? Number.MAX_SAFE_INTEGER) - 1);
  if (cold && range.sinceMs <= untilMs) for await (const line of cold.logLines({ ...range, untilMs })) if (isWithin(line)) yield line;
  for (const path of [...closed.filter(({ atMs }) => atMs >= range.sinceMs).map((file) => file.path), current])
    for await (const line of linesOf(path)) if (isWithin(line)) yield line;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const handle = await open(path).catch((thrown: NodeJS.ErrnoException) => {
    // It was turned away, or nothing has been written yet.
    if (thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (handle) yield* handle.readLines();
}
