#!/usr/bin/env python3
"""Has Nova's own, unmodified code steer one live migration, without OpenStack around it.

nova/virt/libvirt/{migration,guest}.py and nova/conf/libvirt.py are imported as they are. Whole methods of
LibvirtDriver are compiled out of driver.py as they stand. What of Nova they name besides is a stub that
does nothing: records, notifications, XML for networks and disks. Nova's clock can run faster than ours.

Prints `ready` when all is imported and connected, and waits for a line: the guest is to be met at its time, and not
after Python's start. Prints one JSON object then: how long it took, from the call to the end that Nova saw, and what it did.
"""
import argparse
import ast
import collections
import importlib
import importlib.abc
import importlib.machinery
import json
import logging
import os
import sys
import threading
import time
import types
import typing

import libvirt
from oslo_config import cfg
from oslo_utils import encodeutils, units

# Its loop looks at the job no more often than this: reading takes as long, s.
SHORTEST_SLEEP = 0.06
CALLS = ("migrateSetMaxDowntime", "migrateStartPostCopy", "suspend", "abortJob")
METHODS = (
    "_live_migration_monitor", "_live_migration_data_gb", "_get_migration_flags",
    "_clear_empty_migration", "_is_post_copy_enabled", "live_migration_force_complete",
    "live_migration_abort", "_prepare_migration_flags", "_handle_live_migration_tunnelled",
    "_handle_native_tls", "_handle_live_migration_post_copy",
    "_handle_live_migration_auto_converge", "_parse_migration_flags",
)
REAL = ("nova.virt.libvirt.migration", "nova.virt.libvirt.guest", "nova.conf.libvirt", "nova.conf.paths")
PACKAGES = ("nova", "nova.virt", "nova.virt.libvirt", "nova.conf", "nova.compute")


class AnyAttribute(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing


class Nothing(metaclass=AnyAttribute):
    def __init__(self, *args, **named):
        pass

    def __getattr__(self, name):
        return Nothing


class NothingModule(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module that does nothing for all of Nova but what is REAL."""

    def __init__(self, root):
        self.root = root

    def folder(self, name):
        return [os.path.join(self.root, *name.split("."))]

    def find_spec(self, name, path=None, target=None):
        if name in REAL or name.split(".")[0] != "nova":
            return None
        spec = importlib.machinery.ModuleSpec(name, self, is_package=True)
        if name in PACKAGES:
            spec.submodule_search_locations = self.folder(name)
        return spec

    def create_module(self, spec):
        return NothingModule(spec.name)

    def exec_module(self, module):
        if module.__name__ in PACKAGES:
            module.__path__ = self.folder(module.__name__)


class Record:
    """An Instance or a Migration: what is set on it stays, and it is saved nowhere."""

    def __init__(self, **fields):
        self.__dict__.update(fields)

    def save(self, **named):
        pass


class Log(logging.LoggerAdapter):
    def process(self, message, named):
        named.pop("instance", None)
        return message, named


class FastClock:
    """Nova's `time`: so many times faster than ours."""

    def __init__(self, factor):
        self.factor = factor

    def time(self):
        return time.monotonic() * self.factor

    def sleep(self, seconds):
        time.sleep(max(SHORTEST_SLEEP, seconds / self.factor))


class Domain:
    """Two connections: on one, a second thread's call can lose its wake-up (libvirt-python 9.0)."""

    def __init__(self, uri, name):
        self.polled = libvirt.open(uri).lookupByName(name)
        self.carrying = libvirt.open(uri).lookupByName(name)
        self.asked = collections.Counter()

    def __getattr__(self, name):
        if name in CALLS:
            self.asked[name] += 1
        return getattr(self.carrying if name == "migrateToURI3" else self.polled, name)


def configured(path):
    import nova.conf

    conf = cfg.ConfigOpts()
    nova.conf.CONF = conf
    importlib.import_module("nova.conf.libvirt").register_opts(conf)
    conf(["--config-file", path], project="nova")
    return conf


def driver_class(root, names):
    """LibvirtDriver, of METHODS alone, each as it stands in its file."""
    path = os.path.join(root, "nova/virt/libvirt/driver.py")
    with open(path) as file:
        tree = ast.parse(file.read())
    whole = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "LibvirtDriver")
    kept = [n for n in whole.body if isinstance(n, ast.FunctionDef) and n.name in METHODS]
    found = {n.name for n in kept}
    if found != set(METHODS):
        sys.exit(f"this Nova has no {', '.join(sorted(set(METHODS) - found))}")
    part = ast.ClassDef(name="Driver", bases=[], keywords=[], body=kept, decorator_list=[])
    module = ast.fix_missing_locations(ast.Module([part], []))
    exec(compile(module, path, "exec"), names)
    return names["Driver"]


def driver(root, clock, conf):
    modules = {
        name: importlib.import_module(f"nova.virt.libvirt.{name}") for name in ("migration", "guest")
    }
    importlib.import_module("nova.compute.power_state").PAUSED = 3
    for module in modules.values():
        # As the driver does when it starts.
        module.libvirt = libvirt
        module.LOG = Log(logging.getLogger(module.__name__), {})
    names = dict(
        time=clock, os=os, libvirt=libvirt, libvirt_migrate=modules["migration"], CONF=conf,
        LOG=Log(logging.getLogger("driver"), {}), units=units, encodeutils=encodeutils,
        deque=collections.deque, ty=typing, exception=Nothing,
    )
    made = driver_class(root, names)()
    made.active_migrations = {"u": collections.deque()}
    made._host = None
    made._get_vpmems = lambda instance: []
    made._parse_migration_flags()
    return made, modules["guest"].Guest


def main():
    parser = argparse.ArgumentParser()
    for name in ("nova", "config", "uri", "domain", "to"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--memory-mib", type=int, required=True)
    parser.add_argument("--factor", type=float, required=True)
    args = parser.parse_args()
    sys.meta_path.insert(0, Stubs(args.nova))
    sys.path.insert(0, args.nova)
    conf = configured(args.config)
    steering, Guest = driver(args.nova, FastClock(args.factor), conf)

    domain = Domain(args.uri, args.domain)
    guest = Guest(domain)
    instance = Record(
        uuid="u", name=args.domain, progress=0, memory_mb=args.memory_mib,
        flavor=Record(memory_mb=args.memory_mib),
    )
    migration = Record(uuid="m", status="running")
    ended, failed = threading.Event(), []
    finish_event = Record(ready=ended.is_set)

    def carry():
        try:
            flags = steering._live_migration_flags
            guest.migrate(args.to, flags=flags, bandwidth=conf.libvirt.live_migration_bandwidth)
        except libvirt.libvirtError as error:
            failed.append(str(error))
        finally:
            ended.set()

    print("ready", flush=True)
    if not sys.stdin.readline():
        return
    outcome = []
    begun = time.monotonic()
    threading.Thread(target=carry, daemon=True).start()
    try:
        steering._live_migration_monitor(
            None, instance, guest, args.to,
            lambda *given, **named: outcome.append("completed"),
            lambda *given, **named: outcome.append(named.get("migration_status", "failed")),
            False, Record(migration=migration, block_migration=False), finish_event, [],
        )
    except libvirt.libvirtError as error:
        # Nova logs that, and steers no more; what it has begun goes on.
        outcome.append(f"no longer watched: {error}")
    ended.wait()
    told = dict(ms=(time.monotonic() - begun) * 1000, outcome=outcome, asked=domain.asked, failed=failed)
    print(json.dumps(told))


main()
