/** Containers of the half that is kept for the report, written when the rules were finished: other programs, other words, other ways into the same causes. */
import {
  node as nodeRecipe,
  type NodeRecipe,
  python as pythonRecipe,
  type Recipe,
  shell as shellRecipe,
  type ShellRecipe,
  type PythonRecipe,
} from './recipe.ts';

const node = (name: string, recipe: NodeRecipe): Recipe => nodeRecipe(name, { ...recipe, half: 'report' });
const shell = (name: string, recipe: ShellRecipe): Recipe => shellRecipe(name, { ...recipe, half: 'report' });
const python = (name: string, recipe: PythonRecipe): Recipe => pythonRecipe(name, { ...recipe, half: 'report' });

const memory: readonly Recipe[] = [
  node('report-leak', {
    causes: ['memory-leak'],
    options: ['--memory', '128m', '--memory-swap', '128m'],
    program: `const listeners = new Set();
console.log('bot connected');
setInterval(() => { for (let each = 0; each < 30; each += 1) { const context = new Array(400).fill('message ' + each + Date.now()); listeners.add(() => context.length); } }, 15);
`,
  }),
  python('report-limit', {
    causes: ['limit-too-small'],
    options: ['--memory', '48m', '--memory-swap', '48m'],
    program: `print("warming the cache", flush=True)
rows = [bytes(1024 * 256) + str(n).encode() for n in range(4000)]
print("ready", len(rows))
`,
  }),
  node('report-heap', {
    causes: ['heap-too-small'],
    options: ['--memory', '400m'],
    arguments: ['--max-old-space-size=40'],
    program: `const seen = new Map();\nfor (let n = 0; ; n += 1) seen.set('session:' + n, { n, messages: [n, n + 1, n + 2].map(String) });\n`,
  }),
  node('report-heap-over-limit', {
    causes: ['heap-larger-than-limit'],
    options: ['--memory', '100m', '--memory-swap', '100m', '--env', 'NODE_OPTIONS=--max-old-space-size=1024'],
    program: `const seen = new Map();\nconsole.log('importing history');\nfor (let n = 0; ; n += 1) seen.set('session:' + n, { n, messages: [n, n + 1, n + 2].map(String) });\n`,
  }),
  node('report-tool-memory', {
    causes: ['child-out-of-memory'],
    options: ['--memory', '96m', '--memory-swap', '96m'],
    program: `import { spawn } from 'node:child_process';
const tool = () => spawn('tail', ['/dev/zero']).on('exit', (code, signal) => { console.log('tool ended', { code, signal }); setTimeout(tool, 1500); });
tool();
`,
    lives: 0,
    during: async ({ untilLogged, pause }) => {
      await untilLogged('SIGKILL');
      await pause(300);
    },
  }),
];

const settings: readonly Recipe[] = [
  shell('report-pid-file', {
    causes: ['stale-lock'],
    options: ['--volume', 'STATE:/run/app'],
    script: `set -e; if [ -f /run/app/app.pid ]; then echo "ERROR: PID file /run/app/app.pid already exists, is another daemon running?"; exit 2; fi; echo 1 > /run/app/app.pid; echo up; sleep 0.4; kill -9 $$`,
    lives: 3,
  }),
  python('report-toml', {
    causes: ['config-invalid'],
    files: { 'app.toml': '[server]\nport = 8080\nname = unquoted\n' },
    program: `import tomllib\nwith open("/app/app.toml", "rb") as file:\n    print(tomllib.load(file))\n`,
  }),
  python('report-environment', {
    causes: ['setting-missing'],
    program: `import os\nprint("starting worker")\nhost = os.environ["QUEUE_HOST"]\n`,
  }),
  node('report-no-key', {
    causes: ['secret-missing'],
    program: `const key = process.env.ANTHROPIC_API_KEY;\nif (key === undefined) throw new Error('The ANTHROPIC_API_KEY environment variable is missing or empty; either provide it, or instantiate the client with an apiKey option.');\n`,
  }),
  node('report-wrong-key', {
    causes: ['api-key-invalid'],
    options: ['--env', 'ANTHROPIC_API_KEY=old'],
    program: `import { createServer } from 'node:http';
createServer((_request, response) => { response.writeHead(401, { 'content-type': 'application/json' }); response.end('{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'); }).listen(9000);
const answer = await fetch('http://127.0.0.1:9000/v1/messages', { method: 'POST', body: '{}' });
console.error('anthropic said', answer.status, await answer.text());
process.exit(1);
`,
  }),
  python('report-reload', {
    causes: ['config-watcher-loop'],
    files: { 'conf.json': '{"port": 1}' },
    program: `import json, os, sys, time
print("watching /app/conf.json", flush=True)
before = os.stat("/app/conf.json").st_mtime_ns
with open("/app/conf.json", "w") as file:
    json.dump({"port": 1, "started": time.time()}, file)
if os.stat("/app/conf.json").st_mtime_ns != before:
    print("configuration file changed on disk, restarting to apply it", flush=True)
    sys.exit(0)
`,
  }),
];

const files: readonly Recipe[] = [
  python('report-permission', {
    causes: ['permission-denied'],
    options: ['--volume', 'STATE:/data', '--user', '1000'],
    program: `print("opening /data/state.db", flush=True)\nopen("/data/state.db", "w")\n`,
  }),
  shell('report-read-only', {
    causes: ['read-only-filesystem'],
    options: ['--volume', 'STATE:/data:ro'],
    script: `set -e; echo 'preparing /data'; touch /data/ready; echo ready; sleep 100`,
  }),
  shell('report-no-space', {
    causes: ['disk-full'],
    options: ['--tmpfs', '/cache:size=2m'],
    script: `set -e; echo 'unpacking models into /cache'; dd if=/dev/zero of=/cache/model.bin bs=1M count=5; sleep 100`,
  }),
  python('report-open-files', {
    causes: ['file-descriptors'],
    options: ['--ulimit', 'nofile=48:48'],
    program: `print("accepting connections", flush=True)\nkept = [open("/etc/passwd") for _ in range(200)]\n`,
  }),
  shell('report-fork', {
    causes: ['pids-limit'],
    options: ['--pids-limit', '8'],
    script: `echo 'spawning workers'; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 50 & done; wait`,
  }),
  python('report-database', {
    causes: ['database-broken'],
    files: { 'state.db': 'SQLite format 3\u0000 not a page '.repeat(300) },
    program: `import sqlite3\nconnection = sqlite3.connect("/app/state.db")\nprint(connection.execute("select count(*) from sessions").fetchone())\n`,
  }),
  python('report-alembic', {
    causes: ['migration-fails'],
    program: `import sqlite3
print("INFO  [alembic.runtime.migration] Will assume non-transactional DDL.")
print("INFO  [alembic.runtime.migration] Running upgrade 4f1c2d -> 9b7e3a, add owner to runs", flush=True)
sqlite3.connect("/tmp/x.db").execute("alter table runs add column owner text")
`,
  }),
  python('report-model-path', {
    causes: ['model-file-missing'],
    options: ['--env', 'MODEL_FILE=/models/mistral-7b/model.safetensors'],
    program: `import os\npath = os.environ["MODEL_FILE"]\nprint("loading", path, flush=True)\nopen(path, "rb")\n`,
  }),
  python('report-model-checksum', {
    causes: ['model-file-damaged'],
    files: { 'whisper.bin': 'half a model' },
    program: `import hashlib
found = hashlib.sha256(open("/app/whisper.bin", "rb").read()).hexdigest()
raise RuntimeError("Model has been downloaded but the SHA256 checksum does not match. Please retry loading the model.")
`,
  }),
];

const starts: readonly Recipe[] = [
  python('report-import', { causes: ['module-missing'], program: `import pgvector_store\nprint(pgvector_store)\n` }),
  node('report-flag', {
    causes: ['bad-node-flag'],
    options: ['--env', 'NODE_OPTIONS=--enable-sourcemaps'],
    program: `console.log('up');\n`,
  }),
  node('report-old-node', {
    causes: ['node-too-old'],
    image: 'old-node',
    program: `const byOwner = Object.groupBy([{ owner: 'a' }], ({ owner }) => owner);\nconsole.log(byOwner);\n`,
  }),
  node('report-rejection', {
    causes: ['unhandled-rejection'],
    files: {
      'node_modules/queue/index.mjs': `export async function poll() { await null; throw new RangeError('batch of 0 items'); }\n`,
      'node_modules/queue/package.json': '{"name":"queue","exports":"./index.mjs"}',
    },
    program: `import { poll } from 'queue';\nconsole.log('queue consumer up');\nsetTimeout(() => void poll(), 300);\n`,
  }),
  node('report-extension', {
    causes: ['plugin-crash'],
    files: { 'extensions/matrix/dist/index.cjs': `exports.activate = (host) => host.rooms.map((room) => room.id);\n` },
    program: `import { createRequire } from 'node:module';
const load = createRequire(import.meta.url);
console.log('activating extension matrix');
load('./extensions/matrix/dist/index.cjs').activate({});
`,
  }),
  shell('report-background', {
    causes: ['process-finishes'],
    script: `sleep 100 & echo "server started in the background, pid $!"`,
  }),
  python('report-segfault', {
    causes: ['segmentation-fault'],
    program: `import ctypes\nprint("decoding", flush=True)\nctypes.string_at(0)\n`,
  }),
  python('report-python', {
    causes: ['python-traceback'],
    program: `def mean(values):\n    return sum(values) / len(values)\n\nprint("scoring", flush=True)\nprint(mean([]))\n`,
  }),
];

export const report: readonly Recipe[] = [...memory, ...settings, ...files, ...starts];
