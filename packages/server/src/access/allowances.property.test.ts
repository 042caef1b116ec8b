/** Random lives of a key against a list of everything that happened to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../core/errors.ts';
import type { Estimate, Reservation } from './allowances.ts';
import { type AllowanceScene, createAllowanceScene, keyId } from './allowances.fixture.ts';
import type { KeyLimits } from './key-limits.ts';
import { dayOf, monthOf } from './spending.ts';

interface Open {
  readonly reservation: Reservation;
  readonly estimate: Estimate;
  readonly use: Use;
}

/** What one request uses of the rates, and when. */
interface Use {
  readonly second: number;
  request: number;
  tokens: number;
}

interface Model {
  uses: Use[];
  open: Open[];
}

const amounts = fc.record({ tokens: fc.nat(60), nanoUsd: fc.nat(60) });
const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ask' as const), estimate: amounts, together: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat(9), actual: amounts }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), durationMs: fc.oneof(fc.nat(5000), fc.nat(70_000)) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), durationMs: fc.nat(40 * 86_400_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('jump' as const), byMs: fc.integer({ min: -40 * 86_400_000, max: 86_400_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer One> ? One : never;

const limitOf = (most: number): fc.Arbitrary<number | undefined> => fc.option(fc.nat(most), { nil: undefined });
const someLimits = fc
  .record({ rpm: limitOf(5), tpm: limitOf(150), nanoUsdPerDay: limitOf(150), nanoUsdPerMonth: limitOf(300) })
  .filter((limits) => Object.values(limits).some((limit) => limit !== undefined));

test('property: every decision is the one that a list of all that happened would make, through settling, time, jumps and restarts', async () => {
  await fc.assert(
    fc.asyncProperty(someLimits, fc.array(operation, { maxLength: 60 }), async (limits, operations) => {
      const scene = createAllowanceScene(limits);
      const model: Model = { uses: [], open: [] };
      for (const one of operations) {
        await perform(one, { scene, model, limits });
        await compareUse({ scene, model, limits });
      }
      for (const { reservation } of model.open) reservation.release();
      const rest = await scene.allowances().use(keyId);
      assert.ok(!rest?.usdReserved, 'nothing is reserved when nothing is under way');
    }),
    { numRuns: 300 },
  );
});

test('property: what is spent beyond a budget is at most what the requests under way cost beyond their estimates', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 200 }), fc.array(operation, { maxLength: 80 }), async (limit, operations) => {
      const limits = { rpm: undefined, tpm: undefined, nanoUsdPerDay: limit, nanoUsdPerMonth: undefined };
      const scene = createAllowanceScene(limits);
      const model: Model = { uses: [], open: [] };
      let excess = 0;
      for (const one of operations) {
        if (one.kind === 'wait' || one.kind === 'jump' || one.kind === 'restart') continue;
        const settled = one.kind === 'settle' ? model.open[one.which % Math.max(1, model.open.length)] : undefined;
        if (settled && one.kind === 'settle') excess += Math.max(0, one.actual.nanoUsd - settled.estimate.nanoUsd);
        // A single request may have an estimate above what is left.
        if (settled && settled.estimate.nanoUsd > limit - spent(scene, dayOf(scene.clock.now()))) excess += settled.estimate.nanoUsd;
        await perform(one, { scene, model, limits });
        assert.ok(spent(scene, dayOf(scene.clock.now())) <= limit + excess);
      }
    }),
    { numRuns: 200 },
  );
});

interface Life {
  readonly scene: AllowanceScene;
  readonly model: Model;
  readonly limits: KeyLimits;
}

async function perform(one: Operation, life: Life): Promise<void> {
  const { scene, model } = life;
  if (one.kind === 'wait') scene.clock.advance(one.durationMs);
  else if (one.kind === 'jump') scene.clock.jumpWallClock(one.byMs);
  else if (one.kind === 'ask') await ask(one, life);
  else if (one.kind === 'restart') {
    // The reservations of the process that ended are gone with it.
    model.open = [];
    model.uses = [];
    scene.restart();
  } else {
    const [open] = model.open.splice(one.which % Math.max(1, model.open.length), 1);
    if (!open) return;
    if (one.kind === 'release') {
      open.reservation.release();
      open.use.request = 0;
      open.use.tokens = 0;
    } else {
      scene.settle(open.reservation, one.actual);
      const excess = one.actual.tokens - open.estimate.tokens;
      open.use.tokens = Math.min(one.actual.tokens, open.estimate.tokens);
      if (excess > 0) model.uses.push({ second: secondOf(scene), request: 0, tokens: excess });
    }
  }
}

/** Several at the same moment, each of which the list decides in turn. */
async function ask({ estimate, together }: Extract<Operation, { kind: 'ask' }>, { scene, model, limits }: Life): Promise<void> {
  const asked = await Promise.all(Array.from({ length: together }, () => scene.ask(estimate)));
  for (const answer of asked) {
    const reasons = reasonsAgainst(estimate, { scene, model, limits });
    if (answer instanceof OpenClawError) {
      assert.ok(reasons.includes(answer.code), `${answer.code} is none of ${reasons.join()}`);
      continue;
    }
    assert.deepEqual(reasons, [], 'was let in');
    const use = { second: secondOf(scene), request: 1, tokens: estimate.tokens };
    model.uses.push(use);
    model.open.push({ reservation: answer, estimate, use });
  }
}

/** All that speak against the request; which of them it is told depends on how long each lasts. */
function reasonsAgainst(estimate: Estimate, { scene, model, limits }: Life): string[] {
  const { rpm = Infinity, tpm = Infinity, nanoUsdPerDay = Infinity, nanoUsdPerMonth = Infinity } = limits;
  const nowMs = scene.clock.now();
  const reservedNanoUsd = model.open.reduce((sum, { estimate: { nanoUsd } }) => sum + nanoUsd, 0);
  const left = Math.min(nanoUsdPerDay - spent(scene, dayOf(nowMs)), nanoUsdPerMonth - spent(scene, monthOf(nowMs)));
  const { requests, tokens } = usedNow(scene, model);
  const reasons: string[] = [];
  if (requests + 1 > rpm || tpm === 0 || tokens + Math.min(estimate.tokens, tpm) > tpm) reasons.push('rate_limit_exceeded');
  if (left <= 0) reasons.push('budget_exceeded');
  if (reservedNanoUsd > 0 && reservedNanoUsd + estimate.nanoUsd > left) reasons.push('budget_reserved');
  return reasons;
}

async function compareUse({ scene, model, limits }: Life): Promise<void> {
  const { requests, tokens } = usedNow(scene, model);
  const nowMs = scene.clock.now();
  const hasBudget = limits.nanoUsdPerDay !== undefined || limits.nanoUsdPerMonth !== undefined;
  const money = (nanoUsd: number): number | null => (hasBudget ? nanoUsd / 1e9 : null);
  assert.deepEqual(await scene.allowances().use(keyId), {
    requests: limits.rpm === undefined ? null : requests,
    tokens: limits.tpm === undefined ? null : tokens,
    usdToday: money(spent(scene, dayOf(nowMs))),
    usdThisMonth: money(spent(scene, monthOf(nowMs))),
    usdReserved: money(model.open.reduce((sum, { estimate }) => sum + estimate.nanoUsd, 0)),
  });
}

function spent({ logged }: AllowanceScene, { startMs, endMs }: { readonly startMs: number; readonly endMs: number }): number {
  return logged.reduce((sum, { atMs, nanoUsd }) => (atMs >= startMs && atMs < endMs ? sum + nanoUsd : sum), 0);
}

function usedNow(scene: AllowanceScene, { uses }: Model): { readonly requests: number; readonly tokens: number } {
  const oldest = secondOf(scene) - 60;
  const counted = uses.filter(({ second }) => second >= oldest);
  return {
    requests: counted.reduce((sum, { request }) => sum + request, 0),
    tokens: counted.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

function secondOf({ clock }: AllowanceScene): number {
  return Math.floor(clock.monotonicMs() / 1000);
}
