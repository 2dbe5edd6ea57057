#!/usr/bin/python3
"""Registrations with their proof, and sign-ins, at saturation: how much of the processor time of workers, nginx, PostgreSQL
and mailer is the password hash itself. The rest is ours to make small.

The hash's time is what the workers' own figures say of it: the processor time around each call of libsodium. bench/hash.c,
which does nothing else, costs less, for its caches are its own; it says how many hashes the machine can do. Load and
mail server run beside, uncounted.
"""
import asyncio
import os
import statistics
import subprocess
import time

from load import Client, Mails, keep_busy, new_name
from processes import Meter, busy_share, processors, shop_groups
from shop import BUILT, ROUNDS, at_least, figure, settings

TOGETHER = 16  # visitors at once: enough for every core to have one to hash for
SECONDS = int(os.environ.get("BENCH_FLOW_SECONDS", "6"))
LEAST = 0.85
HASHING = "storefront_password_hash_processor_seconds_total"


def hash_cost(seconds=1):
    """Seconds of processor time for one hash while every core hashes, and how many they do in a second."""
    given = settings()
    command = [BUILT + "/hash", given["STOREFRONT_PASSWORD_MEMORY_KIB"], given["STOREFRONT_PASSWORD_PASSES"], str(seconds)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(os.cpu_count())]
    said = [[int(number) for number in process.communicate()[0].split()] for process in running]
    hashes = sum(count for count, _ in said)
    return sum(used for _, used in said) / hashes / 1e6, hashes / seconds


async def sign_up(mails, names, visitor=Client):
    """One flow: the form, the registration, the code by mail, the proof."""
    client, name = visitor(), new_name()
    code = mails.code_for(name)
    await client.ask("GET", "/register/")
    status, _, body = await client.register(name)
    assert status == 200, body
    status, _, body = await client.ask("POST", "/register/verify/", {"otp": await code})
    assert status == 200, body
    client.close()
    names.append(name)


async def sign_in(names):
    """One flow of the customer whose turn it is."""
    name = names.pop(0)
    names.append(name)
    await sign_in_as(name)


async def sign_in_as(name, visitor=Client):
    """One flow: the form, the sign-in."""
    client = visitor()
    await client.ask("GET", "/login/")
    status, _, body = await client.sign_in(name)
    assert status == 200, body
    client.close()


async def turn(deed):
    """One turn at saturation: processor seconds by kind of process and flow, flows a second, how busy the machine was."""
    meter, before, begun, hashed = Meter(shop_groups()), processors(), time.monotonic(), figure(HASHING)
    flows = await keep_busy(deed, TOGETHER, SECONDS)
    used = {name: seconds / flows for name, seconds in meter.end().items()}
    used["hash"] = (figure(HASHING) - hashed) / flows
    return {"flows_a_second": flows / (time.monotonic() - begun), "busy": busy_share(before, processors()), **used}


async def take_turns():
    """Turns of both deeds."""
    names, turns = [], {"sign up": [], "sign in": []}
    async with Mails() as mails:
        await keep_busy(lambda: sign_up(mails, names), TOGETHER, 2)  # warm, and customers who can sign in
        for _ in range(ROUNDS):
            for name, deed in (("sign up", lambda: sign_up(mails, names)), ("sign in", lambda: sign_in(names))):
                turns[name].append(await turn(deed))
    return turns


def judge(case, turns):
    kinds = ("workers", "nginx", "postgresql", "mailer")
    medians = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
    share = statistics.median(turn["hash"] / sum(turn[kind] for kind in kinds) for turn in turns)
    figure = "%.2f (%.1f ms of workers %.1f + nginx %.1f + PostgreSQL %.1f + mailer %.1f; %.0f flows a second)" % (
        share, medians["hash"] * 1e3, *(medians[kind] * 1e3 for kind in kinds), medians["flows_a_second"])
    return at_least(case, LEAST, share, figure, " of the CPU is the hash's", **medians, together=TOGETHER, seconds=SECONDS, rounds=ROUNDS)


def measure():
    turns = asyncio.run(take_turns())
    return [judge("register + verify", turns["sign up"]), judge("login", turns["sign in"])]


if __name__ == "__main__":
    from bench import main
    main(["flows"])
