/** `/`: says what answers here. The Control UI will live at this path; it does not exist yet. */
import { replyText } from '../reply.ts';
import type { Endpoint } from '../request.ts';

export function createRootEndpoint(version: string): Endpoint {
  const body = `OpenClaw ${version}

This is the gateway's address for programs:
  OpenAI clients      base URL ending in /v1
  Anthropic clients   base URL without a path
  state               /health

There is no Control UI in this release.
`;
  return (request) => replyText(request.response, 200, { contentType: 'text/plain; charset=utf-8', body });
}
