# From "OpenClaw Gateway Crashes: Root Causes and Fixes" (the public article on gateway crashes): copied, its indentation restored, nothing else changed.
# The monitoring you actually need.

import time
import logging

logger = logging.getLogger("openclaw_gateway")

def call_openclaw_observed(prompt):
    start = time.time()
    try:
        result = call_openclaw_safe(prompt) # Our circuit-breaker-wrapped function
        duration = time.time() - start
        logger.info(f"SUCCESS | {duration:.2f}s | tokens_est={len(prompt.split()) * 1.3:.0f}")
        return result
    except Exception as e:
        duration = time.time() - start
        logger.error(f"FAILURE | {duration:.2f}s | error={type(e).__name__}: {e}")
        raise
