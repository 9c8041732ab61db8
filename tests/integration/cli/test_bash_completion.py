"""bash completes what the parser knows."""

import subprocess

from support.patience import PATIENCE

from fuse_otel.cli import main


def completed(script, *words):
    """What bash offers behind these words."""
    asked = " ".join(f"'{each}'" for each in words)
    code = (
        f"{script}\nCOMP_WORDS=({asked}); COMP_CWORD={len(words) - 1}\n"
        'complete -p fuse-otel >/dev/null && _shtab_fuse_otel; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return {each.strip() for each in done.stdout.split()}


def test_bash_completes_commands_flags_actions_and_values(capsys):
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    assert completed(script, "fuse-otel", "sta") == {"status"}
    assert completed(script, "fuse-otel", "status", "--che") == {"--check"}
    assert completed(script, "fuse-otel", "parked", "re") == {"replay"}
    assert completed(script, "fuse-otel", "run", "--redaction", "st") == {"strict", "standard"}
