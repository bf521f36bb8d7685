/** What a host's daemon is told about itself. */
export interface DaemonFacts {
  readonly name: string;
  readonly uuid: string;
  readonly address: string;
}

/**
 * Seconds between keep-alive messages, and how many may stay unanswered: a dead peer is given up
 * after about 30 s, which is libvirt's own default.
 */
const keepalive = { interval: 5, count: 5 };

/** The daemon's configuration: open inside the lab, and for root alone through its socket. */
export function renderLibvirtdConf(facts: DaemonFacts): string {
  return render({
    listen_tls: 0,
    listen_tcp: 1,
    listen_addr: facts.address,
    auth_tcp: 'none',
    auth_unix_rw: 'none',
    auth_unix_ro: 'none',
    unix_sock_rw_perms: '0700',
    host_uuid: facts.uuid,
    log_filters: '1:qemu.qemu_migration 1:qemu.qemu_process 3:*',
    log_outputs: '1:file:/var/log/libvirt/libvirtd.log',
    keepalive_interval: keepalive.interval,
    keepalive_count: keepalive.count,
  });
}

/**
 * QEMU's configuration. The host's namespaces are the isolation, so that libvirt's own (cgroups,
 * mount namespaces, security labels, changed owners) is off; virtlogd is not needed with plain
 * files.
 */
export function renderQemuConf(facts: DaemonFacts): string {
  return render({
    user: 'root',
    group: 'root',
    dynamic_ownership: 0,
    remember_owner: 0,
    security_driver: 'none',
    namespaces: [],
    cgroup_controllers: [],
    stdio_handler: 'file',
    migration_address: '0.0.0.0',
    migration_host: facts.address,
    keepalive_interval: keepalive.interval,
    keepalive_count: keepalive.count,
    max_core: 0,
  });
}

function render(settings: Readonly<Record<string, string | number | readonly []>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} = ${Array.isArray(value) ? '[ ]' : JSON.stringify(value)}\n`)
    .join('');
}
