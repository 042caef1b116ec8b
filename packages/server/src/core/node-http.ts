/**
 * Node's HTTP server and client, without what an `import` of `node:http` drags in: reading the names of that module for an import
 * runs its getter for `WebSocket`, which loads fetch and all that belongs to it. That is 14 MB and 35 ms of a start that takes 200.
 */
import type * as http from 'node:http';

const loaded: typeof http = process.getBuiltinModule('node:http');

export const { createServer, get, request } = loaded;
