/**
 * Bundles the Control UI, as `npm ci` does through `prepare`. Without vite (`npm ci --omit=dev`) it says so and does nothing: the gateway then tells
 * at `/` what to run.
 *
 * Plain JavaScript, so that whichever Node npm has runs it.
 */
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../packages/control-ui/', import.meta.url));

async function findVite() {
  try {
    return await import('vite');
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

const vite = await findVite();
if (vite === undefined) {
  console.log('The Control UI is not built, because vite is not installed: run npm ci without --omit=dev.');
} else {
  await vite.build({ root, configFile: `${root}vite.config.ts`, logLevel: 'warn' });
}
