/** Readings of live units, and what has to be remembered between two of them: the most that was used, who belonged to it, how many sockets there were. */
import type { Clock } from '../../../core/clock.ts';
import type { MemoryMap, UnitSample } from '../driver.ts';
import { readGroupUsage } from '../kernel/group-usage.ts';
import { readMemoryMap } from '../kernel/memory-map.ts';
import { countSocketsSeldom, type SocketCount } from '../kernel/socket-counter.ts';
import type { ProcessIdentity } from '../kernel/process-usage.ts';
import { readUnitSample } from '../kernel/unit-sample.ts';
import { readHeapReport } from './heap-report.ts';
import type { LiveUnit } from './live-unit.ts';
import { unitName } from './unit-files.ts';

interface Memory {
  members: readonly ProcessIdentity[];
  peakBytes: number;
  sockets: SocketCount | undefined;
}

export class UnitReader {
  readonly #clock: Clock;
  readonly #memories = new Map<string, Memory>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async sample(unit: LiveUnit): Promise<UnitSample | undefined> {
    const group = unit.group === undefined ? undefined : readGroupUsage(unit.group.directories);
    const memory = this.#memoryOf(unit);
    const pids = group?.pids ?? (memory.members.length > 0 ? memory.members.map(({ pid }) => pid) : await unit.members());
    const sample = readUnitSample({
      atMs: this.#clock.now(),
      pids,
      group,
      directories: unit.group?.directories,
      limitBytes: unit.note.memoryLimitBytes,
      peakBytes: memory.peakBytes,
      outOfMemoryKills: unit.outOfMemoryKills,
    });
    if (sample === undefined) return undefined;
    memory.peakBytes = sample.peakBytes;
    memory.sockets = countSocketsSeldom(memory.sockets, { pids, descriptors: sample.fileDescriptors, nowMs: this.#clock.monotonicMs() });
    const sockets = memory.sockets.count;
    return {
      ...sample,
      ...(sockets === undefined ? {} : { sockets }),
      ...(unit.note.reportsHeap ? readHeapReport(unit.files.directory, pids) : {}),
    };
  }

  async memoryMap(unit: LiveUnit, signal: AbortSignal): Promise<MemoryMap | undefined> {
    const pids = await unit.members();
    const group = unit.group === undefined ? undefined : readGroupUsage(unit.group.directories);
    return readMemoryMap({ pids, group, atMs: this.#clock.now(), signal });
  }

  /** Who belongs to a unit without a group, as the watchdog has found it last. */
  remember(unit: LiveUnit, members: readonly ProcessIdentity[], usedBytes: number): void {
    const memory = this.#memoryOf(unit);
    memory.members = members.map(({ pid, startTicks }) => ({ pid, startTicks }));
    memory.peakBytes = Math.max(memory.peakBytes, usedBytes);
  }

  /** As they were remembered last; empty: nobody has looked yet. */
  membersOf(unit: LiveUnit): readonly ProcessIdentity[] {
    return this.#memoryOf(unit).members;
  }

  forget(name: string): void {
    this.#memories.delete(name);
  }

  #memoryOf(unit: LiveUnit): Memory {
    const name = unitName(unit.note.state.id);
    const there = this.#memories.get(name);
    if (there !== undefined) return there;
    const memory: Memory = { members: [], peakBytes: 0, sockets: undefined };
    this.#memories.set(name, memory);
    return memory;
  }
}
