# From "OpenClaw Gateway Crashes: Root Causes and Fixes" (the public article on gateway crashes): copied, its indentation restored, nothing else changed.
# Root cause 2: explicit lifecycle management.

# Good: explicit lifecycle management
client = OpenClawClient()
try:
    result = run_my_agent_workflow(client)
finally:
    client.close()

# Better: context manager if supported
with OpenClawClient() as client:
    result = run_my_agent_workflow(client)
