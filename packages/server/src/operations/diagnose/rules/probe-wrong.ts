/** Cause: the health check asks in the wrong place. */
import type { Rule, Suspicion } from '../contract.ts';
import type { Evidence } from '../evidence.ts';
import { on } from '../told-by-itself.ts';
import { runIn } from '../remedies.ts';
import { probedPort, quoteSetting } from '../signs.ts';
import { type Failing, failingChecks, readyLives, refused } from './probe-signs.ts';

const noProgram = /executable file not found|not found$|: not found|No such file or directory/;
/** Not executable, not found, and ended by a fault of its own. */
const brokenTool = [126, 127, 132, 139];
const noPath = /\b404\b|Not Found/;

export const probeWrong: Rule = {
  id: 'probe-wrong',
  title: 'The health check asks in the wrong place',
  why: 'The program is well, and the check asks another port or path, or with a tool that is not in the image. Whoever acts on the check ends what works.',
  signs: 'unhealthy, while the program says that it listens on another port; 404; the tool of the check is not found',
  mends: 'Let the check ask the port and path that the program serves',
  judge(evidence) {
    const failing = failingChecks(evidence);
    if (failing === undefined) return evidence.health?.status === 'healthy' ? { notBecause: 'its health check succeeds' } : undefined;
    return missingTool(evidence, failing) ?? wrongPort(evidence, failing) ?? wrongPath(evidence, failing);
  },
};

function missingTool(evidence: Evidence, { outputs, quotes, health }: Failing): Suspicion | undefined {
  const output = outputs.findLast((each) => noProgram.test(each));
  const cannotRun = health.results.findLast(({ exitCode }) => exitCode !== 0)?.exitCode;
  const isBroken = cannotRun !== undefined && brokenTool.includes(cannotRun);
  if ((output === undefined || noPath.test(output)) && !isBroken) return undefined;
  return {
    weight: 93,
    says:
      output === undefined
        ? `The tool with which the check asks cannot run: it ends with ${cannotRun ?? ''}.`
        : 'The tool with which the check asks is not in the image.',
    because: [...quotes, quoteSetting(evidence, `health check: ${health.check}`)],
    remedy: [
      'ask with what the image has: `wget -q -O /dev/null http://127.0.0.1:PORT/healthz`, or `node -e "fetch(\'http://127.0.0.1:PORT/healthz\').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"`',
    ],
    disprovedBy: `\`${runIn(evidence, health.check)}\` finds the tool.`,
  };
}

function wrongPort(evidence: Evidence, { outputs, quotes, health }: Failing): Suspicion | undefined {
  const port = probedPort(health.check);
  const ready = readyLives(evidence.lives).at(-1);
  if (port === undefined || ready === undefined || ready.port === port) return undefined;
  if (!outputs.some((each) => refused.test(each)) && outputs.some((each) => each !== '')) return undefined;
  return {
    weight: 95,
    says: `The check asks port ${port}; the program listens on ${ready.port}.`,
    because: [...quotes, ready.quote, quoteSetting(evidence, `health check: ${health.check}`)],
    remedy: remedyFor(evidence, health.check.replaceAll(String(port), String(ready.port))),
    disprovedBy: `\`${runIn(evidence, `wget -q -O - http://127.0.0.1:${port}/`)}\` is answered.`,
  };
}

function wrongPath(evidence: Evidence, { outputs, quotes, health }: Failing): Suspicion | undefined {
  if (!outputs.some((each) => noPath.test(each))) return undefined;
  return {
    weight: 90,
    says: 'The program answers the check with 404: nothing is at that path.',
    because: [...quotes, quoteSetting(evidence, `health check: ${health.check}`)],
    remedy: remedyFor(evidence, 'THE CHECK WITH ANOTHER PATH'),
    disprovedBy: 'The same path is answered with 200 by the same version elsewhere.',
  };
}

function remedyFor(evidence: Evidence, check: string): readonly string[] {
  return [
    on(evidence, {
      docker: `in the compose file: \`healthcheck: { test: ["CMD-SHELL", ${JSON.stringify(check.replace(/^CMD(?:-SHELL)? /, ''))}] }\`, then \`docker compose up -d\``,
      kubernetes: 'mend `port` and `path` of the probe in the spec',
    }),
  ];
}
