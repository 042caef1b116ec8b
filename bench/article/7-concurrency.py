# From "OpenClaw Gateway Crashes: Root Causes and Fixes" (the public article on gateway crashes): copied, its indentation restored, nothing else changed.
# Root cause 5: concurrency misconfiguration.

import asyncio

# Control concurrency with a semaphore
GATEWAY_CONCURRENCY_LIMIT = 5 # Tune this based on your gateway's capacity
semaphore = asyncio.Semaphore(GATEWAY_CONCURRENCY_LIMIT)

async def call_openclaw_concurrent(prompt):
    """
    Ensures no more than GATEWAY_CONCURRENCY_LIMIT
    simultaneous requests hit the gateway.
    """
    async with semaphore:
        return await async_call_openclaw_with_retry(prompt)

# Run multiple agents without overwhelming the gateway
async def run_agents(prompts):
    tasks = [call_openclaw_concurrent(p) for p in prompts]
    return await asyncio.gather(*tasks, return_exceptions=True)
