/** One HTTP request on its way through the gateway: what every endpoint is handed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../access/index.ts';
import type { ClientDialectName } from '../models/index.ts';

export interface GatewayRequest {
  readonly requestId: string;
  readonly method: string;
  /** Without the query; `/openai/v1/…` has become `/v1/…`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** What an error here has to look like. */
  readonly dialect: ClientDialectName;
  /** Whether the caller sits on this machine, and no proxy and no page from elsewhere stands between. */
  readonly fromLoopback: boolean;
  /** @throws OpenClawError `missing_credentials`, `invalid_credentials`, … */
  authenticate(): Principal;
  /** @throws OpenClawError as `authenticate`, and `forbidden` */
  authorize(scope: string): Principal;
}

/** Answers one request. What it throws is answered as an error in the request's dialect. */
export type Endpoint = (request: GatewayRequest) => Promise<void> | void;

/** Methods and their endpoint; the key of the outer table is the path. A path that ends with `/*` takes what lies below it. */
export type EndpointTable = Readonly<Record<string, Readonly<Record<string, Endpoint>>>>;
