/** Cause: an empty folder is mounted where files are expected. */
import type { Rule, Suspicion } from '../contract.ts';
import type { Evidence, Mount, Quote } from '../evidence.ts';
import { endedLives, quoteEnd, quoteLine } from '../last-words.ts';
import { pathIn } from '../signs.ts';

const missing =
  /ENOENT|[Nn]o such file|not found|FileNotFound|[Cc]annot (?:find|open)|does not exist|can't open|EISDIR|[Ii]s a directory|MODULE_NOT_FOUND|[Cc]annot find/;
const wrongKind = /not a directory.*(?:mount|trying)|mount a directory onto a file|Are you trying to mount/;

export const emptyMount: Rule = {
  id: 'empty-mount',
  title: 'An empty folder is mounted where files are expected',
  why: 'The path of a bind mount does not exist on the machine, so Docker makes an empty folder there; it hides what the image has at that place, or stands where a file should be.',
  signs: 'a bind mount that is empty, or a folder where the name is that of a file; `ENOENT` or `EISDIR` below it',
  mends: 'Give the right path of the machine (absolute, with `ls` first), make the file before `up`',
  judge(evidence) {
    const { state } = evidence;
    if (state.error !== undefined && wrongKind.test(state.error))
      return suspicion(evidence, evidence.mounts.find(isFolderForFile) ?? evidence.mounts[0], {
        quotes: [{ source: 'docker inspect', text: state.error }],
        weight: 96,
      });
    const suspects = evidence.mounts.filter((mount) => mount.kind !== 'tmpfs' && (mount.isEmpty === true || isFolderForFile(mount)));
    for (const mount of suspects) {
      const quotes = speaksOf(evidence, mount);
      if (quotes.length > 0) return suspicion(evidence, mount, { quotes, weight: mount.kind === 'bind' ? 95 : 94 });
    }
    return undefined;
  },
};

/** A folder that is called like a file: Docker has made it. */
function isFolderForFile({ kind, target, isDirectory }: Mount): boolean {
  return kind === 'bind' && isDirectory === true && /\/[^/]*[^/.]\.[a-z][a-z\d]{1,5}$/i.test(target);
}

function speaksOf(evidence: Evidence, { target }: Mount): readonly Quote[] {
  const { program, state } = evidence;
  const isBelow = (path: string): boolean => path === target || path.startsWith(`${target}/`);
  const command = [...program.entrypoint, ...program.command, ...(program.file === undefined ? [] : [program.file.path])];
  if (state.error !== undefined && missing.test(state.error) && command.some(isBelow))
    return [{ source: 'docker inspect', text: state.error }];
  const lines = endedLives(evidence).at(-1)?.lines ?? [];
  const line = lines.findLast(({ text }) => missing.test(text) && (isBelow(pathIn(text) ?? '') || text.includes(`${target}/`)));
  return line === undefined ? [] : [quoteLine(line), ...quoteEnd(evidence)];
}

function suspicion(
  { subject: { image } }: Evidence,
  mount: Mount | undefined,
  { quotes, weight }: { readonly quotes: readonly Quote[]; readonly weight: number },
): Suspicion {
  const what = mount === undefined ? 'a mount' : `${mount.source} (mounted on ${mount.target})`;
  const isFile = mount !== undefined && isFolderForFile(mount);
  return {
    weight,
    says: isFile ? `${what} is a folder, and a file is expected there.` : `${what} is empty, and hides what the image has there.`,
    because: [
      ...quotes,
      ...(mount === undefined
        ? []
        : [{ source: 'mount', text: `${mount.kind} ${mount.source} -> ${mount.target}: ${isFile ? 'a folder' : 'empty'}` }]),
    ],
    remedy: [
      ...(mount?.kind === 'bind'
        ? [`ls -la ${mount.source}   # on the machine of Docker, not in a virtual machine or container beside it`]
        : []),
      ...(isFile
        ? [`rmdir ${mount.source}; put the file there; then make the container anew: \`docker compose up -d --force-recreate\``]
        : []),
      ...(isFile || mount === undefined
        ? []
        : [
            `put the files there, or leave the mount out: \`docker run --rm --entrypoint ls ${image} -la ${mount.target}\` shows what the image has`,
          ]),
    ],
    disprovedBy: 'The folder has the files when it is looked at from another container with the same mount.',
  };
}
