/**
 * The gateway as a systemd user service: what the unit says, where it lies, and whether systemd has it. `gateway-install.ts` has the commands.
 *
 * A refusal that another start would only repeat (exit code 78) is not tried again, crashes are tried a bounded number of times, and
 * stopping waits for longer than the gateway drains.
 */
import { readFileSync } from 'node:fs';

export interface UnitOptions {
  /** The launcher, or a Node and its script; absolute. */
  readonly program: readonly string[];
  readonly stateDirectory: string;
  readonly configFile: string;
  /** Variables for the service, where there are any: keys of providers, the token. */
  readonly environmentFile: string;
  readonly drainTimeoutMs: number;
}

export const unitName = 'openclaw-gateway.service';
/** By this line a unit is known to be ours, and may be replaced or removed. */
export const unitMark = '# Written by `openclaw gateway install`; changed by hand, it is left alone if this line is taken away.';

// Hardening by seccomp alone: what needs a namespace of its own keeps a user's service from starting where the kernel gives users none.

// Workloads go on when the gateway ends, so only its own process is ended; and it makes control groups for them.

/** Between the end of the drain and systemd's patience: time to write what is left. */
const graceMs = 12_000;

export function unitText(options: UnitOptions): string {
  const { program, stateDirectory, configFile, environmentFile, drainTimeoutMs } = options;
  return `${unitMark}
[Unit]
Description=OpenClaw gateway
Documentation=https://github.com/openclaw/openclaw
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=600
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

[Install]
WantedBy=default.target
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

export interface ServiceState {
  readonly installed: boolean;
  readonly active: string | null;
  readonly unit: string;
  readonly description: string;
}

export interface ServiceContext {
  readonly unitFile: string;
  /** @returns what it printed, and its exit code; undefined where it is not there */
  readonly systemctl: (...words: string[]) => Promise<{ readonly stdout: string; readonly code: number } | undefined>;
}

export async function readServiceState({ unitFile, systemctl }: ServiceContext): Promise<ServiceState> {
  const installed = readUnit(unitFile) !== undefined;
  if (!installed) return { installed, active: null, unit: unitFile, description: 'not installed (`openclaw gateway install`)' };
  const answer = await systemctl('is-active', unitName);
  const active = answer?.stdout.trim() ?? '';
  return {
    installed,
    active: active === '' ? null : active,
    unit: unitFile,
    description: active === '' ? `installed, but systemd does not answer here (${unitFile})` : `${active} (${unitFile})`,
  };
}

export function readUnit(unitFile: string): string | undefined {
  try {
    return readFileSync(unitFile, 'utf8');
  } catch {
    // None is there, or none that we may see: nothing to replace or remove.
    return undefined;
  }
}
