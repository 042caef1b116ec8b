import type { DoctorCheck, Finding } from '../contract.ts';
import type { Facts } from '../facts.ts';
import { warning, well } from '../findings.ts';

const fewProcessors = 0.5;

/** What is around the process: the container or pod, its first process, its limits, and what Kubernetes puts into the environment. */
export const surroundingsCheck: DoctorCheck = {
  name: 'surroundings',
  title: 'what is around it',
  examine(facts) {
    const { process, surroundings } = facts;
    const evidence = {
      in: process.container ?? 'a machine',
      ...(surroundings.firstProcess === undefined ? {} : { firstProcess: surroundings.firstProcess }),
      ...(surroundings.isRootReadOnly === undefined ? {} : { rootIsReadOnly: surroundings.isRootReadOnly }),
      ...(surroundings.processors === undefined ? {} : { processors: surroundings.processors }),
    };
    const findings = [...serviceLinks(facts), ...inContainer(facts), ...processors(facts)];
    if (findings.length > 0) return findings.map((finding) => ({ ...finding, evidence: { ...evidence, ...finding.evidence } }));
    return [
      well(
        process.container === undefined ? 'It runs on a machine, and not in a container.' : 'Its container is as it should be.',
        evidence,
      ),
    ];
  },
};

function serviceLinks({ surroundings: { serviceLinks: links } }: Facts): Finding[] {
  if (links.length === 0) return [];
  return [
    warning(`Kubernetes has set ${links.join(', ')} to the address of a Service.`, {
      why: 'They are taken for no setting here; other programs in the pod may take them for theirs.',
      remedy: 'Set enableServiceLinks: false in the pod, or call the Service otherwise.',
    }),
  ];
}

function inContainer({ process: { container, uid }, surroundings }: Facts): Finding[] {
  if (container === undefined) return [];
  const findings: Finding[] = [];
  if (uid === 0) {
    findings.push(
      warning('It runs as root in its container.', {
        why: 'What breaks out of it is root outside, and files on the volume belong to root.',
        remedy: 'Run the image as it is (user node, 1000): no `user: root`; in a pod runAsNonRoot: true.',
      }),
    );
  }
  // Node as process 1 does not take away children that have ended, and the shell does not pass signals on.
  if (surroundings.firstProcess !== undefined && /^(?:node|sh|bash|ash|npm)/.test(surroundings.firstProcess)) {
    findings.push(
      warning(`The first process of the container is ${surroundings.firstProcess}.`, {
        why: 'Programs of agents and workloads that have ended stay as zombies, or the signal to stop does not arrive.',
        remedy: 'Start it under an init: docker run --init, `init: true` in compose, shareProcessNamespace in a pod; our image has one.',
      }),
    );
  }
  return findings;
}

function processors({ surroundings: { processors: count } }: Facts): Finding[] {
  if (count === undefined || count >= fewProcessors) return [];
  return [
    warning(`It may use ${count} of a processor.`, {
      why: 'A start takes many times as long, and streams stall while it is throttled.',
      remedy: 'Give it one processor at least, or no limit: --cpus 1, resources.limits.cpu.',
    }),
  ];
}
