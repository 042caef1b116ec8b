/** `/hooks/{channel}`: what others send to a channel. Who they are is for the channel to find out: they have no credential of the gateway's. */
import type { IncomingHttpHeaders } from 'node:http';
import { OpenClawError } from '../../core/errors.ts';
import { readBody } from '../body.ts';
import type { BodyBudget } from '../body-budget.ts';
import { replyJson } from '../reply.ts';
import type { EndpointTable, GatewayRequest } from '../request.ts';

/** What the endpoint needs of channels; `compose/` fills it in. */
export interface HookDoor {
  /** @throws OpenClawError `hook_refused`, `too_many_failures`, and what keeps it from becoming a run */
  receive(
    channelId: string,
    request: { readonly headers: IncomingHttpHeaders; readonly address: string; readBody(): Promise<Buffer> },
  ): Promise<{ readonly status: number; readonly body: object }>;
}

export interface HookEndpointOptions {
  readonly hooks: HookDoor;
  /** Of any body. */
  readonly bodyLimitBytes: () => number;
  readonly bodyBudget: BodyBudget;
}

/** As much as an agent can be told at once. */
const hookLimitBytes = 1024 * 1024;
const prefix = '/hooks/';

export function createHookEndpoint({ hooks, bodyLimitBytes, bodyBudget }: HookEndpointOptions): EndpointTable {
  return {
    [`${prefix}*`]: {
      async POST(request) {
        // A stranger may have sent it, so all of them together have the room of one caller.
        const holding = bodyBudget.open('hooks');
        try {
          const { headers, socket } = request.raw;
          const { status, body } = await hooks.receive(channelIdOf(request), {
            ...{ headers, address: socket.remoteAddress ?? '' },
            readBody: () => readBody(request.raw, Math.min(hookLimitBytes, bodyLimitBytes()), holding),
          });
          replyJson(request.response, status, body);
        } finally {
          holding.release();
        }
      },
    },
  };
}

/** Names of channels need no escapes: what has some, or a slash, is none. */
function channelIdOf({ path, method }: GatewayRequest): string {
  const channelId = path.slice(prefix.length);
  if (/^[\w.-]{1,64}$/.test(channelId)) return channelId;
  throw new OpenClawError('not_found', { details: { method, path: path.slice(0, 200) } });
}
