/**
 * What runs on a host. Usage: node examples/libvirt/list.ts [URI]
 * In a program of yours, import from 'drover/libvirt'.
 */
import { connect } from '../../src/libvirt/index.ts';

const connection = await connect(process.argv[2] ?? 'qemu:///system', { readOnly: true });
try {
  const [hostname, libvirt, qemu, node] = await Promise.all([
    connection.hostname(),
    connection.libvirtVersion(),
    connection.hypervisorVersion(),
    connection.nodeInfo(),
  ]);
  console.log(`${hostname}: libvirt ${libvirt.text}, QEMU ${qemu.text}, ${node.cpus} CPUs`);
  // One call brings the numbers of all domains.
  for (const { domain, stats } of await connection.allDomainStats(['state', 'balloon'])) {
    const mebibytes = Number(stats.get('balloon.current') ?? 0) / 1024;
    const { state, reason } = await domain.state();
    console.log(`${domain.name}  ${state} (${reason})  ${mebibytes} MiB`);
  }
} finally {
  await connection.close();
}
