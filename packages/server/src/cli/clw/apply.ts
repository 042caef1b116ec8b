/**
 * `clw apply -f`: makes what the manifests say, all of them or none. Every document is first tried on the server without changing anything; the
 * first real change comes after the last of them was found to be good.
 */
import {
  ApiRefusal,
  displayName,
  isSameJson,
  readLastApplied,
  threeWayPatch,
  withLastApplied,
  type Changed,
  type ObjectName,
} from '@openclaw/client/workloads';
import type { ApiObject } from '@openclaw/protocol';
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { addPlaceFlags, type PlaceFlags } from './flags.ts';
import { manifestError, readManifests, throwAll, type Manifest } from './manifests.ts';
import { defaultNamespace, resolveKind, withSession, type ClwContext, type Session } from './session.ts';

interface Flags extends PlaceFlags {
  readonly filename: readonly string[];
  readonly dryRun?: boolean;
  readonly output?: 'name' | 'json';
}

export function registerApplyCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('apply'))
    .description('create or change what a manifest describes')
    .requiredOption('-f, --filename <file...>', 'a file, a folder, or - for the standard input; YAML or JSON, several documents')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-o, --output <format>', 'print names or objects: name, json')
    .addHelpText(
      'after',
      '\nA mistake in one document changes nothing at all, not even what the others describe.\n' +
        '\nExamples:\n  clw apply -f workload-config.yaml\n  clw apply -f manifests/ --dry-run\n  cat workload.yaml | clw apply -f -\n',
    )
    .action((flags: Flags) => withSession(context, flags, (session) => apply(flags, session, context)));
}

interface Plan {
  readonly manifest: Manifest;
  readonly target: ObjectName;
  /** With the namespace that was chosen. */
  readonly wanted: Readonly<Record<string, unknown>>;
}

type Outcome = 'created' | 'configured' | 'unchanged';

interface Tried extends Changed {
  readonly outcome: Outcome;
}

async function apply(flags: Flags, session: Session, { terminal, stdin }: ClwContext): Promise<void> {
  const { stdout, stderr } = terminal;
  const plans = await plansFor(await readManifests(flags.filename, stdin), session, flags);
  const tried = await tryAll(plans, session);
  for (const warning of new Set(tried.flatMap(({ warnings }) => warnings))) stderr.write(`Warning: ${warning}\n`);
  const done: Tried[] = [];
  for (const [index, plan] of plans.entries()) {
    const trial = tried[index]!;
    const result = flags.dryRun === true || trial.outcome === 'unchanged' ? trial : await change(plan, session, { dryRun: false });
    done.push(result);
    if (flags.output !== 'json') stdout.write(lineFor(plan, result, flags));
  }
  if (flags.output !== 'json') return;
  const objects = done.map(({ object }) => object);
  stdout.write(`${JSON.stringify(objects.length === 1 ? objects[0] : { apiVersion: 'v1', kind: 'List', items: objects }, null, 2)}\n`);
}

function lineFor({ target }: Plan, { outcome }: Tried, { output, dryRun }: Flags): string {
  const name = displayName(target.kind, target.name);
  return output === 'name' ? `${name}\n` : `${name} ${outcome}${dryRun === true ? ' (dry run)' : ''}\n`;
}

async function plansFor(manifests: readonly Manifest[], session: Session, flags: Flags): Promise<readonly Plan[]> {
  const faults: OpenClawError[] = [];
  const plans: Plan[] = [];
  for (const manifest of manifests) {
    const plan = await planFor(manifest, session, flags);
    if (plan instanceof OpenClawError) faults.push(plan);
    else plans.push(plan);
  }
  throwAll(faults);
  return plans;
}

async function planFor(manifest: Manifest, session: Session, flags: Flags): Promise<Plan | OpenClawError> {
  const { apiVersion, kind: kindName, metadata } = manifest.object;
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : '';
  try {
    const kind = await resolveKind(`${kindName}${group}`, session);
    const namespace = metadata.namespace ?? session.namespace ?? defaultNamespace;
    if (flags.namespace !== undefined && namespace !== flags.namespace) {
      return manifestError(
        manifest.whereIs('metadata.namespace'),
        `metadata.namespace: ${namespace} is not the ${flags.namespace} of --namespace`,
      );
    }
    const wanted = kind.namespaced ? { ...manifest.object, metadata: { ...metadata, namespace } } : { ...manifest.object };
    return { manifest, target: { kind, namespace, name: metadata.name }, wanted };
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError) || thrown.code !== 'usage_error') throw thrown;
    return manifestError(manifest.whereIs('kind'), `kind: ${thrown.message}`, `${thrown.hint} Nothing was changed.`);
  }
}

/** @throws OpenClawError with the mistakes of all documents */
async function tryAll(plans: readonly Plan[], session: Session): Promise<readonly Tried[]> {
  const faults: OpenClawError[] = [];
  const tried: Tried[] = [];
  for (const plan of plans) {
    try {
      tried.push(await change(plan, session, { dryRun: true }));
    } catch (thrown) {
      const found = thrown instanceof ApiRefusal ? mistakesIn(thrown, plan.manifest) : [];
      if (found.length === 0) throw thrown;
      faults.push(...found);
    }
  }
  throwAll(faults);
  return tried;
}

/** Once more where somebody else changed it between the look and the change. */
async function change(plan: Plan, session: Session, options: { readonly dryRun: boolean }): Promise<Tried> {
  try {
    return await changeOnce(plan, session, options);
  } catch (thrown) {
    if (!(thrown instanceof ApiRefusal) || thrown.status !== 409) throw thrown;
    return changeOnce(plan, session, options);
  }
}

async function changeOnce({ target, wanted }: Plan, { api }: Session, { dryRun }: { readonly dryRun: boolean }): Promise<Tried> {
  const manifest = withLastApplied(wanted);
  const live = await api.get(target).catch((thrown: unknown) => {
    if (thrown instanceof ApiRefusal && thrown.status === 404 && thrown.isStatus) return undefined;
    throw thrown;
  });
  const options = { dryRun, strict: true };
  if (!live) return { ...(await api.create({ ...target, manifest }, options)), outcome: 'created' };
  const lastApplied = readLastApplied({ ...live });
  const patch = threeWayPatch({ lastApplied, wanted: manifest, live: { ...live } });
  // Lists are sent whole, and the server may have put its defaults into them: what it makes of the patch says whether it changes anything.
  const { object, warnings } = await api.patch(target, patch, options);
  const outcome = isSameJson(essentials(live), essentials(object)) ? 'unchanged' : 'configured';
  const note = `${displayName(target.kind, target.name)} was not made by clw apply: fields that the file no longer has are not taken away this time.`;
  return { object, outcome, warnings: lastApplied === undefined ? [...warnings, note] : warnings };
}

/** What people write of an object. */
function essentials({ metadata, status: _status, ...rest }: ApiObject): unknown {
  const { labels = {}, annotations = {}, finalizers = [] } = metadata;
  return { ...rest, metadata: { labels, annotations, finalizers } };
}

/** Each mistake with its line, where the server says which field it is. */
function mistakesIn({ causes, message, status }: ApiRefusal, manifest: Manifest): OpenClawError[] {
  if (status !== 422 && status !== 400) return [];
  const named = causes.length > 0 ? causes : fieldsNamedIn(message);
  if (named.length === 0) return [manifestError(manifest.whereIs(''), message)];
  return named
    .map(({ field = '', message: reason }) => {
      const where = manifest.whereIs(field);
      return { where, reason: field === '' || reason.includes(field) ? reason : `${field}: ${reason}` };
    })
    .toSorted((one, other) => one.where.localeCompare(other.where, 'en', { numeric: true }))
    .map(({ where, reason }) => manifestError(where, reason));
}

/** Servers of Kubernetes name an unknown field in words alone. */
function fieldsNamedIn(message: string): { readonly field?: string; readonly message: string }[] {
  return [...message.matchAll(/unknown field "([^"]+)"/g)].map(([, field = '']) => ({ field, message: 'unknown field' }));
}
