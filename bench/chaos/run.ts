/**
 * Named scenarios of what makes gateways fall over, each against a plain relay and against OpenClaw.
 *
 *     npm run scenarios [-- --only NAME --side relay|gateway --quick --write --json FILE]
 *
 * The figures are output, never assertions: the exit code says whether the scenarios ran, not which bars held.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gatewayMissing } from '../contenders.ts';
import { type Measured, renderScenario, renderSummary, writeScenario } from './report.ts';
import { scenarios } from './scenarios/index.ts';
import type { Scenario } from './scenario.ts';
import { type Side, withStage } from './stage.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    side: { type: 'string', multiple: true },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

function chosen(): Scenario[] {
  const unknown = values.only?.find((name) => !scenarios.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no scenario '${unknown}'; there are ${scenarios.map(({ name }) => name).join(', ')}`);
  return values.only === undefined
    ? scenarios.filter(({ byHand }) => byHand !== true)
    : scenarios.filter(({ name }) => values.only?.includes(name));
}

async function measure(scenario: Scenario): Promise<Measured> {
  const sides: Measured['sides'] = {};
  const startedMs = performance.now();
  for (const side of ['relay', 'gateway'] satisfies Side[]) {
    if (values.side !== undefined && !values.side.includes(side)) continue;
    sides[side] = await withStage({ side, quick: values.quick, relay: scenario.relay }, (stage) => scenario.measure(stage));
  }
  const command = `npm run scenarios -- --only ${scenario.name}${values.quick ? ' --quick' : ''}`;
  return { scenario, sides, command, seconds: (performance.now() - startedMs) / 1000 };
}

async function main(): Promise<void> {
  const missing = gatewayMissing();
  if (missing !== undefined) throw new Error(`the gateway cannot be started: ${missing}`);
  const measured: Measured[] = [];
  for (const scenario of chosen()) {
    const result = await measure(scenario);
    measured.push(result);
    console.log(renderScenario(result));
    if (values.write) writeScenario(result);
  }
  console.log(renderSummary(measured));
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(measured, undefined, 2));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
}
process.exit();
