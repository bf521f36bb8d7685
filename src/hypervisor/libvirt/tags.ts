import type { TagsFound } from '../../policy/tags.ts';
import { readTagsElement } from '../metadata.ts';
import { parseXml } from './xml.ts';

/** What the element says that libvirt gives as a domain's metadata. */
export function readTagsXml(xml: string): TagsFound {
  const { localName, attributes } = parseXml(xml);
  const own = [...attributes].filter(({ name }) => !/^xmlns(:|$)/.test(name));
  return readTagsElement({
    name: localName ?? '',
    attributes: Object.fromEntries(own.map(({ name, value }) => [name, value])),
  });
}
