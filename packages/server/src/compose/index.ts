/** The only folder that knows every part: builds them in order, hands them to each other, and takes them down in reverse. */
export { startGateway, type RunningGateway, type StartOptions } from './start.ts';
export { describeModels, openStateForCommand, type OpenedState } from './command.ts';
export { startHeldCopy, type HeldCopy } from './held-copy.ts';
export { holdGateway, type HeldGateway } from './hold.ts';
