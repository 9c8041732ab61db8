"""Secrets planted wherever callers and authors can write: none leaves, and no cache keeps one.

``docs/privacy.md`` has the figures of a run with a million entries: ``PROOF_SCALE=1000``.
"""

import gc
import sys
from collections import Counter
from random import Random
from types import ModuleType

import pytest
from msgspec import structs
from msgspec.structs import replace
from support.builders.call_values import KEY, make_call, make_entry, make_log, make_record
from support.builders.secrets import AROUND, KEYS
from support.scale import scaled

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import log_completeness
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.module_kinds import ANNOUNCING, ASKING, GOING_ON, LEAVING
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import STRICT, KeyRule, Mode, OwnRules, Redaction
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.redaction.compiled_entries import CompiledEntries, EntryTables
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.core.redaction.redactor import Redactor

ENTRIES = 20  # of a call
SECRET = b"key"  # of the digests
USUAL = (
    make_entry("Sending", "rest", "usual"),
    make_entry("Welcome", "prompt", "usual", "prompt", type="static", prompt_id="7"),
)
KINDS = (
    *sorted(ASKING | LEAVING | GOING_ON), "prompt", "set variable", "call log", "start", "exit",
    "compare variable", "evaluate js", "record", "counter", "biometrics", "unknown",
)  # fmt: skip
CLASSES = ("info", "event", "debug", "error", "prompt", "audit")
LINES = (
    *AROUND,
    "Uncaught Error: {}", "{}Error: no such order", "{}Exception", "Comparing 1 != {}: false",
    "No match: {} (speech)", "User input: {}", "Fault from server: {} is locked",
    "https://user:{}@a.com/", "\u00a0{}\u2028", 'Executing application "{}" version "{}"',
)  # fmt: skip
OPTIONS = ModelOptions(
    pseudonym_key=KEY,
    transfer_queues={"18005550199": "agents"},
    url_templates=("/api/{thing}", "/{one}/{two}"),
)

PLAIN = ModelOptions(pseudonym_key=KEY)  # without names of the operator's own: keys hold less


class Planter:
    """Draws calls whose entries hold secrets. A name is a word of rare letters: no shape gives it
    away, so a rule that lets it leave is a rule that lets free text leave.
    """

    def __init__(self, seed):
        self._dice = Random(seed)
        self.kinds = Counter()

    def _name(self):
        return "".join(self._dice.choices("qxzvkwj", k=9)).capitalize()

    def _digits(self, count):
        return "".join(self._dice.choices("23456789", k=count))

    def secret(self):
        kind = self._dice.choice(("name", "phone", "card", "email", "token", "grouped"))
        self.kinds[kind] += 1
        match kind:
            case "name":
                return self._name()
            case "phone":
                return f"+1{self._digits(10)}"
            case "card":
                return self._digits(16)
            case "email":
                return f"{self._name()}@{self._name()}.example".lower()
            case "token":
                return f"sk_live_{self._digits(12)}{self._name()}"
            case _:
                return " ".join(self._digits(4) for _ in range(4))

    def entry(self, secret):
        dice = self._dice
        line, kind, log_class = dice.choice(LINES), dice.choice(KINDS), dice.choice(CLASSES)
        if line.startswith(("Going to", "Executing")) and kind in GOING_ON | ANNOUNCING:
            line = "{}"  # there it is the name of an application, which its author chose
        data = {}
        for key in dice.sample(KEYS, k=dice.randrange(4)):
            # A table has a name, too. The text of a static prompt is the same for all callers.
            if key not in {"table", "type"}:
                data[key] = self._value(secret)
        if dice.random() < 0.1:
            data[secret] = 1
        if log_class == "prompt":
            data["type"] = dice.choice(("dynamic", "variable", "tts", "audio", secret))
        return make_entry(line.replace("{}", secret), kind, "x", log_class, **data)

    def _value(self, secret):
        return self._dice.choice(
            (secret, [secret], {"x": [secret]}, f"https://a.com/api/{secret}", {secret: 1},
             f"{secret}Error", f"https://u:{secret}@a.com/x?y={secret}")
        )  # fmt: skip

    def call(self, number):
        """The call, and all its secrets."""
        secrets = [self.secret() for _ in range(ENTRIES)]
        other = f"212{self._digits(7)}"
        record = make_record(session_id=f"planted;{number:07}", src=other)
        log = make_log(*map(self.entry, secrets))
        return pseudonymise(record, KEY), log, [*secrets, other]


def parts(secret):
    """What must not leave: the secret, and its longer parts as they would stand in lower case."""
    yield from (part for part in secret.lower().replace("@", " ").split() if len(part) >= 8)
    yield secret.lower()


def found(secrets, output):
    return [each for secret in secrets for each in parts(secret) if each.encode() in output]


def renderer_of(options, tables=None):
    renderings = [
        Rendering(each.value, each, Profile.GENERIC, (), options.redaction) for each in Signal
    ]
    return Renderer(options, renderings, tables)


def rendered(renderer, planter, number):
    """All that is made of a call, in lower case; and its secrets."""
    call, log, secrets = planter.call(number)
    out = renderer.render(call, log, log_completeness(call, log))
    whole = (out.traces, out.logs, *(data for data, _ in out.parts.values()))
    counted = repr((out.summary, out.tally)).encode()
    return b"\n".join((*whole, counted)).lower(), secrets


def caches():
    """The content of every cache of a function in the program, by the function's name."""
    modules = [module for name, module in sys.modules.items() if name.startswith("fuse_otel.")]
    for module in modules:
        for name, value in list(vars(module).items()):
            if hasattr(value, "cache_info"):
                yield name, repr([dict(each) for each in gc.get_referents(value)
                                  if isinstance(each, dict)])  # fmt: skip
            elif isinstance(value, dict) and not name.startswith("__"):
                yield name, repr(value)


@pytest.mark.proof
def test_no_planted_secret_leaves_or_stays_in_a_cache():
    planter = Planter(seed=14)
    renderer = renderer_of(OPTIONS)
    fingerprints, recent, calls = 0, [], scaled(50)
    for number in range(calls):
        out, secrets = rendered(renderer, planter, number)
        assert not found(secrets, out), number
        fingerprints += out.count(b"fuse.line.fingerprint")
        recent = [*recent[-400:], *secrets]
    assert fingerprints > calls
    assert len(planter.kinds) == 6
    kept = {name: content.lower() for name, content in caches()}
    assert "fuse.module.type" in "".join(kept.values())  # the encoder's cache is among them
    assert {name for name, content in kept.items() if found(recent, content.encode())} == set()


def content(tables):
    """All that the tables hold, keys and values, in lower case; and how many of each there are."""
    found, seen, todo = [], set(), [tables]
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, type | ModuleType):
            continue
        seen.add(id(each))
        if isinstance(each, str | bytes | bytearray | int):
            found.append(each if isinstance(each, bytes | bytearray) else str(each).encode())
        else:
            todo += gc.get_referents(each)
            todo += [getattr(each, name, None) for name in getattr(each, "__struct_fields__", ())]
    return b"\n".join(found).lower(), len(tables.entries), len(tables.runs)


def render_thrice(renderer, call, log):
    """So all that may be kept is kept."""
    for _ in range(3):
        renderer.render(call, log, log_completeness(call, log))


def with_usual(log):
    """The log, and entries behind it that hold nothing of a caller's."""
    options = (make_entry(f"User input: {key} (dtmf)", "menu", f"menu {key}") for key in "123")
    return make_log(*log.entries, *USUAL, *options)


OTHER = str.maketrans("23456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                      "34567892bcdefghijklmnopqrstuvwxyzaBCDEFGHIJKLMNOPQRSTUVWXYZA")  # fmt: skip


def twin(value, secrets):
    """The same with another secret of the same length in the place of each."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, secret.translate(OTHER))
        return value
    if isinstance(value, list):
        return [twin(each, secrets) for each in value]
    if isinstance(value, dict):
        return {twin(key, secrets): twin(each, secrets) for key, each in value.items()}
    return value


def digests(tables, options, entry):
    """Under which keys the entry is found, with each redaction that the renderer uses."""
    redaction = options.redaction
    every = dict.fromkeys((redaction, STRICT))
    found = []
    for user, each in enumerate(every, 1):
        compiled = CompiledEntries(tables, SECRET, user)
        redactor = Redactor(make_call(), replace(options, redaction=each), compiled)
        for _ in range(2):  # the first time may be the first sight
            key = redactor.key(entry, entry.module_type)
        if key and tables.entries.get(key):
            found.append((user, key))
    return found


def betraying(tables, options, holding):
    """Of the entries with their secrets those that are found under a key that depends on one."""
    found = []
    for entry, secrets in holding:
        other = structs.replace(
            entry, line=twin(entry.line, secrets), data=twin(entry.data, secrets)
        )
        assert (other.line, other.data) != (entry.line, entry.data)
        if set(digests(tables, options, entry)) - set(digests(tables, options, other)):
            found.append(entry)
    return found


@pytest.mark.parametrize("options", [OPTIONS, PLAIN])
@pytest.mark.parametrize("mode", Mode)
def test_no_table_of_compiled_entries_keeps_a_secret(mode, options):
    """Neither in clear nor as a digest, and nothing that one call has alone."""
    planter, tables = Planter(seed=15), EntryTables(SECRET)
    options = replace(options, redaction=Redaction(mode))
    renderer = renderer_of(options, tables)
    planted, holding, own = [], [], []
    for number in range(scaled(10)):
        call, log, secrets = planter.call(number)
        render_thrice(renderer, call, with_usual(log))
        planted += secrets
        own += calls_own(call)
        holding += [(entry, secrets) for entry in log.entries if holds(entry, secrets)]
    kept, entries, runs = content(tables)
    assert entries >= 4
    assert runs >= 3
    assert b"fuse.module.type" in kept
    assert found(planted, kept) == []
    assert [each for each in own if each in kept] == []
    assert len(holding) > scaled(10) * 5
    assert betraying(tables, options, holding) == []


def holds(entry, secrets):
    return bool(found(secrets, repr((entry.line, entry.data)).lower().encode()))


def calls_own(call):
    """Ids and times of the call, as a table could hold them."""
    ids = CallIds(OPTIONS.namespace, call.session_id)
    spans = [ids.span_id(number) for number in range(1, ENTRIES + 6)]
    times = [str(second * 10**9).encode() for second in (call.start, call.end)]
    numbers = [str(span).encode() for span in spans]
    return [call.session_id.encode(), ids.trace_id.lower(), *times, *numbers,
            *(span.to_bytes(8, "big").lower() for span in spans)]  # fmt: skip


KEYED = (
    make_entry("", "number", "n", "event", value="4821"),
    make_entry("User said 4821", "number", "n", "event"),
    make_entry("User input: 4821 (dtmf)", "number", "n", "event"),
    make_entry("User input: 1 (dtmf)", "number", "n", "event", spoken="4821"),
    make_entry("You entered 4 8 2 1", "number", "n", "prompt", type="dynamic"),
    make_entry("4821", "dialogflow", "n"),
    make_entry("PIN 4821", "call log", "n"),
    make_entry("No such order: 4821", "evaluate js", "n", "debug"),
    make_entry("OrderError: 4821", "evaluate js", "n", "error"),
    make_entry("https://a.com/4821", "rest", "n", "debug", url="https://a.com/4821"),
    make_entry("Transferring", "transfer", "n", destination="+12125550123"),
    make_entry("Comparing 4821 == 1: false", "compare variable", "n"),
    make_entry("4821", "set variable", "n", value="4821"),
)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("rules", [OwnRules(), OwnRules(allow=(KeyRule("*"),))])
@pytest.mark.parametrize("options", [OPTIONS, PLAIN])
def test_what_a_caller_may_have_keyed_is_not_even_kept_as_a_digest(options, mode, rules):
    tables = EntryTables(SECRET)
    options = replace(options, redaction=Redaction(mode, rules))
    renderer = renderer_of(options, tables)
    for entries in (KEYED, USUAL):
        render_thrice(renderer, make_call(), make_log(*entries))
    secrets = ["4821", "4 8 2 1", "12125550123"]
    assert betraying(tables, options, [(entry, secrets) for entry in KEYED]) == []
    assert any(digests(tables, options, entry) for entry in USUAL)


def test_the_search_finds_a_key_that_depends_on_a_secret():
    tables, options = EntryTables(SECRET), PLAIN
    prompt = make_entry("Welcome, Qxzvkwjqx", "prompt", "x", "prompt", type="static")
    render_thrice(renderer_of(options, tables), make_call(), make_log(prompt))
    assert betraying(tables, options, [(prompt, ["Qxzvkwjqx"])]) == [prompt]


def test_the_walk_finds_what_a_table_keeps():
    tables = EntryTables()
    prompt = make_entry("Welcome to Qxzvkwjqx", "prompt", "x", "prompt", type="static")
    render_thrice(renderer_of(ModelOptions(), tables), make_call(), make_log(prompt))
    assert found(["Qxzvkwjqx"], content(tables)[0])


def test_the_search_finds_what_leaves():
    options = ModelOptions(redaction=Redaction(Mode.OFF))
    out, secrets = rendered(renderer_of(options), Planter(seed=1), 0)
    assert len(found(secrets, out)) > ENTRIES / 2
