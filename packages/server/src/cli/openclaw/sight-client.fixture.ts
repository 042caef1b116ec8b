/** Runs a command that shows traffic against answers in memory, for tests. */
import { Command } from 'commander';
import type { RequestTrail, TargetRow, TrafficReport } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { ModelsStatusContext } from './models-status.ts';
import type { DoctorContext } from './doctor.ts';

export interface SightFixture {
  readonly rows: TargetRow[];
  readonly trails: RequestTrail[];
  report: TrafficReport;
  /** What was asked of the gateway. */
  readonly asked: (string | number)[];
  run(line: string, terminal?: { readonly columns?: number; readonly looks?: number }): Promise<SightRun>;
}

export interface SightRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export function createSightFixture(register: (program: Command, context: ModelsStatusContext & DoctorContext) => void): SightFixture {
  const rows: TargetRow[] = [];
  const trails: RequestTrail[] = [];
  const asked: SightFixture['asked'] = [];
  const fixture: SightFixture = {
    rows,
    trails,
    asked,
    report: { at: '2026-01-01T00:00:00.000Z', findings: [], warnings: [] },
    async run(line, { columns, looks = 1 } = {}) {
      const run = { stdout: '', stderr: '', code: 0 };
      let left = looks;
      const isTerminal = columns === undefined ? {} : { isTTY: true, columns };
      const out = { write: (text: string) => void (run.stdout += text), ...isTerminal };
      const err = { write: (text: string) => void (run.stderr += text) };
      const program = new Command('openclaw').exitOverride().configureOutput({ writeOut: out.write, writeErr: err.write });
      register(program, {
        io: { stdout: out, stderr: err },
        setExitCode: (code) => void (run.code = code),
        diagnose: () => Promise.reject(new Error('nobody asked for it')),
        diagnoseSecurity: () => Promise.reject(new Error('nobody asked for it')),
        fix: () => Promise.reject(new Error('nobody asked for it')),
        wait: () => ((left -= 1) > 0 ? Promise.resolve() : Promise.reject(new Error('interrupted'))),
        sight: {
          targets: async (window) => {
            asked.push(window);
            return rows;
          },
          overrideBreaker: async (target, action) => asked.push(`${action} ${target}`),
          traffic: async () => fixture.report,
          requests: async (limit) => {
            asked.push(limit);
            return { requests: trails.slice(0, limit), oldest: null };
          },
          request: async (id) => {
            const found = trails.find((trail) => trail.id === id);
            if (found) return found;
            throw new OpenClawError('request_not_found', { details: { requestId: id, reach: 'they go back to yesterday' } });
          },
        },
      });
      await program.parseAsync(line.split(' '), { from: 'user' }).catch((thrown: unknown) => {
        if (!(thrown instanceof Error) || thrown.message !== 'interrupted') throw thrown;
      });
      return run;
    },
  };
  return fixture;
}
