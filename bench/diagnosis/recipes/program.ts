/** Containers whose program cannot begin or ends itself: what is missing, of another kind, refused, or fails at once. */
import { makeForeignAddon, makeForeignProgram } from './made-files.ts';
import { node, shell, type Recipe } from './recipe.ts';

export const program: readonly Recipe[] = [
  node('module-missing', {
    causes: ['module-missing'],
    program: `import express from 'express';\nexpress().listen(8080);\n`,
  }),
  node('module-missing-commonjs', {
    causes: ['module-missing'],
    files: { 'start.cjs': `const settings = require('./lib/settings');\nconsole.log(settings);\n` },
    program: `import './start.cjs';\n`,
  }),
  node('native-module-abi', {
    causes: ['native-module'],
    files: {
      'store.node': makeForeignAddon,
      'node_modules/store/index.cjs': `module.exports = require('/app/store.node');\n`,
    },
    program: `import { createRequire } from 'node:module';\nconst store = createRequire(import.meta.url)('./node_modules/store/index.cjs');\nconsole.log(store);\n`,
  }),
  node('native-module-elf', {
    causes: ['native-module'],
    files: {
      'node_modules/pictures/build/Release/pictures.node': 'MZ\u0000\u0000 an addon for another system',
      'node_modules/pictures/index.cjs': `module.exports = require('./build/Release/pictures.node');\n`,
    },
    program: `import { createRequire } from 'node:module';\ncreateRequire(import.meta.url)('./node_modules/pictures/index.cjs');\n`,
  }),
  {
    ...shell('wrong-architecture', { causes: ['wrong-architecture'], script: '' }),
    image: 'other-architecture',
    command: ['/app/server'],
    files: { server: makeForeignProgram },
    lives: 1,
  },
  shell('command-not-found', { causes: ['entrypoint-missing'], script: 'exec gatewayd --port 18789' }),
  {
    ...shell('entrypoint-missing', { causes: ['entrypoint-missing'], script: '' }),
    command: ['/usr/local/bin/docker-entrypoint.sh'],
    lives: 0,
  },
  {
    ...shell('entrypoint-line-ends', { causes: ['entrypoint-missing'], script: '' }),
    command: ['/app/entrypoint.sh'],
    files: { 'entrypoint.sh': '#!/bin/sh\r\nset -e\r\necho starting\r\nexec sleep 1000\r\n' },
    lives: 0,
    note: 'The file is there; the kernel looks for `/bin/sh\\r`.',
  },
  {
    ...shell('not-executable', { causes: ['not-executable'], script: '' }),
    command: ['/app/start'],
    files: { start: '#!/bin/sh\necho starting\n' },
    modes: { start: 0o644 },
    lives: 0,
  },
  node('bad-node-flag', {
    causes: ['bad-node-flag'],
    options: ['--env', 'NODE_OPTIONS=--max-old-space=2048'],
    program: `console.log('listening on 8080');\n`,
  }),
  node('bad-node-flag-argument', {
    causes: ['bad-node-flag'],
    arguments: ['--max-http-headers=16384'],
    program: `console.log('listening on 8080');\n`,
  }),
  node('node-too-old', {
    causes: ['node-too-old'],
    image: 'old-node',
    program: `import { createServer } from 'node:http';
const { promise, resolve } = Promise.withResolvers();
createServer().listen(8080, resolve);
await promise;
console.log('listening on 8080');
`,
  }),
  node('node-too-old-module', {
    causes: ['node-too-old'],
    image: 'old-node',
    program: `import { DatabaseSync } from 'node:sqlite';\nconsole.log(new DatabaseSync(':memory:'));\n`,
  }),
  node('unhandled-rejection', {
    causes: ['unhandled-rejection'],
    program: `console.log('listening on 8080');
async function loadTools() {
  await new Promise((resolve) => setTimeout(resolve, 300));
  throw new TypeError("Cannot read properties of undefined (reading 'tools')");
}
loadTools();
setInterval(() => {}, 1000);
`,
  }),
  node('unhandled-rejection-reason', {
    causes: ['unhandled-rejection'],
    program: `console.log('listening on 8080');
setTimeout(() => void Promise.reject({ status: 'lost' }), 400);
setInterval(() => {}, 1000);
`,
  }),
  node('plugin-crash', {
    causes: ['plugin-crash'],
    files: {
      'plugins/calendar/index.mjs': `export function register(host) {\n  host.events.on('ready', () => {});\n}\n`,
      'plugins/weather/index.mjs': `export function register(host) {\n  const { forecast } = host.settings.weather.providers;\n  return forecast;\n}\n`,
    },
    program: `const host = { events: { on() {} }, settings: {} };
for (const name of ['calendar', 'weather']) {
  console.log(\`[plugins] loading \${name}\`);
  const { register } = await import(\`./plugins/\${name}/index.mjs\`);
  register(host);
}
console.log('listening on 8080');
`,
  }),
  shell('process-finishes', {
    causes: ['process-finishes'],
    script: `echo 'importing 1200 contacts'; sleep 0.3; echo 'import done'`,
  }),
  node('process-finishes-node', {
    causes: ['process-finishes'],
    program: `console.log('nightly report: 14 rows written to /tmp/report.csv');\n`,
  }),
  shell('ignores-sigterm', {
    causes: ['ignores-sigterm'],
    script: `trap '' TERM; echo 'worker ready'; while true; do sleep 1; done`,
    options: ['--stop-timeout', '3'],
    lives: 0,
    during: async ({ name, docker, untilLogged, until, pause }) => {
      for (let stop = 0; stop < 3; stop += 1) {
        await untilLogged('worker ready');
        // A person stops it now and then.
        await pause(stop * 2500);
        docker('restart', '--time', '3', name);
        await until(({ State }) => State.Running);
      }
    },
  }),
  node('segmentation-fault', {
    causes: ['segmentation-fault'],
    program: `console.log('decoding /media/in.heic');\nprocess.kill(process.pid, 'SIGSEGV');\nsetInterval(() => {}, 1000);\n`,
    options: ['--init'],
    note: 'Under an init the signal comes out as 139, as it does of a native library.',
  }),
];
