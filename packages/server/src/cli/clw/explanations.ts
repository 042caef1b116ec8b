/** What the messages about memory mean, how they belong together, and what to do: text alone, for `clw explain`. */

export interface Explanation {
  readonly meaning: string;
  /** As the runtime, or somebody else's, prints it. */
  readonly looksLike: readonly string[];
  readonly relationship: string;
  readonly causes?: readonly string[];
  readonly steps: readonly string[];
}

const flow = [
  'Check the limit:   clw metrics workload NAME --window 1h',
  'Check for a leak:  clw analyze workload NAME; what grows: clw debug workload NAME --memory-profile --duration 5m',
  'No leak, limit too low:  clw analyze workload NAME --recommend-resources   (--apply sets it)',
  'A leak: mend the program; a higher limit is only reached later.',
  'Neither: look at the traffic, and give it more instances: clw scale workload NAME --replicas 3',
] as const;

export const explanations: Readonly<Record<string, Explanation>> = {
  'clw-memory-oom': {
    meaning: 'A container of the workload used all the memory that its limit allows, and was ended for it.',
    looksLike: [
      '[ERROR] clw-memory-oom: Container workload-xyz exceeded memory limit',
      '[ERROR] Current usage: 2048Mi, Limit: 2048Mi',
      '[ERROR] Memory allocation request rejected',
    ],
    relationship:
      'One kind of clw-resource-limit. clw-memory-pressure comes before it where there is time, clw-container-kill right after it.',
    causes: [
      'the limit is lower than what the program needs under load',
      'a leak: memory grows until it is reached, whatever the limit',
      'a burst of requests or one large job that is loaded whole',
      'caches without a bound, connections or threads that are not given back',
      'memory outside of the heap: buffers, stacks, the page cache (clw debug workload NAME --show-vmmap)',
    ],
    steps: flow,
  },
  'clw-memory-pressure': {
    meaning: 'The workload uses 85 % of its memory limit or more. Nothing was ended yet.',
    looksLike: [
      '[WARNING] clw-memory-pressure: Memory usage at 85% of limit',
      '[WARNING] Workload: payment-processor, Usage: 1740Mi / 2048Mi',
    ],
    relationship: 'The sign that comes before clw-memory-oom: who acts on it prevents that one.',
    causes: ['the same as of clw-memory-oom, earlier', 'a page cache that fills; the kernel gives that up by itself'],
    steps: flow,
  },
  'clw-container-kill': {
    meaning: 'A container was ended because a resource was used up: SIGKILL, exit code 137.',
    looksLike: [
      '[ERROR] clw-container-kill: Container payment-svc was killed',
      '[ERROR] Reason: OOMKilled (Exit code 137)',
      '[ERROR] Signal: SIGKILL received',
    ],
    relationship:
      "What follows at once from clw-memory-oom. Exit code 137 without OOMKilled is somebody else's SIGKILL: look at the events.",
    steps: [
      'See why:            clw describe workload NAME      (Last State, Reason, Exit Code)',
      'See what came before: clw logs workload NAME --previous --tail 100',
      'See how often:      clw events workload NAME --types Warning',
      'With OOMKilled: clw explain clw-memory-oom',
    ],
  },
  'clw-resource-limit': {
    meaning: 'A limit of a resource was exceeded: memory, processor time, or another.',
    looksLike: [
      '[ERROR] clw-resource-limit: Resource limit exceeded',
      '[ERROR] Resource: memory, Workload: payment-processor',
      '[ERROR] Limit: 2048Mi, Usage: 2096Mi',
    ],
    relationship: 'The parent of the others; clw-memory-oom is its case for memory.',
    steps: [
      'See which resource:  clw events workload NAME --types Warning',
      'See the limits:      clw get workload NAME -o yaml',
      'For memory: clw explain clw-memory-oom',
    ],
  },
  'clw-heap-limit': {
    meaning:
      'A program of Node ran out of memory at the limit of its own JavaScript heap and ended itself (exit code 134, SIGABRT). ' +
      'The kernel killed nobody, and the container may have had room: its status says HeapOutOfMemory, not OOMKilled.',
    looksLike: [
      '[ERROR] clw-heap-limit: The JavaScript heap of container payment-svc reached its own limit at 243Mi',
      '[ERROR] Container usage: 310Mi, Limit: 2048Mi',
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    ],
    relationship:
      "A clw-resource-limit that the program has set itself. clw-memory-oom is the other limit: the container's. Whichever is lower comes first.",
    causes: [
      'a heap limit that does not fit the container: --max-old-space-size in NODE_OPTIONS or in the command, or what Node takes without it',
      'a leak: then a larger heap is only reached later',
      'one large job, or one large array or string, that is held whole',
    ],
    steps: [
      'Check for a leak:  clw analyze workload NAME; what grows: clw debug workload NAME --memory-profile --duration 5m',
      'See both limits:   clw describe workload NAME; the usage at the end: clw metrics workload NAME --window 1h',
      'The container has room: raise the heap, at most to three quarters of the limit: NODE_OPTIONS=--max-old-space-size=MEBIBYTES',
      "It has none: raise the container's limit first (clw analyze workload NAME --recommend-resources names both), then the heap.",
      'A leak: mend the program; neither limit helps.',
    ],
  },
  'k8s-oom-killed': {
    meaning: 'Kubernetes reports that the kernel ended a container for its memory.',
    looksLike: ['Status: OOMKilled', 'Last State: Terminated', 'Reason: OOMKilled', 'Exit Code: 137'],
    relationship: 'The same as clw-memory-oom, as Kubernetes says it; where OpenClaw runs a workload there, both appear together.',
    steps: [
      'See both sides:  clw describe workload NAME; kubectl describe pod POD',
      'A node that has no memory left ends containers below their limit too: compare the usage with the limit.',
      'Then as for clw-memory-oom: clw explain clw-memory-oom',
    ],
  },
  'docker-out-of-memory': {
    meaning: 'The kernel ended a container that Docker runs for its memory. One that OpenClaw did not start is not among its workloads.',
    looksLike: ['docker: Error response from daemon: Cannot kill container:', 'Memory cgroup out of memory.'],
    relationship: 'What lies below clw-memory-oom where the driver is docker: mending one mends both.',
    steps: [
      "See what Docker says:  docker inspect CONTAINER --format '{{.State.OOMKilled}} {{.State.ExitCode}}'",
      "OOMKilled=false does not rule it out: a child may have been ended while the first process lives. Docker's events tell.",
      'Let OpenClaw run it, and its limits, history and causes are kept: clw apply -f FILE',
      'Then as for clw-memory-oom: clw explain clw-memory-oom',
    ],
  },
};
