/**
 * What answers where a start was refused so often that ending once more would only be a restart loop: alive, unready, saying why and
 * what mends it. Whether it comes to that: `operations/loop-guard`.
 *
 * It listens on this machine alone, whatever `gateway.bind` says: the refusal may be about exactly that.
 */
import { OpenClawError } from '../core/errors.ts';
import type { Listener, RequestHandler } from './listener.ts';
import { hostNameOf, isLoopbackName } from './peer.ts';
import { createUnreadyHandler } from './unready.ts';

/** @param problem what would have ended the process */
export function createHeldHandler(problem: OpenClawError): RequestHandler {
  const faults = [problem, ...problem.others];
  const text = [
    'OpenClaw does not run: it was refused each time that it was started, so it waits here instead of being started for ever.',
    '',
    ...faults.flatMap(({ message, hint }) => [message, ...(hint === '' ? [] : [`  ${hint}`])]),
    '',
    'Mend this, then restart it. Until then nothing is served, and only this machine can read this page.',
    '',
  ].join('\n');
  const unsaid = new OpenClawError('gateway_held', {
    details: { reason: 'ask under a name of its own machine', suggestion: '' },
    cause: problem,
  });
  const held = {
    state: 'held',
    problem: new OpenClawError('gateway_held', { details: { reason: reasonIn(problem), suggestion: problem.hint }, cause: problem }),
    details: { code: problem.code, reason: problem.message, hint: problem.hint },
    page: { status: 503, text },
  } as const;
  // A page elsewhere can have a name of its own point to this machine, and would read it under that.
  const forStrangers = {
    ...held,
    details: { code: problem.code },
    page: { status: 503, text: 'OpenClaw does not run.\n' },
    problem: unsaid,
  } as const;
  return createUnreadyHandler(({ headers }) => (isLoopbackName(hostNameOf(headers.host ?? '')) ? held : forStrangers));
}

export interface HeldOptions {
  readonly problem: OpenClawError;
  /** The configured one; where it is taken, which may be the very problem, any other. */
  readonly port: number;
  /** Listens on loopback; port 0 takes any free one. */
  readonly listen: (port: number, handler: RequestHandler) => Promise<Listener>;
}

/** @throws OpenClawError `bind_failed` */
export async function listenHeld({ problem, port, listen }: HeldOptions): Promise<Listener> {
  const handler = createHeldHandler(problem);
  try {
    return await listen(port, handler);
  } catch {
    // In use, or not ours to take: any port can be asked what is wrong.
    return listen(0, handler);
  }
}

function reasonIn({ message }: OpenClawError): string {
  return message.replace(/\.$/, '');
}
