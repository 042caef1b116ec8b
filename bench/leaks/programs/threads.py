"""Leaks threads: every fortieth request starts a worker that waits for work for ever, and holds a buffer for it."""
import asyncio
import threading

from serve import serve

idle = threading.Event()


def work(buffer):
    idle.wait()
    return len(buffer)


async def handle(request):
    if request % 40 == 0:
        threading.Thread(target=work, args=(bytearray(65536),), daemon=True).start()


asyncio.run(serve(handle, 20))
