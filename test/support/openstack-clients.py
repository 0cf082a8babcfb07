"""The unmodified clients of OpenStack in one process, because each start of Python costs seconds of a small machine.

A line of JSON on standard input is one run: {"client": "openstack" or "glance", "args": [...], "env": {...}}, or
{"client": "sdk", "source": Python that sets `answer`, "given": anything, "env": {...}}. A line of JSON on standard output
answers it: {"code": exit code, "out": what it printed, "err": what it printed as error, "answer": what `source` set}.
"""
import contextlib
import io
import json
import logging
import os
import sys
import traceback

requests = os.fdopen(os.dup(0), encoding='utf-8')
answers = os.fdopen(os.dup(1), 'w', encoding='utf-8')
own_environment = dict(os.environ)
logins = {}
connections = {}


class Terminal(io.StringIO):
    """Standard input of somebody who sits there: where it is a pipe, `glance` would upload what comes through it."""

    def isatty(self):
        return True


def who():
    return json.dumps({name: value for name, value in os.environ.items() if name.startswith('OS_')}, sort_keys=True)


def openstack(args):
    # Loaded here, and below, so that nobody waits for a client that is not asked for.
    from openstackclient.shell import main
    from osc_lib.clientmanager import ClientCache, ClientManager

    # What it has logged in with it keeps at the class, for the one run that a process usually has. Here there are more
    # runs, and more people; each person logs in once.
    mine = logins.setdefault(who(), {})
    caches = {name: kept for name, kept in vars(ClientManager).items() if isinstance(kept, ClientCache)}
    for name, kept in caches.items():
        kept._handle = mine.get(name)
    try:
        return main(args)
    finally:
        mine.update((name, kept._handle) for name, kept in caches.items())


def glance(args):
    from glanceclient.shell import main

    sys.argv = ['glance', *args]
    return main()


def sdk(source, given):
    import openstack

    key = who()
    if key not in connections:
        connections[key] = openstack.connect()
    names = {'conn': connections[key], 'given': given, 'answer': None}
    exec(source, names)
    return names['answer']


def plain(value):
    """What JSON does not know: resources of the SDK."""
    return value.to_dict() if hasattr(value, 'to_dict') else str(value)


def run(request):
    """Exit code, and what an SDK's source has answered."""
    try:
        if request['client'] == 'sdk':
            return 0, sdk(request['source'], request.get('given'))
        return {'openstack': openstack, 'glance': glance}[request['client']](request['args']) or 0, None
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1, None
    except BaseException:
        traceback.print_exc()
        return 1, None


def capture(request):
    os.environ.clear()
    os.environ.update(own_environment, **request.get('env', {}))
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding='utf-8', write_through=True) for _ in range(2))
    sys.stdin = Terminal()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code, answer = run(request)
    # Each run sets up its own log, and would write into those of the runs before it as well.
    logging.getLogger().handlers.clear()
    texts = [stream.buffer.getvalue().decode('utf-8', 'backslashreplace') for stream in (out, err)]
    return {'code': code, 'out': texts[0], 'err': texts[1], 'answer': answer}


for line in requests:
    answers.write(json.dumps(capture(json.loads(line)), default=plain) + '\n')
    answers.flush()
