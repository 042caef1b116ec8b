# From "OpenClaw Gateway Crashes: Root Causes and Fixes" (the public article on gateway crashes): copied, its indentation restored, nothing else changed.
# Root cause 1: what it should look like.

import time
import random

def call_openclaw_with_retry(prompt, max_retries=5, base_delay=1.0):
    """
    Retry with exponential backoff + jitter.
    This alone will fix ~60% of gateway crash issues.
    """
    for attempt in range(max_retries):
        try:
            response = openclaw_client.chat.completions.create(
                model="your-model",
                messages=[{"role": "user", "content": prompt}],
                timeout=30 # Don't let it hang forever
            )
            return response.choices[0].message.content
        except openclaw_client.RateLimitError:
            # 429 — back off aggressively
            delay = base_delay * (2 ** attempt) + random.uniform(0, 1)
            print(f"Rate limited. Waiting {delay:.1f}s before retry {attempt + 1}/{max_retries}")
            time.sleep(delay)
        except openclaw_client.APIStatusError as e:
            if e.status_code in (502, 503, 504):
                # Gateway errors — retry with backoff
                delay = base_delay * (2 ** attempt) + random.uniform(0, 1)
                print(f"Gateway error {e.status_code}. Retry {attempt + 1}/{max_retries} in {delay:.1f}s")
                time.sleep(delay)
            else:
                # 400, 401, 403, etc. — these won't fix themselves
                raise
        except (ConnectionError, TimeoutError) as e:
            delay = base_delay * (2 ** attempt) + random.uniform(0, 1)
            print(f"Connection error: {e}. Retry {attempt + 1}/{max_retries} in {delay:.1f}s")
            time.sleep(delay)
    raise Exception(f"Failed after {max_retries} retries")
