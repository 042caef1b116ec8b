/** Cause: the program is for another kind of processor than the machine has. */
import { toldByItself } from '../told-by-itself.ts';
import type { Evidence } from '../evidence.ts';

export const wrongArchitecture = toldByItself({
  id: 'wrong-architecture',
  title: 'The program is for another processor',
  why: 'The kernel refuses a program that was built for another architecture, or a script that does not say which shell reads it.',
  signs: '`exec format error`; the architecture of the image is not that of the machine',
  mends: 'Take or build the image for this machine: `docker build --platform linux/amd64`.',
  pattern: /exec format error|cannot execute binary file/i,
  most: 92,
  weigh: (evidence) => {
    const { image, host } = evidence;
    if (image === undefined || !isOther(evidence)) return { adds: 0 };
    return {
      adds: 4,
      because: [{ source: 'docker image inspect', text: `the image is for ${image.architecture}, the machine is ${host.architecture}` }],
    };
  },
  says: (_found, evidence) =>
    isOther(evidence)
      ? `The image is for ${evidence.image?.architecture}, and this machine is ${evidence.host.architecture}.`
      : 'The kernel cannot run the program: it is for another processor, or a script without a first line such as `#!/bin/sh`.',
  remedy: (_found, { subject, host }) => [
    `Take the image for this machine: \`docker pull --platform linux/${host.architecture === undefined ? 'amd64' : architectureOf(host.architecture)} ${subject.image}\`, or build it with \`--platform\``,
    'If what it starts is a script, its first line has to be `#!/bin/sh`',
  ],
  disprovedBy: '`file` says that the program is for this processor.',
});

function isOther({ image, host }: Evidence): boolean {
  if (image === undefined || host.architecture === undefined) return false;
  return architectureOf(image.architecture) !== architectureOf(host.architecture);
}

/** The words of kernels and those of images. */
function architectureOf(name: string): string {
  return { x86_64: 'amd64', aarch64: 'arm64', arm64: 'arm64', i686: '386', armv7l: 'arm' }[name] ?? name;
}
