"""Leaks: the payment service of the article, with its dictionary that is never emptied."""
import asyncio

from serve import serve


class PaymentCache:
    def __init__(self):
        self._cache = {}  # Unbounded dictionary

    async def store_transaction(self, txn_id, data):
        # Never removes old entries - memory leak
        self._cache[txn_id] = data
        return await self.process_payment(data)

    async def process_payment(self, data):
        return len(data["body"])


cache = PaymentCache()


async def fetch_payment_data(request):
    return {"id": request, "body": f"{request}:" + "x" * 1500}


async def process_payment_request(request):
    data = await fetch_payment_data(request)
    return await cache.store_transaction(request, data)


asyncio.run(serve(process_payment_request, 20))
