# From "OpenClaw Gateway Crashes: Root Causes and Fixes" (the public article on gateway crashes): copied, its indentation restored, nothing else changed.
# Root cause 2: a session with connection pooling.

# Use a session with connection pooling
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

def create_robust_session():
    """
    Connection pooling + automatic retries at the HTTP level.
    This sits underneath your OpenClaw client.
    """
    session = requests.Session()
    retry_strategy = Retry(
        total=3,
        backoff_factor=1,
        status_forcelist=[429, 500, 502, 503, 504],
        allowed_methods=["POST", "GET"]
    )
    adapter = HTTPAdapter(
        max_retries=retry_strategy,
        pool_connections=10, # Max connections to keep alive
        pool_maxsize=20, # Max pool size
        pool_block=True # Block when pool is full instead of creating new connections
    )
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
