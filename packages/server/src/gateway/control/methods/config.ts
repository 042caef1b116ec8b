/**
 * `config.*`: the configuration as it stands in the file and as it holds, its versions, and changes to it. No answer shows a secret: a text
 * has a placeholder for each, and a text that comes back with one gets the secret again.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { formatPath, publishSchema, settingsSchema, type Path } from '../../../config/index.ts';
import type { Clock } from '../../../core/clock.ts';
import { OpenClawError } from '../../../core/errors.ts';
import type { MethodCall, MethodTable } from '../contract.ts';
import { actorOf } from './actor.ts';
import { invalid, noParams, Params } from './params.ts';

interface VersionRow {
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly hash: string;
  readonly changed: readonly string[];
}

/** What is needed of the owner of the configuration. */
export interface ConfigurationDesk {
  readonly current:
    | { readonly settings: object; readonly secrets: ReadonlyMap<string, string>; readonly files: readonly string[] }
    | undefined;
  readonly status: {
    readonly state: string;
    readonly problem: OpenClawError | undefined;
    readonly file: string;
    readonly isReadOnly: boolean;
    readonly appliedHash: string | undefined;
    readonly fileHash: string | undefined;
    readonly version: number | undefined;
    readonly needsRestart: readonly string[];
  };
  readText(): string | undefined;
  check(text: string): Promise<readonly OpenClawError[]>;
  write(request: { readonly text: string; readonly baseHash?: string; readonly by: string }): Promise<VersionRow>;
  rollback(version: number, by: string): Promise<VersionRow>;
  versions(): readonly VersionRow[];
  versionText(version: number): string;
}

/** Texts of a configuration with and without their secrets; whoever knows the format makes them. */
export interface ConfigurationTexts {
  /** With a placeholder for each secret. */
  hide(text: string): Promise<string>;
  /** With the secrets that stand in the file at the places of the placeholders. @throws OpenClawError `config_invalid`, `config_secret_missing` */
  fill(text: string): Promise<string>;
  /** The value that the text stands for; undefined where it is not well formed. */
  parse(text: string): Promise<unknown>;
  /** The text with the members of `patch` (JSON5) laid over it; null takes one away. @throws OpenClawError `config_invalid` */
  merge(text: string, patch: string): Promise<string>;
}

export interface ConfigMethodsOptions {
  readonly keeper: ConfigurationDesk;
  readonly texts: ConfigurationTexts;
  readonly clock: Clock;
  readonly version: string;
}

const textLimit = { limit: 4 * 1024 * 1024, mayBeEmpty: true } as const;
const hiddenValue = '[redacted]';

export interface ConfigMethods {
  readonly methods: MethodTable;
  /** A hash of a text of the configuration as clients are told it. */
  readonly publicHash: (hash: string | undefined) => string | undefined;
}

export function createConfigMethods(options: ConfigMethodsOptions): ConfigMethods {
  const hashes = createHashes();
  const methods = { ...reading(options, hashes), ...history(options, hashes), ...writing(options, hashes) };
  return { methods, publicHash: (hash) => hashes.of(hash) };
}

/** Hashes as clients know them: they name a text, and nobody can try out what is in it. They hold until the gateway restarts. */
interface Hashes {
  of(hash: string | undefined): string | undefined;
}

function createHashes(): Hashes {
  const key = randomBytes(32);
  return { of: (hash) => (hash === undefined ? undefined : `hmac-sha256:v1:${createHmac('sha256', key).update(hash).digest('hex')}`) };
}

function reading({ keeper, texts, clock, version }: ConfigMethodsOptions, hashes: Hashes): MethodTable {
  return {
    'config.get': {
      scope: 'operator.read',
      async run({ params }) {
        noParams(params);
        const text = keeper.readText();
        const { file, problem, fileHash, appliedHash, state } = keeper.status;
        const raw = text === undefined ? null : await texts.hide(text);
        const parsed = raw === null ? {} : ((await texts.parse(raw)) ?? null);
        const settings = keeper.current ? redactSettings(keeper.current) : {};
        return {
          ...{ path: file, includedPaths: keeper.current?.files.filter((name) => name !== file && /\.json5?$/.test(name)) ?? [] },
          ...{ exists: text !== undefined, raw, parsed, sourceConfig: parsed },
          ...{ resolved: settings, runtimeConfig: settings, config: settings, state, valid: problem === undefined },
          ...{ hash: hashes.of(fileHash), configRevisionHash: hashes.of(fileHash), appliedConfigHash: hashes.of(appliedHash) },
          ...{ issues: issuesOf(problem), warnings: [], legacyIssues: [] },
        };
      },
    },
    'config.schema': {
      scope: 'operator.read',
      run({ params }) {
        noParams(params);
        return { schema: publishSchema(settingsSchema), uiHints: {}, version, generatedAt: new Date(clock.now()).toISOString() };
      },
    },
    'config.status': {
      scope: 'operator.read',
      run({ params }) {
        noParams(params);
        const { problem, appliedHash, fileHash, version: inForce, file, ...status } = keeper.status;
        return {
          ...{ ...status, path: file, valid: problem === undefined, issues: issuesOf(problem), version: inForce ?? null },
          ...{ hash: hashes.of(fileHash) ?? null, appliedConfigHash: hashes.of(appliedHash) ?? null },
        };
      },
    },
    'config.check': {
      scope: 'operator.admin',
      async run({ params }) {
        const read = new Params(params);
        const raw = read.text('raw', textLimit);
        read.end();
        const problems = await keeper.check(await texts.fill(raw));
        // The first one has the others beside it already.
        return { valid: problems.length === 0, issues: issuesOf(problems[0]) };
      },
    },
  };
}

function history({ keeper }: ConfigMethodsOptions, hashes: Hashes): MethodTable {
  const shown = ({ hash, ...row }: VersionRow): object => ({ ...row, hash: hashes.of(hash) });
  return {
    'config.history': {
      scope: 'operator.read',
      run({ params }) {
        const read = new Params(params);
        const limit = read.optionalNumber('limit', { minimum: 1, maximum: 1000 }) ?? 100;
        read.end();
        const versions = keeper.versions().toSorted((one, other) => other.version - one.version);
        return { current: keeper.status.version ?? null, total: versions.length, versions: versions.slice(0, limit).map(shown) };
      },
    },
    'config.version': {
      scope: 'operator.read',
      run({ params }) {
        const read = new Params(params);
        const version = read.number('version', { minimum: 1 });
        read.end();
        const raw = keeper.versionText(version);
        const row = keeper.versions().find((known) => known.version === version);
        return { ...(row ? shown(row) : { version }), raw };
      },
    },
    'config.rollback': {
      scope: 'operator.admin',
      isControlPlaneWrite: true,
      async run({ params, client }) {
        const read = new Params(params);
        const version = read.number('version', { minimum: 1 });
        read.end();
        return { ok: true, ...shown(await keeper.rollback(version, actorOf(client.principal))), needsRestart: keeper.status.needsRestart };
      },
    },
  };
}

function writing({ keeper, texts }: ConfigMethodsOptions, hashes: Hashes): MethodTable {
  /** What the writer saw must still be there: two people who edit at the same time would otherwise undo each other. */
  const baseOf = (claimed: string | undefined): string | undefined => {
    const { fileHash, file } = keeper.status;
    if (fileHash === undefined && keeper.readText() === undefined) return undefined;
    if (claimed === undefined) throw invalid('baseHash', 'is required, as config.get answers it in `hash`');
    if (claimed !== hashes.of(fileHash)) throw new OpenClawError('config_conflict', { details: { file } });
    return fileHash;
  };
  const write = async ({ params, client }: MethodCall, change: (raw: string) => Promise<string>): Promise<object> => {
    const read = new Params(params);
    const raw = read.text('raw', textLimit);
    const baseHash = baseOf(read.optionalText('baseHash', { limit: 200 }));
    // Who is to be told of a restart, and when: changes are applied without one.
    read.passOver('sessionKey', 'note', 'restartDelayMs', 'deliveryContext', 'replacePaths');
    read.end();
    const text = await change(raw);
    const by = actorOf(client.principal);
    const { version, changed } = await keeper.write({ text, by, ...(baseHash === undefined ? {} : { baseHash }) });
    const { status } = keeper;
    return {
      ...{ ok: true, path: status.file, version, changed, needsRestart: status.needsRestart, hash: hashes.of(status.fileHash) },
      config: keeper.current ? redactSettings(keeper.current) : {},
    };
  };
  const whole: MethodTable[string] = {
    scope: 'operator.admin',
    isControlPlaneWrite: true,
    run: (call) => write(call, (raw) => texts.fill(raw)),
  };
  return {
    'config.set': whole,
    // A change that is written is applied: there is no second step.
    'config.apply': whole,
    'config.patch': {
      ...whole,
      run: (call) => write(call, async (patch) => texts.fill(await texts.merge(keeper.readText() ?? '', patch))),
    },
  };
}

/** Where each mistake is, as far as it has a place: editors show it there. */
function issuesOf(problem: OpenClawError | undefined): object[] {
  if (!problem) return [];
  return [problem, ...problem.others].map(({ code, message, hint, param, details }) => {
    const { setting, file, line, column } = details;
    const place = line === undefined ? {} : { file, line, column };
    return { path: setting ?? param ?? '', message, hint, code, ...place };
  });
}

/** A copy of the settings that hold, without what is secret. */
function redactSettings({ settings, secrets }: NonNullable<ConfigurationDesk['current']>): unknown {
  const copy = (value: unknown, path: Path): unknown => {
    if (path.length > 0 && secrets.has(formatPath(path))) return hiddenValue;
    if (Array.isArray(value)) return value.map((item, index) => copy(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copy(item, [...path, name])]));
  };
  return copy(settings, []);
}
