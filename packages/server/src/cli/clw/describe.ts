/** `clw describe`: everything known about one object, for people: what is wanted, what is, and what happened. */
import { apiVersionOf, eventKind, type ResourceKind } from '@openclaw/client/workloads';
import type { ApiEvent, ApiObject, Workload } from '@openclaw/protocol';
import type { Command } from 'commander';
import { formatTable, widthOf } from '../table.ts';
import { byTime, formatAge } from './ages.ts';
import { describeWorkload } from './describe-workload.ts';
import { addPlaceFlags, type PlaceFlags } from './flags.ts';
import { readNames } from './names.ts';
import { formatYaml } from './print.ts';
import { defaultNamespace, placeOf, withSession, type ClwContext, type Session } from './session.ts';

export function registerDescribeCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('describe'))
    .description('show everything known about one object, and what happened to it')
    .argument('<resource...>', 'TYPE NAME…, or TYPE/NAME…; all of a TYPE without a name')
    .addHelpText('after', '\nExamples:\n  clw describe workload payment-processor\n  clw describe pod/payment-processor-5f7c9-x2k4q\n')
    .action((words: string[], flags: PlaceFlags) => withSession(context, flags, (session) => describe(words, session, context)));
}

async function describe(words: readonly string[], session: Session, context: ClwContext): Promise<void> {
  const { stdout, stderr } = context.terminal;
  let printed = 0;
  for (const { kind, name } of await readNames(words, session)) {
    for (const object of await objectsOf({ kind, name }, session, context)) {
      stdout.write(`${printed > 0 ? '\n\n' : ''}${await textOf(kind, object)}${await eventsOf(kind, object, { session, context })}`);
      printed += 1;
    }
  }
  if (printed === 0) stderr.write('There is nothing to describe.\n');
}

async function objectsOf(
  { kind, name }: { readonly kind: ResourceKind; readonly name: string | undefined },
  session: Session,
  { terminal }: ClwContext,
): Promise<readonly ApiObject[]> {
  if (name !== undefined) return [await session.api.get({ kind, name, namespace: await placeOf({ kind, name }, session, terminal) })];
  const namespace = kind.namespaced ? (session.namespace ?? defaultNamespace) : undefined;
  const { items } = await session.api.list({ kind, namespace });
  return items.map((item) => ({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind }));
}

async function textOf({ kind }: ResourceKind, object: ApiObject): Promise<string> {
  if (kind === 'Workload') return describeWorkload(object as Workload);
  const { metadata, apiVersion, kind: _kind, ...rest } = object;
  const head = { Name: metadata.name, Namespace: metadata.namespace, Kind: `${kind} (${apiVersion})`, Created: metadata.creationTimestamp };
  const more = { Labels: metadata.labels, Annotations: metadata.annotations };
  return formatYaml(Object.fromEntries(Object.entries({ ...head, ...more, ...rest }).filter(([, value]) => value !== undefined)));
}

async function eventsOf(
  kind: ResourceKind,
  { metadata }: ApiObject,
  { session, context }: { session: Session; context: ClwContext },
): Promise<string> {
  if (kind.plural === eventKind.plural) return '';
  const fieldSelector = `involvedObject.kind=${kind.kind},involvedObject.name=${metadata.name}`;
  const { items } = await session.api.list({ kind: eventKind, namespace: metadata.namespace, fieldSelector });
  if (items.length === 0) return 'Events:  none\n';
  const nowMs = context.clock.now();
  const rows = (items as readonly ApiEvent[])
    .toSorted(byTime)
    .map(({ type, reason, lastTimestamp, count, message }) => [
      ...['', type, reason, `${formatAge(lastTimestamp, nowMs)}${count > 1 ? ` (×${count})` : ''}`],
      message.replaceAll(/\s*\n\s*/g, ' '),
    ]);
  const columns = ['', 'Type', 'Reason', 'Age', 'Message'].map((heading) => ({ heading }));
  return `Events:\n${formatTable(columns, rows, { width: widthOf(context.terminal.stdout) })}`;
}
