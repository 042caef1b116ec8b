/** Cause: what the container is to start may not be executed. */
import { toldByItself } from '../told-by-itself.ts';

export const notExecutable = toldByItself({
  id: 'not-executable',
  title: 'The program may not be executed',
  why: 'The entrypoint is there, but its mode or the options of its mount do not allow that it is executed.',
  signs: 'exit 126; `permission denied` when it starts, before any line of the program',
  mends: '`chmod +x` in the Dockerfile, or in the directory that is mounted.',
  pattern:
    /exec(?:: "(?<path>[^"]+)"| user process caused|(?:ve)? (?<plain>\/\S+)).*permission denied|^(?:\/bin\/)?(?:ba|da|a)?sh: (?:line )?(?:\d+: )?(?<command>(?!can't |cannot )[^:]+): Permission denied$/i,
  most: 95,
  weigh(evidence, { byPlatform }) {
    const code = evidence.lives.at(-1)?.exitCode ?? evidence.state.exitCode;
    return byPlatform || code === 126 ? { adds: 0 } : code === 1 ? { adds: -15 } : undefined;
  },
  says: ({ match }) => `${pathIn(match)} is there and may not be executed.`,
  remedy: ({ match }, { mounts }) => {
    const path = pathIn(match);
    const mount = mounts.find(({ target }) => path.startsWith(`${target}/`) || path === target);
    return mount === undefined
      ? [`\`RUN chmod +x ${path}\` in the Dockerfile, and build again`]
      : [
          `\`chmod +x ${mount.source}${path.slice(mount.target.length)}\` on the machine: it is mounted from there`,
          'Look whether that file system is mounted with `noexec`',
        ];
  },
  disprovedBy: '`ls -l` shows an x for its user, and the mount has no `noexec`.',
});

function pathIn({ groups = {} }: RegExpExecArray): string {
  return groups['path'] ?? groups['plain'] ?? groups['command'] ?? 'The program';
}
