import { DOMParser, type Document, type Element, type Node } from '@xmldom/xmldom';

/** Text that is not the XML it should be, or that tries to be more. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

/**
 * Parses XML that came over the wire. Document types are refused outright, and with them every
 * entity that could be declared: libvirt writes none, so whoever sends one means harm.
 */
export function parseXml(text: string): Element {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new XmlError('The XML has a document type');
  const root = parse(text).documentElement;
  if (root === null) throw new XmlError('The XML has no element');
  return root;
}

function parse(text: string): Document {
  try {
    return new DOMParser({ onError: refuse }).parseFromString(text, 'text/xml');
  } catch (error) {
    throw error instanceof XmlError ? error : new XmlError('Not well formed', { cause: error });
  }
}

function refuse(_level: string, message: string): never {
  throw new XmlError(message);
}

function isElement(node: Node): node is Element {
  return node.nodeType === node.ELEMENT_NODE;
}

/** The child elements of this name, in order; all of them without a name. */
export function children(element: Element | undefined, name?: string): readonly Element[] {
  const found: Element[] = [];
  for (let node = element?.firstChild; node; node = node.nextSibling) {
    if (isElement(node) && (name === undefined || node.localName === name)) found.push(node);
  }
  return found;
}

/** The first element at a path of child names. */
export function at(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  let here = element;
  for (const name of path) here = children(here, name)[0];
  return here;
}

/** An attribute's value; `undefined` where the element or the attribute is missing. */
export function attribute(element: Element | undefined, name: string): string | undefined {
  return element?.getAttribute(name) ?? undefined;
}

export function textOf(element: Element | undefined): string {
  return element?.textContent?.trim() ?? '';
}
