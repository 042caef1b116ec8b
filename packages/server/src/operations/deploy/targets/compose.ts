/** Docker Compose: one service with one named volume. Read by docker-compose 1.29 and by `docker compose` alike. */
import { type Deployment, type DeployTarget, graceSeconds, imageStateDirectory, imageUser } from '../contract.ts';
import { envFile } from '../env-file.ts';

export const composeTarget: DeployTarget = {
  name: 'docker',
  aliases: ['compose'],
  title: 'Docker Compose',
  page: 'docker.md',
  files: (deployment) => [{ path: 'docker-compose.yml', text: composeText(deployment) }, envFile(deployment)],
  next: () => [
    'docker compose up -d          # docker-compose up -d, where Compose is a program of its own',
    'docker compose ps             # healthy, some seconds later',
    'openclaw deploy check --container $(docker compose ps -q openclaw-gateway)',
  ],
};

export function composeText(deployment: Deployment): string {
  const { image, port, isOpen, memoryMib, drainTimeoutMs, credential } = deployment;
  return `# Written by \`openclaw deploy docker\`. Secrets are in .env, which stays out of version control.
services:
  openclaw-gateway:
    image: ${image}
    env_file: [.env]
    environment:
      ${credential}: '\${${credential}:?it belongs into .env, beside this file}'
      # Inside of a container loopback reaches nobody. Who may come from outside is decided by \`ports\`.
      OPENCLAW_GATEWAY_BIND: lan
      OPENCLAW_GATEWAY_PORT: '${port}'
      # Shorter than the grace below, after which Docker kills.
      OPENCLAW_DRAIN_TIMEOUT_MS: '${drainTimeoutMs}'
    ports:
      - '${isOpen ? '' : '127.0.0.1:'}${port}:${port}'
    volumes:
      - openclaw-state:${imageStateDirectory}
    # Who owns the volume. Another one: \`OPENCLAW_UID\` and \`OPENCLAW_GID\` in .env, and a volume that belongs to them.
    user: '\${OPENCLAW_UID:-${imageUser.uid}}:\${OPENCLAW_GID:-${imageUser.gid}}'
    read_only: true
    tmpfs:
      - /tmp:mode=1777,size=256m
    cap_drop: [ALL]
    security_opt: ['no-new-privileges:true']
    mem_limit: ${memoryMib}m
    pids_limit: 1024
    # A gateway that is refused for the fourth time stays up and says why, so this makes no loop; and it comes back with the machine.
    restart: unless-stopped
    stop_grace_period: ${graceSeconds(deployment)}s
    healthcheck:
      test: ['CMD-SHELL', 'curl -fsS http://127.0.0.1:${port}/health || curl -fsSk https://127.0.0.1:${port}/health']
      interval: 10s
      timeout: 10s
      retries: 3
      start_period: 300s
    logging:
      driver: json-file
      options: { max-size: 10m, max-file: '5' }

volumes:
  openclaw-state:
    # By its own name: otherwise it has that of this folder in front, and a folder by another name is a new machine.
    name: openclaw-state
`;
}
