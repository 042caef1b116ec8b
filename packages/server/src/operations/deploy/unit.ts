/**
 * The text of the systemd unit: of a user's own service, or of the machine's. Installing it is the business of others.
 *
 * A refusal that another start would only repeat (exit code 78) is not tried again, crashes are tried a bounded number of times, and
 * stopping waits for longer than the gateway drains.
 */
export interface UnitOptions {
  /** The launcher, or a Node and its script; absolute. */
  readonly program: readonly string[];
  readonly stateDirectory: string;
  readonly configFile: string;
  /** Variables for the service, where there are any: keys of providers, the token. */
  readonly environmentFile: string;
  readonly drainTimeoutMs: number;
  /** Of the machine's service; absent for that of a user. */
  readonly system?: SystemUnitOptions;
}

export interface SystemUnitOptions {
  readonly user: string;
  readonly memoryMib: number;
  readonly port: number;
  readonly bind: 'lan' | 'loopback';
  /** Where the disk of the state is mounted, if it has one of its own: without it nothing starts, least of all on an empty directory. */
  readonly mountPoint?: string;
}

/** Between the end of the drain and systemd's patience: time to write what is left. */
const graceMs = 12_000;

// Hardening by seccomp alone: what needs a namespace of its own keeps a user's service from starting where the kernel gives users none.

// Workloads go on when the gateway ends, so only its own process is ended; and it makes control groups for them.

export function unitText(firstLine: string, options: UnitOptions): string {
  const { program, stateDirectory, configFile, environmentFile, drainTimeoutMs, system } = options;
  return `${firstLine}
[Unit]
Description=OpenClaw gateway
Documentation=https://github.com/openclaw/openclaw
After=network-online.target
Wants=network-online.target
${mountLines(system?.mountPoint)}StartLimitIntervalSec=600
StartLimitBurst=10

[Service]
Type=exec
ExecStart=${program.map(word).join(' ')} gateway run
Environment=${word(`OPENCLAW_STATE_DIR=${stateDirectory}`)} ${word(`OPENCLAW_CONFIG_PATH=${configFile}`)}
EnvironmentFile=-${path(environmentFile)}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=78
KillMode=process
Delegate=yes
TimeoutStopSec=${Math.ceil((drainTimeoutMs + graceMs) / 1000)}
UMask=0077
LimitNOFILE=65536
NoNewPrivileges=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
${system ? systemLines(system, options) : ''}
[Install]
WantedBy=${system ? 'multi-user.target' : 'default.target'}
`;
}

function mountLines(mountPoint: string | undefined): string {
  if (mountPoint === undefined) return '';
  return `RequiresMountsFor=${path(mountPoint)}
# The disk of the state. Without it the directory is there all the same, and empty: a new machine, without anybody's doing.
AssertPathIsMountPoint=${path(mountPoint)}
`;
}

/** What takes a namespace, which the machine's systemd can always make. */
function systemLines(system: SystemUnitOptions, { stateDirectory, drainTimeoutMs }: UnitOptions): string {
  const { user, memoryMib, port, bind } = system;
  return `User=${user}
Group=${user}
Environment=HOME=${word(stateDirectory)} OPENCLAW_GATEWAY_PORT=${port} OPENCLAW_GATEWAY_BIND=${bind} OPENCLAW_DRAIN_TIMEOUT_MS=${drainTimeoutMs}
MemoryMax=${memoryMib}M
OOMPolicy=continue
ProtectSystem=strict
ReadWritePaths=${word(stateDirectory)}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
CapabilityBoundingSet=
AmbientCapabilities=
`;
}

/** One word of systemd: quoted where it needs it, with its specifiers and variables as plain signs. */
function word(text: string): string {
  const plain = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(plain) ? plain : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Taken to the end of the line, without quotes. */
function path(text: string): string {
  return text.replaceAll('%', '%%');
}
