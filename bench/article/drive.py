"""
Gives the article's blocks what they name, injects a fault for each, and says what each did.

The blocks share one namespace, as they would in one program: later ones call earlier ones. The `openai` package stands in for
`openclaw_client`. The blocks' own pauses are twenty times shorter here (`time.sleep`), the minute of their breaker is two seconds and that
of the gateway's a quarter of one; nothing else is changed. Each block meets a gateway that has just started. It asserts nothing: the last
line says how many did what the article promises.
"""
import asyncio
import json
import logging
import os
import pathlib
import sys
import tempfile
import time
import urllib.request

import openai
import requests

folder = pathlib.Path(__file__).parent
gateway = json.loads(os.environ["GATEWAY"])
kept = []
real_sleep = time.sleep
time.sleep = lambda seconds: real_sleep(seconds / 20)


def http(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method)) as answer:
        return json.loads(answer.read())


def behave(**change):
    """From now on the provider behaves so, and its counts begin again."""
    http("PUT", os.environ["CHAOS"] + "/behaviour", {"faults": [], "latency": {"p50Ms": 0, "p95Ms": 0, "p99Ms": 0}, **change})
    http("DELETE", os.environ["CHAOS"] + "/counts")


def counts():
    return http("GET", os.environ["CHAOS"] + "/counts")


def healthy_again():
    """Well again, and past the time for which the block's breaker and the gateway's leave it alone."""
    behave()
    real_sleep(2.2)


def new_gateway():
    global gateway
    gateway = http("GET", os.environ["CONTROL"] + "/restart")
    names["openclaw_client"] = new_client()


def new_client():
    client = openai.OpenAI(base_url=gateway["url"], api_key=gateway["token"])
    # The article finds the exceptions on its client.
    client.RateLimitError = openai.RateLimitError
    client.APIStatusError = openai.APIStatusError
    return client


def run_my_agent_workflow(client):
    answer = client.chat.completions.create(model="your-model", messages=[{"role": "user", "content": "One step."}])
    return answer.choices[0].message.content


async def async_call_openclaw_with_retry(prompt):
    return await asyncio.to_thread(names["call_openclaw_with_retry"], prompt)


names = {
    "openclaw_client": new_client(),
    "OpenClawClient": new_client,
    "run_my_agent_workflow": run_my_agent_workflow,
    "requests": requests,
    "async_call_openclaw_with_retry": async_call_openclaw_with_retry,
    "print": lambda *words: print("    |", *words),
}


def load(name):
    exec(compile((folder / name).read_text(), name, "exec"), names)


def attempt(call, *arguments):
    """What a call came to, in a few words."""
    started = time.time()
    try:
        result = call(*arguments)
        return True, f"answered in {time.time() - started:.2f} s" if isinstance(result, str) else result
    except Exception as error:
        return False, f"{type(error).__name__} after {time.time() - started:.2f} s: {str(error)[:140]}"


def report(fault, found, held):
    kept.append(held)
    print(f"  {fault}\n    -> {found}  [{'as promised' if held else 'NOT as promised'}]")


def please_crash():
    load("1-please-crash.py")
    behave(faults=[{"kind": "status", "status": 502, "times": 1}])
    ok, found = attempt(names["call_openclaw"], "Hello?")
    report("the provider answers 502 once", f"{found}; the provider was asked {counts()['requests']} times", ok)


def retry():
    load("2-retry.py")
    call = names["call_openclaw_with_retry"]
    behave(faults=[{"kind": "status", "status": 429, "retryAfter": "seconds", "awayMs": 1000, "times": 1}])
    ok, found = attempt(call, "Hello?")
    report("the provider answers 429 with Retry-After: 1 once", f"{found}; the provider was asked {counts()['requests']} times", ok)
    behave(faults=[{"kind": "status", "status": 503, "times": 5}])
    ok, found = attempt(call, "Hello?")
    report("the provider answers 503 five times", f"{found}; the provider was asked {counts()['requests']} times", ok)
    healthy_again()
    behave(faults=[{"kind": "status", "status": 400}])
    ok, found = attempt(call, "Hello?")
    report("the provider answers 400: not worth a retry", f"{found}; asked {counts()['requests']} time", counts()["requests"] == 1)


def session():
    load("3-session.py")
    made = names["create_robust_session"]()
    body = {"model": "your-model", "messages": [{"role": "user", "content": "Hello?"}]}
    headers = {"authorization": "Bearer " + gateway["token"]}
    behave(faults=[{"kind": "reset", "at": "accept", "times": 1}])
    ok, found = attempt(lambda: str(made.post(gateway["url"] + "/chat/completions", json=body, headers=headers).raise_for_status()))
    report("the provider resets a connection once", found, ok)
    made.close()


def lifecycle():
    behave()
    ok, found = attempt(load, "4-lifecycle.py")
    closed = names["client"].is_closed() if ok else False
    report("no fault", f"the workflow ran twice; its last client is {'closed' if closed else 'open'}" if ok else found, ok and closed)


def circuit_breaker():
    load("5-circuit-breaker.py")
    breaker, call = names["breaker"], names["call_openclaw_safe"]
    breaker.recovery_timeout = 2
    behave(faults=[{"kind": "status", "status": 503}])
    for _ in range(5):
        attempt(call, "Hello?")
    asked = counts()["requests"]
    state = breaker.state
    ok, found = attempt(call, "Hello?")
    report(
        "the provider is down: 5 calls, each tried 5 times by the block, then one more",
        f"{state} after five; the sixth: {found}; the provider was asked {asked} times in all",
        not ok and state == "OPEN" and counts()["requests"] == asked,
    )
    healthy_again()
    ok, found = attempt(call, "Hello?")
    report("the provider is back", f"{found}; {breaker.state}", ok and breaker.state == "CLOSED")


def checkpoint():
    load("6-checkpoint.py")
    behave()
    step = lambda state: run_my_agent_workflow(names["openclaw_client"])[:20]
    with tempfile.TemporaryDirectory() as directory:
        agent = names["CheckpointedAgent"]("agent", directory)
        for _ in range(14):
            agent.run_step(step)
        http("GET", os.environ["CONTROL"] + "/kill")
        ok, found = attempt(agent.run_step, step)
        new_gateway()
        again = names["CheckpointedAgent"]("agent", directory)
        while again.state["step"] < 20:
            again.run_step(step)
        asked = counts()["requests"]
    report(
        "the gateway is killed at step 14 of 20 and started again",
        f"the step failed ({found[:60]}…), the agent went on and the provider was asked {asked} times for 20 steps",
        not ok and asked == 20,
    )


def concurrency():
    load("7-concurrency.py")
    behave(latency={"p50Ms": 50, "p95Ms": 80, "p99Ms": 100}, concurrency={"atMost": 5, "refusal": 503, "retryAfter": "none", "awayMs": 0})
    results = asyncio.run(names["run_agents"]([f"Prompt {at}" for at in range(40)]))
    failed = [result for result in results if isinstance(result, Exception)]
    most = counts()["mostUnderWay"]
    report("40 prompts at a provider that takes 5 at once", f"{40 - len(failed)} answered, {most} at once at most", not failed and most <= 5)


def observed():
    load("8-observed.py")
    logging.basicConfig(level=logging.WARNING, format="    | %(message)s", stream=sys.stdout)
    names["logger"].setLevel(logging.INFO)
    behave(concurrency=None)
    ok, found = attempt(names["call_openclaw_observed"], "How are you today?")
    behave(faults=[{"kind": "status", "status": 400}])
    failed, _ = attempt(names["call_openclaw_observed"], "How are you today?")
    report("one call well, one refused with 400", "a line for each", ok and not failed)


for block in (please_crash, retry, session, lifecycle, circuit_breaker, checkpoint, concurrency, observed):
    print(f"\n{block.__name__.replace('_', ' ')}")
    new_gateway()
    block()
print(f"\n{sum(kept)} of {len(kept)} as promised")
