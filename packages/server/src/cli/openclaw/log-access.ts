/** The log as `openclaw logs` reaches it: through the running gateway, else the file that the last one left. */
import { join } from 'node:path';
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
