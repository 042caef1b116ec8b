import type { DoctorCheck, Finding } from '../contract.ts';
import { broken, warning, well } from '../findings.ts';

/** The oldest that the program runs on; a test holds it equal to `package.json`. */
export const leastNode = 24;

/** Whether Node is new enough, and whether the gateway that answers is this program. */
export const versionsCheck: DoctorCheck = {
  name: 'versions',
  title: 'versions',
  examine({ version, process: { node }, surroundings: { runningVersion } }) {
    const evidence = { program: version, node, ...(runningVersion === undefined ? {} : { gateway: runningVersion }) };
    const findings: Finding[] = [];
    const major = Number(/^v(\d+)/.exec(node)?.[1] ?? 0);
    if (major < leastNode) {
      findings.push(
        broken(`Node is ${node}, and ${leastNode} is needed.`, {
          why: 'Parts of the program do not run on it.',
          remedy: 'Start it by ./openclaw, which finds the Node that `npm ci` has installed.',
          evidence,
        }),
      );
    }
    if (runningVersion !== undefined && runningVersion !== version) {
      findings.push(
        warning(`The gateway that answers is ${runningVersion}, and this program is ${version}.`, {
          why: 'After an update the old program runs until it is restarted; or another installation serves this state.',
          remedy: 'Restart the gateway, or call the openclaw that it was started with.',
          evidence,
        }),
      );
    }
    return findings.length > 0 ? findings : [well(`OpenClaw ${version} on Node ${node}.`, evidence)];
  },
};
