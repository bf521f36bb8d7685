import { type SlaClass, slaClasses } from '../policy/vocabulary.ts';

/** The namespace of what Drover writes into a domain's metadata. It travels with the domain. */
export const metadataNamespace = 'https://drover.dev/xmlns/domain/1';
/** The prefix that libvirt gives the element in the domain's XML. */
export const metadataKey = 'drover';

/** The element that says what a domain is worth, as it stands in the domain's whole definition. */
export function classElement(slaClass: SlaClass): string {
  return `<${metadataKey}:class xmlns:${metadataKey}='${metadataNamespace}'>${slaClass}</${metadataKey}:class>`;
}

/** The same as the metadata call takes it: libvirt itself adds prefix and namespace. */
export function bareClassElement(slaClass: SlaClass): string {
  return `<class>${slaClass}</class>`;
}

/** The class that a text names; `undefined` for any other text. */
export function slaClassOf(text: string): SlaClass | undefined {
  const trimmed = text.trim();
  return slaClasses.find((slaClass) => slaClass === trimmed);
}
