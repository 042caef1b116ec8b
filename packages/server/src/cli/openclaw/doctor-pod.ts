/** `openclaw doctor pod` and `openclaw doctor service`: why a pod or a service does not stay up. They ask and print; what they find: `operations/diagnose`. */
import { type Command, Option } from 'commander';
import type { Diagnosis } from '../../operations/diagnose/index.ts';
import type { Terminal } from '../terminal.ts';
import type { ClusterFlags } from './cluster-access.ts';

export interface DoctorPodContext {
  readonly terminal: Terminal;
  readonly setExitCode: (code: number) => void;
}

interface OutputFlags {
  readonly output: 'text' | 'json';
  readonly json?: boolean;
}

interface PodFlags extends OutputFlags, ClusterFlags {
  readonly container?: string;
}

interface ServiceFlags extends OutputFlags {
  readonly user?: boolean;
}

const onlyLooks =
  '\nIt only looks: nothing is started, stopped or changed, and no value of the environment is shown. The exit code is 1 if something is broken.\n';

export function registerDoctorPod(doctor: Command, context: DoctorPodContext): void {
  addOutputFlags(doctor.command('pod').argument('<name>', 'of the pod'))
    .description('find out why a pod restarts or does not start')
    .option('-n, --namespace <namespace>', 'of the pod (default: that of the context)')
    .option('-c, --container <name>', 'in the pod (default: the one that is in trouble)')
    .option('--context <name>', 'of the kubeconfig (default: its current one)')
    .option('--kubeconfig <file>', 'as kubectl reads it (default: KUBECONFIG, else ~/.kube/config)')
    .option('--server <url>', 'the address of a cluster or a gateway, without a kubeconfig')
    .option('--token <token>', 'for that server')
    .option('--certificate <file>', 'PEM of who signed the certificate of that server')
    .option('--gateway', 'ask the gateway of this machine, whose workloads have pods too; so it is without a kubeconfig')
    .addHelpText(
      'after',
      `${onlyLooks}\nExamples:\n  openclaw doctor pod web-6d5f9c7b8-x2k4p -n prod\n  openclaw doctor pod payment-1 --gateway -o json\n`,
    )
    .action((name: string, _flags: object, command: Command) => diagnoseThePod(name, command.optsWithGlobals<PodFlags>(), context));
}

export function registerDoctorService(doctor: Command, context: DoctorPodContext): void {
  addOutputFlags(doctor.command('service').argument('<name>', 'of the unit, with or without .service'))
    .description('find out why a service of systemd restarts or has been given up')
    .option('--user', 'a service of your own, as `systemctl --user` has it')
    .addHelpText(
      'after',
      `${onlyLooks}\nExamples:\n  openclaw doctor service openclaw-gateway\n  openclaw doctor service openclaw-gateway --user\n`,
    )
    .action((name: string, _flags: object, command: Command) => diagnoseTheService(name, command.optsWithGlobals<ServiceFlags>(), context));
}

function addOutputFlags(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as -o json');
}

async function diagnoseThePod(name: string, flags: PodFlags, context: DoctorPodContext): Promise<void> {
  const [{ createKubernetesLookout, diagnosePod }, { findCluster }, { systemClock }] = await Promise.all([
    import('../../operations/diagnose/index.ts'),
    import('./cluster-access.ts'),
    import('../../core/clock.ts'),
  ]);
  const { access, namespace } = await findCluster(flags, context.terminal.env);
  const stop = new AbortController();
  try {
    const lookout = createKubernetesLookout(access, systemClock, stop.signal);
    const container = flags.container === undefined ? {} : { container: flags.container };
    await tell(await diagnosePod(lookout, { name, namespace, server: access.server, ...container }), flags, context);
  } finally {
    stop.abort();
  }
}

async function diagnoseTheService(name: string, flags: ServiceFlags, context: DoctorPodContext): Promise<void> {
  const [{ createSystemdLookout, diagnoseUnit }, { systemClock }] = await Promise.all([
    import('../../operations/diagnose/index.ts'),
    import('../../core/clock.ts'),
  ]);
  const stop = new AbortController();
  try {
    const lookout = createSystemdLookout({ ofUser: flags.user === true }, systemClock, stop.signal);
    await tell(await diagnoseUnit(lookout, { name }), flags, context);
  } finally {
    stop.abort();
  }
}

async function tell(diagnosis: Diagnosis, flags: OutputFlags, { terminal, setExitCode }: DoctorPodContext): Promise<void> {
  const { diagnosisText } = await import('./diagnosis-text.ts');
  const isJson = flags.output === 'json' || flags.json === true;
  terminal.stdout.write(isJson ? `${JSON.stringify(diagnosis, null, 2)}\n` : diagnosisText(diagnosis));
  if (diagnosis.broken) setExitCode(1);
}
