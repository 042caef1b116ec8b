/** Cause: what the container is to start is not there, or its first line names a program that is not there. */
import type { Evidence } from '../evidence.ts';
import { toldByItself } from '../told-by-itself.ts';

const lineEnd = /\\r|\r|\^M/;

export const entrypointMissing = toldByItself({
  id: 'entrypoint-missing',
  title: 'The program to start is not there',
  why: 'The entrypoint or command names a file that the image does not have; or a script whose first line ends in a carriage return, so that the kernel looks for a shell of that odd name.',
  signs: '`no such file or directory` or `not found` when it starts, exit 127; logs are empty; the file may well exist',
  mends: 'Correct the path of the entrypoint, or give the script line ends of Unix (LF).',
  pattern:
    /exec(?:ve|_linux\.go|:| user process caused| )?.*(?:no such file or directory|executable file not found)|env: ['‘]?(?<interpreter>[^'’:\s]+)['’]?: No such file|bad interpreter|^(?:\/bin\/)?(?:ba|da|a)?sh: (?:exec: )?(?:line )?(?:\d+: )?(?<command>[^:]+): (?:command )?not found|\$PATH: unknown/i,
  most: 93,
  weigh(evidence, { byPlatform }) {
    const ended = evidence.lives.at(-1)?.exitCode ?? evidence.state.exitCode;
    if (!byPlatform && ended !== 127 && ended !== 1 && ended !== 255 && ended !== 128) return undefined;
    return { adds: ended === 127 || byPlatform ? 2 : -10 };
  },
  says: ({ match, byPlatform }, evidence) =>
    mayHaveLineEnds(match, evidence, byPlatform)
      ? `${commandOf(evidence)} cannot be started: the file may be there, but the shell that its first line names is not, as with line ends of Windows.`
      : `${commandOf(evidence)} is not there: nothing of that name is in the image.`,
  remedy: ({ match, byPlatform }, evidence) =>
    mayHaveLineEnds(match, evidence, byPlatform)
      ? [
          `Look at the first line: \`docker run --rm --entrypoint cat ${evidence.subject.image} ${pathOf(evidence)} | head -1 | od -c\`; a \\r must not be there`,
          `Give it line ends of Unix: \`sed -i 's/\\r$//' ${pathOf(evidence)}\`, and \`*.sh text eol=lf\` in .gitattributes`,
        ]
      : [
          `Correct the entrypoint or command, or put ${pathOf(evidence)} into the image: \`docker run --rm --entrypoint ls ${evidence.subject.image} -l /\``,
          'Look whether a mount hides the directory that it lies in',
        ],
  disprovedBy: 'The same command starts when it is typed in a shell of the same image.',
});

function mayHaveLineEnds({ input, groups }: RegExpExecArray, evidence: Evidence, byPlatform: boolean): boolean {
  if (lineEnd.test(input) || /bad interpreter/.test(input) || groups?.['interpreter'] !== undefined) return true;
  // Without `stat` in front of it the file was found, and what it names was not.
  return !byPlatform && /no such file or directory/.test(input) && groups?.['command'] === undefined && pathOf(evidence).includes('/');
}

function commandOf(evidence: Evidence): string {
  const path = pathOf(evidence);
  return path === '' ? 'What it starts' : path;
}

function pathOf({ program }: Evidence): string {
  return [...program.entrypoint, ...program.command][0] ?? '';
}
