/** A receiver of webhooks on this machine, over real HTTP, for tests: it checks signatures with a library of somebody else, and answers as it is told. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';

export interface Heard {
  readonly id: string;
  readonly body: { readonly type: string; readonly timestamp: string; readonly data: Readonly<Record<string, unknown>> };
  readonly headers: IncomingHttpHeaders;
  readonly atMs: number;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** Those whose signature holds, however they were answered. */
  readonly heard: readonly Heard[];
  /** How many came whose signature does not hold. */
  readonly forged: number;
  /** What each is answered with. @default 204 */
  answer: (response: ServerResponse, nth: number) => void;
}

/** Tests have clocks of their own. */
const anyAgeS = 1e10;

/** @param secret of which at least one signature has to be */
export async function startReceiver(secret: string): Promise<Receiver> {
  const library = new OpenAI({ apiKey: 'none' });
  const heard: Heard[] = [];
  let forged = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      const { headers } = request;
      library.webhooks
        .verifySignature(text, headers as Record<string, string>, secret, anyAgeS)
        .then(() => {
          heard.push({ id: String(headers['webhook-id']), body: JSON.parse(text) as Heard['body'], headers, atMs: Date.now() });
          receiver.answer(response, heard.length);
        })
        .catch(() => {
          forged += 1;
          response.writeHead(401).end();
        });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/told?by=openclaw`,
    heard,
    get forged() {
      return forged;
    },
    answer: (response) => void response.writeHead(204).end(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
