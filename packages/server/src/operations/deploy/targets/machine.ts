/** A machine with systemd: the service of the machine, with the state on its own disk where the platform has such a thing. */
import type { DeployFile, Deployment, DeployTarget } from '../contract.ts';
import { envFile } from '../env-file.ts';
import { unitText } from '../unit.ts';

const user = 'openclaw';
const program = '/opt/openclaw/openclaw';
const settingsDirectory = '/etc/openclaw';
/** Where the published guides for clouds put the data disk. */
const disk = { mountPoint: '/data/openclaw', stateDirectory: '/data/openclaw/.openclaw' } as const;

interface Machine {
  readonly stateDirectory: string;
  readonly mountPoint?: string;
}

export const systemdTarget: DeployTarget = {
  name: 'systemd',
  aliases: [],
  title: 'a machine with systemd',
  page: 'systemd.md',
  files: (deployment) => machineFiles(deployment, { stateDirectory: systemStateDirectory(deployment) }),
  next: (deployment) => [...install(systemStateDirectory(deployment)), ...start],
};

/** Clouds that give a machine a disk which outlives it. */
export const virtualMachineTarget: DeployTarget = {
  name: 'vm',
  aliases: ['ec2', 'compute-engine', 'alibaba', 'volcengine'],
  title: 'a virtual machine with a data disk (EC2, Compute Engine, Alibaba Cloud, Volcengine)',
  page: 'README.md',
  files: (deployment) => machineFiles(deployment, disk),
  next: () => [
    `findmnt ${disk.mountPoint}         # the data disk, mounted by its UUID in /etc/fstab`,
    ...install(disk.stateDirectory),
    ...start,
  ],
};

/** What lies in a home is a user's own, and the machine's service is not that user. */
function systemStateDirectory({ stateDirectory }: Deployment): string {
  return /^\/(home|root)\//.test(stateDirectory) ? '/var/lib/openclaw' : stateDirectory;
}

function machineFiles(deployment: Deployment, { stateDirectory, mountPoint }: Machine): readonly DeployFile[] {
  const text = unitText('# Written by `openclaw deploy`, for /etc/systemd/system.', {
    program: [program],
    stateDirectory,
    configFile: `${stateDirectory}/openclaw.json`,
    environmentFile: `${settingsDirectory}/gateway.env`,
    drainTimeoutMs: deployment.drainTimeoutMs,
    system: {
      user,
      memoryMib: deployment.memoryMib,
      port: deployment.port,
      bind: deployment.isOpen ? 'lan' : 'loopback',
      ...(mountPoint === undefined ? {} : { mountPoint }),
    },
  });
  return [{ path: 'openclaw-gateway.service', text }, envFile(deployment)];
}

function install(stateDirectory: string): readonly string[] {
  return [
    `sudo useradd --system --user-group --home-dir ${stateDirectory} --shell /usr/sbin/nologin ${user}`,
    `sudo install -d -o ${user} -g ${user} -m 700 ${stateDirectory}`,
    `sudo install -d -m 755 ${settingsDirectory}`,
    `sudo install -m 600 .env ${settingsDirectory}/gateway.env`,
    'sudo install -m 644 openclaw-gateway.service /etc/systemd/system/',
  ];
}

const start = [
  'sudo systemctl daemon-reload && sudo systemctl enable --now openclaw-gateway',
  `sudo sh -c 'set -a; . ${settingsDirectory}/gateway.env; openclaw deploy check'`,
] as const;
