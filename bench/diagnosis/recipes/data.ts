/** Containers that end for their data: configuration, secrets, volumes, limits of the kernel, databases. */
import { node, shell, type Recipe } from './recipe.ts';

const startServer = `import { createServer } from 'node:http';
createServer((_request, response) => response.end('ok')).listen(8080, () => console.log('listening on 8080'));
`;

export const data: readonly Recipe[] = [
  shell('stale-lock', {
    causes: ['stale-lock'],
    options: ['--volume', 'STATE:/state'],
    script: `if [ -e /state/gateway.pid ]; then echo "gateway already running (pid $(cat /state/gateway.pid)), lock file /state/gateway.pid exists" >&2; exit 1; fi
echo 4711 > /state/gateway.pid; echo 'listening on 8080'; kill -9 $$`,
    lives: 3,
  }),
  node('config-invalid', {
    causes: ['config-invalid'],
    files: { 'settings.json': '{\n  "port": 8080,\n  "models": {\n    "default": "small",\n  }\n}\n' },
    program: `import { readFileSync } from 'node:fs';
console.log('reading /app/settings.json');
const settings = JSON.parse(readFileSync('/app/settings.json', 'utf8'));
console.log(settings);
`,
  }),
  node('setting-missing', {
    causes: ['setting-missing'],
    program: `const { DATABASE_URL } = process.env;
if (!DATABASE_URL) { console.error('Error: DATABASE_URL must be set'); process.exit(1); }
`,
  }),
  node('secret-missing', {
    causes: ['secret-missing'],
    program: `import { createServer } from 'node:http';
const provider = createServer((request, response) => {
  response.writeHead(401, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.", type: 'invalid_request_error' } }));
});
await new Promise((resolve) => provider.listen(9000, resolve));
console.log('checking the provider with OPENAI_API_KEY=' + process.env.OPENAI_API_KEY);
const answer = await fetch('http://127.0.0.1:9000/v1/models', { headers: { authorization: 'Bearer' } });
console.error(\`startup failed: \${answer.status} Unauthorized: \${(await answer.json()).error.message}\`);
process.exit(1);
`,
  }),
  node('api-key-invalid', {
    causes: ['api-key-invalid'],
    options: ['--env', 'OPENAI_API_KEY=wrong'],
    program: `import { createServer } from 'node:http';
const provider = createServer((request, response) => {
  response.writeHead(401, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: 'Incorrect API key provided: wr**g. You can find your API key at https://platform.openai.com/account/api-keys.', type: 'invalid_request_error', code: 'invalid_api_key' } }));
});
await new Promise((resolve) => provider.listen(9000, resolve));
const answer = await fetch('http://127.0.0.1:9000/v1/models', { headers: { authorization: \`Bearer \${process.env.OPENAI_API_KEY}\` } });
const { error } = await answer.json();
if (!answer.ok) throw Object.assign(new Error(\`\${answer.status} \${error.message}\`), error);
`,
  }),
  node('permission-denied', {
    causes: ['permission-denied'],
    options: ['--volume', 'STATE:/state', '--user', '1000:1000'],
    program: `import { writeFileSync } from 'node:fs';\nwriteFileSync('/state/gateway.lock', String(process.pid));\n${startServer.split('\n').slice(1).join('\n')}`,
  }),
  node('read-only-filesystem', {
    causes: ['read-only-filesystem'],
    options: ['--read-only'],
    program: `import { mkdirSync } from 'node:fs';\nmkdirSync('/var-state');\n`,
  }),
  node('disk-full', {
    causes: ['disk-full'],
    options: ['--tmpfs', '/state:size=1m'],
    program: `import { appendFileSync } from 'node:fs';
console.log('writing the journal to /state');
for (;;) appendFileSync('/state/journal.log', 'x'.repeat(64 * 1024));
`,
  }),
  node('inotify-limit', {
    causes: ['inotify-limit'],
    options: ['--security-opt', 'seccomp=unconfined', '--security-opt', 'systempaths=unconfined'],
    program: `import { spawnSync } from 'node:child_process';
const { status } = spawnSync('unshare', ['-U', '-r', 'sh', '-c', 'echo 1 > /proc/sys/user/max_inotify_watches; exec node watch.mjs'], { stdio: 'inherit' });
process.exit(status ?? 1);
`,
    files: {
      'watch.mjs': `import { mkdirSync, watch } from 'node:fs';
console.log('watching the workspace');
for (let folder = 0; folder < 20; folder += 1) { mkdirSync('/tmp/w' + folder, { recursive: true }); watch('/tmp/w' + folder, () => {}); }
`,
    },
    note: 'The limit is lowered for this container alone, by a user namespace.',
  }),
  node('file-descriptors', {
    causes: ['file-descriptors'],
    options: ['--ulimit', 'nofile=40:40'],
    program: `import { openSync } from 'node:fs';
console.log('listening on 8080');
setTimeout(() => { for (let session = 0; session < 100; session += 1) openSync('/etc/passwd', 'r'); }, 200);
`,
  }),
  node('pids-limit', {
    causes: ['pids-limit'],
    options: ['--pids-limit', '24'],
    program: `import { spawn } from 'node:child_process';
console.log('starting workers');
for (let worker = 0; worker < 40; worker += 1) spawn('sleep', ['100']);
`,
  }),
  node('migration-fails', {
    causes: ['migration-fails'],
    program: `import { DatabaseSync } from 'node:sqlite';
const database = new DatabaseSync('/tmp/gateway.db');
database.exec('create table if not exists sessions (id text); drop table if exists runs');
console.log('database schema is at version 6, migrating to 7');
console.log('running migration 0007-add-owner');
database.exec('alter table runs add column owner text');
`,
  }),
  node('database-corrupt', {
    causes: ['database-broken'],
    files: { 'gateway.db': 'SQLite format 3\u0000 torn page after a power cut '.repeat(200) },
    program: `import { DatabaseSync } from 'node:sqlite';
console.log('opening /app/gateway.db');
const database = new DatabaseSync('/app/gateway.db');
console.log(database.prepare('select count(*) from sqlite_master').get());
`,
  }),
  node('database-locked', {
    causes: ['database-broken'],
    files: {
      'holder.mjs': `import { DatabaseSync } from 'node:sqlite';
const database = new DatabaseSync('/app/shared.db');
database.exec('create table if not exists runs (id text); begin exclusive');
console.log('holding');
setInterval(() => {}, 1000);
`,
    },
    program: `import { DatabaseSync } from 'node:sqlite';
const database = new DatabaseSync('/app/shared.db', { timeout: 200 });
database.exec("insert into runs values ('1')");
`,
    beside: [{ name: 'old', image: 'node', options: ['--volume', 'FILES:/app'], command: ['node', '/app/holder.mjs'] }],
  }),
  node('config-watcher-loop', {
    causes: ['config-watcher-loop'],
    files: { 'gateway.json': '{ "port": 8080 }\n' },
    program: `import { readFileSync, watch, writeFileSync } from 'node:fs';
console.log('gateway started, watching /app/gateway.json');
process.on('SIGUSR1', () => { console.log('received SIGUSR1; restarting'); process.exit(0); });
watch('/app/gateway.json', () => {
  console.log('config change detected; evaluating reload (meta.lastTouchedAt)');
  console.log('config change requires gateway restart (meta.lastTouchedAt)');
  process.kill(process.pid, 'SIGUSR1');
});
setTimeout(() => {
  const settings = JSON.parse(readFileSync('/app/gateway.json', 'utf8'));
  settings.meta = { lastTouchedAt: new Date().toISOString() };
  writeFileSync('/app/gateway.json', JSON.stringify(settings));
  console.log('config saved to /app/gateway.json');
}, 300);
`,
  }),
  {
    ...node('empty-mount', { causes: ['empty-mount'], program: '' }),
    options: ['--restart', 'always', '--volume', 'STATE:/srv'],
    command: ['node', '/srv/server.mjs'],
    files: {},
    note: 'An empty volume lies over the directory of the program.',
  },
  node('model-file-missing', {
    causes: ['model-file-missing'],
    options: ['--env', 'MODEL_PATH=/models/llama-7b.Q4_K_M.gguf'],
    program: `import { openSync } from 'node:fs';
console.log('loading model from ' + process.env.MODEL_PATH);
openSync(process.env.MODEL_PATH, 'r');
`,
  }),
  node('model-file-damaged', {
    causes: ['model-file-damaged'],
    files: { 'models/small.gguf': 'GGUF half of a download' },
    program: `import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
const expected = '9a2d8e3f1b7c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6';
console.log('verifying /app/models/small.gguf');
const found = createHash('sha256').update(readFileSync('/app/models/small.gguf')).digest('hex');
if (found !== expected) throw new Error(\`sha256 mismatch for /app/models/small.gguf: expected \${expected}, got \${found}\`);
`,
  }),
];
