"""What the Python programs here have in common: requests at a rate, and a line of figures every second on file descriptor 3.

Allocation sites are the difference of two snapshots of tracemalloc. It leaks nothing itself.
"""
import asyncio
import json
import os
import sys
import time
import tracemalloc


async def serve(handle, rate_per_second):
    seconds = float(sys.argv[sys.argv.index("--seconds") + 1])
    figures = os.fdopen(3, "w", buffering=1)
    tracemalloc.start()
    started = time.monotonic()
    requests, told, before, moment = 0, 0, None, 0
    while (elapsed := time.monotonic() - started) < seconds:
        while requests < elapsed * rate_per_second:
            await handle(requests)
            requests += 1
        if elapsed > told:
            figures.write(json.dumps({"requests": requests}) + "\n")
            told += 1
        if before is None and elapsed > seconds / 4:
            before, moment = tracemalloc.take_snapshot(), int(time.time() * 1000)
        await asyncio.sleep(0.05)
    after = tracemalloc.take_snapshot()
    sites = [
        {
            "file": os.path.relpath(difference.traceback[0].filename),
            "line": difference.traceback[0].lineno,
            "bytes": difference.size,
            "growthBytes": difference.size_diff,
        }
        for difference in after.compare_to(before, "lineno")
        if difference.traceback[0].filename.startswith(os.getcwd())
    ]
    sites.sort(key=lambda site: -site["growthBytes"])
    allocations = {"source": "tracemalloc", "from": moment, "to": int(time.time() * 1000), "sites": sites[:10]}
    figures.write(json.dumps({"allocations": allocations}) + "\n")
