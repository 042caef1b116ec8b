/** A process that owns a state directory, writes as fast as it can and says on stdout what was acknowledged: `writer.fixture.ts DIRECTORY`. */
import { openState } from '../../storage/index.ts';

const writers = 8;

async function main([directory = '']: readonly string[]): Promise<void> {
  const { database } = await openState(directory);
  process.stdout.write('open\n');
  let last = 0;
  const write = async (): Promise<void> => {
    for (;;) {
      const key = `w${(last += 1)}`;
      await database.write({ statements: [], changes: [{ topic: 'noted', key }] });
      process.stdout.write(`${key}\n`);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

if (import.meta.main) await main(process.argv.slice(2));
