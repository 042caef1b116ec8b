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
  pod_not_found: {
    status: 0,
    retryable: false,
    message: 'There is no pod {name} in the namespace {namespace}.',
    hint: '{suggestion}',
  },
  cluster_unreachable: {
    status: 0,
    retryable: true,
    message: 'No cluster answers at {server}: {reason}.',
    hint: '`kubectl cluster-info` with the same context says whether it is there. `--context`, `--kubeconfig` and `--server` name another.',
  },
  cluster_forbidden: {
    status: 0,
    retryable: false,
    message: 'The cluster at {server} does not let you look: {reason}.',
    hint: 'To look at a pod needs `get` of pods and pods/log and `list` of events: `kubectl auth can-i get pods/log`. Name another credential with `--context` or `--token`.',
  },
  cluster_refused: {
    status: 0,
    retryable: false,
    message: 'The cluster at {server} refused to say: {reason}.',
    hint: '`kubectl get pods` with the same context should work first.',
  },
  kubeconfig_unusable: {
    status: 0,
    retryable: false,
    message: '{file} cannot be used: {reason}.',
    hint: '`kubectl config view` shows it, and `kubectl config get-contexts` its contexts. `--gateway` asks the gateway of this machine instead.',
  },
  service_not_found: {
    status: 0,
    retryable: false,
    message: 'systemd knows of no {name}.',
    hint: '`systemctl list-units --all --type=service` lists them; with `--user` those of your own.',
  },
  systemd_unreachable: {
    status: 0,
    retryable: false,
    message: 'systemd does not answer: {reason}.',
    hint: 'It is asked with `systemctl show` and `journalctl`. In a container there is none: run this on the machine.',
  },
} as const satisfies Record<string, ErrorEntry>;
