/** Containers that end for memory: too small, leaking, a heap that does not fit, buffers, children, a burst of load. */
import { node, shell, type Recipe } from './recipe.ts';

export const memory: readonly Recipe[] = [
  node('limit-too-small', {
    causes: ['limit-too-small'],
    options: ['--memory', '64m', '--memory-swap', '64m'],
    program: `console.log('loading the index');
const index = [];
for (let page = 0; page < 4000; page += 1) index.push(Buffer.alloc(64 * 1024, page));
console.log('index loaded', index.length);
setInterval(() => {}, 1000);
`,
    note: 'What it needs at its start is more than the limit, in each life at once.',
  }),
  node('memory-leak', {
    causes: ['memory-leak'],
    options: ['--memory', '96m', '--memory-swap', '96m'],
    program: `import { memoryUsage } from 'node:process';
const requests = [];
let served = 0;
console.log('listening on 8080');
setInterval(() => {
  served += 1;
  for (let each = 0; each < 40; each += 1) requests.push({ at: Date.now(), body: 'x'.repeat(1200) + served + each, headers: Array.from({ length: 40 }, (_, index) => ({ index, served })) });
  if (served % 50 === 0) console.log(\`served \${served * 40} requests, rss \${Math.round(memoryUsage().rss / 2 ** 20)} MB\`);
}, 20);
`,
    lives: 3,
    note: 'Each life grows at the same pace and lasts as long as the one before.',
  }),
  node('heap-too-small', {
    causes: ['heap-too-small'],
    options: ['--memory', '512m', '--env', 'NODE_OPTIONS=--max-old-space-size=32'],
    program: `const rows = [];
console.log('reading the catalogue');
for (let row = 0; row < 10_000_000; row += 1) rows.push({ row, name: 'row ' + row, tags: ['a' + row, 'b' + row] });
console.log('ready');
`,
  }),
  node('heap-larger-than-limit', {
    causes: ['heap-larger-than-limit'],
    options: ['--memory', '80m', '--memory-swap', '80m', '--env', 'NODE_OPTIONS=--max-old-space-size=4096'],
    program: `const rows = [];
console.log('reading the catalogue');
for (let row = 0; row < 10_000_000; row += 1) rows.push({ row, name: 'row ' + row, tags: ['a' + row, 'b' + row] });
console.log('ready');
`,
  }),
  node('native-memory', {
    causes: ['native-memory'],
    options: ['--memory', '128m', '--memory-swap', '128m'],
    program: `const pictures = [];
const mb = (bytes) => Math.round(bytes / 2 ** 20);
console.log('listening on 8080');
setInterval(() => {
  pictures.push(Buffer.alloc(2 * 2 ** 20, 1));
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  if (pictures.length % 5 === 0) console.log(\`memory: rss=\${mb(rss)}MB heapUsed=\${mb(heapUsed)}MB external=\${mb(external)}MB arrayBuffers=\${mb(arrayBuffers)}MB\`);
}, 60);
`,
  }),
  shell('child-out-of-memory', {
    causes: ['child-out-of-memory'],
    options: ['--memory', '32m', '--memory-swap', '32m'],
    script: `echo 'agent ready'
tool=0
while true; do
  tool=$((tool + 1)); echo "running tool $tool: sort"
  tail /dev/zero; echo "tool $tool ended with $?"
  sleep 1
done`,
    lives: 0,
    during: async ({ untilLogged, pause }) => {
      await untilLogged('tool 3 ended');
      await pause(300);
    },
  }),
  node('load-burst', {
    causes: ['load-burst'],
    options: ['--memory', '128m', '--memory-swap', '128m'],
    program: `const queue = [];
let tick = 0;
console.log('listening on 8080');
setInterval(() => {
  tick += 1;
  const arrivals = tick < 25 ? 1 : 40;
  for (let each = 0; each < arrivals; each += 1) queue.push(Buffer.alloc(100 * 1024, each));
  queue.splice(0, 2);
  if (tick % 5 === 0) console.log(\`queue length \${queue.length}, in flight 2, rss \${Math.round(process.memoryUsage().rss / 2 ** 20)} MB\`);
}, 50);
`,
  }),
];
