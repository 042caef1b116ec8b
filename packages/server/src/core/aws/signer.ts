/**
 * Signs requests for AWS (Signature Version 4) with AWS's own package, which is loaded with the first request.
 *
 * It does not send, and it finds no credentials: see `credentials.ts`.
 */
import type { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../clock.ts';
import type { AwsCredentialSource } from './credentials.ts';

export interface AwsSignerOptions {
  readonly region: string;
  /** The name that AWS signs by: `bedrock`. */
  readonly service: string;
  /** Whether the path is signed as it is sent, and not encoded once more; S3 alone wants that. @default false */
  readonly signsPathAsSent?: boolean;
  readonly credentials: AwsCredentialSource;
  readonly clock: Clock;
}

export interface SignableRequest {
  readonly method: string;
  /** `https://api.example.com`, without a path. */
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** Gives a request with the headers of its signature. The body must be final: its hash is signed. */
export type AwsSigner = <Request extends SignableRequest>(request: Request) => Promise<Request>;

/** Proxies rewrite these on the way, so they are no part of the signature. */
const unsignableHeaders: ReadonlySet<string> = new Set(['accept-encoding']);

export function createAwsSigner(options: AwsSignerOptions): AwsSigner {
  let loading: Promise<SignatureV4> | undefined;
  return async (request) => {
    loading ??= load(options);
    const signature = await loading;
    const { protocol, hostname, host } = new URL(request.origin);
    const { path, query } = splitPath(request.path);
    const { headers } = await signature.sign(
      {
        method: request.method,
        protocol,
        hostname,
        path,
        query,
        headers: { ...request.headers, host },
        ...(request.body && { body: request.body }),
      },
      { signingDate: new Date(options.clock.now()), unsignableHeaders: new Set(unsignableHeaders) },
    );
    // The connection writes its own, which is the same.
    const { host: _host, ...signed } = headers;
    return { ...request, headers: signed };
  };
}

async function load({ region, service, credentials, signsPathAsSent = false }: AwsSignerOptions): Promise<SignatureV4> {
  const [{ SignatureV4 }, { Sha256 }] = await Promise.all([import('@smithy/signature-v4'), import('@smithy/core/checksum')]);
  // Without a header of its own for the body's hash, as AWS's Python tools do: the hash is part of the signature either way.
  return new SignatureV4({ region, service, credentials, sha256: Sha256, applyChecksum: false, uriEscapePath: !signsPathAsSent });
}

function splitPath(target: string): { readonly path: string; readonly query: Record<string, string> } {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: {} };
  return { path: target.slice(0, mark), query: Object.fromEntries(new URLSearchParams(target.slice(mark + 1))) };
}
