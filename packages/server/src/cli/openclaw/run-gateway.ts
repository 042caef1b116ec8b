/** The gateway in the foreground: logging, start, what is printed, signals, exit codes. */
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import {
  createConfigurationKeeper,
  loadConfiguration,
  locate,
  type Configuration,
  type ConfigurationKeeper,
  type ConfigurationStatus,
  type LoadOptions,
} from '../../config/index.ts';
import { holdGateway, startGateway, type RunningGateway } from '../../compose/index.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import { createLog, type RootLog } from '../../core/log.ts';
import { createMetrics, type Metrics } from '../../core/metrics.ts';
import { createRedactor, type Redactor } from '../../core/redact.ts';
import { createRotatingFile } from '../../core/rotating-file.ts';
import { knownProviders, type Provider } from '../../models/index.ts';
import { createLoopGuard, loopGuardDefaults } from '../../operations/index.ts';
import { version } from '../../version.ts';
import { finishInterruptedReplacement, type StorageThread } from '../../storage/index.ts';
import { ownCertificateFile } from '../gateway-target.ts';
import { exitConfiguration, formatError, type Terminal } from '../terminal.ts';

export interface RunFlags {
  readonly port?: string;
  readonly bind?: string;
  readonly config?: string;
  readonly stateDir?: string;
  readonly logLevel?: string;
  readonly stateWait?: number;
  /** Enters rescue mode, whatever the file says. */
  readonly rescue?: boolean;
}

export interface RunContext {
  readonly terminal: Terminal;
  /** Booting already. */
  readonly storageThread: StorageThread;
}

/** Runs the gateway in the foreground until it is told to stop. @returns the exit code */
export async function runGateway(flags: RunFlags, { terminal, storageThread }: RunContext): Promise<number> {
  const stopped = waitForStop();
  const load = { environment: readEnvironment({ env: terminal.env }), flags, vendors: knownProviders };
  let logging: Logging | undefined;
  let keeper: ConfigurationKeeper | undefined;
  try {
    await finishRestore(load);
    keeper = await createConfigurationKeeper({ ...load, clock: systemClock, ...(flags.rescue === true ? { rescue: true } : {}) });
    const rescue = keeper.current ?? (await loadWithoutFile(load));
    logging = openLogging(rescue, terminal);
    keeper.start(logging.log.child({ component: 'config' }));
    const gateway = await startGateway({
      ...{ keeper, rescue, ...logging, storageThread },
      signal: stopped.signal,
      ...(flags.stateWait === undefined ? {} : { lockWaitMs: flags.stateWait }),
    });
    try {
      createLoopGuard({ stateDirectory: rescue.stateDirectory, clock: systemClock }).clear();
      await Promise.race([gateway.prepared, stopped.promise]);
      if (!stopped.signal.aborted) {
        terminal.stdout.write(describe(gateway, keeper.status));
        logging.log.info('ready', { url: gateway.url, version });
      }
      // Node writes the cache only at an orderly exit; a container that is killed would start cold for ever.
      flushCompileCache();
      await stopped.promise;
    } finally {
      await gateway.stop();
    }
    return 0;
  } catch (thrown) {
    if (stopped.signal.aborted && thrown === stopped.signal.reason) return 0;
    terminal.stderr.write(formatError('openclaw', thrown));
    if (!(thrown instanceof OpenClawError) || !needsAChange.has(thrown.code)) return 1;
    return await refuseToStart(thrown, { terminal, stopped, load });
  } finally {
    stopped.release();
    await keeper?.close();
    await storageThread.end();
    await logging?.close();
  }
}

/** A restore that was cut off at its very end brings a configuration, too, and that is read next. */
async function finishRestore({ environment, flags }: LoadOptions): Promise<void> {
  const { stateDirectory } = locate(environment, flags ?? {});
  await finishInterruptedReplacement(stateDirectory).catch((thrown: unknown) => {
    // Whoever holds it may be at just that; who opens the state finds out.
    if (!(thrown instanceof OpenClawError) || thrown.code !== 'state_locked') throw thrown;
  });
}

/**
 * Where the file is of no use, flags and variables still say where and for whom. Beyond this machine nobody is let in then, unless they say
 * both, as in a container, whose loopback nobody reaches.
 */
function loadWithoutFile(load: LoadOptions): Promise<Configuration> {
  const hasCredential = ['OPENCLAW_GATEWAY_TOKEN', 'OPENCLAW_GATEWAY_PASSWORD'].some((name) => load.environment.lookup(name) !== undefined);
  const flags = hasCredential ? load.flags : { ...load.flags, bind: 'loopback' };
  return loadConfiguration({ ...load, text: '{}', ...(flags === undefined ? {} : { flags }) });
}

interface RefusalContext {
  readonly terminal: Terminal;
  readonly stopped: StopSignal;
  readonly load: LoadOptions;
}

/**
 * Ends, unless a supervisor has started it again and again just now: then it stays up until it is told to stop, and says why to whoever asks.
 * @returns the exit code
 */
async function refuseToStart(problem: OpenClawError, { terminal, stopped, load }: RefusalContext): Promise<number> {
  const { stateDirectory } = locate(load.environment, load.flags ?? {});
  const guard = createLoopGuard({ stateDirectory, clock: systemClock });
  const recorded = guard.shouldHold() ? undefined : guard.record(problem.code);
  // Where it cannot be counted and would be started again for ever, it does not end at all.
  if (recorded === undefined || (!recorded.recorded && recorded.shouldHold)) {
    const held = await holdGateway(problem, await loadWithoutFile(load).catch(() => undefined)).catch((thrown: unknown) => {
      terminal.stderr.write(formatError('openclaw', thrown));
    });
    if (held) {
      const why = recorded === undefined ? `refused ${guard.recent().length} times within ten minutes` : 'refusals cannot be counted here';
      terminal.stderr.write(`openclaw: ${why}; waiting on ${held.url} instead of ending again\n`);
      const passing = Promise.withResolvers<void>();
      // A holder of the port or of the state goes away by itself some day: tried again now and then, which no supervisor makes a loop of.
      const timer = passes.has(problem.code) ? systemClock.after(loopGuardDefaults.windowMs, passing.resolve) : undefined;
      await Promise.race([stopped.promise, passing.promise]);
      timer?.cancel();
      await held.close();
      return stopped.signal.aborted ? 0 : exitConfiguration;
    }
  }
  if (recorded && !recorded.recorded)
    terminal.stderr.write(`openclaw: this refusal could not be counted, so nothing stops a restart loop: ${recorded.reason}\n`);
  return exitConfiguration;
}

/** May be over without anybody's doing. */
const passes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['port_in_use', 'state_locked']);

/** Starting again without a change ends in the same way. */
const needsAChange: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['bind_without_auth', 'bind_failed', 'port_in_use', 'config_invalid', 'config_unreadable'] as const),
  ...(['state_locked', 'state_filesystem', 'state_unwritable', 'storage_newer', 'storage_damaged'] as const),
]);

interface Logging {
  readonly log: RootLog;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  close(): Promise<void>;
}

/** To the terminal, and to files in the state directory that outlive it. */
function openLogging(configuration: Configuration, terminal: Terminal): Logging {
  const { level, format, ...limits } = configuration.settings.logging;
  const file = createRotatingFile({ path: join(configuration.stateDirectory, 'logs', 'gateway.log'), clock: systemClock, ...limits });
  const metrics = createMetrics();
  metrics.callback({
    type: 'counter',
    name: 'openclaw_log_file_lines_lost_total',
    help: 'Lines that could not be written to the log file.',
    read: () => file.lostLines,
  });
  const redactor = createRedactor([...configuration.secrets.values()]);
  const log = createLog({
    level,
    format,
    clock: systemClock,
    redactor,
    metrics,
    destinations: [
      { write: (line) => void terminal.stderr.write(line), isTerminal: terminal.stderr.isTTY === true },
      { write: (line) => file.write(line), flush: () => file.flush(), format: 'json' },
    ],
  });
  // Node ends the process after this; the line about why must be on the disk by then.
  const onCrash = (error: Error): void => {
    log.fatal('the gateway crashed', { error, stack: error.stack });
    file.flushNow();
  };
  process.on('uncaughtExceptionMonitor', onCrash);
  return {
    log,
    redactor,
    metrics,
    async close() {
      process.off('uncaughtExceptionMonitor', onCrash);
      await file.close();
    },
  };
}

/** Where it listens, what it has, and one line to paste; in rescue mode what to mend, as nothing else would work. */
function describe({ url, configuration, models, tokenFile, fingerprint }: RunningGateway, status: ConfigurationStatus): string {
  const { auth, bind, controlUi } = configuration.settings.gateway;
  const usable = models.providers().filter(({ id }) => id !== 'openclaw');
  const names = usable.map((provider) => `${provider.id} (${modelCount(provider)}, ${keysOf(provider)})`);
  const origin = configuration.origins.get(`gateway.auth.${auth.mode}`);
  const token = tokenFile ?? origin?.where ?? 'the configuration';
  const secret = tokenFile ? `$(cat ${shellWord(tokenFile)})` : secretForShell(configuration);
  const request = JSON.stringify({ model: 'openclaw/rehearsal', messages: [{ role: 'user', content: 'say Hello from OpenClaw.' }] });
  const isRescue = status.state === 'rescue';
  const lines = [
    `OpenClaw ${version} listens on ${url}${bind === 'lan' ? ' and on every other address of this machine' : ''}`,
    ...wordsAbout(status),
    '',
    ...(controlUi.enabled ? [`  page     ${url}/ (openclaw dashboard opens it signed in)`] : []),
    ...(isRescue ? [] : [...names, 'openclaw/rehearsal (built in, for trying things out)']).map(
      (name, index) => `  ${index === 0 ? 'models ' : '       '}  ${name}`,
    ),
    ...(auth.mode === 'none' ? [] : [`  token    ${token}`]),
    ...(fingerprint === undefined
      ? []
      : [`  SHA-256  ${fingerprint}`, '           of the certificate: compare it once with what the browser shows']),
    ...(isRescue
      ? [`  mend it  ${configuration.file}, or Configuration on the page: it is taken up at once, without a restart`]
      : [
          `  try it   curl -s ${isOwnCertificate(configuration) ? `--cacert ${shellWord(ownCertificateFile(configuration.stateDirectory))} ` : ''}${url}/v1/chat/completions \\`,
          ...(auth.mode === 'none' ? [] : [`             -H "Authorization: Bearer ${secret}" \\`]),
          `             -H 'Content-Type: application/json' \\`,
          `             -d '${request}'`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What a shell puts the credential in for: the variable where the shell has it too, and not where only `.env` or another file does. */
function secretForShell({ settings, origins, environment }: Configuration): string {
  const { mode } = settings.gateway.auth;
  const variable = mode === 'password' ? 'OPENCLAW_GATEWAY_PASSWORD' : 'OPENCLAW_GATEWAY_TOKEN';
  const isInShell = origins.get(`gateway.auth.${mode}`)?.kind !== 'file' && environment.lookup(variable)?.file === undefined;
  return isInShell ? `$${variable}` : `$(openclaw config get gateway.auth.${mode} --show-secrets)`;
}

/** Signed by nobody else, so programs have to be told of it. */
function isOwnCertificate({ settings }: Configuration): boolean {
  const { enabled, certFile } = settings.gateway.tls;
  return enabled && certFile === undefined;
}

function wordsAbout({ state, problem }: ConfigurationStatus): string[] {
  if (state === 'current') return [];
  const what =
    state === 'rescue'
      ? 'Rescue mode: no models are served until the configuration is mended.'
      : 'An earlier version of the configuration holds.';
  const why = [problem?.message ?? 'An operator asked for it.', problem?.hint ?? ''];
  return ['', ...[what, ...why].filter((line) => line !== '').map((line) => `  ${line}`)];
}

/** For a shell to read as one word; without quotes where it needs none. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

interface StopSignal {
  readonly promise: Promise<void>;
  /** Aborted by the first signal, so that a start under way ends too. */
  readonly signal: AbortSignal;
  release(): void;
}

/** No operator asks twice this quickly; a supervisor that passes a signal on does. */
const sameWishMs = 300;

/** The first SIGTERM or SIGINT asks for an orderly end, the second ends the process at once. */
function waitForStop(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<void>();
  const controller = new AbortController();
  let firstAtMs = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = systemClock.monotonicMs();
    // A terminal sends Ctrl-C to npm and to us, and npm passes its own on: one wish, said twice.
    if (controller.signal.aborted && nowMs - firstAtMs < sameWishMs) return;
    if (controller.signal.aborted) process.kill(process.pid, release(signal));
    firstAtMs = nowMs;
    controller.abort();
    resolve();
  };
  const release = (signal: NodeJS.Signals = 'SIGTERM'): NodeJS.Signals => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    return signal;
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  return { promise, signal: controller.signal, release: () => void release() };
}

function modelCount(provider: Provider): string {
  const { length } = provider.models();
  return length === 1 ? '1 model' : `${length} models`;
}

function keysOf({ keys }: Provider): string {
  return keys.length > 1 ? `${keys.length} keys` : (keys[0]?.source ?? '');
}
