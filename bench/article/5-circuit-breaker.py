# From "OpenClaw Gateway Crashes: Root Causes and Fixes" (the public article on gateway crashes): copied, its indentation restored, nothing else changed.
# Root cause 3: no circuit breaker.

import time
from collections import deque

class CircuitBreaker:
    """
    Simple circuit breaker for OpenClaw gateway calls.
    States:
    - CLOSED: Normal operation, requests go through
    - OPEN: Too many failures, reject requests immediately
    - HALF_OPEN: Testing if the service has recovered
    """
    def __init__(self, failure_threshold=5, recovery_timeout=60, window=120):
        self.failure_threshold = failure_threshold
        self.recovery_timeout = recovery_timeout
        self.window = window
        self.failures = deque()
        self.state = "CLOSED"
        self.last_failure_time = None

    def record_failure(self):
        now = time.time()
        self.failures.append(now)
        # Remove failures outside the window
        while self.failures and self.failures[0] < now - self.window:
            self.failures.popleft()
        if len(self.failures) >= self.failure_threshold:
            self.state = "OPEN"
            self.last_failure_time = now
            print(f"Circuit OPEN — {len(self.failures)} failures in {self.window}s window")

    def record_success(self):
        self.failures.clear()
        self.state = "CLOSED"

    def can_proceed(self):
        if self.state == "CLOSED":
            return True
        if self.state == "OPEN":
            # Check if enough time has passed to try again
            if time.time() - self.last_failure_time > self.recovery_timeout:
                self.state = "HALF_OPEN"
                print("Circuit HALF_OPEN — testing recovery")
                return True
            return False
        # HALF_OPEN: allow one request through
        return True

# Usage
breaker = CircuitBreaker(failure_threshold=5, recovery_timeout=60)

def call_openclaw_safe(prompt):
    if not breaker.can_proceed():
        raise Exception("Circuit open — OpenClaw gateway is currently unavailable. Will retry in 60s.")
    try:
        result = call_openclaw_with_retry(prompt) # Our retry function from earlier
        breaker.record_success()
        return result
    except Exception as e:
        breaker.record_failure()
        raise
