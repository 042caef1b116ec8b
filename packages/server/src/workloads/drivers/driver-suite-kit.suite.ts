/** What the conformance suite of drivers needs of each: a place with a driver, and how small programs are run by it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Driver, OutputLine, OutputOptions, UnitEvent, UnitId, UnitPlan, UnitState } from './driver.ts';

/** One state directory and what stands on it. */
export interface DriverPlace {
  /** Another driver object on the same state directory. The suite closes it. */
  createDriver(): Driver;
  /** How another process makes one: `export` of `module` is called with `options`, to which it adds the clock. */
  readonly owner: { readonly module: string; readonly export: string; readonly options: object };
  /** What runs a script of the shell, and one of Node. */
  readonly programs: Pick<UnitPlan, 'image' | 'environment'> & { readonly shell: readonly string[]; readonly node: readonly string[] };
  /** How limits are held here. */
  readonly limits: 'kernel' | 'watchdog';
  /** Whether some program of a unit runs, or what the driver has put beside it; seen without the driver. */
  isAnyRunning(): Promise<boolean>;
  /** What there is of units besides running programs, in words: files, groups, containers. */
  leftovers(): Promise<readonly string[]>;
  /** Of all the output of units, on the disk. */
  outputBytes(): Promise<number>;
  remove(): Promise<void>;
}

export interface DriverUnderTest {
  readonly name: string;
  create(): Promise<DriverPlace>;
  /** The most that the output of one unit may take. */
  readonly outputBytes: number;
}

export const never = new AbortController().signal;
export const mib = 2 ** 20;

export type Script = { readonly shell: string } | { readonly node: string };

/** What the plan of a unit should be besides the usual. */
export type PlanWish = Script & Partial<UnitPlan>;

export function planOf({ programs }: DriverPlace, instance: string, wish: PlanWish): UnitPlan {
  const { shell, node, ...more } = wish as Partial<UnitPlan> & { readonly shell?: string; readonly node?: string };
  return {
    id: { instance, container: 'main', attempt: 0 },
    workload: { namespace: 'default', name: 'suite', uid: 'uid-1' },
    revision: 3,
    ...(programs.image === undefined ? {} : { image: programs.image }),
    command: shell === undefined ? [...programs.node, node ?? ''] : [...programs.shell, shell],
    args: [],
    ports: [],
    mounts: [],
    graceMs: 2000,
    ...more,
    environment: { ...programs.environment, ...more.environment },
  };
}

/** A driver with what it has told, and what it has started and has to be ended. */
export class Session {
  readonly place: DriverPlace;
  readonly driver: Driver;
  readonly events: UnitEvent[] = [];
  #wake = Promise.withResolvers<void>();

  constructor(place: DriverPlace) {
    this.place = place;
    this.driver = place.createDriver();
    this.driver.observe((event) => {
      this.events.push(event);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    });
  }

  start(instance: string, script: Script, more: Partial<UnitPlan> = {}): Promise<UnitState> {
    return this.driver.start(planOf(this.place, instance, { ...script, ...more }), never);
  }

  async event<Kind extends UnitEvent['kind']>(kind: Kind, instance: string): Promise<Extract<UnitEvent, { readonly kind: Kind }>> {
    for (;;) {
      const found = this.events.find((event) => event.kind === kind && instanceOf(event) === instance);
      if (found !== undefined) return found as Extract<UnitEvent, { readonly kind: Kind }>;
      await this.#wake.promise;
    }
  }

  async end(instance: string): Promise<NonNullable<UnitState['ended']>> {
    const { state } = await this.event('ended', instance);
    assert.ok(state.ended);
    return state.ended;
  }

  async lines(id: UnitId, options: Partial<OutputOptions> = {}): Promise<readonly OutputLine[]> {
    const lines: OutputLine[] = [];
    for await (const line of this.driver.output(id, { follow: false, signal: never, ...options })) lines.push(line);
    return lines;
  }

  async says(id: UnitId, text: string): Promise<void> {
    for await (const line of this.driver.output(id, { follow: true, signal: never })) if (line.text === text) return;
    assert.fail(`it ended without saying ${text}`);
  }
}

export function instanceOf(event: UnitEvent): string {
  return event.kind === 'outOfMemory' ? event.id.instance : event.state.id.instance;
}

/** Asks until it is so; the time limit of the test ends it. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Ends and removes all units of a place, whoever has started them. */
export async function clear(driver: Driver): Promise<void> {
  for (const { id } of await driver.list(never)) {
    await driver.stop(id, { graceMs: 0, signal: never });
    await driver.remove(id);
  }
}

/** Another process that owns the driver and has started a unit. */
export async function startOwner(place: DriverPlace, plan: UnitPlan): Promise<ChildProcess> {
  const program = new URL('driver-owner.fixture.ts', import.meta.url).pathname;
  const owner = spawn(process.execPath, [program, JSON.stringify({ ...place.owner, plan })], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
  assert.equal(line, 'started');
  return owner;
}

export async function kill(owner: ChildProcess): Promise<void> {
  owner.kill('SIGKILL');
  await once(owner, 'exit');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}
