"""Does each task that comes as a line of JSON on standard input, through python3-libvirt."""

import json
import resource
import sys
import threading
import time

import libvirt

uri, first_domain = sys.argv[1:]
connections = [libvirt.open(uri) for _ in range(4)]
domains = [connection.lookupByName(first_domain) for connection in connections]
groups = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_BALLOON


def call_of(name, connection, domain):
    return {
        "hostname": connection.getHostname,
        "domain state": domain.state,
        "job stats": domain.jobStats,
        "domain XML": domain.XMLDesc,
        "all-domain stats": lambda: connection.getAllDomainStats(groups),
    }[name]


def make_calls(calls, in_flight, seconds):
    """Keeps as many threads calling until the time is over; returns how long each call took, in ns."""
    until = time.perf_counter_ns() + int(seconds * 1e9)
    latencies = [[] for _ in range(in_flight)]

    def loop(call, own):
        now = time.perf_counter_ns()
        while now < until:
            call()
            after = time.perf_counter_ns()
            own.append(after - now)
            now = after

    if in_flight == 1:
        loop(calls[0], latencies[0])
    else:
        threads = [
            threading.Thread(target=loop, args=(calls[index % len(calls)], own))
            for index, own in enumerate(latencies)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return [latency for own in latencies for latency in own]


def cpu_us():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


for line in sys.stdin:
    task = json.loads(line)
    chosen = range(task["connections"])
    calls = [call_of(task["call"], connections[index], domains[index]) for index in chosen]
    make_calls(calls, task["inFlight"], task["seconds"] / 4)
    began, cpu_before = time.perf_counter_ns(), cpu_us()
    latencies = sorted(make_calls(calls, task["inFlight"], task["seconds"]))
    seconds = (time.perf_counter_ns() - began) / 1e9
    cpu_used = cpu_us() - cpu_before
    measured = {
        "callsPerSecond": len(latencies) / seconds,
        "p50Us": latencies[len(latencies) // 2] / 1000,
        "p99Us": latencies[int(len(latencies) * 0.99)] / 1000,
        "cpuUsPerCall": cpu_used / len(latencies),
    }
    print(json.dumps(measured), flush=True)
