/**
 * What a process of Node really holds: its heap after a full collection, asked for over the inspector, which `SIGUSR1` opens. What is
 * in use without a collection is mostly rubbish that nobody has come to yet.
 *
 * It knows the main thread alone. The inspector always listens on the same port, so only one process at a time can be asked.
 */
import { get } from 'node:http';

const port = 9229;
const openTimeoutMs = 5000;
const pollMs = 50;

/** NaN where the inspector does not open, or somebody else's has its port. */
export async function liveHeapBytes(pid: number): Promise<number> {
  process.kill(pid, 'SIGUSR1');
  const address = await findInspector();
  if (address === undefined) return Number.NaN;
  const inspector = await connect(address);
  try {
    if ((await inspector.evaluate('process.pid')) !== pid) return Number.NaN;
    await inspector.send('HeapProfiler.collectGarbage');
    return await inspector.evaluate('process.memoryUsage().heapUsed');
  } finally {
    // Without a session the inspector costs nothing.
    inspector.close();
  }
}

async function findInspector(): Promise<string | undefined> {
  for (const endMs = performance.now() + openTimeoutMs; performance.now() < endMs;) {
    const list = await fetchText('/json/list');
    if (list !== undefined) return (JSON.parse(list) as { webSocketDebuggerUrl: string }[])[0]?.webSocketDebuggerUrl;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return undefined;
}

function fetchText(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve(text));
    });
    request.on('error', () => resolve(undefined)); // It does not listen yet.
  });
}

interface Inspector {
  send(method: string, params?: object): Promise<{ readonly result?: { readonly value?: unknown } }>;
  evaluate(expression: string): Promise<number>;
  close(): void;
}

async function connect(address: string): Promise<Inspector> {
  const socket = new WebSocket(address);
  const answers = new Map<number, (answer: { readonly result?: { readonly value?: unknown } }) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: { readonly result?: { readonly value?: unknown } } };
    answers.get(id)?.(result);
    answers.delete(id);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`the inspector at ${address} does not answer`)));
  });
  let last = 0;
  const send: Inspector['send'] = (method, params = {}) => {
    last += 1;
    socket.send(JSON.stringify({ id: last, method, params }));
    return new Promise((resolve) => answers.set(last, resolve));
  };
  return {
    send,
    evaluate: async (expression) => Number((await send('Runtime.evaluate', { expression })).result?.value),
    close: () => socket.close(),
  };
}
