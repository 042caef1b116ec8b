/**
 * Starts the processes of a bench and owns them: all are killed when this process ends, however it ends.
 *
 * It does not know what they do. Memory and processor time come from /proc, so they are NaN where there is none.
 */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface OwnedProcess {
  readonly pid: number;
  /** What the process listens on; 0 for one that does not. */
  readonly port: number;
  /** Sends a message over IPC and waits for the answer. Only for our own scripts. */
  ask<Answer>(message: object): Promise<Answer>;
  residentBytes(): number;
  /** Processor time since its start, all threads, user and system. */
  processorMs(): number;
  /** The same of its main thread alone, which is what requests queue for. */
  mainThreadMs(): number;
  /** What it ended with, once it has. */
  ended(): string | undefined;
  stop(): Promise<void>;
  /** Ends it at once, as the system does with a process that takes too much memory. */
  kill(): Promise<void>;
}

export interface CommandOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** A path that answers 200 once the process is ready. */
  readonly readyPath: string;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether its end is something to measure, and not the end of the bench. @default false */
  readonly mayEnd?: boolean;
  /** @default 30_000 */
  readonly readyTimeoutMs?: number;
}

const running = new Set<ChildProcess>();
/** Those told to end, or that may; any other end spoils what is being measured. */
const stopping = new Set<ChildProcess>();
const readyTimeoutDefaultMs = 30_000;
/** Between two looks at whether a process is ready: the error of a start-up time. */
const readyPollMs = 2;
/** USER_HZ of Linux, which no platform that Node runs on sets to anything else. */
const ticksPerSecond = 100;

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

/** Starts a script of this folder, which says over IPC when it is ready. `mayEnd` as for a command. */
export async function startScript(name: string, args: readonly string[] = [], mayEnd = false): Promise<OwnedProcess> {
  // 'advanced' carries NaN, which JSON turns into null.
  const options: SpawnOptions = { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' };
  const child = own(spawn(process.execPath, [join(import.meta.dirname, name), ...args], options));
  const { listening } = await nextMessage<{ listening: number }>(child, name);
  if (mayEnd) stopping.add(child);
  return handleOf(child, name, listening);
}

/** Starts any server and waits until `readyPath` answers 200. */
export async function startCommand(options: CommandOptions): Promise<OwnedProcess> {
  const child = own(spawn(options.command, options.args, { stdio: ['ignore', 'ignore', 'pipe'], env: options.env }));
  let complaint = '';
  child.stderr?.on('data', (piece: Buffer) => {
    complaint = `${complaint}${piece.toString()}`.slice(-2000);
  });
  const { readyTimeoutMs = readyTimeoutDefaultMs } = options;
  const deadlineMs = performance.now() + readyTimeoutMs;
  while (!(await answersOk(options.port, options.readyPath))) {
    if (child.exitCode !== null) throw new Error(`${options.command} ended with ${child.exitCode}: ${complaint}`);
    if (performance.now() > deadlineMs) throw new Error(`${options.command} was not ready after ${readyTimeoutMs} ms: ${complaint}`);
    await new Promise((resolve) => setTimeout(resolve, readyPollMs));
  }
  if (options.mayEnd === true) stopping.add(child);
  return handleOf(child, [options.command, ...options.args].join(' '), options.port);
}

/** A port that was free a moment ago, for programs that cannot be told to choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function own(child: ChildProcess): ChildProcess {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function handleOf(child: ChildProcess, name: string, port: number): OwnedProcess {
  const pid = child.pid ?? 0;
  child.once('exit', (code, signal) => {
    if (stopping.delete(child)) return;
    console.error(`${name} (process ${pid}) ended with ${signal ?? code} while it was needed: nothing measured since can be used`);
    process.exit(1);
  });
  return {
    pid,
    port,
    ask(message) {
      child.send(message);
      return nextMessage(child, name);
    },
    residentBytes: () => Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))?.[1]) * 1024,
    processorMs() {
      // The second field may hold spaces, so count from the parenthesis that closes it.
      const fields = readProc(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
      return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
    },
    // Nanoseconds on a processor come first; unlike `stat` they do not come in ticks of 10 ms.
    mainThreadMs: () => Number.parseInt(readProc(pid, `task/${pid}/schedstat`)) / 1e6,
    ended: () => child.signalCode ?? (child.exitCode === null ? undefined : `status ${child.exitCode}`),
    stop: () => stop(child, 'SIGTERM'),
    kill: () => stop(child, 'SIGKILL'),
  };
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // No /proc on this platform, or the process has ended: the figure becomes NaN.
  }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  stopping.add(child);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(timer);
}

function nextMessage<Message>(child: ChildProcess, name: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${name} ended with ${code} before it answered`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as Message);
    });
  });
}

/** Not `fetch`: its own start would count into the first start-up time. */
function answersOk(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 2000 }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false)); // Not listening yet.
  });
}
