"""``make back-ends`` builds or finds the programs of the end-to-end tests, or says why not."""

from __future__ import annotations

import fcntl
import sys
import time

from support.back_ends.building import build
from support.back_ends.pins import Program, cache_folder, programs
from support.back_ends.steps import Unavailable


def main() -> int:
    folder = cache_folder()
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    say(f"The back ends are kept in {folder}")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would build everything twice
        missing = [each for each in programs().values() if not have(each)]
    if missing:
        say(f"Missing: {', '.join(each.title for each in missing)}. Their tests are skipped.")
    return 1 if missing else 0


def have(program: Program) -> bool:
    title = program.label
    if found := program.find():
        say(f"  {title}: {found}")
        return True
    if program.commands:
        say(f"  {title}: not on the PATH; on Debian: apt-get install {program.debian}")
        return False
    say(f"  {title}: building, which may take minutes the first time…")
    began = time.monotonic()
    log = cache_folder() / "logs" / f"{program.name}.log"
    log.write_text("")
    try:
        build(program, log)
    except Unavailable as error:
        say(f"  {title}: {error}")
        return False
    say(f"  {title}: built in {time.monotonic() - began:.0f} s")
    return True


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is its output


sys.exit(main())
