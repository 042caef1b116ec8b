/** `clw delete`: ends what is named and waits until it is gone. */
import { ApiRefusal, displayName, type ObjectName } from '@openclaw/client/workloads';
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { formatMs } from '../durations.ts';
import { addPlaceFlags, parseTime, type PlaceFlags } from './flags.ts';
import { readNames } from './names.ts';
import { defaultNamespace, placeOf, resolveKind, withSession, type ClwContext, type Session } from './session.ts';

interface Flags extends PlaceFlags {
  readonly filename?: readonly string[];
  readonly selector?: string;
  readonly all?: boolean;
  readonly wait: string | boolean;
  readonly timeout: number;
  readonly ignoreNotFound?: boolean;
}

export function registerDeleteCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('delete'))
    .description('end workloads and other resources, and wait until they are gone')
    .argument('[resource...]', 'TYPE NAME…, or TYPE/NAME…')
    .option('-f, --filename <file...>', 'what these manifests name')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--all', 'all of the kind in the namespace')
    .option('--wait [yes]', 'wait until they are gone; --wait=false goes on at once', 'true')
    .option('--timeout <time>', 'how long to wait', parseTime, 300_000)
    .option('--ignore-not-found', 'end well where one is not there')
    .addHelpText(
      'after',
      '\nExamples:\n  clw delete workload payment-processor\n  clw delete -f workload-config.yaml\n  clw delete workloads -l app=shop --wait=false\n',
    )
    .action((words: string[], flags: Flags) => withSession(context, flags, (session) => deleteAll(words, { flags, session, context })));
}

interface Asked {
  readonly flags: Flags;
  readonly session: Session;
  readonly context: ClwContext;
}

async function deleteAll(words: readonly string[], asked: Asked): Promise<void> {
  const { flags, context } = asked;
  if (!['true', 'false', true].includes(flags.wait)) throw usage(`--wait=${flags.wait} is neither true nor false`, 'Write --wait=false.');
  const targets = await targetsOf(words, asked);
  const deleted: (ObjectName & { readonly uid: string | undefined })[] = [];
  for (const target of targets) {
    const uid = await deleteOne(target, asked);
    if (uid !== undefined) deleted.push({ ...target, uid: uid.uid });
  }
  if (flags.wait === 'false') return;
  const untilMs = context.clock.monotonicMs() + flags.timeout;
  for (const target of deleted) await untilGone(target, asked, untilMs);
}

async function deleteOne(
  target: ObjectName,
  { flags, session, context }: Asked,
): Promise<{ readonly uid: string | undefined } | undefined> {
  try {
    const answer = await session.api.delete(target);
    context.terminal.stdout.write(`${displayName(target.kind, target.name).replace('/', ' "')}" deleted\n`);
    return { uid: 'uid' in answer.metadata ? String(answer.metadata.uid) : 'details' in answer ? answer.details?.uid : undefined };
  } catch (thrown) {
    if (flags.ignoreNotFound === true && thrown instanceof ApiRefusal && thrown.status === 404) return undefined;
    throw thrown;
  }
}

async function targetsOf(words: readonly string[], { flags, session, context }: Asked): Promise<readonly ObjectName[]> {
  if (flags.filename !== undefined) {
    if (words.length > 0) throw usage('Both files and names were given', 'Give one of them.');
    const { readManifests } = await import('./manifests.ts');
    const targets: ObjectName[] = [];
    for (const { object } of await readManifests(flags.filename, context.stdin)) {
      const group = object.apiVersion.includes('/') ? `.${object.apiVersion.slice(0, object.apiVersion.indexOf('/'))}` : '';
      const kind = await resolveKind(`${object.kind}${group}`, session);
      const { name, namespace = session.namespace ?? defaultNamespace } = object.metadata;
      targets.push({ kind, name, namespace: kind.namespaced ? namespace : undefined });
    }
    return targets;
  }
  if (words.length === 0) throw usage('Nothing was named', 'Name it: clw delete workload NAME.');
  const targets: ObjectName[] = [];
  for (const { kind, name } of await readNames(words, session)) {
    if (name !== undefined) targets.push({ kind, name, namespace: await placeOf({ kind, name }, session, context.terminal) });
    else if (flags.all === true || flags.selector !== undefined) {
      const namespace = kind.namespaced ? (session.namespace ?? defaultNamespace) : undefined;
      const { items } = await session.api.list({ kind, namespace, labelSelector: flags.selector });
      targets.push(...items.map(({ metadata }) => ({ kind, namespace: metadata.namespace, name: metadata.name })));
    } else throw usage(`No ${kind.singular} was named`, `Name them, or say --all for all ${kind.plural} of the namespace.`);
  }
  return targets;
}

/** Until the name is free, or another object has it. */
async function untilGone(
  target: ObjectName & { readonly uid: string | undefined },
  { flags, session, context }: Asked,
  untilMs: number,
): Promise<void> {
  for (let pauseMs = 50; ; pauseMs = Math.min(1000, pauseMs * 2)) {
    const there = await session.api.get(target).catch((thrown: unknown) => {
      if (thrown instanceof ApiRefusal && thrown.status === 404) return undefined;
      throw thrown;
    });
    if (!there || (target.uid !== undefined && there.metadata.uid !== target.uid)) return;
    if (context.clock.monotonicMs() >= untilMs) {
      throw new OpenClawError('workload_wait_expired', {
        details: {
          what: `The end of ${displayName(target.kind, target.name)}`,
          timeout: formatMs(flags.timeout),
          state: `it is still held by ${there.metadata.finalizers?.join(', ') ?? 'the server'}`,
          suggestion: '`clw describe` shows what it is doing; --timeout waits for longer, --wait=false not at all.',
        },
      });
    }
    await context.wait(pauseMs);
  }
}

function usage(reason: string, suggestion: string): OpenClawError {
  return new OpenClawError('usage_error', { details: { reason, suggestion } });
}
