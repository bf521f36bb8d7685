import { type Exclusion, exclusions } from '../policy/exclusions.ts';
import { noTags, type Tags, type TagsFound } from '../policy/tags.ts';
import { type SlaClass, slaClasses } from '../policy/vocabulary.ts';
import { escapeXml } from './xml-text.ts';

/** The namespace of what Drover writes into a domain's metadata. It travels with the domain. */
export const metadataNamespace = 'https://drover.dev/xmlns/domain/1';
/** The prefix that libvirt gives the element in the domain's XML. */
export const metadataKey = 'drover';

/** libvirt keeps one element for each namespace, so one has to hold everything. */
const elementName = 'domain';

/** The tags as they stand in the domain's whole definition. */
export function tagsElement(tags: Tags): string {
  const namespace = `xmlns:${metadataKey}='${metadataNamespace}'`;
  return `<${metadataKey}:${elementName} ${namespace}${attributesOf(tags)}/>`;
}

/**
 * The same as the metadata call takes it: libvirt itself adds prefix and namespace. `undefined`,
 * which takes the element away, where the tags say nothing.
 */
export function bareTagsElement(tags: Tags): string | undefined {
  const attributes = attributesOf(tags);
  return attributes === '' ? undefined : `<${elementName}${attributes}/>`;
}

function attributesOf({ slaClass, never, labels }: Tags): string {
  const said = [
    ['class', slaClass ?? ''],
    ['never', never.join(' ')],
    ['labels', labels.join(' ')],
  ] as const;
  return said
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ` ${name}='${escapeXml(value)}'`)
    .join('');
}

/** An element as it was found: its name, and its attributes without those that declare namespaces. */
export interface TagsElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * What an element says. Whoever wrote what cannot be read meant to protect the guest, so it is then
 * taken for a panda, and every exclusion holds, until somebody mends it.
 */
export function readTagsElement({ name, attributes }: TagsElement): TagsFound {
  if (name !== elementName) {
    const unreadable = [
      `<${name}> stands where <${elementName}> should: ${asPanda}, and ${spared}`,
    ];
    return { tags: { ...noTags, slaClass: safestClass, never: exclusions }, unreadable };
  }
  const { class: classText, never: neverText, labels, ...unknown } = attributes;
  const slaClass = readClass(classText);
  const never = readExclusions(neverText);
  const strangers = Object.keys(unknown);
  const unreadable = [...slaClass.unreadable, ...never.unreadable];
  if (strangers.length > 0)
    unreadable.push(`nobody knows what ${strangers.join(', ')} means: ${spared}`);
  return {
    tags: {
      slaClass: slaClass.value,
      never: strangers.length > 0 ? exclusions : never.value,
      labels: wordsOf(labels),
    },
    unreadable,
  };
}

const safestClass: SlaClass = 'panda';
const asPanda = 'it is taken for a panda';
const spared = 'it is neither slowed down nor switched to post-copy';

interface Read<T> {
  readonly value: T;
  readonly unreadable: readonly string[];
}

function readClass(text: string | undefined): Read<SlaClass | undefined> {
  if (text === undefined) return { value: undefined, unreadable: [] };
  const value = slaClasses.find((slaClass) => slaClass === text.trim());
  if (value !== undefined) return { value, unreadable: [] };
  const problem = `its class '${text}' is none of ${slaClasses.join(', ')}: ${asPanda}`;
  return { value: safestClass, unreadable: [problem] };
}

function readExclusions(text: string | undefined): Read<readonly Exclusion[]> {
  const words = wordsOf(text);
  const value = exclusions.filter((exclusion) => words.includes(exclusion));
  if (value.length === words.length) return { value, unreadable: [] };
  const problem = `its exclusions '${text}' are not all of ${exclusions.join(', ')}: ${spared}`;
  return { value: exclusions, unreadable: [problem] };
}

function wordsOf(text: string | undefined): readonly string[] {
  return [...new Set(text?.split(/\s+/).filter((word) => word !== ''))];
}
