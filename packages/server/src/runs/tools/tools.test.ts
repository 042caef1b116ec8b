/** Every tool that there is, held to the one contract. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { systemClock } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import { createLog } from '../../core/log.ts';
import { createExecTool } from './exec/exec.ts';
import { createFileTools } from './files/index.ts';
import { createHttpTool } from './http/http.ts';
import { createHandOverTool } from './hand-over.ts';
import { createMcpServers } from './mcp/servers.ts';
import { describeTool, type ToolCases } from './tool.suite.ts';

const log = createLog({ destinations: [], clock: systemClock });
const files = createFileTools(systemClock);
const paths = fc.oneof(fc.constantFrom('a.txt', '.', 'sub', 'sub/b', '../x', '/etc', 'a.txt/b', '\0'), fc.string({ maxLength: 300 }));
const texts = fc.oneof(fc.constantFrom('one', 'line', ''), fc.string({ unit: 'binary' }));

function prepare(workspace: string): void {
  mkdirSync(join(workspace, 'sub'));
  writeFileSync(join(workspace, 'a.txt'), 'line one\nline two\n');
  writeFileSync(join(workspace, 'sub/b'), `${'a'.repeat(60)}!\n`);
  writeFileSync(join(workspace, 'long'), `${'some words '.repeat(30)}\n`.repeat(5000));
}

function fileTool(name: string, cases: Omit<ToolCases, 'start' | 'prepare'>): void {
  const tool = files.find((each) => each.name === name);
  if (!tool) throw new Error(`there is no ${name}`);
  describeTool(name, { ...cases, prepare, start: () => ({ tool }) });
}

fileTool('read', {
  good: [{ path: 'a.txt' }, { path: 'a.txt', from: 2, lines: 1 }],
  wild: fc.record({ path: paths, from: fc.integer({ min: 1 }) }),
  talkative: { path: 'long' },
});
fileTool('list', { good: [{}, { path: 'sub', depth: 3 }], wild: fc.record({ path: paths, depth: fc.integer({ min: 1, max: 6 }) }) });
fileTool('search', {
  good: [{ pattern: 'line (one|two)', files: '*.txt' }],
  wild: fc.record({
    pattern: fc.oneof(fc.constantFrom('line', '(', '\\w+ \\w+'), fc.string({ minLength: 1, maxLength: 20 })),
    path: paths,
  }),
  endless: { pattern: '^(a+)+$', path: 'sub' },
  talkative: { pattern: 'words' },
});
fileTool('write', {
  good: [
    { path: 'new/file', content: 'text' },
    { path: 'a.txt', content: '' },
  ],
  wild: fc.record({ path: paths, content: texts }),
});
fileTool('edit', {
  good: [
    { path: 'a.txt', oldText: 'one', newText: '1' },
    { path: 'a.txt', oldText: 'one', newText: 'one more' },
    { path: 'a.txt', oldText: 'line', newText: '', all: true },
  ],
  wild: fc.record({ path: paths, oldText: texts, newText: texts, all: fc.boolean() }),
});

describeTool('exec', {
  start: () => ({ tool: createExecTool({ clock: systemClock, log, bounds: { graceMs: 200 } }) }),
  prepare,
  good: [{ command: 'echo x >> a.txt' }],
  // Anything that a shell may be told, but nothing that does anything.
  wild: fc.record({
    command: fc.string({ unit: 'grapheme' }).map((text) => `: '${text.replaceAll("'", '').replaceAll('\0', '')}'; exit 3`),
  }),
  endless: { command: 'setsid sleep 61 & sleep 61' },
  talkative: { command: 'seq 1 100000' },
});

describeTool('http', {
  async start() {
    const server = createServer((request, response) => {
      if (request.url === '/endless') return;
      response.end(request.url === '/long' ? 'x'.repeat(1_000_000) : 'hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    // Models name hosts, and the port is the server's.
    const tool = createHttpTool({
      clock: systemClock,
      privateAddresses: ['127.0.0.1'],
      hostsOf: () => ['127.0.0.1'],
      keyedHosts: ['127.0.0.1'],
    });
    const toPort = (args: JsonObject): JsonObject => ({ ...args, url: String(args['url']).replace(':1/', `:${port}/`) });
    return {
      tool: { ...tool, run: (call) => tool.run({ ...call, arguments: toPort(call.arguments) }) },
      async stop() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
  prepare,
  good: [{ url: 'http://127.0.0.1:1/' }, { url: 'http://127.0.0.1:1/', method: 'POST', body: 'x' }],
  wild: fc.record({
    url: fc.oneof(fc.webUrl(), fc.string(), fc.constantFrom('http://127.0.0.1:1/', 'file:///etc/passwd', 'http://a:b@127.0.0.1/')),
    headers: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
    method: fc.constantFrom('GET', 'DELETE'),
  }),
  endless: { url: 'http://127.0.0.1:1/endless' },
  talkative: { url: 'http://127.0.0.1:1/long' },
});

function describeWild(tool: 'good' | 'long', cases: Partial<ToolCases>): void {
  describeTool(`of an MCP server: ${tool}`, {
    async start() {
      const program = fileURLToPath(new URL('mcp/wild-server.fixture.ts', import.meta.url));
      const servers = createMcpServers({ clock: systemClock, log, variables: { PATH: '/usr/bin:/bin' }, directory: '/' });
      await servers.configure([{ name: 'wild', command: process.execPath, args: [program], effects: { good: 'read' } }]);
      const found = (await servers.tools()).find(({ name }) => name === `wild__${tool}`);
      if (!found) throw new Error(`there is no ${tool}`);
      // The server has no words for its tools.
      return {
        tool: { ...found, description: 'of a server', parameters: { ...found.parameters, additionalProperties: false } },
        stop: () => servers.close(),
      };
    },
    prepare,
    good: [],
    wild: fc.constant({}),
    ...cases,
  });
}

describeWild('good', { good: [{}], wild: fc.dictionary(fc.string(), fc.string()) });
describeWild('long', { talkative: {} });

const helpers = [
  { id: 'helper', description: 'reads a lot' },
  { id: 'other', description: undefined },
];
describeTool('agent', {
  start: () => ({ tool: createHandOverTool(helpers) }),
  prepare: () => {},
  good: [{ agent: 'helper', task: 'Read all of it.' }],
  wild: fc.record({ agent: fc.constantFrom('helper', 'other'), task: fc.string({ minLength: 1, unit: 'binary' }) }),
});
