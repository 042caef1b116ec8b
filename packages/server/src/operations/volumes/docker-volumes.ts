/**
 * Volumes of Docker that no container uses, what is in them as far as it matters here, and removing some. It asks the engine and never
 * forces: a volume that came into use meanwhile, the engine itself refuses to remove.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { EngineError, isConflict, isMissing, type Engine } from '../../docker-engine/engine.ts';

export interface DockerVolume {
  readonly name: string;
  /** Nobody gave it a name: it was made for one container, and the next one does not find it. */
  readonly isAnonymous: boolean;
  readonly driver: string;
  /** As the engine tells it. */
  readonly createdAt: string | undefined;
  /** Undefined where the engine does not tell. */
  readonly bytes: number | undefined;
  /** `yes`: somebody's OpenClaw. `unknown`: it could not be looked into, so it may be. */
  readonly holdsState: 'yes' | 'no' | 'unknown';
  /** Names of containers, running or not. */
  readonly usedBy: readonly string[];
}

export interface PrunePlan {
  readonly go: readonly DockerVolume[];
  /** Orphans that stay, each with the reason. */
  readonly stay: readonly { readonly volume: DockerVolume; readonly reason: string }[];
}

export interface PruneWish {
  /** Empty: those without a name alone, or with `all` those with one too. */
  readonly names: readonly string[];
  readonly all: boolean;
}

/** What lies at the root of a volume that is a state directory, or the home of one. */
const marks = ['state/identity.json', 'state/journal', 'lock.db', 'openclaw.json'].flatMap((mark) => [mark, `.openclaw/${mark}`]);
const lookTarget = '/openclaw-look';

/** Every volume, those that are used too. @throws EngineError */
export async function listDockerVolumes(engine: Engine): Promise<readonly DockerVolume[]> {
  const [listed, containers, use] = await Promise.all([
    engine.json({ method: 'GET', path: '/volumes' }),
    engine.json({ method: 'GET', path: '/containers/json', query: { all: 1 } }),
    engine.json({ method: 'GET', path: '/system/df' }),
  ]);
  const users = usersOf(objectsIn(containers));
  const sizes = new Map(objectsIn(fieldOf(use, 'Volumes')).map((volume) => [String(volume['Name']), fieldOf(volume['UsageData'], 'Size')]));
  const found: DockerVolume[] = [];
  for (const volume of objectsIn(fieldOf(listed, 'Volumes'))) {
    const name = String(volume['Name']);
    const size = sizes.get(name);
    const usedBy = users.get(name) ?? [];
    found.push({
      ...{ name, usedBy, isAnonymous: /^[\da-f]{64}$/.test(name), driver: String(volume['Driver']) },
      createdAt: typeof volume['CreatedAt'] === 'string' ? volume['CreatedAt'] : undefined,
      bytes: typeof size === 'number' && size >= 0 ? size : undefined,
      holdsState: usedBy.length > 0 ? 'unknown' : await lookInto(engine, name, String(volume['Mountpoint'] ?? '')),
    });
  }
  return found.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

export function orphansOf(volumes: readonly DockerVolume[]): readonly DockerVolume[] {
  return volumes.filter(({ usedBy }) => usedBy.length === 0);
}

/** What would go. Changes nothing. @throws OpenClawError `volume_kept` for a name that there is not, or that is used */
export function planPrune(volumes: readonly DockerVolume[], { names, all }: PruneWish): PrunePlan {
  const orphans = orphansOf(volumes);
  if (names.length > 0) {
    const go = names.map((name) => named(volumes, name));
    return { go, stay: [] };
  }
  const go: DockerVolume[] = [];
  const stay: { readonly volume: DockerVolume; readonly reason: string }[] = [];
  for (const volume of orphans) {
    const reason = reasonToStay(volume, all);
    if (reason === undefined) go.push(volume);
    else stay.push({ volume, reason });
  }
  return { go, stay };
}

/** @returns the names of those that are gone, and why others are not */
export async function removeVolumes(
  engine: Engine,
  volumes: readonly DockerVolume[],
): Promise<{ readonly removed: readonly string[]; readonly refused: readonly { readonly name: string; readonly reason: string }[] }> {
  const removed: string[] = [];
  const refused: { readonly name: string; readonly reason: string }[] = [];
  for (const { name } of volumes) {
    try {
      await engine.json({ method: 'DELETE', path: `/volumes/${encodeURIComponent(name)}` });
      removed.push(name);
    } catch (thrown) {
      if (isMissing(thrown)) removed.push(name);
      else if (isConflict(thrown)) refused.push({ name, reason: 'a container uses it by now' });
      else if (thrown instanceof EngineError && thrown.status !== undefined) refused.push({ name, reason: thrown.message });
      else throw thrown;
    }
  }
  return { removed, refused };
}

function reasonToStay({ name, holdsState, isAnonymous }: DockerVolume, all: boolean): string | undefined {
  if (holdsState === 'yes') return `it holds a state of OpenClaw: \`openclaw volumes prune ${name}\` names it`;
  if (holdsState === 'unknown') return `it could not be looked into: \`openclaw volumes prune ${name}\` names it`;
  return isAnonymous || all ? undefined : 'it has a name, so somebody may want it: --all, or name it';
}

function named(volumes: readonly DockerVolume[], name: string): DockerVolume {
  const found = volumes.find((volume) => volume.name === name);
  const suggestion = '`openclaw volumes orphans` shows those that no container uses.';
  if (!found) throw new OpenClawError('volume_kept', { details: { reason: `there is no volume ${name}`, suggestion } });
  if (found.usedBy.length > 0) {
    const reason = `${name} is used by ${found.usedBy.join(', ')}`;
    throw new OpenClawError('volume_kept', { details: { reason, suggestion: 'Remove the container first, if you want neither.' } });
  }
  return found;
}

/** By its files where they can be seen from here, else by a container that is made for it, never started, and removed. */
async function lookInto(engine: Engine, name: string, mountpoint: string): Promise<DockerVolume['holdsState']> {
  try {
    readdirSync(mountpoint);
    return marks.some((mark) => existsSync(join(mountpoint, mark))) ? 'yes' : 'no';
  } catch {
    // Not root, or another machine.
    return lookByContainer(engine, name).catch(() => 'unknown');
  }
}

async function lookByContainer(engine: Engine, name: string): Promise<DockerVolume['holdsState']> {
  const [image] = objectsIn(await engine.json({ method: 'GET', path: '/images/json' }));
  if (!image) return 'unknown';
  const mount = { Type: 'volume', Source: name, Target: lookTarget, ReadOnly: true, VolumeOptions: { NoCopy: true } };
  const body = { Image: image['Id'], Cmd: ['true'], NetworkDisabled: true, HostConfig: { Mounts: [mount] } };
  const id = fieldOf(await engine.json({ method: 'POST', path: '/containers/create', body }), 'Id');
  if (typeof id !== 'string') return 'unknown';
  try {
    for (const mark of marks) {
      const query = { path: `${lookTarget}/${mark}` };
      const isThere = await engine.json({ method: 'HEAD', path: `/containers/${id}/archive`, query }).then(
        () => true,
        (thrown: unknown) => {
          if (!isMissing(thrown)) throw thrown;
          return false;
        },
      );
      if (isThere) return 'yes';
    }
    return 'no';
  } finally {
    await engine.json({ method: 'DELETE', path: `/containers/${id}`, query: { force: 1 } });
  }
}

function usersOf(containers: readonly JsonObject[]): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const container of containers) {
    const [name = String(container['Id']).slice(0, 12)] = Array.isArray(container['Names']) ? container['Names'].map(String) : [];
    for (const mount of objectsIn(container['Mounts'])) {
      if (mount['Type'] !== 'volume') continue;
      const volume = String(mount['Name']);
      users.set(volume, [...(users.get(volume) ?? []), name.replace(/^\//, '')]);
    }
  }
  return users;
}

function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function fieldOf(value: unknown, name: string): unknown {
  return isJsonObject(value) ? value[name] : undefined;
}
