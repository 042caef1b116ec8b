/** Containers with two causes, with noise before the end, or with lines that point elsewhere. */
import { checkOptions } from './health-options.ts';
import { node, shell, type Recipe } from './recipe.ts';

const warnings = `console.warn('warn: optional file /app/.env: ENOENT: no such file or directory');
console.warn('warn: telemetry: connect ECONNREFUSED 127.0.0.1:4317, going on without it');
`;

export const mixtures: readonly Recipe[] = [
  node('mixed-warnings-before-memory', {
    causes: ['limit-too-small'],
    options: ['--memory', '64m', '--memory-swap', '64m'],
    program: `${warnings}const pages = [];
console.log('loading the index');
for (let page = 0; page < 4000; page += 1) pages.push(Buffer.alloc(64 * 1024, page));
console.log('ready');
`,
    note: 'Two warnings that it survives, and then the limit.',
  }),
  node('mixed-warnings-before-port', {
    causes: ['port-in-use'],
    options: ['--network', 'container:BESIDE'],
    beside: [{ name: 'first', image: 'busybox', options: [], command: ['sh', '-c', 'exec httpd -f -p 8080 -h /tmp'] }],
    program: `import { createServer } from 'node:http';\n${warnings}createServer().listen(8080, () => console.log('listening on 8080'));\n`,
  }),
  node('mixed-dns-noise-before-heap', {
    causes: ['heap-too-small'],
    options: ['--memory', '512m', '--env', 'NODE_OPTIONS=--max-old-space-size=32'],
    program: `for (let attempt = 1; attempt <= 4; attempt += 1) console.warn(\`price list: getaddrinfo EAI_AGAIN prices.example.org, attempt \${attempt} of 4, using the old one\`);
const rows = [];
for (let row = 0; row < 10_000_000; row += 1) rows.push({ row, name: 'row ' + row, tags: ['a' + row, 'b' + row] });
`,
  }),
  shell('mixed-lock-after-memory', {
    causes: ['stale-lock', 'limit-too-small'],
    options: ['--volume', 'STATE:/state', '--memory', '32m', '--memory-swap', '32m'],
    script: `if [ -e /state/gateway.lock ]; then echo "Error: another instance is already running (lock /state/gateway.lock, pid $(cat /state/gateway.lock))" >&2; exit 1; fi
echo $$ > /state/gateway.lock; echo 'loading'; exec tail /dev/zero`,
    lives: 4,
    note: 'The first life ends for memory and leaves its lock; all others end over the lock.',
  }),
  node('mixed-plugin-without-database', {
    causes: ['dependency-down', 'plugin-crash'],
    files: {
      'plugins/memory/index.mjs': `import { connect } from 'node:net';
export async function register() {
  const socket = connect(6379, '127.0.0.1');
  await new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject));
}
`,
    },
    program: `console.log('[plugins] loading memory');
const { register } = await import('./plugins/memory/index.mjs');
try { await register(); } catch (error) { throw new Error('plugin "memory" failed to register: ' + error.message, { cause: error }); }
console.log('listening on 8080');
`,
  }),
  node('mixed-migration-on-locked-database', {
    causes: ['database-broken', 'migration-fails'],
    files: {
      'holder.mjs': `import { DatabaseSync } from 'node:sqlite';
const database = new DatabaseSync('/app/shared.db');
database.exec('create table if not exists runs (id text); begin exclusive');
setInterval(() => {}, 1000);
`,
    },
    program: `import { DatabaseSync } from 'node:sqlite';
const database = new DatabaseSync('/app/shared.db', { timeout: 200 });
console.log('running migration 0008-add-index');
try { database.exec('create index owner on runs (id)'); } catch (error) { console.error('migration 0008-add-index failed'); throw error; }
`,
    beside: [{ name: 'old', image: 'node', options: ['--volume', 'FILES:/app'], command: ['node', '/app/holder.mjs'] }],
  }),
  node('mixed-disk-full-in-database', {
    causes: ['disk-full'],
    options: ['--tmpfs', '/state:size=1m'],
    program: `import { DatabaseSync } from 'node:sqlite';
const database = new DatabaseSync('/state/gateway.db');
database.exec('create table if not exists events (body text)');
console.log('opened /state/gateway.db');
const insert = database.prepare('insert into events values (?)');
for (;;) insert.run('x'.repeat(20_000));
`,
  }),
  node('mixed-unhealthy-and-restarted', {
    causes: ['probe-wrong'],
    options: checkOptions('wget -q -O /dev/null http://127.0.0.1:8080/health'),
    program: `import { createServer } from 'node:http';
process.on('SIGTERM', () => process.exit(0));
console.warn('warn: provider openai: 503 Service Unavailable, will try again');
createServer((request, response) => { response.writeHead(request.url === '/healthz' ? 200 : 404); response.end(); }).listen(8080, () => console.log('listening on 8080'));
`,
    lives: 0,
    during: async ({ name, docker, until }) => {
      for (let restart = 0; restart < 2; restart += 1) {
        await until(({ State }) => State.Health?.Status === 'unhealthy');
        docker('restart', '--time', '2', name);
      }
      await until(({ State }) => State.Health?.Status === 'unhealthy');
    },
    note: 'The path of the check is wrong, and somebody restarts what is unhealthy.',
  }),
  node('mixed-memory-line-without-memory', {
    causes: ['setting-missing'],
    options: ['--memory', '256m'],
    program: `console.log('memory: rss=41MB heapUsed=6MB of 256 MiB; last time this was killed: out of memory');
console.error('fatal: required environment variable SESSION_SECRET is not set');
process.exit(1);
`,
  }),
  node('mixed-refused-key-after-outage', {
    causes: ['api-key-invalid'],
    program: `console.warn('provider anthropic: 529 overloaded_error, trying the next provider');
console.error('provider openai: 401 {"error":{"message":"Incorrect API key provided: sk-12**89.","code":"invalid_api_key"}}');
console.error('no provider left, exiting');
process.exit(1);
`,
  }),
  shell('mixed-stop-and-finish', {
    causes: ['process-finishes'],
    script: `echo 'warn: config file /etc/sync.conf not found, using defaults'; echo 'sync: 0 errors, 31 files copied'; sleep 0.2; echo 'sync finished'`,
    note: 'Words like error and not found, and nothing is wrong but that it is a job.',
  }),
];
