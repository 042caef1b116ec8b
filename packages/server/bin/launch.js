/**
 * Starts a command of this package on a Node that can run it. Plain JavaScript in old words, because a Node that is too old
 * has to read this file in order to say so.
 *
 * In a clone the TypeScript sources run as they are; a published package has only `dist`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import module from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const here = dirname(fileURLToPath(import.meta.url));

/** Runs `command` (`openclaw` or `clw`) in this process, or in a child on the Node that the clone brings. */
export function launch(command) {
  if (Number(process.versions.node.split('.')[0]) >= neededMajor) return run(command);
  const node = findOwnNode();
  if (node) return runOn(node, command);
  process.stderr.write(`${command}: Node ${neededMajor} or newer is needed, this is ${process.version} (${process.execPath})\n`);
  process.exitCode = 1;
}

async function run(command) {
  enableCompileCache();
  const source = new URL(`../src/cli/${command}/main.ts`, import.meta.url);
  const { main } = await import(existsSync(source) ? source.href : new URL(`../dist/cli/${command}/main.js`, import.meta.url).href);
  process.exitCode = await main(process.argv.slice(2));
}

/** Halves the time to start. Where the directory cannot be made there is no cache, and nothing else changes. */
function enableCompileCache() {
  const { XDG_CACHE_HOME: chosen, HOME: home } = process.env;
  const base = chosen && isAbsolute(chosen) ? chosen : home ? join(home, '.cache') : undefined;
  if (base && makeFolder(base) && makeFolder(join(base, 'openclaw'))) module.enableCompileCache(join(base, 'openclaw'));
}

/** One level only: Node's own making of whole paths never ends below places such as /proc, where a new folder is not found. */
function makeFolder(folder) {
  try {
    mkdirSync(folder, 0o700);
    return true;
  } catch (error) {
    return error.code === 'EEXIST';
  }
}

/** The Node that `npm ci` put into a `node_modules` above this file. */
function findOwnNode() {
  for (let folder = here; ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', '.bin', 'node');
    if (existsSync(node)) return node;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Passes signals on, and ends as the child ended. */
function runOn(node, command) {
  let child;
  const pass = (signal) => {
    // What a terminal sends, it sends to the child as well; a second one would mean "at once".
    if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];
  signals.forEach((signal) => process.on(signal, pass));
  child = spawn(node, [join(here, `${command}.js`)].concat(process.argv.slice(2)), { stdio: 'inherit' });
  child.on('error', (error) => {
    process.stderr.write(`${command}: ${node} does not start: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    signals.forEach((name) => process.removeListener(name, pass));
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}
