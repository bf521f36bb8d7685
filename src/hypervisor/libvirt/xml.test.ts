import { describe, expect, test } from 'vitest';
import { attribute, parseXml, textOf, XmlError } from './xml.ts';

/** Ten entities, each ten times the one before: ten thousand million letters, were they unfolded. */
const laughs = [
  '<!DOCTYPE x [<!ENTITY e0 "ha">',
  ...Array.from({ length: 10 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`),
  ']><x>&e10;</x>',
].join('');

describe('XML from a daemon', () => {
  test('with the entities that XML itself has is read', () => {
    const element = parseXml('<x name="a&quot;b">1 &lt; 2 &amp; 3 &#62; 2</x>');
    expect(attribute(element, 'name')).toBe('a"b');
    expect(textOf(element)).toBe('1 < 2 & 3 > 2');
  });

  test.each([
    ['entities that unfold without end', laughs],
    [
      'an entity that is a file',
      '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
    ],
    ['a document type of elsewhere', '<!doctype x SYSTEM "http://192.0.2.1/x.dtd"><x/>'],
    ['a document type behind a comment', '<!-- x --><!DOCTYPE x []><x/>'],
    ['an entity that nobody has declared', '<x>&f;</x>'],
    ['two roots', '<x/><x/>'],
    ['no end', '<x><y>'],
    ['nothing', ''],
  ])('is refused that has %s', (_, text) => {
    expect(() => parseXml(text)).toThrow(XmlError);
  });
});
