/** Containers whose cause cannot be brought about on a machine of others: the host out of memory, a GPU, a sick daemon. Of the half that the rules were made with. */
import type { Case } from '../case.ts';
import { container } from './builders.ts';

const seconds = (count: number, lasts: number, pause = 1) =>
  Array.from({ length: count }, (_, index) => ({ start: index * (lasts + pause), lasts }));

export const containers: readonly Case[] = [
  container({
    name: 'host-out-of-memory',
    causes: ['host-out-of-memory'],
    from: 'https://github.com/openclaw/openclaw/issues/35773, and mm/oom_kill.c of Linux',
    lives: seconds(2, 340).map((life) => ({
      ...life,
      exitCode: 137,
      lines: ['listening on 18789', 'session main: turn 14', 'session main: turn 15'],
    })),
    kernel: [
      [339.9, 'node invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0'],
      [
        340,
        'Out of memory: Killed process 4711 (node) total-vm:22741332kB, anon-rss:6543212kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:24412kB oom_score_adj:0',
      ],
      [
        680.9,
        'Out of memory: Killed process 4802 (node) total-vm:22741332kB, anon-rss:6412212kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:24412kB oom_score_adj:0',
      ],
    ],
    at: 683,
  }),
  container({
    name: 'gpu-memory-torch',
    causes: ['gpu-memory'],
    from: 'the text of torch.OutOfMemoryError, PyTorch 2.5',
    config: { Cmd: ['python3', '-m', 'vllm.entrypoints.openai.api_server'] },
    lives: seconds(3, 42).map((life) => ({
      ...life,
      exitCode: 1,
      lines: [
        'INFO 11-02 02:00:11 model_runner.py:1060] Starting to load model meta-llama/Llama-3.1-70B...',
        'Traceback (most recent call last):',
        '  File "/usr/lib/python3.12/site-packages/vllm/worker/model_runner.py", line 1062, in load_model',
        '    self.model = get_model(vllm_config=self.vllm_config)',
        'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 448.00 MiB. GPU 0 has a total capacity of 23.65 GiB of which 214.12 MiB is free. Process 4711 has 23.43 GiB memory in use.',
      ],
    })),
    at: 130,
  }),
  container({
    name: 'gpu-memory-llama',
    causes: ['gpu-memory'],
    from: 'the log of llama.cpp, ggml-cuda',
    config: { Cmd: ['/app/llama-server', '-m', '/models/llama-70b.gguf', '-ngl', '99'] },
    lives: seconds(3, 8).map((life) => ({
      ...life,
      exitCode: 1,
      lines: [
        'load_tensors: loading model tensors, this can take a while... (mmap = true)',
        'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 39979.48 MiB on device 0: cudaMalloc failed: out of memory',
        'alloc_tensor_range: failed to allocate CUDA0 buffer of size 41921486848',
        'llama_model_load: error loading model: unable to allocate CUDA0 buffer',
        "srv    load_model: failed to load model, '/models/llama-70b.gguf'",
      ],
    })),
    at: 28,
  }),
  container({
    name: 'docker-daemon-together',
    causes: ['docker-daemon'],
    from: 'the form of `docker ps -a` after a full disk of /var/lib/docker',
    state: {
      Error:
        'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error creating overlay mount to /var/lib/docker/overlay2/merged: input/output error: unknown',
      Status: 'exited',
      Running: false,
      Restarting: false,
    },
    lives: [{ start: 0, lasts: 4000, exitCode: 128, lines: ['listening on 8080'] }],
    others: [
      { name: 'db', state: 'exited', status: 'Exited (128) 30 seconds ago' },
      { name: 'redis', state: 'restarting', status: 'Restarting (128) 10 seconds ago' },
      { name: 'web', state: 'exited', status: 'Exited (255) 32 seconds ago' },
      { name: 'proxy', state: 'exited', status: 'Exited (255) 32 seconds ago' },
    ],
    at: 4035,
  }),
  container({
    name: 'wedged-after-restart',
    causes: ['wedged-after-restart'],
    from: 'https://github.com/openclaw/openclaw/issues/71127',
    lives: [
      {
        start: 0,
        lasts: 1300,
        exitCode: 143,
        kills: [{ at: 1299, signal: 15 }],
        lines: ['gateway listening on ws://0.0.0.0:18789', 'received SIGTERM'],
      },
      { start: 1302, lines: ['gateway listening on ws://0.0.0.0:18789'] },
    ],
    config: {
      Healthcheck: { Test: ['CMD-SHELL', 'wget -q -O /dev/null http://127.0.0.1:18789/healthz'], Interval: 30e9, Timeout: 5e9, Retries: 3 },
    },
    state: {
      Health: {
        Status: 'unhealthy',
        FailingStreak: 21,
        Log: [2020, 2055, 2090, 2125, 2160].map((at) => ({
          ...{
            Start: new Date(Date.parse('2026-11-02T02:00:00Z') + at * 1000).toISOString(),
            End: new Date(Date.parse('2026-11-02T02:00:00Z') + (at + 5) * 1000).toISOString(),
          },
          ...{ ExitCode: -1, Output: 'Health check exceeded timeout (5s)' },
        })),
      },
    },
    stats: {
      ...{
        read: '2026-11-02T02:36:11Z',
        preread: '2026-11-02T02:36:10Z',
        memory_stats: { usage: 180_000_000, limit: 8e9, stats: {} },
        pids_stats: { current: 12 },
      },
      ...{
        cpu_stats: { cpu_usage: { total_usage: 9_020_000_000 }, throttling_data: {} },
        precpu_stats: { cpu_usage: { total_usage: 9_000_000_000 } },
      },
    },
    at: 2171,
  }),
  container({
    name: 'segmentation-fault-kernel',
    causes: ['segmentation-fault'],
    from: 'the form of the line in arch/x86/mm/fault.c of Linux',
    lives: seconds(3, 61).map((life) => ({ ...life, exitCode: 139, lines: ['listening on 8080', 'thumbnail /uploads/4411.heic'] })),
    kernel: [
      [
        184.8,
        'libvips-cpp.so.8[4711]: segfault at 0 ip 00007f2a3c4b1f30 sp 00007ffd1b2a3c48 error 4 in libvips-cpp.so.42.17.1[7f2a3c400000+3a0000]',
      ],
    ],
    at: 187,
  }),
  container({
    name: 'slow-disk',
    causes: ['slow-disk'],
    from: 'the log of etcd 3.5, and block/blk-core.c of Linux',
    lives: seconds(3, 90).map((life) => ({
      ...life,
      exitCode: 1,
      lines: [
        'ready to serve client requests',
        'slow fdatasync, took 4.1s, expected less than 1s',
        'failed to commit: write /data/member/wal/0000000000000001.wal: input/output error',
      ],
    })),
    kernel: [[260, 'I/O error, dev sda, sector 81922112 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2']],
    at: 275,
  }),
  container({
    name: 'python-module-missing',
    causes: ['module-missing'],
    from: 'the text of Python 3.12',
    config: { Cmd: ['python3', 'serve.py'] },
    lives: seconds(3, 1).map((life) => ({
      ...life,
      exitCode: 1,
      lines: [
        'Traceback (most recent call last):',
        '  File "/app/serve.py", line 3, in <module>',
        '    import fastapi',
        "ModuleNotFoundError: No module named 'fastapi'",
      ],
    })),
    at: 7,
  }),
  container({
    name: 'model-file-missing-transformers',
    causes: ['model-file-missing'],
    from: 'the text of transformers 4.46, utils/hub.py',
    config: { Cmd: ['python3', 'serve.py'], Env: ['MODEL_PATH=/app/models/llama-7b'] },
    lives: seconds(3, 4).map((life) => ({
      ...life,
      exitCode: 1,
      lines: [
        'Traceback (most recent call last):',
        '  File "/usr/lib/python3.12/site-packages/transformers/utils/hub.py", line 403, in cached_file',
        "OSError: /app/models/llama-7b is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
      ],
    })),
    at: 16,
  }),
  container({
    name: 'wrong-architecture-log',
    causes: ['wrong-architecture'],
    from: 'the log of Docker 24 for an arm64 image on amd64',
    imageArchitecture: 'arm64',
    lives: seconds(4, 0.2).map((life) => ({
      ...life,
      exitCode: 255,
      lines: ['exec /usr/local/bin/docker-entrypoint.sh: exec format error'],
    })),
    at: 6,
  }),
];
