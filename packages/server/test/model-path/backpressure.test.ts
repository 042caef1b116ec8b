/** A client that reads slowly slows its own upstream and nothing else, and costs little memory. */
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { acme, startTestGateway, testToken } from '../harness/gateway.ts';
import { startProvider } from '../harness/provider.ts';
import { chatStream } from '../harness/wire.ts';

const body = (stream: boolean): string => JSON.stringify({ model: 'acme/large', stream, messages: [{ role: 'user', content: 'Hello?' }] });

/** All buffers between the two ends: sockets on four ends, and what the gateway itself holds. */
const underWayLimitBytes = 32 * 1024 * 1024;

for (const api of ['/v1/chat/completions', '/v1/messages'] as const) {
  test(`a client of ${api} that does not read stops its provider, while others are served`, async () => {
    let sentBytes = 0;
    const stalled = Promise.withResolvers<void>();
    await using provider = await startProvider((response, request) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const [start = '', piece = '', ...end] = chatStream({ text: ['x'.repeat(16_000)] });
      response.write(start);
      if (request.text.includes('short')) {
        response.end(piece + end.join(''));
        return;
      }
      const pump = (): void => {
        while (sentBytes < 512 * 1024 * 1024) {
          sentBytes += piece.length;
          if (!response.write(piece)) {
            const timer = setTimeout(() => stalled.resolve(), 300);
            response.once('drain', () => {
              clearTimeout(timer);
              pump();
            });
            return;
          }
        }
        response.end(end.join(''));
      };
      pump();
    });
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    const request = httpRequest(`${gateway.url}${api}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testToken}` },
      agent: false,
    });
    request.on('error', () => {});
    const response = new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
    request.end(body(true).replace('"model"', '"max_tokens":9,"model"'));
    (await response).pause();
    await stalled.promise;
    assert.ok(sentBytes < underWayLimitBytes, `${sentBytes} bytes were taken for a client that reads nothing`);
    const other = await gateway.request('/v1/chat/completions', { method: 'POST', body: body(true).replace('Hello?', 'short') });
    assert.match(await other.text(), /\[DONE\]/);
    request.destroy();
    await gateway.running.models.service.requests.idle();
  });
}
