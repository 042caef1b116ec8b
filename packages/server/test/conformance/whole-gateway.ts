/** A cell over a whole gateway and real sockets: a provider on this machine, its answers, and what the client asks. */
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { acme, startTestGateway, testToken, type TestGateway, type TestGatewayOptions } from '../harness/gateway.ts';
import { startProvider, type Reply, type TestProvider } from '../harness/provider.ts';
import type { Cell } from './cells.ts';
import { answerOf, wires } from './stories.ts';

export const paths: Readonly<Record<Cell['in'], string>> = {
  'openai-completions': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
};

/** Settings with one provider `acme` that speaks the dialect of the cell. */
export function settingsFor(cell: Cell, provider: TestProvider, more: Record<string, unknown> = {}): Record<string, unknown> {
  return acme(provider.baseUrl, cell.out, more);
}

export interface GatewayCell extends AsyncDisposable {
  readonly provider: TestProvider;
  readonly gateway: TestGateway;
}

export async function startCell(
  cell: Cell,
  options: Omit<TestGatewayOptions, 'settings'> & { readonly more?: Record<string, unknown> } = {},
): Promise<GatewayCell> {
  const { more, ...rest } = options;
  await using resources = new AsyncDisposableStack();
  const provider = resources.use(await startProvider());
  const gateway = resources.use(await startTestGateway({ ...rest, settings: settingsFor(cell, provider, more) }));
  const kept = resources.move();
  return { provider, gateway, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** A good answer. */
export function goodReply(cell: Cell, text = 'Hello'): Reply {
  return replyWith(cell, [answerOf(cell, [{ text: [text] }])]);
}

/** These bytes in the form of the cell, each its own packet as far as the machine allows. */
export function replyWith(cell: Cell, chunks: readonly Buffer[], end: 'end' | 'cut' | 'hang' = 'end'): Reply {
  const contentType = cell.streaming === 'stream' ? wires[cell.out].streamType : 'application/json';
  return async (response) => {
    response.writeHead(200, { 'content-type': contentType });
    for (const chunk of chunks) await new Promise<void>((resolve) => response.write(chunk, () => setImmediate(resolve)));
    if (end === 'cut') response.destroy();
    else if (end === 'end') response.end();
  };
}

export function bodyFor(cell: Cell): Record<string, unknown> {
  const question = 'Hello?';
  const said =
    cell.in === 'openai-responses'
      ? { input: question, max_output_tokens: 50 }
      : { messages: [{ role: 'user', content: question }], max_tokens: 50 };
  return { model: 'acme/large', stream: cell.streaming === 'stream', ...said };
}

export interface OpenRequest {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
}

/** On a connection of its own, so that it may leave at any time. */
export function openRequest(gateway: TestGateway, cell: Cell): OpenRequest {
  const headers = { authorization: `Bearer ${testToken}` };
  const request = httpRequest(`${gateway.url}${paths[cell.in]}`, { method: 'POST', headers, agent: false });
  const response = new Promise<IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
  response.catch(() => {});
  request.end(JSON.stringify(bodyFor(cell)));
  return { request, response };
}
