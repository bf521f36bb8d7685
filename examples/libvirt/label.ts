/**
 * Reads a label of one's own from a domain's metadata, or sets it; it travels with the domain.
 * Usage: node examples/libvirt/label.ts URI DOMAIN [LABEL]
 */
import { connect, LibvirtError } from '../../src/libvirt/index.ts';

const namespaceUri = 'https://example.org/label';
const [uri, name, label] = process.argv.slice(2);
if (uri === undefined || name === undefined) throw new Error('usage: label.ts URI DOMAIN [LABEL]');

const connection = await connect(uri, { callTimeoutMs: 5000 });
try {
  const domain = await connection.lookupByName(name);
  if (label !== undefined) {
    const xml = `<label>${label.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</label>`;
    const config = await domain.isPersistent();
    await domain.setMetadata({ namespaceUri, key: 'example', xml, live: true, config });
  }
  const found = await domain.getMetadata(namespaceUri, { from: 'live' });
  console.log(found ?? 'no label');
} catch (error) {
  if (!(error instanceof LibvirtError) || error.code !== 'no-domain') throw error;
  console.error(`there is no domain '${name}'`);
  process.exitCode = 1;
} finally {
  await connection.close();
}
