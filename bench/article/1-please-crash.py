# From "OpenClaw Gateway Crashes: Root Causes and Fixes" (the public article on gateway crashes): copied, its indentation restored, nothing else changed.
# Root cause 1: no retry logic.

# The "please crash" pattern
def call_openclaw(prompt):
    response = openclaw_client.chat.completions.create(
        model="your-model",
        messages=[{"role": "user", "content": prompt}]
    )
    return response.choices[0].message.content
