"""Stores checkpoints in eight threads until it is killed, and tells each one that is stored.

`python -m tests.engine.checkpointing.writer URL`: for each line on its input it forks such a process, tells
"pid <number>" and waits for its end, which it tells as "dead". Forking spares each of them Python's start.
"""

from __future__ import annotations

import asyncio
import os
import sys

from engine.checkpointer import SQLModelSaver, open_saver
from tests.engine.test_checkpointer import at, checkpoint


async def fill(saver: SQLModelSaver, thread_id: str) -> None:
    """Go on where the thread stands: a longer list of texts in each step, and a write on top of it."""
    head = await saver.aget_tuple(at(thread_id))
    texts = head.checkpoint["channel_values"]["texts"] if head else []
    parent = head.config if head else at(thread_id)
    while True:
        step = len(texts) + 1
        texts = [*texts, f"{step} " * 100]
        body = checkpoint(f"{step:08}", texts=texts)
        parent = await saver.aput(parent, body, {"source": "loop", "step": step}, body["channel_versions"])
        await saver.aput_writes(parent, [("texts", [texts[-1]])], "task")
        tell(f"{thread_id} {step}")


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def main(url: str) -> None:
    async with open_saver(url) as saver:
        await asyncio.gather(*(fill(saver, f"t{n}") for n in range(8)))


for _ in sys.stdin:
    if (pid := os.fork()) == 0:
        asyncio.run(main(sys.argv[1]))
    tell(f"pid {pid}")
    os.waitpid(pid, 0)
    tell("dead")
