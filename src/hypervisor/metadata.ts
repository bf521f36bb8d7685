import { type SlaClass, slaClasses } from '../policy/vocabulary.ts';

/** The namespace of what Drover writes into a domain's metadata. It travels with the domain. */
export const metadataNamespace = 'https://drover.dev/xmlns/domain/1';
/** The prefix that libvirt gives the element in the domain's XML. */
export const metadataKey = 'drover';

/** The element that says what a domain is worth. */
export function classElement(slaClass: SlaClass): string {
  return `<${metadataKey}:class xmlns:${metadataKey}='${metadataNamespace}'>${slaClass}</${metadataKey}:class>`;
}

/** The class that a text names; `undefined` for any other text. */
export function slaClassOf(text: string): SlaClass | undefined {
  const trimmed = text.trim();
  return slaClasses.find((slaClass) => slaClass === trimmed);
}
