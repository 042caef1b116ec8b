/** A server of MCP that misbehaves as its first argument says. A program of its own, with nothing but Node. */
import { createInterface } from 'node:readline';

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly protocolVersion?: string };
}

const mode = process.argv[2] ?? '';
const send = (message: object): void => void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const good = { name: 'good', description: 'works', inputSchema: { type: 'object' } };
let lists = 0;

const liar = [
  { name: 'schemaIsText', inputSchema: 'object' },
  { name: 'schemaOfArray', inputSchema: { type: 'array' } },
  { name: 'noSchema' },
  { inputSchema: { type: 'object' } },
  'not an object',
  null,
  { name: 'deep', inputSchema: JSON.parse(`${'{"properties":{"a":'.repeat(40)}{}${'}}'.repeat(40)}`) as object },
  { name: 'large', inputSchema: { type: 'object', description: 'x'.repeat(100_000) } },
  { name: 'recursive', inputSchema: { type: 'object', $ref: '#' } },
  good,
  good,
];

function flood(): void {
  const line = `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x'.repeat(1000) } })}\n`;
  while (process.stdout.write(line));
  process.stdout.once('drain', flood);
}

function call(id: number, name: string | undefined): void {
  switch (name) {
    case 'die':
      return process.exit(1);
    case 'hang':
      return;
    case 'flood':
      return flood();
    case 'nonsense':
      return send({ id, result: { content: 'not a list', isError: 'maybe' } });
    case 'long':
      return send({ id, result: { content: [{ type: 'text', text: 'y'.repeat(1_000_000) }] } });
    case 'huge':
      return send({ id, result: { content: [{ type: 'text', text: 'z'.repeat(20_000_000) }] } });
    default:
      return send({ id, result: { content: [{ type: 'text', text: `pid ${process.pid}` }] } });
  }
}

if (mode === 'stderr') for (let line = 0; line < 10_000; line += 1) process.stderr.write(`line ${line}\n`);
if (mode === 'silent') createInterface(process.stdin);
else {
  createInterface(process.stdin).on('line', (line) => {
    const { id, method, params } = JSON.parse(line) as Message;
    if (id === undefined) return;
    if (method === 'initialize') {
      process.stdout.write('a line that is no JSON\n');
      const capabilities = { tools: { listChanged: true } };
      return send({ id, result: { protocolVersion: params?.protocolVersion, capabilities, serverInfo: { name: 'wild', version: '1' } } });
    }
    if (method === 'tools/list') {
      lists += 1;
      const names = ['die', 'hang', 'flood', 'nonsense', 'long', 'huge'].map((name) => ({ name, inputSchema: { type: 'object' } }));
      const tools = mode === 'liar' ? liar : mode === 'changing' && lists > 1 ? [{ ...good, name: 'added' }] : [...names, good];
      // A list without an end.
      return send({ id, result: { tools, ...(mode === 'endless' ? { nextCursor: `${lists}` } : {}) } });
    }
    if (method === 'tools/call') {
      if (mode === 'changing') send({ method: 'notifications/tools/list_changed' });
      return call(id, params?.name);
    }
    send({ id, error: { code: -32_601, message: 'no such method' } });
  });
}
