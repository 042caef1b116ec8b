/**
 * `openclaw backup drill`: a restore for practice. It restores into a temporary directory, starts a gateway on that, asks it what an operator
 * would look for, prints what it found and removes everything. The gateway of the state itself is not touched.
 */
import type { Command } from 'commander';
import { readEnvironment } from '../../core/env.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { ReadBack } from '../../operations/backup/index.ts';
import { formatMs } from '../durations.ts';
import type { CommandContext, Terminal } from '../terminal.ts';
import { openBackupAccess, openWanted, type WantedFlags } from './backup-access.ts';

interface DrillFlags extends WantedFlags {
  readonly stateDir?: string;
  readonly output: 'text' | 'json';
}

type CheckName = 'archive' | 'database' | 'configuration' | 'gateway' | 'token' | 'devices' | 'sessions' | 'runs';

interface DrillCheck {
  readonly name: CheckName;
  readonly ok: boolean;
  readonly detail: string;
}

export function registerDrill(command: Command, { terminal, setExitCode }: Pick<CommandContext, 'terminal' | 'setExitCode'>): void {
  command
    .description('restore into a temporary directory, start a gateway on it, check it, and clean up')
    .argument('[archive]', 'a file, an address of S3, a name of `list`, or `latest`', 'latest')
    .addHelpText(
      'after',
      '\nThe exit code is 1 if a check fails.\n\nExamples:\n  openclaw backup drill\n  openclaw backup drill latest --from s3://bucket/openclaw\n',
    )
    .action(async (wanted: string, flags: DrillFlags) => {
      const { archive, tookMs, checks } = await drill(wanted, flags, terminal);
      const ok = checks.every((check) => check.ok);
      terminal.stdout.write(
        flags.output === 'json'
          ? `${JSON.stringify({ archive, ok, tookMs: Math.round(tookMs), checks }, null, 2)}\n`
          : `${archive}\n${checks.map(lineOf).join('')}  ${ok ? `It would be back: restored, started and asked in ${formatMs(tookMs)}.` : 'It would not be back as it was.'}\n`,
      );
      if (!ok) setExitCode(1);
    });
}

function lineOf({ name, ok, detail }: DrillCheck): string {
  return `  ${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(13)} ${detail}\n`;
}

async function drill(
  wanted: string,
  flags: DrillFlags,
  terminal: Terminal,
): Promise<{ readonly archive: string; readonly tookMs: number; readonly checks: readonly DrillCheck[] }> {
  const access = await openBackupAccess(flags, terminal);
  const { context } = access;
  const { withRestored } = await import('../../operations/backup/index.ts');
  const archive = await openWanted(wanted, flags, access);
  const beganMs = context.clock.monotonicMs();
  const checks = await withRestored(archive, context, async (readBack, directory) => [
    ...(await checksOfArchive(readBack)),
    ...(await checksOfGateway(directory, terminal)),
  ]);
  return { archive: archive.name, tookMs: context.clock.monotonicMs() - beganMs, checks };
}

async function checksOfArchive({ header, files, bytes, recovery }: ReadBack): Promise<DrillCheck[]> {
  const { sizeInWords } = await import('../../operations/backup/index.ts');
  return [
    { name: 'archive', ok: true, detail: `of ${header.createdAt}, ${files} files, ${sizeInWords(bytes)}, each as its sum says` },
    { name: 'database', ok: true, detail: `opens: ${recovery.reason}` },
  ];
}

/** Every command that asks a gateway finds the one on the copy, as it would find the real one: by the state directory. */
function environmentOf(directory: string, { env }: Terminal): Terminal['env'] {
  const { OPENCLAW_GATEWAY_URL: _url, OPENCLAW_CONFIG_PATH: _config, ...rest } = env;
  return { ...rest, OPENCLAW_STATE_DIR: directory };
}

async function checksOfGateway(directory: string, terminal: Terminal): Promise<DrillCheck[]> {
  const env = environmentOf(directory, terminal);
  const { startHeldCopy } = await import('../../compose/index.ts');
  try {
    await using gateway = await startHeldCopy(directory, readEnvironment({ env }));
    const { state, problem } = gateway.configuration;
    const configuration = state === 'current' ? 'holds' : `${state}: ${problem?.message ?? 'it does not hold'}`;
    const within = { ...terminal, env };
    return [
      { name: 'configuration', ok: state === 'current', detail: configuration },
      await check('gateway', () => isAlive(gateway.url)),
      await check('token', () => tokenOpens(within)),
      await check('devices', () => devicesOf(within)),
      await check('sessions', () => pagesOf(within, 'sessions')),
      await check('runs', () => pagesOf(within, 'runs')),
    ];
  } catch (thrown) {
    return [{ name: 'gateway', ok: false, detail: reasonOf(thrown) }];
  }
}

async function check(name: CheckName, look: () => Promise<string>): Promise<DrillCheck> {
  try {
    return { name, ok: true, detail: await look() };
  } catch (thrown) {
    return { name, ok: false, detail: reasonOf(thrown) };
  }
}

async function isAlive(url: string): Promise<string> {
  const { ask } = await import('../../operations/doctor/index.ts');
  const answer = await ask({ url, path: '/healthz' });
  if (answer.status === 200) return 'starts, and says that it is alive';
  throw new Error(answer.status === undefined ? answer.reason : `/healthz answers ${answer.status}`);
}

/** The credential of the copy opens what a wrong one does not. */
async function tokenOpens(terminal: Terminal): Promise<string> {
  const { findPlace } = await import('./place.ts');
  const { gateway, configuration } = await findPlace(terminal);
  const address = gateway?.address ?? '';
  const { callGateway } = await import('./admin.ts');
  if (!gateway) throw new OpenClawError('gateway_unreachable', { details: { url: address, reason: 'it is not to be found' } });
  await callGateway({ ...gateway, method: 'GET', path: '/admin/v1/warnings' });
  if (configuration.settings.gateway.auth.mode === 'none') return 'none is needed';
  const refused = await callGateway({ ...gateway, secret: 'not-the-token', method: 'GET', path: '/admin/v1/warnings' }).then(
    () => false,
    () => true,
  );
  if (!refused) throw new Error('a wrong one is let in');
  return 'is let in, and a wrong one is not';
}

async function devicesOf(terminal: Terminal): Promise<string> {
  const [{ createUseDevices }, { createConnect }] = await Promise.all([import('./devices-client.ts'), import('./control.ts')]);
  const { paired, pending } = await createUseDevices(terminal, createConnect(terminal))({}, (devices) => devices.list());
  return `${paired.length} paired, ${pending.length} waiting`;
}

const pageSize = 100;
/** Enough to see that they are there. */
const mostCounted = 10_000;

async function pagesOf(terminal: Terminal, kind: 'sessions' | 'runs'): Promise<string> {
  const { createUseOpenClaw } = await import('./runs-access.ts');
  return createUseOpenClaw(terminal)(async (openclaw) => {
    let count = 0;
    for (let after: string | undefined, isFirst = true; (isFirst || after !== undefined) && count < mostCounted; isFirst = false) {
      const page = await openclaw[kind].list({ limit: pageSize, ...(after !== undefined && { after }) });
      count += page.data.length;
      after = page.next_after ?? undefined;
    }
    return count >= mostCounted ? `${count} and more` : String(count);
  });
}
