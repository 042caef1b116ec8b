/** Rows of the error catalogue: what keeps `openclaw doctor container` and `openclaw doctor pod` from looking. */
import type { ErrorEntry } from './entry.ts';

export const diagnosisErrors = {
  container_not_found: {
    status: 0,
    retryable: false,
    message: 'Docker knows no container {container}, and remembers no event of one.',
    hint: '{suggestion} `docker ps --all` lists them. Of one that is gone, what was kept of its output says something: `--logs FILE`, `--events FILE`.',
  },
  docker_unreachable: {
    status: 0,
    retryable: true,
    message: 'No Docker answers at {address}: {reason}.',
    hint: 'Start it (`sudo systemctl start docker`), or say where it is: `--docker-host unix:///run/user/1000/docker.sock`. In a container, mount its socket.',
  },
  docker_forbidden: {
    status: 0,
    retryable: false,
    message: 'You may not use the socket of Docker at {address}.',
    hint: '`sudo usermod --append --groups docker $USER` and a new login make you one of its group, which is as good as root; or run this with sudo.',
  },
  docker_host_unsupported: {
    status: 0,
    retryable: false,
    message: 'There is no speaking with a Docker at {host}.',
    hint: 'A socket (`unix:///var/run/docker.sock`) or an address without TLS (`tcp://127.0.0.1:2375`) will do. Through ssh: `ssh -L 2375:/var/run/docker.sock HOST`, then `--docker-host tcp://127.0.0.1:2375`.',
  },
  docker_refused: {
    status: 0,
    retryable: false,
    message: 'Docker refused to say: {reason}.',
    hint: '`docker info` and `docker ps --all` should work first.',
  },
} as const satisfies Record<string, ErrorEntry>;
