import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exclusions } from '../../policy/exclusions.ts';
import { noTags, type Tags } from '../../policy/tags.ts';
import { slaClasses } from '../../policy/vocabulary.ts';
import { bareTagsElement, tagsElement } from '../metadata.ts';
import { readTagsXml } from './tags.ts';

const tags: fc.Arbitrary<Tags> = fc.record({
  slaClass: fc.constantFrom(undefined, ...slaClasses),
  never: fc.subarray([...exclusions]),
  // Not only what we take for a label: somebody else may have written it.
  labels: fc.uniqueArray(fc.stringMatching(/^[!-~]{1,9}$/), { maxLength: 4 }),
});

describe('tags', () => {
  test('are read as they were written, in a definition and in the metadata call', () => {
    fc.assert(
      fc.property(tags, (written) => {
        const found = { tags: written, unreadable: [] };
        expect(readTagsXml(tagsElement(written))).toEqual(found);
        const bare = bareTagsElement(written);
        if (bare === undefined) expect(written).toEqual(noTags);
        else expect(readTagsXml(bare)).toEqual(found);
      }),
    );
  });

  test.each<[string, Tags['slaClass'], Tags['never'], RegExp]>([
    ["<domain class='zebra'/>", 'panda', [], /class 'zebra'.*taken for a panda/],
    ["<domain never='postcopy'/>", undefined, exclusions, /'postcopy'.*neither slowed/],
    ["<domain class='pet' never='post-copy,throttle'/>", 'pet', exclusions, /post-copy,throttle/],
    ["<domain class='cattle' nevr='post-copy'/>", 'cattle', exclusions, /nevr/],
    ['<class>cattle</class>', 'panda', exclusions, /<class> stands where <domain> should/],
  ])(
    '%s, which nobody understands, is taken on the safe side and told',
    (xml, slaClass, never, says) => {
      const found = readTagsXml(xml);
      expect(found.tags).toEqual({ slaClass, never, labels: [] });
      expect(found.unreadable).toEqual([expect.stringMatching(says)]);
    },
  );
});
