/** Cause: the disk is too slow, or broken. */
import { toldByItself } from '../told-by-itself.ts';

const kernelWords = /i\/o error|blocked for more than|hung task/i;

export const slowDisk = toldByItself({
  id: 'slow-disk',
  title: 'The disk is too slow, or broken',
  why: 'Writes take seconds: leases run out, checks time out, databases give up. On network storage and full SSDs it comes and goes.',
  signs: '`slow fdatasync`, `fsync took`, `EIO`, `I/O error`; the kernel says that tasks were blocked',
  mends: 'Measure it (`openclaw volumes --bench`), move the data to a local disk; replace a disk with errors',
  pattern:
    /slow f(?:data)?sync|f(?:data)?sync\b.*(?:took|slow|exceeded|expected)|(?:disk|storage|write|wal|journal|commit)\b.*\b(?:too slow|is slow|took (?:too long|\d+ ?m?s)|overloaded)|\bEIO\b|[Ii]nput\/output error|\bI\/O error|SQLITE_IOERR|disk I\/O error/,
  most: 88,
  weigh(evidence, { byPlatform }) {
    if (byPlatform) return undefined;
    const kernel = evidence.host.kernel.filter(({ text }) => kernelWords.test(text)).slice(-2);
    return { adds: kernel.length > 0 ? 6 : 0, because: kernel };
  },
  says: ({ match }) => (/EIO|error|IOERR/i.test(match[0]) ? 'The disk answers with errors.' : 'Writes to the disk take too long.'),
  remedy: () => [
    'dmesg -T | grep -iE "i/o error|blocked for more"   # errors of the disk itself',
    'iostat -x 1 5   # r_await, w_await and %util of the disk that the volume lies on',
    'move the data off network storage: `docker volume create` on a local disk, then copy it',
  ],
  disprovedBy: '`fsync` on the same volume takes less than 20 ms while it fails.',
});
