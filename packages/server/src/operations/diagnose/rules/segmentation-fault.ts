/** Cause: native code broke: a segmentation fault, an illegal instruction, a bus error. */
import type { Rule } from '../contract.ts';
import { endedLives, lastWords, quoteEnd } from '../last-words.ts';

const signals: Readonly<Record<number, string>> = { 132: 'SIGILL', 135: 'SIGBUS', 139: 'SIGSEGV' };
const ownAbort = /FATAL ERROR:|heap out of memory|Assertion .*failed|terminate called after throwing|panicked at|abort\(\)|Aborted/;
const kernelLine = /segfault at|general protection|trap invalid opcode|traps:/;

export const segmentationFault: Rule = {
  id: 'segmentation-fault',
  title: 'Native code broke',
  why: 'A native library or the program itself touched memory that is not its own, or used an instruction that this processor does not have. No handler of the program sees that.',
  signs: 'exit 139 (SIGSEGV), 132 (SIGILL) or 135 (SIGBUS); a line of the kernel about a segfault; no stack of the program',
  mends: 'Update or replace the native library; for SIGILL take a build for this processor.',
  judge(evidence) {
    const ended = endedLives(evidence);
    const last = ended.at(-1);
    const signal = last?.signal !== undefined && Object.values(signals).includes(last.signal) ? last.signal : signals[last?.exitCode ?? 0];
    if (last === undefined || signal === undefined || last.killedBy.length > 0) return undefined;
    // As process 1 of a container `abort()` cannot raise SIGABRT: what follows looks like a broken library, and the program has said what it was.
    if (lastWords(evidence, ownAbort, 90) !== undefined) return { notBecause: 'the program gave up by itself, and says why' };
    const kernel = evidence.host.kernel.filter(({ text }) => kernelLine.test(text)).slice(-1);
    const same = ended.filter(({ exitCode }) => exitCode === last.exitCode).length;
    const lastLine = last.lines.findLast(({ text }) => text.trim() !== '');
    return {
      weight: Math.min(95, 80 + (kernel.length > 0 ? 8 : 0) + (same > 1 ? 6 : 0)),
      says: `${signal} ended it${same > 1 ? `, ${same} times` : ''}: native code broke${signal === 'SIGILL' ? ' over an instruction that this processor does not have' : ''}.`,
      because: [...quoteEnd(evidence), ...kernel, ...(lastLine === undefined ? [] : [{ source: 'log', text: lastLine.text.trim() }])],
      remedy: [
        signal === 'SIGILL'
          ? 'Take a build without AVX2 or AVX-512, or a machine that has them: `grep -o "avx[^ ]*" /proc/cpuinfo | sort -u`'
          : 'Update or take out the native library that worked last: the last line before the end says what it was about',
        'For a stack: `ulimits: { core: -1 }`, then `gdb` on the core; on the machine `dmesg | grep segfault` names the library',
      ],
      disprovedBy: 'The same input does not break it on another machine with the same image: then look at the memory of this one.',
    };
  },
};
