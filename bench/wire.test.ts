import assert from 'node:assert/strict';
import test from 'node:test';
import { createMessageReader } from './wire.ts';

const messages =
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello' +
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;extension\r\n0123456789\r\n0\r\n\r\n' +
  'HTTP/1.1 204 No Content\r\n\r\n' +
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\ntrailer: yes\r\n\r\n';

function readIn(pieceBytes: number): string[] {
  const seen: string[] = [];
  let body = '';
  const read = createMessageReader({
    onHead: (head) => seen.push(head.slice(9, 12)),
    onBody: (piece) => (body += piece.toString()),
    onEnd: () => {
      seen.push(body);
      body = '';
    },
  });
  const bytes = Buffer.from(messages);
  for (let at = 0; at < bytes.length; at += pieceBytes) read(bytes.subarray(at, at + pieceBytes));
  return seen;
}

test('messages are read the same wherever the network cuts them', () => {
  const expected = ['200', 'hello', '200', 'abc0123456789', '204', '', '200', 'x'];
  for (let pieceBytes = 1; pieceBytes <= messages.length; pieceBytes += 1) assert.deepEqual(readIn(pieceBytes), expected);
});
