"""Clean: the same service as the article mends it, with a cache that gives up its oldest entry when it is full."""
import asyncio
from collections import OrderedDict

from serve import serve


class BoundedCache:
    def __init__(self, max_size=1000):
        self._cache = OrderedDict()
        self._max_size = max_size

    async def store_transaction(self, txn_id, data):
        # Evict oldest entries when cache is full
        if len(self._cache) >= self._max_size:
            self._cache.popitem(last=False)
        self._cache[txn_id] = data
        return await self.process_payment(data)

    async def process_payment(self, data):
        return len(data["body"])


cache = BoundedCache(max_size=1000)


async def fetch_payment_data(request):
    return {"id": request, "body": f"{request}:" + "x" * 1500}


async def process_payment_request(request):
    data = await fetch_payment_data(request)
    return await cache.store_transaction(request, data)


asyncio.run(serve(process_payment_request, 20))
