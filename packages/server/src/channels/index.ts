/** Channels as compose/ sees them. It is loaded only where one is configured. */
export { createChannels, type Channels } from './channels.ts';
