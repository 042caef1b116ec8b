/**
 * Looks at all units once a second: who has ended without anybody being told, who was ended for its memory, and, where the kernel holds no limit, who is above it.
 *
 * This is the weaker kind: a unit that grows fast is above its limit until the next look, and takes from the machine what it can get.
 */
import { readProportionalBytes } from '../kernel/process-usage.ts';
import type { LiveUnit } from './live-unit.ts';
import { type ProcessTable, readMembers, readProcessTable } from './members.ts';
import type { UnitReader } from './unit-reader.ts';

/**
 * Whether somebody still writes down the end of a unit is asked every so manieth time: of what is written down the system tells by itself. So often the whole machine is
 * looked through for who belongs to a unit; in between those are looked at who are known, and their children.
 */
const turns = 5;

/** Never rejects for one unit's sake: what fails for it is told to whoever waits for its end. */
export async function lookAtUnits(units: readonly LiveUnit[], reader: UnitReader, turn: number): Promise<void> {
  const unheld = units.filter((unit) => unit.note.state.limits === 'watchdog');
  for (const unit of units) if (unit.note.state.limits === 'kernel') unit.lookAtMemory();
  if (unheld.length > 0) {
    const isDue = turn % turns === 0 || unheld.some((unit) => reader.membersOf(unit).length === 0);
    const table = isDue ? await readProcessTable() : undefined;
    for (const unit of unheld) await lookAtUnit(unit, table, reader);
  }
  for (const [index, unit] of units.entries()) if (unit.needsLook(index % turns === turn % turns)) await unit.look();
}

async function lookAtUnit(unit: LiveUnit, table: ProcessTable | undefined, reader: UnitReader): Promise<void> {
  if (unit.program === undefined) return;
  const members = table === undefined ? readMembers(reader.membersOf(unit)) : table.membersOf(unit.program.pid);
  if (members.length === 0) return;
  const pids = members.map(({ pid }) => pid);
  // What they share counts for each of them: if even so it is within the limit, no more has to be known.
  const atMostBytes = members.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  const limitBytes = unit.note.memoryLimitBytes ?? Infinity;
  const usedBytes = atMostBytes <= limitBytes ? atMostBytes : pids.reduce((sum, pid) => sum + (readProportionalBytes(pid) ?? 0), 0);
  reader.remember(unit, members, usedBytes);
  if (usedBytes > limitBytes) await unit.endForMemory(usedBytes);
}
